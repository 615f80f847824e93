from odoo import api, models

COUNTED = {"quantity", "reserved_quantity", "location_id"}


class StockQuant(models.Model):
    """Channels hear of stock that comes and goes."""

    _inherit = "stock.quant"

    @api.model_create_multi
    def create(self, vals_list):
        quants = super().create(vals_list)
        self.env["dist.availability.feed"]._touch_of(quants)
        return quants

    def write(self, vals):
        result = super().write(vals)
        if not COUNTED.isdisjoint(vals):
            self.env["dist.availability.feed"]._touch_of(self)
        return result

    def unlink(self):
        self.env["dist.availability.feed"]._touch_of(self)
        return super().unlink()
