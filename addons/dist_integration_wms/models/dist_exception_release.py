from odoo import _, api, fields, models
from odoo.exceptions import UserError

REFUSALS = ("hold_refused", "change_refused", "cancel_refused")


class DistException(models.Model):
    """What a person does when the warehouse refuses: leave it, or ask again."""

    _inherit = "dist.exception"

    resolution = fields.Selection(selection_add=[("kept", "Left as it is"), ("asked_again", "Asked again")])
    main_action = fields.Selection(selection_add=[("keep_going", "Keep the order going")])
    can_keep_going = fields.Boolean(compute="_compute_can_keep_going")
    can_ask_again = fields.Boolean(compute="_compute_can_keep_going")

    @api.depends("state", "code", "res_id")
    def _compute_can_keep_going(self):
        for exception in self:
            refused = exception.state in ("open", "in_progress") and exception.code in REFUSALS
            exception.can_keep_going = refused
            exception.can_ask_again = refused and bool(exception._get_refused_request()._get_askable())

    @api.depends("can_keep_going")
    def _compute_main_action(self):
        return super()._compute_main_action()

    def _get_main_action(self):
        return "keep_going" if self.can_keep_going else super()._get_main_action()

    def _get_refused_request(self):
        """:return: dist.release.request that the warehouse refused"""
        self.ensure_one()
        model, _slash, number = (self.fingerprint or "").rpartition("/")
        requests = self.env["dist.release.request"].sudo()
        if not model.endswith(requests._name) or not number.isdigit():
            return requests
        return requests.browse(int(number)).exists()

    def action_keep_going(self):
        """Leave the shipment as the warehouse has it."""
        self._check_may_act()
        for exception in self:
            if not exception.can_keep_going:
                raise UserError(_("The warehouse has refused nothing in: %s", exception.name))
            document = self.env["stock.picking"].sudo().browse(exception.res_id).exists()
            document.message_post(
                body=_("The refusal of the warehouse was accepted."), author_id=self.env.user.partner_id.id
            )
        self._close("kept")
        self.env["dist.audit.entry"]._add_each("overridden", self, reason=_("Left as the warehouse has it"))
        return True

    def action_ask_again(self):
        """Ask the warehouse for the same once more."""
        self._check_may_act()
        for exception in self:
            request = exception._get_refused_request()
            picking = request._get_askable()
            if not exception.can_ask_again or not picking:
                raise UserError(_("There is nothing left to ask about in: %s", exception.name))
            picking._dist_check_can_ask(request.kind)
            request.with_user(self.env.user).sudo()._ask_again(request.reason)
        self.env["dist.audit.entry"]._add_each("retried", self)
        self._close("asked_again")
        return True
