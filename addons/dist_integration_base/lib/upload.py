"""A body that is too large for memory: spooled to a file without a name while it arrives.

The file has no name so that nothing is left of it, whatever becomes of the process.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

from .errors import IntegrationError

BLOCK = 1024 * 1024


class UploadTooLarge(IntegrationError):
    """More came than is taken."""

    code = "too_large"


@dataclass(frozen=True)
class Upload:
    """What arrived, as it arrived.

    :ivar file: open for reading, at any position
    :ivar size: bytes
    :ivar sha256: in hexadecimal
    """

    file: BinaryIO
    size: int
    sha256: str

    def describe(self, media_type: str, is_packed: bool) -> dict[str, object]:
        """Return what the message of a file says of it.

        :param is_packed: whether it is packed with gzip
        """
        return {"type": media_type, "packed": is_packed, "size": self.size, "sha256": self.sha256}

    def read_all(self) -> bytes:
        """Return all of it; only for what is known to be small."""
        self.file.seek(0)
        return self.file.read()

    def save(self, path: str) -> None:
        """Write it to a file that nobody sees before it is complete and on the disk."""
        self.file.seek(0)
        part = f"{path}.{os.getpid()}.part"
        with open(part, "wb") as target:
            shutil.copyfileobj(self.file, target, BLOCK)
            target.flush()
            os.fsync(target.fileno())
        os.replace(part, path)

    def close(self) -> None:
        """Let go of the spooled file."""
        self.file.close()


def receive(blocks: Iterable[bytes], limit: int) -> Upload:
    """Spool what comes.

    :param blocks: parts of the body, in order
    :param limit: greatest number of bytes
    :raises UploadTooLarge: there is more; nothing is kept
    """
    file = tempfile.TemporaryFile()
    digest, size = hashlib.sha256(), 0
    try:
        for block in blocks:
            size += len(block)
            if size > limit:
                raise UploadTooLarge(f"At most {limit:,} bytes are taken.")
            digest.update(block)
            file.write(block)
    except BaseException:
        file.close()
        raise
    return Upload(file, size, digest.hexdigest())


def read_blocks(stream: BinaryIO) -> Iterable[bytes]:
    """Read a stream to its end, block by block."""
    return iter(lambda: stream.read(BLOCK), b"")
