"""Files of exports: written as a stream, packed, counted and hashed on the way; nothing is held in memory."""

from __future__ import annotations

import csv
import hashlib
import io
import zlib
from collections.abc import Sequence
from typing import BinaryIO

# the fastest level: files are packed to travel, and the higher ones cost more time than they save
LEVEL = 1
BLOCK = 1024 * 1024


class ExportFile(io.RawIOBase):
    """What is written goes to a file, packed with gzip where asked for.

    :param file: open for writing
    :param packed: whether it is packed; the same content then always gives the same bytes
    :ivar size: bytes of the file so far
    :ivar unpacked_size: bytes that were written
    """

    def __init__(self, file: BinaryIO, packed: bool = False) -> None:
        super().__init__()
        self._file = file
        # a header without a moment (wbits 31 writes none)
        self._packer = zlib.compressobj(LEVEL, wbits=31) if packed else None
        self._digest = hashlib.sha256()
        self.size = self.unpacked_size = 0

    def writable(self) -> bool:
        """Tell that it can be written."""
        return True

    def write(self, block: bytes) -> int:  # pylint: disable=method-required-super
        """Write bytes; returns how many, which is all of them."""
        length = len(block)
        self.unpacked_size += length
        self._put(self._packer.compress(block) if self._packer else bytes(block))
        return length

    def _put(self, block: bytes) -> None:
        self._digest.update(block)
        self._file.write(block)
        self.size += len(block)

    def finish(self) -> str:
        """Write what is still held back.

        :return: SHA-256 of the file in hexadecimal
        """
        if self._packer:
            self._put(self._packer.flush())
            self._packer = None
        return self._digest.hexdigest()


def header_line(names: Sequence[str], delimiter: str = ",", quoted: bool = False) -> bytes:
    """Return the first line of a CSV file: its columns' names.

    :param quoted: whether every text stands in quotes
    """
    text = io.StringIO()
    quoting = csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator="\n").writerow(names)
    return text.getvalue().encode()
