from odoo import _, api, fields, models
from odoo.exceptions import UserError


class DistException(models.Model):
    """Whether a customer still wants what the warehouse did not ship."""

    _inherit = "dist.exception"

    resolution = fields.Selection(
        selection_add=[("rest_kept", "Backorder kept"), ("rest_cancelled", "Rest cancelled")]
    )
    main_action = fields.Selection(selection_add=[("decide_rest", "Keep or cancel the rest")])
    can_decide_rest = fields.Boolean(compute="_compute_can_decide_rest")

    @api.depends("state", "code", "res_id")
    def _compute_can_decide_rest(self):
        for exception in self:
            exception.can_decide_rest = (
                exception.state in ("open", "in_progress")
                and exception.code == "backorder_decision"
                and bool(exception._get_rest())
            )

    @api.depends("can_decide_rest")
    def _compute_main_action(self):
        return super()._compute_main_action()

    def _get_main_action(self):
        return "decide_rest" if self.can_decide_rest else super()._get_main_action()

    def _get_rest(self):
        """:return: the backorder that is to be decided on; empty when it is done or cancelled"""
        self.ensure_one()
        rest = self.env["stock.picking"].sudo().browse(self.res_id or ()).exists()
        return rest.filtered(lambda picking: picking.state not in ("done", "cancel"))

    def action_keep_rest(self):
        """The customer waits for the rest: it is released again when its goods are there."""
        for rest in self._decide("rest_kept", _("The backorder is kept.")):
            rest.dist_hold_reason = False
            rest._dist_review_held_back()
        self._close("rest_kept")
        return True

    def action_cancel_rest(self):
        """The customer does not want the rest any more."""
        for rest in self._decide("rest_cancelled", _("The rest is cancelled.")):
            rest.action_cancel()
        self._close("rest_cancelled")
        return True

    def _decide(self, resolution, words):
        """Keep who decided what.

        :return: list of stock.picking, the rests
        """
        self._check_may_act()
        for exception in self:
            if not exception.can_decide_rest:
                raise UserError(_("There is no rest to decide on in: %s", exception.name))
        # the document may close the exception itself
        self.sudo().write({"intended_resolution": resolution, "acted_by_id": self.env.uid})
        self.env["dist.audit.entry"]._add_each("overridden", self, reason=words)
        return [exception._get_rest() for exception in self]
