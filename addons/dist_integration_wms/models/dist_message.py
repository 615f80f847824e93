from odoo import _, fields, models

from .stock_picking import REQUESTED


class DistMessage(models.Model):
    _inherit = "dist.message"

    accepted_variance = fields.Char(
        readonly=True, help="Codes of the variances that persons accepted: the replay applies them."
    )
    variance_accepted_by_id = fields.Many2one("res.users", readonly=True)

    def action_cancel(self, reason=None):
        # one that is on its way may arrive
        failed = self.filtered(lambda message: message.state in ("error", "dead"))
        result = super().action_cancel(reason)
        failed._dist_take_back_requests(reason)
        return result

    def _dist_take_back_requests(self, reason):
        """A person gave up telling the warehouse: the transfers are nobody's but our own again, and wait for a person.

        :param reason: why, None when nobody said
        """
        requests = self.sudo().filtered(
            lambda message: (
                message.direction == "out"
                and message.state == "cancelled"
                and message.message_type_id.code in REQUESTED
            )
        )
        transfers = self.env["stock.picking"].sudo().browse(requests.mapped("res_id")).exists()
        for transfer in transfers._dist_filter_untold():
            transfer._dist_release_take_back(
                _("Its request was not sent. %s", reason or _("No reason was given."))
            )

    def _purge(self):
        result = super()._purge()
        self.env["dist.warehouse.confirmation"].sudo().search([("message_id", "in", self.ids)]).answer = False
        return result

    def _accepts(self, code):
        """:return: True when a person accepted this variance of the message"""
        return code in (self.accepted_variance or "").split(",")
