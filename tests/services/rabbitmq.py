"""A private RabbitMQ node: its own folder, ports, Erlang cookie and port mapper."""

from __future__ import annotations

import os
import subprocess
import time
import uuid
from pathlib import Path
from typing import Any

from suite.services import RABBITMQ

from services.process import Process, free_port, listens

READY_SECONDS = 60
CONFIGURATION = """\
listeners.tcp.local = 127.0.0.1:{port}
loopback_users = none
management_agent.disable_metrics_collector = true
"""
TLS = """\
listeners.ssl.local = 127.0.0.1:{tls_port}
ssl_options.cacertfile = {authority}
ssl_options.certfile = {certificate}
ssl_options.keyfile = {key}
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = true
"""


class RabbitMQ:
    """A node that keeps what it has over :meth:`stop` and :meth:`start`.

    :param folder: for everything it writes
    :param tls: paths of ``authority``, ``certificate`` and ``key`` (PEM); None without TLS
    """

    def __init__(self, folder: Path, tls: dict[str, Path] | None = None) -> None:
        self.folder = folder
        self.port, self.tls_port = free_port(), free_port()
        self._mapper_port = free_port()
        self._name = f"dist-{uuid.uuid4().hex[:8]}@localhost"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "rabbitmq.conf").write_text(
            CONFIGURATION.format(port=self.port) + (TLS.format(tls_port=self.tls_port, **tls) if tls else "")
        )
        (folder / "enabled_plugins").write_text("[].\n")
        (folder / "advanced.config").write_text("[].\n")
        mapper = ["epmd", "-port", str(self._mapper_port), "-address", "127.0.0.1"]
        self._mapper = Process(mapper, folder / "epmd.log")
        self._node = Process([RABBITMQ], folder / "node.log", self._environ())

    def _environ(self) -> dict[str, str]:
        return {
            "HOME": str(self.folder),
            "ERL_EPMD_PORT": str(self._mapper_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": self._name,
            "RABBITMQ_BASE": str(self.folder),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(self.folder / "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins"),
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "none"),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            "RABBITMQ_DIST_PORT": str(free_port()),
            # small machines: no busy schedulers
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none",
        }

    @property
    def url(self) -> str:
        """Address for plain connections."""
        return f"amqp://127.0.0.1:{self.port}"

    def start(self) -> RabbitMQ:
        """Start, or start again with what was there."""
        if not listens(self._mapper_port):
            self._mapper.start()
            self._mapper.until_listening(self._mapper_port)
        self._node.start()
        self._node.until_listening(self.port)
        deadline = time.monotonic() + READY_SECONDS
        while True:
            try:
                self.connect().close()
                return self
            except Exception:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def stop(self, number: int = 9) -> None:
        """End the node, by default as a crash would."""
        self._node.stop(number)

    def send(self, number: int) -> None:
        """Send a signal to the node, such as SIGSTOP."""
        self._node.send(number)

    def close(self) -> None:
        """End everything."""
        self._node.stop()
        self._mapper.stop()

    def __enter__(self) -> RabbitMQ:
        return self.start()

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def connect(self) -> Any:
        """Return a connection of a test's own."""
        import pika

        return pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", self.port, heartbeat=30))

    def declare(self, queue: str, exchange: str = "", routing_key: str = "#", **arguments: Any) -> None:
        """Make a durable queue, and a topic exchange that feeds it."""
        connection = self.connect()
        channel = connection.channel()
        channel.queue_declare(queue, durable=True, arguments=arguments or None)
        if exchange:
            channel.exchange_declare(exchange, "topic", durable=True)
            channel.queue_bind(queue, exchange, routing_key)
        connection.close()

    def drain(self, queue: str) -> list[tuple[Any, bytes]]:
        """Return (properties, body) of everything in a queue, and empty it."""
        connection = self.connect()
        channel = connection.channel()
        found = []
        while True:
            method, properties, body = channel.basic_get(queue, auto_ack=True)
            if method is None:
                connection.close()
                return found
            found.append((properties, body))

    def put(self, queue: str, body: bytes, **properties: Any) -> None:
        """Put a message into a queue."""
        import pika

        connection = self.connect()
        channel = connection.channel()
        channel.confirm_delivery()
        channel.basic_publish("", queue, body, pika.BasicProperties(delivery_mode=2, **properties))
        connection.close()

    def count(self, queue: str) -> int:
        """Return how many messages wait in a queue."""
        connection = self.connect()
        count = connection.channel().queue_declare(queue, passive=True).method.message_count
        connection.close()
        return count

    def control(self, *arguments: str) -> str:
        """Run ``rabbitmqctl``."""
        done = subprocess.run(
            ["/usr/lib/rabbitmq/bin/rabbitmqctl", "-n", self._name, *arguments],
            env={**os.environ, **self._environ()},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return done.stdout
