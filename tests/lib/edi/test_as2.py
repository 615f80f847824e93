"""E8: AS2 against another implementation, both ways, and what goes wrong on the way."""

import base64
import itertools

import pytest
from dist_integration_edi.lib.as2 import cms, message
from dist_integration_edi.lib.as2.errors import SEALED, As2Error
from dist_integration_edi.lib.as2.message import Protection
from dist_integration_edi.lib.as2.mime import Entity
from dist_integration_edi.lib.as2.receipt import Receipt, Wish, judge, make_wish, read_receipt, write_receipt
from dist_integration_edi.lib.as2.receiving import Incoming, Terms, answer
from hypothesis import given
from hypothesis import strategies as st
from partners.as2 import Station
from services.certificates import make_rsa_pair

# line ends of every kind, and what is no text
DOCUMENT = b"ISA*00*~\r\nGS*PO~\nBEG*00~\r\xe9\x00\xff--=_0\r\n\r\n"
X12 = "application/edi-x12"
MESSAGE_ID = "<msg_1@odoo.example>"
PYAS2_CIPHERS = {
    "3des": "tripledes_192_cbc",
    "aes128": "aes_128_cbc",
    "aes192": "aes_192_cbc",
    "aes256": "aes_256_cbc",
}


def _pair(pem):
    end = pem.index("-----END CERTIFICATE-----") + len("-----END CERTIFICATE-----\n")
    return cms.KeyPair(cms.Certificate(pem[:end]), pem[end:])


@pytest.fixture(scope="module")
def keys():
    """PEM of ours, of the partner's, and of a stranger's pair."""
    return [make_rsa_pair(name) for name in ("Ours", "Theirs", "Stranger")]


@pytest.fixture(scope="module")
def pairs(keys):
    return [_pair(pem) for pem in keys]


@pytest.fixture
def station(keys, pairs):
    """A function that makes the partner's station, as it was agreed."""

    def make(**agreed):
        return Station("PARTNER", keys[1], "OUR HOUSE", pairs[0].certificate.pem, **agreed)

    return make


@pytest.fixture
def terms(pairs):
    def make(**values):
        defaults = {"must_be_signed": False, "must_be_encrypted": False}
        return Terms(pairs[:1], [pairs[1].certificate], **{**defaults, **values})

    return make


def _send(pairs, protection, body=DOCUMENT, wish=None, file_name="order.edi"):
    """:return: (headers, body, integrity checks) of a message to the partner"""
    content = message.make_content(body, X12, file_name)
    entity = message.protect(content, protection, pairs[0], pairs[1].certificate)
    headers = {
        "AS2-From": message.quote("OUR HOUSE"),
        "AS2-To": "PARTNER",
        "Message-ID": MESSAGE_ID,
        **dict(entity.headers.items()),
        **(wish or {}),
    }
    mics = message.get_mics(message.get_checked(content, protection))
    return headers, entity.body, {digest: [value] for digest, value in mics.items()}


COMBINATIONS = list(itertools.product(("", "sha1", "sha256", "sha512"), ("", *cms.CIPHERS), (False, True)))


@pytest.mark.parametrize(("digest", "cipher", "compressed"), COMBINATIONS)
def test_the_partner_takes_what_we_send(pairs, station, digest, cipher, compressed):
    """E8: every combination of signature, cipher and compression; the receipt is signed and its check fits."""
    partner = station(sign=bool(digest), encrypt=bool(cipher))
    wish = make_wish("sha256", True)
    headers, body, mics = _send(pairs, Protection(digest, cipher, compressed), wish=wish)
    status, taken, mdn = partner.parse(headers, body)
    assert status == "processed"
    assert taken.payload.get_payload(decode=True) == DOCUMENT
    assert (taken.signed, taken.encrypted, taken.compressed) == (bool(digest), bool(cipher), compressed)
    receipt = read_receipt(Entity.make(list(mdn.headers.items()), mdn.content), [pairs[1].certificate])
    assert receipt.is_signed
    if digest:
        assert receipt.digest == digest
        assert judge(receipt, MESSAGE_ID, mics, True).outcome == "success"
        other = {name: ["AAAA"] for name in mics}
        assert judge(receipt, MESSAGE_ID, other, True).code == "mic_differs"


@pytest.mark.parametrize(("digest", "cipher", "compressed"), COMBINATIONS)
def test_we_take_what_the_partner_sends(pairs, station, terms, digest, cipher, compressed):
    """E8: the same from the other side; the partner accepts our receipt and its integrity check."""
    partner = station(
        sign=bool(digest),
        digest_alg=digest or "sha256",
        encrypt=bool(cipher),
        enc_alg=PYAS2_CIPHERS[cipher or "3des"],
        compress=compressed,
        mdn_mode="SYNC",
        mdn_digest_alg="sha256",
    )
    sent, headers, body = partner.build(b"ISA*00*~\r\nGS*PO~\r\n", filename="order.edi")
    incoming = Incoming.from_headers(headers)
    assert (incoming.sender, incoming.receiver) == ("PARTNER", "OUR HOUSE")
    received = incoming.take(body, terms())
    assert received.content == b"ISA*00*~\r\nGS*PO~\r\n"
    assert (received.content_type, received.file_name) == (X12, "order.edi")
    assert (received.digest, received.is_encrypted, received.is_compressed) == (
        digest,
        bool(cipher),
        compressed,
    )
    wish = Wish.from_headers(headers)
    assert (wish.is_wanted, wish.is_signed, wish.digests, wish.address) == (True, True, ("sha256",), "")
    receipt = incoming.accept(received, wish)
    if digest:
        assert receipt.mic == sent.mic.decode()
    entity = answer(incoming, receipt, wish, terms())
    assert partner.read_receipt(dict(entity.headers.items()), entity.body, sent) == ("processed", None)


def test_the_partner_asks_for_a_receipt_elsewhere(station, terms):
    """E8: asynchronous receipts."""
    partner = station(sign=True, encrypt=True, mdn_mode="ASYNC", mdn_digest_alg="sha512")
    partner.organization.mdn_url = "https://partner.example/mdn"
    sent, headers, body = partner.build(b"ISA*00*~")
    wish = Wish.from_headers(headers)
    assert (wish.address, wish.digests) == ("https://partner.example/mdn", ("sha512",))
    incoming = Incoming.from_headers(headers)
    entity = answer(incoming, incoming.accept(incoming.take(body, terms()), wish), wish, terms())
    assert partner.read_receipt(dict(entity.headers.items()), entity.body, sent) == ("processed", None)


def _refusal(terms, headers, body):
    with pytest.raises(As2Error) as caught:
        Incoming.from_headers(headers).take(body, terms)
    return caught.value


def _signed(partner_pair, content=b"ISA*00*~"):
    entity = message.sign(message.make_content(content, X12), partner_pair, "sha256")
    return _headers(entity), entity.body


def _headers(entity):
    own = {"AS2-From": "PARTNER", "AS2-To": "OUR HOUSE", "Message-ID": MESSAGE_ID}
    return {**own, **dict(entity.headers.items())}


def test_tampered_content(pairs, terms):
    """E8: what was changed on the way is refused."""
    headers, body = _signed(pairs[1])
    error = _refusal(terms(), headers, body.replace(b"ISA*00", b"ISA*01"))
    assert error.disposition == "processed/error: integrity-check-failed"


def test_wrong_keys(pairs, terms):
    """E8: signed by somebody else, encrypted for somebody else."""
    error = _refusal(terms(), *_signed(pairs[2]))
    assert error.disposition == "processed/error: authentication-failed"
    # a stranger's key under the partner's name
    forged = cms.KeyPair(pairs[1].certificate, pairs[2].key_pem)
    assert _refusal(terms(), *_signed(forged)).code == "authentication-failed"
    content = message.make_content(b"ISA*00*~", X12)
    entity = message.protect(content, Protection("", "aes256"), None, pairs[2].certificate)
    assert _refusal(terms(), _headers(entity), entity.body).code == "decryption-failed"


def test_tampered_cipher_text(pairs, terms):
    """E8: another byte in the encrypted content or its key is one and the same error."""
    content = message.make_content(b"ISA*00*~" * 20, X12)
    entity = message.protect(content, Protection("sha256", "aes256"), pairs[1], pairs[0].certificate)
    for place in (len(entity.body) - 1, len(entity.body) // 2, 400):
        body = bytearray(entity.body)
        body[place] ^= 0xFF
        error = _refusal(terms(must_be_signed=True), _headers(entity), bytes(body))
        assert error.disposition.startswith(("processed/error: ", "failed/failure: "))


def test_one_answer_for_whatever_is_wrong_with_an_encrypted_message(pairs, terms):
    """E8: a stranger who changes the bytes of somebody's message does not learn from the answer what it says."""
    content, certificate = message.make_content(b"ISA*00*~" * 20, X12), pairs[0].certificate
    entity = message.protect(content, Protection("sha256", "aes256"), pairs[1], certificate)
    errors = []
    for place in range(1, 60):
        body = bytearray(entity.body)
        body[-place] ^= 0x55
        errors.append(_refusal(terms(must_be_signed=True), _headers(entity), bytes(body)))
    unsigned = message.protect(content, Protection("", "aes256"), None, certificate)
    errors.append(_refusal(terms(must_be_signed=True), _headers(unsigned), unsigned.body))
    assert len({error.code for error in errors}) > 1
    assert {(error.told.disposition, error.told.detail) for error in errors} == {
        ("processed/error: decryption-failed", SEALED)
    }


def test_a_message_of_a_million_parts(terms):
    """E8: a stranger's message is refused before its parts are looked at."""
    own = {"AS2-From": "PARTNER", "AS2-To": "OUR HOUSE", "Message-ID": MESSAGE_ID}
    headers = {**own, "Content-Type": "multipart/signed; boundary=b"}
    assert _refusal(terms(), headers, b"\n--b" * 1_000_000).code == "unexpected-processing-error"


def test_less_security_than_agreed(pairs, terms):
    """E8: not signed or not encrypted where it was agreed."""
    content = message.make_content(b"ISA*00*~", X12)
    plain = _headers(content), content.body
    for values in ({"must_be_signed": True}, {"must_be_encrypted": True}):
        assert _refusal(terms(**values), *plain).code == "insufficient-message-security"


def test_too_much_compressed(pairs, terms):
    """E8: a small message that would fill the memory is refused."""
    entity = message.protect(message.make_content(bytes(5_000_000), X12), Protection("", "", True))
    assert len(entity.body) < 10_000
    error = _refusal(terms(limit=1_000_000), _headers(entity), entity.body)
    assert error.code == "decompression-failed"
    assert "1,000,000" in error.detail


def test_old_ciphers_and_digests(pairs, terms):
    """E8: what protects nothing any more is not taken."""
    der = cms.encrypt(b"x", pairs[0].certificate, "3des").replace(
        bytes.fromhex("2a864886f70d0307"), bytes.fromhex("2a864886f70d0302")
    )
    entity = Entity.make([("Content-Type", "application/pkcs7-mime; smime-type=enveloped-data")], der)
    assert (
        _refusal(terms(), _headers(entity), entity.body).disposition == "failed/failure: unsupported format"
    )
    with pytest.raises(As2Error) as caught:
        Wish.from_headers({"Disposition-Notification-Options": "signed-receipt-protocol=required, pkcs7-signature; "
                   "signed-receipt-micalg=required, md5"}).check()  # fmt: skip
    assert caught.value.disposition == "failed/failure: unsupported MIC-algorithms"


def test_headers_that_are_missing():
    """E8: without its names and number it is no AS2 message."""
    whole = {"AS2-From": "PARTNER", "AS2-To": "US", "Message-ID": MESSAGE_ID}
    assert Incoming.from_headers(whole).message_id == MESSAGE_ID
    for name in whole:
        with pytest.raises(As2Error, match=name.lower()):
            Incoming.from_headers({**whole, name: " "})
    with pytest.raises(As2Error, match="Message-ID"):
        Incoming.from_headers({**whole, "Message-ID": "<" + "x" * 300 + ">"})


@given(body=st.binary(max_size=300), kind=st.sampled_from(["text/plain", "multipart/signed; boundary=b",
       "multipart/signed", "application/pkcs7-mime", "multipart/report; boundary=b"]))  # fmt: skip
def test_garbage(body, kind):
    """E8: whatever comes is taken or refused with a reason."""
    for wrapped in (body, b"--b\r\n" + body + b"\r\n--b\r\n" + body + b"\r\n--b--"):
        headers = {"AS2-From": "A", "AS2-To": "B", "Message-ID": "<1@a>", "Content-Type": kind}
        try:
            Incoming.from_headers(headers).take(wrapped, Terms(must_be_signed=False, must_be_encrypted=False))
        except As2Error as error:
            assert error.detail
        try:
            read_receipt(Incoming.from_headers(headers).entity(wrapped), [])
        except As2Error as error:
            assert error.detail


def test_garbage_in_asn1(pairs, terms):
    """E8: cut and changed cryptographic messages."""
    content = message.make_content(b"ISA*00*~", X12)
    entity = message.protect(content, Protection("", "aes128"), None, pairs[0].certificate)
    for place in range(0, len(entity.body), 7):
        changed = bytearray(entity.body)
        changed[place] ^= 0x55
        for body in (entity.body[:place], bytes(changed)):
            try:
                received = Incoming.from_headers(_headers(entity)).take(body, terms())
            except As2Error as error:
                assert error.detail
            else:
                assert isinstance(received.content, bytes)


def test_line_ends_that_a_gateway_changed(pairs, terms):
    """E8: text that was signed with CRLF and comes with LF is still what was signed."""
    text = Entity.make([("Content-Type", "text/plain")], b"ISA*00*~\r\nGS*PO~\r\n")
    entity = message.sign(text, pairs[1], "sha256")
    received = Incoming.from_headers(_headers(entity)).take(entity.body.replace(b"\r\n", b"\n"), terms())
    assert received.checked == text.raw


def test_two_keys_while_certificates_change(pairs):
    """E8: what was encrypted for the former and for the next certificate is read, either signature is accepted."""
    content = message.make_content(b"ISA*00*~", X12)
    both = Terms([pairs[0], pairs[2]], [pairs[1].certificate, pairs[2].certificate])
    for recipient, signer in ((pairs[0], pairs[2]), (pairs[2], pairs[1])):
        entity = message.protect(content, Protection("sha256", "aes256"), signer, recipient.certificate)
        assert Incoming.from_headers(_headers(entity)).take(entity.body, both).content == b"ISA*00*~"


def test_refused_by_receipt(pairs, station):
    """E8: the partner cannot decrypt; a duplicate; a receipt that is not signed, or for something else."""
    strange = [pairs[0], pairs[2]]
    partner = station(sign=True, encrypt=True)
    headers, body, mics = _send(strange, Protection(), wish=make_wish("sha256", True))
    _status, _taken, mdn = partner.parse(headers, body)
    theirs = [pairs[1].certificate]
    receipt = read_receipt(Entity.make(list(mdn.headers.items()), mdn.content), theirs)
    verdict = judge(receipt, MESSAGE_ID, mics, True)
    assert (verdict.outcome, verdict.code) == ("rejected", "receipt_negative")
    assert "decryption-failed" in verdict.detail
    headers, body, mics = _send(pairs, Protection(), wish=make_wish("sha256", True))
    for expected in ("processed", "processed/warning: duplicate-document"):
        _status, _taken, mdn = partner.parse(headers, body)
        receipt = read_receipt(Entity.make(list(mdn.headers.items()), mdn.content), theirs)
        assert receipt.disposition.lower() == expected
        assert judge(receipt, MESSAGE_ID, mics, True).outcome == "success"
    assert judge(receipt, "<other@odoo>", mics, True).code == "receipt_of_other"
    unsigned = read_receipt(write_receipt(Receipt(MESSAGE_ID)), theirs)
    assert judge(unsigned, MESSAGE_ID, mics, True).code == "receipt_unsigned"
    with pytest.raises(As2Error):
        read_receipt(write_receipt(Receipt(MESSAGE_ID), pairs[2]), theirs)


def test_names():
    """E8: AS2 names with blanks, quotes and backslashes."""
    for name in ("PLAIN", "OUR HOUSE", 'A "B"', "C\\D"):
        assert message.is_name(name)
        assert message.unquote(message.quote(name)) == name
        assert message.unquote(message.quote(message.quote(name))) == name
    for name in ("", " A", '"A"', "é", "x" * 129, "a\nb"):
        assert not message.is_name(name)


def test_base64_on_the_way(pairs, terms):
    """E8: partners that encode what HTTP could carry as it is."""
    content = message.make_content(b"ISA*00*~", X12)
    entity = message.protect(content, Protection("sha256", "aes256"), pairs[1], pairs[0].certificate)
    headers = {**_headers(entity), "Content-Transfer-Encoding": "base64"}
    assert (
        Incoming.from_headers(headers).take(base64.encodebytes(entity.body), terms()).content == b"ISA*00*~"
    )
