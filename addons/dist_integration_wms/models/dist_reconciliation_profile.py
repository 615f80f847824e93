from odoo import fields, models


class DistReconciliationProfile(models.Model):
    _inherit = "dist.reconciliation.profile"

    warehouse_ids = fields.Many2many(
        "stock.warehouse",
        "dist_reconciliation_profile_warehouse_rel",
        "profile_id",
        "warehouse_id",
        string="Warehouses",
        domain="[('company_id', '=', company_id)]",
        help="Whose stock is compared. Empty: those that the system runs.",
    )

    def _get_warehouses(self):
        """:return: stock.warehouse whose stock the snapshot has to hold"""
        self.ensure_one()
        own = self.warehouse_ids.filtered(lambda warehouse: warehouse.company_id == self.company_id)
        return own or self.env["stock.warehouse"].search(
            [("dist_system_id", "=", self.system_id.id), ("company_id", "=", self.company_id.id)]
        )
