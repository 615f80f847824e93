from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.dist_integration_base.lib.handling import ExceptionSpec
from odoo.addons.dist_integration_base.models.transaction import get_state

from .dist_shipment_milestone import SETTLED, STATUSES, TAKEN_OVER

# so long a carrier may be silent after its last word on a shipment that is late
SILENCE = timedelta(hours=24)


class StockPicking(models.Model):
    """The way of a delivery after it has left: who carries it, where it is, when it is expected (W7)."""

    _inherit = "stock.picking"

    carrier_tracking_ref = fields.Char(index="trigram")
    dist_transport_state = fields.Selection(
        [
            ("not_requested", "Not requested"),
            ("requested", "Requested"),
            ("accepted", "Accepted"),
            ("refused", "Refused"),
            ("cancelled", "Cancelled"),
        ],
        string="Transport",
        default="not_requested",
        readonly=True,
        copy=False,
    )
    dist_transport_system_id = fields.Many2one(
        "dist.system", string="Carried by", readonly=True, copy=False, index="btree_not_null"
    )
    dist_transport_ref = fields.Char(
        string="Transport number",
        readonly=True,
        copy=False,
        help="The carrier's own number of the transport.",
    )
    dist_transport_service = fields.Char(string="Service", readonly=True, copy=False)
    dist_label_ref = fields.Char(string="Label", readonly=True, copy=False)
    dist_transport_cost = fields.Monetary(
        string="Cost of transport", currency_field="dist_transport_currency_id", readonly=True, copy=False
    )
    dist_transport_currency_id = fields.Many2one("res.currency", readonly=True, copy=False)
    dist_transport_answered_at = fields.Datetime(string="Transport answered", readonly=True, copy=False)
    dist_transport_digest = fields.Char(readonly=True, copy=False, groups=fields.NO_ACCESS)
    dist_promised_at = fields.Datetime(
        string="Promised by the carrier",
        readonly=True,
        copy=False,
        help="When the carrier promised to deliver.",
    )
    dist_shipment_milestone_ids = fields.Many2many(
        "dist.shipment.milestone",
        "dist_shipment_milestone_picking_rel",
        "picking_id",
        "milestone_id",
        string="Shipment milestones",
        readonly=True,
        copy=False,
    )
    dist_shipment_milestone_count = fields.Integer(compute="_compute_dist_shipment_milestone_count")
    dist_carrier_state = fields.Selection(
        STATUSES,
        string="With the carrier",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="Where the shipment is, by the newest milestone.",
    )
    dist_carrier_moved_at = fields.Datetime(string="Last milestone", readonly=True, copy=False)
    dist_estimated_at = fields.Datetime(string="Delivery expected", readonly=True, copy=False)
    dist_dispatched_at = fields.Datetime(
        string="Dispatched",
        readonly=True,
        copy=False,
        help="When both had confirmed: the warehouse that it left, the carrier that it has it.",
    )
    dist_news_due_at = fields.Datetime(
        string="News expected", readonly=True, copy=False, index="btree_not_null"
    )
    dist_can_request_transport = fields.Boolean(compute="_compute_dist_can_request_transport")

    @api.depends("dist_shipment_milestone_ids")
    def _compute_dist_shipment_milestone_count(self):
        for picking in self:
            picking.dist_shipment_milestone_count = len(picking.dist_shipment_milestone_ids)

    @api.depends("state", "dist_transport_state", "carrier_id", "picking_type_id")
    def _compute_dist_can_request_transport(self):
        for picking in self:
            picking.dist_can_request_transport = (
                picking.picking_type_id.code == "outgoing"
                and picking.state in ("confirmed", "assigned")
                and picking.dist_transport_state in ("not_requested", "refused")
                and bool(picking.sudo()._dist_get_transport_system())
            )

    def _dist_get_transport_system(self):
        """:return: dist.system that carries this delivery or plans its transport; empty when nobody outside does"""
        self.ensure_one()
        return (
            self.dist_transport_system_id
            or self.carrier_id.dist_system_id
            or self.picking_type_id.warehouse_id.dist_transport_system_id
        )

    @api.model
    def _dist_get_transport_domain(self, system):
        """:return: domain of the deliveries a carrier's system may speak of"""
        return [
            ("picking_type_id.code", "=", "outgoing"),
            "|",
            ("dist_transport_system_id", "=", system.id),
            "|",
            ("carrier_id.dist_system_id", "=", system.id),
            "&",
            "&",
            ("dist_transport_system_id", "=", False),
            ("picking_type_id.warehouse_id.dist_transport_system_id", "=", system.id),
            "|",
            ("carrier_id", "=", False),
            ("carrier_id.dist_system_id", "=", False),
        ]

    def write(self, vals):
        result = super().write(vals)
        if vals.get("carrier_tracking_ref"):
            self.sudo()._dist_adopt_milestones()
        return result

    def _dist_update_release(self):
        carried = self.filtered(
            lambda picking: (
                picking.picking_type_id.code == "outgoing" and picking.sudo()._dist_get_transport_system()
            )
        ).sudo()
        carried._dist_update_transport()
        result = super()._dist_update_release()
        carried._dist_follow()
        return result

    # transport

    def _dist_update_transport(self):
        """Ask for transport of what is ready, take back what is not needed any more."""
        wanted = self.filtered(lambda picking: picking._dist_needs_transport())
        wanted._dist_request_transport()
        needless = self.filtered(
            lambda picking: (
                picking.state == "cancel" and picking.dist_transport_state in ("requested", "accepted")
            )
        )
        needless._dist_cancel_transport()

    def _dist_needs_transport(self):
        system = self._dist_get_transport_system()
        return (
            self.dist_transport_state == "not_requested"
            and self.picking_type_id.warehouse_id.dist_transport_mode == "ready"
            and self.state in self._dist_get_ready_states()
            and self._dist_is_transport_told(system)
        )

    def _dist_is_transport_told(self, system):
        return self.env["dist.flow"]._dist_has_subscription("transport.requested", self.company_id, system)

    def _dist_request_transport(self):
        for picking in self:
            picking.write(
                {
                    "dist_transport_state": "requested",
                    "dist_transport_system_id": picking._dist_get_transport_system().id,
                }
            )
        self._dist_emit("transport.requested")

    def _dist_cancel_transport(self):
        written = get_state(self.env.cr).written
        unseen = self.filtered(lambda picking: ("transport.requested", picking._name, picking.id) in written)
        self.write({"dist_transport_state": "cancelled"})
        # written again, the request is dropped: nobody has seen it yet
        unseen._dist_emit("transport.requested")
        (self - unseen)._dist_emit("transport.cancelled")
        self.env["dist.exception"]._close_for_record(self, ["transport_refused"])

    def action_dist_request_transport(self):
        """Ask the carrier for transport now, what it refused once more."""
        self._dist_check_may_write()
        for picking in self:
            if not picking.dist_can_request_transport:
                raise UserError(_("No transport can be requested for %s now.", picking.name))
            system = picking.sudo()._dist_get_transport_system()
            if not picking.sudo()._dist_is_transport_told(system):
                raise UserError(_("No active flow sends transport.requested to %s.", system.name))
        self.sudo()._dist_request_transport()
        self.env["dist.exception"]._close_for_record(self, ["transport_refused"])
        return True

    def _dist_get_release_holds(self):
        holds = super()._dist_get_release_holds()
        picking = self.sudo()
        first = picking.picking_type_id.warehouse_id.dist_transport_first
        if (
            first
            and picking.picking_type_id.code == "outgoing"
            and picking.dist_transport_state != "accepted"
            and picking._dist_get_transport_system()
        ):
            holds = [*holds, _("Its transport is not planned yet.")]
        return holds

    # on the way

    def _dist_follow(self):
        """Keep an eye on deliveries that were confirmed; tell when they are under way."""
        for picking in self.filtered(lambda picking: picking.state == "done"):
            if not picking.dist_transport_system_id:
                picking.dist_transport_system_id = picking._dist_get_transport_system()
            if not picking.dist_news_due_at:
                picking.dist_news_due_at = picking._dist_get_news_due()
            picking._dist_dispatch()

    def _dist_adopt_milestones(self):
        """Take over milestones that came before their tracking number."""
        numbers = {number for picking in self for number in picking._dist_get_tracking_numbers()}
        if not numbers:
            return
        self.env["dist.shipment.milestone"].search(
            [("is_waiting", "=", True), ("tracking_number", "in", sorted(numbers))], order="occurred_at, id"
        )._adopt()

    def _dist_get_tracking_numbers(self):
        """:return: list of the carrier's numbers of this delivery"""
        return [number.strip() for number in (self.carrier_tracking_ref or "").split(",") if number.strip()]

    def _dist_note_milestones(self):
        """Bring these deliveries up to date with what is known of their way."""
        for picking in self:
            milestones = picking.dist_shipment_milestone_ids._sorted_by_age()
            newest = milestones[-1:]
            known = (picking.dist_carrier_state, picking.dist_carrier_moved_at)
            picking.write(picking._dist_prepare_way(milestones))
            if known != (newest.status, newest.occurred_at):
                self.env["dist.exception"]._close_for_record(picking, SETTLED)
            picking._dist_dispatch()

    def _dist_prepare_way(self, milestones):
        """:return: values that tell where a delivery is"""
        newest, estimated = milestones[-1:], milestones.filtered("estimated_at")[-1:]
        return {
            "dist_transport_system_id": self._dist_get_transport_system().id or newest.system_id.id,
            "dist_carrier_state": newest.status,
            "dist_carrier_moved_at": newest.occurred_at,
            "dist_estimated_at": estimated.estimated_at,
            "dist_news_due_at": self._dist_get_news_due(newest.occurred_at, estimated.estimated_at),
        }

    def _dist_get_deadline(self):
        """:return: datetime at which delivery was promised, by the carrier or to the customer; None for none"""
        return self.dist_promised_at or self.date_deadline or None

    def _dist_get_news_due(self, moved_at=None, estimated_at=None):
        """
        :return: datetime until which there should be news of this delivery; False when nothing was promised and
            silence means nothing
        """
        moved_at = moved_at or self.dist_carrier_moved_at
        estimated_at = estimated_at or self.dist_estimated_at
        deadline = self._dist_get_deadline() or estimated_at
        if not deadline:
            return self._dist_get_lost_at(moved_at)
        return max(filter(None, (deadline, estimated_at, moved_at and moved_at + SILENCE)))

    def _dist_get_lost_at(self, moved_at=None):
        """:return: datetime from which silence means that a delivery is lost; False for never"""
        days = self.picking_type_id.warehouse_id.dist_lost_after_days
        heard = moved_at or self.dist_carrier_moved_at or self.date_done
        return heard + timedelta(days=days) if days and heard else False

    def _dist_dispatch(self):
        """Tell, once, that warehouse and carrier have both confirmed."""
        dispatched = self.filtered(
            lambda picking: (
                picking.state == "done" and not picking.dist_dispatched_at and picking._dist_get_taken_over()
            )
        )
        if dispatched:
            dispatched.write({"dist_dispatched_at": fields.Datetime.now()})
            dispatched._dist_emit("shipment.dispatched")

    def _dist_get_taken_over(self):
        """:return: the milestone with which the carrier took a delivery over; empty when it has not"""
        return self.dist_shipment_milestone_ids.filtered(
            lambda milestone: milestone.status in TAKEN_OVER
        )._sorted_by_age()[:1]

    # late and lost

    def _dist_follow_overdue(self):
        """Tell a person which of these deliveries are late or lost, and what they are worth."""
        exceptions, now = self.env["dist.exception"], fields.Datetime.now()
        for picking in self:
            lost_at = picking._dist_get_lost_at()
            lost = bool(lost_at) and lost_at <= now
            if lost:
                exceptions._close_for_record(picking, ["shipment_late"])
            exceptions._open_without_message(
                picking._dist_prepare_overdue(lost),
                picking.company_id,
                system=picking.dist_transport_system_id,
            )

    def _dist_prepare_overdue(self, lost):
        words = {"shipment": self.name, "system": self.dist_transport_system_id.name}
        state = dict(self._fields["dist_carrier_state"]._description_selection(self.env)).get(
            self.dist_carrier_state, _("not with the carrier yet")
        )
        return ExceptionSpec(
            "business",
            "shipment_lost" if lost else "shipment_late",
            _("%(shipment)s seems lost: %(system)s is silent", **words)
            if lost
            else _("%(shipment)s is late", **words),
            detail=_(
                "Promised for %(promised)s; last known: %(state)s, %(moment)s.",
                promised=self._dist_get_deadline() or self.dist_estimated_at or _("no day"),
                state=state,
                moment=self.dist_carrier_moved_at or self.date_done,
            ),
            record=self,
            severity="high" if lost else "normal",
            impact=self._dist_get_shipment_impact(),
            suggestion=_(
                "Ask the carrier for an investigation, and send the goods again if they do not turn up."
            )
            if lost
            else _("Ask the carrier where the goods are, and tell the customer."),
            fingerprint=f"stock.picking/{self.id}",
        )

    def _dist_get_shipment_impact(self):
        """:return: as of `_dist_get_impact`, of goods that have left"""
        moves = self.move_ids.filtered(lambda move: move.state != "cancel")
        orders = moves.sale_line_id.order_id
        return {
            "orders": len(orders) or 1,
            "lines": len(moves),
            "skus": sorted({product.default_code or product.name for product in moves.product_id}),
            "warehouses": self.picking_type_id.warehouse_id.mapped("name"),
            "value": sum(move._dist_get_value() for move in moves),
            "currency": self.company_id.currency_id,
        }

    def action_view_dist_shipment_milestones(self):
        """Open what the carrier said about this delivery."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "dist_integration_wms.dist_shipment_milestone_action"
        )
        return {**action, "domain": [("picking_ids", "in", self.ids)], "context": {}}
