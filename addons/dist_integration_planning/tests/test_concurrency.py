import base64
import threading
from datetime import timedelta
from unittest.mock import patch

from psycopg2.errors import LockNotAvailable, SerializationFailure

from odoo import SUPERUSER_ID, api, fields
from odoo.tests import tagged

from odoo.addons.dist_integration_base.tests.common import RealTransactionCase
from odoo.addons.queue_job.exception import RetryableJobError

STAGES = ("_load", "_stage_files", "_check_rows", "_insert_rows", "_put_in_force", "_close_exception")


class Killed(BaseException):
    """The worker dies."""


@tagged("post_install", "-at_install")
class TestConcurrency(RealTransactionCase):
    """Real transactions beside each other; what they leave is removed at the end."""

    def setUp(self):
        super().setUp()
        self.ids = self._do(self._make)
        self.addCleanup(self._do, self._remove)

    def _make(self, env):
        system = env["dist.system"].create({"name": "Race", "code": "race-plan", "state": "active"})
        client = env["dist.api.client"].create({"name": "Race", "system_id": system.id})
        source = env["dist.planning.source"].create(
            {"name": "Race", "code": "race", "kind": "external", "system_id": system.id}
        )
        supplier = env["res.partner"].create({"name": "Race"})
        product = env["product.product"].create(
            {
                "name": "Race",
                "default_code": "RACE-1",
                "detailed_type": "product",
                "seller_ids": [(0, 0, {"partner_id": supplier.id, "price": 2.0})],
            }
        )
        ids = {
            "system": system.id,
            "client": client.id,
            "source": source.id,
            "supplier": supplier.id,
            "product": product.id,
            "messages": [],
            "batches": [],
        }
        for number in range(2):
            self._receive(env, ids, f"R-{number}", number)
        return ids

    def _receive(self, env, ids, reference, quantity):
        """Store a version and its file."""
        from odoo.addons.dist_integration_base.lib import strict_json, upload

        content = (
            "key,kind,sku,warehouse,unit,quantity,date_planned\n"
            f"P-1,purchase,RACE-1,WH,Units,{quantity + 1},2030-01-07\n"
        ).encode()
        received = upload.receive([content], len(content))
        described = received.describe("text/csv", False)
        message_type = env["dist.message.type"]._get_by_code("plan.file")
        vals = {
            "client_id": ids["client"],
            "system_id": ids["system"],
            "company_id": env.company.id,
            "message_type_id": message_type.id,
            "version_id": message_type._get_default_version().id,
            "idempotency_key": f"race {reference}",
            "request_hash": received.sha256,
            "state": "done",
        }
        message = env["dist.message"].create({**vals, "direction": "in", "uuid": f"race-{reference}"})
        message.raw = base64.b64encode(strict_json.dumps({"file": described}))
        message._attach_upload(received)
        source = env["dist.planning.source"].browse(ids["source"])
        file = {"name": reference, "kind": "proposal", "message_id": message.id, "checksum": received.sha256}
        manifest = {"files": [{"kind": "proposal", "rows": 1, "sha256": received.sha256}]}
        moment = fields.Datetime.now() - timedelta(minutes=10 - quantity)
        batch = env["dist.planning.batch"]._receive_part(source, reference, moment, manifest, file)
        ids["messages"].append(message.id)
        ids["batches"].append(batch.id)

    def _remove(self, env):
        source = self.ids["source"]
        env["queue.job"].search([("model_name", "like", "dist.planning")]).unlink()
        orders = env["purchase.order"].search([("partner_id", "=", self.ids["supplier"])])
        orders.button_cancel()
        orders.unlink()
        env["dist.exception"].search([("system_id", "=", self.ids["system"])]).unlink()
        env.cr.execute(
            "UPDATE dist_planning_source SET proposal_batch_id = NULL, active = false WHERE id = %s",
            (source,),
        )
        env.cr.execute("DELETE FROM dist_planning_proposal WHERE source_id = %s", (source,))
        env.cr.execute("DELETE FROM dist_planning_batch WHERE source_id = %s", (source,))
        env.invalidate_all()
        env["dist.message"].browse(self.ids["messages"])._find_uploads().unlink()
        env.cr.execute("DELETE FROM dist_message WHERE id = ANY(%s)", (self.ids["messages"],))
        env["dist.planning.rule"].search([("source_id", "=", source)]).unlink()
        env["dist.planning.source"].browse(source).unlink()
        env["dist.api.client"].browse(self.ids["client"]).unlink()
        env["dist.system"].browse(self.ids["system"]).unlink()
        env["product.product"].browse(self.ids["product"]).product_tmpl_id.unlink()
        env["res.partner"].browse(self.ids["supplier"]).unlink()

    def _run_job(self, env, batch_id):
        env["dist.planning.batch"].browse(batch_id)._job_activate()

    def _read(self):
        """:return: (states of the versions, list of (key, quantity, state) of the proposals, version in force)"""

        def read(env):
            source = env["dist.planning.source"].browse(self.ids["source"])
            proposals = env["dist.planning.proposal"].search([("source_id", "=", source.id)])
            return (
                env["dist.planning.batch"].browse(self.ids["batches"]).mapped("state"),
                [(proposal.key, proposal.quantity, proposal.state) for proposal in proposals],
                source.proposal_batch_id.id,
            )

        return self._do(read)

    def test_killed_at_any_stage(self):
        """P2, X2: a worker that dies at any stage leaves nothing; the next one puts the plan in force, once."""
        first = self.ids["batches"][0]
        batches = self.registry["dist.planning.batch"]
        for stage in STAGES:
            with self.subTest(stage), patch.object(batches, stage, side_effect=Killed):
                with self.assertRaises(Killed):
                    self._do(self._run_job, first)
            self.assertEqual(self._read(), (["staged", "staged"], [], False))
        self._do(self._run_job, first)
        self._do(self._run_job, first)
        self.assertEqual(self._read(), (["active", "staged"], [("P-1", 1.0, "proposed")], first))

    def test_killed_after_all_was_done(self):
        """P2, X2: a worker that dies right before the commit leaves nothing as well."""
        first = self.ids["batches"][0]
        batches = self.registry["dist.planning.batch"]
        original = batches._put_in_force

        def put_in_force(batch, counts):
            original(batch, counts)
            batch.env.flush_all()
            raise Killed

        with patch.object(batches, "_put_in_force", put_in_force), self.assertRaises(Killed):
            self._do(self._run_job, first)
        self.assertEqual(self._read(), (["staged", "staged"], [], False))

    def test_two_at_once(self):
        """P2, X2: two versions at once: one waits for the other; the newer one is in force in the end."""
        first, second = self.ids["batches"]
        with self.registry.cursor() as cr:
            batch = api.Environment(cr, SUPERUSER_ID, {})["dist.planning.batch"].browse(first)
            with batch._locked() as mine:
                self.assertTrue(mine)
                with self.assertRaises(RetryableJobError):
                    self._do(self._run_job, second)
        ready, told = threading.Barrier(2), []

        def work(batch_id):
            ready.wait(timeout=30)
            while True:
                try:
                    self._do(self._run_job, batch_id)
                except RetryableJobError:
                    continue
                told.append(batch_id)
                return

        threads = [threading.Thread(target=work, args=(batch_id,)) for batch_id in (first, second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        self.assertEqual(len(told), 2)
        states, proposals, in_force = self._read()
        # an older one that comes second is outdated
        self.assertIn(states, (["superseded", "active"], ["refused", "active"]))
        self.assertEqual((proposals, in_force), ([("P-1", 2.0, "proposed")], second))

    def test_decided_while_a_version_comes(self):
        """P3: a planner decides while a new version is put in force: it is tried again at once, the decision stands."""
        first, second = self.ids["batches"]
        self._do(self._run_job, first)
        self._come_between(second, lambda proposals: proposals.action_refuse())
        self.assertEqual(self._read(), (["superseded", "active"], [("P-1", 1.0, "refused")], second))

    def test_decisions_wait_for_a_version_that_was_disturbed(self):
        """P2, P3: a version that a planner came between is put in force by the next try, for which others wait."""
        first, second = self.ids["batches"]
        self._do(self._run_job, first)
        with self.registry.cursor() as cr:
            cr.execute("SET LOCAL lock_timeout = '200ms'")

            def decide():
                cr.execute(
                    "UPDATE dist_planning_proposal SET planner_id = NULL WHERE source_id = %s",
                    (self.ids["source"],),
                    log_exceptions=False,
                )

            with self.assertRaises(RetryableJobError) as caught:
                self._come_between(second, lambda proposals: proposals.action_take(), decide)
            self.assertIsInstance(caught.exception.__cause__, LockNotAvailable)
            self.assertTrue(caught.exception.ignore_retry, "it is never given up")
            cr.rollback()
        self.assertEqual(self._read()[0], ["active", "staged"])
        self._do(self._run_job, second)
        self.assertEqual(self._read(), (["superseded", "active"], [("P-1", 2.0, "proposed")], second))

    def _come_between(self, batch_id, decide, again=lambda: None):
        """Put a version in force while planners decide.

        :param decide: function of the proposals, called when the version is tried for the first time
        :param again: function, called when it is tried once more
        """
        batches = self.registry["dist.planning.batch"]
        original, tries = batches._insert_rows, []

        def find_and_decide(env):
            decide(env["dist.planning.proposal"].search([("source_id", "=", self.ids["source"])]))

        def insert(batch, counts):
            tries.append(batch)
            if len(tries) == 1:
                self._do(find_and_decide)
            else:
                again()
            original(batch, counts)

        with patch.object(batches, "_insert_rows", insert):
            self._do(self._run_job, batch_id)
        self.assertEqual(len(tries), 2)

    def test_carried_out_once(self):
        """P3, X2: two jobs carry out the same proposal at once: one order."""
        self._do(self._run_job, self.ids["batches"][0])

        def approve(env):
            proposals = env["dist.planning.proposal"].search([("source_id", "=", self.ids["source"])])
            proposals.action_approve()
            return proposals.ids

        ids = self._do(approve)
        one, two = self.registry.cursor(), self.registry.cursor()
        with one, two:
            proposals = [
                api.Environment(cr, SUPERUSER_ID, {})["dist.planning.proposal"].browse(ids)
                for cr in (one, two)
            ]
            self.assertEqual([proposal.state for proposal in proposals], ["approved", "approved"])
            proposals[0]._job_execute()
            proposals[0].env.flush_all()
            one.commit()
            with self.assertRaises(SerializationFailure):
                proposals[1]._job_execute()
            two.rollback()
            proposals[1].env.invalidate_all()
            proposals[1]._job_execute()
            two.commit()
        count = self._do(
            lambda env: env["purchase.order"].search_count([("partner_id", "=", self.ids["supplier"])])
        )
        self.assertEqual(count, 1)
