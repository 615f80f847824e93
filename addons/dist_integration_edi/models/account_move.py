from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    def _dist_get_edi_contacts(self):
        return self.partner_id | self.commercial_partner_id

    def _dist_get_edi_orderer(self):
        return self.sudo().invoice_line_ids.sale_line_ids.order_id._dist_get_edi_orderer()

    def _dist_after_post(self):
        result = super()._dist_after_post()
        self._dist_get_announced()._dist_emit("invoice.document")
        return result

    def _dist_get_timeline_documents(self):
        invoices = self.env["dist.supplier.invoice"].sudo().search([("move_id", "in", self.ids)])
        return {**super()._dist_get_timeline_documents(), invoices._name: invoices.ids}
