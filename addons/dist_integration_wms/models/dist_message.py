from odoo import fields, models


class DistMessage(models.Model):
    _inherit = "dist.message"

    accepted_variance = fields.Char(
        readonly=True, help="Codes of the variances that persons accepted: the replay applies them."
    )
    variance_accepted_by_id = fields.Many2one("res.users", readonly=True)

    def _purge(self):
        result = super()._purge()
        self.env["dist.warehouse.confirmation"].sudo().search([("message_id", "in", self.ids)]).answer = False
        return result

    def _accepts(self, code):
        """:return: True when a person accepted this variance of the message"""
        return code in (self.accepted_variance or "").split(",")
