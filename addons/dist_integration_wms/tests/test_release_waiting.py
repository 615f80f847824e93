from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import Form, new_test_user, tagged

from odoo.addons.queue_job.tests.common import trap_jobs

from ..models import stock_warehouse_waiting
from .common import WmsCase


@tagged("post_install", "-at_install")
class TestReleaseWaiting(WmsCase):
    """W1: what was ready before the warehouse was connected leaves once it is."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._put(cls.tape, 100)
        groups = "stock.group_stock_manager,dist_integration_base.group_dist_manager"
        cls.manager = new_test_user(cls.env, "warehouse-manager", groups=groups)
        cls.flows = cls.env["dist.flow"].search(
            [("system_id", "=", cls.system.id), ("message_type_id.code", "=like", "%.requested")]
        )

    def _sell_some(self, count):
        return self.env["stock.picking"].union(*(self._sell((self.tape, 1)) for _number in range(count)))

    def _activate(self, flows):
        flows.action_back_to_draft()
        flows.action_approve()
        flows.action_activate()

    def _run_jobs(self, trap):
        """Run what was enqueued, and what that enqueues.

        :return: number of jobs
        """
        count = 0
        while count < len(trap.enqueued_jobs):
            job = trap.enqueued_jobs[count]
            self.assertEqual(job.method_name, "_job_release_waiting")
            getattr(job.recordset, job.method_name)(*job.args, **job.kwargs)
            self._commit_events()
            count += 1
        return count

    def _get_states(self, pickings):
        return set(pickings.mapped("dist_release_state"))

    def test_warehouse_linked(self):
        """W1: who links a warehouse is told how much is ready; it is handed over by a job, in batches, once."""
        self.warehouse.dist_system_id = False
        pickings, receipt = self._sell_some(5), self._buy((self.tape, 3))
        self.assertEqual(self._get_states(pickings | receipt), {"not_released"})
        self.assertFalse(self.warehouse.dist_release_notice)
        with trap_jobs() as trap, patch.object(stock_warehouse_waiting, "BATCH", 2):
            with Form(self.warehouse.with_user(self.manager)) as form:
                form.dist_system_id = self.system
                self.assertIn("6 transfers are ready, 5 of them deliveries", form.dist_release_notice)
            trap.assert_jobs_count(1)
            self.assertEqual(self._get_states(pickings), {"not_released"})
            self.assertIn("ready", pickings[0].dist_wait_reason)
            self.assertEqual(self._run_jobs(trap), 4)
        self.assertEqual(self._get_states(pickings | receipt), {"requested"})
        self.assertEqual(self._get_codes(pickings), ["shipment.requested"] * 5)
        self.assertEqual(self._get_codes(receipt), ["receipt.requested"])
        self.warehouse.invalidate_recordset()
        self.assertFalse(self.warehouse.dist_release_notice)
        self.assertFalse(pickings[0].dist_wait_reason)

    def test_no_external_system(self):
        """W1: a delivery of a warehouse without an external system waits for nothing, and is not held."""
        own = self._make_warehouse(self.env["dist.system"], "Own", "OWN", company_id=self.env.company.id)
        self._put(self.tape, 9, location=own.lot_stock_id)
        picking = self._sell((self.tape, 4), warehouse=own)
        self.assertEqual(picking.state, "assigned")
        self.assertEqual((picking.dist_wait_reason, picking.dist_can_release), (False, False))

    def test_flow_activated(self):
        """W1, M7: what became ready while no flow told of it is handed over once one does; until then it says why."""
        self.flows.action_retire()
        picking = self._sell((self.tape, 4))
        self.assertEqual(picking.dist_release_state, "not_released")
        self.assertIn("No active flow", picking.dist_wait_reason)
        with trap_jobs() as trap:
            self._activate(self.flows.filtered(lambda flow: flow.message_type_id.code == "receipt.requested"))
            trap.assert_jobs_count(0)
            self._activate(
                self.flows.filtered(lambda flow: flow.message_type_id.code == "shipment.requested")
            )
            trap.assert_jobs_count(1)
            picking.invalidate_recordset(["dist_wait_reason"])
            self.assertIn("handed over within some minutes", picking.dist_wait_reason)
            self._run_jobs(trap)
        self.assertEqual(self._get_codes(picking), ["shipment.requested"])
        self.assertFalse(picking.dist_wait_reason)

    def test_usual_rules(self):
        """W1: what a person or a rule holds back stays, and says so; what waits for goods, a wave or a person too."""
        self.warehouse.dist_system_id = False
        held, free, empty = (
            self._sell((self.tape, 1)),
            self._sell((self.tape, 1)),
            self._sell((self.glove, 1)),
        )
        held.dist_hold_reason = "The customer calls back."
        with trap_jobs() as trap:
            self.warehouse.write({"dist_system_id": self.system.id, "dist_release_mode": "manual"})
            trap.assert_jobs_count(0)
            self.assertIn("person", free.dist_wait_reason)
            self.warehouse.dist_release_mode = "ready"
            self.assertEqual(self._run_jobs(trap), 1)
        self.assertEqual(free.dist_release_state, "requested")
        self.assertEqual((held.dist_release_state, held.dist_is_held_back), ("not_released", True))
        self.assertEqual(empty.dist_release_state, "not_released")
        self.assertEqual(self._get_codes(held | empty), [])

    def test_picked_in_part(self):
        """W1: what a person has begun to pick stays with that person, and says why, until it is picked no more."""
        self.warehouse.dist_system_id = False
        begun, other = self._sell((self.tape, 5)), self._sell((self.tape, 5))
        begun.move_ids.write({"quantity": 3, "picked": True})
        with trap_jobs() as trap:
            self.warehouse.dist_system_id = self.system
            self._run_jobs(trap)
        self.assertEqual((begun.dist_release_state, other.dist_release_state), ("not_released", "requested"))
        self.assertIn("begun to pick", begun.dist_wait_reason)
        self.assertIn("begun to pick", begun.dist_held_back_reason)
        with self.assertRaisesRegex(UserError, "begun to pick"):
            begun.action_dist_release()
        begun.move_ids.write({"quantity": 5, "picked": False})
        self.assertNotIn("begun to pick", begun.dist_wait_reason)
        self.warehouse._dist_release_due()
        self._commit_events()
        self.assertEqual(begun.dist_release_state, "requested")

    def test_picked_and_validated(self):
        """W1: nobody is asked to pick what a person has picked and validated."""
        self.warehouse.dist_system_id = False
        begun = self._sell((self.tape, 5))
        begun.move_ids.write({"quantity": 5, "picked": True})
        with trap_jobs() as trap:
            self.warehouse.dist_system_id = self.system
            self._run_jobs(trap)
        begun.button_validate()
        self._commit_events()
        self.assertEqual(begun.state, "done")
        self.assertNotIn("shipment.requested", self._get_codes(begun))

    def test_urgent_ones(self):
        """W1: of a warehouse that releases in waves, only urgent ones leave at once, where it wants that."""
        self.warehouse.dist_system_id = False
        urgent, other = self._sell((self.tape, 1)), self._sell((self.tape, 1))
        urgent.priority = "1"
        rules = {"dist_system_id": self.system.id, "dist_release_mode": "wave", "dist_urgent_at_once": True}
        with trap_jobs() as trap:
            self.warehouse.write(rules)
            self._run_jobs(trap)
        self.assertEqual((urgent.dist_release_state, other.dist_release_state), ("requested", "not_released"))

    def test_operation_type(self):
        """W1: an operation type that is given to the system, or set to release by itself, hands over as well."""
        out_type = self.warehouse.out_type_id
        for values in ({"dist_system_id": False}, {"dist_release_mode": "manual"}):
            with self.subTest(values=values):
                out_type.write(values)
                picking = self._sell((self.tape, 1))
                self.assertEqual(picking.dist_release_state, "not_released")
                with trap_jobs() as trap:
                    out_type.write({"dist_system_id": self.system.id, "dist_release_mode": "ready"})
                    self._run_jobs(trap)
                self.assertEqual(picking.dist_release_state, "requested")

    def test_lost_job(self):
        """W1: where the job was lost, the scheduled action makes another one, and none for nothing."""
        self.flows.action_retire()
        picking = self._sell((self.tape, 4))
        with trap_jobs():
            self._activate(self.flows)
        with trap_jobs() as trap:
            self.warehouse._dist_release_due()
            self.assertEqual(self._run_jobs(trap), 1)
        self.assertEqual(picking.dist_release_state, "requested")
        with trap_jobs() as trap:
            self.warehouse._dist_release_due()
            trap.assert_jobs_count(0)
