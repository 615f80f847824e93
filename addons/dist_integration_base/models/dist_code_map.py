from odoo import _, api, fields, models
from odoo.exceptions import ValidationError


class DistCodeMap(models.Model):
    """What an external code of a system means here: a record, or a value."""

    _name = "dist.code.map"
    _description = "Code map"
    _order = "system_id, domain, external_code"
    _rec_name = "external_code"

    system_id = fields.Many2one("dist.system", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="system_id.company_id", store=True)
    domain = fields.Char(string="Kind of code", required=True, help="unit, carrier, tax, warehouse, reason, status...")
    external_code = fields.Char(required=True)
    res_model = fields.Char(string="Model")
    res_id = fields.Many2oneReference(string="Record ID", model_field="res_model")
    record_ref = fields.Reference(
        selection="_get_record_models",
        string="Means the record",
        compute="_compute_record_ref",
        inverse="_inverse_record_ref",
    )
    value = fields.Char(string="Means the value")

    _sql_constraints = [
        ("code_uniq", "unique(system_id, domain, external_code)", "This code is mapped already for the system."),
    ]

    @api.model
    def _get_record_models(self):
        """Models a code can lead to; addons add theirs.

        :return: list of (model name, label)
        """
        names = ["res.partner", "res.country", "res.currency"]
        return [(name, self.env["ir.model"]._get(name).name) for name in names if name in self.env]

    @api.depends("res_model", "res_id")
    def _compute_record_ref(self):
        known = dict(self._get_record_models())
        for code in self:
            code.record_ref = f"{code.res_model},{code.res_id}" if code.res_id and code.res_model in known else False

    def _inverse_record_ref(self):
        for code in self:
            record = code.record_ref
            code.res_model, code.res_id = (record._name, record.id) if record else (False, False)

    @api.constrains("res_model", "res_id", "value")
    def _check_meaning(self):
        for code in self:
            if bool(code.res_id) == bool(code.value):
                raise ValidationError(_("Code %s means either a record or a value.", code.external_code))

    @api.model
    def _find(self, system, domain, external_code):
        """:return: record or text; None when nobody has said what the code means"""
        found = self.sudo().search(
            [("system_id", "=", system.id), ("domain", "=", domain), ("external_code", "=", external_code)], limit=1
        )
        if not found:
            return None
        if not found.res_id:
            return found.value
        return self.env[found.res_model].browse(found.res_id).exists() or None

    @api.model
    def _get_external_code(self, system, domain, record):
        """:return: the system's code of a record; False when there is none"""
        return self.sudo().search(
            [
                ("system_id", "=", system.id),
                ("domain", "=", domain),
                ("res_model", "=", record._name),
                ("res_id", "=", record.id),
            ],
            limit=1,
        ).external_code
