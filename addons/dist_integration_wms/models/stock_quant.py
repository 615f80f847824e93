from odoo import api, models
from odoo.osv import expression


class StockQuant(models.Model):
    _inherit = "stock.quant"

    def _get_gather_domain(
        self, product_id, location_id, lot_id=None, package_id=None, owner_id=None, strict=False
    ):
        domain = super()._get_gather_domain(product_id, location_id, lot_id, package_id, owner_id, strict)
        return domain if strict else self._dist_leave_apart(domain, location_id)

    @api.model
    def _dist_leave_apart(self, domain, location):
        """Leave goods on hold, damaged ones and those to repair where they are, when goods are taken from around them.

        :param domain: of the stock that a transfer takes from
        :param location: stock.location it takes from; one that is such a place gives what lies there
        """
        apart = self.env["stock.warehouse"]._dist_get_all_apart()
        inside = apart.filtered(
            lambda place: place != location and place.parent_path.startswith(location.parent_path)
        )
        if not inside:
            return domain
        return expression.AND([domain, ["!", ("location_id", "child_of", inside.ids)]])
