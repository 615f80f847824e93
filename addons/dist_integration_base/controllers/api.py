"""The frame of every API route: who calls, may they, how often, and how refusals read."""

import functools
import logging
import time
from dataclasses import dataclass

import psycopg2
from werkzeug.exceptions import HTTPException

from odoo import _, http
from odoo.http import Response, request

from ..compat import get_body_stream
from ..lib import strict_json, trace, upload
from ..lib.errors import IntegrationError, SignatureError
from ..lib.problem import MEDIA_TYPE, Problem, uri_path
from ..lib.signature import verify
from ..models.transaction import is_connection_lost
from .call import ApiCall

_logger = logging.getLogger(__name__)

PREFIX = "/dist/v1"
MAX_BODY = 1_000_000
MAX_BULK_BODY = strict_json.MAX_BYTES
# of a file that is stored as it arrives
MAX_UPLOAD = 500_000_000
# what Odoo lets through to us, who say better what is too large
UPLOAD_CONTENT_LENGTH = 2 * MAX_UPLOAD
PACKED = ("gzip", "x-gzip")


@dataclass(frozen=True)
class ApiOperation:
    """What is known of a route: checks it, documents it.

    :param path: below the API's prefix, with werkzeug converters
    :param method: HTTP method
    :param operation_id: unique name
    :param scope: code of the dist.api.scope that a client needs; None for any client
    :param summary: one line for the documentation
    :param description: more, in Markdown
    :param message_type: code of the inbound type that the body is
    :param request_schema: file of the body's schema for what is not stored as a message
    :param response_schema: file of the answer's schema
    :param parameters: query parameters: dict name to JSON Schema
    :param bulk: whether ``/bulk`` takes many
    :param tag: heading in the documentation
    :param statuses: further statuses that the route answers, beside those common to all
    :param media_type: of the answer
    :param upload: media types of a body that is a file, stored as it arrives; empty for a body in JSON
    :param required: names of query parameters that may not be left out
    :param idempotent: whether a route without messages takes an ``Idempotency-Key`` as those with messages do
    """

    path: str
    method: str
    operation_id: str
    scope: str | None
    summary: str
    description: str = ""
    message_type: str | None = None
    request_schema: str | None = None
    response_schema: str | None = None
    parameters: tuple = ()
    bulk: bool = False
    tag: str = ""
    statuses: tuple = ()
    media_type: str = "application/json"
    conditional: bool = False
    upload: tuple = ()
    required: tuple = ()
    idempotent: bool = False


def api_route(
    path, *, method, scope, summary, parameters=None, request_schema=None, response_schema=None, **options
):
    """Route of the API. The function gets ``call`` (ApiCall) and the path's arguments.

    :param path: below ``/dist/v1``
    :param parameters: dict of query parameters, name to JSON Schema
    :param request_schema: ``name`` of a file ``schemas/<name>.v1.json`` in the controller's addon
    :param response_schema: likewise
    """

    def decorate(function):
        operation = ApiOperation(
            path=path,
            method=method,
            operation_id=options.pop("operation_id", function.__name__),
            scope=scope,
            summary=summary,
            parameters=tuple((parameters or {}).items()),
            request_schema=_schema_file(function, request_schema),
            response_schema=_schema_file(function, response_schema),
            **options,
        )

        @functools.wraps(function)
        def endpoint(self, **arguments):
            if request.httprequest.method == "OPTIONS":
                # Odoo takes this method for every route
                return _options_response()
            return _count(operation, lambda: _serve(self, function, operation, arguments))

        # Odoo would drop the query parameters that the function's own signature does not have
        del endpoint.__wrapped__
        endpoint.dist_operation = operation
        paths = [PREFIX + path] + ([f"{PREFIX}{path}/bulk"] if operation.bulk else [])
        limit = {"max_content_length": UPLOAD_CONTENT_LENGTH} if operation.upload else {}
        return http.route(
            paths,
            type="http",
            auth="none",
            methods=[method],
            csrf=False,
            save_session=False,
            readonly=False,
            **limit,
        )(endpoint)

    return decorate


def _schema_file(function, name):
    if not name or "/" in name:
        return name
    addon = function.__module__.split(".")[2]
    return f"{addon}/schemas/{name}.v1.json"


def _count(operation, serve):
    """Answer one call and add it to the figures."""
    started = time.monotonic()
    response = serve()
    if request.db:
        company_id, system_id = getattr(request, "dist_caller", (None, None))
        request.env["dist.api.call"]._note(
            {
                "operation": operation.operation_id,
                "company_id": company_id,
                "system_id": system_id,
                "status": response.status_code,
                "problem": _get_problem_code(response),
                "replayed": "Idempotent-Replayed" in response.headers,
                "duration_ms": int((time.monotonic() - started) * 1000),
            }
        )
    return response


def _get_problem_code(response):
    if response.mimetype != MEDIA_TYPE:
        return None
    return str(strict_json.loads(response.get_data()).get("code") or "")[:64] or None


def _serve(controller, function, operation, arguments):
    """Answer one call; whatever happens, the answer is JSON that says so."""
    current = trace.continue_or_new(request.httprequest.headers.get("traceparent"))
    headers = {"Trace-Id": current.trace_id}
    try:
        _check_database()
        access = _authenticate()
        request.dist_caller = (access.company_id, access.system_id)
        headers.update(_take_rate(access))
        _check_scope(access, operation)
        body = _read_body(operation)
        client = request.env["dist.api.client"].browse(access.client_id)
        if access.signature_required and not operation.upload:
            _check_signature(client, body)
        call = ApiCall(operation, client, access, current, body, headers)
        call.query = call.check_query(request.httprequest.args.to_dict())
        path_arguments = _get_path_arguments(operation, arguments)
        return function(controller, call, **path_arguments)
    except Problem as problem:
        return problem_response(problem, current.trace_id, headers)
    except strict_json.StrictJsonError as error:
        problem = Problem(400, "unreadable_message", _("Message cannot be read"), error.detail)
        return problem_response(problem, current.trace_id, headers)
    except HTTPException:
        raise
    except Exception as error:  # pylint: disable=broad-except
        if is_connection_lost(error):
            _logger.info("API call %s %s: the database went away", operation.method, operation.path)
            return problem_response(_unavailable(), current.trace_id, headers)
        if isinstance(error, psycopg2.OperationalError):
            raise  # Odoo repeats the call after a conflict
        _logger.exception("API call %s %s failed", operation.method, operation.path)
        problem = Problem(
            500, "internal_error", _("Internal error"), _("Quote the request id to the operator.")
        )
        return problem_response(problem, current.trace_id, headers)


def _check_database():
    """While PostgreSQL is away Odoo serves without a database; that is no reason to say that nothing is here."""
    if not request.db:
        raise _unavailable()


def _unavailable():
    return Problem(503, "unavailable", "Try again", headers={"Retry-After": "5"})


def _get_path_arguments(operation, arguments):
    """Arguments of the path alone: Odoo mixes the query's among them.

    :raises Problem: what no reference can hold, because no database keeps it
    """
    names = [converter.split(">")[0].split(":")[-1] for converter in operation.path.split("<")[1:]]
    found = {name: arguments[name] for name in names}
    if any(isinstance(value, str) and "\0" in value for value in found.values()):
        raise Problem(400, "invalid_path", _("Invalid path"), _("The path holds characters that no id has."))
    return found


def _authenticate():
    """Find out who calls, and work in the name of its service user from here on.

    :return: ApiAccess
    """
    full_key = _get_key()
    if not full_key:
        raise Problem(
            401,
            "key_missing",
            _("API key missing"),
            _("Send the key as 'Authorization: Bearer <key>'."),
            headers={"WWW-Authenticate": "Bearer"},
        )
    keys = request.env["dist.api.key"].sudo()
    access = keys._find_access(full_key)
    if not access or not access.is_valid:
        # one answer for all: it must not tell which keys once existed
        raise Problem(
            401,
            "key_invalid",
            _("API key not valid"),
            _("The key is unknown, expired or revoked."),
            headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
        )
    _check_address(access)
    if not access.is_connected:
        raise Problem(403, "system_inactive", _("System not active"), _("This connection is not active."))
    keys._touch(access)
    companies = [access.company_id] if access.company_id else []
    context = {"allowed_company_ids": companies, "lang": access.lang, "tz": access.tz}
    request.update_env(user=access.user_id, context=context, su=True)
    return access


def _get_key():
    headers = request.httprequest.headers
    kind, _separator, value = headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer" and value.strip():
        return value.strip()
    return headers.get("X-API-Key", "").strip()


def _check_address(access):
    address = request.httprequest.remote_addr
    if not request.env["dist.api.client"]._is_address_allowed(address, access.allowed_networks):
        _logger.info("API client %s called from %s, which is outside its ranges", access.client_id, address)
        raise Problem(
            403, "address_refused", _("Address refused"), _("This key is not accepted from your address.")
        )


def _check_scope(access, operation):
    if operation.scope and operation.scope not in access.scopes:
        raise Problem(
            403, "scope_missing", _("Not allowed"), _("The key lacks the scope %s.", operation.scope)
        )


def _take_rate(access):
    """Count the call against the client's limit.

    :return: headers that say how much is left
    """
    if not access.rate_per_minute:
        return {}
    headers, wait = request.env["dist.api.client"]._take_call(access)
    if wait:
        raise Problem(
            429, "rate_limited", _("Too many calls"), _("Try again in %s s.", int(wait) + 1), headers=headers
        )
    return headers


def _read_body(operation):
    if operation.method not in ("POST", "PUT", "PATCH"):
        return b""
    incoming = request.httprequest
    if operation.upload:
        _check_upload(operation, incoming)
        return b""  # read once everything else is known to be right
    limit = _get_limit(incoming.path)
    if incoming.mimetype != "application/json":
        raise Problem(415, "not_json", _("Not JSON"), _("Send the body as application/json."))
    if _get_encoding(incoming) != "identity":
        detail = _("Send the body as it is, without Content-Encoding.")
        raise Problem(415, "encoding_not_taken", _("Content-Encoding not taken"), detail)
    if not hasattr(request, "dist_body"):
        request.dist_body = read_limited(incoming, limit)
    return request.dist_body


def _get_limit(path):
    return MAX_BULK_BODY if path.endswith("/bulk") else MAX_BODY


def read_limited(incoming, limit):
    """Read a body that may not say how long it is; called again after a conflict, the same one is handed out."""
    if (incoming.content_length or 0) > limit:
        raise _too_large(limit)
    body = bytearray()
    for block in upload.read_blocks(get_body_stream(incoming)):
        body += block
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


def _get_encoding(incoming):
    return incoming.headers.get("Content-Encoding", "").strip().lower() or "identity"


def _check_upload(operation, incoming):
    if incoming.mimetype not in operation.upload:
        raise Problem(
            415,
            "media_type_not_taken",
            _("Media type not taken"),
            _("Send the file as one of: %s.", ", ".join(operation.upload)),
        )
    if _get_encoding(incoming) not in ("identity", *PACKED):
        raise Problem(
            415,
            "encoding_not_taken",
            _("Content-Encoding not taken"),
            _("Send the file as it is, or packed with gzip."),
        )
    if (incoming.content_length or 0) > MAX_UPLOAD:
        raise _too_large(MAX_UPLOAD)


def receive_upload(client):
    """Read the body of a call as a file; called again after a conflict, the same file is handed out.

    :return: lib.upload.Upload
    :raises Problem: it is too large, or its signature is not right
    """
    if not hasattr(request, "dist_upload"):
        # who signs has the body checked as a whole
        limit = MAX_BULK_BODY if client.signature_required else MAX_UPLOAD
        stream = get_body_stream(request.httprequest)
        try:
            request.dist_upload = upload.receive(upload.read_blocks(stream), limit)
        except upload.UploadTooLarge as error:
            raise _too_large(limit) from error
    if client.signature_required:
        _check_signature(client, request.dist_upload.read_all())
    return request.dist_upload


def _too_large(limit):
    return Problem(413, "too_large", _("Too large"), _("A body has at most %s bytes.", limit))


def _check_signature(client, body):
    try:
        verify(
            request.httprequest.headers, body, client.signing_credential_id._get_secrets(), int(time.time())
        )
    except SignatureError as error:
        raise Problem(401, "signature_" + error.code, _("Signature not accepted"), error.detail) from error
    except IntegrationError as error:
        raise Problem(401, "signature_unusable", _("Signature not accepted"), error.detail) from error


def json_response(document, status=200, headers=None, media_type="application/json"):
    """:param document: JSON value, or bytes that are JSON already"""
    body = document if isinstance(document, bytes) else strict_json.dumps(document)
    response = Response(body, status=status, content_type=f"{media_type}; charset=utf-8")
    for name, value in (headers or {}).items():
        response.headers[name] = str(value)
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def problem_response(problem, request_id, headers=None):
    document = problem.to_dict(instance=uri_path(request.httprequest.path), request_id=request_id)
    return json_response(document, problem.status, {**(headers or {}), **problem.headers}, MEDIA_TYPE)


def too_large_response():
    """Answer in the API's own words for a body that Odoo does not even begin to read."""
    incoming = request.httprequest
    is_upload = incoming.max_content_length == UPLOAD_CONTENT_LENGTH
    request_id = trace.continue_or_new(incoming.headers.get("traceparent")).trace_id
    return problem_response(_too_large(MAX_UPLOAD if is_upload else _get_limit(incoming.path)), request_id)


def unknown_path_response():
    """Answer for paths and methods that the API does not have, in the API's own words."""
    path = request.httprequest.path
    request_id = trace.continue_or_new(request.httprequest.headers.get("traceparent")).trace_id
    if not request.db:
        return problem_response(_unavailable(), request_id)
    allowed = sorted(_get_methods(path))
    if allowed:
        problem = Problem(
            405, "method_not_allowed", _("Method not allowed"), headers={"Allow": ", ".join(allowed)}
        )
    else:
        problem = Problem(404, "not_found", _("Not found"), _("The API has nothing at this path."))
    return problem_response(problem, request_id)


def _options_response():
    methods = sorted(_get_methods(request.httprequest.path) | {"OPTIONS"})
    return Response(status=204, headers={"Allow": ", ".join(methods)})


def _get_methods(path):
    rules = request.env["ir.http"].routing_map().bind("")
    methods = set()
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        try:
            endpoint, _arguments = rules.match(path, method=method)
        except HTTPException:
            continue
        if hasattr(endpoint, "dist_operation"):
            methods.add(method)
    return methods


class Fallback(http.Controller):
    @http.route(
        [PREFIX, f"{PREFIX}/<path:path>"],
        type="http",
        auth="none",
        csrf=False,
        save_session=False,
        readonly=False,
    )
    def nothing_here(self, **_arguments):
        return unknown_path_response()
