"""What can be wrong with a document, and where: errors that end the reading, issues that are collected."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

ERROR = "error"
WARNING = "warning"


@dataclass(frozen=True)
class Position:
    """A place in a file. Numbers count from 1, as the standards do; None where the place is less exact.

    :ivar segment: number of the segment in the file
    :ivar tag: its tag
    :ivar in_transaction: number of the segment in its transaction; ST and UNH are 1
    :ivar loop: tag that starts the loop it is in
    :ivar offset: byte at which the place starts
    :ivar end: byte behind it
    """

    segment: int | None = None
    tag: str | None = None
    element: int | None = None
    component: int | None = None
    repetition: int | None = None
    in_transaction: int | None = None
    loop: str | None = None
    offset: int | None = None
    end: int | None = None

    @property
    def place(self) -> str:
        """The place for a person: segment, element and byte, as far as they are known; empty when nothing is."""
        segment = str(self) if self.tag else f"segment {self.segment}" if self.segment else ""
        byte = "" if self.offset is None else f"byte {self.offset}"
        return ", ".join(filter(None, (segment, byte)))

    def __str__(self) -> str:
        if self.tag is None:
            return "" if self.offset is None else f"byte {self.offset}"
        text = self.tag
        if self.element:
            text += f"{self.element:02d}"
        if self.component:
            text += f".{self.component}"
        return f"segment {self.segment} ({text})" if self.segment else text


class EdiError(Exception):
    """The file, document or declaration cannot be used at all.

    :ivar code: stable machine code
    :ivar detail: a sentence for a person
    :ivar position: where, as far as known
    """

    code = "edi"

    def __init__(self, detail: str, *, code: str | None = None, position: Position | None = None) -> None:
        place = str(position) if position else ""
        super().__init__(f"{detail} At {place}." if place else detail)
        self.detail = detail
        self.position = position or Position()
        if code is not None:
            self.code = code


class EdiSyntaxError(EdiError):
    """The bytes are no X12 or EDIFACT interchange.

    Codes: ``empty``, ``not_edi``, ``bad_header``, ``bad_separators``, ``truncated``, ``unexpected_data``,
    ``segment_too_long``, ``transaction_too_large``, ``unsupported_charset``, ``bad_envelope``, ``control_character``.
    """

    code = "not_edi"


class EdiWriteError(EdiError):
    """A document cannot be written in a standard's form.

    Codes: ``required``, ``invalid_value``, ``not_encodable``, ``control_number``.
    """

    code = "invalid_value"


class DeclarationError(EdiError):
    """A declaration or a partner's overlay is wrong itself; the detail names the field."""

    code = "invalid_declaration"


@dataclass(frozen=True)
class Issue:
    """One thing that is wrong with a document that could be read.

    :ivar code: stable machine code, translated to each standard's own by :mod:`.acknowledgement`
    :ivar detail: a sentence for a person
    :ivar severity: ``error`` refuses the transaction, ``warning`` does not
    :ivar value: what was found, cut to what an acknowledgement may repeat
    :ivar field: path in the canonical document, where one is concerned
    """

    code: str
    detail: str
    position: Position = Position()
    severity: str = ERROR
    value: str | None = None
    field: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the issue as JSON-able dict, what is unknown left out."""
        found = asdict(self)
        found["position"] = {name: part for name, part in found["position"].items() if part is not None}
        return {name: part for name, part in found.items() if part is not None}


def has_errors(issues: list[Issue]) -> bool:
    """Whether an issue refuses the document."""
    return any(issue.severity == ERROR for issue in issues)
