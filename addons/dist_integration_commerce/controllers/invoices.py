from odoo import _, http
from odoo.http import request

from odoo.addons.dist_integration_base.controllers.api import api_route

from .common import CHANGED, PAGE_PARAMETERS, own_documents, to_moment

DATE = {"type": "string", "format": "date", "maxLength": 10}


class InvoicesController(http.Controller):
    @api_route(
        "/invoices",
        method="GET",
        response_schema="invoice.list",
        scope="invoices:read",
        summary="List invoices and credit notes",
        description="Documents of the orders of your channels, once they are posted; oldest first.",
        parameters={
            **PAGE_PARAMETERS,
            "status": {"type": "string", "enum": ["posted", "cancelled"]},
            "payment_status": {
                "type": "string",
                "enum": ["not_paid", "in_payment", "paid", "partial", "reversed", "invoicing_legacy"],
            },
            "order": {"type": "string", "maxLength": 64, "description": "Your reference of an order."},
            "updated_since": {**CHANGED, "description": "Date or moment in UTC, 2026-01-31T08:00:00Z."},
            "from": {**DATE, "description": "Invoice date from."},
            "to": {**DATE, "description": "Invoice date to, inclusive."},
        },
        tag="Invoices",
    )
    def list_invoices(self, call):
        views = call.env["dist.invoice.view"]
        return call.paginate(
            "account.move",
            _get_list_domain(call),
            lambda invoices: [views._get_summary(invoice) for invoice in invoices],
        )

    @api_route(
        "/invoices/<path:number>",
        method="GET",
        response_schema="invoice.view",
        scope="invoices:read",
        summary="Read an invoice or credit note",
        description="With lines, taxes, payment status and amount due.",
        tag="Invoices",
        statuses=(404,),
        conditional=True,
    )
    def read_invoice(self, call, number):
        view = call.env["dist.invoice.view"]._get_view(_find_invoice(call, number))
        return call.answer(view, etag=call.etag_of(view))

    @api_route(
        "/invoices/<path:number>/pdf",
        method="GET",
        scope="invoices:read",
        summary="Get the PDF of an invoice",
        description="503 `pdf_unavailable` when this server cannot make PDF files.",
        tag="Invoices",
        statuses=(404, 503),
        media_type="application/pdf",
    )
    def print_invoice(self, call, number):
        invoice = _find_invoice(call, number)
        content = invoice._dist_get_pdf()
        if content is None:
            raise call.problem(503, "pdf_unavailable", _("PDF files cannot be made on this server."))
        name = invoice.name.replace("/", "_")
        return request.make_response(
            content,
            headers=[
                ("Content-Type", "application/pdf"),
                ("Content-Disposition", f'inline; filename="{name}.pdf"'),
                ("Cache-Control", "no-store"),
                *call.headers.items(),
            ],
        )


def _get_list_domain(call):
    query = call.query
    domain = [
        *own_documents(call),
        ("move_type", "in", ("out_invoice", "out_refund")),
        ("posted_before", "=", True),
        (
            "state",
            "in",
            {"posted": ("posted",), "cancelled": ("cancel",)}.get(query.get("status"), ("posted", "cancel")),
        ),
    ]
    for name, field, operator in (
        ("payment_status", "payment_state", "="),
        ("order", "invoice_line_ids.sale_line_ids.order_id.dist_external_ref", "="),
        ("from", "invoice_date", ">="),
        ("to", "invoice_date", "<="),
    ):
        if query.get(name):
            domain.append((field, operator, query[name]))
    if query.get("updated_since"):
        domain.append(("write_date", ">=", to_moment(query["updated_since"])))
    return domain


def _find_invoice(call, number):
    invoice = call.env["account.move"].search(
        [
            *own_documents(call),
            ("name", "=", number),
            ("move_type", "in", ("out_invoice", "out_refund")),
            ("posted_before", "=", True),
            ("state", "in", ("posted", "cancel")),
        ],
        limit=1,
    )
    if not invoice:
        raise call.problem(404, "unknown_invoice", _("There is no invoice %s of yours.", number))
    return invoice
