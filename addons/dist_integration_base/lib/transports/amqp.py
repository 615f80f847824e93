"""RabbitMQ (AMQP 0-9-1) with pika: publishing with confirms, consuming with acknowledgements.

A message counts as sent when the broker has confirmed it; ``mandatory`` has one that no queue takes come back.
Whatever the broker has against it, the message is kept and tried again: nothing is dropped because a queue was
not there yet.
"""

from __future__ import annotations

import hashlib
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from .. import cloudevents
from ..errors import (
    AuthenticationFailed,
    ConnectError,
    DeliveryTimeout,
    InvalidUrl,
    Refused,
    TlsError,
)
from ..network import IPNetwork, normalize_host, resolve
from ..tls import make_context
from .base import Batch, Item, Outgoing, Result, Session, Source, fill, load_driver
from .files import readable

PREFETCH = 50
CONSUME_SECONDS = 15
TOLD_STRANGERS = 5
PERSISTENT = 2
# series of messages without an id
UNNAMED = "auto"


@dataclass(frozen=True)
class AmqpSettings:
    """
    :ivar url: ``amqps://host[:port][/virtual host]``
    :ivar username: empty: the client certificate says who we are (SASL EXTERNAL), or nobody has to
    :ivar exchange: name, empty for the default exchange
    :ivar routing_key: template
    :ivar queue: that is consumed from
    :ivar timeout: seconds for connecting, for a confirmation, and while the broker blocks publishers
    """

    url: str
    username: str = ""
    password: str = field(default="", repr=False)
    exchange: str = ""
    routing_key: str = "{type}"
    queue: str = ""
    timeout: float = 15.0
    networks: Sequence[str | IPNetwork] = ()
    verify: bool | str = True
    certificate: str | None = field(default=None, repr=False)

    def open(self) -> AmqpSession:
        """Return a session that publishes."""
        return AmqpSession(self)

    def open_source(self, _state: Mapping[str, Any]) -> AmqpSource:
        """Return a source that consumes the queue."""
        return AmqpSource(self)


def split_amqp_url(url: str) -> tuple[bool, str, int, str]:
    """Return (TLS, host, port, virtual host).

    :raises InvalidUrl: not ``amqp`` or ``amqps``, or with user information
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise InvalidUrl("The address cannot be read.") from None
    if parts.scheme not in ("amqp", "amqps") or not parts.hostname or parts.query or parts.fragment:
        raise InvalidUrl("The address looks like amqps://broker.example/virtual-host.")
    if "@" in parts.netloc:
        raise InvalidUrl("The address must not hold a user name or a password.")
    tls = parts.scheme == "amqps"
    virtual_host = unquote(parts.path[1:]) or "/"
    return tls, normalize_host(parts.hostname), port or (5671 if tls else 5672), virtual_host


class _Connection:
    """One connection with one channel, made when it is needed and again after it was lost."""

    def __init__(self, settings: AmqpSettings) -> None:
        self.pika = load_driver("pika", "pika", "RabbitMQ")
        self._settings = settings
        self._connection: Any = None
        self._channel: Any = None

    def channel(self, confirming: bool) -> Any:
        if self._channel is None or not self._channel.is_open:
            self.close()
            self._connection = self.pika.BlockingConnection(self._parameters())
            self._channel = self._connection.channel()
            if confirming:
                self._channel.confirm_delivery()
        return self._channel

    def _parameters(self) -> list[Any]:
        settings = self._settings
        tls, host, port, virtual_host = split_amqp_url(settings.url)
        context = make_context(settings.verify, settings.certificate) if tls else None
        pika = self.pika
        if settings.username:
            credentials = pika.PlainCredentials(settings.username, settings.password)
        elif settings.certificate:
            credentials = pika.credentials.ExternalCredentials()
        else:
            credentials = pika.ConnectionParameters.DEFAULT_CREDENTIALS
        # The checked addresses themselves: pika would ask the name servers again.
        return [
            pika.ConnectionParameters(
                host=address,
                port=port,
                virtual_host=virtual_host,
                credentials=credentials,
                ssl_options=pika.SSLOptions(context, host) if context else None,
                heartbeat=max(10, int(2 * settings.timeout)),
                blocked_connection_timeout=settings.timeout,
                socket_timeout=settings.timeout,
                stack_timeout=settings.timeout,
                connection_attempts=1,
                client_properties={"connection_name": "Odoo distribution integration"},
            )
            for address in resolve(host, port, settings.networks, timeout=settings.timeout)
        ]

    @contextmanager
    def limited(self) -> Iterator[None]:
        """End the connection when what happens inside takes longer than the time limit.

        pika waits for a confirmation as long as heartbeats come, and a quorum queue without its quorum sends
        heartbeats only. This is the way pika itself ends a connection that stays blocked.
        """
        connection = self._connection._impl
        error = self.pika.exceptions.AMQPHeartbeatTimeout("no confirmation in time")
        timer = connection._adapter_call_later(
            self._settings.timeout, lambda: connection._terminate_stream(error)
        )
        try:
            yield
        finally:
            connection._adapter_remove_timeout(timer)

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turn pika's errors into ours; the connection is given up."""
        try:
            yield
        except Exception as error:
            translated = self._translate(error)
            if translated is None:
                raise
            self.close()
            raise translated from error

    def _translate(self, error: Exception) -> Exception | None:
        exceptions = self.pika.exceptions
        host = urlsplit(self._settings.url).hostname
        if isinstance(error, exceptions.UnroutableError):
            return Refused("No queue takes messages with this routing key.", code="unroutable")
        if isinstance(error, exceptions.NackError):
            return Refused("The broker refused the message (a full queue, or a fault).", code="nacked")
        if isinstance(error, exceptions.ChannelClosedByBroker | exceptions.ConnectionClosedByBroker):
            return Refused(f"The broker says: {error.reply_text}", code=f"amqp_{error.reply_code}")
        if self._is_cut_off(error):
            return ConnectError(f"The connection to {host} was cut while logging in.")
        if isinstance(error, exceptions.AuthenticationError | exceptions.ProbableAuthenticationError):
            return AuthenticationFailed("The broker does not accept user and password.")
        if isinstance(error, exceptions.ProbableAccessDeniedError):
            return AuthenticationFailed("The broker does not open this virtual host for the user.")
        if isinstance(error, exceptions.ConnectionBlockedTimeout):
            return DeliveryTimeout("The broker takes nothing: it is short of memory or disk.")
        if isinstance(error, exceptions.AMQPHeartbeatTimeout):
            return DeliveryTimeout("The broker did not confirm in time.", request_sent=True)
        return self._translate_connection(error, host)

    def _is_cut_off(self, error: Exception) -> bool:
        """Whether pika only supposes that the broker refuses: it was cut off and told no reason."""
        exceptions = self.pika.exceptions
        supposed = exceptions.ProbableAuthenticationError | exceptions.ProbableAccessDeniedError
        return isinstance(error, supposed) and exceptions.StreamLostError.__name__ in str(error.args)

    def _translate_connection(self, error: Exception, host: str | None) -> Exception | None:
        causes = [error, *(getattr(error, "exceptions", None) or ()), *error.args]
        causes += [getattr(cause, "exception", None) for cause in causes]
        if any(isinstance(cause, ssl.SSLError) for cause in causes):
            reason = next(cause for cause in causes if isinstance(cause, ssl.SSLError))
            detail = getattr(reason, "verify_message", "") or reason.reason
            return TlsError(f"TLS with {host} failed: {detail}.")
        if isinstance(error, TimeoutError):
            return DeliveryTimeout(f"{host} did not answer in time.")
        if isinstance(error, self.pika.exceptions.AMQPError | OSError):
            return ConnectError(f"No connection to {host}, or it was cut.")
        return None

    def close(self) -> None:
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None and connection.is_open:
            # closing says goodbye to a broker that may be gone
            with suppress(Exception):
                connection.close()


class AmqpSession(Session):
    """Publishes persistent messages as CloudEvents in binary mode, each confirmed before the next."""

    def __init__(self, settings: AmqpSettings) -> None:
        super().__init__(settings)
        self._link = _Connection(settings)

    def _send(self, message: Outgoing) -> Result:
        routing_key = fill(self.settings.routing_key, message.names)
        properties = self._link.pika.BasicProperties(
            content_type=message.content_type,
            delivery_mode=PERSISTENT,
            message_id=message.uuid,
            type=message.attributes.get("type"),
            headers=cloudevents.to_amqp(message.attributes),
        )
        with self._link.translated():
            channel = self._link.channel(confirming=True)
            with self._link.limited():
                channel.basic_publish(
                    self.settings.exchange, routing_key, message.body, properties, mandatory=True
                )
        return Result("success")

    def check(self) -> str:
        with self._link.translated():
            channel = self._link.channel(confirming=True)
            with self._link.limited():
                if self.settings.exchange:
                    channel.exchange_declare(self.settings.exchange, passive=True)
        return f"exchange {self.settings.exchange or '(default)'} is there"

    def close(self) -> None:
        self._link.close()


class AmqpSource(Source):
    """Consumes a queue; what is not acknowledged goes back to it."""

    def __init__(self, settings: AmqpSettings) -> None:
        super().__init__(settings)
        self._link = _Connection(settings)

    def batches(self, wanted: Any) -> Iterator[Batch]:
        """Take what somebody wants. The rest goes back to its place once the connection ends: nobody here knows
        what it is, and the queue must not lose it.
        """
        deadline, strangers = time.monotonic() + CONSUME_SECONDS, []
        while received := self._receive():
            items = {each[0].delivery_tag: _to_item(*each) for each in received}
            taken = {tag: item for tag, item in items.items() if wanted(item.name, item.type)}
            strangers += [item.type or item.name for tag, item in items.items() if tag not in taken]
            if taken:
                yield Batch(list(taken.values()), handle=list(taken))
            if time.monotonic() >= deadline:
                self.unfinished = True
                break
        if strangers:
            raise Refused(
                f"No active inbound flow takes {', '.join(sorted(set(strangers))[:TOLD_STRANGERS])}; "
                f"{len(strangers)} messages stay in the queue.",
                code="no_flow",
            )

    def _receive(self) -> list[tuple[Any, Any, bytes]]:
        received = []
        with self._link.translated():
            channel = self._link.channel(confirming=False)
            with self._link.limited():
                while len(received) < PREFETCH:
                    method, properties, body = channel.basic_get(self.settings.queue, auto_ack=False)
                    if method is None:
                        break
                    received.append((method, properties, body))
        return received

    def settle(self, batch: Batch) -> None:
        with self._link.translated():
            channel = self._link.channel(confirming=False)
            with self._link.limited():
                for tag in batch.handle:
                    channel.basic_ack(tag)

    def check(self) -> str:
        with self._link.translated():
            channel = self._link.channel(confirming=False)
            with self._link.limited():
                answer = channel.queue_declare(self.settings.queue, passive=True)
        return f"{answer.method.message_count} messages wait in {self.settings.queue}"

    def close(self) -> None:
        self._link.close()


def _to_item(method: Any, properties: Any, body: bytes) -> Item:
    attributes = cloudevents.from_amqp(properties.headers or {})
    key = _to_text(properties.message_id or attributes.get("id"))[:200]
    kind = _to_text(attributes.get("type") or properties.type)
    name = _to_text(method.routing_key)
    if key:
        return Item(key=key, name=name, body=body, type=kind)
    # Without an id of its own, the same content is the same message until another comes.
    key = f"{UNNAMED} {hashlib.sha256(body).hexdigest()}"
    return Item(key=key, name=name, body=body, type=kind, series=UNNAMED)


def _to_text(given: str | bytes | None) -> str:
    """Return what a publisher wrote as text that can be stored; pika leaves what is not UTF-8 as bytes."""
    text = given.decode("utf-8", "surrogateescape") if isinstance(given, bytes) else given or ""
    return readable(text)
