from odoo import models

from .dist_shipment_milestone import SETTLED


class DistException(models.Model):
    """What is at risk when goods that have left are late or lost: the delivery is done, and worth what it was."""

    _inherit = "dist.exception"

    def _get_impact(self):
        if self.code in SETTLED and self.res_model == "stock.picking":
            picking = self.env["stock.picking"].sudo().browse(self.res_id).exists()
            if picking:
                return picking._dist_get_shipment_impact()
        return super()._get_impact()
