"""Fetching from an endpoint: what is there is stored, noted, and only then archived or acknowledged.

A worker that is killed in between leaves the file, the message in the queue or the place in the feed as it was.
The next one fetches it again, and the unique key it is stored under says that it is here already. So a crash
means a duplicate that is recognised, never a loss.
"""

import fnmatch
import hashlib
import re
from contextlib import contextmanager
from dataclasses import dataclass, replace

from odoo import SUPERUSER_ID, _, api, fields
from odoo.exceptions import UserError

from ..lib import snapshot, strict_json, trace, upload
from ..lib.errors import IntegrationError
from ..lib.handling import ExceptionSpec
from ..lib.problem import Problem
from ..lib.series import name_states
from ..models.transaction import is_connection_lost

# prefix and version of a CloudEvents type
_EVENT_TYPE = re.compile(r"(?:^|\.)(?P<code>[a-z0-9_]+(?:\.[a-z0-9_]+)+?)(?:\.v\d+)?$")

# characters of what a message is called at its source
MAX_NAME = 255


@dataclass(frozen=True)
class Taker:
    """An inbound flow of the endpoint: which items it takes, and the columns of their messages."""

    code: str
    pattern: str
    values: dict

    def takes(self, name, kind):
        """Whether an item of this name and, where the partner says so, of this type is for the flow."""
        if kind:
            match = _EVENT_TYPE.search(kind)
            named = match["code"] if match else kind
            return named == self.code or named.endswith(f".{self.code}")
        return fnmatch.fnmatchcase(name, self.pattern)


class Poll:
    """Fetches once what an endpoint has.

    :param registry: registry of the database
    :param endpoint_id: id of dist.endpoint
    """

    def __init__(self, registry, endpoint_id):
        self._registry = registry
        self._endpoint_id = endpoint_id
        self._takers = []
        self.new = 0
        self.error = None
        self.unfinished = False

    @contextmanager
    def _transaction(self):
        with self._registry.cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {})

    @contextmanager
    def locked(self):
        """Hold the endpoint while fetching; yields False when another worker holds it."""
        with self._registry.cursor() as cr:
            key = f"dist.poll/{self._endpoint_id}"
            cr.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", (key,))
            yield cr.fetchone()[0]

    def run(self):
        """Fetch, store and settle what is there; a failure becomes an exception for the technical owner.

        What came of it is in `new`, the number of messages that were not here before, `error` and `unfinished`.
        """
        try:
            settings, state = self._read()
            with settings.open_source(state) as source:
                for batch in source.batches(self._is_wanted):
                    refused = self._store(batch)
                    self._note(batch, refused)
                    source.settle(batch)
                self.unfinished = source.unfinished
        except (IntegrationError, UserError) as error:
            self._note_failure(getattr(error, "detail", None) or str(error.args[0]), error)
        except Exception as error:
            if not is_connection_lost(error):
                self._note_failure(f"{type(error).__name__}: {error}", error)
            raise
        else:
            self._note_success()
        finally:
            self._wake_inbox()

    def _read(self):
        with self._transaction() as env:
            endpoint = env["dist.endpoint"].browse(self._endpoint_id)
            self._takers = [self._get_taker(endpoint, flow) for flow in endpoint._get_source_flows()]
            if not self._takers:
                raise UserError(_("No active inbound flow names this endpoint."))
            return endpoint._get_transport_settings(), endpoint.status_ids._get_source_state()

    def _get_taker(self, endpoint, flow):
        values = {
            "client_id": endpoint.client_id.id,
            "endpoint_id": endpoint.id,
            "system_id": endpoint.system_id.id,
            "company_id": endpoint.company_id.id,
            "flow_id": flow.id,
            "message_type_id": flow.message_type_id.id,
            "version_id": flow._get_version().id,
            "criticality": flow.criticality,
            "content_format": flow.content_format,
        }
        return Taker(flow.message_type_id.code, flow.source_pattern or "*", values)

    def _get_taker_of(self, name, kind):
        return next((taker for taker in self._takers if taker.takes(name, kind)), None)

    def _is_wanted(self, name, kind):
        return self._get_taker_of(name, kind) is not None

    # storing

    def _store(self, batch):
        """Store the items of a batch.

        :return: list of reasons why items cannot be taken
        """
        refused = [item.refused for item in batch.items if item.refused]
        with self._transaction() as env:
            for item in self._name_states(env, [item for item in batch.items if not item.refused]):
                self._store_item(env["dist.message"], item)
        return refused

    def _name_states(self, env, items):
        """Give the states of records their keys: A, then B, then A again ends with A, the same again is known.

        :return: list of lib Item
        """
        series = {}
        for item in items:
            if item.series:
                series.setdefault((item.series, item.name[:MAX_NAME]), []).append(item)
        stored = self._get_stored_states(env, series)
        named = {}
        for record, states in series.items():
            coming = [(item.key, _get_hash(item)) for item in states]
            for item, key in zip(states, name_states(stored.get(record, []), coming), strict=True):
                named[id(item)] = replace(item, key=key)
        return [named.get(id(item), item) for item in items]

    def _get_stored_states(self, env, series):
        """:param series: dict, (series, name) to list of what is coming
        :return: dict, (series, name) to list of (key, hash) of the latest messages, oldest first
        """
        if not series:
            return {}
        prefix = f"endpoint {self._endpoint_id} "
        rows = [(*record, f"{prefix}{record[0]} ", len(states)) for record, states in series.items()]
        env.cr.execute(
            """
            SELECT record.series, record.name, message.idempotency_key, message.request_hash
            FROM unnest(%s::text[], %s::text[], %s::text[], %s::integer[]) AS record (series, name, prefix, number),
                LATERAL (
                    SELECT id, idempotency_key, request_hash FROM dist_message
                    WHERE direction = 'in' AND endpoint_id = %s AND source_name = record.name
                      AND starts_with(idempotency_key, record.prefix)
                    ORDER BY id DESC LIMIT record.number
                ) AS message
            ORDER BY message.id
            """,
            (*map(list, zip(*rows, strict=True)), self._endpoint_id),
        )
        stored = {}
        for *record, key, content in env.cr.fetchall():
            stored.setdefault(tuple(record), []).append((key.removeprefix(prefix), content))
        return stored

    def _store_item(self, messages, item):
        taker = self._get_taker_of(item.name, item.type)
        if taker is None:
            # a file that a killed worker had claimed, whose flow is gone since
            raise UserError(_("No active inbound flow takes %s.", item.name))
        vals = self._prepare_message(taker, item)
        content = self._get_content(messages, taker, item, vals)
        message_id, is_new = messages._receive(vals, *content)
        if not is_new and self._get_hash(messages, message_id) != vals["request_hash"]:
            self._store_conflict(messages, vals, item, content)
        self.new += is_new

    def _get_content(self, messages, taker, item, vals):
        """:return: (bytes of the message, Upload of its file or None)"""
        handler = f"dist.handler.{taker.code}"
        told = messages.env[handler]._describe_file(item.name) if handler in messages.env else None
        if told is None:
            return item.body, None
        # the message is what the name tells, whatever the rows are written in
        vals["content_format"] = "json"
        received = upload.receive([item.body], len(item.body))
        described = received.describe(messages._get_file_type(item.name), item.body.startswith(snapshot.GZIP))
        return strict_json.dumps({**told, "file": described}), received

    def _prepare_message(self, taker, item):
        current = trace.new()
        return {
            **taker.values,
            "idempotency_key": f"endpoint {self._endpoint_id} {item.key}",
            "request_hash": _get_hash(item),
            "trace_id": current.trace_id,
            "traceparent": current.header,
            "source_name": item.name[:MAX_NAME],
            "payload": None,
            "next_attempt_at": fields.Datetime.now(),
        }

    def _get_hash(self, messages, message_id):
        return messages._in_own_transaction(lambda env: env["dist.message"].browse(message_id).request_hash)

    def _store_conflict(self, messages, vals, item, content):
        """The partner uses the id of another message again: kept for a person, not applied."""
        key = f"{vals['idempotency_key']} {vals['request_hash'][:32]}"
        message_id, is_new = messages._receive({**vals, "idempotency_key": key}, *content)
        if is_new:
            title = _("Idempotency-Key used before")
            detail = _("The id %s came with another content before.", item.key)
            problem = Problem(422, "idempotency_key_reused", title, detail)
            messages._record_failure(message_id, problem)
            self.new += 1

    # noting

    def _in_turn(self, work):
        """Run work on the endpoint's status, one worker at a time."""
        key = f"dist.endpoint.status/{self._endpoint_id}"
        with self._transaction() as env:
            env["dist.message"]._in_serial_transaction(
                key, lambda own: work(own["dist.endpoint"].browse(self._endpoint_id))
            )

    def _note(self, batch, refused):
        def note(endpoint):
            endpoint.status_ids._note_batch(len(batch.items) - len(refused), batch.state)
            for reason in refused:
                self._open(endpoint, "source_refused", reason, "refused")

        self._in_turn(note)

    def _note_success(self):
        def note(endpoint):
            endpoint.status_ids._note_poll(None)
            endpoint.env["dist.exception"]._close_for_endpoint(endpoint, "source_failed")

        self._in_turn(note)

    def _note_failure(self, reason, error):
        self.error = reason

        def note(endpoint):
            endpoint.status_ids._note_poll(reason)
            code = getattr(error, "code", "configuration")
            self._open(endpoint, "source_failed", reason, code)

        self._in_turn(note)

    def _open(self, endpoint, code, reason, kind):
        refused = code == "source_refused"
        endpoint.env["dist.exception"]._open_for_endpoint(
            ExceptionSpec(
                category="delivery",
                code=code,
                summary=_("%(endpoint)s: %(reason)s", endpoint=endpoint.name, reason=reason),
                detail=reason,
                severity="high",
                suggestion=_(
                    "The file is in the folder for errors: settle it with the partner, then mark this as handled."
                )
                if refused
                else _("Correct the cause; this closes by itself with the next fetch that succeeds."),
                fingerprint=f"endpoint/{endpoint.id}/{kind}",
            ),
            endpoint,
        )

    def _wake_inbox(self):
        if not self.new:
            return
        with self._transaction() as env:
            for criticality in {taker.values["criticality"] for taker in self._takers}:
                env["dist.message"]._schedule_inbox(criticality)
            env.flush_all()


def _get_hash(item):
    return hashlib.sha256(item.body).hexdigest()
