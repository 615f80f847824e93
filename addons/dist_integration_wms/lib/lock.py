"""A pass through the lock of released transfers.

Handed on in the context by the code that changes them on purpose. A caller from outside can put texts and numbers into
a context, but no instance of a class, so the pass cannot be forged.
"""

from __future__ import annotations

KEY = "dist_lock_pass"


class LockPass:
    """
    :param picking_ids: transfers it opens; None for whatever Odoo does by itself, such as reserving
    """

    def __init__(self, picking_ids: list[int] | None = None) -> None:
        self._picking_ids = None if picking_ids is None else frozenset(picking_ids)

    def covers(self, picking_id: int) -> bool:
        return self._picking_ids is None or picking_id in self._picking_ids


def covers(context: dict, picking_id: int) -> bool:
    """Tell whether a context holds a pass for a transfer."""
    given = context.get(KEY)
    return isinstance(given, LockPass) and given.covers(picking_id)
