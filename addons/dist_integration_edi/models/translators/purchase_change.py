from odoo import models

from ...lib.changes import numbered, reference_of

REASON = 500


class PurchaseChangeTranslator(models.AbstractModel):
    """What a customer changes of its order, or that it is cancelled: 860 and ORDCHG, and orders that say so."""

    _name = "dist.edi.translator.purchase.change"
    _inherit = "dist.edi.translator.purchase.order"
    _description = "EDI purchase order change to order change"

    def _to_message(self, document, canonical):
        notes = " ".join(note["text"] for note in canonical.get("notes", []) if note.get("text"))
        reference = reference_of(canonical)
        head = {"reference": reference, "reason": notes[:REASON].strip()}
        if canonical.get("purpose") == "cancel":
            return self._strip(head)
        lines = canonical.get("lines", [])
        explained = self._get_explained(document.system_id, lines)
        days = self._get_former_days(document, reference)
        return self._strip(
            {
                **head,
                "changed_at": self._get_changed_at(document),
                "complete": canonical.get("purpose") == "replace" or None,
                "currency": canonical.get("currency"),
                "requested_date": canonical.get("requested_date") or canonical.get("ship_date"),
                "delivery_address": self._get_address(
                    document.edi_partner_id, canonical.get("parties", {}).get("ship_to")
                ),
                "lines": [
                    self._get_changed_line(line.get("line") or str(place), line, explained, days)
                    for place, line in enumerate(lines, 1)
                    if line.get("change") != "no_change"
                ],
            }
        )

    def _get_changed_at(self, document):
        """:return: text of the moment at which the partner prepared the change; None when the envelope has none"""
        interchange = document.interchange_id
        moment = interchange.prepared_at and interchange.edi_partner_id._to_utc(interchange.prepared_at)
        return f"{moment.isoformat()}Z" if moment else None

    def _get_former_days(self, document, number):
        """Orders have one day here: the days of their lines are told only where they are changed.

        :return: dict, number of a line to the day on which the order wanted it
        """
        order = document.sudo().search(
            [
                ("edi_partner_id", "=", document.edi_partner_id.id),
                ("document_name", "=", "purchase.order"),
                ("business_key", "=", number),
                ("state", "=", "accepted"),
            ],
            order="id desc",
            limit=1,
        )
        lines = numbered(order._get_canonical().get("lines", [])) if order else {}
        return {number: line.get("requested_date") for number, line in lines.items()}

    def _get_changed_line(self, number, line, explained, days):
        change = line.get("change")
        head = {
            "line": number,
            # of an order that comes again nobody says which lines are new
            "existing": change not in (None, "add") or None,
            "item": line.get("item") and self._get_item(line["item"], explained),
        }
        if change == "delete":
            return self._strip({**head, "quantity": "0"})
        day = line.get("requested_date")
        return self._strip(
            {
                **head,
                "quantity": line.get("quantity"),
                "unit": line.get("unit"),
                "unit_price": self._get_price(line),
                "requested_date": day if day != days.get(number) else None,
            }
        )
