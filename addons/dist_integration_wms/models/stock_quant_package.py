from odoo import fields, models


class StockQuantPackage(models.Model):
    """A carton on a pallet: what a package is, and in which one it is."""

    _inherit = "stock.quant.package"

    dist_kind = fields.Selection(
        [("pallet", "Pallet"), ("carton", "Carton"), ("other", "Other")], string="Kind", readonly=True
    )
    dist_tracking_number = fields.Char(string="Tracking number", readonly=True)
    dist_outer_id = fields.Many2one(
        "stock.quant.package", string="Inside", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    dist_inner_ids = fields.One2many("stock.quant.package", "dist_outer_id", string="Packages inside")

    def _dist_get_contents(self):
        """:return: stock.quant of what is in these packages, and in those inside them"""
        found = self
        while inner := found.dist_inner_ids - found:
            found |= inner
        return found.quant_ids

    def _dist_with_outer(self):
        """:return: these packages and those around them"""
        found = self
        while outer := found.dist_outer_id - found:
            found |= outer
        return found
