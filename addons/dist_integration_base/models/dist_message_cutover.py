import json
import logging
import random
import time

import psycopg2

from odoo import SUPERUSER_ID, _, api, fields, models
from odoo.exceptions import UserError

from ..lib.errors import IntegrationError
from .dist_flow_cutover import STAGES
from .dist_message_inbound import CONFLICT_TRIES, RETRIED_AT_ONCE, LeftToOther
from .dist_message_reply import OPERATIONS
from .transaction import is_connection_lost, start_shadow

_logger = logging.getLogger(__name__)


class DistMessage(models.Model):
    """Messages of flows that are not live yet."""

    _inherit = "dist.message"

    stage = fields.Selection(
        STAGES,
        string="Cut-over stage",
        readonly=True,
        help="Stage of the flow when the message came or was made.",
    )
    rollback_state = fields.Selection(
        [("to_handle", "To be handled"), ("handled", "Handled")],
        string="After rolling back",
        readonly=True,
        index="btree_not_null",
    )
    rollback_handled_by_id = fields.Many2one("res.users", string="Handled by", readonly=True)

    @api.model
    def _prepare_inbound_row(self, vals, raw):
        row = super()._prepare_inbound_row(vals, raw)
        flow_id = row.get("flow_id")
        stage = flow_id and self.env["dist.flow"]._get_delivery_settings(flow_id)["stage"]
        return {"stage": stage or None, **row}

    @api.model
    def _take_up_again(self, cr, message_id):
        """A message that was only compared is applied when it comes again after the shadow has ended."""
        cr.execute(
            """
            UPDATE dist_message AS message
            SET state = 'pending', stage = flow.stage, answer = NULL, answer_status = NULL
            FROM dist_flow AS flow
            WHERE (message.id = %s OR message.parent_id = %s) AND message.stage = 'shadow' AND message.state = 'done'
              AND message.erased_at IS NULL AND flow.id = message.flow_id AND flow.stage != 'shadow'
            """,
            (message_id, message_id),
        )

    # shadow

    @api.model
    def _apply_in_shadow(self, message_id, payload):
        """Apply a message, compare what came of it, and take everything back."""
        started = time.monotonic()
        outcome = self._try_in_shadow(message_id, payload)
        key = self._in_own_transaction(
            lambda env: env["dist.message"].browse(message_id)._get_comparison_key(payload)
        )
        self._in_serial_transaction(
            key, lambda env: env["dist.message"].browse(message_id)._write_shadow(outcome, payload, started)
        )

    @api.model
    def _try_in_shadow(self, message_id, payload):
        """:return: dict with ``ours``, ``reference`` (documents or None), ``record`` (model and id of the
        counterpart, or None) and ``error`` (dict with ``code`` and ``detail``, or None)
        """
        for attempt in range(1, CONFLICT_TRIES + 1):
            try:
                return self._run_in_shadow(message_id, payload)
            except psycopg2.Error as error:
                if is_connection_lost(error):
                    raise
                if error.pgcode in RETRIED_AT_ONCE and attempt < CONFLICT_TRIES:
                    time.sleep(random.uniform(0.0, 0.05 * 2**attempt))
                    continue
                return _prepare_outcome(error=error)
            except Exception as error:  # pylint: disable=broad-except
                # what would fail is what the shadow is to show: it stands on the comparison
                if not isinstance(error, IntegrationError | UserError):
                    _logger.exception("Message %s fails in the shadow", message_id)
                return _prepare_outcome(error=error)

    @api.model
    def _run_in_shadow(self, message_id, payload):
        with self.env.registry.cursor() as cr:
            try:
                start_shadow(cr)
                message = api.Environment(cr, SUPERUSER_ID, {})["dist.message"].browse(message_id)
                message = message._in_service_environment()
                handler = message._get_handler()
                # read before applying: the effect may change the counterpart itself
                counterpart, reference = handler._read_counterpart(message, payload)
                result = handler._apply(message, payload)
                message.env.flush_all()
                ours = handler._get_comparison_view(message, result.record) if result.record else None
                return _prepare_outcome(ours or result.answer, reference, counterpart)
            finally:
                cr.rollback()

    def _write_shadow(self, outcome, payload, started):
        self.ensure_one()
        handler = self._get_handler()
        self.write(
            {
                "state": "done",
                "done_at": fields.Datetime.now(),
                "answer": json.dumps(
                    {"status": "shadow", "message_id": self.uuid, "operation": OPERATIONS + self.uuid}
                ),
                "answer_status": 202,
                "attempt_count": self.attempt_count + 1,
                "error": False,
                "error_code": False,
                "business_key": self.business_key or handler._get_external_id(payload),
                **({"payload": json.dumps(payload)} if self.flow_id.mapping_id and not self.payload else {}),
            }
        )
        self._add_attempt(
            "success", started, status_code=202, detail=_("Compared in the shadow, not applied")
        )
        self.env["dist.cutover.comparison"]._record_ours(self, outcome)
        self._close_behind()

    @api.model
    def _record_failure(self, message_id, error, payload=None, started=None):
        """In the shadow, what cannot be read or does not fit is compared like all that would have failed."""
        result = super()._record_failure(message_id, error, payload, started)

        def get_key(env):
            message = env["dist.message"].browse(message_id)
            return message.stage == "shadow" and message.state == "dead" and message._get_comparison_key()

        def compare(env):
            outcome = _prepare_outcome(error=error)
            env["dist.cutover.comparison"]._record_ours(env["dist.message"].browse(message_id), outcome)

        key = self._in_own_transaction(get_key)
        if key:
            self._in_serial_transaction(key, compare)
        return result

    def _write_failure(self, failure, error, payload, started):
        """The sender is told as ever; what the shadow shows opens no exception."""
        if self.stage == "shadow":
            # nobody is asked, so nothing can wait for an answer
            state = "dead" if failure["state"] == "error" else failure["state"]
            failure = {**failure, "specs": [], "state": state}
        return super()._write_failure(failure, error, payload, started)

    def _get_comparison_key(self, payload=None):
        """:return: key of the lock under which comparisons of a document are written"""
        key = self.business_key or (payload and self._get_handler()._get_external_id(payload)) or ""
        return f"cutover/{self.flow_id.id}/{key}"

    # coexistence

    @api.model
    def _apply_pairs(self, handler, pairs):
        """Apply (message, payload) pairs, minding what the old interface handles or has done already."""
        if not any(message.stage == "coexist" for message, _payload in pairs):
            return handler._apply_batch(pairs)
        return [
            self._apply_coexisting(handler, message, payload)
            if message.stage == "coexist"
            else handler._apply(message, payload)
            for message, payload in pairs
        ]

    @api.model
    def _apply_coexisting(self, handler, message, payload):
        """:raises LeftToOther: the document is not this interface's"""
        flow = message.flow_id
        if not flow._handles_key(handler._get_external_id(payload)):
            raise LeftToOther("The old interface handles this document.")
        counterpart = handler._find_counterpart(message, payload)
        result = handler._adopt(message, payload, counterpart) if counterpart else None
        if result is None:
            result = handler._apply(message, payload)
        if not flow._handles_record(result.record):
            raise LeftToOther("The old interface handles this document.")
        return result

    @api.model
    def _record_left(self, message_id, payload, started):
        """A message that the old interface handles is settled without effect."""

        def record(env):
            message = env["dist.message"].browse(message_id)
            message.write(
                {
                    "state": "done",
                    "done_at": fields.Datetime.now(),
                    "answer": json.dumps(
                        {
                            "status": LeftToOther.code,
                            "message_id": message.uuid,
                            "operation": OPERATIONS + message.uuid,
                        }
                    ),
                    "answer_status": 202,
                    "attempt_count": message.attempt_count + 1,
                    "business_key": message.business_key or message._get_handler()._get_external_id(payload),
                }
            )
            message._add_attempt("success", started, status_code=202, detail=_("Left to the old interface"))
            message._close_behind()

        self._in_own_transaction(record)

    # after rolling back

    def action_mark_rollback_handled(self):
        """A person has settled what these messages did before the flow was rolled back."""
        self._check_may_act()
        todo = self.filtered(lambda message: message.rollback_state == "to_handle")
        todo.sudo().write({"rollback_state": "handled", "rollback_handled_by_id": self.env.uid})
        self.env["dist.audit.entry"]._add_each("overridden", todo, reason=_("Settled after rolling back"))
        return True

    def _get_summary_done(self):
        if self.stage == "shadow":
            return _("Compared, not applied") if self.direction == "in" else _("Built, not sent")
        if self.answer_status == 202 and self.direction == "in":
            return _("Left to the old interface")
        return super()._get_summary_done()


def _prepare_outcome(ours=None, reference=None, record=None, error=None):
    return {
        "ours": ours,
        "reference": reference,
        "record": (record._name, record.id) if record else None,
        "error": error
        and {
            "code": getattr(error, "code", None) or "technical",
            "detail": getattr(error, "detail", None) or str(error.args[0] if error.args else error),
        },
    }
