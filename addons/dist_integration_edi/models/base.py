from odoo import models


class Base(models.AbstractModel):
    _inherit = "base"

    def _dist_get_edi_contacts(self):
        """:return: res.partner, to one of whom this document goes as EDI; the nearest first"""
        return self.env["res.partner"]

    def _dist_get_edi_receiver(self, code, system=None):
        """To which trading partner this document goes.

        :param code: code of an outbound message type
        :param system: dist.system, where only its partners are asked for
        :return: dist.edi.partner, empty when it goes to none
        """
        contacts = self._dist_get_edi_contacts()
        if not contacts:
            return self.env["dist.edi.partner"]
        return self.env["dist.edi.partner"]._find_receiver(code, self.company_id, contacts, system)
