from odoo import models


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "dist.owned.mixin"]

    def _dist_get_ownership_group(self, vals):
        """What belongs to an address or a contact person belongs to the addresses of its customer."""
        parent = vals["parent_id"] if "parent_id" in vals else self.parent_id.id
        return "customer.addresses" if parent else super()._dist_get_ownership_group(vals)
