from odoo import _, api, fields, models
from odoo.exceptions import UserError

# what a warehouse has written wrongly: no retry helps
CONTENT_CODES = {
    "allocation_mismatch",
    "confirmation_reused",
    "date_far_off",
    "in_future",
    "invalid_date",
    "invalid_sscc",
    "item_mismatch",
    "item_missing",
    "item_not_asked",
    "item_not_shipped",
    "lot_missing",
    "no_change",
    "order_ambiguous",
    "package_in_itself",
    "package_twice",
    "picked_less_than_shipped",
    "quantity_precision",
    "serial_twice",
    "unknown_line",
    "unknown_package",
}


class DistException(models.Model):
    _inherit = "dist.exception"

    resolution = fields.Selection(selection_add=[("accepted", "Variance accepted")])
    main_action = fields.Selection(selection_add=[("accept", "Accept the variance")])
    can_accept_variance = fields.Boolean(compute="_compute_can_accept_variance")

    @api.model
    def _get_acceptable_codes(self):
        """:return: codes of exceptions whose variance a person may accept as it is"""
        return {
            "over_shipment",
            "substitution_not_approved",
            "over_receipt",
            "over_return",
            "unexpected_return",
            "lot_not_shipped",
            "adjustment_variance",
            "adjustment_approval",
            "not_enough_stock",
        }

    @api.model
    def _get_content_codes(self):
        """:return: codes of exceptions about what a partner has written wrongly, which no retry solves"""
        return CONTENT_CODES

    @api.depends("code")
    def _compute_actions(self):
        result = super()._compute_actions()
        codes = self._get_content_codes()
        for exception in self.filtered(lambda exception: exception.code in codes):
            # also where there are several: one after the other
            exception.can_correct = exception.can_retry
        return result

    @api.depends("state", "code", "can_retry", "message_type_id")
    def _compute_can_accept_variance(self):
        acceptable = self._get_acceptable_codes()
        for exception in self:
            exception.can_accept_variance = exception.can_retry and (
                exception.code in acceptable or exception._is_moved_anyway()
            )

    def _is_moved_anyway(self):
        """:return: True when goods were confirmed of a transfer that was not open any more"""
        kind, _dot, event = (self.message_type_id.code or "").partition(".")
        return event == "confirmed" and self.code in (f"{kind}_cancelled", f"{kind}_finished")

    def _get_main_action(self):
        if self.can_accept_variance:
            return "accept"
        written_wrongly = self.can_correct and self.code in self._get_content_codes()
        return "correct" if written_wrongly else super()._get_main_action()

    def action_accept_variance(self):
        """Apply the stuck messages although they say more than was asked."""
        self._check_may_act()
        for exception in self:
            if not exception.can_accept_variance:
                raise UserError(_("There is nothing to accept in: %s", exception.name))
            exception._check_may_accept()
            self.env["dist.audit.entry"]._add("overridden", exception, reason=_("Accepted as reported"))
            exception._accept_variance()
        return True

    def _check_may_accept(self):
        """:raises UserError: the variance is worth more than the user may decide on, or is the user's own"""
        if self.code != "adjustment_approval":
            return
        if not self.env.user.has_group("stock.group_stock_manager"):
            raise UserError(_("An inventory administrator has to approve this adjustment."))
        corrections = self._get_stuck().sudo().filtered("original_id")
        if self.env.user in corrections.create_uid:
            raise UserError(_("A colleague has to approve this adjustment: you have corrected it."))

    def _accept_variance(self):
        stuck = self._get_stuck()
        ids, code, user_id = stuck.ids, self.code, self.env.uid

        def accept(env):
            for message in env["dist.message"].browse(ids):
                codes = [*filter(None, (message.accepted_variance or "").split(",")), code]
                message.write({"accepted_variance": ",".join(codes), "variance_accepted_by_id": user_id})

        self.env["dist.message"]._in_own_transaction(accept)
        self._note_action("accepted")
        stuck.invalidate_recordset(["accepted_variance", "variance_accepted_by_id"])
        stuck.action_retry()
