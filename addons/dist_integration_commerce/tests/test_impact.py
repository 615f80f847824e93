from odoo.tests import tagged

from .common import CommerceCase


@tagged("post_install", "-at_install")
class TestImpact(CommerceCase):
    """What orders put at risk that wait or failed before they are orders here."""

    def exception_of(self, response, status):
        self.assertEqual(response.status_code, status, response.text)
        message = self.env["dist.message"].search([("uuid", "=", response.headers["Message-Id"])])
        return message.exception_id.ensure_one()

    def assert_impact(self, exception, orders, lines, skus, value):
        found = (
            exception.impact_orders,
            exception.impact_lines,
            exception.impact_skus or "",
            exception.impact_value,
        )
        self.assertEqual(found, (orders, lines, skus, value))
        self.assertEqual(exception.currency_id, self.company.currency_id)

    def test_unknown_code(self):
        """X1, M8: an order that waits for a code counts with its lines, items and prices; what to do is said."""
        body = self.order(
            self.line(quantity="2", unit_price="9.50"),
            self.line("TEST-GLOVES", quantity="3"),
            self.line("TEST-GLOVES", quantity="1", unit="DZ"),
            self.line("NO-SUCH", quantity="5"),
        )
        exception = self.exception_of(self.submit(body), 202)
        self.assertEqual((exception.category, exception.external_code), ("mapping", "NO-SUCH"))
        self.assert_impact(exception, 1, 4, "NO-SUCH, TEST-CORN, TEST-GLOVES", 19.0 + 12.0 + 48.0)
        self.assertEqual(exception.impact_warehouses, self.warehouse.name)
        self.assertIn("Fix mapping", exception.suggestion)
        more = self.exception_of(self.submit(self.order(self.line("NO-SUCH", unit_price="7"))), 202)
        self.assertEqual(more, exception)
        self.assert_impact(exception, 2, 5, "NO-SUCH, TEST-CORN, TEST-GLOVES", 86.0)
        exception.dist_message_ids[:1].action_cancel("test")
        self.env.invalidate_all()
        self.assertEqual(exception.impact_orders, 1)

    def test_prices_in_another_currency(self):
        """X1: what is at risk is told in the currency of the company."""
        currency = (
            self.env["res.currency"]
            .with_context(active_test=False)
            .search([("id", "!=", self.company.currency_id.id)], limit=1)
        )
        currency.active = True
        currency.rate_ids.unlink()
        currency.rate_ids = [(0, 0, {"name": "2020-01-01", "rate": 4.0, "company_id": self.company.id})]
        body = self.order(self.line("NO-SUCH", unit_price="8"), currency=currency.name)
        exception = self.exception_of(self.submit(body), 202)
        rate = self.company.currency_id.rate
        self.assertAlmostEqual(exception.impact_value, 2.0 * rate)

    def test_content_that_does_not_fit(self):
        """X1, M4: of an order that does not fit its schema lines and items count; its claims are worth nothing."""
        body = self.order(self.line(quantity="2"), self.line("TEST-GLOVES", quantity="many"))
        body["lines"] += [7, {"item": "TEST-CORN"}, {"item": {"sku": 5}, "quantity": [], "unit_price": "NaN"}]
        body.update(channel=["WEB"], currency={})
        exception = self.exception_of(self.submit(body), 422)
        self.assertEqual(exception.category, "validation")
        self.assert_impact(exception, 1, 4, "TEST-CORN, TEST-GLOVES", 0.0)

    def test_absurd_quantities(self):
        """X1, M4: a quantity that no order can have puts no money at risk, whatever the other lines say."""
        for quantity in ("1000000000000", "1e12", "-1", "0"):
            with self.subTest(quantity=quantity):
                body = self.order(self.line(quantity=quantity, unit_price="2"), self.line(quantity="3"))
                exception = self.exception_of(self.submit(body), 422)
                self.assertEqual((exception.category, exception.impact_value), ("validation", 0.0))
                self.assertGreaterEqual(exception.impact_orders, 1)

    def test_refused_order(self):
        """X1, C3: an order that a rule refuses is worth its prices, else list prices, as one that waits."""
        body = self.order(
            self.line(quantity="2", unit_price="9"),
            self.line("TEST-GLOVES", quantity="3"),
            customer={"external_id": "NOBODY"},
        )
        exception = self.exception_of(self.submit(body), 422)
        self.assertEqual(exception.category, "business")
        self.assert_impact(exception, 1, 2, "TEST-CORN, TEST-GLOVES", 18.0 + 12.0)

    def test_name_that_stands_twice(self):
        """X1, M4: an exception names the place of a mistake once, in its line and in its detail."""
        body = b'{"reference": "A", "reference": "B", "customer": {"external_id": "C-1"}, "lines": []}'
        response = self.submit(body)
        exception = self.exception_of(response, 400)
        self.assertTrue(exception.name.endswith("does not fit: reference stands twice in one object"))
        self.assertEqual(exception.detail, "/reference: stands twice in one object")
        self.assertEqual(response.json_body["errors"][0]["pointer"], "/reference")

    def test_unreadable_content(self):
        """X1, M4: an order that nobody can read is still an order."""
        exception = self.exception_of(self.submit(b'{"reference": "WEB-1", "lines": ['), 400)
        self.assert_impact(exception, 1, 0, "", 0.0)
        self.assertEqual(exception.impact_text, "1 order")

    def test_ambiguous_customer(self):
        """X1, C1: an order that waits for the right customer counts, although the exception shows a customer."""
        self.channel.customer_policy = "create"
        nothing = self.env["base"]._dist_get_impact()
        # other addons may have contacts stand for something
        self.patch(type(self.env["res.partner"]), "_dist_get_impact", lambda partners: nothing)
        twin = {"name": "Twin Farm", "email": "twin@example.com"}
        self.env["res.partner"].create([dict(twin), dict(twin)])
        body = self.order(self.line(quantity="3"), customer={"external_id": "NEW-2", **twin})
        self.assert_impact(self.exception_of(self.submit(body), 202), 1, 1, "TEST-CORN", 30.0)

    def test_duplicate_order_counts_once(self):
        """X1: where the document is known, it alone says what is at risk."""
        body = self.order(self.line(quantity="3"))
        self.submit_ok(body)
        response = self.submit({**body, "note": "other"}, headers={"Idempotency-Key": "again"})
        self.assertEqual(self.exception_of(response, 409).impact_orders, 1)

    def test_customer_is_no_order(self):
        """X1: a customer that does not fit puts no order at risk."""
        exception = self.exception_of(self.call("PUT", "/customers/F-1", {"name": " "}), 422)
        self.assert_impact(exception, 0, 0, "", 0.0)

    def test_failing_reader_stops_nothing(self):
        """X1, M4: what cannot be valued is recorded all the same."""

        def fail(*args):
            self.env.cr.execute("SELECT 1 / 0")

        handler = type(self.env["dist.handler.order.submit"])
        self.patch(handler, "_get_payload_value", fail)
        with self.assertLogs("odoo.addons.dist_integration_base.models.dist_message_impact", "WARNING"):
            exception = self.exception_of(self.submit(self.order(self.line("NO-SUCH"))), 202)
        self.assert_impact(exception, 1, 0, "", 0.0)
