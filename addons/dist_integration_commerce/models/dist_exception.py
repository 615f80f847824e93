from odoo import _, api, fields, models


class DistException(models.Model):
    _inherit = "dist.exception"

    resolution = fields.Selection(selection_add=[("released", "Order released")])
    main_action = fields.Selection(selection_add=[("release", "Release the order")])
    can_release_order = fields.Boolean(compute="_compute_can_release_order")
    candidate_ids = fields.Many2many("res.partner", string="Customers that could be meant", readonly=True)

    @api.model
    def _open(self, spec, message, *args, **kwargs):
        exception = super()._open(spec, message, *args, **kwargs)
        if spec.candidates:
            exception.sudo().candidate_ids = spec.candidates
        return exception

    @api.model
    def _get_acceptable_codes(self):
        return super()._get_acceptable_codes() | {
            "order_change_refused",
            "quotation_expired",
            "claim_to_decide",
            "return_to_decide",
            "return_too_late",
        }

    @api.depends("can_release_order")
    def _compute_main_action(self):
        return super()._compute_main_action()

    @api.depends("state", "res_model", "res_id")
    def _compute_can_release_order(self):
        for exception in self:
            exception.can_release_order = exception.state in ("open", "in_progress") and bool(
                exception._get_held_order()
            )

    def _get_held_order(self):
        """:return: sale.order on hold that this exception is about; empty when there is none"""
        self.ensure_one()
        orders = self.env["sale.order"].sudo()
        if self.res_model != "sale.order" or not self.res_id:
            return orders
        order = orders.browse(self.res_id).exists()
        return order if order.dist_state == "held" and order.state in ("draft", "sent") else orders

    def _get_main_action(self):
        return "release" if self.can_release_order else super()._get_main_action()

    def action_release_order(self):
        """Confirm the held order; the exception closes with it.

        :raises UserError: one is closed, or about no order on hold
        """
        self._check_may_act()
        self._check_open()
        self._check_each(_("No order is on hold in:"), lambda exception: exception.can_release_order)
        for exception in self:
            exception._get_held_order().sudo(False).action_dist_release()
        return True

    @api.model
    def _find_order_holds(self, orders):
        return self.sudo().search(
            [
                ("res_model", "=", "sale.order"),
                ("res_id", "in", orders.ids),
                ("category", "=", "business"),
                ("state", "in", ("open", "in_progress")),
            ]
        )
