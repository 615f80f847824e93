from urllib.parse import quote

from odoo.tests import tagged

from .common import CommerceCase


@tagged("post_install", "-at_install")
class TestOrderRead(CommerceCase):
    def show(self, reference, status=200, **options):
        response = self.call("GET", f"/orders/{reference}", **options)
        self.assertEqual(response.status_code, status, response.text)
        return response

    def ship(self, picking, quantity=None):
        for move in picking.move_ids:
            move.quantity = quantity or move.product_uom_qty
            move.picked = True
        picking.carrier_tracking_ref = "TRACK-1"
        picking.with_context(skip_backorder=True, picking_ids_not_to_backorder=[])._action_done()

    def test_life_of_an_order(self):
        """C3, C5, C7: the shop follows its order from confirmation to shipment and invoice."""
        body = self.order(self.line(quantity="5"))
        answer, order = self.submit_ok(body)
        view = self.show(body["reference"]).json_body
        self.assertEqual(view["order"], answer["order"])
        self.assertEqual(view["status"], "confirmed")
        self.assertEqual(view["lines"][0]["line"], body["lines"][0]["line"])
        self.assertEqual(view["lines"][0]["shipped_quantity"], "0")
        self.assertEqual([shipment["status"] for shipment in view["shipments"]], ["open"])
        self.ship(order.picking_ids, 2)
        view = self.show(body["reference"]).json_body
        self.assertEqual(view["status"], "partly_shipped")
        self.assertEqual(view["lines"][0]["shipped_quantity"], "2")
        self.assertEqual([shipment["status"] for shipment in view["shipments"]], ["shipped", "open"])
        self.assertEqual(view["shipments"][0]["tracking"], "TRACK-1")
        self.assertIsNotNone(view["shipments"][0]["shipped_at"])
        self.ship(order.picking_ids.filtered(lambda picking: picking.state != "done"))
        order._create_invoices().action_post()
        view = self.show(body["reference"]).json_body
        self.assertEqual(view["status"], "shipped")
        self.assertEqual(view["lines"][0]["invoiced_quantity"], "5")
        self.assertEqual(view["invoices"][0]["number"], order.invoice_ids.name)
        self.assertEqual(view["invoices"][0]["amount_due"], "50.00")

    def test_held_and_cancelled(self):
        """C3: a held order says why; a cancelled one that it is."""
        self.customer.write({"dist_blocked": True, "dist_block_reason": "Unpaid"})
        body = self.order()
        _answer, order = self.submit_ok(body)
        view = self.show(body["reference"]).json_body
        self.assertEqual((view["status"], view["hold_reason"]), ("held", "Unpaid"))
        order._action_cancel()
        self.assertEqual(self.show(body["reference"]).json_body["status"], "cancelled")

    def test_any_reference_can_be_read(self):
        """C3: whatever reference an order was taken with, it is found by it."""
        for reference in ("A\tB", "A\x01B", "A\x7fB", "A\u2028B", "A/B?C#D%E"):
            with self.subTest(repr(reference)):
                self.submit_ok(self.order(reference=reference))
                view = self.show(quote(reference, safe="")).json_body
                self.assertEqual(view["reference"], reference)

    def test_entity_tag(self):
        """M4: an order that did not change is not sent again."""
        body = self.order()
        _answer, order = self.submit_ok(body)
        etag = self.show(body["reference"]).headers["ETag"]
        self.show(body["reference"], 304, headers={"If_None_Match": etag})
        order._action_cancel()
        changed = self.show(body["reference"], headers={"If_None_Match": etag})
        self.assertNotEqual(changed.headers["ETag"], etag)

    def test_reference_with_odd_characters(self):
        """M4: a reference may hold slashes, blanks and letters of any language."""
        for reference, path in (("2031/07 é", "2031/07%20%C3%A9"), ("A/B", "A%2FB"), ("bulk", "bulk")):
            with self.subTest(reference=reference):
                self.submit_ok(self.order(reference=reference))
                self.assertEqual(self.show(path).json_body["reference"], reference)

    def test_unknown_and_foreign_look_the_same(self):
        """C3, G8: an order of another system is as unknown as one that does not exist."""
        other_system, _client, other_key = self.make_shop("OTHER")
        self.make_channel(other_system)
        body = self.order()
        self.submit_ok(body)
        foreign = self.show(body["reference"], 404, key=other_key).json_body
        missing = self.show("NO-SUCH", 404, key=other_key).json_body
        for problem in (foreign, missing):
            problem.pop("instance")
            problem.pop("request_id")
        self.assertEqual(foreign["detail"].replace(body["reference"], "NO-SUCH"), missing["detail"])
        self.assertEqual({**foreign, "detail": ""}, {**missing, "detail": ""})

    def test_orders_without_channel_are_not_shown(self):
        """G8: orders that did not come through a channel are nobody's in the API."""
        order = self.env["sale.order"].create({"partner_id": self.customer.id})
        self.show(order.name, 404)
        self.assertEqual(self.call("GET", "/orders").json_body["items"], [])

    def test_pages(self):
        """M4: the list is read page by page, nothing twice and nothing missed."""
        references = [self.order()["reference"] for _index in range(5)]
        for reference in references:
            self.submit_ok(self.order(reference=reference))
        seen, path = [], "/orders?limit=2"
        while path:
            response = self.call("GET", path)
            self.assertEqual(response.status_code, 200, response.text)
            seen += [item["reference"] for item in response.json_body["items"]]
            following = response.json_body["next"]
            self.assertEqual(bool(following), "next" in response.headers.get("Link", ""))
            path = following and f"/orders?limit=2&cursor={following}"
        self.assertEqual(seen, references)

    def set_changed(self, moment, *records):
        """Say when records were written: in a test everything is written at the same moment."""
        self.env.flush_all()
        for record in records:
            self.env.cr.execute(
                f"UPDATE {record._table} SET write_date = %s WHERE id IN %s", (moment, tuple(record.ids))
            )
        self.env.invalidate_all()

    def test_changes_of_what_follows_from_an_order(self):
        """C3, C4, M4: the list finds an order since the moment that it tells, the order's own or of what follows."""
        bodies = [self.order(self.line(quantity="5")) for _index in range(3)]
        orders = self.env["sale.order"].concat(*[self.submit_ok(body)[1] for body in bodies])
        for order in orders[:2]:
            self.ship(order.picking_ids, 2)
        orders[0]._create_invoices().action_post()
        self.set_changed("2031-01-01 08:00:00", orders, orders.picking_ids, orders.invoice_ids)
        shipped = orders[:2].picking_ids.filtered(lambda picking: picking.state == "done")
        backorder = orders[1].picking_ids - shipped
        for since, changed, expected in (
            ("2031-01-01T08:00:00Z", orders, orders),
            ("2031-01-02T08:00:00Z", shipped, orders[:2]),
            ("2031-01-03T08:00:00Z", orders.invoice_ids, orders[0]),
            ("2031-01-04T08:00:00Z", backorder, orders[1]),
        ):
            self.set_changed(since.replace("T", " ").removesuffix("Z"), changed)
            with self.subTest(since=since):
                items, path = [], f"/orders?limit=1&updated_since={since}"
                while path:
                    answer = self.call("GET", path).json_body
                    items += answer["items"]
                    following = answer["next"]
                    path = following and f"/orders?limit=1&updated_since={since}&cursor={following}"
                self.assertEqual([item["order"] for item in items], expected.mapped("name"))
                for item in items:
                    self.assertEqual(item["updated_at"], since)
                    self.assertEqual(self.show(item["reference"]).json_body["updated_at"], since)

    def test_link_keeps_the_filters(self):
        """M4: the link to the next page asks for the same."""
        self.customer.dist_blocked = True
        held = [self.submit_ok(self.order())[0]["reference"] for _index in range(2)]
        self.customer.dist_blocked = False
        self.submit_ok(self.order())
        first = self.call("GET", "/orders?limit=1&status=held")
        second = self.call("GET", first.links["next"]["url"].partition("/dist/v1")[2])
        seen = [item["reference"] for page in (first, second) for item in page.json_body["items"]]
        self.assertEqual(seen, held)
        self.assertNotIn("next", second.links)

    def test_filters(self):
        """M4: the list is filtered by status, time and channel; other words are refused."""
        _answer, taken = self.submit_ok(self.order())
        self.customer.dist_blocked = True
        _answer, held = self.submit_ok(self.order())
        cases = {
            "status=confirmed": [taken],
            "status=held": [held],
            "status=shipped": [],
            "status=cancelled": [],
            "status=quotation": [],
            "status=partly_shipped": [],
            "updated_since=2020-01-01": [taken, held],
            "updated_since=2020-01-01T10:00:00Z": [taken, held],
            "updated_since=2999-01-01": [],
            "channel=WEB": [taken, held],
            "channel=OTHER": [],
        }
        for query, expected in cases.items():
            with self.subTest(query=query):
                items = self.call("GET", f"/orders?{query}").json_body["items"]
                self.assertEqual([item["order"] for item in items], [order.name for order in expected])
        for query in (
            "status=lost",
            "updated_since=yesterday",
            "updated_since=2026-02-30",
            "updated_since=0000-01-01",
            "updated_since=2026-01-01T24:00:00Z",
            "limit=0",
            "limit=201",
            "cursor=x",
            "color=red",
        ):
            with self.subTest(query=query):
                response = self.call("GET", f"/orders?{query}")
                self.assertEqual(response.status_code, 400, response.text)
