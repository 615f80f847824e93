"""Safety stock, reorder point, order quantity; what a stock level risks.

Quantities are in the item's unit, times in buckets unless said otherwise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from statistics import NormalDist


def safety_factor(service_level: float) -> float:
    """How many standard deviations cover a cycle service level.

    :param service_level: probability of no stock-out in a replenishment cycle, above 0 and below 1
    :raises ValueError: outside that
    """
    if not 0.0 < service_level < 1.0:
        raise ValueError("A service level is above 0 and below 1.")
    return max(0.0, NormalDist().inv_cdf(service_level))


def safety_stock(
    service_level: float,
    protection_deviation: float,
    demand: float,
    lead_time_deviation: float = 0.0,
) -> float:
    """Safety stock after King (2011): z * sqrt(variance of the error over the protection time + d^2 sL^2).

    :param protection_deviation: standard deviation of the forecast error summed over lead time and review time
    :param demand: expected demand per bucket
    :param lead_time_deviation: standard deviation of the lead time, in buckets
    """
    variance = protection_deviation**2 + (demand * lead_time_deviation) ** 2
    return safety_factor(service_level) * math.sqrt(variance)


def protection_deviation(deviation: float, measured: float, lead_time: float, review_time: float) -> float:
    """Bring a standard deviation of errors to another number of buckets: errors of buckets add up as independent.

    :param deviation: standard deviation of the error summed over `measured` buckets
    :param lead_time: buckets until an order arrives
    :param review_time: buckets from one look at the stock to the next
    """
    return deviation * math.sqrt((lead_time + review_time) / measured)


def reorder_point(demand_over_protection: float, safety: float) -> float:
    """Stock position at which an order is due: d (L + R) + SS."""
    return demand_over_protection + safety


def economic_order_quantity(yearly_demand: float, order_cost: float, holding_cost: float) -> float:
    """Harris (1913): sqrt(2 D K / h).

    :param order_cost: of one order, in money
    :param holding_cost: of one unit for a year, in money
    :return: 0.0 where a cost is not known
    """
    if yearly_demand <= 0.0 or order_cost <= 0.0 or holding_cost <= 0.0:
        return 0.0
    return math.sqrt(2.0 * yearly_demand * order_cost / holding_cost)


def order_quantity(need: float, minimum: float = 0.0, multiple: float = 0.0) -> float:
    """Quantity to order: what is needed, at least the supplier's minimum, in whole multiples.

    The minimum comes first: rounding before it would order a multiple too few.

    :return: 0.0 where nothing is needed
    """
    if need <= 0.0:
        return 0.0
    wanted = max(need, minimum)
    if multiple <= 0.0:
        return wanted
    # 2.1 / 0.7 is 3.0000000000000004 as floats: a pack too many
    step = Fraction(repr(multiple))
    return float(math.ceil(Fraction(repr(round(wanted, 6))) / step) * step)


@dataclass(frozen=True)
class Target:
    """What an item's stock is steered by, with the figures it comes from.

    :ivar demand: expected demand over the protection time
    :ivar deviation: standard deviation of its error
    """

    protection_time: float
    demand: float
    deviation: float
    safety_stock: float
    reorder_point: float
    order_up_to: float


def target(
    forecast: list[float],
    deviation: float,
    measured: float,
    service_level: float,
    lead_time: float,
    review_time: float,
    lead_time_deviation: float = 0.0,
    lot_size: float = 0.0,
) -> Target:
    """Reorder point and the level that an order fills up to.

    :param forecast: expected demand by bucket ahead; beyond its end the last value goes on
    :param deviation: standard deviation of the error summed over `measured` buckets
    :param lead_time: buckets until an order arrives
    :param review_time: buckets from one look at the stock to the next
    :param lot_size: economic order quantity, 0.0 for none
    """
    protection_time = lead_time + review_time
    demand = expected_demand(forecast, 0.0, protection_time)
    spread = protection_deviation(deviation, measured, lead_time, review_time)
    per_bucket = demand / protection_time if protection_time else 0.0
    safety = safety_stock(service_level, spread, per_bucket, lead_time_deviation)
    point = reorder_point(demand, safety)
    cycle = max(expected_demand(forecast, protection_time, protection_time + review_time), lot_size)
    return Target(protection_time, demand, spread, safety, point, point + cycle)


def expected_demand(forecast: list[float], start: float, end: float) -> float:
    """Expected demand from `start` to `end` buckets ahead; a part of a bucket counts as that part."""
    total = 0.0
    for index in range(math.floor(start), math.ceil(end)):
        value = forecast[min(index, len(forecast) - 1)] if forecast else 0.0
        total += value * (min(end, index + 1) - max(start, index))
    return total


def projected_stock(on_hand: float, receipts: list[float], forecast: list[float]) -> list[float]:
    """Stock at the end of each bucket; below zero is demand that cannot be met.

    :param receipts: what arrives in each bucket, as many as the forecast has
    """
    levels, level = [], on_hand
    for received, demand in zip(receipts, forecast, strict=True):
        level += received - demand
        levels.append(level)
    return levels


def days_of_cover(on_hand: float, forecast: list[float], bucket_days: float) -> float:
    """How long the stock lasts, in days; beyond the forecast its last value goes on.

    :return: infinity where nothing is expected to be sold; 0 where nothing is left, or more than that is owed
    """
    if on_hand < 0.0:
        return 0.0
    left, days = on_hand, 0.0
    for demand in forecast:
        if demand > left:
            return days + bucket_days * left / demand
        left -= demand
        days += bucket_days
    last = forecast[-1] if forecast else 0.0
    if last > 0.0:
        return days + bucket_days * left / last
    return math.inf if left > 0.0 else 0.0


def stock_out_probability(position: float, demand: float, deviation: float) -> float:
    """Probability that demand over the protection time exceeds the stock position.

    :param demand: expected demand over that time
    :param deviation: standard deviation of its error
    """
    if deviation <= 0.0:
        return 1.0 if demand > position else 0.0
    return 1.0 - NormalDist(demand, deviation).cdf(position)


def expected_shortage(position: float, demand: float, deviation: float) -> float:
    """Units of the demand over the protection time that a stock position does not meet (normal loss function)."""
    if deviation <= 0.0:
        return max(0.0, demand - position)
    normal = NormalDist()
    factor = (position - demand) / deviation
    return deviation * (normal.pdf(factor) - factor * (1.0 - normal.cdf(factor)))


def overstock(position: float, order_up_to: float, unit_cost: float) -> float:
    """Money in what is above the level that orders fill up to."""
    return max(0.0, position - order_up_to) * unit_cost
