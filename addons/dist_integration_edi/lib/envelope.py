"""Envelopes around transactions that go out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from .charset import CHARSETS
from .errors import EdiWriteError
from .segment import Segment
from .separators import FIRST_WITH_REPETITION, X12, Separators
from .serializer import scrub, serialize

MAX_CONTROL_NUMBER = 999_999_999
# a segment of X12 that stands in no group
INTERCHANGE_ACKNOWLEDGEMENT = "TA1"


@dataclass(frozen=True)
class Address:
    """Who sends or receives.

    :ivar qualifier: ISA05/ISA07 such as ``ZZ``, 0007 of UNB such as ``14``; may be empty in EDIFACT
    :ivar group: identifier in GS02/GS03, the same when empty
    """

    id: str
    qualifier: str = ""
    group: str = ""


@dataclass(frozen=True)
class Outgoing:
    """A transaction to send, or the acknowledgement of an interchange.

    :ivar code: ``850``, ``ORDERS``, ``TA1``
    :ivar group: functional code such as ``PO``; X12 only, and not for TA1
    :ivar version: ``004010`` or ``D96A``
    :ivar segments: without header and trailer
    :ivar association: 0057 such as ``EAN008``, or what follows the version in GS08
    """

    code: str
    segments: Sequence[Segment]
    version: str
    group: str = ""
    association: str = ""


@dataclass(frozen=True)
class Envelope:
    """What the envelopes say.

    :ivar control_number: of the interchange, allocated by the caller
    :ivar group_control_number: of the first functional group; the next ones count on from it
    :ivar prepared_at: in the sender's time zone
    """

    sender: Address
    receiver: Address
    control_number: int
    group_control_number: int
    prepared_at: datetime
    test: bool = False
    acknowledgement_requested: bool = False
    syntax: str = "UNOC"
    syntax_version: str = "3"


def next_control_number(current: int) -> int:
    """Return the control number behind *current*: nine digits, 1 follows the largest."""
    return 1 if current >= MAX_CONTROL_NUMBER else max(current, 0) + 1


def group_transactions(transactions: Iterable[Outgoing]) -> dict[tuple[str, str], list[Outgoing]]:
    """Return the functional groups of transactions by code and version; TA1 is in none."""
    groups: dict[tuple[str, str], list[Outgoing]] = {}
    for one in transactions:
        if one.code != INTERCHANGE_ACKNOWLEDGEMENT:
            groups.setdefault((one.group, one.version + one.association), []).append(one)
    return groups


def build_interchange(envelope: Envelope, transactions: Sequence[Outgoing], separators: Separators) -> bytes:
    """Return the bytes of an interchange.

    Transactions of X12 are grouped by functional code and version; order within a group is kept. Values are scrubbed.

    :raises EdiWriteError: nothing to send, a control number or identifier that does not fit, a value that cannot be
        written
    """
    if not transactions:
        raise EdiWriteError("There is no transaction to send.", code="required")
    for number in (envelope.control_number, envelope.group_control_number):
        if not 0 < number <= MAX_CONTROL_NUMBER:
            raise EdiWriteError(f"{number} is not a control number.", code="control_number")
    if separators.standard == X12:
        return serialize(_x12(envelope, transactions, separators), separators)
    separators = replace(separators, codec=CHARSETS.get(envelope.syntax, separators.codec))
    return serialize(_edifact(envelope, transactions, separators), separators)


def _x12(envelope: Envelope, transactions: Sequence[Outgoing], separators: Separators) -> list[Segment]:
    groups = group_transactions(transactions)
    beside = [one for one in transactions if one.code == INTERCHANGE_ACKNOWLEDGEMENT]
    body = [segment for one in beside for segment in scrub(one.segments, separators)]
    for number, ((code, version), members) in enumerate(groups.items()):
        body += _x12_group(
            envelope, code, version, members, _wrap(envelope.group_control_number + number), separators
        )
    segments = [_isa(envelope, transactions[0].version, separators), *body]
    segments.append(Segment(["IEA", str(len(groups)), f"{envelope.control_number:09d}"]))
    return segments


def _wrap(number: int) -> int:
    return number if number <= MAX_CONTROL_NUMBER else number - MAX_CONTROL_NUMBER


def _isa(envelope: Envelope, version: str, separators: Separators) -> Segment:
    # GS08 004010 belongs to ISA12 00401.
    interchange_version = version[:5].ljust(5, "0")
    moment = envelope.prepared_at
    repetition = (separators.repetition or "^") if interchange_version >= FIRST_WITH_REPETITION else "U"
    return Segment(
        ["ISA", "00", " " * 10, "00", " " * 10]
        + [_fixed(envelope.sender.qualifier or "ZZ", 2), _fixed(envelope.sender.id, 15)]
        + [_fixed(envelope.receiver.qualifier or "ZZ", 2), _fixed(envelope.receiver.id, 15)]
        + [f"{moment:%y%m%d}", f"{moment:%H%M}", repetition, interchange_version]
        + [f"{envelope.control_number:09d}", "1" if envelope.acknowledgement_requested else "0"]
        + ["T" if envelope.test else "P", separators.component]
    )


def _fixed(text: str, width: int) -> str:
    if len(text) > width:
        raise EdiWriteError(
            f'"{text}" is longer than the {width} characters there are for it.', code="invalid_value"
        )
    return text.ljust(width)


def _x12_group(
    envelope: Envelope, code: str, version: str, members: list[Outgoing], number: int, separators: Separators
) -> list[Segment]:
    moment = envelope.prepared_at
    sender, receiver = envelope.sender, envelope.receiver
    segments = [
        Segment(
            ["GS", code, sender.group or sender.id, receiver.group or receiver.id]
            + [f"{moment:%Y%m%d}", f"{moment:%H%M}", str(number), "X", version]
        )
    ]
    for position, member in enumerate(members, 1):
        control = f"{position:04d}"
        header = ["ST", member.code, control]
        if member.association and version >= "005010":
            header.append(version)
        body = scrub(member.segments, separators)
        segments += [Segment(header), *body, Segment(["SE", str(len(body) + 2), control])]
    return [*segments, Segment(["GE", str(len(members)), str(number)])]


def _edifact(envelope: Envelope, transactions: Sequence[Outgoing], separators: Separators) -> list[Segment]:
    moment = envelope.prepared_at
    # Version 4 writes the century.
    day = f"{moment:%Y%m%d}" if envelope.syntax_version >= "4" else f"{moment:%y%m%d}"
    number = str(envelope.control_number)
    header: list = [
        "UNB",
        [envelope.syntax, envelope.syntax_version],
        _party(envelope.sender),
        _party(envelope.receiver),
    ]
    header += [[day, f"{moment:%H%M}"], number]
    tail = ["", "", "", "1" if envelope.acknowledgement_requested else "", "", "1" if envelope.test else ""]
    while tail and not tail[-1]:
        tail.pop()
    segments = [Segment(header + tail)]
    for position, member in enumerate(transactions, 1):
        # The directory D96A is version D, release 96A.
        kind = [member.code, member.version[:1], member.version[1:], "UN"]
        body = scrub(member.segments, separators)
        segments += [
            Segment(["UNH", str(position), [*kind, member.association] if member.association else kind]),
            *body,
            Segment(["UNT", str(len(body) + 2), str(position)]),
        ]
    return [*segments, Segment(["UNZ", str(len(transactions)), number])]


def _party(address: Address) -> str | list[str]:
    if len(address.id) > 35:
        raise EdiWriteError(
            f'"{address.id}" is longer than the 35 characters there are for it.', code="invalid_value"
        )
    return [address.id, address.qualifier] if address.qualifier else address.id
