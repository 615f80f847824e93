from odoo.tests import new_test_user, tagged

from .common import WmsHttpCase


@tagged("post_install", "-at_install")
class TestOwnership(WmsHttpCase):
    def setUp(self):
        super().setUp()
        self._put(self.tape, 100)
        self.carrier_system = self.env["dist.system"].create(
            {"name": "TMS", "code": "tms", "state": "active"}
        )

    def _own(self, group, **values):
        row = self.env["dist.ownership"].search(
            [("group_id.full_code", "=", group), ("company_id", "=", self.env.company.id)]
        )
        row.write({"owner": "system", "system_id": self.carrier_system.id, **values})
        return row

    def test_tracking_is_left(self):
        """G1, W2: the shipment is confirmed; the tracking number stays with its owner."""
        self._own("shipment.transport", conflict_policy="flag")
        picking = self._sell((self.tape, 4))
        picking.carrier_tracking_ref = "TMS-1"
        response, message = self._ship(picking, (self.tape, 4), tracking_numbers=["WH-1"])
        self.assertEqual(response.status_code, 200, response.text)
        self.assertEqual((picking.state, picking.carrier_tracking_ref), ("done", "TMS-1"))
        self.assertEqual(response.json()["not_applied"][0]["pointers"], ["/tracking_numbers"])
        self.assertEqual(message.exception_id.category, "ownership")

    def test_movement_refused(self):
        """G1, W2: a system that does not own what was moved moves nothing."""
        row = self._own("shipment.execution", conflict_policy="refuse")
        picking = self._sell((self.tape, 4))
        response, message = self._ship(picking, (self.tape, 4))
        self.assertEqual((response.status_code, response.json()["code"]), (409, "owned_elsewhere"))
        self.assertEqual((picking.state, self._on_hand(self.tape)), ("assigned", 100))
        row.write({"owner": False, "system_id": False})
        self.env.flush_all()
        message.exception_id.action_retry()
        self.env.invalidate_all()
        self.assertEqual((picking.state, self._on_hand(self.tape)), ("done", 96))

    def test_movement_waits(self):
        """G1, W2: half a confirmation makes no sense: where a field would be left, the message waits."""
        self._own("shipment.execution", conflict_policy="flag")
        picking = self._sell((self.tape, 4))
        response, message = self._ship(picking, (self.tape, 4))
        self.assertEqual((response.status_code, response.json()["status"]), (202, "held"))
        self.assertEqual((message.state, picking.state), ("error", "assigned"))

    def test_stock_is_anothers(self):
        """G1, W4: stock that another system counts is adjusted and moved by nobody else."""
        self._own("stock.on_hand", conflict_policy="refuse")
        self.warehouse.dist_hold_location_id = self.env["stock.location"].create(
            {"name": "Quality", "location_id": self.stock.id}
        )
        line = {"sku": self.tape.default_code}
        messages = (
            (
                "/stock/adjustments",
                "/lines/0",
                {"reason": "count", "lines": [{**line, "change": "-3"}]},
            ),
            (
                "/stock/status-changes",
                "/lines/0/quantity",
                {"lines": [{**line, "quantity": "3", "from": "available", "to": "hold"}]},
            ),
        )
        for path, pointer, body in messages:
            response, _message = self._post(path, {"adjustment": "A-1", **body})
            self.assertEqual((response.status_code, response.json()["code"]), (409, "owned_elsewhere"))
            self.assertEqual(response.json()["errors"][0]["pointer"], pointer)
        self.assertEqual(self._on_hand(self.tape), 100)
        self._own("stock.on_hand", conflict_policy="flag")
        response, message = self._post(
            "/stock/adjustments",
            {"adjustment": "A-2", "reason": "count", "lines": [{**line, "change": "-3"}]},
        )
        self.assertEqual((response.status_code, message.state), (202, "error"))

    def test_picking_says_who_owns_it(self):
        """G1: the transfer tells the owners of what was moved and of its tracking."""
        self._own("shipment.transport")
        clerk = new_test_user(
            self.env, "clerk", groups="stock.group_stock_user,dist_integration_base.group_dist_user"
        )
        self.assertEqual(self._sell((self.tape, 4)).with_user(clerk).dist_owner_text, "TMS")

    def test_product_says_who_owns_it(self):
        """G1: the product form tells the owner of each field group; a person is refused by policy."""
        self._own("product.identity", odoo_write_policy="refuse")
        groups = ["stock.group_stock_manager", "dist_integration_base.group_dist_user"]
        if self.env.ref("product.group_product_manager", raise_if_not_found=False):  # from 18.0 on
            groups.append("product.group_product_manager")
        clerk = new_test_user(self.env, "clerk", groups=",".join(groups))
        template = self.tape.product_tmpl_id.with_user(clerk)
        self.assertEqual(template.dist_owner_text, "TMS")
        for record, name in ((template, "name"), (self.tape.with_user(clerk), "default_code")):
            with self.assertRaisesRegex(Exception, "which TMS owns"):
                record.write({name: "Changed"})
        template.write({"weight": 2})
        action = template.action_view_dist_ownership()
        view = self.env[action["res_model"]].with_user(clerk).browse(action["res_id"])
        self.assertIn("Identity", view.line_ids.mapped("group_name"))
