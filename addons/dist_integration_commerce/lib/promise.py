"""How much of a stock a sales channel may promise."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

ZERO, ALL = Decimal(0), Decimal(100)


@dataclass(frozen=True)
class PromiseTerms:
    """What a channel may promise of a product in a warehouse.

    :param buffer: kept back, in the unit of the product
    :param share: per cent of the stock that is this channel's
    :param cap: never more than this; None: no limit
    :param horizon: days within which goods on their way in count
    """

    buffer: Decimal = ZERO
    share: Decimal = ALL
    cap: Decimal | None = None
    horizon: int = 0


def promise(free: Decimal, inbound: Decimal, terms: PromiseTerms, step: Decimal) -> Decimal:
    """Return ``max(0, min(cap, floor(share * (free + inbound) - buffer)))``.

    :param free: on hand, less what is reserved, held, softly reserved or ordered; may be negative
    :param inbound: what comes in within the horizon
    :param step: smallest quantity of the product, to which a share is rounded down
    """
    shared = free + inbound
    if terms.share != ALL:
        shared = floor(shared * terms.share / ALL, step)
    left = shared - terms.buffer
    if terms.cap is not None:
        left = min(left, terms.cap)
    return max(ZERO, left)


def floor(number: Decimal, step: Decimal) -> Decimal:
    """Return the greatest multiple of *step* that is not above *number*."""
    if step <= 0:
        return number
    return (number / step).to_integral_value(ROUND_FLOOR) * step
