from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import CommerceCase


@tagged("post_install", "-at_install")
class TestInvoices(CommerceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tax = cls.env["account.tax"].create(
            {"name": "Test 10%", "amount": 10.0, "type_tax_use": "sale", "company_id": cls.company.id}
        )
        cls.corn.taxes_id = cls.tax
        cls.corn.invoice_policy = cls.gloves.invoice_policy = "order"

    def invoice(self, *lines, post=True, **options):
        """:return: (account.move, sale.order)"""
        _answer, order = self.submit_ok(self.order(*lines), **options)
        invoice = order._create_invoices()
        if post:
            invoice.action_post()
        return invoice, order

    def show(self, number, status=200, **options):
        response = self.call("GET", f"/invoices/{number}", **options)
        self.assertEqual(response.status_code, status, response.text)
        return response

    def test_deleted(self):
        """C7: an invoice that a shop was told of is deleted once the shop knows that it was cancelled."""
        invoice, _order = self.invoice(self.line(quantity="3"))
        invoice.button_draft()
        with self.assertRaisesRegex(UserError, "so that their sales channel is told"):
            invoice.unlink()
        invoice.button_cancel()
        invoice.unlink()
        self.assertFalse(invoice.exists())

    def test_read(self):
        """C7: an invoice with its lines, taxes, payment status and amount due."""
        invoice, order = self.invoice(self.line(quantity="3"), self.line("TEST-GLOVES", "1", unit="DZ"))
        view = self.show(invoice.name).json_body
        self.assertEqual(view["number"], invoice.name)
        self.assertEqual(view["type"], "invoice")
        self.assertEqual(view["status"], "posted")
        self.assertEqual(view["orders"], [order.dist_external_ref])
        self.assertEqual(view["payment_status"], "not_paid")
        self.assertEqual(view["amount_untaxed"], "78.00")
        self.assertEqual(view["amount_tax"], "3.00")
        self.assertEqual(view["amount_total"], "81.00")
        self.assertEqual(view["amount_due"], "81.00")
        self.assertEqual(view["taxes"], [{"tax": "Test 10%", "base": "30.00", "amount": "3.00"}])
        first, second = view["lines"]
        self.assertEqual(first["line"], order.order_line[0].dist_line_ref)
        self.assertEqual((first["sku"], first["quantity"], first["unit_price"]), ("TEST-CORN", "3", "10"))
        self.assertEqual((first["taxes"], second["taxes"]), (["Test 10%"], []))
        self.assertEqual(second["unit"], "Dozens")

    def test_number_with_encoded_slashes(self):
        """C7: the slashes of a number may be encoded."""
        invoice, _order = self.invoice()
        self.assertIn("/", invoice.name)
        self.assertEqual(self.show(invoice.name.replace("/", "%2F")).json_body["number"], invoice.name)

    def test_entity_tag(self):
        """M4: an invoice that did not change is not sent again; a payment changes it."""
        invoice, _order = self.invoice()
        etag = self.show(invoice.name).headers["ETag"]
        self.show(invoice.name, 304, headers={"If_None_Match": etag})
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({})._create_payments()
        view = self.show(invoice.name, headers={"If_None_Match": etag}).json_body
        self.assertEqual(view["amount_due"], "0.00")

    def test_credit_note(self):
        """C7: a credit note is read like an invoice, and names the invoice it corrects."""
        invoice, _order = self.invoice(self.line(quantity="3"))
        credit = invoice._reverse_moves([{"invoice_date": invoice.invoice_date}], cancel=True)
        view = self.show(credit.name).json_body
        self.assertEqual(view["type"], "credit_note")
        self.assertEqual(view["credited_invoice"], invoice.name)
        self.assertEqual(view["amount_total"], "33.00")
        self.assertEqual(view["taxes"], [{"tax": "Test 10%", "base": "30.00", "amount": "3.00"}])

    def test_tax_group(self):
        """C7: a tax made of several is shown as those."""
        children = self.env["account.tax"].create(
            [
                {
                    "name": f"Part {rate}",
                    "amount": rate,
                    "type_tax_use": "none",
                    "company_id": self.company.id,
                }
                for rate in (2.0, 0.0)
            ]
        )
        group = self.env["account.tax"].create(
            {
                "name": "Group",
                "amount_type": "group",
                "type_tax_use": "sale",
                "company_id": self.company.id,
                "children_tax_ids": [(6, 0, children.ids)],
            }
        )
        self.corn.taxes_id = group
        invoice, _order = self.invoice(self.line(quantity="10"))
        taxes = {
            tax["tax"]: (tax["base"], tax["amount"]) for tax in self.show(invoice.name).json_body["taxes"]
        }
        self.assertEqual(taxes, {"Part 2.0": ("100.00", "2.00"), "Part 0.0": ("100.00", "0.00")})

    def test_drafts_are_hidden(self):
        """C7: a draft is not shown, neither in the list nor alone."""
        invoice, _order = self.invoice(post=False)
        self.assertEqual(self.call("GET", "/invoices").json_body["items"], [])
        self.show(invoice.name or "%2F", 404)
        invoice.button_cancel()
        self.assertEqual(self.call("GET", "/invoices").json_body["items"], [])

    def test_cancelled(self):
        """C7: a cancelled invoice is shown as that."""
        invoice, _order = self.invoice()
        invoice.button_draft()
        invoice.button_cancel()
        self.assertEqual(self.show(invoice.name).json_body["status"], "cancelled")

    def test_unknown_and_foreign_look_the_same(self):
        """G8: an invoice of another channel, or of none, is as unknown as one that does not exist."""
        other_system, _client, other_key = self.make_shop("OTHER")
        self.make_channel(other_system)
        invoice, _order = self.invoice()
        own = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.customer.id,
                "invoice_date": "2024-01-01",
                "invoice_line_ids": [(0, 0, {"name": "Own", "price_unit": 5.0, "tax_ids": False})],
            }
        )
        own.action_post()
        problems = [
            self.show(invoice.name, 404, key=other_key).json_body,
            self.show(own.name, 404, key=other_key).json_body,
            self.show("INV/0000/0", 404, key=other_key).json_body,
        ]
        self.assertEqual({problem["code"] for problem in problems}, {"unknown_invoice"})
        self.assertEqual(len({tuple(sorted(problem)) for problem in problems}), 1)
        self.assertEqual(self.call("GET", "/invoices", key=other_key).json_body["items"], [])

    def test_list(self):
        """C7, M4: the list is filtered by order, payment, status, date and change."""
        first, order = self.invoice(self.line(quantity="1"))
        second, _order = self.invoice(self.line(quantity="2"))
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=second.ids
        ).create({})._create_payments()
        today = first.invoice_date.isoformat()
        cases = {
            "": [first, second],
            f"order={order.dist_external_ref}": [first],
            "payment_status=not_paid": [first],
            f"payment_status={second.payment_state}": [second],
            "status=posted": [first, second],
            "status=cancelled": [],
            f"from={today}&to={today}": [first, second],
            "to=2000-01-01": [],
            "from=2999-01-01": [],
            "updated_since=2000-01-01": [first, second],
            "updated_since=2999-01-01T00:00:00Z": [],
            "limit=1": [first],
        }
        for query, expected in cases.items():
            with self.subTest(query=query):
                response = self.call("GET", f"/invoices?{query}")
                self.assertEqual(response.status_code, 200, response.text)
                self.assertEqual(
                    [item["number"] for item in response.json_body["items"]], [i.name for i in expected]
                )
        for query in ("status=lost", "from=yesterday", "payment_status=maybe"):
            with self.subTest(query=query):
                self.assertEqual(self.call("GET", f"/invoices?{query}").status_code, 400)

    def test_pdf_without_printer(self):
        """C7: a server that cannot make PDF files says so."""
        invoice, _order = self.invoice()
        model = type(self.env["ir.actions.report"])
        for state in ("install", "broken", "workers"):
            with (
                self.subTest(state=state),
                patch.object(model, "get_wkhtmltopdf_state", lambda *_args, s=state: s),
            ):
                response = self.show(f"{invoice.name}/pdf", 503)
                self.assertEqual(response.json_body["code"], "pdf_unavailable")

    def test_pdf(self):
        """C7: the PDF of an invoice."""
        invoice, _order = self.invoice()
        model = type(self.env["ir.actions.report"])
        with (
            patch.object(model, "get_wkhtmltopdf_state", lambda *_args: "ok"),
            patch.object(model, "_render_qweb_pdf", lambda *_args, **_options: (b"%PDF-1.7 test", "pdf")),
        ):
            response = self.show(f"{invoice.name}/pdf")
        self.assertEqual(response.content, b"%PDF-1.7 test")
        self.assertEqual(response.headers["Content-Type"], "application/pdf")
        self.assertIn(invoice.name.replace("/", "_"), response.headers["Content-Disposition"])

    def test_pdf_that_was_sent(self):
        """C7: the file that was sent to the customer is the document, also where none can be made."""
        invoice, _order = self.invoice()
        self.env["ir.attachment"].create(
            {
                "name": "sent.pdf",
                "raw": b"%PDF-1.7 sent",
                "res_model": "account.move",
                "res_id": invoice.id,
                "res_field": "invoice_pdf_report_file",
            }
        )
        invoice.invalidate_recordset()
        response = self.show(f"{invoice.name}/pdf")
        self.assertEqual(response.content, b"%PDF-1.7 sent")

    def test_pdf_of_nobody(self):
        """G8: no PDF of an unknown or foreign invoice."""
        _system, _client, other_key = self.make_shop("OTHER")
        invoice, _order = self.invoice()
        self.show(f"{invoice.name}/pdf", 404, key=other_key)
        self.show("INV/0000/0/pdf", 404)
