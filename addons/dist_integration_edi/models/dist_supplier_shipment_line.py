from odoo import api, fields, models

from odoo.addons.dist_integration_commerce.lib.submission import format_decimal


class DistSupplierShipmentLine(models.Model):
    """Shipped goods that share order line, lot and package."""

    _name = "dist.supplier.shipment.line"
    _description = "Line of a supplier's ship notice"
    _inherit = ["dist.kept.mixin"]
    _order = "shipment_id desc, id"

    shipment_id = fields.Many2one(
        "dist.supplier.shipment", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="shipment_id.company_id", store=True, index=True)
    line_ref = fields.Char(string="Line", readonly=True)
    order_line_id = fields.Many2one(
        "purchase.order.line", string="Order line", readonly=True, ondelete="set null", index="btree_not_null"
    )
    order_id = fields.Many2one(related="order_line_id.order_id", store=True)
    product_id = fields.Many2one("product.product", readonly=True, required=True, ondelete="restrict")
    uom_id = fields.Many2one("uom.uom", string="Unit", readonly=True, required=True, ondelete="restrict")
    quantity = fields.Float(string="Shipped", digits="Product Unit of Measure", readonly=True)
    product_quantity = fields.Float(
        string="In the item's unit",
        digits="Product Unit of Measure",
        compute="_compute_product_quantity",
        store=True,
    )
    lot_name = fields.Char(string="Lot or serial number", readonly=True)
    expiry = fields.Date(string="Expires", readonly=True)
    package = fields.Char(readonly=True)
    sscc = fields.Char(string="SSCC", readonly=True)
    outer_package = fields.Char(string="Within", readonly=True)
    differences = fields.Text(readonly=True)

    @api.depends("line_ref", "product_id")
    def _compute_display_name(self):
        for line in self:
            line.display_name = " ".join(filter(None, (line.line_ref, line.product_id.display_name)))

    @api.depends("quantity", "uom_id", "product_id")
    def _compute_product_quantity(self):
        for line in self:
            line.product_quantity = line.uom_id._compute_quantity(line.quantity, line.product_id.uom_id)

    def _has_too_few_serials(self):
        """Whether several pieces of an item with serial numbers came under one of them."""
        return bool(self.product_id.tracking == "serial" and self.lot_name and self.product_quantity > 1)

    def _get_value(self):
        """:return: float, worth at the order's price in the currency of the company"""
        price = self.order_line_id.price_unit_discounted
        return self.quantity * price / (self.order_id.currency_rate or 1.0)

    def _tell(self, quantity):
        return f"{format_decimal(quantity)} {self.product_id.uom_id.name}"

    def _note(self, difference):
        """Add a sentence to what is otherwise than ordered."""
        self.differences = "\n".join(filter(None, (self.differences, difference)))
