"""M3: CloudEvents 1.0, held against the official SDK."""

import json

from cloudevents.http import from_http
from cloudevents.kafka import KafkaMessage, from_binary
from dist_integration_base.lib import cloudevents

ENVELOPE = {
    "id": "evt_1",
    "type": "order.confirmed",
    "version": "2",
    "time": "2026-11-28T09:30:00Z",
    "sequence": 7,
    "subject": "sale.order/12",
    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    "data": {"total": "12.50", "name": "Müller"},
}
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def attributes(**options):
    return cloudevents.make_attributes(
        ENVELOPE,
        source="https://odoo.example/odoo/db/1",
        prefix="com.example",
        partitionkey="sale.order/12",
        traceparent=TRACEPARENT,
        **options,
    )


def test_attributes():
    made = attributes()
    assert made["type"] == "com.example.order.confirmed.v2"
    assert made["sequence"] == "000000000007"
    assert made["correlationid"] == ENVELOPE["trace_id"]
    assert "causationid" not in made, "an attribute without a value is left out"
    assert attributes(causation="msg_1")["causationid"] == "msg_1"
    # lower-case letters and digits only (section "Naming Conventions")
    assert all(name.isalnum() and name == name.lower() for name in made)


def test_structured_is_read_by_the_sdk():
    body = cloudevents.to_structured(attributes(), ENVELOPE["data"])
    event = from_http({"content-type": cloudevents.STRUCTURED}, body)
    assert event.data == ENVELOPE["data"]
    assert {name: event[name] for name in attributes()} == attributes()


def test_binary_on_kafka_is_read_by_the_sdk():
    headers = cloudevents.to_kafka(attributes(), "application/json")
    event = from_binary(KafkaMessage(headers, None, json.dumps(ENVELOPE["data"]).encode()))
    assert event.data == ENVELOPE["data"]
    found = {name: event[name] for name in attributes() if name != "partitionkey"}
    expected = {name: value for name, value in attributes().items() if name != "partitionkey"}
    assert found == expected


def test_binary_on_amqp_and_back():
    headers = cloudevents.to_amqp(attributes())
    assert all(header.startswith("cloudEvents_") for header in headers)
    expected = {name: value for name, value in attributes().items() if name != "datacontenttype"}
    assert cloudevents.from_amqp(headers) == expected
    # the other spelling that the binding allows
    assert cloudevents.from_amqp(
        {"cloudEvents:id": "1", "x-death": [], "cloudEvents_n": 3, b"\xe4": "x"}
    ) == {"id": "1"}
