from odoo import fields, models


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "dist.timeline.mixin"]

    dist_test_date = fields.Date()

    def _dist_get_impact(self):
        impact = super()._dist_get_impact()
        return {
            **impact,
            "orders": len(self),
            "value": 100.0 * len(self),
            "currency": (self.company_id[:1] or self.env.company).currency_id,
        }
