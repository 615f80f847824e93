from contextlib import contextmanager
from unittest.mock import patch

from odoo.sql_db import db_connect
from odoo.tests import new_test_user, tagged

from odoo.addons.dist_integration_base.delivery import LaneDrain
from odoo.addons.dist_integration_base.tests.common import Receiver

from .common import WmsCase


@tagged("post_install", "-at_install")
class TestReleaseGivenUp(WmsCase):
    """W1, X1: a person cancels the message that was to hand over a delivery."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._put(cls.tape, 100)
        groups = "stock.group_stock_user,dist_integration_base.group_dist_operator"
        cls.operator = new_test_user(cls.env, "given-up-operator", groups=groups)

    def setUp(self):
        super().setUp()
        self.receiver = Receiver()
        self.receiver.__enter__()
        self.addCleanup(self.receiver.__exit__)
        self.picking = self._sell((self.tape, 4))
        self.message = self._get_events(self.picking).message_ids
        self.endpoint = self.message.endpoint_id
        others = self.env["dist.message"].search([("endpoint_id", "=", self.endpoint.id)]) - self.message
        others.state = "done"
        self.lane = LaneDrain(self.registry, self.endpoint.id, self.message.criticality, self.message.lane)

    def _cancel(self):
        """Cancel as a person does, in the dialog."""
        asked = self.message.with_user(self.operator).action_ask_cancel()
        dialog = self.env[asked["res_model"]].with_user(self.operator).with_context(**asked["context"])
        dialog.create({"reason": "They are closed"}).action_cancel_messages()
        self.env.flush_all()

    def _cancel_while_it_leaves(self, *answers):
        """Cancel once the warehouse has answered, before that is noted."""
        self.endpoint.url = self.receiver.url
        self.receiver.answers = list(answers)
        send = LaneDrain._send

        def send_then_cancel(drain, session, delivery):
            send(drain, session, delivery)
            with patch.object(LaneDrain, "take", return_value=False):
                self._cancel()

        with patch.object(LaneDrain, "_send", send_then_cancel):
            self._drain(self.endpoint)

    @contextmanager
    def _draining(self):
        """Another worker has the lane."""
        with db_connect(self.env.cr.dbname).cursor() as cr:
            self.assertTrue(self.lane.take(cr))
            yield

    def _review(self):
        """Run the scheduled action."""
        self.env.flush_all()
        self.env["stock.warehouse"]._cron_release()
        self._commit_events()
        self.env.invalidate_all()

    def _assert_taken_back(self):
        mine = self.picking.with_user(self.operator)
        self.assertEqual((mine.dist_release_state, mine.dist_is_locked), ("not_released", False))
        self.assertIn("They are closed", mine.dist_wait_reason)
        self.assertIn("They are closed", mine.message_ids[0].body)
        mine.action_dist_let_go()
        self._commit_events()
        self.assertEqual(mine.dist_release_state, "requested", "it is released anew")

    def test_not_tried(self):
        """W1, X1: what was never tried is held here, and a person goes on with it."""
        self.endpoint.action_disable()
        self._cancel()
        self._assert_taken_back()

    def test_connection_refused(self):
        """W1, X1: nor can it have arrived where no connection was made."""
        self._drain(self.endpoint)
        self.assertEqual((self.message.state, self.message.attempt_ids.error_code), ("retry", "connect"))
        self._cancel()
        self._assert_taken_back()

    def test_throttled(self):
        """W1, X1: nor where the warehouse has not taken it for now."""
        self.endpoint.url = self.receiver.url
        self.receiver.answers = [429]
        self._drain(self.endpoint)
        self.assertEqual((self.message.state, self.message.attempt_ids.status_code), ("retry", 429))
        self._cancel()
        self._assert_taken_back()

    def test_may_have_arrived(self):
        """W1: what failed in the warehouse may have been taken all the same: it stays with it."""
        self.endpoint.url = self.receiver.url
        self.receiver.answers = [500]
        self._drain(self.endpoint)
        self.assertEqual(self.message.state, "retry")
        self._cancel()
        self._review()
        self.assertEqual((self.message.state, self.picking.dist_release_state), ("cancelled", "requested"))
        self.assertTrue(self.picking.dist_is_locked)

    def test_cut(self):
        """W1: so may what was sent over a connection that was cut then."""
        self.message._add_attempt("retryable", None)
        self.message.attempt_ids.error_code = "cut"
        self._cancel()
        self._review()
        self.assertEqual(self.picking.dist_release_state, "requested")

    def test_refused_while_leaving(self):
        """W1, X1: cancelled while it was leaving, it is taken back once it is known that it was refused."""
        self._cancel_while_it_leaves(422)
        self.assertEqual((self.message.state, self.message.answer_status), ("cancelled", 422))
        self.assertEqual(self.picking.dist_release_state, "requested")
        self._review()
        self._assert_taken_back()

    def test_taken_while_leaving(self):
        """W1: what was taken while a person cancelled it is with the warehouse."""
        self._cancel_while_it_leaves(200)
        self._review()
        self.assertEqual((self.message.state, self.picking.dist_release_state), ("done", "requested"))

    def test_lane_is_drained(self):
        """W1: while a worker sends, what it has not sent waits; it is taken back when that worker is done."""
        with self._draining():
            self._cancel()
            self._review()
            self.assertEqual(self.picking.dist_release_state, "requested")
        self._review()
        self._assert_taken_back()

    def test_released_anew(self):
        """W1: a request that was given up before says nothing of the one that was made since."""
        self._cancel()
        self.picking.action_dist_let_go()
        self._commit_events()
        self._review()
        self.assertEqual(self.picking.dist_release_state, "requested")
