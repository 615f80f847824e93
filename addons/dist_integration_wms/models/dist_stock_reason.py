from odoo import fields, models


class DistStockReason(models.Model):
    """Why stock changed without a transfer. A warehouse's own words are mapped to these by the code map."""

    _name = "dist.stock.reason"
    _description = "Reason of a stock adjustment"
    _inherit = ["dist.guarded.mixin"]
    _order = "sequence, name"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, help="What messages call it. A warehouse may use the code as it is.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    approval = fields.Selection(
        [
            ("value", "Above the warehouse's limit"),
            ("always", "Always"),
            ("never", "Never"),
        ],
        string="Waits for approval",
        required=True,
        default="value",
    )
    location_id = fields.Many2one(
        "stock.location",
        string="Counterpart",
        company_dependent=True,
        domain="[('usage', '=', 'inventory'), ('company_id', 'in', (False, allowed_company_ids[0]))]",
        help="Virtual location that takes what is lost and gives what is found. Empty: that of the product.",
    )

    _sql_constraints = [("code_uniq", "unique(code)", "Another reason has this code.")]
