from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError

CONFIRMED = ("purchase", "done")
# what people change by the buttons only
KEPT = {
    "dist_edi_state",
    "dist_edi_asked_by_id",
    "dist_edi_approved_by_id",
    "dist_is_transmitted",
    "dist_change_number",
}


class PurchaseOrder(models.Model):
    """Transmission of a confirmed order to the supplier, where agreed once a second person has approved it (E11)."""

    _name = "purchase.order"
    _inherit = ["purchase.order", "dist.kept.mixin"]

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
    dist_is_transmitted = fields.Boolean(string="Sent to the supplier", readonly=True, copy=False)
    dist_acknowledgement_ids = fields.One2many(
        "dist.supplier.acknowledgement", "order_id", string="Supplier's acknowledgements", readonly=True
    )
    dist_acknowledgement_count = fields.Integer(compute="_compute_dist_acknowledgement_count")
    dist_has_waiting_answer = fields.Boolean(compute="_compute_dist_acknowledgement_count")

    @api.depends("dist_acknowledgement_ids.state")
    def _compute_dist_acknowledgement_count(self):
        for order in self:
            answers = order.sudo().dist_acknowledgement_ids
            order.dist_acknowledgement_count = len(answers)
            order.dist_has_waiting_answer = "waiting" in answers.mapped("state")

    @api.model
    def _get_writable_fields(self):
        return self._fields.keys() - KEPT

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
                order.sudo().write({"dist_edi_state": "waiting", "dist_edi_asked_by_id": self.env.uid})
            else:
                order._dist_send()

    def _dist_send(self):
        """Let these orders leave for their suppliers."""
        self._dist_number_lines()
        self.sudo().write({"dist_is_transmitted": True, "dist_told": False})
        self._dist_emit("purchase.order")
        self._dist_watch_changes()

    def _dist_number_lines(self):
        """Give lines that have none the number under which the supplier knows them."""
        for order in self:
            lines = order.order_line.filtered(lambda line: not line.display_type)
            last = max((int(line.dist_line_ref) for line in lines if line.dist_line_ref), default=0)
            for number, line in enumerate(lines.filtered(lambda line: not line.dist_line_ref), last + 1):
                line.dist_line_ref = str(number)

    def _dist_is_locked(self):
        """:return: whether the order is closed to changes; until 17.0 by a state, then by a mark of its own"""
        self.ensure_one()
        return self.state == "done" or ("locked" in self._fields and self["locked"])

    def action_view_dist_acknowledgements(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "dist_integration_edi.action_dist_supplier_acknowledgement"
        )
        return {**action, "domain": [("order_id", "=", self.id)], "context": {}}

    def _dist_find_lines(self, model_name):
        """:return: lines of what suppliers sent about these orders"""
        return self.env[model_name].sudo().search([("order_id", "in", self.ids)])

    def _dist_get_timeline_documents(self):
        answers = self.sudo().dist_acknowledgement_ids
        invoices = self._dist_find_lines("dist.supplier.invoice.line").invoice_id
        shipments = self._dist_find_lines("dist.supplier.shipment.line").shipment_id
        documents = {records._name: records.ids for records in (answers, invoices, shipments)}
        return {**super()._dist_get_timeline_documents(), **documents}

    def button_draft(self):
        result = super().button_draft()
        self.sudo().write(
            {
                "dist_edi_state": False,
                "dist_edi_asked_by_id": False,
                "dist_edi_approved_by_id": False,
                "dist_is_transmitted": False,
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
            order.sudo().write({"dist_edi_state": "approved", "dist_edi_approved_by_id": self.env.uid})
            self.env["dist.audit.entry"]._add("approved", order, reason=_("To be sent"))
            if order.dist_is_transmitted:
                order._dist_emit("purchase.change")
            else:
                order._dist_send()
        return True
