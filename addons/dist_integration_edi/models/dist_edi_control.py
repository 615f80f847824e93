from odoo import _, api, fields, models

from .dist_edi_counter import KINDS

WAITING = ("pending", "retry", "error")


class DistEdiControl(models.Model):
    """A control number that was taken: for which interchange, and what became of it."""

    _name = "dist.edi.control"
    _description = "Used control number"
    _inherit = ["dist.kept.mixin"]
    _order = "id desc"
    _rec_name = "number"

    edi_partner_id = fields.Many2one(
        "dist.edi.partner", required=True, readonly=True, ondelete="restrict", index=True
    )
    company_id = fields.Many2one(related="edi_partner_id.company_id", store=True, index=True)
    kind = fields.Selection(KINDS, required=True, readonly=True)
    number = fields.Integer(required=True, readonly=True, group_operator=None)
    cycle = fields.Integer(required=True, readonly=True, group_operator=None)
    interchange_id = fields.Many2one(
        "dist.edi.interchange", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    state = fields.Selection(
        [("sent", "Sent"), ("waiting", "Waits to be sent"), ("unused", "Not used")],
        compute="_compute_state",
    )
    explanation = fields.Char(compute="_compute_state")

    _sql_constraints = [
        (
            "number_uniq",
            "unique(edi_partner_id, kind, cycle, number)",
            "A control number is used once.",
        ),
    ]

    @api.depends("interchange_id.message_id.state")
    def _compute_state(self):
        for control in self:
            message = control.interchange_id.sudo().message_id
            control.state, control.explanation = control._explain(message)

    @api.model
    def _explain(self, message):
        """:return: (state, why a number was not used or is not yet)"""
        if message.state == "done":
            return "sent", False
        if message.state in WAITING:
            return "waiting", message.error
        if message.state == "cancelled":
            return "unused", _(
                "Cancelled by %(person)s after %(count)s attempts: %(reason)s",
                person=message.cancelled_by_id.name,
                count=message.attempt_count,
                reason=message.cancel_reason or _("no reason given"),
            )
        return "unused", _(
            "Not delivered after %(count)s attempts: %(error)s",
            count=message.attempt_count,
            error=message.error or "",
        )
