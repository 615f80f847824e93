from decimal import Decimal

from odoo import _, fields, models
from odoo.tools import float_compare

from odoo.addons.dist_integration_base.lib.handling import BusinessError, HandlerResult

from ...lib.submission import NOTE, REFUSE, Submission, format_decimal
from .order_checks import QUANTITY_DIGITS
from .order_submit import OrderRefused

REFUSED = "order_change_refused"


class OrderChangeHandler(models.AbstractModel):
    """A channel changes its order: quantities, prices, lines, date, address; all of it or nothing (C4).

    What has shipped, or is with a warehouse, stays: only what goes beyond it can be given up.
    """

    _name = "dist.handler.order.change"
    _inherit = "dist.handler.channel.order"
    _description = "Order change"

    def _get_lock_keys(self, message, payload):
        order = self._find_bound(message.system_id, "sale.order", payload["reference"])
        items = [line["item"] for line in payload.get("lines", []) if line.get("item")]
        ids = self._find_candidate_ids(message, items) | set(order.order_line.product_id.ids)
        return super()._get_lock_keys(message, payload) + self._get_share_keys(message.company_id, ids)

    def _apply(self, message, payload):
        order = self._find_order(message, payload)
        self._check_not_cancelled(order)
        changed_at = self._read_changed_at(order, payload)
        change = self._read_change(message, payload, order)
        self._check_kept(change)
        before, accepted = order.amount_total, message._accepts(REFUSED)
        if not accepted:
            self._run_checks(change)
        self._carry_out(change)
        self._settle_prices(change, accepted)
        if not accepted and order.amount_total > before:
            self._check_credit(change)
        order.dist_changed_at = changed_at or order.dist_changed_at
        order.message_post(body=self._tell(change))
        reasons = [reason.to_dict() for reason in change.all_reasons if reason.outcome == NOTE]
        answer = {**self._get_order_answer(order, "changed"), "reasons": reasons}
        return HandlerResult(answer, record=order)

    def _tell(self, change):
        """:return: note for the order: that it was changed, why, and days of lines that it cannot have"""
        words = [_("Changed by %(channel)s.", channel=change.channel.name), change.payload.get("reason", "")]
        words += [
            _("Line %(line)s is wanted on %(day)s.", line=line.ref, day=line.data["requested_date"])
            for line in self._get_lines_of_other_days(change)
        ]
        return " ".join(filter(None, words))

    def _read_changed_at(self, order, payload):
        """:return: datetime of the change, as Odoo stores it; None where the message has none
        :raises BusinessError: a later change was applied before
        """
        changed_at = self._read_moment(payload, "changed_at")
        if changed_at and order.dist_changed_at and changed_at < order.dist_changed_at:
            raise BusinessError(
                "change_outdated",
                _("Order %s was changed after that already. Nothing was changed.", order.name),
                "/changed_at",
                status=409,
                open_exception=False,
            )
        return changed_at

    # what is asked for

    def _read_change(self, message, payload, order):
        """:return: Submission of the lines that are named, each with the quantity that is wanted"""
        customer = self.env["dist.binding"]._get_external_id(message.system_id, order.partner_id)
        lines = self._get_wanted_lines(payload, order)
        whole = {**payload, "lines": lines, "customer": {"external_id": customer or ""}}
        change, submit = Submission(message, whole), self.env["dist.handler.order.submit"]
        change.channel, change.order, change.partner = order.dist_channel_id, order, order.partner_id
        self._check_currency(change)
        submit._refuse_repeated_lines(change)
        for line in change.lines:
            for reason in line.reasons:
                raise BusinessError(reason.code, reason.detail, reason.pointer, open_exception=False)
        self._read_lines(change)
        self._read_day(change)
        address = submit._get_address(change, "delivery_address", "delivery")
        change.shipping_partner = address - order.partner_shipping_id
        self._leave_owned(change)
        change.comparison = [self._compare(line) for line in change.lines]
        return change

    def _get_wanted_lines(self, payload, order):
        """:return: list of dicts, the lines of a payload; where these are all, with those that are given up"""
        lines = [
            {"quantity": "0", "keeps": "quantity" not in line, **line} for line in payload.get("lines", [])
        ]
        if payload.get("complete"):
            named = {line["line"] for line in lines}
            others = order.order_line.filtered(lambda line: line.dist_line_ref and line.product_uom_qty)
            references = [reference for reference in others.mapped("dist_line_ref") if reference not in named]
            lines += [{"line": reference, "quantity": "0"} for reference in references]
        return lines

    def _check_currency(self, change):
        """:raises BusinessError: the prices are in another one than the order's"""
        asked, own = change.payload.get("currency"), change.order.currency_id.name
        if asked and asked != own:
            raise BusinessError(
                "currency_mismatch",
                _(
                    "%(order)s is in %(own)s, not in %(asked)s.",
                    order=change.order.name,
                    own=own,
                    asked=asked,
                ),
                "/currency",
                open_exception=False,
            )

    def _read_lines(self, change):
        """Find what each line means: one that the order has, or a new one; its product, unit and quantity.

        :raises BusinessError: it means neither
        """
        known = {line.dist_line_ref: line for line in change.order.order_line if line.dist_line_ref}
        named = [line for line in change.lines if line.data.get("item")]
        items = [(line.data["item"], f"{line.pointer}/item") for line in named]
        products = dict(zip(named, self._find_products(change.message, items), strict=True))
        for line in change.lines:
            line.record, line.product = known.get(line.ref), products.get(line)
            if line.record:
                self._read_known_line(change, line)
            elif not line.product or line.data.get("existing"):
                self._find_line(change.order, line.ref, f"{line.pointer}/line")
            else:
                self._read_new_line(change, line)

    def _read_known_line(self, change, line):
        """:raises BusinessError: the line is of another product"""
        own = line.record._dist_get_unit()
        if line.product and line.product != line.record.product_id:
            raise BusinessError(
                "line_exists",
                _("The item of line %s stays. Set its quantity to 0 and add another line.", line.ref),
                f"{line.pointer}/item",
                open_exception=False,
            )
        line.product = line.record.product_id
        line.unit = self._get_unit(change, line) if line.data.get("unit") else own
        if line.unit != own and self._is_same_kind(line.unit, own):
            self._count_in(line, own)
        if line.data.get("keeps"):
            line.quantity = Decimal(format_decimal(line.record.product_uom_qty))
        line.accepted = line.quantity

    def _read_new_line(self, change, line):
        """:raises BusinessError: nobody says how much of it"""
        if line.data.get("keeps"):
            raise BusinessError(
                "quantity_missing",
                _("Line %s is new: it needs a quantity.", line.ref),
                f"{line.pointer}/quantity",
                open_exception=False,
            )
        line.unit = self._get_unit(change, line)

    def _get_unit(self, change, line):
        return self.env["dist.handler.order.submit"]._get_unit(change, line, {})

    def _count_in(self, line, unit):
        """Turn quantity and price of a line into those of another unit of its kind."""
        quantity = line.unit._compute_quantity(float(line.quantity), unit, round=False)
        line.quantity = Decimal(format_decimal(quantity))
        if line.price is not None:
            line.price = Decimal(format_decimal(line.unit._compute_price(float(line.price), unit)))
        line.unit = unit

    # days

    def _read_day(self, change):
        """What is the day already is not asked for; the day of every line is that of the order."""
        day = change.payload.get("requested_date") or self._get_common_day(change)
        own = change.order.commitment_date
        if day and own and day == fields.Date.to_string(own):
            day = None
        change.payload = {**change.payload, "requested_date": day}

    def _get_common_day(self, change):
        """:return: text of the day that all lines of the order are wanted on from now; None where there is none"""
        lines = [line for line in change.lines if line.quantity]
        days = {line.data.get("requested_date") for line in lines}
        named = {line.ref for line in change.lines}
        others = change.order.order_line.filtered(lambda line: line.dist_line_ref and line.product_uom_qty)
        is_all = named.issuperset(others.mapped("dist_line_ref"))
        return days.pop() if is_all and len(days) == 1 else None

    def _get_lines_of_other_days(self, change):
        """:return: list of the lines that are wanted on another day than the order"""
        own = change.order.commitment_date
        day = change.payload.get("requested_date") or (own and fields.Date.to_string(own))
        return [
            line
            for line in change.lines
            if line.quantity and line.data.get("requested_date") not in (None, day)
        ]

    # data owners

    def _leave_owned(self, change):
        """Take out of a change what others own, as far as that is to keep its value; all of it is told.

        :raises OwnershipConflict: the change is refused
        """
        change.lines = [line for line in change.lines if self._keep_owned_quantity(change, line)]
        values = self.env["dist.handler.order.submit"]._prepare_requested_date(change)
        if change.shipping_partner:
            values["partner_shipping_id"] = change.shipping_partner.id
        pointers = {"commitment_date": "/requested_date", "partner_shipping_id": "/delivery_address"}
        left = set(values) - set(self._filter(change, change.order, values, pointers))
        if "partner_shipping_id" in left:
            change.shipping_partner = change.shipping_partner.browse()
        if "commitment_date" in left:
            change.payload = {**change.payload, "requested_date": None}
            for line in change.lines:
                line.data = {**line.data, "requested_date": None}

    def _keep_owned_quantity(self, change, line):
        """:return: False for a line that is not to be added; one that stays as it is keeps its quantity"""
        own = line.record or self.env["sale.order.line"]
        values, pointers = (
            {"product_uom_qty": float(line.quantity)},
            {"product_uom_qty": f"{line.pointer}/quantity"},
        )
        if self._filter(change, own, values, pointers):
            return True
        line.quantity = line.accepted = Decimal(format_decimal(own.product_uom_qty))
        return bool(own)

    def _keep_owned_price(self, change, line):
        """:return: False for a line that keeps its price"""
        if not self.env["dist.order.checks"]._get_price_difference(line):
            return True
        pointers = {"price_unit": f"{line.pointer}/unit_price"}
        return bool(self._filter(change, line.record, {"price_unit": float(line.price)}, pointers))

    def _filter(self, change, record, values, pointers):
        return self.env["dist.ownership"]._filter_inbound(
            change.message, record, values, pointers, document=change.order
        )

    # old and new

    def _compare(self, line):
        """:return: a line as it is ordered and as it is wanted, in words"""
        told = {"line": line.ref, "product": line.product.display_name, "new": self._describe_wanted(line)}
        if not line.record:
            return _("Line %(line)s, %(product)s: not ordered, now %(new)s", **told)
        price = self.env["dist.order.checks"]._get_contract_price(line.record)
        old = self._describe(line.record.product_uom_qty, line.record._dist_get_unit(), price)
        return _("Line %(line)s, %(product)s: ordered %(old)s, now %(new)s", old=old, **told)

    def _describe_wanted(self, line):
        words, day = self._describe(line.quantity, line.unit, line.price), line.data.get("requested_date")
        return _("%(amount)s on %(day)s", amount=words, day=day) if day else words

    def _describe(self, quantity, unit, price):
        words = f"{format_decimal(quantity)} {unit.name}"
        if price is None:
            return words
        return _("%(quantity)s at %(price)s", quantity=words, price=format_decimal(price))

    def _tell_reasons(self, change):
        """:return: the lines that something stands against, old and new, each with what that is"""
        told = [reason.detail for reason in change.reasons if reason.outcome != NOTE]
        for line, comparison in zip(change.lines, change.comparison, strict=True):
            reasons = [reason.detail for reason in line.reasons if reason.outcome != NOTE]
            told += [f"{comparison}. {' '.join(reasons)}"] if reasons else []
        return "\n".join(told)

    # checks

    def _check_kept(self, change):
        """What has shipped, or is with a warehouse, is not given up.

        :raises OrderRefused: the change comes too late
        """
        begun = change.order.picking_ids._dist_get_begun()
        for line in change.lines:
            kept = self._get_kept(line.record, begun) if line.record else 0.0
            wanted = line.unit._compute_quantity(float(line.quantity), line.product.uom_id, round=False)
            if float_compare(wanted, kept, precision_digits=QUANTITY_DIGITS) < 0:
                words = _(
                    "%(quantity)s of line %(line)s have shipped, or are with the warehouse.",
                    quantity=format_decimal(line.product.uom_id._compute_quantity(kept, line.unit)),
                    line=line.ref,
                )
                line.add(REFUSE, "line_released", words, "/quantity")
        open_ones = begun.filtered(lambda picking: picking.state != "done")
        wanted = {
            "delivery_address": change.shipping_partner,
            "requested_date": change.payload["requested_date"],
        }
        for name, value in wanted.items():
            if open_ones and value:
                words = _("%s is with the warehouse.", ", ".join(open_ones.mapped("name")))
                change.add(REFUSE, "order_released", words, f"/{name}")
        self._raise_refusal(
            change,
            "change_too_late",
            _("Use Request change on the delivery; when the warehouse agrees, Retry. Else tell the channel."),
        )

    def _get_kept(self, record, begun):
        """:return: quantity of an order line in deliveries that have begun, in the product's unit"""
        moves = record.move_ids.filtered(
            lambda move: (
                move.state != "cancel"
                and move.picking_id.picking_type_id.code == "outgoing"
                and begun & (move.picking_id | move.move_orig_ids.picking_id)
            )
        )
        return sum(move._dist_get_product_quantity() for move in moves)

    def _run_checks(self, change):
        """Of what is added there has to be enough, as of a new order.

        :raises OrderRefused: something stands against it that a person may accept
        """
        checks, lines = self.env["dist.order.checks"], change.lines
        checks._check_requested_date([change])
        self._check_days(change)
        change.lines = [line for line in lines if line.quantity]
        checks._run(["_check_quantity"], [change])
        wanted = {line: line.quantity for line in lines}
        for line in lines:
            ordered = Decimal(format_decimal(line.record.product_uom_qty)) if line.record else Decimal(0)
            line.quantity = line.accepted = max(line.quantity - ordered, Decimal(0))
        change.lines = [line for line in lines if line.quantity]
        # a quotation takes no goods
        stock = [] if change.order.dist_state == "quoted" else ["_check_availability"]
        checks._run(["_check_unit", *stock], [change])
        for line, quantity in wanted.items():
            line.quantity = quantity
        change.lines = lines
        self._raise_refusal(change, REFUSED, self._suggest())

    def _check_days(self, change):
        for line in self._get_lines_of_other_days(change):
            words = _("The order is delivered for one day; only line %s is wanted on another one.", line.ref)
            line.add(REFUSE, "line_date", words, "/requested_date")

    def _settle_prices(self, change, accepted):
        """Check the prices that were named against those that the order has by now.

        :param accepted: whether a person takes the change as it is
        :raises OrderRefused: one is neither that of the contract nor left at it
        """
        checks, lines = self.env["dist.order.checks"], change.lines
        priced = [line for line in lines if line.price is not None and line.quantity]
        change.lines = [line for line in priced if self._keep_owned_price(change, line)]
        if accepted:
            for line in change.lines:
                if line.price != checks._get_contract_price(line.record):
                    checks._take_submitted_price(line)
        else:
            checks._check_price([change])
        change.lines = lines
        self._raise_refusal(change, REFUSED, self._suggest())

    def _check_credit(self, change):
        """:raises OrderRefused: with what was added the customer is beyond the credit limit"""
        partner, checks = change.partner.commercial_partner_id, self.env["dist.order.checks"]
        checked = change.channel.credit_check and checks._get_credit_limit(partner)
        if not checked or change.order.state != "sale":
            return
        exposure = checks._get_exposures({partner})[partner.id]
        if checks._is_beyond_limit(partner, exposure):
            checks._add_credit_reason(change, partner, exposure - change.order._dist_get_company_total())
        self._raise_refusal(change, REFUSED, self._suggest())

    def _suggest(self):
        return _("Accept the change as it is, or tell the channel that the order stays.")

    def _raise_refusal(self, change, code, suggestion):
        reasons = [reason for reason in change.all_reasons if reason.outcome != NOTE]
        if reasons:
            raise OrderRefused(
                code,
                " ".join(dict.fromkeys(reason.detail for reason in reasons)),
                reasons[0].pointer,
                status=409,
                record=change.order,
                errors=[
                    {"pointer": reason.pointer, "code": reason.code, "detail": reason.detail}
                    for reason in reasons
                ],
                fingerprint=f"order_change/{change.order.id}",
                suggestion=suggestion,
                told=self._tell_reasons(change),
            )

    # effect

    def _carry_out(self, change):
        order, submit = change.order, self.env["dist.handler.order.submit"]
        notes, message = self.env["dist.inbound.change"], change.message
        for line in change.lines:
            if line.record and line.quantity != Decimal(format_decimal(line.record.product_uom_qty)):
                line.record.product_uom_qty = float(line.quantity)
                notes._note(message, line.record, ["product_uom_qty"])
        values = submit._prepare_requested_date(change)
        new = [line for line in change.lines if not line.record]
        if new:
            values["order_line"] = [(0, 0, submit._prepare_line(change, line)) for line in new]
        if change.shipping_partner:
            values["partner_shipping_id"] = change.shipping_partner.id
            open_ones = order.picking_ids.filtered(lambda picking: picking.state not in ("done", "cancel"))
            open_ones.partner_id = change.shipping_partner
        if values:
            # Odoo reminds people to bring the address to the deliveries: that is done
            order.with_context(mail_activity_automation_skip=True).write(values)
            notes._note(message, order, values)
        added = {line.dist_line_ref: line for line in order.order_line}
        for line in new:
            line.record = added[line.ref]
