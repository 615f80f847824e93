from odoo import _, http
from odoo.http import request

from odoo.addons.dist_integration_base.controllers.api import api_route


class CustomersController(http.Controller):
    @api_route(
        "/customers/<string:external_id>",
        method="PUT",
        message_type="customer.upsert",
        scope="customers:write",
        summary="Create or update a customer",
        description=(
            "The customer is found by the id under which you sent it before, else by its tax ID, else by its e-mail "
            "together with its name. When several customers fit, the answer is 202 with status `held`: a person "
            "chooses, and the message is applied then. Of a customer that was there before you named it, only what is "
            "empty is filled in, and you read only what you sent, until a person confirms that it is the one; "
            "`not_applied` names the rest. Contacts that can log in, and those of the company itself, are never found; "
            "an id bound to one is refused with 409 `protected_contact`. "
            "A member that is left out keeps its value; `null` clears it. "
            "Sending the same again changes nothing. With `If-Match` the change is only made to the version you saw: "
            "the `ETag` of what you read, or the `version` of the answer to your last change."
        ),
        tag="Customers",
        statuses=(412,),
        conditional=True,
    )
    def upsert_customer(self, call, external_id):
        customer = _find_customer(call, external_id)
        current = _get_version(call, customer) if customer else None
        call.check_match(current)
        extra = {"external_id": external_id}
        expected = request.httprequest.headers.get("If-Match")
        if expected and expected.strip() != "*":
            extra["expected_version"] = current
        return call.receive(extra=extra)

    @api_route(
        "/customers/<string:external_id>",
        method="GET",
        response_schema="customer.view",
        scope="customers:read",
        summary="Read a customer",
        description="Only customers that were bound to your system are found.",
        tag="Customers",
        statuses=(404,),
        conditional=True,
    )
    def read_customer(self, call, external_id):
        customer = _find_customer(call, external_id)
        if not customer:
            raise call.problem(404, "unknown_customer", _("No customer has the id %s.", external_id))
        view = call.env["dist.customer.view"]._get_shown(call.system, customer)
        return call.answer(view, etag=_get_version(call, customer))


def _find_customer(call, external_id):
    return call.env["dist.binding"]._find(call.system, "res.partner", external_id)


def _get_version(call, customer):
    return call.env["dist.handler.customer.upsert"]._get_version(call.system, customer)
