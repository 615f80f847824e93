from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.dist_integration_base.models.transaction import get_state

WATCHED = "dist_integration_wms.pickings"
CHANGED = "dist_integration_wms.changed_pickings"
RELEASED = ("requested", "acknowledged")
FINISHED = ("done", "cancel")
REQUESTED = ("shipment.requested", "receipt.requested", "return.requested")
# codes of exceptions about a transfer that the warehouse refused, or finished without moving anything
NEVER_MOVED = [
    "shipment_refused",
    "return_refused",
    "nothing_shipped",
    "nothing_received",
    "nothing_returned",
]
# what the warehouse is told of what it is to expect; the date is that of the moves
EXPECTED = {"note", "partner_id"}


class StockPicking(models.Model):
    """Where a transfer stands between Odoo and the external system that runs its warehouse."""

    _name = "stock.picking"
    _inherit = ["stock.picking", "dist.timeline.mixin", "dist.owned.mixin"]

    dist_release_state = fields.Selection(
        [
            ("not_released", "Not released"),
            ("requested", "Requested"),
            ("acknowledged", "Accepted"),
            ("refused", "Refused"),
            ("done", "Done"),
            ("cancelled", "Cancelled"),
        ],
        string="Release",
        default="not_released",
        readonly=True,
        copy=False,
        help="Where the transfer stands with the warehouse: asked for, accepted, refused, confirmed.",
    )
    dist_system_id = fields.Many2one(
        "dist.system", string="Released to", readonly=True, copy=False, index="btree_not_null"
    )
    dist_release_ref = fields.Char(
        string="Released as",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="Number under which the warehouse knows this transfer.",
    )
    dist_confirmation_ids = fields.One2many(
        "dist.warehouse.confirmation", "picking_id", string="Confirmations"
    )
    dist_can_release = fields.Boolean(compute="_compute_dist_can_release")

    @api.depends("state", "dist_release_state", "picking_type_id.dist_system_id")
    def _compute_dist_can_release(self):
        for picking in self:
            picking.dist_can_release = bool(
                picking.picking_type_id.dist_system_id
                and picking.dist_release_state in ("not_released", "refused")
                and picking.state in ("confirmed", "assigned")
                and picking._dist_get_release_kind()
            )

    def write(self, vals):
        result = super().write(vals)
        if not EXPECTED.isdisjoint(vals):
            self._dist_watch_change()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_released(self):
        released = self.filtered(lambda picking: picking.dist_release_state in RELEASED)
        if released:
            raise UserError(
                _(
                    "%(numbers)s is with the warehouse %(system)s. Cancel it, so that the warehouse is told.",
                    numbers=", ".join(released.mapped("name")),
                    system=released[:1].sudo().dist_system_id.name,
                )
            )

    # release

    def _dist_get_release_kind(self):
        """What the external system is asked to do with this transfer. Other kinds are added by inheritance.

        :return: ``shipment``, ``receipt``, ``return`` (by a customer) or None
        """
        self.ensure_one()
        code = self.picking_type_id.code
        if code == "outgoing":
            return "shipment"
        if code == "incoming" and self.location_dest_id.usage == "customer":
            # shipped by the supplier: the goods never see the warehouse
            return None
        if code == "incoming" and (self.move_ids.purchase_line_id or self.location_id.usage == "transit"):
            return "receipt"
        if code == "incoming" and self.move_ids.origin_returned_move_id:
            return "return"
        return None

    def _dist_watch_release(self):
        """Look at these transfers again at the end of the transaction, once, whatever happens to them until then."""
        if not self:
            return
        precommit = self.env.cr.precommit
        if WATCHED not in precommit.data:
            precommit.data[WATCHED] = set()
            precommit.add(self.browse().sudo()._dist_update_watched)
        precommit.data[WATCHED].update(self.ids)

    @api.model
    def _dist_update_watched(self):
        data = self.env.cr.precommit.data
        watched, changed = data.pop(WATCHED, ()), data.pop(CHANGED, ())
        pickings = self.browse(sorted(watched)).exists()
        pickings._dist_update_release()
        if changed:
            pickings.filtered(lambda picking: picking.id in changed)._dist_tell_expected()

    def _dist_watch_change(self):
        """Have the warehouse told at the end of the transaction what has become of the goods that it expects."""
        if self.env.context.get("dist_shipped_outside"):
            return  # the warehouse has said it itself
        expected = self.sudo().filtered(
            lambda picking: (
                picking.dist_release_state == "requested" and picking.picking_type_id.code == "incoming"
            )
        )
        if expected:
            expected._dist_watch_release()
            self.env.cr.precommit.data.setdefault(CHANGED, set()).update(expected.ids)

    def _dist_tell_expected(self):
        """Ask once more, under the same number, for receipts and returns that were changed and are still open."""
        still_open = self.filtered(
            lambda picking: picking.dist_release_state == "requested" and picking.state not in FINISHED
        )
        # a line that a person has added is expected as well
        added = still_open.move_ids.filtered(lambda move: move.state == "draft")
        if added:
            added._action_confirm(merge=False)
        still_open._dist_release_refresh()

    def _dist_update_release(self):
        """Tell the warehouse what became of these transfers."""
        for step, pickings in self.grouped(lambda picking: picking._dist_get_release_step()).items():
            if step:
                getattr(pickings, f"_dist_release_{step}")()

    def _dist_get_release_step(self):
        """:return: name of the method ``_dist_release_...`` that the transfer calls for; None for nothing"""
        self.ensure_one()
        if self.state == "done":
            return "complete" if self.dist_release_state != "done" else None
        if self.dist_release_state == "requested" and self._dist_is_requested_just_now():
            return "withdraw" if self.state == "cancel" else "refresh"
        if self.state == "cancel":
            return "cancel" if self.dist_release_state in (*RELEASED, "refused") else None
        if self.dist_release_state != "not_released" or not self._dist_is_ready():
            return None
        return self._dist_get_first_step()

    def _dist_get_first_step(self):
        """:return: as of `_dist_get_release_step`, of a transfer that is ready and was not handed over yet"""
        return "request"

    def _dist_is_requested_just_now(self):
        """:return: True when the request was written in this transaction: nobody has seen it yet"""
        written = get_state(self.env.cr).written
        return (f"{self._dist_get_release_kind()}.requested", self._name, self.id) in written

    def _dist_is_ready(self):
        """:return: True when the transfer is to be released now"""
        system = self.picking_type_id.dist_system_id
        if not system or self.state not in self._dist_get_ready_states():
            return False
        kind = self._dist_get_release_kind()
        return bool(kind) and self.env["dist.flow"]._dist_has_subscription(
            f"{kind}.requested", self.company_id, system
        )

    def _dist_get_ready_states(self):
        early = self.picking_type_id.warehouse_id.dist_release_policy == "confirmed"
        return ("confirmed", "assigned") if early else ("assigned",)

    def _dist_release_request(self):
        for picking_type, pickings in self.grouped("picking_type_id").items():
            pickings.write(self._dist_prepare_release(picking_type))
        self._dist_number_released()
        self._dist_emit_by_kind("requested")

    def _dist_number_released(self):
        """Have the warehouse know these transfers by their names; by one statement, as a wave has many."""
        self.flush_recordset(["name", "dist_release_ref"])
        self.env.cr.execute(
            "UPDATE stock_picking SET dist_release_ref = name WHERE id = ANY(%s)", (self.ids,)
        )
        self.invalidate_recordset(["dist_release_ref"], flush=False)

    @api.model
    def _dist_prepare_release(self, picking_type):
        """:return: values of transfers of one operation type that are handed over"""
        return {
            "dist_release_state": "requested",
            "dist_system_id": picking_type.dist_system_id.id,
            # from here on Odoo puts further moves of the order into a transfer of their own
            "printed": True,
        }

    def _dist_release_refresh(self):
        """Bring a request that was written earlier in this transaction to the present state."""
        self._dist_emit_by_kind("requested")

    def _dist_release_withdraw(self):
        """Forget a request that was written earlier in this transaction."""
        self.write(self._dist_prepare_unreleased())
        self._dist_emit_by_kind("requested")

    def _dist_get_failed_requests(self):
        """:return: dist.event, of transfers that no warehouse was told of: no message could be made of their request"""
        waiting = self.filtered(lambda picking: picking.dist_release_state == "requested")
        if not waiting.ids:
            return self.env["dist.event"]
        failed = (
            self.env["dist.event"]
            .sudo()
            .search(
                [
                    ("state", "=", "error"),
                    ("res_model", "=", self._name),
                    ("res_id", "in", waiting.ids),
                    ("message_type_id.code", "in", REQUESTED),
                ]
            )
        )
        # what was told of once and cannot be told anew is known to the warehouse
        untold = self.browse(failed.mapped("res_id"))._dist_filter_untold().ids
        return failed.filtered(lambda event: event.res_id in untold)

    def _dist_filter_untold(self):
        """:return: those of these transfers of which no request can have reached a warehouse"""
        waiting = self.filtered(lambda picking: picking.dist_release_state == "requested")
        if not waiting:
            return waiting
        requests = [
            ("direction", "=", "out"),
            ("res_model", "=", self._name),
            ("res_id", "in", waiting.ids),
            ("message_type_id.code", "in", REQUESTED),
        ]
        told = self.env["dist.message"].sudo().search(requests)
        told = told.filtered(lambda message: message._dist_may_have_arrived())
        return waiting - self.browse(told.mapped("res_id"))

    def _dist_release_take_back(self, reason):
        """The warehouse was not told, and will not be until a person releases this transfer again.

        :param reason: sentence for that person
        """
        self.write({**self._dist_prepare_unreleased(), "dist_hold_reason": reason})
        self.message_post(body=reason)

    @api.model
    def _dist_prepare_unreleased(self):
        return {"dist_release_state": "not_released", "dist_system_id": False, "dist_release_ref": False}

    def _dist_release_cancel(self):
        failed = self._dist_get_failed_requests()
        told = self.filtered(lambda picking: picking.dist_release_state in RELEASED)
        told -= self.browse(failed.mapped("res_id"))
        self.write({"dist_release_state": "cancelled"})
        told._dist_emit_by_kind("cancelled")
        self.env["dist.exception"]._close_for_record(self, NEVER_MOVED)
        # there is nothing to tell any more
        failed.action_rebuild()

    def _dist_release_complete(self):
        open_ones = self.filtered(lambda picking: picking.dist_release_state in (*RELEASED, "refused"))
        if open_ones:
            open_ones.write({"dist_release_state": "done"})
        self._dist_emit_by_kind("completed")
        rests = self.filtered("backorder_id")
        if rests:
            codes = ["short_shipment", "short_receipt", "picked_not_shipped"]
            self.env["dist.exception"]._close_for_record(rests, codes)

    def _dist_release_supersede(self):
        """Take back requests that were fulfilled under another number."""
        self.filtered(lambda picking: picking.dist_release_state in RELEASED)._dist_release_cancel()

    def _create_backorder(self, *args, **kwargs):
        backorders = super()._create_backorder(*args, **kwargs)
        continued = self.env.context.get("dist_continued", ())
        for backorder in backorders:
            if backorder.backorder_id.id in continued:
                backorder.write(backorder._dist_prepare_continued())
        return backorders

    def _dist_prepare_continued(self):
        """The warehouse goes on with the rest under the number it has: nothing is asked of it again."""
        origin = self.backorder_id
        return {
            "dist_release_state": origin.dist_release_state,
            "dist_system_id": origin.dist_system_id.id,
            "dist_release_ref": origin.dist_release_ref,
            "printed": True,
        }

    def _dist_emit_by_kind(self, event):
        for kind, pickings in self.grouped(lambda picking: picking._dist_get_release_kind()).items():
            if kind:
                pickings._dist_emit(f"{kind}.{event}")

    def action_dist_release(self):
        """Hand these transfers to the warehouse now, those it refused once more."""
        self._dist_check_may_write()
        for picking in self:
            picking._dist_check_can_release()
        self.sudo()._dist_release_request()
        self.env["dist.exception"]._close_for_record(self, self._dist_get_release_codes())
        return True

    def _dist_check_may_write(self):
        """:raises AccessError: the user may not change these transfers"""
        self.check_access_rights("write")
        self.check_access_rule("write")

    def _dist_check_can_release(self):
        if not self.dist_can_release:
            raise UserError(_("%s cannot be released: it is not open, or was released before.", self.name))
        warning = self.picking_type_id.warehouse_id.sudo()._dist_get_release_warning()
        kind, system = self._dist_get_release_kind(), self.picking_type_id.dist_system_id
        if not self.env["dist.flow"]._dist_has_subscription(f"{kind}.requested", self.company_id, system):
            raise UserError(warning or _("No active flow sends %(kind)s.requested.", kind=kind))

    @api.model
    def _dist_get_release_codes(self):
        """:return: codes of exceptions that a new release settles"""
        return [*NEVER_MOVED, "picked_not_shipped"]

    def _dist_create_return(self, quantities):
        """Make the return of a shipment, or of a part of it; what left in other parts may come back with it.

        :param quantities: dict, id of a shipped move to how much comes back, in the product's unit
        :return: stock.picking, confirmed
        """
        self.ensure_one()
        wizard = (
            self.env["stock.return.picking"]
            .with_context(active_id=self.id, active_ids=self.ids, active_model=self._name)
            .create({"picking_id": self.id})
        )
        others = self.env["stock.move"].browse(quantities) - wizard.product_return_moves.move_id
        self.env["stock.return.picking.line"].create(
            [
                {
                    "wizard_id": wizard.id,
                    "product_id": move.product_id.id,
                    "move_id": move.id,
                    "quantity": 0.0,
                }
                for move in others
            ]
        )
        for line in wizard.product_return_moves:
            quantity = quantities.get(line.move_id.id, 0.0)
            line.quantity = line.product_id.uom_id._compute_quantity(quantity, line.uom_id, round=False)
        return self.browse(wizard.create_returns()["res_id"])

    # what the rest of the suite asks

    def _dist_get_process_documents(self, model_name):
        orders = {
            "sale.order": self.move_ids.sale_line_id.order_id,
            "purchase.order": self.move_ids.purchase_line_id.order_id,
        }
        return orders.get(model_name) or super()._dist_get_process_documents(model_name)

    def _dist_get_milestone_documents(self):
        documents = super()._dist_get_milestone_documents()
        for model_name in ("sale.order", "purchase.order"):
            orders = self.sudo()._dist_get_process_documents(model_name)
            if orders:
                documents[model_name] = orders.ids
        return documents

    def _dist_get_impact(self):
        pickings = self.filtered(lambda picking: picking.state not in FINISHED)
        moves = pickings.move_ids.filtered(lambda move: move.state not in FINISHED)
        orders = moves.sale_line_id.order_id, moves.purchase_line_id.order_id
        without_order = pickings.filtered(lambda picking: not picking.sale_id and not picking.purchase_id)
        return {
            "orders": sum(len(records) for records in orders) + len(without_order),
            "lines": len(moves),
            "skus": sorted({product.default_code or product.name for product in moves.product_id}),
            "warehouses": sorted(set(pickings.picking_type_id.warehouse_id.mapped("name"))),
            "value": sum(move._dist_get_value() for move in moves),
            "currency": pickings.company_id[:1].currency_id,
        }

    def _dist_get_orders(self):
        self.flush_recordset()
        self.env["stock.move"].flush_model(["picking_id", "sale_line_id", "purchase_line_id"])
        return self._dist_read_orders(
            """
            SELECT id, 'sale.order', sale_id FROM stock_picking
            WHERE id = ANY(%(ids)s) AND sale_id IS NOT NULL
            UNION
            SELECT move.picking_id, 'sale.order', line.order_id
            FROM stock_move move JOIN sale_order_line line ON line.id = move.sale_line_id
            WHERE move.picking_id = ANY(%(ids)s)
            UNION
            SELECT move.picking_id, 'purchase.order', line.order_id
            FROM stock_move move JOIN purchase_order_line line ON line.id = move.purchase_line_id
            WHERE move.picking_id = ANY(%(ids)s)
            """
        )

    def _dist_get_value_at_risk(self):
        """Transfers that no order asked for put no order at risk."""
        return 0, 0.0, True

    def send_to_shipper(self):
        if self.env.context.get("dist_shipped_outside"):
            return None
        return super().send_to_shipper()
