"""What a planner does with proposals and items, by clicks, and what comes of it."""

import pytest
from playwright.sync_api import expect
from waiting import until

# orders that come at once meet on the same stock, and one of them may have to wait
pytestmark = pytest.mark.odoo_log("could not serialize access")
PLANNING = "dist_integration_planning.dist_planning_"
PROPOSAL = "dist.planning.proposal"
REASON = "Delisted in June"
# seconds; nothing here is measured
PATIENCE = 120


@pytest.fixture
def planner(window, make_person):
    """The window of somebody who decides about proposals and does nothing else."""
    group = "dist_integration_planning.group_dist_planning_planner"
    client = window(make_person("petra.planner@example.com", group))
    client.enter("dist_integration_planning.dist_planning_menu")
    return client


@pytest.fixture
def proposal(day):
    """A purchase that waits for a planner."""
    domain = [("state", "=", "proposed"), ("kind", "=", "purchase")]
    fields = ["product_id", "approved_quantity", "reason_text"]
    (found,) = day.odoo.search_read(PROPOSAL, domain, fields, order="value desc, id", limit=1)
    return found


def read(day, proposal, *names):
    """Return what is stored of a proposal."""
    return day.odoo.call(PROPOSAL, "read", [proposal["id"]], list(names))[0]


def open_from_list(client, proposal):
    """Open a proposal as a planner does, from the list of what waits; return its chart."""
    client.open(f"{PLANNING}proposal_action")
    client.row(proposal["product_id"][1]).locator(".o_list_record_open_form_view button").click()
    client.wait_for_view(view=".o_form_view")
    chart = client.page.locator(".o_dist_planning_chart")
    expect(chart.locator("canvas")).to_have_count(2)
    client.settle()
    return chart


def expect_state(client, label):
    """Expect a state in the form's bar."""
    expect(client.page.locator(".o_statusbar_status .o_arrow_button_current")).to_contain_text(label)


def test_proposal_is_approved(day, planner, proposal):
    """P3: why it waits, the chart and the stock are in view without scrolling; approved, it is bought once."""
    chart = open_from_list(planner, proposal)
    expect(planner.field("reason_text")).to_contain_text(proposal["reason_text"].splitlines()[0])
    for shown in (
        chart,
        planner.field("approved_quantity"),
        planner.field("on_hand"),
        planner.field("value"),
    ):
        expect(shown).to_be_in_viewport(ratio=0.95)
    planner.run("Approve")
    expect(planner.page.locator(".o_notification").first).to_contain_text("1 approved")
    until(lambda: read(day, proposal, "state")["state"] == "executed", PATIENCE, what="the purchase")
    line = read(day, proposal, "purchase_line_id")["purchase_line_id"][0]
    (bought,) = day.odoo.call("purchase.order.line", "read", [line], ["product_id", "product_qty"])
    assert (bought["product_id"], bought["product_qty"]) == (
        proposal["product_id"],
        proposal["approved_quantity"],
    )
    planner.open(f"{PLANNING}proposal_action", proposal["id"])
    expect_state(planner, "Done")
    expect(planner.button("Approve")).to_have_count(0)
    planner.check()


def test_proposal_is_refused(day, planner, proposal):
    """P3: a planner says no and why; the reason stands on the proposal, which is off the list."""
    open_from_list(planner, proposal)
    planner.press("Refuse")
    planner.dialog.locator("[name=reason] textarea, [name=reason] input").fill(REASON)
    planner.finish("Refuse")
    expect(planner.field("refusal_reason")).to_contain_text(REASON)
    expect_state(planner, "Refused")
    decided = read(day, proposal, "state", "refusal_reason", "decided_by_id", "purchase_line_id")
    assert (decided["state"], decided["refusal_reason"], decided["purchase_line_id"]) == (
        "refused",
        REASON,
        False,
    )
    assert decided["decided_by_id"][1] == "Petra"
    planner.open(f"{PLANNING}proposal_action")
    expect(planner.rows.first).to_be_visible()
    expect(planner.row(proposal["product_id"][1])).to_have_count(0)
    planner.check()


def test_item_explains_itself(planner):
    """P4: an item shows demand, forecast and stock at once, and below in words how its numbers come about."""
    planner.open(f"{PLANNING}item_action")
    planner.row("PLN-WASHER").locator("[name=product_id]").click()
    chart = planner.page.locator(".o_dist_planning_chart")
    expect(chart.locator("canvas")).to_have_count(2)
    expect(chart).to_be_in_viewport(ratio=0.95)
    explanation = planner.field("explanation_html")
    explanation.scroll_into_view_if_needed()
    for title in ("What was sold", "Forecast", "Safety stock", "Reorder point", "To order"):
        expect(explanation.locator("h4", has_text=title)).to_be_visible()
    expect(explanation.locator("li").first).to_contain_text("on average")
    planner.check()
