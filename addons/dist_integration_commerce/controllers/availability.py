from odoo.addons.dist_integration_base.controllers.api import ApiController, api_route
from odoo.addons.dist_integration_base.lib.handling import BusinessError


class AvailabilityController(ApiController):
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
        queries = call.env["dist.availability.query"]
        try:
            channel = call.env["dist.sales.channel"]._choose(
                call.client.system_id, call.client.company_id, payload.get("channel")
            )
            warehouses = queries._get_warehouses(channel, payload.get("warehouses"))
        except BusinessError as error:
            raise call.problem(error.status, error.code, error.detail, errors=error.errors) from error
        return call.answer(queries._answer(channel, payload["skus"], warehouses))
