"""Real servers for the transports' tests; where one cannot be started its tests are skipped, visibly."""

import pytest
from dist_integration_base.lib.transports import Outgoing
from services.kafka import KafkaCluster
from services.rabbitmq import RabbitMQ
from services.sshd import Sshd
from suite import services


@pytest.fixture(scope="session")
def rabbitmq(tmp_path_factory):
    if not services.available(services.RABBITMQ):
        pytest.skip("RabbitMQ is not installed")
    with RabbitMQ(tmp_path_factory.mktemp("rabbitmq")) as node:
        yield node


@pytest.fixture
def sshd(tmp_path):
    if not services.available(services.SSHD):
        pytest.skip("OpenSSH's server is not installed")
    with Sshd(tmp_path / "ssh") as server:
        yield server


@pytest.fixture
def kafka():
    with KafkaCluster() as cluster:
        yield cluster


@pytest.fixture
def message():
    """A function that makes messages."""

    def make(number=1, **values):
        attributes = {
            "specversion": "1.0",
            "id": f"evt_{number}",
            "source": "https://odoo.example/odoo/db/1",
            "type": "com.example.order.confirmed.v1",
            "partitionkey": "sale.order/7",
            "sequence": f"{number:012}",
        }
        names = {"id": f"msg_{number}", "type": "order.confirmed", "key": "S00007"}
        defaults = {
            "body": b'{"number": %d}' % number,
            "attributes": attributes,
            "names": names,
            "ordering_key": "sale.order/7",
        }
        return Outgoing(f"msg_{number}", **{**defaults, **values})

    return make
