"""P3: which proposals are approved by themselves."""

from dataclasses import replace

from dist_integration_planning.lib.approval import Facts, Rule, find_rule, judge

FACTS = Facts(source=1, kind="purchase", supplier=7, category=3, product_class="A", value=900.0, change=0.2)
RULE = Rule(1, "Small ones", value_limit=1000.0, change_limit=0.5)


def codes(facts, rule):
    return [reason.code for reason in judge(facts, rule)]


def test_within_the_limits():
    assert codes(FACTS, RULE) == []
    assert codes(FACTS, replace(RULE, value_limit=0.0, change_limit=0.0)) == []


def test_each_limit():
    """P3: value, change against the last, cover and forecast error each stop a proposal, whatever the others say."""
    assert codes(replace(FACTS, value=1000.01), RULE) == ["value"]
    assert codes(replace(FACTS, change=-0.6), RULE) == ["change"]
    assert codes(replace(FACTS, change=None), RULE) == ["change"]
    assert codes(replace(FACTS, change=None), replace(RULE, change_limit=0.0)) == []
    assert codes(replace(FACTS, cover_days=91.0), replace(RULE, cover_limit=90.0)) == ["cover"]
    assert codes(replace(FACTS, cover_days=None), replace(RULE, cover_limit=90.0)) == ["cover"]
    assert codes(replace(FACTS, forecast_error=0.4), replace(RULE, error_limit=0.3)) == ["forecast_error"]
    assert codes(FACTS, replace(RULE, error_limit=0.3)) == ["forecast_error"]
    reason = judge(replace(FACTS, value=2000.0), RULE)[0]
    assert (reason.found, reason.limit, reason.beside) == (2000.0, 1000.0, 0.0)


def test_value_counts_what_rules_approved():
    """P3: many proposals below the limit are one above it."""
    assert codes(replace(FACTS, value_beside=100.0), RULE) == []
    reason = judge(replace(FACTS, value_beside=101.0), RULE)[0]
    assert (reason.code, reason.found, reason.limit, reason.beside) == ("value", 1001.0, 1000.0, 101.0)
    assert codes(replace(FACTS, value=None, kind="transfer", value_beside=101.0), RULE) == ["no_price"]


def test_value_is_not_rounded():
    """P3: what is above a limit by a part of a cent is above it; what floats make of the limit itself is not."""
    assert codes(replace(FACTS, value=0.012), replace(RULE, value_limit=0.01)) == ["value"]
    assert codes(replace(FACTS, value=3 * 1.1), replace(RULE, value_limit=3.3)) == []


def test_unknown_value():
    """P3: where a rule or the source has a limit, what nobody knows the value of waits; elsewhere only purchases do."""
    move = replace(FACTS, kind="transfer", value=None)
    assert codes(move, RULE) == ["no_price"]
    assert codes(move, replace(RULE, value_limit=0.0)) == []
    assert codes(replace(move, source_limit=5.0), replace(RULE, value_limit=0.0)) == ["no_price"]
    assert codes(replace(move, source_limit=5.0), RULE) == ["no_price"]


def test_limit_of_the_source():
    """P2, P3: what comes to more than its source may propose waits, whatever a rule approves."""
    assert codes(replace(FACTS, source_limit=899.0), RULE) == ["source_limit"]
    assert codes(replace(FACTS, source_limit=900.0), RULE) == []


def test_what_no_rule_approves():
    """P3, rules 11 and 14: an expired plan, a purchase without supplier or price and a lead time always wait."""
    assert codes(replace(FACTS, expired_days=20), RULE) == ["expired"]
    assert codes(replace(FACTS, supplier=None), RULE) == ["no_supplier"]
    assert codes(replace(FACTS, value=None), RULE) == ["no_price"]
    assert codes(replace(FACTS, is_stocked=False), RULE) == ["discontinued"]
    assert codes(replace(FACTS, kind="lead_time"), RULE) == ["lead_time"]
    assert codes(FACTS, None) == ["no_rule"]
    assert codes(FACTS, replace(RULE, is_automatic=False)) == ["manual"]


def test_first_rule_that_fits():
    """P3: rules go by source, kind, supplier, category and class; the first that fits decides."""
    strict = Rule(2, "Harbour", supplier=7, is_automatic=False)
    assert find_rule(FACTS, [strict, RULE]) is strict
    for other in (
        {"source": 2},
        {"kind": "transfer"},
        {"supplier": 8},
        {"categories": frozenset({4})},
        {"product_class": "B"},
    ):
        assert find_rule(FACTS, [replace(strict, **{"supplier": None, **other}), RULE]) is RULE
    assert find_rule(FACTS, []) is None
