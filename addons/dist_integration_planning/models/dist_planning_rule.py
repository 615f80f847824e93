from odoo import api, fields, models

from .dist_planning_proposal import KINDS
from .dist_planning_source import check_value_limit


class DistPlanningRule(models.Model):
    """Which proposals are approved by themselves: the first rule that fits a proposal decides about it."""

    _name = "dist.planning.rule"
    _description = "Approval rule of proposals"
    _inherit = ["dist.company.mixin", "dist.guarded.mixin"]
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    source_id = fields.Many2one(
        "dist.planning.source", check_company=True, ondelete="cascade", help="Empty for all."
    )
    kind = fields.Selection([kind for kind in KINDS if kind[0] != "lead_time"], help="Empty for all.")
    partner_id = fields.Many2one("res.partner", string="Supplier", ondelete="cascade", help="Empty for all.")
    categ_id = fields.Many2one(
        "product.category",
        string="Product category",
        ondelete="cascade",
        help="With those below; empty for all.",
    )
    product_class = fields.Selection(
        [("A", "A"), ("B", "B"), ("C", "C")], string="Class", help="By turnover; empty for all."
    )
    is_automatic = fields.Boolean(
        string="Approve within the limits",
        default=True,
        help="Otherwise all that it fits waits for a planner.",
    )
    # no amount of the currency: one below its smallest coin would become 0, which is no limit
    value_limit = fields.Float(
        string="Value at most",
        help="In the company's currency, with what rules approved of the item and no buyer confirmed yet; 0 for no "
        "limit.",
    )
    change_limit = fields.Float(
        string="Change at most (%)",
        help="Against the last approved proposal; one without a former waits. 0 for no limit.",
    )
    cover_limit = fields.Float(string="Cover at most (days)", help="0 for no limit.")
    error_limit = fields.Float(string="Forecast error at most (%)", help="0 for no limit.")

    _sql_constraints = [
        (
            "limits_positive",
            "CHECK(value_limit >= 0 AND change_limit >= 0 AND cover_limit >= 0 AND error_limit >= 0)",
            "Limits are not below zero.",
        ),
    ]

    @api.constrains("value_limit")
    def _check_value_limit(self):
        for rule in self:
            check_value_limit(rule.value_limit, rule.currency_id)
