"""Which proposals are approved by themselves, and why the others wait."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

# kinds that add to the stock
COVERED = ("purchase", "transfer")
# what is above a limit by less than that is not above it: floats come that close, and nobody counts it
SAME = 1e-6


@dataclass(frozen=True)
class Rule:
    """What an approval rule fits, and how far it goes.

    :ivar kind: of the proposals it fits; None for all, as with the others
    :ivar categories: ids of product categories
    :ivar value_limit: in the company's currency; limits of 0.0 are none, but for those of `Facts` themselves
    :ivar change_limit: as a share, like `error_limit`
    """

    id: int
    name: str
    source: int | None = None
    kind: str | None = None
    supplier: int | None = None
    categories: frozenset[int] | None = None
    product_class: str | None = None
    is_automatic: bool = True
    value_limit: float = 0.0
    change_limit: float = 0.0
    cover_limit: float = 0.0
    error_limit: float = 0.0


@dataclass(frozen=True)
class Facts:
    """What is known of a proposal.

    :ivar value: in the company's currency, not rounded; None where no price is known
    :ivar value_beside: of what rules approved of the item already and no buyer looked at yet
    :ivar is_stocked: whether the item is still sold and is one that stock is kept of
    :ivar source_limit: value that the source may propose up to, so that it has to be known; 0.0 for no limit
    :ivar change: against the last one that was approved, as a share; None where there was none, or one of nothing
    :ivar cover_days: None where no demand is expected
    :ivar forecast_error: as a share; None where it was not measured yet
    :ivar expired_days: age of the plan, where that is too old; 0 where it is not
    """

    source: int
    kind: str
    supplier: int | None = None
    category: int | None = None
    product_class: str | None = None
    value: float | None = None
    value_beside: float = 0.0
    change: float | None = None
    cover_days: float | None = None
    forecast_error: float | None = None
    expired_days: int = 0
    is_stocked: bool = True
    source_limit: float = 0.0

    @property
    def needs_value(self) -> bool:
        """Tell whether nothing is approved before its value is known, whatever a rule says."""
        return self.kind == "purchase" or bool(self.source_limit)


@dataclass(frozen=True)
class Reason:
    """Why a proposal waits.

    :ivar found: the figure; None where it is not known
    :ivar limit: what it is above of; None where there is no such limit
    :ivar beside: what of the figure is of other proposals
    """

    code: str
    found: float | None = None
    limit: float | None = None
    beside: float = 0.0


def find_rule(facts: Facts, rules: Iterable[Rule]) -> Rule | None:
    """Return the first rule that fits a proposal."""
    for rule in rules:
        if (
            rule.source in (None, facts.source)
            and rule.kind in (None, facts.kind)
            and rule.supplier in (None, facts.supplier)
            and (rule.categories is None or facts.category in rule.categories)
            and rule.product_class in (None, facts.product_class)
        ):
            return rule
    return None


def judge(facts: Facts, rule: Rule | None) -> list[Reason]:
    """Return why a proposal waits for a planner; empty where it is approved.

    What nobody ever approves by a rule waits whatever the rule says: an expired plan, what is discontinued, a purchase
    without supplier or price, a lead time; of a source that may propose up to a value, also what comes to more, or to
    nobody knows what.
    """
    reasons = _get_own_reasons(facts)
    if facts.kind == "lead_time":
        return reasons
    if rule is None:
        return [*reasons, Reason("no_rule")]
    if not rule.is_automatic:
        return [*reasons, Reason("manual")]
    return reasons + _get_limit_reasons(facts, rule)


def _get_own_reasons(facts: Facts) -> list[Reason]:
    reasons = []
    if facts.expired_days:
        reasons.append(Reason("expired", facts.expired_days))
    if not facts.is_stocked:
        reasons.append(Reason("discontinued"))
    if facts.kind == "lead_time":
        reasons.append(Reason("lead_time", facts.change))
    if facts.kind == "purchase" and not facts.supplier:
        reasons.append(Reason("no_supplier"))
    elif facts.needs_value and facts.value is None:
        reasons.append(Reason("no_price"))
    # what the supplier's packs or a planner made of it
    if facts.source_limit and facts.value is not None and facts.value > facts.source_limit + SAME:
        reasons.append(Reason("source_limit", facts.value, facts.source_limit))
    return reasons


def _get_limit_reasons(facts: Facts, rule: Rule) -> list[Reason]:
    value = None if facts.value is None else facts.value + facts.value_beside
    change = None if facts.change is None else abs(facts.change)
    checked = [
        Reason("value", value, rule.value_limit, facts.value_beside),
        Reason("change", change, rule.change_limit),
        Reason("cover", facts.cover_days, rule.cover_limit),
        Reason("forecast_error", facts.forecast_error, rule.error_limit),
    ]
    reasons = [
        reason
        for reason in checked
        if reason.limit and reason.found is not None and reason.found > reason.limit + SAME
    ]
    # what nobody knows may be above it
    if rule.value_limit and facts.value is None and not facts.needs_value:
        reasons.append(Reason("no_price"))
    # nothing was approved that it could be compared with
    if rule.change_limit and facts.change is None:
        reasons.append(Reason("change", None, rule.change_limit))
    # it lasts for ever
    if rule.cover_limit and facts.cover_days is None and facts.kind in COVERED:
        reasons.append(Reason("cover", None, rule.cover_limit))
    # a quality that nobody measured is not good enough
    if rule.error_limit and facts.forecast_error is None:
        reasons.append(Reason("forecast_error", None, rule.error_limit))
    return reasons
