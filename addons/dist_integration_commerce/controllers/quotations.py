from odoo import http

from odoo.addons.dist_integration_base.controllers.api import api_route


class QuotationsController(http.Controller):
    @api_route(
        "/quotations",
        method="POST",
        message_type="quotation.submit",
        scope="quotations:submit",
        summary="Submit a quotation",
        description=(
            "Priced and checked like an order; nothing is reserved and no credit is taken. What would hold an order is "
            "told in the reasons. Read it as an order, by its reference; it is cancelled and changed like one."
        ),
        bulk=True,
        tag="Quotations",
        statuses=(409,),
    )
    def submit_quotation(self, call):
        return call.receive()

    @api_route(
        "/quotations/orders",
        method="POST",
        message_type="quotation.order",
        scope="quotations:submit",
        summary="Order what was quoted",
        description=(
            "Stock and credit are checked now; the answer is that of an order. A quotation that is not good any more "
            "is refused with `quotation_expired` (409), until a person accepts it. Ordered twice, it is one order."
        ),
        tag="Quotations",
        statuses=(404, 409),
    )
    def order_quotation(self, call):
        return call.receive()
