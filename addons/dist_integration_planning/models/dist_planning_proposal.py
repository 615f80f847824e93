from odoo import fields, models

KINDS = [
    ("purchase", "Purchase"),
    ("transfer", "Transfer"),
    ("reordering", "Reordering rule"),
    ("lead_time", "Lead time"),
]
STATES = [
    ("proposed", "To decide"),
    ("approved", "Approved"),
    ("refused", "Refused"),
    ("executed", "Done"),
    ("superseded", "Superseded"),
]


class DistPlanningProposal(models.Model):
    """What a planning source proposes to do: buy, move or set; a planner's list, as far as no rule approves it."""

    _name = "dist.planning.proposal"
    _description = "Planning proposal"
    _inherit = ["dist.company.mixin", "dist.kept.mixin"]
    _order = "date_order, value desc, id"
    _rec_name = "key"

    batch_id = fields.Many2one(
        "dist.planning.batch", string="Version", required=True, readonly=True, ondelete="restrict", index=True
    )
    source_id = fields.Many2one("dist.planning.source", required=True, readonly=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    key = fields.Char(required=True, readonly=True, help="The source's own number; it is carried out once.")
    kind = fields.Selection(KINDS, required=True, readonly=True)
    state = fields.Selection(STATES, required=True, default="proposed", readonly=True, index=True)
    product_id = fields.Many2one("product.product", required=True, readonly=True, ondelete="restrict", index=True)
    categ_id = fields.Many2one(related="product_id.categ_id", string="Product category", store=True)
    warehouse_id = fields.Many2one("stock.warehouse", required=True, readonly=True, ondelete="restrict")
    source_warehouse_id = fields.Many2one("stock.warehouse", string="From", readonly=True, ondelete="restrict")
    partner_id = fields.Many2one("res.partner", string="Supplier", ondelete="restrict", index="btree_not_null")
    uom_id = fields.Many2one("uom.uom", string="Unit", required=True, readonly=True, ondelete="restrict")
    quantity = fields.Float(
        string="Proposed",
        digits="Product Unit of Measure",
        readonly=True,
        help="Of a reordering rule its reorder point, of a lead time its days.",
    )
    approved_quantity = fields.Float(
        string="To carry out", digits="Product Unit of Measure", help="As proposed, unless a planner changed it."
    )
    maximum = fields.Float(
        string="Order up to", digits="Product Unit of Measure", help="Of a reordering rule."
    )
    date_planned = fields.Date(string="Needed on")
    date_order = fields.Date(string="To order on", help="By the supplier's calendar and lead time.")
    value = fields.Monetary(readonly=True, help="In the company's currency.")
    change = fields.Float(
        string="Change",
        readonly=True,
        group_operator="avg",
        help="Against the last one that was approved, as a share: 0.5 is half as much again.",
    )
    cover_days = fields.Float(
        string="Days of cover",
        readonly=True,
        group_operator="avg",
        help="How long stock, what is on order and this proposal last.",
    )
    forecast_error = fields.Float(readonly=True, group_operator="avg", help="Error of former forecasts, as a share.")
    reason_ids = fields.Many2many(
        "dist.planning.reason",
        "dist_planning_proposal_reason_rel",
        "proposal_id",
        "reason_id",
        string="Waits because",
        readonly=True,
    )
    reason_text = fields.Text(string="Why it waits", readonly=True)
    rule_id = fields.Many2one("dist.planning.rule", string="Approved by rule", readonly=True, ondelete="set null")
    planner_id = fields.Many2one("res.users", string="Planner", index="btree_not_null")
    decided_by_id = fields.Many2one("res.users", string="Decided by", readonly=True)
    decided_at = fields.Datetime(string="Decided on", readonly=True)
    refusal_reason = fields.Char(readonly=True)
    executed_at = fields.Datetime(string="Carried out on", readonly=True)
    purchase_line_id = fields.Many2one("purchase.order.line", readonly=True, ondelete="set null", index="btree_not_null")
    purchase_id = fields.Many2one(related="purchase_line_id.order_id", string="Purchase order")
    move_id = fields.Many2one("stock.move", readonly=True, ondelete="set null", index="btree_not_null")
    picking_id = fields.Many2one(related="move_id.picking_id", string="Transfer")
    orderpoint_id = fields.Many2one(
        "stock.warehouse.orderpoint", string="Reordering rule", readonly=True, ondelete="set null"
    )

    _sql_constraints = [
        ("key_uniq", "unique(source_id, key)", "The source has a proposal of this number already."),
    ]
