from odoo import api, models

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
        """:return: stock.quant of what is on hand of these lots"""
        return self.env["stock.quant"].search(
            [("lot_id", "in", self.ids), ("quantity", ">", 0), ("location_id.usage", "=", "internal")]
        )
