from odoo import api, models
from odoo.tools import SQL

from .dist_planning_dataset import DatasetColumn


class DistPlanningDatasetLocations(models.AbstractModel):
    """Warehouses: the places that are planned."""

    _name = "dist.planning.dataset.locations"
    _inherit = "dist.planning.dataset"
    _description = "Locations"

    @api.model
    def _get_columns(self):
        return [
            DatasetColumn("key"),
            DatasetColumn("warehouse"),
            DatasetColumn("name"),
            DatasetColumn("time_zone"),
            DatasetColumn("country"),
            DatasetColumn("calendar"),
            DatasetColumn("supplied_from"),
            DatasetColumn("active", "flag"),
        ]

    @api.model
    def _get_query(self, export):
        calendar = export.company_id.resource_calendar_id
        return SQL(
            """
            SELECT place.code AS key, place.code AS warehouse, warehouse.name, place.zone AS time_zone,
                   country.code AS country, %(calendar)s::text AS calendar, (
                       SELECT string_agg(other.code, ' ' ORDER BY other.code)
                       FROM stock_wh_resupply_table AS link
                       JOIN stock_warehouse AS other ON other.id = link.supplier_wh_id
                       WHERE link.supplied_wh_id = warehouse.id) AS supplied_from, warehouse.active
            FROM %(warehouses)s AS place
            JOIN stock_warehouse AS warehouse ON warehouse.id = place.warehouse_id
            LEFT JOIN res_partner AS address ON address.id = warehouse.partner_id
            LEFT JOIN res_country AS country ON country.id = address.country_id
            """,
            calendar=f"{calendar.name}#{calendar.id}" if calendar else None,
            warehouses=self._get_warehouses(),
        )
