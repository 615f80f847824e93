from odoo.tests import new_test_user, tagged

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

    # orders

    def ordered(self, *lines):
        """:return: (reference, sale.order, references of its lines)"""
        body = self.order(*lines or [self.line(quantity="3")])
        _answer, order = self.submit_ok(body)
        return body["reference"], order, order.order_line.mapped("dist_line_ref")

    def post(self, path, reference, **values):
        response = self.call("POST", f"/orders/{path}", {"reference": reference, **values})
        self.env.invalidate_all()
        return response

    def test_order_change_refused(self):
        """G1, C4: lines and day of an order are another's: each is pointed at, nothing is changed."""
        reference, order, (line,) = self.ordered()
        row = self.own("order.lines", conflict_policy="refuse")
        change = {"requested_date": "2035-01-05", "lines": [{"line": line, "quantity": "9"}]}
        response = self.post("changes", reference, **change)
        self.assertEqual((response.status_code, response.json_body["code"]), (409, "owned_elsewhere"))
        self.assertEqual(response.json_body["errors"][0]["pointer"], "/lines/0/quantity")
        self.assertEqual((order.order_line.product_uom_qty, order.commitment_date), (3, False))
        exception = self.env["dist.exception"].search(
            [("category", "=", "ownership")], order="id desc", limit=1
        )
        self.assertEqual((exception.res_model, exception.res_id), ("sale.order", order.id))
        new = {"line": "n", "item": {"sku": "TEST-CORN"}, "quantity": "1"}
        response = self.post("changes", reference, lines=[new])
        self.assertEqual(
            response.json_body["code"], "owned_elsewhere", "a line that is added changes the order"
        )
        row.write({"owner": False, "system_id": False})
        self.own("order.head", conflict_policy="refuse")
        response = self.post("changes", reference, reason="again", **change)
        self.assertEqual(response.json_body["errors"][0]["pointer"], "/requested_date")
        self.assertEqual(order.order_line.product_uom_qty, 3)

    def test_order_change_left(self):
        """G1, C4: what others own stays and is named in the answer; the rest of the change is applied."""
        self.channel.price_policy = "accept"
        reference, order, (first, second) = self.ordered(
            self.line(quantity="3"), self.line("TEST-GLOVES", "2")
        )
        price = order.order_line[0].price_unit
        self.own("order.lines", conflict_policy="flag")
        lines = [
            {"line": first, "quantity": "9", "unit_price": "1"},
            {"line": second, "quantity": "8"},
            {"line": "n", "item": {"sku": "TEST-CORN"}, "quantity": "1"},
        ]
        response = self.post("changes", reference, requested_date="2035-01-05", lines=lines)
        self.assertEqual(response.status_code, 200, response.text)
        self.assertEqual(order.order_line.mapped("product_uom_qty"), [3, 2])
        self.assertEqual(order.order_line[0].price_unit, price)
        self.assertEqual(str(order.commitment_date.date()), "2035-01-05")
        pointers = [pointer for left in response.json_body["not_applied"] for pointer in left["pointers"]]
        places = ["/lines/0/quantity", "/lines/1/quantity", "/lines/2/quantity", "/lines/0/unit_price"]
        self.assertEqual(pointers, places)
        exception = self.env["dist.exception"].search(
            [("category", "=", "ownership"), ("res_model", "=", "sale.order"), ("res_id", "=", order.id)]
        )
        self.assertEqual(len(exception), 1)
        self.assertIn("sent 9", exception.detail)
        self.assertIn("sent 8", exception.detail)
        self.own("order.head", conflict_policy="flag")
        response = self.post("changes", reference, requested_date="2035-02-05")
        self.assertEqual(response.json_body["not_applied"][0]["pointers"], ["/requested_date"])
        self.assertEqual(str(order.commitment_date.date()), "2035-01-05")

    def test_order_change_noticed(self):
        """G1, C4: by policy the change is applied, and the steward is told on the order."""
        reference, order, (line,) = self.ordered()
        groups = "sales_team.group_sale_salesman_all_leads"
        steward = new_test_user(self.env, "steward", groups=groups, company_id=self.company.id)
        self.own("order.lines", conflict_policy="notify", steward_id=steward.id)
        response = self.post("changes", reference, lines=[{"line": line, "quantity": "9"}])
        self.assertEqual(response.status_code, 200, response.text)
        self.assertEqual(order.order_line.product_uom_qty, 9)
        self.assertEqual(order.activity_ids.user_id, steward)
        self.assertIn("CRM", order.activity_ids.summary)

    def test_order_cancellation(self):
        """G1, C4: whether an order is cancelled says its owner: others are refused, or wait."""
        reference, order, _lines = self.ordered()
        self.own("order.status", conflict_policy="refuse")
        response = self.post("cancellations", reference)
        self.assertEqual((response.status_code, response.json_body["code"]), (409, "owned_elsewhere"))
        self.own("order.status", conflict_policy="flag")
        self.assertEqual(self.post("cancellations", reference, reason="late").status_code, 202)
        self.assertEqual(order.state, "sale")
        self.own("order.status", conflict_policy="notify")
        self.assertEqual(self.post("cancellations", reference, reason="why").status_code, 200)
        self.assertEqual(order.state, "cancel")

    def test_order_submission(self):
        """G1, C3: where only the owner makes orders, those of others are refused."""
        self.own("order.head", conflict_policy="refuse", new_record_policy="owner")
        problem, _codes = self.submit_refused(self.order(), status=409)
        self.assertEqual(problem["errors"][0]["pointer"], "/customer")

    def test_invoice_says_who_owns_it(self):
        """G1: the invoice tells who owns it; a person who changes its lines or dates is warned or refused by policy."""
        self.own("invoice.document", odoo_write_policy="refuse")
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.customer.id,
                "invoice_line_ids": [(0, 0, {"name": "Goods", "price_unit": 5})],
            }
        )
        groups = "account.group_account_manager,dist_integration_base.group_dist_user"
        clerk = new_test_user(self.env, "clerk", groups=groups, company_id=self.company.id)
        own = invoice.with_user(clerk)
        self.assertEqual(own.dist_owner_text, "CRM")
        self.assertIn('name="action_view_dist_ownership"', own.get_view(view_type="form")["arch"])
        changes = (
            {"invoice_date_due": "2031-01-01"},
            {"invoice_line_ids": [(1, own.invoice_line_ids.id, {"price_unit": 6})], "line_ids": []},
        )
        for vals in changes:
            with self.subTest(vals=vals), self.assertRaisesRegex(Exception, "which CRM owns"):
                own.write(dict(vals))
        own.write({"narration": "Thank you"})
        self.own("invoice.document", odoo_write_policy="warn")
        own.write({"invoice_date": "2031-01-01"})
        self.assertIn("CRM owns", "".join(invoice.message_ids.mapped("body")))

    def test_order_says_who_owns_it(self):
        """G1: the order tells the owners of its data and of its lines; a person is refused by policy."""
        _reference, order, _lines = self.ordered()
        self.own("order.lines", odoo_write_policy="refuse")
        self.own("order.head", odoo_write_policy="warn")
        groups = "sales_team.group_sale_manager,dist_integration_base.group_dist_user"
        clerk = new_test_user(self.env, "clerk", groups=groups, company_id=self.company.id)
        own = order.with_user(clerk)
        self.assertEqual(own.dist_owner_text, "CRM")
        action = own.action_view_dist_ownership()
        view = self.env[action["res_model"]].with_user(clerk).browse(action["res_id"])
        owners = dict(
            zip(view.line_ids.mapped("group_name"), view.line_ids.mapped("owner_name"), strict=True)
        )
        self.assertEqual((owners["Lines"], owners["Delivery"]), ("CRM", "Anybody"))
        for context in ({}, {"job_uuid": "x"}):
            with self.assertRaisesRegex(Exception, "which CRM owns"):
                own.with_context(**context).write(
                    {"order_line": [(1, own.order_line.id, {"product_uom_qty": 5})]}
                )
        own.write({"client_order_ref": "mine"})
        self.assertIn("CRM owns", order.message_ids[0].body)
