from odoo import _, api, fields, models

SHORT_POLICIES = [("backorder", "Keep in a backorder"), ("cancel", "Cancel what is missing")]


class StockWarehouse(models.Model):
    """A warehouse that an external system runs."""

    _name = "stock.warehouse"
    _inherit = ["stock.warehouse", "dist.audited.extension.mixin"]

    dist_system_id = fields.Many2one(
        "dist.system",
        string="Run by",
        domain="[('company_id', '=', company_id), ('kind', '=', 'warehouse')]",
        check_company=True,
        help="The external system that picks, ships and receives here. Empty: the warehouse works in Odoo.",
    )
    dist_release_policy = fields.Selection(
        [("assigned", "When its goods are reserved"), ("confirmed", "As soon as it is confirmed")],
        string="Release deliveries",
        default="assigned",
        required=True,
        help="When a delivery is handed to the external system.",
    )
    dist_shipment_short_policy = fields.Selection(
        [*SHORT_POLICIES, ("ask", "Ask a person")],
        string="Shipped less than asked",
        default="backorder",
        required=True,
        help="What happens to the rest once the warehouse has finished a shipment. A customer may have it otherwise.",
    )
    dist_receipt_short_policy = fields.Selection(
        SHORT_POLICIES,
        string="Received less than ordered",
        default="backorder",
        required=True,
        help="What happens to the rest once the warehouse has finished a receipt.",
    )
    dist_return_short_policy = fields.Selection(
        SHORT_POLICIES,
        string="Returned less than announced",
        default="cancel",
        required=True,
        help="What happens to the rest once the warehouse has finished a return.",
    )
    dist_over_receipt_percent = fields.Float(
        string="Accept over-receipts up to (%)",
        help="How much more than ordered of a line is received without asking a person. 0: nothing.",
    )
    dist_damaged_location_id = fields.Many2one(
        "stock.location",
        string="Damaged goods go to",
        domain="[('usage', 'in', ('internal', 'inventory')), ('company_id', 'in', (False, company_id))]",
        check_company=True,
        help="Goods that the warehouse receives damaged are put here, and are not available for sale. Empty: such a "
        "receipt waits for a person.",
    )
    dist_release_warning = fields.Char(compute="_compute_dist_release_warning", compute_sudo=True)

    _sql_constraints = [
        (
            "dist_over_receipt_positive",
            "CHECK(dist_over_receipt_percent IS NULL OR dist_over_receipt_percent BETWEEN 0 AND 1000)",
            "The tolerance of over-receipts is between 0 and 1000 %.",
        ),
    ]

    @api.depends("dist_system_id", "dist_system_id.state")
    def _compute_dist_release_warning(self):
        for warehouse in self:
            warehouse.dist_release_warning = warehouse._dist_get_release_warning()

    def _dist_get_release_warning(self):
        """:return: why nothing is released to the external system, for the administrator; False when all is well"""
        self.ensure_one()
        system = self.dist_system_id
        if not system:
            return False
        missing = [
            code
            for code in ("shipment.requested", "receipt.requested")
            if not self.env["dist.flow"]._dist_has_subscription(code, self.company_id, system)
        ]
        if missing:
            return _(
                "No active flow sends %(types)s to %(system)s: documents of this warehouse are not released.",
                types=", ".join(missing),
                system=system.name,
            )
        return system._get_blocked_reason()
