from odoo import http

from odoo.addons.dist_integration_base.controllers.api import api_route


class ReturnsController(http.Controller):
    @api_route(
        "/returns/confirmations",
        method="POST",
        message_type="return.confirmed",
        scope="returns:confirm",
        summary="Confirm what customers sent back",
        tag="Warehouse",
        statuses=(404, 409),
        bulk=True,
    )
    def confirm_return(self, call):
        return call.receive()
