from odoo import fields, models


class DistAvailabilityHoldLine(models.Model):
    """One item of a soft hold. State and expiry are kept here too: availability is read from this table alone."""

    _name = "dist.availability.hold.line"
    _description = "Line of a soft hold"
    _order = "expires_at desc, id"

    hold_id = fields.Many2one(
        "dist.availability.hold", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="hold_id.company_id", store=True, precompute=True)
    product_id = fields.Many2one("product.product", required=True, readonly=True, ondelete="restrict")
    warehouse_id = fields.Many2one("stock.warehouse", required=True, readonly=True, ondelete="restrict")
    quantity = fields.Float(digits="Product Unit of Measure", required=True, readonly=True)
    uom_id = fields.Many2one(related="product_id.uom_id")
    state = fields.Selection(
        [("held", "Held"), ("ordered", "Ordered"), ("released", "Released"), ("expired", "Expired")],
        required=True,
        readonly=True,
        default="held",
    )
    expires_at = fields.Datetime(required=True, readonly=True)

    _sql_constraints = [
        ("quantity_positive", "CHECK(quantity > 0)", "A hold is of more than nothing."),
    ]

    def init(self):
        self.env.cr.execute(
            """
            CREATE INDEX IF NOT EXISTS dist_availability_hold_line_open_idx ON dist_availability_hold_line
            (product_id, warehouse_id, expires_at) WHERE state = 'held'
            """
        )

    def _reserve_waiting(self):
        """As Odoo does with what was received: transfers that wait for such goods get what is not held any more."""
        config = self.env["ir.config_parameter"].sudo()
        if not self or config.get_param("stock.picking_no_auto_reserve"):
            return
        waiting = self.env["stock.move"].search(
            [
                ("state", "in", ("confirmed", "partially_available")),
                ("procure_method", "=", "make_to_stock"),
                ("product_id", "in", self.product_id.ids),
                ("location_id", "child_of", self.warehouse_id.view_location_id.ids),
                "|",
                ("reservation_date", "<=", fields.Date.today()),
                ("picking_type_id.reservation_method", "=", "at_confirm"),
            ],
            order="priority desc, date, id",
        )
        waiting._action_assign()
