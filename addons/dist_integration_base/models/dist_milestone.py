from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools.sql import create_index

# codes of exceptions
OVERDUE = "milestone_overdue"
REFUSED = "milestone_refused"
WAITING = ("expected", "overdue", "refused")


class DistMilestone(models.Model):
    """A step that is expected of a document (M12)."""

    _name = "dist.milestone"
    _description = "Milestone"
    _order = "due_at, id"

    process_id = fields.Many2one(
        "dist.process", required=True, readonly=True, ondelete="restrict", index=True
    )
    step_id = fields.Many2one("dist.process.step", required=True, readonly=True, ondelete="restrict")
    sequence = fields.Integer(related="step_id.sequence")
    severity = fields.Selection(related="step_id.severity", store=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    system_id = fields.Many2one("dist.system", readonly=True)
    res_model = fields.Char(string="Document model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        string="Document ID", model_field="res_model", required=True, readonly=True
    )
    document_name = fields.Char(string="Document", readonly=True)
    state = fields.Selection(
        [
            ("expected", "Expected"),
            ("overdue", "Overdue"),
            ("reached", "Reached"),
            ("refused", "Refused"),
            ("compensated", "Compensated"),
            ("skipped", "Left out"),
        ],
        required=True,
        default="expected",
        readonly=True,
    )
    is_given_up = fields.Boolean(readonly=True, help="Left out because the document was cancelled.")
    expected_since = fields.Datetime(
        readonly=True, help="When the document was taken up again: deadlines count from it at the earliest."
    )
    due_at = fields.Datetime(string="Due", readonly=True)
    reached_at = fields.Datetime(string="Reached", readonly=True)
    is_late = fields.Boolean(readonly=True, string="Reached late")
    refused_at = fields.Datetime(string="Refused", readonly=True)
    compensated_at = fields.Datetime(string="Compensated", readonly=True)
    compensation_error = fields.Char(readonly=True)
    exception_id = fields.Many2one(
        "dist.exception", readonly=True, ondelete="set null", index="btree_not_null"
    )

    _sql_constraints = [
        (
            "document_uniq",
            "UNIQUE(res_model, res_id, step_id)",
            "A document has one milestone of each step.",
        ),
    ]

    def init(self):
        create_index(
            self.env.cr,
            "dist_milestone_waiting_idx",
            self._table,
            ["step_id"],
            where="state IN ('expected', 'overdue', 'refused')",
        )
        create_index(
            self.env.cr, "dist_milestone_due_idx", self._table, ["due_at"], where="state = 'expected'"
        )

    @api.depends("step_id.name", "document_name")
    def _compute_display_name(self):
        for milestone in self:
            milestone.display_name = f"{milestone.document_name}: {milestone.step_id.name}"

    def _get_document(self):
        self.ensure_one()
        return self.env[self.res_model].browse(self.res_id).exists()

    def action_open_document(self):
        self.ensure_one()
        return self.env[self.res_model].browse(self.res_id)._dist_open()

    def action_compensate(self):
        """Try a compensation that failed once more."""
        self.check_access_rights("read")
        self.check_access_rule("read")
        if not self.env.su and not self.env.user.has_group("dist_integration_base.group_dist_operator"):
            raise UserError(_("Only an integration operator does that."))
        refused = self.filtered(lambda milestone: milestone.state == "refused")
        self.env["dist.audit.entry"]._add_each("retried", refused)
        refused.sudo()._compensate()
        return True


class DistException(models.Model):
    _inherit = "dist.exception"

    milestone_ids = fields.One2many("dist.milestone", "exception_id")

    def _get_impact_documents(self):
        documents = super()._get_impact_documents()
        for milestone in self.milestone_ids.filtered(lambda item: item.state in ("overdue", "refused")):
            documents.setdefault(milestone.res_model, set()).add(milestone.res_id)
        return documents
