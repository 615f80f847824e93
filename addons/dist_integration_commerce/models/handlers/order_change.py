from decimal import Decimal

from odoo import _, models
from odoo.tools import float_compare

from odoo.addons.dist_integration_base.lib.handling import BusinessError, HandlerResult

from ...lib.submission import NOTE, REFUSE, Submission, format_decimal
from .order_checks import QUANTITY_DIGITS
from .order_submit import OrderRefused

REFUSED = "order_change_refused"


class OrderChangeHandler(models.AbstractModel):
    """A channel changes its order: quantities, lines, date, address; all of it or nothing (C4).

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
        if not accepted and order.amount_total > before:
            self._check_credit(change)
        order.dist_changed_at = changed_at or order.dist_changed_at
        words = _("Changed by %(channel)s.", channel=order.dist_channel_id.name)
        order.message_post(body=f"{words} {payload.get('reason', '')}".strip())
        reasons = [reason.to_dict() for reason in change.all_reasons if reason.outcome == NOTE]
        answer = {**self._get_order_answer(order, "changed"), "reasons": reasons}
        return HandlerResult(answer, record=order)

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
        """:return: Submission of the lines that are changed or new, each with the quantity that is wanted"""
        customer = self.env["dist.binding"]._get_external_id(message.system_id, order.partner_id)
        whole = {"lines": [], **payload, "customer": {"external_id": customer or ""}}
        change, submit = Submission(message, whole), self.env["dist.handler.order.submit"]
        change.channel, change.order, change.partner = order.dist_channel_id, order, order.partner_id
        submit._refuse_repeated_lines(change)
        for line in change.lines:
            for reason in line.reasons:
                raise BusinessError(reason.code, reason.detail, reason.pointer, open_exception=False)
            if not line.data.get("item"):
                line.record = self._find_line(order, line.ref, f"{line.pointer}/line")
                line.product, line.unit = line.record.product_id, line.record._dist_get_unit()
        self._read_new_lines(change)
        change.shipping_partner = submit._get_address(change, "delivery_address", "delivery")
        return change

    def _read_new_lines(self, change):
        """:raises BusinessError: the order has a line of that reference, whose item cannot be changed"""
        new = [line for line in change.lines if not line.record]
        for line in new:
            if line.ref in change.order.order_line.mapped("dist_line_ref"):
                raise BusinessError(
                    "line_exists",
                    _("The item of line %s stays. Set its quantity to 0 and add another line.", line.ref),
                    f"{line.pointer}/item",
                    open_exception=False,
                )
        items = [(line.data["item"], f"{line.pointer}/item") for line in new]
        for line, product in zip(new, self._find_products(change.message, items), strict=True):
            line.product = product
            line.unit = self.env["dist.handler.order.submit"]._get_unit(change, line, {})

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
        for name in ("delivery_address", "requested_date"):
            if open_ones and change.payload.get(name):
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
            )

    # effect

    def _carry_out(self, change):
        order, submit = change.order, self.env["dist.handler.order.submit"]
        for line in change.lines:
            if line.record:
                line.record.product_uom_qty = float(line.quantity)
        values = submit._prepare_requested_date(change)
        new = [(0, 0, submit._prepare_line(change, line)) for line in change.lines if not line.record]
        if new:
            values["order_line"] = new
        if change.shipping_partner:
            values["partner_shipping_id"] = change.shipping_partner.id
            open_ones = order.picking_ids.filtered(lambda picking: picking.state not in ("done", "cancel"))
            open_ones.partner_id = change.shipping_partner
        if values:
            # Odoo reminds people to bring the address to the deliveries: that is done
            order.with_context(mail_activity_automation_skip=True).write(values)
