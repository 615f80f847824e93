from odoo import api, models

from .series import PACKAGING_MODEL


class ProductPackaging(models.Model):
    """How an item is packed is part of what a warehouse is told of it."""

    _inherit = PACKAGING_MODEL

    @api.model_create_multi
    def create(self, vals_list):
        packagings = super().create(vals_list)
        packagings.product_id._dist_emit("item.changed")
        return packagings

    def write(self, vals):
        products = self.product_id
        result = super().write(vals)
        (products | self.product_id)._dist_emit("item.changed")
        return result

    def unlink(self):
        self.product_id._dist_emit("item.changed")
        return super().unlink()
