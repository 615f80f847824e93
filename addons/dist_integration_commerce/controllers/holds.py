from odoo import http

from odoo.addons.dist_integration_base.controllers.api import api_route

TAG = "Availability"


class HoldsController(http.Controller):
    @api_route(
        "/availability/holds",
        method="POST",
        message_type="hold.create",
        scope="availability:hold",
        summary="Set goods aside for a buyer",
        description="All that is asked for, or nothing: 409 `insufficient_stock` names the lines of which there is too "
        "little. Of two buyers of the last piece one gets it. The goods come free by themselves, and an order that "
        "names the hold in `holds` uses it up.",
        tag=TAG,
        statuses=(403, 409),
    )
    def create_hold(self, call):
        return call.receive()

    @api_route(
        "/availability/holds/release",
        method="POST",
        message_type="hold.release",
        scope="availability:hold",
        summary="Let go of goods that were set aside",
        description="What is over already stays as it is; the answer says what became of it.",
        tag=TAG,
        statuses=(404,),
    )
    def release_hold(self, call):
        return call.receive()
