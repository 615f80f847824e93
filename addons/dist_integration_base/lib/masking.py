"""Hide values in payloads and headers before a person or a log sees them; the shape stays readable."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from .errors import ConfigurationError

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


def mask(payload: Any, paths: Sequence[str], keep_last: int = 0) -> Any:
    """Return a copy of *payload* with the values at *paths* hidden.

    Lists keep their length and objects their names, so that the masked document still shows what was there.

    :param payload: dict, list and scalars, not changed
    :param paths: ``customer.email``, ``lines[].price``, ``[].sku``; ``*`` stands for any name, ``**.iban``
        for any depth. A path to an object or list hides every value inside. Lists on the way may be written
        without ``[]``.
    :param keep_last: characters to leave at the end of texts and numbers, 4 for account numbers; a value of
        less than three times as many characters is hidden whole
    :raises ConfigurationError: a path cannot be read, code ``invalid_path``
    """
    rules = [_parse(path) for path in paths]
    return _mask(payload, rules, keep_last)


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


def _mask(value: Any, rules: list[tuple[str, ...]], keep_last: int) -> Any:
    if any(not rule for rule in rules):
        return _hide(value, keep_last)
    if isinstance(value, Mapping):
        return {name: _mask(member, _after(name, rules), keep_last) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [_mask(item, rules, keep_last) for item in value]
    return value


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


def _hide(value: Any, keep_last: int) -> Any:
    if isinstance(value, Mapping):
        return {name: _hide(member, keep_last) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [_hide(item, keep_last) for item in value]
    # Whether a value is there at all is worth seeing, and no secret.
    if value is None or value == "":
        return value
    if keep_last and not isinstance(value, bool):
        text = str(value)
        if len(text) >= 3 * keep_last:
            return MASK + text[-keep_last:]
    return MASK


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
