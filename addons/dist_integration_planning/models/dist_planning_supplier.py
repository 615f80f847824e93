from odoo import fields, models


class DistPlanningSupplier(models.Model):
    """When a supplier takes orders and works, and what it accepts as one order."""

    _name = "dist.planning.supplier"
    _description = "Order rules of a supplier"
    _inherit = ["dist.company.mixin", "dist.guarded.mixin"]
    _rec_name = "partner_id"
    _order = "partner_id"
    _check_company_auto = True

    partner_id = fields.Many2one("res.partner", string="Supplier", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True
    )
    calendar_id = fields.Many2one(
        "resource.calendar",
        string="Working days",
        check_company=True,
        help="Lead times count these days only, holidays left out; empty to count every day.",
    )
    monday = fields.Boolean(default=True)
    tuesday = fields.Boolean(default=True)
    wednesday = fields.Boolean(default=True)
    thursday = fields.Boolean(default=True)
    friday = fields.Boolean(default=True)
    saturday = fields.Boolean()
    sunday = fields.Boolean()
    currency_id = fields.Many2one("res.currency", default=lambda self: self.env.company.currency_id, required=True)
    minimum_value = fields.Monetary(
        string="Smallest order", help="Below it proposals wait for a planner; 0 for none."
    )

    _sql_constraints = [
        ("partner_uniq", "unique(partner_id, company_id)", "The supplier has order rules already."),
        (
            "order_days",
            "CHECK(monday OR tuesday OR wednesday OR thursday OR friday OR saturday OR sunday)",
            "A supplier takes orders on at least one day of the week.",
        ),
    ]
