"""Kafka with confluent-kafka: idempotent producer, every delivery report read.

librdkafka looks names up and connects by itself. So the addresses of the bootstrap servers are checked before
it starts, and those of the brokers that the cluster names before anything is produced.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .. import cloudevents
from ..errors import (
    AuthenticationFailed,
    ConnectError,
    DeliveryError,
    DeliveryTimeout,
    IntegrationError,
    InvalidUrl,
    Refused,
    TlsError,
)
from ..network import IPNetwork, normalize_host, resolve
from ..tls import split_pair
from .base import Outgoing, Result, Session, connect, fill, load_driver

MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
POLL = 0.05


@dataclass(frozen=True)
class KafkaSettings:
    """
    :ivar servers: bootstrap servers, ``host[:port]`` separated by commas
    :ivar topic: template
    :ivar tls: whether the connection is encrypted
    :ivar username: for SASL; empty without
    :ivar mechanism: of SASL, one of MECHANISMS
    :ivar timeout: seconds until a message counts as not delivered
    """

    servers: str
    topic: str = "{type}"
    tls: bool = True
    username: str = ""
    password: str = field(default="", repr=False)
    mechanism: str = "SCRAM-SHA-512"
    timeout: float = 15.0
    networks: Sequence[str | IPNetwork] = ()
    verify: bool | str = True
    certificate: str | None = field(default=None, repr=False)

    def open(self) -> KafkaSession:
        """Return a session that produces."""
        return KafkaSession(self)


def split_servers(text: str) -> list[tuple[str, int]]:
    """Return (host, port) of each bootstrap server.

    :raises InvalidUrl: there is none, or one is no host and port
    """
    servers = []
    for entry in text.split(","):
        host, _, port = entry.strip().rpartition(":")
        if not host:
            host, port = port, "9092"
        if not host or not port.isdecimal() or not 0 < int(port) < 65536:
            raise InvalidUrl("The address looks like kafka1.example:9093,kafka2.example:9093.")
        servers.append((normalize_host(host), int(port)))
    return servers


class KafkaSession(Session):
    """Produces CloudEvents in binary mode; the ordering key is the key of the message."""

    def __init__(self, settings: KafkaSettings) -> None:
        super().__init__(settings)
        self._kafka = load_driver("confluent_kafka", "confluent-kafka", "Kafka")
        self._producer: Any = None
        self._errors: list[Any] = []

    def _send(self, message: Outgoing) -> Result:
        topic = fill(self.settings.topic, message.names)
        producer = self._connect()
        reports: list[Any] = []
        try:
            producer.produce(
                topic,
                message.body,
                key=message.ordering_key.encode(),
                headers=list(cloudevents.to_kafka(message.attributes, message.content_type).items()),
                on_delivery=lambda error, _message: reports.append(error),
            )
            # The report always comes: delivery.timeout.ms ends the wait inside librdkafka.
            while not reports:
                producer.poll(POLL)
        except self._kafka.KafkaException as error:
            reports = [error.args[0]]
        except BufferError as error:
            raise Refused("The producer's queue is full.", code="kafka_queue_full") from error
        if reports[0] is not None:
            raise self._translate(reports[0])
        return Result("success")

    def _connect(self) -> Any:
        if self._producer is None:
            for host, port in split_servers(self.settings.servers):
                resolve(host, port, self.settings.networks, timeout=self.settings.timeout)
            self._reach()
            self._errors.clear()
            producer = self._kafka.Producer(self._get_configuration())
            self._check_brokers(producer)
            self._producer = producer
        return self._producer

    def _reach(self) -> None:
        """Connect to one of the bootstrap servers: librdkafka tries those that are away until its time is over.

        :raises DeliveryError: none can be reached
        """
        servers = split_servers(self.settings.servers)
        failures = []
        for host, port in servers:
            try:
                connect(host, port, self.settings.networks, self.settings.timeout / len(servers)).close()
            except DeliveryError as error:
                failures.append(error)
            else:
                return
        raise failures[0]

    def _check_brokers(self, producer: Any) -> Any:
        try:
            metadata = producer.list_topics(timeout=self.settings.timeout)
        except self._kafka.KafkaException as error:
            producer.poll(0)
            raise self._translate(self._errors[-1] if self._errors else error.args[0]) from error
        for broker in metadata.brokers.values():
            resolve(broker.host, broker.port, self.settings.networks, timeout=self.settings.timeout)
        return metadata

    def _get_configuration(self) -> dict[str, Any]:
        settings = self.settings
        milliseconds = int(settings.timeout * 1000)
        protocol = ("SASL_" if settings.username else "") + ("SSL" if settings.tls else "PLAINTEXT")
        configuration = {
            "bootstrap.servers": settings.servers,
            "client.id": "odoo-dist-integration",
            "security.protocol": protocol,
            "enable.idempotence": True,
            "acks": "all",
            "linger.ms": 0,
            "delivery.timeout.ms": milliseconds,
            "socket.timeout.ms": max(1000, milliseconds),
            "socket.connection.setup.timeout.ms": max(1000, milliseconds),
            "error_cb": self._errors.append,
            # nothing of librdkafka's own goes to the server's error stream
            "logger": _quiet(),
        }
        if settings.username:
            configuration["sasl.mechanism"] = settings.mechanism
            configuration["sasl.username"] = settings.username
            configuration["sasl.password"] = settings.password
        if settings.tls and settings.verify is not True:
            configuration["ssl.ca.pem"] = settings.verify
        if settings.tls and settings.certificate:
            certificate, key = split_pair(settings.certificate)
            configuration["ssl.certificate.pem"] = certificate
            configuration["ssl.key.pem"] = key
        return configuration

    def _translate(self, error: Any) -> IntegrationError:
        """What a KafkaError means. The producer is given up: a new one starts with a clean state."""
        self.close()
        code = self._kafka.KafkaError
        if error.code() in (code._AUTHENTICATION, code.SASL_AUTHENTICATION_FAILED):
            return AuthenticationFailed("Kafka does not accept user and password.")
        if error.code() == code._SSL:
            return TlsError(f"TLS with Kafka failed: {error.str()}")
        if error.code() in (code._MSG_TIMED_OUT, code._TIMED_OUT, code.REQUEST_TIMED_OUT):
            return DeliveryTimeout("Kafka did not confirm in time.", request_sent=True)
        if error.code() in (code._TRANSPORT, code._ALL_BROKERS_DOWN, code._RESOLVE):
            return ConnectError("No connection to Kafka.")
        # a message that is too large stays too large
        retryable = error.code() != code.MSG_SIZE_TOO_LARGE
        return Refused(
            f"Kafka says: {error.str()}", code=f"kafka_{error.name().lower()}", retryable=retryable
        )

    def check(self) -> str:
        started = time.monotonic()
        metadata = self._check_brokers(self._connect())
        took = int((time.monotonic() - started) * 1000)
        return f"{len(metadata.brokers)} brokers, {len(metadata.topics)} topics in {took} ms"

    def close(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            # What is still under way has an unknown fate and is sent again under the same id.
            producer.purge(blocking=False)
            producer.poll(0)


def _quiet() -> logging.Logger:
    logger = logging.getLogger("confluent_kafka.producer")
    logger.setLevel(logging.CRITICAL)
    return logger
