import json
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from ..lib.reading import read_document
from .common import EdiCase, SupplierCase

SSCC = "106141411234567897"
SENT = ("edi.acknowledgement", "purchase.acknowledgement", "ship.notice", "invoice.document")


class OutboundCase(EdiCase):
    def connect(self, *documents):
        """Agree on documents that are sent, and have a way to send them."""
        for code in documents:
            self.agree(self.profile, "out", code)
        self.receiver, self.endpoint = self.make_receiver(*SENT)

    def connect_edifact(self, *documents):
        """:return: key of a partner who orders by EDIFACT and is sent these documents"""
        self.edi_system, client, key = self.make_edi_system("EUROPE")
        self.profile.active = False
        self.profile = self.make_profile(
            self.edi_system, client, standard="EDIFACT", qualifier="14", own_qualifier="14"
        )
        self.agree(self.profile, "in", "ORDERS")
        self.connect(*documents)
        return key

    def get_sent(self, code):
        """:return: list of (canonical document, transaction) the partner got of a kind, checked against its schema"""
        self.deliver(self.endpoint)
        found = []
        for interchange in self.sent(self.receiver):
            self.assertFalse(interchange.issues)
            for transaction in interchange.transactions:
                if transaction.code == code:
                    profile = self.env["dist.edi.partner"].search(
                        [("identifier", "=", interchange.receiver)], limit=1
                    )
                    agreement = profile._get_agreed_document("out", code)
                    reading = read_document(transaction, agreement._get_declaration())
                    self.assertFalse([issue.detail for issue in reading.issues if issue.severity == "error"])
                    version = (
                        self.env["dist.message.type"]
                        ._get_by_code(agreement._get_message_type_code())
                        ._get_default_version()
                    )
                    self.assertEqual(
                        version._get_validator().errors(json.loads(json.dumps(reading.canonical))), []
                    )
                    found.append((reading.canonical, transaction))
        return found

    def ship(self, order, quantity=None, package=None):
        picking = order.picking_ids.filtered(lambda picking: picking.state not in ("done", "cancel"))
        for move in picking.move_ids:
            move.quantity = quantity or move.product_uom_qty
            move.picked = True
        if package:
            picking.move_line_ids.result_package_id = self.env["stock.quant.package"].create(
                {"name": package}
            )
        picking._action_done()
        return picking


@tagged("post_install", "-at_install")
class TestOutbound(OutboundCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.corn.invoice_policy = "order"

    def test_from_order_to_invoice(self):
        """E3: 850 in; 855, 856 with SSCC and 810 out, each in the partner's own words."""
        self.connect("855", "856", "810")
        self.take(self.x12(self.order_850("P1")))
        order = self.get_order("P1")
        ((answer, transaction),) = self.get_sent("855")
        self.assertEqual(
            (answer["order"], answer["number"], answer["status"]), ("P1", order.name, "accepted")
        )
        self.assertEqual(answer["order_date"], "2026-03-02")
        (line,) = answer["lines"]
        self.assertEqual((line["line"], line["item"], line["quantity"], line["unit"], line["unit_price"]),
                         ("1", {"buyer_sku": "B-CORN"}, "10", "EA", "10"))  # fmt: skip
        self.assertEqual(
            line["answers"], [{"status": "accepted", "quantity": "10", "unit": "EA", "date": "2031-05-14"}]
        )
        self.assertEqual(transaction.group.functional_code, "PR")
        picking = self.ship(order, package=SSCC)
        ((notice, _transaction),) = self.get_sent("856")
        self.assertEqual(notice["number"], picking.name)
        self.assertEqual([one["number"] for one in notice["orders"]], ["P1"])
        self.assertEqual(notice["packages"][0]["sscc"], SSCC)
        (line,) = notice["lines"]
        self.assertEqual((line["item"], line["quantity"], line["unit"], line["package"]),
                         ({"buyer_sku": "B-CORN"}, "10", "EA", SSCC))  # fmt: skip
        invoice = order._create_invoices()
        invoice.action_post()
        ((bill, _transaction),) = self.get_sent("810")
        self.assertEqual((bill["number"], bill["type"], bill["order"]), (invoice.name, "invoice", "P1"))
        self.assertEqual((bill["amount_total"], bill["currency"]), ("100", order.currency_id.name))
        self.assertEqual(bill["lines"][0]["item"], {"buyer_sku": "B-CORN"})
        numbers = [interchange.control_number for interchange in self.sent(self.receiver)]
        self.assertEqual(numbers, [f"{number:09d}" for number in range(1, len(numbers) + 1)])

    def test_a_release_is_answered_by_its_names(self):
        """E3: the number of the blanket order and the release stand apart in what goes out."""
        self.connect("855", "856", "810")
        self.take(self.x12([one.replace("*P1**", "*P1*R2*") for one in self.order_850("P1")]))
        order = self.get_order("P1-R2")
        self.ship(order)
        order._create_invoices().action_post()
        ((answer, _transaction),) = self.get_sent("855")
        self.assertEqual((answer["order"], answer["release"]), ("P1", "R2"))
        ((notice, _transaction),) = self.get_sent("856")
        self.assertEqual([(one["number"], one["release"]) for one in notice["orders"]], [("P1", "R2")])
        ((bill, _transaction),) = self.get_sent("810")
        self.assertEqual((bill["order"], bill["release"]), ("P1", "R2"))

    def test_whoever_ordered_is_answered(self):
        """E3: of two profiles of one contact the one that ordered, although the other one is older."""
        self.connect("855", "856", "810")
        division = self.make_profile(self.edi_system, self.edi_client, identifier="DIVISION")
        for direction, code in (("in", "850"), ("out", "855"), ("out", "856"), ("out", "810")):
            self.agree(division, direction, code)
        self.take(self.x12(self.order_850("P1"), sender="DIVISION"))
        order = self.get_order("P1")
        self.ship(order)
        order._create_invoices().action_post()
        self.deliver(self.endpoint)
        self.assertEqual({one.receiver for one in self.sent(self.receiver)}, {"DIVISION"})
        self.assertEqual(len(self.sent(self.receiver)), 4)

    def invoice_two_orders(self, code):
        self.connect(code)
        self.gloves.invoice_policy = "order"
        lines = ("PO1*1*5*EA***VN*TEST-GLOVES", "PO1*2*1*EA*10**BP*B-CORN")
        self.take(self.x12(self.order_850("K1"), self.order_850("K2", *lines)))
        (self.get_order("K1") | self.get_order("K2"))._create_invoices().action_post()
        ((bill, _transaction),) = self.get_sent(code)
        return bill

    def test_an_invoice_of_two_orders(self):
        """E3: each line with its own item, number and order."""
        bill = self.invoice_two_orders("810")
        self.assertNotIn("order", bill)
        told = [(line["line"], line["item"], line["quantity"], line["references"]) for line in bill["lines"]]
        first, second = ([{"type": "purchase_order", "number": number}] for number in ("K1", "K2"))
        self.assertCountEqual(
            [(item, quantity, order) for _line, item, quantity, order in told],
            [
                ({"buyer_sku": "B-CORN"}, "10", first),
                ({"supplier_sku": "TEST-GLOVES"}, "5", second),
                ({"buyer_sku": "B-CORN"}, "1", second),
            ],
        )
        self.assertEqual([line for line, *_rest in told], ["1", "2", "3"])

    def test_an_invoice_of_two_releases(self):
        """E3: each line names its release of the blanket order."""
        self.connect("810")
        releases = [
            [one.replace("*P1**", f"*P1*{release}*") for one in self.order_850("P1")]
            for release in ("R1", "R2")
        ]
        self.take(self.x12(*releases))
        (self.get_order("P1-R1") | self.get_order("P1-R2"))._create_invoices().action_post()
        ((bill, _transaction),) = self.get_sent("810")
        named = [{one["type"]: one["number"] for one in line["references"]} for line in bill["lines"]]
        expected = [{"purchase_order": "P1", "release": release} for release in ("R1", "R2")]
        self.assertCountEqual(named, expected)

    def invoice_two_calls(self, code):
        """:return: lines of the invoice of two orders that came by phone, the second one without a number"""
        line = (0, 0, {"product_id": self.corn.id, "product_uom_qty": 1})
        orders = self.env["sale.order"].create(
            [
                {"partner_id": self.customer.id, "client_order_ref": reference, "order_line": [line]}
                for reference in ("K1", False)
            ]
        )
        orders.action_confirm()
        orders._create_invoices().action_post()
        ((bill, _transaction),) = self.get_sent(code)
        return bill["lines"]

    def test_an_invoice_of_an_order_without_a_number(self):
        """E3: only the line of an order to which the customer gave a number names one."""
        self.connect("810")
        named = [line.get("references") for line in self.invoice_two_calls("810")]
        self.assertCountEqual(named, [[{"type": "purchase_order", "number": "K1"}], None])

    def test_an_invoice_of_an_order_without_a_number_by_edifact(self):
        """E3: the same by INVOIC."""
        self.connect_edifact("INVOIC")
        named = [line.get("order") for line in self.invoice_two_calls("INVOIC")]
        self.assertCountEqual(named, ["K1", None])

    def test_the_same_by_edifact(self):
        """E3: ORDERS in; ORDRSP, DESADV and INVOIC out."""
        key = self.connect_edifact("ORDRSP", "DESADV", "INVOIC")
        lines = [("LIN+1++B-CORN:IN", "QTY+21:120:PCE", "PRI+AAA:9")]
        self.take(self.edifact(self.order_edifact("E1", *lines)), key=key, media_type="application/edifact")
        order = self.get_order("E1")
        ((answer, _transaction),) = self.get_sent("ORDRSP")
        self.assertEqual((answer["order"], answer["status"]), ("E1", "accepted_with_changes"))
        self.assertEqual(answer["lines"][0]["answers"][0]["status"], "accepted_and_changed")
        self.ship(order, quantity=40, package=SSCC)
        ((notice, _transaction),) = self.get_sent("DESADV")
        self.assertEqual((notice["lines"][0]["quantity"], notice["lines"][0]["unit"]), ("40", "EA"))
        self.assertEqual(notice["packages"][0]["sscc"], SSCC)
        order._create_invoices().action_post()
        ((bill, _transaction),) = self.get_sent("INVOIC")
        self.assertEqual((bill["order"], bill["amount_total"]), ("E1", "1200"))

    def test_a_price_for_many_is_answered_as_it_is(self):
        """E3: the price of a hundred pieces is that of one, a hundred times."""
        self.connect("855")
        self.take(self.x12(self.order_850("P1", "PO1*1*10*EA*1000*HP*BP*B-CORN")))
        ((answer, _transaction),) = self.get_sent("855")
        self.assertEqual((answer["status"], answer["lines"][0]["unit_price"]), ("accepted", "10"))

    def test_changes_are_told_line_by_line(self):
        """E3: other price, part of the quantity later, a line refused."""
        self.connect("855")
        channel = self.profile.channel_id
        channel.stock_policy = "backorder"
        lines = ("PO1*1*120*EA*9**BP*B-CORN", "PO1*2*5*EA***VN*TEST-GLOVES")
        self.take(self.x12(self.order_850("P1", *lines)))
        ((answer, _transaction),) = self.get_sent("855")
        self.assertEqual(answer["status"], "accepted_with_changes")
        first, second = answer["lines"]
        self.assertEqual(
            [(one["status"], one["quantity"]) for one in first["answers"]],
            [("price_changed", "100"), ("backordered", "20")],
        )
        self.assertEqual(first["unit_price"], "10")
        self.assertEqual([one["status"] for one in second["answers"]], ["accepted"])

    def test_a_partial_shipment(self):
        """E3: what was shipped is told; the rest comes with its own notice."""
        self.connect("856")
        self.take(self.x12(self.order_850("P1")))
        order = self.get_order("P1")
        self.ship(order, quantity=4)
        self.ship(order, quantity=6)
        found = self.get_sent("856")
        self.assertEqual([notice["lines"][0]["quantity"] for notice, _transaction in found], ["4", "6"])

    def test_what_is_for_nobody(self):
        """E6: documents of other customers, and without the partner's number, do not leave."""
        self.connect("855")
        other = self.env["res.partner"].create({"name": "Other"})
        for partner, reference in ((other, "X-1"), (self.customer, False)):
            self.env["sale.order"].create(
                {
                    "partner_id": partner.id,
                    "client_order_ref": reference,
                    "order_line": [(0, 0, {"product_id": self.corn.id, "product_uom_qty": 1})],
                }
            ).action_confirm()
        self.assertEqual(self.get_sent("855"), [])

    def test_an_order_entered_by_hand(self):
        """E3: an order of the partner that came by phone is acknowledged by item numbers and units of the code maps."""
        self.connect("855")
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "client_order_ref": "PHONE-1",
                "order_line": [(0, 0, {"product_id": self.corn.id, "product_uom_qty": 3})],
            }
        )
        order.action_confirm()
        ((answer, _transaction),) = self.get_sent("855")
        self.assertEqual(answer["order"], "PHONE-1")
        self.assertEqual(answer["lines"][0]["item"], {"buyer_sku": "B-CORN", "supplier_sku": "TEST-CORN"})
        self.assertEqual(answer["lines"][0]["unit"], "EA")

    def test_what_cannot_be_written(self):
        """E6: no control number is taken, a person is told; after the correction it leaves."""
        self.connect("855")
        agreement = self.profile._get_agreed_document("out", "855")
        agreement.overlay = json.dumps({"fields": {"contract": {"required": True}}})
        self.take(self.x12(self.order_850("P1")))
        self.deliver(self.endpoint)
        exception = self.get_exceptions("cannot_be_written")
        self.assertIn("contract is required", exception.detail)
        controls = self.env["dist.edi.control"].search([("kind", "=", "interchange")])
        self.assertEqual(controls.mapped("number"), [1], "the 997 has the only one")
        agreement.overlay = False
        self.env.flush_all()
        exception.action_retry()
        self.assertEqual(len(self.get_sent("855")), 1)
        self.assertEqual(exception.state, "resolved")

    def test_acknowledgements_are_awaited_and_matched(self):
        """E5: the clock starts with the delivery; the 997 settles group and document."""
        self.connect("855", "810")
        self.take(self.x12(self.order_850("P1")))
        self.get_order("P1")._create_invoices().action_post()
        self.deliver(self.endpoint)
        expectations = self.env["dist.edi.expectation"].search([], order="id")
        self.assertEqual(expectations.mapped("functional_code"), ["PR", "IN"])
        self.assertEqual(set(expectations.mapped("state")), {"waiting"})
        self.assertFalse(any(expectations.mapped("is_overdue")))
        first, second = expectations
        said = [f"AK1*PR*{first.control_number}", "AK2*855*0001", "AK5*A", "AK9*A*1*1*1"]
        self.take(self.x12(said, code="997", control=20))
        self.assertEqual((first.state, second.state), ("accepted", "waiting"))
        self.assertEqual(first.group_id.document_ids.acknowledged, "accepted")
        self.assertTrue(first.document_id)
        said = [
            f"AK1*IN*{second.control_number}",
            "AK2*810*0001",
            "AK3*BIG*2**8",
            "AK4*2**7*X",
            "AK5*R*5",
            "AK9*R*1*1*0",
        ]
        self.take(self.x12(said, code="997", control=21))
        self.assertEqual(second.state, "rejected")
        document = second.group_id.document_ids
        self.assertEqual(document.acknowledged, "rejected")
        exception = self.get_exceptions("rejected_by_partner")
        self.assertIn('BIG02 (segment 2): Invalid code "X"', exception.detail)
        self.assertIn("The partner says: Invalid code", document.raw_view)

    def expect_one(self):
        """:return: dist.edi.expectation of an 855 that was delivered"""
        self.connect("855")
        self.take(self.x12(self.order_850("P1")))
        self.deliver(self.endpoint)
        return self.env["dist.edi.expectation"].search([])

    def hear_997(self, expectation, status, **options):
        """:return: bytes of a 997 for a group"""
        taken = "0" if status == "R" else "1"
        said = [f"AK1*PR*{expectation.control_number}", f"AK9*{status}*1*1*{taken}"]
        return self.x12(said, code="997", control=next(self.numbers), **options)

    def test_an_acknowledgement_for_tests(self):
        """E5, pitfall 20: one that is only a test settles nothing that is live, and alarms nobody."""
        expectation = self.expect_one()
        document = self.take(self.hear_997(expectation, "R", test=True)).document_ids
        self.assertEqual((document.state, expectation.state), ("test", "waiting"))
        self.assertEqual(expectation.group_id.document_ids.acknowledged, "waiting")
        self.assertFalse(
            self.get_exceptions("rejected_by_partner") + self.get_exceptions("unmatched_acknowledgement")
        )

    def test_a_faulty_acknowledgement(self):
        """E5: one whose envelope is wrong settles nothing; a person sees what is wrong."""
        expectation = self.expect_one()
        raw = self.hear_997(expectation, "A")
        document = self.take(raw.replace(b"SE*4*", b"SE*9*")).document_ids
        self.assertEqual((expectation.state, document.issue_count), ("waiting", 1))
        self.assertIn("9", document.problem)
        self.assertIn(document.problem, self.get_exceptions("bad_acknowledgement").detail)

    def test_the_last_acknowledgement_counts(self):
        """E5: what is taken after all is no failure any more, and the other way round."""
        expectation = self.expect_one()
        exceptions = self.env["dist.exception"]
        for status, state, told in (
            ("R", "rejected", "open"),
            ("A", "accepted", "resolved"),
            ("R", "rejected", "open"),
        ):
            self.take(self.hear_997(expectation, status))
            self.assertEqual(
                (expectation.state, expectation.group_id.document_ids.acknowledged), (state, state)
            )
            exceptions = self.get_exceptions("rejected_by_partner").sorted("id")[-1:]
            self.assertEqual(exceptions.state, told)

    def test_acknowledged_before_we_know_of_the_delivery(self):
        """E5: the partner has it although its answer was lost; the acknowledgement counts, also when it goes again."""
        self.connect("855")
        self.profile.acknowledgement = "none"
        self.endpoint.retry_schedule = "1s, 1s"
        self.receiver.answers = [503]
        self.take(self.x12(self.order_850("P1")))
        self.deliver(self.endpoint)
        expectation = self.env["dist.edi.expectation"].search([])
        message = expectation.interchange_id.message_id
        self.assertEqual((message.state, expectation.state), ("retry", "prepared"))
        self.take(self.hear_997(expectation, "A"))
        self.assertEqual(expectation.state, "accepted")
        self.assertTrue(expectation.sent_at)
        self.assertFalse(self.get_exceptions("unmatched_acknowledgement"))
        message.sudo().next_attempt_at -= timedelta(minutes=1)
        self._drain(self.endpoint)
        self.env.invalidate_all()
        self.assertEqual((message.state, expectation.state), ("done", "accepted"))

    def test_an_overdue_acknowledgement(self):
        """E5: on the board, and an exception that closes by itself."""
        self.connect("855")
        self.take(self.x12(self.order_850("P1")))
        self.deliver(self.endpoint)
        expectation = self.env["dist.edi.expectation"].search([])
        self.assertAlmostEqual(
            (expectation.due_at - fields.Datetime.now()).total_seconds(), 24 * 3600, delta=600
        )
        expectation.due_at -= timedelta(days=2)
        self.env["dist.edi.expectation"]._cron_overdue()
        self.env["dist.edi.expectation"]._cron_overdue()
        self.assertEqual(self.env["dist.edi.expectation"].search([("is_overdue", "=", True)]), expectation)
        exception = self.get_exceptions("edi_acknowledgement_overdue")
        self.assertEqual((len(exception), exception.state), (1, "open"))
        said = [f"AK1*PR*{expectation.control_number}", "AK9*A*1*1*1"]
        self.take(self.x12(said, code="997", control=20))
        self.assertEqual((expectation.state, exception.state), ("accepted", "resolved"))
        self.assertFalse(expectation.is_overdue)

    def test_giving_up(self):
        """E5: a person who asked the partner stops the clock."""
        self.connect("855")
        self.take(self.x12(self.order_850("P1")))
        self.deliver(self.endpoint)
        expectation = self.env["dist.edi.expectation"].search([])
        expectation.action_waive()
        self.assertEqual(expectation.state, "waived")
        self.profile.acknowledgement_hours = 0
        self.take(self.x12(self.order_850("P2"), control=8))
        self.deliver(self.endpoint)
        self.assertEqual(self.env["dist.edi.expectation"].search([]), expectation)


@tagged("post_install", "-at_install")
class TestPurchase(SupplierCase, OutboundCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agree(cls.mill, "out", "850")

    def setUp(self):
        super().setUp()
        self.receiver, self.endpoint = self.make_receiver("purchase.order", system=self.supplier)

    def test_an_order_is_transmitted(self):
        """E2: confirmed, so it leaves, with the supplier's and our number of the item."""
        order = self.buy()
        ((sent, transaction),) = self.get_sent("850")
        self.assertEqual((sent["number"], sent["purpose"]), (order.name, "original"))
        self.assertEqual(sent["parties"]["buyer"]["id"], "SELLER")
        self.assertEqual(sent["parties"]["supplier"]["id"], "MILL")
        (line,) = sent["lines"]
        self.assertEqual(line["item"], {"supplier_sku": "MILL-1", "buyer_sku": "TEST-CORN"})
        self.assertEqual((line["quantity"], line["unit"], line["unit_price"]), ("12", "EA", "3.25"))
        self.assertEqual(transaction.group.functional_code, "PO")

    def test_a_second_person_approves(self):
        """E11: nothing leaves before; not whoever confirmed it, and only a purchase administrator."""
        self.mill.approve_orders = True
        groups = "purchase.group_purchase_manager"
        buyer = new_test_user(self.env, "buyer", groups=groups)
        clerk = new_test_user(self.env, "clerk", groups="purchase.group_purchase_user")
        boss = new_test_user(self.env, "boss", groups=groups)
        order = self.buy(user=buyer)
        self.assertEqual((order.state, order.dist_edi_state), ("purchase", "waiting"))
        self.assertEqual(self.get_sent("850"), [])
        with self.assertRaisesRegex(UserError, "yourself"):
            order.with_user(buyer).action_dist_edi_approve()
        with self.assertRaisesRegex(UserError, "administrator"):
            order.with_user(clerk).action_dist_edi_approve()
        order.with_user(boss).action_dist_edi_approve()
        self.assertEqual((order.dist_edi_state, order.dist_edi_approved_by_id), ("approved", boss))
        self._assert_told(order, "approved", boss)
        self.assertEqual(len(self.get_sent("850")), 1)
        with self.assertRaisesRegex(UserError, "does not wait"):
            order.with_user(boss).action_dist_edi_approve()

    def test_nobody_approves_by_writing(self):
        """E11: who may write to an order does not forge its approval, nor imports one, nor has it by a default."""
        self.mill.approve_orders = True
        clerk = new_test_user(self.env, "clerk", groups="purchase.group_purchase_user")
        order = self.buy(user=clerk)
        for values in (
            {"dist_edi_state": "approved"},
            {"dist_edi_asked_by_id": False},
            {"dist_is_transmitted": True},
        ):
            with self.assertRaises(AccessError):
                order.with_user(clerk).write(values)
        names = ["name", "partner_id/.id", "dist_edi_state"]
        loaded = (
            self.env["purchase.order"].with_user(clerk).load(names, [["P1", str(self.vendor.id), "approved"]])
        )
        self.assertFalse(loaded["ids"])
        with self.assertRaises(AccessError):
            self.env["purchase.order"].with_user(clerk).with_context(
                default_dist_edi_state="approved"
            ).create({"partner_id": self.vendor.id})
        own = self.env["ir.default"].with_user(clerk)
        own.set("purchase.order", "partner_ref", "ours", user_id=True)
        self.assertEqual(self.buy(user=clerk).partner_ref, "ours")
        own.set("purchase.order", "dist_edi_state", "approved", user_id=True)
        with self.assertRaises(AccessError):
            self.buy(user=clerk)
        order.with_user(clerk).write({"partner_ref": "ours"})
        self.assertEqual(order.dist_edi_state, "waiting")
        order.with_user(clerk).button_cancel()
        order.with_user(clerk).button_draft()
        self.assertFalse(order.dist_edi_state)

    def test_nobody_approves_by_a_replenishment(self):
        """E11: what Odoo orders as superuser has no approval by a default of whoever set it off."""
        self.mill.approve_orders = True
        groups = "purchase.group_purchase_user,stock.group_stock_manager"
        clerk = new_test_user(self.env, "clerk", groups=groups)
        rule = self.make_reordering_rule(self.corn, 1_000_000)
        given = {"default_dist_edi_state": "approved", "default_dist_edi_approved_by_id": self.env.uid}
        rule.with_user(clerk).with_context(**given, default_partner_ref="Soon").action_replenish()
        order = self.env["purchase.order"].search([("partner_id", "=", self.vendor.id)])
        self.assertEqual((len(order), order.order_line.product_id), (1, self.corn))
        self.assertEqual(order.partner_ref, "Soon", "what people set themselves has its default")
        self.assertEqual(
            (order.dist_edi_state, order.dist_edi_approved_by_id.ids, order.dist_is_transmitted),
            (False, [], False),
        )
        order.with_user(clerk).button_confirm()
        self.assertEqual((order.dist_edi_state, order.dist_edi_asked_by_id), ("waiting", clerk))
        self.assertEqual(self.get_sent("850"), [])

    def test_nobody_approves_by_a_default_as_superuser(self):
        """E11: a default that somebody keeps counts no more than one in the context, also in superuser mode."""
        clerk = new_test_user(self.env, "clerk", groups="purchase.group_purchase_user")
        own = self.env["ir.default"].with_user(clerk)
        own.set("purchase.order", "dist_edi_state", "approved", user_id=True)
        own.set("purchase.order", "partner_ref", "ours", user_id=True)
        orders = self.env["purchase.order"].with_user(clerk).sudo()
        order = orders.with_context(default_dist_change_number=7).create({"partner_id": self.vendor.id})
        self.assertEqual(
            (order.dist_edi_state, order.dist_change_number, order.partner_ref), (False, 0, "ours")
        )

    def make_reordering_rule(self, product, quantity):
        """:return: stock.warehouse.orderpoint that has this much of a product bought from the supplier"""
        product.write(
            {
                "route_ids": [(4, self.env.ref("purchase_stock.route_warehouse0_buy").id)],
                "seller_ids": [(0, 0, {"partner_id": self.vendor.id, "price": 3})],
            }
        )
        return self.env["stock.warehouse.orderpoint"].create(
            {"product_id": product.id, "product_min_qty": quantity, "product_max_qty": quantity}
        )

    def test_goods_that_go_elsewhere(self):
        """E2: the supplier is told the address to which the goods are to go."""
        place = self.env["res.partner"].create({"name": "Harbour", "street": "1 Quay", "city": "Columbus"})
        self.buy(dest_address_id=place.id)
        ((sent, _transaction),) = self.get_sent("850")
        self.assertEqual(
            (sent["parties"]["ship_to"]["name"], sent["parties"]["ship_to"]["street"]), ("Harbour", "1 Quay")
        )

    def connect_changes(self):
        self.agree(self.mill, "out", "860")
        self._make_flow(self.supplier, "purchase.change", endpoint_id=self.endpoint.id)

    def test_a_change_is_told(self):
        """E2: what differs from what the supplier has leaves line by line, once a transaction."""
        self.connect_changes()
        order = self.buy((self.corn, 12, 3.25), (self.gloves, 5, 2.0))
        self.assertEqual(len(self.get_sent("850")), 1)
        self.assertEqual(self.get_sent("860"), [])
        # from its price list Odoo would compute price and date anew
        order.order_line.product_id.seller_ids.unlink()
        order.order_line[0].product_qty = 11
        self._flush_events()
        order.order_line[0].product_qty = 10
        order.order_line[1].date_planned = "2031-06-01 10:00:00"
        order.write({"order_line": [(0, 0, {"product_id": self.corn.id, "product_qty": 1, "price_unit": 3})]})
        ((change, transaction),) = self.get_sent("860")
        self.assertEqual(
            (change["order"], change["purpose"], change["sequence"]), (order.name, "change", "1")
        )
        told = [(line["line"], line["change"], line["quantity"]) for line in change["lines"]]
        self.assertEqual(
            told, [("1", "quantity_decrease", "10"), ("2", "reschedule", "5"), ("3", "add", "1")]
        )
        self.assertEqual(change["lines"][0]["open_quantity"], "10")
        self.assertEqual(transaction.group.functional_code, "PC")
        order.order_line[0].write({"product_qty": 12, "price_unit": 3.5})
        second = self.get_sent("860")[1][0]
        told = [(line["line"], line["change"]) for line in second["lines"]]
        self.assertEqual((second["sequence"], told), ("2", [("1", "quantity_and_price")]))
        order.order_line[0].name = "Corn, cleaned"
        self.assertEqual(len(self.get_sent("860")), 2)

    def test_changed_back(self):
        """E2: what is undone in the same transaction is not told."""
        self.connect_changes()
        order = self.buy()
        self.get_sent("850")
        order.order_line.product_id.seller_ids.unlink()
        order.order_line.product_qty = 5
        self._flush_events()
        order.order_line.product_qty = 12
        self.assertEqual(self.get_sent("860"), [])

    def test_a_cancellation_is_told(self):
        """E2: an order the supplier has is cancelled there as well; another one is not."""
        self.connect_changes()
        order = self.buy()
        self.get_sent("850")
        order.button_cancel()
        ((change, _transaction),) = self.get_sent("860")
        self.assertEqual(
            (change["order"], change["purpose"], change.get("lines", [])), (order.name, "cancel", [])
        )
        self.mill.approve_orders = True
        waiting = self.buy()
        waiting.button_cancel()
        self.assertEqual(len(self.get_sent("860")), 1)

    def test_a_change_is_approved(self):
        """E11: where orders are approved, their changes are; several that wait leave as one."""
        self.connect_changes()
        order = self.buy()
        self.get_sent("850")
        self.mill.approve_orders = True
        boss = new_test_user(self.env, "boss", groups="purchase.group_purchase_manager")
        for quantity in (10, 9):
            order.order_line.product_qty = quantity
            self.assertEqual(self.get_sent("860"), [])
        self.assertEqual(order.dist_edi_state, "waiting")
        order.with_user(boss).action_dist_edi_approve()
        ((change, _transaction),) = self.get_sent("860")
        self.assertEqual(change["lines"][0]["quantity"], "9")
        self.assertEqual(len(self.get_sent("850")), 1)

    def test_what_the_supplier_said_itself(self):
        """E2: what the order follows is not told back."""
        self.connect_changes()
        self.agree(self.mill, "in", "855")
        self.tolerate("quantity", absolute=5)
        order = self.buy()
        self.get_sent("850")
        head = f"BAK*00*AC*{order.name}*20260302"
        self.hear([head, "PO1*1*10*EA*3.25**BP*TEST-CORN", "ACK*IQ*10*EA", "CTT*1"])
        self.assertEqual(order.order_line.product_qty, 10)
        self.hear([head, "PO1*1*10*EA*4**BP*TEST-CORN", "ACK*IP*10*EA", "CTT*1"])
        order.dist_acknowledgement_ids.action_accept()
        self.assertEqual(order.order_line.price_unit, 4)
        self.hear([f"BAK*00*RD*{order.name}*20260302"])
        order.dist_acknowledgement_ids.action_accept()
        self.assertEqual(order.state, "cancel")
        self.assertEqual(self.get_sent("860"), [])

    def test_a_change_by_edifact(self):
        """E2: the same by ORDCHG."""
        self.mill.active = False
        self.mill = self.make_mill(standard="EDIFACT", qualifier="14", own_qualifier="14")
        for code in ("ORDERS", "ORDCHG"):
            self.agree(self.mill, "out", code)
        self._make_flow(self.supplier, "purchase.change", endpoint_id=self.endpoint.id)
        order = self.buy()
        self.deliver(self.endpoint)
        order.order_line.price_unit = 4
        ((change, _transaction),) = self.get_sent("ORDCHG")
        self.assertEqual((change["order"], change["number"]), (order.name, f"{order.name}-1"))
        self.assertEqual((change["lines"][0]["change"], change["lines"][0]["unit_price"]), ("change", "4"))

    def test_orders_of_others(self):
        """E2: only suppliers that have agreed on it get an order by EDI."""
        self.vendor = self.env["res.partner"].create({"name": "Else"})
        self.buy()
        self.assertEqual(self.get_sent("850"), [])

    def test_a_unit_without_a_code(self):
        """E6: the order is confirmed, the document waits for a person."""
        ton = self.env.ref("uom.product_uom_ton")
        self.corn = self.env["product.product"].create(
            {"name": "Bulk", "default_code": "BULK", "uom_id": ton.id, "uom_po_id": ton.id}
        )
        order = self.buy()
        with self.assertLogs("odoo.addons.dist_integration_base.models.dist_event", "ERROR"):
            self.deliver(self.endpoint)
        self.assertEqual(order.state, "purchase")
        event = self.env["dist.event"].search(
            [("res_model", "=", "purchase.order"), ("res_id", "=", order.id)]
        )
        self.assertEqual(event.state, "error")
        self.assertIn("has no code for Mill", event.error)
