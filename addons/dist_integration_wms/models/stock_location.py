from odoo import api, models

# what a warehouse is told of a location
LOCATION_FIELDS = {"active", "barcode", "location_id", "name", "usage"}
# what the path of all locations below it says as well
PATH_FIELDS = {"barcode", "location_id", "name"}


class StockLocation(models.Model):
    _inherit = "stock.location"

    @api.model_create_multi
    def create(self, vals_list):
        locations = super().create(vals_list)
        locations._dist_emit("location.changed")
        return locations

    def write(self, vals):
        result = super().write(vals)
        if LOCATION_FIELDS & set(vals):
            self._dist_get_told(vals)._dist_emit("location.changed")
        return result

    def _dist_get_told(self, vals):
        """:return: locations of which these values change what is told"""
        if (
            not PATH_FIELDS & set(vals)
            or "location.changed" not in self.env["dist.flow"]._get_subscribed_types()
        ):
            return self
        return self.with_context(active_test=False).search([("id", "child_of", self.ids)]) | self
