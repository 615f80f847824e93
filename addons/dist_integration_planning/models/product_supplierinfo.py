from odoo import fields, models


class ProductSupplierinfo(models.Model):
    _inherit = "product.supplierinfo"

    dist_order_multiple = fields.Float(
        string="Order multiple",
        digits="Product Unit of Measure",
        help="The supplier sells whole packs of this many, in the purchase unit; 0 for any quantity.",
    )
