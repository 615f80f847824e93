"""Lanes: messages of one ordering key always wait in the same line, others may pass beside it."""

from __future__ import annotations

import hashlib


def lane_of(ordering_key: str, lanes: int) -> int:
    """Return the lane (0 to *lanes* - 1) of *ordering_key*, the same in every process and on every machine.

    Python's own ``hash`` differs from process to process. Changing the number of lanes moves most keys, so it
    must wait for the lanes to run empty.

    :param ordering_key: for instance ``sale.order,42``; an empty key is a key like any other
    :param lanes: at least 1
    """
    if lanes < 1:
        raise ValueError("There is at least 1 lane.")
    digest = hashlib.sha256(ordering_key.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") % lanes
