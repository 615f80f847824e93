from odoo import models


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

    def _get_item(self, system, item):
        """An item by the number that is known here.

        The partner's own number counts where a person has explained it, then ours as the partner quotes it.

        :param item: dict of numbers by their kind
        :return: dict with ``sku`` and, where there is one, ``gtin``
        """
        numbers = [item[name] for name in ("buyer_sku", "supplier_sku", "sku") if item.get(name)]
        found = {"gtin": item["gtin"]} if item.get("gtin") else {}
        explained = [number for number in numbers if self._is_explained(system, number)]
        ours = item.get("supplier_sku") or item.get("sku")
        if explained:
            found["sku"] = explained[0]
        elif ours:
            found["sku"] = ours
        elif numbers and not found:
            found["sku"] = numbers[0]
        return found or {"sku": next(iter(item.get("codes", {}).values()), "?")}

    def _is_explained(self, system, number):
        return self.env["dist.code.map"]._find(system, "product", number) is not None

    def _get_price(self, line):
        """:return: decimal text of the price of one unit; None when the line names none, or it is not one of a unit"""
        price, per = line.get("unit_price"), line.get("price_quantity")
        if not price or per in (None, "1"):
            return price
        handler = self.env["dist.handler"]
        return f"{handler._decimal(price) / handler._decimal(per):.6f}".rstrip("0").rstrip(".")
