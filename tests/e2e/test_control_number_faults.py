"""Control numbers of interchanges while workers are killed between taking a number and sending with it."""

from __future__ import annotations

import os
import random
import re
import signal
import threading
import urllib.error
import urllib.request
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from partners.edi import make_profile, order_file
from partners.onboarding import connect
from rpc import Session
from waiting import until

CRASHES = 4
# in the endurance test, where the load is multiplied
MANY_CRASHES = 100
ENDPOINT = {
    "content": "edi",
    "timeout": 5,
    "retry_schedule": ", ".join(["1s"] * 40),
    "breaker_threshold": 1000,
    "lanes": 1,
}


class Buyer:
    """A partner's web server that keeps each interchange it gets.

    :ivar taken: control number to the list of bodies that came under it
    :ivar is_deaf: whether calls are left without being read
    """

    def __init__(self):
        self.taken = defaultdict(list)
        self.is_deaf = False
        self._released = threading.Event()
        buyer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                if buyer.is_deaf:
                    buyer._released.wait(30)
                    return
                body = self.rfile.read(int(self.headers["Content-Length"]))
                buyer.taken[body.split(b"*")[13].decode()].append(body)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_arguments):
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_address[1]}/edi"

    def cover_ears(self):
        self._released.clear()
        self.is_deaf = True

    def listen(self):
        self.is_deaf = False
        self._released.set()

    def close(self):
        self.listen()
        self._server.shutdown()
        self._server.server_close()


class Stage:
    """Odoo with EDI, and a customer whose files are acknowledged."""

    def __init__(self, environment):
        self.environment = environment
        self.database = environment.create_database("numbers", modules=["dist_integration_edi"])
        self.server = environment.server(self.database, workers=4)
        self.buyer = Buyer()

    def __enter__(self):
        self.server.start()
        odoo = Session(self.server.url, self.database)
        self.connection = connect(
            odoo,
            "BUYER",
            self.buyer.url,
            receives=["edi.acknowledgement"],
            submits=["edi.interchange"],
            system={"kind": "customer"},
            endpoint=ENDPOINT,
        )
        make_profile(odoo, self.connection)
        return self

    def __exit__(self, *exc_info):
        self.server.stop()
        self.buyer.close()
        self.environment.drop_database(self.database)

    def sql(self, statement):
        return self.environment.sql(self.database, statement)

    def submit(self, number):
        """Hand over a file, again when the worker that takes it is gone."""
        request = urllib.request.Request(
            f"{self.server.url}/dist/v1/edi/interchanges",
            order_file(number),
            {"Content-Type": "application/edi-x12", "Authorization": f"Bearer {self.connection.key}"},
        )

        def sent():
            try:
                with urllib.request.urlopen(request, timeout=20) as answer:
                    return answer.status in (200, 202)
            except urllib.error.HTTPError as error:
                assert error.code in (409, 503), error.read()
                return False
            except OSError:
                return False

        until(sent, 60, 0.2, f"file {number}")

    def count(self, table, condition="true"):
        return self.sql(f"SELECT count(*) FROM {table} WHERE {condition}")[0][0]

    def kill_workers(self):
        for pid in self.server.pids()["http"]:
            os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def stage(env):
    with Stage(env) as stage:
        yield stage


def test_killed_between_number_and_sending(stage, scale):
    """E6: processes are killed (SIGKILL) behind the number, or at any moment: none is repeated, none is missing."""
    chance = random.Random(int(os.environ.get("SOAK_SEED") or 1))
    crashes = MANY_CRASHES if scale > 1 else CRASHES
    struck = 0
    for number in range(1, crashes + 1):
        if number % 2:
            struck += _kill_behind_the_number(stage, number)
        else:
            _kill_at_any_moment(stage, number, chance.uniform(0, 0.5))
    waiting = "direction = 'out' AND state IN ('pending', 'retry')"
    until(
        lambda: (
            stage.count("dist_edi_interchange", "direction = 'out'") == crashes
            and not stage.count("dist_message", waiting)
        ),
        240,
        1,
        "all acknowledgements",
    )
    assert struck == (crashes + 1) // 2
    _check_numbers(stage, crashes)


def _kill_behind_the_number(stage, number):
    """The number is taken and kept, nothing of it has reached the partner.

    :return: how many numbers had been taken for messages that had not left when the workers were killed
    """
    before = stage.count("dist_edi_control", "kind = 'interchange'")
    stage.buyer.cover_ears()
    stage.submit(number)
    until(
        lambda: stage.count("dist_edi_control", "kind = 'interchange'") > before, 60, 0.02, "a control number"
    )
    stage.kill_workers()
    left = stage.count("dist_message", "direction = 'out' AND state IN ('pending', 'retry')")
    stage.buyer.listen()
    return int(left > 0)


def _kill_at_any_moment(stage, number, seconds):
    killer = threading.Timer(seconds, stage.kill_workers)
    killer.start()
    stage.submit(number)
    killer.join()


def _check_numbers(stage, count):
    """The books of both sides agree."""
    rows = stage.sql(
        "SELECT control.kind, control.number, interchange.id, message.state FROM dist_edi_control control "
        "LEFT JOIN dist_edi_interchange interchange ON interchange.id = control.interchange_id "
        "LEFT JOIN dist_message message ON message.id = interchange.message_id ORDER BY 1, 2"
    )
    for kind in ("interchange", "group"):
        own = [row for row in rows if row[0] == kind]
        assert [row[1] for row in own] == list(range(1, count + 1)), "a number is missing or repeated"
        assert {row[3] for row in own} == {"done"}, "a number without a document that left"
        assert len({row[2] for row in own}) == count, "two numbers for one interchange"
    taken = stage.buyer.taken
    assert sorted(map(int, taken)) == list(range(1, count + 1)), "the partner misses a number"
    assert all(len(set(bodies)) == 1 for bodies in taken.values()), "two documents under one number"
    told = [re.search(rb"AK1\*PO\*(\d+)", bodies[0])[1] for bodies in taken.values()]
    assert sorted(map(int, told)) == list(range(1, count + 1)), "a file without its acknowledgement"
