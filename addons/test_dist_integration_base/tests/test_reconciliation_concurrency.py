from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, api
from odoo.tests import tagged

from odoo.addons.dist_integration_base.tests.common import RealTransactionCase
from odoo.addons.queue_job.exception import RetryableJobError


@tagged("post_install", "-at_install")
class TestReconciliationConcurrency(RealTransactionCase):
    """Real transactions beside each other; what they leave is removed at the end."""

    def setUp(self):
        super().setUp()
        self.ids = self._do(self._make)
        self.addCleanup(self._do, self._remove)

    def _make(self, env):
        system = env["dist.system"].create({"name": "Race", "code": "race", "state": "active"})
        partner = env["res.partner"].create(
            {"name": "Race", "ref": "REC-RACE", "color": 1, "company_id": env.company.id}
        )
        profile = env["dist.reconciliation.profile"].create(
            {
                "name": "Race",
                "domain_code": "partner",
                "system_id": system.id,
                "scope_domain": "[('ref', '=', 'REC-RACE')]",
            }
        )
        runs = env["dist.reconciliation"]
        for _number in range(2):
            run = runs._make(profile, b"key,amount\nREC-RACE,4\n")
            run._enqueue()
            runs |= run
        return {"system": system.id, "partner": partner.id, "profile": profile.id, "runs": runs.ids}

    def _remove(self, env):
        runs = env["dist.reconciliation"].browse(self.ids["runs"])
        env["dist.exception"].search([("system_id", "=", self.ids["system"])]).unlink()
        env["queue.job"].search([("model_name", "like", "dist.reconciliation")]).unlink()
        runs.line_ids.unlink()
        runs.write({"state": "cancelled"})
        runs.unlink()
        env["dist.reconciliation.profile"].browse(self.ids["profile"]).unlink()
        env["dist.system"].browse(self.ids["system"]).unlink()
        env["res.partner"].browse(self.ids["partner"]).unlink()

    def _run_job(self, env, run_id):
        env["dist.reconciliation"].browse(run_id)._job_run()

    def _states(self):
        return self._do(lambda env: env["dist.reconciliation"].browse(self.ids["runs"]).mapped("state"))

    def _errors(self):
        return self._do(lambda env: env["dist.reconciliation"].browse(self.ids["runs"]).mapped("error"))

    def test_one_run_at_a_time(self):
        """X2: while a run of a profile is under way the other waits; afterwards it goes on."""
        first, second = self.ids["runs"]
        with self.registry.cursor() as cr:
            run = api.Environment(cr, SUPERUSER_ID, {})["dist.reconciliation"].browse(first)
            with run._locked() as mine:
                self.assertTrue(mine)
                with self.assertRaises(RetryableJobError):
                    self._do(self._run_job, second)
        self.assertEqual(self._states(), ["queued", "queued"])
        self._do(self._run_job, first)
        self._do(self._run_job, second)
        self.assertEqual(self._states(), ["done", "done"], self._errors())
        lines = self._do(
            lambda env: [
                (run.line_ids.state, run.line_ids.variance)
                for run in env["dist.reconciliation"].browse(self.ids["runs"])
            ]
        )
        self.assertEqual(sorted(lines), [("open", 3.0), ("superseded", 3.0)])

    def test_posted_once(self):
        """X2: two people post the same variance at once: one correction."""
        first = self.ids["runs"][0]
        self._do(self._run_job, first)

        def approve(env):
            env["dist.reconciliation"].browse(first).line_ids.state = "approved"

        self._do(approve)
        cr_one, cr_two = self.registry.cursor(), self.registry.cursor()
        with cr_one, cr_two:
            lines = [
                api.Environment(cr, SUPERUSER_ID, {})["dist.reconciliation"].browse(first).line_ids
                for cr in (cr_one, cr_two)
            ]
            self.assertEqual([line.state for line in lines], ["approved", "approved"])
            lines[0].action_post()
            lines[0].env.flush_all()
            cr_one.commit()
            with self.assertRaises(SerializationFailure):
                lines[1].action_post()
            cr_two.rollback()
        color = self._do(lambda env: env["res.partner"].browse(self.ids["partner"]).color)
        self.assertEqual(color, 4)
