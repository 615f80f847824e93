from odoo import _, api, models
from odoo.exceptions import AccessError


class DistCompanyMixin(models.AbstractModel):
    """Records of a company, which a person cannot put into a company they do not work in.

    A record rule is asked before a record is written, not after: alone it keeps nobody from moving a record to a
    company they know nothing of. What runs as superuser is not asked.
    """

    _name = "dist.company.mixin"
    _description = "Record of a company"

    @api.model
    def _get_company_parents(self):
        """:return: list of names of the fields that this record's company follows from"""
        related = "company_id" in self._fields and self._fields["company_id"].related
        return [related.split(".")[0]] if related else []

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        records._check_company_of_person()
        return records

    def write(self, vals):
        result = super().write(vals)
        if not {"company_id", *self._get_company_parents()}.isdisjoint(vals):
            self._check_company_of_person()
        return result

    def _check_company_of_person(self):
        """:raises AccessError: a record is in a company the user does not work in, or hangs on one of it"""
        if self.env.su:
            return
        for name in self._get_company_parents():
            parents = self.sudo().mapped(name).with_env(self.env)
            if parents:
                self.env["ir.model.access"].check(parents._name, "read")
            parents.check_access_rule("read")
        for record in self.sudo() if "company_id" in self._fields else ():
            related = self._fields["company_id"].related
            expected = record.mapped(related) if related else record.company_id
            if record.company_id - self.env.companies or record.company_id != expected:
                raise AccessError(
                    _(
                        "%(record)s cannot belong to a company you do not work in.",
                        record=self.env["ir.model"]._get(self._name).name,
                    )
                )
