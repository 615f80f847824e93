from odoo import _, api, fields, models
from odoo.exceptions import UserError


class DistBinding(models.Model):
    """An external id of a system and the record it stands for; unique both ways."""

    _name = "dist.binding"
    _description = "Binding"
    _inherit = ["dist.company.mixin", "dist.stand.in.mixin", "dist.guarded.mixin"]
    _order = "system_id, res_model, external_id"
    _rec_name = "external_id"

    system_id = fields.Many2one("dist.system", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="system_id.company_id", store=True)
    res_model = fields.Char(string="Model", required=True)
    res_id = fields.Many2oneReference(string="Record", model_field="res_model", required=True)
    external_id = fields.Char(string="External ID", required=True)
    record_name = fields.Char(compute="_compute_record_name", string="Record name")
    record_type = fields.Char(compute="_compute_record_type", string="Kind of record")

    _sql_constraints = [
        ("external_uniq", "unique(system_id, res_model, external_id)", "This external id is bound already."),
        (
            "record_uniq",
            "unique(system_id, res_model, res_id)",
            "This record has an external id in this system.",
        ),
    ]

    @api.depends("res_model", "res_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_record_name(self):
        for binding in self:
            model = self.env[binding.res_model].sudo() if binding.res_model in self.env else None
            record = model.browse(binding.res_id).exists() if model is not None else None
            binding.record_name = record._dist_get_name_for(binding.company_id) if record else _("Deleted")

    @api.depends("res_model")
    def _compute_record_type(self):
        for binding in self:
            model = self.env["ir.model"]._get(binding.res_model) if binding.res_model in self.env else None
            binding.record_type = model.name if model else binding.res_model

    def _get_audited_records(self):
        # those that messages make are told by the messages
        return self.browse() if self.env.su else self

    def action_open_record(self):
        self.ensure_one()
        return self.env[self.res_model].browse(self.res_id)._dist_open()

    @api.model
    def _find(self, system, model_name, external_id):
        """:return: the record an external id is bound to; empty when there is none that is the company's"""
        binding = self.sudo().search(
            [
                ("system_id", "=", system.id),
                ("res_model", "=", model_name),
                ("external_id", "=", external_id),
            ],
            limit=1,
        )
        return binding._get_record().with_env(self.env) if binding else self.env[model_name]

    @api.model
    def _find_many(self, system, model_name, external_ids):
        """:return: dict, external id to record id, of those that are bound"""
        bindings = self.sudo().search_read(
            [
                ("system_id", "=", system.id),
                ("res_model", "=", model_name),
                ("external_id", "in", list(external_ids)),
            ],
            ["external_id", "res_id"],
        )
        return {binding["external_id"]: binding["res_id"] for binding in bindings}

    @api.model
    def _get_external_id(self, system, record):
        """:return: external id of a record in a system; False when it has none"""
        return (
            self.sudo()
            .search(
                [("system_id", "=", system.id), ("res_model", "=", record._name), ("res_id", "=", record.id)],
                limit=1,
            )
            .external_id
        )

    @api.model
    def _bind(self, system, record, external_id):
        """Bind a record; binding it again to the same id changes nothing.

        :raises UserError: the id stands for another record, or the record has another id
        """
        record.ensure_one()
        known = self.sudo().search(
            [
                ("system_id", "=", system.id),
                ("res_model", "=", record._name),
                "|",
                ("external_id", "=", external_id),
                ("res_id", "=", record.id),
            ]
        )
        if not known:
            return self.sudo().create(
                {
                    "system_id": system.id,
                    "res_model": record._name,
                    "res_id": record.id,
                    "external_id": external_id,
                }
            )
        if len(known) == 1 and known.res_id == record.id and known.external_id == external_id:
            return known
        raise UserError(
            _(
                "%(record)s cannot be bound to %(external)s of %(system)s: one of the two is bound already.",
                record=record.display_name,
                external=external_id,
                system=system.name,
            )
        )
