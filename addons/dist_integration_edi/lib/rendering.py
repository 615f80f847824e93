"""Views of a document for people: its segments with marks at what is wrong, and its content as headings and tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from .declaration import Condition, Declaration, ItemRow, ListRow, Path
from .errors import Issue
from .interchange import Transaction
from .reading import fits
from .segment import Segment
from .separators import EDIFACT, Separators

# by tag, element and component: the names it has, and on which conditions
Names = dict[tuple[str, int, int], list[tuple[tuple[Condition, ...], str]]]

MAX_SEGMENTS = 5000
_SEGMENT_NAMES = {
    "ST": "Start of transaction",
    "SE": "End of transaction",
    "UNH": "Start of message",
    "UNT": "End of message",
    "N1": "Party",
    "N2": "More of the name",
    "N3": "Address",
    "N4": "Place",
    "NAD": "Party",
    "PER": "Contact",
    "CTA": "Contact",
    "COM": "Phone or e-mail",
    "DTM": "Date",
    "G62": "Date",
    "REF": "Reference",
    "RFF": "Reference",
    "N9": "Reference",
    "CUR": "Currency",
    "CUX": "Currency",
    "PID": "Description",
    "IMD": "Description",
    "G69": "Description",
    "PO1": "Order line",
    "POC": "Changed line",
    "IT1": "Invoice line",
    "LIN": "Line",
    "PIA": "More item numbers",
    "QTY": "Quantity",
    "PRI": "Price",
    "CTP": "Price",
    "MOA": "Amount",
    "SAC": "Allowance or charge",
    "ALC": "Allowance or charge",
    "ITD": "Payment terms",
    "PAT": "Payment terms",
    "TAX": "Tax",
    "TXI": "Tax",
    "HL": "Level",
    "CPS": "Level",
    "PAC": "Package",
    "MAN": "Marks",
    "GIN": "Numbers",
    "PCI": "Marks",
    "TD1": "Packing and weight",
    "TD5": "Carrier",
    "TDT": "Carrier",
    "ACK": "Answer to the line",
    "SN1": "Shipped quantity",
    "PRF": "Order",
    "CTT": "Totals",
    "CNT": "Totals",
    "UNS": "Start of summary",
    "TDS": "Invoice total",
    "FTX": "Text",
    "MSG": "Text",
    "NTE": "Text",
    "BGM": "Beginning",
}


def parse_tree(
    transaction: Transaction, declaration: Declaration | None = None, issues: Iterable[Issue] = ()
) -> list[dict[str, Any]]:
    """Return a transaction's segments for a screen, at most 5000.

    :param declaration: names elements by the field they are read into
    :return: each ``{'number', 'tag', 'name', 'start', 'end', 'elements', 'issues'}``; an element is ``{'position',
        'value', 'name', 'start', 'end', 'issues'}``, with ``'components'`` alike where it has some.
        Numbers count from the
        header as 1; *start* and *end* are bytes of the file. Issues are texts. A segment that is missing is an entry
        without elements and ``'missing': True``.
    """
    separators = transaction.interchange.separators
    names = _element_names(declaration) if declaration else {}
    by_segment: dict[int, list[Issue]] = {}
    for issue in issues:
        number = (
            issue.position.in_transaction or (issue.position.segment or 0) - transaction.header.number + 1
        )
        by_segment.setdefault(number, []).append(issue)
    found = []
    for number, segment in enumerate(transaction.segments[:MAX_SEGMENTS], 1):
        concerned = by_segment.get(number, [])
        found += [_missing(issue, segment) for issue in concerned if issue.code == "missing_segment"]
        here = [issue for issue in concerned if issue.code != "missing_segment"]
        found.append(_segment(number, segment, separators, names, here))
    return found


def _missing(issue: Issue, before: Segment) -> dict[str, Any]:
    tag = issue.position.tag or ""
    return {
        "number": issue.position.in_transaction,
        "tag": tag,
        "name": _SEGMENT_NAMES.get(tag, ""),
        "start": before.offset,
        "end": before.offset,
        "elements": [],
        "issues": [issue.detail],
        "missing": True,
    }


def _segment(
    number: int, segment: Segment, separators: Separators, names: Names, issues: list[Issue]
) -> dict[str, Any]:
    elements = []
    last = max([len(segment.parts) - 1, *(issue.position.element or 0 for issue in issues)])
    for position in range(1, last + 1):
        of_element = [issue for issue in issues if issue.position.element == position]
        elements.append(_element(segment, position, separators, names, of_element))
    return {
        "number": number,
        "tag": segment.tag,
        "name": _SEGMENT_NAMES.get(segment.tag, ""),
        "start": segment.offset,
        "end": segment.offset + len(segment.text),
        "elements": elements,
        "issues": [issue.detail for issue in issues if not issue.position.element],
    }


def _element(
    segment: Segment, position: int, separators: Separators, names: Names, issues: list[Issue]
) -> dict[str, Any]:
    part = segment.parts[position] if position < len(segment.parts) else ""
    start, end = segment.span(separators, position)
    shown: dict[str, Any] = {
        "position": position,
        "value": _text(part, separators),
        "name": _name(names, segment, position, 1),
        "start": start,
        "end": end,
        "issues": [issue.detail for issue in issues],
    }
    if isinstance(part, list):
        shown["components"] = []
        for component, value in enumerate(part, 1):
            start, end = segment.span(separators, position, component)
            shown["components"].append(
                {
                    "position": component,
                    "value": value,
                    "name": _name(names, segment, position, component),
                    "start": start,
                    "end": end,
                    "issues": [issue.detail for issue in issues if issue.position.component == component],
                }
            )
    return shown


def _text(part: Any, separators: Separators) -> str:
    if isinstance(part, tuple):
        return separators.repetition.join(_text(one, separators) for one in part)
    return separators.component.join(part) if isinstance(part, list) else part


def _name(names: Names, segment: Segment, element: int, component: int) -> str:
    """Return what an element is called; that of its qualifiers comes before one that it has whatever they are."""
    found = names.get((segment.tag, element, component), ())
    return max(
        ((len(conditions), name) for conditions, name in found if fits(segment, conditions)),
        key=lambda one: one[0],
        default=(0, ""),
    )[1]


def _element_names(declaration: Declaration) -> Names:
    names: Names = {}

    def add(path: Path, name: str) -> None:
        place = names.setdefault((path.tag, path.element, path.component), [])
        place.append((path.conditions, label(name)))

    item_number = "item number" if declaration.standard == EDIFACT else "kind of item number"

    def collect(rows: Iterable[Any]) -> None:
        for row in rows:
            if isinstance(row, ListRow):
                collect([*([replace(row.key, to="role")] if row.key else []), *row.rows])
                continue
            name = (
                item_number
                if isinstance(row, ItemRow)
                else row.to or (f"number of {row.count}" if row.count else "")
            )
            for path in [row.path] if isinstance(row, ItemRow) else row.paths:
                add(path, name)

    collect(declaration.rows)
    for rows in (declaration.hierarchy or {}).get("levels", {}).values():
        collect(rows)
    return names


def label(name: str) -> str:
    """Return a field's name as a person reads it: ``requested_date`` is *Requested date*."""
    words = name.rpartition(".")[2].replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def render(canonical: Mapping[str, Any], document: str) -> dict[str, Any]:
    """Return a canonical document for a template.

    :param document: its name, such as ``purchase.order``
    :return: ``{'title', 'header': [[label, value]], 'parties': [{'role', 'lines'}], 'tables': [{'title', 'columns',
        'rows'}]}``; all values are texts
    """
    header: list[list[str]] = []
    tables = []
    for name, value in canonical.items():
        if name == "parties":
            continue
        if isinstance(value, list):
            if value:
                tables.append(_table(label(name), value))
        else:
            header += _pairs(name, value)
    return {
        "title": label(document.replace(".", " ")),
        "header": header,
        "parties": [_party(role, party) for role, party in (canonical.get("parties") or {}).items()],
        "tables": tables,
    }


def _pairs(name: str, value: Any) -> list[list[str]]:
    if isinstance(value, Mapping):
        return [
            [f"{label(name)}: {key.lower()}", text]
            for part, inner in value.items()
            for key, text in _pairs(part, inner)
        ]
    return [] if value in (None, "") else [[label(name), _shown(value)]]


def _party(role: str, party: Mapping[str, Any]) -> dict[str, Any]:
    place = " ".join(party[part] for part in ("zip", "city", "state", "country") if party.get(part))
    lines = [party.get(part) for part in ("name", "name2", "street", "street2")]
    lines += [place, party.get("contact"), party.get("phone"), party.get("email")]
    return {"role": label(role), "id": party.get("id", ""), "lines": [line for line in lines if line]}


def _table(title: str, entries: list[Any]) -> dict[str, Any]:
    rows = [dict(_flat(entry)) if isinstance(entry, Mapping) else {title: str(entry)} for entry in entries]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return {
        "title": title,
        "columns": columns,
        "rows": [[row.get(name, "") for name in columns] for row in rows],
    }


def _flat(entry: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for name, value in entry.items():
        if isinstance(value, Mapping) and not any(
            isinstance(inner, (Mapping, list)) for inner in value.values()
        ):
            yield from (
                (f"{label(name)} {label(part).lower()}", _shown(inner)) for part, inner in value.items()
            )
        elif value not in (None, "", [], {}):
            yield label(name), _shown(value)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "; ".join(_shown(one) for one in value)
    if isinstance(value, Mapping):
        return ", ".join(
            f"{label(name).lower()} {_shown(inner)}"
            for name, inner in value.items()
            if inner not in (None, "")
        )
    return "" if value is None else str(value)
