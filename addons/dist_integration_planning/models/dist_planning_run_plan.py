import math
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from odoo import _, fields, models

from ..lib import calendar, demand, planner
from ..lib.replenishment import Stock, plan
from .dist_planning_item import MOST_COVER_DAYS

# products whose items are planned together: what is read at once stays small, what is computed at once large
PRODUCTS = 4000
HISTORY = """
    SELECT product_id, warehouse_id, bucket_start, gross, returned, stockout_days, usable
    FROM dist_planning_history
    WHERE bucket = %(bucket)s AND bucket_start >= %(since)s AND bucket_start < %(until)s
      AND product_id = ANY(%(products)s) AND warehouse_id = ANY(%(warehouses)s)
"""


@dataclass
class Planned:
    """An item on its way through a run.

    :ivar item: dist.planning.item
    :ivar history: lib.demand.History
    :ivar supply: lib.replenishment.Supply
    :ivar seller: product.supplierinfo, empty where it is not bought
    :ivar from_warehouse: stock.warehouse that it comes from, empty where it is bought
    :ivar stock: lib.replenishment.Stock
    :ivar forecast: lib.planner.Forecast
    :ivar plan: lib.replenishment.Plan
    :ivar dependent: expected demand of the warehouses it resupplies, by bucket ahead
    """

    item: Any
    history: Any
    supply: Any
    seller: Any
    from_warehouse: Any
    stock: Stock
    forecast: Any = None
    plan: Any = None
    dependent: tuple = ()


@dataclass
class Rows:
    """What a run found, beside the forecasts.

    :ivar parameters: rows to hand in
    :ivar proposals: rows to hand in
    :ivar values: dict, id of dist.planning.item to the value of what is expected to be sold in a year
    :ivar better: number of items of which the method made less error than naive when it was tried
    :ivar decided: dict, (product id, warehouse id) to dist.planning.proposal that were decided in this period
    """

    parameters: list = field(default_factory=list)
    proposals: list = field(default_factory=list)
    values: dict = field(default_factory=dict)
    better: int = 0
    decided: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Periods:
    """The time a run looks at.

    :ivar kind: ``day``, ``week`` or ``month``
    :ivar today: first day that is planned
    :ivar past: starts of the buckets of the history
    :ivar ahead: starts of the buckets that are forecast; the first is the one of today
    """

    kind: str
    today: Any
    past: list
    ahead: list

    @classmethod
    def of(cls, kind, today, history, horizon):
        """Make it of the numbers of buckets back and ahead."""
        current = calendar.bucket_start(today, kind)
        days = calendar.bucket_days(kind)
        first = calendar.bucket_start(current - timedelta(days=round(days * history)), kind)
        past = []
        while first < current:
            past.append(first)
            first = calendar.next_bucket(first, kind)
        return cls(kind, today, past, calendar.bucket_starts(current, horizon, kind))

    @property
    def days(self):
        """Mean number of days in a bucket."""
        return calendar.bucket_days(self.kind)

    def shift(self, values):
        """Expected demand of buckets counted from today, where the first one of the calendar began before."""
        end = calendar.next_bucket(self.ahead[0], self.kind)
        left = (end - self.today).days / (end - self.ahead[0]).days
        return [
            value * left + after * (1.0 - left) for value, after in zip(values, [*values[1:], values[-1]])
        ]

    def index_of(self, day):
        """Number of buckets from the history's first to the one of a day, within 0 and its end."""
        start = calendar.bucket_start(day, self.kind)
        return sum(1 for one in self.past if one < start)


class DistPlanningRun(models.Model):
    """The planning itself: read the demand, forecast, decide, and hand all of it in as one version.

    It passes the same checks, limits and approval as the plan of a platform outside.
    """

    _inherit = "dist.planning.run"

    def _plan(self, note=lambda stage, percent: None, planned_at=None):
        """Plan, and put the version in force, in this transaction.

        :param note: function that is told the stage and how many percent are done
        :param planned_at: datetime (UTC) that the version tells as its own; None for now
        """
        periods = self._get_periods()
        note(_("Reading what was sold"), 1)
        self._refresh_history()
        items = self.env["dist.planning.item"]._ensure(self.source_id._get_warehouses())
        rows = Rows(decided=self._get_decided(periods))
        batch = self._stage(self._plan_items(items, periods, rows, note), rows, planned_at)
        note(_("Handing in the plan"), 85)
        self._store_classes(rows.values)
        # said even where it is none: a night without proposals takes back those of the night before
        batch.manifest = {
            "counts": {
                "forecast": len(items) * len(periods.ahead),
                "parameter": len(rows.parameters),
                "proposal": len(rows.proposals),
            }
        }
        batch._activate()
        self.write(
            {
                "state": "done",
                "finished_at": fields.Datetime.now(),
                "batch_id": batch.id,
                "item_count": len(items),
                "proposal_count": len(rows.proposals),
                "better_count": rows.better,
            }
        )
        self._close_exception()

    def _plan_items(self, items, periods, rows, note):
        """Plan items part by part.

        :param rows: Rows, which takes in what there is one of for an item
        :return: generator of rows of forecasts, of which there are too many to keep them all
        """
        done = 0
        for part in self._get_parts(items):
            note(_("%(done)s of %(all)s items", done=done, all=len(items)), 5 + 75 * done / len(items))
            planned = self._plan_part(part, periods)
            for one in planned:
                rows.values[one.item.id] = self._get_yearly_value(one, periods)
                rows.better += (one.forecast.error or 0.0) < (one.forecast.naive_error or 0.0)
                rows.parameters.append(self._prepare_parameter(one, periods))
                rows.proposals += self._prepare_proposals(one, periods, rows.decided)
                yield from self._prepare_forecasts(one, periods)
            items._write_found([self._prepare_findings(one, periods) for one in planned])
            done += len(part)

    def _get_periods(self):
        source = self.source_id
        return Periods.of(source.bucket, self.as_of, source.history_buckets, source.horizon_buckets)

    def _refresh_history(self):
        self.env["dist.planning.history"]._refresh(self.company_id)
        self.env.flush_all()

    def _get_parts(self, items):
        """:return: generator of dist.planning.item, all of a product together"""
        products = defaultdict(list)
        for item in items:
            products[item.product_id.id].append(item.id)
        keys = list(products)
        for start in range(0, len(keys), PRODUCTS):
            yield items.browse(
                item_id for key in keys[start : start + PRODUCTS] for item_id in products[key]
            ).with_prefetch()

    def _plan_part(self, items, periods):
        """:return: list of Planned"""
        source = self.source_id
        histories = self._get_histories(items, periods)
        supply = self.env["dist.planning.replenishment"]
        supplies = supply._get_supplies(items, source)
        stocks = supply._get_stocks(items, periods.today, periods.days, len(periods.ahead))
        planned = [Planned(item, histories[item], *supplies[item], stocks[item]) for item in items]
        self._forecast(planned, periods)
        self._add_dependent(planned)
        for one in planned:
            one.plan = self._decide(one, periods)
        return planned

    # what was sold

    def _get_histories(self, items, periods):
        """:return: dict, dist.planning.item to lib.demand.History"""
        before = items._get_predecessors()
        rows = self._read_history(items | before, periods)
        own = {item: self._get_history(item, rows, periods) for item in items | before}
        ends = self._get_supersession_ends(items, periods)
        found = {}
        for item in items:
            found[item] = self._with_predecessors(item, own)
            if item in ends and item.end_date is False:
                found[item] = replace(found[item], last_bucket=ends[item])
        return found

    def _read_history(self, items, periods):
        self.env.cr.execute(
            HISTORY,
            {
                "bucket": periods.kind,
                "since": periods.past[0],
                "until": periods.ahead[0],
                "products": items.product_id.ids,
                "warehouses": items.warehouse_id.ids,
            },
        )
        rows = defaultdict(dict)
        for product_id, warehouse_id, start, gross, returned, out, usable in self.env.cr.fetchall():
            rows[product_id, warehouse_id][start] = (gross, returned, out, usable)
        return rows

    def _get_history(self, item, rows, periods):
        known = rows.get((item.product_id.id, item.warehouse_id.id), {})
        gross, returned, stock_out = [], [], []
        for start in periods.past:
            sold, back, out, usable = known.get(start, (0.0, 0.0, 0.0, True))
            gross.append(sold or 0.0)
            returned.append(back or 0.0)
            stock_out.append(1.0 if usable is False else (out or 0.0) / periods.days)
        if item.launch_date:
            first = periods.index_of(item.launch_date)
        else:
            # of a new item without a sale the expectation alone says something
            unsold = len(gross) if item.expected_demand else 0
            first = next((index for index, value in enumerate(gross) if value > 0.0), unsold)
        last = periods.index_of(item.end_date) if item.end_date else None
        if item.end_date and item.end_date >= periods.ahead[0]:
            last = len(periods.past) + sum(1 for start in periods.ahead if start <= item.end_date) - 1
        return demand.History(gross, returned, stock_out, first, last)

    def _with_predecessors(self, item, own):
        """:return: lib.demand.History of an item, with that of the items whose place it took"""
        before = item._get_superseded()
        if before not in own or not before:
            return own[item]
        joined = demand.supersede(self._with_predecessors(before, own), own[item], item.supersession_factor)
        return replace(joined, last_bucket=own[item].last_bucket)

    def _get_supersession_ends(self, items, periods):
        """:return: dict, item whose place another one takes to the last bucket in which it is sold"""
        successors = self.env["dist.planning.item"].search(
            [
                ("supersedes_id", "in", items.product_id.ids),
                ("warehouse_id", "in", items.warehouse_id.ids),
            ]
        )
        ends = {}
        for successor in successors:
            old = successor._get_superseded() & items
            launch = successor.launch_date or periods.today
            index = periods.index_of(launch)
            if launch >= periods.ahead[0]:
                index = len(periods.past) + sum(1 for start in periods.ahead if start < launch) - 1
            if old:
                ends[old] = index
        return ends

    # what is expected

    def _forecast(self, planned, periods):
        """Forecast items; those of one protection time together, over which methods are compared."""
        groups = defaultdict(list)
        for one in planned:
            days = one.supply.lead_time + one.supply.review_time
            longest = max(1, len(periods.past) // 4)
            groups[min(max(1, math.ceil(days / periods.days)), longest)].append(one)
        for buckets, members in groups.items():
            settings = planner.Settings(
                horizon=len(periods.ahead), lead_time=buckets, season=calendar.season_length(periods.kind)
            )
            priors = [one.item.expected_demand * periods.days / 7.0 or None for one in members]
            found = planner.forecast([one.history for one in members], settings, priors)
            for one, forecast in zip(members, found, strict=True):
                one.forecast = forecast

    def _add_dependent(self, planned):
        """What warehouses need that are resupplied from another one is demand there (it is no sale of it)."""
        places = {(one.item.product_id, one.item.warehouse_id): one for one in planned}
        for one in planned:
            above = places.get((one.item.product_id, one.from_warehouse))
            if above:
                known = above.dependent or [0.0] * len(one.forecast.values)
                above.dependent = [value + more for value, more in zip(known, one.forecast.values)]

    # what is decided

    def _decide(self, one, periods):
        expected = one.forecast.values
        if one.dependent:
            expected = [own + more for own, more in zip(expected, one.dependent)]
        return plan(
            periods.shift(expected),
            one.forecast.lead_time_deviation,
            self._get_measured(one, periods),
            one.supply,
            one.stock,
            periods.days,
        )

    def _get_measured(self, one, periods):
        """:return: buckets over which the forecast's deviation was measured"""
        days = one.supply.lead_time + one.supply.review_time
        return min(max(1, math.ceil(days / periods.days)), max(1, len(periods.past) // 4))

    # what was found

    def _get_yearly_value(self, one, periods):
        """:return: value at cost of what is expected to be sold in a year, by which items are classed"""
        mean = sum(one.forecast.values) / len(one.forecast.values)
        return mean * 365.25 / periods.days * one.supply.unit_cost

    def _prepare_findings(self, one, periods):
        """:return: dict, id and stored fields of dist.planning.item"""
        decision, forecast, product = one.plan, one.forecast, one.item.product_id
        known = [value for value, counts in zip(one.history.net, one.history.usable) if counts]
        return {
            "id": one.item.id,
            "planned_at": fields.Datetime.now(),
            "partner_id": one.seller.partner_id.id or None,
            "xyz": demand.xyz([_get_variation(known)])[0],
            "pattern": forecast.pattern.kind,
            "method": forecast.method,
            "weekly_demand": sum(forecast.values) / len(forecast.values) * 7.0 / periods.days,
            "forecast_error": self._get_error(one, periods),
            "on_hand": one.stock.on_hand,
            "incoming": sum(one.stock.incoming),
            "owed": one.stock.owed,
            "safety_stock": decision.target.safety_stock,
            "reorder_point": decision.target.reorder_point,
            "maximum": decision.target.order_up_to,
            "days_of_cover": min(decision.cover, MOST_COVER_DAYS),
            "stock_out_risk": 100.0 * decision.stock_out,
            "shortage_value": decision.shortage * product.lst_price,
            "overstock_quantity": decision.surplus,
            "overstock_value": decision.surplus * one.supply.unit_cost,
            "explanation": self.env["dist.planning.explanation"]._prepare(one, periods),
        }

    def _get_error(self, one, periods):
        """:return: error of the method when it was tried, in percent of the demand over the same time; None if not"""
        forecast = one.forecast
        over = sum(forecast.values) / len(forecast.values) * self._get_measured(one, periods)
        return 100.0 * forecast.error / over if forecast.error is not None and over > 0.0 else None

    def _store_classes(self, values):
        """Class the items of the company by what they are expected to turn over in a year.

        :param values: dict, id of dist.planning.item to value
        """
        keys = list(values)
        classes = demand.abc([values[key] for key in keys])
        self.env["dist.planning.item"]._write_found(
            [{"id": key, "abc": kind} for key, kind in zip(keys, classes, strict=True)]
        )


def _get_variation(values):
    """:return: coefficient of variation of demand by bucket; infinity without any"""
    mean = sum(values) / len(values) if values else 0.0
    if mean <= 0.0:
        return math.inf
    return (sum((value - mean) ** 2 for value in values) / len(values)) ** 0.5 / mean
