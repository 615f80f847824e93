from odoo import _, api, fields, models
from odoo.exceptions import UserError

from .stock_picking import FINISHED


class StockPicking(models.Model):
    """When a transfer is handed over: at once, in a wave, by hand; and what holds it back."""

    _inherit = "stock.picking"

    dist_wave_id = fields.Many2one(
        "dist.release.wave", string="Wave", readonly=True, copy=False, index="btree_not_null"
    )
    dist_hold_reason = fields.Char(
        string="Held by a person", readonly=True, copy=False, help="Why it is not to be handed over."
    )
    dist_is_held_back = fields.Boolean(
        string="Held back", readonly=True, copy=False, help="It was ready, but something held it back."
    )
    dist_held_back_reason = fields.Char(string="Held back because", readonly=True, copy=False)
    dist_wait_reason = fields.Char(compute="_compute_dist_wait_reason", string="Why it waits")

    @api.depends(
        "state",
        "dist_release_state",
        "dist_hold_reason",
        "dist_is_held_back",
        "dist_wave_id.state",
        "move_ids.picked",
    )
    def _compute_dist_wait_reason(self):
        for picking in self:
            picking.dist_wait_reason = picking._dist_waits() and picking._dist_get_wait_reason()

    def _dist_waits(self):
        """:return: True when an external system is to be told of the transfer and was not yet"""
        self.ensure_one()
        return bool(
            self.dist_release_state == "not_released"
            and self.state in ("waiting", "confirmed", "assigned")
            and self.picking_type_id.dist_system_id
            and self._dist_get_release_kind()
        )

    def _dist_get_wait_reason(self):
        """:return: sentence that says what a transfer waits for"""
        self.ensure_one()
        holds = self._dist_get_release_holds()
        if holds:
            return " ".join(holds)
        if self.state not in self._dist_get_ready_states():
            return _("Its goods are not reserved yet.")
        kind, picking_type = self._dist_get_release_kind(), self.picking_type_id.sudo()
        if (
            not self.env["dist.flow"]
            .sudo()
            ._dist_has_subscription(f"{kind}.requested", self.company_id, picking_type.dist_system_id)
        ):
            return _("No active flow sends %(kind)s.requested.", kind=kind)
        if self.dist_wave_id.state == "draft":
            return _("It is planned in %s.", self.dist_wave_id.name)
        mode = self._dist_get_release_mode()
        if mode == "manual":
            return _("A person releases it.")
        if mode == "wave":
            return self._dist_get_wave_reason(picking_type.warehouse_id)
        return _("It is ready, and is handed over within some minutes.")

    def _dist_get_wave_reason(self, warehouse):
        moment = warehouse.dist_next_cutoff_at
        if not moment:
            return _("It waits for a wave; the warehouse has no cut-off time.")
        local = fields.Datetime.context_timestamp(self.with_context(tz=warehouse.dist_tz), moment)
        return _("It waits for the wave of %s.", local.strftime("%H:%M"))

    # holds

    def _dist_get_release_holds(self):
        """What keeps a transfer from being handed over. Other holds are added by inheritance.

        :return: list of sentences for the person who has to let it go
        """
        self.ensure_one()
        holds = [self.dist_hold_reason] if self.dist_hold_reason else []
        holds += self._dist_get_picked_holds()
        picking = self.sudo()
        if not picking.sale_id or picking._dist_get_release_kind() != "shipment":
            return holds
        warehouse = picking.picking_type_id.warehouse_id
        if warehouse.dist_hold_over_credit:
            holds += picking._dist_get_credit_holds()
        if warehouse.dist_hold_unpaid:
            holds += picking._dist_get_payment_holds()
        return holds

    def _dist_get_picked_holds(self):
        # what a person works on here is not given to a warehouse as well
        if not any(move.picked and move.state not in FINISHED for move in self.move_ids):
            return []
        return [
            _(
                "Somebody has begun to pick it here: validate it, or take the marks of what is picked away and it is "
                "handed over."
            )
        ]

    def _dist_get_credit_holds(self):
        partner = self.sale_id.partner_invoice_id.commercial_partner_id.with_company(self.company_id)
        currency = self.company_id.currency_id
        owed = partner.credit + partner.credit_to_invoice
        if not partner.credit_limit or currency.compare_amounts(owed, partner.credit_limit) <= 0:
            return []
        return [
            _(
                "%(customer)s owes %(owed)s, the credit limit is %(limit)s.",
                customer=partner.display_name,
                owed=currency.format(owed),
                limit=currency.format(partner.credit_limit),
            )
        ]

    def _dist_get_payment_holds(self):
        order = self.sale_id
        if not order.payment_term_id.dist_in_advance:
            return []
        missing = order.amount_total - order._dist_get_paid_amount()
        if order.currency_id.compare_amounts(missing, 0.0) <= 0:
            return []
        return [
            _(
                "%(order)s is paid in advance; %(missing)s are missing.",
                order=order.name,
                missing=order.currency_id.format(missing),
            )
        ]

    def _dist_get_release_mode(self):
        """:return: ``ready``, ``wave`` or ``manual``"""
        picking_type = self.picking_type_id.sudo()
        mode = picking_type._dist_get_release_mode(self._dist_get_release_kind())
        at_once = self.priority == "1" and picking_type.warehouse_id.dist_urgent_at_once
        return "ready" if mode == "wave" and at_once else mode

    def _dist_filter_held(self):
        """:return: those of these transfers that something holds back"""
        return self.filtered(lambda picking: picking._dist_get_release_holds())

    def _dist_get_first_step(self):
        if self._dist_get_release_mode() != "ready":
            return None
        return "hold_back" if self._dist_get_release_holds() else super()._dist_get_first_step()

    def _dist_release_hold_back(self):
        """Note why transfers that are ready are not handed over; they are looked at again later."""
        for picking in self.sudo():
            reason = " ".join(picking._dist_get_release_holds())[:1000]
            if not picking.dist_is_held_back or picking.dist_held_back_reason != reason:
                picking.write({"dist_is_held_back": True, "dist_held_back_reason": reason})

    def _dist_review_held_back(self):
        """Hand over what nothing holds back any more."""
        held = self._dist_filter_held()
        held._dist_release_hold_back()
        free = self - held
        free.sudo().write({"dist_is_held_back": False, "dist_held_back_reason": False})
        free.sudo()._dist_update_release()

    @api.model
    def _dist_prepare_release(self, picking_type):
        return {
            **super()._dist_prepare_release(picking_type),
            "dist_is_held_back": False,
            "dist_held_back_reason": False,
        }

    def write(self, vals):
        result = super().write(vals)
        if "priority" in vals:
            self._dist_watch_release()
        return result

    def action_dist_release(self):
        held = self._dist_filter_held()
        if held:
            raise UserError("\n".join(picking._dist_describe_holds() for picking in held))
        return super().action_dist_release()

    def _dist_describe_holds(self):
        return _(
            "%(transfer)s is held back: %(reasons)s",
            transfer=self.name,
            reasons=" ".join(self._dist_get_release_holds()),
        )

    def action_dist_let_go(self):
        """Take back the hold a person put on these transfers."""
        self._dist_check_may_write()
        for picking in self.sudo().filtered("dist_hold_reason"):
            reason = _("Not held any more: %s", picking.dist_hold_reason)
            picking._message_log(body=reason)
            self.env["dist.audit.entry"]._add("overridden", picking, reason=reason)
            picking.dist_hold_reason = False
        self.sudo()._dist_review_held_back()
        self.env["dist.exception"]._close_for_record(self, ["backorder_decision"])
        return True

    def action_cancel(self):
        result = super().action_cancel()
        self.env["dist.exception"]._close_for_record(self, ["backorder_decision"])
        return result

    # waves

    def action_dist_plan_wave(self):
        """Put these deliveries into a new wave, to be released together."""
        self._dist_check_may_write()
        unfit = self.filtered(lambda picking: not picking.dist_can_release)
        warehouse = self.picking_type_id.warehouse_id
        if unfit:
            raise UserError(_("Not open, or released before: %s", ", ".join(unfit.mapped("name"))))
        if len(warehouse) != 1:
            raise UserError(_("A wave is of one warehouse."))
        wave = self.env["dist.release.wave"].sudo().create({"warehouse_id": warehouse.id})
        self.sudo().write({"dist_wave_id": wave.id})
        return {
            "type": "ir.actions.act_window",
            "res_model": wave._name,
            "res_id": wave.id,
            "views": [(False, "form")],
        }
