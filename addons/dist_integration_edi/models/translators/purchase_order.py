from odoo import _, models

from ...lib.changes import CHANGES, numbered, reference_of
from ...lib.countries import to_two_letters

ADDRESS = ("name", "street", "street2", "zip", "city", "state", "country", "email", "phone")
PLACE = {"street", "city"}
NOTE = 2000


class PurchaseOrderTranslator(models.AbstractModel):
    """A purchase order of a customer as an order that is submitted: 850 and ORDERS."""

    _name = "dist.edi.translator.purchase.order"
    _inherit = "dist.edi.translator"
    _description = "EDI purchase order to order submission"

    def _to_message(self, document, canonical):
        if canonical.get("purpose") in CHANGES:
            change = {**canonical, "order": canonical["number"]}
            return self.env["dist.edi.translator.purchase.change"]._to_message(document, change)
        partner = document.edi_partner_id
        parties = canonical.get("parties", {})
        message = {
            "reference": reference_of(canonical),
            "customer": {"external_id": self._get_customer(partner, parties)},
            "currency": canonical.get("currency"),
            "requested_date": self._get_day(canonical),
            "shipping_method": canonical.get("carrier"),
            "note": "\n".join(self._get_notes(canonical))[:NOTE],
            "channel": partner.channel_id.code,
            "delivery_address": self._get_address(partner, parties.get("ship_to")),
            "invoice_address": self._get_invoice_address(partner, parties.get("invoice_to")),
        }
        explained = self._get_explained(document.system_id, canonical.get("lines", []))
        lines = [
            self._get_line(line, place, explained) for place, line in enumerate(canonical.get("lines", []), 1)
        ]
        return {**{name: value for name, value in message.items() if value}, "lines": lines}

    def _get_day(self, canonical):
        """:return: text of the day on which an order is wanted: its own, else the first one of its lines"""
        days = [day for line in canonical.get("lines", []) for day, _quantity in self._get_days(line)]
        return canonical.get("requested_date") or canonical.get("ship_date") or min(days, default=None)

    def _get_days(self, line):
        """:return: list of (text of a day on which a line is wanted, quantity; None for all of it)"""
        parts = [(one["date"], one.get("quantity")) for one in line.get("schedule", []) if one.get("date")]
        if len(parts) > 1:
            return parts
        days = [line.get("requested_date"), *(day for day, _quantity in parts)]
        return [(day, None) for day in days if day][:1]

    def _get_notes(self, canonical):
        """:return: list of the texts of an order, and of the days of its lines that differ: orders have one here"""
        day = self._get_day(canonical)
        notes = [note["text"] for note in canonical.get("notes", []) if note.get("text")]
        for number, line in numbered(canonical.get("lines", [])).items():
            for wanted, quantity in self._get_days(line):
                if quantity:
                    notes.append(
                        _(
                            "Line %(line)s: %(quantity)s on %(day)s",
                            line=number,
                            quantity=quantity,
                            day=wanted,
                        )
                    )
                elif wanted != day:
                    notes.append(_("Line %(line)s: on %(day)s", line=number, day=wanted))
        return notes

    def _get_customer(self, partner, parties):
        """:return: what the system calls the customer: the profile's contact where it is bound, else the buyer's id"""
        buyer = (parties.get("buyer") or {}).get("id")
        if buyer and self.env["dist.binding"]._find(partner.system_id, "res.partner", buyer):
            return buyer
        bound = partner.partner_id and self.env["dist.binding"]._get_external_id(
            partner.system_id, partner.partner_id
        )
        return bound or buyer or partner.identifier

    def _get_address(self, partner, party):
        """:return: dict of an address: by its id where that is known here, else in words; None when there is none"""
        if not party:
            return None
        number = party.get("id")
        if number and self.env["dist.binding"]._find(partner.system_id, "res.partner", number):
            return {"external_id": number}
        words = {name: party[name] for name in ADDRESS if party.get(name)}
        if number and not PLACE <= words.keys():
            # a place that is only a number has to be known: whoever handles the order says so
            return {"external_id": number}
        if not PLACE & words.keys():
            return None
        return self._strip({**words, "country": self._get_country(partner, party)})

    def _get_invoice_address(self, partner, party):
        """As `_get_address`; whom to invoice is known of the customer where the document does not say a whole place."""
        address = self._get_address(partner, party) or {}
        return address if "external_id" in address or PLACE <= address.keys() else None

    def _get_country(self, partner, party):
        """:return: ISO 3166-1 alpha-2 of an address; documents within a country leave it out, then it is that of the
        customer, or of the company where only that has such a state
        """
        if party.get("country"):
            return to_two_letters(party["country"])
        countries = partner.partner_id.country_id | partner.company_id.country_id
        has_state = countries.filtered(lambda country: party.get("state") in country.state_ids.mapped("code"))
        return (has_state or countries)[:1].code

    def _get_line(self, line, place, explained):
        found = {
            "line": line.get("line") or str(place),
            "item": self._get_item(line.get("item", {}), explained),
            "quantity": line["quantity"],
            "unit": line.get("unit"),
            "unit_price": self._get_price(line),
        }
        return {name: value for name, value in found.items() if value}
