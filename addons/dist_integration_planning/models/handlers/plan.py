from odoo import _, models

from odoo.addons.dist_integration_base.lib.handling import BusinessError, HandlerResult

from ...lib.plan_file import read_moment, to_printable


class PlanHandler(models.AbstractModel):
    """What the messages of a planning platform have in common: whose they are, and what becomes of them."""

    _name = "dist.handler.plan"
    _inherit = "dist.handler"
    _description = "Handler of a part of a plan"

    def _get_external_id(self, payload):
        return payload.get("plan")

    def _get_lock_keys(self, message, payload):
        return [f"dist.planning.plan/{message.system_id.id}"]

    def _read_planned_at(self, text, pointer):
        """:return: datetime (UTC)
        :raises BusinessError: it is none
        """
        moment = read_moment(text)
        if not moment:
            raise BusinessError(
                "invalid_moment",
                _("%s is no moment such as 2026-03-02T02:00:00Z.", to_printable(str(text)[:100])),
                pointer,
            )
        return moment

    def _answer(self, batch):
        answer = {"plan": batch.reference, "status": "received" if batch.state == "staged" else batch.state}
        return HandlerResult(answer, record=batch, status=202)

    def _get_progress(self, message):
        batch = self.env["dist.planning.batch"]
        if message.res_model == batch._name:
            batch = batch.browse(message.res_id).exists()
        return batch._get_progress() if batch else None

    def _get_payload_impact(self, message, payload):
        source = self.env["dist.planning.source"].search([("system_id", "=", message.system_id.id)], limit=1)
        return source.proposal_batch_id._dist_get_impact()
