"""The stand-ins' own plumbing: an oracle that is wrong proves nothing."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import time
import urllib.error
import urllib.request

import pytest
from partners.client import ApiClient, UnreachableError
from partners.partner import Partner
from partners.server import TRAP_PATH, Fault, PartnerServer, Request, Response
from partners.webhooks import SignatureError, verify

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # of the specification's example
VECTOR = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
BODY = b'{"test": 2432232314}'
NOW = 1614265330


def sign(message_id: str, body: bytes) -> dict[str, str]:
    timestamp = str(int(time.time()))
    content = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.new(base64.b64decode(SECRET.removeprefix("whsec_")), content, hashlib.sha256).digest()
    signature = "v1," + base64.b64encode(digest).decode()
    return {"webhook-id": message_id, "webhook-timestamp": timestamp, "webhook-signature": signature}


def post(url: str, body: bytes = b"{}", headers: dict[str, str] | None = None, timeout: float = 5) -> int:
    request = urllib.request.Request(url, body, headers or {}, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=timeout) as response:
            response.read()
            return response.status
    except urllib.error.HTTPError as error:
        return error.code


class TestVerify:
    """M2: the stand-ins accept what the Standard Webhooks specification signs, and nothing else."""

    def test_vector(self):
        assert verify(VECTOR, BODY, [SECRET], NOW) == VECTOR["webhook-id"]

    def test_header_names_in_any_case_and_several_signatures(self):
        headers = {name.title(): value for name, value in VECTOR.items()}
        headers["Webhook-Signature"] = f"v1a,AAAA v1,BBBB {VECTOR['webhook-signature']}"
        assert verify(headers, BODY, [SECRET.replace("Mf", "Ng"), SECRET], NOW)

    @pytest.mark.parametrize(
        ("change", "body", "now"),
        [
            ({}, BODY + b" ", NOW),
            ({"webhook-id": "msg_other"}, BODY, NOW),
            ({"webhook-timestamp": str(NOW + 1)}, BODY, NOW),
            ({"webhook-timestamp": "soon"}, BODY, NOW),
            ({"webhook-signature": ""}, BODY, NOW),
            ({"webhook-signature": VECTOR["webhook-signature"].replace("v1,", "v2,")}, BODY, NOW),
            ({}, BODY, NOW + 301),
            ({}, BODY, NOW - 301),
        ],
    )
    def test_refused(self, change, body, now):
        with pytest.raises(SignatureError):
            verify({**VECTOR, **change}, body, [SECRET], now)

    def test_missing_header(self):
        with pytest.raises(SignatureError, match="webhook-timestamp"):
            verify({"webhook-id": "x", "webhook-signature": "v1,x"}, BODY, [SECRET], NOW)


class Recorder(Partner):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.applied: list[dict] = []
        super().__init__("http://127.0.0.1:1", "key", [SECRET])

    def apply(self, envelope: dict) -> None:
        self.applied.append(envelope)


@pytest.fixture
def recorder():
    with Recorder() as partner:
        yield partner


def envelope(number: int, subject: str = "stock.picking/1", sequence: int | None = None) -> bytes:
    sequence = number if sequence is None else sequence
    return json.dumps(
        {"id": f"e{number}", "type": "t", "subject": subject, "sequence": sequence, "data": {}}
    ).encode()


class TestInbox:
    """M2, M5: a receiver notices repeats, reordering and what is not signed."""

    def deliver(self, partner: Partner, message_id: str, body: bytes) -> int:
        return post(partner.webhook_url, body, sign(message_id, body))

    def test_repeat_is_applied_once(self, recorder):
        assert self.deliver(recorder, "m1", envelope(1)) == 204
        assert self.deliver(recorder, "m1", envelope(1)) == 204
        assert len(recorder.applied) == 1
        assert recorder.inbox.counts.repeated == 1

    def test_same_event_under_another_id_is_reported(self, recorder):
        self.deliver(recorder, "m1", envelope(1))
        self.deliver(recorder, "m2", envelope(1))
        assert recorder.inbox.doubled_events == ["e1"]

    def test_order_is_watched_per_record(self, recorder):
        self.deliver(recorder, "m2", envelope(2))
        self.deliver(recorder, "m3", envelope(1, "stock.picking/2"))
        assert not recorder.inbox.out_of_order
        self.deliver(recorder, "m1", envelope(3, sequence=1))
        assert [row["event"] for row in recorder.inbox.out_of_order] == ["e3"]

    def test_unsigned_is_refused(self, recorder):
        assert post(recorder.webhook_url, envelope(1)) == 401
        assert recorder.inbox.counts.unsigned == 1
        assert not recorder.applied

    def test_ledger_by_control(self, recorder):
        with urllib.request.urlopen(recorder.control.url + "/control/ledger") as response:
            assert json.load(response)["inbox"]["deliveries"] == 0
        assert post(recorder.control.url + "/control/faults", b'{"mode": "nonsense"}') == 400
        assert post(recorder.control.url + "/control/nothing") == 404
        assert post(recorder.control.url + "/control/faults", b'{"mode": "500", "times": 1}') == 200
        assert self.deliver(recorder, "m1", envelope(1)) == 500
        assert self.deliver(recorder, "m1", envelope(1)) == 204


@pytest.fixture
def server():
    partner = PartnerServer(lambda request: Response(200, {"path": request.path}))
    partner.start()
    yield partner
    partner.stop()


class TestFaults:
    """M7: each fault does on the wire what its name says."""

    def test_down_refuses_and_comes_back_on_the_same_port(self, server):
        url = server.url
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=2)
        connection.request("GET", "/")
        connection.getresponse().read()
        server.fail(Fault("down", seconds=0.5))
        with pytest.raises((http.client.HTTPException, OSError)):
            connection.request("GET", "/")
            connection.getresponse()
        connection.close()
        with pytest.raises(urllib.error.URLError, match="refused"):
            post(url)
        time.sleep(0.7)
        assert post(url) == 200

    def test_down_until_cleared(self, server):
        server.fail(Fault("down"))
        server.fail(None)
        assert post(server.url) == 200

    def test_times(self, server):
        server.fail(Fault("500", times=2))
        assert [post(server.url) for _ in range(3)] == [500, 500, 200]
        assert server.faults.struck == {"500": 2}

    def test_429_names_the_wait(self, server):
        server.fail(Fault("429", retry_after=7))
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(server.url)
        assert (caught.value.code, caught.value.headers["Retry-After"]) == (429, "7")

    def test_redirect_leads_to_the_trap(self, server):
        server.fail(Fault("redirect", times=1))
        with urllib.request.urlopen(server.url + "/x") as response:
            assert json.load(response) == {"path": TRAP_PATH}
        assert server.trapped == 1

    def test_close_ends_inside_the_answer(self, server):
        server.fail(Fault("close"))
        with pytest.raises(http.client.IncompleteRead):
            urllib.request.urlopen(server.url).read()

    def test_slow_and_drip_outlast_a_short_timeout(self, server):
        server.fail(Fault("slow", delay=1))
        with pytest.raises(TimeoutError):
            post(server.url, timeout=0.2)
        server.fail(Fault("drip", delay=0.02))
        start = time.monotonic()
        post(server.url, timeout=5)
        assert time.monotonic() - start > 1


class TestClient:
    """M4, M5: the client repeats what passes, under one key, and gives up in time."""

    def client(self, server: PartnerServer, **options: float) -> ApiClient:
        return ApiClient(server.url, "key", **options)

    def test_retries_under_the_same_key(self):
        seen: list[Request] = []
        answers = [Response(503), Response(429, headers={"Retry-After": "1"}), Response(201, {"n": 1})]

        def handle(request: Request) -> Response:
            seen.append(request)
            return answers[len(seen) - 1]

        server = PartnerServer(handle)
        server.start()
        answer = self.client(server).post("/orders", {"a": 1})
        server.stop()
        assert (answer.status, answer.body, answer.attempts) == (201, {"n": 1}, 3)
        assert len({request.headers["Idempotency-Key"] for request in seen}) == 1
        assert {request.path for request in seen} == {"/dist/v1/orders"}
        assert seen[0].headers["traceparent"].split("-")[1] == answer.trace_id

    def test_refusal_is_an_answer(self, server):
        server.fail(Fault("500", times=1))
        assert self.client(server).get("/x", patience=0).status == 500

    def test_unreachable(self, server):
        server.fail(Fault("down"))
        with pytest.raises(UnreachableError):
            self.client(server).get("/x", patience=0.5)
