from odoo import fields, models


class DistReleaseAskLine(models.TransientModel):
    _name = "dist.release.ask.line"
    _description = "Line that is to be changed"
    _inherit = ["dist.wizard.mixin"]

    ask_id = fields.Many2one("dist.release.ask", required=True, ondelete="cascade")
    line_ref = fields.Char(required=True)
    product_id = fields.Many2one("product.product", required=True)
    uom_id = fields.Many2one(related="product_id.uom_id")
    previous_quantity = fields.Float(string="Open", digits="Product Unit of Measure")
    quantity = fields.Float(string="Wanted", digits="Product Unit of Measure")
