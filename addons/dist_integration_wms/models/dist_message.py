from odoo import _, api, fields, models

from odoo.addons.dist_integration_base.delivery import LaneDrain

from .stock_picking import REQUESTED


class DistMessage(models.Model):
    _inherit = "dist.message"

    accepted_variance = fields.Char(
        readonly=True, help="Codes of the variances that persons accepted: the replay applies them."
    )
    variance_accepted_by_id = fields.Many2one("res.users", readonly=True)

    def action_cancel(self, reason=None):
        # one that is on its way may arrive: what becomes of it is looked at when that is known
        settled = self.sudo().filtered(
            lambda message: message._dist_is_request() and not message._dist_may_leave()
        )
        result = super().action_cancel(reason)
        settled._dist_take_back_requests()
        return result

    def _dist_is_request(self):
        """:return: True when it asks a warehouse to work on a transfer"""
        return self.direction == "out" and self.message_type_id.code in REQUESTED

    def _dist_may_leave(self):
        """:return: True when a worker may be sending it; none begins to before this transaction ends otherwise"""
        self.ensure_one()
        if self.state in ("error", "dead") or not self.endpoint_id:
            return False
        lane = LaneDrain(self.env.registry, self.endpoint_id.id, self.criticality, self.lane)
        return not lane.take(self.env.cr)

    def _dist_may_have_arrived(self):
        """:return: True when the partner may know of it, or may still hear of it"""
        self.ensure_one()
        if self.state != "cancelled":
            return True
        return any(attempt._dist_may_have_arrived() for attempt in self.attempt_ids)

    @api.model
    def _dist_review_given_up(self, pickings):
        """Take back transfers whose request was cancelled while it might have been leaving, once it is known not to
        have arrived.

        :param pickings: stock.picking
        """
        # what could not be told anew is told by who corrects it
        pickings -= pickings.browse(pickings._dist_get_failed_requests().mapped("res_id"))
        given_up = self.search(
            [
                ("direction", "=", "out"),
                ("state", "=", "cancelled"),
                ("message_type_id.code", "in", REQUESTED),
                ("res_model", "=", pickings._name),
                ("res_id", "in", pickings._dist_filter_untold().ids),
            ]
        )
        settled = given_up.filtered(lambda message: not message._dist_may_leave())
        if settled:
            # begins again when a worker has noted an outcome that this transaction does not see
            query = "SELECT id FROM dist_message WHERE id IN %s ORDER BY id FOR UPDATE"
            self.env.cr.execute(query, (tuple(settled.ids),))
            settled._dist_take_back_requests()

    def _dist_take_back_requests(self):
        """A person gave up telling the warehouse: the transfers are nobody's but our own, and wait for a person."""
        requests = self.sudo().filtered(
            lambda message: message._dist_is_request() and message.state == "cancelled"
        )
        transfers = self.env["stock.picking"].sudo().browse(requests.mapped("res_id")).exists()
        reasons = {message.res_id: message.cancel_reason for message in requests}
        for transfer in transfers._dist_filter_untold():
            reason = reasons[transfer.id] or _("No reason was given.")
            transfer._dist_release_take_back(_("Its request was not sent. %s", reason))

    def _purge(self):
        result = super()._purge()
        self.env["dist.warehouse.confirmation"].sudo().search([("message_id", "in", self.ids)]).answer = False
        return result

    def _accepts(self, code):
        """:return: True when a person accepted this variance of the message"""
        return code in (self.accepted_variance or "").split(",")
