import json
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.dist_integration_base.models import dist_replay_run
from odoo.addons.dist_integration_base.tests.common import DistCase, Receiver

from .operations import OperationsMixin


@tagged("post_install", "-at_install")
class TestReplay(OperationsMixin, DistCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people = cls._make_people()

    def setUp(self):
        super().setUp()
        self.receiver = Receiver()
        self.receiver.__enter__()
        self.addCleanup(self.receiver.__exit__)
        self.system, self.client, _key = self._make_system("Replayed", message_types=["partner.submit"])
        self.inbound = self.system.flow_ids
        self.endpoint = self._make_endpoint(self.system, self.receiver.url)
        self.outbound = self._make_flow(self.system, "partner.changed", endpoint_id=self.endpoint.id)
        self.replays = self.env["dist.replay"].with_user(self.people["operator"])

    def _submit(self, name, external_id="R-1", **values):
        message = self._make_message(
            self.inbound,
            state="pending",
            client_id=self.client.id,
            payload=json.dumps({"external_id": external_id, "name": name, **values}),
            received_at=fields.Datetime.now(),
        )
        self.env.flush_all()
        self.env["dist.message"]._process([message.id])
        self.env.invalidate_all()
        return message

    def _emit(self, name="Sent"):
        self.env["res.partner"].create({"name": name})._dist_emit("partner.changed")
        self._commit_events()
        message = self.env["dist.message"].search([("flow_id", "=", self.outbound.id)], limit=1)
        self._drain(self.endpoint)
        return message

    def _prepare(self, **values):
        replay = self.replays.create({"reason": "The warehouse lost its data", **values})
        replay.action_preview()
        return replay

    def _run(self, replay):
        replay.action_start()
        self.env.flush_all()
        while replay.state == "running":
            replay.sudo()._job_run()
            self.env.invalidate_all()
        return replay

    def _get_expected(self, replay):
        return {item.message_id: item.refusal or item.expected for item in replay.item_ids}

    def test_dry_run(self):
        """M6: what would happen is shown before anything does."""
        done_in, failed_in = self._submit("Good"), self._submit("Broken", "R-2")
        done_out = self._emit()
        self.receiver.answers = [400]
        failed_out = self._emit("Refused")
        calls = len(self.receiver.calls)
        replay = self._prepare(with_done=True, system_id=self.system.id)
        expected = self._get_expected(replay)
        self.assertEqual(
            [expected[message] for message in (done_in, failed_in, done_out, failed_out)],
            ["recognise", "apply", "send", "send"],
        )
        self.assertEqual((failed_in.state, failed_out.state, done_out.state), ("retry", "dead", "done"))
        self.assertIn("partner.submit", replay.preview)
        self.assertEqual(len(self.receiver.calls), calls)
        replay.with_done = False
        self.assertFalse(replay.previewed_at)
        replay.action_preview()
        self.assertEqual(set(self._get_expected(replay)), {failed_in, failed_out})

    def test_effect_only_once(self):
        """M6: an inbound message that was applied is recognised; its effect is not had again."""
        message = self._submit("Good")
        partner = self.env["res.partner"].browse(message.res_id)
        partner.name = "Changed here since"
        replay = self._run(self._prepare(with_done=True, system_id=self.system.id, direction="in"))
        self.assertEqual(replay.item_ids.result, "recognised")
        self.assertEqual(partner.name, "Changed here since")
        self.assertEqual(self.env["res.partner"].search_count([("name", "=", "Good")]), 0)

    def test_sent_again(self):
        """M6, M2: sent again under the same webhook-id, marked as replayed."""
        message = self._emit()
        first = dict(self.receiver.calls[0][0])
        self.assertNotIn("webhook-replayed", first)
        replay = self._run(self._prepare(with_done=True, system_id=self.system.id, direction="out"))
        self.assertEqual(replay.item_ids.result, "queued")
        self._drain(self.endpoint)
        headers, body = self.receiver.calls[1]
        self.assertEqual((headers["webhook-id"], headers["webhook-replayed"]), (first["webhook-id"], "true"))
        self.assertEqual(body, self.receiver.calls[0][1])
        self.assertEqual((message.state, message.replay_id.id, replay.state), ("done", replay.id, "done"))
        self.assertEqual(replay.item_ids.message_state, "done")

    def test_failed_again(self):
        """M6: what fails again says so; what was repaired goes through."""
        broken, blocked = self._submit("Broken", "R-1"), self._submit("Blocked", "R-2")
        self.assertEqual((broken.state, blocked.state), ("retry", "dead"))
        self.env["ir.config_parameter"].set_param("test_dist.repaired", "1")
        replay = self._run(self._prepare(system_id=self.system.id, with_refused=True))
        results = {item.message_id: item.result for item in replay.item_ids}
        self.assertEqual(results, {broken: "processed", blocked: "failed"})
        self.assertEqual((replay.failed_count, replay.progress), (1, 100.0))
        failed = replay.item_ids.filtered(lambda item: item.result == "failed")
        self.assertIn("blocked", failed.note)

    def test_code(self):
        """M6, M8: after a code was explained, everything that waited for it goes through."""
        waiting = self._submit("One", "R-1", country="Freedonia") | self._submit(
            "Two", "R-2", country="Freedonia"
        )
        other = self._submit("Three", "R-3", country="Sylvania")
        self.assertEqual(set((waiting | other).mapped("state")), {"error"})
        code = self.env["dist.code.map"].create(
            {
                "system_id": self.system.id,
                "domain": "country",
                "external_code": "Freedonia",
                "res_model": "res.country",
                "res_id": self.env.ref("base.fr").id,
            }
        )
        action = code.with_user(self.people["operator"]).action_replay()
        replay = self.replays.browse(action["res_id"])
        self.assertEqual(replay.item_ids.message_id, waiting)
        self._run(replay)
        self.assertEqual((set(waiting.mapped("state")), other.state), ({"done"}, "error"))
        self.assertEqual(waiting.exception_id.state, "resolved")

    def test_exceptions(self):
        """M6: what waits for exceptions."""
        blocked = self._submit("Blocked")
        self._submit("Ambiguous", "R-2")
        exception = blocked.exception_id.with_user(self.people["operator"])
        replay = self.replays.browse(exception.action_replay()["res_id"])
        self.assertEqual(replay.item_ids.message_id, blocked)

    def test_selection(self):
        """M6: the messages that a person selected, and no others."""
        chosen, _other = self._submit("Blocked"), self._submit("Ambiguous", "R-2")
        replay = self.replays.browse(chosen.with_user(self.people["operator"]).action_replay()["res_id"])
        self.assertEqual((replay.item_ids.message_id, replay.criterion), (chosen, "selection"))
        with self.assertRaisesRegex(UserError, "Say why"):
            replay.action_start()
        replay.reason = "Unblocked"
        replay.action_preview()
        self._run(replay)
        self.assertEqual(replay.item_ids.result, "failed")

    def test_refused(self):
        """M6: what cannot or must not go through again is left alone, with the reason."""
        overtaken = self._submit("Blocked")
        self._submit("Good")
        purged = self._submit("Ambiguous", "R-2")
        purged.payload = False
        cancelled = self._submit("Blocked", "R-3")
        cancelled.action_cancel("no")
        lost = self._emit()
        lost.endpoint_id = False
        messages = overtaken | purged | cancelled | lost
        replay = self.replays.browse(messages.with_user(self.people["operator"]).action_replay()["res_id"])
        expected = self._get_expected(replay)
        self.assertEqual(
            [expected[message] for message in messages], ["overtaken", "purged", "cancelled", "no_endpoint"]
        )
        replay.with_overtaken = True
        replay.action_preview()
        self.assertEqual(self._get_expected(replay)[overtaken], "apply")

    def test_refused_before(self):
        """M6: in bulk, what a person or a rule refused is left alone unless asked for, and shown so."""
        blocked, broken = self._submit("Blocked"), self._submit("Broken", "R-2")
        ignored = self._submit("Blocked", "R-3")
        ignored.exception_id.with_user(self.people["operator"])._ignore("a joke")
        held = self._submit("Ambiguous", "R-4")
        messages = blocked | broken | ignored | held
        replay = self._prepare(system_id=self.system.id)
        expected = self._get_expected(replay)
        self.assertEqual(
            [expected[message] for message in messages], ["answered", "apply", "cancelled", "apply"]
        )
        for reason in ("its sender was told that it is refused", "a person cancelled it"):
            self.assertIn(reason, replay.preview)
        self._run(replay)
        self.assertEqual((blocked.attempt_count, ignored.state), (1, "cancelled"))
        results = {item.message_id: item.result for item in replay.item_ids}
        self.assertEqual([results[blocked], results[ignored]], ["refused", "refused"])
        again = self._prepare(system_id=self.system.id, with_refused=True)
        expected = self._get_expected(again)
        self.assertEqual([expected[blocked], expected[ignored]], ["apply", "cancelled"])
        self._run(again)
        self.assertEqual(blocked.attempt_count, 2)

    def test_period(self):
        """M6: everything since a time, of some flows."""
        old, new = self._submit("Blocked"), self._submit("Blocked", "R-2")
        old.received_at = fields.Datetime.now() - timedelta(days=2)
        replay = self._prepare(flow_ids=[(6, 0, self.inbound.ids)])
        self.assertEqual(replay.item_ids.message_id, new)
        replay.write({"since": False, "until": fields.Datetime.now() - timedelta(days=1)})
        replay.action_preview()
        self.assertEqual(replay.item_ids.message_id, old)

    def test_stopped(self):
        """M6: a replay can be stopped; what was handled stays, the rest is as it was."""
        messages = self._submit("Blocked") | self._submit("Blocked", "R-2")
        replay = self._prepare(system_id=self.system.id, with_refused=True)
        replay.action_start()
        self.env.flush_all()
        with patch.object(dist_replay_run, "BATCH", 1):
            replay.sudo()._run_batch(float("inf"))
        self.env.invalidate_all()
        replay.action_cancel()
        self._assert_told(replay, "cancelled", replay.env.user)
        replay.sudo()._job_run()
        self.env.invalidate_all()
        self.assertEqual(sorted(replay.item_ids.mapped("result")), ["failed", "open"])
        self.assertEqual(sorted(messages.mapped("attempt_count")), [1, 2])
        self.assertEqual(replay.state, "cancelled")

    def test_resumed(self):
        """M6, M7: a worker is killed in the middle; the sweep takes the replay up where it was."""
        self.env["ir.config_parameter"].set_param("test_dist.repaired", "1")
        messages = self.env["dist.message"]
        for number in range(4):
            messages |= self._submit("Blocked", f"R-{number}")
        messages.sudo().write({"payload": json.dumps({"external_id": "same", "name": "Good"})})
        replay = self._prepare(system_id=self.system.id, with_refused=True)
        replay.action_start()

        class Killed(BaseException):
            """Like a worker that is gone."""

        kinds = type(self.env["dist.replay"])
        noted = []

        def die(replay, message_id):
            noted.append(message_id)
            if len(noted) == 2:
                raise Killed
            return original(replay, message_id)

        original = kinds._note_result
        with patch.object(kinds, "_note_result", die), self.assertRaises(Killed):
            replay.sudo()._job_run()
        self.env["queue.job"].search([]).unlink()
        self.env["dist.endpoint"]._cron_sweep()
        job = self.env["queue.job"].search([("method_name", "=", "_job_run")])
        self.assertEqual(job.records, replay)
        self._finish(replay)
        self.assertEqual(set(replay.item_ids.mapped("result")), {"processed"})
        self.assertEqual(self.env["res.partner"].search_count([("name", "=", "Good")]), 1)
        self.assertEqual(set(messages.mapped("attempt_count")), {2})

    def _finish(self, replay):
        self.env.invalidate_all()
        while replay.state == "running":
            replay.sudo()._job_run()
            self.env.invalidate_all()

    def test_kept_as_it_was(self):
        """G5, M6: what was started says who, why and what; it is neither changed nor deleted."""
        self._submit("Blocked")
        replay = self._run(self._prepare(system_id=self.system.id))
        self.assertEqual(replay.user_id, self.people["operator"])
        self.assertTrue(
            replay.message_ids.filtered(lambda m: "The warehouse lost its data" in (m.body or ""))
        )
        for change in ({"reason": "other"}, {"with_done": True}):
            with self.assertRaises(UserError):
                replay.write(change)
        for act in (replay.unlink, replay.action_start, replay.action_preview):
            with self.assertRaises(UserError):
                act()

    def test_nothing_fits(self):
        replay = self._prepare(system_id=self.system.id)
        with self.assertRaisesRegex(UserError, "No message fits"):
            replay.action_start()

    def test_who_may(self):
        """M6: operators replay; others do not, and nobody replays another company's messages."""
        message = self._submit("Blocked")
        for group in ("user", "auditor", "service"):
            with self.assertRaises(AccessError):
                message.with_user(self.people[group]).action_replay()
            with self.assertRaises(AccessError):
                self.env["dist.replay"].with_user(self.people[group]).create({"reason": "x"})
        company = self.env["res.company"].create({"name": "Other"})
        system, _client, _key = self._make_system("Elsewhere", company_id=company.id)
        flow = self._make_flow(system, "partner.submit")
        foreign = self._make_message(flow, received_at=fields.Datetime.now())
        with self.assertRaises(AccessError):
            foreign.with_user(self.people["operator"]).action_replay()
        with self.assertRaises(UserError):
            (message | foreign).action_replay()
        replay = self._prepare()
        self.assertNotIn(foreign, replay.sudo().item_ids.message_id)
        with self.assertRaises(AccessError):
            self._prepare(company_id=company.id)
