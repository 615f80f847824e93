import logging

import psycopg2

from odoo import http
from odoo.exceptions import UserError
from odoo.http import Response, request

from odoo.addons.dist_integration_base.controllers.api import read_limited
from odoo.addons.dist_integration_base.lib.problem import Problem
from odoo.addons.dist_integration_base.models.transaction import is_connection_lost

from ..lib.as2.errors import As2Error
from ..lib.as2.mime import Entity
from ..lib.as2.receipt import Wish, is_receipt
from ..lib.as2.receiving import Incoming
from ..models.dist_as2_partner import PATH

_logger = logging.getLogger(__name__)

# of the server as a whole; a partner has a limit of its own
MAX_BODY = 60_000_000


class As2Controller(http.Controller):
    """The one address that every AS2 partner calls, with messages and with receipts."""

    @http.route(
        PATH,
        type="http",
        auth="none",
        methods=["POST"],
        csrf=False,
        save_session=False,
        readonly=False,
        max_content_length=MAX_BODY,
    )
    def receive(self, **_arguments):
        try:
            return self._receive()
        except As2Error as error:
            return _text(400, error.detail)
        except Problem as problem:
            return _text(problem.status, problem.detail, problem.headers)
        except psycopg2.Error as error:
            if is_connection_lost(error):
                return _unavailable()
            raise

    def _receive(self):
        incoming = Incoming.from_headers(dict(request.httprequest.headers))
        if not request.db:
            return _unavailable()
        partners = request.env["dist.as2.partner"].sudo()
        partner = partners._find(incoming.sender, incoming.receiver)
        if not partner:
            self._tell_unknown(partners, incoming)
            return _text(403, "No agreement is known between these AS2 names.")
        if partner.system_id._get_blocked_reason():
            return _unavailable()
        partner = partner.with_company(partner.company_id)
        body = self._read_body(partner)
        entity = incoming.entity(body)
        if is_receipt(entity):
            request.env["dist.as2.exchange"].sudo()._take_receipt(partner, incoming, entity)
            return _text(200, "")
        return self._take_message(partner, incoming, body)

    def _read_body(self, partner):
        """:raises Problem: it is larger than what was agreed; a person is told"""
        if not hasattr(request, "dist_body"):
            try:
                request.dist_body = read_limited(request.httprequest, partner._get_max_bytes())
            except Problem as problem:
                partner._open_too_large(problem.detail)
                raise
        return request.dist_body

    def _take_message(self, partner, incoming, body):
        exchanges = request.env["dist.as2.exchange"].sudo()
        wish = Wish.from_headers(incoming.headers)
        try:
            terms = partner._get_terms()
        except UserError as error:
            partner._open_unusable(str(error))
            return _unavailable()
        try:
            wish.check()
            received = incoming.take(body, terms)
            receipt, refusal = exchanges._receive(partner, incoming, wish, received, terms), ""
        except As2Error as error:
            receipt, refusal = exchanges._refuse(partner, incoming, wish, error, terms), error.told.detail
        if not wish.is_wanted:
            return _text(400 if refusal else 200, refusal)
        if wish.address:
            return _text(200, "")
        entity = Entity.parse(receipt)
        return Response(entity.body, 200, headers=list(entity.headers.items()))

    def _tell_unknown(self, partners, incoming):
        """Who calls under a name that we have ourselves may be a partner whose profile is missing."""
        ours = partners.search([("own_name", "=", incoming.receiver)], limit=1)
        if ours:
            ours._open_unknown_sender(incoming.sender)
        _logger.info("AS2: unknown sender %r for %r", incoming.sender[:128], incoming.receiver[:128])

    @http.route(f"{PATH}/receipt/<int:exchange_id>", type="http", auth="user", methods=["GET"], readonly=True)
    def download_receipt(self, exchange_id):
        """The receipt of a message as it is, for whoever may see the message."""
        exchange = request.env["dist.as2.exchange"].search([("id", "=", exchange_id)])
        if not exchange or not exchange.sudo().receipt:
            return request.not_found()
        headers = [
            ("Content-Type", "application/octet-stream"),
            ("Content-Disposition", f'attachment; filename="receipt-{exchange.id}.mdn"'),
        ]
        return request.make_response(exchange._get_receipt(), headers)


def _text(status, text, headers=None):
    response = Response(text or "", status=status, content_type="text/plain; charset=utf-8")
    for name, value in (headers or {}).items():
        response.headers[name] = str(value)
    return response


def _unavailable():
    return _text(503, "Try again later.", {"Retry-After": "60"})
