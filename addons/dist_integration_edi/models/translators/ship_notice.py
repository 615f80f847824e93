import re

from odoo import models

# what takes back what was announced under the number
PURPOSES = {"cancel": "cancel", "replace": "replace", "change": "replace"}
SSCC = re.compile(r"(\(00\)|00)?\d{18}")


class ShipNoticeTranslator(models.AbstractModel):
    """A supplier's ship notice: 856 and DESADV."""

    _name = "dist.edi.translator.ship.notice"
    _inherit = "dist.edi.translator.purchase"
    _description = "EDI ship notice to shipped purchase"

    def _to_message(self, document, canonical):
        orders = [order["number"] for order in canonical.get("orders", [])]
        return self._strip(
            {
                "number": canonical["number"],
                "purpose": PURPOSES.get(canonical["purpose"], "original"),
                "order": orders[0] if len(orders) == 1 else None,
                "shipped_at": canonical.get("shipped_at"),
                "expected_at": canonical.get("expected_at"),
                "carrier": canonical.get("carrier"),
                "tracking": canonical.get("tracking"),
                "bill_of_lading": canonical.get("bill_of_lading"),
                "note": self._get_note(canonical),
                "packages": [self._get_package(package) for package in canonical.get("packages", [])],
                "lines": [self._get_line(line) for line in canonical.get("lines", [])],
            }
        )

    def _get_package(self, package):
        mark = package.get("sscc", "")
        return self._strip(
            {
                "package": package["package"],
                "sscc": mark if SSCC.fullmatch(mark) else None,
                "within": package.get("within"),
            }
        )

    def _get_line(self, line):
        return self._strip(
            {
                "line": line.get("line"),
                "order": line.get("order"),
                "order_line": line.get("order_line"),
                "item": self._get_bought_item(line.get("item", {})),
                "quantity": line["quantity"],
                "unit": line.get("unit"),
                "lot": line.get("lot") or line.get("serial"),
                "expiry": line.get("expiry"),
                "package": line.get("package"),
            }
        )
