from odoo import models

from ...lib.confirmation import GOOD
from .unposted import Effect


class WarehouseConfirmationHandler(models.AbstractModel):
    """What confirmations that wait would change: a reconciliation takes it into account."""

    _inherit = "dist.handler.warehouse.confirmation"

    def _find_unposted_target(self, message, payload):
        return self._find_meant(message, payload)

    def _filter_unposted(self, message, payload, effects):
        return [] if self._is_told_anew(message, payload, effects) else effects

    def _is_told_anew(self, message, payload, effects):
        """Of a transfer that is still open the warehouse may have told a part again, in place of what was refused.

        :param effects: list of Effect of a message
        :return: True when a later confirmation of the transfer, which was applied, moved one of its items
        """
        if message.state != "dead":
            return False
        since = self._find_told_since(message, self._find_pickings(message, payload))
        moved = since.picking_id.move_ids.filtered(lambda move: move.state == "done").product_id
        return any(effect.product in moved for effect in effects)

    def _find_told_since(self, message, pickings):
        """:return: dist.warehouse.confirmation, later ones of transfers that were applied"""
        return self.env["dist.warehouse.confirmation"].search(
            [
                ("picking_id", "in", (pickings | pickings.backorder_ids).ids),
                ("message_id.id", ">", message.id),
            ]
        )

    def _find_applied(self, message, payload):
        """:return: dist.warehouse.confirmation that was applied under the number of a message; empty for none"""
        return self.env["dist.warehouse.confirmation"]._find(
            message.system_id, self._get_kind(), payload["confirmation"]
        )

    def _find_meant(self, message, payload):
        """:return: stock.picking whose warehouse and lines a message that was not booked speaks of; empty for none"""
        pickings = self._find_pickings(message, payload)
        said = pickings if self._is_still_said(message, pickings) else pickings.browse()
        return self._get_open(pickings) or said[:1]

    def _is_still_said(self, message, pickings):
        """Of a transfer with nothing open the warehouse has told the rest since, in place of what was refused; unless
        it was cancelled here meanwhile.

        :return: True when goods are said to have moved all the same
        """
        kind = self._get_kind()
        if message.state != "dead" or message.error_code in (f"{kind}_cancelled", f"{kind}_finished"):
            return True
        is_cancelled = set(pickings.mapped("state")) == {"cancel"}
        return is_cancelled and not self._find_told_since(message, pickings)

    def _prepare_effects(self, message, picking, line, pointer):
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
                place,
                product,
                lot_name if tracked else None,
                sign * self._convert_quantity(text, unit, product, pointer),
            )
            for lot_name, text, condition in self._split_line(line)
            if (place := self._get_effect_place(warehouse, condition)).usage == "internal"
        ]

    def _get_effect_place(self, warehouse, condition):
        """:return: stock.location of goods in a condition; the stock, where they have no place of their own yet"""
        own = warehouse._dist_get_status_location(condition) if condition != GOOD else None
        return own or warehouse.lot_stock_id

    def _split_line(self, line):
        """:return: list of (lot name, quantity as text, condition) that a line states"""
        if line.get("serials"):
            parts = [(serial, "1", self._get_condition(line, {})) for serial in line["serials"]]
        elif line.get("allocations"):
            parts = [
                (item.get("lot"), item["quantity"], self._get_condition(line, item))
                for item in line["allocations"]
            ]
        else:
            parts = [(None, line["quantity"], self._get_condition(line, {}))]
        lots = {lot_name for lot_name, _text, _condition in parts}
        listed = {condition for _lot_name, _text, condition in parts}
        return parts + [
            (next(iter(lots)) if len(lots) == 1 else None, line[name], condition)
            for condition, name in self._get_condition_fields().items()
            if name in line and condition not in listed
        ]

    def _get_condition(self, line, part):
        """:return: in which condition a part of a line is, as of `_get_effect_place`"""
        return part.get("condition", GOOD)
