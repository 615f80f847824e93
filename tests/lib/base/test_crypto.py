import pytest
from cryptography.fernet import Fernet
from dist_integration_base.lib.crypto import DecryptionError, KeyRing, generate_key
from dist_integration_base.lib.errors import ConfigurationError
from hypothesis import given
from hypothesis import strategies as st

OLD, NEW = generate_key(), generate_key()


@given(st.text())
def test_round_trip(text):
    if any("\ud800" <= character <= "\udfff" for character in text):
        return
    ring = KeyRing([NEW])
    token = ring.encrypt(text)
    assert token.isascii()
    assert ring.decrypt(token) == text


def test_it_is_plain_fernet():
    assert Fernet(NEW.encode()).decrypt(KeyRing([NEW]).encrypt("x").encode()) == b"x"


def test_rotation():
    token = KeyRing([OLD]).encrypt("secret")
    both = KeyRing([NEW, OLD])
    assert both.decrypt(token) == "secret"
    assert not both.is_current(token)
    rotated = both.rotate(token)
    assert both.is_current(rotated)
    assert KeyRing([NEW]).decrypt(rotated) == "secret"
    with pytest.raises(DecryptionError):
        KeyRing([NEW]).decrypt(token)


@pytest.mark.parametrize("token", ["", "x", "é", "\udcff", "gAAAAA" + "x" * 100])
def test_not_a_token(token):
    ring = KeyRing([NEW])
    for call in (ring.decrypt, ring.rotate):
        with pytest.raises(DecryptionError) as caught:
            call(token)
        assert caught.value.code == "undecryptable"
    assert not ring.is_current(token)


def test_altered_token():
    ring = KeyRing([NEW])
    token = ring.encrypt("secret")
    other = "A" if token[40] != "A" else "B"
    with pytest.raises(DecryptionError):
        ring.decrypt(token[:40] + other + token[41:])


@pytest.mark.parametrize("keys", [[], [""], ["  ", ""]])
def test_no_key(keys):
    with pytest.raises(ConfigurationError) as caught:
        KeyRing(keys)
    assert caught.value.code == "no_key"


@pytest.mark.parametrize("key", ["short", OLD[:-4], OLD + "AAAA", "é" * 44, "+" * 44, "a" * 43])
def test_malformed_key_is_named_by_position_and_not_repeated(key):
    with pytest.raises(ConfigurationError) as caught:
        KeyRing([NEW, key])
    assert caught.value.code == "invalid_key"
    assert "key 2" in caught.value.detail
    assert key not in caught.value.detail


def test_blank_entries_are_skipped():
    assert KeyRing(["", f" {NEW}\n"]).fingerprint() == KeyRing([NEW]).fingerprint()


def test_fingerprint_names_the_first_key_only():
    assert KeyRing([NEW, OLD]).fingerprint() == KeyRing([NEW]).fingerprint()
    assert KeyRing([NEW]).fingerprint() != KeyRing([OLD]).fingerprint()
    assert len(KeyRing([NEW]).fingerprint()) == 16
    assert KeyRing([NEW]).fingerprint() not in NEW
