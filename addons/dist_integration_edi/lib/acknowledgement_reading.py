"""Functional acknowledgements that come in: 997, 999 and CONTRL as the canonical ``functional.acknowledgement``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .errors import EdiError
from .interchange import Transaction
from .segment import Segment

_STATUS_X12 = {"A": "accepted", "E": "accepted_with_errors", "P": "accepted_with_errors"}
_STATUS_EDIFACT = {"4": "rejected", "7": "accepted", "8": "received"}
SEGMENT_REASONS = {
    "1": "Segment is not known",
    "2": "Segment is not expected here",
    "3": "Mandatory segment is missing",
    "4": "Loop is there too often",
    "5": "Segment is there too often",
    "6": "Segment is not in this document",
    "7": "Segment is not in the proper order",
    "8": "Segment has errors in elements",
}
ELEMENT_REASONS = {
    "1": "Mandatory element is missing",
    "2": "Element that is required here is missing",
    "3": "Too many elements",
    "4": "Element is too short",
    "5": "Element is too long",
    "6": "Invalid character",
    "7": "Invalid code",
    "8": "Invalid date",
    "9": "Invalid time",
    "10": "Element excludes another one",
    "12": "Too many repetitions",
    "13": "Too many components",
}
EDIFACT_REASONS = {
    "2": "Syntax version or level is not supported",
    "7": "Recipient is not the one meant",
    "12": "Invalid value",
    "13": "Missing",
    "14": "Value is not supported here",
    "15": "Not supported in this position",
    "16": "Too many parts",
    "17": "No agreement",
    "18": "Unspecified error",
    "19": "Invalid decimal mark",
    "20": "Character is invalid as separator",
    "21": "Invalid character",
    "22": "Invalid separator",
    "23": "Sender is not known",
    "24": "Too old",
    "25": "Test indicator is not supported",
    "26": "Duplicate",
    "27": "Security function is not supported",
    "28": "References do not match",
    "29": "Count does not match what was received",
    "30": "Groups and messages are mixed",
    "32": "Lower level is empty",
    "33": "Invalid occurrence outside of a message",
    "35": "Too many repetitions",
    "36": "Too many repetitions of a segment group",
    "37": "Invalid type of character",
    "38": "Digit before the decimal mark is missing",
    "39": "Element is too long",
    "40": "Element is too short",
}


def read_acknowledgement(transaction: Transaction) -> dict[str, Any]:
    """Return what an acknowledgement says of what was sent.

    X12 is matched on ``group.control_number`` (GS06 of what was sent), EDIFACT on
    ``interchange.control_number``; then on
    the control number of each transaction.

    :raises EdiError: code ``not_an_acknowledgement``, or ``bad_acknowledgement`` when it does not say what
    it acknowledges
    """
    reader = {"997": _read_x12, "999": _read_x12, "CONTRL": _read_contrl}.get(transaction.code)
    if reader is None:
        raise EdiError(
            f"{transaction.code} is not a functional acknowledgement.", code="not_an_acknowledgement"
        )
    return reader(transaction)


def _bad(transaction: Transaction, detail: str) -> EdiError:
    return EdiError(detail, code="bad_acknowledgement", position=transaction.position(transaction.header))


class _X12Reader:
    def __init__(self) -> None:
        self.result: dict[str, Any] = {"standard": "X12", "transactions": []}
        self._transaction: dict[str, Any] | None = None
        self._error: dict[str, Any] | None = None

    def take(self, segment: Segment) -> None:
        handler: Callable[[Segment], None] | None = {
            "AK1": self._group,
            "AK2": self._open,
            "AK3": self._segment,
            "IK3": self._segment,
            "AK4": self._element,
            "IK4": self._element,
            "AK5": self._close,
            "IK5": self._close,
            "AK9": self._verdict,
        }.get(segment.tag)
        if handler is not None:
            handler(segment)

    def _group(self, segment: Segment) -> None:
        self.result["group"] = _filled(
            functional_code=segment.get(1), control_number=segment.get(2), version=segment.get(3)
        )

    def _open(self, segment: Segment) -> None:
        # Without AK5 the transaction was neither accepted nor refused.
        self._transaction = _filled(code=segment.get(1), control_number=segment.get(2)) | {
            "status": "received"
        }
        self._transaction.setdefault("control_number", "?")
        self.result["transactions"].append(self._transaction)
        self._error = None

    def _segment(self, segment: Segment) -> None:
        if self._transaction is None:
            return
        code = segment.get(4) or "8"
        self._error = _filled(tag=segment.get(1), loop=segment.get(3), code=code) | _number(
            "segment", segment.get(2)
        )
        self._error["reason"] = SEGMENT_REASONS.get(code, f"Error {code}")
        self._transaction.setdefault("errors", []).append(self._error)

    def _element(self, segment: Segment) -> None:
        if self._transaction is None or self._error is None:
            return
        code = segment.get(3)
        place = {name: part for name, part in self._error.items() if name in ("segment", "tag", "loop")}
        error = (
            place
            | _number("element", segment.get(1))
            | _number("component", segment.get(1, 2))
            | _number("repetition", segment.get(1, 3))
            | _filled(reference=segment.get(2), code=code, value=segment.get(4)[:99])
        )
        error["reason"] = ELEMENT_REASONS.get(code, f"Error {code}")
        errors = self._transaction["errors"]
        # What is said of the segment as a whole is only that its elements follow.
        if errors[-1] is self._error and self._error.get("code") == "8":
            errors.pop()
        errors.append(error)

    def _close(self, segment: Segment) -> None:
        if self._transaction is None:
            return
        self._transaction["status"] = _STATUS_X12.get(segment.get(1), "rejected")
        codes = [segment.get(element) for element in range(2, 7) if segment.get(element)]
        if codes:
            self._transaction["codes"] = codes

    def _verdict(self, segment: Segment) -> None:
        self.result["status"] = _STATUS_X12.get(segment.get(1), "rejected")
        for name, element in (("included", 2), ("received", 3), ("accepted", 4)):
            self.result.update(_number(name, segment.get(element), least=0))
        codes = [segment.get(element) for element in range(5, 10) if segment.get(element)]
        if codes:
            self.result["codes"] = codes


def _read_x12(transaction: Transaction) -> dict[str, Any]:
    group = transaction.group.functional_code
    if transaction.group.header is not None and group != "FA":
        raise _bad(transaction, f'{transaction.code} belongs to a group FA, GS01 says "{group[:20]}".')
    reader = _X12Reader()
    for segment in transaction.body:
        reader.take(segment)
    result = {"code": transaction.code} | reader.result
    if "group" not in result or "control_number" not in result["group"]:
        raise _bad(transaction, "The acknowledgement does not name the group it is for (AK1).")
    if "status" not in result:
        raise _bad(transaction, "The acknowledgement does not say what became of the group (AK9).")
    return result


def _read_contrl(transaction: Transaction) -> dict[str, Any]:
    result: dict[str, Any] = {"standard": "EDIFACT", "code": "CONTRL", "transactions": []}
    message: dict[str, Any] | None = None
    place: dict[str, Any] = {}
    for segment in transaction.body:
        if segment.tag == "UCI":
            result["interchange"] = _filled(
                control_number=segment.get(1), sender=segment.get(2), receiver=segment.get(3)
            )
            result["status"] = _STATUS_EDIFACT.get(segment.get(4), "rejected")
            result |= _envelope_error(segment)
        elif segment.tag == "UCM":
            message = _filled(code=segment.get(2), control_number=segment.get(1))
            if "control_number" not in message:
                raise _bad(transaction, "The acknowledgement does not name the message it is for (UCM).")
            message["status"] = _STATUS_EDIFACT.get(segment.get(3), "rejected")
            message |= _filled_list(codes=segment.get(4))
            result["transactions"].append(message)
        elif segment.tag in ("UCS", "UCD") and message is not None:
            place = _contrl_error(segment, message, place)
    if "interchange" not in result or "control_number" not in result["interchange"]:
        raise _bad(transaction, "The acknowledgement does not name the interchange it is for (UCI).")
    return result


def _envelope_error(segment: Segment) -> dict[str, Any]:
    code = segment.get(5)
    if not code:
        return {}
    error = _filled(tag=segment.get(6), code=code, reason=EDIFACT_REASONS.get(code, f"Error {code}"))
    return {"codes": [code], "errors": [error]}


def _contrl_error(segment: Segment, message: dict[str, Any], place: dict[str, Any]) -> dict[str, Any]:
    """Add an error of UCS or UCD; return the place that the next UCD is within."""
    if segment.tag == "UCS":
        place = _number("segment", segment.get(1))
        code, found = segment.get(2), dict(place)
    else:
        code = segment.get(1)
        # 0098 counts the tag as 1.
        element = _number("element", segment.get(2))
        found = place | ({"element": element["element"] - 1} if element.get("element", 0) > 1 else {})
        found |= _number("component", segment.get(2, 2)) | _number("repetition", segment.get(2, 3))
    if code:
        reason = EDIFACT_REASONS.get(code, f"Error {code}")
        message.setdefault("errors", []).append(found | {"code": code, "reason": reason})
    return place


def _filled(**parts: str) -> dict[str, Any]:
    return {name: part.strip() for name, part in parts.items() if part.strip()}


def _filled_list(**parts: str) -> dict[str, Any]:
    return {name: [part.strip()] for name, part in parts.items() if part.strip()}


def _number(name: str, text: str, least: int = 1) -> dict[str, int]:
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) < 10) or int(text) < least:
        return {}
    return {name: int(text)}
