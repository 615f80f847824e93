from odoo import _, models

from odoo.addons.dist_integration_base.lib.handling import BusinessError

from ...lib.confirmation import GOOD
from ..stock_warehouse_status import STATUSES


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

    # goods in other conditions

    def _get_condition_fields(self):
        return {"damaged": "damaged_quantity", "hold": "hold_quantity"}

    def _set_destinations(self, plan):
        warehouse = plan.picking.picking_type_id.warehouse_id
        for _move_plan, portion in plan.portions:
            if portion.condition == GOOD:
                continue
            portion.destination = warehouse._dist_get_status_location(portion.condition)
            if not portion.destination:
                raise self._prepare_no_place(plan, portion)

    def _prepare_no_place(self, plan, portion):
        labels = dict(STATUSES)
        return BusinessError(
            f"{portion.condition}_goods",
            _(
                "%(picking)s brought goods that are: %(condition)s. %(warehouse)s has no place for them.",
                picking=plan.picking.name,
                condition=labels[portion.condition],
                warehouse=plan.picking.picking_type_id.warehouse_id.name,
            ),
            portion.pointer,
            record=plan.picking,
            severity="high",
            suggestion=_(
                "Choose the location in the form of the warehouse and retry, or correct the message."
            ),
        )

    # lots

    def _check_lots(self, plan, portions):
        """Lots that do not exist are created with the receipt."""
        self._check_not_in_stock(plan, portions)

    def _prepare_picking(self, plan):
        result = super()._prepare_picking(plan)
        self._create_lots(plan)
        return result

    def _create_lots(self, plan):
        missing = {}
        new = [pair for pair in plan.portions if pair[1].lot_name and not pair[1].lot]
        for move_plan, portion in new:
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
        # the lot has the date that was told first
        self._check_expiry(plan, new)

    def _give_lot(self, portions, lot):
        for portion in portions:
            portion.lot = lot

    def _prepare_lot(self, plan, product, name, portions):
        vals = {"name": name, "product_id": product.id, "company_id": plan.picking.company_id.id}
        expiry = next((portion.expiry for portion in portions if portion.expiry), None)
        if expiry and product.use_expiration_date:
            vals["expiration_date"] = expiry
        return vals
