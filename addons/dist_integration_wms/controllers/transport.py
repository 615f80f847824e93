from odoo import http

from odoo.addons.dist_integration_base.controllers.api import api_route

TAG = "Carriers"


class TransportController(http.Controller):
    @api_route(
        "/shipments/milestones",
        method="POST",
        message_type="shipment.milestone",
        scope="milestones:write",
        summary="Say where a shipment is",
        description="Milestones may come in any order and more than once: the newest moment counts, the history is "
        "kept. A delivery may be proved with a signature, a photo or a document. A tracking number that no shipment "
        "has yet is kept until one has it.",
        tag=TAG,
        statuses=(404, 409),
        bulk=True,
    )
    def report_milestone(self, call):
        return call.receive()

    @api_route(
        "/transport/answers",
        method="POST",
        message_type="transport.answered",
        scope="transport:answer",
        summary="Accept or refuse to carry a shipment",
        tag=TAG,
        statuses=(404, 409),
        bulk=True,
    )
    def answer_transport(self, call):
        return call.receive()
