"""M3: Kafka, against librdkafka's own cluster for tests, which speaks the real protocol over TCP."""

import dataclasses
import time

import pytest
from cloudevents.kafka import KafkaMessage, from_binary
from dist_integration_base.lib import errors
from dist_integration_base.lib.transports import KafkaSettings
from dist_integration_base.lib.transports.kafka import split_servers

LOCAL = ["127.0.0.0/8"]


@pytest.fixture
def settings(kafka):
    return KafkaSettings(kafka.servers, topic="orders", tls=False, timeout=4, networks=LOCAL)


def test_delivered_in_order_under_its_key(kafka, settings, message):
    """M3: reported as delivered, in order, under the ordering key; the official SDK reads the event."""
    with settings.open() as session:
        results = [session.send(message(number)) for number in range(20)]
    assert {result.outcome for result in results} == {"success"}
    received = kafka.read("orders", 20)
    assert [each.value() for each in received] == [b'{"number": %d}' % number for number in range(20)]
    assert {each.key() for each in received} == {b"sale.order/7"}
    headers = dict(received[3].headers())
    event = from_binary(KafkaMessage(headers, received[3].key(), received[3].value()))
    assert (event["id"], event["type"]) == ("evt_3", "com.example.order.confirmed.v1")
    # the SDK takes it from the key of the message, which is bytes
    assert event["partitionkey"] == b"sale.order/7"
    assert event.data == {"number": 3}


def test_producer_is_idempotent(settings):
    """M3: a retry inside the driver makes no second message."""
    configuration = settings.open()._get_configuration()
    assert (configuration["enable.idempotence"], configuration["acks"]) == (True, "all")


def test_topic_by_type(kafka, settings, message):
    with dataclasses.replace(settings, topic="{type}").open() as session:
        assert session.send(message()).outcome == "success"
    assert kafka.read("order.confirmed", 1)


def test_cluster_goes_away(kafka, settings, message):
    """M3, M7: without the cluster a message is deferred, and its fate is not taken for granted."""
    with settings.open() as session:
        assert session.send(message(1)).outcome == "success"
        kafka.close()
        result = session.send(message(2))
    assert result.outcome == "retryable", result
    assert result.code in ("timeout", "connect")


def test_message_that_is_too_large(settings, message):
    """M3: what no time cures goes to a person."""
    with settings.open() as session:
        result = session.send(message(body=b"x" * 2_000_000))
    assert (result.outcome, result.code) == ("rejected", "kafka_msg_size_too_large")


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"networks": ()}, "address_refused"), ({"servers": "127.0.0.1:9", "timeout": 1}, "connect")],
)
def test_failures(settings, message, changes, code):
    """M9: addresses are checked before anything is sent; nobody there is a sentence."""
    with dataclasses.replace(settings, **changes).open() as session:
        assert session.send(message()).code in (code, "timeout")
        with pytest.raises(errors.DeliveryError):
            session.check()


def test_no_broker(settings):
    """M3: where nobody listens that is said at once, not when the time for a message is over."""
    started = time.monotonic()
    with pytest.raises(errors.ConnectError):
        KafkaSettings("127.0.0.1:9,127.0.0.1:11", tls=False, networks=LOCAL).open().check()
    assert time.monotonic() - started < 3


def test_check(settings):
    with settings.open() as session:
        assert session.check().startswith("1 brokers")


def test_tls_and_login_are_handed_to_the_driver(kafka):
    """M9: certificates are verified; user and password only leave over SASL."""
    settings = KafkaSettings("127.0.0.1:1", username="odoo", password="secret", verify="CA", networks=LOCAL)
    configuration = settings.open()._get_configuration()
    assert configuration["security.protocol"] == "SASL_SSL"
    assert configuration["ssl.ca.pem"] == "CA"
    assert "enable.ssl.certificate.verification" not in configuration
    assert "secret" not in repr(settings)


def test_servers():
    assert split_servers("a:1, B.example") == [("a", 1), ("b.example", 9092)]
    for text in ("", "a:0", "a:x", "a,,b"):
        with pytest.raises(errors.InvalidUrl):
            split_servers(text)
