"""Messages of the past, for what is counted."""

from datetime import timedelta

from odoo import fields

from .people import PeopleMixin


class OperationsMixin(PeopleMixin):
    @classmethod
    def _make_past(cls, flow, states, minutes=10, outcome=None, seconds=1.0):
        """Messages of a flow, each with one try.

        :param states: list of states
        :param minutes: how long ago they were stored
        :param outcome: of the try; None for the one that leads to the state
        :param seconds: how long it took from being stored until the try ended
        """
        moment = fields.Datetime.now() - timedelta(minutes=minutes)
        messages = cls.env["dist.message"]
        outcomes = {"done": "success", "dead": "rejected", "error": "waiting", "retry": "retryable"}
        for state in states:
            message = cls._make_message(
                flow, state=state, received_at=moment, done_at=moment, next_attempt_at=moment, lane=0
            )
            if outcome or state in outcomes:
                cls.env["dist.message.attempt"].create(
                    {
                        "message_id": message.id,
                        "number": 1,
                        "started_at": moment,
                        "duration_ms": int(seconds * 1000),
                        "outcome": outcome or outcomes[state],
                    }
                )
            messages |= message
        cls.env.flush_all()
        return messages
