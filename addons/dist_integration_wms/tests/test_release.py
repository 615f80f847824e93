from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import WmsCase


@tagged("post_install", "-at_install")
class TestRelease(WmsCase):
    """When and to whom transfers are handed."""

    def test_released_when_reserved(self):
        """W1: a delivery is released once, when its goods are reserved."""
        self._put(self.tape, 10)
        picking = self._sell((self.tape, 4))
        self.assertEqual((picking.state, picking.dist_release_state), ("assigned", "requested"))
        self.assertEqual((picking.dist_system_id, picking.dist_release_ref), (self.system, picking.name))
        self.assertEqual(self._get_codes(picking), ["shipment.requested"])
        message = self._get_events(picking).message_ids
        self.assertEqual((message.system_id, message.state), (self.system, "pending"))
        picking.action_assign()
        picking.move_ids.write({"state": "assigned"})
        self._commit_events()
        self.assertEqual(self._get_codes(picking), ["shipment.requested"])

    def test_waits_for_goods(self):
        """W1: without goods a delivery waits, and is released when they come."""
        picking = self._sell((self.tape, 4))
        self.assertEqual((picking.state, picking.dist_release_state), ("confirmed", "not_released"))
        self._put(self.tape, 10)
        picking.action_assign()
        self._commit_events()
        self.assertEqual(picking.dist_release_state, "requested")

    def test_policy_confirmed(self):
        """W1: by policy a delivery is released before its goods are there."""
        self.warehouse.dist_release_policy = "confirmed"
        picking = self._sell((self.tape, 4))
        self.assertEqual((picking.state, picking.dist_release_state), ("confirmed", "requested"))
        self._put(self.tape, 10)
        picking.action_assign()
        self._commit_events()
        self.assertEqual(self._get_codes(picking), ["shipment.requested"])

    def test_own_warehouse(self):
        """W1: a warehouse that works in Odoo releases nothing."""
        own = self._make_warehouse(self.system, "Own", "OWN", dist_system_id=False)
        self._put(self.tape, 10, own.lot_stock_id)
        picking = self._sell((self.tape, 4), warehouse=own)
        self.assertEqual((picking.state, picking.dist_release_state), ("assigned", "not_released"))
        self.assertFalse(self._get_events(picking))

    def test_other_operation_types(self):
        """W1: only the operations that the warehouse does are linked; each can be taken out."""
        types = self.env["stock.picking.type"].search([("warehouse_id", "=", self.warehouse.id)])
        linked = types.filtered("dist_system_id")
        self.assertEqual(linked, self.warehouse.in_type_id | self.warehouse.out_type_id)
        self.warehouse.out_type_id.dist_system_id = False
        self._put(self.tape, 10)
        self.assertEqual(self._sell((self.tape, 4)).dist_release_state, "not_released")
        self.assertEqual(self._buy((self.tape, 4)).dist_release_state, "requested")

    def test_two_warehouses(self):
        """G8, W1: each warehouse is told of its own shipments alone."""
        other, _client, _key = self._make_wms("Southside")
        south = self._make_warehouse(other, "Southside", "SSIDE")
        self._put(self.tape, 10)
        self._put(self.tape, 10, south.lot_stock_id)
        pickings = self._sell((self.tape, 1)), self._sell((self.tape, 1), warehouse=south)
        self.assertEqual(
            [self._get_events(picking).message_ids.system_id for picking in pickings], [self.system, other]
        )
        for picking in pickings:
            picking.move_ids.write({"quantity": 1, "picked": True})
            picking._action_done()
        self._commit_events()
        completed = [
            self._get_events(picking, "shipment.completed").message_ids.system_id for picking in pickings
        ]
        self.assertEqual(completed, [self.system, other])

    def test_completed_for_others(self):
        """W1: systems that are no warehouse hear what was completed, and nothing of what was asked."""
        shop, _client, _key = self._make_system("Books", kind="finance")
        endpoint = self._make_endpoint(shop, "http://127.0.0.1:9/hook")
        for code in ("shipment.completed", "shipment.requested"):
            self._make_flow(shop, code, endpoint_id=endpoint.id)
        self._put(self.tape, 10)
        picking = self._sell((self.tape, 1))
        self.assertEqual(self._get_events(picking).message_ids.system_id, self.system)
        picking.move_ids.write({"quantity": 1, "picked": True})
        picking._action_done()
        self._commit_events()
        self.assertEqual(
            self._get_events(picking, "shipment.completed").message_ids.system_id, self.system | shop
        )
        self.assertEqual(picking.dist_release_state, "done")

    def test_no_flow(self):
        """W1, M7: without an active flow nothing counts as released; the administrator is told, a person can retry."""
        flows = self.env["dist.flow"].search([("system_id", "=", self.system.id), ("direction", "=", "out")])
        self.assertFalse(self.warehouse.dist_release_warning)
        flows.action_retire()
        self.warehouse.invalidate_recordset()
        self.assertIn("shipment.requested", self.warehouse.dist_release_warning)
        self._put(self.tape, 10)
        picking = self._sell((self.tape, 4))
        self.assertEqual(picking.dist_release_state, "not_released")
        self.assertTrue(picking.dist_can_release)
        with self.assertRaisesRegex(UserError, "No active flow"):
            picking.action_dist_release()
        flows.action_back_to_draft()
        flows.action_approve()
        flows.action_activate()
        picking.action_dist_release()
        self._commit_events()
        self.assertEqual(picking.dist_release_state, "requested")
        self.assertEqual(self._get_codes(picking), ["shipment.requested"])
        with self.assertRaisesRegex(UserError, "cannot be released"):
            picking.action_dist_release()

    def test_cancelled_in_odoo(self):
        """W1: cancelling a released delivery tells the warehouse, once."""
        self._put(self.tape, 10)
        picking = self._sell((self.tape, 4))
        picking.sale_id._action_cancel()
        self._commit_events()
        self.assertEqual((picking.state, picking.dist_release_state), ("cancel", "cancelled"))
        self.assertEqual(self._get_codes(picking), ["shipment.requested", "shipment.cancelled"])
        self.assertEqual(self._get_data(picking, "shipment.cancelled")["reason"], "cancelled")

    def test_cancelled_before_release(self):
        """W1: what was never released is not cancelled either; in one transaction nothing is said at all."""
        picking = self._sell((self.tape, 4))
        picking.action_cancel()
        self._commit_events()
        self._put(self.tape, 10)
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "warehouse_id": self.warehouse.id,
                "order_line": [(0, 0, {"product_id": self.tape.id, "product_uom_qty": 1})],
            }
        )
        order.action_confirm()
        order._action_cancel()
        self._commit_events()
        self.assertFalse(self._get_events(picking | order.picking_ids))

    def test_one_transaction(self):
        """M1, W1: Odoo writes events at savepoints too; what follows in the transaction changes what is said."""
        self._put(self.tape, 10)
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "warehouse_id": self.warehouse.id,
                "order_line": [(0, 0, {"product_id": self.tape.id, "product_uom_qty": 1})],
            }
        )
        order.action_confirm()
        self._flush_events()
        picking = order.picking_ids
        self.assertEqual(picking.dist_release_state, "requested")
        picking.move_ids.product_uom_qty = 3
        picking.action_assign()
        self._commit_events()
        self.assertEqual(self._get_data(picking, "shipment.requested")["lines"][0]["reserved"], "3")
        other = order.copy()
        other.action_confirm()
        self._flush_events()
        other._action_cancel()
        self._commit_events()
        self.assertFalse(self._get_events(other.picking_ids).message_ids)
        self.assertEqual(self._get_codes(other.picking_ids), ["shipment.requested"])
        self.assertEqual(other.picking_ids.dist_release_state, "not_released")

    def test_savepoint(self):
        """M1: a delivery that was rolled back is forgotten."""
        self._put(self.tape, 10)
        order = self._sell((self.tape, 1)).sale_id
        picking = order.picking_ids
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            picking.action_cancel()
            raise ZeroDivisionError
        self._commit_events()
        self.assertEqual((picking.state, picking.dist_release_state), ("assigned", "requested"))
        self.assertEqual(self._get_codes(picking), ["shipment.requested"])

    def test_unlink(self):
        """W1: what the warehouse works on is cancelled, not deleted."""
        self._put(self.tape, 10)
        picking = self._sell((self.tape, 4))
        with self.assertRaisesRegex(UserError, "is with the warehouse"):
            picking.unlink()

    def test_order_grows_after_release(self):
        """W1: what is added to the order after the release becomes a delivery of its own."""
        self._put(self.tape, 10)
        picking = self._sell((self.tape, 4))
        picking.sale_id.order_line.product_uom_qty = 6
        self._commit_events()
        added = picking.sale_id.picking_ids - picking
        self.assertEqual(picking.move_ids.product_uom_qty, 4)
        self.assertEqual((added.move_ids.product_uom_qty, added.dist_release_state), (2, "requested"))

    def test_backorder_of_a_person(self):
        """W1: a person ships part in Odoo: the rest is released under its own number."""
        self._put(self.tape, 10)
        picking = self._sell((self.tape, 4))
        picking.move_ids.write({"quantity": 3, "picked": True})
        picking._action_done()
        self._commit_events()
        rest = picking.backorder_ids
        self.assertEqual((picking.dist_release_state, rest.dist_release_state), ("done", "requested"))
        self.assertNotEqual(rest.dist_release_ref, picking.dist_release_ref)
        self.assertEqual(self._get_data(rest, "shipment.requested")["backorder_of"], picking.name)

    def test_receipt(self):
        """W1, W3: the receipt of a purchase is released, cancelled and completed."""
        picking = self._buy((self.tape, 12))
        self.assertEqual(
            (picking.dist_release_state, self._get_codes(picking)), ("requested", ["receipt.requested"])
        )
        picking.purchase_id.button_cancel()
        self._commit_events()
        self.assertEqual(self._get_codes(picking), ["receipt.requested", "receipt.cancelled"])
        picking = self._buy((self.tape, 12))
        picking.move_ids.picked = True
        picking._action_done()
        self._commit_events()
        self.assertEqual(self._get_codes(picking), ["receipt.requested", "receipt.completed"])

    def test_other_receipts(self):
        """W3: a receipt that no purchase stands behind is not released."""
        picking = self.env["stock.picking"].create(
            {
                "picking_type_id": self.warehouse.in_type_id.id,
                "location_id": self.env.ref("stock.stock_location_customers").id,
                "location_dest_id": self.stock.id,
                "move_ids": [
                    (
                        0,
                        0,
                        {
                            "name": "Return",
                            "product_id": self.tape.id,
                            "product_uom_qty": 1,
                            "location_id": self.env.ref("stock.stock_location_customers").id,
                            "location_dest_id": self.stock.id,
                        },
                    )
                ],
            }
        )
        picking.action_confirm()
        self._commit_events()
        self.assertEqual((picking.state, picking.dist_release_state), ("assigned", "not_released"))

    def test_impact(self):
        """X1: an open delivery says what it puts at risk."""
        self._put(self.tape, 10)
        picking = self._sell((self.tape, 4), (self.glove, 2))
        impact = picking._dist_get_impact()
        self.assertEqual((impact["orders"], impact["lines"]), (1, 2))
        self.assertEqual((impact["skus"], impact["warehouses"]), (["GLOVE", "TAPE"], ["Northside"]))
        self.assertAlmostEqual(impact["value"], picking.sale_id.amount_untaxed)
        self.assertEqual(impact["currency"], self.env.company.currency_id)
        receipt = self._buy((self.tape, 3))
        self.assertAlmostEqual(receipt._dist_get_impact()["value"], 12.0)
        picking.action_cancel()
        self.assertEqual(picking._dist_get_impact()["orders"], 0)
