from odoo import models


class StockWarehouse(models.Model):
    _inherit = "stock.warehouse"

    def _dist_get_planning_zone(self):
        """:return: IANA name of the time zone by whose days this warehouse is planned"""
        self.ensure_one()
        own = self.dist_tz if "dist_tz" in self._fields else False
        return (
            own
            or self.partner_id.tz
            or self.company_id.partner_id.tz
            or self.company_id.resource_calendar_id.tz
            or "UTC"
        )
