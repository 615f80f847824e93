import json
import threading
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.dist_integration_base.lib.handling import HandlerResult
from odoo.addons.dist_integration_base.lib.identifiers import new_id
from odoo.addons.dist_integration_base.tests.common import RealTransactionCase

WAIT_SECONDS = 20


@tagged("post_install", "-at_install")
class TestCorrectionConcurrency(RealTransactionCase):
    """Two persons who act on one message at the same moment; what they leave is removed at the end."""

    def setUp(self):
        super().setUp()
        # the audit trail keeps what it is told: nothing of a test
        told = patch.object(self.registry["dist.audit.entry"], "_add_many")
        told.start()
        self.addCleanup(told.stop)
        handler = self.registry["dist.handler.partner.submit"]
        applied = patch.object(handler, "_apply", lambda *_arguments: HandlerResult({"status": "accepted"}))
        applied.start()
        self.addCleanup(applied.stop)
        self.addCleanup(self._do, self._remove)
        self.message_id = self._do(self._make)
        self.refusals = []

    @staticmethod
    def _make(env):
        """:return: id of a message that failed"""
        system = env["dist.system"].create({"name": "Concurrent", "code": "concurrent-k", "state": "active"})
        client = env["dist.api.client"].create({"name": "Concurrent", "system_id": system.id})
        message_type = env["dist.message.type"]._get_by_code("partner.submit")
        values = {
            "uuid": new_id("msg"),
            "direction": "in",
            "state": "dead",
            "attempt_count": 1,
            "system_id": system.id,
            "client_id": client.id,
            "trace_id": "0" * 32,
            "traceparent": f"00-{'0' * 32}-{'0' * 16}-01",
            "company_id": system.company_id.id,
            "message_type_id": message_type.id,
            "version_id": message_type.version_ids[:1].id,
            "payload": json.dumps({"external_id": "P-1", "name": "First"}),
            "received_at": fields.Datetime.now(),
            "next_attempt_at": fields.Datetime.now(),
        }
        return env["dist.message"].create(values).id

    @staticmethod
    def _remove(env):
        system = env["dist.system"].search([("code", "=", "concurrent-k")])
        env["dist.exception"].search([("system_id", "=", system.id)]).unlink()
        messages = env["dist.message"].search([("system_id", "=", system.id)], order="id desc")
        env.cr.execute("DELETE FROM dist_message_attempt WHERE message_id IN %s", (tuple(messages.ids),))
        for message_id in messages.ids:
            env.cr.execute("DELETE FROM dist_message WHERE id = %s", (message_id,))
        clients = env["dist.api.client"].search([("system_id", "=", system.id)])
        users = clients.user_id
        clients.unlink()
        users.unlink()
        env.cr.execute("DELETE FROM dist_system WHERE id = %s", (system.id,))

    def _resubmit(self, env):
        content = json.dumps({"external_id": "P-1", "name": "Corrected"})
        env["dist.message"].browse(self.message_id)._resubmit(content)

    def _retry(self, env):
        env["dist.message"].browse(self.message_id).action_retry()

    def _act(self, work):
        try:
            self._do(work)
        except UserError as error:
            self.refusals.append(str(error))

    def _act_at_once(self, *works):
        """Do work in transactions beside each other, each of which has looked at the message before one writes."""
        barrier, met, touch = threading.Barrier(len(works)), set(), self.registry["dist.message"]._touch

        def meet(messages):
            if threading.get_ident() not in met:
                met.add(threading.get_ident())
                barrier.wait(WAIT_SECONDS)
            touch(messages)

        with patch.object(self.registry["dist.message"], "_touch", meet):
            threads = [threading.Thread(target=self._act, args=[work]) for work in works]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        self.assertEqual(self.refusals, ["This message was settled in between."])

    def _get_states(self):
        return self._do(
            lambda env: sorted(env["dist.message"].browse(self.message_id)._get_family().mapped("state"))
        )

    @mute_logger("odoo.sql_db")
    def test_corrected_twice(self):
        """M2, M6: of two corrections of a message at the same moment one takes effect; who was slower is told."""
        self._act_at_once(self._resubmit, self._resubmit)
        self.assertEqual(self._get_states(), ["cancelled", "done"])

    @mute_logger("odoo.sql_db")
    def test_corrected_while_tried_again(self):
        """M2, M6: a message that is corrected while another person tries it again has its effect once."""
        self._act_at_once(self._retry, self._resubmit)
        self.assertIn(self._get_states(), (["cancelled", "done"], ["done"]))
