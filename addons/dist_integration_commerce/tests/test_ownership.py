from odoo.tests import tagged

from .common import CommerceCase

ADDRESS = {"name": "Dock", "street": "1 Quay", "city": "Salem", "country": "US"}


@tagged("post_install", "-at_install")
class TestOwnership(CommerceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.crm = cls.env["dist.system"].create({"name": "CRM", "code": "crm", "state": "active"})
        cls.term = cls.env["account.payment.term"].create({"name": "60 days"})
        cls.map_code("payment_term", "N60", cls.term)

    def own(self, group, **values):
        row = self.env["dist.ownership"].search(
            [("group_id.full_code", "=", group), ("company_id", "=", self.company.id)]
        )
        row.write({"owner": "system", "system_id": self.crm.id, **values})
        return row

    def put(self, **values):
        return self.call("PUT", "/customers/C-1", {"name": "Meadow Farms", **values})

    def test_flagged_field_group(self):
        """G1, C1: the payment terms stay, the phone number is taken over; the answer fits its schema."""
        self.own("customer.terms", conflict_policy="flag")
        response = self.put(payment_term="N60", phone="+1 555 0100")
        self.assertEqual(response.status_code, 200, response.text)
        self.assertEqual(response.json_body["status"], "updated")
        self.assertEqual(response.json_body["not_applied"][0]["pointers"], ["/payment_term"])
        self.assertEqual(self.customer.phone, "+1 555 0100")
        self.assertFalse(self.customer.property_payment_term_id)
        version = self.env["dist.message.type"]._get_by_code("customer.upsert").version_ids
        schema = version._get_answer_schema()
        self.assertIn("not_applied", schema["properties"])
        exception = self.messages_of(self.customer).exception_id
        self.assertIn("60 days", exception.detail)

    def test_refused_field_group(self):
        """G1, C1: the problem points at each value; nothing is applied."""
        self.own("customer.addresses", conflict_policy="refuse")
        response = self.put(phone="+1 555 0100", address={"street": "1 New", "city": "Salem"})
        self.assertEqual(response.status_code, 409, response.text)
        self.assertEqual(
            [error["pointer"] for error in response.json_body["errors"]],
            ["/address/street"],
            "the city is the same",
        )
        self.assertFalse(self.customer.phone)
        self.assertEqual(self.put(phone="+1 555 0100", address={"city": "Salem"}).status_code, 200)

    def test_customer_address(self):
        """G1, C1: an address of a customer goes by the addresses, its name as well."""
        address = {"external_id": "D1", "type": "delivery", **ADDRESS}
        self.assertEqual(self.put(addresses=[address]).status_code, 200)
        self.own("customer.addresses", conflict_policy="refuse")
        response = self.put(addresses=[{**address, "name": "Gate"}])
        self.assertEqual(response.json_body["code"], "owned_elsewhere")
        self.assertEqual(response.json_body["errors"][0]["pointer"], "/addresses/0")
        self.assertEqual(self.put(addresses=[address]).json_body["status"], "unchanged")

    def test_address_of_an_order(self):
        """G1, C3: an order brings a new address, unless only the owner makes addresses."""
        _answer, order = self.submit_ok(self.order(delivery_address=ADDRESS))
        self.assertEqual(order.partner_shipping_id.street, "1 Quay")
        self.own("customer.addresses", conflict_policy="refuse", new_record_policy="owner")
        _answer, order = self.submit_ok(self.order(delivery_address=ADDRESS))
        self.assertEqual(order.partner_shipping_id.street, "1 Quay", "the address is known already")
        body = self.order(delivery_address={**ADDRESS, "street": "2 Quay"})
        problem, _codes = self.submit_refused(body, status=409)
        self.assertEqual(problem["errors"][0]["pointer"], "/delivery_address")

    def test_customer_of_an_order(self):
        """G1, C3: a customer that an order brings along is a new record too."""
        self.channel.customer_policy = "create"
        self.own("customer.identity", conflict_policy="refuse", new_record_policy="owner")
        body = self.order(customer={"external_id": "C-9", "name": "New Farm"})
        problem, _codes = self.submit_refused(body, status=409)
        self.assertIn("CRM", problem["detail"])
        self.assertFalse(self.env["res.partner"].search([("name", "=", "New Farm")]))
