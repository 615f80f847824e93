from odoo import api, models

from ..lib.approval import Rule


class DistPlanningRule(models.Model):
    """Rules as the library judges by them."""

    _inherit = "dist.planning.rule"

    @api.model
    def _get_rules(self, company):
        """:return: list of lib.approval.Rule, in their order"""
        return [rule._to_rule() for rule in self.search([("company_id", "=", company.id)])]

    def _to_rule(self):
        self.ensure_one()
        categories = None
        if self.categ_id:
            below = self.env["product.category"].search([("id", "child_of", self.categ_id.id)])
            categories = frozenset(below.ids)
        return Rule(
            self.id,
            self.name,
            source=self.source_id.id or None,
            kind=self.kind or None,
            supplier=self.partner_id.id or None,
            categories=categories,
            product_class=self.product_class or None,
            is_automatic=self.is_automatic,
            value_limit=self.value_limit,
            change_limit=self.change_limit / 100.0,
            cover_limit=self.cover_limit,
            error_limit=self.error_limit / 100.0,
        )
