from odoo import models


class InventoryReportTranslator(models.AbstractModel):
    """A supplier's inventory report: 846 and INVRPT."""

    _name = "dist.edi.translator.inventory.report"
    _inherit = "dist.edi.translator.purchase"
    _description = "EDI inventory report to supplier's stock"

    def _to_message(self, document, canonical):
        return {
            "number": canonical["number"],
            "reported_at": canonical["reported_at"],
            "lines": [found for line in canonical["lines"] for found in self._get_lines(line)],
        }

    def _get_lines(self, line):
        """:return: list of a message line for each unit that quantities of an item are told in"""
        by_unit = {}
        for quantity in line.get("quantities", []):
            by_unit.setdefault(quantity.get("unit"), []).append(quantity)
        head = {"line": line.get("line"), "item": self._get_bought_item(line["item"])}
        return [
            self._strip(
                {
                    **head,
                    "available": self._get_available(quantities),
                    "coming": self._add_up(quantities, "on_order", "in_transit"),
                    "coming_on": line.get("available_date"),
                    "unit": unit,
                }
            )
            for unit, quantities in by_unit.items()
        ]

    def _get_available(self, quantities):
        """:return: decimal text of what can be ordered: as it is told, else what is there and not promised to others"""
        told = self._add_up(quantities, "available")
        if told is not None:
            return told
        handler = self.env["dist.handler"]
        there = handler._decimal(self._add_up(quantities, "on_hand") or "0")
        promised = handler._decimal(self._add_up(quantities, "committed") or "0")
        return f"{max(there - promised, 0):f}"

    def _add_up(self, quantities, *kinds):
        """:return: decimal text of quantities of a kind in all places; None when there is none"""
        decimal = self.env["dist.handler"]._decimal
        found = [decimal(one["quantity"]) for one in quantities if one.get("type") in kinds]
        return f"{max(sum(found), 0):f}" if found else None
