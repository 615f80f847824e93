from odoo import models


class StockPicking(models.Model):
    _inherit = "stock.picking"

    def _dist_get_edi_contacts(self):
        return self.sale_id._dist_get_edi_contacts() | self.partner_id

    def _dist_after_done(self):
        result = super()._dist_after_done()
        self.filtered(lambda picking: picking.picking_type_code == "outgoing" and picking.sale_id)._dist_emit(
            "ship.notice"
        )
        return result
