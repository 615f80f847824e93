from odoo import models

WAREHOUSE_TYPES = ("receipt.requested", "shipment.requested")


class StockPicking(models.Model):
    _inherit = "stock.picking"

    def _dist_get_edi_contacts(self):
        return self.sale_id._dist_get_edi_contacts() | self.partner_id

    def _dist_get_edi_receiver(self, code, system=None):
        # what a warehouse is asked to do goes to whoever runs it, not to the customer
        if code not in WAREHOUSE_TYPES:
            return super()._dist_get_edi_receiver(code, system)
        return self.env["dist.edi.partner"]._find_warehouse(code, system or self.dist_system_id)

    def _dist_after_done(self):
        result = super()._dist_after_done()
        self.filtered(lambda picking: picking.picking_type_code == "outgoing" and picking.sale_id)._dist_emit(
            "ship.notice"
        )
        return result
