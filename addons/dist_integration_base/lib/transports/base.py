"""What every transport has in common.

A transport is a frozen dataclass of settings with ``open()``, which returns a :class:`Session` that sends, and
where partners can be fetched from, ``open_source()``, which returns a :class:`Source`. Nothing is connected
before it is needed: opening is cheap, and only fails when a driver is missing.
"""

from __future__ import annotations

import importlib
import logging
import re
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import (
    ConfigurationError,
    ConnectError,
    DeliveryError,
    DeliveryTimeout,
    IntegrationError,
    InvalidRequest,
)
from ..network import IPNetwork, resolve

BLOCK = 1024 * 1024
_PLACEHOLDER = re.compile(r"\{([a-z_]*)\}")


class Doubtful(str):
    """What :meth:`Session.check` tells when the other side answers, but not like one that takes messages."""


@dataclass(frozen=True)
class FileBody:
    """A body that is too large for memory: a file, read as it is sent.

    :ivar path: of a file of this server that does not change
    :ivar size: bytes
    """

    path: str
    size: int

    def __len__(self) -> int:
        return self.size

    def blocks(self) -> Iterator[bytes]:
        """Read it block by block."""
        with open(self.path, "rb") as file:
            while block := file.read(BLOCK):
                yield block

    def read_all(self, limit: int) -> bytes:
        """Return all of it.

        :raises InvalidRequest: it is larger than the limit
        """
        if self.size > limit:
            raise InvalidRequest(
                f"The file has {self.size:,} bytes, more than the {limit:,} that are sent so."
            )
        return b"".join(self.blocks())


@dataclass(frozen=True)
class Outgoing:
    """One message to send.

    :ivar uuid: the same at every attempt
    :ivar body: exact bytes, or a file that holds them
    :ivar content_type: of the body
    :ivar attributes: of the message as a CloudEvent; a broker carries them beside the body
    :ivar ordering_key: messages of one key stay in order
    :ivar traceparent: W3C trace context, may be empty
    :ivar names: values for the placeholders of file names, routing keys and topics
    :ivar replayed: whether a person had it sent again
    :ivar file_name: of a message that is a file with a name of its own; it replaces one of this name
    """

    uuid: str
    body: bytes | FileBody
    content_type: str = "application/json"
    attributes: Mapping[str, str] = field(default_factory=dict)
    ordering_key: str = ""
    traceparent: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    replayed: bool = False
    file_name: str = ""


@dataclass(frozen=True)
class Result:
    """What came of sending a message.

    :ivar outcome: ``success``, ``gone``, ``throttled``, ``retryable`` or ``rejected``
    :ivar status: HTTP status, 0 where there is none
    :ivar code: stable machine code of a failure
    :ivar detail: a sentence for a person
    :ivar excerpt: start of the answer
    :ivar retry_after: seconds the other side asks for
    :ivar receipt: what the other side gave in evidence, as it came; empty where there is no such thing
    """

    outcome: str
    status: int = 0
    code: str = ""
    detail: str = ""
    excerpt: str = ""
    retry_after: float | None = None
    receipt: bytes = b""


class Session:
    """Sends messages one after another over one connection. Transports implement `_send`, `check`, `close`."""

    def __init__(self, settings: Any) -> None:
        self.settings = settings

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def send(self, message: Outgoing) -> Result:
        """Send one message; a failure is a result, never an exception."""
        try:
            return self._send(message)
        except DeliveryError as error:
            outcome = "retryable" if error.retryable else "rejected"
            return Result(outcome, code=error.code, detail=error.detail)
        except ConfigurationError as error:
            # an administrator puts it right; the message waits for that
            return Result("retryable", code=error.code, detail=error.detail)
        except IntegrationError as error:
            return Result("rejected", code=error.code, detail=error.detail)

    def _send(self, message: Outgoing) -> Result:
        raise NotImplementedError

    def check(self) -> str:
        """Reach the other side without sending a message; return what to tell the administrator, as a
        :class:`Doubtful` when messages are likely to be refused.

        :raises IntegrationError: why it cannot be used
        """
        raise NotImplementedError

    def close(self) -> None:
        """Close the connection; the session may be used again."""


@dataclass(frozen=True)
class Item:
    """Something fetched from a partner.

    :ivar key: names it for good: the same thing fetched again has the same key
    :ivar name: file name, routing key or path, for people and for choosing the flow
    :ivar body: exact bytes
    :ivar type: message type, where the partner names it
    :ivar refused: why it cannot be taken, such as its size; empty when it can
    :ivar series: what the key begins with when it names a content: under one series and name, a content is the same
        message only as long as no other came since
    """

    key: str
    name: str
    body: bytes = b""
    type: str = ""
    refused: str = ""
    series: str = ""


@dataclass(frozen=True)
class Batch:
    """Items that are settled together.

    :ivar items: in the order in which they are to be stored
    :ivar state: what the source wants to be given next time, None when that did not change
    :ivar handle: what the source itself needs to settle the batch
    """

    items: Sequence[Item]
    state: Mapping[str, Any] | None = None
    handle: Any = None


class Source:
    """Fetches from a partner. What is not settled is fetched again.

    :ivar unfinished: whether the time was over before everything was fetched
    """

    unfinished = False

    def __init__(self, settings: Any) -> None:
        self.settings = settings

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def batches(self, wanted: Any) -> Iterator[Batch]:
        """Yield what is there; the caller stores each batch, then settles it, before it asks for the next.

        :param wanted: callable that takes an item's name and type and tells whether somebody takes it
        :raises IntegrationError: the partner cannot be reached or used
        """
        raise NotImplementedError

    def settle(self, batch: Batch) -> None:
        """Tell the partner's side that a batch is stored: archive, acknowledge."""

    def check(self) -> str:
        """As :meth:`Session.check`."""
        raise NotImplementedError

    def close(self) -> None:
        """Give everything back that was not settled."""


def write_body(file: Any, body: bytes | FileBody) -> None:
    """Write a body into an open file."""
    for block in body.blocks() if isinstance(body, FileBody) else (body,):
        file.write(block)


def load_driver(module: str, package: str, purpose: str) -> Any:
    """Import a driver that need not be installed.

    :raises ConfigurationError: it is not installed
    """
    try:
        driver = importlib.import_module(module)
    except ImportError as error:
        raise ConfigurationError(
            f"{purpose} needs the Python package {package} on the server (pip install {package}).",
            code="missing_driver",
        ) from error
    # What goes wrong becomes an outcome; the driver's own outcry would only repeat it without its context.
    logging.getLogger(module).setLevel(logging.CRITICAL)
    return driver


def fill(template: str, names: Mapping[str, str]) -> str:
    """Fill the placeholders of a template such as ``{type}-{id}.json``.

    :raises ConfigurationError: a placeholder is not among the names
    """

    def value(match: re.Match) -> str:
        if match[1] not in names:
            raise ConfigurationError(
                f"{match[0]} is not known; there are {', '.join(f'{{{name}}}' for name in sorted(names))}.",
                code="invalid_template",
            )
        return names[match[1]]

    return _PLACEHOLDER.sub(value, template)


def connect(host: str, port: int, networks: Sequence[str | IPNetwork], timeout: float) -> socket.socket:
    """Return a TCP connection to a checked address of *host*.

    :raises DeliveryError: no name, no allowed address, no connection
    """
    failure: OSError | None = None
    for address in resolve(host, port, networks, timeout=timeout):
        try:
            return socket.create_connection((address, port), timeout=timeout)
        except OSError as error:
            failure = error
    if isinstance(failure, TimeoutError):
        raise DeliveryTimeout(f"Connecting to {host} took too long.") from failure
    raise ConnectError(f"No connection to {host}: {(failure and failure.strerror) or failure}.") from failure
