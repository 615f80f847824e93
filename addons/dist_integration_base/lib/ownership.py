"""Who may write what: the rule of a field group, and what it makes of a message's values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

REFUSE = "refuse"
FLAG = "flag"
NOTIFY = "notify"


@dataclass(frozen=True)
class OwnershipRule:
    """Who owns a field group in a company.

    :param row: id of the row of the matrix that decides
    :param group: id of the field group
    :param owner: id of the owning system; None when Odoo itself owns it
    :param conflict: REFUSE, FLAG or NOTIFY: what becomes of another system's value
    :param new_records: ``any`` lets whoever creates a record fill the group, ``owner`` only its owner
    :param people: ``allow``, ``warn`` or ``refuse``: what becomes of a person's value, where a system owns it
    :param steward: id of the user who decides; None when there is none
    """

    row: int
    group: int
    owner: int | None
    conflict: str
    new_records: str
    people: str
    steward: int | None

    def is_foreign(self, system: int, *, is_new: bool) -> bool:
        """Whether a value of a system has to pass the rule's conflict policy."""
        return self.owner != system and not (is_new and self.new_records == "any")


@dataclass(frozen=True)
class Verdict:
    """What becomes of the values of one record.

    :ivar refused: rule to names of fields, for which the message is refused
    :ivar left: rule to names of fields that keep the value they have
    :ivar noticed: rule to names of fields that are written and told to the steward
    """

    refused: dict[OwnershipRule, list[str]] = field(default_factory=dict)
    left: dict[OwnershipRule, list[str]] = field(default_factory=dict)
    noticed: dict[OwnershipRule, list[str]] = field(default_factory=dict)


def judge(
    names: Iterable[str], rules: Mapping[str, OwnershipRule], system: int, *, is_new: bool = False
) -> Verdict:
    """Judge the fields that a system's message changes.

    :param names: fields whose value differs from the present one
    :param rules: field to rule; a field without one belongs to nobody and may be written by anybody
    :param system: id of the system that sends
    :param is_new: the record is about to be created
    """
    verdict = Verdict()
    groups = {REFUSE: verdict.refused, FLAG: verdict.left, NOTIFY: verdict.noticed}
    for name in names:
        rule = rules.get(name)
        if rule and rule.is_foreign(system, is_new=is_new):
            groups[rule.conflict].setdefault(rule, []).append(name)
    return verdict
