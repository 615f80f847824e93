from odoo import http

from odoo.addons.dist_integration_base.controllers.api import api_route


class ChannelReturnsController(http.Controller):
    @api_route(
        "/returns",
        method="POST",
        message_type="return.submit",
        scope="returns:submit",
        summary="Ask to send goods back",
        description=(
            "`authorised`: the warehouse expects the goods. 202: a person decides; poll the operation. What was not "
            "shipped, or came back already, is refused with `more_than_shipped` (422). `return.received` tells what "
            "came back, `invoice.posted` of the credit note. With `keep` the goods do not come back: a claim, on which "
            "a person decides before it is `credited`."
        ),
        bulk=True,
        tag="Returns",
        statuses=(404, 409),
    )
    def submit_return(self, call):
        return call.receive()
