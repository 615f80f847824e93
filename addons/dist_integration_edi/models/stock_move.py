from odoo import models


class StockMove(models.Model):
    _inherit = "stock.move"

    def _dist_expect(self, portions, packages):
        """Prepare the detailed operations of a receipt: what comes, in which lot and package.

        :param portions: list of (dist.supplier.shipment.line, quantity in the product's unit)
        :param packages: dict, SSCC to its package
        """
        self.ensure_one()
        self.move_line_ids.unlink()
        self.env["stock.move.line"].create(
            [self._dist_prepare_expected(line, quantity, packages) for line, quantity in portions]
        )

    def _dist_prepare_expected(self, line, quantity, packages):
        product = self.product_id
        vals = {
            **self._prepare_move_line_vals(),
            "quantity": quantity,
            "product_uom_id": product.uom_id.id,
            "result_package_id": packages[line.sscc].id if line.sscc else False,
        }
        if product.tracking != "none" and line.lot_name:
            vals["lot_name"] = line.lot_name
            if product.use_expiration_date and line.expiry:
                vals["expiration_date"] = line.expiry
        return vals
