from odoo import fields, models

REST_POLICIES = [("keep", "Keep it in a backorder"), ("cancel", "Cancel it"), ("ask", "Ask a person")]


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "dist.audited.extension.mixin"]

    dist_rest_policy = fields.Selection(
        REST_POLICIES,
        string="Shipped less than ordered",
        help="What happens to the rest of a delivery that an external warehouse finished. Empty: as the warehouse "
        "says.",
    )

    def _dist_get_rest_policy(self):
        """:return: key of REST_POLICIES: of the address, else of its company; False when neither says anything"""
        return self.dist_rest_policy or self.commercial_partner_id.dist_rest_policy
