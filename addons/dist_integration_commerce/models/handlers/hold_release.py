from odoo import _, models

from odoo.addons.dist_integration_base.lib.handling import BusinessError, HandlerResult


class HoldReleaseHandler(models.AbstractModel):
    """Lets go of what was set aside. What is over already stays as it is."""

    _name = "dist.handler.hold.release"
    _inherit = "dist.handler.hold"
    _description = "Soft hold released"

    def _get_lock_keys(self, message, payload):
        hold = self.env["dist.availability.hold"]._find(message.system_id, payload["hold"])
        own = f"hold/{message.system_id.id}/{payload['hold']}"
        return [own, *self._get_end_keys(message.company_id, hold.line_ids.product_id.ids)]

    def _apply(self, message, payload):
        hold = self.env["dist.availability.hold"]._find(message.system_id, payload["hold"])
        if not hold:
            raise BusinessError(
                "unknown_hold",
                _("There is no hold %s.", payload["hold"]),
                "/hold",
                status=404,
                open_exception=False,
            )
        if hold._get_present_state() == "held":
            hold._end("released")
        return HandlerResult(self._get_answer(hold), record=hold)
