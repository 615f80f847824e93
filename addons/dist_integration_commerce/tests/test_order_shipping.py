from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .common import CommerceCase


@tagged("post_install", "-at_install")
class TestOrderShipping(CommerceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        fee = cls.env["product.product"].create({"name": "Delivery", "type": "service"})
        carrier = {"delivery_type": "fixed", "product_id": fee.id}
        cls.standard, cls.express = cls.env["delivery.carrier"].create(
            [{"name": "Standard", **carrier}, {"name": "Express", **carrier}]
        )
        cls.map_code("carrier", "STD", cls.standard)
        cls.map_code("carrier", "EXP", cls.express)

    def test_shipping_method(self):
        """C3: the shipping method of the message is that of the order and its delivery."""
        _answer, order = self.submit_ok(self.order(shipping_method="STD"))
        self.assertEqual(order.carrier_id, self.standard)
        self.assertEqual(order.picking_ids.carrier_id, self.standard)

    def test_default_method(self):
        """C3: an order that names none gets the channel's."""
        self.channel.carrier_id = self.express
        _answer, order = self.submit_ok(self.order())
        self.assertEqual(order.carrier_id, self.express)

    def test_unknown_method_waits(self):
        """C3, M8: an unknown shipping method is a missing mapping."""
        response = self.submit(self.order(shipping_method="PIGEON"))
        self.assertEqual(response.status_code, 202)
        exception = self.env["dist.exception"].search([("external_code", "=", "PIGEON")])
        self.assertEqual(exception.mapping_domain, "carrier")

    def test_method_not_allowed(self):
        """C3: a shipping method that the channel does not offer is refused."""
        self.channel.carrier_ids = self.standard
        _problem, errors = self.submit_refused(self.order(shipping_method="EXP"))
        self.assertEqual(errors, {"shipping_method_not_allowed": "/shipping_method"})
        self.submit_ok(self.order(shipping_method="STD"))

    def test_method_does_not_reach_the_address(self):
        """C3: a shipping method that does not deliver there is refused."""
        self.express.country_ids = self.env.ref("base.be")
        self.customer.country_id = self.env.ref("base.us")
        _problem, errors = self.submit_refused(self.order(shipping_method="EXP"))
        self.assertEqual(errors, {"shipping_method_not_here": "/shipping_method"})
        address = {"street": "1 Rue", "city": "Namur", "country": "BE"}
        self.submit_ok(self.order(shipping_method="EXP", delivery_address=address))

    def test_default_method_is_allowed(self):
        """C3: a channel cannot default to a method it does not allow."""
        with self.assertRaises(ValidationError):
            self.channel.write({"carrier_ids": [(6, 0, self.standard.ids)], "carrier_id": self.express.id})

    def test_requested_date(self):
        """C3: the wish for a day reaches the order and its delivery."""
        day = fields.Date.add(fields.Date.today(), years=9)
        _answer, order = self.submit_ok(self.order(requested_date=str(day)))
        self.assertEqual(order.commitment_date, fields.Datetime.to_datetime(day))
        self.assertEqual(order.picking_ids.date_deadline, order.commitment_date)

    def test_requested_date_has_passed(self):
        """C3: a day that has passed is said, and the order ships as soon as possible."""
        answer, order = self.submit_ok(self.order(requested_date="2020-01-01"))
        self.assertEqual(answer["status"], "accepted")
        self.assertEqual(self.codes(answer), ["requested_date_past"])
        self.assertFalse(order.commitment_date)

    def test_requested_date_that_nobody_means(self):
        """C3: a year that cannot be meant is refused, in an order and in its change."""
        _answer, order = self.submit_ok(self.order())
        for day in ("0001-01-01", "1970-01-01", "9999-12-31"):
            with self.subTest(day=day):
                _problem, errors = self.submit_refused(self.order(requested_date=day))
                self.assertEqual(errors, {"requested_date_far_off": "/requested_date"})
                change = {"reference": order.dist_external_ref, "requested_date": day}
                response = self.call("POST", "/orders/changes", change)
                self.assertEqual(response.status_code, 409, response.text)
                self.assertEqual(response.json_body["errors"][0]["code"], "requested_date_far_off")
        self.assertFalse(order.commitment_date)

    def test_note_and_payment(self):
        """C3: note and payment reference are on the order."""
        _answer, order = self.submit_ok(self.order(note="Ring twice", payment_reference="PAY-1"))
        self.assertEqual(order.dist_note, "Ring twice")
        self.assertEqual(order.reference, "PAY-1")
