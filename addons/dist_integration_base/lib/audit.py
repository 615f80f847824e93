"""The chain of the audit trail: each entry's hash covers the one before, so that nothing is changed unseen.

The hash of an entry is SHA-256, in hexadecimal, of three UTF-8 lines without a line break at the end: the hash of the
entry before (64 zeros for the first), the number of the entry, and its canonical text. Whoever holds an export can
verify it without this suite.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

GENESIS = "0" * 64


@dataclass(frozen=True)
class Link:
    """An entry of the chain as it is stored.

    :ivar number: position, from 1
    :ivar previous: hash of the entry before
    :ivar hash: hash of this entry
    :ivar content: canonical text made of the entry as it is now; None when the entry is gone
    """

    number: int
    previous: str
    hash: str
    content: str | None


@dataclass(frozen=True)
class Finding:
    """The first place where the chain is broken.

    :ivar number: position of the first wrong entry
    :ivar code: ``missing`` (no such entry), ``removed`` (its hash is there, its content is not), ``changed``,
        ``detached`` (does not follow the one before), ``cut`` (the end is missing); the database adds ``forged``,
        ``unsigned``, ``unsealed`` and ``unprotected``
    """

    number: int
    code: str


def canonical(entry: Mapping[str, Any]) -> str:
    """Return the one text that stands for an entry: JSON with sorted names and no blanks, not escaped.

    :param entry: texts, whole numbers, booleans, None, lists and dicts of them
    :raises TypeError: a value has no exact text, such as a float or a date
    """
    _check(entry)
    return json.dumps(entry, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _check(value: Any) -> None:
    if isinstance(value, Mapping):
        for name, member in value.items():
            if not isinstance(name, str):
                raise TypeError(f"{name!r} is no text")
            _check(member)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _check(item)
    elif value is not None and not isinstance(value, (str, int)):
        raise TypeError(f"{type(value).__name__} has no exact text")


def digest(salt: str, place: str, value: Any) -> str | None:
    """Return what stands for *value* in the chain: SHA-256, in hexadecimal, of three UTF-8 lines without a line break
    at the end: the salt, the place and the value as canonical JSON; None for None.

    :param salt: random text, kept beside the value and deleted with it
    :param place: tells this value from others of the entry, such as ``reason`` or ``0/old``
    """
    if value is None:
        return None
    text = json.dumps(value, ensure_ascii=False)
    return hashlib.sha256(f"{salt}\n{place}\n{text}".encode()).hexdigest()


def link_hash(previous: str, number: int, content: str) -> str:
    """Return the hash of the entry at *number*."""
    return hashlib.sha256(f"{previous}\n{number}\n{content}".encode()).hexdigest()


def sign_head(key: str, number: int, head: str) -> str:
    """Return a proof that whoever holds *key* noted *head* as the end of the chain."""
    return hmac.new(
        b"dist_integration audit " + key.encode(), f"{number}\n{head}".encode(), hashlib.sha256
    ).hexdigest()


def is_signed(keys: Iterable[str], number: int, head: str, proof: str) -> bool:
    """Tell whether one of *keys* made *proof*."""
    return any(hmac.compare_digest(sign_head(key, number, head), proof) for key in keys)


class Verifier:
    """Follows the chain link by link and stops at the first that is wrong.

    :ivar finding: Finding, None while all is well
    :ivar number: number of the last good link
    :ivar head: hash of the last good link
    """

    def __init__(self, known: Mapping[int, str] | None = None) -> None:
        """
        :param known: hashes that were kept elsewhere, by number
        """
        self.finding: Finding | None = None
        self.number = 0
        self.head = GENESIS
        self._known = dict(known or {})

    def add(self, link: Link) -> bool:
        """Take the next link, by number.

        :return: False once the chain is broken
        """
        if self.finding:
            return False
        code = self._judge(link)
        if code:
            number = self.number + 1 if code == "missing" else link.number
            self.finding = Finding(number, code)
            return False
        self.number, self.head = link.number, link.hash
        return True

    def _judge(self, link: Link) -> str | None:
        if link.number != self.number + 1:
            return "missing"
        if link.previous != self.head:
            return "detached"
        if link.content is None:
            return "removed"
        if link_hash(link.previous, link.number, link.content) != link.hash:
            return "changed"
        # a chain that was made anew from here on is whole in itself
        if self._known.get(link.number, link.hash) != link.hash:
            return "changed"
        return None

    def finish(self, count: int) -> Finding | None:
        """Compare the end with what was noted elsewhere.

        :param count: number of the last entry that is known to have existed
        :return: Finding, or None when the chain is whole
        """
        if not self.finding and max([count, *self._known]) > self.number:
            self.finding = Finding(self.number + 1, "cut")
        return self.finding
