from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from .common import ACKNOWLEDGE, RECEIVE, SHIP, WmsCase, WmsHttpCase


@tagged("post_install", "-at_install")
class TestSecurity(WmsCase):
    def test_confirmations(self):
        """G5: confirmations are read by those who work with them and changed by nobody."""
        confirmation = self.env["dist.warehouse.confirmation"].create(
            {
                "system_id": self.system.id,
                "company_id": self.env.company.id,
                "kind": "shipment",
                "external_id": "C-1",
                "digest": "x",
                "answer": "{}",
            }
        )
        readers = (
            "stock.group_stock_user",
            "dist_integration_base.group_dist_user",
            "dist_integration_base.group_dist_auditor",
        )
        for number, group in enumerate(readers):
            user = new_test_user(self.env, f"reader-{number}", groups=group)
            mine = confirmation.with_user(user)
            self.assertEqual(mine.external_id, "C-1")
            with self.assertRaises(AccessError):
                mine.write({"external_id": "C-2"})
            with self.assertRaises(AccessError):
                mine.unlink()
            with self.assertRaises(AccessError):
                mine.read(["answer"])
        stranger = new_test_user(self.env, "stranger", groups="base.group_user")
        with self.assertRaises(AccessError):
            confirmation.with_user(stranger).read(["external_id"])

    def test_companies(self):
        """Multi-company: confirmations of another company are not seen."""
        other = self.env["res.company"].create({"name": "Other"})
        system = self.env["dist.system"].create({"name": "Theirs", "code": "theirs", "company_id": other.id})
        confirmation = self.env["dist.warehouse.confirmation"].create(
            {
                "system_id": system.id,
                "company_id": other.id,
                "kind": "receipt",
                "external_id": "C-1",
                "digest": "x",
            }
        )
        user = new_test_user(self.env, "reader", groups="dist_integration_base.group_dist_manager")
        self.assertFalse(
            self.env["dist.warehouse.confirmation"].with_user(user).search([("id", "=", confirmation.id)])
        )

    def test_stock_user(self):
        """W1: a warehouse worker without any integration right confirms, opens and releases transfers, and validates
        those that are unlocked.
        """
        user = new_test_user(
            self.env, "worker", groups="stock.group_stock_user,sales_team.group_sale_salesman"
        )
        self._put(self.tape, 10)
        order = (
            self.env["sale.order"]
            .with_user(user)
            .create(
                {
                    "partner_id": self.customer.id,
                    "warehouse_id": self.warehouse.id,
                    "order_line": [(0, 0, {"product_id": self.tape.id, "product_uom_qty": 4})],
                }
            )
        )
        order.action_confirm()
        self._commit_events()
        picking = order.picking_ids.with_user(user)
        self.assertEqual(picking.dist_release_state, "requested")
        view = picking.get_view(self.env.ref("stock.view_picking_form").id, "form")
        self.assertNotIn('name="dist_system_id"', view["arch"])
        self.assertIn('name="dist_release_state"', view["arch"])
        self.assertEqual(Form(picking).dist_release_state, "requested")
        self.assertEqual(Form(self.warehouse.with_user(user)).name, "Northside")
        picking.sudo().dist_release_state = "refused"
        picking.action_dist_release()
        self._commit_events()
        self.assertEqual(picking.dist_release_state, "requested")
        with self.assertRaisesRegex(UserError, "is with the warehouse"):
            picking.move_ids.picked = True
        picking.with_user(self.env.uid)._dist_unlock("Done here")
        picking.move_ids.picked = True
        picking._action_done()
        self._commit_events()
        self.assertEqual(picking.dist_release_state, "done")

    def test_release_needs_rights(self):
        """W1: who may not change a transfer may not release it."""
        self._put(self.tape, 10)
        picking = self._sell((self.tape, 4))
        picking.dist_release_state = "refused"
        user = new_test_user(self.env, "clerk", groups="base.group_user")
        with self.assertRaises(AccessError):
            picking.with_user(user).action_dist_release()

    def test_accept_variance_needs_rights(self):
        """X1: who only reads exceptions accepts nothing."""
        exception = self.env["dist.exception"].create(
            {
                "name": "Over",
                "category": "business",
                "code": "over_shipment",
                "company_id": self.env.company.id,
            }
        )
        user = new_test_user(self.env, "auditor", groups="dist_integration_base.group_dist_auditor")
        with self.assertRaises(AccessError):
            exception.with_user(user).action_accept_variance()


@tagged("post_install", "-at_install")
class TestClients(WmsHttpCase):
    """G8: what a warehouse's key opens, and what it does not."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other, cls.other_client, cls.other_key = cls._make_wms("Southside")
        cls.south = cls._make_warehouse(cls.other, "Southside", "SSIDE")
        cls._put(cls.tape, 10)
        cls._put(cls.tape, 10, cls.south.lot_stock_id)

    def test_other_warehouse(self):
        """G8: a warehouse cannot touch another one's documents, nor learn that they exist."""
        picking, receipt = self._sell((self.tape, 4)), self._buy((self.tape, 4))
        ghost = "NSIDE/OUT/99999"
        calls = [
            (ACKNOWLEDGE, {"status": "accepted"}, "shipment", picking.name),
            (
                SHIP,
                {"confirmation": "C-1", "lines": [{"sku": "TAPE", "quantity": "4"}]},
                "shipment",
                picking.name,
            ),
            (
                RECEIVE,
                {"confirmation": "C-2", "lines": [{"sku": "TAPE", "quantity": "4"}]},
                "receipt",
                receipt.name,
            ),
            (
                RECEIVE,
                {"confirmation": "C-3", "lines": [{"sku": "TAPE", "quantity": "4"}]},
                "order",
                receipt.purchase_id.name,
            ),
        ]
        for path, body, name, number in calls:
            with self.subTest(path=path, name=name):
                real, message = self._post(path, {**body, name: number}, self.other_key)
                unreal, _message = self._post(path, {**body, name: ghost}, self.other_key)
                self.assertEqual((real.status_code, unreal.status_code), (404, 404))
                self.assertEqual(
                    real.json()["detail"].replace(number, "X"), unreal.json()["detail"].replace(ghost, "X")
                )
                self.assertFalse(message.res_id)
        self.assertEqual((picking.dist_release_state, receipt.state), ("requested", "assigned"))

    def test_not_released(self):
        """G8: nor its own documents that were not handed to it."""
        picking = self._sell((self.seal, 4), warehouse=self.south)
        self.assertEqual(picking.dist_release_state, "not_released")
        response, _message = self._ship(picking, (self.seal, 4), key=self.other_key)
        self._assert_refused(response, 404, "unknown_shipment")

    def test_kinds(self):
        """W2: a receipt is not confirmed as a shipment."""
        receipt = self._buy((self.tape, 4))
        response, _message = self._ship(receipt, (self.tape, 4))
        self._assert_refused(response, 404, "unknown_shipment")

    def test_same_numbers(self):
        """M5: two warehouses may number their confirmations alike."""
        first, second = self._sell((self.tape, 1)), self._sell((self.tape, 1), warehouse=self.south)
        self._assert_ok(self._ship(first, (self.tape, 1), confirmation="C-1")[0])
        self._assert_ok(self._ship(second, (self.tape, 1), confirmation="C-1", key=self.other_key)[0])

    def test_scopes(self):
        """G8: each route asks for its own scope."""
        self.client.scope_ids = [(5, 0, 0)]
        picking = self._sell((self.tape, 1))
        for path in (ACKNOWLEDGE, SHIP, RECEIVE):
            response, _message = self._post(path, {"shipment": picking.name})
            self._assert_refused(response, 403, "scope_missing")
        self._assert_refused(self._call("GET", "/shipments", key=self.key), 403, "scope_missing")
        self._assert_refused(self._post(SHIP, {}, "nonsense")[0], 401, "key_invalid")

    def test_inactive_flow(self):
        """G2: what is not agreed is not taken."""
        flows = self.env["dist.flow"].search([("system_id", "=", self.system.id), ("direction", "=", "in")])
        flows.action_retire()
        picking = self._sell((self.tape, 1))
        self._assert_refused(self._ship(picking, (self.tape, 1))[0], 403, "flow_inactive")
