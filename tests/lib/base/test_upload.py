"""Bodies that are spooled while they arrive."""

import hashlib
import io
import tracemalloc
import zlib

import pytest
from dist_integration_base.lib import snapshot, upload


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


def test_memory_stays_small():
    """W5: ten megabytes pass from the network to the database through two of memory."""
    columns = [snapshot.Column("sku", is_key=True), snapshot.Column("quantity", is_number=True)]
    line = b'{"sku": "ITEM-%06d", "quantity": "7"}\n'
    tracemalloc.start()
    try:
        received = upload.receive(_pack(line % number for number in range(250_000)), 60_000_000)
        received.file.seek(0)
        stream = snapshot.open_stream(io.BufferedReader(received.file))
        source = snapshot.CopyStream(row for _number, row in snapshot.read_rows(stream, columns))
        size = sum(len(part) for part in iter(lambda: source.read(65_536), b""))
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size > 3_000_000
    assert peak < 2_500_000


def _pack(lines):
    packer = zlib.compressobj(wbits=31)
    for line in lines:
        yield packer.compress(line)
    yield packer.flush()
