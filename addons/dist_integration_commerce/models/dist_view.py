from odoo import models

from ..lib.submission import format_decimal


class DistView(models.AbstractModel):
    """Turns a document into the JSON that systems see, in answers and in events."""

    _name = "dist.view"
    _description = "JSON view of a document"

    def _format_amount(self, amount, currency):
        return format_decimal(amount or 0.0, currency.decimal_places)

    def _format_quantity(self, quantity):
        return format_decimal(quantity or 0.0)

    def _format_moment(self, moment):
        """:return: moment in UTC as ISO 8601, None for none"""
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None

    def _format_date(self, date):
        return date.isoformat() if date else None

    def _get_external_ids(self, system, records):
        """:return: dict, record id to what the system calls the record"""
        bindings = (
            self.env["dist.binding"]
            .sudo()
            .search_read(
                [
                    ("system_id", "=", system.id),
                    ("res_model", "=", records._name),
                    ("res_id", "in", records.ids),
                ],
                ["res_id", "external_id"],
            )
        )
        return {binding["res_id"]: binding["external_id"] for binding in bindings}

    def _get_codes(self, system, domain, records):
        """:return: dict, record id to the system's code of the record"""
        rows = (
            self.env["dist.code.map"]
            .sudo()
            .search_read(
                [
                    ("system_id", "=", system.id),
                    ("domain", "=", domain),
                    ("res_model", "=", records._name),
                    ("res_id", "in", records.ids),
                ],
                ["res_id", "external_code"],
                order="id desc",
            )
        )
        return {row["res_id"]: row["external_code"] for row in rows}
