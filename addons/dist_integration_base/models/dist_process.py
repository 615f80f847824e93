from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from .dist_domain_mixin import parse_domain


class DistProcess(models.Model):
    """A business process across systems: what is expected of a document, in which order, until when (M12)."""

    _name = "dist.process"
    _description = "Process"
    _inherit = [
        "dist.company.mixin",
        "dist.domain.mixin",
        "mail.thread",
        "dist.cached.mixin",
        "dist.guarded.mixin",
    ]
    _order = "sequence, name"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    state = fields.Selection(
        [("draft", "Draft"), ("running", "Running")],
        required=True,
        default="draft",
        tracking=True,
        help="A running process follows every new document. Documents from before it was started are left alone.",
    )
    started_at = fields.Datetime(readonly=True)
    company_id = fields.Many2one("res.company", help="Empty: all companies.")
    model_name = fields.Char(string="Document model", required=True)
    document_domain = fields.Char(string="Only documents that match", default="[]")
    cancelled_domain = fields.Char(
        string="Given up when",
        help="Documents that match are expected to do nothing more, until they match no longer.",
    )
    calendar_id = fields.Many2one(
        "resource.calendar", string="Working time", help="Empty: the working time of the document's company."
    )
    step_ids = fields.One2many("dist.process.step", "process_id", copy=True)
    milestone_count = fields.Integer(compute="_compute_milestone_count", string="Expected")
    overdue_count = fields.Integer(compute="_compute_milestone_count", string="Overdue")

    _sql_constraints = [("code_uniq", "unique(code, company_id)", "This process exists already.")]

    def _compute_milestone_count(self):
        groups = self.env["dist.milestone"]._read_group(
            [("process_id", "in", self.ids), ("state", "in", ("expected", "overdue"))],
            ["process_id", "state"],
            ["__count"],
        )
        self.milestone_count = self.overdue_count = 0
        for process, state, count in groups:
            process.milestone_count += count
            if state == "overdue":
                process.overdue_count += count

    @api.constrains("model_name", "document_domain", "cancelled_domain")
    def _check_domains(self):
        for process in self:
            process._check_model()
            for name in ("document_domain", "cancelled_domain"):
                process._check_domain(process[name])

    def _check_model(self):
        """:raises ValidationError: it is no model of documents"""
        if self.model_name not in self.env:
            raise ValidationError(_("There is no model %s.", self.model_name))
        known = self._get_document_models()
        if self.model_name not in known:
            raise ValidationError(
                _(
                    "%(model)s holds no documents that a process can be about. These do: %(known)s.",
                    model=self.model_name,
                    known=", ".join(known),
                )
            )

    def _check_domain(self, text):
        """:raises ValidationError: it is not a domain on the documents"""
        try:
            self.env[self.model_name].sudo().search(parse_domain(text), limit=1)
        except Exception as error:
            raise ValidationError(
                _("This cannot be used to find documents: %(text)s (%(error)s)", text=text, error=error)
            ) from error

    @api.model
    def _get_condition_fields(self):
        return {"model_name", "document_domain", "cancelled_domain"}

    def _check_conditions_readable(self):
        for text in (self.document_domain, self.cancelled_domain):
            self._check_domain_readable(self.model_name, parse_domain(text))
        self.step_ids._check_conditions_of_person()

    def _get_documents(self):
        """:return: all documents the process is about, as a recordset to search on"""
        return self.env[self.model_name].sudo()

    def _get_document_domain(self):
        domain = parse_domain(self.document_domain)
        if self.company_id and "company_id" in self._get_documents()._fields:
            domain = [*domain, ("company_id", "=", self.company_id.id)]
        return domain

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_start_kept(vals)
        processes = super().create(vals_list)
        processes.filtered(
            lambda process: process.state == "running" and not process.started_at
        )._note_start()
        return processes

    def write(self, vals):
        self._check_start_kept(vals)
        started = self.filtered(lambda process: process.state != "running")
        result = super().write(vals)
        if vals.get("state") == "running" and "started_at" not in vals:
            started._note_start()
        return result

    @api.model
    def _check_start_kept(self, vals):
        """:raises AccessError: since when documents are followed is not a person's to say"""
        if "started_at" in vals and not self.env.su:
            raise AccessError(_("Since when a process runs is kept by Start."))

    def _note_start(self):
        self.sudo().started_at = fields.Datetime.now()

    def action_start(self):
        if any(not process.step_ids for process in self):
            raise UserError(_("A process has steps."))
        running = self.filtered(lambda process: process.state == "running")
        if running:
            # it would leave alone what came since it was started
            raise UserError(_("%s is running already.", ", ".join(running.mapped("name"))))
        self.write({"state": "running"})

    def action_stop(self):
        self.write({"state": "draft"})

    def action_view_milestones(self):
        action = self.env["ir.actions.act_window"]._for_xml_id("dist_integration_base.action_dist_milestone")
        return {**action, "domain": [("process_id", "in", self.ids)]}
