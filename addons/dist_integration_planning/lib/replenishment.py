"""From a forecast to an order: what one item at one place is steered by, what its stock risks, what to order.

Quantities are in the item's unit, money in one currency, times in days unless said otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from . import inventory

DAYS_A_YEAR = 365.25


@dataclass(frozen=True)
class Supply:
    """How an item comes in, and how well it is to be covered.

    :ivar service_level: probability of no stock-out in a replenishment cycle, above 0 and below 1
    :ivar lead_time: days from an order to its receipt
    :ivar lead_time_deviation: standard deviation of it, in days
    :ivar review_time: days from one look at the stock to the next
    :ivar minimum: smallest quantity that can be ordered
    :ivar multiple: what quantities are whole multiples of, 0.0 for none
    :ivar unit_cost: money for one
    :ivar order_cost: money for an order, whatever is in it
    :ivar holding_rate: share of its cost that an item in stock costs a year
    """

    service_level: float = 0.95
    lead_time: float = 7.0
    lead_time_deviation: float = 0.0
    review_time: float = 7.0
    minimum: float = 0.0
    multiple: float = 0.0
    unit_cost: float = 0.0
    order_cost: float = 0.0
    holding_rate: float = 0.0


@dataclass(frozen=True)
class Stock:
    """What is there, and what is on its way.

    :ivar on_hand: in stock
    :ivar incoming: what arrives in each bucket ahead; requests for quotation count
    :ivar owed: what customers ordered and did not get yet
    """

    on_hand: float = 0.0
    incoming: Sequence[float] = ()
    owed: float = 0.0

    @property
    def position(self) -> float:
        """What is there and ordered, less what is promised."""
        return self.on_hand + sum(self.incoming) - self.owed


@dataclass(frozen=True)
class Plan:
    """What is decided for an item, with all figures it rests on.

    :ivar lot_size: economic order quantity, 0.0 where a cost is not known
    :ivar projected: stock at the end of each bucket ahead without a new order
    :ivar need: quantity up to the level that orders fill up to; 0.0 above the reorder point
    :ivar quantity: the need after minimum and multiple
    :ivar needed_in: buckets ahead until the stock falls below the safety stock (0 is this one); None when it does not
    :ivar cover: days the stock lasts; infinity where nothing is expected to be sold
    :ivar stock_out: probability that demand over the protection time exceeds the stock position
    :ivar shortage: units of that demand that are expected not to be met
    :ivar surplus: units above the level that orders fill up to
    """

    target: inventory.Target
    position: float
    lot_size: float
    projected: list[float]
    need: float
    quantity: float
    needed_in: int | None
    cover: float
    stock_out: float
    shortage: float
    surplus: float


def plan(
    forecast: Sequence[float],
    deviation: float,
    measured: float,
    supply: Supply,
    stock: Stock,
    bucket_days: float,
) -> Plan:
    """Decide about one item at one place.

    An order is due when the stock position is below the reorder point; it fills the position up.

    :param forecast: expected demand by bucket ahead
    :param deviation: standard deviation of the forecast error summed over `measured` buckets
    :param bucket_days: days in a bucket
    """
    forecast = list(forecast)
    lot_size = _get_lot_size(forecast, supply, bucket_days)
    target = inventory.target(
        forecast,
        deviation,
        measured,
        supply.service_level,
        supply.lead_time / bucket_days,
        supply.review_time / bucket_days,
        supply.lead_time_deviation / bucket_days,
        lot_size,
    )
    position = stock.position
    due = position < target.reorder_point
    need = target.order_up_to - position if due else 0.0
    arrivals = [*stock.incoming, *[0.0] * len(forecast)][: len(forecast)]
    projected = inventory.projected_stock(stock.on_hand - stock.owed, arrivals, forecast)
    below = (index for index, level in enumerate(projected) if level < target.safety_stock)
    spread = _get_spread(target, supply)
    return Plan(
        target=target,
        position=position,
        lot_size=lot_size,
        projected=projected,
        need=need,
        quantity=inventory.order_quantity(need, supply.minimum, supply.multiple),
        needed_in=next(below, None),
        cover=inventory.days_of_cover(stock.on_hand - stock.owed, forecast, bucket_days),
        stock_out=inventory.stock_out_probability(position, target.demand, spread),
        shortage=inventory.expected_shortage(position, target.demand, spread),
        surplus=max(0.0, position - target.order_up_to),
    )


def _get_lot_size(forecast, supply, bucket_days):
    if not forecast:
        return 0.0
    yearly = sum(forecast) / len(forecast) * DAYS_A_YEAR / bucket_days
    return inventory.economic_order_quantity(
        yearly, supply.order_cost, supply.holding_rate * supply.unit_cost
    )


def _get_spread(target, supply):
    """Standard deviation of demand over the protection time, the lead time's own included."""
    days = supply.lead_time + supply.review_time
    per_day = target.demand / days if days else 0.0
    return math.hypot(target.deviation, per_day * supply.lead_time_deviation)
