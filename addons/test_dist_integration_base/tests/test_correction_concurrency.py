import json
import threading
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.dist_integration_base.lib.handling import HandlerResult

from .messages import MessageTransactionCase

WAIT_SECONDS = 20


@tagged("post_install", "-at_install")
class TestCorrectionConcurrency(MessageTransactionCase):
    """Two persons who act on one message at the same moment; what they leave is removed at the end."""

    system_code = "concurrent-k"

    def setUp(self):
        super().setUp()
        handler = self.registry["dist.handler.partner.submit"]
        applied = patch.object(handler, "_apply", lambda *_arguments: HandlerResult({"status": "accepted"}))
        applied.start()
        self.addCleanup(applied.stop)
        self.message_id = self._do(self._make)
        self.refusals = []

    def _make(self, env):
        """:return: id of a message that failed"""
        content = {"external_id": "P-1", "name": "First"}
        return self._make_message(env, content, state="dead", attempt_count=1)

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
