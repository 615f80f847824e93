from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import CommerceCase


@tagged("post_install", "-at_install")
class TestHolds(CommerceCase):
    """C5: goods set aside for a buyer who has not ordered yet."""

    def setUp(self):
        super().setUp()
        self.channel.stock_policy = "partial"
        self.allow_holds(self.system, self.channel)

    def hold(self, reference="CART-1", sku="TEST-GLOVES", quantity="30", status=200, key=None, **values):
        body = {"hold": reference, "lines": [{"item": {"sku": sku}, "quantity": quantity}], **values}
        response = self.call("POST", "/availability/holds", body, key=key)
        self.assertEqual(response.status_code, status, response.text)
        return response.json_body

    def release(self, reference="CART-1", status=200, **options):
        response = self.call("POST", "/availability/holds/release", {"hold": reference}, **options)
        self.assertEqual(response.status_code, status, response.text)
        return response.json_body

    def available(self, sku="TEST-GLOVES", key=None):
        body = {"skus": [sku]}
        return self.call("POST", "/availability/query", body, key=key).json_body["items"][0]["available"]

    def find(self, reference="CART-1"):
        return self.env["dist.availability.hold"]._find(self.system, reference)

    def expire(self, reference="CART-1"):
        hold = self.find(reference)
        past = hold.expires_at - timedelta(days=1)
        hold.write({"expires_at": past})
        hold.line_ids.write({"expires_at": past})

    def test_hold_and_release(self):
        """C5: what is held is missing to all; released, it is there again."""
        answer = self.hold(quantity="12")
        self.assertEqual((answer["status"], answer["hold"], self.available()), ("held", "CART-1", "18"))
        _system, _client, key = self.make_shop("OTHER")
        self.make_channel(_system)
        self.assertEqual(self.available(key=key), "18")
        self.assertEqual(self.release()["status"], "released")
        self.assertEqual(self.available(), "30")
        self.assertEqual(self.release()["status"], "released")

    def test_all_or_nothing(self):
        """C5: of two lines of one item the second gets what is left; too little refuses all of it."""
        lines = [{"item": {"sku": "TEST-GLOVES"}, "quantity": quantity} for quantity in ("20", "20")]
        problem = self.hold(status=409, lines=lines)
        self.assertEqual(problem["errors"][0]["pointer"], "/lines/1/quantity")
        self.assertEqual(problem["code"], "insufficient_stock")
        self.assertFalse(self.find())
        self.assertEqual(self.available(), "30")

    def test_second_buyer(self):
        """C5: the second buyer of the last pieces is refused, until they come free."""
        self.hold()
        self.assertEqual(self.hold("CART-2", quantity="1", status=409)["code"], "insufficient_stock")
        _problem, errors = self.submit_refused(self.order(self.line("TEST-GLOVES", "1")))
        self.assertEqual(set(errors), {"out_of_stock"})
        self.release()
        self.hold("CART-3", quantity="1")

    def test_expiry(self):
        """C5: a hold ends by itself, at once and without any job; the job notes it."""
        self.hold()
        self.expire()
        self.assertEqual(self.available(), "30")
        self.assertEqual(self.release()["status"], "expired")
        self.env["dist.availability.hold"]._cron_expire()
        self.env.invalidate_all()
        self.assertEqual((self.find().state, self.find().line_ids.state), ("expired", "expired"))
        self.hold("CART-2")

    def test_how_long(self):
        """C5: a channel says how long, up to what it may."""
        self.channel.hold_minutes = 10
        for reference, asked, expected in (("A", 60, 60), ("B", 86400, 600), ("C", None, 600)):
            self.hold(reference, quantity="1", **({"expires_in": asked} if asked else {}))
            hold = self.find(reference)
            self.assertAlmostEqual((hold.expires_at - hold.create_date).total_seconds(), expected, delta=5)

    def test_repeated(self):
        """C5, M5: the same hold again changes nothing; another one under its number is refused."""
        first = self.hold(quantity="12")
        self.assertEqual(self.hold(quantity="12", key=self.client._generate_key()), first)
        self.assertEqual(self.hold(quantity="13", status=409)["code"], "hold_differs")
        self.assertEqual(self.available(), "18")

    def test_order_uses_its_hold(self):
        """C5, C3: an order gets what its hold set aside, and uses it up."""
        self.hold()
        answer, order = self.submit_ok(self.order(self.line("TEST-GLOVES", "30"), holds=["CART-1"]))
        self.assertEqual((answer["status"], self.codes(answer)), ("accepted", []))
        self.assertEqual((self.find().state, self.find().order_id), ("ordered", order))
        self.assertEqual(self.available(), "0")
        self.assertEqual(self.release()["status"], "ordered")

    def test_later_orders_take_nothing_held(self):
        """C5: what is set aside is for who holds it: others' orders neither reserve it nor come before it."""
        for policy, status in (("backorder", "accepted"), ("hold", "held")):
            with self.subTest(policy=policy):
                self.channel.stock_policy = policy
                sku = f"TEST-{policy}"
                self.make_product(sku, 5)
                self.hold(policy, sku=sku, quantity="5")
                answer, later = self.submit_ok(self.order(self.line(sku, "5")))
                self.assertEqual(answer["status"], status)
                self.assertFalse(sum(later.picking_ids.move_ids.mapped("quantity")))
                answer, order = self.submit_ok(self.order(self.line(sku, "2"), holds=[policy]))
                self.assertEqual((answer["status"], self.codes(answer)), ("accepted", []))
                self.assertEqual(order.picking_ids.move_ids.quantity, 2)

    def test_waiting_orders_get_what_comes_free(self):
        """C5: what was set aside goes to the order that waits for it as soon as the hold ends."""
        self.channel.stock_policy = "backorder"

        def expire(reference):
            self.expire(reference)
            self.env["dist.availability.hold"]._cron_expire()

        for reference, end in (("OVER", expire), ("GONE", self.release)):
            with self.subTest(reference):
                sku = f"TEST-{reference}"
                self.make_product(sku, 5)
                self.hold(reference, sku=sku, quantity="5")
                _answer, order = self.submit_ok(self.order(self.line(sku, "4")))
                self.assertFalse(order.picking_ids.move_ids.quantity)
                end(reference)
                self.env.invalidate_all()
                self.assertEqual(order.picking_ids.move_ids.quantity, 4)
                self.assertEqual(self.available(sku), "1")

    def test_holds_are_read_once(self):
        """C5: however many goods are reserved together, what is set aside of them is read once."""
        products = [self.make_product(f"TEST-{number}", 10) for number in range(5)]
        self.hold(sku="TEST-0", quantity="10")
        lines = [(0, 0, {"product_id": product.id}) for product in products]
        order = self.env["sale.order"].create({"partner_id": self.customer.id, "order_line": lines})
        order.action_confirm()
        moves, promises, asked = order.picking_ids.move_ids, type(self.env["dist.availability.promise"]), []
        read_held = promises._read_held

        def read(self, product_ids, warehouse_ids, without_holds=()):
            asked.append(set(product_ids))
            return read_held(self, product_ids, warehouse_ids, without_holds)

        self.patch(promises, "_read_held", read)
        moves._do_unreserve()
        moves._action_assign()
        self.assertEqual(asked, [set(moves.product_id.ids)])
        self.assertEqual(sorted(moves.mapped("quantity")), [0, 1, 1, 1, 1])

    def submit_bulk(self, *orders):
        """:return: list of answers"""
        response = self.call("POST", "/orders/bulk", {"items": list(orders)})
        self.assertEqual(response.status_code, 200, response.text)
        return [item["answer"] for item in response.json_body["items"]]

    def test_orders_in_one_call(self):
        """C5: what is set aside is for who holds it in one call as well, whoever is named first."""
        self.channel.stock_policy = "backorder"
        self.hold("A", quantity="20")
        self.hold("B", quantity="10")
        orders = [
            self.order(self.line("TEST-GLOVES", quantity), **values)
            for quantity, values in (
                ("30", {}),
                ("20", {"holds": ["A"]}),
                ("10", {"holds": ["B"]}),
                ("10", {"holds": ["B"]}),
            )
        ]
        answers = self.submit_bulk(*orders)
        self.assertEqual(
            [answer["lines"][0]["backordered_quantity"] for answer in answers], ["30", "0", "0", "10"]
        )
        self.assertEqual(self.codes(answers[3]), ["hold_over", "backordered"])
        reserved = [
            self.env["sale.order"].search([("name", "=", answer["order"])]).picking_ids.move_ids.quantity
            for answer in answers
        ]
        self.assertEqual(reserved, [0, 20, 10, 0])

    def test_held_goods_that_are_gone(self):
        """C5: a hold promises nothing that is not there any more."""
        self.hold(quantity="30")
        self.set_stock(self.gloves, -20)
        answer, _order = self.submit_ok(self.order(self.line("TEST-GLOVES", "30"), holds=["CART-1"]))
        self.assertEqual(answer["lines"][0]["accepted_quantity"], "10")

    def test_order_with_a_hold_that_is_over(self):
        """C5: an order whose hold is over, or unknown, competes like any other, and is told."""
        self.hold("CART-1", quantity="5")
        self.expire()
        self.hold("CART-2", quantity="28")
        answer, _order = self.submit_ok(self.order(self.line("TEST-GLOVES", "5"), holds=["CART-1", "CART-9"]))
        self.assertEqual(answer["lines"][0]["accepted_quantity"], "2")
        self.assertEqual(set(self.codes(answer)), {"hold_over", "unknown_hold", "insufficient_stock"})

    def test_refused_order_keeps_the_hold(self):
        """C5: an order that is refused uses nothing up."""
        self.hold()
        self.channel.minimum_amount = 1000
        self.submit_refused(self.order(self.line("TEST-GLOVES", "1"), holds=["CART-1"]))
        self.assertEqual((self.find().state, self.available()), ("held", "0"))

    def test_units_and_warehouse(self):
        """C5: units are converted; a warehouse may be named among the published ones."""
        self.hold(lines=[{"item": {"sku": "TEST-GLOVES"}, "quantity": "2", "unit": "DZ"}])
        self.assertEqual(self.available(), "6")
        self.assertEqual(
            self.hold("B", quantity="1", warehouse="NONE", status=422)["code"], "unknown_warehouse"
        )
        self.hold("C", quantity="1", warehouse=self.warehouse.code)

    def test_bad_holds(self):
        """M4: what does not fit is refused; an unknown item waits for a person who says what it is."""
        for values in (
            {"quantity": "0"},
            {"quantity": "x"},
            {"lines": []},
            {"expires_in": 0},
            {"reference": ""},
        ):
            with self.subTest(values=values):
                self.hold(**{"reference": "BAD", **values}, status=422)
        self.hold("NEW", sku="NOPE", status=202)
        self.release("NONE", status=404)

    def test_not_allowed(self):
        """C5, G8: a channel that may not hold goods, or a key without the scope, is refused."""
        self.channel.allow_holds = False
        self.assertEqual(self.hold(status=403)["code"], "holds_not_allowed")
        self.client.scope_ids -= self.env.ref("dist_integration_commerce.scope_availability_hold")
        self.assertEqual(self.hold("B", status=403)["code"], "scope_missing")

    def test_other_shop(self):
        """C5: a shop knows nothing of the holds of another one."""
        self.hold(quantity="3")
        system, _client, key = self.make_shop("OTHER")
        self.allow_holds(system, self.make_channel(system))
        self.release(status=404, key=key)
        self.hold(quantity="4", key=key)
        self.assertEqual(self.find().state, "held")

    def test_released_by_a_person(self):
        """C5: an operator may let go of what is held; nobody else, and only once."""
        self.hold()
        reader = new_test_user(self.env, "hold-reader", groups="dist_integration_base.group_dist_user")
        with self.assertRaises(AccessError):
            self.find().with_user(reader).action_release()
        operator = new_test_user(
            self.env, "hold-operator", groups="dist_integration_base.group_dist_operator"
        )
        with self.assertRaises(AccessError):
            self.find().with_user(operator).write({"state": "released"})
        self.find().with_user(operator).action_release()
        self._assert_told(self.find(), "overridden", operator)
        self.assertEqual(self.available(), "30")
        with self.assertRaises(UserError):
            self.find().with_user(operator).action_release()
