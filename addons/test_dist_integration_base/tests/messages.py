import json
from unittest.mock import patch

from odoo import fields

from odoo.addons.dist_integration_base.lib.identifiers import new_id
from odoo.addons.dist_integration_base.tests.common import RealTransactionCase


class MessageTransactionCase(RealTransactionCase):
    """Inbound messages of a system of their own, in transactions beside each other; all is removed at the end."""

    system_code = None

    def setUp(self):
        super().setUp()
        # the audit trail keeps what it is told: nothing of a test
        told = patch.object(self.registry["dist.audit.entry"], "_add_many")
        told.start()
        self.addCleanup(told.stop)
        self.addCleanup(self._do, self._remove)

    def _make_message(self, env, payload, **values):
        """:return: id of a new message of a new system"""
        system = env["dist.system"].create(
            {"name": "Concurrent", "code": self.system_code, "state": "active"}
        )
        client = env["dist.api.client"].create({"name": "Concurrent", "system_id": system.id})
        message_type = env["dist.message.type"]._get_by_code("partner.submit")
        message = {
            "uuid": new_id("msg"),
            "direction": "in",
            "system_id": system.id,
            "client_id": client.id,
            "trace_id": "0" * 32,
            "traceparent": f"00-{'0' * 32}-{'0' * 16}-01",
            "company_id": system.company_id.id,
            "message_type_id": message_type.id,
            "version_id": message_type.version_ids[:1].id,
            "payload": json.dumps(payload),
            "received_at": fields.Datetime.now(),
            "next_attempt_at": fields.Datetime.now(),
        }
        return env["dist.message"].create({**message, **values}).id

    def _remove(self, env):
        system = env["dist.system"].search([("code", "=", self.system_code)])
        env["dist.exception"].search([("system_id", "=", system.id)]).unlink()
        messages = env["dist.message"].search([("system_id", "=", system.id)], order="id desc")
        env.cr.execute("DELETE FROM dist_message_attempt WHERE message_id IN %s", (tuple(messages.ids),))
        # items and corrections before what they belong to
        for message_id in messages.ids:
            env.cr.execute("DELETE FROM dist_message WHERE id = %s", (message_id,))
        clients = env["dist.api.client"].search([("system_id", "=", system.id)])
        users = clients.user_id
        clients.unlink()
        users.unlink()
        env.cr.execute("DELETE FROM dist_system WHERE id = %s", (system.id,))
