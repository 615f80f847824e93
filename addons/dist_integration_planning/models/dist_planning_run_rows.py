from datetime import timedelta

from odoo import models

from ..lib import calendar

BANDS = {"low": 0.05, "lower": 0.25, "upper": 0.75, "high": 0.95}


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

    def _prepare_proposals(self, one, periods):
        """:return: list of at most one dict: none when nothing is to be ordered, or nobody is known to order it from"""
        source, item = self.source_id, one.item
        kind = "transfer" if one.from_warehouse else "purchase" if one.seller else None
        if not one.plan.quantity or not getattr(source, f"may_{kind}", False):
            return []
        earliest = periods.today + timedelta(days=round(one.supply.lead_time))
        index = len(periods.ahead) if one.plan.needed_in is None else one.plan.needed_in
        needed = periods.today + timedelta(days=round(index * periods.days))
        planned = max(needed, earliest)
        row = {
            **self._prepare_place(one),
            # one for an item and period: what was decided about it is not asked again the next night
            "key": f"{item.product_id.id}-{item.warehouse_id.id}-{calendar.bucket_start(periods.today, periods.kind)}",
            "kind": kind,
            "source_warehouse_id": one.from_warehouse.id or None,
            "partner_id": one.seller.partner_id.id or None,
            "quantity": one.plan.quantity,
            "date_planned": planned,
            "date_order": planned - timedelta(days=round(one.supply.lead_time)),
        }
        return [row]

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
