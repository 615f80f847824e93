from odoo import http

from odoo.addons.dist_integration_base.controllers.api import api_route


class ReceiptsController(http.Controller):
    @api_route(
        "/receipts/confirmations",
        method="POST",
        message_type="receipt.confirmed",
        scope="receipts:confirm",
        summary="Confirm what was received",
        tag="Warehouse",
        statuses=(404, 409),
        bulk=True,
    )
    def confirm_receipt(self, call):
        return call.receive()
