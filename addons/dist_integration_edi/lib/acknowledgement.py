"""Acknowledgements that go out: TA1, 997 and 999 of X12, CONTRL of EDIFACT, with the place of each error.

Sources: X12.5 (TA1), X12.20 (codes of AK304, AK403, AK5, AK9), UN/EDIFACT service code list 0083 and 0085.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .envelope import INTERCHANGE_ACKNOWLEDGEMENT, Outgoing
from .errors import ERROR, Issue, has_errors
from .interchange import Group, Interchange, Transaction
from .segment import Segment
from .separators import X12

MAX_COPY = 99
# What is reported of one transaction; the rest is told by status alone.
MAX_SEGMENT_NOTES = 100

# code of an Issue: AK304
SEGMENT_CODES = {
    "invalid_segment": "1",
    "unexpected_segment": "2",
    "missing_segment": "3",
    "segment_repeated": "5",
}
_ELEMENTS_WRONG = "8"
# code of an Issue: AK403
ELEMENT_CODES = {
    "missing_element": "1",
    "too_short": "4",
    "too_long": "5",
    "invalid_number": "6",
    "charset": "6",
    "invalid_code": "7",
    "unknown_unit": "7",
    "invalid_gtin": "7",
    "unknown_level": "7",
    "unknown_parent": "7",
    "duplicate_level": "7",
    "control_total": "7",
    "invalid_date": "8",
    "invalid_time": "9",
}
# code of an Issue: AK502
TRANSACTION_CODES = {
    "unknown_document": "1",
    "missing_transaction_trailer": "2",
    "transaction_reference": "3",
    "segment_count": "4",
    "wrong_group": "6",
    "missing_control_number": "7",
    "duplicate_control_number": "23",
}
# from 005010 on there is a code that says more
LATER_TRANSACTION_CODES = {**TRANSACTION_CODES, "wrong_group": "18"}
_SEGMENTS_WRONG = "5"
# code of an Issue: AK905
GROUP_CODES = {
    "unknown_document": "1",
    "unsupported_version": "2",
    "missing_group_trailer": "3",
    "group_reference": "4",
    "group_count": "5",
}
# code of an Issue: TA105
INTERCHANGE_CODES = {
    "interchange_reference": "001",
    "interchange_count": "021",
    "missing_group": "022",
    "unexpected_segment": "022",
}
_NO_ERROR = "000"
# code of an Issue: 0085
EDIFACT_CODES = {
    "invalid_segment": "15",
    "unexpected_segment": "15",
    "missing_segment": "13",
    "segment_repeated": "35",
    "missing_element": "13",
    "too_short": "40",
    "too_long": "39",
    "invalid_number": "37",
    "charset": "21",
    "invalid_code": "12",
    "unknown_unit": "12",
    "invalid_gtin": "12",
    "unknown_level": "12",
    "unknown_parent": "28",
    "duplicate_level": "26",
    "control_total": "29",
    "invalid_date": "12",
    "invalid_time": "12",
    "unknown_document": "14",
    "unsupported_version": "14",
    "missing_transaction_trailer": "13",
    "transaction_reference": "28",
    "segment_count": "29",
    "missing_control_number": "13",
    "duplicate_control_number": "26",
    "interchange_reference": "28",
    "interchange_count": "29",
    "group_reference": "28",
    "group_count": "29",
    "missing_group_trailer": "13",
}
_UNSPECIFIED = "18"
REFUSED, ACKNOWLEDGED = "4", "7"


@dataclass(frozen=True)
class Judged:
    """A transaction and everything that is wrong with it, its own envelope's issues included."""

    transaction: Transaction
    issues: Sequence[Issue] = ()

    @property
    def accepted(self) -> bool:
        """Whether it is taken: it is well, and so are the group and the interchange that it came in."""
        group = self.transaction.group
        return self.transaction.complete and not any(
            map(has_errors, (list(self.issues), group.issues, group.interchange.issues))
        )


def may_be_acknowledged(group: Group) -> bool:
    """Whether a group is to be acknowledged: an acknowledgement never is."""
    return group.functional_code not in ("FA", "CONTRL") and not any(
        transaction.is_acknowledgement for transaction in group.transactions
    )


def acknowledge_group(
    group: Group, judged: Sequence[Judged], code: str = "997", tell_warnings: bool = False
) -> Outgoing | None:
    """Return the 997 or 999 of a functional group, None when it is an acknowledgement itself or has no header to name.

    :param judged: the group's transactions, in order
    :param tell_warnings: acknowledge warnings as well (status E); otherwise only what refuses
    """
    if group.header is None or not may_be_acknowledged(group):
        return None
    writer = _X12Writer(code, tell_warnings, group.version >= "005010")
    segments = list(writer.segments(group, judged))
    if code == "999":
        return Outgoing("999", segments, "005010", "FA", "X231A1")
    return Outgoing("997", segments, (group.version or "004010")[:6], "FA")


def acknowledge_envelope(interchange: Interchange) -> Outgoing | None:
    """Return the TA1 of an interchange that asks for one or is refused, None for others and for acknowledgements."""
    errors = [issue for issue in interchange.issues if issue.severity == ERROR]
    if not errors and not interchange.acknowledgement_requested:
        return None
    if not any(may_be_acknowledged(group) for group in interchange.groups):
        return None
    header = interchange.header
    said = [header.get(element).strip() for element in (13, 9, 10)]
    verdict = ["R", INTERCHANGE_CODES[errors[0].code]] if errors else ["A", _NO_ERROR]
    told = Segment([INTERCHANGE_ACKNOWLEDGEMENT, *said, *verdict])
    return Outgoing(INTERCHANGE_ACKNOWLEDGEMENT, [told], interchange.version)


class _X12Writer:
    def __init__(self, code: str, tell_warnings: bool, with_version: bool) -> None:
        self._prefix = "IK" if code == "999" else "AK"
        self._tell_warnings = tell_warnings
        self._with_version = with_version or code == "999"
        self._codes = LATER_TRANSACTION_CODES if self._with_version else TRANSACTION_CODES

    def segments(self, group: Group, judged: Sequence[Judged]) -> Iterable[Segment]:
        version = [group.version] if self._with_version else []
        yield Segment(["AK1", group.functional_code, group.control_number, *version])
        for one in judged:
            yield from self._transaction(one)
        yield self._verdict(group, judged)

    def _transaction(self, judged: Judged) -> Iterable[Segment]:
        transaction = judged.transaction
        yield Segment(["AK2", transaction.code, transaction.control_number])
        told = [issue for issue in judged.issues if issue.severity == ERROR or self._tell_warnings]
        notes = _by_segment(issue for issue in told if issue.code not in self._codes)
        for (number, tag), issues in list(notes.items())[:MAX_SEGMENT_NOTES]:
            yield from self._segment(number, tag, issues)
        codes = dict.fromkeys(self._codes[issue.code] for issue in told if issue.code in self._codes)
        if notes:
            codes[_SEGMENTS_WRONG] = None
        status = "R" if not judged.accepted else "E" if told else "A"
        yield Segment([f"{self._prefix}5", status, *list(codes)[:5]])

    def _segment(self, number: int, tag: str, issues: list[Issue]) -> Iterable[Segment]:
        whole = next((SEGMENT_CODES[issue.code] for issue in issues if issue.code in SEGMENT_CODES), None)
        loop = next((issue.position.loop for issue in issues if issue.position.loop), "") or ""
        yield Segment([f"{self._prefix}3", tag, str(number), loop, whole or _ELEMENTS_WRONG])
        for issue in issues:
            code = ELEMENT_CODES.get(issue.code)
            if code is None or not issue.position.element:
                continue
            position = issue.position
            place: str | list[str] = str(position.element)
            if position.component or position.repetition:
                place = [place, str(position.component or ""), str(position.repetition or "")]
            copy = [issue.value[:MAX_COPY]] if issue.value else []
            yield Segment([f"{self._prefix}4", place, "", code, *copy])

    def _verdict(self, group: Group, judged: Sequence[Judged]) -> Segment:
        accepted = sum(one.accepted for one in judged)
        codes = dict.fromkeys(GROUP_CODES[issue.code] for issue in group.issues if issue.code in GROUP_CODES)
        refused = has_errors(group.issues) or has_errors(group.interchange.issues)
        if refused or (judged and not accepted):
            status, accepted = "R", 0
        elif accepted < len(judged):
            status = "P"
        else:
            status = "E" if self._tell_warnings and any(one.issues for one in judged) else "A"
        said = group.trailer.get(1) if group.trailer else ""
        included = said if said.isascii() and said.isdigit() else str(group.count)
        return Segment(["AK9", status, included, str(group.count), str(accepted), *list(codes)[:5]])


def _by_segment(issues: Iterable[Issue]) -> Mapping[tuple[int, str], list[Issue]]:
    found: dict[tuple[int, str], list[Issue]] = {}
    for issue in sorted(
        issues, key=lambda one: (one.position.in_transaction or 0, one.position.element or 0)
    ):
        place = (issue.position.in_transaction or 1, issue.position.tag or "")
        found.setdefault(place, []).append(issue)
    return found


def acknowledge_interchange(
    interchange: Interchange, judged: Sequence[Judged], version: str = "D3"
) -> Outgoing | None:
    """Return the CONTRL of an interchange, None when there is nothing to acknowledge but acknowledgements.

    :param judged: the interchange's messages, in order
    :param version: version and release of CONTRL, ``D3`` with syntax version 3, ``41`` with 4
    """
    if interchange.standard == X12 or not any(may_be_acknowledged(group) for group in interchange.groups):
        return None
    header = interchange.header
    refused = has_errors(interchange.issues)
    uci = [
        "UCI",
        interchange.control_number,
        _copy(header, 2),
        _copy(header, 3),
        REFUSED if refused else ACKNOWLEDGED,
    ]
    segments = [Segment([*uci, *_reason(interchange.issues)])]
    by_id = {id(one.transaction): one for one in judged}
    for group in interchange.groups:
        members = [by_id[id(transaction)] for transaction in group.transactions if id(transaction) in by_id]
        if group.header is not None:
            action = REFUSED if has_errors(group.issues) else ACKNOWLEDGED
            parties = [_copy(group.header, 2), _copy(group.header, 3)]
            segments.append(Segment(["UCF", group.control_number, *parties, action, *_reason(group.issues)]))
        for member in members:
            if not member.transaction.is_acknowledgement:
                segments += _message(member)
    return Outgoing("CONTRL", segments, version)


def _copy(header: Segment, element: int) -> str | list[str]:
    part = header.parts[element] if len(header.parts) > element else ""
    return list(part) if isinstance(part, list) else part


def _reason(issues: Sequence[Issue]) -> list[str]:
    wrong = [issue for issue in issues if issue.severity == ERROR]
    if not wrong:
        return []
    return [
        EDIFACT_CODES.get(wrong[0].code, _UNSPECIFIED),
        *([wrong[0].position.tag] if wrong[0].position.tag else []),
    ]


def _message(judged: Judged) -> Iterable[Segment]:
    transaction = judged.transaction
    wrong = [issue for issue in judged.issues if issue.severity == ERROR]
    whole = [issue for issue in wrong if issue.code in TRANSACTION_CODES]
    action = ACKNOWLEDGED if judged.accepted else REFUSED
    reason = _reason(whole) if whole else [_UNSPECIFIED] if not judged.accepted and not wrong else []
    yield Segment(["UCM", transaction.control_number, _copy(transaction.header, 2), action, *reason])
    notes = _by_segment(issue for issue in wrong if issue.code not in TRANSACTION_CODES)
    for (number, _tag), issues in list(notes.items())[:MAX_SEGMENT_NOTES]:
        of_segment = [issue for issue in issues if not issue.position.element]
        codes = [EDIFACT_CODES.get(issue.code, _UNSPECIFIED) for issue in of_segment[:1]]
        yield Segment(["UCS", str(number), *codes])
        for issue in issues:
            if issue.position.element:
                # Elements count from the tag, which is 1; data element 0098, then the component 0104.
                place = [str(issue.position.element + 1)]
                if issue.position.component:
                    place.append(str(issue.position.component))
                yield Segment(
                    [
                        "UCD",
                        EDIFACT_CODES.get(issue.code, _UNSPECIFIED),
                        place if len(place) > 1 else place[0],
                    ]
                )
