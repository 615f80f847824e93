from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError

# what a channel is told of, once its order is confirmed
TOLD = {"commitment_date", "partner_shipping_id", "carrier_id"}
RELEASE_GROUPS = ("dist_integration_base.group_dist_operator", "sales_team.group_sale_manager")


class SaleOrder(models.Model):
    _name = "sale.order"
    _inherit = ["sale.order", "dist.timeline.mixin", "dist.owned.mixin", "dist.kept.mixin"]

    dist_channel_id = fields.Many2one(
        "dist.sales.channel",
        string="Sales channel",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
    )
    dist_external_ref = fields.Char(
        string="Channel reference",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="Reference of the order in the sales channel.",
    )
    dist_state = fields.Selection(
        [
            ("accepted", "Accepted"),
            ("accepted_in_part", "Accepted in part"),
            ("held", "Held"),
            ("released", "Released"),
            ("quoted", "Quoted"),
        ],
        string="Channel decision",
        readonly=True,
        copy=False,
        tracking=True,
        help="What was answered to the sales channel; Released when a person let a held order through, Quoted while "
        "the channel has not ordered.",
    )
    dist_opportunity_ref = fields.Char(
        string="Opportunity",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="Number of the opportunity in the CRM that asked for the quotation.",
    )
    dist_changed_at = fields.Datetime(
        string="Changed by the channel", readonly=True, copy=False, help="When it last changed the order."
    )
    dist_hold_reason = fields.Text(string="Why the order is held", readonly=True, copy=False)
    dist_note = fields.Text(string="Note of the channel", readonly=True, copy=False)
    dist_digest = fields.Char(readonly=True, copy=False, prefetch=False)
    dist_answer = fields.Text(readonly=True, copy=False, prefetch=False)

    _sql_constraints = [
        (
            "dist_channel_ref_uniq",
            "unique(dist_channel_id, dist_external_ref)",
            "The sales channel already submitted an order with this reference.",
        ),
    ]

    def _dist_get_owned_parts(self):
        return [self, self.order_line]

    @api.model
    def _get_writable_fields(self):
        # our own that are readonly tell what a channel submitted, and what was answered
        return {
            name for name, field in self._fields.items() if not (name.startswith("dist_") and field.readonly)
        }

    def write(self, vals):
        if not self.env.su and vals.get("state") == "sale":
            self._dist_check_not_held()
        result = super().write(vals)
        if TOLD & set(vals):
            self.filtered(lambda order: order.state == "sale")._dist_emit("order.changed")
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_told(self):
        told = self.filtered(lambda order: order.dist_channel_id and order.state != "cancel")
        if told:
            raise UserError(
                _(
                    "Cancel first what a sales channel has ordered, so that the channel is told: %s",
                    ", ".join(told.mapped("name")),
                )
            )

    def _dist_check_not_held(self):
        """:raises UserError: one of the orders waits for who may release it"""
        held = self.filtered(lambda order: order.dist_state == "held")
        if held:
            reasons = ", ".join(f"{order.name} ({order.dist_hold_reason})" for order in held)
            raise UserError(_("Held, use Release instead of Confirm: %s", reasons))

    def action_confirm(self):
        self._dist_check_not_held()
        result = super().action_confirm()
        self._dist_after_confirm()
        return result

    def _dist_after_confirm(self):
        self._dist_emit("order.confirmed")
        for order in self.filtered("dist_channel_id.follow_orders"):
            # before 19.0 Odoo does this by itself
            order.message_subscribe(order.partner_id.ids)

    def _action_cancel(self):
        told = self.filtered(lambda order: order.dist_channel_id or order.state == "sale")
        result = super()._action_cancel()
        told._dist_after_cancel()
        return result

    def _dist_after_cancel(self):
        self._dist_emit("order.cancelled")
        self._dist_resolve_holds("handled")
        self.env["dist.exception"]._settle_cancelled(self)

    def action_dist_release(self):
        """Confirm held orders; for those who may answer for it."""
        self._dist_check_release_access()
        orders = self.sudo()
        held = orders.filtered(lambda order: order.dist_state == "held" and order.state in ("draft", "sent"))
        if not held:
            raise UserError(_("No held order to release among: %s", ", ".join(orders.mapped("name"))))
        for order in held:
            reason = _("Released although held: %s", order.dist_hold_reason)
            order._message_log(body=reason)
            self.env["dist.audit.entry"]._add("overridden", order, reason=reason)
        held.write({"dist_state": "released", "dist_hold_reason": False})
        held.with_context(**held._dist_get_confirm_context()).action_confirm()
        held._dist_resolve_holds("released")
        return True

    def _dist_check_release_access(self):
        if self.env.su:
            return
        if not any(self.env.user.has_group(group) for group in RELEASE_GROUPS):
            raise AccessError(
                _("Only an integration operator or a sales administrator may release an order.")
            )
        if self.sudo().company_id - self.env.companies:
            raise AccessError(_("These orders belong to a company you are not working in."))

    def _dist_resolve_holds(self, resolution):
        """Close what was opened for these orders while they were held.

        :param resolution: key of the exceptions' field ``resolution``
        """
        exceptions = self.env["dist.exception"]
        exceptions._close_for_record(self, list(exceptions._get_hold_codes()), resolution)

    def _dist_get_confirm_context(self):
        """Context in which channel orders are confirmed.

        The customer does not become a follower, so that no comment on the order is ever mailed to somebody
        whom the shop informs itself; a channel says otherwise with ``follow_orders``.
        """
        return {"dist_skip_customer_follower": not any(self.dist_channel_id.mapped("follow_orders"))}

    def message_subscribe(self, partner_ids=None, subtype_ids=None):
        if self.env.context.get("dist_skip_customer_follower") and partner_ids:
            partner_ids = list(set(partner_ids) - set(self.partner_id.ids))
            if not partner_ids:
                return True
        return super().message_subscribe(partner_ids=partner_ids, subtype_ids=subtype_ids)

    def _prepare_invoice(self):
        return dict(super()._prepare_invoice(), dist_channel_id=self.dist_channel_id.id)

    def _get_invoice_grouping_keys(self):
        return [*super()._get_invoice_grouping_keys(), "dist_channel_id"]

    def _dist_make_credit_note(self, quantities, origin):
        """Credit a part of what was invoiced.

        :param quantities: dict, line to how much of it, in its unit
        :param origin: what it is credited for
        :return: account.move, a draft; empty when there is nothing to credit
        """
        self.ensure_one()
        if not quantities:
            return self.env["account.move"]
        invoices = self.invoice_ids.filtered(
            lambda move: move.move_type == "out_invoice" and move.state == "posted"
        )
        lines = [
            (0, 0, line._prepare_invoice_line(quantity=quantity)) for line, quantity in quantities.items()
        ]
        return self.env["account.move"].create(
            {
                **self._prepare_invoice(),
                "move_type": "out_refund",
                "invoice_origin": f"{self.name}, {origin}",
                "reversed_entry_id": invoices.id if len(invoices) == 1 else False,
                "invoice_line_ids": lines,
            }
        )

    def _dist_get_company_total(self):
        """:return: total of the order in the currency of its company"""
        self.ensure_one()
        return self.amount_total / (self.currency_rate or 1.0)

    def _dist_get_timeline_documents(self):
        return {
            **super()._dist_get_timeline_documents(),
            "stock.picking": self.picking_ids.ids,
            "account.move": self.invoice_ids.ids,
        }

    def _dist_get_process_system(self, step):
        """The warehouse is waited for until the order is shipped."""
        if step.code in ("released", "acknowledged", "shipped"):
            return self.warehouse_id.dist_system_id
        return super()._dist_get_process_system(step)

    def _dist_get_channel(self):
        """:return: sales channel of the document, whose system hears of it; empty when it has none"""
        return self.dist_channel_id

    def _dist_get_value_at_risk(self):
        return self._dist_sum_orders()

    def _dist_get_impact(self):
        lines = self.order_line.filtered(lambda line: line.product_id)
        currency = self.company_id[:1].currency_id
        return {
            "orders": len(self),
            "lines": len(lines),
            "skus": {product.default_code or product.display_name for product in lines.product_id},
            "warehouses": self.warehouse_id.mapped("name"),
            "value": sum(order._dist_get_company_total() for order in self),
            "currency": currency,
        }
