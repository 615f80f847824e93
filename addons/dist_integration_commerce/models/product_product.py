from odoo import models


class ProductProduct(models.Model):
    _inherit = "product.product"

    def _dist_is_stocked(self):
        """:return: True when this product is kept in stock and delivered from there"""
        self.ensure_one()
        return self._dist_is_storable() and not self._dist_is_drop_shipped()

    def _dist_is_drop_shipped(self):
        """:return: True when a route of it leads from the supplier straight to the customer"""
        rules = (self.route_ids | self.categ_id.total_route_ids).rule_ids
        return any(
            (rule.location_src_id.usage, rule.location_dest_id.usage) == ("supplier", "customer")
            for rule in rules
        )
