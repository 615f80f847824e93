from odoo import http
from odoo.http import Response, request

from .api import PREFIX, json_response

# nothing from elsewhere, no scripts
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


class DocumentsController(http.Controller):
    """The API's description: for machines and for people. Holds no data of anybody."""

    @http.route(
        f"{PREFIX}/openapi.json",
        type="http",
        auth="none",
        methods=["GET"],
        csrf=False,
        save_session=False,
        readonly=False,
    )
    def openapi(self, **_arguments):
        document = request.env["dist.openapi"].sudo()._get_document()
        return json_response(document, headers={"Cache-Control": "public, max-age=60"})

    @http.route(
        f"{PREFIX}/docs",
        type="http",
        auth="none",
        methods=["GET"],
        csrf=False,
        save_session=False,
        readonly=False,
    )
    def docs(self, **_arguments):
        """A page that reads the description; it loads nothing from elsewhere."""
        document = request.env["dist.openapi"].sudo()._get_document()
        body = request.env["ir.qweb"].sudo()._render("dist_integration_base.api_docs", {"document": document})
        return Response(
            body, content_type="text/html; charset=utf-8", headers={"Content-Security-Policy": POLICY}
        )
