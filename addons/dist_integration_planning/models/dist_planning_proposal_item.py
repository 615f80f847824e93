from odoo import models

from .dist_planning_proposal_evaluate import Item


class DistPlanningProposal(models.Model):
    """What the planned item says about a proposal: who decides, its class, and how good its forecasts were."""

    _inherit = "dist.planning.proposal"

    def _get_items(self):
        found = super()._get_items()
        domain = [("product_id", "in", self.product_id.ids), ("warehouse_id", "in", self.warehouse_id.ids)]
        errors = self._get_measured_errors(domain)
        for item in self.env["dist.planning.item"].search(domain):
            pair = (item.product_id.id, item.warehouse_id.id)
            tried = item.forecast_error / 100.0 if item.forecast_error else None
            found[pair] = Item(item.planner_id.id or None, item.abc or None, errors.get(pair, tried))
        return found

    def _get_measured_errors(self, domain):
        """:return: dict, (product id, warehouse id) to the error of these proposals' sources as a share"""
        groups = self.env["dist.planning.accuracy"]._read_group(
            [*domain, ("source_id", "in", self.source_id.ids)], ["product_id", "warehouse_id"], ["wape:avg"]
        )
        return {
            (product.id, warehouse.id): error / 100.0
            for product, warehouse, error in groups
            if error is not None
        }
