"""P1: files of exports are packed, counted and hashed while they are written."""

import gzip
import hashlib
import io

import pytest
from dist_integration_planning.lib.export_file import ExportFile, header_line


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_is_what_was_written(packed):
    target = io.BytesIO()
    file = ExportFile(target, packed)
    with io.BufferedWriter(file, 1000) as buffer:
        for number in range(5000):
            buffer.write(f"row {number}\n".encode())
        buffer.flush()
        checksum = file.finish()
    content = target.getvalue()
    text = gzip.decompress(content) if packed else content
    assert text == b"".join(f"row {number}\n".encode() for number in range(5000))
    assert checksum == hashlib.sha256(content).hexdigest()
    assert (file.size, file.unpacked_size) == (len(content), len(text))


def test_the_same_rows_give_the_same_packed_file():
    def pack():
        target = io.BytesIO()
        file = ExportFile(target, packed=True)
        file.write(b"the same")
        return file.finish()

    assert pack() == pack()


def test_first_line():
    assert header_line(["Id", 'a "b"'], "\t") == b'Id\t"a ""b"""\n'
    assert header_line(["Id"], quoted=True) == b'"Id"\n'
