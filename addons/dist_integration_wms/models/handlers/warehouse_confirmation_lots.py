from odoo import _, models
from odoo.tools import float_compare

from odoo.addons.dist_integration_base.lib.handling import BusinessError, ExceptionSpec

from ...lib import formats


class WarehouseConfirmationHandler(models.AbstractModel):
    """The lots and serial numbers a confirmation names."""

    _inherit = "dist.handler.warehouse.confirmation"

    def _check_tracking(self, plan):
        """Lots and serial numbers where the item has them, and only there."""
        for move_plan, portion in plan.portions:
            product = move_plan.move.product_id
            if product.tracking == "none":
                if portion.lot_name:
                    plan.warn(
                        "lot_ignored",
                        _("%s is not tracked by lots in Odoo; the lot was left aside.", product.display_name),
                        portion.pointer,
                    )
                    portion.lot_name = None
                continue
            if not portion.lot_name:
                raise BusinessError(
                    "lot_missing",
                    _(
                        "%s is tracked by lot or serial number; the confirmation names none.",
                        product.display_name,
                    ),
                    portion.pointer,
                    record=plan.picking,
                    suggestion=_("Ask the warehouse which lots it moved, then use Correct and resubmit."),
                )
            if product.tracking == "serial":
                self._check_serial(plan, move_plan, portion)

    def _check_serial(self, plan, move_plan, portion):
        product = move_plan.move.product_id
        key = (product.id, portion.lot_name)
        is_one = not float_compare(portion.quantity, 1.0, precision_rounding=product.uom_id.rounding)
        if key in plan.serials or not is_one:
            raise BusinessError(
                "serial_twice",
                _(
                    "Serial number %(serial)s of %(product)s stands for one piece only.",
                    serial=portion.lot_name,
                    product=product.display_name,
                ),
                portion.pointer,
                record=plan.picking,
            )
        plan.serials.add(key)

    def _resolve_lots(self, plan):
        """Give every portion with a lot its record.

        :raises ApplyError: a lot cannot be used
        """
        portions = [(move_plan, portion) for move_plan, portion in plan.portions if portion.lot_name]
        if not portions:
            return
        found = self._read_lots(plan, portions)
        for move_plan, portion in portions:
            portion.lot = found.get((move_plan.move.product_id.id, portion.lot_name))
        self._check_lots(plan, portions)
        self._check_expiry(plan, portions)

    def _read_lots(self, plan, portions):
        """:return: dict, (product id, name) to stock.lot, of those that exist"""
        lots = self.env["stock.lot"].search(
            [
                ("product_id", "in", list({item.move.product_id.id for item, _portion in portions})),
                ("name", "in", list({portion.lot_name for _item, portion in portions})),
                ("company_id", "in", (False, plan.picking.company_id.id)),
            ]
        )
        return {(lot.product_id.id, lot.name): lot for lot in lots}

    def _check_lots(self, plan, portions):
        raise NotImplementedError

    def _check_not_in_stock(self, plan, portions):
        """:raises BusinessError: a serial number that comes in is in stock already"""
        pointers = {
            portion.lot: portion.pointer
            for move_plan, portion in portions
            if portion.lot and move_plan.move.product_id.tracking == "serial"
        }
        stock = self.env["stock.lot"].union(*pointers)._dist_get_stock() if pointers else []
        for lot, location in stock:
            raise BusinessError(
                "serial_in_stock",
                lot._dist_describe_in_stock(location),
                pointers[lot],
                record=plan.picking,
                suggestion=_("Correct the number and resubmit, or correct the stock and retry."),
            )

    def _check_expiry(self, plan, portions):
        """The lot's date in Odoo stays; a person decides whose is right."""
        for move_plan, portion in portions:
            known = portion.lot and portion.lot.expiration_date
            if portion.expiry and known and known.date() != portion.expiry.date():
                plan.exceptions.append(
                    ExceptionSpec(
                        "business",
                        "expiry_differs",
                        _(
                            "Lot %(lot)s of %(product)s: expiration dates differ",
                            lot=portion.lot_name,
                            product=move_plan.move.product_id.display_name,
                        ),
                        detail=_(
                            "The warehouse says %(theirs)s, Odoo says %(ours)s. Odoo's date was kept.",
                            theirs=formats.day_text(portion.expiry),
                            ours=formats.day_text(known),
                        ),
                        record=plan.picking,
                        suggestion=_(
                            "Have the label read, and correct the lot in Odoo when the warehouse is right."
                        ),
                        fingerprint=f"stock.lot/{portion.lot.id}/{formats.day_text(portion.expiry)}",
                    )
                )
