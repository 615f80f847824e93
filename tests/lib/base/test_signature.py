import base64
from datetime import datetime, timezone

import pytest
from dist_integration_base.lib import signature
from dist_integration_base.lib.errors import InvalidSecretError, SignatureError
from hypothesis import given
from hypothesis import strategies as st

# The two vectors of the Standard Webhooks specification.
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
TIMESTAMP = 1614265330
BODY = b'{"test": 2432232314}'
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
V1 = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
PRIVATE = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
V1A = "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="


def headers(**changes):
    found = {"webhook-id": ID, "webhook-timestamp": str(TIMESTAMP), "webhook-signature": V1}
    found.update({name.replace("_", "-"): value for name, value in changes.items()})
    return {name: value for name, value in found.items() if value is not None}


def refused(given_headers, secrets=(SECRET,), body=BODY, now=TIMESTAMP):
    with pytest.raises(SignatureError) as caught:
        signature.verify(given_headers, body, secrets, now=now)
    return caught.value.code


@pytest.mark.parametrize(("secret", "expected"), [(SECRET, V1), (PRIVATE, V1A)])
def test_official_vectors(secret, expected):
    assert signature.sign(ID, TIMESTAMP, BODY, [secret]) == headers(webhook_signature=expected)
    assert signature.verify(headers(webhook_signature=expected), BODY, [secret], now=TIMESTAMP) == ID


def test_public_key_verifies_what_the_private_key_signed():
    public = signature.public_key_of(PRIVATE)
    assert signature.verify(headers(webhook_signature=V1A), BODY, [public], now=TIMESTAMP) == ID


def test_new_pair_belongs_together_and_differs_each_time():
    private, public = signature.new_signing_key_pair()
    assert signature.public_key_of(private) == public
    assert signature.new_signing_key_pair()[0] != private
    signed = signature.sign(ID, TIMESTAMP, BODY, [private])
    assert signature.verify(signed, BODY, [public], now=TIMESTAMP) == ID
    assert refused(signed, [signature.new_signing_key_pair()[1]]) == "no_match"


def test_new_secret_holds_32_bytes():
    secret = signature.new_secret()
    assert len(base64.b64decode(secret[len("whsec_") :])) == 32
    signature.check_secret(secret)


def test_rotation_signs_with_both_and_either_verifies():
    old, new = signature.new_secret(), signature.new_secret()
    signed = signature.sign(ID, TIMESTAMP, BODY, [new, old, PRIVATE])
    assert [piece.split(",")[0] for piece in signed["webhook-signature"].split(" ")] == ["v1", "v1", "v1a"]
    for secret in (old, new, PRIVATE, signature.public_key_of(PRIVATE)):
        assert signature.verify(signed, BODY, [secret], now=TIMESTAMP) == ID
    assert signature.verify(signed, BODY, [signature.new_secret(), old], now=TIMESTAMP) == ID


def test_header_names_in_any_case():
    assert signature.verify({n.title(): v for n, v in headers().items()}, BODY, [SECRET], now=TIMESTAMP) == ID


@pytest.mark.parametrize("name", ["webhook_id", "webhook_timestamp", "webhook_signature"])
@pytest.mark.parametrize("value", [None, ""])
def test_missing_header(name, value):
    assert refused(headers(**{name: value})) == "missing_header"


@pytest.mark.parametrize(
    "changes",
    [
        {"webhook_timestamp": "yesterday"},
        {"webhook_timestamp": "1614265330.5"},
        {"webhook_timestamp": "-1614265330"},
        {"webhook_timestamp": "١٦١٤٢٦٥٣٣٠"},
        {"webhook_timestamp": "9" * 5000},
        {"webhook_id": "msg.with.dots"},
        {"webhook_id": "msg\nid"},
        {"webhook_id": "é"},
        {"webhook_signature": "g0hM9SsE"},
        {"webhook_signature": "v1,"},
        {"webhook_signature": ",abc"},
        {"webhook_signature": "   "},
        {"webhook_signature": " ".join([V1] * 17)},
    ],
)
def test_malformed_header(changes):
    assert refused(headers(**changes)) == "malformed_header"


def test_clock_tolerance_is_inclusive_both_ways():
    for now in (TIMESTAMP - 300, TIMESTAMP + 300):
        assert signature.verify(headers(), BODY, [SECRET], now=now) == ID
    assert refused(headers(), now=TIMESTAMP + 301) == "timestamp_too_old"
    assert refused(headers(), now=TIMESTAMP - 301) == "timestamp_too_new"


def test_the_present_is_the_default():
    assert refused(headers(), now=None) == "timestamp_too_old"


@pytest.mark.parametrize(
    "value",
    [
        V1[:-2] + "A=",
        V1.lower(),
        "v2," + V1[3:],
        "v1a," + V1[3:],
        "v1," + V1A[4:],
        "v1,é",
        "v1,\udcff",
        "v1a,not base64".replace(" ", "!"),
    ],
)
def test_wrong_signature(value):
    assert refused(headers(webhook_signature=value), [SECRET, PRIVATE]) == "no_match"


def test_other_body_id_or_time_does_not_verify():
    assert refused(headers(), body=BODY + b" ") == "no_match"
    assert refused(headers(webhook_id="msg_other")) == "no_match"
    assert refused(headers(webhook_timestamp=str(TIMESTAMP + 1))) == "no_match"


def test_unknown_versions_are_passed_over():
    assert signature.verify(headers(webhook_signature=f"v9,abc {V1}"), BODY, [SECRET], now=TIMESTAMP) == ID


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_",
        "whsec_***",
        "whsec_" + base64.b64encode(b"x" * 23).decode(),
        "whsec_" + base64.b64encode(b"x" * 65).decode(),
        "whsk_" + base64.b64encode(b"x" * 31).decode(),
        "whsk_" + base64.b64encode(b"x" * 64).decode(),
        "whpk_" + base64.b64encode(b"x" * 31).decode(),
        "whsec_é",
    ],
)
def test_unusable_secret_is_our_error_and_is_not_repeated(secret):
    for call in (
        lambda: signature.check_secret(secret),
        lambda: signature.sign(ID, TIMESTAMP, BODY, [secret]),
        lambda: signature.verify(headers(), BODY, [secret], now=TIMESTAMP),
    ):
        with pytest.raises(InvalidSecretError) as caught:
            call()
        assert len(secret) < 7 or secret[6:] not in str(caught.value)


@pytest.mark.parametrize("size", [24, 64])
def test_limits_of_secret_length(size):
    signature.check_secret("whsec_" + base64.b64encode(b"x" * size).decode())


def test_no_secret_and_public_key_cannot_sign():
    for secrets in ([], [signature.public_key_of(PRIVATE)]):
        with pytest.raises(InvalidSecretError):
            signature.sign(ID, TIMESTAMP, BODY, secrets)
    with pytest.raises(InvalidSecretError):
        signature.verify(headers(), BODY, [])


@pytest.mark.parametrize("message_id", ["", "a.b", "a b", "a\r\nx: y", "é", "x" * 256])
def test_message_id_that_cannot_be_signed(message_id):
    with pytest.raises(ValueError):
        signature.sign(message_id, TIMESTAMP, BODY, [SECRET])


@pytest.mark.parametrize("timestamp", [-1, 1.5, True, 10**12])
def test_timestamp_that_cannot_be_signed(timestamp):
    with pytest.raises(ValueError):
        signature.sign(ID, timestamp, BODY, [SECRET])


@given(st.binary(max_size=500), st.integers(0, 10**11), st.sampled_from([SECRET, PRIVATE]))
def test_round_trip(body, timestamp, secret):
    signed = signature.sign(ID, timestamp, body, [secret])
    assert signature.verify(signed, body, [secret], now=timestamp) == ID


@given(st.binary(max_size=200), st.binary(min_size=24, max_size=64))
def test_same_as_the_reference_package(body, raw):
    reference = pytest.importorskip("standardwebhooks")
    secret = "whsec_" + base64.b64encode(raw).decode()
    # The package reads the body as text.
    body = body.decode("latin-1").encode()
    now = datetime.now(tz=timezone.utc)
    theirs = reference.Webhook(secret).sign(ID, now, body.decode())
    ours = signature.sign(ID, int(now.timestamp()), body, [secret])
    assert ours["webhook-signature"] == theirs
    assert signature.verify({**ours, "webhook-signature": theirs}, body, [secret]) == ID
    if body[:1] == b"{":
        return
    # Its verify parses the body as JSON afterwards, so give it some.
    document = b'{"a": 1}'
    signed = signature.sign(ID, int(now.timestamp()), document, [signature.new_secret(), secret])
    assert reference.Webhook(secret).verify(document, signed) == {"a": 1}
