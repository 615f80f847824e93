from odoo import _, api, models

from ..lib.similarity import bare, closest, fragment, words
from .dist_edi_partner import USUAL_UNITS

# what units are called that people name themselves, such as a case of 24
UNIT_WORDS = {
    "BG": "bag",
    "BO": "bottle",
    "BX": "box",
    "CS": "case",
    "CT": "carton",
    "CX": "can",
    "PK": "pack",
    "PR": "pair",
    "PX": "pallet",
    "RO": "roll",
    "SET": "set",
}
# products that are compared by name: those that share a long word with the item
COMPARED = 300
LONG = 4


class DistEdiSuggestion(models.AbstractModel):
    """What items, units and places of a partner's documents mean nothing here yet, and what they may mean.

    A suggestion is only that: a person accepts it.
    """

    _name = "dist.edi.suggestion"
    _description = "Suggested meanings of a partner's codes"

    @api.model
    def _find_missing(self, system, contact, articles, units, parties):
        """
        :param system: dist.system, empty when it is still to be made
        :param contact: res.partner, empty when nobody has said who the partner is
        :param articles: as of lib.recognition.recognize, so are units and parties
        :return: list of dicts: ``kind`` (product, unit or party), ``code``, ``name``, ``count``, ``record`` (may be
            empty) and ``reason``
        """
        missing = [
            {"kind": "unit", "name": "", **unit, **self._suggest_unit(unit["code"])}
            for unit in units
            if not self._is_known_unit(system, unit["code"])
        ]
        missing += self._find_missing_items(system, contact, articles)
        return missing + self._find_missing_parties(system, contact, parties)

    # units

    @api.model
    def _is_known_unit(self, system, code):
        return self.env["dist.code.map"]._find(system, "unit", code) is not None

    @api.model
    def _suggest_unit(self, code):
        usual = code in USUAL_UNITS and self.env.ref(USUAL_UNITS[code], raise_if_not_found=False)
        if usual:
            return {"record": usual, "reason": _("Usual meaning")}
        units = self.env["uom.uom"].search([("name", "ilike", UNIT_WORDS.get(code, code))], limit=COMPARED)
        found = closest(UNIT_WORDS.get(code, code), [(unit, unit.name) for unit in units], least=0.0)
        return {"record": found[0] if found else units, "reason": _("Its name") if found else ""}

    # items

    @api.model
    def _find_missing_items(self, system, contact, articles):
        missing = []
        for article in articles:
            numbers = article["numbers"]
            if self._is_known_item(system, contact, numbers):
                continue
            product, reason = self._suggest_product(numbers, article["description"])
            missing.append(
                {
                    "kind": "product",
                    "code": self._get_number(numbers),
                    "name": article["description"],
                    "count": article["count"],
                    "record": product,
                    "reason": reason,
                }
            )
        return list({row["code"]: row for row in reversed(missing)}.values())[::-1]

    @api.model
    def _get_number(self, numbers):
        """:return: the number under which an item is explained: the partner's own, else whichever there is"""
        named = ("buyer_sku", "supplier_sku", "sku", "gtin")
        return next((numbers[name] for name in named if numbers.get(name)), next(iter(numbers.values())))

    @api.model
    def _is_known_item(self, system, contact, numbers):
        """Whether a number of the item leads to one product: by code map, binding, reference, barcode or price list."""
        handler = self.env["dist.handler.purchase"]
        message = self.env["dist.message"].new({"system_id": system.id})
        if any(self.env["dist.code.map"]._find(system, "product", text) for text in numbers.values()):
            return True
        items = [{"gtin" if name == "gtin" else "sku": text} for name, text in numbers.items()]
        if any(handler._find_known_products(message, items)):
            return True
        number = numbers.get("supplier_sku")
        return bool(contact and number and handler._find_in_price_list(contact, number))

    @api.model
    def _suggest_product(self, numbers, description):
        """:return: (product.product, may be empty; why it is suggested)"""
        for suggest in (self._suggest_by_gtin, self._suggest_by_supplier, self._suggest_by_reference):
            product, reason = suggest(numbers)
            if product:
                return product, reason
        return self._suggest_by_name(description)

    @api.model
    def _search_products(self, domain, **options):
        company = [("company_id", "in", (False, self.env.company.id))]
        return self.env["product.product"].search([*company, *domain], **options)

    @api.model
    def _suggest_by_gtin(self, numbers):
        """A case has the digits of the piece in it, but for the indicator in front and the check digit."""
        gtin = numbers.get("gtin", "").zfill(14)
        if not numbers.get("gtin") or len(gtin) != 14:
            return self.env["product.product"], ""
        inner = gtin[1:13].lstrip("0")
        products = self._search_products([("barcode", "=like", f"%{inner}_")], limit=10)
        found = products.filtered(lambda product: product.barcode.zfill(14)[1:13] == gtin[1:13])[:1]
        return found, _("GTIN of a pack of it")

    @api.model
    def _suggest_by_supplier(self, numbers):
        texts = [text for name, text in numbers.items() if name != "gtin"]
        sellers = self.env["product.supplierinfo"].search([("product_code", "in", texts)], limit=10)
        products = sellers.product_id | sellers.product_tmpl_id.product_variant_ids
        name = sellers[:1].partner_id.display_name
        return products[:1], _("Number of the supplier %s", name) if products else ""

    @api.model
    def _suggest_by_reference(self, numbers):
        """The same reference, written otherwise."""
        for text in (text for name, text in numbers.items() if name != "gtin" and bare(text)):
            products = self._search_products([("default_code", "ilike", fragment(text))], limit=COMPARED)
            alike = {bare(product.default_code): product for product in products}
            if bare(text) in alike:
                found = alike[bare(text)]
                return found, _("Internal reference %s", found.default_code)
        return self.env["product.product"], ""

    @api.model
    def _suggest_by_name(self, description):
        long = sorted({word for word in words(description) if len(word) >= LONG}, key=len)[-3:]
        domain = ["|"] * (len(long) - 1) + [("name", "ilike", word) for word in long]
        products = self._search_products(domain, limit=COMPARED) if long else self.env["product.product"]
        found = closest(description, [(product, product.name) for product in products])
        if not found:
            return self.env["product.product"], ""
        return found[0], _("Name, %s%% alike", round(found[1] * 100))

    # places and contacts

    @api.model
    def _find_missing_parties(self, system, contact, parties):
        missing = {}
        for party in parties:
            number = party.get("id")
            named = party.get("street") or party.get("city")
            if not number or (named and party["role"] != "buyer"):
                continue
            if party["role"] not in ("buyer", "ship_to", "invoice_to") or number in missing:
                continue
            if self.env["dist.binding"]._find(system, "res.partner", number):
                continue
            record, reason = self._suggest_contact(contact, party)
            missing[number] = {
                "kind": "party",
                "code": number,
                "name": party.get("name", ""),
                "count": 1,
                "record": record,
                "reason": reason,
            }
        return list(missing.values())

    @api.model
    def _suggest_contact(self, contact, party):
        """:return: (res.partner, may be empty; why it is suggested)"""
        contacts = self.env["res.partner"]
        referred = contacts.search([("ref", "=", party["id"])], limit=2)
        if len(referred) == 1:
            return referred, _("Reference %s", party["id"])
        if party["role"] == "buyer" and contact:
            return contact, _("The contact of the profile")
        named = max(words(party.get("name", "")), key=len, default="")
        domain = (
            [("id", "child_of", contact.commercial_partner_id.ids)] if contact else [("name", "ilike", named)]
        )
        near = contacts.search(domain, limit=COMPARED) if contact or named else contacts
        found = closest(party.get("name", ""), [(one, one.name or "") for one in near])
        return (found[0], _("Name, %s%% alike", round(found[1] * 100))) if found else (contacts, "")
