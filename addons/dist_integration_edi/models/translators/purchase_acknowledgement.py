from odoo import models

from ...lib.answers import REFUSED

# codes of X12 (element 587): only what is not as ordered has its lines
ONLY_EXCEPTIONS = ("AE", "RF")
# codes of X12 (element 374) for days on which goods leave the supplier
SHIP_DATES = ("010", "011", "037", "038", "068", "079", "080", "118")


class PurchaseAcknowledgementTranslator(models.AbstractModel):
    """A supplier's answer to an order: 855, 865 and ORDRSP."""

    _name = "dist.edi.translator.purchase.acknowledgement"
    _inherit = "dist.edi.translator.purchase"
    _description = "EDI order acknowledgement to acknowledged purchase order"

    def _to_message(self, document, canonical):
        if canonical.get("purpose") == "cancel":
            # whatever it said of the lines, nothing of it holds any more
            canonical = {**canonical, "status": "rejected", "lines": []}
        return self._strip(
            {
                "order": canonical["order"],
                "number": canonical.get("number"),
                "supplier_order": self._get_supplier_order(document, canonical),
                "told_on": canonical.get("date"),
                "status": canonical["status"],
                "only_exceptions": self._names_only_exceptions(document, canonical) or None,
                "currency": canonical.get("currency"),
                "date": canonical.get("promised_date"),
                "note": self._get_note(canonical),
                "lines": [self._get_line(document, line) for line in canonical.get("lines", [])],
            }
        )

    def _names_only_exceptions(self, document, canonical):
        return self._is_x12(document) and canonical.get("acknowledgement_type") in ONLY_EXCEPTIONS

    def _get_supplier_order(self, document, canonical):
        """:return: the supplier's number of the order; of X12 the acknowledgement's number is that"""
        return canonical.get("number" if self._is_x12(document) else "supplier_order")

    def _get_line(self, document, line):
        head = {"line": line.get("line"), "item": self._get_bought_item(line.get("item", {}))}
        answers = [self._get_part(answer) for answer in line.get("answers", [])]
        if line.get("change") == "delete" and not any(answer["status"] in REFUSED for answer in answers):
            # an accepted deletion is no accepted line
            return self._strip({**head, "answers": [{"status": "cancelled"}]})
        found = {
            **head,
            "quantity": line.get("quantity"),
            "unit": line.get("unit"),
            "unit_price": self._get_price(line),
            "date": self._get_date(document, line),
            "schedule": self._get_schedule(line),
            "answers": answers,
        }
        return self._strip(found)

    def _get_date(self, document, line):
        """:return: day on which the goods arrive; of EDIFACT a line that is not answered has only one date"""
        if line.get("promised_date") or self._is_x12(document):
            return line.get("promised_date")
        return line.get("requested_date")

    def _get_schedule(self, line):
        """:return: list of parts with their days; empty where a part is counted in another unit, or has no day"""
        parts = line.get("schedule", [])
        is_told = all(part.get("quantity") and part.get("date") for part in parts)
        units = {part["unit"] for part in parts if part.get("unit")}
        if not is_told or units - {line.get("unit")}:
            return []
        return [{"quantity": part["quantity"], "date": part["date"]} for part in parts]

    def _get_part(self, answer):
        day = "ship_date" if answer.get("date_type") in SHIP_DATES else "date"
        item = answer.get("item")
        return self._strip(
            {
                "status": answer["status"],
                "quantity": answer.get("quantity"),
                "unit": answer.get("unit"),
                day: answer.get("date"),
                "item": item and self._get_bought_item(item),
                "reason": answer.get("reason"),
            }
        )
