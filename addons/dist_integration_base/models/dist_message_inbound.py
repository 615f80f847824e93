import base64
import json
import logging
import random
import time
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import psycopg2
from psycopg2 import errorcodes

from odoo import SUPERUSER_ID, _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import split_every

from ..lib import strict_json, trace
from ..lib.backoff import RetrySchedule
from ..lib.errors import IntegrationError
from ..lib.handling import (
    AmbiguousMatch,
    ApplyError,
    BusinessError,
    ExceptionSpec,
    MissingMapping,
    RetryLater,
)
from ..lib.identifiers import new_id
from ..lib.problem import Problem
from ..tools import get_exact_now
from .dist_message import CHANNELS
from .transaction import get_state, is_connection_lost

_logger = logging.getLogger(__name__)

CONFLICTS = (errorcodes.SERIALIZATION_FAILURE, errorcodes.DEADLOCK_DETECTED, errorcodes.LOCK_NOT_AVAILABLE)
# the row that another transaction just made is found by the next try
RETRIED_AT_ONCE = (*CONFLICTS, errorcodes.UNIQUE_VIOLATION)
CONFLICT_TRIES = 5
UNFINISHED = ("pending", "retry", "error", "dead")
LOCK_TIMEOUT_MS = 10_000
# a message being handled by its own request is left alone by the inbox job for that long
GRACE = timedelta(seconds=90)
PUT_OFF = timedelta(minutes=10)
TECHNICAL_RETRIES = "1m, 5m, 30m, 2h"
# how often the sweeper comes by
SWEEP = timedelta(minutes=1)
# whoever was in the way is gone soon
CONTENTION_RETRIES = "2s, 5s, 15s, 1m, 5m, 30m, 2h"
ITEMS_AT_ONCE = 1000
JOB_SECONDS = 20
# characters of what a sender calls a document
MAX_NAME = 80


class InFlight(IntegrationError):
    """The same message is being processed right now."""

    code = "in_flight"


class LeftToOther(IntegrationError):
    """The old interface handles this document; nothing is kept."""

    code = "left_to_other"


class DistMessage(models.Model):
    """Inbound: receive, decode, map, validate, resolve, apply, answer."""

    _inherit = "dist.message"

    # receive

    @api.model
    def _receive(self, vals, raw, upload=None):
        """Store a message in its own transaction, or find the one stored before under its idempotency key.

        :param vals: columns that identify the message (client, type, key, hash, trace...)
        :param raw: bytes as received
        :param upload: lib.upload.Upload of a content that is a file; raw then describes it
        :return: (message id, True when it is new)
        """
        row = self._prepare_inbound_row(vals, raw)

        def store(env):
            env.cr.execute(
                "SELECT id FROM dist_message WHERE client_id = %s AND idempotency_key = %s",
                (row["client_id"], row["idempotency_key"]),
            )
            known = env.cr.fetchone()
            if known:
                env["dist.message"]._take_up_again(env.cr, known[0])
                return known[0], False
            message_id = env["dist.message"]._insert_rows("dist_message", [row])[0]
            if upload:
                env["dist.message"].browse(message_id)._attach_upload(upload)
            return message_id, True

        return self._in_own_transaction(store)

    @api.model
    def _prepare_inbound_row(self, vals, raw):
        now = fields.Datetime.now()
        return {
            "uuid": new_id("msg"),
            "direction": "in",
            "state": "pending",
            "attempt_count": 0,
            "criticality": "normal",
            "raw": base64.b64encode(raw),
            "received_at": get_exact_now(),
            "next_attempt_at": now + GRACE,
            "create_date": now,
            "create_uid": self.env.uid,
            **vals,
        }

    @api.model
    def _in_own_transaction(self, work, user_id=SUPERUSER_ID):
        """Run work in a transaction of its own, again after a conflict with another transaction.

        What must survive a failure of the caller's transaction goes through here.

        :param work: callable that takes an environment
        :return: what work returns, after the commit
        """
        for attempt in range(1, CONFLICT_TRIES + 1):
            try:
                with self.env.registry.cursor() as cr:
                    return work_and_commit(cr, user_id, work)
            except psycopg2.Error as error:
                if error.pgcode not in RETRIED_AT_ONCE or attempt == CONFLICT_TRIES:
                    raise
                time.sleep(random.uniform(0.0, 0.02 * 2**attempt))

    @api.model
    def _in_locked_transaction(self, keys, work):
        """Run work in a transaction of its own, while nobody else holds one of the keys: it sees what they committed.

        :param keys: list of texts, as of `_get_lock_keys` of handlers
        :return: what work returns, after the commit
        """
        with self.env.registry.cursor() as lock_cr:
            _lock_keys(lock_cr, set(keys))
            return self._in_own_transaction(work)

    @api.model
    def _in_serial_transaction(self, key, work, optimistic=False):
        """Run work in a transaction of its own, one after another for the same key.

        The lock is taken before the snapshot, so that work sees what the former holder committed. Whoever changes the
        same rows without the lock, such as a person who cancels, may still be faster: then work is done again.

        :param key: text
        :param work: callable that takes an environment
        :param optimistic: True for work that always changes the same row. Where nobody holds the lock, it then
            comes with the snapshot, which saves a few questions; what the former holder committed in between ends
            in a serialization error, after which work is done again.
        :return: what work returns, after the commit
        """
        with self.env.registry.cursor() as cr:
            if optimistic:
                cr.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", (key,))
                if cr.fetchone()[0]:
                    with suppress(psycopg2.errors.SerializationFailure):
                        return work_and_commit(cr, SUPERUSER_ID, work)
                cr.rollback()
            cr.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", (key,))
            try:
                cr.commit()  # pylint: disable=invalid-commit  # ends the snapshot that was taken before the lock was held
                return _work_again(cr, work)
            finally:
                cr.rollback()
                cr.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", (key,))

    # process

    @api.model
    def _process(self, message_ids, batch_size=1):
        """Process messages that wait, several in one transaction where that is possible.

        :param message_ids: list of ids of inbound messages
        :param batch_size: how many may share a transaction; those have to be of one type
        :raises InFlight: the only message is being processed elsewhere
        """
        for batch in split_every(batch_size, message_ids, list):
            self._process_batch(batch)

    @api.model
    def _process_batch(self, message_ids):
        with self.env.registry.cursor() as lock_cr:
            lock_env = api.Environment(lock_cr, SUPERUSER_ID, {})
            claimed = _claim(lock_cr, message_ids)
            if not claimed and len(message_ids) == 1:
                raise InFlight(_("This message is being processed."))
            ready = lock_env["dist.message"].browse(claimed)._prepare_payloads()
            if not ready:
                return
            try:
                _lock_keys(lock_cr, self._get_lock_keys_of(lock_env, ready))
            except psycopg2.Error as error:
                if not _is_conflict(error):
                    raise
                self._record_each(ready, RetryLater(_("Another message works on the same documents.")))
                return
            for message in lock_env["dist.message"].browse(list(ready)):
                if message.stage == "shadow":
                    self._apply_in_shadow(message.id, ready.pop(message.id))
            if ready:
                self._apply_ready(ready)

    def _prepare_payloads(self):
        """Decode, map and validate; what fails is recorded.

        :return: dict, message id to payload of those that can be applied
        """
        ready = {}
        # what Odoo does not read of many by itself
        self.with_context(bin_size=False).fetch(["raw"])
        for message in self:
            if message.state not in UNFINISHED:
                continue
            try:
                is_bulk = message._is_bulk()
                payload = None if is_bulk else message._get_valid_payload()
            except (IntegrationError, ApplyError) as error:
                self._record_failure(message.id, error)
            except Exception as error:  # pylint: disable=broad-except
                if is_connection_lost(error):
                    raise
                _logger.exception("Message %s cannot be read", message.uuid)
                self._record_failure(message.id, error)
            else:
                if is_bulk:
                    self._process_items(message)
                else:
                    ready[message.id] = payload
        return ready

    def _is_bulk(self):
        """Whether this message holds others; they are stored as its items.

        :raises IntegrationError: it cannot be read
        """
        self.ensure_one()
        if self.child_ids:
            return True
        items = self._split()
        if items is None:
            return False
        self._store_items(self.id, items)
        return True

    def _get_valid_payload(self):
        """:return: canonical payload
        :raises IntegrationError: of the stage that failed
        """
        self.ensure_one()
        self._check_content_kept()
        document = self._decode()
        document = self._map(document)
        self._validate(document)
        return document

    def _decode(self):
        text = self.payload.encode() if self.payload else self._get_raw()
        return strict_json.loads(text)

    def _map(self, document):
        if self.payload or not self.flow_id.mapping_id:
            return document
        return self.flow_id.mapping_id._apply(document, self.system_id)

    def _validate(self, document):
        errors = self._get_misfits(document)
        if errors:
            raise Problem(
                422,
                "invalid_message",
                _("Message does not fit its schema"),
                self._describe_errors(errors),
                errors=errors,
            )

    def _get_misfits(self, document):
        """:return: list of ``{"pointer", "code", "detail"}``, where a document is not as the schema asks"""
        self.ensure_one()
        return self.version_id._get_validator().errors(document)

    @api.model
    def _describe_errors(self, errors):
        """Return one sentence on what does not fit: the first error, and how many more there are.

        :param errors: list of ``{"pointer", "code", "detail"}``
        """
        place = errors[0]["pointer"].lstrip("/") or _("The message")
        values = {"place": place, "detail": errors[0]["detail"], "more": len(errors) - 1}
        if len(errors) == 1:
            return _("%(place)s %(detail)s.", **values)
        return _("%(place)s %(detail)s, and %(more)s more.", **values)

    @api.model
    def _get_lock_keys_of(self, env, ready):
        messages = env["dist.message"].browse(ready)
        handler, pairs = messages[:1]._get_handler(), [(message, ready[message.id]) for message in messages]
        handler._prefetch(pairs)
        return {key for pair in pairs for key in handler._get_lock_keys(*pair)}

    def _get_handler(self):
        code = self.env["dist.message.type"]._get_code_cached(self.message_type_id.id)
        return self.env[f"dist.handler.{code}"]

    @api.model
    def _apply_ready(self, ready):
        """Apply payloads in one transaction; after a failure each half in its own, down to the one that fails."""
        started = time.monotonic()
        try:
            self._apply_in_transaction(ready, started)
        except Exception as error:  # pylint: disable=broad-except
            if is_connection_lost(error):
                raise
            if len(ready) > 1:
                for half in _halve(ready):
                    self._apply_ready(half)
                return
            message_id = next(iter(ready))
            if isinstance(error, LeftToOther):
                self._record_left(message_id, ready[message_id], started)
                return
            if not isinstance(error, IntegrationError | UserError) and not _is_conflict(error):
                _logger.exception("Message %s failed", message_id)
            self._record_failure(message_id, error, ready[message_id], started)

    @api.model
    def _apply_in_transaction(self, ready, started):
        for attempt in range(1, CONFLICT_TRIES + 1):
            try:
                with self.env.registry.cursor() as cr:
                    self._apply_with_cursor(cr, ready, started)
                    cr.commit()  # pylint: disable=invalid-commit  # effect and `done` become visible together
                    return
            except psycopg2.Error as error:
                if error.pgcode not in RETRIED_AT_ONCE or attempt == CONFLICT_TRIES:
                    raise
                time.sleep(random.uniform(0.0, 0.05 * 2**attempt))

    @api.model
    def _apply_with_cursor(self, cr, ready, started):
        env = api.Environment(cr, SUPERUSER_ID, {})
        # read again: another worker may have finished one between the first look and the lock
        messages = env["dist.message"].browse(ready).filtered(lambda message: message.state in UNFINISHED)
        messages = messages._lock_effective()
        if not messages:
            return
        first = messages[:1]
        messages = messages._in_service_environment()
        env["dist.event"]._set_trace(trace.continue_or_new(first.traceparent))
        handler = first._get_handler().with_env(messages.env)
        pairs = [(message, ready[message.id]) for message in messages]
        handler._prefetch(pairs)
        results = self._apply_pairs(handler, pairs)
        for message, result in zip(messages, results, strict=True):
            if handler._tells_state:
                message._repeat_later(handler, ready[message.id])
            message._write_done(result, ready[message.id], started)
        env.flush_all()

    def _repeat_later(self, handler, payload):
        """Of one record the last word counts: after a message that comes late, what later ones said is applied again.

        What they leave out, this one has said.

        :raises Exception: as of applying; this message fails as a whole then
        """
        for later in self._find_later(handler._get_external_id(payload)):
            again = later._in_service_environment()
            content = handler._prepare_repeated(later._get_valid_payload())
            self._apply_pairs(handler.with_env(again.env), [(again, content)])

    def _find_later(self, external_id):
        """:return: applied messages that told of the same record after this one, in the order in which they came; none
        when a replay wants the older content over the newer
        """
        if not external_id or self._is_sender_told():
            return self.browse()
        place = self._get_first().id
        later = self.search(
            [
                ("direction", "=", "in"),
                ("system_id", "=", self.system_id.id),
                ("message_type_id", "=", self.message_type_id.id),
                ("business_key", "=", external_id),
                ("state", "=", "done"),
                ("stage", "!=", "shadow"),
                ("res_id", "!=", False),
                ("id", ">", place),
            ]
        ).filtered(lambda message: message._get_first().id > place)
        wanted = [
            ("message_id", "=", self.id),
            ("result", "=", "open"),
            ("replay_id.with_overtaken", "=", True),
        ]
        if later and self.env["dist.replay.item"].search_count(wanted, limit=1):
            return self.browse()
        return later.sorted(lambda message: message._get_first().id)

    def _get_first(self):
        """:return: the message as it came, which this one corrects; itself when it corrects none"""
        return self.original_id._get_first() if self.original_id else self

    def _in_service_environment(self):
        """These messages in the name of the client's service user, with superuser access, in its company."""
        message = self[:1]
        user = message.client_id.user_id or self.env.user
        company = message.company_id
        context = {"allowed_company_ids": company.ids, "lang": user.lang, "tz": user.tz}
        return self.with_env(self.env(user=user.id, su=True, context=context)).with_company(company)

    def _write_done(self, result, payload, started):
        """Write the outcome beside the effect, in the same transaction."""
        self.ensure_one()
        result = self._add_left_values(result)
        record = result.record
        values = {
            "state": "done",
            "done_at": fields.Datetime.now(),
            "answer": json.dumps(result.answer, default=str),
            "answer_status": result.status,
            "attempt_count": self.attempt_count + 1,
            "error": False,
            "error_code": False,
            "business_key": self.business_key or self._get_handler()._get_external_id(payload),
        }
        if not self.payload and self.flow_id._get_delivery_settings(self.flow_id.id)["has_mapping"]:
            values["payload"] = strict_json.dumps(payload).decode()
        if record:
            values.update(res_model=record._name, res_id=record.id)
        self.write(values)
        self._add_attempt("success", started, status_code=result.status)
        for spec in result.exceptions:
            self.env["dist.exception"]._open(spec, self, closes_with_messages=False)
        self._close_behind()

    def _add_left_values(self, result):
        """Tell the sender and the data stewards what was not applied, because others own it."""
        left = get_state(self.env.cr).left_values.pop(self.id, [])
        if not left:
            return result
        answer = {**result.answer, "not_applied": [value.answer for value in left]}
        return replace(
            result, answer=answer, exceptions=[*result.exceptions, *(value.spec for value in left)]
        )

    def _close_behind(self):
        """After success: the exception closes by itself, a corrected original is settled."""
        self._settle_replaced()
        if self.exception_id:
            self.env["dist.exception"]._refresh(self._get_exceptions())

    def _add_attempt(self, outcome, started, **values):
        duration = int((time.monotonic() - started) * 1000) if started else 0
        row = {
            "message_id": self.id,
            "number": self.attempt_count,
            "started_at": get_exact_now() - timedelta(milliseconds=duration),
            "duration_ms": duration,
            "outcome": outcome,
            **values,
        }
        self._insert_rows("dist_message_attempt", [row])
        self.invalidate_recordset(["attempt_ids"], flush=False)

    # failure

    @api.model
    def _record_each(self, ready, error):
        for message_id, payload in ready.items():
            self._record_failure(message_id, error, payload)

    @api.model
    def _record_failure(self, message_id, error, payload=None, started=None):
        """Attempt, state and exception of a message that failed, in a transaction of its own."""

        def record(env):
            message = env["dist.message"].browse(message_id)
            cause = error
            if isinstance(error, MissingMapping) and started and message._is_explained_since(error, started):
                cause = RetryLater(_("What the code means was said while the message was processed."))
            message._write_failure(message._classify_failure(cause), cause, payload, started)

        self._in_own_transaction(record)

    def _is_explained_since(self, error, started):
        """Whether somebody said what an unknown code means while this message was processed and could not see it: the
        replay of those that wait for the code has not seen this one.

        :param error: MissingMapping
        :param started: of the processing, as of ``time.monotonic``
        """
        begun = fields.Datetime.now() - timedelta(seconds=time.monotonic() - started)
        rows = [
            self.env["dist.code.map"]._find_row(self.system_id, spec.domain, spec.external_code)
            for spec in error.get_exceptions()
        ]
        return any(row.write_date >= begun and row._get_meaning() for row in rows if row)

    def _classify_failure(self, error):
        """What a failure means for the message.

        :return: dict with ``state``, ``answer_status``, ``answer``, ``outcome``, ``next_attempt_at`` and
            ``specs`` (the exceptions to open)
        """
        if isinstance(error, ApplyError):
            return self._classify_apply_error(error)
        if isinstance(error, Problem | strict_json.StrictJsonError):
            return self._classify_invalid(error)
        if isinstance(error, UserError):
            # Odoo's own rules speak to people: their sentence is the reason
            return self._classify_apply_error(BusinessError("refused_by_odoo", str(error.args[0])))
        return self._classify_technical(error)

    def _is_sender_told(self):
        """Whether whoever sent this reads the answer: of what was fetched nobody does, nor surely of what is
        processed after the call was answered, by the inbox or by a person.
        """
        due = self.next_attempt_at
        in_call = self.state == "pending" and due and due > fields.Datetime.now()
        return bool(in_call and not self.endpoint_id)

    def _classify_apply_error(self, error):
        if not self._is_sender_told():
            error.open_exception = True
        waits = error.message_state == "error"
        if waits:
            answer = {"status": "held", "reasons": error.errors}
        else:
            answer = Problem(error.status, error.code, detail=error.detail, errors=error.errors).to_dict()
        return {
            "state": error.message_state,
            "answer": answer,
            "answer_status": error.status,
            "outcome": "waiting" if waits else "rejected",
            "specs": error.get_exceptions(),
        }

    def _classify_invalid(self, error):
        if not isinstance(error, Problem):
            pointer = getattr(error, "pointer", "") or ""
            errors = [{"pointer": pointer, "code": error.code, "detail": error.predicate}]
            error = Problem(
                400, "unreadable_message", _("Message cannot be read"), error.detail, errors=errors
            )
        first = (
            error.errors[0] if error.errors else {"pointer": "", "code": error.code, "detail": error.detail}
        )
        detail = "\n".join(f"{item['pointer'] or '/'}: {item['detail']}" for item in error.errors)
        where = "/".join("*" if part.isdigit() else part for part in first["pointer"].split("/"))
        return {
            "state": "dead",
            "answer": error.to_dict(),
            "answer_status": error.status,
            "outcome": "rejected",
            "specs": [
                ExceptionSpec(
                    category="decode" if error.status == 400 else "validation",
                    code=error.code,
                    summary=_(
                        "%(type)s of %(system)s does not fit: %(where)s %(detail)s",
                        system=self.system_id.name,
                        type=self.message_type_id.name,
                        where=" > ".join(part for part in where.split("/") if part not in ("", "*")),
                        detail=first["detail"],
                    ).replace(":  ", ": "),
                    detail=detail,
                    suggestion=_("Correct and resubmit, or have the sender correct it."),
                    # one row for one kind of mistake, however many messages make it
                    fingerprint=f"{self.client_id.id}/{self.message_type_id.code}/{where}/{first['code']}",
                )
            ],
        }

    def _classify_technical(self, error):
        contention = isinstance(error, RetryLater) or _is_conflict(error)
        schedule = RetrySchedule.parse(CONTENTION_RETRIES if contention else TECHNICAL_RETRIES)
        delay = schedule.delay(self.attempt_count + 1, random.random)
        detail = f"{type(error).__name__}: {error}"
        failure = {
            "answer": None,
            "answer_status": 202,
            "outcome": "retryable",
            "error": detail,
            "specs": [],
        }
        if delay is not None:
            next_attempt = fields.Datetime.now() + timedelta(seconds=delay)
            return {**failure, "state": "retry", "next_attempt_at": next_attempt}
        spec = ExceptionSpec(
            category="technical",
            code="processing_failed",
            summary=_("%s could not be processed", self.display_name),
            detail=detail,
            severity="high",
            suggestion=_("Have the technical owner look at the cause, then use Retry."),
        )
        return {**failure, "state": "dead", "specs": [spec]}

    def _write_failure(self, failure, error, payload, started):
        self.ensure_one()
        if self.state in ("done", "cancelled"):
            return  # settled by someone else in between
        detail = failure.get("error") or getattr(error, "detail", str(error))
        detail = self._redact(detail, payload)
        self.write(
            {
                "state": failure["state"],
                "attempt_count": self.attempt_count + 1,
                "answer": json.dumps(failure["answer"], default=str) if failure["answer"] else False,
                "answer_status": failure["answer_status"],
                "error_code": getattr(error, "code", "technical"),
                "error": detail[:500],
                "next_attempt_at": failure.get("next_attempt_at", self.next_attempt_at),
                "business_key": self.business_key or self._find_external_id(payload),
                "done_at": fields.Datetime.now() if failure["state"] == "dead" else False,
                **self._prepare_failed_document(error),
            }
        )
        self._add_attempt(
            failure["outcome"],
            started,
            error_code=getattr(error, "code", "technical"),
            detail=detail[:500],
            status_code=failure["answer_status"],
        )
        if failure["state"] == "retry":
            self._schedule_retry()
        if failure["specs"]:
            specs = [self._bring_over(spec) for spec in failure["specs"]]
            self.env["dist.exception"]._open_each(specs, self, payload)
        elif self.exception_id:
            self.env["dist.exception"]._refresh(self._get_exceptions())

    def _prepare_failed_document(self, error):
        """What a failure is about becomes the document of the message, on whose timeline it belongs.

        One of several that could be meant is not known to be it, and a record of another company never is.

        :return: dict of values; empty when the message has a document already, or the failure names none
        """
        named = getattr(error, "record", None)
        if self.res_id or not named or isinstance(error, AmbiguousMatch):
            return {}
        # what the failed transaction had created is gone
        record = self.env[named._name].browse(named.ids).exists()._dist_filter_of(self.company_id)
        return {"res_model": record._name, "res_id": record.id} if len(record) == 1 else {}

    def _find_external_id(self, payload):
        """:return: what the sender calls the document, also where the rest of it does not fit; None if nowhere"""
        if self.direction != "in":
            return None
        # what did not pass its schema may be anything
        with suppress(IntegrationError, AttributeError, LookupError, TypeError):
            found = self._get_handler()._get_external_id(payload or self._decode())
            if isinstance(found, str) and len(found) <= MAX_NAME:
                return found
        return None

    def _bring_over(self, spec):
        """The same exception with its records in this environment: the one they come from is closed, and what it
        had created was rolled back.
        """
        records = {
            name: given and (self.env[given._name].browse(given.ids).exists() or None)
            for name, given in (("record", spec.record), ("candidates", spec.candidates))
        }
        impact = spec.impact
        if impact and impact.get("currency"):
            impact = {**impact, "currency": self.env["res.currency"].browse(impact["currency"].id)}
        return replace(spec, impact=impact, **records)

    # bulk

    @api.model
    def _store_items(self, message_id, items):
        """Store the items of a bulk message as messages of their own.

        :param items: list of decoded items
        :return: list of ids in the order of items
        """

        def store(env):
            parent = env["dist.message"].browse(message_id)
            # touched, not only locked: who cancels it from an older snapshot, without these items, begins again
            env.cr.execute(
                "UPDATE dist_message SET state = state WHERE id = %s AND state <> 'cancelled'", (message_id,)
            )
            is_wanted = env.cr.rowcount
            known = env["dist.message"].search([("parent_id", "=", message_id)], order="item_index")
            if known or not is_wanted:
                return known.ids
            rows = [parent._prepare_item_row(index, item) for index, item in enumerate(items)]
            return env["dist.message"]._insert_rows("dist_message", rows)

        return self._in_own_transaction(store)

    def _prepare_item_row(self, index, item):
        vals = {
            "parent_id": self.id,
            "item_index": index,
            "client_id": self.client_id.id,
            "system_id": self.system_id.id,
            "flow_id": self.flow_id.id or None,
            "company_id": self.company_id.id,
            "message_type_id": self.message_type_id.id,
            "version_id": self.version_id.id,
            "criticality": self.criticality,
            # no caller can send it: its own keys begin with a method
            "idempotency_key": f"item {self.uuid} {index}",
            "request_hash": None,
            "trace_id": self.trace_id,
            "traceparent": self.traceparent,
            "next_attempt_at": self.next_attempt_at,
        }
        return self._prepare_inbound_row(vals, strict_json.dumps(item))

    @api.model
    def _process_items(self, parent):
        """Process what waits of a bulk message, then settle the message itself."""
        domain = [("parent_id", "=", parent.id), ("state", "in", ("pending", "retry"))]

        def find(env):
            # of a large file the rest is found by the inbox, item by item
            return env["dist.message"].search(domain, order="item_index", limit=ITEMS_AT_ONCE).ids

        # the transaction that holds the lock may have begun before the items were stored: it does not see them
        items = self._in_own_transaction(find)
        self._process(items, parent._get_handler()._batch_size)
        self._in_own_transaction(lambda env: env["dist.message"].browse(parent.id)._settle_bulk())

    @api.model
    def _settle_waiting_bulk(self, parent_id):
        """An item that was tried again by itself may be the last one its bulk message waited for."""

        def settle(env):
            parent = env["dist.message"].browse(parent_id)
            if parent.state in ("pending", "retry"):
                parent._settle_bulk()

        self._in_own_transaction(settle)

    def _settle_bulk(self):
        """A bulk message is done when none of its items is waiting for a machine; a cancelled one stays cancelled."""
        if self.state == "cancelled":
            return
        if any(item.state in ("pending", "retry") for item in self.child_ids):
            return
        self.write({"state": "done", "done_at": fields.Datetime.now(), "answer_status": 200})

    def _lock_items_to_cancel(self):
        """Lock these messages and their open items until the transaction ends; what begins to process one finds it
        cancelled. What was refused at once stays: its sender was told.

        :return: dist.message, those items, and the number of those that are being processed right now
        """
        if not self:
            return self, 0
        # whoever is about to store items waits, or they are among what is found here
        self._lock_unfinished()
        items = self.search([("parent_id", "in", self.ids), ("state", "in", UNFINISHED)]).filtered(
            lambda item: not item.is_refused
        )
        if not items:
            return items, 0
        free = self.browse(_find_free(self.env.cr, items.ids))
        return free and free._lock_unfinished(), len(items) - len(free)

    # what waits

    @api.model
    def _process_and_refresh(self):
        """Process these messages now, in transactions of their own; this transaction sees it after a reload.

        The oldest goes first, so that the last word on a record is the sender's last.
        """
        for message in self.sorted("id"):
            try:
                self._process([message.id])
            except InFlight:
                _logger.info("Message %s is being processed by another worker", message.uuid)
        self.invalidate_recordset()

    @api.model
    def _get_due_inbound(self, criticality, limit):
        """:return: list of (message id, id of the bulk message it is an item of, if it is), the longest due first"""

        def find(env):
            env.cr.execute(
                """
                SELECT id, parent_id FROM dist_message
                WHERE direction = 'in' AND state IN ('pending', 'retry') AND criticality = %s
                  AND next_attempt_at <= %s
                ORDER BY next_attempt_at, id LIMIT %s
                """,
                (criticality, fields.Datetime.now(), limit),
            )
            return env.cr.fetchall()

        return self._in_own_transaction(find)

    @api.model
    def _job_process_inbox(self, criticality):
        """Job: process what waits of one criticality; hands over to a next job after its time."""
        deadline = time.monotonic() + JOB_SECONDS
        seen = set()
        while time.monotonic() < deadline:
            due = [row for row in self._get_due_inbound(criticality, 50) if row not in seen]
            if not due:
                return
            seen |= set(due)
            for message_id, parent_id in due:
                self._process_due(message_id, parent_id)
        self._schedule_inbox(criticality)

    @api.model
    def _process_due(self, message_id, parent_id):
        """Process a message of the inbox; one that cannot even be recorded as failed does not hold up the others."""
        try:
            self._process([message_id])
            if parent_id:
                self._settle_waiting_bulk(parent_id)
        except InFlight:
            return
        except Exception as error:  # pylint: disable=broad-except
            if is_connection_lost(error):
                raise
            _logger.exception("Message %s could neither be processed nor recorded as failed", message_id)
            # what went wrong may tell of the content, and stands in the log
            detail = type(error).__name__
            self._in_own_transaction(lambda env: env["dist.message"]._put_off(message_id, detail))

    @api.model
    def _put_off(self, message_id, detail):
        """Have a message tried again later, by the barest means there are."""
        self.env.cr.execute(
            """
            UPDATE dist_message SET state = 'retry', next_attempt_at = %s, error = %s, error_code = 'technical'
            WHERE id = %s AND state IN ('pending', 'retry')
            """,
            (fields.Datetime.now() + PUT_OFF, detail, message_id),
        )

    @api.model
    def _schedule_inbox(self, criticality, due=None):
        """
        :param due: moment before which nothing is to be done; now if there is none
        """
        moment = f":{due:%Y%m%d%H%M%S}" if due else ""
        self.with_delay(
            channel=CHANNELS[criticality],
            eta=due,
            identity_key=f"dist-inbox:{criticality}{moment}",
            description=_("Process waiting messages (%s)", criticality),
        )._job_process_inbox(criticality)

    def _schedule_retry(self):
        """Whoever waits for seconds only, such as for a lock, does not wait for the sweeper."""
        if self.next_attempt_at < fields.Datetime.now() + SWEEP:
            self._schedule_inbox(self.criticality, self.next_attempt_at + timedelta(seconds=1))


def work_and_commit(cr, user_id, work):
    """Run work in a fresh environment and commit.

    The environment is held until after the flush: a transaction only knows its environments weakly, and one
    that lost them all commits without writing what is pending.
    """
    env = api.Environment(cr, user_id, {})
    result = work(env)
    env.flush_all()
    cr.commit()  # pylint: disable=invalid-commit  # the end of this cursor's own transaction
    return result


def _work_again(cr, work):
    """Run work and commit, again after another transaction changed the same rows first."""
    for attempt in range(1, CONFLICT_TRIES + 1):
        try:
            return work_and_commit(cr, SUPERUSER_ID, work)
        except psycopg2.errors.SerializationFailure:
            if attempt == CONFLICT_TRIES:
                raise
            cr.rollback()


def _is_conflict(error):
    """Whether other transactions were in the way, which is nothing to look into."""
    return getattr(error, "pgcode", None) in CONFLICTS


def _halve(ready):
    """:return: the first and the second half of a dict"""
    items = list(ready.items())
    middle = len(items) // 2
    return dict(items[:middle]), dict(items[middle:])


def _claim(cr, message_ids):
    """:return: list of the ids of those messages that nobody else is processing"""
    cr.execute(
        "SELECT id, pg_try_advisory_xact_lock(hashtextextended('dist.message/' || id, 0)) "
        "FROM unnest(%s) AS id",
        (message_ids,),
    )
    return [message_id for message_id, is_free in cr.fetchall() if is_free]


def _find_free(cr, message_ids):
    """:return: list of the ids of those messages that nobody is processing; they are not claimed, which for a great
    many would take more locks than the database has
    """
    cr.execute(
        """
        SELECT id FROM unnest(%s) AS id, hashtextextended('dist.message/' || id, 0) AS key
        WHERE CASE WHEN pg_try_advisory_lock(key) THEN pg_advisory_unlock(key) ELSE FALSE END
        """,
        (message_ids,),
    )
    return [row[0] for row in cr.fetchall()]


def _lock_keys(cr, keys):
    """Take the locks in sorted order, so that two transactions cannot wait for each other."""
    if not keys:
        return
    # both in one question; the rows of unnest come, and are locked, in the order of the list
    cr.execute(
        "SELECT set_config('lock_timeout', %s, true);"
        "SELECT pg_advisory_xact_lock(hashtextextended(key, 0)) FROM unnest(%s::text[]) AS key",
        (f"{LOCK_TIMEOUT_MS}ms", sorted(keys)),
    )
