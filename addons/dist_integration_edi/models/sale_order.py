from odoo import models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _dist_get_edi_contacts(self):
        return self.partner_id | self.partner_id.commercial_partner_id

    def _dist_get_edi_orderer(self):
        return self._dist_get_edi_documents().edi_partner_id

    def _dist_get_edi_documents(self):
        """:return: dist.edi.document, those that made and changed this order, the first one first"""
        return (
            self.env["dist.edi.document"]
            .sudo()
            .search(
                [
                    ("message_id.res_model", "=", self._name),
                    ("message_id.res_id", "in", self.ids),
                    ("document_name", "in", ("purchase.order", "purchase.change")),
                    ("state", "=", "accepted"),
                ],
                order="id",
            )
        )

    def _dist_is_of_edi_partner(self, profile):
        """Whether this order is of the contact of a dist.edi.partner, or came as a document of it."""
        contact = profile.partner_id.commercial_partner_id
        if contact and contact == self.partner_id.commercial_partner_id:
            return True
        return self._dist_get_edi_documents().edi_partner_id == profile

    def _dist_after_confirm(self):
        result = super()._dist_after_confirm()
        self._dist_emit("purchase.acknowledgement")
        return result

    def _dist_after_cancel(self):
        result = super()._dist_after_cancel()
        self._dist_emit("purchase.acknowledgement")
        return result
