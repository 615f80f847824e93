from decimal import Decimal

from odoo import _, fields, models

from odoo.addons.dist_integration_base.lib.handling import BusinessError, HandlerResult
from odoo.addons.dist_integration_wms.lib.confirmation import digest_of

from ...lib.answers import SILENT, SUBSTITUTED, AnswerError, read_answer


class PurchaseAcknowledgedHandler(models.AbstractModel):
    """A supplier answers to a purchase order: within tolerance the order follows, beyond it a person decides."""

    _name = "dist.handler.purchase.acknowledged"
    _inherit = "dist.handler.purchase"
    _description = "Purchase order acknowledged"

    _dist_keeps_numbers = True

    def _apply(self, message, payload):
        order = self._find_order(message, payload["order"], "/order")
        supplier = self._get_sender(message)
        self._check_supplier(supplier, order, "/order")
        digest = digest_of(payload)
        answers = self.env["dist.supplier.acknowledgement"]
        latest = answers._find_latest(order)
        if latest.digest == digest:
            return HandlerResult(latest._get_answer(), record=order)
        self._check_not_older(payload, order, latest)
        self._check_not_repeated(order, latest, digest)
        self._check_open(order, "/order")
        self._check_currency(order, payload.get("currency"), "/currency")
        answer = answers.create(self._prepare_acknowledgement(message, payload, order, supplier, digest))
        answer._judge()
        self._follow(message, payload, answer)
        specs = [answer._prepare_exception()] if answer.state == "waiting" else []
        return HandlerResult(answer._get_answer(), record=order, exceptions=specs)

    def _check_not_older(self, payload, order, latest):
        """:param latest: dist.supplier.acknowledgement of the order that was taken last
        :raises BusinessError: the supplier answered anew since then
        """
        told_on = fields.Date.to_date(payload.get("told_on"))
        if told_on and latest.told_on and told_on < latest.told_on:
            raise BusinessError(
                "older_answer",
                _(
                    "The answer to %(order)s is of %(day)s, that of %(latest)s was taken before.",
                    order=order.name,
                    day=payload["told_on"],
                    latest=fields.Date.to_string(latest.told_on),
                ),
                "/told_on",
                record=order,
                suggestion=_("Cancel the message, or have the supplier answer anew."),
            )

    def _check_not_repeated(self, order, latest, digest):
        """:param latest: as of `_check_not_older`, another answer than this one
        :raises BusinessError: this one was taken before: it is sent again, or meant again, and nobody knows which
        """
        if latest.search_count([("order_id", "=", order.id), ("digest", "=", digest)], limit=1):
            raise BusinessError(
                "repeated_answer",
                _(
                    "This answer to %(order)s was taken before, of the same day, and another one since then.",
                    order=order.name,
                ),
                "/number",
                record=order,
                suggestion=_("Cancel the message. Where it is meant again, have the supplier answer anew."),
            )

    # reading

    def _prepare_acknowledgement(self, message, payload, order, supplier, digest):
        return {
            "order_id": order.id,
            "edi_partner_id": supplier.id,
            "message_id": message.id,
            "external_id": payload.get("number"),
            "told_on": payload.get("told_on"),
            "status": payload["status"],
            "note": payload.get("note"),
            "digest": digest,
            "line_ids": [
                (0, 0, vals) for vals in self._prepare_lines(message, payload, order, supplier.transit_days)
            ],
        }

    def _prepare_lines(self, message, payload, order, transit_days):
        """What is answered of an order; lines that are left out, and never were answered, still are to be.

        :return: list of values of dist.supplier.acknowledgement.line
        """
        found = [
            (*self._find_order_line(message, order, line, f"/lines/{place}"), line, f"/lines/{place}")
            for place, line in enumerate(payload.get("lines", ()))
        ]
        rest = self._get_order_lines(order) - self._check_once(order, found)
        unanswered = rest.browse()
        if payload.get("only_exceptions") or not (found or payload["status"] in SILENT):
            found += [(own, own.product_id, {}, "") for own in rest]
        elif found:
            unanswered = rest.filtered("product_qty") - self._find_answered(order)
        return [
            *(self._prepare_line(message, payload, order, transit_days, *one) for one in found),
            *(self._prepare_unanswered(own) for own in unanswered),
        ]

    def _find_answered(self, order):
        """:return: purchase.order.line that the supplier answered before"""
        lines = self.env["dist.supplier.acknowledgement.line"]
        return lines.search([("order_id", "=", order.id), ("state", "!=", "unanswered")]).order_line_id

    def _check_once(self, order, found):
        """:return: purchase.order.line that are answered
        :raises BusinessError: one of them twice
        """
        seen = order.order_line.browse()
        for own, _product, _line, pointer in found:
            if own & seen:
                raise BusinessError(
                    "line_twice",
                    _(
                        "Line %(line)s of %(order)s is answered twice.",
                        line=own.dist_line_ref,
                        order=order.name,
                    ),
                    pointer,
                    record=order,
                )
            seen |= own
        return seen

    def _prepare_unanswered(self, own):
        return {
            **self._prepare_ordered(own, own.product_id, self._get_line_unit(own)),
            "state": "unanswered",
            "differences": _("not answered yet"),
        }

    def _prepare_ordered(self, own, product, unit):
        """:return: values of a line as it was ordered; of what was not ordered only the item"""
        return {
            "order_line_id": own.id,
            "line_ref": own.dist_line_ref,
            "product_id": product.id,
            "uom_id": unit.id,
            "ordered_quantity": own.product_qty,
            "ordered_price": own.price_unit_discounted,
            "ordered_date": own.date_planned and own.date_planned.date(),
        }

    def _prepare_line(self, message, payload, order, transit_days, own, product, line, pointer):
        product = own.product_id or self._require_product(product, line.get("item", {}), f"{pointer}/item")
        unit = self._get_line_unit(own) or product.uom_id
        told_unit = self._read_unit(message, self._get_unit_code(line, pointer), unit, f"{pointer}/unit")
        ordered = unit._compute_quantity(own.product_qty, told_unit, round=False)
        try:
            answer = read_answer(line, payload, Decimal(f"{ordered:.6f}"), transit_days)
        except AnswerError as error:
            raise BusinessError(
                "several_substitutes",
                _("The line is replaced by several items: have the supplier send a line for each."),
                f"{pointer}/answers/{error.place}",
            ) from error
        price = own.price_unit_discounted
        if "unit_price" in line:
            price = told_unit._compute_price(float(line["unit_price"]), unit)
        return {
            **self._prepare_ordered(own, product, unit),
            "line_ref": own.dist_line_ref or line.get("line"),
            "price": price,
            "date": answer.date,
            "is_undated": answer.undated,
            "schedule": [
                [day.isoformat(), told_unit._compute_quantity(float(quantity), unit)]
                for day, quantity in answer.parts
            ]
            or False,
            "reason": ", ".join(answer.reasons),
            **{
                name: told_unit._compute_quantity(float(told), unit)
                for name, told in (
                    ("quantity", answer.quantity),
                    ("refused_quantity", answer.refused),
                    ("substitute_quantity", answer.substituted),
                )
            },
            "substitute_id": self._find_substitute(message, order, answer, pointer).id,
        }

    def _get_unit_code(self, line, pointer):
        """:raises BusinessError: the parts of a line are counted in several units"""
        parts = {part["unit"] for part in line.get("answers", []) if part.get("unit")}
        codes = parts | {line["unit"]} if line.get("unit") else parts
        if len(codes) > 1:
            raise BusinessError(
                "several_units",
                _("The line is counted in several units: %s.", ", ".join(sorted(codes))),
                f"{pointer}/unit",
            )
        return next(iter(codes), None)

    def _names_substitute(self, line):
        return any(part["status"] == SUBSTITUTED and not part.get("item") for part in line.get("answers", []))

    def _find_substitute(self, message, order, answer, pointer):
        """:return: product.product, empty where nothing is replaced"""
        if not answer.substituted:
            return self.env["product.product"]
        item = answer.item or {}
        found = self._match_product(message, order.partner_id, item)
        return self._require_product(found, item, f"{pointer}/answers")

    # following

    def _follow(self, message, payload, answer):
        """Have the order follow what needs nobody to look at it."""
        order, lines = answer.order_id, answer.line_ids.filtered(lambda line: line.state == "changed")
        for line in lines:
            vals, new = line._prepare_order_line(), line._prepare_new_line()
            if vals:
                self._write_inbound(message, line.order_line_id, vals)
            if new:
                self._create_inbound(message, "purchase.order.line", new)
            line._schedule_receipts()
        answer._note_answered()
        reference = payload.get("supplier_order")
        if reference and not order.partner_ref:
            order.partner_ref = reference
        answer._tell_order(lines)
        if lines:
            order._dist_note_told()
            answer._cancel_refused_order()
