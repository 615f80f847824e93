from odoo import _, models
from odoo.tools import float_compare

from odoo.addons.dist_integration_base.lib.handling import BusinessError

from ...lib import formats
from ...lib.confirmation import Portion


class ReceiptConfirmedHandler(models.AbstractModel):
    """The warehouse received goods of a purchase: all, part, more, or damaged."""

    _name = "dist.handler.receipt.confirmed"
    _inherit = "dist.handler.warehouse.confirmation"
    _description = "Receipt confirmed"

    def _get_kind(self):
        return "receipt"

    def _get_verb(self):
        return "received"

    def _find_pickings(self, message, payload):
        if payload.get("receipt") or not payload.get("order"):
            return super()._find_pickings(message, payload)
        order = self.env["purchase.order"].search(
            [("name", "=", payload["order"]), ("company_id", "=", message.company_id.id)], limit=1
        )
        return order.picking_ids.filtered_domain(self._get_picking_domain(message)).sorted("id")

    def _choose_picking(self, plan):
        picking = super()._choose_picking(plan)
        if not plan.payload.get("receipt"):
            self._check_only_open(plan)
        return picking

    def _check_only_open(self, plan):
        """A purchase order only stands for its receipt while a single one is open."""
        pickings = self._find_pickings(plan.message, plan.payload)
        still_open = pickings.filtered(lambda picking: picking.state not in ("done", "cancel"))
        if len(still_open) > 1:
            raise BusinessError(
                "several_receipts",
                _(
                    "Several receipts of %(order)s are open: %(receipts)s. Name one of them.",
                    order=plan.payload["order"],
                    receipts=", ".join(still_open.mapped("name")),
                ),
                "/order",
                record=still_open[0],
            )

    def _get_limit(self, move_plan):
        percent = move_plan.move.picking_type_id.warehouse_id.dist_over_receipt_percent
        return move_plan.asked * (1 + percent / 100)

    # damaged goods

    def _add_conditions(self, line, pointer, portions, convert):
        """Damaged goods are stated for the line, for its lots, or for both alike."""
        if "damaged_quantity" not in line:
            return portions
        stated = convert(line["damaged_quantity"], f"{pointer}/damaged_quantity")
        damaged = [portion for portion in portions if portion.damaged]
        if not damaged and stated:
            lots = {portion.lot_name for portion in portions}
            lot_name = lots.pop() if len(lots) == 1 else None
            return [
                *portions,
                Portion(stated, f"{pointer}/damaged_quantity", lot_name=lot_name, damaged=True),
            ]
        told = sum(portion.quantity for portion in damaged)
        if float_compare(told, stated, precision_digits=6):
            raise BusinessError(
                "allocation_mismatch",
                _(
                    "The damaged lots add up to %(sum)s, the line says %(total)s.",
                    sum=formats.quantity_text(told),
                    total=formats.quantity_text(stated),
                ),
                f"{pointer}/damaged_quantity",
            )
        return portions

    def _check_quantities(self, plan):
        result = super()._check_quantities(plan)
        warehouse = plan.picking.picking_type_id.warehouse_id
        damaged = [portion for _move_plan, portion in plan.portions if portion.damaged]
        if damaged and not warehouse.dist_damaged_location_id:
            raise BusinessError(
                "damaged_goods",
                _(
                    "Damaged goods were received on %(picking)s, and %(warehouse)s has no place for them.",
                    picking=plan.picking.name,
                    warehouse=warehouse.name,
                ),
                damaged[0].pointer,
                record=plan.picking,
                severity="high",
                suggestion=_(
                    "Set the location for damaged goods of the warehouse and retry, or correct the message."
                ),
            )
        return result

    # lots

    def _check_lots(self, plan, portions):
        """Lots that do not exist are created with the receipt."""

    def _prepare_picking(self, plan):
        result = super()._prepare_picking(plan)
        self._create_lots(plan)
        return result

    def _create_lots(self, plan):
        missing = {}
        for move_plan, portion in plan.portions:
            if portion.lot_name and not portion.lot:
                key = (move_plan.move.product_id, portion.lot_name)
                missing.setdefault(key, []).append(portion)
        found = self._read_lots(plan, [pair for pair in plan.portions if pair[1].lot_name]) if missing else {}
        # another confirmation of the same batch may have created some
        for (product, name), portions in list(missing.items()):
            lot = found.get((product.id, name))
            if lot:
                self._give_lot(portions, lot)
                missing.pop((product, name))
        lots = self.env["stock.lot"].create(
            [
                self._prepare_lot(plan, product, name, portions)
                for (product, name), portions in missing.items()
            ]
        )
        for lot, portions in zip(lots, missing.values(), strict=True):
            self._give_lot(portions, lot)

    def _give_lot(self, portions, lot):
        for portion in portions:
            portion.lot = lot

    def _prepare_lot(self, plan, product, name, portions):
        vals = {"name": name, "product_id": product.id, "company_id": plan.picking.company_id.id}
        expiry = next((portion.expiry for portion in portions if portion.expiry), None)
        if expiry and product.use_expiration_date:
            vals["expiration_date"] = expiry
        return vals
