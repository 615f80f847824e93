from odoo.tests import tagged

from .common import CommerceCase


@tagged("post_install", "-at_install")
class TestOrderCustomer(CommerceCase):
    def test_unknown_customer(self):
        """C3: an order of a customer nobody knows is refused."""
        _problem, errors = self.submit_refused(self.order(customer={"external_id": "NOBODY"}))
        self.assertEqual(errors, {"unknown_customer": "/customer/external_id"})

    def test_new_customer_needs_leave(self):
        """C3: a channel that wants known customers makes none, however much the order says."""
        customer = {"external_id": "NEW-1", "name": "New Farm", "email": "new@example.com"}
        self.submit_refused(self.order(customer=customer))
        self.assertFalse(self.env["res.partner"].search([("name", "=", "New Farm")]))

    def test_new_customer(self):
        """C1, C3: where the channel allows it an order brings its customer."""
        self.channel.customer_policy = "create"
        customer = {
            "external_id": "NEW-1",
            "name": "New Farm",
            "email": "new@example.com",
            "address": {"street": "1 Lane", "city": "Bend", "country": "US"},
        }
        _answer, order = self.submit_ok(self.order(customer=customer))
        self.assertEqual(order.partner_id.name, "New Farm")
        self.assertEqual(order.partner_id.country_id.code, "US")
        _answer, second = self.submit_ok(self.order(customer=customer))
        self.assertEqual(second.partner_id, order.partner_id)

    def test_delivery_address_is_not_the_main_one(self):
        """C1, C3: where an order ships to is not where its customer, known or new, has its own address."""
        self.channel.customer_policy = "create"
        self.bind(self.env["res.partner"].create({"name": "No Address", "is_company": True}), "C-2")
        address = {"street": "7 Dock", "city": "Bend", "country": "US"}
        for customer in ({"external_id": "C-2"}, {"external_id": "NEW-3", "name": "New Farm"}):
            _answer, order = self.submit_ok(self.order(customer=customer, delivery_address=address))
            self.assertEqual(order.partner_shipping_id.street, "7 Dock")
            self.assertEqual(order.partner_shipping_id.parent_id, order.partner_id)
            partner = order.partner_id
            self.assertFalse(partner.street or partner.city or partner.country_id)

    def test_order_does_not_change_a_known_customer(self):
        """C3: an order is no change of master data."""
        self.channel.customer_policy = "create"
        _answer, order = self.submit_ok(self.order(customer={"external_id": "C-1", "name": "Renamed"}))
        self.assertEqual(order.partner_id.name, "Meadow Farms")

    def test_ambiguous_new_customer(self):
        """C1, C3: a new customer that could be one of several is not guessed; the order waits."""
        self.channel.customer_policy = "create"
        twin = {"name": "Twin Farm", "email": "twin@example.com"}
        self.env["res.partner"].create([dict(twin), dict(twin)])
        response = self.submit(self.order(customer={"external_id": "NEW-2", **twin}))
        self.assertEqual(response.status_code, 202, response.text)
        self.assertEqual(response.json_body["status"], "held")
        self.assertEqual(response.json_body["reasons"][0]["code"], "ambiguous_customer")

    def test_blocked_customer_holds(self):
        """C3: the order of a blocked customer waits for a person, who is told why."""
        self.customer.write({"dist_blocked": True, "dist_block_reason": "Unpaid since March"})
        answer, order = self.submit_ok(self.order())
        self.assertEqual(answer["status"], "held")
        self.assertEqual(order.state, "draft")
        self.assertEqual(order.dist_hold_reason, "Unpaid since March")
        self.assertEqual(answer["reasons"][0]["code"], "customer_blocked")
        self.assertEqual(answer["reasons"][0]["effect"], "hold")

    def test_blocked_customer_refused(self):
        """C3: by policy of the channel the order of a blocked customer is refused."""
        self.channel.blocked_policy = "refuse"
        self.customer.dist_blocked = True
        _problem, errors = self.submit_refused(self.order())
        self.assertEqual(errors, {"customer_blocked": "/customer"})

    def test_blocked_company_of_a_contact(self):
        """C3: a contact of a blocked company is blocked."""
        contact = self.env["res.partner"].create({"name": "Buyer", "parent_id": self.customer.id})
        self.bind(contact, "C-2")
        self.customer.dist_blocked = True
        answer, _order = self.submit_ok(self.order(customer={"external_id": "C-2"}))
        self.assertEqual(answer["status"], "held")

    def test_archived_customer(self):
        """C3: an archived customer counts as blocked."""
        self.customer.active = False
        answer, _order = self.submit_ok(self.order())
        self.assertEqual(self.codes(answer), ["customer_blocked"])

    def test_delivery_address_by_id(self):
        """C1, C3: an address of the customer is named by its id."""
        barn = self.env["res.partner"].create(
            {"name": "Barn", "type": "delivery", "parent_id": self.customer.id, "street": "2 Hill"}
        )
        self.bind(barn, "C-1/BARN")
        _answer, order = self.submit_ok(self.order(delivery_address={"external_id": "BARN"}))
        self.assertEqual(order.partner_shipping_id, barn)
        self.assertEqual(order.picking_ids.partner_id, barn)

    def test_unknown_address(self):
        """C3: an address that the customer does not have is refused, also when another customer has it."""
        other = self.env["res.partner"].create({"name": "Other"})
        barn = self.env["res.partner"].create({"name": "Barn", "type": "delivery", "parent_id": other.id})
        self.bind(barn, "C-9/BARN")
        _problem, errors = self.submit_refused(self.order(delivery_address={"external_id": "BARN"}))
        self.assertEqual(errors, {"unknown_address": "/delivery_address/external_id"})

    def test_delivery_address_in_words(self):
        """C1, C3: an address in words becomes a contact once, and is found the next time."""
        address = {
            "name": "Field Office",
            "street": "3 Ridge",
            "city": "Salem",
            "zip": "97301",
            "country": "US",
        }
        _answer, first = self.submit_ok(self.order(delivery_address=address))
        self.assertEqual(first.partner_shipping_id.street, "3 Ridge")
        self.assertEqual(first.partner_shipping_id.parent_id, self.customer)
        self.assertEqual(first.partner_invoice_id, self.customer)
        _answer, second = self.submit_ok(self.order(delivery_address=address))
        self.assertEqual(second.partner_shipping_id, first.partner_shipping_id)

    def test_unknown_country(self):
        """C3: a country that does not exist is refused in the caller's words."""
        address = {"street": "3 Ridge", "city": "Salem", "country": "XX"}
        problem, errors = self.submit_refused(self.order(delivery_address=address))
        self.assertEqual(errors, {"unknown_country": "/delivery_address/country"})
        self.assertIn("XX", problem["detail"])
