from odoo import _, api, fields, models

from odoo.addons.dist_integration_base.models.dist_message import CHANNELS

BATCH = 50
# what decides which transfers are handed over by themselves
RULES = {"dist_system_id", "dist_release_policy", "dist_release_mode", "dist_urgent_at_once"}
KINDS = {"outgoing": ("shipment",), "incoming": ("receipt", "return")}


class StockWarehouse(models.Model):
    """What was ready before anybody could be told of it: handed over in batches, once the warehouse is connected.

    A transfer is looked at when it changes. One that was ready before its warehouse had a system, a flow or the
    present rules does not change any more.
    """

    _inherit = "stock.warehouse"

    dist_release_notice = fields.Char(compute="_compute_dist_release_notice", compute_sudo=True)

    @api.depends(*sorted(RULES))
    def _compute_dist_release_notice(self):
        for warehouse in self:
            warehouse.dist_release_notice = warehouse._dist_get_release_notice()

    def _dist_get_release_notice(self):
        """:return: how much is going to be released by itself, for who connects the warehouse; False for nothing"""
        if not self.dist_system_id:
            return False
        waiting = self.env["stock.picking"].search(self._dist_get_waiting_domain())
        kinds = [picking._dist_get_release_kind() for picking in waiting]
        count = len(list(filter(None, kinds)))
        if not count:
            return False
        return _(
            "%(count)s transfers are ready, %(deliveries)s of them deliveries. They are released to %(system)s by "
            "themselves as soon as it is connected and its flows are active, unless something holds them back.",
            count=count,
            deliveries=kinds.count("shipment"),
            system=self.dist_system_id.name,
        )

    def write(self, vals):
        result = super().write(vals)
        if RULES & set(vals):
            self._dist_release_waiting()
        return result

    # what waits

    def _dist_get_waiting_domain(self):
        """:return: domain of the transfers that are ready and go by themselves, as the warehouse is set up, or about to
        be; some of them may concern no external system
        """
        self.ensure_one()
        states = ("confirmed", "assigned") if self.dist_release_policy == "confirmed" else ("assigned",)
        modes = self._dist_get_told_types().grouped(self._dist_get_mode_of)
        waves = modes.get("wave") if self.dist_urgent_at_once else None
        return [
            ("dist_release_state", "=", "not_released"),
            ("dist_is_held_back", "=", False),
            ("state", "in", states),
            "|",
            ("picking_type_id", "in", modes["ready"].ids if "ready" in modes else []),
            "&",
            ("picking_type_id", "in", waves.ids if waves else []),
            ("priority", "=", "1"),
        ]

    def _dist_get_mode_of(self, picking_type):
        """:return: key of RELEASE_MODES, of an operation type as the warehouse is set up, or about to be"""
        if picking_type.code != "outgoing":
            return "ready"
        return picking_type.dist_release_mode or self.dist_release_mode

    def _dist_get_told_types(self):
        """:return: stock.picking.type that the external system is told of"""
        stored = self._origin
        if stored.dist_system_id != self.dist_system_id._origin:
            # about to be connected
            return stored.in_type_id | stored.out_type_id
        own = [("warehouse_id", "=", stored.id), ("code", "in", list(KINDS)), ("dist_system_id", "!=", False)]
        return self.env["stock.picking.type"].search(own)

    def _dist_has_waiting(self):
        """:return: True when the external system can be told of something that is ready"""
        types = self._dist_get_told_types().filtered(lambda picking_type: picking_type._dist_is_told())
        domain = [*self._dist_get_waiting_domain(), ("picking_type_id", "in", types.ids)]
        waiting = self.env["stock.picking"].search(domain)
        return any(picking._dist_get_release_step() for picking in waiting)

    # handing it over

    def _dist_release_waiting(self):
        """Have a job hand over what was ready before."""
        for warehouse in self.sudo():
            if warehouse._dist_has_waiting():
                warehouse._dist_enqueue_waiting(0)

    def _dist_enqueue_waiting(self, after_id):
        self.with_delay(
            channel=CHANNELS["normal"],
            identity_key=f"dist-release-waiting:{self.id}:{after_id}",
            description=_("Release what is ready in %s", self.name),
        )._job_release_waiting(after_id)

    def _job_release_waiting(self, after_id):
        """Job: hand over a batch of what is ready, by the usual rules, and enqueue the next one; both or neither.

        :param after_id: id of the last transfer that was looked at
        """
        self.ensure_one()
        domain = [*self._dist_get_waiting_domain(), ("id", ">", after_id)]
        pickings = self.env["stock.picking"].search(domain, order="id", limit=BATCH)
        pickings._dist_update_release()
        if len(pickings) == BATCH:
            self._dist_enqueue_waiting(pickings[-1].id)
