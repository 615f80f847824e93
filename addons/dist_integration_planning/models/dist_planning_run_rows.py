from datetime import datetime, timedelta
from itertools import chain, count

from odoo import api, models

from ..lib import calendar

BANDS = {"low": 0.05, "lower": 0.25, "upper": 0.75, "high": 0.95}
# so many times of what was refused, or is not ordered any more, are another question
MUCH_MORE = 2.0


class DistPlanningRun(models.Model):
    """What a run hands in: rows of the same kinds as those of a platform outside."""

    _inherit = "dist.planning.run"

    def _prepare_place(self, one):
        item = one.item
        return {
            "product_id": item.product_id.id,
            "warehouse_id": item.warehouse_id.id,
        }

    def _prepare_forecasts(self, one, periods):
        place, forecast = self._prepare_place(one), one.forecast
        return [
            {
                **place,
                "bucket_start": start,
                "bucket": periods.kind,
                "baseline": forecast.values[index],
                "uplift": 0.0,
                **{name: forecast.quantiles[level][index] for name, level in BANDS.items()},
            }
            for index, start in enumerate(periods.ahead)
        ]

    def _prepare_parameter(self, one, periods):
        target = one.plan.target
        return {
            **self._prepare_place(one),
            "safety_stock": target.safety_stock,
            "reorder_point": target.reorder_point,
            "maximum": target.order_up_to,
            "service_level": one.supply.service_level,
            # the supplier's own, as it was found: it is not for the planner to change
            "lead_time_days": one.seller.delay if one.seller else None,
            "explanation": self.env["dist.planning.explanation"]._prepare(one, periods),
        }

    def _prepare_proposals(self, one, periods, decided):
        """:param decided: as of `_get_decided`
        :return: list of at most one dict: none when nothing is to be ordered, or nobody is known to order it from
        """
        source = self.source_id
        kind = "transfer" if one.from_warehouse else "purchase" if one.seller else None
        if not one.plan.quantity or not getattr(source, f"may_{kind}", False):
            return []
        earliest = periods.today + timedelta(days=round(one.supply.lead_time))
        index = len(periods.ahead) if one.plan.needed_in is None else one.plan.needed_in
        needed = periods.today + timedelta(days=round(index * periods.days))
        planned = max(needed, earliest)
        row = {
            **self._prepare_place(one),
            "key": self._get_key(one, periods, decided),
            "kind": kind,
            "source_warehouse_id": one.from_warehouse.id or None,
            "partner_id": one.seller.partner_id.id or None,
            "quantity": one.plan.quantity,
            "date_planned": planned,
            "date_order": planned - timedelta(days=round(one.supply.lead_time)),
        }
        return [row]

    def _get_key(self, one, periods, decided):
        """:return: number of a proposal, one for an item and period: what was decided about it is not asked again the
        next night, but what is needed beyond what is ordered is, under the first number that nothing was decided of
        """
        product, warehouse = one.item.product_id, one.item.warehouse_id
        known = decided.get((product.id, warehouse.id), self.env["dist.planning.proposal"])
        answer = self._find_answer(known, one, periods)
        if answer:
            return answer.key
        first = f"{product.id}-{warehouse.id}-{calendar.bucket_start(periods.today, periods.kind)}"
        taken = set(known.mapped("key"))
        keys = chain([first], (f"{first}/{number}" for number in count(2)))
        return next(key for key in keys if key not in taken)

    def _find_answer(self, known, one, periods):
        """:param known: dist.planning.proposal of the item and period that were decided
        :return: the one of them that was decided about what is needed now; empty where this is needed beside them: they
            are counted as supply, or were about much less
        """
        counted = known.filtered(lambda proposal: self._is_counted(proposal, periods))
        last = max(map(self._get_decision_order, counted), default=None)
        return (known - counted).filtered(
            lambda proposal: (
                proposal.quantity * MUCH_MORE > one.plan.quantity
                # who refused it and then ordered more wanted it after all
                and not (proposal.state == "refused" and last and self._get_decision_order(proposal) < last)
            )
        )[:1]

    @api.model
    def _get_decision_order(self, proposal):
        """:return: what decisions about an item are sorted by, in the order in which they were taken"""
        return proposal.decided_at or datetime.min, proposal.id

    def _is_counted(self, proposal, periods):
        """:return: whether what is needed now is needed beside a proposal that was decided, as that is supply"""
        if proposal.state == "refused":
            return False
        document = proposal.purchase_line_id or proposal.move_id
        if proposal.state == "executed" and document.state in (False, "cancel"):
            return False
        # what arrives later is not counted
        arrival = proposal.date_planned or periods.today
        return (arrival - periods.today).days + 1 < periods.days * len(periods.ahead)

    def _get_decided(self, periods):
        """:return: dict, (product id, warehouse id) to dist.planning.proposal of this period that were decided"""
        proposals = self.env["dist.planning.proposal"].search(
            [
                ("source_id", "=", self.source_id.id),
                ("state", "in", ("approved", "executed", "refused")),
                ("kind", "in", ("purchase", "transfer")),
                ("key", "like", f"-{calendar.bucket_start(periods.today, periods.kind)}"),
            ]
        )
        return proposals.grouped(lambda proposal: (proposal.product_id.id, proposal.warehouse_id.id))

    def _stage(self, forecasts, rows, planned_at):
        """Stage a version. The forecasts come first: when all of them are read, the other rows are complete.

        :param forecasts: generator of rows
        :param rows: Rows that the generator fills
        :return: dist.planning.batch, to be put in force
        """
        return self.env["dist.planning.batch"]._stage_rows(
            self.source_id,
            f"{self.as_of} / {self.id}",
            forecasts=forecasts,
            parameters=rows.parameters,
            proposals=rows.proposals,
            planned_at=planned_at,
        )
