"""What people do with the screens, by clicks, and what comes of it."""

import json

import pytest
from playwright.sync_api import expect
from screenshots import SAMPLE
from waiting import until

# orders that come at once meet on the same stock, and one of them may have to wait
pytestmark = pytest.mark.odoo_log("could not serialize access")
BASE = "dist_integration_base.action_dist_"
# seconds; nothing here is measured
PATIENCE = 120


class Story:
    """A window, and what is read of its outcome behind the screen."""

    def __init__(self, client, day, shop):
        self.client = client
        self.page = client.page
        self.odoo = day.odoo
        self.shop = shop

    def submit(self, reference, sku="DIST-TAPE", quantity="10", customer="C-1101"):
        """Have the shop submit an order; return the answer."""
        line = {"line": "1", "item": {"sku": sku}, "quantity": quantity, "unit": "EA"}
        order = {"reference": reference, "customer": {"external_id": customer}, "lines": [line]}
        return self.shop.api.post("/orders", order, f"story-{reference}")

    def order(self, reference):
        """Return an order by the shop's number, or None."""
        fields = ["name", "state", "dist_state"]
        found = self.odoo.search_read("sale.order", [("dist_external_ref", "=", reference)], fields)
        return found[0] if found else None

    def exception(self, *domain):
        """Return the newest exception of a domain, when it is there."""
        return until(
            lambda: self.odoo.search("dist.exception", [*domain], order="id desc", limit=1),
            PATIENCE,
            what=f"the exception {domain}",
        )[0]

    def open_exception(self, *domain):
        """Open an exception's form; return its id."""
        exception = self.exception(*domain)
        self.client.open(f"{BASE}exception", exception)
        return exception

    def until_closed(self, exception, state="resolved"):
        """Wait until an exception is closed, and look at it again."""
        read = lambda: self.odoo.call("dist.exception", "read", [exception], ["state"])[0]["state"]  # noqa: E731
        until(lambda: read() == state, PATIENCE, what=f"state {state}")
        self.client.open(f"{BASE}exception", exception)
        label = {"resolved": "Solved", "ignored": "Ignored"}[state]
        expect(self.page.locator(".o_statusbar_status .o_arrow_button_current")).to_contain_text(label)
        self.client.check()


@pytest.fixture
def story(day, shop, window):
    """A story that an administrator plays."""
    return Story(window(), day, shop)


def test_unknown_item_is_explained_once(story):
    """M8, X1: Fix mapping from the list says what a code means, and all that waited goes on."""
    for number in ("1", "2"):
        assert story.submit(f"STORY-CODE-{number}", sku="STORY-TAPE").status == 202
    exception = story.exception(("external_code", "=", "STORY-TAPE"))
    client = story.client
    client.open(f"{BASE}exception")
    client.press("Fix mapping", client.row("STORY-TAPE"))
    client.choose("record_ref", "DIST-TAPE", client.dialog)
    client.finish("Save and replay")
    story.until_closed(exception)
    orders = [story.order(f"STORY-CODE-{number}") for number in ("1", "2")]
    assert all(order and order["state"] == "sale" for order in orders)
    # nobody is asked again
    assert story.submit("STORY-CODE-3", sku="STORY-TAPE").status == 200


def test_content_is_corrected(story):
    """M6: the content is put right on the screen; the original stays as it came."""
    assert story.submit("STORY-CONTENT", quantity="many").status == 422
    exception = story.open_exception(("category", "=", "validation"), ("detail", "ilike", "/quantity"))
    client = story.client
    client.press("Correct and resubmit")
    editor = client.dialog.locator("[name=content] .ace_editor")
    expect(editor).to_be_visible()
    before = story.odoo.search_read(
        "dist.message", [("exception_id", "=", exception), ("state", "=", "dead")], ["payload_view"], limit=1
    )[0]
    document = json.loads(before["payload_view"])
    document["lines"][0]["quantity"] = "7"
    client.fill_editor(editor, json.dumps(document))
    client.finish("Submit")
    until(lambda: story.order(document["reference"]), PATIENCE, what="the order")
    (kept,) = story.odoo.call("dist.message", "read", [before["id"]], ["payload_view", "state"])
    assert kept == {**before, "state": "cancelled"}
    client.check()


def test_unreadable_is_ignored_with_a_reason(story):
    """X1: Ignore asks for a reason, and keeps it with the name of who gave it."""
    assert story.shop.api.post("/orders", b'{"reference": "STORY-IGNORE"', "story-ignore").status == 400
    exception = story.open_exception(("category", "=", "decode"), ("state", "=", "open"))
    client = story.client
    client.press("Ignore")
    client.dialog.locator("[name=reason] textarea, [name=reason] input").fill("The customer rang instead")
    client.finish("Ignore")
    story.until_closed(exception, "ignored")
    expect(client.field("ignore_reason")).to_contain_text("The customer rang instead")


def test_refused_delivery_is_retried(story):
    """M6, X1: once the partner is well again, Retry sends what it refused, and the exception closes."""
    story.shop.control.order("faults", {"mode": "redirect"})
    try:
        assert story.submit("STORY-RETRY").status == 200
        exception = story.open_exception(
            ("category", "=", "delivery"), ("state", "=", "open"), ("system_id", "=", story.shop.system)
        )
    finally:
        story.shop.control.order("faults", {"mode": None})
    story.client.run("Retry")
    story.until_closed(exception)
    heard = story.shop.control.ledger()["orders"]["STORY-RETRY"]["events"]
    assert heard.count("confirmed") == 1


def test_held_order_is_released(story):
    """C3: an order over its credit limit is released from the list of held orders."""
    assert story.submit("STORY-HELD", sku="DIST-LADDER", quantity="8", customer="C-1199").ok
    assert story.order("STORY-HELD")["dist_state"] == "held"
    exception = story.exception(("document_name", "=", story.order("STORY-HELD")["name"]))
    client = story.client
    client.open("dist_integration_commerce.action_dist_held_order")
    client.press("Release", client.row("STORY-HELD"))
    client.agree()
    until(lambda: story.order("STORY-HELD")["state"] == "sale", PATIENCE, what="the release")
    story.until_closed(exception)


def test_endpoint_is_tried(story):
    """M2: Test connection reaches the partner; Send test event shows what it answered."""
    client = story.client
    domain = [("system_id", "=", story.shop.system), ("state", "=", "active")]
    client.open(f"{BASE}endpoint", story.odoo.search("dist.endpoint", domain)[0])
    client.press("Test connection")
    expect(client.page.locator(".o_notification").first).to_contain_text("Reached")
    client.press("Send test event")
    expect(client.dialog.locator("[name=state] .o_arrow_button_current")).to_contain_text("Done")
    client.check()


def test_a_partner_is_made_of_a_sample_file(story):
    """E7: files in, what they say out, codes accepted, documents tried; cancelled, nothing is left."""
    client, odoo = story.client, story.odoo
    orders = odoo.count("sale.order", [])
    client.open("dist_integration_edi.action_dist_edi_onboarding", view=".modal .o_form_view")
    client.dialog.locator("input[type=file]").set_input_files(
        [
            {"name": "orders.x12", "mimeType": "text/plain", "buffer": SAMPLE.encode()},
            {"name": "page.html", "mimeType": "text/html", "buffer": b"<script>alert(1)</script>"},
        ]
    )
    expect(client.dialog.locator(".o_attachment")).to_have_count(2)
    client.run("Read the files", client.dialog)
    expect(client.dialog.locator("[name=identifier] input")).to_have_value("PINECREST")
    expect(client.dialog.locator("[name=problems]")).to_contain_text("page.html")
    client.choose("partner_id", "Riverbend", client.dialog)
    client.run("Continue", client.dialog)
    expect(client.dialog.locator(".o_data_row", has_text="4711")).to_contain_text("Garden hose")
    client.run("Accept all suggestions", client.dialog)
    client.run("Try the documents", client.dialog)
    tried = client.dialog.locator("[name=outcome_ids] .o_data_row")
    expect(tried).to_have_count(2)
    expect(tried.filter(has_text="PC-1002")).to_contain_text("Would wait for a person")
    client.finish("Cancel")
    client.check()
    assert odoo.count("sale.order", []) == orders
    assert not odoo.count("dist.edi.partner", [("identifier", "=", "PINECREST")])
    assert not odoo.count("dist.edi.onboarding", [])


def test_key_is_shown_once(story):
    """G8: a new client gets a key, which nobody can read again."""
    client = story.client
    client.open(f"{BASE}api_client")
    client.press("New")
    client.field("name").locator("input, textarea").fill("Field sales tablet")
    client.choose("system_id", "Fieldmart")
    client.choose("scope_ids", "Submit orders")
    client.press("Generate key")
    secret = client.dialog.locator("[name=secret]")
    expect(secret).to_contain_text("dik_")
    key = secret.inner_text().split()[0]
    client.press("I have copied it", client.dialog)
    expect(client.dialog).to_have_count(0)
    expect(client.button("Replace key")).to_be_visible()
    assert key not in client.page.content()
    session_rows = story.odoo.search_read("dist.api.client", [("name", "=", "Field sales tablet")], [])
    assert key not in json.dumps(session_rows)
    client.check()


def test_order_tells_its_way(story):
    """M10: an order's smart button opens all that was said about it, oldest first."""
    domain = [("dist_channel_id", "!=", False), ("invoice_ids.state", "=", "posted")]
    client = story.client
    client.open("sale.action_orders", story.odoo.search("sale.order", domain, limit=1)[0])
    client.page.locator("button[name=action_view_dist_messages]").first.click()
    client.wait_for_view("Trace")
    told = [
        client.rows.filter(has_text=text).first for text in ("Order", "Shipment requested", "Order shipped")
    ]
    for row in told:
        expect(row).to_be_visible()
    expect(client.rows.first).to_contain_text("in")
    client.check()


def test_warehouse_person_sees_the_day(window, make_person):
    """W1, W4, W5: who only works in the warehouse sees the day on one page, and opens what each figure counts."""
    client = window(make_person("wendy.warehouse@example.com", "stock.group_stock_user"))
    client.open("dist_integration_wms.dist_warehouse_day_action", view=".o_dist_warehouse_day")
    for figure in ("released", "shipped", "decisions"):
        client.page.locator(f"[data-figure={figure}]").first.click()
        expect(client.rows.first).to_be_visible()
        client.check()
        client.page.go_back()
        expect(client.page.locator(".o_dist_warehouse_day")).to_be_visible()
    client.check()
