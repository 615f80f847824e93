from odoo import api, models
from odoo.tools import SQL

from .dist_planning_dataset import DatasetColumn


class DistPlanningDatasetCalendars(models.AbstractModel):
    """Working hours by day of the week, and the days off that all share."""

    _name = "dist.planning.dataset.calendars"
    _inherit = "dist.planning.dataset"
    _description = "Calendars"

    @api.model
    def _get_columns(self):
        return [
            DatasetColumn("key"),
            DatasetColumn("calendar"),
            DatasetColumn("kind"),
            DatasetColumn("weekday", "integer"),
            DatasetColumn("hour_from", "number"),
            DatasetColumn("hour_to", "number"),
            DatasetColumn("from", "moment"),
            DatasetColumn("to", "moment"),
            DatasetColumn("time_zone"),
            DatasetColumn("value", "integer"),
        ]

    @api.model
    def _get_query(self, export):
        return SQL(
            """
            SELECT 'A' || hours.id AS key, calendar.name || '#' || calendar.id AS calendar, 'working' AS kind,
                   hours.dayofweek::integer + 1 AS weekday, hours.hour_from::float AS hour_from,
                   hours.hour_to::float AS hour_to, NULL::timestamp AS "from", NULL::timestamp AS "to",
                   calendar.tz AS time_zone, 1 AS value
            FROM resource_calendar_attendance AS hours
            JOIN resource_calendar AS calendar ON calendar.id = hours.calendar_id
            WHERE COALESCE(calendar.company_id, %(company)s) = %(company)s AND hours.day_period <> 'lunch'
              AND hours.display_type IS NULL
            UNION ALL
            SELECT concat_ws('/', 'L' || leave.id, calendar.id), calendar.name || '#' || calendar.id, 'day off', NULL,
                   NULL, NULL, leave.date_from, leave.date_to, calendar.tz, 0
            FROM resource_calendar_leaves AS leave
            JOIN resource_calendar AS calendar ON calendar.id = leave.calendar_id
                OR leave.calendar_id IS NULL AND COALESCE(calendar.company_id, %(company)s) = leave.company_id
            WHERE COALESCE(calendar.company_id, %(company)s) = %(company)s AND leave.resource_id IS NULL
            """,
            company=export.company_id.id,
        )
