"""Orders and confirmations that come twice, at once, or in the wrong order, while workers are killed."""

from __future__ import annotations

import itertools
import os
import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal

import pytest
from day.orders import load_catalogue
from day.stage import set_stage
from partners.shop import Shop
from partners.warehouse import Warehouse
from rpc import Session
from waiting import until

CUSTOMER = "C-1101"
SHOP = load_catalogue()["shop"]["code"]
SKU = "DIST-TAPE"
# of which little is there
SCARCE = "DIST-PUMP"


class Trade:
    """Odoo with every addon, a shop, and a warehouse whose people do not work by themselves."""

    def __init__(self, environment):
        self.environment = environment
        self.database = environment.create_database("trade", demo=True)
        self.server = environment.server(self.database, workers=4)
        self.shop = Shop(self.server.url)
        self.warehouse = Warehouse(self.server.url)
        self.numbers = itertools.count(1)

    def __enter__(self):
        self.server.start()
        self.warehouse.staff(False)
        for partner in (self.shop, self.warehouse):
            partner.start()
        self.odoo = Session(self.server.url, self.database)
        stage = set_stage(self.odoo, self.shop.webhook_url, self.warehouse.webhook_url)
        self.shop.authorise(stage.shop.key, [stage.shop.secret])
        self.warehouse.authorise(stage.warehouse.key, [stage.warehouse.secret])
        return self

    def __exit__(self, *exc_info):
        self.server.stop()
        self.shop.stop()
        self.warehouse.stop()
        self.environment.drop_database(self.database)

    def order(self, quantity, sku=SKU):
        """Return an order that nobody has sent yet."""
        line = {"line": "1", "item": {"sku": sku}, "quantity": str(quantity), "unit": "EA"}
        return {
            "reference": f"TRADE-{next(self.numbers)}",
            "customer": {"external_id": CUSTOMER},
            "lines": [line],
        }

    def submit_at_once(self, orders):
        """Return the answers to orders that are sent at the same moment."""
        with ThreadPoolExecutor(len(orders)) as pool:
            return list(
                pool.map(lambda order: self.shop.api.post("/orders", order, order["reference"]), orders)
            )

    @contextmanager
    def stock_policy(self, policy):
        """Have the shop's orders of what is short taken by other terms for a while."""
        (channel,) = self.odoo.search_read(
            "dist.sales.channel", [("system_id.code", "=", SHOP)], ["stock_policy"]
        )
        self.odoo.write("dist.sales.channel", [channel["id"]], {"stock_policy": policy})
        yield
        self.odoo.write("dist.sales.channel", [channel["id"]], {"stock_policy": channel["stock_policy"]})

    def orders(self, reference):
        """Return the sales orders of a reference."""
        fields = ["name", "state", "amount_total"]
        return self.odoo.search_read("sale.order", [("dist_external_ref", "=", reference)], fields)

    def kill_workers(self, count):
        """Kill some of the workers."""
        for pid in self.server.pids()["http"][:count]:
            os.kill(pid, signal.SIGKILL)

    def until_quiet(self, timeout=180):
        """Wait until no message waits for a machine."""
        waiting = "SELECT count(*) FROM dist_message WHERE state IN ('pending', 'retry')"
        until(lambda: not self.environment.sql(self.database, waiting)[0][0], timeout, 1, "quiet")


@pytest.fixture(scope="module")
def trade(env):
    with Trade(env) as trade:
        yield trade


def test_same_order_fifty_times_at_once(trade):
    """M5: fifty posts of one order at once, then another: one sales order, one answer."""
    order = trade.order(4)
    with ThreadPoolExecutor(50) as pool:
        posts = [pool.submit(trade.shop.api.post, "/orders", order, "fifty") for _ in range(50)]
    answers = [post.result() for post in posts]
    assert {answer.status for answer in answers} == {200}
    assert len({answer.raw for answer in answers}) == 1
    assert trade.shop.api.post("/orders", order, "fifty").raw == answers[0].raw
    (made,) = trade.orders(order["reference"])
    assert made["name"] == answers[0].body["order"]


def test_same_order_under_fifty_keys_at_once(trade):
    """M5, C3: the reference makes an order unique, whatever the shop does with its keys; workers die meanwhile."""
    order = trade.order(4)
    with ThreadPoolExecutor(25) as pool:
        posts = [pool.submit(trade.shop.api.post, "/orders", order, f"key-{number}") for number in range(50)]
        until(lambda: any(post.done() for post in posts), pause=0.02, what="a first answer")
        trade.kill_workers(2)
    answers = [post.result() for post in posts]
    assert {answer.status for answer in answers} == {200}
    assert len(trade.orders(order["reference"])) == 1
    assert len({answer.body["order"] for answer in answers}) == 1


def test_buyers_of_one_item_at_once(trade):
    """C3: orders of one item that come at once are all decided at once, none is put off for another one."""
    orders = [trade.order(4) for _ in range(12)]
    answers = trade.submit_at_once(orders)
    assert {(answer.status, answer.body["status"]) for answer in answers} == {(200, "accepted")}
    assert len({answer.body["order"] for answer in answers}) == 12
    references = [order["reference"] for order in orders]
    domain = [("direction", "=", "in"), ("business_key", "in", references)]
    messages = trade.odoo.search_read("dist.message", domain, ["attempt_count"])
    assert {message["attempt_count"] for message in messages} == {1}


def test_buyers_of_the_last_pieces(trade):
    """C3, C5: of more buyers than there are pieces as many get one as there are; each hears a clear yes or no."""
    answer = trade.shop.api.post("/availability/query", {"skus": [SCARCE]})
    pieces = sum(int(stock["available"]) for stock in answer.body["items"][0]["warehouses"])
    assert pieces > 4
    with trade.stock_policy("partial"):
        answers = trade.submit_at_once([trade.order(1, SCARCE) for _ in range(pieces + 4)])
    taken = [answer for answer in answers if answer.status == 200]
    refused = [answer for answer in answers if answer.status == 422]
    assert (len(taken), len(refused)) == (pieces, 4), [answer.raw for answer in answers]
    assert {answer.body["errors"][0]["code"] for answer in refused} == {"out_of_stock"}
    domain = [("product_id.default_code", "=", SCARCE), ("location_id.usage", "=", "internal")]
    quants = trade.odoo.search_read("stock.quant", domain, ["quantity", "reserved_quantity"])
    assert sum(row["reserved_quantity"] for row in quants) == pieces
    assert all(row["reserved_quantity"] <= row["quantity"] for row in quants)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_confirmations_repeated_and_out_of_order(trade, seed):
    """M5, W2: parts of a shipment come in any order, several times, at once: each is booked once."""
    shuffle = random.Random(seed)  # repeatable on purpose
    order = trade.order(60)
    trade.shop.submit({"case": "fine", "key": order["reference"], "order": order})
    tasks = trade.warehouse.tasks
    reference = order["reference"]
    task = until(lambda: next((t for t in list(tasks.values()) if t.reference == reference), None), 60)
    (line,) = task.request["lines"]
    parts = [
        {
            "confirmation": f"{reference}-{number}",
            "shipment": task.number,
            "shipped_at": "2026-03-02T14:05:00Z",
            "complete": number == 2,
            "lines": [{"line": line["line"], "sku": SKU, "quantity": quantity, "unit": line["unit"]}],
        }
        for number, quantity in enumerate(("10", "20", "30"))
    ]
    sent = parts * 3
    shuffle.shuffle(sent)

    def confirm(turn, part):
        # some under the same key, some as messages of their own
        key = f"{part['confirmation']}-{turn % 2}"
        return part["confirmation"], trade.warehouse.api.post("/shipments/confirmations", part, key)

    with ThreadPoolExecutor(4) as pool:
        posts = [pool.submit(confirm, turn, part) for turn, part in enumerate(sent)]
        time.sleep(shuffle.uniform(0, 1))
        trade.kill_workers(1)
    assert {post.result()[1].status for post in posts} <= {200, 202}
    trade.until_quiet()
    for part in parts:
        answers = [confirm(turn, part)[1] for turn in (0, 1)]
        assert [answer.status for answer in answers] == [200, 200], answers[0].raw
        assert answers[0].body == answers[1].body
    (made,) = trade.orders(reference)
    domain = [("order_id", "=", made["id"]), ("product_id.default_code", "=", SKU)]
    (sold,) = trade.odoo.search_read("sale.order.line", domain, ["qty_delivered"])
    assert sold["qty_delivered"] == 60
    booked = trade.odoo.search_read(
        "dist.warehouse.confirmation",
        [("external_id", "in", [part["confirmation"] for part in parts])],
        ["picking_id"],
    )
    assert len(booked) == 3
    shop_order = trade.shop.orders[reference]
    until(lambda: shop_order.shipped().get(SKU) == Decimal(60), 60, what="the shop to hear of all of it")
    for partner in (trade.shop, trade.warehouse):
        assert not partner.inbox.doubled_events
        assert not partner.inbox.out_of_order
