"""The receiving half of Standard Webhooks: verification, and an inbox that tells new from repeated.

Written from the specification (https://www.standardwebhooks.com), without a look at the sender.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TOLERANCE = 300
SECRET_PREFIX = "whsec_"


class SignatureError(Exception):
    """The message was not signed with a secret of ours, or too long ago."""


def verify(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: float | None = None) -> str:
    """Check the signature of a webhook and return its ``webhook-id``.

    :param headers: of the request; lookup may or may not depend on case
    :param body: the raw bytes
    :param secrets: ``whsec_...`` secrets, any of which may have signed
    :param now: Unix seconds, the present when None
    :raises SignatureError: a header is missing, the time is off, or no signature fits
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    try:
        message_id = lowered["webhook-id"]
        timestamp = lowered["webhook-timestamp"]
        signatures = lowered["webhook-signature"].split()
    except KeyError as error:
        raise SignatureError(f"header {error} is missing") from None
    if not timestamp.isdecimal() or abs((time.time() if now is None else now) - int(timestamp)) > TOLERANCE:
        raise SignatureError("the timestamp is not within five minutes")
    content = b".".join([message_id.encode(), timestamp.encode(), body])
    given = [pair.removeprefix("v1,").encode() for pair in signatures if pair.startswith("v1,")]
    for secret in secrets:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
        expected = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest())
        if any(hmac.compare_digest(expected, signature) for signature in given):
            return message_id
    raise SignatureError("no signature fits")


@dataclass
class Counts:
    """What reached an inbox."""

    deliveries: int = 0
    accepted: int = 0
    repeated: int = 0
    unsigned: int = 0
    by_type: dict[str, int] = field(default_factory=dict)


class Inbox:
    """Takes webhooks in, applies each once and remembers what a careful receiver would complain about.

    :param secrets: accepted signing secrets
    :param apply: called with the envelope of every new message, one at a time
    :param journal: file that every delivery is appended to, as JSON lines
    """

    def __init__(
        self, secrets: Sequence[str], apply: Callable[[dict[str, Any]], None], journal: Path | None = None
    ) -> None:
        self.secrets = list(secrets)
        self.counts = Counts()
        #: event ids that arrived under two webhook ids: the same event was routed twice
        self.doubled_events: list[str] = []
        #: deliveries whose sequence is not above the last one of the same record and type
        self.out_of_order: list[dict[str, Any]] = []
        #: bodies of one webhook id that differ between two attempts
        self.changed_bodies: list[str] = []
        self._apply = apply
        self._journal = journal
        self._lock = threading.Lock()
        self._bodies: dict[str, bytes] = {}
        self._events: set[str] = set()
        self._sequences: dict[str, int] = {}

    def receive(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Verify and apply one delivery; return False when it only repeats an earlier one.

        :raises SignatureError: nothing was applied
        """
        with self._lock:
            self.counts.deliveries += 1
            try:
                message_id = verify(headers, body, self.secrets)
            except SignatureError:
                self.counts.unsigned += 1
                raise
            repeated = message_id in self._bodies
            self._write(message_id, repeated, headers.get("traceparent"), body)
            if repeated:
                self.counts.repeated += 1
                if self._bodies[message_id] != body:
                    self.changed_bodies.append(message_id)
                return False
            envelope = json.loads(body)
            self._check(envelope)
            self._apply(envelope)
            # Remembered last: when applying fails, the sender gets an error and its next attempt is new.
            self._bodies[message_id] = body
            self.counts.accepted += 1
            self.counts.by_type[envelope["type"]] = self.counts.by_type.get(envelope["type"], 0) + 1
            return True

    def summary(self) -> dict[str, Any]:
        """Return the counts and complaints as plain data."""
        with self._lock:
            return {
                "deliveries": self.counts.deliveries,
                "accepted": self.counts.accepted,
                "repeated": self.counts.repeated,
                "unsigned": self.counts.unsigned,
                "by_type": dict(self.counts.by_type),
                "doubled_events": list(self.doubled_events),
                "out_of_order": list(self.out_of_order),
                "changed_bodies": list(self.changed_bodies),
            }

    def _check(self, envelope: dict[str, Any]) -> None:
        if envelope["id"] in self._events:
            self.doubled_events.append(envelope["id"])
        self._events.add(envelope["id"])
        sequence = int(envelope["sequence"])
        subject = envelope["subject"]
        last = self._sequences.get(subject)
        if last is not None and sequence <= last:
            complaint = {"event": envelope["id"], "type": envelope["type"], "subject": subject}
            self.out_of_order.append({**complaint, "sequence": sequence, "after": last})
        self._sequences[subject] = max(sequence, last or sequence)

    def _write(self, message_id: str, repeated: bool, traceparent: str | None, body: bytes) -> None:
        if not self._journal:
            return
        row = {
            "received": time.time(),
            "webhook_id": message_id,
            "repeated": repeated,
            "traceparent": traceparent,
            "body": body.decode("utf-8", "replace"),
        }
        with self._journal.open("a", encoding="utf-8") as journal:
            journal.write(json.dumps(row) + "\n")
