from odoo import _, models

from odoo.addons.dist_integration_base.lib.handling import BusinessError

from ...lib.confirmation import MovePlan

NO_NAME = (None, None)


class WarehouseConfirmationHandler(models.AbstractModel):
    """Which moves the lines of a confirmation speak of."""

    _inherit = "dist.handler.warehouse.confirmation"

    def _plan_moves(self, plan):
        """Spread the lines of the message over the moves of the transfer.

        :return: list of MovePlan, one for each open move, and for what was moved instead
        """
        moves = plan.picking.move_ids.filtered(lambda move: move.state not in ("done", "cancel"))
        plans = {move: MovePlan(move, move.product_qty) for move in moves}
        products = self._read_line_products(plan, moves)
        for index, line in enumerate(plan.payload["lines"]):
            if not self._is_finished_line(plan, line, moves):
                self._plan_line(plan, line, f"/lines/{index}", plans, products)
        return [*plans.values(), *plan.moves_added]

    def _is_finished_line(self, plan, line, moves):
        """:return: True when nothing more was moved of a line that is not among the open moves any more"""
        ref = line.get("line")
        if not ref or self._has_moved(line) or any(move._dist_get_line_ref() == ref for move in moves):
            return False
        known = self._find_pickings(plan.message, plan.payload).move_ids
        return any(move._dist_get_line_ref() == ref for move in known)

    def _has_moved(self, line):
        names = ("quantity", *self._get_condition_fields().values())
        return any(self._decimal(line.get(name, "0")) for name in names)

    def _plan_line(self, plan, line, pointer, plans, products):
        """
        :param plans: dict, open stock.move to its MovePlan
        :param products: as of `_read_line_products`
        :return: list of the MovePlan that the line speaks of
        """
        moves = plan.picking.move_ids.browse([move.id for move in plans])
        candidates = self._find_moves(line, pointer, plan, moves, products)
        portions = self._read_portions(plan, line, pointer, candidates)
        items = [plans[move] for move in candidates]
        self._spread(portions, items, line, pointer)
        return items

    def _read_line_products(self, plan, moves):
        """Look up the items that are not named as the moves' own products are.

        :return: dict, index of a line to its product
        """
        named = self._get_item_names(moves.product_id)
        unclear = {
            index: line
            for index, line in enumerate(plan.payload["lines"])
            if self._get_item_name(line) not in named | {NO_NAME}
        }
        items = [(line, f"/lines/{index}") for index, line in unclear.items()]
        return dict(zip(unclear, self._find_products(plan.message, items) if items else (), strict=True))

    def _get_item_names(self, products):
        """:return: set of the names that products have, as of `_get_item_name`"""
        names = set()
        for product in products:
            sku, gtin = self._get_item_name({"sku": product.default_code, "gtin": product.barcode})
            names |= {(sku, gtin), (sku, None), (None, gtin)}
        return names - {NO_NAME}

    def _get_item_name(self, line):
        """:return: (sku, GTIN without zeros in front) of a line, None for what it does not say"""
        return line.get("sku") or None, (line.get("gtin") or "").lstrip("0") or None

    def _find_moves(self, line, pointer, plan, moves, products):
        """:return: moves that a line speaks of; :raises BusinessError: none"""
        ref = line.get("line")
        if ref:
            found = moves.filtered(lambda move: move._dist_get_line_ref() == ref)
            if not found:
                raise BusinessError(
                    "unknown_line",
                    _("%(picking)s has no open line %(line)s.", picking=plan.picking.name, line=ref),
                    f"{pointer}/line",
                    record=plan.picking,
                )
            self._check_item(line, pointer, plan, found[:1], products)
            return found
        product = products.get(_index_of(pointer))
        found = moves.filtered(
            lambda move: move.product_id == product if product else self._is_item(line, move.product_id)
        )
        if not found:
            raise BusinessError(
                "item_not_asked",
                _(
                    "Item %(item)s is not on %(picking)s.",
                    item=line.get("sku") or line.get("gtin"),
                    picking=plan.picking.name,
                ),
                pointer,
                record=plan.picking,
            )
        return found

    def _is_item(self, line, product):
        """:return: True when all that a line says of its item is the product's own"""
        return self._get_item_name(line) in self._get_item_names(product)

    def _check_item(self, line, pointer, plan, move, products):
        """A line that names its item as well must name the right one."""
        if self._get_item_name(line) == NO_NAME or self._is_item(line, move.product_id):
            return
        named = products.get(_index_of(pointer)) or self._find_product(plan.message, line, pointer)
        if named != move.product_id:
            raise BusinessError(
                "item_mismatch",
                _(
                    "Line %(line)s of %(picking)s is %(product)s, not %(item)s.",
                    line=line["line"],
                    picking=plan.picking.name,
                    product=move.product_id.display_name,
                    item=line.get("sku") or line.get("gtin"),
                ),
                f"{pointer}/sku" if line.get("sku") else f"{pointer}/gtin",
                record=plan.picking,
            )


def _index_of(pointer):
    """:return: number of the line at a JSON pointer such as ``/lines/3``"""
    return int(pointer.rsplit("/", 1)[1])
