import json

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..lib.errors import IntegrationError
from ..lib.handling import MissingCodes, MissingMapping
from ..lib.mapping import MissingCode, compile_mapping
from ..lib.problem import Problem

# what was approved stays in use or ends; another content is another version
LIFECYCLE = {"draft": ("approved",), "approved": ("retired",), "retired": ("approved",)}
# what is said of a mapping once it was approved, beside what is tried with it
OPEN = {"state", "preview_message_id"}


class DistMapping(models.Model):
    """How a partner's words become the canonical message, or the other way round: rows, not code."""

    _name = "dist.mapping"
    _description = "Mapping"
    _inherit = ["dist.company.mixin", "dist.system.mixin", "mail.thread", "dist.guarded.mixin"]
    _order = "system_id, name, version desc"
    _check_company_auto = True

    name = fields.Char(required=True, tracking=True)
    system_id = fields.Many2one("dist.system", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="system_id.company_id", store=True)
    message_type_id = fields.Many2one("dist.message.type", required=True, ondelete="restrict")
    version = fields.Integer(required=True, default=1, readonly=True, copy=False)
    state = fields.Selection(
        [("draft", "Draft"), ("approved", "Approved"), ("retired", "Retired")],
        required=True,
        default="draft",
        tracking=True,
        copy=False,
        help="An approved mapping is used as it is. To change it, make a new version.",
    )
    row_ids = fields.One2many("dist.mapping.row", "mapping_id", copy=True)
    # what is tried here is shown in clear: it is read from its message, and noted, for each who looks
    preview_message_id = fields.Many2one(
        "dist.message",
        string="Try on message",
        domain="[('system_id', '=', system_id)]",
        groups="dist_integration_base.group_dist_clear",
        copy=False,
    )
    preview_source = fields.Text(
        compute="_compute_preview_source",
        readonly=False,
        string="Source",
        groups="dist_integration_base.group_dist_clear",
    )
    preview_result = fields.Text(
        compute="_compute_preview_result", string="Result", groups="dist_integration_base.group_dist_clear"
    )

    _sql_constraints = [
        ("version_uniq", "unique(system_id, name, version)", "This version of the mapping exists already."),
    ]

    @api.depends("preview_message_id")
    def _compute_preview_source(self):
        for mapping in self:
            message = mapping.preview_message_id
            if message:
                message._origin._reveal(_("Tried with mapping %s", mapping.name))
                mapping.preview_source = message._get_unmapped_text()
            else:
                mapping.preview_source = False

    @api.depends(
        "preview_source",
        "row_ids",
        "row_ids.target",
        "row_ids.source",
        "row_ids.converter",
        "row_ids.code_map",
        "row_ids.default_value",
        "row_ids.required",
        "row_ids.parent_target",
    )
    def _compute_preview_result(self):
        for mapping in self:
            mapping.preview_result = mapping._get_preview()

    def _get_audited_fields(self):
        # what is tried with a mapping is content of messages
        return [name for name in super()._get_audited_fields() if not name.startswith("preview_")]

    def _get_preview(self):
        """:return: the mapped document, or what is wrong, as text for a person"""
        if not self.preview_source:
            return False
        try:
            canonical, errors = self._run(json.loads(self.preview_source), self.system_id)
        except (ValueError, IntegrationError) as error:
            return _("Cannot be mapped: %s", error)
        lines = [f"{error['target']}: {error['detail']}" for error in errors]
        return "\n".join([*lines, json.dumps(canonical, indent=2, ensure_ascii=False, default=str)])

    @api.constrains("row_ids")
    def _check_rows(self):
        for mapping in self:
            try:
                compile_mapping(mapping._get_rows())
            except IntegrationError as error:
                raise ValidationError(str(error)) from error

    # an approved mapping is frozen

    @api.model_create_multi
    def create(self, vals_list):
        """A mapping starts as a draft, whatever the values say."""
        return super().create([{**vals, "state": "draft"} for vals in vals_list])

    def write(self, vals):
        if "state" in vals:
            self._check_transition(vals["state"])
        if self._get_frozen_fields() & set(vals):
            self._check_draft()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_approved(self):
        self._check_draft()

    @api.model
    def _get_frozen_fields(self):
        """:return: set of names of the fields that only a draft may change"""
        chatter = {*self.env["mail.thread"]._fields}
        return {name for name, field in self._fields.items() if field.store} - chatter - OPEN | {"row_ids"}

    def _check_draft(self):
        """:raises UserError: a mapping was approved, so that what partners are read with is kept as it is"""
        for mapping in self.filtered(lambda mapping: mapping.state != "draft"):
            raise UserError(
                _(
                    "Version %(version)s of mapping %(mapping)s was approved. Make a new version to change it.",
                    version=mapping.version,
                    mapping=mapping.name,
                )
            )

    def _check_transition(self, state):
        """:raises UserError: a mapping cannot become that, or flows are using it"""
        labels = dict(self._fields["state"]._description_selection(self.env))
        for mapping in self.filtered(lambda mapping: mapping.state != state):
            if state not in LIFECYCLE[mapping.state]:
                raise UserError(
                    _(
                        "Mapping %(mapping)s is %(present)s and cannot become %(wanted)s. Make a new version.",
                        mapping=mapping.name,
                        present=labels[mapping.state],
                        wanted=labels.get(state, state),
                    )
                )
            if state == "retired":
                mapping._check_not_in_use()

    def _check_not_in_use(self):
        flows = self.env["dist.flow"].sudo().search([("mapping_id", "in", self.ids)])
        running = flows.filtered(lambda flow: flow._is_promised())
        if running:
            raise UserError(
                _(
                    "Mapping %(mapping)s is used by %(flows)s. Give them another mapping first.",
                    mapping=self.name,
                    flows=", ".join(running.mapped("name")),
                )
            )

    @api.constrains("state")
    def _check_has_rows(self):
        for mapping in self.filtered(lambda mapping: mapping.state == "approved"):
            if not mapping.row_ids:
                raise ValidationError(_("Mapping %s has no rows.", mapping.name))

    def _get_rows(self):
        """:return: rows as lib.mapping takes them"""
        return self.row_ids.sorted("sequence")._get_specifications()

    def _run(self, document, system):
        """:return: (canonical document, list of errors)"""
        codes = self.env["dist.code.map"]

        def look_up(domain, code):
            found = codes._find(system, domain, str(code))
            if found is None:
                raise MissingCode(domain, str(code))
            return (
                found
                if isinstance(found, str)
                else self.env["dist.binding"]._get_external_id(system, found) or (found.display_name)
            )

        return compile_mapping(self._get_rows()).apply(document, look_up, self._get_converters())

    @api.model
    def _get_converters(self):
        """Named converters beside those of the library: dict name to callable(value). Addons add theirs."""
        return {}

    def _apply(self, document, system):
        """Map a document.

        :return: canonical document
        :raises MissingMapping: a code that nobody has explained
        :raises Problem: values that do not fit
        """
        self.ensure_one()
        canonical, errors = self._run(document, system)
        missing = MissingCodes()
        for error in errors:
            if error["code"] == "missing_code":
                missing.faults.append(
                    MissingMapping(error["domain"], error["external_code"], error["pointer"])
                )
        missing.check()
        if errors:
            raise Problem(
                422,
                "not_mappable",
                _("Message does not fit its mapping"),
                _("%s values cannot be mapped.", len(errors)),
                errors=[{name: error[name] for name in ("pointer", "code", "detail")} for error in errors],
            )
        return canonical

    def action_approve(self):
        self.write({"state": "approved"})

    def action_retire(self):
        self.write({"state": "retired"})

    def action_new_version(self):
        """Copy as a draft with the next version number."""
        self.ensure_one()
        newest = max(
            self.search([("system_id", "=", self.system_id.id), ("name", "=", self.name)]).mapped("version")
        )
        copy = self.copy({"name": self.name, "version": newest + 1})
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": copy.id,
            "views": [(False, "form")],
        }
