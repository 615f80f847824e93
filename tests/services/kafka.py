"""Kafka as librdkafka brings it along for tests: a cluster that speaks the real protocol on real ports."""

from __future__ import annotations

import time
import uuid
from typing import Any


class KafkaCluster:
    """A cluster of one broker inside this process; other clients and processes reach it by TCP."""

    def __init__(self) -> None:
        import confluent_kafka

        self._kafka = confluent_kafka
        self._host: Any = confluent_kafka.Producer(
            {"bootstrap.servers": "unused", "test.mock.num.brokers": 1, "log_level": 0}
        )
        brokers = self._host.list_topics(timeout=10).brokers.values()
        self.servers = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)

    def read(self, topic: str, count: int, seconds: float = 20) -> list[Any]:
        """Return the first *count* messages of a topic."""
        consumer = self._kafka.Consumer(
            {
                "bootstrap.servers": self.servers,
                "group.id": uuid.uuid4().hex,
                "auto.offset.reset": "earliest",
                "log_level": 0,
            }
        )
        consumer.subscribe([topic])
        found: list[Any] = []
        deadline = time.monotonic() + seconds
        while len(found) < count and time.monotonic() < deadline:
            message = consumer.poll(0.2)
            if message is not None and message.error() is None:
                found.append(message)
        consumer.close()
        return found

    def close(self) -> None:
        """End the cluster."""
        self._host = None

    def __enter__(self) -> KafkaCluster:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()
