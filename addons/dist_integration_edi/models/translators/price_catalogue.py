from odoo import models

# what others pay: X12 element 236 and EDIFACT code list 5125
NOT_OURS = {"MSR", "MSP", "RES", "RTL", "RTP", "SRP", "RPP", "INF"}
# before allowances, where a net price stands beside it
GROSS = {"AAB", "GRP", "CAT", "LPR"}


class PriceCatalogueTranslator(models.AbstractModel):
    """A supplier's price catalogue: 832 and PRICAT."""

    _name = "dist.edi.translator.price.catalogue"
    _inherit = "dist.edi.translator.purchase"
    _description = "EDI price catalogue to purchase prices"

    def _to_message(self, document, canonical):
        purpose = canonical.get("purpose")
        return self._strip(
            {
                "number": canonical["number"],
                "version": canonical.get("version"),
                "is_cancelled": purpose == "cancel" or None,
                "told_on": canonical.get("date"),
                "valid_from": canonical.get("valid_from"),
                "valid_to": canonical.get("valid_to"),
                "currency": canonical.get("currency"),
                "lines": [found for line in canonical["lines"] for found in self._get_lines(line)],
            }
        )

    def _get_lines(self, line):
        """:return: list of a message line for each of our prices of an item"""
        head = {
            "line": line.get("line"),
            "item": self._get_bought_item(line["item"]),
            "description": (line.get("description") or "")[:200],
        }
        if line.get("change") == "delete":
            return [self._strip({**head, "is_discontinued": True, **self._get_period(line)})]
        return [
            self._strip(
                {
                    **head,
                    "unit_price": self._get_price(price),
                    "unit": price.get("unit"),
                    "minimum_quantity": price.get("minimum_quantity"),
                    **self._get_period(price),
                }
            )
            for price in self._get_prices(line)
        ]

    def _get_prices(self, line):
        """:return: list of those prices of an item that we pay"""
        ours = [price for price in line.get("prices", []) if price.get("type") not in NOT_OURS]
        return [price for price in ours if price.get("type") not in GROSS] or ours

    def _get_period(self, told):
        return {"valid_from": told.get("valid_from"), "valid_to": told.get("valid_to")}
