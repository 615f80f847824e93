from odoo import _, http

from odoo.addons.dist_integration_base.controllers.api import api_route

from .common import CHANGED, PAGE_PARAMETERS, own_documents, to_moment

STATUS_DOMAINS = {
    "held": [("state", "in", ("draft", "sent")), ("dist_state", "=", "held")],
    "quotation": [("state", "in", ("draft", "sent")), ("dist_state", "!=", "held")],
    "confirmed": [("state", "=", "sale"), ("delivery_status", "not in", ("partial", "full"))],
    "partly_shipped": [("state", "=", "sale"), ("delivery_status", "=", "partial")],
    "shipped": [("state", "=", "sale"), ("delivery_status", "=", "full")],
    "cancelled": [("state", "=", "cancel")],
}


class OrdersController(http.Controller):
    @api_route(
        "/orders",
        method="POST",
        message_type="order.submit",
        scope="orders:submit",
        summary="Submit an order",
        description=(
            "The order is checked and answered at once. `status` is `accepted`, `accepted_in_part` or `held` (a "
            "person decides, an event follows); or the answer is a problem, `order_refused` (422), with the reasons "
            "by line and nothing kept. 202: a code in it is not known yet; it is taken up by itself once it is. "
            "`reference` makes an order unique for good: the same order again is answered the same, another order "
            "under the same reference is refused with `duplicate_order` (409)."
        ),
        bulk=True,
        tag="Orders",
        statuses=(409,),
    )
    def submit_order(self, call):
        return call.receive()

    @api_route(
        "/orders/changes",
        method="POST",
        message_type="order.change",
        scope="orders:change",
        summary="Change an order",
        description=(
            "Says what is wanted from now on of the lines that are named; other lines stay. What has shipped, or is "
            "with a warehouse, is not given up: `change_too_late` (409). What is added is checked as a new order is: "
            "`order_change_refused` (409), until a person accepts it. Nothing of a refused change is kept. "
            "`order.changed` tells of every change of a confirmed order, also of those that people make."
        ),
        bulk=True,
        tag="Orders",
        statuses=(404, 409),
    )
    def change_order(self, call):
        return call.receive()

    @api_route(
        "/orders/cancellations",
        method="POST",
        message_type="order.cancel",
        scope="orders:change",
        summary="Cancel an order",
        description=(
            "Up to the release to a warehouse the order is cancelled at once. Afterwards the answer is "
            "`order_released`, `order_shipped` or `order_invoiced` (409), and a person is told, who can agree it with "
            "the warehouse; `order.cancelled` follows then."
        ),
        bulk=True,
        tag="Orders",
        statuses=(404, 409),
    )
    def cancel_order(self, call):
        return call.receive()

    @api_route(
        "/orders",
        method="GET",
        response_schema="order.list",
        scope="orders:read",
        summary="List orders",
        description=(
            "Orders of your channels, oldest first. `updated_since` counts changes of their shipments, returns and "
            "invoices too; repeat it with some minutes of overlap."
        ),
        parameters={
            **PAGE_PARAMETERS,
            "status": {"type": "string", "enum": list(STATUS_DOMAINS)},
            "updated_since": {**CHANGED, "description": "Date or moment in UTC, 2026-01-31T08:00:00Z."},
            "channel": {"type": "string", "maxLength": 64, "description": "Code of one of your channels."},
        },
        tag="Orders",
    )
    def list_orders(self, call):
        domain = own_documents(call) + STATUS_DOMAINS.get(call.query.get("status"), [])
        views = call.env["dist.order.view"]
        if call.query.get("updated_since"):
            domain += views._get_updated_domain(to_moment(call.query["updated_since"]))
        if call.query.get("channel"):
            domain.append(("dist_channel_id.code", "=", call.query["channel"]))
        return call.paginate(
            "sale.order", domain, lambda orders: [views._get_summary(order) for order in orders]
        )

    @api_route(
        "/orders/<path:reference>",
        method="GET",
        response_schema="order.view",
        scope="orders:read",
        summary="Read an order",
        description="By your reference: status, lines with what was shipped and invoiced, shipments, invoices.",
        tag="Orders",
        statuses=(404,),
        conditional=True,
    )
    def read_order(self, call, reference):
        order = call.env["sale.order"].search(
            [*own_documents(call), ("dist_external_ref", "=", reference)], limit=1
        )
        if not order:
            raise call.problem(404, "unknown_order", _("There is no order %s of yours.", reference))
        view = call.env["dist.order.view"]._get_view(order)
        return call.answer(view, etag=call.etag_of(view))
