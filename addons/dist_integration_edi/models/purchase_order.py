from odoo import _, fields, models
from odoo.exceptions import AccessError, UserError

CONFIRMED = ("purchase", "done")


class PurchaseOrder(models.Model):
    """Transmission of a confirmed order to the supplier, where agreed once a second person has approved it (E11)."""

    _inherit = "purchase.order"

    dist_edi_state = fields.Selection(
        [("waiting", "Waits for approval"), ("approved", "Approved")],
        string="Transmission",
        readonly=True,
        copy=False,
        tracking=True,
    )
    dist_edi_asked_by_id = fields.Many2one(
        "res.users", string="Transmission asked for by", readonly=True, copy=False
    )
    dist_edi_approved_by_id = fields.Many2one(
        "res.users", string="Transmission approved by", readonly=True, copy=False, tracking=True
    )

    def _dist_get_edi_contacts(self):
        return self.partner_id | self.partner_id.commercial_partner_id

    def _dist_is_transmittable(self):
        """Whether the order may leave for the supplier."""
        self.ensure_one()
        return self.state in CONFIRMED and self.dist_edi_state != "waiting"

    def button_approve(self, force=False):
        result = super().button_approve(force=force)
        self.filtered(lambda order: order.state in CONFIRMED)._dist_transmit()
        return result

    def _dist_transmit(self):
        """Send confirmed orders to their suppliers, or have a second person approve it first."""
        for order in self:
            receiver = order._dist_get_edi_receiver("purchase.order")
            if not receiver:
                continue
            if receiver.approve_orders and order.dist_edi_state != "approved":
                order.write({"dist_edi_state": "waiting", "dist_edi_asked_by_id": self.env.uid})
            else:
                order._dist_emit("purchase.order")

    def button_draft(self):
        result = super().button_draft()
        self.write(
            {
                "dist_edi_state": False,
                "dist_edi_asked_by_id": False,
                "dist_edi_approved_by_id": False,
            }
        )
        return result

    def action_dist_edi_approve(self):
        """Approve the transmission of orders that wait; not of one's own.

        :raises AccessError: the user is no purchase administrator
        :raises UserError: nothing waits, or the user confirmed the order
        """
        if not self.env.su and not self.env.user.has_group("purchase.group_purchase_manager"):
            raise AccessError(_("Only a purchase administrator approves the transmission of an order."))
        for order in self:
            if order.dist_edi_state != "waiting" or order.state not in CONFIRMED:
                raise UserError(_("The transmission of %s does not wait for approval.", order.name))
            if order.dist_edi_asked_by_id == self.env.user:
                raise UserError(
                    _("You confirmed %s yourself: a second person approves its transmission.", order.name)
                )
            order.write({"dist_edi_state": "approved", "dist_edi_approved_by_id": self.env.uid})
            self.env["dist.audit.entry"]._add("approved", order, reason=_("To be sent"))
            order._dist_emit("purchase.order")
        return True
