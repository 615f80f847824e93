"""Mapping is data: rows that turn a partner's words into the canonical message.

A row says where a value goes (target), where it comes from (source, JMESPath), how it is read (converter),
which code map translates it, what stands in when it is missing (default) and whether it must be there
(required). A row with rows of its own maps a list. Everything that is wrong is collected, so that a person
repairs a message once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import jmespath
import jmespath.exceptions

from .converters import BUILT_IN, ConversionError
from .errors import ConfigurationError, IntegrationError

MAX_ERRORS = 100
MAX_EXPRESSION = 1000
MAX_LIST_DEPTH = 8
_TARGET = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z_][A-Za-z0-9_-]*)*")
_CONVERTER = re.compile(r"(?P<name>[a-z_][a-z0-9_.]*)(?:\((?P<argument>.*)\))?", re.DOTALL)
_INDEX = "$index"
_ROOT = "$."

CodeLookup = Callable[[str, str], Any]
Converter = Callable[[Any, str], Any]


class MappingError(ConfigurationError):
    """A mapping cannot be compiled; the detail names the row by its target."""

    code = "invalid_mapping"


class MissingCode(IntegrationError):
    """A code map has no entry: raise it from a code look-up.

    :ivar domain: of the code map, for instance ``uom``
    :ivar external_code: what the partner sent
    """

    code = "missing_code"

    def __init__(self, domain: str, external_code: str) -> None:
        super().__init__(f'"{external_code[:80]}" is not in the code map {domain}.')
        self.domain = domain
        self.external_code = external_code


@dataclass(frozen=True)
class MappingRow:
    """One row of a mapping.

    :ivar target: dotted path in the canonical message, relative to the list's entry within a nested row
    :ivar source: JMESPath in the source, relative to the list's entry within a nested row; ``$.`` in front
        starts from the whole source again, ``$index`` is the number of the entry from 1; empty for a constant
    :ivar converter: name, with an argument in brackets where it takes one: ``implied_decimal(2)``
    :ivar code_map: domain of the code map that translates the converted value
    :ivar default: taken in the source's place when that is absent, null or blank; converted and translated
        like it
    :ivar required: whether it is an error to end up with nothing
    :ivar rows: for a list: rows applied to each entry. A single object counts as a list of one, as XML has
        it.
    """

    target: str
    source: str = ""
    converter: str = ""
    code_map: str = ""
    default: Any = None
    required: bool = False
    rows: tuple[MappingRow, ...] = ()


@dataclass(frozen=True)
class _Row:
    row: MappingRow
    target: tuple[str, ...]
    expression: Any
    from_root: bool
    converter: str
    argument: str
    rows: tuple[_Row, ...]


@dataclass
class _Run:
    """What one application carries around."""

    root: Any
    lookup: CodeLookup | None
    converters: Mapping[str, Converter]
    errors: list[dict[str, str]] = field(default_factory=list)
    codes: dict[tuple[str, str], Any] = field(default_factory=dict)

    def report(self, path: tuple, row: MappingRow, code: str, detail: str, **more: str) -> None:
        if len(self.errors) < MAX_ERRORS:
            where = {"target": _dotted(path), "pointer": _pointer(path), "source": row.source}
            self.errors.append({**where, "code": code, "detail": detail, **more})


class _Nothing(Exception):
    """The row gave no value; what there is to say was reported."""


class CompiledMapping:
    """A mapping ready to apply; make one with :func:`compile_mapping`. May be shared between threads."""

    def __init__(self, rows: tuple[_Row, ...]) -> None:
        self._rows = rows

    def apply(
        self,
        source: Any,
        code_lookup: CodeLookup | None = None,
        converters: Mapping[str, Converter] | None = None,
    ) -> tuple[dict[str, Any], list[dict[str, str]]]:
        """Map *source*.

        :param source: what a codec decoded: dict, list and scalars
        :param code_lookup: ``(domain, code) -> value``, raises :class:`MissingCode`; asked once per code and
            message
        :param converters: further converters by name, ``(value, argument) -> value``; a ``ValueError`` is
            reported
        :return: ``(canonical, errors)``. The canonical message holds all that could be mapped; a value that
            is absent and has no default is left out. Each error is ``{'target', 'pointer', 'source', 'code',
            'detail'}`` with code ``required``, ``conversion``, ``missing_code`` (then also ``domain`` and
            ``external_code``), ``not_a_list``, ``source`` or ``unknown_converter``; at most 100.
        """
        run = _Run(source, code_lookup, converters or {})
        return _apply_rows(self._rows, source, 1, (), run), run.errors

    @property
    def code_domains(self) -> set[str]:
        """The code maps that the mapping asks."""
        return {row.row.code_map for row in _flat(self._rows) if row.row.code_map}


def compile_mapping(
    rows: Iterable[MappingRow | Mapping[str, Any]], known_converters: Iterable[str] | None = None
) -> CompiledMapping:
    """Check *rows* and make them ready.

    :param rows: :class:`MappingRow` or dicts with the same names
    :param known_converters: names of converters that will be handed to ``apply``; when given, others are
        refused now
    :raises MappingError: a path, expression or converter is wrong, or two rows have the same target
    """
    known = None if known_converters is None else set(known_converters)
    return CompiledMapping(_compile_rows(rows, known, 0))


def _compile_rows(rows: Iterable[Any], known: set[str] | None, depth: int) -> tuple[_Row, ...]:
    if depth > MAX_LIST_DEPTH:
        raise MappingError(f"Lists are nested more than {MAX_LIST_DEPTH} deep.")
    compiled = tuple(_compile_row(_as_row(row), known, depth) for row in rows)
    targets = {row.target for row in compiled}
    if len(targets) != len(compiled):
        twice = next(
            row
            for position, row in enumerate(compiled)
            if row.target in {r.target for r in compiled[:position]}
        )
        raise MappingError(f"{_dotted(twice.target)}: two rows have this target.")
    for target in targets:
        for length in range(1, len(target)):
            if target[:length] in targets:
                raise MappingError(
                    f"{_dotted(target)}: {_dotted(target[:length])} is a value of its own already."
                )
    return compiled


def _as_row(row: MappingRow | Mapping[str, Any]) -> MappingRow:
    if isinstance(row, MappingRow):
        return row
    unknown = set(row) - {known.name for known in fields(MappingRow)}
    if unknown or "target" not in row:
        what = f"unknown: {', '.join(sorted(map(str, unknown)))}" if unknown else "the target is missing"
        raise MappingError(f"{row.get('target', 'A row')}: {what}.")
    given = {name: value for name, value in row.items() if name != "rows"}
    return MappingRow(**given, rows=tuple(_as_row(nested) for nested in row.get("rows") or ()))


def _compile_row(row: MappingRow, known: set[str] | None, depth: int) -> _Row:
    if not _TARGET.fullmatch(row.target or ""):
        raise MappingError(f'"{(row.target or "")[:80]}" is not a target such as customer.name.')
    if row.rows and (row.converter or row.code_map or row.default is not None):
        raise MappingError(f"{row.target}: a list has no converter, code map or default of its own.")
    if not row.source and (row.rows or row.default is None):
        raise MappingError(f"{row.target}: a source is missing.")
    name, argument = _compile_converter(row, known)
    return _Row(
        row=row,
        target=tuple(row.target.split(".")),
        expression=_compile_expression(row),
        from_root=row.source.startswith(_ROOT),
        converter=name,
        argument=argument,
        rows=_compile_rows(row.rows, known, depth + 1),
    )


def _compile_expression(row: MappingRow) -> Any:
    if not row.source or row.source == _INDEX:
        return None
    if len(row.source) > MAX_EXPRESSION:
        raise MappingError(f"{row.target}: the source is longer than {MAX_EXPRESSION} characters.")
    text = row.source[len(_ROOT) :] if row.source.startswith(_ROOT) else row.source
    try:
        return jmespath.compile(text)
    except jmespath.exceptions.JMESPathError as error:
        reason = " ".join(str(error).split())[:120]
        raise MappingError(f"{row.target}: the source is not JMESPath ({reason}).") from None
    except RecursionError:
        raise MappingError(f"{row.target}: the source is nested too deep.") from None


def _compile_converter(row: MappingRow, known: set[str] | None) -> tuple[str, str]:
    if not row.converter:
        return "", ""
    match = _CONVERTER.fullmatch(row.converter.strip())
    if not match:
        raise MappingError(
            f'{row.target}: "{row.converter[:60]}" is not a converter such as implied_decimal(2).'
        )
    name, argument = match["name"], match["argument"] or ""
    if name in BUILT_IN:
        try:
            BUILT_IN[name].check(argument)
        except ValueError as error:
            raise MappingError(f"{row.target}: {name}: {error}.") from None
    elif known is not None and name not in known:
        raise MappingError(f"{row.target}: there is no converter {name}.")
    return name, argument


# -- application ---------------------------------------------------------------------------------------------


def _apply_rows(rows: tuple[_Row, ...], source: Any, index: int, path: tuple, run: _Run) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for row in rows:
        here = (*path, *row.target)
        try:
            value = _list(row, source, here, run) if row.rows else _value(row, source, index, here, run)
        except _Nothing:
            continue
        node = result
        for step in row.target[:-1]:
            node = node.setdefault(step, {})
        node[row.target[-1]] = value
    return result


def _list(row: _Row, source: Any, path: tuple, run: _Run) -> list[Any]:
    found = _search(row, source, 1, path, run)
    if _is_blank(found) or found in ([], {}):
        if row.row.required:
            run.report(path, row.row, "required", "needs at least one entry")
        raise _Nothing
    entries = [found] if isinstance(found, Mapping) else found
    if not isinstance(entries, list):
        run.report(path, row.row, "not_a_list", "the source is not a list")
        raise _Nothing
    return [
        _apply_rows(row.rows, entry, position + 1, (*path, position), run)
        for position, entry in enumerate(entries)
    ]


def _value(row: _Row, source: Any, index: int, path: tuple, run: _Run) -> Any:
    value = _search(row, source, index, path, run)
    if _is_blank(value):
        value = row.row.default
    if not _is_blank(value) and row.converter:
        value = _convert(row, value, path, run)
    if _is_blank(value):
        if row.row.required:
            run.report(path, row.row, "required", "is required")
        raise _Nothing
    return _translate(row, value, path, run) if row.row.code_map else value


def _search(row: _Row, source: Any, index: int, path: tuple, run: _Run) -> Any:
    if row.row.source == _INDEX:
        return index
    if row.expression is None:
        return None
    try:
        return row.expression.search(run.root if row.from_root else source)
    except (
        jmespath.exceptions.JMESPathError,
        RecursionError,
        TypeError,
        ValueError,
        ArithmeticError,
    ) as error:
        reason = " ".join(str(error).split())[:80]
        run.report(path, row.row, "source", f"the source could not be evaluated ({reason})")
        raise _Nothing from None


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _convert(row: _Row, value: Any, path: tuple, run: _Run) -> Any:
    custom = run.converters.get(row.converter)
    try:
        if custom is not None:
            return custom(value, row.argument)
        if row.converter in BUILT_IN:
            return BUILT_IN[row.converter](value, row.argument)
    except ConversionError as error:
        run.report(path, row.row, "conversion", error.detail)
        raise _Nothing from None
    except (ValueError, TypeError, ArithmeticError, LookupError, AttributeError):
        # The text of a foreign exception may repeat the payload.
        run.report(path, row.row, "conversion", f"cannot be read by {row.converter}")
        raise _Nothing from None
    run.report(path, row.row, "unknown_converter", f"there is no converter {row.converter}")
    raise _Nothing


def _translate(row: _Row, value: Any, path: tuple, run: _Run) -> Any:
    if isinstance(value, (dict, list)):
        run.report(path, row.row, "conversion", "is not a single code")
        raise _Nothing
    key = (row.row.code_map, str(value))
    try:
        if key not in run.codes:
            if run.lookup is None:
                raise MissingCode(*key)
            run.codes[key] = run.lookup(*key)
        return run.codes[key]
    except MissingCode as error:
        more = {"domain": error.domain, "external_code": error.external_code}
        run.report(path, row.row, error.code, error.detail, **more)
        raise _Nothing from None


def _flat(rows: Iterable[_Row]) -> Iterable[_Row]:
    for row in rows:
        yield row
        yield from _flat(row.rows)


def _dotted(path: Iterable[Any]) -> str:
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


def _pointer(path: Iterable[Any]) -> str:
    return "".join(f"/{step}" for step in path)
