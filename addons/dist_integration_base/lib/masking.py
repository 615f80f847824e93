"""Hide values in payloads and headers before a person or a log sees them; the shape stays readable."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from .errors import ConfigurationError
from .whole import compile_whole, spellings

MASK = "***"
# Headers that carry a secret or a proof, whatever the endpoint.
SENSITIVE_HEADERS = frozenset(
    (
        "authorization",
        "proxy-authorization",
        "cookie",
        "set-cookie",
        "webhook-signature",
        "x-api-key",
        "api-key",
        "x-auth-token",
        "x-csrf-token",
        "x-amz-security-token",
        "x-shopify-access-token",
    )
)
_SENSITIVE_WORDS = re.compile(
    r"(?:^|[-_])(?:secret|token|password|passwd|apikey|api[-_]key|signature|credential)s?(?:[-_]|$)"
)
_STEP = re.compile(r"(?P<name>[^.\[\]]*)(?P<lists>(?:\[\])*)")
_QUOTED = re.compile(r"([\"'])(.+?)\1")
# what people put into numbers of accounts, taxes and telephones to read them better
_GAP = r"[\s./()\-\u00a0\u2010-\u2013]{0,2}"
_GAPS = re.compile(r"[\s./()+\-\u00a0\u2010-\u2013]+")
# a number that stands for somebody: a tax ID, an account, a telephone; perhaps with its country in front
_IDENTIFIER = re.compile(r"(?P<country>[A-Za-z]{2})?(?P<number>(?=(?:\D*\d){6})[0-9A-Za-z]{6,})")
_AMOUNT = re.compile(r"[+-]?\d+[.,]\d{1,6}")
# digits with whatever stands between thousands or before decimals
_NUMBER = re.compile(r"(?<!\w)\d(?:[\d.,'\u00a0\u202f]*\d)?(?!\d)")


# Shorter values, such as a country code, stand for too many other things to be looked for in a text.
SHORTEST_REDACTED = 4


def mask(payload: Any, paths: Sequence[str], keep_last: int = 0, replacement: str = MASK) -> Any:
    """Return a copy of *payload* with the values at *paths* hidden.

    Lists keep their length and objects their names, so that the masked document still shows what was there.

    :param payload: dict, list and scalars, not changed
    :param paths: ``customer.email``, ``lines[].price``, ``[].sku``; ``*`` stands for any name, ``**.iban``
        for any depth. A path to an object or list hides every value inside. Lists on the way may be written
        without ``[]``.
    :param keep_last: characters to leave at the end of texts and numbers, 4 for account numbers; a value of
        less than three times as many characters is hidden whole
    :param replacement: what stands for a hidden value
    :raises ConfigurationError: a path cannot be read, code ``invalid_path``
    """
    rules = [_parse(path) for path in paths]
    return _mask(payload, rules, lambda value: _hide_scalar(value, keep_last, replacement))


def collect(payload: Any, paths: Sequence[str]) -> set[str]:
    """Return the values at *paths* as texts, but for empty ones.

    :param paths: as of :func:`mask`
    """
    found: set[str] = set()

    def take(value: Any) -> Any:
        if value not in (None, "") and not isinstance(value, bool):
            found.add(str(value))
        return value

    _mask(payload, [_parse(path) for path in paths], take)
    return found


@dataclass(frozen=True)
class Masking:
    """What is not for everybody in several documents that tell of the same.

    :ivar paths: as of :func:`mask`
    :ivar values: texts, hidden wherever they stand
    """

    paths: Sequence[str]
    values: Collection[str] = ()
    replacement: str = MASK

    def hide(self, document: Any) -> Any:
        """Return a copy of *document* without what is not for everybody."""
        masked = mask(document, self.paths, replacement=self.replacement)
        return redact(masked, self.values, self.replacement)

    def hide_part(self, value: Any, place: str) -> Any:
        """Return *value* alike, which stands at *place* of a document, such as ``lines[].price``."""
        try:
            rules = self._follow(place)
        except ConfigurationError:
            # a name that no path can say
            return self.replacement if self.paths else value
        masked = _mask(value, rules, lambda scalar: _hide_scalar(scalar, 0, self.replacement))
        return redact(masked, self.values, self.replacement)

    def is_hidden(self, place: str) -> bool:
        """Tell whether a value at *place* is hidden whatever it is."""
        return any(not rule for rule in self._follow(place))

    def reaches(self, place: str) -> bool:
        """Tell whether something at *place* or a named step below it is hidden."""
        return any(rule[:1] != ("**",) for rule in self._follow(place))

    def _follow(self, place: str) -> list[tuple[str, ...]]:
        rules = [_parse(path) for path in self.paths]
        for name in _parse(place):
            rules = [()] if any(not rule for rule in rules) else _after(name, rules)
        return rules


def redact(document: Any, values: Iterable[str], replacement: str = MASK, strict: bool = False) -> Any:
    """Return a copy of *document* in which *values* are hidden wherever they stand, as wholes, in any case.

    See `compile_whole` for what a whole is.

    :param document: text, or a JSON document, whose names stay as they are
    :param values: texts; those of less than four characters are left alone, unless *strict*
    :param strict: hide numbers however they are written (``12.5`` is ``12,50``, ``BE 0477.472.701`` is ``0477472701``),
        and short words in the same case too: for what somebody is not to see, rather than for what has to stay readable
    """
    values = set(values)
    patterns = [
        # before the same number without its country
        _identifiers(values) if strict else None,
        compile_whole(value for value in values if len(value) >= SHORTEST_REDACTED),
        _short_words(value for value in values if strict and 1 < len(value) < SHORTEST_REDACTED),
    ]
    patterns = [pattern for pattern in patterns if pattern]
    numbers = {number for value in values for number in _read_numbers(value)} if strict else set()
    if not patterns and not numbers:
        return document

    def clean(value: Any) -> Any:
        if isinstance(value, bool) or value is None:
            return value
        text = str(value)
        for pattern in patterns:
            text = pattern.sub(lambda _match: replacement, text)
        if numbers:
            text = _NUMBER.sub(
                lambda match: match[0] if numbers.isdisjoint(_read_numbers(match[0])) else replacement, text
            )
        return text if isinstance(value, str) or text == replacement else value

    return _mask(document, [()], clean)


def redact_quoted(text: str, source: str, replacement: str = MASK) -> str:
    """Return *text* without what it quotes of *source*, of which nobody can say what is sensitive in it.

    Punctuation stays: it tells what a reader of the source was looking for, and nothing of its content.
    """

    def hide(match: re.Match[str]) -> str:
        hidden = match[2] in source and any(character.isalnum() for character in match[2])
        return f"{match[1]}{replacement}{match[1]}" if hidden else match[0]

    return _QUOTED.sub(hide, text)


def _short_words(values: Iterable[str]) -> re.Pattern[str] | None:
    """Return a pattern of *values* as whole words in the same case, the longest first, in every spelling."""
    written = {spelling for value in values for spelling in spellings(value)}
    if not written:
        return None
    words = map(re.escape, sorted(written, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)")


def _identifiers(values: Iterable[str]) -> re.Pattern[str] | None:
    """Return a pattern of the identifiers among *values*, with any gaps, with and without a country in front."""
    plain = {_GAPS.sub("", value) for value in values if not _AMOUNT.fullmatch(value)}
    gapped = {_GAP.join(match["number"]) for text in plain if (match := _IDENTIFIER.fullmatch(text))}
    if not gapped:
        return None
    words = "|".join(sorted(gapped, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:(?-i:[A-Z]{{2}}){_GAP}|[A-Z]{{2}})?(?:{words})(?!\w)", re.IGNORECASE)


def _read_numbers(text: str) -> set[Decimal]:
    """Return what *text* may mean as a number: a point or comma is before decimals or between thousands."""
    plain = re.sub(r"['\u00a0\u202f]", "", text)
    decimals = max(plain.rfind("."), plain.rfind(","))
    whole = re.sub(r"[.,]", "", plain)
    readings = {whole}
    if decimals >= 0:
        readings.add(f"{re.sub(r'[.,]', '', plain[:decimals])}.{plain[decimals + 1 :]}")
        if len(plain) - decimals != 4:
            readings.discard(whole)
    return {abs(number) for reading in readings if (number := _to_decimal(reading)) is not None}


def _to_decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _parse(path: str) -> tuple[str, ...]:
    steps: list[str] = []
    for position, part in enumerate(path.split(".")):
        match = _STEP.fullmatch(part)
        if not match or not (match["name"] or (match["lists"] and position == 0)):
            raise ConfigurationError(
                f'"{path[:80]}" is not a path such as lines[].price.', code="invalid_path"
            )
        if match["name"]:
            steps.append(match["name"])
    if steps and steps[-1] == "**":
        raise ConfigurationError(f'"{path[:80]}" must end with a name.', code="invalid_path")
    return tuple(steps)


def _mask(value: Any, rules: list[tuple[str, ...]], hide: Callable[[Any], Any]) -> Any:
    """Return a copy of *value* in which *hide* was called for each scalar that a rule leads to."""
    reached = any(not rule for rule in rules)
    if isinstance(value, Mapping):
        return {
            name: _mask(member, [()] if reached else _after(name, rules), hide)
            for name, member in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_mask(item, rules, hide) for item in value]
    return hide(value) if reached else value


def _after(name: Any, rules: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return what is left of the rules once *name* is entered."""
    left = []
    for rule in rules:
        while rule[0] == "**":
            left.append(rule)
            rule = rule[1:]
        if rule[0] in (name, "*"):
            left.append(rule[1:])
    return left


def _hide_scalar(value: Any, keep_last: int, replacement: str) -> Any:
    # Whether a value is there at all is worth seeing, and no secret.
    if value is None or value == "":
        return value
    if keep_last and not isinstance(value, bool):
        text = str(value)
        if len(text) >= 3 * keep_last:
            return replacement + text[-keep_last:]
    return replacement


def restore(edited: Any, original: Any, paths: Sequence[str]) -> Any:
    """Return a copy of *edited* in which what :func:`mask` had hidden is as in *original* again.

    Only values that still read as the mask are put back, so a person may correct a document of which parts
    are hidden, and replace a hidden value without seeing it.

    :param edited: a document that was masked with *paths* and then changed by a person
    :param paths: as of :func:`mask`
    :raises ConfigurationError: a list with hidden values was made longer or shorter, so that nobody can say
        which value belongs where, code ``masked_list``
    """
    return _restore(edited, original, [_parse(path) for path in paths])


def _restore(value: Any, original: Any, rules: list[tuple[str, ...]]) -> Any:
    hidden = any(not rule for rule in rules)
    if hidden and value == MASK and not isinstance(original, (Mapping, list, tuple)):
        return original
    if isinstance(value, Mapping) and isinstance(original, Mapping):
        return {
            name: _restore(member, original.get(name), rules if hidden else _after(name, rules))
            for name, member in value.items()
        }
    if isinstance(value, list) and isinstance(original, (list, tuple)):
        if len(value) != len(original) and _holds_mask(value):
            raise ConfigurationError(
                "A list that holds hidden values can be changed, not made longer or shorter.",
                code="masked_list",
            )
        if len(value) == len(original):
            return [_restore(item, other, rules) for item, other in zip(value, original)]
    return value


def _holds_mask(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_holds_mask(member) for member in value.values())
    if isinstance(value, list):
        return any(_holds_mask(item) for item in value)
    return value == MASK


def mask_headers(headers: Mapping[str, str], names: Sequence[str] = ()) -> dict[str, str]:
    """Return a copy of *headers* with secrets hidden: the well-known names, names that speak of a secret, and
    *names*.

    The scheme of ``Authorization`` (``Basic``, ``Bearer``) stays: it explains a refusal.

    :param names: further header names, in any case
    """
    further = {name.lower() for name in names}
    masked = {}
    for name, value in headers.items():
        lowered = name.lower()
        if lowered in further or lowered in SENSITIVE_HEADERS or _SENSITIVE_WORDS.search(lowered):
            scheme = re.match(r"(Basic|Bearer|Digest) ", str(value), re.IGNORECASE)
            masked[name] = (scheme[0] if scheme and lowered.endswith("authorization") else "") + MASK
        else:
            masked[name] = value
    return masked


def to_readable(text: str, paths: Iterable[str]) -> str:
    """Lay JSON out for a person, masked.

    What a partner sent may be anything: half a surrogate pair is a character to JSON, and none to a browser or a
    database; it becomes a question mark.

    :raises ValueError: it is not JSON, or nested too deeply to be read
    """
    try:
        shown = json.dumps(mask(json.loads(text), paths), indent=2, ensure_ascii=False)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return shown.encode("utf-8", "replace").decode()
