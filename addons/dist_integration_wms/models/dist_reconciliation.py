from odoo import api, fields, models


class DistReconciliation(models.Model):
    _inherit = "dist.reconciliation"

    warehouse_id = fields.Many2one(
        "stock.warehouse",
        domain="[('company_id', '=', company_id)]",
        check_company=True,
        help="The warehouse that the snapshot is of. Empty: all of the profile, each line names its own.",
    )

    @api.model
    def _get_entered(self):
        return super()._get_entered() | {"warehouse_id"}

    def _get_warehouses(self):
        """:return: stock.warehouse whose stock the snapshot has to hold"""
        self.ensure_one()
        return self.warehouse_id or self.profile_id._get_warehouses()

    def _get_same_domain(self):
        domain = super()._get_same_domain()
        if self.warehouse_id:
            domain.append(("warehouse_id", "in", (False, self.warehouse_id.id)))
        return domain

    def _get_covering_domain(self):
        domain = super()._get_covering_domain()
        if not self.warehouse_id:
            # that of one warehouse says nothing of the others
            domain.append(("warehouse_id", "=", False))
        return domain

    def _prepare_accuracy(self, row):
        return {
            **super()._prepare_accuracy(row),
            "warehouse_id": self.domain_code == "stock" and row["place"].isdigit() and int(row["place"]),
        }

    def _get_outcome(self):
        outcome = super()._get_outcome()
        if self.warehouse_id:
            outcome["warehouse"] = self.warehouse_id.code
        return outcome
