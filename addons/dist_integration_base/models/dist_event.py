import json
import logging
from functools import partial

import psycopg2

from odoo import SUPERUSER_ID, _, api, fields, models
from odoo.exceptions import MissingError, UserError
from odoo.tools import split_every

from ..lib import lanes
from ..lib.errors import IntegrationError
from ..lib.handling import ExceptionSpec
from ..lib.identifiers import new_id
from ..tools import get_exact_now, reading
from .transaction import get_state

_logger = logging.getLogger(__name__)

COLLECTED = "dist_integration.events"


class DistEvent(models.Model):
    """The outbox: a business event, stored in the transaction that made it happen."""

    _name = "dist.event"
    _description = "Business event"
    _order = "id desc"
    _rec_name = "uuid"

    uuid = fields.Char(required=True, readonly=True, index=True)
    message_type_id = fields.Many2one("dist.message.type", required=True, readonly=True, ondelete="restrict")
    version_id = fields.Many2one("dist.message.type.version", readonly=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    is_shared = fields.Boolean(
        string="Of all companies",
        readonly=True,
        help="The document belongs to no company: the flows of every company carry it.",
    )
    res_model = fields.Char(string="Document model", readonly=True, required=True)
    res_id = fields.Many2oneReference(
        string="Document", model_field="res_model", readonly=True, required=True
    )
    sequence = fields.Integer(readonly=True, help="Number of this event among those of its document.")
    business_key = fields.Char(readonly=True)
    payload = fields.Text(readonly=True, groups=fields.NO_ACCESS)
    trace_id = fields.Char(readonly=True)
    traceparent = fields.Char(readonly=True)
    ordering_key = fields.Char(readonly=True)
    state = fields.Selection([("recorded", "Recorded"), ("error", "In error")], readonly=True, required=True)
    error = fields.Char(readonly=True)
    occurred_at = fields.Datetime(readonly=True, required=True)
    message_ids = fields.One2many("dist.message", "event_id")

    _sql_constraints = [
        ("sequence_uniq", "unique(res_model, res_id, sequence)", "Sequence numbers are unique.")
    ]

    def init(self):
        self.env.cr.execute(
            "CREATE INDEX IF NOT EXISTS dist_event_error_idx ON dist_event (id) WHERE state = 'error'"
        )

    @api.depends("message_type_id.code", "business_key")
    def _compute_display_name(self):
        for event in self:
            event.display_name = f"{event.message_type_id.code} {event.business_key or event.uuid}"

    @api.model
    def _collect(self, code, records):
        if code not in self.env["dist.flow"]._get_subscribed_types():
            return
        precommit = self.env.cr.precommit
        if COLLECTED not in precommit.data:
            precommit.data[COLLECTED] = {}
            # the message does not depend on who made the change: no language, no company of the screen
            precommit.add(self.with_context({}).sudo()._write_collected)
        collected = precommit.data[COLLECTED]
        for record_id in records.ids:
            collected.setdefault((code, records._name, record_id))

    @api.model
    def _write_collected(self):
        collected = self.env.cr.precommit.data.pop(COLLECTED, {})
        groups = {}
        for position, (code, model_name, record_id) in enumerate(collected):
            groups.setdefault((code, model_name), {})[record_id] = position
        built = []
        for (code, model_name), positions in groups.items():
            records = self.env[model_name].browse(positions)
            built += [(positions[row["res_id"]], code, row) for row in self._build_rows(code, records)]
        rows = {
            (code, row["res_model"], row["res_id"]): row
            for _position, code, row in sorted(built, key=_position)
        }
        self._withdraw(set(collected) - set(rows))
        self._store(self._update_written(rows))

    @api.model
    def _withdraw(self, keys):
        """Take back what was written earlier in this transaction about changes that were undone since."""
        written = get_state(self.env.cr).written
        ids = [written[key] for key in keys if key in written]
        if ids:
            self.env.cr.execute("DELETE FROM dist_message WHERE event_id IN %s", (tuple(ids),))

    @api.model
    def _update_written(self, rows):
        """Bring events written earlier in this transaction to the state the records have now.

        :param rows: dict, key to event row
        :return: dict of those that are new
        """
        written = get_state(self.env.cr).written
        new = {}
        for key, row in rows.items():
            if key not in written or not self._update_row(written[key], row):
                new[key] = row
        return new

    @api.model
    def _update_row(self, event_id, row):
        """:return: False when the row is gone: a savepoint was rolled back"""
        names = ("company_id", "is_shared", "business_key", "ordering_key", "payload", "state", "error")
        self.env.cr.execute(
            """
            UPDATE dist_event SET company_id = %s, is_shared = %s, business_key = %s, ordering_key = %s, payload = %s,
                state = %s, error = %s
            WHERE id = %s RETURNING uuid, trace_id, traceparent, create_date, create_uid
            """,
            [*(row[name] for name in names), event_id],
        )
        found = self.env.cr.dictfetchone()
        if not found:
            return False
        self.env.cr.execute("DELETE FROM dist_message WHERE event_id = %s", (event_id,))
        self._route_stored({**row, **found, "id": event_id})
        return True

    @api.model
    def _build_rows(self, code, records):
        """Event rows of records, without sequence; those no longer relevant, or deleted, are left out.

        A database error inside a serializer must not spoil the business transaction, so the work happens
        inside a savepoint, and one by one after the first such error.
        """
        try:
            with reading(self.env.cr):
                serializer = self.env[f"dist.serializer.{code}"]._for_records(records)
                return [row for record in records if (row := self._build_row(code, record, serializer))]
        except MissingError as error:
            # looked for only now: hardly ever is a document deleted in the transaction that tells of it
            present = records.exists()
            if present == records:
                return self._build_one_by_one(code, records, error)
            return self._build_rows(code, present)
        except psycopg2.Error as error:
            return self._build_one_by_one(code, records, error)
        except Exception as error:  # pylint: disable=broad-except
            # prefetching is common to all: its fault is the fault of each
            _logger.exception("Reading the documents of %s events failed", code)
            return [self._prepare_error_row(code, record, error) for record in records]

    @api.model
    def _build_one_by_one(self, code, records, error):
        if len(records) == 1:
            return [self._prepare_error_row(code, records, error)]
        return [row for record in records for row in self._build_rows(code, record)]

    @api.model
    def _build_row(self, code, record, serializer=None):
        """:param serializer: one that has read what the record needs; None when nothing was read yet"""
        try:
            if serializer is None:
                serializer = self.env[f"dist.serializer.{code}"]._for_records(record)
            if not serializer._is_relevant(record):
                return None
            return self._prepare_row(code, record, serializer)
        except (psycopg2.Error, MissingError):
            raise
        except Exception as error:  # pylint: disable=broad-except
            _logger.exception("No message could be made of %s for %s", code, record)
            return self._prepare_error_row(code, record, error)

    @api.model
    def _prepare_row(self, code, record, serializer):
        message_type = self.env["dist.message.type"]._get_by_code_cached(code)
        company = serializer._get_company(record)
        return {
            **self._prepare_common_row(message_type, record),
            "company_id": (company or self.env.company).id,
            "is_shared": not company,
            "business_key": serializer._get_business_key(record),
            "ordering_key": serializer._get_ordering_key(record),
            "payload": json.dumps(serializer._get_payload(record), separators=(",", ":")),
            "state": "recorded",
            "error": None,
        }

    @api.model
    def _prepare_error_row(self, code, record, error):
        message_type = self.env["dist.message.type"]._get_by_code_cached(code)
        company = record.company_id if "company_id" in record._fields else self.env.company
        return {
            **self._prepare_common_row(message_type, record),
            "company_id": (company or self.env.company).id,
            "is_shared": False,
            "business_key": f"{record._name}/{record.id}",
            "ordering_key": f"{record._name}/{record.id}",
            "payload": None,
            "state": "error",
            "error": self._get_error_text(error)[:500],
        }

    @api.model
    def _get_error_text(self, error):
        """:return: sentence for whoever corrects the document"""
        if isinstance(error, (UserError, IntegrationError)):
            return str(error)
        return _(
            "Reading the document failed: %(kind)s: %(error)s",
            kind=type(error).__name__,
            error=error,
        )

    @api.model
    def _prepare_common_row(self, message_type, record):
        current = self._get_trace()
        return {
            "uuid": new_id("evt"),
            "message_type_id": message_type["id"],
            "version_id": message_type["version_id"],
            "res_model": record._name,
            "res_id": record.id,
            "trace_id": current.trace_id,
            "traceparent": current.header,
        }

    @api.model
    def _get_trace(self):
        """Trace of this transaction: the caller's when it handles a message, else a new one."""
        return get_state(self.env.cr).trace

    @api.model
    def _set_trace(self, current):
        get_state(self.env.cr).trace = current

    @api.model
    def _store(self, rows):
        """Write events and the messages of their subscriptions.

        :param rows: dict, key to event row
        """
        if not rows:
            return
        self._stamp(rows.values())
        self._insert([(row, self._prepare_messages(row, self._get_wanting(row))) for row in rows.values()])
        get_state(self.env.cr).written.update({key: row["id"] for key, row in rows.items()})

    @api.model
    def _tell_failed(self, rows):
        """Have persons told of stored events in error, once the transaction is committed."""
        failed = [row["id"] for row in rows if row["state"] == "error"]
        if failed:
            self.env.cr.postcommit.add(partial(_open_exceptions, self.env.registry, failed))

    @api.model
    def _route_stored(self, row):
        """Make the messages of an event that was stored before.

        :param row: event row as stored, with its id
        """
        self._tell_failed([row])
        messages = self._prepare_messages(row, self._get_wanting(row))
        if messages:
            self.env["dist.message"]._insert_rows("dist_message", messages)
            self.env["dist.message"]._wake_lanes([row for row in messages if row["state"] == "pending"])

    @api.model
    def _prepare_messages(self, row, wanting, **values):
        """
        :param row: event row
        :param wanting: as of `_get_wanting`
        :param values: columns that differ from what the flow says
        :return: list of message rows
        """
        messages = []
        for flow_id, error in wanting:
            message = {**self._prepare_message_row(flow_id, row), **values}
            messages.append({**message, **self._prepare_routing(error, message)})
        return messages

    @api.model
    def _get_wanting(self, row, flow_ids=None):
        """
        :param flow_ids: ids of flows to ask; None for those that are to carry the event
        :return: list of (id of a flow that wants the event, error as of `_get_filter_error`)
        """
        if flow_ids is None:
            flow_ids = self._get_flows_of(row)
        return [
            (flow_id, error)
            for flow_id in flow_ids
            if (error := self._get_filter_error(flow_id, row)) is not False
        ]

    @api.model
    def _get_flows_of(self, row):
        """:return: ids of the flows that are to carry an event; of what is shared, those of every company"""
        if row["state"] == "error":
            return ()
        code = self.env["dist.message.type"]._get_code_cached(row["message_type_id"])
        company_id = False if row["is_shared"] else row["company_id"]
        return self.env["dist.flow"]._get_subscriptions(code, company_id)

    @api.model
    def _send_to(self, flow, records):
        """Have one flow carry records as they are now, on its bulk lane; other flows hear nothing.

        :param records: those that the flow's filter leaves out and those that are not relevant are not sent
        :return: number of records that are sent
        """
        built = self.with_context({}).sudo()._build_rows(flow.message_type_id.code, records)
        self._stamp(built)
        wanted = [(row, wanting) for row in built if (wanting := self._get_wanting(row, [flow.id]))]
        items = [
            (
                row,
                self._prepare_messages(row, wanting, criticality="bulk")
                if row["state"] == "recorded"
                else [],
            )
            for row, wanting in wanted
        ]
        self._insert(items)
        return len(items)

    @api.model
    def _get_filter_error(self, flow_id, row):
        """Whether a flow wants an event.

        A filter that cannot be applied must neither stop the business transaction nor lose the message.

        :return: None when it does, False when it does not, the error (text) when its filter cannot be applied
        """
        try:
            return None if self._is_subscribed(flow_id, row) else False
        except Exception as error:  # pylint: disable=broad-except
            flow = self.env["dist.flow"].browse(flow_id)
            _logger.exception("The filter of flow %s cannot be applied", flow.name)
            return f"{type(error).__name__}: {error}"

    @api.model
    def _is_subscribed(self, flow_id, row):
        """Whether the record of an event is one the flow asks for. Addons narrow it to the partner concerned."""
        if not self.env["dist.flow"]._get_delivery_settings(flow_id)["has_filter"]:
            return True
        flow = self.env["dist.flow"].browse(flow_id)
        with reading(self.env.cr):
            record = self.env[row["res_model"]].browse(row["res_id"])
            return bool(record.filtered_domain(flow._get_filter_domain()))

    @api.model
    def _prepare_routing(self, error, message):
        """:return: dict of how a message starts

        :param error: as of `_get_filter_error`
        :param message: row of the message
        """
        if not error:
            return {"state": "pending", "error": None, "error_code": None}
        return {
            "state": "error",
            "error_code": "invalid_filter",
            "error": _("The filter of the flow cannot be applied: %s", error)[:500],
        }

    @api.model
    def _prepare_message_row(self, flow_id, row):
        settings = self.env["dist.flow"]._get_delivery_settings(flow_id)
        now = row["create_date"]
        return {
            "uuid": new_id("msg"),
            "direction": "out",
            "state": "pending",
            "flow_id": flow_id,
            "system_id": settings["system_id"],
            "endpoint_id": settings["endpoint_id"],
            "criticality": settings["criticality"],
            "version_id": settings["version_id"] or row["version_id"],
            "lane": lanes.lane_of(row["ordering_key"], settings["lanes"]),
            "message_type_id": row["message_type_id"],
            "company_id": settings["company_id"],
            "event_id": row.get("id"),
            "ordering_key": row["ordering_key"],
            "business_key": row["business_key"],
            "res_model": row["res_model"],
            "res_id": row["res_id"],
            "trace_id": row["trace_id"],
            "traceparent": row["traceparent"],
            "attempt_count": 0,
            "next_attempt_at": now,
            "received_at": get_exact_now(),
            "create_date": now,
            "create_uid": row["create_uid"],
        }

    def _get_envelope(self):
        """:return: dict, the body that partners receive"""
        self.ensure_one()
        return {
            "id": self.uuid,
            "type": self.message_type_id.code,
            "version": str(self.version_id.number or 1),
            "time": fields.Datetime.to_string(self.occurred_at).replace(" ", "T") + "Z",
            "sequence": self.sequence,
            "subject": f"{self.res_model}/{self.res_id}",
            "trace_id": self.trace_id,
            "data": json.loads(self.payload),
        }

    def action_rebuild(self):
        """Make the message of an event in error again, from the document as it is now, and deliver it."""
        self.env["dist.message"]._check_may_act_on_all()
        failed = self.filtered(lambda event: event.state == "error")
        if not self.env.su:
            self.env["dist.audit.entry"]._add_each("retried", failed)
        for event in failed:
            code = event.message_type_id.code
            record = self.env[event.res_model].sudo().browse(event.res_id).exists()
            row = self.sudo()._build_row(code, record) if record else None
            if row and row["state"] == "error":
                event.sudo().error = row["error"]
                continue
            event._finish_rebuild(row)

    def _finish_rebuild(self, row):
        event = self.sudo()
        if not row:
            event.write(
                {
                    "state": "recorded",
                    "error": _("The document no longer calls for this event."),
                    "payload": "{}",
                }
            )
        else:
            names = ("payload", "business_key", "ordering_key", "company_id", "is_shared", "state", "error")
            event.write({name: row[name] for name in names})
            event.flush_recordset()
            stored = event.read(load=False)[0]
            event._route_stored({**stored, "create_date": fields.Datetime.now(), "create_uid": self.env.uid})
            event.invalidate_recordset(["message_ids"])
        self.env["dist.exception"]._resolve_for_event(event)

    def _prepare_exception(self):
        return ExceptionSpec(
            category="technical",
            code="serializer_failed",
            summary=_("No message could be made of %s", self._get_document_name()),
            detail=self.error,
            record=self.env[self.res_model].browse(self.res_id),
            severity="high",
            suggestion=_("Correct the document, then use Retry."),
            fingerprint=f"event/{self.id}",
        )

    def _get_document_name(self):
        """:return: what a person calls the document, unless the message's type hides it"""
        record = self.env[self.res_model].browse(self.res_id).exists()
        hidden = "name" in self.message_type_id._get_sensitive_paths()
        return record.display_name if record and not hidden else self.business_key

    def _get_addressed_flow(self):
        """:return: dist.flow that would carry the message of an event in error; empty when none would"""
        row = self.sudo().read(load=False)[0]
        wanting = self._get_wanting({**row, "state": "recorded"})
        return self.env["dist.flow"].browse([flow_id for flow_id, _error in wanting[:1]])

    @api.model
    def _open_missing_exceptions(self, event_ids=None):
        """Exceptions for events in error that have none yet (the process may have died after the commit)."""
        domain = [("state", "=", "error")] + ([("id", "in", event_ids)] if event_ids else [])
        for batch in split_every(100, self.search(domain).ids):
            for event in self.browse(batch):
                self.env["dist.exception"]._open_for_event(event)
        self.env["dist.message"]._open_held_exceptions()


def _position(built):
    return built[0]


def _open_exceptions(registry, event_ids):
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        env["dist.event"]._open_missing_exceptions(event_ids)
        env.flush_all()
