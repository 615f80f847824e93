import gc
import json
from datetime import timedelta
from unittest.mock import patch

from odoo import SUPERUSER_ID, fields
from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from odoo.addons.dist_integration_base.lib import signature
from odoo.addons.dist_integration_base.tests.common import DistCase, Receiver
from odoo.addons.queue_job.job import Job


@tagged("post_install", "-at_install")
class TestDelivery(DistCase):
    def setUp(self):
        super().setUp()
        self.receiver = Receiver()
        self.receiver.__enter__()
        self.addCleanup(self.receiver.__exit__)
        self.system, _client, _key = self._make_system()
        self.credential = self.env["dist.credential"].create({"name": "Webhook", "system_id": self.system.id})
        self.secret = self.credential._generate()
        self.endpoint = self._make_endpoint(
            self.system, self.receiver.url, signing_credential_id=self.credential.id, retry_schedule="5s, 30s"
        )
        self.flow = self._make_flow(self.system, "partner.changed", endpoint_id=self.endpoint.id)
        self.partners = self.env["res.partner"].create([{"name": f"P{number}"} for number in range(3)])

    def _emit(self, partners=None):
        (partners or self.partners[:1])._dist_emit("partner.changed")
        self._commit_events()
        return self.env["dist.message"].search([("flow_id", "=", self.flow.id)], order="id")

    def _make_due(self, messages):
        messages.sudo().write({"next_attempt_at": fields.Datetime.now() - timedelta(seconds=1)})
        self.env.flush_all()

    def test_signed(self):
        """M2: a message is delivered, signed to Standard Webhooks, with its trace."""
        message = self._emit()
        self._drain(self.endpoint)
        headers, body = self.receiver.calls[0]
        signature.verify(headers, body, [self.secret])
        self.assertEqual(headers["webhook-id"], message.uuid)
        self.assertIn(message.trace_id, headers["traceparent"])
        document = json.loads(body)
        self.assertEqual((document["type"], document["data"]["name"]), ("partner.changed", "P0"))
        self.assertEqual((message.state, message.attempt_count), ("done", 1))
        self.assertEqual(message.attempt_ids.response_excerpt, '{"seen": true}')

    def test_rotation(self):
        """G7, M2: old and new secret sign while rotating."""
        newer = self.credential._generate()
        self._emit()
        self._drain(self.endpoint)
        headers, body = self.receiver.calls[0]
        for secret in (self.secret, newer):
            signature.verify(headers, body, [secret])

    def test_asymmetric(self):
        """M2: v1a with an Ed25519 key; the partner holds the public half."""
        key = self.env["dist.credential"].create(
            {"name": "Key", "system_id": self.system.id, "kind": "signing_key"}
        )
        public = key._generate()
        self.assertEqual(key.public_key, public)
        self.endpoint.signing_credential_id = key
        self._emit()
        self._drain(self.endpoint)
        headers, body = self.receiver.calls[0]
        self.assertIn("v1a,", headers["webhook-signature"])
        signature.verify(headers, body, [public])

    def test_retry_keeps_order(self):
        """M2: after a failure the later messages of the record wait; those of others go."""
        first = self._emit()
        second = self._emit() - first
        self.receiver.answers = [500]
        self._drain(self.endpoint)
        other = self._emit(self.partners[1]) - first - second
        self._drain(self.endpoint)
        self.assertEqual((first.state, second.state), ("retry", "pending"))
        self.assertEqual(other.state, "done")
        self.assertGreater(first.next_attempt_at, fields.Datetime.now())
        self._drain(self.endpoint)
        self.assertEqual(second.state, "pending")
        self._make_due(first)
        self._drain(self.endpoint)
        self.assertEqual((first.state, second.state), ("done", "done"))
        ids = [headers["webhook-id"] for headers, _body in self.receiver.calls]
        self.assertEqual([uuid for uuid in ids if uuid != other.uuid], [first.uuid, first.uuid, second.uuid])

    def test_dead_letter(self):
        """M6: after the last retry the message is dead, with one exception for the endpoint."""
        messages = self._emit(self.partners)
        self.endpoint.breaker_threshold = 100
        self.receiver.answers = [500] * 9
        for _time in range(3):
            self._make_due(messages)
            self._drain(self.endpoint)
        self.assertEqual(set(messages.mapped("state")), {"dead"})
        exception = messages.exception_id
        self.assertEqual((len(exception), exception.category, exception.message_count), (1, "delivery", 3))
        self.assertEqual(exception.impact_value, 300.0)
        exception.action_retry()
        self._drain(self.endpoint)
        self.assertEqual(set(messages.mapped("state")), {"done"})
        self.assertEqual(exception.state, "resolved")

    def test_another_failure_behind_a_retry(self):
        """X1: the exception of an endpoint that is reached again closes, although the partner then refuses."""
        self.system.technical_owner_id = self.env.user
        self.endpoint.retry_schedule = ""
        message = self._emit()
        self.receiver.answers = [500, 400]
        self._drain(self.endpoint)
        first = message.exception_id
        self.assertEqual((first.state, first.code, first.impact_value), ("open", "unreachable", 100.0))
        first.action_retry()
        self._drain(self.endpoint)
        second = message.exception_id
        self.assertEqual((second.state, second.code), ("open", "refused"))
        self.assertEqual((first.state, first.resolution, first.message_count), ("resolved", "replayed", 0))
        self.assertFalse(first.activity_ids)
        second.action_retry()
        self._drain(self.endpoint)
        self.assertEqual((message.state, first.state, second.state), ("done", "resolved", "resolved"))

    def test_refused(self):
        """M6: a refusal is not retried."""
        for answer in (400, 404, (302, {"Location": "http://127.0.0.1:9/"})):
            message = self._emit() - self.env["dist.message"].search([("state", "!=", "pending")])
            self.receiver.answers = [answer]
            self._drain(self.endpoint)
            self.assertEqual((message.state, message.attempt_ids.outcome), ("dead", "rejected"), answer)

    def test_gone(self):
        """M2: 410 disables the endpoint, tells its owner and keeps the message."""
        message = self._emit()
        self.receiver.answers = [410]
        self._drain(self.endpoint)
        self.assertEqual((self.endpoint.state, message.state), ("disabled", "pending"))
        self.assertTrue(self.endpoint.activity_ids)
        self._drain(self.endpoint)
        self.assertEqual(len(self.receiver.calls), 1)
        self.endpoint.action_enable()
        self._drain(self.endpoint)
        self.assertEqual(message.state, "done")

    def test_retry_after(self):
        """M2: Retry-After pauses the endpoint."""
        messages = self._emit(self.partners)
        self.receiver.answers = [(429, {"Retry-After": "120"})]
        self._drain(self.endpoint)
        self.assertEqual(len(self.receiver.calls), 1)
        self.assertEqual(self.endpoint.breaker_state, "open")
        waiting = messages.filtered(lambda message: message.state == "retry")
        self.assertGreaterEqual(waiting.next_attempt_at, fields.Datetime.now() + timedelta(seconds=118))

    def test_breaker(self):
        """M2, M7: after failures in a row the queue waits without using up attempts; a probe ends the pause."""
        self.endpoint.write({"breaker_threshold": 2, "lanes": 1, "breaker_pause": 1})
        messages = self._emit(self.partners)
        self.receiver.answers = [503, 503]
        self._drain(self.endpoint)
        self.assertEqual(self.endpoint.breaker_state, "open")
        self.assertEqual(sorted(messages.mapped("attempt_count")), [0, 1, 1])
        self._make_due(messages)
        self._drain(self.endpoint)
        self.assertEqual(len(self.receiver.calls), 2)
        status = self.endpoint.status_ids
        breaker = status._get_breaker()
        status._set_breaker(type(breaker)(**{**breaker.__dict__, "open_until": 0.0}))
        self.env.flush_all()
        self._drain(self.endpoint)
        self.assertEqual(set(messages.mapped("state")), {"done"})
        self.assertEqual(self.endpoint.breaker_state, "closed")

    def test_health(self):
        """M2: an endpoint that fails is not called normal before it is paused."""
        self.assertEqual(self.endpoint.health, "normal")
        self.endpoint.status_ids._note_poll("Answered 503")
        self.env.invalidate_all()
        self.assertTrue(self.endpoint.failing_since)
        self.assertEqual((self.endpoint.breaker_state, self.endpoint.health), ("closed", "failing"))
        self.endpoint.status_ids.breaker_state = "open"
        self.env.invalidate_all()
        self.assertEqual(self.endpoint.health, "paused")

    def test_connection_refused(self):
        self.endpoint.url = "http://127.0.0.1:9/hook"
        message = self._emit()
        self._drain(self.endpoint)
        self.assertEqual((message.state, message.attempt_ids.error_code), ("retry", "connect"))

    def test_private_address(self):
        """M9: a private address is refused unless an administrator allowed its range."""
        self.endpoint.allowed_networks = False
        message = self._emit()
        self._drain(self.endpoint)
        self.assertEqual((message.state, message.attempt_ids.error_code), ("dead", "address_refused"))
        self.assertFalse(self.receiver.calls)

    def test_auto_disable(self):
        """M2: an endpoint that fails for days is disabled and its owner told."""
        self.endpoint.status_ids.failing_since = fields.Datetime.now() - timedelta(hours=200)
        message = self._emit()
        self.receiver.answers = [500]
        self._drain(self.endpoint)
        self.assertEqual((self.endpoint.state, message.state), ("disabled", "retry"))
        self.assertTrue(self.endpoint.activity_ids)

    def test_rate(self):
        """M2: no more than the partner's rate."""
        self.endpoint.write({"rate_per_minute": 60, "lanes": 1})
        self._emit(self.partners)
        self._drain(self.endpoint)
        self.assertEqual(len(self.receiver.calls), 1)

    def test_test_event(self):
        """M2: the administrator sees at once whether an endpoint works."""
        action = self.endpoint.action_send_test_event()
        self.env.invalidate_all()
        message = self.env["dist.message"].browse(action["res_id"])
        self.assertEqual((message.state, message.attempt_ids.outcome), ("done", "success"))
        signature.verify(*self.receiver.calls[0], [self.secret])
        self.assertEqual(self.endpoint.action_test_connection()["params"]["type"], "success")

    def _send_test_event(self):
        """:return: (name of the dialog, dist.message that it shows)"""
        self.env.flush_all()
        action = self.endpoint.action_send_test_event()
        self.env.invalidate_all()
        return action["name"], self.env["dist.message"].browse(action["res_id"])

    def _check_failed_test(self, name, message, words):
        self.assertEqual((name, message.state), ("Test event: failed", "cancelled"))
        self.assertEqual((message.cancelled_by_id, bool(message.done_at)), (self.env.user, True))
        self.assertIn(words, message.summary)
        self.assertIn(self.env.user.name, message.summary)
        self.assertFalse(message.exception_id)
        self.assertEqual((self.endpoint.pending_count, len(message.attempt_ids)), (0, 1))

    def test_failed_test_event(self):
        """M2, X1: a test event is tried once: it neither waits nor stands in the queue of the operators."""
        manager = new_test_user(self.env, "tester", groups="dist_integration_base.group_dist_manager")
        self.endpoint = self.endpoint.with_user(manager)
        self.env = self.endpoint.env
        exceptions = self.env["dist.exception"].search([])
        for answer in (500, (429, {"Retry-After": "1"}), 400, 410):
            with self.subTest(answer):
                self.receiver.answers = [answer]
                status = answer[0] if isinstance(answer, tuple) else answer
                self._check_failed_test(*self._send_test_event(), str(status))
        self.assertEqual(self.endpoint.state, "disabled", "410")
        self.endpoint.action_enable()
        self.endpoint.sudo().url = "http://127.0.0.1:9/hook"
        self._check_failed_test(*self._send_test_event(), "127.0.0.1")
        self.assertEqual(self.env["dist.exception"].search([]), exceptions)
        calls = len(self.receiver.calls)
        self._drain(self.endpoint.sudo())
        self.env["dist.endpoint"].sudo()._cron_sweep()
        self.assertEqual(len(self.receiver.calls), calls)

    def test_test_event_that_cannot_be_sent(self):
        """M2: a test event that the configuration keeps from being sent ends with what is wrong with it."""
        self.endpoint.write(
            {
                "auth_type": "bearer",
                "credential_id": self.env["dist.credential"]
                .create({"name": "Empty", "system_id": self.system.id})
                .id,
            }
        )
        name, message = self._send_test_event()
        self._check_failed_test(name, message, "Empty")

    def test_interrupted_test_event(self):
        """M7: a test event whose sending was interrupted does not wait for ever; younger ones are under way."""
        message = self.env["dist.message"]._create_test_message(self.endpoint)
        self.env["dist.endpoint"]._cron_sweep()
        self.assertEqual((message.state, self.endpoint.pending_count), ("pending", 1))
        message.sudo().received_at -= timedelta(minutes=5)
        self.env.flush_all()
        jobs = self.env["queue.job"].search_count([])
        self.env["dist.endpoint"]._cron_sweep()
        self.env.invalidate_all()
        self.assertEqual((message.state, message.cancelled_by_id), ("cancelled", self.env.user))
        self.assertEqual(self.env["queue.job"].search_count([]), jobs)
        self.assertFalse(self.receiver.calls)

    def test_corrected_on_the_first_lane(self):
        """M6: what is corrected is delivered on the lane of the original, the first one included."""
        self.endpoint.lanes = 1
        message = self._emit()
        self.receiver.answers = [400]
        self._drain(self.endpoint)
        action = message.exception_id.action_correct()
        self.env[action["res_model"]].browse(action["res_id"]).action_resubmit()
        self._drain(self.endpoint)
        self.assertEqual((message.state, message.correction_ids.state), ("cancelled", "done"))

    def test_corrected_while_tried_again(self):
        """M5, M6: what somebody has corrected is not sent as it was by who presses Retry at the same time."""
        message = self._emit()
        self.receiver.answers = [400]
        self._drain(self.endpoint)
        action = message.exception_id.action_correct()
        self.env[action["res_model"]].browse(action["res_id"]).action_resubmit()
        message._requeue()
        self._drain(self.endpoint)
        self.assertEqual((message.state, message.correction_ids.state), ("cancelled", "done"))
        self.assertEqual(len(self.receiver.calls), 2)

    def test_overtaken(self):
        """M2, M6: a message that what was delivered since has undone is not sent after it; who retries is told."""
        first = self._emit()
        self.receiver.answers = [400]
        self._drain(self.endpoint)
        second = self._emit() - first
        self._drain(self.endpoint)
        self.assertEqual((first.state, second.state), ("dead", "done"))
        self.partners[0].active = False
        exception = first.exception_id
        told = exception.action_retry()
        self.assertIn("Left out: 1 messages", told["params"]["message"])
        self._drain(self.endpoint)
        self.assertEqual((first.state, exception.state), ("cancelled", "resolved"))
        self.assertIn("no longer calls for this one", first.cancel_reason)
        self.assertEqual(len(self.receiver.calls), 2)

    def test_answer_with_nul(self):
        """M2, M7: what a partner answers cannot keep its refusal from being recorded."""
        self.receiver.answers, self.receiver.text = [400], b"no \x00 such thing"
        message = self._emit()
        self._drain(self.endpoint)
        self.env.invalidate_all()
        self.assertEqual((message.state, len(self.receiver.calls)), ("dead", 1))
        self.assertIn("no  such thing", message.attempt_ids.sudo().response_excerpt)
        self.assertEqual(message.exception_id.code, "refused")

    def test_test_event_is_held_back(self):
        """G9: what must not be called is not called by *Send test event* either."""
        self.endpoint.action_disable()
        with self.assertRaises(UserError):
            self.endpoint.action_send_test_event()
        self.endpoint.action_enable()
        self.system.environment = "production"
        with self.assertRaises(UserError):
            self.endpoint.action_send_test_event()
        self.assertFalse(self.receiver.calls)

    def test_connection_in_doubt(self):
        """M2: an address that answers, but not as one that takes messages, is shown as a warning with its status."""
        for answer, kind in (
            (202, "success"),
            (405, "success"),
            ((405, {"Allow": "POST"}), "success"),
            ((200, {"Allow": "GET, HEAD, post"}), "success"),
            ((405, {"Allow": "GET, HEAD"}), "warning"),
            ((200, {"Allow": "GET"}), "warning"),
            *((status, "warning") for status in (302, 400, 401, 403, 404, 410, 429, 500, 501, 503)),
        ):
            with self.subTest(answer):
                self.receiver.answers = [answer]
                shown = self.endpoint.action_test_connection()["params"]
                status = answer[0] if isinstance(answer, tuple) else answer
                self.assertEqual(shown["type"], kind)
                self.assertIn(f"status {status}", shown["message"])
        self.assertFalse(self.env["dist.message"].search([("endpoint_id", "=", self.endpoint.id)]))

    def test_environment(self):
        """G9: what is made for production does not fire from another environment."""
        self.system.environment = "production"
        message = self._emit()
        self._drain(self.endpoint)
        self.assertEqual((message.state, self.receiver.calls), ("pending", []))
        self.assertIn("production", self.system.blocked_reason)

    def test_suspended(self):
        """M7: what waits for a suspended system leaves when it is active again."""
        self.system.action_suspend()
        message = self._emit()
        self._drain(self.endpoint)
        self.assertEqual(message.state, "pending")
        self.system.action_activate()
        self._drain(self.endpoint)
        self.assertEqual(message.state, "done")

    def test_sweep(self):
        """M7: what waits without a job is found and given one."""
        message = self._emit()
        message.sudo().next_attempt_at = fields.Datetime.now() - timedelta(minutes=1)
        self.env.flush_all()
        self._get_jobs().unlink()
        self.env["dist.endpoint"]._cron_sweep()
        self.assertEqual(len(self._get_jobs()), 1)
        self.assertEqual(message.state, "pending")
        message.sudo().next_attempt_at = fields.Datetime.now() - timedelta(minutes=5)
        self.env.flush_all()
        self.env["dist.endpoint"]._cron_sweep()
        self.env.invalidate_all()
        self.assertEqual(
            message.state, "done", "what no job took care of for minutes is delivered by the sweeper"
        )

    def test_nothing_pending_is_forgotten(self):
        """M7: what a transaction of its own wrote is kept, whenever the garbage collector comes by."""
        status = self.endpoint.status_ids

        def work(env):
            env["dist.endpoint.status"].browse(status.id).last_error = "kept"
            del env
            gc.collect()

        for run in (
            self.env["dist.message"]._in_own_transaction,
            lambda work: self.env["dist.message"]._in_serial_transaction("test", work),
        ):
            status.last_error = False
            self.env.flush_all()
            run(work)
            self.env.invalidate_all()
            self.assertEqual(status.last_error, "kept")

    def test_next_moment_behind_a_retry(self):
        """M7: what waits behind a retry does not keep the workers busy."""
        self.endpoint.lanes = 1
        self._emit()
        self._emit()
        self.receiver.answers = [500]
        self.endpoint.retry_schedule = "1h"
        jobs = self.env["queue.job"].search([])
        self._drain(self.endpoint)
        new = self.env["queue.job"].search([]) - jobs
        self.assertEqual(len(new), 1)
        self.assertGreater(new.eta, fields.Datetime.now() + timedelta(minutes=40))

    def _get_jobs(self):
        return self.env["queue.job"].search([("identity_key", "like", f"dist-drain:{self.endpoint.id}:")])

    def test_woken_with_the_messages(self):
        """M7: a message is committed together with the job that delivers it, which is there once."""
        self._emit()
        (job,) = self._get_jobs()
        self.assertEqual((job.model_name, job.method_name), ("dist.endpoint", "_job_drain"))
        self._emit()
        self.assertEqual(self._get_jobs(), job)

    def test_woken_although_a_job_waited(self):
        """M7: a job that waited when a message was made may run before it is committed, so one is asked for behind
        the commit.
        """
        self._emit()
        self.env.cr.postcommit.clear()
        self._emit()
        self._get_jobs().unlink()
        self.env.cr.postcommit.run()
        self.assertEqual(len(self._get_jobs()), 1)

    def test_woken_behind_the_commit(self):
        """M7: enabling an endpoint enqueues its drains behind the commit: one that starts earlier finds nothing."""
        self._emit()
        self._get_jobs().unlink()
        self.endpoint.action_disable()
        self.env.cr.postcommit.clear()
        self.endpoint.action_enable()
        self.assertFalse(self._get_jobs())
        self.env.cr.postcommit.run()
        (job,) = self._get_jobs()
        self.assertEqual((job.model_name, job.method_name), ("dist.endpoint", "_job_drain"))

    def test_woken_as_queue_job_would(self):
        """M7: the row of a drain is the one that queue_job itself would have made, and its job can be run."""
        lane = (self.endpoint.id, "normal", 0)
        self.env["dist.endpoint"].sudo()._enqueue_drains({lane})
        jobs = self.env["queue.job"].search([("identity_key", "=", self.endpoint._get_drain_key(*lane))])
        self.assertEqual(len(jobs), 1)
        self.env["dist.endpoint"].sudo()._enqueue_drains({lane})
        jobs.flush_recordset()
        self.env.cr.execute("DELETE FROM queue_job WHERE id = %s RETURNING *", (jobs.id,))
        (row,) = self.env.cr.dictfetchall()
        self.env.invalidate_all()
        self.endpoint.with_user(SUPERUSER_ID)._schedule_drain("normal", 0)
        self.env.flush_all()
        self.env.cr.execute("SELECT * FROM queue_job WHERE identity_key = %s", (row["identity_key"],))
        (other,) = self.env.cr.dictfetchall()
        own = {"id", "uuid", "date_created"}
        self.assertEqual(
            {name: value for name, value in row.items() if name not in own},
            {name: value for name, value in other.items() if name not in own},
        )
        self.assertEqual(Job.load(self.env, other["uuid"]).args, ("normal", 0))

    def test_job_put_off_comes_back_soon(self):
        """M7: a drain that queue_job puts off does not hold up its lane for queue_job's ten minutes."""
        for job in (
            self.endpoint.with_delay()._job_drain("normal", 0),
            self.env["dist.message"].with_delay()._job_process_inbox("normal"),
        ):
            self.assertLessEqual(job._get_retry_seconds(), 10)

    def test_order_over_changed_lanes(self):
        """M2: a message keeps its place when the number of lanes is changed while it waits."""
        first = self._emit()
        second = self._emit() - first
        first.sudo().lane = (second.lane + 1) % 4
        self.env.flush_all()
        self.endpoint._job_drain("normal", second.lane)
        self.env.invalidate_all()
        self.assertEqual((first.state, second.state), ("pending", "pending"))
        self._drain(self.endpoint)
        self._drain(self.endpoint)
        ids = [headers["webhook-id"] for headers, _body in self.receiver.calls]
        self.assertEqual(ids, [first.uuid, second.uuid])

    def test_order_over_types(self):
        """M2: of one record a message of another type, and of another criticality, waits for the earlier one."""
        other = self.flow.copy(
            {"message_type_id": self.env["dist.message.type"]._get_by_code("integration.test").id}
        )
        first = self._emit()
        second = self._emit() - first
        second.sudo().write({"flow_id": other.id, "criticality": "critical"})
        self.env.flush_all()
        self.receiver.answers = [500]
        self.endpoint.retry_schedule = "1h"
        self._drain(self.endpoint)
        self.assertEqual((first.state, second.state, len(self.receiver.calls)), ("retry", "pending", 1))
        first.sudo().next_attempt_at = fields.Datetime.now()
        self.env.flush_all()
        with patch.object(type(first), "_wake_lanes") as wake:
            self.endpoint._job_drain("normal", first.lane)
        lane = {"endpoint_id": self.endpoint.id, "criticality": "critical", "lane": second.lane}
        self.assertIn(([lane],), [call.args for call in wake.call_args_list])
        self._drain(self.endpoint)
        ids = [headers["webhook-id"] for headers, _body in self.receiver.calls]
        self.assertEqual(ids, [first.uuid, first.uuid, second.uuid])

    def test_poison_message(self):
        """M7: a message whose body cannot be made stops neither its lane nor the job."""
        self.endpoint.lanes = 1
        mapping = self.env["dist.mapping"].create(
            {
                "name": "Strict",
                "system_id": self.system.id,
                "message_type_id": self.flow.message_type_id.id,
                "row_ids": [(0, 0, {"target": "note", "source": "note", "required": True})],
            }
        )
        mapping.action_approve()
        poison = self._emit()
        self.flow.mapping_id = mapping
        self.partners[1].ref = "has one"
        fine = self._emit(self.partners[1]) - poison
        self._drain(self.endpoint)
        self.assertEqual((poison.state, fine.state), ("dead", "done"))
        self.assertEqual(poison.exception_id.category, "validation")

    def test_unusable_credential(self):
        """G7, M7: without a valid secret nothing is sent, nothing lost, and the owner is told once."""
        self.credential.version_ids.expires_at = fields.Datetime.now() - timedelta(seconds=1)
        message = self._emit()
        self._drain(self.endpoint, times=2)
        self.assertEqual((message.state, self.receiver.calls), ("pending", []))
        self.assertEqual(len(self.endpoint.activity_ids), 1)
        self.assertIn("no valid secret", self.endpoint.last_error)

    def test_rate_is_for_the_urgent_first(self):
        """M11: what an endpoint with a rate may get now belongs to critical messages, not to bulk ones."""
        self.endpoint.write({"rate_per_minute": 60, "lanes": 1})
        self.flow.criticality = "bulk"
        self.env.flush_all()
        bulk = self._emit()
        self.flow.criticality = "critical"
        self.env.flush_all()
        critical = self._emit(self.partners[1]) - bulk
        self.endpoint._job_drain("bulk", 0)
        self.assertFalse(self.receiver.calls)
        self.endpoint._job_drain("critical", 0)
        self.assertEqual([headers["webhook-id"] for headers, _body in self.receiver.calls], [critical.uuid])
        self.endpoint.rate_per_minute = 0
        self.env.flush_all()
        self.endpoint._job_drain("bulk", 0)
        self.env.invalidate_all()
        self.assertEqual(set((bulk | critical).mapped("state")), {"done"})
