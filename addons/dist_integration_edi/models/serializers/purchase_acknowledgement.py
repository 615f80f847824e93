import json
from decimal import Decimal

from odoo import models

from ...lib.separators import EDIFACT

# EDIFACT says of a line that it is accepted, changed or refused; what was changed shows in the line
CHANGES = ("quantity_changed", "price_changed", "date_changed", "backordered")


class PurchaseAcknowledgementSerializer(models.AbstractModel):
    """The answer to a purchase order, line by line: 855 and ORDRSP."""

    _name = "dist.serializer.purchase.acknowledgement"
    _inherit = "dist.serializer.edi.document"
    _description = "Purchase order acknowledgement: canonical message"

    _dist_code = "purchase.acknowledgement"

    def _is_relevant(self, record):
        return bool(record.state == "sale" and self._get_reference(record) and super()._is_relevant(record))

    def _get_payload(self, record):
        partner = self._get_receiver(record)
        original = self._get_original(record)
        views = self._get_views()
        lines = self._get_lines(partner, record, original)
        statuses = {answer["status"] for line in lines for answer in line["answers"]}
        return self._strip(
            {
                "order": self._get_reference(record),
                "order_date": original.get("order_date"),
                "number": record.name,
                "date": views._format_date(record.date_order.date()),
                "purpose": "original",
                "status": "accepted" if statuses == {"accepted"} else "accepted_with_changes",
                "currency": record.currency_id.name,
                "parties": original.get("parties")
                or {"buyer": self._get_party(record.partner_id, partner.identifier)},
                "lines": lines,
            }
        )

    def _get_lines(self, partner, order, original):
        """:return: list of the lines the partner ordered, each with its answer, then those that were added here"""
        ordered = self._get_original_lines(original)
        own = {line.dist_line_ref: line for line in self._get_views()._get_lines(order) if line.dist_line_ref}
        decided = {line["line"]: line for line in json.loads(order.dist_answer or "{}").get("lines", [])}
        lines = [
            self._get_answered_line(partner, line, own.get(number), decided.get(number, {}), number)
            for number, line in ordered.items()
        ]
        for line in self._get_views()._get_lines(order):
            if line.dist_line_ref not in ordered:
                lines.append(self._get_added_line(partner, line))
        return lines

    def _get_answered_line(self, partner, ordered, line, decided, number):
        """:param ordered: dict, the line as the partner sent it
        :param line: sale.order.line that became of it, None for none
        :param decided: dict, what the order was answered with over the API
        """
        found = {name: ordered[name] for name in ("item", "unit", "description") if ordered.get(name)}
        found["line"] = number
        if line is None:
            return {
                **found,
                "quantity": ordered["quantity"],
                "answers": self._limit(partner, [{"status": "rejected", "quantity": ordered["quantity"]}]),
            }
        price = self._get_price(line)
        return {
            **found,
            "quantity": self._get_views()._format_quantity(line.product_uom_qty),
            "unit_price": price,
            "answers": self._limit(partner, self._get_answers(ordered, line, decided, price)),
        }

    def _get_answers(self, ordered, line, decided, price):
        quantity = Decimal(self._get_views()._format_quantity(line.product_uom_qty))
        short = Decimal(decided.get("backordered_quantity") or "0")
        status = "accepted"
        if ordered.get("unit_price") and Decimal(ordered["unit_price"]) != Decimal(price):
            status = "price_changed"
        if quantity != Decimal(ordered["quantity"]):
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
        answer = {"status": "accepted", "quantity": found["quantity"], "unit": found["unit"]}
        return {**found, "unit_price": self._get_price(line), "answers": self._limit(partner, [answer])}

    def _get_price(self, line):
        return self._get_views()._format_quantity(line.price_unit * (1.0 - (line.discount or 0.0) / 100.0))


def _text(number):
    """:return: decimal text in plain notation"""
    return f"{number:f}"
