import hashlib

import pytest
from dist_integration_base.lib.audit import (
    GENESIS,
    Link,
    Verifier,
    canonical,
    digest,
    is_signed,
    link_hash,
    sign_head,
)
from hypothesis import given
from hypothesis import strategies as st

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def chain(*contents):
    links, previous = [], GENESIS
    for number, content in enumerate(contents, 1):
        links.append(Link(number, previous, link_hash(previous, number, content), content))
        previous = links[-1].hash
    return links


def verify(links, count=None, known=None):
    verifier = Verifier(known)
    for link in links:
        if not verifier.add(link):
            break
    finding = verifier.finish(len(links) if count is None else count)
    return finding and (finding.number, finding.code)


@given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_the_order_of_names_does_not_matter(entry):
    assert canonical(dict(reversed(entry.items()))) == canonical(entry)


def test_text_of_an_entry():
    assert canonical({"b": "Ä", "a": [1, None, True]}) == '{"a":[1,null,true],"b":"Ä"}'


@pytest.mark.parametrize("value", [1.5, b"x", {1: "x"}, [{"a": 0.1}]])
def test_values_without_an_exact_text_are_refused(value):
    with pytest.raises(TypeError):
        canonical({"value": value})


def test_hash_can_be_made_by_anybody():
    assert link_hash(GENESIS, 1, "{}") == hashlib.sha256(("0" * 64 + "\n1\n{}").encode()).hexdigest()


def test_whole_chain():
    assert verify(chain("a", "b", "c")) is None
    assert verify([]) is None


def replaced(links, position, **values):
    return [
        Link(**{**vars(link), **values}) if index == position else link for index, link in enumerate(links)
    ]


def test_first_wrong_entry_is_named():
    links = chain("a", "b", "c", "d")
    assert verify(replaced(links, 1, content="B")) == (2, "changed")
    assert verify(replaced(links, 1, content=None)) == (2, "removed")
    assert verify([links[0], *links[2:]], 4) == (2, "missing")
    assert verify(links[1:], 4) == (1, "missing")
    assert verify(links[:3], 4) == (4, "cut")
    assert verify([], 4) == (1, "cut")
    swapped = replaced(replaced(links, 1, content="c"), 2, content="b")
    assert verify(swapped) == (2, "changed")


def test_entry_that_was_hashed_again_is_found_by_its_successor():
    links = chain("a", "b", "c")
    forged = replaced(links, 1, content="B", hash=link_hash(links[0].hash, 2, "B"))
    assert verify(forged) == (3, "detached")


def test_chain_that_was_made_anew_is_found_by_what_was_kept_elsewhere():
    links = chain("a", "b", "c")
    forged = chain("a", "B", "c")
    assert verify(forged) is None
    assert verify(forged, known={3: links[2].hash}) == (3, "changed")
    assert verify(forged[:2], 2, known={3: links[2].hash}) == (3, "cut")


def test_proof_of_the_end():
    proof = sign_head("key", 3, "abc")
    assert is_signed(["new", "key"], 3, "abc", proof)
    assert not is_signed(["new"], 3, "abc", proof)
    assert not is_signed(["key"], 2, "abc", proof)


def test_digest_of_a_text():
    """G5: as documented, so that it is verified elsewhere; another salt, place or type makes another one."""
    assert digest("salt", "reason", "é") == hashlib.sha256('salt\nreason\n"é"'.encode()).hexdigest()
    assert digest("salt", "reason", None) is None
    others = {digest("salt", "reason", "1"), digest("other", "reason", "1"), digest("salt", "0/old", "1"),
              digest("salt", "reason", 1)}  # fmt: skip
    assert len(others) == 4
