from odoo import models

# for how many units a price is, by the codes of X12 (element 639)
PRICE_BASES = {"HP": "100", "TP": "1000"}


class DistEdiTranslator(models.AbstractModel):
    """Tells a received document in the words of the message that has its effect here.

    One abstract model a canonical document, named ``dist.edi.translator.<document>``. It only says the same otherwise:
    what a code or a number means, and whether it is right, is for the message's own handler.
    """

    _name = "dist.edi.translator"
    _description = "Translator of an EDI document"

    def _to_message(self, document, canonical):
        """
        :param document: dist.edi.document
        :param canonical: dict, what it says
        :return: dict, payload of the message type that the agreement leads to
        """
        raise NotImplementedError

    def _strip(self, message):
        """:return: message without what is empty"""
        return {name: value for name, value in message.items() if value not in (None, "", [], {})}

    def _get_explained(self, system, lines):
        """:param lines: list of dicts, each with its ``item``
        :return: set of the lines' item numbers of which a person has said what they mean
        """
        numbers = {number for line in lines for number in self._get_numbers(line.get("item", {}))}
        return self.env["dist.code.map"]._find_known(system, "product", numbers)

    def _get_numbers(self, item):
        """:return: list of the numbers of an item that may be explained, the partner's own first"""
        return [item[name] for name in ("buyer_sku", "supplier_sku", "sku") if item.get(name)]

    def _get_item(self, item, explained):
        """An item by the number that is known here.

        The partner's own number counts where a person has explained it, then ours as the partner quotes it.

        :param item: dict of numbers by their kind
        :param explained: as of `_get_explained`
        :return: dict with ``sku`` and, where there is one, ``gtin``
        """
        numbers = self._get_numbers(item)
        found = {"gtin": item["gtin"]} if item.get("gtin") else {}
        known = [number for number in numbers if number in explained]
        ours = item.get("supplier_sku") or item.get("sku")
        if known:
            found["sku"] = known[0]
        elif ours:
            found["sku"] = ours
        elif numbers and not found:
            found["sku"] = numbers[0]
        return found or {"sku": next(iter(item.get("codes", {}).values()), "?")}

    def _get_price(self, line):
        """:return: decimal text of the price of one unit; None when the line names none, or it is not one of a unit"""
        price = line.get("unit_price")
        per = line.get("price_quantity") or PRICE_BASES.get(line.get("price_basis"))
        if not price or per in (None, "1"):
            return price
        handler = self.env["dist.handler"]
        return f"{handler._decimal(price) / handler._decimal(per):.6f}".rstrip("0").rstrip(".")
