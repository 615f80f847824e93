import base64
import json
import logging
from functools import partial

from odoo import SUPERUSER_ID, _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools.sql import create_index

from ..lib import trace
from ..lib.identifiers import new_id
from ..lib.masking import to_readable
from .dist_backlog import IS_REFUSED

_logger = logging.getLogger(__name__)

# what a person replays in one click without waiting for a job
REPLAYED_AT_ONCE = 20
# what is to be woken once the transaction is committed
WAKING = "dist_integration.waking"
TEST_TYPE = "integration.test"
OPEN = ("pending", "retry", "error", "dead")
# whoever counts what is unfinished reads nothing else
BACKLOG_COLUMNS = [
    "state",
    "system_id",
    "company_id",
    "direction",
    "flow_id",
    "endpoint_id",
    "message_type_id",
    "replay_id",
    "id",
]
CHANNELS = {
    "critical": "root.dist_critical",
    "normal": "root.dist",
    "bulk": "root.dist_bulk",
}


class DistMessage(models.Model):
    """One message, in or out. It ends done, dead with an open exception, or cancelled by a named person; or it was
    refused at once, which its sender was told.
    """

    _name = "dist.message"
    _description = "Message"
    _inherit = ["dist.kept.mixin"]
    _order = "id desc"
    _rec_name = "uuid"

    uuid = fields.Char(string="Message ID", required=True, readonly=True)
    direction = fields.Selection([("in", "Inbound"), ("out", "Outbound")], required=True, readonly=True)
    state = fields.Selection(
        [
            ("pending", "Waiting"),
            ("retry", "Will be retried"),
            ("error", "Waits for a person"),
            ("done", "Done"),
            ("dead", "Failed"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
        default="pending",
    )
    flow_id = fields.Many2one("dist.flow", readonly=True, ondelete="set null", index="btree_not_null")
    system_id = fields.Many2one("dist.system", required=True, readonly=True, ondelete="restrict", index=True)
    endpoint_id = fields.Many2one("dist.endpoint", readonly=True, ondelete="set null")
    client_id = fields.Many2one("dist.api.client", readonly=True, ondelete="set null")
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    message_type_id = fields.Many2one("dist.message.type", required=True, readonly=True, ondelete="restrict")
    version_id = fields.Many2one("dist.message.type.version", readonly=True, ondelete="restrict")
    criticality = fields.Selection(
        [("critical", "Critical"), ("normal", "Normal"), ("bulk", "Bulk")], required=True, default="normal"
    )
    event_id = fields.Many2one("dist.event", readonly=True, ondelete="restrict", index="btree_not_null")
    parent_id = fields.Many2one(
        "dist.message", string="Part of", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    child_ids = fields.One2many("dist.message", "parent_id", string="Items")
    item_index = fields.Integer(readonly=True)
    original_id = fields.Many2one(
        "dist.message", string="Corrects", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    correction_ids = fields.One2many("dist.message", "original_id", string="Corrections")
    idempotency_key = fields.Char(readonly=True)
    request_hash = fields.Char(readonly=True)
    raw = fields.Binary(attachment=False, readonly=True, groups=fields.NO_ACCESS)
    payload = fields.Text(
        string="Stored content", readonly=True, groups=fields.NO_ACCESS, help="Canonical JSON."
    )
    payload_view = fields.Text(compute="_compute_views", string="Content")
    answer = fields.Text(string="Stored answer", readonly=True, groups=fields.NO_ACCESS)
    answer_view = fields.Text(compute="_compute_views", string="Answer")
    answer_status = fields.Integer(readonly=True)
    trace_id = fields.Char(readonly=True, index=True)
    traceparent = fields.Char(readonly=True)
    business_key = fields.Char(string="Document number", readonly=True, index="btree_not_null")
    res_model = fields.Char(string="Document model", readonly=True)
    res_id = fields.Many2oneReference(string="Document", model_field="res_model", readonly=True)
    ordering_key = fields.Char(readonly=True)
    lane = fields.Integer(readonly=True)
    attempt_count = fields.Integer(string="Attempts", readonly=True)
    attempt_ids = fields.One2many("dist.message.attempt", "message_id")
    next_attempt_at = fields.Datetime(string="Next attempt", readonly=True)
    received_at = fields.Datetime(string="Created", readonly=True)
    done_at = fields.Datetime(string="Finished", readonly=True)
    error_code = fields.Char(readonly=True)
    error = fields.Char(string="Last error", readonly=True)
    exception_id = fields.Many2one(
        "dist.exception", readonly=True, ondelete="set null", index="btree_not_null"
    )
    further_exception_ids = fields.Many2many(
        "dist.exception",
        "dist_message_further_exception_rel",
        "message_id",
        "exception_id",
        string="Further exceptions",
        readonly=True,
        help="What has to be settled beside it before the message goes on, such as further unknown codes.",
    )
    replay_id = fields.Many2one(
        "dist.replay", string="Replayed by", readonly=True, ondelete="set null", index="btree_not_null"
    )
    cancelled_by_id = fields.Many2one("res.users", readonly=True)
    cancel_reason = fields.Char(readonly=True)

    _sql_constraints = [
        ("uuid_uniq", "unique(uuid)", "Message ids are unique."),
        (
            "idempotency_uniq",
            "unique(client_id, idempotency_key)",
            "A client uses an idempotency key for one message only.",
        ),
    ]

    def init(self):
        """Indexes that stay small however many finished messages are kept."""
        waiting = "state IN ('pending', 'retry')"
        for name, columns, condition in (
            ("lane", ["endpoint_id", "criticality", "lane", "id"], f"direction = 'out' AND {waiting}"),
            ("record", ["ordering_key", "id"], f"direction = 'out' AND {waiting}"),
            ("inbox", ["criticality", "next_attempt_at"], f"direction = 'in' AND {waiting}"),
            ("unfinished", BACKLOG_COLUMNS, f"state IN {OPEN!r} AND NOT ({IS_REFUSED})"),
            ("refused", ["company_id", "received_at", "system_id"], IS_REFUSED),
            ("document", ["res_model", "res_id"], "res_id IS NOT NULL"),
            ("source", ["endpoint_id", "source_name", "id"], "direction = 'in' AND endpoint_id IS NOT NULL"),
        ):
            create_index(self.env.cr, f"dist_message_{name}_idx", self._table, columns, where=condition)
        # the first and the record's serve what these served before
        self.env.cr.execute(
            "DROP INDEX IF EXISTS dist_message_open_idx, dist_message_order_idx, dist_message_backlog_idx"
        )

    @api.depends("message_type_id.code", "business_key", "uuid")
    def _compute_display_name(self):
        for message in self:
            message.display_name = f"{message.message_type_id.code} {message.business_key or message.uuid}"

    def _compute_views(self):
        for message in self:
            source = message.sudo()
            if message.purged_at:
                message.payload_view, message.answer_view = source._get_purged_text(), False
                continue
            message.payload_view = pretty(source._get_body_text(), message._get_masked_paths())
            message.answer_view = pretty(message._redact(source.answer), [])

    def _get_body_text(self):
        """:return: JSON text of the content: canonical, else as it was received; for an event its envelope"""
        self.ensure_one()
        if self.payload:
            return self.payload
        if self.event_id.payload:
            return json.dumps(self.event_id._get_envelope())
        return self._get_raw().decode("utf-8-sig", "replace") if self.raw else ""

    def _get_raw(self):
        """:return: bytes as received"""
        return base64.b64decode(self.with_context(bin_size=False).raw or b"")

    @api.model
    def _insert_rows(self, table, rows):
        """Insert rows that all have the same columns, by SQL: this is the path every event and call takes.

        :param table: name of the table
        :param rows: list of dicts, column to value
        :return: list of ids in the order of rows
        """
        columns = sorted(rows[0])
        if table not in ("dist_message", "dist_message_attempt"):
            raise ValueError(table)
        row_placeholder = f"({', '.join(['%s'] * len(columns))})"
        self.env.cr.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) "  # pylint: disable=sql-injection
            f"VALUES {', '.join([row_placeholder] * len(rows))} RETURNING id",
            [row[column] for row in rows for column in columns],
            # the statement holds what came and what leaves, which is nothing for the log
            log_exceptions=False,
        )
        return [row[0] for row in self.env.cr.fetchall()]

    @api.model
    def _wake_lanes(self, rows):
        """Have the lanes of these outbound message rows drained once the transaction is committed.

        The job is committed together with the messages. Where one waits already, it may run before that and not see
        them: whether it still waits is asked again behind the commit.
        """
        self._schedule_wake("lanes", self.env["dist.endpoint"]._enqueue_drains(self._get_lanes_of(rows)))

    @api.model
    def _get_lanes_of(self, rows):
        """:return: set of (endpoint id, criticality, lane) that outbound message rows are to leave on"""
        return {(row["endpoint_id"], row["criticality"], row["lane"]) for row in rows}

    @api.model
    def _wake_endpoints(self, endpoints):
        """Have every lane drained on which something waits for these endpoints, once the transaction is
        committed: a job that starts earlier sees the endpoint and its messages as they were before.
        """
        self._schedule_wake("endpoints", set(endpoints.ids))

    @api.model
    def _schedule_wake(self, kind, keys):
        if not keys:
            return
        postcommit = self.env.cr.postcommit
        if WAKING not in postcommit.data:
            postcommit.data[WAKING] = {"lanes": set(), "endpoints": set()}
            postcommit.add(partial(_wake, self.env.registry, postcommit))
        postcommit.data[WAKING][kind] |= keys

    @api.model
    def _find_waiting_lanes(self, endpoint_ids):
        """:return: set of (endpoint id, criticality, lane) on which something waits"""
        if not endpoint_ids:
            return set()
        self.env.cr.execute(
            """
            SELECT DISTINCT endpoint_id, criticality, lane FROM dist_message
            WHERE endpoint_id IN %s AND direction = 'out' AND state IN ('pending', 'retry') AND lane IS NOT NULL
            """,
            (tuple(endpoint_ids),),
        )
        return set(self.env.cr.fetchall())

    @api.model
    def _create_test_message(self, endpoint):
        """Store an `integration.test` message in a transaction of its own, for delivery in others.

        :return: the message, not delivered yet
        """
        vals, user_id = self._prepare_test_message(endpoint), self.env.uid

        def store(env):
            # it is the user's: in whose name it ends when it fails
            return env["dist.message"].with_user(user_id).sudo().create(vals).id

        return self.browse(self._in_own_transaction(store))

    @api.model
    def _prepare_test_message(self, endpoint):
        message_type = self.env["dist.message.type"]._get_by_code(TEST_TYPE)
        current = trace.new()
        body = {
            "id": new_id("evt"),
            "type": message_type.code,
            "version": "1",
            "time": fields.Datetime.now().isoformat() + "Z",
            "sequence": 1,
            "subject": f"dist.endpoint/{endpoint.id}",
            "trace_id": current.trace_id,
            "data": {"text": f"Test from {endpoint.company_id.name}"},
        }
        return {
            "uuid": new_id("msg"),
            "direction": "out",
            "system_id": endpoint.system_id.id,
            "endpoint_id": endpoint.id,
            "company_id": endpoint.company_id.id,
            "message_type_id": message_type.id,
            "version_id": message_type._get_default_version().id,
            "payload": json.dumps(body),
            "trace_id": current.trace_id,
            "traceparent": current.header,
            "ordering_key": f"dist.endpoint/{endpoint.id}",
            "business_key": _("Test event"),
            "received_at": fields.Datetime.now(),
            "next_attempt_at": fields.Datetime.now(),
        }

    # what a person does

    def action_retry(self):
        """Have messages tried again now: processed when inbound, delivered when outbound.

        What a correction takes the place of is left to that.

        :raises UserError: a message is finished, or all are left to their corrections
        """
        self._check_may_act()
        if any(message.state in ("done", "cancelled") for message in self):
            raise UserError(_("A finished message is not tried again."))
        todo = self._get_triable()
        todo._check_content_kept()
        todo._audit_at_once("retried")
        inbound = todo.filtered(lambda message: message.direction == "in")
        (todo - inbound)._requeue()
        if len(inbound) > REPLAYED_AT_ONCE:
            inbound._hand_to_inbox()
        else:
            inbound._process_and_refresh()
            inbound._check_tried()
        return True

    def _requeue(self):
        """Put outbound messages back into the queue, with their schedule of retries from the start.

        In a transaction of its own, like all that is done to an exception beside its messages: the caller's
        snapshot is older than what was noted on the exception a moment ago.
        """
        if not self:
            return
        ids, user_id = self.ids, self.env.uid

        def requeue(env):
            messages = env["dist.message"].browse(ids)._lock_unfinished()
            overtaken = messages._get_overtaken()
            overtaken._settle_as_overtaken(user_id)
            (messages - overtaken).write(
                {
                    "state": "pending",
                    "next_attempt_at": fields.Datetime.now(),
                    "attempt_count": 0,
                    "error": False,
                }
            )
            messages.flush_recordset()
            env["dist.exception"]._refresh(messages.exception_id)
            messages._wake_endpoints(messages.endpoint_id)

        self._in_own_transaction(requeue)
        self.invalidate_recordset()

    def _lock_unfinished(self):
        """:return: those of these messages that nobody has settled in between; nobody can until the transaction ends"""
        self.env.cr.execute(
            "SELECT id FROM dist_message WHERE id IN %s AND state NOT IN ('done', 'cancelled') ORDER BY id FOR UPDATE",
            (tuple(self.ids),),
        )
        return self.browse([row[0] for row in self.env.cr.fetchall()])

    def _get_overtaken(self):
        """:return: those of these outbound messages that would undo what the partner was told since: later ones of the
        same document were delivered, and it no longer calls for them
        """
        return self.filtered(
            lambda message: message.event_id and not message._is_called_for() and message._is_followed()
        )

    def _is_followed(self):
        self.ensure_one()
        later = [
            ("endpoint_id", "=", self.endpoint_id.id),
            ("ordering_key", "=", self.ordering_key),
            ("direction", "=", "out"),
            ("state", "=", "done"),
            ("id", ">", self.id),
        ]
        return bool(self.ordering_key and self.search_count(later, limit=1))

    def _is_called_for(self):
        """:return: False when its document would not make it any more; True for that of a document that is gone"""
        record = self.env[self.res_model].browse(self.res_id).exists()
        serializer = self.env[f"dist.serializer.{self.message_type_id.code}"]
        return not record or serializer._for_records(record)._is_relevant(record)

    def _settle_as_overtaken(self, user_id):
        """:param user_id: who wanted them sent again"""
        reason = _("Later messages were delivered, and the document no longer calls for this one.")
        self.env["dist.audit.entry"]._add_each("cancelled", self, reason=reason, user_id=user_id)
        self._settle_as_cancelled(reason, user_id)

    def _settle_as_cancelled(self, reason, user_id):
        """:param user_id: in whose name"""
        self.write(
            {
                "state": "cancelled",
                "cancelled_by_id": user_id,
                "cancel_reason": reason,
                "done_at": fields.Datetime.now(),
            }
        )

    def _get_exceptions(self):
        """:return: dist.exception, all that these messages wait for or failed with"""
        return self.exception_id | self.further_exception_ids

    def _audit_at_once(self, action, **values):
        """Keep what the user does with these messages, whatever becomes of it: it runs in other transactions."""
        ids, user_id = self.ids, self.env.uid

        def audit(env):
            messages = env["dist.message"].browse(ids)
            env["dist.audit.entry"]._add_each(action, messages, user_id=user_id, **values)

        self._in_own_transaction(audit)

    def action_view_audit(self):
        """Open what persons did with these messages."""
        return self.env["dist.audit.entry"]._get_action(self)

    def action_cancel(self, reason=None):
        """Cancel messages that are not done, with what is open of their items: they have no effect and are not tried
        again.

        :param reason: why, kept with the name of the user
        :return: what tells the person which items were left; True when none was
        :raises UserError: a correction of one takes effect in its place
        """
        self._check_may_act()
        chosen = self.filtered(lambda message: message.state in OPEN)
        chosen.filtered(lambda message: message.direction == "in")._check_not_corrected(chosen)
        items, busy = chosen.sudo()._lock_items_to_cancel()
        todo = chosen | items.sudo(False)
        self.env["dist.audit.entry"]._add_each("cancelled", todo, reason=reason)
        todo.sudo()._settle_as_cancelled(reason, self.env.uid)
        self.env["dist.exception"]._refresh(todo.sudo()._get_exceptions())
        return self._tell_left(busy)

    @api.model
    def _tell_left(self, busy):
        """:param busy: number of items that were not cancelled
        :return: notification; True when there is nothing to tell
        """
        if not busy:
            return True
        text = (
            _("1 item was being processed just then and was left.")
            if busy == 1
            else _("%s items were being processed just then and were left.", busy)
        )
        return self.env["dist.endpoint"]._get_notification(text, "warning", sticky=True)

    def action_correct(self):
        """Open the content for correction; the original is kept."""
        self.ensure_one()
        self._check_content_kept()
        return self.env["dist.message.correct"]._open(self)

    def action_open_document(self):
        self.ensure_one()
        if not self.res_model:
            raise UserError(_("This message has no document."))
        return self.env[self.res_model].browse(self.res_id)._dist_open()

    def action_view_trace(self):
        return self._get_timeline_action([("trace_id", "in", self.mapped("trace_id"))])

    @api.model
    def _get_list_action(self, domain, context=None):
        action = self.env["ir.actions.act_window"]._for_xml_id("dist_integration_base.action_dist_message")
        return {**action, "domain": domain, "context": context or {}}

    @api.model
    def _get_timeline_action(self, domain):
        """Messages in the order things happened."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "dist_integration_base.action_dist_message_timeline"
        )
        return {**action, "domain": domain}


def _wake(registry, postcommit):
    waking = postcommit.data.pop(WAKING, None)
    if not waking:
        return
    try:
        with registry.cursor() as cr:
            messages = api.Environment(cr, SUPERUSER_ID, {})["dist.message"]
            lanes = waking["lanes"] | messages._find_waiting_lanes(waking["endpoints"])
            if lanes:
                # a wake-up that a crash takes away is made up for by the sweeper
                cr.execute("SET LOCAL synchronous_commit TO off")
                messages.env["dist.endpoint"]._enqueue_drains(lanes)
    except Exception:  # pylint: disable=broad-except
        # the business transaction is committed, its messages wait, and the sweeper finds them
        _logger.exception("Delivery could not be scheduled; it starts with the next sweep")


def pretty(text, paths):
    """:return: JSON text for a person, masked at paths; what is no JSON only where nothing is to be masked"""
    if not text:
        return ""
    try:
        return to_readable(text, paths)
    except ValueError:
        return _("The content is not JSON: it is only shown in clear.") if paths else text
