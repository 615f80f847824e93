from odoo import _, models
from odoo.tools import float_compare

from odoo.addons.dist_integration_base.lib.handling import BusinessError, ExceptionSpec

from ...lib import formats


class ShipmentConfirmedHandler(models.AbstractModel):
    """What was picked, where the warehouse tells it apart from what it shipped.

    Picking moves no stock in Odoo: what was picked and did not leave is still in the warehouse.
    """

    _inherit = "dist.handler.shipment.confirmed"

    def _plan_line(self, plan, line, pointer, plans, products):
        items = super()._plan_line(plan, line, pointer, plans, products)
        if "picked_quantity" in line:
            self._add_picked(plan, line, pointer, items)
        return items

    def _add_picked(self, plan, line, pointer, items):
        """Spread what was picked and not shipped over the moves of a line, each as much as is open.

        :param items: list of MovePlan, with what was shipped
        :raises BusinessError: less was picked than shipped
        """
        move, product = items[0].move, items[0].move.product_id
        unit = self._read_unit(plan, line, pointer, move)
        picked, shipped = (
            self._convert_quantity(line[name], unit, product, f"{pointer}/{name}")
            for name in ("picked_quantity", "quantity")
        )
        if float_compare(picked, shipped, precision_rounding=product.uom_id.rounding) < 0:
            raise BusinessError(
                "picked_less_than_shipped",
                _(
                    "%(product)s: %(shipped)s %(unit)s were shipped, but only %(picked)s picked.",
                    product=product.display_name,
                    shipped=formats.quantity_text(shipped),
                    unit=product.uom_id.name,
                    picked=formats.quantity_text(picked),
                ),
                f"{pointer}/picked_quantity",
                record=plan.picking,
            )
        left = picked - shipped
        for item in items:
            room = max(item.asked - item.quantity - (item.left or 0.0), 0.0)
            part = left if item is items[-1] else min(left, room)
            item.left = (item.left or 0.0) + part
            left -= part

    # effect

    def _finish(self, plans):
        for plan in plans:
            for item in plan.moves:
                if item.left is not None:
                    self._keep_picked(item)
        result = super()._finish(plans)
        for plan in plans:
            if plan.is_final:
                plan.exceptions += self._prepare_picked_left(plan)
        return result

    def _keep_picked(self, item):
        move = item.move
        if move.id:  # a substitute of which nothing was shipped has none
            unit = move.product_id.uom_id
            picked = item.quantity + item.left
            move.dist_picked_quantity = unit._compute_quantity(picked, move.product_uom, round=False)

    def _describe_picked(self, item):
        return _(
            "%(product)s: %(picked)s %(unit)s picked, %(shipped)s shipped, %(left)s left.",
            product=item.move.product_id.display_name,
            picked=formats.quantity_text(item.quantity + item.left),
            unit=item.move.product_id.uom_id.name,
            shipped=formats.quantity_text(item.quantity),
            left=formats.quantity_text(item.left),
        )

    def _prepare_picked_left(self, plan):
        """:return: list of ExceptionSpec: what stands picked in the warehouse when it has finished"""
        left = [item for item in plan.moves if item.left and not item.move._dist_is_zero(item.left)]
        if not left:
            return []
        return [
            ExceptionSpec(
                "business",
                "picked_not_shipped",
                _(
                    "Picked for %(picking)s and not shipped: %(skus)s",
                    picking=plan.picking.name,
                    skus=", ".join(
                        item.move.product_id.default_code or item.move.product_id.name for item in left
                    ),
                ),
                detail="\n".join(map(self._describe_picked, left)),
                record=self._get_backorder(plan) or plan.picking,
                suggestion=_(
                    "The goods stand picked in the warehouse; in Odoo they are still in stock. Have them shipped with "
                    "the rest, or put back."
                ),
                fingerprint=f"stock.picking/{plan.picking.id}/picked",
            )
        ]

    # answer

    def _get_answer_line(self, plan, move_plan):
        line = super()._get_answer_line(plan, move_plan)
        if move_plan.left is None:
            return line
        return {**line, "picked": formats.quantity_text(move_plan.quantity + move_plan.left)}
