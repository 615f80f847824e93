from odoo import _, api, fields, models, tools
from odoo.exceptions import ValidationError

from .dist_domain_mixin import parse_domain

SETTING = "dist_integration.change_approval"


class DistChangeRule(models.Model):
    """Which changes wait for a second person, once approval is turned on."""

    _name = "dist.change.rule"
    _description = "Change that needs approval"
    _inherit = ["dist.cached.mixin", "dist.domain.mixin", "dist.guarded.mixin"]
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    model = fields.Selection(selection="_get_guarded_models", string="Kind of record", required=True)
    field_names = fields.Char(
        string="Fields",
        help="Technical names, comma-separated, such as url, credential_id. A change of one of these waits. Empty: a "
        "change of any.",
    )
    on_create = fields.Boolean(string="New records")
    on_write = fields.Boolean(string="Changes", default=True)
    on_unlink = fields.Boolean(string="Deletion")
    condition = fields.Char(
        string="Only records that match",
        help="Odoo domain, such as [('system_id.environment', '=', 'production')]. A record that matches before or "
        "after the change is meant.",
    )
    include_automation = fields.Boolean(
        string="Also what no person does", help="Scheduled actions and the code of addons wait as well."
    )

    @api.model
    def _get_guarded_models(self):
        """:return: list of (name, label) of the models that can be put under approval"""
        guarded = type(self.env["dist.guarded.mixin"])
        return [
            (name, model._description)
            for name, model in sorted(self.env.items())
            if isinstance(model, guarded) and not model._abstract
        ]

    @api.constrains("field_names", "model")
    def _check_field_names(self):
        for rule in self:
            for name in rule._get_field_names() - set(self.env[rule.model]._fields):
                raise ValidationError(_("%(model)s has no field %(name)s.", model=rule.model, name=name))

    def _get_field_names(self):
        return {name.strip() for name in (self.field_names or "").split(",") if name.strip()}

    @api.constrains("condition", "model")
    def _check_condition(self):
        for rule in self.filtered("condition"):
            try:
                self.env[rule.model].new({}).filtered_domain(rule._get_condition())
            except Exception as error:  # pylint: disable=broad-except
                raise ValidationError(
                    _("The condition of %(rule)s is not a domain: %(error)s", rule=rule.name, error=error)
                ) from error

    @api.model
    def _get_condition_fields(self):
        return {"condition", "model"}

    def _check_conditions_readable(self):
        if self.condition:
            self._check_domain_readable(self.model, self._get_condition())

    def _get_condition(self):
        return parse_domain(self.condition)

    @api.model
    def _is_approval_on(self):
        # not by get_param: asked while the setting is written, it would keep the former value in its cache
        return self.env["ir.config_parameter"].sudo().search([("key", "=", SETTING)]).value == "True"

    @api.model
    @tools.ormcache("model_name", "automation")
    def _get_rule_ids(self, model_name, automation):
        """:return: tuple of ids of the rules for a model; those for machines when no person acts"""
        if not self._is_approval_on():
            return ()
        domain = [("model", "=", model_name)]
        if automation:
            domain.append(("include_automation", "=", True))
        return tuple(self.sudo().search(domain).ids)

    def _applies(self, record, kind, vals):
        """Whether one of these rules has a change wait.

        :param record: one record, a new one for ``create``
        :param kind: ``create``, ``write`` or ``unlink``
        :param vals: values to be written
        """
        return any(rule._applies_alone(record, kind, vals) for rule in self)

    def _applies_alone(self, record, kind, vals):
        if not self[f"on_{kind}"]:
            return False
        names = self._get_field_names()
        if kind == "write" and names and not names & self._get_touched(record, vals):
            return False
        condition = self._get_condition()
        record = record.sudo()
        if not condition or record.filtered_domain(condition):
            return True
        return kind == "write" and bool(record.new(vals, origin=record).filtered_domain(condition))

    @api.model
    def _get_touched(self, record, vals):
        """:return: set of names of the fields that get another value"""
        changed = record.sudo().new(vals, origin=record)
        return {
            name
            for name in vals
            if name in record._fields
            and (
                name in record._get_secret_fields()
                or record._fields[name].type == "one2many"
                or record._get_audited_value(name) != changed._get_audited_value(name)
            )
        }
