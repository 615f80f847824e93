from odoo import _, api, fields, models
from odoo.exceptions import UserError

from .dist_message import CHANNELS

FULL_BATCH = 500
WAITING = ("pending", "enqueued", "started", "wait_dependencies")


class DistFlow(models.Model):
    """Sending everything: what a partner has to know of before changes alone will do."""

    _inherit = "dist.flow"

    can_send_everything = fields.Boolean(compute="_compute_can_send_everything")

    @api.depends("message_type_id.code", "direction", "state")
    def _compute_can_send_everything(self):
        for flow in self:
            active = flow.direction == "out" and flow.state in ("active", "deprecated")
            flow.can_send_everything = bool(active and flow._get_full_model())

    def _get_full_model(self):
        """:return: name of the model that the flow carries as a whole; None when there is no such thing"""
        serializer = f"dist.serializer.{self.message_type_id.code}"
        return self.env[serializer]._get_full_model() if serializer in self.env else None

    def action_send_everything(self):
        """Send all records of these flows as they are now, in batches, behind everything that is more urgent.

        :raises UserError: a flow cannot, or is at it
        """
        self.check_access_rights("write")
        self.check_access_rule("write")
        wrong = self.filtered(lambda flow: not flow.can_send_everything)
        if wrong:
            raise UserError(
                _("Only active flows of master data send everything: %s", ", ".join(wrong.mapped("name")))
            )
        for flow in self:
            flow._check_not_sending()
            flow.sudo()._enqueue_everything()
        self.env["dist.audit.entry"]._add_each("replayed", self, reason=_("Send everything"))
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "message": _("Everything is being sent; each flow tells when it is done."),
            },
        }

    def _check_not_sending(self):
        """:raises UserError: a job of this flow is at it"""
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT FROM queue_job WHERE identity_key LIKE %s AND state IN %s LIMIT 1",
            (f"dist-everything:{self.id}:%", WAITING),
        )
        if self.env.cr.rowcount:
            raise UserError(_("%s is sending everything already.", self.name))

    def _enqueue_everything(self, after_id=0, count=0):
        self.with_delay(
            channel=CHANNELS["bulk"],
            identity_key=f"dist-everything:{self.id}:{after_id}",
            description=_("Send everything: %s", self.name),
        )._job_send_everything(after_id, count)

    def _job_send_everything(self, after_id, count):
        """Job: send a batch and enqueue the next one; both or neither.

        :param after_id: id of the last record that was sent
        :param count: how many were sent so far
        """
        self.ensure_one()
        if not self.can_send_everything:
            self.message_post(body=_("Stopped after %s records: the flow is not active any more.", count))
            return
        records = self._get_full_batch(after_id)
        count += self.env["dist.event"]._send_to(self, records)
        if len(records) == FULL_BATCH:
            self._enqueue_everything(records[-1].id, count)
        else:
            self.message_post(body=_("Everything was sent: %s records.", count))

    def _get_full_batch(self, after_id):
        serializer = self.env[f"dist.serializer.{self.message_type_id.code}"]
        model = self.env[self._get_full_model()].sudo().with_context(active_test=False)
        domain = [("id", ">", after_id), *serializer._get_full_domain(self.company_id)]
        return model.search(domain, order="id", limit=FULL_BATCH)


class DistSystem(models.Model):
    _inherit = "dist.system"

    can_send_everything = fields.Boolean(compute="_compute_can_send_everything")

    @api.depends("flow_ids.state")
    def _compute_can_send_everything(self):
        for system in self:
            system.can_send_everything = any(system.flow_ids.mapped("can_send_everything"))

    def action_send_everything(self):
        """Send all master data that this system has flows for."""
        flows = self.flow_ids.filtered("can_send_everything")
        if not flows:
            raise UserError(_("No active flow of master data goes to this system."))
        return flows.action_send_everything()
