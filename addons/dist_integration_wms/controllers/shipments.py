from odoo import http
from odoo.exceptions import UserError

from odoo.addons.dist_integration_base.controllers.api import api_route

TAG = "Warehouse"
RELEASE_STATES = ["requested", "acknowledged", "refused", "done", "cancelled"]


class ShipmentsController(http.Controller):
    @api_route(
        "/shipments/acknowledgements",
        method="POST",
        message_type="shipment.acknowledged",
        scope="shipments:acknowledge",
        summary="Accept or refuse a shipment",
        tag=TAG,
        statuses=(404, 409),
        bulk=True,
    )
    def acknowledge_shipment(self, call):
        return call.receive()

    @api_route(
        "/shipments/confirmations",
        method="POST",
        message_type="shipment.confirmed",
        scope="shipments:confirm",
        summary="Confirm what was shipped",
        tag=TAG,
        statuses=(404, 409),
        bulk=True,
    )
    def confirm_shipment(self, call):
        return call.receive()

    @api_route(
        "/shipments/requests/answers",
        method="POST",
        message_type="shipment.request.answered",
        scope="shipments:answer",
        summary="Accept or refuse to hold, change or cancel a shipment",
        tag=TAG,
        statuses=(404, 409),
        bulk=True,
    )
    def answer_request(self, call):
        return call.receive()

    @api_route(
        "/shipments",
        method="GET",
        scope="shipments:read",
        summary="Shipments released to this warehouse",
        description="For warehouses that ask instead of being told, and to find what got lost.",
        response_schema="shipment.page",
        parameters={
            "state": {"type": "string", "enum": RELEASE_STATES},
            "shipment": {"type": "string", "minLength": 1, "maxLength": 64},
            "cursor": {"type": "string", "maxLength": 400},
            "limit": {"type": "integer", "minimum": 1, "maximum": 200},
        },
        tag=TAG,
    )
    def list_shipments(self, call):
        domain = [
            ("dist_system_id", "=", call.system.id),
            ("company_id", "=", call.company_id),
            ("picking_type_id.code", "=", "outgoing"),
        ]
        if "state" in call.query:
            domain.append(("dist_release_state", "=", call.query["state"]))
        if "shipment" in call.query:
            domain.append(("dist_release_ref", "=", call.query["shipment"]))
        return call.paginate("stock.picking", domain, lambda pickings: self._show(call, pickings))

    def _show(self, call, pickings):
        """:return: dict, the shipments of a page, and those that cannot be shown until a person has put them right"""
        serializer = call.env["dist.serializer.shipment.requested"]._for_records(pickings)
        requests = call.env["dist.serializer.shipment.request"]._for_records(pickings)
        items, left_out = [], []
        for picking in pickings:
            try:
                items.append(self._show_one(picking, serializer, requests))
            except UserError as error:
                left_out.append({"shipment": picking.dist_release_ref, "reason": str(error)})
        return {"items": items, "left_out": left_out}

    def _show_one(self, picking, serializer, requests):
        return {
            **serializer._get_payload(picking),
            "state": picking.dist_release_state,
            "on_hold": picking.dist_is_on_hold,
            "requests": requests._get_open_requests(picking, serializer._get_codes(picking)),
        }
