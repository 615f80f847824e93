from odoo import models
from odoo.tools import float_compare

from .unposted import Effect


class StockHandler(models.AbstractModel):
    """What messages about stock that wait would change: a reconciliation takes it into account."""

    _inherit = "dist.handler.stock"

    def _get_moment_name(self):
        return "adjusted_at"

    def _find_unposted_target(self, message, payload):
        return self._find_warehouse(message, payload)

    def _prepare_effects(self, message, warehouse, line, pointer):
        """:return: list of Effect: without what lies where nothing is in stock"""
        (product,) = self._find_products(message, [(line, pointer)])
        lot_name = line.get("lot") if product.tracking != "none" else None
        parts = self._read_effects(message, warehouse, line, product, pointer)
        if self._is_told_anew(message, product, lot_name, parts[-1][1]):
            return []
        return [
            Effect(warehouse, place, product, lot_name, quantity)
            for place, quantity in parts
            if place.usage == "internal"
        ]

    def _is_told_anew(self, message, product, lot_name, quantity):
        """What was refused may have been told again under another number.

        :param quantity: as dist.stock.adjustment.line has it
        :return: True when the same change of the same goods was applied since
        """
        if message.state != "dead":
            return False
        since = self.env["dist.stock.adjustment.line"].search(
            [
                ("adjustment_id.system_id", "=", message.system_id.id),
                ("adjustment_id.kind", "=", self._get_kind()),
                ("adjustment_id.message_id.id", ">", message.id),
                ("product_id", "=", product.id),
                ("lot_id.name", "=", lot_name) if lot_name else ("lot_id", "=", False),
            ]
        )
        rounding = product.uom_id.rounding
        return any(not float_compare(line.quantity, quantity, precision_rounding=rounding) for line in since)

    def _read_effects(self, message, warehouse, line, product, pointer):
        """:return: list of (stock.location, quantity in the product's unit; less than 0 when goods leave it)"""
        raise NotImplementedError
