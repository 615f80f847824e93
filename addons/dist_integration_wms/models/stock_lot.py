from odoo import _, api, models

# what a warehouse is told of a lot
LOT_FIELDS = {"company_id", "expiration_date", "name", "product_id", "ref", "removal_date", "use_date"}


class StockLot(models.Model):
    _inherit = "stock.lot"

    @api.model_create_multi
    def create(self, vals_list):
        lots = super().create(vals_list)
        lots._dist_emit("lot.changed")
        return lots

    def write(self, vals):
        result = super().write(vals)
        if LOT_FIELDS & set(vals):
            self._dist_emit("lot.changed")
        return result

    def _dist_get_stock(self):
        """:return: list of (stock.lot, stock.location), where something of these lots is on hand"""
        return self.env["stock.quant"]._read_group(
            [("lot_id", "in", self.ids), ("location_id.usage", "=", "internal")],
            ["lot_id", "location_id"],
            having=[("quantity:sum", ">", 0)],
        )

    def _dist_describe_in_stock(self, location):
        """:return: sentence, that this serial number is in a location already"""
        return _(
            "Serial number %(serial)s of %(product)s is in %(location)s already.",
            serial=self.name,
            product=self.product_id.display_name,
            location=location.display_name,
        )
