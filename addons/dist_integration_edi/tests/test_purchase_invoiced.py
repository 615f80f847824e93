from unittest import mock

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import SupplierCase

CORN = "IT1*1*12*EA*3.25**BP*TEST-CORN"


class InvoicedCase(SupplierCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agree(cls.mill, "out", "850")
        cls.agree(cls.mill, "in", "810")

    def tolerate(self, subject, direction="both", **values):
        return super().tolerate(subject, direction, document="invoice", **values)

    def send(self, order, *segments, number="INV-1", total="3900", kind="DI", head=()):
        """:return: dist.message of an 810"""
        lines = sum(one.startswith("IT1") for one in segments)
        name = order.name if order else ""
        first = f"BIG*20260320*{number}*20260302*{name}***{kind}"
        tail = [one for one in segments if one.startswith("SAC")]
        body = [one for one in segments if not one.startswith("SAC")]
        return self.hear([first, *head, *body, f"TDS*{total}", *tail, f"CTT*{lines}"], code="810")

    def invoice(self, *args, **options):
        """:return: dist.supplier.invoice that came of an 810"""
        message = self.send(*args, **options)
        self.assertEqual(message.state, "done", message.error)
        return self.env["dist.supplier.invoice"].search([("message_id", "=", message.id)])

    def match(self):
        """What the scheduled job does."""
        self.env.flush_all()
        self.env["dist.supplier.invoice"]._cron_match()
        self.env.invalidate_all()

    def buy_and_receive(self, *lines, **values):
        order = self.buy(*lines, **values)
        self.receive(order)
        return order


@tagged("post_install", "-at_install")
class TestPurchaseInvoiced(InvoicedCase):
    def test_a_match_becomes_a_draft(self):
        """E2: order, receipt and invoice agree: a draft bill with the supplier's number, on the order."""
        order = self.buy_and_receive()
        invoice = self.invoice(order, CORN)
        bill = invoice.move_id
        self.assertEqual((invoice.state, invoice.line_ids.state), ("billed", "matched"))
        self.assertEqual((bill.state, bill.move_type, bill.ref), ("draft", "in_invoice", "INV-1"))
        self.assertEqual((bill.partner_id, str(bill.invoice_date)), (self.vendor, "2026-03-20"))
        self.assertEqual((bill.amount_total, bill.invoice_origin), (39, order.name))
        self.assertEqual(bill.invoice_line_ids.purchase_line_id, order.order_line)
        self.assertEqual((order.order_line.qty_invoiced, order.invoice_ids), (12, bill))
        self.assertFalse(self.exceptions_of(invoice))
        self.assertTrue(bill.dist_message_count)

    def test_made_elsewhere(self):
        """G1, E2: where another system makes the invoices, those of suppliers are refused, or wait for a person."""
        row = self.env["dist.ownership"].search(
            [("group_id.full_code", "=", "invoice.document"), ("company_id", "=", self.env.company.id)]
        )
        row.write({"owner": "odoo", "new_record_policy": "owner", "conflict_policy": "refuse"})
        order = self.buy_and_receive()
        message = self.send(order, CORN)
        self.assertEqual((message.state, message.exception_id.category), ("dead", "ownership"))
        self.assertFalse(self.env["dist.supplier.invoice"].search([("message_id", "=", message.id)]))
        row.conflict_policy = "flag"
        self.assertEqual(self.send(order, CORN, number="INV-2").state, "error")
        row.new_record_policy = "any"
        self.assertEqual(self.invoice(order, CORN, number="INV-3").state, "billed")

    def test_released(self):
        """E2, E11: where that is agreed the bill is posted."""
        self.mill.bill_policy = "posted"
        invoice = self.invoice(self.buy_and_receive(), CORN)
        self.assertEqual(invoice.move_id.state, "posted")

    def test_within_tolerance(self):
        """E2: the bill is made as it was invoiced."""
        self.tolerate("price", "more", limits_percent=True, percent=5, absolute=0.2)
        invoice = self.invoice(self.buy_and_receive(), "IT1*1*12*EA*3.4**BP*TEST-CORN", total="4080")
        self.assertEqual((invoice.state, invoice.line_ids.state), ("billed", "tolerated"))
        self.assertEqual(invoice.move_id.invoice_line_ids.price_unit, 3.4)

    def test_a_price_beyond_tolerance(self):
        """E2, X1: the differences stand side by side; accepted, the bill is as invoiced."""
        self.mill.bill_policy = "posted"
        self.tolerate("price", limits_percent=True, percent=5, absolute=0.1)
        invoice = self.invoice(self.buy_and_receive(), "IT1*1*12*EA*3.4**BP*TEST-CORN", total="4080")
        self.assertEqual((invoice.state, invoice.move_id.ids), ("waiting", []))
        exception = self.exceptions_of(invoice)
        self.assertEqual(exception.code, "invoice_differs")
        self.assertIn("price ordered 3.25", exception.detail)
        self.assertIn("invoiced 3.4", exception.detail)
        self.assertEqual((exception.impact_orders, exception.impact_value), (1, 40.8))
        clerk = new_test_user(self.env, "clerk", groups="account.group_account_invoice")
        invoice.with_user(clerk).action_accept()
        self.assertEqual((invoice.state, invoice.decided_by_id), ("billed", clerk))
        self.assertEqual((invoice.move_id.amount_total, invoice.move_id.state), (40.8, "posted"))
        self.assertEqual(exception.state, "resolved")
        self._assert_told(invoice, "approved", clerk)
        with self.assertRaisesRegex(UserError, "settled in between"):
            invoice.with_user(clerk).action_accept()

    def test_refused(self):
        """E2: no bill; the supplier may send another invoice under the number."""
        order = self.buy_and_receive()
        wrong = self.invoice(order, "IT1*1*12*EA*4**BP*TEST-CORN", total="4800")
        wrong.action_refuse()
        self.assertEqual((wrong.state, wrong.move_id.ids), ("refused", []))
        self.assertEqual(self.exceptions_of(wrong).state, "resolved")
        right = self.invoice(order, CORN)
        self.assertEqual((right.state, right.move_id.amount_total), ("billed", 39))

    def test_before_the_goods(self):
        """E2: it waits for the receipt, and is matched again by itself once that is there."""
        order = self.buy()
        invoice = self.invoice(order, CORN)
        self.assertEqual(invoice.state, "waiting")
        exception = self.exceptions_of(invoice)
        self.assertIn("ordered 12, received 0, billed before 0, invoiced 12", exception.detail)
        self.match()
        self.assertEqual(invoice.state, "waiting")
        self.receive(order, 7)
        self.match()
        self.assertIn("received 7", exception.detail)
        self.receive(order)
        self.match()
        self.assertEqual((invoice.state, invoice.move_id.amount_total), ("billed", 39))
        self.assertEqual(exception.state, "resolved")

    def test_one_that_fails(self):
        """E2, M7: it keeps no other one waiting; a person is told why, until it goes through."""
        orders = [self.buy(), self.buy()]
        failing, other = (self.invoice(order, CORN, number=f"INV-{order.id}") for order in orders)
        for order in orders:
            self.receive(order)
        invoices = type(failing)
        make_bill, locked = invoices._make_bill, "The period is locked."

        def fail(invoice):
            if invoice.id == failing.id:
                raise UserError(locked)
            return make_bill(invoice)

        with (
            mute_logger("odoo.addons.dist_integration_edi.models.dist_supplier_invoice"),
            mock.patch.object(invoices, "_make_bill", fail),
        ):
            self.match()
        self.assertEqual((failing.state, other.state), ("waiting", "billed"))
        exception = self.get_exceptions("invoice_not_matched")
        self.assertEqual((exception.res_id, exception.state), (failing.id, "open"))
        self.assertIn("The period is locked.", exception.detail)
        self.match()
        self.assertEqual((failing.state, exception.state), ("billed", "resolved"))

    def test_part_by_part(self):
        """E2: what was billed before counts; more than has come does not pass."""
        order = self.buy()
        self.receive(order, 7)
        first = self.invoice(order, "IT1*1*7*EA*3.25**BP*TEST-CORN", total="2275")
        second = self.invoice(order, "IT1*1*5*EA*3.25**BP*TEST-CORN", total="1625", number="INV-2")
        self.assertEqual((first.state, second.state), ("billed", "waiting"))
        self.assertEqual(second.line_ids.billed_quantity, 7)
        self.tolerate("quantity", absolute=5)
        second.action_match()
        self.assertEqual((second.state, order.order_line.qty_invoiced), ("billed", 12))

    def test_two_lines_of_one_order_line(self):
        """E2: they count together."""
        order = self.buy_and_receive()
        line = "IT1*1*8*EA*3.25**BP*TEST-CORN"
        invoice = self.invoice(order, line, line, total="5200")
        self.assertEqual(invoice.line_ids.mapped("state"), ["matched", "differs"])

    def test_another_total(self):
        """E2: a bill that would come to another total waits; accepted, it stays a draft for whoever corrects it."""
        self.mill.bill_policy = "posted"
        invoice = self.invoice(self.buy_and_receive(), CORN, total="4200")
        self.assertEqual((invoice.state, invoice.line_ids.state), ("waiting", "matched"))
        self.assertIn("42", invoice.differences)
        self.assertFalse(self.env["account.move"].search([("ref", "=", "INV-1")]))
        invoice.action_accept()
        self.assertEqual((invoice.move_id.state, invoice.move_id.amount_total), ("draft", 39))

    def test_taxes(self):
        """E2: the taxes of the order are those of the bill."""
        tax = self.env["account.tax"].create(
            {"name": "Ten", "amount": 10, "type_tax_use": "purchase", "company_id": self.company.id}
        )
        self.corn.supplier_taxes_id = tax
        invoice = self.invoice(self.buy_and_receive(), CORN, "TXI*TX*3.9*10", total="4290")
        self.assertEqual((invoice.state, invoice.move_id.amount_tax), ("billed", 3.9))

    def test_charges(self):
        """E2: what nobody ordered waits, but for what is tolerated; it is billed as the agreed item."""
        freight = self.env["product.product"].create(
            {"name": "Freight", "type": "service", "supplier_taxes_id": False}
        )
        self.mill.charge_product_id = freight
        charges = ("SAC*C*D240***300**********Freight", "SAC*A*C310***100**********Allowance")
        invoice = self.invoice(self.buy_and_receive(), CORN, *charges, total="4100")
        self.assertEqual((invoice.state, invoice.line_ids.mapped("price")), ("waiting", [3.25, 3, -1]))
        self.assertIn("Freight", self.exceptions_of(invoice).detail)
        invoice.action_accept()
        self.assertEqual(invoice.move_id.amount_total, 41)
        self.assertEqual(invoice.move_id.invoice_line_ids.product_id, self.corn + freight)
        self.tolerate("charge", "less", absolute=1000)
        self.tolerate("charge", "more", limits_percent=True, percent=8, limits_absolute=False)
        for amount, total, state in (("300", "4100", "billed"), ("400", "4200", "waiting")):
            with self.subTest(amount):
                told = (f"SAC*C*D240***{amount}", charges[1])
                invoice = self.invoice(
                    self.buy_and_receive(), CORN, *told, total=total, number=f"INV-{amount}"
                )
                self.assertEqual(invoice.state, state)

    def test_charges_are_added_up(self):
        """E2: what is tolerated is what they come to together."""
        self.mill.charge_product_id = self.env["product.product"].create(
            {"name": "Freight", "type": "service", "supplier_taxes_id": False}
        )
        self.tolerate("charge", absolute=5)
        charges = ("SAC*C*D240***250", "SAC*C*D500***250", "SAC*C*D900***100")
        for told, total, state in ((charges[:2], "4400", "billed"), (charges, "4500", "waiting")):
            with self.subTest(total):
                order, number = self.buy_and_receive(), f"INV-{total}"
                self.assertEqual(self.invoice(order, CORN, *told, total=total, number=number).state, state)

    def test_what_was_not_ordered(self):
        """E2: a line without an order always waits; accepted, it is billed under its name."""
        order = self.buy_and_receive()
        invoice = self.invoice(order, CORN, "IT1*2*1*EA*5**VP*X-1", "PID*F****Pallet", total="4400")
        self.assertEqual(invoice.line_ids.mapped("state"), ["matched", "differs"])
        self.assertIn("Pallet: not ordered", self.exceptions_of(invoice).detail)
        invoice.action_accept()
        self.assertEqual(invoice.move_id.amount_total, 44)
        alone = self.invoice(None, "IT1*1*1*EA*5**VP*X-1", total="500", number="INV-2")
        self.assertEqual((alone.state, alone.partner_id), ("waiting", self.vendor))

    def test_several_orders(self):
        """E2: each line is matched with the order it names."""
        first, second = self.buy_and_receive(), self.buy_and_receive((self.gloves, 5, 2.0))
        invoice = self.invoice(
            None,
            CORN,
            f"REF*PO*{first.name}",
            "IT1*2*5*EA*2**BP*TEST-GLOVES",
            f"REF*PO*{second.name}",
            total="4900",
        )
        self.assertEqual((invoice.state, invoice.line_ids.order_id), ("billed", first + second))

    def test_in_the_supplier_unit(self):
        """E2: dozens are matched with pieces."""
        invoice = self.invoice(self.buy_and_receive(), "IT1*1*1*DZ*39**BP*TEST-CORN")
        self.assertEqual((invoice.state, invoice.line_ids.quantity), ("billed", 12))

    # once

    def test_repeated(self):
        """E2, M5: a number makes one bill, however often and in whatever interchange it comes."""
        order = self.buy_and_receive()
        first = self.invoice(order, CORN)
        self.assertFalse(self.invoice(order, CORN))
        self.assertEqual(self.env["account.move"].search([("ref", "=", "INV-1")]), first.move_id)
        message = self.send(order, "IT1*1*12*EA*3.3**BP*TEST-CORN", total="3960")
        self.assertEqual((message.state, message.exception_id.code), ("dead", "invoice_number_reused"))
        self.assertEqual(order.invoice_ids, first.move_id)

    def test_entered_by_hand(self):
        """E2: a bill that somebody entered under the number is not made again."""
        order = self.buy_and_receive()
        bill = self.env["account.move"].create(
            {"move_type": "in_invoice", "partner_id": self.vendor.id, "ref": "INV-1",
             "invoice_line_ids": [(0, 0, {"name": "Corn", "price_unit": 39})]}
        )  # fmt: skip
        message = self.send(order, CORN)
        exception = message.exception_id
        self.assertEqual((message.state, exception.code), ("dead", "bill_exists"))
        self.assertEqual((exception.res_model, exception.res_id), ("account.move", bill.id))
        self.assertFalse(order.invoice_ids)

    def test_entered_by_hand_meanwhile(self):
        """E2: what waited is not billed a second time, neither by itself nor by a person."""
        order = self.buy()
        invoice = self.invoice(order, CORN)
        bill = self.env["account.move"].create(
            {"move_type": "in_invoice", "partner_id": self.vendor.id, "ref": "INV-1",
             "invoice_line_ids": [(0, 0, {"name": "Corn", "price_unit": 39})]}
        )  # fmt: skip
        self.receive(order)
        self.match()
        self.assertEqual((invoice.state, invoice.move_id.ids), ("waiting", []))
        self.assertIn("in the books already", self.exceptions_of(invoice).detail)
        with self.assertRaisesRegex(UserError, "in the books already"):
            invoice.action_accept()
        self.assertFalse(order.invoice_ids)
        bill.button_cancel()
        invoice.action_match()
        self.assertEqual(invoice.state, "billed")

    # credit notes

    def test_a_credit_note(self):
        """E2: it takes back what was billed, and says which bill."""
        self.mill.bill_policy = "posted"
        order = self.buy_and_receive()
        bill = self.invoice(order, CORN).move_id
        credit = self.invoice(
            order,
            "IT1*1*2*EA*3.25**BP*TEST-CORN",
            total="650",
            kind="CR",
            number="CN-1",
            head=("REF*IV*INV-1",),
        )
        refund = credit.move_id
        self.assertEqual((credit.kind, credit.state), ("credit_note", "billed"))
        self.assertEqual((refund.move_type, refund.amount_total), ("in_refund", 6.5))
        self.assertEqual((refund.reversed_entry_id, order.order_line.qty_invoiced), (bill, 10))
        too_much = self.invoice(
            order, "IT1*1*11*EA*3.25**BP*TEST-CORN", total="3575", kind="CR", number="CN-2"
        )
        self.assertEqual(too_much.state, "waiting")

    def test_an_invoice_below_zero(self):
        """E2: it is a credit note, whatever it calls itself."""
        order = self.buy_and_receive()
        self.invoice(order, CORN)
        credit = self.invoice(order, "IT1*1*-2*EA*3.25**BP*TEST-CORN", total="-650", number="INV-2")
        self.assertEqual((credit.kind, credit.move_id.amount_total), ("credit_note", 6.5))

    # wrong, rights

    def test_what_cannot_be_applied(self):
        """E2, X1: each is named, and no bill is made."""
        order = self.buy_and_receive()
        other = self.buy(partner_id=self.env["res.partner"].create({"name": "Other"}).id)
        nobody = self.env["purchase.order"].new({"name": "NONE"})
        cases = (
            ("unknown_order", nobody, ()),
            ("not_the_supplier", other, ()),
            ("currency_differs", order, ("CUR*SE*JPY",)),
        )
        for code, named, head in cases:
            with self.subTest(code):
                message = self.send(named, CORN, head=head)
                self.assertEqual((message.state, message.exception_id.code), ("dead", code))
        self.assertFalse(self.env["dist.supplier.invoice"].search([("edi_partner_id", "=", self.mill.id)]))

    def test_rights(self):
        """G8: who makes no bills decides nothing."""
        invoice = self.invoice(self.buy(), CORN)
        for group in ("dist_integration_base.group_dist_operator", "purchase.group_purchase_user"):
            user = new_test_user(self.env, group.split(".")[1], groups=group)
            for method in ("action_accept", "action_refuse", "action_match"):
                with self.subTest(group=group, method=method), self.assertRaises(AccessError):
                    getattr(invoice.with_user(user), method)()
            self.assertTrue(invoice.with_user(user).line_ids.read(["price"]))


@tagged("post_install", "-at_install")
class TestPurchaseInvoicedEdifact(InvoicedCase):
    def test_an_invoic(self):
        """E2: the same by EDIFACT; a line's amount counts its allowances, an order number stands on the line."""
        self.mill.active = False
        self.mill = self.make_mill(standard="EDIFACT", qualifier="14", own_qualifier="14")
        self.agree(self.mill, "out", "ORDERS")
        self.agree(self.mill, "in", "INVOIC")
        order = self.buy_and_receive()
        segments = [
            "BGM+380+INV-9+9",
            "DTM+137:20260320:102",
            "NAD+SU+MILL::92",
            f"CUX+2:{order.currency_id.name}:4",
            "LIN+1++TEST-CORN:IN",
            "QTY+47:12:PCE",
            "MOA+203:39",
            "PRI+AAB:4",
            f"RFF+ON:{order.name}:1",
            "UNS+S",
            "CNT+2:1",
            "MOA+77:39",
        ]
        raw = self.edifact(segments, code="INVOIC", control=next(self.numbers), sender="MILL")
        taken = self.take(raw, key=self.mill_key, media_type="application/edifact")
        message = taken.document_ids.message_id
        self.assertEqual(message.state, "done", message.error or taken.document_ids.problem)
        invoice = self.env["dist.supplier.invoice"].search([("external_id", "=", "INV-9")])
        self.assertEqual((invoice.state, invoice.line_ids.price), ("billed", 3.25))
        self.assertEqual((invoice.move_id.amount_total, invoice.move_id.ref), (39, "INV-9"))
