"""The shop alone, against a hub that answers from a script."""

from __future__ import annotations

import json
import threading

import pytest
from partners.server import PartnerServer, Request, Response
from partners.shop import Shop, rows_of
from test_plumbing import SECRET, post, sign

PROBLEM = {"Content-Type": "application/problem+json"}


def order(reference: str, sku: str = "A") -> dict:
    return {
        "reference": reference,
        "customer": {"external_id": "C"},
        "lines": [{"item": {"sku": sku}, "quantity": "2"}],
    }


class Hub:
    """Accepts orders, holds those for the SKU ``HOLD`` until told what it is, refuses unreadable ones."""

    def __init__(self) -> None:
        self.settled = False

    def __call__(self, request: Request) -> Response:
        if request.method == "GET":
            if not self.settled:
                return Response(200, {"status": "waiting"})
            answer = {"status": "accepted", "order": "S9"}
            return Response(200, {"status": "succeeded", "http_status": 200, "answer": answer})
        try:
            body = request.json()
        except ValueError:
            return Response(400, {"code": "unreadable_message"}, PROBLEM)
        if request.path.endswith("/bulk"):
            return Response(200, {"items": [self.answer_item(item) for item in body["items"]]})
        if body["lines"][0]["item"]["sku"] == "HOLD":
            return Response(202, {"status": "held", "operation": "/dist/v1/operations/m1"})
        return Response(200, {"status": "accepted", "order": "S1"})

    @staticmethod
    def answer_item(item: dict) -> dict:
        return {"index": 0, "status": 200, "answer": {"status": "accepted", "order": "S" + item["reference"]}}


@pytest.fixture
def hub():
    return Hub()


@pytest.fixture
def shop(hub):
    server = PartnerServer(hub)
    server.start()
    with Shop(server.url, "key", [SECRET]) as shop:
        yield shop
    server.stop()


def test_submissions_and_poll(shop, hub, tmp_path):
    rows = rows_of([order("R1"), order("R2", "HOLD")])
    rows.append({"case": "malformed", "key": "k3", "raw": '{"reference": '})
    rows += [{**row, "bulk": "B1"} for row in rows_of([order("R4"), order("R5")])]
    path = tmp_path / "orders.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    shop.submit_file(path)
    ledger = shop.ledger()
    assert {reference: row["status"] for reference, row in ledger["orders"].items()} == {
        "R1": "accepted",
        "R2": "waiting",
        "R4": "accepted",
        "R5": "accepted",
    }
    assert [row["code"] for row in ledger["submissions"] if row["case"] == "malformed"] == [
        "unreadable_message"
    ]
    assert shop.poll() == []
    hub.settled = True
    assert shop.poll() == ["R2"]
    assert (shop.orders["R2"].status, shop.orders["R2"].number) == ("accepted", "S9")


def test_shipments_add_up(shop):
    def deliver(number: int, shipment: str, quantity: str, complete: bool) -> None:
        lines = [{"sku": "A", "quantity": quantity, "unit": "Units"}]
        data = {"reference": "R1", "order": "S1", "shipment": shipment, "complete": complete, "lines": lines}
        envelope = {
            "id": f"e{number}",
            "type": "order.shipped",
            "subject": shipment,
            "sequence": 1,
            "data": data,
        }
        body = json.dumps(envelope).encode()
        assert post(shop.webhook_url, body, sign(f"m{number}", body)) == 204

    deliver(1, "OUT/1", "2", False)
    deliver(2, "OUT/2", "0.5", True)
    deliver(2, "OUT/2", "0.5", True)
    row = shop.ledger()["orders"]["R1"]
    assert (row["shipped"], row["complete"]) == ({"A": "2.5"}, True)
    assert shop.inbox.counts.repeated == 1


def test_ledger_is_told_while_a_webhook_comes_in(shop):
    """O1: whoever asks how the day goes does not stop the shop from hearing."""
    askers = []

    def ask_and_apply(envelope):
        askers.append(threading.Thread(target=shop.ledger, daemon=True))
        askers[0].start()
        # long enough to take the first lock it needs, and to wait for the inbox
        askers[0].join(0.3)
        Shop.apply(shop, envelope)

    shop.inbox._apply = ask_and_apply
    data = {"reference": "WEB-1", "order": "S1"}
    envelope = {
        "id": "evt_1",
        "type": "order.confirmed",
        "sequence": 1,
        "subject": "sale.order/1",
        "data": data,
    }
    body = json.dumps(envelope).encode()
    assert post(shop.webhook_url, body, sign("msg_1", body)) == 204
    askers[0].join(5)
    assert not askers[0].is_alive()
