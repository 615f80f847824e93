from odoo.tests import tagged

from .common import CommerceCase

FARM = {
    "name": "Hill Farm",
    "email": "hill@example.com",
    "phone": "+1 555 0199",
    "vat": "US 98-7654321",
    "language": "en",
    "address": {"street": "9 Hill", "zip": "97301", "city": "Salem", "state": "OR", "country": "US"},
}


@tagged("post_install", "-at_install")
class TestCustomerUpsert(CommerceCase):
    def put(self, external_id, body, status=200, **options):
        response = self.call("PUT", f"/customers/{external_id}", body, **options)
        self.assertEqual(response.status_code, status, response.text)
        return response.json_body

    def put_ok(self, external_id, body, **options):
        """:return: (answer, res.partner)"""
        answer = self.put(external_id, body, **options)
        return answer, self.env["dist.binding"]._find(self.system, "res.partner", external_id)

    def test_create(self):
        """C1: a new customer is created and bound."""
        answer, partner = self.put_ok("F-1", FARM)
        self.assertEqual(answer["status"], "created")
        self.assertEqual(partner.name, "Hill Farm")
        self.assertTrue(partner.is_company)
        self.assertEqual(partner.state_id.code, "OR")
        self.assertEqual(partner.country_id.code, "US")
        self.assertEqual(partner.lang, "en_US")
        self.assertFalse(partner.company_id)
        self.assertEqual(answer["customer"]["external_id"], "F-1")
        self.assertEqual(self.messages_of(partner).state, "done")

    def test_unchanged(self):
        """C1, M5: the same again writes nothing."""
        _answer, partner = self.put_ok("F-1", FARM)
        self.env.cr.execute("UPDATE res_partner SET write_date = '2020-01-01' WHERE id = %s", (partner.id,))
        self.env.invalidate_all()
        answer, same = self.put_ok("F-1", FARM)
        self.assertEqual(answer["status"], "unchanged")
        self.assertEqual(partner, same)
        self.assertEqual(partner.write_date.year, 2020)

    def test_update(self):
        """C1: what is sent changes, what is left out stays, null clears."""
        _answer, partner = self.put_ok("F-1", FARM)
        answer, _partner = self.put_ok("F-1", {"name": "Hill Farm Inc", "phone": None})
        self.assertEqual(answer["status"], "updated")
        self.assertEqual(partner.name, "Hill Farm Inc")
        self.assertFalse(partner.phone)
        self.assertEqual(partner.email, "hill@example.com")
        self.assertEqual(partner.street, "9 Hill")

    def test_back_and_forth(self):
        """M5: A, then B, then A again ends with A."""
        _answer, partner = self.put_ok("F-1", FARM)
        self.put_ok("F-1", {**FARM, "name": "Other"})
        self.put_ok("F-1", FARM)
        self.assertEqual(partner.name, "Hill Farm")

    def test_first_address_is_not_the_main_one(self):
        """C1: an address of a customer without one stays an address; nobody said where the customer itself is."""
        dock = {
            "external_id": "DOCK",
            "type": "delivery",
            "street": "7 Dock",
            "city": "Bend",
            "country": "US",
        }
        answer, partner = self.put_ok("F-1", {"name": "Hill Farm", "addresses": [dock]})
        self.assertEqual(partner.child_ids.street, "7 Dock")
        self.assertFalse(partner.street or partner.city or partner.country_id)
        self.assertFalse(any((answer["customer"]["address"] or {}).values()), answer)
        self.assertEqual(answer["customer"]["addresses"][0]["street"], "7 Dock")
        self.assertEqual(self.put("F-1", {"name": "Hill Farm", "addresses": [dock]})["status"], "unchanged")

    def test_first_address_by_hand(self):
        """C1: what a person enters goes by Odoo's own rule."""
        partner = self.env["res.partner"].create({"name": "By hand"})
        partner.create({"name": "Yard", "parent_id": partner.id, "street": "1 Yard"})
        self.assertEqual(partner.street, "1 Yard")

    def test_repeated_address(self):
        """C1, M4: two addresses under one id are refused, and nothing of the message is kept."""
        dock = {"external_id": "DOCK", "type": "delivery", "street": "7 Dock"}
        gate = {"external_id": "GATE", "type": "delivery", "street": "8 Gate"}
        problem = self.put(
            "F-1", {**FARM, "addresses": [dock, gate, {**dock, "street": "9 Dock"}]}, status=422
        )
        self.assertEqual(problem["code"], "repeated_address")
        self.assertEqual(problem["errors"][0]["pointer"], "/addresses/2/external_id")
        self.assertFalse(self.env["res.partner"].search([("name", "=", FARM["name"])]))
        _answer, partner = self.put_ok("F-1", {**FARM, "addresses": [dock, gate]})
        self.put("F-1", {"name": "Renamed", "addresses": [gate, gate]}, status=422)
        self.assertEqual(partner.name, FARM["name"])

    def test_addresses(self):
        """C1: addresses are contacts, bound by their id within the customer."""
        barn = {
            "external_id": "BARN",
            "type": "delivery",
            "name": "Barn",
            "street": "1 Mill",
            "country": "US",
        }
        office = {"external_id": "OFFICE", "type": "invoice", "email": "bills@example.com"}
        _answer, partner = self.put_ok("F-1", {**FARM, "addresses": [barn, office]})
        self.assertEqual(partner.child_ids.mapped("type"), ["delivery", "invoice"])
        answer, _partner = self.put_ok("F-1", {**FARM, "addresses": [{**barn, "street": "2 Mill"}]})
        self.assertEqual(answer["status"], "updated")
        self.assertEqual(len(partner.child_ids), 2)
        self.assertEqual(partner.child_ids[0].street, "2 Mill")
        answer, _partner = self.put_ok("F-1", {**FARM, "addresses": [{**barn, "street": "2 Mill"}, office]})
        self.assertEqual(answer["status"], "unchanged")
        self.assertEqual(
            [address["external_id"] for address in answer["customer"]["addresses"]], ["BARN", "OFFICE"]
        )

    def test_same_address_id_of_two_customers(self):
        """C1: two customers may each have an address MAIN."""
        main = {"external_id": "MAIN", "type": "delivery", "street": "1 Mill"}
        _answer, first = self.put_ok("F-1", {"name": "One", "addresses": [main]})
        _answer, second = self.put_ok("F-2", {"name": "Two", "addresses": [main]})
        self.assertNotEqual(first.child_ids, second.child_ids)

    def test_codes(self):
        """C1, M8: payment terms, tax rule, price list, salesperson and territory come by code."""
        term = self.env["account.payment.term"].create({"name": "Net 45"})
        position = self.env["account.fiscal.position"].create(
            {"name": "Export", "company_id": self.company.id}
        )
        pricelist = self.env["product.pricelist"].create({"name": "Gold"})
        west, east = self.env["res.partner.category"].create([{"name": "West"}, {"name": "East"}])
        other = self.env["res.partner.category"].create({"name": "Key account"})
        seller = self.env["res.users"].create({"name": "Sue", "login": "sue-sells"})
        for domain, code, record in (
            ("payment_term", "N45", term),
            ("fiscal_position", "EXP", position),
            ("pricelist", "GOLD", pricelist),
            ("salesperson", "SUE", seller),
            ("territory", "W", west),
            ("territory", "E", east),
        ):
            self.map_code(domain, code, record)
        codes = {"payment_term": "N45", "fiscal_position": "EXP", "pricelist": "GOLD", "salesperson": "SUE"}
        answer, partner = self.put_ok("F-1", {"name": "Coded", **codes, "territory": "W"})
        self.assertEqual(partner.property_payment_term_id, term)
        self.assertEqual(partner.property_account_position_id, position)
        self.assertEqual(partner.property_product_pricelist, pricelist)
        self.assertEqual(partner.user_id, seller)
        self.assertEqual({name: answer["customer"][name] for name in codes}, codes)
        self.assertEqual(answer["customer"]["territory"], "W")
        partner.category_id |= other
        answer, _partner = self.put_ok("F-1", {"name": "Coded", **codes, "territory": "W"})
        self.assertEqual(answer["status"], "unchanged")
        self.put_ok("F-1", {"name": "Coded", "territory": "E", "payment_term": None})
        self.assertEqual(partner.category_id, east | other)
        self.assertFalse(partner.property_payment_term_id)

    def test_missing_code_waits(self):
        """C1, M8: an unknown code stops the message; mapped, it is applied."""
        answer = self.put("F-1", {"name": "Coded", "payment_term": "N99"}, status=202)
        self.assertEqual(answer["status"], "held")
        self.assertFalse(self.env["res.partner"].search([("name", "=", "Coded")]))
        exception = self.env["dist.exception"].search([("external_code", "=", "N99")])
        self.assertEqual(exception.mapping_model, "account.payment.term")
        self.map_code("payment_term", "N99", self.env["account.payment.term"].create({"name": "N99"}))
        exception.dist_message_ids.action_retry()
        self.env.invalidate_all()
        self.assertTrue(self.env["res.partner"].search([("name", "=", "Coded")]))
        self.assertEqual(exception.state, "resolved")

    def test_several_missing_codes(self):
        """C1, M8: all unknown codes of a customer are told at once."""
        answer = self.put("F-1", {"name": "Coded", "payment_term": "N98", "pricelist": "P98"}, status=202)
        self.assertEqual([reason["pointer"] for reason in answer["reasons"]], ["/payment_term", "/pricelist"])
        found = self.env["dist.exception"].search([("external_code", "in", ("N98", "P98"))])
        self.assertEqual(len(found), 2)

    def test_blocked(self):
        """C1: a customer is blocked and freed again, with the reason."""
        answer, partner = self.put_ok("F-1", {**FARM, "status": "blocked", "block_reason": "Unpaid"})
        self.assertTrue(partner.dist_blocked)
        self.assertEqual(answer["customer"]["block_reason"], "Unpaid")
        self.put_ok("F-1", {**FARM, "status": "active"})
        self.assertFalse(partner.dist_blocked)
        self.assertFalse(partner.dist_block_reason)

    def test_private_person(self):
        """C1: a person is no company."""
        _answer, partner = self.put_ok("F-1", {"name": "Ann Miller", "is_company": False})
        self.assertFalse(partner.is_company)

    def test_bad_bodies(self):
        """M4: what does not fit is refused with its place."""
        for body, pointer in (
            ({}, "/name"),
            ({"name": " "}, "/name"),
            ({"name": "A", "email": "no-at-sign"}, "/email"),
            ({"name": "A", "address": {"country": "USA"}}, "/address/country"),
            ({"name": "A", "addresses": [{"type": "delivery"}]}, "/addresses/0/external_id"),
            (
                {"name": "A", "addresses": [{"external_id": "a/b", "type": "delivery"}]},
                "/addresses/0/external_id",
            ),
            ({"name": "A", "status": "maybe"}, "/status"),
            ({"name": "A", "external_id": "F-2"}, "/external_id"),
            ({"name": "A", "address": {"country": "XX"}}, "/address/country"),
            ({"name": "A", "address": {"country": "US", "state": "QQ"}}, "/address/state"),
            ({"name": "A", "address": {"state": "OR"}}, "/address/state"),
        ):
            with self.subTest(body=body):
                problem = self.put("F-1", body, status=422)
                pointers = [error["pointer"] for error in problem["errors"]]
                self.assertTrue(any(found.startswith(pointer) for found in pointers), pointers)
        self.assertFalse(self.env["dist.binding"]._find(self.system, "res.partner", "F-1"))

    def test_read(self):
        """C1, M4: what was written is read, with an entity tag."""
        self.put_ok("F-1", FARM)
        response = self.call("GET", "/customers/F-1")
        view = response.json_body
        self.assertEqual(view["name"], "Hill Farm")
        self.assertEqual(view["vat"], FARM["vat"])
        self.assertEqual(view["address"]["state"], "OR")
        self.assertEqual(view["status"], "active")
        etag = response.headers["ETag"]
        again = self.call("GET", "/customers/F-1", headers={"If_None_Match": etag})
        self.assertEqual(again.status_code, 304)

    def test_unknown_and_foreign_look_the_same(self):
        """G8: a customer of another system is as unknown as one that does not exist."""
        _system, _client, other_key = self.make_shop("OTHER")
        self.put_ok("F-1", FARM)
        foreign = self.call("GET", "/customers/F-1", key=other_key)
        missing = self.call("GET", "/customers/F-9", key=other_key)
        self.assertEqual((foreign.status_code, missing.status_code), (404, 404))
        self.assertEqual(foreign.json_body["code"], missing.json_body["code"])

    def test_if_match(self):
        """M4: a change is only made to the version the caller saw."""
        self.put_ok("F-1", FARM)
        etag = self.call("GET", "/customers/F-1").headers["ETag"]
        _answer, partner = self.put_ok("F-1", {**FARM, "name": "Two"}, headers={"If_Match": etag})
        self.assertEqual(partner.name, "Two")
        problem = self.put("F-1", {**FARM, "name": "Three"}, status=412, headers={"If_Match": etag})
        self.assertEqual(problem["code"], "precondition_failed")
        self.assertEqual(partner.name, "Two")
        self.put("F-9", FARM, status=412, headers={"If_Match": "*"})
        self.put("F-1", FARM, status=412, headers={"If_None_Match": "*"})
        self.put("F-1", FARM, headers={"If_Match": "*"})

    def test_version_of_the_answer(self):
        """M4: the answer to a change says which version the next one may ask for."""
        address = {
            "external_id": "BARN",
            "type": "delivery",
            "street": "1 Mill",
            "city": "Salem",
            "country": "US",
        }
        self.env["res.partner"].create(
            {"name": "Old Farm", "email": "old@example.com", "phone": "+1 555 0199"}
        )
        for external_id, body in (
            ("F-1", {**FARM, "addresses": [address]}),
            ("F-2", {"name": "Old Farm", "email": "old@example.com", "phone": "+1 555 0100"}),
        ):
            with self.subTest(external_id=external_id):
                answer = self.put(external_id, body)
                read = self.call("GET", f"/customers/{external_id}")
                self.assertEqual(read.headers["ETag"], f'"{answer["version"]}"')
        version = self.put("F-1", {**FARM, "name": "One"})["version"]
        self.put("F-1", {**FARM, "name": "Two"}, headers={"If_Match": f'"{version}"'})
        self.put("F-1", {**FARM, "name": "Three"}, headers={"If_Match": f'"{version}"'}, status=412)

    def test_same_conditional_change_again(self):
        """M4, M5: the identical request gets the answer of the first, although what it changed is not as it was."""
        for condition in ("If_None_Match", "If_Match"):
            with self.subTest(condition=condition):
                seen = (
                    "*"
                    if condition == "If_None_Match"
                    else self.call("GET", "/customers/F-1").headers["ETag"]
                )
                headers = {condition: seen, "Idempotency_Key": condition}
                body = {**FARM, "name": f"Farm by {condition}"}
                first = self.put("F-1", body, headers=headers)
                again = self.call("PUT", "/customers/F-1", body, headers=headers)
                self.assertEqual((again.status_code, again.json_body), (200, first), again.text)
                self.assertEqual(again.headers["Idempotent-Replayed"], "true")
                problem = self.put("F-1", {**body, "name": "Other"}, headers=headers, status=422)
                self.assertEqual(problem["code"], "idempotency_key_reused")
                headers["Idempotency_Key"] = f"{condition} 2"
                problem = self.put("F-1", body, headers=headers, status=412)
                self.assertEqual(problem["code"], "precondition_failed")
                problem = self.put("F-1", body, headers={condition: seen}, status=412)
                self.assertEqual(problem["code"], "precondition_failed")

    def test_late_before_a_conditional_change(self):
        """C1, M4: what waited for a person is applied although a later change was made to one version only."""
        self.put_ok("F-1", FARM)
        self.put("F-1", {**FARM, "payment_term": "N45", "phone": "+1 555 0100"}, status=202)
        version = self.call("GET", "/customers/F-1").headers["ETag"]
        _answer, partner = self.put_ok("F-1", {"name": "Hill Farms"}, headers={"If-Match": version})
        term = self.env["account.payment.term"].create({"name": "45 days"})
        self.map_code("payment_term", "N45", term)
        waiting = self.env["dist.message"].search([("state", "=", "error")])
        waiting.action_retry()
        self.env.invalidate_all()
        self.assertEqual((waiting.state, partner.name), ("done", "Hill Farms"))
        self.assertEqual((partner.phone, partner.property_payment_term_id), ("+1 555 0100", term))

    def test_version_is_checked_again_under_the_lock(self):
        """M4: a change that came in between the check and the message is not overwritten."""
        self.put_ok("F-1", FARM)
        problem = self.put("F-1", {**FARM, "name": "Late", "expected_version": "0" * 32}, status=412)
        self.assertEqual(problem["code"], "precondition_failed")
