from odoo.tests import tagged

from .common import WmsHttpCase


@tagged("post_install", "-at_install")
class TestShipmentPicked(WmsHttpCase):
    """What was picked, told apart from what was shipped."""

    def setUp(self):
        super().setUp()
        self._put(self.tape, 100)
        self._put(self.glove, 50)

    def _get_left(self, picking):
        return self.env["dist.exception"].search(
            [
                ("code", "=", "picked_not_shipped"),
                ("res_model", "=", "stock.picking"),
                ("res_id", "in", picking.ids),
            ]
        )

    def test_picked_and_not_shipped(self):
        """W2: what was picked is shown apart from what was shipped; what is left stays in stock and is told."""
        picking = self._sell((self.tape, 10), (self.glove, 2))
        tape = picking.move_ids.filtered(lambda move: move.product_id == self.tape)
        line = {"line": str(tape.id), "quantity": "6", "picked_quantity": "9", "reason": "truck_full"}
        answer = self._assert_ok(self._ship(picking, line, (self.glove, 2))[0])
        told = {
            line["sku"]: (line["shipped"], line.get("picked"), line["missing"]) for line in answer["lines"]
        }
        self.assertEqual(told, {"TAPE": ("6", "9", "4"), "GLOVE": ("2", None, "0")})
        self.assertEqual((tape.quantity, tape.dist_picked_quantity), (6, 9))
        self.assertEqual(picking.sale_id.order_line.mapped("qty_delivered"), [6, 2])
        self.assertEqual(self._on_hand(self.tape), 94)
        exception = self._get_left(picking.backorder_ids)
        self.assertEqual(exception.state, "open")
        self.assertIn("9 Units picked, 6 shipped, 3 left", exception.detail)
        self.assertNotIn("GLOVE", exception.detail)
        view = self.env["stock.picking"].get_view(self.env.ref("stock.view_picking_form").id)
        self.assertIn("dist_picked_quantity", view["arch"])
        self._commit_events()
        self._assert_ok(self._ship(picking.backorder_ids, (self.tape, 4))[0])
        self._commit_events()
        self.assertEqual(exception.state, "resolved")

    def test_picked_and_nothing_shipped(self):
        """W2: picked, and nothing of it left: nothing is booked, and what stands picked is told."""
        picking = self._sell((self.tape, 10))
        line = {"sku": "TAPE", "quantity": "0", "picked_quantity": "10"}
        answer = self._assert_ok(self._ship(picking, line)[0])
        self.assertEqual((answer["lines"][0]["shipped"], answer["lines"][0]["picked"]), ("0", "10"))
        self.assertEqual((picking.state, picking.move_ids.dist_picked_quantity), ("assigned", 10))
        self.assertEqual(self._on_hand(self.tape), 100)
        self.assertEqual(self._get_left(picking).state, "open")

    def test_zero_pick(self):
        """W2: that nothing was picked is a statement like any other, and leaves nothing to put back."""
        picking = self._sell((self.tape, 4), (self.glove, 2))
        line = {"sku": "GLOVE", "quantity": "0", "picked_quantity": "0", "reason": "out_of_stock"}
        answer = self._assert_ok(self._ship(picking, (self.tape, 4), line)[0])
        told = next(line for line in answer["lines"] if line["sku"] == "GLOVE")
        self.assertEqual((told["shipped"], told["picked"]), ("0", "0"))
        self.assertFalse(self._get_left(picking | picking.backorder_ids))

    def test_more_to_come(self):
        """W2: what stands picked while the warehouse goes on is no problem: it ships with the next part."""
        picking = self._sell((self.tape, 10))
        line = {"sku": "TAPE", "quantity": "6", "picked_quantity": "10"}
        self._assert_ok(self._ship(picking, line, complete=False)[0])
        self.assertEqual(picking.move_ids.dist_picked_quantity, 10)
        self._assert_ok(self._ship(picking, {"sku": "TAPE", "quantity": "4", "picked_quantity": "4"})[0])
        self.assertFalse(self._get_left(picking | picking.backorder_ids))

    def test_in_units_and_over_two_lines(self):
        """W2, M8: picked and shipped are in the line's unit, and spread over the lines of an item alike."""
        self.dozen.active = True
        self._map_code("unit", "DZ", self.dozen)
        picking = self._sell((self.tape, 12), (self.tape, 12))
        line = {"sku": "TAPE", "quantity": "1", "picked_quantity": "2", "unit": "DZ"}
        answer = self._assert_ok(self._ship(picking, line)[0])
        self.assertEqual(
            [(line["shipped"], line["picked"]) for line in answer["lines"]], [("12", "12"), ("0", "12")]
        )

    def test_less_picked_than_shipped(self):
        """W2: nothing ships that was not picked: refused, and nothing is booked."""
        picking = self._sell((self.tape, 10))
        response, message = self._ship(picking, {"sku": "TAPE", "quantity": "6", "picked_quantity": "5"})
        problem = self._assert_refused(response, 422, "picked_less_than_shipped")
        self.assertEqual(problem["errors"][0]["pointer"], "/lines/0/picked_quantity")
        self.assertEqual((picking.state, message.exception_id.state), ("assigned", "open"))
