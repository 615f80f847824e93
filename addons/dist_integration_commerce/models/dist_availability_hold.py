from contextlib import suppress

from psycopg2.errors import LockNotAvailable

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError


class DistAvailabilityHold(models.Model):
    """Goods a channel set aside for a buyer who has not ordered yet; they come free by themselves."""

    _name = "dist.availability.hold"
    _description = "Soft hold of a sales channel"
    _inherit = ["dist.timeline.mixin"]
    _order = "id desc"
    _rec_name = "reference"

    reference = fields.Char(required=True, readonly=True, help="The channel's own number of the hold.")
    system_id = fields.Many2one("dist.system", required=True, readonly=True, ondelete="restrict", index=True)
    channel_id = fields.Many2one("dist.sales.channel", required=True, readonly=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    state = fields.Selection(
        [("held", "Held"), ("ordered", "Ordered"), ("released", "Released"), ("expired", "Expired")],
        required=True,
        readonly=True,
        default="held",
    )
    expires_at = fields.Datetime(required=True, readonly=True, index=True)
    ended_at = fields.Datetime(readonly=True)
    order_id = fields.Many2one("sale.order", readonly=True, ondelete="set null", index="btree_not_null")
    line_ids = fields.One2many("dist.availability.hold.line", "hold_id", readonly=True)
    digest = fields.Char(required=True, readonly=True)

    _sql_constraints = [
        ("reference_uniq", "unique(system_id, reference)", "This channel already has a hold of this number."),
    ]

    @api.model
    def _find(self, system, reference):
        """:return: the hold a channel made under a number; empty when there is none"""
        return self.sudo().search([("system_id", "=", system.id), ("reference", "=", reference)])

    def _get_present_state(self):
        """:return: state as of now: a hold is over when its time is, whether or not that was noted"""
        over = self.state == "held" and self.expires_at <= fields.Datetime.now()
        return "expired" if over else self.state

    def _end(self, state, order=None):
        """Let go of what is held; what has ended before stays as it is."""
        held = self.filtered(lambda hold: hold.state == "held")
        held.write(
            {"state": state, "ended_at": fields.Datetime.now(), **({"order_id": order.id} if order else {})}
        )
        held.line_ids.write({"state": state})
        self.env["dist.availability.feed"]._touch(held.line_ids.product_id.ids)
        if not order:
            held.line_ids._reserve_waiting()

    def action_release(self):
        """Let go of these holds before their time; the channel learns it when it asks or orders."""
        self.env["ir.model.access"].check(self._name, "read")
        self.check_access_rule("read")
        if not self.env.user.has_group("dist_integration_base.group_dist_operator"):
            raise AccessError(_("Only operators of the integration release holds."))
        if any(hold._get_present_state() != "held" for hold in self):
            raise UserError(_("Only what is still held can be released."))
        for hold in self.sudo():
            hold._end_apart("released")
        self.env["dist.audit.entry"]._add_each("overridden", self, reason=_("Released before its time"))
        return True

    @api.model
    def _cron_expire(self):
        """Note which holds are over; they have not counted since their time was up."""
        for hold in self.search([("state", "=", "held"), ("expires_at", "<=", fields.Datetime.now())]):
            # where somebody works on the same goods, the next run notes it
            with suppress(LockNotAvailable):
                hold._end_apart("expired")

    def _end_apart(self, state):
        """Let go of a hold in a transaction of its own: messages that ask for the same goods wait, and see it."""
        self.ensure_one()
        hold_id = self.id
        keys = self.env["dist.handler.hold"]._get_end_keys(self.company_id, self.line_ids.product_id.ids)
        self.env["dist.message"]._in_locked_transaction(
            keys, lambda env: env["dist.availability.hold"].browse(hold_id)._end(state)
        )
        self.invalidate_recordset()
