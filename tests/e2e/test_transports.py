"""Brokers, files and feeds that fail, and workers that die between storing and archiving."""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

import pytest
from partners.feed import Feed
from partners.onboarding import LOCAL
from rpc import RpcError, Session
from services.rabbitmq import RabbitMQ
from services.sshd import Sshd
from stack import ENDPOINT, Stack
from suite import services
from waiting import until

# a worker that stands before the lock of an endpoint's status has stored and not archived
STORED = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


@pytest.fixture(scope="module")
def stack(env):
    with Stack(env, "transports") as stack:
        yield stack


@pytest.fixture(scope="module")
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
def folder(stack):
    """A folder below the servers' base; (path, address)."""
    path = stack.environment.exchange / stack.database
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    yield path, stack.database
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def make_endpoint(stack):
    """A function that makes an endpoint with one flow; its flow is retired after the test."""
    flows = []

    def make(message_type, flow=None, **values):
        common = {
            "name": values["transport"],
            "system_id": stack.connection.system,
            "allowed_networks": LOCAL,
            **ENDPOINT,
        }
        if values.get("purpose") == "receive":
            common["client_id"] = stack.connection.client
            common["quiet_seconds"] = 0
            # only when a test asks for it
            common["poll_seconds"] = 3600
        endpoint = stack.odoo.create("dist.endpoint", {**common, **values})
        (type_id,) = stack.odoo.search("dist.message.type", [("code", "=", message_type)])
        names = {"system_id": stack.connection.system, "message_type_id": type_id, "endpoint_id": endpoint}
        flows.append(stack.odoo.create("dist.flow", {**names, **(flow or {})}))
        stack.odoo.call("dist.flow", "action_approve", flows[-1:])
        stack.odoo.call("dist.flow", "action_activate", flows[-1:])
        return endpoint

    yield make
    for flow in flows:
        stack.odoo.call("dist.flow", "action_retire", [flow])


def poll(stack, endpoint):
    """Fetch as an administrator does, by the button; return what it said."""
    session = Session(stack.server.url, stack.database)
    return session.call("dist.endpoint", "action_poll", [endpoint])["params"]["message"]


def submissions(stack, prefix):
    return stack.messages("in", "business_key LIKE %s", prefix=f"{prefix}-%")


def until_applied(stack, prefix, count):
    """Wait until each of *count* submissions has made its partner, once."""
    # what was stored by a worker that died is left alone for a minute and a half, then taken up by the next sweep
    until(lambda: stack.count_partners(f"{prefix}-") == count, 180, what=f"{count} partners")
    stack.until_quiet()
    rows = submissions(stack, prefix)
    assert len(rows) == count
    assert {row["state"] for row in rows} == {"done"}


def change(stack, prefix, rounds):
    names = [f"{prefix}-{number}" for number in range(6)]
    for turn in range(rounds):
        for name in names:
            stack.submit(name, key=f"{name}/{turn}")
    return names


def assert_in_order(events, names, rounds):
    """Each record's events came completely and in their order; repeated ones, told by their id, aside."""
    heard, seen = defaultdict(list), set()
    for message_id, sequence, name in events:
        if message_id not in seen:
            seen.add(message_id)
            heard[name].append(sequence)
    for name in names:
        assert len(heard[name]) == rounds, name
        assert heard[name] == sorted(heard[name]), name


def test_broker_stops_under_load(stack, rabbitmq, make_endpoint):
    """M3, M7: a broker that goes away and comes back loses no message and no record's order."""
    rabbitmq.declare("changes", "changes", "partner.#")
    endpoint = make_endpoint("partner.changed", transport="amqp", url=rabbitmq.url, amqp_exchange="changes")
    with ThreadPoolExecutor(1) as pool:
        load = pool.submit(change, stack, "BROKER", 6)
        until(lambda: rabbitmq.count("changes") > 3, what="messages")
        rabbitmq.stop()
        (row,) = until(
            lambda: [
                row
                for row in stack.odoo.call(
                    "dist.endpoint", "read", [endpoint], ["breaker_state", "last_error"]
                )
                if row["breaker_state"] != "closed"
            ],
            what="the breaker",
        )
        assert row["last_error"]
        rabbitmq.start()
        names = load.result()
    stack.until_quiet(240)
    events = [
        (properties.message_id, int(properties.headers["cloudEvents_sequence"]), json.loads(body)["name"])
        for properties, body in rabbitmq.drain("changes")
    ]
    assert_in_order(events, names, 6)


def test_sftp_is_cut_under_load(stack, sshd, make_endpoint):
    """M7, M9: cut connections and a stopped server delay files; none is lost, none is half."""
    key = {"name": "SSH", "system_id": stack.connection.system, "kind": "ssh_key", "username": sshd.user}
    credential = stack.odoo.create("dist.credential", {**key, "pem": sshd.private_key})
    endpoint = make_endpoint(
        "partner.changed",
        transport="sftp",
        url=sshd.url,
        credential_id=credential,
        # exchanging keys takes a loaded machine more than the two seconds of the others
        timeout=20,
    )
    with pytest.raises(RpcError, match="not approved"):
        stack.odoo.call("dist.endpoint", "action_test_connection", [endpoint])
    action = stack.odoo.call("dist.endpoint", "action_fetch_host_key", [endpoint])
    stack.odoo.call("dist.host.key", "action_approve", [action["res_id"]])
    assert (
        "files" in stack.odoo.call("dist.endpoint", "action_test_connection", [endpoint])["params"]["message"]
    )
    cuts = 0
    with ThreadPoolExecutor(1) as pool:
        load = pool.submit(change, stack, "SFTP", 6)
        for _time in range(20):
            cuts += sshd.cut()
            time.sleep(0.2)
        sshd.stop()
        time.sleep(1)
        sshd.start()
        names = load.result()
    stack.until_quiet(240)
    assert cuts, "no connection was there to be cut, so nothing was proved"
    files = [path for path in sshd.files.iterdir() if not path.name.startswith(".")]
    documents = [json.loads(path.read_bytes()) for path in files]
    # a folder keeps no order: the sequence in the document does
    events = sorted((d["sequence"], d["id"], d["data"]["name"]) for d in documents)
    assert_in_order([(number, sequence, name) for sequence, number, name in events], names, 6)


def test_two_workers_fetch_from_one_folder(stack, folder, make_endpoint):
    """M9: whoever fetches at the same time, each file becomes one message."""
    path, address = folder
    endpoint = make_endpoint("partner.submit", transport="folder", purpose="receive", url=address)
    ended = threading.Event()

    def write():
        for number in range(60):
            name = f"FILE-{number:02}"
            unfinished = path / f".{name}"
            unfinished.write_text(json.dumps({"external_id": name, "name": name}))
            unfinished.rename(path / f"{name}.json")
            time.sleep(0.02)
        ended.set()

    def fetch(_number):
        said = []
        while not ended.is_set():
            said.append(poll(stack, endpoint))
        return said

    with ThreadPoolExecutor(4) as pool:
        pool.submit(write)
        said = [text for texts in pool.map(fetch, range(3)) for text in texts]
    said.append(poll(stack, endpoint))
    assert any("right now" in text for text in said), "nobody met, so nothing was proved"
    until_applied(stack, "FILE", 60)
    assert len(list((path / "archive").iterdir())) == 60
    assert not list((path / "work").iterdir())


def test_killed_between_store_and_archive(stack, folder, make_endpoint):
    """M5, M7: a file that was stored and not archived comes again, is recognised and archived."""
    path, address = folder
    endpoint = make_endpoint("partner.submit", transport="folder", purpose="receive", url=address)
    (path / "CUT.json").write_text(json.dumps({"external_id": "CUT-1", "name": "CUT-1"}))
    kill_in_between(stack, endpoint)
    assert [file.name for file in (path / "work").iterdir()] == ["CUT.json"]
    assert "0 new" in poll(stack, endpoint)
    assert len(list((path / "archive").iterdir())) == 1
    until_applied(stack, "CUT", 1)


def test_killed_between_store_and_acknowledgement(stack, rabbitmq, make_endpoint):
    """M3, M5, M7: the queue gives the messages out again; each has its effect once."""
    rabbitmq.declare("inbound")
    endpoint = make_endpoint(
        "partner.submit", transport="amqp", purpose="receive", url=rabbitmq.url, amqp_queue="inbound"
    )
    for number in range(10):
        name = f"QUEUE-{number}"
        body = json.dumps({"external_id": name, "name": name}).encode()
        rabbitmq.put("inbound", body, message_id=name)
    kill_in_between(stack, endpoint)
    until(lambda: rabbitmq.count("inbound") == 10, what="the messages in the queue again")
    assert "0 new" in poll(stack, endpoint)
    assert rabbitmq.count("inbound") == 0
    # a sender that repeats itself
    rabbitmq.put("inbound", body, message_id=name)
    assert "0 new" in poll(stack, endpoint)
    until_applied(stack, "QUEUE", 10)


def kill_in_between(stack, endpoint):
    """Have a worker fetch, and kill it when it has stored and not yet told the partner's side."""
    before = len(stack.messages("in"))
    with ThreadPoolExecutor(1) as pool, stack.locked(f"dist.endpoint.status/{endpoint}"):
        fetching = pool.submit(poll, stack, endpoint)
        until(lambda: stack.sql(STORED)[0][0], what="a worker between storing and archiving")
        assert len(stack.messages("in")) > before
        for pid in stack.server.pids()["http"]:
            os.kill(pid, signal.SIGKILL)
        assert fetching.exception(30), "the worker was not cut off"
    until(stack.server.answers, what="new workers")


def test_feed(stack, make_endpoint):
    """M9, M7: a feed is read on from its place by the scheduled job; its failure is one exception that closes."""
    with Feed(page=5) as feed:
        feed.items = [
            {"id": str(number), "external_id": f"FEED-{number}", "name": f"FEED-{number}"}
            for number in range(12)
        ]
        # the canonical message knows no id of the feed
        row = {"sequence": 1, "target": "external_id", "source": "external_id", "required": True}
        rows = [(0, 0, row), (0, 0, {**row, "target": "name", "source": "name"})]
        (type_id,) = stack.odoo.search("dist.message.type", [("code", "=", "partner.submit")])
        names = {"name": "Feed", "system_id": stack.connection.system, "message_type_id": type_id}
        mapping = stack.odoo.create("dist.mapping", {**names, "row_ids": rows})
        stack.odoo.call("dist.mapping", "action_approve", [mapping])
        endpoint = make_endpoint(
            "partner.submit",
            flow={"mapping_id": mapping},
            transport="http",
            purpose="receive",
            url=feed.url,
            poll_seconds=5,
        )
        trigger(stack, "cron_poll")
        until_applied(stack, "FEED", 12)
        feed.items.append({"id": "12", "external_id": "FEED-12", "name": "FEED-12"})
        until_applied(stack, "FEED", 13)
        assert feed.requests.count("") == 1, "the beginning is read once"
    domain = [("endpoint_id", "=", endpoint), ("state", "=", "open")]
    until(lambda: stack.odoo.count("dist.exception", domain), what="the exception")
    with pytest.raises(RpcError, match="No connection"):
        poll(stack, endpoint)
    stack.odoo.call("dist.endpoint", "action_disable", [endpoint])
    assert stack.odoo.count("dist.exception", domain) == 1


def trigger(stack, name):
    """Have a scheduled action run now."""
    data = stack.odoo.search_read("ir.model.data", [("name", "=", name)], ["res_id"])
    stack.odoo.call("ir.cron", "method_direct_trigger", [data[0]["res_id"]])
