import pytest
from dist_integration_base.lib.series import name_states


def state(content, key=""):
    return key or f"key-{content}", f"hash-{content}"


def fetch(stored, coming):
    """Store what comes; return the keys of what is new."""
    names = name_states(stored, [state(content) for content in coming])
    known = {key for key, _hash in stored}
    for content, name in zip(coming, names, strict=True):
        if name not in known:
            known.add(name)
            stored.append(state(content, name))


@pytest.mark.parametrize(
    ("fetches", "stored"),
    [
        (["A", "A"], "A"),
        (["A", "B", "A", "A"], "ABA"),
        (["ABAB", "ABABA", "ABABA"], "ABABA"),
        # a window that moves on over the changes of a record
        (["ABC", "BC", "BCD", "D"], "ABCD"),
        (["AABB"], "AB"),
        ([""], ""),
    ],
)
def test_states_of_a_record(fetches, stored):
    """M5, M9: the end of what is stored, seen once more, is known; what follows it is news, whatever it is."""
    found = []
    for coming in fetches:
        fetch(found, coming)
    assert "".join(content[-1] for _key, content in found) == stored
    assert len({key for key, _hash in found}) == len(found)


def test_first_state_has_its_own_key():
    """M5: two workers that store the same give it the same key."""
    coming = [state("A"), state("B"), state("A")]
    assert name_states([], coming) == name_states([], coming)
    assert name_states([], coming)[0] == "key-A"
