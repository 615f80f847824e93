import base64

from odoo import fields
from odoo.tests import tagged

from .common import CommerceCase


@tagged("post_install", "-at_install")
class TestOrderReconciliation(CommerceCase):
    """The shop's list of its orders against those that came through the API."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.profile = cls.env["dist.reconciliation.profile"].create(
            {"name": "Orders", "domain_code": "order", "system_id": cls.system.id}
        )

    def _reconcile(self, *rows, head="reference,total", **values):
        self.env.flush_all()
        content = "\n".join([head, *rows]) + "\n"
        run = self.env["dist.reconciliation"].create(
            {"profile_id": self.profile.id, "snapshot": base64.b64encode(content.encode()), **values}
        )
        run.action_start()
        self.env.flush_all()
        run._job_run()
        self.env.invalidate_all()
        self.assertEqual(run.state, "done", run.error)
        return run

    def test_totals(self):
        """X2: orders by the channel's reference: equal, of another total, missing on either side."""
        orders = [self.submit_ok(self.order(self.line(quantity=str(number))))[1] for number in (1, 2, 3)]
        first, second, third = (order.dist_external_ref for order in orders)
        # the snapshot is of a whole second; orders of that very second came after it
        self.env.cr.execute("UPDATE sale_order SET create_date = create_date - interval '1 minute'")
        run = self._reconcile(f"{first},10.00", f"{second},25", "LOST-1,99.50")
        found = {line.name: (line.kind, line.variance, line.res_id) for line in run.line_ids}
        self.assertEqual(
            found,
            {
                second: ("differs", 5.0, orders[1].id),
                third: ("missing_there", -30.0, orders[2].id),
                "LOST-1": ("missing_here", 99.5, 0),
            },
        )
        line = run.line_ids.filtered(lambda line: line.name == second)
        self.assertEqual(line.action_open_document()["res_model"], "sale.order")
        self.assertTrue(self.env["dist.message"].search(line.action_view_messages()["domain"]))
        self.assertFalse(self.profile.can_post)
        lines = run.line_ids
        lines._explain(self.env.ref("dist_integration_base.reason_late_message"), "asked the shop")
        self.profile.approval_limit = 1000
        lines.action_approve()
        self.assertEqual((run.unsettled_count, lines.filtered("can_post").ids), (0, []))

    def test_in_flight(self):
        """X2: an order that waits in a message is in flight; one made after the list is not missing in it."""
        waiting = self.order(self.line(unit="PALLET"))
        response = self.submit(waiting)
        self.assertEqual(response.status_code, 202, response.text)
        _answer, late = self.submit_ok(self.order())
        moment = fields.Datetime.subtract(fields.Datetime.now(), minutes=5)
        self.env["dist.message"].search([("state", "=", "error")]).received_at = moment
        self.env.cr.execute("UPDATE sale_order SET create_date = now() + interval '1 hour'")
        run = self._reconcile(f"{waiting['reference']},120.00", moment=moment)
        self.assertEqual((run.line_ids.mapped("name"), run.in_flight_count), ([], 1))
        run = self._reconcile(f"{waiting['reference']},120.00", f"{late.dist_external_ref},11", moment=moment)
        self.assertEqual({line.name: line.variance for line in run.line_ids}, {late.dist_external_ref: 1.0})

    def test_channels(self):
        """X2: another shop's orders are not expected; an unknown channel is named."""
        system, _client, key = self.make_shop("OTHERSHOP")
        self.make_channel(system)
        self.map_code("unit", "EA", self.units, system=system)
        self.bind(self.customer, "C-1", system=system)
        self.submit_ok(self.order(), key=key)
        run = self._reconcile("NOPE,A-1,5", head="channel,reference,total")
        self.assertEqual(run.line_ids.mapped("problem"), ["Unknown channel: NOPE"])
        self.assertEqual((run.our_count, run.line_ids.kind), (0, "not_comparable"))
