from odoo import _, http

from odoo.addons.dist_integration_base.controllers.api import api_route

PAGE = {
    "cursor": {"type": "string", "maxLength": 400},
    "limit": {"type": "integer", "minimum": 1, "maximum": 200},
}


class PartnersController(http.Controller):
    @api_route(
        "/test/partners",
        method="POST",
        message_type="partner.submit",
        scope="test:write",
        summary="Submit a partner",
        bulk=True,
        tag="Tests",
    )
    def submit_partner(self, call):
        return call.receive()

    @api_route(
        "/test/partners/<string:external_id>",
        method="PUT",
        message_type="partner.submit",
        scope="test:write",
        summary="Create or replace a partner",
        tag="Tests",
        conditional=True,
    )
    def put_partner(self, call, external_id):
        partner = call.env["dist.binding"]._find(call.system, "res.partner", external_id)
        call.check_match(call.etag_of(self._show(partner)) if partner else None)
        return call.receive({"external_id": external_id})

    @api_route(
        "/test/partners/<string:external_id>",
        method="GET",
        scope="test:read",
        summary="A partner",
        response_schema="partner",
        tag="Tests",
        statuses=(404,),
        conditional=True,
    )
    def get_partner(self, call, external_id):
        partner = call.env["dist.binding"]._find(call.system, "res.partner", external_id)
        if not partner:
            raise call.problem(404, "not_found", _("There is no such partner."))
        document = self._show(partner)
        return call.answer(document, etag=call.etag_of(document))

    @api_route(
        "/test/partners",
        method="GET",
        scope="test:read",
        summary="Partners",
        parameters=PAGE,
        response_schema="partner.page",
        tag="Tests",
    )
    def list_partners(self, call):
        bound = call.env["dist.binding"].search([("system_id", "=", call.system.id)]).mapped("res_id")
        return call.paginate(
            "res.partner", [("id", "in", bound)], lambda partners: [self._show(p) for p in partners]
        )

    def _show(self, partner):
        return {"name": partner.name, "note": partner.ref or ""}
