from datetime import timedelta
from unittest.mock import patch

import psycopg2

from odoo import SUPERUSER_ID, api, fields
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.dist_integration_base.delivery import LaneDrain
from odoo.addons.dist_integration_base.models import dist_message_inbound
from odoo.addons.dist_integration_base.tests.common import (
    DistCase,
    DistHttpCase,
    Receiver,
)

from .messages import MessageTransactionCase

ITEMS = [{"external_id": f"B-{number}", "name": "Bulk"} for number in range(4)]


def cancel(env, user, messages, reason="Sent twice"):
    """Cancel as a person does.

    :return: action that the dialog ends with
    """
    asked = messages.with_user(user).action_ask_cancel()
    dialog = env[asked["res_model"]].with_user(user).with_context(**asked["context"])
    return dialog.create({"reason": reason}).action_cancel_messages()


@tagged("post_install", "-at_install")
class TestBulkCancellation(DistHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.system, cls.client, cls.key = cls._make_system(
            scopes=["test:write", "test:read"], message_types=["partner.submit"]
        )
        cls.operator = new_test_user(
            cls.env, "operator-c", groups="dist_integration_base.group_dist_operator"
        )

    def _send(self, items=None):
        """:return: the bulk message, and the path of its operation"""
        response = self._call(
            "POST", "/test/partners/bulk", {"items": items or ITEMS}, self.key, Prefer="respond-async"
        )
        self.assertEqual(response.status_code, 202, response.text)
        message = self.env["dist.message"].search([("uuid", "=", response.headers["Message-Id"])])
        return message, response.headers["Location"].removeprefix("/dist/v1")

    def _process_inbox(self):
        self.env.flush_all()
        self.env["dist.message"]._job_process_inbox("normal")
        self.env.invalidate_all()

    def _partners(self):
        return self.env["res.partner"].search([("name", "=", "Bulk")])

    def test_before_anything_was_processed(self):
        """M4, M6: a bulk call that is cancelled while it waits has no effect, and stays cancelled."""
        message, path = self._send()
        self.assertEqual(cancel(self.env, self.operator, message), {"type": "ir.actions.act_window_close"})
        self._process_inbox()
        self.assertFalse(self._partners())
        self.assertEqual((message.state, message.cancelled_by_id), ("cancelled", self.operator))
        self.assertEqual(set(message.child_ids.mapped("state")), {"cancelled"})
        self.assertEqual(self._call("GET", path, key=self.key).json()["status"], "cancelled")
        self._assert_told(message.child_ids, "cancelled", self.operator)

    def test_items_that_are_finished(self):
        """M4: what was done or refused before the call was cancelled stays so, and its sender is told of each item."""
        message, path = self._send([*ITEMS, {"external_id": "B-9", "name": "Turned away"}])
        done, waiting, held = message.child_ids.sorted("item_index")[:3]
        refused = message.child_ids.sorted("item_index")[4]
        done.state, held.state, refused.state = "done", "error", "dead"
        cancel(self.env, self.operator, message)
        self._process_inbox()
        self.assertEqual((done.state, refused.state), ("done", "dead"))
        self.assertEqual((waiting | held).mapped("state"), ["cancelled", "cancelled"])
        self.assertEqual(message.state, "cancelled")
        operation = self._call("GET", path, key=self.key).json()
        self.assertEqual((operation["status"], operation["http_status"]), ("cancelled", 200))
        self.assertEqual([item["status"] for item in operation["answer"]["items"]][1], 409)

    def test_while_it_is_processed(self):
        """M4: a bulk message that is cancelled while its items are processed is not said to be done in the end."""
        message, _path = self._send()
        process = type(message)._process

        def cancel_first(messages, ids, batch_size=1):
            if ids != message.ids:
                message.action_cancel("Sent twice")
                self.env.flush_all()
            return process(messages, ids, batch_size)

        with patch.object(type(message), "_process", cancel_first):
            self._process_inbox()
        self.assertFalse(self._partners())
        self.assertEqual((message.state, message.cancel_reason), ("cancelled", "Sent twice"))

    def test_items_that_are_being_processed(self):
        """M4: the person who cancels is told which items were left."""
        message, _path = self._send()
        find_free = dist_message_inbound._find_free
        with patch.object(dist_message_inbound, "_find_free", lambda cr, ids: find_free(cr, ids)[1:]):
            told = cancel(self.env, self.operator, message)
        self.assertEqual(told["params"]["message"], "1 item was being processed just then and was left.")
        self.assertEqual(told["params"]["next"]["type"], "ir.actions.act_window_close")
        self._process_inbox()
        self.assertEqual(len(self._partners()), 1)
        self.assertEqual(message.state, "cancelled")


@tagged("post_install", "-at_install")
class TestDeliveryCancellation(DistCase):
    def setUp(self):
        super().setUp()
        self.receiver = Receiver()
        self.receiver.__enter__()
        self.addCleanup(self.receiver.__exit__)
        self.operator = new_test_user(
            self.env, "operator-d", groups="dist_integration_base.group_dist_operator"
        )
        self.system, _client, _key = self._make_system()
        self.endpoint = self._make_endpoint(self.system, self.receiver.url, retry_schedule="")
        self.flow = self._make_flow(self.system, "partner.changed", endpoint_id=self.endpoint.id)

    def _cancel_while_it_leaves(self):
        """:return: message that was cancelled after its partner had answered, before that was written"""
        self.env["res.partner"].create({"name": "P"})._dist_emit("partner.changed")
        self._commit_events()
        message = self.env["dist.message"].search([("flow_id", "=", self.flow.id)])
        send = LaneDrain._send

        def send_then_cancel(drain, session, delivery):
            send(drain, session, delivery)
            cancel(self.env, self.operator, message, "Not for them")
            self.env.flush_all()

        with patch.object(LaneDrain, "_send", send_then_cancel):
            self._drain(self.endpoint)
        return message

    def test_delivered(self):
        """M2, M6: what its partner has taken is delivered, although somebody cancelled it while it was leaving."""
        message = self._cancel_while_it_leaves()
        self.assertEqual(len(self.receiver.calls), 1)
        self.assertEqual((message.state, message.attempt_count, message.answer_status), ("done", 1, 200))
        self.assertEqual(message.attempt_ids.outcome, "success")
        self.assertIn(self.operator.name, message.summary)
        self.assertIn("already leaving", message.summary)

    def test_not_delivered(self):
        """M2, X1: what was refused after somebody cancelled it stays cancelled, and asks nobody to act."""
        self.receiver.answers = [400]
        message = self._cancel_while_it_leaves()
        self.assertEqual((message.state, message.attempt_count), ("cancelled", 1))
        self.assertEqual((message.cancelled_by_id, message.cancel_reason), (self.operator, "Not for them"))
        self.assertFalse(message.exception_id)


@tagged("post_install", "-at_install")
class TestConcurrentCancellation(MessageTransactionCase):
    """A person who cancels beside the transactions that store and process."""

    system_code = "concurrent-c"

    def setUp(self):
        super().setUp()
        self.parent_id = self._do(self._make)

    def _make(self, env):
        """:return: id of a bulk message whose items are not stored yet"""
        later = fields.Datetime.now() + timedelta(hours=1)
        return self._make_message(env, {"items": ITEMS}, content_format="bulk", next_attempt_at=later)

    def _get_states(self):
        """:return: state of the bulk message, states of its items"""
        return self._do(
            lambda env: (
                env["dist.message"].browse(self.parent_id).state,
                env["dist.message"].browse(self.parent_id).child_ids.mapped("state"),
            )
        )

    def _store_items(self):
        self._do(lambda env: env["dist.message"]._store_items(self.parent_id, ITEMS))

    @mute_logger("odoo.sql_db")
    def test_items_stored_since(self):
        """M4: items that are stored while the person cancels are not forgotten: who cancels begins again."""

        def cancel_late(env):
            env.cr.execute("SELECT state FROM dist_message WHERE id = %s", (self.parent_id,))
            self._store_items()
            env["dist.message"].browse(self.parent_id).action_cancel("Sent twice")

        with self.assertRaises(psycopg2.errors.SerializationFailure):
            self._do(cancel_late)
        self._do(lambda env: env["dist.message"].browse(self.parent_id).action_cancel("Sent twice"))
        self.assertEqual(self._get_states(), ("cancelled", ["cancelled"] * len(ITEMS)))

    def test_items_of_a_cancelled_call(self):
        """M4: of a bulk call that was cancelled before its items were stored, none is."""
        self._do(lambda env: env["dist.message"].browse(self.parent_id).action_cancel("Sent twice"))
        self._store_items()
        self.assertEqual(self._get_states(), ("cancelled", []))

    @mute_logger("odoo.sql_db")
    def test_cancelled_while_an_outcome_is_written(self):
        """M2: the outcome of a call is written although a person cancelled in the same moment."""
        seen = []

        def write_outcome(env):
            message = env["dist.message"].browse(self.parent_id)
            seen.append(message.state)
            if len(seen) == 1:
                self._do(lambda other: other["dist.message"].browse(self.parent_id).action_cancel("Twice"))
            env.cr.execute("UPDATE dist_message SET attempt_count = 1 WHERE id = %s", (self.parent_id,))

        self._do(lambda env: env["dist.message"]._in_serial_transaction("test/outcome", write_outcome))
        self.assertEqual(seen, ["pending", "cancelled"])

    def test_claimed_items(self):
        """M4: items that another transaction processes are left; the locks of the others are given back."""
        self._store_items()
        with self.registry.cursor() as other:
            ids = (
                api.Environment(other, SUPERUSER_ID, {})["dist.message"].browse(self.parent_id).child_ids.ids
            )
            dist_message_inbound._claim(other, ids[:1])
            told = self._do(lambda env: env["dist.message"].browse(self.parent_id).action_cancel("Twice"))
            self.assertEqual(dist_message_inbound._claim(other, ids), ids)
        self.assertEqual(told["params"]["message"], "1 item was being processed just then and was left.")
        state, states = self._get_states()
        self.assertEqual((state, sorted(states)), ("cancelled", ["cancelled"] * 3 + ["pending"]))
