from odoo import models

from ..lib import erasure


class DistException(models.Model):
    _inherit = "dist.exception"

    def _erase_personal(self, values):
        """Erase values from what is told of failures, the chatter included.

        :param values: set of texts
        """
        for exception in self.sudo():
            names = ("name", "detail", "suggestion", "document_name", "external_code", "ignore_reason")
            exception.write({name: erasure.erase_text(exception[name], values) for name in names})
        notes = self.env["dist.personal.data"]
        notes._erase_notes([("res_id", "in", self.ids)], values, self._name)
