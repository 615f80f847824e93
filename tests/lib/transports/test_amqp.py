"""M3, M9: RabbitMQ, against a real node."""

import dataclasses
import signal
import socket
import threading
import time

import pytest
from dist_integration_base.lib import errors
from dist_integration_base.lib.transports import AmqpSettings
from dist_integration_base.lib.transports.amqp import split_amqp_url
from pika import frame, spec
from services.certificates import Authority
from services.rabbitmq import RabbitMQ
from suite import services

LOCAL = ["127.0.0.0/8"]


@pytest.fixture
def settings(rabbitmq):
    return AmqpSettings(rabbitmq.url, exchange="orders", queue="orders", timeout=3, networks=LOCAL)


@pytest.fixture
def queue(rabbitmq):
    rabbitmq.declare("orders", "orders", "order.#")
    rabbitmq.drain("orders")
    return "orders"


def everything(_name, _kind):
    return True


def test_confirmed_persistent_event(rabbitmq, settings, queue, message):
    """M3: persistent, confirmed, with the event's attributes as headers."""
    with settings.open() as session:
        results = [session.send(message(number)) for number in range(3)]
    assert {result.outcome for result in results} == {"success"}
    received = rabbitmq.drain(queue)
    assert [body for _properties, body in received] == [b'{"number": %d}' % number for number in range(3)]
    properties = received[0][0]
    assert (properties.delivery_mode, properties.message_id) == (2, "msg_0")
    assert properties.content_type == "application/json"
    assert properties.headers["cloudEvents_id"] == "evt_0"
    assert properties.headers["cloudEvents_type"] == "com.example.order.confirmed.v1"


def test_no_queue_takes_it(settings, queue, message):
    """M3: a message that nobody takes comes back and is deferred, not dropped; the next one goes."""
    with settings.open() as session:
        nobody = session.send(message(1, names={"type": "stock.changed"}))
        somebody = session.send(message(2))
    assert (nobody.outcome, nobody.code) == ("retryable", "unroutable")
    assert somebody.outcome == "success"


def test_full_queue_refuses(rabbitmq, settings, message):
    """M3: a broker that refuses defers the message."""
    rabbitmq.declare("full", "small", **{"x-max-length": 1, "x-overflow": "reject-publish"})
    with dataclasses.replace(settings, exchange="small").open() as session:
        results = [session.send(message(number)) for number in range(3)]
    assert results[0].outcome == "success"
    assert (results[-1].outcome, results[-1].code) == ("retryable", "nacked")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"exchange": "nowhere"}, "amqp_404"),
        ({"username": "guest", "password": "wrong"}, "authentication"),
        ({"url": "amqp://127.0.0.1:9"}, "connect"),
        ({"networks": ()}, "address_refused"),
    ],
)
def test_failures(settings, queue, message, changes, code):
    """M3, M9: what is wrong with broker or address, in words."""
    with dataclasses.replace(settings, **changes).open() as session:
        result = session.send(message())
        assert result.code == code, result
        with pytest.raises(errors.IntegrationError) as caught:
            session.check()
    assert caught.value.code == code


def test_cut_off_while_logging_in(message):
    """M7: a connection that ends during login says nothing of the credential: no person is called for it."""
    start = spec.Connection.Start(server_properties={}, mechanisms="PLAIN", locales="en_US")
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            connection, _address = listening.accept()
            with connection:
                connection.recv(8)
                connection.sendall(b"".join(frame.Method(0, start).marshal()))
                # the answer to it holds user and password
                connection.recv(1)

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"amqp://127.0.0.1:{listening.getsockname()[1]}/"
        with AmqpSettings(url, exchange="orders", timeout=3, networks=LOCAL).open() as session:
            result = session.send(message())
        thread.join(15)
    assert (result.outcome, result.code) == ("retryable", "connect")


def test_broker_that_does_not_confirm(rabbitmq, settings, queue, message):
    """M9: no call waits for ever: a broker that stands still ends at the time limit."""
    with dataclasses.replace(settings, timeout=1).open() as session:
        assert session.send(message(1)).outcome == "success"
        rabbitmq.send(signal.SIGSTOP)
        try:
            started = time.monotonic()
            result = session.send(message(2))
            assert time.monotonic() - started < 4
        finally:
            rabbitmq.send(signal.SIGCONT)
    assert (result.outcome, result.code) == ("retryable", "timeout")


def test_broker_restarts(rabbitmq, settings, queue, message):
    """M3, M7: the session finds the broker again, and what it had confirmed is still there."""
    with settings.open() as session:
        assert session.send(message(1)).outcome == "success"
        rabbitmq.stop()
        assert session.send(message(2)).outcome == "retryable"
        rabbitmq.start()
        assert session.send(message(2)).outcome == "success"
    assert [properties.message_id for properties, _body in rabbitmq.drain(queue)] == ["msg_1", "msg_2"]


def test_consumed_after_it_is_settled(rabbitmq, settings, queue, message):
    """M3, M7: what is not settled goes back to the queue and comes again."""
    with settings.open() as session:
        for number in range(120):
            session.send(message(number))
    with settings.open_source({}) as source:
        first = next(source.batches(everything))
    assert first.items[0].key == "msg_0"
    assert first.items[0].type == "com.example.order.confirmed.v1"
    assert first.items[0].name == "order.confirmed"
    seen = []
    with settings.open_source({}) as source:
        for batch in source.batches(everything):
            seen += [item.key for item in batch.items]
            source.settle(batch)
    assert sorted(seen) == sorted(f"msg_{number}" for number in range(120))
    assert rabbitmq.count(queue) == 0


def test_nobody_takes_what_the_queue_holds(rabbitmq, settings, queue, message):
    """M3, M9: messages without a flow stay in the queue, however many; they never hold up the others."""
    with settings.open() as session:
        for number in range(60):
            session.send(message(number, names={"type": "order.unknown"}))
        for number in range(60, 62):
            session.send(message(number))
        session.send(message(62, names={"type": "order.unknown"}))
    seen = []
    with (
        settings.open_source({}) as source,
        pytest.raises(errors.Refused, match="61 messages stay in the queue"),
    ):
        for batch in source.batches(lambda name, _kind: name != "order.unknown"):
            seen += [item.key for item in batch.items]
            source.settle(batch)
    assert seen == ["msg_60", "msg_61"]
    left = [properties.message_id for properties, _body in rabbitmq.drain(queue)]
    assert left == [f"msg_{number}" for number in (*range(60), 62)]


def test_message_without_a_name(rabbitmq, settings, queue):
    """M5: without an id of its own, the same content is the same message."""
    for body in (b"a", b"a", b"b"):
        rabbitmq.put(queue, body)
    with settings.open_source({}) as source:
        keys = [item.key for item in next(source.batches(everything)).items]
    assert keys[0] == keys[1] != keys[2]


def test_tls_with_client_certificate(tmp_path, message):
    """M9: amqps with a private authority and a client certificate; without one of them there is no connection."""
    if not services.available(services.RABBITMQ):
        pytest.skip("RabbitMQ is not installed")
    authority = Authority(tmp_path / "ca")
    certificate, key = authority.issue("broker")
    pair = authority.issue_pair("client")
    tls = {"authority": authority.path, "certificate": certificate, "key": key}
    with RabbitMQ(tmp_path / "node", tls) as node:
        node.declare("orders", "orders")
        settings = AmqpSettings(
            f"amqps://localhost:{node.tls_port}",
            username="guest",
            password="guest",
            exchange="orders",
            timeout=5,
            networks=["127.0.0.0/8", "::1/128"],
            verify=authority.pem,
            certificate=pair,
        )
        with settings.open() as session:
            assert session.send(message()).outcome == "success"
        with dataclasses.replace(settings, verify=True).open() as session:
            assert session.send(message()).code == "tls"
        with dataclasses.replace(settings, certificate=None).open() as session:
            assert session.send(message()).outcome == "retryable"


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("amqp://broker", (False, "broker", 5672, "/")),
        ("amqps://Broker.Example/sales", (True, "broker.example", 5671, "sales")),
        ("amqps://broker:1234/a%2Fb", (True, "broker", 1234, "a/b")),
    ],
)
def test_address(url, parts):
    assert split_amqp_url(url) == parts


@pytest.mark.parametrize(
    "url", ["http://broker", "amqps://user:pw@broker", "amqp://", "amqp://b:x", "broker:5672"]
)
def test_not_an_address(url):
    with pytest.raises(errors.InvalidUrl):
        split_amqp_url(url)
