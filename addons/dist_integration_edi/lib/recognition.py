"""What a sample file says of the partner who sent it: a proposal for a trading partner's profile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any

from .codes import by_code, table
from .declaration import Declaration, ItemRow, ListRow, Row
from .documents import ACKNOWLEDGEMENTS, DECLARATIONS, declaration_of
from .errors import EdiError, Issue
from .interchange import Interchange, Transaction, describe, read_interchanges
from .reading import read_document
from .segment import Segment

# A sample is small; a whole day's file is not needed to know a partner.
MAX_BYTES = 20 * 1024 * 1024
MAX_VALUES = 200


def recognize(data: bytes, overlay: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Describe a file.

    :param overlay: of the partner, as far as it is known
    :return: JSON-able: ``standard``, ``interchanges`` (see :func:`.interchange.describe`), ``separators``,
    ``documents``
        (``code``, ``version``, ``association``, ``count``, ``known``, ``document``), ``codes`` by code
        list (``code``, ``count``,
        ``meaning`` or null), ``items`` (``qualifier``, ``meaning`` or null, ``examples``), ``articles`` (``numbers`` of
        an item by their kind, ``description``, ``count``), ``units`` (``code`` as documents tell it on, ``count``),
        ``refused`` (``list``, ``code``, ``count``, ``words``: codes for which documents are refused, and what they may
        mean), ``parties``, ``issues``
    :raises EdiError: the file cannot be read, or is larger than 20 MB (code ``too_large``)
    """
    if len(data) > MAX_BYTES:
        raise EdiError("The sample is larger than 20 MB; a few documents are enough.", code="too_large")
    interchanges = read_interchanges(data)
    finder = _Finder(overlay)
    for interchange in interchanges:
        for transaction in interchange.transactions:
            finder.take(transaction)
    first = interchanges[0]
    return {
        "standard": first.standard,
        "interchanges": [_interchange(one) for one in interchanges],
        "separators": first.separators.to_dict(),
        "documents": finder.documents(),
        "codes": finder.codes(),
        "items": finder.items(),
        "articles": list(finder.articles.values()),
        "units": [{"code": code, "count": count} for code, count in finder.units.most_common(MAX_VALUES)],
        "refused": finder.refused(),
        "parties": finder.parties(),
        "issues": [
            issue.to_dict()
            for issue in islice(chain(_envelope_issues(interchanges), finder.issues), MAX_VALUES)
        ],
    }


def _envelope_issues(interchanges: Iterable[Interchange]) -> Iterator[Issue]:
    for interchange in interchanges:
        yield from interchange.issues
        for group in interchange.groups:
            yield from group.issues


def _interchange(interchange: Interchange) -> dict[str, Any]:
    groups = [
        {
            "functional_code": group.functional_code,
            "sender": group.sender,
            "receiver": group.receiver,
            "version": group.version,
        }
        for group in interchange.groups
        if group.header is not None
    ]
    return {**describe(interchange), "groups": groups}


class _Finder:
    def __init__(self, overlay: Mapping[str, Any] | None) -> None:
        self._overlay = overlay
        self._documents: Counter[tuple[str, str, str, str]] = Counter()
        self._codes: Counter[tuple[str, str, str]] = Counter()
        self._items: dict[tuple[str, str], dict[str, Any]] = {}
        self._parties: dict[tuple[str, str], dict[str, Any]] = {}
        self._refused: Counter[tuple[str, str, str]] = Counter()
        self.articles: dict[tuple[tuple[str, str], ...], dict[str, Any]] = {}
        self.units: Counter[str] = Counter()
        self.issues: list[Issue] = []

    def take(self, transaction: Transaction) -> None:
        key = (transaction.standard, transaction.code, transaction.version, transaction.association)
        self._documents[key] += 1
        if key[:2] not in DECLARATIONS:
            return
        declaration = declaration_of(*key[:2], self._overlay, transaction.version)
        reading = read_document(transaction, declaration)
        self.issues += reading.issues
        rows = _rows_of(declaration)
        for segment in transaction.body:
            for row in rows:
                self._segment(segment, row, declaration)
        for line in _lines_of(reading.canonical):
            self._line(line)
        for role, party in (reading.canonical.get("parties") or {}).items():
            if isinstance(party, dict) and len(self._parties) < MAX_VALUES:
                told = {name: value for name, value in party.items() if value is not None}
                self._parties.setdefault((role, told.get("id", told.get("name", ""))), {"role": role, **told})

    def _line(self, line: dict[str, Any]) -> None:
        for part in (line, *line.get("answers", [])):
            if part.get("unit"):
                self.units[part["unit"]] += 1
        numbers = {name: text for name, text in line["item"].items() if isinstance(text, str)} or line[
            "item"
        ].get("codes", {})
        key = tuple(sorted(numbers.items()))
        if key and (key in self.articles or len(self.articles) < MAX_VALUES):
            found = self.articles.setdefault(
                key, {"numbers": numbers, "description": line.get("description") or "", "count": 0}
            )
            found["count"] += 1

    def _segment(self, segment: Segment, row: Any, declaration: Declaration) -> None:
        if isinstance(row, ItemRow):
            self._item_numbers(segment, row, declaration)
            return
        for path in row.paths:
            if path.tag != segment.tag:
                continue
            code = segment.get(path.element, path.component).strip()
            if code and all(segment.get(c.element, c.component).strip() in c.values for c in path.conditions):
                self._codes[(declaration.standard, row.codes, code)] += 1
                if not row.keep_unknown and code not in declaration.to_words(row.codes):
                    self._refused[(declaration.standard, row.codes, code)] += 1
                return

    def _item_numbers(self, segment: Segment, row: ItemRow, declaration: Declaration) -> None:
        meanings = {code: word for word, codes in declaration.item_numbers.items() for code in codes}
        if declaration.standard == "EDIFACT":
            places = (
                [(segment.get(n, 2), segment.get(n)) for n in range(2, 7)] if segment.tag == "PIA" else []
            )
            if segment.tag == row.path.tag:
                places = [(segment.get(row.path.element, 2), segment.get(row.path.element))]
        elif segment.tag == row.path.tag:
            places = [
                (segment.get(n), segment.get(n + 1)) for n in range(row.path.element, len(segment.parts), 2)
            ]
        else:
            places = []
        for qualifier, number in places:
            if number.strip():
                found = self._items.setdefault(
                    (declaration.standard, qualifier.strip()),
                    {
                        "qualifier": qualifier.strip(),
                        "meaning": meanings.get(qualifier.strip()),
                        "count": 0,
                        "examples": [],
                    },
                )
                found["count"] += 1
                if len(found["examples"]) < 5 and number.strip() not in found["examples"]:
                    found["examples"].append(number.strip())

    def documents(self) -> list[dict[str, Any]]:
        return [
            {
                "code": code,
                "version": version,
                "association": association,
                "count": count,
                "known": (standard, code) in DECLARATIONS or (standard, code) in ACKNOWLEDGEMENTS,
                "document": DECLARATIONS.get((standard, code), {}).get("document"),
            }
            for (standard, code, version, association), count in self._documents.items()
        ]

    def codes(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        lists = dict((self._overlay or {}).get("codes", {}))
        for (standard, name, code), count in self._codes.most_common(MAX_VALUES):
            meaning = by_code(table(name, standard, lists)).get(code)
            found.setdefault(name, []).append({"code": code, "count": count, "meaning": meaning})
        return found

    def refused(self) -> list[dict[str, Any]]:
        lists = dict((self._overlay or {}).get("codes", {}))
        return [
            {"list": name, "code": code, "count": count, "words": sorted(table(name, standard, lists))}
            for (standard, name, code), count in self._refused.most_common(MAX_VALUES)
        ]

    def items(self) -> list[dict[str, Any]]:
        return list(self._items.values())

    def parties(self) -> list[dict[str, Any]]:
        return list(self._parties.values())


def _lines_of(content: Any) -> Iterator[dict[str, Any]]:
    """Yield what names an item, in lines of any kind, at any depth."""
    if isinstance(content, dict):
        if isinstance(content.get("item"), dict):
            yield content
        content = content.values()
    elif not isinstance(content, list):
        return
    for part in content:
        yield from _lines_of(part)


def _rows_of(declaration: Declaration) -> list[Any]:
    """Return the rows with a code list or item numbers, those of nested lists as well, each place once."""
    found: dict[Any, Any] = {}

    def collect(rows: Any) -> None:
        for row in rows:
            if isinstance(row, ListRow):
                collect([*([row.key] if row.key else []), *row.rows])
            elif isinstance(row, ItemRow):
                found.setdefault((row.path.tag, row.path.element), row)
            elif isinstance(row, Row) and row.codes and row.paths:
                found.setdefault((row.codes, row.paths[0].text.rpartition("/")[2]), row)

    collect(declaration.rows)
    for rows in (declaration.hierarchy or {}).get("levels", {}).values():
        collect(rows)
    return list(found.values())
