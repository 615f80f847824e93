import json

from odoo import _, api, fields, models

from ..delivery import LaneDrain
from ..lib import cloudevents
from ..lib.handling import ExceptionSpec
from ..lib.transports import Outgoing
from ..lib.transports.files import names_of
from ..lib.transports.http import to_json
from .dist_message import TEST_TYPE


class DistMessage(models.Model):
    """Outbound: map, encode, deliver, acknowledge."""

    _inherit = "dist.message"

    def _get_wire_body(self):
        """:return: bytes that are signed and sent; the same at every attempt"""
        self.ensure_one()
        self._check_content_kept()
        if self.payload:
            return self.payload.encode()
        return to_json(self._get_mapped_envelope())

    def _get_mapped_envelope(self):
        """:return: dict, the envelope with its data in the partner's words"""
        if self.payload:
            return json.loads(self.payload)
        envelope = self.event_id._get_envelope()
        if self.flow_id.mapping_id:
            envelope["data"] = self.flow_id.mapping_id._apply(envelope["data"], self.system_id)
        return envelope

    def _get_outgoing(self):
        """:return: Outgoing, the message as its endpoint's transport takes it; the same at every attempt"""
        self.ensure_one()
        endpoint = self.endpoint_id
        common = {
            "uuid": self.uuid,
            "ordering_key": self.ordering_key or "",
            "traceparent": self.traceparent or "",
            "replayed": bool(self.replay_id),
        }
        if endpoint.transport == "http" and endpoint.content == "envelope":
            # the common case needs no look into the message
            return Outgoing(body=self._get_wire_body(), **common)
        envelope = self._get_mapped_envelope()
        attributes = endpoint._get_event_attributes(self, envelope)
        common["names"] = self._get_template_names(envelope)
        if endpoint._is_broker():
            return Outgoing(body=to_json(envelope["data"]), attributes=attributes, **common)
        if endpoint.content == "cloudevents":
            body = cloudevents.to_structured(attributes, envelope["data"])
            return Outgoing(body=body, content_type=cloudevents.STRUCTURED, **common)
        content = envelope["data"] if endpoint.content == "data" else envelope
        return Outgoing(body=to_json(content), **common)

    def _get_template_names(self, envelope):
        """:return: dict of what file names, routing keys and topics may hold"""
        return names_of(
            {
                "id": self.uuid,
                "type": envelope["type"],
                "version": envelope.get("version"),
                "key": self.business_key,
                "date": (envelope.get("time") or "")[:10].replace("-", ""),
                "sequence": envelope.get("sequence"),
                "system": self.system_id.code,
                "company": self.company_id.id,
            }
        )

    @api.model
    def _open_held_exceptions(self):
        """Exceptions for outbound messages that wait for a person since they were routed."""
        held = self.search([("direction", "=", "out"), ("state", "=", "error"), ("exception_id", "=", False)])
        for message in held:
            spec = ExceptionSpec(
                category="technical",
                code=message.error_code or "held",
                summary=_("Messages of %s wait: its filter cannot be applied", message.flow_id.name),
                detail=message.error,
                severity="high",
                suggestion=_("Correct the filter of the flow, then use Retry for those that are to be sent."),
                fingerprint=f"flow/{message.flow_id.id}",
            )
            self.env["dist.exception"]._open(spec, message)

    @api.model
    def _deliver_now(self, message):
        """Deliver one message in this call, outside its lane; for a person who watches.

        :return: outcome, as in dist.message.attempt; unless it is success, the message is cancelled in the name of
            who made it
        """

        def find_lane(env):
            found = env["dist.message"].browse(message.id)
            return found.endpoint_id.id, found.criticality, found.lane

        # the message may be younger than what this transaction sees
        return LaneDrain(self.env.registry, *self._in_own_transaction(find_lane)).run_one(message.id)

    @api.model
    def _settle_abandoned_tests(self, before):
        """Cancel test events that have no outcome: whoever was to send them was interrupted.

        :param before: datetime (UTC); younger ones may be under way
        """
        abandoned = self.search(
            [
                ("direction", "=", "out"),
                ("state", "in", ("pending", "retry")),
                ("message_type_id", "=", self.env["dist.message.type"]._get_by_code(TEST_TYPE).id),
                ("flow_id", "=", False),
                ("received_at", "<", before),
            ]
        )
        for message in abandoned:
            message.write(
                {
                    "state": "cancelled",
                    "cancelled_by_id": message.create_uid.id,
                    "cancel_reason": _("A test event that was never answered"),
                    "done_at": fields.Datetime.now(),
                }
            )
        self.env["dist.exception"]._refresh(abandoned.exception_id)

    @api.model
    def _write_deliveries(self, deliveries):
        """Write outcomes of calls: states, attempts, exceptions.

        What was cancelled while it was leaving is done when it was delivered; else it stays cancelled.

        :param deliveries: list of Delivery with state and next_attempt_at
        """
        details = {
            delivery.message_id: self.browse(delivery.message_id)._redact(delivery.detail) or None
            for delivery in deliveries
        }
        self.env.cr.execute(
            """
            UPDATE dist_message AS message
            SET state = CASE WHEN message.state = 'cancelled' AND outcome.state <> 'done'
                  THEN message.state ELSE outcome.state END,
                attempt_count = outcome.attempt, error = outcome.detail,
                error_code = outcome.code, next_attempt_at = outcome.next_attempt_at,
                answer_status = outcome.status,
                done_at = CASE WHEN message.state = 'cancelled' OR outcome.state IN ('done', 'dead', 'cancelled')
                  THEN now() AT TIME ZONE 'UTC' END,
                cancelled_by_id = CASE WHEN message.state = 'cancelled' THEN message.cancelled_by_id
                  WHEN outcome.state = 'cancelled' THEN message.create_uid END,
                cancel_reason = CASE WHEN message.state = 'cancelled' THEN message.cancel_reason
                  WHEN outcome.state = 'cancelled' THEN outcome.detail END
            FROM unnest(%s::integer[], %s::varchar[], %s::integer[], %s::varchar[], %s::varchar[],
                        %s::timestamp[], %s::integer[])
              AS outcome (id, state, attempt, detail, code, next_attempt_at, status)
            WHERE message.id = outcome.id AND message.state IN ('pending', 'retry', 'cancelled')
            RETURNING message.id, message.state
            """,
            (
                [delivery.message_id for delivery in deliveries],
                [delivery.state for delivery in deliveries],
                [delivery.attempt for delivery in deliveries],
                [details[delivery.message_id] for delivery in deliveries],
                [delivery.code or None for delivery in deliveries],
                [delivery.next_attempt_at for delivery in deliveries],
                [delivery.status or None for delivery in deliveries],
            ),
        )
        states = dict(self.env.cr.fetchall())
        self._insert_rows(
            "dist_message_attempt",
            [self._prepare_attempt(delivery, details[delivery.message_id]) for delivery in deliveries],
        )
        self.invalidate_model()
        done = self.browse([delivery.message_id for delivery in deliveries if delivery.state == "done"])
        self._close_exceptions_of(done)
        for delivery in deliveries:
            # one that was cancelled meanwhile asks nobody to act
            if delivery.state == states.get(delivery.message_id) == "dead":
                self.browse(delivery.message_id)._open_delivery_exception(delivery)

    @api.model
    def _close_exceptions_of(self, messages):
        if not messages:
            return
        self.env.cr.execute(
            "SELECT DISTINCT exception_id FROM dist_message WHERE id IN %s AND exception_id IS NOT NULL",
            (tuple(messages.ids),),
        )
        found = [row[0] for row in self.env.cr.fetchall()]
        if found:
            self.env["dist.exception"]._refresh(self.env["dist.exception"].browse(found))

    @api.model
    def _prepare_attempt(self, delivery, detail):
        return {
            "message_id": delivery.message_id,
            "number": delivery.attempt,
            "started_at": delivery.started_at,
            "duration_ms": delivery.duration_ms,
            "outcome": delivery.outcome,
            "status_code": delivery.status or None,
            "error_code": delivery.code or None,
            "detail": detail,
            "response_excerpt": delivery.excerpt or None,
        }

    def _open_delivery_exception(self, delivery):
        """One exception for all that failed towards an endpoint in the same way."""
        self.ensure_one()
        refused = delivery.outcome == "rejected"
        endpoint = self.endpoint_id
        if refused:
            summary = _(
                "%(endpoint)s refuses %(type)s messages: %(detail)s",
                endpoint=endpoint.name,
                type=self.message_type_id.code,
                detail=delivery.detail,
            )
            suggestion = _("Read the answer below the attempt, correct the cause, then use Retry.")
        else:
            summary = _(
                "%(endpoint)s could not be reached: %(detail)s",
                endpoint=endpoint.name,
                detail=delivery.detail,
            )
            suggestion = _("When the partner is back, use Retry: every message of the list leaves again.")
        self.env["dist.exception"]._open(
            ExceptionSpec(
                category="delivery",
                code="refused" if refused else "unreachable",
                summary=summary,
                detail=delivery.excerpt or delivery.detail,
                severity="high",
                suggestion=suggestion,
                fingerprint=f"endpoint/{endpoint.id}/{self.message_type_id.code if refused else ''}/{delivery.code}",
            ),
            self,
        )
