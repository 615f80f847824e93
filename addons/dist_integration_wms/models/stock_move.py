from odoo import api, fields, models
from odoo.tools import float_compare, float_is_zero

LINE_UNIT = "product_uom"  # 19: s/product_uom/product_uom_id/
RELEASED_STATES = ("confirmed", "partially_available", "assigned", "done", "cancel")
# what the warehouse is told of the goods that it is to expect
EXPECTED = {"date", "product_id", "product_uom", "product_uom_qty"}


class StockMove(models.Model):
    _inherit = "stock.move"

    dist_line_ref = fields.Char(
        string="Line of the warehouse",
        copy=False,
        readonly=True,
        help="Id under which the external warehouse knows this line, when it remains of a line it knows already.",
    )
    dist_picked_quantity = fields.Float(
        string="Picked by the warehouse",
        digits="Product Unit of Measure",
        copy=False,
        readonly=True,
        help="What the external warehouse picked, where it tells that apart from what it shipped.",
    )
    dist_stands_for = fields.Json(
        copy=False,
        readonly=True,
        groups=fields.NO_ACCESS,
        help="Lines of another item that the external warehouse shipped this one for, with how much of each.",
    )
    dist_reconciliation_line_id = fields.Many2one(
        "dist.reconciliation.line",
        string="Settles variance",
        readonly=True,
        copy=False,
        index="btree_not_null",
    )

    def write(self, vals):
        result = super().write(vals)
        if vals.get("state") in RELEASED_STATES or vals.get("picking_id"):
            self.picking_id._dist_watch_release()
        if vals.get("state") == "cancel" or ("state" not in vals and not EXPECTED.isdisjoint(vals)):
            self.picking_id._dist_watch_change()
        return result

    @api.model_create_multi
    def create(self, vals_list):
        moves = super().create(vals_list)
        moves.picking_id._dist_watch_change()
        return moves

    def _prepare_move_split_vals(self, qty):
        return {**super()._prepare_move_split_vals(qty), "dist_line_ref": self._dist_get_line_ref()}

    def _dist_get_line_ref(self):
        """:return: id of this line in messages; the same on what remains after a partial confirmation"""
        self.ensure_one()
        return self.dist_line_ref or str(self.id)

    def _dist_get_value(self):
        """:return: what the open quantity of this move is worth, in the company's currency"""
        self.ensure_one()
        line, ordered = self.sale_line_id, self.sale_line_id.product_uom_qty
        if self.purchase_line_id:
            line, ordered = self.purchase_line_id, self.purchase_line_id.product_qty
        if not line or not ordered:
            return self.product_id.with_company(self.company_id).standard_price * self.product_qty
        share = self._dist_get_kit_share(line)
        if share is not None:
            return self._dist_convert_value(line, line.price_subtotal * share)
        ordered = line[LINE_UNIT]._compute_quantity(ordered, self.product_id.uom_id, round=False)
        return self._dist_convert_value(line, line.price_subtotal * self.product_qty / ordered)

    def _dist_convert_value(self, line, value):
        """:return: a value in the currency of an order's line, in that of the company"""
        day = fields.Date.context_today(self)
        return line.currency_id._convert(value, self.company_id.currency_id, self.company_id, day)

    def _dist_get_kit_share(self, line):
        """A kit is sold as one line and moved as its components: their costs share out what it is worth.

        :param line: line of the order
        :return: float between 0 and 1; None when the line is no kit
        """
        if self.product_id == line.product_id:
            return None
        parts = line.move_ids.filtered(
            lambda move: move.state != "cancel" and move.picking_type_id == self.picking_type_id
        )
        if line.product_id in parts.product_id or len(parts.product_id) < 2:
            return None
        costs = {
            move: move.product_id.with_company(move.company_id).standard_price * move.product_qty
            for move in parts
        }
        total = sum(costs.values())
        return costs[self] / total if total else 1 / len(parts)

    def _dist_get_product_quantity(self):
        """:return: what was moved, or is to be moved, in the unit of the product"""
        self.ensure_one()
        if self.state != "done":
            return self.product_qty
        return self.product_uom._compute_quantity(self.quantity, self.product_id.uom_id)

    def _dist_get_returnable(self):
        """:return: what has not come back of this shipped move, and is not announced, in the product's unit"""
        back = self.returned_move_ids.filtered(lambda move: move.state != "cancel")
        came_back = sum(move._dist_get_product_quantity() for move in back)
        return self._dist_get_product_quantity() - came_back

    # what the warehouse says was moved

    def _dist_set_moved(self, portions, writes):
        """Make the lines that are reserved for this move what was really moved of them.

        :param portions: list of Portion, in the product's unit
        :param writes: LineWrites of stock.move.line, to be flushed by the caller
        :return: list of (portion, quantity), what was moved without being reserved: for `_dist_add_moved`
        """
        self.ensure_one()
        takes, missing = self._dist_match_lines(portions)
        self.move_line_ids.filtered(lambda line: line.id not in takes).unlink()
        created = []
        for line_id, parts in takes.items():
            created += self._dist_split_line(self.move_line_ids.browse(line_id), parts, writes)
        self.env["stock.move.line"].create(created)
        return missing

    def _dist_add_moved(self, portions, moves):
        """Add lines for what was moved without being reserved.

        :param portions: list of (portion, quantity)
        :param moves: stock.move of all that is moved at once, this one among them
        :return: quantity that Odoo does not have in stock
        """
        forced = 0.0
        for portion, quantity in portions:
            vals_list, without_stock = self._dist_prepare_missing(portion, quantity, moves)
            self.env["stock.move.line"].create(vals_list)
            forced += without_stock
        return forced

    def _dist_match_lines(self, portions):
        """Find for each portion the lines that are reserved for it already.

        :return: (dict, line id to list of (portion, quantity); list of (portion, quantity) without a line)
        """
        pools, takes, missing = {}, {}, []
        for line in self.move_line_ids:
            pools.setdefault(self._dist_get_pool(line.lot_id), []).append(
                [line.id, line.quantity_product_uom]
            )
        for portion in portions:
            need, pool = portion.quantity, pools.get(self._dist_get_pool(portion.lot), [])
            while pool and not self._dist_is_zero(need):
                entry = pool[0]
                taken = min(need, entry[1])
                takes.setdefault(entry[0], []).append((portion, taken))
                need -= taken
                entry[1] -= taken
                if self._dist_is_zero(entry[1]):
                    pool.pop(0)
            if not self._dist_is_zero(need):
                missing.append((portion, need))
        return takes, missing

    def _dist_get_pool(self, lot):
        """Lines of one pool stand for each other: those of a lot; on a receipt any, the lot is only known now."""
        chosen = self.product_id.tracking != "none" and not self._should_bypass_reservation()
        return lot.id if chosen and lot else False

    def _dist_is_zero(self, quantity):
        return float_is_zero(quantity, precision_rounding=self.product_id.uom_id.rounding)

    def _dist_split_line(self, line, parts, writes):
        """Write the first part to a reserved line.

        :return: list of values of new lines for the other parts
        """
        portion, quantity = parts[0]
        vals = self._dist_prepare_done(portion)
        rounding = self.product_id.uom_id.rounding
        if not float_compare(quantity, line.quantity_product_uom, precision_rounding=rounding):
            writes.add(line, vals)
            return []
        kept = {
            "location_id": line.location_id.id,
            "package_id": line.package_id.id,
            "owner_id": line.owner_id.id,
        }
        line.write({**vals, "quantity": quantity, "product_uom_id": self.product_id.uom_id.id})
        return [self._dist_prepare_line(other, amount, kept) for other, amount in parts[1:]]

    def _dist_prepare_line(self, portion, quantity, source):
        return {
            **self._prepare_move_line_vals(),
            **source,
            **self._dist_prepare_done(portion),
            "lot_id": portion.lot.id if portion.lot else False,
            "quantity": quantity,
            "product_uom_id": self.product_id.uom_id.id,
        }

    def _dist_prepare_done(self, portion):
        """:return: values of a line that say it was moved as the portion says"""
        vals = {"picked": True}
        if portion.package:
            vals["result_package_id"] = portion.package.id
        if portion.lot and self._should_bypass_reservation():
            vals["lot_id"] = portion.lot.id
        if portion.destination:
            vals["location_dest_id"] = portion.destination.id
        return vals

    def _dist_prepare_missing(self, portion, quantity, moves):
        """Values of lines for what was moved although it was not reserved: from free stock, else from stock that is
        reserved for others, else without stock.

        :return: (list of values, quantity without stock)
        """
        if self._should_bypass_reservation():
            return [self._dist_prepare_line(portion, quantity, {})], 0.0
        created = []
        for quant, available in self._dist_get_sources(portion.lot, moves):
            if self._dist_is_zero(quantity):
                break
            taken = min(quantity, available)
            source = {
                "location_id": quant.location_id.id,
                "package_id": quant.package_id.id,
                "owner_id": quant.owner_id.id,
            }
            created.append(self._dist_prepare_line(portion, taken, source))
            quantity -= taken
        if self._dist_is_zero(quantity):
            return created, 0.0
        return [*created, self._dist_prepare_line(portion, quantity, {})], quantity

    def _dist_get_sources(self, lot, moves):
        """
        :param moves: as of `_dist_add_moved`: what is on their lines is gone
        :return: list of (stock.quant, quantity), free stock first, then what others have reserved
        """
        domain = [
            ("product_id", "=", self.product_id.id),
            ("location_id", "child_of", self.location_id.id),
            ("quantity", ">", 0),
        ]
        if lot:
            domain.append(("lot_id", "=", lot.id))
        quants = self.env["stock.quant"].search(domain, order="in_date, id")
        own = {}
        for line in moves.filtered(lambda move: move.product_id == self.product_id).move_line_ids:
            key = (line.location_id, line.lot_id, line.package_id, line.owner_id)
            own[key] = own.get(key, 0.0) + line.quantity_product_uom
        free, reserved = [], []
        for quant in quants:
            key = (quant.location_id, quant.lot_id, quant.package_id, quant.owner_id)
            left = min(max(quant.quantity - quant.reserved_quantity, 0.0), quant.quantity)
            others = quant.quantity - left - own.get(key, 0.0)
            free.append((quant, left))
            reserved.append((quant, others))
        return [
            (quant, amount)
            for quant, amount in free + reserved
            if amount > 0 and not self._dist_is_zero(amount)
        ]

    # what is still to be moved

    def _dist_set_open_quantity(self, quantity):
        """Ask for less or more of an open move. What is taken off stays as a cancelled move.

        :param quantity: in the product's unit
        """
        self.ensure_one()
        rounding = self.product_id.uom_id.rounding
        difference = float_compare(quantity, self.product_qty, precision_rounding=rounding)
        if not difference:
            return
        if difference > 0:
            self.product_uom_qty = self.product_id.uom_id._compute_quantity(
                quantity, self.product_uom, round=False
            )
        elif self._dist_is_zero(quantity):
            self._action_cancel()
        else:
            self.env["stock.move"].create(self._split(self.product_qty - quantity))._action_cancel()
            if float_compare(self.quantity, self.product_uom_qty, precision_rounding=rounding) > 0:
                self._do_unreserve()

    def _dist_spread(self, quantity):
        """:return: dict, move to its part of what is open of their line; what is over goes to the last one"""
        parts = {}
        for move in self[:-1]:
            parts[move] = min(quantity, move.product_qty)
            quantity -= parts[move]
        return {**parts, self[-1:]: quantity}

    def _dist_reopen(self, picking, quantity):
        """Ask for more of a line all of which has left, in what is open of its shipment.

        :param quantity: in the product's unit
        """
        for move in self:
            asked = move.product_id.uom_id._compute_quantity(quantity, move.product_uom, round=False)
            vals = {
                "picking_id": picking.id,
                "product_uom_qty": asked,
                "procure_method": "make_to_stock",
                "dist_line_ref": move._dist_get_line_ref(),
            }
            self.create(move.copy_data(vals))._action_confirm(merge=False)
