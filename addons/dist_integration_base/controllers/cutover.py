from odoo import _, http

from .api import api_route


class CutoverController(http.Controller):
    @api_route(
        "/cutover/references",
        method="POST",
        request_schema="cutover.reference",
        response_schema="cutover.comparison",
        scope="cutover:report",
        summary="Report what the old interface did",
        description=(
            "While a flow runs in the shadow, the interface it is to replace reports each document it sent or booked. "
            "It is compared with what this interface would have done, also when that comes later. The same report "
            "again changes nothing."
        ),
        tag="Cut-over",
        statuses=(404,),
    )
    def report_reference(self, call):
        payload = call.payload
        message_type = call.env["dist.message.type"]._get_by_code(payload["message_type"])
        flow = call.env["dist.flow"]._find_for_cutover(call.system, message_type)
        if not flow:
            raise call.problem(
                404, "unknown_flow", _("No flow of %s runs in the shadow here.", payload["message_type"])
            )
        row = call.env["dist.cutover.comparison"]._report(flow.id, payload["key"], payload["document"])
        return call.answer(row)
