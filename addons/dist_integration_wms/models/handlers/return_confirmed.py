from odoo import _, models
from odoo.tools import float_compare

from odoo.addons.dist_integration_base.lib.handling import BusinessError, ExceptionSpec

from ...lib import formats

RESTOCK = "restock"
UNEXPECTED = "unexpected_return"
OVER = "over_return"
STRANGE_LOT = "lot_not_shipped"


class ReturnConfirmedHandler(models.AbstractModel):
    """Goods came back from a customer, announced or not, and the warehouse has decided what becomes of them."""

    _name = "dist.handler.return.confirmed"
    _inherit = "dist.handler.warehouse.confirmation"
    _description = "Return confirmed"

    def _get_kind(self):
        return "return"

    def _get_verb(self):
        return "returned"

    def _get_picking_domain(self, message):
        return [*super()._get_picking_domain(message), ("move_ids.origin_returned_move_id", "!=", False)]

    def _find_pickings(self, message, payload):
        if payload.get("return"):
            return super()._find_pickings(message, payload)
        shipments = self._find_shipments(message, payload)
        returns = shipments.move_ids.returned_move_ids.picking_id
        return returns.filtered_domain(self._get_picking_domain(message)).sorted("id")

    def _find_shipments(self, message, payload):
        """:return: done deliveries of this warehouse that the message names"""
        return self._find_deliveries(message, payload).filtered(lambda picking: picking.state == "done")

    def _find_deliveries(self, message, payload):
        domain = [
            ("dist_system_id", "=", message.system_id.id),
            ("company_id", "=", message.company_id.id),
            ("picking_type_id.code", "=", "outgoing"),
        ]
        number = payload.get("shipment")
        if number:
            names = ["|", ("dist_release_ref", "=", number), ("name", "=", number)]
        else:
            number = payload["order"]
            names = ["|", ("sale_id.name", "=", number), ("sale_id.client_order_ref", "=", number)]
        return self.env["stock.picking"].search([*domain, *names], order="id")

    def _choose_picking(self, plan):
        self._check_one_order(plan)
        if not plan.payload.get("return") and not self._get_open(
            self._find_pickings(plan.message, plan.payload)
        ):
            return self._announce(plan)
        return super()._choose_picking(plan)

    def _check_one_order(self, plan):
        """:raises BusinessError: the customers' number of the order is that of several"""
        payload = plan.payload
        if payload.get("return") or payload.get("shipment"):
            return
        orders = self._find_deliveries(plan.message, payload).sale_id
        if len(orders) > 1:
            raise BusinessError(
                "order_ambiguous",
                _(
                    "%(number)s is the number of several orders: %(orders)s. Name the shipment.",
                    number=payload["order"],
                    orders=", ".join(orders.mapped("display_name")),
                ),
                "/order",
                record=orders[0],
                severity="high",
                suggestion=_("Find out which order the goods are of, correct the message and resubmit it."),
            )

    # returns that nobody announced

    def _announce(self, plan):
        """Make the return that the warehouse was not told to expect.

        :return: stock.picking; the shipment when nothing was taken back
        :raises BusinessError: what was shipped is not known, or a person has to decide first
        """
        shipments = self._find_shipments(plan.message, plan.payload)
        if not shipments:
            raise self._prepare_not_found(plan.payload)
        if not any(self._has_moved(line) for line in plan.payload["lines"]):
            return shipments[0]
        policy = shipments[0].picking_type_id.warehouse_id.dist_unexpected_return_policy
        if policy == "ask" and not plan.message._accepts(UNEXPECTED):
            raise BusinessError(
                UNEXPECTED,
                _("Goods of %s came back, and nobody had announced it.", shipments[0].name),
                "/shipment" if plan.payload.get("shipment") else "/order",
                record=shipments[0],
                severity="high",
                suggestion=_(
                    "Accept it to take the goods back, or settle it with the customer and ignore it."
                ),
            )
        quantities = self._get_returned_quantities(plan, shipments)
        self._check_shipped(plan, shipments, quantities)
        return self._create_return(plan, quantities)

    def _get_returned_products(self, plan):
        """:return: list of product.product, one for each line
        :raises BusinessError: a line names none: that of a shipment is not one of its return
        """
        for index, line in enumerate(plan.payload["lines"]):
            if not (line.get("sku") or line.get("gtin")):
                raise BusinessError(
                    "item_missing",
                    _("Nobody announced the return, so its lines have no number yet. Name the item."),
                    f"/lines/{index}",
                )
        return self._find_products(
            plan.message, [(line, f"/lines/{index}") for index, line in enumerate(plan.payload["lines"])]
        )

    def _check_shipped(self, plan, shipments, quantities):
        """:raises BusinessError: more came back than was shipped and has not come back yet"""
        returned = self.env["stock.move"].browse(quantities)
        for product, moves in returned.grouped("product_id").items():
            quantity = sum(quantities[move.id] for move in moves)
            shipped = shipments.move_ids.filtered(
                lambda move, product=product: move.product_id == product and move.state == "done"
            )
            left = sum(move._dist_get_returnable() for move in shipped)
            over = float_compare(quantity, left, precision_rounding=product.uom_id.rounding) > 0
            if over and not plan.message._accepts(OVER):
                raise BusinessError(
                    OVER,
                    _(
                        "%(product)s: %(quantity)s %(unit)s came back of %(shipment)s; %(left)s %(unit)s were shipped "
                        "and have not come back yet.",
                        product=product.display_name,
                        quantity=formats.quantity_text(quantity),
                        unit=product.uom_id.name,
                        shipment=", ".join(shipments.mapped("name")),
                        left=formats.quantity_text(left),
                    ),
                    "/lines",
                    record=shipments[0],
                    severity="high",
                    suggestion=_(
                        "Accept the variance when the quantity is right, or correct the message and resubmit it."
                    ),
                )

    def _create_return(self, plan, quantities):
        shipment = self.env["stock.move"].browse(next(iter(quantities))).picking_id
        picking = shipment._dist_create_return(quantities)
        # the goods have arrived: nothing is asked of the warehouse any more
        picking.write(
            {
                "dist_release_state": "acknowledged",
                "dist_system_id": plan.message.system_id.id,
                "dist_release_ref": picking.name,
            }
        )
        return picking

    def _get_returned_quantities(self, plan, shipments):
        """Find out which of the shipped moves, of whatever part and line, came back.

        :return: dict, id of a shipped move to how much of it came back, in the product's unit
        :raises BusinessError: an item did not leave with any of the shipments
        """
        shipped = shipments.move_ids.filtered(lambda move: move.state == "done")
        given = {}
        for index, product in enumerate(self._get_returned_products(plan)):
            line, pointer = plan.payload["lines"][index], f"/lines/{index}"
            moves = shipped.filtered(lambda move, product=product: move.product_id == product)
            if not moves:
                raise self._prepare_not_shipped(product, shipments, pointer)
            for portion in self._read_portions(plan, line, pointer, moves):
                self._spread_returned(portion, moves, given)
        quantities = {}
        for (move, _lot_name), quantity in given.items():
            quantities[move.id] = quantities.get(move.id, 0.0) + quantity
        return quantities

    def _prepare_not_shipped(self, product, shipments, pointer):
        return BusinessError(
            "item_not_shipped",
            _(
                "%(product)s did not leave with %(shipment)s.",
                product=product.display_name,
                shipment=", ".join(shipments.mapped("name")),
            ),
            pointer,
            record=shipments[0],
            suggestion=_("Find out what came back, correct the message and resubmit it."),
        )

    def _spread_returned(self, portion, moves, given):
        """Give what came back to the moves it left with, as much as can come back of each; what is over goes to the
        last.

        :param moves: shipped moves of the item
        :param given: dict, (move, name of the lot) to what was given to it before; is added to
        """
        moves, rest = self._with_lot(moves, portion.lot_name) or moves, portion.quantity
        for move in moves:
            room = self._get_room(move, portion.lot_name, given)
            part = rest if move == moves[-1] else min(rest, room)
            if not move._dist_is_zero(part):
                key = (move, portion.lot_name)
                given[key] = given.get(key, 0.0) + part
                rest -= part

    def _with_lot(self, moves, lot_name):
        """:return: those of shipped moves that a lot left with"""
        return moves.filtered(lambda move: lot_name and lot_name in move.move_line_ids.lot_id.mapped("name"))

    def _get_room(self, move, lot_name, given):
        """:return: how much of a shipped move, and of a lot that left with it, can still come back"""
        room = move._dist_get_returnable() - sum(
            quantity for (other, _lot_name), quantity in given.items() if other == move
        )
        lines = move.move_line_ids.filtered(lambda line: lot_name and line.lot_id.name == lot_name)
        if lines:
            of_lot = sum(lines.mapped("quantity_product_uom")) - given.get((move, lot_name), 0.0)
            room = min(room, of_lot)
        return max(room, 0.0)

    def _spread_portion(self, portion, plans):
        """A lot is taken back on the moves that it left with, as far as they have room."""
        lot_name = portion.lot_name
        in_order = sorted(
            plans, key=lambda item: not self._with_lot(item.move.origin_returned_move_id, lot_name)
        )
        return super()._spread_portion(portion, in_order)

    # what becomes of the goods

    def _read_portions(self, plan, line, pointer, moves):
        portions = super()._read_portions(plan, line, pointer, moves)
        for portion in portions:
            portion.disposition = portion.disposition or line.get("disposition", RESTOCK)
        return portions

    def _read_allocation(self, allocation, pointer, convert):
        portion = super()._read_allocation(allocation, pointer, convert)
        portion.disposition = allocation.get("disposition")
        return portion

    def _set_destinations(self, plan):
        warehouse = plan.picking.picking_type_id.warehouse_id
        places = warehouse._dist_get_return_places()
        for _move_plan, portion in plan.portions:
            if portion.disposition == RESTOCK:
                continue
            portion.destination = places.get(portion.disposition)
            if not portion.destination:
                raise BusinessError(
                    "no_place_for_disposition",
                    _(
                        "%(warehouse)s has no place for returned goods that are to: %(disposition)s.",
                        warehouse=warehouse.name,
                        disposition=portion.disposition,
                    ),
                    portion.pointer,
                    record=plan.picking,
                    suggestion=_("Choose the location in the form of the warehouse, then use Retry."),
                )

    def _find_meant(self, message, payload):
        found = super()._find_meant(message, payload)
        if found or payload.get("return"):
            return found
        # nobody announced it, or that it was shipped is not booked yet: the goods are in the warehouse all the same
        return self._find_deliveries(message, payload)[:1]

    def _get_condition(self, line, part):
        return part.get("disposition") or line.get("disposition", RESTOCK)

    def _get_effect_place(self, warehouse, condition):
        """What is scrapped never comes into stock."""
        place = warehouse._dist_get_return_places().get(condition, self.env["stock.location"])
        return place if place or condition == "scrap" else warehouse.lot_stock_id

    def _check_lots(self, plan, portions):
        """What comes back was shipped: its lots are known."""
        for move_plan, portion in portions:
            if not portion.lot:
                product = move_plan.move.product_id
                raise BusinessError(
                    "unknown_lot",
                    _(
                        "%(product)s has no lot %(lot)s in Odoo.",
                        product=product.display_name,
                        lot=portion.lot_name,
                    ),
                    portion.pointer,
                    record=plan.picking,
                    suggestion=_("Correct the lot and resubmit."),
                )
            shipped = self._get_origins(plan, move_plan.move.product_id).move_line_ids.lot_id
            if shipped and portion.lot not in shipped and not plan.message._accepts(STRANGE_LOT):
                raise self._prepare_strange_lot(plan, portion, shipped)
        self._check_not_in_stock(plan, portions)

    def _get_origins(self, plan, product):
        """:return: shipped moves of an item that the return is of"""
        moves = plan.picking.move_ids.filtered(lambda move: move.product_id == product)
        return moves.origin_returned_move_id

    def _prepare_strange_lot(self, plan, portion, shipped):
        return BusinessError(
            STRANGE_LOT,
            _(
                "%(product)s: lot %(lot)s did not leave with what came back; shipped were: %(shipped)s.",
                product=portion.lot.product_id.display_name,
                lot=portion.lot.name,
                shipped=", ".join(shipped.mapped("name")),
            ),
            portion.pointer,
            record=plan.picking,
            severity="high",
            suggestion=_(
                "Accept the variance when the lot is right, or correct the message and resubmit it."
            ),
        )

    def _carry_out(self, plans):
        for plan in plans:
            if not plan.known:
                plan.exceptions += self._prepare_refused(plan)
        return super()._carry_out(plans)

    def _prepare_refused(self, plan):
        """:return: list of ExceptionSpec: what the warehouse did not take back is the customer's affair"""
        refused = [
            (line, quantity)
            for line in plan.payload["lines"]
            if (quantity := self._decimal(line.get("refused_quantity", "0")))
        ]
        if not refused:
            return []
        items = ", ".join(
            f"{formats.quantity_text(float(quantity))} x {line.get('sku') or line.get('gtin') or line['line']}"
            for line, quantity in refused
        )
        return [
            ExceptionSpec(
                "business",
                "return_refused",
                _("%(picking)s: not taken back: %(items)s", picking=plan.picking.name, items=items),
                detail=_("The warehouse did not take these goods back. They remain the customer's."),
                record=plan.picking,
                suggestion=_("Tell the customer, and close this exception."),
                fingerprint=f"stock.picking/{plan.picking.id}/refused",
            )
        ]
