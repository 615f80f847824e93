"""Mass data in both directions, and what must not wait behind it."""

import pytest
from partners.onboarding import connect
from stack import ENDPOINT, Listener, Stack
from waiting import until

MASS = 120
URGENT = 8
# so long takes the mass partner for each of its webhooks
DELAY = 0.5


@pytest.fixture(scope="module")
def stack(env):
    with Stack(env, "isolation") as stack:
        yield stack


@pytest.fixture(scope="module")
def mass(stack):
    """A partner that sends and hears in bulk, slowly."""
    with Listener(stack.server.url) as partner:
        connection = connect(
            stack.odoo,
            "MASS",
            partner.webhook_url,
            receives=["partner.changed"],
            submits=["partner.submit"],
            system={"kind": "other"},
            endpoint={**ENDPOINT, "timeout": 10},
            flows={
                message_type: {"criticality": "bulk"}
                for message_type in ("partner.changed", "partner.submit")
            },
        )
        partner.authorise(connection.key, [connection.secret])
        partner.fail("slow", delay=DELAY)
        yield partner


def waiting_mass(stack):
    """Return how many bulk messages wait, by direction."""
    counts = "SELECT direction, count(*) FROM dist_message WHERE criticality = 'bulk' AND state = 'pending' GROUP BY 1"
    return dict(stack.sql(counts))


def test_urgent_passes_mass(stack, mass):
    """M11: what is urgent enters and leaves while mass data that came before it still waits both ways."""
    partners = [{"external_id": f"MASS-{number}", "name": f"MASS-{number}"} for number in range(MASS)]
    answer = mass.api.post("/test/partners/bulk", {"items": partners}, "mass")
    assert answer.status == 202
    until(lambda: stack.count_partners("MASS-") > 5, what="the mass data under way")
    for number in range(URGENT):
        name = f"URGENT-{number}"
        stack.submit(name, headers={"Prefer": "respond-async"})
        until(lambda name=name: stack.partner.heard_of(name), what=name)
    left = waiting_mass(stack)
    assert left.get("out"), "the mass data had left before, so nothing was proved"
    assert not [event for event in mass.heard if event["data"]["name"] == f"URGENT-{URGENT - 1}"]
    mass.fail(None)
    stack.until_quiet(240)
    assert stack.count_partners("MASS-") == MASS
    assert len({event["id"] for event in mass.heard}) == MASS + URGENT
