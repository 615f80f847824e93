from odoo.exceptions import AccessError
from odoo.tests import Form, new_test_user, tagged

from .common import CommerceCase


@tagged("post_install", "-at_install")
class TestCustomerProtection(CommerceCase):
    """What a shop may not reach through the customers it sends."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = cls.env["res.users"].create(
            {"name": "Ann Admin", "login": "ann", "email": "ann@own.example"}
        )
        cls.farm = cls.env["res.partner"].create(
            {
                "name": "Valley Farm",
                "is_company": True,
                "email": "valley@example.com",
                "phone": "+1 555 0111",
                "street": "7 Valley",
                "vat": "BE0477472701",
            }
        )

    def put(self, body, external_id="EVIL-1", status=200):
        response = self.call("PUT", f"/customers/{external_id}", body)
        self.assertEqual(response.status_code, status, response.text)
        return response.json_body

    def bound(self, external_id="EVIL-1"):
        return self.env["dist.binding"]._find(self.system, "res.partner", external_id)

    def facts(self, partner):
        return partner.read(["name", "email", "phone", "street", "vat", "child_ids"])

    def assert_protected(self, partner, body, external_id):
        before = self.facts(partner)
        problem = self.put(body, external_id, status=409)
        self.assertEqual(problem["code"], "protected_contact")
        self.assertNotIn(partner.name, problem["detail"])
        self.assertEqual(self.facts(partner), before)
        exception = self.env["dist.exception"].search(
            [("code", "=", "protected_contact"), ("res_id", "=", partner.id), ("state", "=", "open")]
        )
        self.assertEqual(len(exception), 1)
        self.assertTrue(exception.can_retry and exception.suggestion)
        return exception

    def test_user_is_not_found(self):
        """C1: who can log in is not found by name and e-mail; the shop gets a customer of its own."""
        self.user.partner_id.write({"phone": "+1 555 0100", "vat": "BE0999999922"})
        before = self.facts(self.user.partner_id)
        for number, body in enumerate(
            (
                {"name": "Ann Admin", "email": "ann@own.example"},
                {"name": "Ann Admin", "vat": "BE0999999922"},
            )
        ):
            answer = self.put(body, f"EVIL-{number}")
            self.assertEqual(answer["status"], "created")
            self.assertIsNone(answer["customer"]["phone"])
            self.put({**body, "email": "attacker@evil.example"}, f"EVIL-{number}")
            self.assertNotEqual(self.bound(f"EVIL-{number}"), self.user.partner_id)
            self.bound(f"EVIL-{number}").unlink()
        self.assertEqual(self.facts(self.user.partner_id), before)

    def test_archived_user_is_not_found(self):
        """C1: a login that is only switched off protects as well."""
        self.user.active = False
        self.put({"name": "Ann Admin", "email": "ann@own.example"})
        self.assertNotEqual(self.bound(), self.user.partner_id)

    def test_own_company_is_not_found(self):
        """C1: the contacts of the company itself are not found, however they are described."""
        own = self.company.partner_id
        own.write({"email": "own@own.example", "vat": "BE0999999922"})
        before = self.facts(own)
        self.put({"name": own.name, "email": "own@own.example", "vat": "BE0999999922"})
        self.put({"name": "Renamed"})
        self.assertNotEqual(self.bound(), own)
        self.assertEqual(self.facts(own), before)

    def test_bound_by_hand(self):
        """C1: a binding made by hand changes nothing of a user, the company or its contacts; a person hears of it."""
        contact = self.env["res.partner"].create({"name": "Desk", "parent_id": self.company.partner_id.id})
        for number, partner in enumerate((self.user.partner_id, self.company.partner_id, contact)):
            with self.subTest(partner=partner.name):
                self.bind(partner, f"H-{number}")
                self.assert_protected(partner, {"name": "Taken", "email": "a@evil.example"}, f"H-{number}")

    def test_repeated_attempts_are_one_exception(self):
        """C1, X1: sent again and again, it is one exception, which a person settles by binding another contact."""
        self.bind(self.user.partner_id, "H-1")
        for _time in range(2):
            exception = self.assert_protected(self.user.partner_id, {"name": f"Taken {_time}"}, "H-1")
        self.env["dist.binding"].search([("external_id", "=", "H-1")]).res_id = self.farm.id
        self.env.flush_all()
        exception.dist_message_ids.action_retry()
        self.env.invalidate_all()
        self.assertEqual(exception.state, "resolved")
        self.assertEqual(self.farm.name, "Taken 1")

    def test_login_given_later(self):
        """C1: a customer of the shop that was given a login is changed by persons from then on."""
        self.put({"name": "Portal Farm", "email": "portal@example.com"}, "P-1")
        partner = self.bound("P-1")
        self.env["res.users"].create({"name": "Portal Farm", "login": "portal", "partner_id": partner.id})
        self.assert_protected(partner, {"name": "Portal Farm", "email": "a@evil.example"}, "P-1")

    def test_address_with_a_login(self):
        """C1: an address bound by hand to a contact with a login is not changed either."""
        self.user.partner_id.parent_id = self.customer
        self.bind(self.user.partner_id, "C-1/ANN")
        address = {"external_id": "ANN", "type": "delivery", "email": "a@evil.example"}
        problem = self.put({"name": "Meadow Farms", "addresses": [address]}, "C-1", status=409)
        self.assertEqual(problem["code"], "protected_contact")
        self.assertEqual(problem["errors"][0]["pointer"], "/addresses/0/external_id")
        self.assertEqual(self.user.partner_id.email, "ann@own.example")

    def test_order_with_a_new_customer(self):
        """C1, C3: nor does an order reach a user by the customer it brings along."""
        self.channel.customer_policy = "create"
        customer = {
            "external_id": "N-1",
            "name": "Ann Admin",
            "email": "ann@own.example",
            "phone": "+1 555 0666",
        }
        _answer, order = self.submit_ok(self.order(customer=customer))
        self.assertNotEqual(order.partner_id, self.user.partner_id)
        self.assertFalse(self.user.partner_id.phone)

    def test_order_adds_no_address_to_a_user(self):
        """C1, C3: an order of a customer with a login is taken, but makes no address for it."""
        self.bind(self.user.partner_id, "H-1")
        body = self.order(customer={"external_id": "H-1"})
        _answer, order = self.submit_ok(body)
        self.assertEqual(order.partner_id, self.user.partner_id)
        address = {"street": "9 Trap", "city": "Salem", "country": "US"}
        _problem, errors = self.submit_refused(
            self.order(customer={"external_id": "H-1"}, delivery_address=address)
        )
        self.assertEqual(errors, {"protected_contact": "/delivery_address"})
        self.assertFalse(self.user.partner_id.child_ids)

    # customers that were here before

    def test_found_customer_is_not_read(self):
        """C1: who is found by e-mail and name is not told to the caller, neither now nor later."""
        answer = self.put({"name": "Valley Farm", "email": "valley@example.com"})
        self.assertEqual(self.bound(), self.farm)
        self.assertEqual(
            answer["customer"],
            {
                "external_id": "EVIL-1",
                "status": "active",
                "name": "Valley Farm",
                "email": "valley@example.com",
                "address": {},
                "addresses": [],
            },
        )
        again = self.put({"name": "Valley Farm", "phone": "+1 555 0999"})
        for view in (again["customer"], self.call("GET", "/customers/EVIL-1").json_body):
            text = str(view)
            for secret in ("0111", "7 Valley", "BE04"):
                self.assertNotIn(secret, text)

    def test_found_customer_is_only_completed(self):
        """C1: of who was here before only what is empty is filled in, until a person confirms."""
        self.put({"name": "Valley Farm", "vat": "BE0477472701"})
        body = {
            "name": "Evil Farm",
            "email": "attacker@evil.example",
            "phone": None,
            "language": "en",
            "address": {"city": "Nowhere"},
            "status": "blocked",
            "block_reason": "Nonsense",
        }
        before = self.facts(self.farm)
        answer = self.put(body)
        self.assertEqual(answer["status"], "unchanged")
        self.assertEqual(self.facts(self.farm), before)
        self.assertFalse(self.farm.city or self.farm.dist_blocked or self.farm.dist_block_reason)
        self.assertEqual(
            answer["not_applied"][0]["pointers"],
            ["/address/city", "/block_reason", "/email", "/name", "/phone", "/status"],
        )
        exception = self.exceptions_of(self.farm)
        self.assertEqual((exception.code, exception.state), ("customer_unconfirmed", "open"))
        self.assertIn(
            "Email: here valley@example.com, sent ***", exception.detail, "G6: what was sent is masked"
        )
        self.assertIn("attacker@evil.example", exception.dist_message_ids.sudo()._get_body_text())
        self.put({**body, "email": "again@evil.example"})
        self.assertNotIn("evil.example", exception.detail, "G6: nor is what was sent later")
        self.env["dist.binding"].search([("external_id", "=", "EVIL-1")]).action_confirm()
        self.assertEqual(exception.state, "resolved")
        answer = self.put(body)
        self.assertEqual((answer["status"], self.farm.name), ("updated", "Evil Farm"))
        self.assertEqual(answer["customer"]["vat"], "BE0477472701")

    def test_who_confirms(self):
        """C1, G8: operators confirm; who may only look does not."""
        self.put({"name": "Valley Farm", "email": "valley@example.com"})
        binding = self.env["dist.binding"].search([("external_id", "=", "EVIL-1")])
        self.assertTrue(binding.dist_unconfirmed)
        for right in ("user", "auditor"):
            user = new_test_user(self.env, right, groups=f"dist_integration_base.group_dist_{right}")
            with self.assertRaises(AccessError):
                binding.with_user(user).action_confirm()
        user = new_test_user(self.env, "operator", groups="dist_integration_base.group_dist_operator")
        binding.with_user(user).action_confirm()
        self.assertFalse(binding.dist_unconfirmed)

    def test_empty_is_filled_in(self):
        """C1: what a found customer lacks is taken over; the same written otherwise asks nobody."""
        self.farm.write({"phone": False, "street": False})
        answer = self.put(
            {
                "name": " valley  FARM",
                "vat": "be 0477.472.701",
                "email": "Valley@Example.com",
                "phone": "+1 555 0112",
                "address": {"street": "8 Valley", "city": "Bend"},
            }
        )
        self.assertNotIn("not_applied", answer)
        self.assertEqual(
            (self.farm.phone, self.farm.street, self.farm.city), ("+1 555 0112", "8 Valley", "Bend")
        )
        self.assertEqual((self.farm.name, self.farm.email), ("Valley Farm", "valley@example.com"))
        self.assertEqual(answer["customer"]["phone"], "+1 555 0112")
        self.assertFalse(self.exceptions_of(self.farm))

    def test_own_customer_needs_no_confirmation(self):
        """C1: a customer that the shop itself brought is its own."""
        self.put({"name": "Shop Farm", "email": "shop@example.com"}, "S-1")
        self.assertFalse(self.env["dist.binding"].search([("external_id", "=", "S-1")]).dist_unconfirmed)
        self.put({"name": "Shop Farm", "email": "new@example.com"}, "S-1")
        self.assertEqual(self.bound("S-1").email, "new@example.com")

    def test_vat_in_another_notation_is_hidden(self):
        """C1, G6: the tax ID that was sent is not read in the words of the customer that has it either."""
        self.farm.with_context(no_vat_validation=True).vat = "BE 0477.472.701"
        self.farm.copy({"name": "Valley Twin"})
        self.put({"name": "Valley Farm", "vat": "0477472701"}, status=202)
        exception = self.env["dist.exception"].search([("code", "=", "ambiguous_customer")], limit=1)
        message = exception.dist_message_ids
        for text in (exception.name, exception.detail, message.error, message.attempt_ids.detail):
            self.assertNotRegex(text, r"0477.?472.?701")

    def test_candidates_are_not_told(self):
        """C1, G6: where several fit, the person sees who they are, as far as it may; the caller sees names."""
        twin = self.farm.copy({"name": "Valley Twin", "city": "Secretville"})
        answer = self.put({"name": "Valley Farm", "vat": "BE0477472701"}, status=202)
        self.assertIn(twin.name, answer["reasons"][0]["detail"])
        self.assertNotIn("valley@example.com", str(answer))
        self.assertNotIn("Secretville", str(answer))
        exception = self.env["dist.exception"].search([("code", "=", "ambiguous_customer")], limit=1)
        user = new_test_user(self.env, "operator", groups="dist_integration_base.group_dist_operator")
        shown = Form(exception.with_user(user)).candidate_ids[:]
        names = {(partner.name, partner.city) for partner in shown.with_user(user)}
        self.assertEqual(names, {(partner.name, partner.city) for partner in self.farm | twin})
        for text in (exception.name, exception.detail, exception.dist_message_ids.error):
            self.assertNotIn("Secretville", text)
            self.assertNotIn("BE0477472701", text)
            self.assertIn(f"number {self.farm.id}, {twin.id}", text)
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        twin.company_id = elsewhere
        self.env.invalidate_all()
        self.assertEqual(
            exception.with_user(user).candidate_ids, self.farm, "who may not read one does not see it"
        )
