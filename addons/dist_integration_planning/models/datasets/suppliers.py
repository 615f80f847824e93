from odoo import api, models
from odoo.tools import SQL

from ..series import get_purchase_unit
from .dist_planning_dataset import DatasetColumn

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class DistPlanningDatasetSuppliers(models.AbstractModel):
    """Who supplies what: lead times, prices and order rules. A product with price breaks has a row for each.

    Prices and quantities are in the unit of the purchase, and once more in that of the item.
    """

    _name = "dist.planning.dataset.suppliers"
    _inherit = "dist.planning.dataset"
    _description = "Suppliers"

    @api.model
    def _get_columns(self):
        return [
            DatasetColumn("key"),
            DatasetColumn("sku"),
            DatasetColumn("supplier"),
            DatasetColumn("supplier_name"),
            DatasetColumn("supplier_sku"),
            DatasetColumn("priority", "integer"),
            DatasetColumn("lead_time_days", "number"),
            DatasetColumn("minimum_quantity", "number"),
            DatasetColumn("multiple", "number"),
            DatasetColumn("unit"),
            DatasetColumn("unit_ratio", "number"),
            DatasetColumn("price", "number"),
            DatasetColumn("currency"),
            DatasetColumn("item_unit"),
            DatasetColumn("item_minimum", "number"),
            DatasetColumn("item_multiple", "number"),
            DatasetColumn("item_price", "number"),
            DatasetColumn("valid_from", "date"),
            DatasetColumn("valid_to", "date"),
            DatasetColumn("order_days"),
            DatasetColumn("minimum_order_value", "number"),
            DatasetColumn("minimum_order_currency"),
            DatasetColumn("calendar"),
        ]

    @api.model
    def _get_query(self, export):
        unit = get_purchase_unit(self.env, "info", "template")
        return SQL(
            """
            SELECT item.sku || '@' || %(supplier)s || '#' || info.id AS key, item.sku, %(supplier)s AS supplier,
                   partner.name AS supplier_name, info.product_code AS supplier_sku, info.sequence AS priority,
                   info.delay::float AS lead_time_days, info.min_qty::float AS minimum_quantity,
                   NULLIF(info.dist_order_multiple, 0)::float AS multiple, %(unit_name)s AS unit,
                   COALESCE(ratio.ratio, 1)::float AS unit_ratio, info.price::float AS price,
                   currency.name AS currency, item.unit AS item_unit,
                   round((info.min_qty * COALESCE(ratio.ratio, 1))::numeric, 6)::float AS item_minimum,
                   round((NULLIF(info.dist_order_multiple, 0) * COALESCE(ratio.ratio, 1))::numeric, 6)::float
                       AS item_multiple,
                   round((info.price / COALESCE(ratio.ratio, 1))::numeric, 6)::float AS item_price,
                   info.date_start AS valid_from, info.date_end AS valid_to,
                   %(days)s AS order_days, NULLIF(rules.minimum_value, 0)::float AS minimum_order_value,
                   least_currency.name AS minimum_order_currency,
                   calendar.name || '#' || calendar.id AS calendar
            FROM %(items)s AS item
            JOIN product_template AS template ON template.id = item.template_id
            JOIN product_supplierinfo AS info ON info.product_tmpl_id = item.template_id
                AND (info.product_id IS NULL OR info.product_id = item.product_id)
                AND (info.company_id IS NULL OR info.company_id = %(company)s)
            JOIN res_partner AS partner ON partner.id = info.partner_id
            JOIN uom_uom AS unit ON unit.id = %(unit)s
            JOIN res_currency AS currency ON currency.id = info.currency_id
            LEFT JOIN (%(ratios)s) AS ratio ON ratio.from_id = unit.id AND ratio.to_id = item.uom_id
            LEFT JOIN dist_planning_supplier AS rules
                ON rules.partner_id = partner.id AND rules.company_id = %(company)s
            LEFT JOIN res_currency AS least_currency
                ON least_currency.id = rules.currency_id AND rules.minimum_value > 0
            LEFT JOIN resource_calendar AS calendar ON calendar.id = rules.calendar_id
            WHERE item.active
            """,
            supplier=self._get_partner_code("partner"),
            unit_name=self._get_text(SQL("unit.name")),
            unit=unit,
            days=self._get_order_days(),
            items=self._get_items(),
            company=export.company_id.id,
            ratios=self._get_ratios(unit),
        )

    @api.model
    def _get_order_days(self):
        """Days of the week on which a supplier takes orders, none where nobody said."""
        names = [SQL("CASE WHEN %s THEN %s END", SQL.identifier("rules", day), day) for day in DAYS]
        return SQL("NULLIF(concat_ws(' ', %s), '')", SQL(", ").join(names))

    @api.model
    def _get_ratios(self, unit):
        """How many of a product's unit one of the purchase unit is, where they differ."""
        self.env.cr.execute(
            SQL(
                """
                SELECT DISTINCT %(unit)s, item.uom_id FROM %(items)s AS item
                JOIN product_template AS template ON template.id = item.template_id
                JOIN product_supplierinfo AS info ON info.product_tmpl_id = item.template_id
                WHERE %(unit)s <> item.uom_id
                """,
                unit=unit,
                items=self._get_items(),
            )
        )
        units = self.env["uom.uom"].sudo()
        rows = [
            SQL(
                "(%s, %s, %s::float)",
                from_id,
                to_id,
                units.browse(from_id)._compute_quantity(1.0, units.browse(to_id), round=False),
            )
            for from_id, to_id in self.env.cr.fetchall()
        ]
        return SQL(
            "SELECT * FROM (VALUES %s) AS known (from_id, to_id, ratio)",
            SQL(", ").join(rows or [SQL("(0, 0, 1::float)")]),
        )
