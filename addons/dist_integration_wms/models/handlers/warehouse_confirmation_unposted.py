from typing import Any, NamedTuple

from odoo import models

from odoo.addons.dist_integration_base.lib.errors import IntegrationError
from odoo.addons.dist_integration_base.lib.handling import ApplyError


class Effect(NamedTuple):
    """What a confirmation will do to the stock of a warehouse once it is booked.

    :param quantity: in the product's unit, less than 0 when goods leave
    """

    warehouse: Any
    product: Any
    lot_name: str | None
    quantity: float


class WarehouseConfirmationHandler(models.AbstractModel):
    """What confirmations that wait would change: a reconciliation takes it into account."""

    _inherit = "dist.handler.warehouse.confirmation"

    def _get_unposted_effects(self, message, moment):
        """Effects of a message that was not booked, as far as it says it happened before a moment.

        What cannot be read counts for nothing: its exception is in the queue.

        :param moment: datetime, UTC
        :return: list of Effect
        """
        try:
            payload = message._get_valid_payload()
            happened = (
                self._read_past_moment(message, payload, self._get_moment_name()) or message.received_at
            )
            picking = self._find_meant(message, payload)
        except (IntegrationError, ApplyError):
            return []
        if not picking or happened > moment:
            return []
        effects = []
        for index, line in enumerate(payload["lines"]):
            try:
                effects += self._read_effects(message, picking, line, f"/lines/{index}")
            except (IntegrationError, ApplyError):
                continue
        return effects

    def _find_meant(self, message, payload):
        """:return: stock.picking whose warehouse and lines a message that was not booked speaks of; empty for none"""
        pickings = self._find_pickings(message, payload)
        return self._get_open(pickings) or pickings[:1]

    def _read_effects(self, message, picking, line, pointer):
        moves = picking.move_ids.filtered(lambda move: move._dist_get_line_ref() == line.get("line"))
        product = moves[:1].product_id
        named = line.get("sku") or line.get("gtin")
        if not product or (named and not self._is_item(line, product)):
            product = self._find_product(message, line, pointer)
        unit = moves[:1].product_uom or product.uom_id
        if line.get("unit"):
            unit = self._find_unit(message, line["unit"], f"{pointer}/unit", unit | product.uom_id)
        warehouse = picking.picking_type_id.warehouse_id
        sign = -1.0 if self._get_kind() == "shipment" else 1.0
        tracked = product.tracking != "none"
        return [
            Effect(
                warehouse,
                product,
                lot_name if tracked else None,
                sign * self._convert_quantity(text, unit, product, pointer),
            )
            for lot_name, text, is_damaged in _split_line(line)
            if not is_damaged or warehouse.dist_damaged_location_id.usage == "internal"
        ]


def _split_line(line):
    """:return: list of (lot name, quantity as text, damaged) that a line states"""
    if line.get("serials"):
        return [(serial, "1", False) for serial in line["serials"]]
    if line.get("allocations"):
        return [
            (item.get("lot"), item["quantity"], item.get("condition") == "damaged")
            for item in line["allocations"]
        ]
    damaged = line.get("damaged_quantity")
    parts = [(None, line["quantity"], False)]
    return [*parts, (None, damaged, True)] if damaged else parts
