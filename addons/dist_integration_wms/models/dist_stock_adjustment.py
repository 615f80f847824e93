from odoo import api, fields, models


class DistStockAdjustment(models.Model):
    """What a warehouse said it found, lost or put aside, once for each of its own numbers."""

    _name = "dist.stock.adjustment"
    _description = "Stock adjustment of a warehouse"
    _order = "id desc"
    _rec_name = "external_id"

    external_id = fields.Char(
        string="Number", required=True, readonly=True, help="The warehouse's own number."
    )
    kind = fields.Selection(
        [("adjustment", "Quantity"), ("status", "Status")], required=True, readonly=True, default="adjustment"
    )
    system_id = fields.Many2one("dist.system", required=True, readonly=True, ondelete="restrict", index=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    warehouse_id = fields.Many2one("stock.warehouse", required=True, readonly=True, ondelete="restrict")
    message_id = fields.Many2one("dist.message", readonly=True, ondelete="set null")
    adjusted_at = fields.Datetime(string="Happened", required=True, readonly=True)
    note = fields.Char(readonly=True)
    approved_by_id = fields.Many2one("res.users", readonly=True)
    digest = fields.Char(required=True, readonly=True)
    line_ids = fields.One2many("dist.stock.adjustment.line", "adjustment_id", readonly=True)
    value = fields.Monetary(
        compute="_compute_value", store=True, help="Value of what came in less what went out."
    )
    currency_id = fields.Many2one(related="company_id.currency_id")

    _sql_constraints = [
        (
            "external_uniq",
            "unique(system_id, kind, external_id)",
            "This adjustment of the warehouse was applied already.",
        ),
    ]

    @api.depends("line_ids.value")
    def _compute_value(self):
        for adjustment in self:
            adjustment.value = sum(adjustment.line_ids.mapped("value"))

    @api.model
    def _find(self, system, kind, external_id):
        """:return: the adjustment applied under a number of the warehouse; empty when there is none"""
        return self.sudo().search(
            [("system_id", "=", system.id), ("kind", "=", kind), ("external_id", "=", external_id)], limit=1
        )
