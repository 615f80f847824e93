"""One call of the API, as a route's function sees it."""

import hashlib
import re
import uuid
from datetime import datetime, time, timezone
from email.utils import format_datetime
from urllib.parse import urlencode

from odoo import _
from odoo.http import request

from ..lib import cursor, strict_json
from ..lib import schema as json_schema
from ..lib.errors import IntegrationError
from ..lib.problem import MEDIA_TYPE, Problem, uri_path
from ..models.dist_message_inbound import InFlight

MAX_PAGE = 200
DEFAULT_PAGE = 50
SYNCHRONOUS_ITEMS = 50
MAX_ITEMS = 1000
MAX_KEY = 255
INTEGER = re.compile(r"-?[0-9]+")


class ApiCall:
    """
    :ivar env: environment of the client's service user, with superuser access, in the client's company
    :ivar client: dist.api.client
    :ivar system: dist.system that calls
    :ivar company_id: id of the client's company
    :ivar query: dict of query parameters, converted and checked
    :ivar trace: Trace
    :ivar is_signed: whether the caller signs its requests
    """

    def __init__(self, operation, client, access, trace, body, headers):
        self.operation = operation
        self.client = client
        self.env = client.env
        self.system = self.env["dist.system"].browse(access.system_id)
        self.company_id = access.company_id
        self.is_signed = access.signature_required
        self.trace = trace
        self.body = body
        self.headers = headers
        self.query = {}
        self._payload = None

    # what was sent

    @property
    def payload(self):
        """The body, valid against the route's request schema."""
        if self._payload is None:
            document = strict_json.loads(self.body)
            if self.operation.request_schema:
                schema = self.env["dist.message.type.version"]._load_schema_file(
                    self.operation.request_schema
                )
                self._check(schema, document)
            self._payload = document
        return self._payload

    def _check(self, schema, document):
        errors = json_schema.compile_schema(schema).errors(document)
        if errors:
            raise Problem(
                422,
                "invalid_message",
                _("Message does not fit its schema"),
                _("%s values are not as the schema asks.", len(errors)),
                errors=errors,
            )

    def check_query(self, given):
        """Convert query parameters to the types of their schemas.

        :param given: dict of texts
        :return: dict of values
        :raises Problem: 400 for one that is unknown or does not fit
        """
        known = dict(self.operation.parameters)
        missing = [name for name in self.operation.required if not given.get(name)]
        if missing:
            raise Problem(
                400, "missing_parameter", _("Missing parameter"), _("Give the parameter %s.", missing[0])
            )
        unknown = sorted(set(given) - set(known))
        if unknown:
            raise Problem(
                400, "unknown_parameter", _("Unknown parameter"), _("There is no parameter %s.", unknown[0])
            )
        return {name: self._convert(name, text, known[name]) for name, text in given.items()}

    def _convert(self, name, text, schema):
        value = text
        if schema.get("type") == "integer" and INTEGER.fullmatch(text):
            value = int(text[:12])
        elif schema.get("type") == "boolean" and text in ("true", "false"):
            value = text == "true"
        errors = json_schema.compile_schema(schema).errors(value)
        if errors or "\x00" in text:
            detail = errors[0]["detail"] if errors else _("holds a character that cannot be stored")
            raise Problem(
                400,
                "invalid_parameter",
                _("Invalid parameter"),
                _("Parameter %(name)s: %(detail)s", name=name, detail=detail),
            )
        return value

    # what may come again

    @property
    def request_hash(self):
        """What tells whether two requests with one key are the same."""
        incoming = request.httprequest
        return strict_json.body_hash(incoming.method, incoming.path, self.body)

    @property
    def given_key(self):
        """The caller's key of this request within its method and path; None where there is none.

        A signature says nothing of the path: what is signed is one request of the caller's, wherever it comes again.

        :raises Problem: it is none that can be stored
        """
        incoming = request.httprequest
        # a partner that sends Standard Webhooks names each message by its webhook-id
        names = ["Idempotency-Key", "webhook-id"]
        if self.is_signed:
            # the key that is signed, so that nobody sends again what he overheard under another one
            names = ["webhook-id"]
        key = next((incoming.headers[name] for name in names if incoming.headers.get(name)), "")
        key = key.strip().strip('"')
        if len(key) > MAX_KEY or not (key.isascii() and key.isprintable()):
            raise Problem(
                400,
                "invalid_idempotency_key",
                _("Invalid Idempotency-Key"),
                _("A key has at most %s characters, all of them printable ASCII.", MAX_KEY),
            )
        place = "signed" if self.is_signed else f"{incoming.method} {uri_path(incoming.path)}"
        return f"{place} {key}" if key else None

    def check_same_request(self, former_hash):
        """Tell the caller that it is answered again.

        :param former_hash: `request_hash` of the request that came before with this key
        :raises Problem: that was another one
        """
        if former_hash != self.request_hash:
            raise Problem(
                422,
                "idempotency_key_reused",
                _("Idempotency-Key used before"),
                _("This key came with another request before. Use a new key for a new one."),
            )
        self.headers["Idempotent-Replayed"] = "true"

    # answers

    def answer(self, data, status=200, etag=None, headers=None):
        """:param data: JSON value, or bytes that are JSON already
        :param etag: version of what is shown; answers 304 when the caller has it
        """
        from .api import json_response

        headers = {**self.headers, **(headers or {})}
        if etag is not None:
            headers["ETag"] = f'"{etag}"'
            headers["Cache-Control"] = "private, no-cache"
            if _matches(request.httprequest.headers.get("If-None-Match"), etag):
                response = json_response(b"", 304, headers)
                response.headers.pop("Content-Type", None)
                return response
        return json_response(data, status, headers)

    def problem(self, status, code, detail, errors=()):
        """:return: problem to raise"""
        return Problem(status, code, detail=detail, errors=errors)

    def etag_of(self, document):
        """:return: version of a JSON document, from its content"""
        return hashlib.sha256(strict_json.dumps(document)).hexdigest()[:32]

    def check_match(self, etag):
        """Refuse a change of something the caller has not seen.

        A request that came before is let through, whatever it has made of what it changes: it is answered as then.

        :param etag: current version, None when it does not exist
        :raises Problem: 412 when ``If-Match`` or ``If-None-Match`` do not hold
        """
        incoming = request.httprequest.headers
        expected = incoming.get("If-Match")
        refused = expected is not None and (etag is None or not _matches(expected, etag, strong=True))
        unexpected = incoming.get("If-None-Match")
        refused = refused or (unexpected is not None and etag is not None and _matches(unexpected, etag))
        if refused and not self._is_known():
            raise Problem(
                412,
                "precondition_failed",
                _("Changed in between"),
                _("What you are changing is not what you saw."),
            )

    def _is_known(self):
        """:return: True when a request came before with the caller's key of this one"""
        key = self.given_key
        known = [("client_id", "=", self.client.id), ("idempotency_key", "=", key)]
        # asked only once the conditions do not hold: where that is its own doing, its message is there to see
        return bool(key) and self.env["dist.message"]._in_own_transaction(
            lambda env: bool(env["dist.message"].search_count(known, limit=1))
        )

    def paginate(self, model, domain, serialize, order="id"):
        """A page of records, in a stable order, with a cursor to the next.

        :param model: name of the model
        :param domain: which of its records
        :param serialize: callable that turns a record set into a list of JSON objects, or into a dict of the answer
            with that list as its ``items``
        :param order: ``id`` or ``id desc``
        """
        limit = self.query.get("limit", DEFAULT_PAGE)
        key = self._get_cursor_key()
        after = []
        if self.query.get("cursor"):
            try:
                last = cursor.decode(self.query["cursor"], key)[0]
            except IntegrationError as error:
                raise Problem(400, "invalid_cursor", _("Invalid cursor"), error.detail) from error
            after = [("id", "<" if order.endswith("desc") else ">", last)]
        records = self.env[model].search(domain + after, order=order, limit=limit + 1)
        page = records[:limit]
        following = cursor.encode([page[-1:].id], key) if len(records) > limit else None
        headers = {}
        if following:
            asked = request.httprequest.args.to_dict()
            query = urlencode({**asked, "limit": limit, "cursor": following})
            headers["Link"] = f'<{request.httprequest.path}?{query}>; rel="next"'
        shown = serialize(page)
        answer = shown if isinstance(shown, dict) else {"items": shown}
        return self.answer({**answer, "next": following}, headers=headers)

    def _get_cursor_key(self):
        secret = self.env["ir.config_parameter"].get_param("database.secret")
        return hashlib.sha256(f"{secret}/{self.client.id}/{self.operation.path}".encode()).digest()

    # messages

    def receive(self, extra=None):
        """Store the body as a message of the route's type, process it, answer what came of it.

        :param extra: dict of values from the path that belong to the message
        """
        message_type, flow, version = self._get_agreed()
        bulk = self.operation.bulk and request.httprequest.path.endswith("/bulk")
        vals = self._prepare_message(flow, message_type, version)
        if extra:
            vals["payload"] = self._merge(extra)
        items = self._get_items() if bulk else None
        if bulk:
            # whoever takes it up after a crash knows that it holds others
            vals["content_format"] = "bulk"
        message_id, is_new = self._store(vals)
        if self._wants_later() or (items and len(items) > SYNCHRONOUS_ITEMS):
            return self._answer_later(message_id, items)
        return self._process_now(message_id, items, is_new)

    def receive_upload(self, declaration):
        """Store the body as the file of a message of the route's type, process that, answer what came of it.

        :param declaration: dict, what the message says of its file
        """
        from .api import PACKED, receive_upload

        message_type, flow, version = self._get_agreed()
        incoming = request.httprequest
        upload = receive_upload(self.client)
        is_packed = incoming.headers.get("Content-Encoding", "").strip().lower() in PACKED
        described = upload.describe(incoming.mimetype, is_packed)
        self.body = strict_json.dumps({**declaration, "file": described})
        message_id, is_new = self._store(self._prepare_message(flow, message_type, version), upload)
        return self._process_now(message_id, None, is_new)

    def _store(self, vals, upload=None):
        """Store the body, or find it stored before.

        :return: (message id, True when it is new)
        :raises Problem: the key came with another body before
        """
        message_id, is_new = self.env["dist.message"]._receive(vals, self.body, upload)
        if not is_new:
            self.check_same_request(self._get_former_hash(message_id))
        return message_id, is_new

    def _get_former_hash(self, message_id):
        return self.env["dist.message"]._in_own_transaction(
            lambda env: env["dist.message"].browse(message_id).request_hash
        )

    def _get_agreed(self):
        """:return: (message type of the route, flow, version)
        :raises Problem: the system may not send it
        """
        message_type = self.env["dist.message.type"]._get_by_code(self.operation.message_type)
        flow = self.env["dist.flow"]._find_inbound(self.system, message_type)
        if not flow:
            raise Problem(
                403,
                "flow_inactive",
                _("Not agreed"),
                self.env["dist.flow"]._get_refusal(self.system, message_type),
            )
        return message_type, flow, self._get_version(flow)

    def _prepare_message(self, flow, message_type, version):
        key, request_hash = self._get_idempotency_key()
        return {
            "client_id": self.client.id,
            "system_id": self.system.id,
            "company_id": self.company_id,
            "flow_id": flow.id,
            "message_type_id": message_type.id,
            "version_id": version.id,
            "criticality": flow.criticality,
            "idempotency_key": key,
            "request_hash": request_hash,
            "trace_id": self.trace.trace_id,
            "traceparent": self.trace.header,
            "payload": None,
        }

    def _get_idempotency_key(self):
        """The caller's key; without one, an identical POST is the same message, a PUT is always a new one
        (putting A, then B, then A again must end with A).
        """
        key, request_hash = self.given_key, self.request_hash
        if key:
            return key, request_hash
        if request.httprequest.method == "POST":
            return f"auto {request_hash}", request_hash
        return f"new {uuid.uuid4().hex}", request_hash

    def _get_version(self, flow):
        asked = request.httprequest.headers.get("Message-Version")
        version = flow._get_version()
        if asked:
            version = flow.message_type_id.version_ids.filtered(
                lambda version: str(version.number) == asked and version.state in ("active", "deprecated")
            )
        today = datetime.now(timezone.utc).date()
        if (
            not version
            or version.state in ("draft", "retired")
            or (version.sunset_date and version.sunset_date < today)
        ):
            raise Problem(
                400,
                "version_not_served",
                _("Version not served"),
                _("This version of %s is not served.", flow.message_type_id.code),
            )
        self._announce_end(flow, version)
        return version

    def _announce_end(self, flow, version):
        """Tell the caller that what it uses comes to an end; of flow and version the one that ends first."""
        if "deprecated" in (flow.state, version.state) or version.sunset_date:
            self.headers["Deprecation"] = "true"
        dates = [
            date for date in (version.sunset_date, flow.state == "deprecated" and flow.sunset_date) if date
        ]
        if dates:
            moment = datetime.combine(min(dates), time(), timezone.utc)
            self.headers["Sunset"] = format_datetime(moment, usegmt=True)

    def _merge(self, extra):
        """The body with the path's values; None when it cannot be read (processing will say so)."""
        try:
            document = strict_json.loads(self.body)
        except IntegrationError:
            return None
        if not isinstance(document, dict):
            return None
        for name, value in extra.items():
            if document.get(name, value) != value:
                raise Problem(
                    422,
                    "path_and_body_differ",
                    _("Path and body differ"),
                    "",
                    errors=[
                        {"pointer": f"/{name}", "code": "differs", "detail": _("is not what the path says")}
                    ],
                )
        return strict_json.dumps({**document, **extra}).decode()

    def _get_items(self):
        document = strict_json.loads(self.body)
        items = document.get("items") if isinstance(document, dict) else None
        if not isinstance(items, list) or not 1 <= len(items) <= MAX_ITEMS or set(document) != {"items"}:
            raise Problem(
                422,
                "invalid_bulk",
                _("Not a list of items"),
                _("The body is an object with 'items', a list of 1 to %s.", MAX_ITEMS),
                errors=[
                    {"pointer": "/items", "code": "type", "detail": _("is a list of 1 to %s", MAX_ITEMS)}
                ],
            )
        return items

    def _wants_later(self):
        return "respond-async" in request.httprequest.headers.get("Prefer", "")

    def _answer_later(self, message_id, items):
        messages = self.env["dist.message"]
        if items:
            messages._store_items(message_id, items)
        messages._release_to_inbox(message_id)
        return self._reply(message_id)

    def _process_now(self, message_id, items, is_new):
        messages = self.env["dist.message"]
        if items:
            messages._store_items(message_id, items)
        try:
            if is_new:
                messages._process([message_id])
            else:
                messages._process_waiting(message_id)
        except InFlight as error:
            raise Problem(
                409,
                "in_flight",
                _("Being processed"),
                _("The same request is being processed. Ask again in a moment."),
                headers={"Retry-After": "1"},
            ) from error
        return self._reply(message_id)

    def _reply(self, message_id):
        """Answer of a stored message, as it stands now."""
        from .api import json_response

        reply = self.env["dist.message"]._get_reply(message_id)
        headers = {**self.headers, "Message-Id": reply["uuid"]}
        if reply["operation"]:
            headers["Location"] = reply["operation"]
        document = reply["document"]
        media_type = "application/json"
        if reply["status"] >= 400:
            media_type = MEDIA_TYPE
            instance = uri_path(request.httprequest.path)
            document = {**document, "instance": instance, "request_id": self.trace.trace_id}
        return json_response(document, reply["status"], headers, media_type)


def _matches(header, etag, strong=False):
    """Whether a list of entity tags holds one, or anything (RFC 9110 8.8.3).

    :param strong: True where a tag that is marked as weak equals none, as with ``If-Match``
    """
    if not header:
        return False
    if header.strip() == "*":
        return True
    tags = [tag.strip() for tag in header.split(",")]
    if strong:
        tags = [tag for tag in tags if not tag.startswith("W/")]
    return etag in [tag.removeprefix("W/").strip('"') for tag in tags]
