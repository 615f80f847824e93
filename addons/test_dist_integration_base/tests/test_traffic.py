from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from odoo.addons.dist_integration_base.tests.common import DistCase, remove_flow

from .operations import OperationsMixin


@tagged("post_install", "-at_install")
class TestTraffic(OperationsMixin, DistCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.system, _client, _key = cls._make_system(message_types=["partner.submit"])
        cls.inbound = cls.system.flow_ids
        cls.endpoint = cls._make_endpoint(cls.system, "http://127.0.0.1:9/hook")
        cls.outbound = cls._make_flow(cls.system, "partner.changed", endpoint_id=cls.endpoint.id)

    def _sum(self, measure, since=None, **match):
        query, params = self.env["dist.traffic"]._get_source(since)
        self.env.cr.execute(f"SELECT * FROM ({query}) AS traffic", params)
        return sum(
            row["number"]
            for row in self.env.cr.dictfetchall()
            if row["measure"] == measure
            and row["system_id"] == self.system.id
            and all(row[name] == value for name, value in match.items())
        )

    def _count(self):
        self.env["dist.traffic"]._cron_count()
        self.env.invalidate_all()

    def test_the_same_before_and_after(self):
        """X4: a figure is the same whether its messages are counted already or not."""
        self._make_past(self.outbound, ["done"] * 3 + ["dead"])
        self._make_past(self.inbound, ["done", "error"])
        figures = []
        for _time in range(3):
            figures.append(
                (
                    self._sum("message"),
                    self._sum("attempt", outcome="success"),
                    self._sum("attempt", outcome="rejected"),
                    self._sum("latency", direction="out"),
                )
            )
            self._count()
        self.assertEqual(set(figures), {(6, 4, 1, 3)})

    def test_added_to_the_same_slot(self):
        """X4: what comes later is added to what was counted."""
        self._make_past(self.outbound, ["done"])
        self._count()
        self._make_past(self.outbound, ["done", "done"])
        self.assertEqual(self._sum("message"), 3)
        self._count()
        rows = self.env["dist.traffic"].search(
            [("flow_id", "=", self.outbound.id), ("measure", "=", "message")]
        )
        self.assertEqual(rows.mapped("number"), [3])

    def test_wider_with_age(self):
        """X4: history gets coarser, its sums stay."""
        for days in (0.01, 3, 3.02, 50, 50.3):
            self._make_past(self.outbound, ["done"], minutes=days * 24 * 60)
        self._count()
        self._count()
        rows = self.env["dist.traffic"].search(
            [("flow_id", "=", self.outbound.id), ("measure", "=", "message")]
        )
        self.assertEqual(sum(rows.mapped("number")), 5)
        self.assertEqual(set(rows.mapped("width")), {5, 60, 1440})
        self.assertEqual(self._sum("message", fields.Datetime.now() - timedelta(days=30)), 3)

    def test_late_for_a_wide_row(self):
        """X4: what a long transaction adds to a time that was made wider already is not lost."""
        self._make_past(self.outbound, ["done"], minutes=3 * 24 * 60)
        self._count()
        self._make_past(self.outbound, ["done"], minutes=3 * 24 * 60)
        self._count()
        rows = self.env["dist.traffic"].search(
            [("flow_id", "=", self.outbound.id), ("measure", "=", "message")]
        )
        self.assertEqual([(row.width, row.number) for row in rows], [(60, 2)])

    def test_replayed_is_no_latency(self):
        """M6, X4: what is sent again on request does not spoil the latency."""
        messages = self._make_past(self.outbound, ["done"])
        replay = self.env["dist.replay"].create({"reason": "x", "company_id": self.system.company_id.id})
        messages.replay_id = replay
        self.env.flush_all()
        self.assertEqual((self._sum("latency"), self._sum("attempt")), (0, 1))

    def test_a_flow_goes(self):
        """X4: its history stays when a flow is deleted."""
        self._make_past(self.outbound, ["done"])
        self._count()
        remove_flow(self.outbound)
        self.assertEqual(self._sum("message"), 1)
