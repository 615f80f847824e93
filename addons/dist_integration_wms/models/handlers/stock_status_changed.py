from odoo import _, models
from odoo.tools import float_is_zero

from odoo.addons.dist_integration_base.lib.handling import BusinessError

from ...lib import formats

MISSING = "not_enough_stock"


class StockStatusChangedHandler(models.AbstractModel):
    """Goods became available, were put on hold, or turned out to be damaged; how many there are stays."""

    _name = "dist.handler.stock.status.changed"
    _inherit = "dist.handler.stock"
    _description = "Stock status changed"

    def _get_kind(self):
        return "status"

    def _read_line(self, message, payload, warehouse, line, product, pointer):
        if line["from"] == line["to"]:
            raise BusinessError(
                "same_status", _("The line changes nothing."), f"{pointer}/to", open_exception=False
            )
        place = self._find_place(warehouse, line["from"], f"{pointer}/from")
        destination = self._find_place(warehouse, line["to"], f"{pointer}/to")
        quantity = self._read_quantity(message, line, "quantity", product, pointer)
        if float_is_zero(quantity, precision_rounding=product.uom_id.rounding):
            raise BusinessError(
                "no_change", _("The line changes nothing."), f"{pointer}/quantity", open_exception=False
            )
        reason = self._read_reason(message, payload, line, pointer)
        lot = self._find_lot(warehouse, line, product, pointer)
        quants = self._get_sources(warehouse, line["from"], product, lot)
        taken, missing = self._take(quants, quantity, product)
        if missing:
            taken.append((self._make_quant(warehouse, place, product, lot), missing))
        name = " ".join(filter(None, (payload["adjustment"], reason.name)))
        return {
            "pointer": f"{pointer}/quantity",
            "missing": missing,
            "moves": [
                {
                    **self._prepare_move(quant, amount, quant.location_id, destination, name),
                    "is_inventory": False,
                }
                for quant, amount in taken
            ],
            "values": {
                "product_id": product.id,
                "lot_id": lot.id,
                "reason_id": reason.id,
                "from_status": line["from"],
                "to_status": line["to"],
                "quantity": quantity,
                "previous_quantity": sum(quants.mapped("quantity")),
                "value": 0.0,
            },
        }

    def _read_effects(self, message, warehouse, line, product, pointer):
        quantity = self._read_quantity(message, line, "quantity", product, pointer)
        return [
            (self._find_place(warehouse, line["from"], pointer), -quantity),
            (self._find_place(warehouse, line["to"], pointer), quantity),
        ]

    def _record(self, message, payload, warehouse, lines):
        adjustment = super()._record(message, payload, warehouse, lines)
        # as Odoo does with what was received: transfers that wait for such goods get them
        adjustment.line_ids.move_ids._trigger_assign()
        return adjustment

    def _get_variance_code(self, errors):
        return MISSING

    def _get_variances(self, message, payload, warehouse, lines):
        return [
            {
                "pointer": line["pointer"],
                "code": MISSING,
                "detail": self._describe_missing(warehouse, line["values"]),
            }
            for line in lines
            if line["missing"]
        ]

    def _describe_missing(self, warehouse, values):
        product = self.env["product.product"].browse(values["product_id"])
        return _(
            "%(product)s: %(quantity)s %(unit)s change their status, Odoo has %(ours)s of it in %(warehouse)s.",
            product=product.display_name,
            quantity=formats.quantity_text(values["quantity"]),
            unit=product.uom_id.name,
            ours=formats.quantity_text(values["previous_quantity"]),
            warehouse=warehouse.name,
        )
