from odoo import models


class Base(models.AbstractModel):
    _inherit = "base"

    def _dist_get_edi_contacts(self):
        """:return: res.partner, to one of whom this document goes as EDI; the nearest first"""
        return self.env["res.partner"]

    def _dist_get_edi_orderer(self):
        """:return: dist.edi.partner that ordered by EDI what this document is about; empty when it came otherwise"""
        return self.env["dist.edi.partner"]

    def _dist_get_edi_receiver(self, code, system=None):
        """To which trading partner this document goes.

        :param code: code of an outbound message type
        :param system: dist.system, where only its partners are asked for
        :return: dist.edi.partner, empty when it goes to none
        """
        contacts = self._dist_get_edi_contacts()
        if not contacts:
            return self.env["dist.edi.partner"]
        found = self.env["dist.edi.partner"]._find_receivers(code, self.company_id, contacts, system)
        # one contact may have several profiles: whoever ordered is answered
        return len(found) > 1 and (found & self._dist_get_edi_orderer())[:1] or found[:1]
