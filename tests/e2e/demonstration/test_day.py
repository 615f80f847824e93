"""The demonstration's day, shortened: what `make demo` promises its audience."""

import pytest

# orders that come at once meet on the same stock, and one of them may have to wait
pytestmark = pytest.mark.odoo_log("could not serialize access")
CATEGORIES = {"Business rule", "Unreadable message", "Unknown code", "Content does not fit"}


def test_the_books_agree(day):
    """O1: after a day with faults, orders, stock and messages are the same for everybody."""
    differing = [check for check in day.figures["checks"] if not check["passed"]]
    assert day.agreed and not differing, differing
    assert len(day.figures["checks"]) >= 12


@pytest.mark.parametrize("outcome", ["accepted", "accepted_in_part", "held", "waiting"])
def test_orders_meet_every_decision(day, outcome):
    """C3: the day has orders of every kind."""
    assert day.figures["orders"][outcome]


def test_refused_orders_say_why(day):
    """C3: what cannot be read, does not fit or is against the rules is told apart."""
    assert {"unreadable_message", "invalid_message"} <= set(day.figures["orders"]["refused"])


def test_warehouse_ships_in_every_way(day):
    """W2: full, in part, short, too much and from the wrong lot."""
    outcomes = {name for name, count in day.figures["shipping"]["outcomes"].items() if count}
    assert {"full", "partial", "short", "over", "wrong_lot"} <= outcomes
    assert day.figures["shipping"]["shipped whole"]
    assert day.figures["shipping"]["shipped in part, rest open"]


def test_failures_lie_before_people(day):
    """X1: each kind of failure has its category in the queue."""
    assert set(day.figures["exceptions"]) >= CATEGORIES


def test_outage_is_waited_out(day):
    """M7: deliveries wait while the warehouse is down, and leave afterwards."""
    messages = day.figures["messages"]
    assert messages["waiting at the peak"]
    assert messages["delivered"] == messages["out"]


def test_duplicates_have_no_effect(day):
    """M5: requests, orders and confirmations that come again are told apart from new ones."""
    suppressed = day.figures["duplicates suppressed"]
    assert suppressed["requests answered again"]
    assert suppressed["orders under another key"]
    assert suppressed["confirmations"] == 2
