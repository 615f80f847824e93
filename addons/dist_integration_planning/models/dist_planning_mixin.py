from odoo import fields, models


class DistPlanningMixin(models.AbstractModel):
    """A row of a plan: what a version says about a product in a warehouse. Written in bulk, never by hand."""

    _name = "dist.planning.mixin"
    _description = "Row of a plan"
    # who and when is told once, by the version
    _log_access = False

    batch_id = fields.Many2one(
        "dist.planning.batch", string="Version", required=True, readonly=True, ondelete="cascade", index=True
    )
    source_id = fields.Many2one("dist.planning.source", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    product_id = fields.Many2one(
        "product.product", required=True, readonly=True, ondelete="cascade", index=True
    )
    warehouse_id = fields.Many2one("stock.warehouse", readonly=True, ondelete="cascade")
