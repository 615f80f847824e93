from odoo import http

from odoo.addons.dist_integration_base.controllers.api import api_route


class StockController(http.Controller):
    @api_route(
        "/stock/adjustments",
        method="POST",
        message_type="stock.adjusted",
        scope="stock:adjust",
        summary="Report more or less stock",
        tag="Warehouse",
        statuses=(409,),
        bulk=True,
    )
    def adjust_stock(self, call):
        return call.receive()

    @api_route(
        "/stock/status-changes",
        method="POST",
        message_type="stock.status.changed",
        scope="stock:adjust",
        summary="Put goods on hold, release them, or report damage",
        tag="Warehouse",
        statuses=(409,),
        bulk=True,
    )
    def change_stock_status(self, call):
        return call.receive()
