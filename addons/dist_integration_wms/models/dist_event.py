from odoo import api, models

# what is said to one warehouse only
ADDRESSED = (
    *(
        f"{kind}.{event}"
        for kind in ("shipment", "receipt", "return")
        for event in ("requested", "cancelled")
    ),
    "shipment.hold.requested",
    "shipment.hold.released",
    "shipment.change.requested",
    "shipment.cancel.requested",
)
REPORTED = ("shipment.completed", "receipt.completed", "return.completed", "shipment.dispatched")
# what is said to the carrier alone
CARRIED = ("transport.requested", "transport.cancelled")


class DistEvent(models.Model):
    _inherit = "dist.event"

    @api.model
    def _is_subscribed(self, flow_id, row):
        return self._dist_is_addressee(flow_id, row) and super()._is_subscribed(flow_id, row)

    @api.model
    def _dist_is_addressee(self, flow_id, row):
        """A warehouse hears of its own transfers alone; other systems hear of what was completed anywhere."""
        if row["res_model"] == "stock.location":
            return self._dist_is_location_told(flow_id, row)
        if row["res_model"] != "stock.picking":
            return True
        code = self.env["dist.message.type"]._get_code_cached(row["message_type_id"])
        picking = self.env["stock.picking"].browse(row["res_id"])
        if code in CARRIED:
            return self._dist_is_carrier_told(flow_id, picking)
        if code not in ADDRESSED + REPORTED:
            return True
        system = picking.dist_system_id or picking.picking_type_id.dist_system_id
        settings = self.env["dist.flow"]._get_delivery_settings(flow_id)
        if settings["system_id"] == system.id:
            return True
        return code in REPORTED and settings["system_kind"] != "warehouse"

    @api.model
    def _dist_is_carrier_told(self, flow_id, picking):
        settings = self.env["dist.flow"]._get_delivery_settings(flow_id)
        return settings["system_id"] == picking._dist_get_transport_system().id

    @api.model
    def _dist_is_location_told(self, flow_id, row):
        """A warehouse hears of its own locations alone; other systems hear of all."""
        settings = self.env["dist.flow"]._get_delivery_settings(flow_id)
        if settings["system_kind"] != "warehouse":
            return True
        location = self.env["stock.location"].browse(row["res_id"])
        return location.warehouse_id.dist_system_id.id == settings["system_id"]
