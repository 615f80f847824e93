from odoo.tests import tagged

from .common import RECEIVE, SHIP, WmsHttpCase


@tagged("post_install", "-at_install")
class TestImpact(WmsHttpCase):
    """What confirmations put at risk that could not be applied to a document."""

    def exception_of(self, response, message, status):
        self.assertEqual(response.status_code, status, response.text)
        return message.exception_id.ensure_one()

    def test_unknown_shipment(self):
        """X1, W2: a confirmation of a shipment that nobody knows counts with the lines and items it names."""
        lines = [
            {"sku": "TAPE", "quantity": "4"},
            {"gtin": "7612345000015", "quantity": "1"},
            {"sku": "?", "quantity": "1"},
        ]
        body = {"confirmation": "N-1", "shipment": "NOWHERE/1", "lines": lines}
        exception = self.exception_of(*self._post(SHIP, body), 404)
        self.assertEqual(
            (exception.impact_orders, exception.impact_lines, exception.impact_skus), (0, 3, "?, TAPE")
        )

    def test_unknown_code(self):
        """X1, W2, M8: where the shipment is known its order is at risk; what to do is said."""
        self._put(self.tape, 100)
        picking = self._sell((self.tape, 4), (self.glove, 2))
        line = {"sku": "TAPE", "quantity": "4", "unit": "??"}
        exception = self.exception_of(*self._ship(picking, line), 202)
        self.assertEqual(
            (exception.impact_orders, exception.impact_lines, exception.impact_skus), (1, 1, "TAPE")
        )
        self.assertEqual(exception.impact_warehouses, "Northside")
        self.assertGreater(exception.impact_value, 0)
        self.assertIn("Fix mapping", exception.suggestion)

    def test_receipt_that_does_not_fit(self):
        """X1, W4: of a receipt that does not fit its schema counts what can be read."""
        body = {"confirmation": "N-2", "receipt": ["x"], "lines": [{"sku": "TAPE", "quantity": "all"}, None]}
        exception = self.exception_of(*self._post(RECEIVE, body), 422)
        self.assertEqual((exception.impact_lines, exception.impact_skus), (1, "TAPE"))

    def test_unreadable(self):
        """X1, M4: what nobody can read is recorded all the same."""
        exception = self.exception_of(*self._post(SHIP, b"{"), 400)
        self.assertEqual((exception.impact_orders, exception.impact_lines), (0, 0))
