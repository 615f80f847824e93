"""MIME entities byte for byte: signatures and integrity checks are made over the bytes, so none may change."""

from __future__ import annotations

import base64
import binascii
import itertools
import quopri
import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser
from functools import cached_property

from .errors import As2Error

# header fields, folded ones among them, and the blank line behind them
_HEAD = re.compile(rb"(?:[!-9;-~]+[ \t]*:[^\n]*\n(?:[ \t][^\n]*\n)*)*\r?\n")
_LINE_END = re.compile(rb"\r?\n")
# a signed message has two, a receipt three
MAX_PARTS = 8


@dataclass(frozen=True)
class Entity:
    """
    :ivar head: header fields with the blank line that ends them
    :ivar body: as it is transferred
    """

    head: bytes
    body: bytes

    @classmethod
    def parse(cls, raw: bytes) -> Entity:
        """Split at the first blank line; what has no header fields is a body."""
        match = _HEAD.match(raw)
        end = match.end() if match else 0
        return cls(raw[:end], raw[end:])

    @classmethod
    def make(cls, fields: Sequence[tuple[str, str]], body: bytes) -> Entity:
        """:param fields: header fields, without line breaks"""
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields)
        return cls(f"{lines}\r\n".encode(), body)

    @property
    def raw(self) -> bytes:
        """All of it, as it was read."""
        return self.head + self.body

    @property
    def canonical(self) -> bytes:
        """All of it with CRLF at the end of each line, as text is signed (RFC 8551, 3.1.1)."""
        return _LINE_END.sub(b"\r\n", self.raw)

    @cached_property
    def headers(self) -> Message:
        """The header fields; names in any case."""
        return BytesHeaderParser().parsebytes(self.head)

    @property
    def content_type(self) -> str:
        """Media type in lower case."""
        return self.headers.get_content_type()

    def parameter(self, name: str) -> str:
        """A parameter of the content type, empty when it is not given."""
        value = self.headers.get_param(name)
        return value if isinstance(value, str) else ""

    @property
    def file_name(self) -> str:
        """Name of the file, empty when it is not given."""
        return self.headers.get_filename() or ""

    @property
    def content(self) -> bytes:
        """The body without its transfer encoding.

        :raises As2Error: it is not encoded as it says
        """
        encoding = str(self.headers.get("Content-Transfer-Encoding", "")).strip().lower()
        if encoding == "base64":
            try:
                return base64.b64decode(self.body)
            except binascii.Error as error:
                raise As2Error("unexpected-processing-error", "A part is not base64 as it says.") from error
        return quopri.decodestring(self.body) if encoding == "quoted-printable" else self.body

    def parts(self) -> list[Entity]:
        """Parts of a multipart body, each as it is (RFC 2046, 5.1.1).

        :raises As2Error: there are no boundaries
        """
        boundary = self.parameter("boundary")
        if not boundary:
            raise As2Error("unexpected-processing-error", "A multipart has no boundary.")
        mark = (
            rb"(?:\A|\r?\n)--" + re.escape(boundary.encode("ascii", "replace")) + rb"(--)?[ \t]*(?=\r?\n|\Z)"
        )
        marks = list(itertools.islice(re.finditer(mark, self.body), MAX_PARTS + 2))
        if not 2 <= len(marks) <= MAX_PARTS + 1:
            raise As2Error("unexpected-processing-error", "The parts of a multipart are not to be found.")
        raws = [
            self.body[mark.end() : following.start()]
            for mark, following in zip(marks, marks[1:], strict=False)
        ]
        # the line end behind a boundary belongs to it
        return [Entity.parse(_LINE_END.sub(b"", raw, count=1)) for raw in raws]
