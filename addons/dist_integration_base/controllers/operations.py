from odoo import _, http

from .api import api_route


class OperationsController(http.Controller):
    @api_route(
        "/operations/<string:message_id>",
        method="GET",
        scope=None,
        summary="How far a message is",
        description="Poll this after a 202. `status` is in_progress, waiting (for a person), succeeded, failed "
        "or cancelled.",
        response_schema="operation",
        tag="Operations",
        statuses=(404,),
        conditional=True,
    )
    def get_operation(self, call, message_id):
        message = call.env["dist.message"].search(
            [("uuid", "=", message_id), ("client_id", "=", call.client.id), ("direction", "=", "in")]
        )
        if not message:
            raise call.problem(404, "not_found", _("There is no such message of yours."))
        document = message._get_operation_document()
        return call.answer(document, etag=call.etag_of(document))
