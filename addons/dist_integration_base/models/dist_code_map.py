from odoo import _, api, fields, models
from odoo.exceptions import ValidationError


class DistCodeMap(models.Model):
    """What an external code of a system means here: a record, or a value."""

    _name = "dist.code.map"
    _description = "Code map"
    _inherit = ["dist.company.mixin", "dist.stand.in.mixin", "dist.guarded.mixin"]
    _order = "system_id, domain, external_code"
    _rec_name = "external_code"

    system_id = fields.Many2one("dist.system", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="system_id.company_id", store=True)
    domain = fields.Char(
        string="Kind of code", required=True, help="unit, carrier, tax, warehouse, reason, status..."
    )
    external_code = fields.Char(required=True)
    res_model = fields.Char(string="Model")
    res_id = fields.Many2oneReference(string="Record ID", model_field="res_model")
    record_ref = fields.Reference(
        selection="_get_record_models",
        string="Means the record",
        compute="_compute_record_ref",
        readonly=False,
    )
    value = fields.Char(string="Means the value")
    meaning = fields.Char(compute="_compute_meaning", string="Means")

    _sql_constraints = [
        (
            "code_uniq",
            "unique(system_id, domain, external_code)",
            "This code is mapped already for the system.",
        ),
    ]

    @api.model
    def _get_record_models(self):
        """Models a code can lead to; addons add theirs.

        :return: list of (model name, label)
        """
        names = ["res.partner", "res.country", "res.currency"]
        return [(name, self.env["ir.model"]._get(name).name) for name in names if name in self.env]

    @api.depends("res_model", "res_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_record_ref(self):
        """Of a record that is not for the user to read only its name is shown, as the meaning."""
        known = dict(self._get_record_models())
        for code in self:
            record = code.res_model in known and self.env[code.res_model].browse(code.res_id).exists()
            code.record_ref = bool(record) and record._dist_is_readable() and f"{record._name},{record.id}"

    @api.depends("res_model", "res_id", "value")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_meaning(self):
        for code in self:
            record = self.env[code.res_model].sudo().browse(code.res_id).exists() if code.res_id else None
            code.meaning = (
                record._dist_get_name_for(code.company_id) if record else code.value or _("Deleted")
            )

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._split_reference(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._split_reference(vals))

    def _follow_approved(self):
        """What was explained by the button of an exception is replayed, after the commit."""
        if self.env.su:
            for exception in self.env["dist.exception"]._find_waiting_for(self):
                exception._enqueue_replay_mapped()

    @api.model
    def _split_reference(self, vals):
        """:return: values with the chosen record as model and id, so that the constraint sees it at once"""
        if "record_ref" not in vals:
            return vals
        model_name, _comma, record_id = (vals["record_ref"] or "").partition(",")
        values = {name: value for name, value in vals.items() if name != "record_ref"}
        return {**values, "res_model": model_name or False, "res_id": int(record_id) if record_id else False}

    @api.constrains("res_model", "res_id", "value")
    def _check_meaning(self):
        for code in self:
            if bool(code.res_id) == bool(code.value):
                raise ValidationError(_("Code %s means either a record or a value.", code.external_code))

    @api.model
    def _find(self, system, domain, external_code):
        """:return: record or text; None when nobody has said what the code means"""
        found = self._find_row(system, domain, external_code)
        meaning = found._get_meaning() if found else None
        # the record is the caller's, not the superuser's who looked it up
        return meaning.with_env(self.env) if isinstance(meaning, models.BaseModel) else meaning

    @api.model
    def _find_known(self, system, domain, external_codes):
        """:return: set of those codes of which somebody has said what they mean, with a handful of queries"""
        rows = self.sudo().search(
            [
                ("system_id", "=", system.id),
                ("domain", "=", domain),
                ("external_code", "in", sorted(external_codes)),
            ]
        )
        records = {}
        for row in rows.filtered("res_id"):
            records.setdefault(row.res_model, set()).add(row.res_id)
        existing = {
            name: set(self.env[name].browse(ids).exists()._dist_filter_of(system.company_id).ids)
            for name, ids in records.items()
        }
        return {row.external_code for row in rows if not row.res_id or row.res_id in existing[row.res_model]}

    @api.model
    def _find_row(self, system, domain, external_code):
        """:return: dist.code.map of a code, whatever it leads to; empty when there is none"""
        return self.sudo().search(
            [("system_id", "=", system.id), ("domain", "=", domain), ("external_code", "=", external_code)],
            limit=1,
        )

    def _get_meaning(self):
        """:return: record or text that the code stands for; None when the record is gone, or of another company"""
        self.ensure_one()
        return (self._get_record() or None) if self.res_id else self.value

    @api.model
    def _get_external_code(self, system, domain, record):
        """:return: the system's code of a record; False when there is none"""
        return (
            self.sudo()
            .search(
                [
                    ("system_id", "=", system.id),
                    ("domain", "=", domain),
                    ("res_model", "=", record._name),
                    ("res_id", "=", record.id),
                ],
                limit=1,
            )
            .external_code
        )

    def action_replay(self):
        """Prepare a replay of every message that waited for this code and show what would happen."""
        self.ensure_one()
        return self.env["dist.replay"]._open(
            {
                "criterion": "code",
                "company_id": self.company_id.id,
                "code_map_id": self.id,
                "reason": _("The code %s was explained", self.external_code),
            }
        )
