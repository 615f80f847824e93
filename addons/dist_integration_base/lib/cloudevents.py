"""CloudEvents 1.0.2 (https://github.com/cloudevents/spec): attributes, structured JSON, binary headers.

The official SDK pins a ``dateutil`` that Odoo 17 does not have; the tests hold these lines against it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

STRUCTURED = "application/cloudevents+json; charset=utf-8"
AMQP_PREFIX = "cloudEvents_"
AMQP_PREFIXES = (AMQP_PREFIX, "cloudEvents:")
SEQUENCE_DIGITS = 12


def make_attributes(
    envelope: Mapping[str, Any],
    *,
    source: str,
    prefix: str = "",
    partitionkey: str = "",
    traceparent: str = "",
    causation: str = "",
) -> dict[str, str]:
    """Return the context attributes of a message of this suite, extensions included.

    :param envelope: id, type, version, time, sequence, subject, trace_id
    :param source: URI of the company in this database
    :param prefix: reverse domain name in front of the type, such as ``com.example``
    :param partitionkey: ordering key (extension "partitioning")
    :param traceparent: W3C trace context (extension "distributed tracing")
    :param causation: id of the message that caused this one
    """
    name = f"{envelope['type']}.v{envelope.get('version') or 1}"
    attributes = {
        "specversion": "1.0",
        "id": envelope["id"],
        "source": source,
        "type": f"{prefix}.{name}" if prefix else name,
        "subject": envelope.get("subject") or "",
        "time": envelope["time"],
        "datacontenttype": "application/json",
        # as text it sorts only with leading zeros (extension "sequence")
        "sequence": str(envelope.get("sequence") or 0).zfill(SEQUENCE_DIGITS),
        "partitionkey": partitionkey,
        "correlationid": envelope.get("trace_id") or "",
        "causationid": causation,
        "traceparent": traceparent,
    }
    # an attribute without a value is left out: the specification knows no empty one
    return {name: value for name, value in attributes.items() if value}


def to_structured(attributes: Mapping[str, str], data: Any) -> bytes:
    """Return the event as one JSON document, for the media type STRUCTURED."""
    document = {**attributes, "data": data}
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def to_kafka(attributes: Mapping[str, str], content_type: str) -> dict[str, bytes]:
    """Return the headers of the Kafka binding in binary mode."""
    headers = {"content-type": content_type.encode()}
    for name, value in attributes.items():
        if name != "datacontenttype":
            headers[f"ce_{name}"] = value.encode()
    return headers


def to_amqp(attributes: Mapping[str, str]) -> dict[str, str]:
    """Return the application properties of the AMQP binding in binary mode."""
    return {AMQP_PREFIX + name: value for name, value in attributes.items() if name != "datacontenttype"}


def from_amqp(headers: Mapping[str, Any]) -> dict[str, str]:
    """Return the attributes among the headers of a message; empty when it is no event."""
    attributes = {}
    for header, value in headers.items():
        for prefix in AMQP_PREFIXES:
            if isinstance(header, str) and header.startswith(prefix) and isinstance(value, str):
                attributes[header[len(prefix) :]] = value
    return attributes
