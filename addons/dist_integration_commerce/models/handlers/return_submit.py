from collections import defaultdict
from datetime import timedelta

from odoo import _, fields, models
from odoo.tools import float_compare

from odoo.addons.dist_integration_base.lib.handling import BusinessError, HandlerResult

from ...lib.submission import format_decimal, get_digest
from .order_checks import QUANTITY_DIGITS

TO_DECIDE = "return_to_decide"
TOO_LATE = "return_too_late"
CLAIM = "claim_to_decide"


class ReturnUndecided(BusinessError):
    """A person authorises the return, or ignores it with a reason; until then it waits."""

    message_state = "error"

    def __init__(self, *args, **options):
        super().__init__(*args, status=202, **options)


class ReturnSubmitHandler(models.AbstractModel):
    """A customer wants to send goods back, or claims a credit without (C6).

    A return is authorised by the channel's terms, or by a person. What comes back, and what becomes of it, the
    warehouse says; the credit follows what was received. A claim is always a person's to decide.
    """

    _name = "dist.handler.return.submit"
    _inherit = "dist.handler.channel.order"
    _description = "Return"

    def _get_external_id(self, payload):
        return payload.get("return")

    def _get_lock_keys(self, message, payload):
        return [
            *super()._get_lock_keys(message, payload),
            f"return/{message.system_id.id}/{payload['return']}",
        ]

    def _apply(self, message, payload):
        order = self._find_order(message, payload)
        if payload.get("keep"):
            return self._apply_claim(message, payload, order)
        returns, digest = self._find_known(message, payload), get_digest(payload)
        self._check_same(payload, digest, returns.mapped("dist_return_digest"))
        if not returns:
            wanted = self._read_wanted(order, payload)
            self._check_authorised(message, order)
            returns = self._create_returns(order, wanted)
            returns.write({"dist_return_ref": payload["return"], "dist_return_digest": digest})
            self._post_reasons(returns, payload)
        answer = {"status": "authorised", "returns": returns.mapped("name")}
        return HandlerResult({**self._get_answer(order, payload), **answer}, record=returns[0])

    def _find_known(self, message, payload):
        """:return: stock.picking, the returns that were made under this number before"""
        return self.env["stock.picking"].search(
            [
                ("dist_return_ref", "=", payload["return"]),
                ("sale_id.dist_channel_id.system_id", "=", message.system_id.id),
                ("company_id", "=", message.company_id.id),
            ],
            order="id",
        )

    def _check_same(self, payload, digest, known):
        """:raises BusinessError: the number stands for other content"""
        if any(other != digest for other in known):
            raise BusinessError(
                "return_differs",
                _(
                    "Return %s was submitted before, with other content. Nothing was changed.",
                    payload["return"],
                ),
                "/return",
                status=409,
                open_exception=False,
            )

    # claims: the customer keeps the goods, or never had them

    def _apply_claim(self, message, payload, order):
        """A person decides on a claim; then it is credited."""
        known, digest = self._find_claim(message, payload), get_digest(payload)
        self._check_same(payload, digest, known.mapped("dist_claim_digest"))
        if not known:
            quantities = self._read_claimed(order, payload)
            self._check_credit_owner(message, payload)
            if not message._accepts(CLAIM):
                words = _("The customer claims a credit for goods of %s that do not come back.", order.name)
                raise self._prepare_undecided(order, CLAIM, words)
            known = order._dist_make_credit_note(quantities, payload["return"])
            known.write({"dist_claim_ref": payload["return"], "dist_claim_digest": digest})
            self._post_reasons(known, payload)
            if order.dist_channel_id.return_credit == "post":
                known.action_post()
        answer = {"status": "credited", "returns": []}
        return HandlerResult({**self._get_answer(order, payload), **answer}, record=known)

    def _check_credit_owner(self, message, payload):
        """:raises OwnershipConflict: invoices and credit notes are made by another system"""
        vals = {"invoice_line_ids": payload["lines"]}
        self.env["dist.ownership"]._filter_inbound(
            message, self.env["account.move"], vals, {"invoice_line_ids": "/lines"}, undivided=True
        )

    def _find_claim(self, message, payload):
        return self.env["account.move"].search(
            [
                ("dist_claim_ref", "=", payload["return"]),
                ("dist_channel_id.system_id", "=", message.system_id.id),
                ("company_id", "=", message.company_id.id),
            ]
        )

    def _read_claimed(self, order, payload):
        """:return: dict, order line to how much of it is claimed, in its unit
        :raises BusinessError: more than was invoiced and not credited
        """
        claimed = defaultdict(float)
        for index, data in enumerate(payload["lines"]):
            pointer = f"/lines/{index}"
            line = self._find_line(order, data["line"], f"{pointer}/line")
            claimed[line] += float(self._decimal(data["quantity"]))
            if float_compare(claimed[line], line.qty_invoiced, precision_digits=QUANTITY_DIGITS) > 0:
                raise BusinessError(
                    "more_than_invoiced",
                    _(
                        "%(invoiced)s of line %(line)s are invoiced and not credited.",
                        invoiced=format_decimal(line.qty_invoiced),
                        line=data["line"],
                    ),
                    f"{pointer}/quantity",
                    record=order,
                    suggestion=_("Invoice the order and Retry, or tell the channel."),
                )
        return claimed

    # what comes back

    def _read_wanted(self, order, payload):
        """:return: dict, shipped stock.move to how much of it comes back, in the product's unit
        :raises BusinessError: a line was not shipped, or less of it
        """
        wanted = defaultdict(float)
        for index, data in enumerate(payload["lines"]):
            pointer = f"/lines/{index}"
            line = self._find_line(order, data["line"], f"{pointer}/line")
            unit, product = line._dist_get_unit(), line.product_id
            rest = self._convert_quantity(data["quantity"], unit, product, f"{pointer}/quantity")
            for move in self._get_shipped(line):
                part = min(rest, move._dist_get_returnable() - wanted[move])
                wanted[move] += part
                rest -= part
            if float_compare(rest, 0.0, precision_digits=QUANTITY_DIGITS) > 0:
                raise self._prepare_too_much(order, line, rest, data, f"{pointer}/quantity")
        return {move: quantity for move, quantity in wanted.items() if quantity}

    def _get_shipped(self, line):
        return line.move_ids.filtered(
            lambda move: (
                move.state == "done"
                and move.product_id == line.product_id
                and move.picking_id.picking_type_id.code == "outgoing"
            )
        ).sorted("id")

    def _prepare_too_much(self, order, line, rest, data, pointer):
        unit, product = line._dist_get_unit(), line.product_id
        there = float(self._decimal(data["quantity"])) - product.uom_id._compute_quantity(
            rest, unit, round=False
        )
        return BusinessError(
            "more_than_shipped",
            _(
                "%(there)s of %(wanted)s %(unit)s %(product)s can come back: the rest has not shipped, or came back.",
                there=format_decimal(there),
                wanted=data["quantity"],
                unit=unit.name,
                product=product.default_code or product.display_name,
            ),
            pointer,
            record=order,
            suggestion=_("Tell the channel what was shipped. The parts of a kit are returned by hand."),
        )

    # whether it may

    def _check_authorised(self, message, order):
        """:raises ReturnUndecided: the terms of the channel leave it to a person, who has not decided yet"""
        if message._accepts(TOO_LATE) or message._accepts(TO_DECIDE):
            return
        channel, last = order.dist_channel_id, max(self._get_shipments(order).mapped("date_done"))
        days = channel.return_days
        if days and last + timedelta(days=days) < fields.Datetime.now():
            words = _(
                "%(order)s was shipped on %(day)s, more than %(days)s days ago.",
                order=order.name,
                day=last.date(),
                days=days,
            )
            raise self._prepare_undecided(order, TOO_LATE, words)
        if channel.return_policy == "ask":
            words = _("The customer wants to send back goods of %s.", order.name)
            raise self._prepare_undecided(order, TO_DECIDE, words)

    def _prepare_undecided(self, order, code, words):
        return ReturnUndecided(
            code,
            words,
            "/reference",
            record=order,
            suggestion=_("Accept it to authorise the return, or ignore it with the reason to refuse it."),
        )

    def _get_shipments(self, order):
        return order.picking_ids.filtered(
            lambda picking: picking.state == "done" and picking.picking_type_id.code == "outgoing"
        )

    # effect

    def _create_returns(self, order, wanted):
        """:return: stock.picking, one for each shipment"""
        shipments = self.env["stock.picking"].union(*(move.picking_id for move in wanted)).sorted("id")
        return self.env["stock.picking"].union(
            *(
                shipment._dist_create_return(
                    {move.id: quantity for move, quantity in wanted.items() if move.picking_id == shipment}
                )
                for shipment in shipments
            )
        )

    def _post_reasons(self, documents, payload):
        reasons = [f"{line['line']}: {line['reason']}" for line in payload["lines"] if line.get("reason")]
        words = ", ".join(filter(None, [payload.get("note"), *reasons]))
        if words:
            for document in documents:
                document.message_post(body=words)

    def _get_answer(self, order, payload):
        lines = [{"line": line["line"], "quantity": line["quantity"]} for line in payload["lines"]]
        return {
            "return": payload["return"],
            "reference": payload["reference"],
            "order": order.name,
            "lines": lines,
        }
