import base64

from lxml import etree

from odoo import fields
from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from .common import SHIP, WmsHttpCase


@tagged("post_install", "-at_install")
class TestStockReconciliation(WmsHttpCase):
    """Files as the warehouse hands them over, against quants."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.profile = cls.env["dist.reconciliation.profile"].create(
            {
                "name": "Stock",
                "domain_code": "stock",
                "system_id": cls.system.id,
                "approval_limit": 1000.0,
                "tolerance_ids": [
                    fields.Command.create({"class_code": "A", "percent": 1.0}),
                    fields.Command.create({"percent": 0.0}),
                ],
            }
        )
        cls.reason = cls.env.ref("dist_integration_base.reason_count")
        cls.lot = cls._make_lot(cls.seal, "L/1")
        cls._put(cls.tape, 200)
        cls._put(cls.glove, 5)
        cls._put(cls.seal, 8, lot=cls.lot)

    def _reconcile(self, *rows, head="sku,lot,quantity", **values):
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

    def _variances(self, run):
        return {(line.name, line.lot_name): line.variance for line in run.line_ids}

    def _settle(self, lines):
        lines._explain(self.reason, "counted")
        lines.action_approve()
        lines.action_post()
        self.env.invalidate_all()

    def test_equal(self):
        """W5, X2: the same stock by item and lot, sub-locations included: accuracy of 100 %."""
        shelf = self.env["stock.location"].create({"name": "Shelf", "location_id": self.stock.id})
        self._put(self.tape, 7, location=shelf)
        run = self._reconcile("TAPE,,207", "GLOVE,,5", "SEAL,L/1,8")
        self.assertEqual((run.accuracy, run.our_count, run.line_ids.ids), (100.0, 3, []))

    def test_units_and_codes(self):
        """X2, M8: numbers, warehouses and units in the partner's words; a unit that cannot count is named."""
        self._map_code("product", "N-100", self.tape)
        self._map_code("warehouse", "HUB", self.warehouse)
        self._map_code("unit", "DZ", self.dozen)
        self._map_code("unit", "EA", self.tape.uom_id)
        head = "warehouse,sku,lot,quantity,unit"
        run = self._reconcile(
            "HUB,N-100,,16.5,DZ", "NSIDE,GLOVE,,60,EA", f"HUB,SEAL,L/1,8,{self.seal.uom_id.name}", head=head
        )
        self.assertEqual(self._variances(run), {("TAPE", False): -2.0})
        run = self._reconcile(
            "HUB,N-100,,200,XX", "SOUTH,GLOVE,,5,DZ", "HUB,SEAL,L/1,8,", "HUB,NOPE,,3,XX", head=head
        )
        problems = {line.name: (line.kind, line.problem) for line in run.line_ids}
        self.assertEqual(problems["TAPE"], ("not_comparable", "The product is not counted in this unit: XX"))
        self.assertEqual(problems["NOPE"], ("missing_here", False))
        kinds = sorted(run.line_ids.filtered(lambda line: line.name == "GLOVE").mapped("kind"))
        self.assertEqual(kinds, ["missing_there", "not_comparable"])

    def test_received_as(self):
        """X2: a line tells what the partner calls the item where its number was translated, and is found by it."""
        self._map_code("product", "N-100", self.tape)
        run = self._reconcile("N-100,,198", "GLOVE,,4", "SEAL,L/1,8")
        told = {line.name: line.received_as for line in run.line_ids}
        self.assertEqual(told, {"TAPE": "N-100", "GLOVE": False})
        view = self.env.ref("dist_integration_base.dist_reconciliation_line_view_search")
        domain = etree.fromstring(view.arch).find(".//field[@name='name']").get("filter_domain")
        found = run.line_ids.search(safe_eval(domain, {"self": "N-100"}))
        self.assertEqual(found.name, "TAPE")

    def test_two_numbers_of_one_product(self):
        """X2: two numbers that mean the same item are named by their lines."""
        self._map_code("product", "N-100", self.tape)
        content = "sku,quantity\nTAPE,100\nGLOVE,5\nN-100,100\n"
        run = self.env["dist.reconciliation"]._make(self.profile, content.encode())
        run.action_start()
        self.env.flush_all()
        run._job_run()
        self.env.invalidate_all()
        self.assertEqual(run.state, "failed")
        self.assertIn("Line 2: TAPE is there more than once", run.error)
        self.assertIn("Line 4: N-100 is there more than once", run.error)

    def test_not_kept_in_stock(self):
        """W5: what Odoo keeps no stock of cannot be compared, and is not posted."""
        self.env["product.product"].create({"name": "Portage", "default_code": "PORTAGE", "type": "service"})
        run = self._reconcile("TAPE,,200", "GLOVE,,5", "SEAL,L/1,8", "PORTAGE,,3")
        self.assertEqual(
            (run.line_ids.kind, run.line_ids.problem), ("not_comparable", "PORTAGE is not kept in stock")
        )
        self.assertFalse(run.line_ids._is_postable())

    def test_ambiguous_number(self):
        self._make_product("TAPE")
        run = self._reconcile("TAPE,,200", "GLOVE,,5", "SEAL,L/1,8")
        self.assertIn("Several products have the number TAPE", run.line_ids.mapped("problem"))

    def test_class_and_value(self):
        """W5: tolerance by class; a variance is worth what it costs."""
        self.tape.product_tmpl_id.dist_count_class = "A"
        run = self._reconcile("TAPE,,198", "GLOVE,,4", "SEAL,L/1,8")
        states = {line.name: (line.class_code, line.state, line.value_at_risk) for line in run.line_ids}
        self.assertEqual(states, {"TAPE": ("A", "within", 8.0), "GLOVE": ("", "open", 4.0)})
        self.assertEqual({row.class_code: row.accuracy for row in run.accuracy_ids}, {"A": 100.0, "": 50.0})

    def test_moved_after_the_snapshot(self):
        """X2: what was shipped after the moment of the snapshot does not count, what was shipped before does."""
        now = fields.Datetime.now()
        moment = fields.Datetime.subtract(now, hours=2)
        late, early = self._sell((self.tape, 30)), self._sell((self.tape, 4))
        self._assert_ok(self._ship(late, (self.tape, 30))[0])
        before = fields.Datetime.subtract(now, hours=3).isoformat() + "Z"
        self._assert_ok(self._ship(early, (self.tape, 4), shipped_at=before)[0])
        run = self._reconcile("TAPE,,196", "GLOVE,,5", "SEAL,L/1,8", moment=moment)
        self.assertEqual((self._variances(run), run.in_flight_count), ({}, 1))

    def test_waiting_messages(self):
        """X2: a confirmation that waits for a person is in flight when it happened before the snapshot."""
        now = fields.Datetime.now()
        picking = self._sell((self.tape, 10), (self.seal, 3))
        lines = [
            {"sku": "TAPE", "quantity": "10"},
            {"sku": "SEAL", "quantity": "3", "allocations": [{"quantity": "3", "lot": "L/1"}]},
        ]
        for hours in (3, -3):
            body = {
                "confirmation": f"W-{hours}",
                "shipment": picking.name,
                "shipped_at": fields.Datetime.subtract(now, hours=hours).isoformat() + "Z",
                "lines": [*lines, {"sku": "UNKNOWN", "quantity": "1"}],
            }
            response, message = self._post(SHIP, body)
            self.assertNotEqual(message.state, "done", response.text)
        run = self._reconcile("TAPE,,190", "GLOVE,,5", "SEAL,L/1,5")
        self.assertEqual((self._variances(run), run.in_flight_count), ({}, 2))

    def test_post(self):
        """W4, X2: approved variances are booked once, where the goods are, and are not found again."""
        shelf = self.env["stock.location"].create({"name": "Shelf", "location_id": self.stock.id})
        self._put(self.tape, 300, location=shelf)
        run = self._reconcile("TAPE,,190", "GLOVE,,7", "SEAL,L/1,8", "SEAL,L-2,1")
        self.assertEqual(
            self._variances(run), {("TAPE", False): -310.0, ("GLOVE", False): 2.0, ("SEAL", "L-2"): 1.0}
        )
        self.profile.approval_limit = 10_000
        self._settle(run.line_ids)
        self.assertEqual(set(run.line_ids.mapped("state")), {"posted"})
        self.assertEqual((self._on_hand(self.tape), self._on_hand(self.tape, shelf)), (190.0, 0.0))
        self.assertEqual(self._on_hand(self.glove), 7.0)
        lot = self.env["stock.lot"].search([("product_id", "=", self.seal.id), ("name", "=", "L-2")])
        self.assertEqual(self._on_hand(self.seal, lot=lot), 1.0)
        line = run.line_ids.filtered(lambda line: line.name == "GLOVE")
        move = self.env["stock.move"].browse(line.action_open_correction()["res_id"])
        self.assertEqual((move.state, move.dist_reconciliation_line_id), ("done", line))
        again = self._reconcile("TAPE,,190", "GLOVE,,7", "SEAL,L/1,8", "SEAL,L-2,1", moment=run.moment)
        self.assertFalse(again.line_ids, "corrections count as of the snapshot that showed the variance")

    def test_other_warehouse(self):
        """X2: stock of a warehouse that somebody else runs is not expected in the snapshot."""
        other = self._make_warehouse(self.system, "Own", "OWN", dist_system_id=False)
        self._put(self.tape, 3, location=other.lot_stock_id)
        run = self._reconcile("TAPE,,200", "GLOVE,,5", "SEAL,L/1,8")
        self.assertFalse(run.line_ids)
        self.profile.warehouse_ids = other
        run = self._reconcile("TAPE,,3")
        self.assertEqual((run.accuracy, run.counted), (100.0, 1))

    def test_no_warehouse(self):
        self.warehouse.dist_system_id = False
        run = self.env["dist.reconciliation"]._make(self.profile, b"sku,quantity\nTAPE,1\n")
        run.action_start()
        self.env.flush_all()
        run._job_run()
        self.env.invalidate_all()
        self.assertEqual(run.state, "failed")
        self.assertIn("runs no warehouse", run.error)
