from odoo import _, api, models
from odoo.exceptions import ValidationError


class DistStandInMixin(models.AbstractModel):
    """What a system calls a record: one of the system's company, or of all.

    A model has ``system_id``, ``company_id``, ``res_model`` and ``res_id``.
    """

    _name = "dist.stand.in.mixin"
    _description = "What stands for a record"

    def _get_record(self):
        """:return: the record this stands for; empty when it is gone, or of another company by now"""
        self.ensure_one()
        record = self.env[self.res_model].browse(self.res_id or []).exists()
        return record._dist_filter_of(self.system_id.company_id)

    @api.constrains("system_id", "res_model", "res_id")
    def _check_record_company(self):
        """:raises ValidationError: a record belongs to a company that is not the system's"""
        rows_by_kind = self.filtered(lambda row: row.res_id and row.res_model in self.env).grouped(
            lambda row: (row.res_model, row.system_id.company_id)
        )
        for (model_name, company), rows in rows_by_kind.items():
            records = self.env[model_name].browse(rows.mapped("res_id")).exists()
            foreign = records - records._dist_filter_of(company)
            row = rows.filtered(lambda row, foreign=foreign: row.res_id in foreign.ids)[:1]
            if row:
                raise ValidationError(
                    _(
                        "%(id)s of %(system)s cannot stand for this record (%(model)s): it belongs to another company.",
                        id=row.display_name,
                        system=row.system_id.name,
                        model=self.env["ir.model"]._get(model_name).name,
                    )
                )
