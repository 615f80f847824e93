"""A trading partner who exchanges X12 with the distributor through two folders, as a partner's own software would.

It shares no code with the distributor's side: it writes and reads X12 by itself, and says what it finds wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

GROUPS = {"850": "PO", "855": "PR", "856": "SH", "810": "IN", "997": "FA"}
VERSION = "004010"


@dataclass(frozen=True)
class Document:
    """One transaction set that came.

    :ivar control: control number of its functional group
    :ivar segments: between ST and SE, each as its elements
    """

    code: str
    group: str
    control: str
    segments: list[list[str]]

    def get(self, tag: str) -> list[list[str]]:
        """Return the segments of a tag."""
        return [segment for segment in self.segments if segment[0] == tag]


class Trader:
    """A partner with a folder for what it gets and one for what it sends.

    :param folder: holds both
    :param identifier: of the partner; its qualifier is ZZ
    :param distributor: identifier of the other side
    """

    def __init__(self, folder: Path, identifier: str, distributor: str) -> None:
        self.inbox, self.outbox = folder / "to_partner", folder / "from_partner"
        for path in (self.inbox, self.outbox):
            path.mkdir(parents=True)
        self.identifier = identifier
        self.distributor = distributor
        self.sent: list[tuple[str, str]] = []
        self._numbers = count(1)
        self._acknowledged: set[tuple[str, str]] = set()

    def send(self, code: str, *documents: Sequence[str]) -> None:
        """Send transaction sets in one group, under the next control number.

        :param documents: segments between ST and SE
        """
        number = next(self._numbers)
        group = GROUPS[code]
        sides = f"ZZ*{self.identifier:<15}*ZZ*{self.distributor:<15}"
        lines = [
            f"ISA*00*{'':10}*00*{'':10}*{sides}*261130*0900*U*00401*{number:09d}*0*P*>",
            f"GS*{group}*{self.identifier}*{self.distributor}*20261130*0900*{number}*X*{VERSION}",
        ]
        for place, document in enumerate(documents, 1):
            lines += [f"ST*{code}*{place:04d}", *document, f"SE*{len(document) + 2}*{place:04d}"]
        lines += [f"GE*{len(documents)}*{number}", f"IEA*1*{number:09d}"]
        unfinished = self.outbox / f".{number}"
        unfinished.write_text("".join(f"{line}~\n" for line in lines))
        unfinished.rename(self.outbox / f"{code}-{number}.x12")
        self.sent.append((group, str(number)))

    def received(self, code: str) -> list[Document]:
        """Return the transaction sets of a kind that came, in the order of their control numbers."""
        found = [document for path in self._files() for document in self._read(path)]
        return sorted((one for one in found if one.code == code), key=lambda one: int(one.control))

    def _files(self) -> list[Path]:
        return [path for path in self.inbox.iterdir() if not path.name.startswith(".")]

    def _read(self, path: Path) -> Iterator[Document]:
        segments = [text.strip().split("*") for text in path.read_text().split("~") if text.strip()]
        isa, group, body = segments[0], [""], []
        if (isa[6].strip(), isa[8].strip()) != (self.distributor, self.identifier):
            raise ValueError(f"{path.name} is not for {self.identifier}: {isa}")
        for segment in segments:
            if segment[0] == "GS":
                group = segment
            elif segment[0] == "ST":
                body = [segment]
            elif segment[0] == "SE":
                if int(segment[1]) != len(body) + 1 or segment[2] != body[0][2]:
                    raise ValueError(f"{path.name}: {segment} does not fit {body[0]}")
                yield Document(body[0][1], group[1], group[6], body[1:])
            else:
                body.append(segment)

    def acknowledge(self) -> None:
        """Acknowledge whatever came and was not acknowledged yet, as accepted."""
        came = [document for path in self._files() for document in self._read(path) if document.code != "997"]
        for group, control in sorted({(one.group, one.control) for one in came} - self._acknowledged):
            self.send("997", [f"AK1*{group}*{control}", "AK9*A*1*1*1"])
            # an acknowledgement is not acknowledged
            self.sent.pop()
            self._acknowledged.add((group, control))

    def unacknowledged(self) -> list[tuple[str, str]]:
        """Return the groups that this partner sent and of which no acceptance came."""
        accepted = {
            (acknowledgement.get("AK1")[0][1], acknowledgement.get("AK1")[0][2])
            for acknowledgement in self.received("997")
            if acknowledgement.get("AK9")[0][1] == "A"
        }
        return [group for group in self.sent if group not in accepted]
