from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..lib.envelope import MAX_CONTROL_NUMBER

KINDS = [("interchange", "Interchange"), ("group", "Group")]


class DistEdiCounter(models.Model):
    """The last control number that went to a trading partner.

    A number is taken in the transaction that stores the interchange it is for: the row is locked until that commits,
    and what a crash takes away it takes away together. So there is neither a gap nor a repeat.
    """

    _name = "dist.edi.counter"
    _description = "Control number"
    _inherit = ["dist.kept.mixin", "dist.audited.mixin"]
    _order = "edi_partner_id, kind"
    _rec_name = "kind"

    edi_partner_id = fields.Many2one(
        "dist.edi.partner", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="edi_partner_id.company_id", store=True, index=True)
    kind = fields.Selection(KINDS, required=True, readonly=True)
    last = fields.Integer(
        string="Last number",
        required=True,
        default=0,
        group_operator=None,
        help="Before the first number is taken: the last one that the partner saw of another program.",
    )
    cycle = fields.Integer(
        required=True, readonly=True, default=1, help="How often the numbers have started anew."
    )

    _sql_constraints = [
        ("kind_uniq", "unique(edi_partner_id, kind)", "A partner has one counter of a kind."),
    ]

    @api.constrains("last")
    def _check_last(self):
        for counter in self:
            if not 0 <= counter.last <= MAX_CONTROL_NUMBER:
                raise ValidationError(_("A control number has nine digits at most."))

    @api.model
    def _get_writable_fields(self):
        return {"last"}

    def write(self, vals):
        if "last" in vals:
            self._check_unused()
        return super().write(vals)

    def _get_audited_fields(self):
        return ["last"]

    def _get_audited_parent(self):
        return self.edi_partner_id

    def _get_audit_action(self, action, changes):
        return "overridden" if action == "changed" else super()._get_audit_action(action, changes)

    def _audit_created(self, vals_list):
        """Counters come with their profile, whose entry tells of it."""

    def _check_unused(self):
        """:raises UserError: a number was taken; from then on there is neither a gap nor a repeat"""
        for counter in self:
            domain = [("edi_partner_id", "=", counter.edi_partner_id.id), ("kind", "=", counter.kind)]
            if self.env["dist.edi.control"].sudo().search_count(domain, limit=1):
                raise UserError(_("Numbers were taken already: they go on by themselves."))

    @api.model
    def _create_for(self, partners):
        return self.create(
            [{"edi_partner_id": partner.id, "kind": kind} for partner in partners for kind, _label in KINDS]
        )

    @api.model
    def _allocate(self, partner, kind):
        """Take the next number, in the transaction of the interchange it is for.

        :return: dist.edi.control, to be given its interchange
        """
        self.env.cr.execute(
            """
            UPDATE dist_edi_counter
            SET last = CASE WHEN last >= %(most)s THEN 1 ELSE last + 1 END,
                cycle = CASE WHEN last >= %(most)s THEN cycle + 1 ELSE cycle END
            WHERE edi_partner_id = %(partner)s AND kind = %(kind)s
            RETURNING last, cycle
            """,
            {"most": MAX_CONTROL_NUMBER, "partner": partner.id, "kind": kind},
        )
        number, cycle = self.env.cr.fetchone()
        self.invalidate_model(["last", "cycle"])
        return (
            self.env["dist.edi.control"]
            .sudo()
            .create({"edi_partner_id": partner.id, "kind": kind, "number": number, "cycle": cycle})
        )
