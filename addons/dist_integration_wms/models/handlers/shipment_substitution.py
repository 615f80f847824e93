from odoo import _, models

from odoo.addons.dist_integration_base.lib.handling import ApplyError, BusinessError

from ...lib.confirmation import MovePlan
from .warehouse_confirmation_lines import NO_NAME

NOT_APPROVED = "substitution_not_approved"


class ShipmentConfirmedHandler(models.AbstractModel):
    """Items that were shipped instead of others: approved ones are booked, others ask a person."""

    _inherit = "dist.handler.shipment.confirmed"

    def _get_touched_products(self, moves, payload):
        products = super()._get_touched_products(moves, payload)
        named = {self._get_item_name(line) for line in payload["lines"]}
        if named <= self._get_item_names(products) | {NO_NAME}:
            return products
        approved = self.env["dist.product.substitution"].search([("product_id", "in", products.ids)])
        return products | approved.substitute_id

    # plan

    def _plan_line(self, plan, line, pointer, plans, products):
        substitute, originals = self._find_substitution(plan, line, pointer, list(plans), products)
        if not substitute:
            return super()._plan_line(plan, line, pointer, plans, products)
        return self._plan_substitute(plan, line, pointer, plans, substitute, originals)

    def _find_substitution(self, plan, line, pointer, moves, products):
        """What an item of a line stands for.

        :param moves: list of open stock.move
        :return: (product.product, list of stock.move); (None, []) when the line is about what was asked for
        :raises BusinessError: the warehouse says that it substituted, and nobody approved that
        """
        named = line.get("sku") or line.get("gtin")
        if not named or (not line.get("substitute_for") and self._is_asked(plan, line, moves)):
            return None, []
        substitute = products.get(int(pointer.rsplit("/", 1)[1])) or self._find_named(plan, line, pointer)
        originals = self._find_originals(plan, line, pointer, moves, substitute)
        if not substitute or not originals or originals[0].product_id == substitute:
            return None, []
        return substitute, originals

    def _is_asked(self, plan, line, moves):
        """:return: True when a line names an item of the moves it can be about"""
        return any(self._is_item(line, move.product_id) for move in self._get_meant(plan, line, moves))

    def _get_meant(self, plan, line, moves):
        """:return: list of moves with the number a line names; all when it names none"""
        if not line.get("line"):
            return moves
        if plan.moves_by_ref is None:
            plan.moves_by_ref = {}
            for move in moves:
                plan.moves_by_ref.setdefault(move._dist_get_line_ref(), []).append(move)
        return plan.moves_by_ref.get(line["line"], [])

    def _find_named(self, plan, line, pointer):
        """:return: product that a line names; None when it is not known: the line is refused for that then"""
        try:
            return self._find_product(plan.message, line, pointer)
        except ApplyError:
            if line.get("substitute_for"):
                raise
            return None

    def _find_originals(self, plan, line, pointer, moves, substitute):
        """:return: list of moves an item was shipped for"""
        if not substitute:
            return []
        said = line.get("substitute_for")
        candidates = [
            move
            for move in self._get_meant(plan, line, moves)
            if not said or self._is_item({"sku": said}, move.product_id)
        ]
        products = self.env["product.product"].union(*(move.product_id for move in candidates))
        approved = self.env["dist.product.substitution"]._find_substituted(
            products, substitute, plan.picking.company_id, plan.picking.partner_id
        )
        if said and substitute in products:
            return []
        if said and products and not approved:
            if not plan.message._accepts(NOT_APPROVED):
                raise self._prepare_not_approved(plan, pointer, products[0], substitute)
            approved = products
        if said and not products:
            raise BusinessError(
                "unknown_line",
                _("%(picking)s asks for no %(item)s.", picking=plan.picking.name, item=said),
                f"{pointer}/substitute_for",
                record=plan.picking,
            )
        # an item that may stand for several has to be said what it stands for
        return [move for move in candidates if move.product_id in approved] if len(approved) == 1 else []

    def _prepare_not_approved(self, plan, pointer, product, substitute):
        return BusinessError(
            NOT_APPROVED,
            _(
                "%(picking)s: %(substitute)s was shipped for %(product)s, which nobody approved.",
                picking=plan.picking.name,
                substitute=substitute.display_name,
                product=product.display_name,
            ),
            f"{pointer}/substitute_for",
            severity="high",
            record=plan.picking,
            suggestion=_(
                "Accept the variance when the customer takes it; approve the substitution for the next time. Else have "
                "the warehouse send the right item and correct the message."
            ),
        )

    def _plan_substitute(self, plan, line, pointer, plans, substitute, originals):
        stand_in = self.env["stock.move"].new(
            {
                "product_id": substitute.id,
                "product_uom": originals[0].product_uom.id,
                "location_id": plan.picking.location_id.id,
                "picking_id": plan.picking.id,
            }
        )
        portions = self._read_portions(plan, line, pointer, [stand_in])
        rest = sum(portion.quantity for portion in portions)
        item = MovePlan(stand_in, 0.0, portions, replaces={}, pointer=pointer)
        for move in originals:
            original = plans[move]
            taken = min(rest, max(original.asked - original.quantity, 0.0))
            if not move._dist_is_zero(taken):
                item.replaces[move] = taken
                original.asked -= taken
                original.substituted += taken
                item.asked += taken
                rest -= taken
        if not item.replaces:
            item.replaces[originals[0]] = 0.0
        plan.moves_added.append(item)
        plan.warn(
            "substituted",
            _(
                "%(substitute)s was booked for %(product)s.",
                substitute=substitute.display_name,
                product=originals[0].product_id.display_name,
            ),
            pointer,
        )
        return [item]

    # effect

    def _prepare_picking(self, plan):
        result = super()._prepare_picking(plan)
        for item in plan.moves:
            if item.replaces is not None and item.portions:
                self._substitute(plan, item)
        return result

    def _substitute(self, plan, item):
        """Take what was substituted off the moves that asked for it, and ask for the substitute."""
        substitute, origin = item.move.product_id, next(iter(item.replaces))
        item.move = origin.create(origin.copy_data(self._prepare_substitute(origin, substitute, item)))
        item.move._action_confirm(merge=False)
        for move, quantity in item.replaces.items():
            if not move._dist_is_zero(quantity):
                move._dist_set_open_quantity(move.product_qty - quantity)
        plan.picking.message_post(
            body=_(
                "%(substitute)s was shipped for %(product)s.",
                substitute=substitute.display_name,
                product=origin.product_id.display_name,
            )
        )

    def _prepare_substitute(self, origin, substitute, item):
        vals = {
            "product_id": substitute.id,
            "product_uom": substitute.uom_id.id,
            "product_uom_qty": item.asked or item.quantity,
            "picking_id": origin.picking_id.id,
            "sale_line_id": False,
            "procure_method": "make_to_stock",
            "dist_line_ref": False,
            "dist_stands_for": self._get_replaced(item),
            "description_picking": substitute.display_name,
        }
        label = {"name": substitute.display_name}
        return vals | label if "name" in origin._fields else vals

    def _get_replaced(self, item):
        """:return: dict, line as messages call it to how much of it was shipped as another item"""
        replaced = {}
        for move, quantity in item.replaces.items():
            ref = move._dist_get_line_ref()
            replaced[ref] = replaced.get(ref, 0.0) + quantity
        return replaced

    # answer

    def _get_answer_line(self, plan, move_plan):
        line = super()._get_answer_line(plan, move_plan)
        if move_plan.replaces is not None:
            return {**line, "substitute_for": next(iter(move_plan.replaces)).product_id.default_code or None}
        return line
