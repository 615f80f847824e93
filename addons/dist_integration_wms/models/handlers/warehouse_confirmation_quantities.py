from odoo import _, models
from odoo.tools import float_compare

from odoo.addons.dist_integration_base.lib.handling import BusinessError

from ...lib import formats
from ...lib.confirmation import GOOD, Portion


class WarehouseConfirmationHandler(models.AbstractModel):
    """How much was moved, of which lot, into which package."""

    _inherit = "dist.handler.warehouse.confirmation"

    def _read_portions(self, plan, line, pointer, moves):
        """:return: list of Portion of a line, in the product's unit"""
        move = moves[0]
        unit = self._read_unit(plan, line, pointer, move)

        def convert(text, where):
            return self._convert_quantity(text, unit, move.product_id, where)

        total = convert(line["quantity"], f"{pointer}/quantity")
        if line.get("serials"):
            portions = [
                Portion(1.0, f"{pointer}/serials/{index}", lot_name=serial, package_key=line.get("package"))
                for index, serial in enumerate(line["serials"])
            ]
        elif line.get("allocations"):
            portions = [
                self._read_allocation(allocation, f"{pointer}/allocations/{index}", convert)
                for index, allocation in enumerate(line["allocations"])
            ]
        else:
            portions = [Portion(total, pointer, package_key=line.get("package"))]
        portions = self._add_conditions(line, pointer, portions, convert)
        self._check_total(line, pointer, move, total, portions)
        return [portion for portion in portions if portion.quantity > 0]

    def _read_unit(self, plan, line, pointer, move):
        code, known = line.get("unit"), move.product_uom | move.product_id.uom_id
        if not code:
            return move.product_uom
        return plan.find_once(
            ("unit", code, known), lambda: self._find_unit(plan.message, code, f"{pointer}/unit", known)
        )

    def _read_allocation(self, allocation, pointer, convert):
        return Portion(
            convert(allocation["quantity"], f"{pointer}/quantity"),
            pointer,
            lot_name=allocation.get("lot"),
            expiry=self._read_text(allocation.get("expiry"), formats.read_expiry, f"{pointer}/expiry"),
            package_key=allocation.get("package"),
            condition=allocation.get("condition", GOOD),
        )

    def _add_conditions(self, line, pointer, portions, convert):
        """Goods in another condition are stated for the line, for its lots, or for both alike.

        :return: portions with those that only the line states
        """
        for condition, name in self._get_condition_fields().items():
            if name in line:
                portions = self._add_condition(line, f"{pointer}/{name}", portions, condition, convert)
        return portions

    def _get_condition_fields(self):
        """:return: dict, condition to the field of a line that states its quantity"""
        return {}

    def _add_condition(self, line, pointer, portions, condition, convert):
        stated = convert(line[pointer.rsplit("/", 1)[1]], pointer)
        listed = [portion for portion in portions if portion.condition == condition]
        if not listed and stated:
            lots = {portion.lot_name for portion in portions}
            lot_name = lots.pop() if len(lots) == 1 else None
            return [*portions, Portion(stated, pointer, lot_name=lot_name, condition=condition)]
        told = sum(portion.quantity for portion in listed)
        if float_compare(told, stated, precision_digits=6):
            raise BusinessError(
                "allocation_mismatch",
                _(
                    "The lots add up to %(sum)s, the line says %(total)s.",
                    sum=formats.quantity_text(told),
                    total=formats.quantity_text(stated),
                ),
                pointer,
            )
        return portions

    def _check_total(self, line, pointer, move, total, portions):
        good = sum(portion.quantity for portion in portions if portion.condition == GOOD)
        if float_compare(good, total, precision_rounding=move.product_id.uom_id.rounding):
            raise BusinessError(
                "allocation_mismatch",
                _(
                    "The lots of %(product)s add up to %(sum)s, the line says %(total)s %(unit)s.",
                    product=move.product_id.display_name,
                    sum=formats.quantity_text(good),
                    total=formats.quantity_text(total),
                    unit=move.product_id.uom_id.name,
                ),
                pointer,
            )

    def _spread(self, portions, plans, line, pointer):
        """Give portions to moves of the same item, each as much as is open; what is over goes to the last."""
        for plan in plans:
            if line.get("reason"):
                plan.reasons.append(line["reason"])
            if plan.pointer == "/lines":
                plan.pointer = pointer
        for portion in portions:
            self._spread_portion(portion, plans)

    def _spread_portion(self, portion, plans):
        rest = portion.quantity
        for plan in plans[:-1]:
            room = plan.asked - plan.quantity
            if plan.move._dist_is_zero(rest) or room <= 0 or plan.move._dist_is_zero(room):
                continue
            part = min(rest, room)
            plan.portions.append(_part_of(portion, part))
            rest -= part
        if not plans[-1].move._dist_is_zero(rest):
            plans[-1].portions.append(_part_of(portion, rest))

    def _check_quantities(self, plan):
        """:raises BusinessError: more was moved than may be; names every line"""
        over = [
            move_plan
            for move_plan in plan.moves
            if float_compare(
                move_plan.quantity,
                self._get_limit(move_plan),
                precision_rounding=move_plan.move.product_id.uom_id.rounding,
            )
            > 0
        ]
        code = f"over_{self._get_kind()}"
        if not over or plan.message._accepts(code):
            return
        errors = [
            {"pointer": item.pointer, "code": code, "detail": self._describe_over(item)} for item in over
        ]
        raise BusinessError(
            code,
            " ".join(error["detail"] for error in errors),
            errors[0]["pointer"],
            summary=_(
                "More than asked for on %(picking)s: %(skus)s",
                picking=plan.picking.name,
                skus=", ".join(
                    item.move.product_id.default_code or item.move.product_id.name for item in over
                ),
            ),
            severity="high",
            record=plan.picking,
            suggestion=_(
                "Accept the variance when the quantity is right, or correct the message and resubmit it."
            ),
            errors=errors,
        )

    def _get_limit(self, move_plan):
        """:return: how much of a move is accepted without asking a person, in the product's unit"""
        return move_plan.asked

    def _describe_over(self, move_plan):
        return _(
            "%(product)s: %(quantity)s %(unit)s confirmed, %(asked)s open.",
            product=move_plan.move.product_id.display_name,
            quantity=formats.quantity_text(move_plan.quantity),
            asked=formats.quantity_text(move_plan.asked),
            unit=move_plan.move.product_id.uom_id.name,
        )


def _part_of(portion, quantity):
    return Portion(
        quantity,
        portion.pointer,
        lot_name=portion.lot_name,
        expiry=portion.expiry,
        package_key=portion.package_key,
        condition=portion.condition,
        disposition=portion.disposition,
    )
