import threading

from odoo import SUPERUSER_ID, api
from odoo.tests import tagged

from odoo.addons.dist_integration_base.tests.common import RealTransactionCase

ROUNDS = 25
WORKERS = 4


class Killed(Exception):
    """The worker is gone before it commits."""


@tagged("post_install", "-at_install")
class TestControlNumbers(RealTransactionCase):
    def setUp(self):
        super().setUp()
        self.partner_id = self._do(self._make)
        self.addCleanup(self._do, self._clean)

    def _make(self, env):
        system = env["dist.system"].create({"name": "Numbers", "code": "edi-numbers"})
        values = {"name": "Numbers", "system_id": system.id, "own_identifier": "US", "identifier": "THEM"}
        return env["dist.edi.partner"].create(values).id

    def _clean(self, env):
        partner = env["dist.edi.partner"].browse(self.partner_id)
        system = partner.system_id
        env["dist.edi.control"].search([("edi_partner_id", "=", partner.id)]).unlink()
        partner.unlink()
        system.unlink()

    def _take(self, dies):
        """Take a number as a worker does who may be killed before the commit."""

        def work(env):
            partner = env["dist.edi.partner"].browse(self.partner_id)
            env["dist.edi.counter"]._allocate(partner, "interchange")
            env.flush_all()
            if dies:
                raise Killed

        with self.registry.cursor() as cr:
            messages = api.Environment(cr, SUPERUSER_ID, {})["dist.message"]
            try:
                messages._in_serial_transaction(f"dist.edi.counter/{self.partner_id}", work)
            except Killed:
                return

    def test_no_gap_and_no_repeat_through_crashes(self):
        """E6: a hundred workers beside each other, every third killed after it took its number."""
        failures = []

        def run(worker):
            try:
                for turn in range(ROUNDS):
                    self._take(dies=(worker + turn) % 3 == 0)
            except Exception as error:  # pylint: disable=broad-except
                failures.append(error)

        threads = [threading.Thread(target=run, args=(worker,)) for worker in range(WORKERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        lived = sum((worker + turn) % 3 != 0 for worker in range(WORKERS) for turn in range(ROUNDS))

        def read(env):
            controls = env["dist.edi.control"].search([("edi_partner_id", "=", self.partner_id)])
            return sorted(controls.mapped("number"))

        self.assertEqual(self._do(read), list(range(1, lived + 1)))
