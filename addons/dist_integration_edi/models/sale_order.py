from odoo import models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _dist_get_edi_contacts(self):
        return self.partner_id | self.partner_id.commercial_partner_id

    def _dist_after_confirm(self):
        result = super()._dist_after_confirm()
        self._dist_emit("purchase.acknowledgement")
        return result

    def _dist_after_cancel(self):
        result = super()._dist_after_cancel()
        self._dist_emit("purchase.acknowledgement")
        return result
