"""A whole cycle of planning with a platform over a real SFTP server: what was sold goes out, forecasts and proposals
come in, what a rule or a planner approves is bought once, and the platform hears what became of it.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from types import SimpleNamespace

import pytest
from partners.onboarding import LOCAL, connect
from partners.planner import PlanningPlatform
from rpc import Session
from waiting import until

PATIENCE = 120
TOLD = (
    "planning.export.file",
    "planning.export.completed",
    "planning.proposal.decided",
    "planning.proposal.executed",
)
# item number to price and weekly sales
GOODS = {"CLEAT": (12.0, 5), "ROPE": (5.0, 100), "ANCHOR": (80.0, 20)}
VALUE_LIMIT = 500
WEEKS = 4


@pytest.fixture(scope="module")
def server(env):
    """A server with all addons, and its database."""
    database = env.create_database("planning_cycle")
    server = env.server(database, workers=2)
    try:
        yield server.start(), database
    finally:
        server.stop()
        env.drop_database(database)


@pytest.fixture(scope="module")
def odoo(server):
    """A session of an administrator."""
    return Session(server[0].url, server[1])


@pytest.fixture
def planner(env, odoo, server):
    """A session of somebody who decides about proposals."""
    groups = "groups_id" if env.series == "17.0" else "group_ids"
    group = odoo.ref("dist_integration_planning.group_dist_planning_planner")
    values = {"name": "Planner", "login": "planner", "password": "planner-password", groups: [(4, group)]}
    odoo.create("res.users", values)
    return Session(server[0].url, server[1], "planner", "planner-password")


@pytest.fixture
def supplier(odoo):
    """A supplier of goods that were sold two weeks ago."""
    is_17 = "detailed_type" in odoo.call("product.product", "fields_get", ["detailed_type"], ["type"])
    storable = {"detailed_type": "product"} if is_17 else {"is_storable": True}
    supplier = odoo.create("res.partner", {"name": "Ropewalk", "ref": "ROPEWALK", "is_company": True})
    lines = []
    for sku, (price, sold) in GOODS.items():
        offer = {"partner_id": supplier, "price": price, "delay": 7}
        values = {"name": sku.title(), "default_code": sku, "standard_price": price, **storable}
        product = odoo.create("product.product", {**values, "seller_ids": [(0, 0, offer)]})
        lines.append((0, 0, {"product_id": product, "product_uom_qty": sold}))
    customer = odoo.create("res.partner", {"name": "Chandlery"})
    order = odoo.create("sale.order", {"partner_id": customer, "order_line": lines})
    odoo.call("sale.order", "action_confirm", [order])
    # confirming dates it
    moment = datetime.now() - timedelta(days=14)
    odoo.write("sale.order", [order], {"date_order": moment.strftime("%Y-%m-%d %H:%M:%S")})
    return supplier


@pytest.fixture
def platform(odoo, sshd):
    """The platform, and how Odoo knows it: `source`, `system`, and `poll()`, which fetches what the platform sent."""
    files = PlanningPlatform(sshd.files / "clearview")
    system = odoo.create("dist.system", {"name": "Clearview", "code": "CLEARVIEW", "kind": "planning"})
    key = {"name": "SSH", "system_id": system, "kind": "ssh_key", "username": sshd.user}
    credential = odoo.create("dist.credential", {**key, "pem": sshd.private_key})
    access = {"transport": "sftp", "timeout": 20, "credential_id": credential, "host_key": sshd.host_key}
    url = f"{sshd.url}/clearview"
    connection = connect(
        odoo, "CLEARVIEW", f"{url}/to_platform", receives=TOLD, endpoint={**access, "content": "data"}
    )
    inbound = odoo.create(
        "dist.endpoint",
        {
            **access,
            "name": "Plans",
            "system_id": system,
            "url": f"{url}/from_platform",
            "allowed_networks": LOCAL,
            "purpose": "receive",
            "client_id": connection.client,
            "quiet_seconds": 0,
            # only when the test asks for it
            "poll_seconds": 3600,
        },
    )
    for message_type, values in (
        ("plan.manifest", {"source_pattern": "*_manifest.json"}),
        ("plan.file", {"source_pattern": "*_*.csv.gz", "content_format": "csv"}),
    ):
        (type_id,) = odoo.search("dist.message.type", [("code", "=", message_type)])
        names = {"system_id": system, "message_type_id": type_id, "endpoint_id": inbound}
        flow = odoo.create("dist.flow", {**names, **values})
        for action in ("action_approve", "action_activate"):
            odoo.call("dist.flow", action, [flow])
    values = {"name": "Clearview", "code": "CLEARVIEW", "kind": "external", "system_id": system}
    source = odoo.create("dist.planning.source", values)
    rule = {"name": "Small orders", "source_id": source, "value_limit": VALUE_LIMIT}
    odoo.create("dist.planning.rule", rule)

    def poll():
        return odoo.call("dist.endpoint", "action_poll", [inbound])["params"]["message"]

    return SimpleNamespace(files=files, source=source, system=system, poll=poll)


def fetch_export(odoo, platform, action):
    """Have an export made and wait until the platform has all of it; return its list of files."""
    odoo.call("dist.planning.source", action, [platform.source])
    (export,) = odoo.search("dist.planning.export", [], order="id desc", limit=1)
    (row,) = odoo.call("dist.planning.export", "read", [export], ["name"])
    return until(lambda: platform.files.exports().get(row["name"]), PATIENCE, 0.3, "the list of files")


def plan(platform, export):
    """Plan as the platform does, from nothing but the files: next weeks as the last one, bought for all of them."""
    history = platform.files.read(export, "history")
    offers = {row["sku"]: row for row in platform.files.read(export, "suppliers")}
    monday = date.today() - timedelta(days=date.today().weekday())
    sold = {row["sku"]: row for row in history if row["net"]}
    places = {sku: {name: row[name] for name in ("sku", "warehouse", "unit")} for sku, row in sold.items()}
    platform.files.send(
        "R-1",
        forecast=[
            {**places[sku], "bucket_start": monday + timedelta(weeks=week), "baseline": row["net"]}
            for sku, row in sold.items()
            for week in range(1, WEEKS + 1)
        ],
        proposal=[
            {
                **places[sku],
                "key": f"R-1/{sku}",
                "kind": "purchase",
                "supplier": offers[sku]["supplier"],
                "quantity": row["net"] * WEEKS,
                "date_planned": monday + timedelta(weeks=2),
            }
            for sku, row in sold.items()
        ],
    )


def read_proposals(odoo, *names):
    """Return what proposals say, by item number."""
    rows = odoo.search_read("dist.planning.proposal", [], ["key", *names])
    return {row["key"].removeprefix("R-1/"): row for row in rows}


def until_state(odoo, sku, state):
    return until(
        lambda: (row := read_proposals(odoo, "state", "purchase_id")[sku])["state"] == state and row,
        PATIENCE,
        0.3,
        f"{sku} is {state}",
    )


def read_orders(odoo, supplier):
    """Return item number to quantity of each purchase order of a supplier."""
    orders = odoo.search("purchase.order", [("partner_id", "=", supplier)])
    lines = odoo.search_read(
        "purchase.order.line", [("order_id", "in", orders)], ["order_id", "product_id", "product_qty"]
    )
    return [
        {
            line["product_id"][1].split("]")[0].lstrip("["): line["product_qty"]
            for line in lines
            if line["order_id"][0] == order
        }
        for order in orders
    ]


def refuse(session, proposal, reason):
    """Refuse in the dialog, as a person does."""
    action = session.call("dist.planning.proposal", "action_ask_refusal", [proposal])
    (dialog,) = session.call(action["res_model"], "create", [{"reason": reason}], context=action["context"])
    session.call(action["res_model"], "action_refuse", [dialog])


def until_taken_in(odoo, platform):
    """Fetch what the platform sent, and wait until all of it is done; return how many files that are so far."""
    platform.poll()
    mine = [("system_id", "=", platform.system), ("direction", "=", "in")]
    waits = [*mine, ("state", "!=", "done")]
    until(lambda: not odoo.count("dist.message", waits), PATIENCE, 0.3, "every file is taken in")
    return odoo.count("dist.message", mine)


def test_from_export_to_feedback(odoo, planner, supplier, platform):
    """P1, P2, P3, P6: export, plan, rule, planner, purchase orders and feedback; nothing happens twice."""
    export = fetch_export(odoo, platform, "action_export_full")
    assert {row["sku"] for row in platform.files.read(export, "items")} >= set(GOODS)
    plan(platform, export)
    assert until_taken_in(odoo, platform) == 3
    (batch,) = until(
        lambda: odoo.search_read(
            "dist.planning.batch", [("state", "!=", "staged")], ["state", "forecast_count", "proposal_count"]
        ),
        PATIENCE,
        0.3,
        "the plan in force",
    )
    assert (batch["state"], batch["forecast_count"], batch["proposal_count"]) == ("active", 12, 3)

    # within the rule it is bought by itself, beyond it waits for the planner
    until_state(odoo, "CLEAT", "executed")
    found = read_proposals(odoo, "state", "value", "reason_text")
    assert {sku: (row["state"], row["value"]) for sku, row in found.items()} == {
        "CLEAT": ("executed", 240),
        "ROPE": ("proposed", 2000),
        "ANCHOR": ("proposed", 6400),
    }
    assert "Small orders approves up to" in found["ROPE"]["reason_text"]
    assert read_orders(odoo, supplier) == [{"CLEAT": 20}]

    # the same files again, before the planner decides and after it
    platform.files.send_again()
    until_taken_in(odoo, platform)
    planner.call("dist.planning.proposal", "action_approve", [found["ROPE"]["id"]])
    refuse(planner, found["ANCHOR"]["id"], "Delisted in June")
    order = until_state(odoo, "ROPE", "executed")["purchase_id"][1]
    platform.files.send_again()
    assert until_taken_in(odoo, platform) > 3, "nothing came again, so nothing was proved"
    assert odoo.count("dist.planning.batch", []) == 1
    assert odoo.count("dist.planning.forecast", []) == 12
    assert read_orders(odoo, supplier) == [{"CLEAT": 20}, {"ROPE": 400}]

    changes = fetch_export(odoo, platform, "action_export_delta")
    assert changes["previous"] == export["export"]
    told = {row["key"]: row for row in platform.files.read(changes, "feedback")}
    assert {
        key: (row["decision"], row["state"], row["automatic"], row["reason"]) for key, row in told.items()
    } == {
        "R-1/CLEAT": ("approved", "executed", True, None),
        "R-1/ROPE": ("approved", "executed", False, None),
        "R-1/ANCHOR": ("refused", "refused", False, "Delisted in June"),
    }
    assert told["R-1/ROPE"]["document"] == order
    bought = platform.files.read(changes, "open_purchases")
    assert {(row["sku"], row["quantity"]) for row in bought} == {("CLEAT", 20), ("ROPE", 400)}
    until(lambda: len(platform.files.told("planning.proposal.decided")) == 3, PATIENCE, 0.3, "the decisions")
    heard = {row["proposal"]: row for row in platform.files.told("planning.proposal.executed")}
    assert set(heard) == {"R-1/CLEAT", "R-1/ROPE"}
    assert heard["R-1/ROPE"]["document"] == order
    unsolved = [("system_id", "=", platform.system), ("state", "in", ("open", "in_progress"))]
    assert not odoo.search_read("dist.exception", unsolved, ["name", "detail"])
