"""Bodies that are spooled while they arrive."""

import hashlib
import io

import pytest
from dist_integration_base.lib import upload


def test_receive():
    """W5: what comes is kept as it came, with its size and digest."""
    body = b"sku,quantity\n" * 200_000
    received = upload.receive(upload.read_blocks(io.BytesIO(body)), len(body))
    assert (received.size, received.sha256) == (len(body), hashlib.sha256(body).hexdigest())
    assert received.read_all() == body


def test_limit():
    """W5: reading stops at the limit; nothing is left."""
    read = []

    def blocks():
        for number in range(100):
            read.append(number)
            yield b"x" * 1_000

    with pytest.raises(upload.UploadTooLarge, match="5,000"):
        upload.receive(blocks(), 5_000)
    assert len(read) == 6


def test_save(tmp_path):
    """W5: a file appears complete or not at all."""
    received = upload.receive([b"abc", b"def"], 10)
    target = tmp_path / "stored"
    received.save(str(target))
    assert target.read_bytes() == b"abcdef"
    assert [path.name for path in tmp_path.iterdir()] == ["stored"]
