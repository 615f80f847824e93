from odoo import fields, models


class PurchaseChangeSerializer(models.AbstractModel):
    """What changes of an order that the supplier has, or that it is cancelled: 860 and ORDCHG."""

    _name = "dist.serializer.purchase.change"
    _inherit = "dist.serializer.purchase.order"
    _description = "Purchase order change: canonical message"

    _dist_code = "purchase.change"

    def _is_relevant(self, record):
        lines = (record.dist_change or {}).get("lines")
        may_leave = record.state == "cancel" or record._dist_is_transmittable()
        return bool(lines and may_leave and self._get_receiver(record))

    def _get_payload(self, record):
        order = super()._get_payload(record)
        is_cancelled = record.state == "cancel"
        today = fields.Date.context_today(record.with_context(tz=record.company_id.partner_id.tz))
        return self._strip(
            {
                "order": order["number"],
                "number": f"{order['number']}-{record.dist_change_number}",
                "sequence": str(record.dist_change_number),
                "order_date": order["order_date"],
                "date": self._get_views()._format_date(today),
                "purpose": "cancel" if is_cancelled else "change",
                "currency": order["currency"],
                "parties": order["parties"],
                "lines": [] if is_cancelled else self._get_changed_lines(record, order["lines"]),
            }
        )

    def _get_changed_lines(self, record, lines):
        changes = record.dist_change["lines"]
        still_open = {line.dist_line_ref: line.product_qty - line.qty_received for line in record.order_line}
        return [
            {
                **line,
                "change": changes[line["line"]],
                "open_quantity": self._get_views()._format_quantity(max(still_open[line["line"]], 0.0)),
            }
            for line in lines
            if line["line"] in changes
        ]
