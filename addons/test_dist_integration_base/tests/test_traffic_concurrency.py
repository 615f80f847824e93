import random
import threading
import time
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.dist_integration_base.models import dist_traffic_count
from odoo.addons.dist_integration_base.tests.common import RealTransactionCase, make_flow, remove_flow

WRITERS = 4
MESSAGES = 15


@tagged("post_install", "-at_install")
class TestTrafficConcurrency(RealTransactionCase):
    """Real transactions beside each other; what they leave is removed at the end."""

    def setUp(self):
        super().setUp()
        self._do(lambda env: env["dist.traffic"]._cron_count())
        self.flow, self.system = self._do(self._make)
        self.addCleanup(self._do, self._remove)

    def _make(self, env):
        system = env["dist.system"].create({"name": "Counted", "code": "counted", "state": "active"})
        flow = make_flow(env, system, "partner.submit")
        return flow.id, system.id

    def _remove(self, env):
        for statement in (
            "DELETE FROM dist_message_attempt WHERE message_id IN (SELECT id FROM dist_message WHERE system_id = %s)",
            "DELETE FROM dist_message WHERE system_id = %s",
            "DELETE FROM dist_api_call WHERE system_id = %s",
            "DELETE FROM dist_traffic WHERE system_id = %s",
        ):
            env.cr.execute(statement, (self.system,))
        remove_flow(env["dist.flow"].browse(self.flow))
        env["dist.system"].browse(self.system).unlink()

    def _store(self, cr, name):
        """A message that got through, with its try and the call it came by."""
        cr.execute(
            """
            INSERT INTO dist_message (uuid, direction, state, flow_id, system_id, company_id, message_type_id,
                criticality, received_at)
            SELECT %s, 'in', 'done', id, system_id, company_id, message_type_id, 'normal', now() AT TIME ZONE 'UTC'
            FROM dist_flow WHERE id = %s RETURNING id
            """,
            (f"msg_counted_{name}", self.flow),
        )
        (message_id,) = cr.fetchone()
        cr.execute(
            """
            INSERT INTO dist_message_attempt (message_id, number, started_at, duration_ms, outcome)
            VALUES (%s, 1, now() AT TIME ZONE 'UTC', 10, 'success')
            """,
            (message_id,),
        )
        cr.execute(
            """
            INSERT INTO dist_api_call (called_at, company_id, system_id, operation, status, duration_ms, replayed)
            SELECT now() AT TIME ZONE 'UTC', company_id, system_id, 'counted', 200, 10, FALSE
            FROM dist_flow WHERE id = %s
            """,
            (self.flow,),
        )
        return message_id

    def _read(self, env):
        """:return: (what is stored, what the figures say), both of one snapshot"""
        env.cr.execute("SELECT count(*) FROM dist_message WHERE system_id = %s", (self.system,))
        (stored,) = env.cr.fetchone()
        query, params = env["dist.traffic"]._get_source()
        env.cr.execute(
            f"SELECT measure, sum(number) FROM ({query}) AS traffic WHERE system_id = %(system)s GROUP BY 1",
            {**params, "system": self.system},
        )
        return stored, {measure: int(number) for measure, number in env.cr.fetchall()}

    def _read_counted(self):
        """:return: dict, measure to number, of what is counted for good"""

        def read(env):
            groups = env["dist.traffic"]._read_group(
                [("system_id", "=", self.system)], ["measure"], ["number:sum"]
            )
            return dict(groups)

        return self._do(read)

    def _check(self):
        """:return: number of messages; fails unless every figure has exactly that number"""
        stored, figures = self._do(self._read)
        expected = dict.fromkeys(("message", "attempt", "latency", "call"), stored) if stored else {}
        self.assertEqual(figures, expected)
        return stored

    def _count(self):
        self._do(lambda env: env["dist.traffic"]._cron_count())

    def test_late_commit(self):
        """X4: a message whose transaction ends after a later one was stored is neither missed nor counted twice."""
        with self.registry.cursor() as slow, patch.object(dist_traffic_count, "WAIT_SECONDS", 0.3):
            early = self._store(slow, "early")
            with self.registry.cursor() as cr:
                self.assertGreater(self._store(cr, "late"), early)
            self._count()
            self.assertEqual(self._check(), 1)
            self.assertNotIn("message", self._read_counted(), "nothing is counted past what may still come")
        self.assertEqual(self._check(), 2)
        for _time in range(2):
            self._count()
            self.assertEqual(self._check(), 2)
        self.assertEqual(self._read_counted()["message"], 2)

    def test_rolled_back(self):
        """X4: what is rolled back is not waited for afterwards, and does not count."""
        with self.registry.cursor() as slow:
            self._store(slow, "gone")
            with self.registry.cursor() as cr:
                self._store(cr, "kept")
            slow.rollback()
        self._count()
        self.assertEqual((self._check(), self._read_counted()["message"]), (1, 1))

    def test_commit_while_counting(self):
        """X4: the count waits for a short transaction that had begun before, and takes its message along."""
        counter = threading.Thread(target=self._count)
        with self.registry.cursor() as slow:
            self._store(slow, "slow")
            with self.registry.cursor() as cr:
                self._store(cr, "fast")
            counter.start()
            time.sleep(0.5)
        counter.join(60)
        self.assertFalse(counter.is_alive())
        self.assertEqual((self._check(), self._read_counted()["message"]), (2, 2))

    def test_many_at_once(self):
        """X4: while many write and two count, every reader finds exactly the messages that it sees."""
        failures, going_on = [], threading.Event()
        going_on.set()

        def work(step):
            try:
                step()
            except Exception as error:  # pylint: disable=broad-except
                failures.append(error)

        def write(writer):
            for number in range(MESSAGES):
                with self.registry.cursor() as cr:
                    self._store(cr, f"{writer}_{number}")
                    time.sleep(random.uniform(0, 0.03))

        def repeat(step):
            while going_on.is_set():
                step()

        writers = [threading.Thread(target=work, args=(lambda n=n: write(n),)) for n in range(WRITERS)]
        others = [
            threading.Thread(target=work, args=(lambda step=step: repeat(step),))
            for step in (self._count, self._count, self._check)
        ]
        with patch.object(dist_traffic_count, "POLL_SECONDS", 0.01):
            for thread in others + writers:
                thread.start()
            for thread in writers:
                thread.join(120)
            going_on.clear()
            for thread in others:
                thread.join(120)
        self.assertFalse([thread for thread in others + writers if thread.is_alive()])
        self.assertFalse(failures)
        self._count()
        self.assertEqual(self._check(), WRITERS * MESSAGES)
        self.assertEqual(set(self._read_counted().values()), {WRITERS * MESSAGES})
