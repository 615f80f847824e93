import hashlib
import re

import pytest
from dist_integration_base.lib import apikey
from hypothesis import given
from hypothesis import strategies as st

KEY, PREFIX = apikey.generate()


@pytest.mark.parametrize("environment", ["live", "test"])
def test_form(environment):
    key, prefix = apikey.generate(environment)
    assert re.fullmatch(f"dik_{environment}_{prefix}_[0-9A-Za-z]{{49}}", key)
    assert len(prefix) == 8
    assert apikey.split_prefix(key) == prefix
    assert apikey.environment_of(key) == environment


def test_keys_differ():
    assert len({apikey.generate()[0] for _ in range(100)}) == 100


def test_unknown_environment():
    with pytest.raises(ValueError):
        apikey.generate("prod")


def test_hash_and_match():
    stored = apikey.hash_key(KEY)
    assert stored == hashlib.sha256(KEY.encode()).hexdigest()
    assert apikey.matches(KEY, stored)
    assert not apikey.matches(apikey.generate()[0], stored)
    assert not apikey.matches("", stored)
    assert not apikey.matches("\udcff é", stored)
    assert not apikey.matches(KEY, "")


@given(st.integers(0, len(KEY) - 1), st.sampled_from("0123456789ABCDEFabcdef_-~ é"))
def test_one_wrong_character_is_seen(position, character):
    wrong = KEY[:position] + character + KEY[position + 1 :]
    if wrong == KEY:
        return
    with pytest.raises(apikey.InvalidKeyError) as caught:
        apikey.split_prefix(wrong)
    assert wrong not in str(caught.value)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "dik_live",
        KEY[:-1],
        KEY + "x",
        KEY + "\n",
        " " + KEY,
        KEY.lower(),
        KEY.replace("live", "test"),
        "x" * 10**6,
    ],
)
def test_not_a_key(key):
    with pytest.raises(apikey.InvalidKeyError):
        apikey.split_prefix(key)


@given(st.integers(0, 10**6))
def test_swapped_neighbours_are_seen(seed):
    key, _prefix = apikey.generate()
    position = 18 + seed % 40
    if key[position] == key[position + 1]:
        return
    swapped = key[:position] + key[position + 1] + key[position] + key[position + 2 :]
    with pytest.raises(apikey.InvalidKeyError):
        apikey.split_prefix(swapped)
