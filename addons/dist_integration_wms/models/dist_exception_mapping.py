from odoo import _, models

# messages read to tell what is counted in an unknown unit
READ_AT_ONCE = 50


class DistException(models.Model):
    """What units and lots of codes have to fit."""

    _inherit = "dist.exception"

    def _get_misfit(self, meaning):
        misfit = super()._get_misfit(meaning)
        if misfit or isinstance(meaning, str):
            return misfit
        if meaning._name == "uom.uom":
            return self._get_unit_misfit(meaning)
        return meaning._name == "stock.lot" and self._get_lot_misfit(meaning)

    def _get_unit_misfit(self, unit):
        """A unit has to count the products that the waiting messages count in it; of several kinds, some of them."""
        products = self._get_counted_products()
        handlers = self.env["dist.handler"]
        if not products or any(handlers._is_same_kind(unit, product.uom_id) for product in products):
            return False
        return _(
            "%(product)s is counted in %(own)s, not in %(unit)s: %(code)s cannot stand for it.",
            product=products[0].display_name,
            own=products[0].uom_id.name,
            unit=unit.name,
            code=self.external_code,
        )

    def _get_counted_products(self):
        """:return: product.product that the waiting messages count in the unit of this exception"""
        products = self.env["product.product"].sudo()
        for message in self.sudo()._get_stuck().sorted("id")[:READ_AT_ONCE]:
            handler = message._get_impact_handler()
            products |= handler._get_products_counted_in(message, message._read_content(), self.external_code)
        return products

    def _get_lot_misfit(self, lot):
        """A code of a lot begins with its product; the same number may name lots of others."""
        product = lot.sudo().product_id
        if (self.external_code or "").startswith(f"{product.default_code or product.id}/"):
            return False
        return _(
            "%(lot)s is a lot of %(product)s: %(code)s cannot stand for it.",
            lot=lot.sudo().name,
            product=product.display_name,
            code=self.external_code,
        )
