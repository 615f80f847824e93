import json
from decimal import Decimal

from odoo import fields, models

from odoo.addons.dist_integration_base.models.transaction import get_state

from ...lib.changes import apply_change
from ...lib.separators import EDIFACT

# EDIFACT says of a line that it is accepted, changed or refused; what was changed shows in the line
CHANGES = ("quantity_changed", "price_changed", "date_changed", "backordered")
# what a segment of text holds in either standard
MAX_REASON = 250


class PurchaseAcknowledgementSerializer(models.AbstractModel):
    """The answer to a purchase order or to its change, line by line: 855, 865 and ORDRSP.

    An order that was cancelled here is refused, and so is one that never became a sales order because a person set its
    message aside. A change that a person set aside is answered by the order as it stands.
    """

    _name = "dist.serializer.purchase.acknowledgement"
    _inherit = "dist.serializer.edi.document"
    _description = "Purchase order acknowledgement: canonical message"

    _dist_code = "purchase.acknowledgement"

    def _is_relevant(self, record):
        if record._name == "dist.edi.document":
            return record._is_refused() and super()._is_relevant(record)
        is_answered = record.state in ("sale", "cancel") and self._get_reference(record)
        return bool(is_answered and super()._is_relevant(record))

    def _get_payload(self, record):
        if record._name != "dist.edi.document":
            return self._get_answer(self._get_receiver(record), record, self._get_original(record))
        order = record._find_changed_order()
        if not order:
            return self._get_refusal(record)
        wanted = apply_change(self._get_original(order), record._get_canonical())
        answer = self._get_answer(self._get_receiver(record), order, wanted)
        reasons = record._get_line_reasons()
        for line in answer["lines"]:
            if line["line"] in reasons:
                line["notes"] = [{"text": reasons[line["line"]][:MAX_REASON]}]
        return answer

    def _get_answer(self, partner, order, original):
        """:param original: dict, the purchase order as the partner wants it by now; empty when it came otherwise
        :return: dict, the answer
        """
        views = self._get_views()
        lines = self._get_lines(partner, order, original)
        is_told = self._was_told(order)
        for line in lines if is_told else ():
            is_gone = {answer["status"] for answer in line["answers"]} == {"rejected"}
            line.setdefault("change", "delete" if is_gone else "no_change")
        return self._strip(
            {
                **self._get_order_names(order, original),
                "order_date": original.get("order_date"),
                "number": order.name,
                "change": original.get("change"),
                "date": views._format_date(order.date_order.date()),
                "purpose": "replace" if is_told else "original",
                "status": self._get_status(lines),
                "currency": order.currency_id.name,
                "parties": original.get("parties")
                or {"buyer": self._get_party(order.partner_id, partner.identifier)},
                "lines": lines,
            }
        )

    def _get_refusal(self, document):
        """:param document: dist.edi.document, an order of which no sales order was made, or a change of none"""
        partner, original = self._get_receiver(document), document._get_canonical()
        today = fields.Date.context_today(document.with_context(tz=document.company_id.partner_id.tz))
        return self._strip(
            {
                "order": document._get_order_number(),
                "release": original.get("release"),
                "order_date": original.get("order_date"),
                "number": original.get("number") or original["order"],
                "date": self._get_views()._format_date(today),
                "purpose": "replace" if document._is_change() else "original",
                "status": "rejected",
                "currency": original.get("currency"),
                "parties": original.get("parties"),
                "lines": [
                    self._get_answered_line(partner, line, None, {}, number)
                    for number, line in self._get_original_lines(original).items()
                ],
            }
        )

    def _was_told(self, order):
        """Whether the partner has had an answer to this order; one of this transaction is not told yet."""
        told = [
            ("direction", "=", "out"),
            ("message_type_id.code", "=", self._dist_code),
            ("res_model", "=", order._name),
            ("res_id", "=", order.id),
            ("state", "!=", "cancelled"),
        ]
        written = get_state(self.env.cr).written.get((self._dist_code, order._name, order.id))
        if written:
            told.append(("event_id", "!=", written))
        return bool(self.env["dist.message"].sudo().search_count(told, limit=1))

    def _get_status(self, lines):
        """:return: what the answers of the lines come to; that a line was given up is accepted"""
        statuses = {
            "accepted" if answer["status"] == "cancelled" else answer["status"]
            for line in lines
            for answer in line["answers"]
        }
        return statuses.pop() if statuses in ({"accepted"}, {"rejected"}) else "accepted_with_changes"

    def _get_open_lines(self, order):
        """:return: list of the lines that will be delivered; of a cancelled order none"""
        return [] if order.state == "cancel" else self._get_views()._get_lines(order)

    def _get_lines(self, partner, order, original):
        """:return: list of the lines the partner ordered, each with its answer, then those that were added here"""
        ordered = self._get_original_lines(original)
        own = {line.dist_line_ref: line for line in self._get_open_lines(order) if line.dist_line_ref}
        decided = {line["line"]: line for line in json.loads(order.dist_answer or "{}").get("lines", [])}
        lines = [
            self._get_answered_line(partner, line, own.get(number), decided.get(number, {}), number)
            for number, line in ordered.items()
        ]
        added = self._get_views()._get_lines(order) if not ordered else self._get_open_lines(order)
        for line in added:
            if line.dist_line_ref not in ordered:
                lines.append(self._get_added_line(partner, line))
        return lines

    def _get_answered_line(self, partner, ordered, line, decided, number):
        """:param ordered: dict, the line as the partner sent it
        :param line: sale.order.line that became of it, None for none
        :param decided: dict, what the order was answered with over the API
        """
        found = {
            name: ordered[name] for name in ("item", "unit", "description", "change") if ordered.get(name)
        }
        found["line"] = number
        if line is None or not line.product_uom_qty:
            quantity = ordered.get("quantity", "0")
            status = "rejected" if Decimal(quantity) else "cancelled"
            answer = {"status": status, "quantity": quantity}
            return {**found, "quantity": quantity, "answers": self._limit(partner, [answer])}
        price = self._get_price(line)
        return {
            **found,
            "quantity": self._get_views()._format_quantity(line.product_uom_qty),
            "unit_price": price,
            "answers": self._limit(partner, self._get_answers(ordered, line, decided, price)),
        }

    def _get_answers(self, ordered, line, decided, price):
        quantity = Decimal(self._get_views()._format_quantity(line.product_uom_qty))
        # of what was given up since then, the part that was to come later is the first
        given_up = max(Decimal(decided.get("accepted_quantity") or "0") - quantity, Decimal(0))
        short = max(Decimal(decided.get("backordered_quantity") or "0") - given_up, Decimal(0))
        status = "accepted"
        wanted = self.env["dist.edi.translator"]._get_price(ordered)
        if wanted and Decimal(wanted) != Decimal(price):
            status = "price_changed"
        if "quantity" in ordered and quantity != Decimal(ordered["quantity"]):
            status = "quantity_changed"
        moment = line.order_id.commitment_date or line.order_id.expected_date
        date = {"date": self._get_views()._format_date(moment.date())} if moment else {}
        unit = {"unit": ordered["unit"]} if ordered.get("unit") else {}
        answers = []
        if quantity > short:
            answers.append({"status": status, "quantity": _text(quantity - short), **unit, **date})
        if short > 0:
            answers.append({"status": "backordered", "quantity": _text(short), **unit})
        return answers

    def _limit(self, partner, answers):
        """Answers as the standard of the partner has them: EDIFACT gives one to a line."""
        if partner.standard != EDIFACT:
            return answers
        statuses = {answer["status"] for answer in answers}
        first = answers[0]
        if len(answers) > 1 or statuses & set(CHANGES) and statuses != {"backordered"}:
            return [{**first, "status": "accepted_and_changed"}]
        return [first]

    def _get_added_line(self, partner, line):
        found = self._get_sold_line(partner, line, line.product_uom_qty, line._dist_get_unit(), {})
        status = "rejected" if line.order_id.state == "cancel" else "accepted"
        answer = {"status": status, "quantity": found["quantity"], "unit": found["unit"]}
        return {**found, "unit_price": self._get_price(line), "answers": self._limit(partner, [answer])}

    def _get_price(self, line):
        return self._get_views()._format_quantity(line.price_unit * (1.0 - (line.discount or 0.0) / 100.0))


def _text(number):
    """:return: decimal text in plain notation"""
    return f"{number:f}"
