from odoo import _, fields, models
from odoo.tools import float_compare, float_is_zero

from odoo.addons.dist_integration_base.lib.handling import BusinessError, HandlerResult, MissingMapping

from ...lib import formats
from ...lib.confirmation import digest_of


class StockHandler(models.AbstractModel):
    """What messages about stock without a transfer have in common: warehouse, item, lot, status."""

    _name = "dist.handler.stock"
    _inherit = "dist.handler"
    _description = "Handler of a message about stock"

    def _get_kind(self):
        """:return: kind of dist.stock.adjustment"""
        raise NotImplementedError

    def _get_external_id(self, payload):
        return payload.get("adjustment")

    def _get_payload_impact(self, message, payload):
        """The lines, items and warehouse that the message names."""
        impact, lines = super()._get_payload_impact(message, payload), self._get_payload_lines(payload)
        code = (payload or {}).get("warehouse")
        warehouses = self.env["stock.warehouse"]._dist_find_by_code(
            message.system_id, code if isinstance(code, str) else None
        )
        return {
            **impact,
            "lines": len(lines),
            "skus": self._name_items(lines, self._find_known_products(message, lines)),
            "warehouses": warehouses.mapped("name") if len(warehouses) == 1 else [],
        }

    def _get_lock_keys(self, message, payload):
        items = [(line, "") for line in payload["lines"]]
        keys = [f"dist.stock.adjustment/{message.system_id.id}/{payload['adjustment']}"]
        try:
            products = self._find_products(message, items)
        except MissingMapping:
            return keys  # it is refused before it touches any stock
        return keys + self._get_stock_lock_keys({product.id for product in products})

    def _apply(self, message, payload):
        known = self._find_applied(message, payload)
        if known:
            self._check_same(known, payload)
            return HandlerResult(self._get_answer(known), record=known)
        warehouse = self._find_warehouse(message, payload)
        lines, planned = {}, []
        for products in self._get_rounds(message, payload):
            self._move(planned)
            found = self._read_lines(message, payload, warehouse, products)
            lines.update(found)
            planned = list(found.values())
        lines_in_order = [lines[index] for index in sorted(lines)]
        self._check_owner(message, lines_in_order)
        self._check_variances(message, payload, warehouse, lines_in_order)
        self._move(planned)
        adjustment = self._record(message, payload, warehouse, lines_in_order)
        return HandlerResult(self._get_answer(adjustment), record=adjustment)

    def _find_applied(self, message, payload):
        """:return: dist.stock.adjustment that was applied under the number of a message; empty for none"""
        return self.env["dist.stock.adjustment"]._find(
            message.system_id, self._get_kind(), payload["adjustment"]
        )

    def _check_same(self, known, payload):
        if known.digest != digest_of(payload):
            raise BusinessError(
                "adjustment_reused",
                _(
                    "Adjustment %s was applied before with other content. Nothing was changed.",
                    known.external_id,
                ),
                "/adjustment",
                status=409,
                record=known,
                suggestion=_("A correction needs a number of its own."),
            )

    # what the message names

    def _find_warehouse(self, message, payload):
        """:return: stock.warehouse
        :raises ApplyError: none, or several could be meant
        """
        code = payload.get("warehouse")
        found = self.env["stock.warehouse"]._dist_find_by_code(message.system_id, code)
        if len(found) == 1:
            return found
        if code:
            raise MissingMapping(
                "warehouse",
                code,
                "/warehouse",
                _("%(system)s runs no warehouse %(code)s.", system=message.system_id.name, code=code),
                model="stock.warehouse",
            )
        if found:
            raise BusinessError(
                "warehouse_missing",
                _("Name the warehouse, one of: %s.", ", ".join(found.mapped("code"))),
                "/warehouse",
            )
        raise BusinessError(
            "no_warehouse",
            _("No warehouse is run by %s.", message.system_id.name),
            "/warehouse",
            severity="high",
            suggestion=_("Choose the system in the form of the warehouse, then use Retry."),
        )

    def _get_rounds(self, message, payload):
        """Lines of the same goods follow one another: each is read when what stands before it has been moved.

        :return: list of dicts, index of a line to its product; the same goods are in one only once
        """
        items = [(line, f"/lines/{index}") for index, line in enumerate(payload["lines"])]
        rounds, seen = [], {}
        for index, product in enumerate(self._find_products(message, items)):
            lot = product.tracking != "none" and payload["lines"][index].get("lot")
            turn = seen.get((product, lot), 0)
            seen[product, lot] = turn + 1
            if turn == len(rounds):
                rounds.append({})
            rounds[turn][index] = product
        return rounds

    def _read_lines(self, message, payload, warehouse, products):
        """
        :param products: one of `_get_rounds`
        :return: dict, index of a line to a dict: values of dist.stock.adjustment.line with what is moved beside them
        """
        for index, product in products.items():
            if not product._dist_is_storable():
                raise BusinessError(
                    "not_stocked", _("%s is not kept in stock.", product.display_name), f"/lines/{index}"
                )
        return {
            index: self._read_line(
                message, payload, warehouse, payload["lines"][index], product, f"/lines/{index}"
            )
            for index, product in products.items()
        }

    def _read_line(self, message, payload, warehouse, line, product, pointer):
        raise NotImplementedError

    def _read_quantity(self, message, line, name, product, pointer):
        """:return: quantity in the product's unit; it may be below zero"""
        unit = product.uom_id
        if line.get("unit"):
            unit = self._find_unit(message, line["unit"], f"{pointer}/unit", product.uom_id)
        return self._convert_quantity(line[name], unit, product, f"{pointer}/{name}")

    def _read_reason(self, message, payload, line, pointer):
        """:return: dist.stock.reason; empty when the message names none
        :raises MissingMapping: nobody has said yet what the code means
        """
        code, where = line.get("reason"), f"{pointer}/reason"
        if not code:
            code, where = payload.get("reason"), "/reason"
        reasons = self.env["dist.stock.reason"]
        if not code:
            return reasons
        found = self.env["dist.code.map"]._find(message.system_id, "stock_reason", code)
        if getattr(found, "_name", None) == reasons._name:
            return found
        reason = reasons.search([("code", "=", code)], limit=1)
        if not reason:
            raise MissingMapping(
                "stock_reason",
                code,
                where,
                _("The reason %s is not known here.", code),
                model="dist.stock.reason",
            )
        return reason

    def _find_lot(self, warehouse, line, product, pointer, create=False):
        """:return: stock.lot; empty for an item without lots
        :raises BusinessError: a lot is missing or unknown
        """
        lots, name = self.env["stock.lot"], line.get("lot")
        if product.tracking == "none":
            return lots
        if not name:
            raise BusinessError(
                "lot_missing",
                _("%s is tracked by lot or serial number; the line names none.", product.display_name),
                pointer,
            )
        company = warehouse.company_id
        found = lots.search(
            [
                ("product_id", "=", product.id),
                ("name", "=", name),
                ("company_id", "in", (False, company.id)),
            ],
            limit=1,
        )
        if found or not create:
            if not found:
                raise BusinessError(
                    "unknown_lot",
                    _("%(product)s has no lot %(lot)s in Odoo.", product=product.display_name, lot=name),
                    f"{pointer}/lot",
                    suggestion=_("Correct the lot and resubmit."),
                )
            return found
        return lots.create({"name": name, "product_id": product.id, "company_id": company.id})

    def _find_place(self, warehouse, status, pointer):
        """:return: stock.location of goods of a status; :raises BusinessError: the warehouse has none"""
        location = warehouse._dist_get_status_location(status)
        if not location:
            labels = dict(self.env["dist.stock.adjustment.line"]._fields["from_status"].selection)
            raise BusinessError(
                "no_place_for_status",
                _(
                    "%(warehouse)s has no place for goods that are: %(status)s.",
                    warehouse=warehouse.name,
                    status=labels[status],
                ),
                pointer,
                suggestion=_("Choose the location in the form of the warehouse, then use Retry."),
            )
        return location

    def _check_owner(self, message, lines):
        """What is on hand is said by its owner; an adjustment is applied as a whole or not at all.

        :raises OwnershipConflict: another system owns it
        """
        for line in lines:
            self.env["dist.ownership"]._filter_inbound(
                message,
                self.env["stock.quant"],
                {"quantity": line["values"]["quantity"]},
                {"quantity": line["pointer"]},
                undivided=True,
                document=self.env["product.product"].browse(line["values"]["product_id"]),
            )

    # stock

    def _get_sources(self, warehouse, status, product, lot):
        """:return: stock.quant of a status in the warehouse, those with free stock first"""
        quants = self.env["stock.quant"].search(
            [
                ("product_id", "=", product.id),
                ("location_id", "in", warehouse._dist_get_status_locations(status).ids),
                ("lot_id", "=", lot.id),
            ],
            order="in_date, id",
        )
        return quants.sorted(lambda quant: quant.quantity - quant.reserved_quantity <= 0)

    def _take(self, quants, quantity, product):
        """Spread what is taken over quants.

        :return: (list of (quant, quantity), what is missing)
        """
        taken = []
        rounding = product.uom_id.rounding
        for free in (True, False):
            for quant in quants:
                done = sum(amount for other, amount in taken if other == quant)
                limit = quant.quantity - (quant.reserved_quantity if free else 0.0) - done
                amount = min(limit, quantity)
                if float_compare(amount, 0.0, precision_rounding=rounding) > 0:
                    taken.append((quant, amount))
                    quantity -= amount
        return taken, 0.0 if float_is_zero(quantity, precision_rounding=rounding) else quantity

    def _check_variances(self, message, payload, warehouse, lines):
        """Everything a person has to see before the message may be applied.

        :raises BusinessError: one for all of it; whoever accepts it has seen each
        """
        errors = self._get_variances(message, payload, warehouse, lines)
        if not errors:
            return
        code = self._get_variance_code(errors)
        if message._accepts(code):
            return
        raise BusinessError(
            code,
            " ".join(error["detail"] for error in errors),
            errors[0]["pointer"],
            summary=_(
                "%(warehouse)s: adjustment %(number)s waits for a decision",
                warehouse=warehouse.name,
                number=payload["adjustment"],
            ),
            suggestion=_(
                "Accept the variance when the warehouse is right; else have it recounted and ignore this one. When a "
                "receipt was not confirmed yet, retry later."
            ),
            errors=errors,
        )

    def _get_variance_code(self, errors):
        """:return: code of the exception for what a person has to see"""
        codes = {error["code"] for error in errors}
        return "adjustment_approval" if "adjustment_approval" in codes else "adjustment_variance"

    def _get_variances(self, message, payload, warehouse, lines):
        """:return: list of dicts with pointer, code and detail"""
        return []

    def _prepare_move(self, quant, quantity, source, destination, name):
        """:return: values of a done-to-be stock move of one quant's goods"""
        return quant.with_context(inventory_name=name)._get_inventory_move_values(
            quantity, source, destination, package_id=quant.package_id, package_dest_id=quant.package_id
        )

    def _make_quant(self, warehouse, location, product, lot):
        """:return: unsaved stock.quant, stands for goods that are not there yet"""
        return self.env["stock.quant"].new(
            {
                "product_id": product.id,
                "location_id": location.id,
                "lot_id": lot.id,
                "company_id": warehouse.company_id.id,
            }
        )

    def _move(self, lines):
        """Carry out the moves of lines, in one go."""
        created = self.env["stock.move"].create([vals for line in lines for vals in line["moves"]])
        created._action_done()
        start = 0
        for line in lines:
            end = start + len(line["moves"])
            line["values"]["move_ids"] = [fields.Command.set(created[start:end].ids)]
            start = end

    # record and answer

    def _record(self, message, payload, warehouse, lines):
        return self.env["dist.stock.adjustment"].create(
            {
                "external_id": payload["adjustment"],
                "kind": self._get_kind(),
                "system_id": message.system_id.id,
                "company_id": warehouse.company_id.id,
                "warehouse_id": warehouse.id,
                "message_id": message.id,
                "adjusted_at": self._read_past_moment(message, payload, "adjusted_at")
                or fields.Datetime.now(),
                "note": payload.get("note"),
                "approved_by_id": message.variance_accepted_by_id.id,
                "digest": digest_of(payload),
                "line_ids": [fields.Command.create(line["values"]) for line in lines],
            }
        )

    def _get_answer(self, adjustment):
        return {
            "status": "applied",
            "adjustment": adjustment.external_id,
            "warehouse": adjustment.warehouse_id.code,
            "lines": [self._get_answer_line(line) for line in adjustment.line_ids],
        }

    def _get_answer_line(self, line):
        return {
            "sku": line.product_id.default_code or None,
            "lot": line.lot_id.name or None,
            "unit": line.product_id.uom_id.name,
            "from_status": line.from_status or None,
            "to_status": line.to_status or None,
            "quantity": formats.quantity_text(line.quantity),
            "on_hand_before": formats.quantity_text(line.previous_quantity),
        }
