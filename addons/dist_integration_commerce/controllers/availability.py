from odoo import http

from odoo.addons.dist_integration_base.controllers.api import api_route
from odoo.addons.dist_integration_base.lib.handling import BusinessError


class AvailabilityController(http.Controller):
    @api_route(
        "/availability/query",
        method="POST",
        request_schema="availability.query",
        response_schema="availability.result",
        scope="availability:read",
        summary="Ask for available stock",
        description=(
            "Up to 10,000 items at once, each with its stock in the warehouses that are published to your channel, "
            "in the unit of the product. `available` is what may be promised: on hand, less what is reserved, less "
            "the buffer of the channel. An item that is not known carries `error`."
        ),
        tag="Availability",
        statuses=(422,),
    )
    def query_availability(self, call):
        payload = call.payload
        try:
            terms = call.env["dist.sales.channel"]._get_availability_terms(
                call.system.id, call.company_id, payload.get("channel")
            )
            answer = call.env["dist.availability.query"]._answer(
                terms, payload["skus"], payload.get("warehouses")
            )
        except BusinessError as error:
            raise call.problem(error.status, error.code, error.detail, errors=error.errors) from error
        return call.answer(answer)
