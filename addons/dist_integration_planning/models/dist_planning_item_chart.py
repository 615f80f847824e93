from datetime import timedelta

from odoo import api, fields, models

from ..lib import calendar, inventory
from .dist_planning_accuracy_measure import _get_past

PAST = 52
BANDS = ("low", "lower", "upper", "high")


class DistPlanningItem(models.Model):
    """What is drawn of an item: what was sold, what sources expect and expected, and how the stock goes on."""

    _inherit = "dist.planning.item"

    @api.model
    def get_planning_chart(self, product_id, warehouse_id):
        """Figures of a product in a warehouse, to draw.

        :return: dict of labels (starts of periods), ``actual``, ``sources`` and ``stock``; False when it is not planned
        """
        item = self.search([("product_id", "=", product_id), ("warehouse_id", "=", warehouse_id)], limit=1)
        return item._get_chart() if item else False

    def _get_chart(self):
        self.ensure_one()
        sources = self._get_sources()
        kind = sources[:1].bucket or "week"
        sources = sources.filtered(lambda source: source.bucket == kind)
        today = sources[:1]._get_today() if sources else fields.Date.context_today(self)
        past = _get_past(today, kind, PAST)
        ahead = self._get_ahead(sources, calendar.bucket_start(today, kind))
        starts = [*past, *ahead]
        return {
            "bucket": kind,
            "unit": self.uom_id.name,
            "labels": [str(start) for start in starts],
            "past": len(past),
            **self._get_actual(kind, starts),
            "sources": [self._get_source_lines(source, starts) for source in sources],
            "stock": self._get_stock_lines(sources[:1], today, ahead, kind),
        }

    def _get_sources(self):
        """:return: dist.planning.source that plan this item, the one whose proposals come first leading"""
        forecasts = self.env["dist.planning.forecast"]._read_group(
            [*self._get_place_domain(), ("batch_id.state", "=", "active")], ["source_id"]
        )
        found = (
            self.env["dist.planning.source"]
            .union(*(source for (source,) in forecasts))
            .filtered("forecast_batch_id")
        )
        return found.sorted(
            lambda source: (not source.proposal_batch_id, source.kind != "external", source.name)
        )

    def _get_place_domain(self):
        return [("product_id", "=", self.product_id.id), ("warehouse_id", "=", self.warehouse_id.id)]

    def _get_ahead(self, sources, current):
        rows = self.env["dist.planning.forecast"].search(
            [
                *self._get_place_domain(),
                ("batch_id", "in", sources.forecast_batch_id.ids),
                ("bucket_start", ">=", current),
            ]
        )
        return sorted({current, *rows.mapped("bucket_start")})

    def _get_actual(self, kind, starts):
        rows = self.env["dist.planning.history"].search(
            [
                *self._get_place_domain(),
                ("bucket", "=", kind),
                ("bucket_start", "in", starts),
            ]
        )
        known = {row.bucket_start: row for row in rows}
        first, last = min(known, default=None), max(known, default=None)

        def sold(start):
            if start in known:
                return known[start].net
            # no row within the history is no sale, before and after it nothing is known
            return 0.0 if known and first <= start <= last else None

        return {
            "actual": [sold(start) for start in starts],
            "out_of_stock": [start in known and not known[start].usable for start in starts],
        }

    def _get_source_lines(self, source, starts):
        """What a source expects, and what it expected of the periods that are over."""
        rows = self.env["dist.planning.forecast"].search(
            [
                *self._get_place_domain(),
                ("batch_id", "=", source.forecast_batch_id.id),
                ("bucket_start", "in", starts),
            ]
        )
        known = {row.bucket_start: row for row in rows}
        banded = known if any(row.high for row in rows) else {}
        measured = self.env["dist.planning.accuracy"].search(
            [
                *self._get_place_domain(),
                ("source_id", "=", source.id),
                ("lag", "=", source.accuracy_lag),
                ("bucket_start", "in", starts),
            ]
        )
        said = {row.bucket_start: row.forecast for row in measured}

        def limit(start, name):
            value = banded[start][name] if start in banded else False
            return None if value is False else value

        return {
            "id": source.id,
            "name": source.name,
            "forecast": [known[start].quantity if start in known else said.get(start) for start in starts],
            **{name: [limit(start, name) for start in starts] for name in BANDS},
        }

    def _get_stock_lines(self, source, today, ahead, kind):
        """How the stock goes on if the forecast of a source comes true, without and with what is proposed."""
        rows = self.env["dist.planning.forecast"].search(
            [
                *self._get_place_domain(),
                ("batch_id", "=", source.forecast_batch_id.id),
                ("bucket_start", "in", ahead),
            ]
        )
        expected = {row.bucket_start: row.quantity for row in rows}
        values = [expected.get(start, 0.0) for start in ahead]
        end = calendar.next_bucket(ahead[0], kind)
        values[0] *= (end - today).days / (end - ahead[0]).days
        supply = self.env["dist.planning.replenishment"].sudo()
        on_hand = supply._get_on_hand(self.product_id.ids, self.warehouse_id).get(self.product_id.id, 0.0)
        owed = supply._get_owed(self.product_id.ids, self.warehouse_id).get(self.product_id.id, 0.0)
        incoming = _by_bucket(
            [
                (day, quantity)
                for _id, day, quantity in supply._get_arrivals(self.product_id.ids, self.warehouse_id)
            ],
            ahead,
        )
        proposed = _by_bucket(self._get_proposed(source), ahead)
        both = [one + other for one, other in zip(incoming, proposed)]
        return {
            "projected": inventory.projected_stock(on_hand - owed, incoming, values),
            "with_proposals": inventory.projected_stock(on_hand - owed, both, values),
            "incoming": incoming,
            "proposed": proposed,
            "safety_stock": self.safety_stock,
            "reorder_point": self.reorder_point,
        }

    def _get_proposed(self, source):
        """:return: list of (date, quantity) of proposals that nobody has decided about yet"""
        proposals = self.env["dist.planning.proposal"].search(
            [
                *self._get_place_domain(),
                ("source_id", "=", source.id),
                ("kind", "in", ("purchase", "transfer")),
                ("state", "=", "proposed"),
            ]
        )
        return [
            (
                one.date_planned or fields.Date.today(),
                one.uom_id._compute_quantity(one.approved_quantity or one.quantity, self.uom_id, round=False),
            )
            for one in proposals
        ]


def _by_bucket(arrivals, ahead):
    """:return: list, what arrives in each bucket; what is late in the first, what comes later in none"""
    found = [0.0] * len(ahead)
    last = ahead[-1] + timedelta(days=31)
    for day, quantity in arrivals:
        if day < last:
            found[max(0, sum(1 for start in ahead if start <= day) - 1)] += quantity
    return found
