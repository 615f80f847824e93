from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import CommerceCase


@tagged("post_install", "-at_install")
class TestCustomerMatching(CommerceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.belgium = cls.env.ref("base.be")
        cls.farm = cls.env["res.partner"].create(
            {
                "name": "Polder Farm",
                "is_company": True,
                "email": "Info@Polder.example",
                "vat": "BE0477472701",
                "country_id": cls.belgium.id,
            }
        )

    def put(self, body, external_id="M-1"):
        return self.call("PUT", f"/customers/{external_id}", body)

    def matched(self, body, external_id="M-1"):
        """:return: partner the message was applied to"""
        response = self.put(body, external_id)
        self.assertEqual(response.status_code, 200, response.text)
        return self.env["dist.binding"]._find(self.system, "res.partner", external_id)

    def ambiguous(self, body, *candidates, external_id="M-1"):
        before = self.env["res.partner"].search_count([])
        response = self.put(body, external_id)
        self.assertEqual(response.status_code, 202, response.text)
        reason = response.json_body["reasons"][0]
        self.assertEqual(reason["code"], "ambiguous_customer")
        for candidate in candidates:
            self.assertIn(candidate.name, reason["detail"])
            self.assertIn(str(candidate.id), reason["detail"])
        self.assertEqual(self.env["res.partner"].search_count([]), before, "nothing is guessed")
        exception = self.env["dist.exception"].search([("code", "=", "ambiguous_customer")], limit=1)
        self.assertEqual(exception.category, "identity")
        return exception

    def test_by_vat(self):
        """C1: the tax ID finds the customer, however it is written."""
        for number, vat in enumerate(("BE0477472701", "be 0477.472.701", "BE-0477-472-701")):
            with self.subTest(vat=vat):
                self.env["dist.binding"].search([("res_id", "=", self.farm.id)]).unlink()
                found = self.matched({"name": "Polder Farm NV", "vat": vat}, external_id=f"M-{number}")
                self.assertEqual(found, self.farm)

    def test_by_bare_vat_and_country(self):
        """C1: a bare number is compared with the country of the address in front."""
        body = {"name": "Polder Farm", "vat": "0477472701", "address": {"country": "BE"}}
        self.assertEqual(self.matched(body), self.farm)
        body = {"name": "Ferme", "vat": "0477472701", "address": {"country": "FR"}}
        self.assertNotEqual(self.matched(body, "M-2"), self.farm)

    def test_by_vat_where_one_side_names_no_country(self):
        """C1: a number is recognised with and without its country; one that fits in two of them is not guessed."""
        # what Odoo takes for a tax ID is not the subject
        partners = self.env["res.partner"].with_context(no_vat_validation=True)
        for number, (kept, country, sent) in enumerate(
            (
                ("BE0428759497", "BE", "0428 759 497"),
                ("0428.759.497", None, "be0428759497"),
                ("B-12345674", "ES", "es b12345674"),
                ("ESB12345674", None, "B12345674"),
                ("GR 123456783", None, "EL123456783"),
            )
        ):
            with self.subTest(kept=kept, sent=sent):
                country = country and self.env.ref(f"base.{country.lower()}").id
                known = partners.create({"name": "Dune Farm", "vat": kept, "country_id": country})
                found = self.matched({"name": "Dune Farm NV", "vat": sent}, f"V-{number}")
                self.assertEqual(found, known)
                left = self.exceptions_of(known)
                self.assertEqual(left.code, "customer_unconfirmed")
                self.assertNotIn("Tax ID", left.detail, "the same, written otherwise")
                known.unlink()
        usa = self.env.ref("base.us").id
        other = partners.create({"name": "Other Farm", "country_id": usa, "vat": "US0477472701"})
        self.ambiguous({"name": "Farm", "vat": "0477472701"}, self.farm, other)

    def test_by_vat_of_a_contact(self):
        """C1: contacts that carry their company's tax ID do not make it ambiguous."""
        self.env["res.partner"].create({"name": "Buyer", "parent_id": self.farm.id, "vat": self.farm.vat})
        self.assertEqual(self.matched({"name": "Polder", "vat": "BE0477472701"}), self.farm)

    def test_by_email_and_name(self):
        """C1: without a tax ID the e-mail finds the customer when the name agrees."""
        body = {"name": " polder  FARM", "email": "info@polder.EXAMPLE"}
        self.assertEqual(self.matched(body), self.farm)

    def test_email_alone_is_not_enough(self):
        """C1: the same e-mail under another name is another customer."""
        found = self.matched({"name": "Polder Shop", "email": "info@polder.example"})
        self.assertNotEqual(found, self.farm)
        self.assertEqual(found.name, "Polder Shop")

    def test_two_with_the_same_email_and_name(self):
        """C1: two customers with the same e-mail and name: a person chooses."""
        twin = self.farm.copy({"name": "Polder Farm", "vat": False, "email": "info@polder.example"})
        exception = self.ambiguous({"name": "Polder Farm", "email": "info@polder.example"}, self.farm, twin)
        self.bind(twin, "M-1")
        exception.dist_message_ids.action_retry()
        self.env.invalidate_all()
        self.assertEqual(exception.state, "resolved")
        self.assertEqual(self.env["dist.binding"]._find(self.system, "res.partner", "M-1"), twin)

    def test_two_with_the_same_vat(self):
        """C1: two customers with the same tax ID: a person chooses."""
        twin = self.env["res.partner"].create(
            {"name": "Polder Branch", "is_company": True, "vat": "BE0477472701"}
        )
        self.ambiguous({"name": "Polder Farm", "vat": "BE0477472701"}, self.farm, twin)

    def test_vat_and_email_disagree(self):
        """C1: tax ID of one, e-mail of another: a person chooses."""
        other = self.env["res.partner"].create({"name": "Dike Farm", "email": "dike@example.com"})
        body = {"name": "Polder Farm", "vat": "BE0477472701", "email": "dike@example.com"}
        self.ambiguous(body, self.farm, other)

    def test_email_of_a_customer_with_another_vat(self):
        """C1: the same name and e-mail under another tax ID: a person chooses."""
        body = {"name": "Polder Farm", "email": "info@polder.example", "vat": "BE0999999922"}
        self.ambiguous(body, self.farm)

    def test_customer_known_under_another_id(self):
        """C1: a customer the system already calls otherwise is not given a second id."""
        self.bind(self.farm, "M-0")
        exception = self.ambiguous({"name": "Polder Farm", "vat": "BE0477472701"}, self.farm)
        self.assertIn("M-0", exception.detail)

    def test_another_system_finds_the_same_customer(self):
        """C1: each system has its own id of the one customer."""
        other_system, _client, other_key = self.make_shop("OTHER")
        self.matched({"name": "Polder Farm", "vat": "BE0477472701"})
        response = self.call(
            "PUT", "/customers/X-1", {"name": "Polder Farm", "vat": "BE0477472701"}, key=other_key
        )
        self.assertEqual(response.status_code, 200, response.text)
        self.assertEqual(self.env["dist.binding"]._find(other_system, "res.partner", "X-1"), self.farm)

    def test_customer_of_another_company(self):
        """C1: a customer that belongs to another company is not found."""
        self.farm.company_id = self.env["res.company"].create({"name": "Elsewhere"})
        self.assertNotEqual(self.matched({"name": "Polder Farm", "vat": "BE0477472701"}), self.farm)

    def test_bound_customer_deleted(self):
        """C1: an id whose customer was deleted starts anew."""
        gone = self.matched({"name": "Gone Farm"})
        gone.unlink()
        self.assertEqual(self.matched({"name": "New Farm"}).name, "New Farm")

    def test_normalise_vat(self):
        """C1: what makes two tax IDs the same."""
        normalise = self.env["res.partner"]._dist_normalise_vat
        self.assertEqual(normalise("be 0477.472.701"), "BE0477472701")
        self.assertEqual(normalise("123 456", "GR"), "EL123456")
        self.assertEqual(normalise("GB123", "US"), "GB123")
        self.assertEqual(normalise("B-12345674", "es"), normalise("es b12345674"))
        self.assertFalse(normalise(" - "))
        self.assertFalse(normalise(None, "US"))

    def test_merged(self):
        """C1, M5: a customer that was merged into another is found by its id; a system never loses one of two ids."""
        merge = self.env["base.partner.merge.automatic.wizard"]
        twin = self.matched({"name": "Polder Farm Twin"}, "TWIN")
        merge._merge([self.farm.id, twin.id], self.farm)
        self.assertFalse(twin.exists())
        self.assertEqual(self.matched({"name": "Polder Farm Twin"}, "TWIN"), self.farm)
        other = self.matched({"name": "Polder Farm Branch"}, "BRANCH")
        with self.assertRaisesRegex(UserError, "knows several of these contacts: BRANCH, TWIN"):
            merge._merge([self.farm.id, other.id], self.farm)
        self.assertTrue(other.exists())
