"""How alike two names are, for suggestions that a person confirms."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import TypeVar

Key = TypeVar("Key")

# Below this, two names have little in common but letters.
LEAST = 0.6
_PART = re.compile(r"[0-9]+|[^\W\d_]+")
_WORD = re.compile(r"[^\W_]+")


def words(text: str) -> list[str]:
    """Return the words and numbers of a text in lower case."""
    return _WORD.findall(text.lower())


def bare(number: str) -> str:
    """Return an item number without what people write differently: case, blanks, dashes, zeros in front."""
    return "".join(words(number)).lstrip("0")


def fragment(number: str) -> str:
    """Return the longest part of an item number that is only letters or only digits: it stands in each way to write
    the number.
    """
    return max(_PART.findall(bare(number)), key=len, default=number)


def likeness(one: str, other: str) -> float:
    """Return how alike two names are: from 0 to 1, whatever the order of their words.

    A word counts for its length, and for as much as it is like the most similar word of the other name.
    """
    ours, theirs = words(one), words(other)
    if not ours or not theirs:
        return 0.0
    return (_covered(ours, theirs) + _covered(theirs, ours)) / 2


def closest(
    text: str, candidates: Iterable[tuple[Key, str]], least: float = LEAST
) -> tuple[Key, float] | None:
    """Return the key whose name is most like *text*, and how alike they are; None when nothing is.

    :param candidates: pairs of a key and a name; of two alike the first is taken
    """
    best = max(
        ((likeness(text, name), -place, key) for place, (key, name) in enumerate(candidates)),
        key=lambda found: found[:2],
        default=None,
    )
    return (best[2], best[0]) if best and best[0] >= least else None


def _covered(ours: list[str], theirs: list[str]) -> float:
    total = sum(map(len, ours))
    return sum(len(word) * max(_alike(word, other) for other in theirs) for word in ours) / total


def _alike(word: str, other: str) -> float:
    if word == other:
        return 1.0
    # of two numbers, one that is nearly the same is another one
    if word.isdigit() or other.isdigit():
        return 0.0
    found = SequenceMatcher(None, word, other).ratio()
    return found if found >= LEAST else 0.0
