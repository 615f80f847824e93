from odoo import _, api, fields, models
from odoo.exceptions import UserError

from .dist_release_request import KINDS
from .stock_picking import FINISHED, RELEASED

REQUEST_TYPES = {
    "hold": ("shipment.hold.requested", "shipment.hold.released"),
    "change": ("shipment.change.requested",),
    "cancel": ("shipment.cancel.requested",),
}


class StockPicking(models.Model):
    """What is asked of the warehouse about a shipment it works on: hold, change, cancel."""

    _inherit = "stock.picking"

    dist_request_ids = fields.One2many("dist.release.request", "picking_id", string="Requests", readonly=True)
    dist_open_request = fields.Selection(
        KINDS,
        string="Waits for the answer to",
        compute="_compute_dist_open_request",
        store=True,
        copy=False,
        help="What the warehouse was asked and has not answered yet.",
    )
    dist_is_on_hold = fields.Boolean(
        string="Held by the warehouse",
        readonly=True,
        copy=False,
        help="The warehouse agreed not to ship it for now.",
    )

    @api.depends("dist_request_ids.state", "dist_request_ids.kind")
    def _compute_dist_open_request(self):
        for picking in self:
            kinds = set(picking.dist_request_ids._get_waiting().mapped("kind"))
            weightiest = [kind for kind in ("cancel", "change", "hold") if kind in kinds]
            picking.dist_open_request = weightiest[0] if weightiest else False

    def _dist_takes_request(self, kind):
        """:return: True when flows bring such a request, and what ends it, to the warehouse"""
        self.ensure_one()
        picking, flows = self.sudo(), self.env["dist.flow"].sudo()
        system = picking.dist_system_id or picking.picking_type_id.dist_system_id
        return all(
            flows._dist_has_subscription(code, self.company_id, system) for code in REQUEST_TYPES[kind]
        )

    def _dist_get_open_moves(self):
        return self.move_ids.filtered(lambda move: move.state not in FINISHED)

    # asking

    def _dist_check_can_ask(self, kind):
        """:raises UserError: there is nobody to ask, or nothing to ask for"""
        self.ensure_one()
        if (
            self.dist_release_state not in RELEASED
            or self.state in FINISHED
            or self._dist_get_release_kind() != "shipment"
        ):
            raise UserError(_("%s is not with a warehouse.", self.name))
        if not self._dist_takes_request(kind):
            raise UserError(
                _(
                    "This warehouse is not asked: it needs active flows of %(types)s.",
                    types=", ".join(REQUEST_TYPES[kind]),
                )
            )
        if self.sudo().dist_request_ids._get_waiting(kind):
            raise UserError(_("The warehouse has not answered yet about %s.", self.name))

    def _dist_ask(self, kind, reason, **values):
        """Ask the warehouse about shipments it works on, in the name of the user.

        :return: dist.release.request
        """
        self._dist_check_may_write()
        requests = self.env["dist.release.request"]
        for picking in self:
            picking._dist_check_can_ask(kind)
            if kind == "hold" and picking.dist_is_on_hold:
                raise UserError(_("%s is held by the warehouse already.", picking.name))
            requests |= requests._ask(picking, kind, reason, **values)
            picking.sudo().message_post(
                body=_("Asked of the warehouse: %(kind)s. %(reason)s", kind=dict(KINDS)[kind], reason=reason),
                author_id=self.env.user.partner_id.id,
            )
        return requests

    def _dist_hold(self, reason):
        """Have transfers wait: those that were not handed over here, the others at the warehouse."""
        self._dist_check_may_write()
        here = self.filtered(lambda picking: picking.dist_release_state in ("not_released", "refused"))
        for picking in here:
            if picking.state in FINISHED:
                raise UserError(_("%s is finished.", picking.name))
            picking.sudo().write({"dist_hold_reason": reason})
            picking.sudo().message_post(body=_("Held: %s", reason), author_id=self.env.user.partner_id.id)
            self.env["dist.audit.entry"]._add("overridden", picking, reason=_("Held: %s", reason))
        here._dist_release_hold_back()
        (self - here)._dist_ask("hold", reason)

    def action_dist_lift_hold(self):
        """Tell the warehouse to go on with shipments that it holds, or was asked to hold."""
        self._dist_check_may_write()
        for picking in self.sudo():
            waiting = picking.dist_request_ids._get_waiting("hold")
            agreed = picking.dist_request_ids._get_agreed_holds()
            if not waiting | agreed:
                raise UserError(_("%s is not held by the warehouse.", picking.name))
            waiting.state = "withdrawn"
            agreed.state = "lifted"
            picking.dist_is_on_hold = False
            picking.message_post(body=_("The hold was lifted."), author_id=self.env.user.partner_id.id)
            self.env["dist.audit.entry"]._add("overridden", picking, reason=_("The hold was lifted."))
        self.sudo()._dist_emit("shipment.hold.released")
        return True

    def action_dist_ask(self):
        """Open the form that asks the warehouse; its kind comes with the button's context."""
        context = {
            "default_picking_ids": [fields.Command.set(self.ids)],
            "default_kind": self.env.context.get("dist_kind", "cancel"),
        }
        return {
            "type": "ir.actions.act_window",
            "name": _("Ask the warehouse"),
            "res_model": "dist.release.ask",
            "views": [(False, "form")],
            "target": "new",
            "context": context,
        }

    # answers

    def _dist_set_open_quantities(self, quantities):
        """Bring open moves to other quantities: what is less is cancelled, what is more is reserved.

        :param quantities: dict, stock.move to its open quantity, in the product's unit
        """
        for move, quantity in quantities.items():
            move._dist_set_open_quantity(quantity)
        open_moves = self._dist_get_open_moves()
        if open_moves:
            open_moves._action_assign()

    # unlocked transfers

    def _dist_tell_changed(self, before, reason, **values):
        """Tell the warehouse what a person changed of a released shipment; it may still refuse.

        :param before: dict, line to the open quantity it knows, in the product's unit
        :param values: of dist.release.request, what was changed of the shipment as a whole
        """
        self.ensure_one()
        if self._dist_get_release_kind() != "shipment" or not self._dist_takes_request("change"):
            return
        lines = [
            {**line, "previous_quantity": before.get(line["line_ref"], 0.0)}
            for line in self._dist_prepare_request_lines()
        ]
        known = {line["line_ref"] for line in lines}
        for move in self.move_ids:
            ref = move._dist_get_line_ref()
            if ref in before and ref not in known:
                known.add(ref)
                lines.append(
                    {
                        "line_ref": ref,
                        "product_id": move.product_id.id,
                        "previous_quantity": before[ref],
                        "quantity": 0.0,
                    }
                )
        self.dist_request_ids._get_waiting("change").state = "withdrawn"
        self.env["dist.release.request"]._ask(self, "change", reason, lines, is_applied=True, **values)

    def _dist_prepare_request_lines(self):
        """:return: list of values of dist.release.request.line that ask for what is open"""
        lines = {}
        for move in self._dist_get_open_moves():
            line = lines.setdefault(
                move._dist_get_line_ref(),
                {"product_id": move.product_id.id, "previous_quantity": 0.0, "quantity": 0.0},
            )
            line["previous_quantity"] += move.product_qty
            line["quantity"] += move.product_qty
        return [{"line_ref": ref, **line} for ref, line in lines.items()]

    def _dist_tell_done(self):
        """Ask the warehouse not to ship what a person shipped in Odoo."""
        for picking in self.sudo():
            if picking._dist_get_release_kind() == "shipment" and picking._dist_takes_request("cancel"):
                picking.dist_request_ids._get_waiting().state = "withdrawn"
                self.env["dist.release.request"]._ask(
                    picking, "cancel", picking.dist_unlock_reason, is_applied=True
                )

    # what happens to the shipment

    def _dist_prepare_continued(self):
        origin = self.backorder_id
        return {
            **super()._dist_prepare_continued(),
            "dist_is_on_hold": origin.dist_is_on_hold,
            "dist_wave_id": origin.dist_wave_id.id,
        }

    def _dist_drop_requests(self):
        """The warehouse will not ship these: there is nothing to ask it about, and nothing to hold, any more."""
        requests = self.dist_request_ids
        requests._get_waiting().write({"state": "withdrawn"})
        requests._get_agreed_holds().write({"state": "lifted"})
        self.write({"dist_is_on_hold": False})

    def _dist_release_complete(self):
        result = super()._dist_release_complete()
        self.dist_request_ids._follow_shipment()
        finished = self.filtered(lambda picking: picking.dist_is_on_hold or picking.dist_unlocked_by_id)
        if finished:
            finished.write({"dist_is_on_hold": False, **self._dist_prepare_locked()})
        return result

    def _dist_release_cancel(self):
        result = super()._dist_release_cancel()
        self.dist_request_ids._withdraw()
        return result
