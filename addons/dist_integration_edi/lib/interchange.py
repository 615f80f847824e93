"""Envelopes: interchanges, functional groups and transactions, their counts and control references."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, BinaryIO

from .errors import EdiSyntaxError, Issue, Position, has_errors
from .segment import Element, Segment, first_text
from .separators import EDIFACT, X12, Separators
from .tokenizer import Row, Tokenizer, make_segment

# One purchase order of 100,000 lines has about this many.
MAX_SEGMENTS = 1_000_000
# What is told of segments that stand outside of transactions.
MAX_STRAY = 100
# Beyond so many transactions in a group repeated control numbers are no longer looked for.
_MAX_REMEMBERED = 100_000

_ENVELOPES = {
    X12: {"ISA": "open", "GS": "open_group", "ST": "start", "SE": "end", "GE": "close_group", "IEA": "close"},
    EDIFACT: {
        "UNB": "open",
        "UNG": "open_group",
        "UNH": "start",
        "UNT": "end",
        "UNE": "close_group",
        "UNZ": "close",
    },
}
_ACKNOWLEDGEMENTS = {"997", "999", "TA1", "CONTRL"}
# Segments an interchange may carry beside its groups: acknowledgement of an interchange, security
_BESIDE = {"TA1", "ISB", "ISE", "TA3", "USA", "USC", "UNO", "UNP", "USH", "UST"}


@dataclass
class Interchange:
    """An interchange, from ISA to IEA or from UNB to UNZ.

    :ivar groups: functional groups; EDIFACT messages without UNG are in one group without header
    :ivar beside: segments between the envelopes, such as TA1
    :ivar issues: what concerns the interchange as a whole
    """

    separators: Separators
    header: Segment
    groups: list[Group] = field(default_factory=list)
    beside: list[Segment] = field(default_factory=list)
    trailer: Segment | None = None
    issues: list[Issue] = field(default_factory=list)

    @property
    def standard(self) -> str:
        return self.separators.standard

    @property
    def sender(self) -> str:
        return self._get((6, 1), (2, 1)).strip()

    @property
    def sender_qualifier(self) -> str:
        return self._get((5, 1), (2, 2)).strip()

    @property
    def receiver(self) -> str:
        return self._get((8, 1), (3, 1)).strip()

    @property
    def receiver_qualifier(self) -> str:
        return self._get((7, 1), (3, 2)).strip()

    @property
    def control_number(self) -> str:
        return self._get((13, 1), (5, 1)).strip()

    @property
    def version(self) -> str:
        """ISA12, or syntax identifier and version such as ``UNOC:3``."""
        if self.standard == X12:
            return self.header.get(12).strip()
        return ":".join(filter(None, (self.header.get(1), self.header.get(1, 2))))

    @property
    def prepared_at(self) -> datetime | None:
        """When the sender made it, in his time zone; None when that cannot be read."""
        date, time = self._get((9, 1), (4, 1)), self._get((10, 1), (4, 2))
        # Version 4 of EDIFACT has the century.
        for form in ("%y%m%d%H%M", "%Y%m%d%H%M"):
            try:
                return datetime.strptime(date + time[:4], form)
            except ValueError:
                continue
        return None

    @property
    def is_test(self) -> bool:
        """Whether nothing is to be done with it: a test, or in X12 (I14) sent for information only."""
        return (
            self.header.get(15) in ("T", "I")
            if self.standard == X12
            else self.header.get(11) in ("1", "2", "3", "4")
        )

    @property
    def acknowledgement_requested(self) -> bool:
        """ISA14 asks for a TA1, UNB09 for a CONTRL."""
        return self._get((14, 1), (9, 1)) == "1"

    @property
    def transactions(self) -> list[Transaction]:
        return [transaction for group in self.groups for transaction in group.transactions]

    def _get(self, x12: tuple[int, int], edifact: tuple[int, int]) -> str:
        return self.header.get(*(x12 if self.standard == X12 else edifact))


@dataclass
class Group:
    """A functional group; EDIFACT has one without *header* for messages without UNG.

    :ivar count: transactions that were there
    """

    interchange: Interchange
    header: Segment | None = None
    transactions: list[Transaction] = field(default_factory=list)
    trailer: Segment | None = None
    issues: list[Issue] = field(default_factory=list)
    count: int = 0

    @property
    def functional_code(self) -> str:
        """GS01 such as ``PO``, or UNG01 such as ``ORDERS``."""
        return self.header.get(1).strip() if self.header else ""

    @property
    def control_number(self) -> str:
        if not self.header:
            return ""
        return self.header.get(6 if self.interchange.standard == X12 else 5).strip()

    @property
    def sender(self) -> str:
        return self.header.get(2).strip() if self.header else ""

    @property
    def receiver(self) -> str:
        return self.header.get(3).strip() if self.header else ""

    @property
    def version(self) -> str:
        """GS08 such as ``004010`` or ``005010X231A1``."""
        return self.header.get(8).strip() if self.header and self.interchange.standard == X12 else ""


@dataclass
class Transaction:
    """A transaction set or message.

    :ivar header: ST or UNH
    :ivar rows: what the segments from header to trailer are made of
    """

    group: Group
    header: Segment
    rows: list[Row] = field(repr=False)
    issues: list[Issue] = field(default_factory=list)
    complete: bool = False

    @property
    def interchange(self) -> Interchange:
        return self.group.interchange

    @property
    def standard(self) -> str:
        return self.interchange.standard

    @functools.cached_property
    def segments(self) -> list[Segment]:
        """From ST to SE, from UNH to UNT; made when they are asked for, once the transaction is read."""
        return list(map(make_segment, self.rows))

    @property
    def trailer(self) -> Segment | None:
        return self.segments[-1] if self.complete else None

    @property
    def body(self) -> list[Segment]:
        """What is between header and trailer."""
        return self.segments[1 : -1 if self.complete else None]

    @property
    def code(self) -> str:
        """Such as ``850`` or ``ORDERS``."""
        return self.header.get(1 if self.standard == X12 else 2).strip()

    @property
    def control_number(self) -> str:
        return self.header.get(2 if self.standard == X12 else 1).strip()

    @property
    def version(self) -> str:
        """Such as ``004010`` or ``D96A``."""
        if self.standard == X12:
            return (
                self.header.get(3) or self.group.version or self.interchange.version.ljust(6, "0")
            ).strip()
        return self.header.get(2, 2) + self.header.get(2, 3)

    @property
    def association(self) -> str:
        """UNH 0057 such as ``EAN008``; for X12 what follows the version in GS08."""
        return self.header.get(2, 5) if self.standard == EDIFACT else self.version[6:]

    @property
    def is_acknowledgement(self) -> bool:
        return self.code in _ACKNOWLEDGEMENTS

    @property
    def is_valid(self) -> bool:
        """Whether the envelope has no error."""
        return self.complete and not has_errors(self.issues)

    def position(
        self,
        segment: Segment,
        element: int | None = None,
        component: int | None = None,
        loop: str | None = None,
    ) -> Position:
        """Return where something is, with its number in this transaction."""
        number = segment.number - self.header.number + 1
        separators = self.interchange.separators
        return segment.position(element, component, separators, in_transaction=number, loop=loop)


def iterate_transactions(source: bytes | BinaryIO) -> Iterator[Transaction]:
    """Yield the transactions of a file one by one; memory is bounded by the largest of them.

    The trailers of group and interchange are checked when the iteration comes to them, so nothing may be given effect
    before the iteration has ended without error.

    :param source: bytes, or a file opened for reading bytes
    :raises EdiSyntaxError: the file is no interchange, is truncated, or its envelopes are not nested
    """
    return _Reader(Tokenizer(source), keep=False).transactions()


def read_pieces(raw: bytes) -> list[tuple[Interchange, int, int]]:
    """Return the interchanges of a file, each with the bytes at which its piece of the file starts and ends.

    :raises EdiSyntaxError: as of :func:`read_interchanges`
    """
    pieces, start = [], 0
    for interchange in read_interchanges(raw):
        trailer = interchange.trailer
        end = min(trailer.offset + len(trailer.text) + 1, len(raw))
        pieces.append((interchange, start, end))
        start = end
    return pieces


def read_interchanges(source: bytes | BinaryIO) -> list[Interchange]:
    """Return all interchanges of a file.

    :raises EdiSyntaxError: the file is no interchange, is truncated, or its envelopes are not nested
    """
    reader = _Reader(Tokenizer(source), keep=True)
    for _transaction in reader.transactions():
        pass
    return reader.interchanges


class _Reader:
    def __init__(self, tokenizer: Tokenizer, keep: bool) -> None:
        self._tokenizer = tokenizer
        self._keep = keep
        self.interchanges: list[Interchange] = []
        self._interchange: Interchange | None = None
        self._group: Group | None = None
        self._transaction: Transaction | None = None
        self._groups = 0
        self._messages = 0
        self._seen: set[str] = set()

    def transactions(self) -> Iterator[Transaction]:
        for batch in self._tokenizer.batches():
            roles = _ENVELOPES[self._tokenizer.separators.standard]
            done = 0
            for place in _envelope_places(self._tokenizer.tags, roles):
                self._inside(batch[done:place])
                segment = make_segment(batch[place])
                transaction = self._envelope(segment, roles[segment.tag])
                if transaction is not None:
                    yield transaction
                done = place + 1
            self._inside(batch[done:] if done else batch)
        if self._interchange is not None:
            self._truncated(None)

    def _inside(self, rows: list[Row]) -> None:
        """Take segments that are no envelopes."""
        if self._transaction is None:
            for row in rows:
                self._outside(make_segment(row))
            return
        found = self._transaction.rows
        found += rows
        if len(found) > MAX_SEGMENTS:
            detail = f"A transaction has more than {MAX_SEGMENTS} segments."
            raise _error("transaction_too_large", detail, make_segment(found[-1]))

    def _envelope(self, segment: Segment, role: str) -> Transaction | None:
        if role != "open" and self._interchange is None:
            raise _error("bad_envelope", f"{segment.tag} stands outside of an interchange.", segment)
        return getattr(self, "_" + role)(segment)

    def _outside(self, segment: Segment) -> None:
        if self._interchange is None:
            raise _error(
                "bad_header", "The interchange header is not followed by its own separators.", segment
            )
        if segment.tag in _BESIDE:
            self._interchange.beside.append(segment)
            return
        self._stray(segment, f"{segment.tag} stands between transactions, where only envelopes can be.")

    def _stray(self, segment: Segment, detail: str) -> None:
        issues = self._interchange.issues
        if len(issues) < MAX_STRAY:
            issues.append(Issue("unexpected_segment", detail, segment.position()))

    # -- headers ---------------------------------------------------------------------------------------------

    def _open(self, segment: Segment) -> None:
        if self._interchange is not None:
            self._truncated(segment)
        self._interchange = Interchange(self._tokenizer.separators, segment)
        self._group, self._groups, self._messages = None, 0, 0
        if self._keep:
            self.interchanges.append(self._interchange)

    def _current_group(self) -> Group:
        if self._group is None:
            self._group = self._new_group(None)
        return self._group

    def _new_group(self, header: Segment | None) -> Group:
        self._seen = set()
        group = Group(self._interchange, header)
        if self._keep:
            self._interchange.groups.append(group)
        return group

    def _start(self, segment: Segment) -> Transaction | None:
        unfinished = self._finish_unfinished(segment)
        group = self._current_group()
        if self._interchange.standard == X12 and group.header is None and not group.count:
            self._interchange.issues.append(
                Issue(
                    "missing_group", "A transaction stands outside of a functional group.", segment.position()
                )
            )
        group.count += 1
        self._messages += 1
        self._transaction = Transaction(group, segment, [segment])
        if self._keep:
            group.transactions.append(self._transaction)
        number = self._transaction.control_number
        if not number:
            self._issue("missing_control_number", f"{segment.tag} has no control number.", segment)
        elif number in self._seen:
            self._issue("duplicate_control_number", f"The control number {number} is used twice.", segment)
        elif len(self._seen) < _MAX_REMEMBERED:
            self._seen.add(number)
        return unfinished

    def _open_group(self, segment: Segment) -> Transaction | None:
        unfinished = self._finish_unfinished(segment)
        if self._group is not None and self._group.header is not None:
            self._no_group_trailer(segment)
        self._groups += 1
        self._group = self._new_group(segment)
        return unfinished

    # -- trailers --------------------------------------------------------------------------------------------

    def _end(self, segment: Segment) -> Transaction | None:
        transaction = self._transaction
        if transaction is None:
            self._stray(segment, f"{segment.tag} ends a transaction that did not start.")
            return None
        transaction.rows.append(segment)
        transaction.complete = True
        self._check_count(transaction.issues, "segment_count", segment, len(transaction.rows), "segments")
        header = transaction.header
        number = transaction.control_number
        self._check_reference(transaction.issues, "transaction_reference", segment, number, header.tag)
        self._transaction = None
        return transaction

    def _close_group(self, segment: Segment) -> Transaction | None:
        unfinished = self._finish_unfinished(segment)
        group = self._group
        if group is None or group.header is None:
            self._stray(segment, f"{segment.tag} ends a group that did not start.")
            return unfinished
        group.trailer = segment
        self._check_count(group.issues, "group_count", segment, group.count, "transactions")
        self._check_reference(
            group.issues, "group_reference", segment, group.control_number, group.header.tag
        )
        self._group = None
        return unfinished

    def _close(self, segment: Segment) -> Transaction | None:
        unfinished = self._finish_unfinished(segment)
        if self._group is not None and self._group.header is not None:
            self._no_group_trailer(segment)
        interchange = self._interchange
        interchange.trailer = segment
        # EDIFACT counts groups where there are some, else messages.
        counted, what = (
            (self._groups, "groups")
            if self._groups or interchange.standard == X12
            else (self._messages, "messages")
        )
        self._check_count(interchange.issues, "interchange_count", segment, counted, what)
        self._check_reference(
            interchange.issues,
            "interchange_reference",
            segment,
            interchange.control_number,
            interchange.header.tag,
        )
        interchange.issues[:0] = self._tokenizer.issues
        self._interchange = self._group = None
        return unfinished

    def _finish_unfinished(self, segment: Segment) -> Transaction | None:
        transaction, self._transaction = self._transaction, None
        if transaction is None:
            return None
        trailer = "SE" if transaction.standard == X12 else "UNT"
        detail = f"The transaction {transaction.control_number} has no {trailer} before {segment.tag}."
        transaction.issues.append(Issue("missing_transaction_trailer", detail, segment.position()))
        return transaction

    def _no_group_trailer(self, segment: Segment) -> None:
        trailer = "GE" if self._interchange.standard == X12 else "UNE"
        detail = f"The group {self._group.control_number} has no {trailer} before {segment.tag}."
        self._group.issues.append(Issue("missing_group_trailer", detail, segment.position()))

    def _check_count(self, issues: list[Issue], code: str, segment: Segment, counted: int, what: str) -> None:
        said = segment.get(1).strip()
        if not (said.isascii() and said.isdigit() and len(said) < 12 and int(said) == counted):
            detail = f'{segment.tag} says "{said}" {what}, there are {counted}.'
            position = segment.position(1, separators=self._interchange.separators)
            issues.append(Issue(code, detail, position, value=said))

    def _check_reference(
        self, issues: list[Issue], code: str, segment: Segment, number: str, header: str
    ) -> None:
        said = segment.get(2).strip()
        # X12's numbers are numbers: zeros in front mean nothing.
        equal = (
            said.lstrip("0") == number.lstrip("0") if self._interchange.standard == X12 else said == number
        )
        if not equal:
            detail = f'{segment.tag} has the control number "{said}", {header} has "{number}".'
            position = segment.position(2, separators=self._interchange.separators)
            issues.append(Issue(code, detail, position, value=said))

    def _issue(self, code: str, detail: str, segment: Segment) -> None:
        self._transaction.issues.append(Issue(code, detail, self._transaction.position(segment)))

    def _truncated(self, segment: Segment | None) -> None:
        interchange = self._interchange
        trailer = "IEA" if interchange.standard == X12 else "UNZ"
        where = "before the next one starts" if segment else "at the end of the file"
        raise EdiSyntaxError(
            f"The interchange {interchange.control_number} is truncated: {trailer} is missing {where}.",
            code="truncated",
            position=replace((segment or interchange.header).position(), in_transaction=None),
        )


def _envelope_places(tags: list[Element], roles: dict[str, str]) -> list[int]:
    try:
        return [place for place, tag in enumerate(tags) if tag in roles]
    except TypeError:  # a tag with components
        return [
            place
            for place, tag in enumerate(tags)
            if (tag if isinstance(tag, str) else first_text(tag)) in roles
        ]


def _error(code: str, detail: str, segment: Segment) -> EdiSyntaxError:
    return EdiSyntaxError(detail, code=code, position=segment.position())


def describe(interchange: Interchange) -> dict[str, Any]:
    """Return the envelope of an interchange as JSON-able dict."""
    prepared = interchange.prepared_at
    return {
        "standard": interchange.standard,
        "version": interchange.version,
        "sender": {"qualifier": interchange.sender_qualifier, "id": interchange.sender},
        "receiver": {"qualifier": interchange.receiver_qualifier, "id": interchange.receiver},
        "control_number": interchange.control_number,
        "prepared_at": prepared.isoformat() if prepared else None,
        "test": interchange.is_test,
        "acknowledgement_requested": interchange.acknowledgement_requested,
    }
