import pytest
from dist_integration_base.lib.ownership import OwnershipRule, judge

OWNER, OTHER = 1, 2


def make_rule(conflict="flag", owner=OWNER, new_records="any", group=1):
    return OwnershipRule(
        row=1,
        group=group,
        owner=owner,
        conflict=conflict,
        new_records=new_records,
        people="warn",
        steward=None,
    )


def test_the_owner_and_fields_of_nobody_pass():
    verdict = judge(["name", "note"], {"name": make_rule("refuse")}, OWNER)
    assert not (verdict.refused or verdict.left or verdict.noticed)
    assert not judge(["note"], {"name": make_rule("refuse")}, OTHER).refused


@pytest.mark.parametrize(
    ("conflict", "outcome"), [("refuse", "refused"), ("flag", "left"), ("notify", "noticed")]
)
def test_each_policy_has_its_outcome(conflict, outcome):
    rule = make_rule(conflict)
    verdict = judge(["name"], {"name": rule}, OTHER)
    found = {name: getattr(verdict, name) for name in ("refused", "left", "noticed")}
    assert found == {"refused": {}, "left": {}, "noticed": {}, outcome: {rule: ["name"]}}


def test_odoo_as_owner_is_foreign_to_every_system():
    rule = make_rule("refuse", owner=None)
    assert judge(["name"], {"name": rule}, OWNER).refused == {rule: ["name"]}


@pytest.mark.parametrize(("new_records", "refused"), [("any", False), ("owner", True)])
def test_new_records(new_records, refused):
    rule = make_rule("refuse", new_records=new_records)
    assert bool(judge(["name"], {"name": rule}, OTHER, is_new=True).refused) is refused
    assert not judge(["name"], {"name": rule}, OWNER, is_new=True).refused


def test_groups_are_kept_apart():
    one, two = make_rule("flag", group=1), make_rule("refuse", group=2)
    verdict = judge(["name", "email", "vat"], {"name": one, "email": one, "vat": two}, OTHER)
    assert verdict.left == {one: ["name", "email"]}
    assert verdict.refused == {two: ["vat"]}
