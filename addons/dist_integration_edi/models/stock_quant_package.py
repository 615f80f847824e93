import base64

from odoo import models

from odoo.addons.dist_integration_base.lib import gs1, gs1_label

from ..lib.values import gtin_14


class StockQuantPackage(models.Model):
    """Packages are called by the SSCC of their label, as everywhere in Odoo."""

    _inherit = "stock.quant.package"

    def _dist_get_sscc(self):
        """:return: the SSCC that a package is called by; None when its name is none"""
        self.ensure_one()
        try:
            return gs1.validate_sscc(self.name)
        except gs1.InvalidCodeError:
            return None

    def _dist_ensure_sscc(self):
        """Call these packages by an SSCC from now on: it is what their label says.

        :raises UserError: the company has no prefix
        """
        for package in self.filtered(lambda package: not package._dist_get_sscc()):
            package.name = (package.company_id or self.env.company)._dist_make_sscc()

    def _dist_get_shipment(self):
        """:return: stock.picking that ships a package, empty when none does"""
        lines = self.env["stock.move.line"].search([("result_package_id", "=", self.id)], order="id desc")
        return lines.picking_id.filtered(lambda picking: picking.picking_type_code == "outgoing")[:1]

    def _dist_get_label(self):
        """:return: dict of what the label of a package says"""
        self.ensure_one()
        picking = self._dist_get_shipment()
        own, content = [("00", self._dist_get_sscc())], self._dist_get_content(picking)
        return {
            "package": self,
            "picking": picking,
            "company": picking.company_id or self.company_id or self.env.company,
            "order": picking.sale_id.client_order_ref,
            "codes": [
                {"picture": self._dist_draw(elements), "readable": gs1_label.readable(elements)}
                for elements in (content, own)
                if elements
            ],
        }

    def _dist_draw(self, elements):
        """:return: PNG of a GS1-128 symbol, as base64; Odoo's widget takes no function character"""
        symbol = gs1_label.symbol(elements)
        picture = self.env["ir.actions.report"].barcode("Code128", symbol, width=1000, height=220)
        return base64.b64encode(picture).decode()

    def _dist_get_content(self, picking):
        """What is in a package, where it is one item of one lot.

        :return: list of (application identifier, data); empty where GS1 has no way to say it
        """
        lines = picking.move_line_ids.filtered(lambda line: line.result_package_id == self)
        product, lot = lines.product_id, lines.lot_id
        if len(product) != 1 or len(lot) > 1 or not gtin_14(product.barcode or ""):
            return []
        counts = [line.product_uom_id._compute_quantity(line.quantity, product.uom_id) for line in lines]
        if not sum(counts).is_integer():
            return []
        elements = [("02", gtin_14(product.barcode))]
        if lot.expiration_date:
            elements.append(("17", lot.expiration_date.strftime("%y%m%d")))
        elements.append(("37", f"{sum(counts):.0f}"))
        if lot:
            elements.append(("10", lot.name))
        return elements if self._dist_fits(elements) else []

    def _dist_fits(self, elements):
        """Whether GS1 takes these data: names of lots may hold anything here."""
        try:
            gs1_label.symbol(elements)
        except gs1.InvalidCodeError:
            return False
        return True
