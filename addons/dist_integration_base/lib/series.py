"""States of one record that a partner gives one after another, and gives again."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence


def name_states(stored: Sequence[tuple[str, str]], coming: Sequence[tuple[str, str]]) -> list[str]:
    """Return the keys of states of one record that were fetched.

    Those that are the end of what was stored, seen once more, have the keys they were stored under. What follows is
    news and named after the state before it: after A and B, A is another message.

    :param stored: (key, hash of the content) of the latest, oldest first; at least as many as are coming
    :param coming: (key of the content alone, hash of the content), in their order
    """
    # pylint: disable-next=bad-builtin-groupby  # runs of neighbours are wanted
    runs = [list(run) for _hash, run in itertools.groupby(coming, lambda state: state[1])]
    known = _count_known([state[1] for state in stored], [run[0][1] for run in runs])
    names = [key for key, _hash in stored[len(stored) - known :]]
    last = stored[-1][0] if stored else ""
    for run in runs[known:]:
        last = f"{run[0][0]} {hashlib.sha256(last.encode()).hexdigest()[:16]}" if last else run[0][0]
        names.append(last)
    return [name for name, run in zip(names, runs, strict=True) for _state in run]


def _count_known(stored: list[str], coming: list[str]) -> int:
    """Return how many of *coming* are the end of *stored*."""
    counts = range(min(len(stored), len(coming)), 0, -1)
    return next((count for count in counts if stored[-count:] == coming[:count]), 0)
