"""Cryptographic messages (RFC 5652, RFC 3274) with RSA keys, as AS2 uses them."""

from __future__ import annotations

import hmac
import os
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cached_property
from typing import Any

from asn1crypto import algos, cms, core
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.backends import default_backend
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives import padding as block_padding
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from .errors import As2Error

HASHES = {
    "sha1": hashes.SHA1,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
# name, (name in ASN.1, algorithm, bytes of the key)
CIPHERS = {
    "3des": ("tripledes_3key", algorithms.TripleDES, 24),
    "aes128": ("aes128_cbc", algorithms.AES, 16),
    "aes192": ("aes192_cbc", algorithms.AES, 24),
    "aes256": ("aes256_cbc", algorithms.AES, 32),
}
_BY_ASN1 = {name: (algorithm, size) for name, algorithm, size in CIPHERS.values()}
BLOCK = 65536


@dataclass(frozen=True)
class Certificate:
    """A certificate of an RSA key.

    :ivar pem: its text
    """

    pem: str

    @cached_property
    def x509(self) -> x509.Certificate:
        """:raises ValueError: it cannot be read, or its key is no RSA key"""
        certificate = x509.load_pem_x509_certificate(self.pem.encode(), default_backend())
        if not isinstance(certificate.public_key(), rsa.RSAPublicKey):
            raise ValueError("AS2 needs a certificate with an RSA key.")
        return certificate

    @cached_property
    def asn1(self) -> asn1_x509.Certificate:
        return asn1_x509.Certificate.load(self.x509.public_bytes(serialization.Encoding.DER))

    @property
    def identifier(self) -> cms.IssuerAndSerialNumber:
        return cms.IssuerAndSerialNumber(
            {"issuer": self.asn1.issuer, "serial_number": self.asn1.serial_number}
        )

    def is_named(self, identifier: Any) -> bool:
        """Whether a signer or recipient identifier means this certificate."""
        chosen = identifier.chosen
        if identifier.name == "subject_key_identifier":
            return chosen.native == self.asn1.key_identifier
        same_number = chosen["serial_number"].native == self.asn1.serial_number
        return same_number and chosen["issuer"] == self.asn1.issuer


@dataclass(frozen=True)
class KeyPair:
    """A certificate with its private key, both in PEM.

    :ivar pem: the certificate first
    """

    certificate: Certificate
    key_pem: str

    @cached_property
    def key(self) -> rsa.RSAPrivateKey:
        return serialization.load_pem_private_key(self.key_pem.encode(), None, default_backend())

    def __repr__(self) -> str:
        return f"KeyPair({self.certificate!r})"


@contextmanager
def _reading(code: str, detail: str) -> Iterator[None]:
    """What is no ASN.1, or other ASN.1 than expected, becomes one error: it tells an attacker nothing."""
    try:
        yield
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError) as error:
        raise As2Error(code, detail) from error


def kind_of(der: bytes) -> str:
    """Return what a cryptographic message is, such as ``enveloped_data``.

    :raises As2Error: it is none
    """
    with _reading("unexpected-processing-error", "The content is no cryptographic message."):
        return cms.ContentInfo.load(der)["content_type"].native


def digest_of(content: bytes, name: str) -> bytes:
    """Return the digest of a content by one of HASHES."""
    digest = hashes.Hash(HASHES[name](), default_backend())
    digest.update(content)
    return digest.finalize()


# signatures


def sign(content: bytes, pair: KeyPair, digest: str) -> bytes:
    """Return a detached signature.

    :param digest: one of HASHES
    """
    attributes = cms.CMSAttributes(
        [
            {"type": "content_type", "values": ["data"]},
            {
                "type": "signing_time",
                "values": [cms.Time({"utc_time": core.UTCTime(datetime.now(timezone.utc))})],
            },
            {"type": "message_digest", "values": [digest_of(content, digest)]},
        ]
    )
    signature = pair.key.sign(attributes.dump(), padding.PKCS1v15(), HASHES[digest]())
    signer = {
        "version": "v1",
        "sid": cms.SignerIdentifier({"issuer_and_serial_number": pair.certificate.identifier}),
        "digest_algorithm": {"algorithm": digest},
        "signed_attrs": attributes,
        "signature_algorithm": {"algorithm": "rsassa_pkcs1v15"},
        "signature": signature,
    }
    signed = {
        "version": "v1",
        "digest_algorithms": [{"algorithm": digest}],
        "encap_content_info": {"content_type": "data"},
        "certificates": [pair.certificate.asn1],
        "signer_infos": [signer],
    }
    return cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(signed)}).dump()


def verify(der: bytes, forms: Sequence[bytes], certificates: Sequence[Certificate]) -> tuple[bytes, str]:
    """Check a detached signature.

    :param forms: the content as it came, and in the form it may have been signed in
    :param certificates: those of the partner; what the signature itself brings is not trusted
    :return: (form that was signed, name of the digest)
    :raises As2Error: ``authentication-failed`` or ``integrity-check-failed``
    """
    with _reading("authentication-failed", "The signature cannot be read."):
        signed = cms.ContentInfo.load(der)["content"]
        for signer in signed["signer_infos"]:
            for certificate in certificates:
                if certificate.is_named(signer["sid"]):
                    return _verify_signer(signer, forms, certificate)
    raise As2Error(
        "authentication-failed", "The signature is of no certificate that is valid for this partner."
    )


def _verify_signer(signer: Any, forms: Sequence[bytes], certificate: Certificate) -> tuple[bytes, str]:
    digest = signer["digest_algorithm"]["algorithm"].native
    if digest not in HASHES:
        raise As2Error("unsupported MIC-algorithms", f"A signature by {digest} is not taken.")
    if not signer["signed_attrs"]:
        for form in forms:
            if _is_signed(signer, form, certificate, digest):
                return form, digest
        raise As2Error("integrity-check-failed", "The content is not what was signed.")
    attributes = {one["type"].native: one["values"] for one in signer["signed_attrs"]}
    if not _is_signed(signer, signer["signed_attrs"].untag().dump(), certificate, digest):
        raise As2Error("authentication-failed", "The signature is not by the partner's key.")
    told = attributes["message_digest"][0].native
    for form in forms:
        if hmac.compare_digest(digest_of(form, digest), told):
            return form, digest
    raise As2Error("integrity-check-failed", "The content is not what was signed.")


def _is_signed(signer: Any, content: bytes, certificate: Certificate, digest: str) -> bool:
    algorithm = signer["signature_algorithm"]
    scheme: Any = padding.PKCS1v15()
    if algorithm.signature_algo == "rsassa_pss":
        length = algorithm["parameters"]["salt_length"].native
        scheme = padding.PSS(padding.MGF1(HASHES[digest]()), length)
    elif algorithm.signature_algo != "rsassa_pkcs1v15":
        raise As2Error("authentication-failed", "A signature is by RSA.")
    try:
        certificate.x509.public_key().verify(signer["signature"].native, content, scheme, HASHES[digest]())
    except InvalidSignature:
        return False
    return True


# encryption


def encrypt(content: bytes, certificate: Certificate, cipher: str) -> bytes:
    """:param cipher: one of CIPHERS"""
    name, algorithm, size = CIPHERS[cipher]
    key, start = os.urandom(size), os.urandom(algorithm.block_size // 8)
    padder = block_padding.PKCS7(algorithm.block_size).padder()
    encryptor = Cipher(algorithm(key), modes.CBC(start), default_backend()).encryptor()
    padded = padder.update(content) + padder.finalize()
    recipient = {
        "version": "v0",
        "rid": cms.RecipientIdentifier({"issuer_and_serial_number": certificate.identifier}),
        "key_encryption_algorithm": {"algorithm": "rsaes_pkcs1v15"},
        "encrypted_key": certificate.x509.public_key().encrypt(key, padding.PKCS1v15()),
    }
    enveloped = {
        "version": "v0",
        "recipient_infos": [cms.RecipientInfo({"ktri": cms.KeyTransRecipientInfo(recipient)})],
        "encrypted_content_info": {
            "content_type": "data",
            "content_encryption_algorithm": {"algorithm": name, "parameters": core.OctetString(start)},
            "encrypted_content": encryptor.update(padded) + encryptor.finalize(),
        },
    }
    return cms.ContentInfo({"content_type": "enveloped_data", "content": cms.EnvelopedData(enveloped)}).dump()


def decrypt(der: bytes, pairs: Sequence[KeyPair]) -> bytes:
    """
    :param pairs: ours; more than one while certificates change
    :raises As2Error: ``decryption-failed``
    """
    detail = "The message cannot be decrypted with our keys."
    with _reading("decryption-failed", detail):
        enveloped = cms.ContentInfo.load(der)["content"]
        info = enveloped["encrypted_content_info"]
        algorithm, content = info["content_encryption_algorithm"], info["encrypted_content"].native
        if algorithm["algorithm"].native not in _BY_ASN1:
            raise As2Error(
                "unsupported format", f"{algorithm['algorithm'].native} is no cipher that is taken."
            )
        for recipient in enveloped["recipient_infos"]:
            for pair in pairs:
                if recipient.name == "ktri" and pair.certificate.is_named(recipient.chosen["rid"]):
                    return _decrypt_content(content, algorithm, _decrypt_key(recipient.chosen, pair))
    raise As2Error("decryption-failed", "The message is encrypted for none of our certificates.")


def _decrypt_key(recipient: Any, pair: KeyPair) -> bytes:
    algorithm = recipient["key_encryption_algorithm"]
    scheme: Any = padding.PKCS1v15()
    if algorithm["algorithm"].native == "rsaes_oaep":
        name = algorithm["parameters"]["hash_algorithm"]["algorithm"].native
        scheme = padding.OAEP(padding.MGF1(HASHES[name]()), HASHES[name](), None)
    return pair.key.decrypt(recipient["encrypted_key"].native, scheme)


def _decrypt_content(content: bytes, parameters: algos.EncryptionAlgorithm, key: bytes) -> bytes:
    algorithm, size = _BY_ASN1[parameters["algorithm"].native]
    if len(key) != size:
        raise ValueError("length of the key")
    decryptor = Cipher(algorithm(key), modes.CBC(parameters.encryption_iv), default_backend()).decryptor()
    unpadder = block_padding.PKCS7(algorithm.block_size).unpadder()
    return unpadder.update(decryptor.update(content) + decryptor.finalize()) + unpadder.finalize()


# compression


def compress(content: bytes) -> bytes:
    """Return compressed data (RFC 3274); the same at every call."""
    compressed = {
        "version": "v0",
        "compression_algorithm": {"algorithm": "zlib"},
        "encap_content_info": {
            "content_type": "data",
            "content": core.ParsableOctetString(zlib.compress(content)),
        },
    }
    return cms.ContentInfo(
        {"content_type": "compressed_data", "content": cms.CompressedData(compressed)}
    ).dump()


def decompress(der: bytes, limit: int) -> bytes:
    """
    :param limit: most bytes that may come of it
    :raises As2Error: ``decompression-failed``
    """
    with _reading("decompression-failed", "The message cannot be decompressed."):
        packed = bytes(cms.ContentInfo.load(der)["content"]["encap_content_info"]["content"])
    return _inflate(packed, limit)


def _inflate(packed: bytes, limit: int) -> bytes:
    inflater = zlib.decompressobj()
    try:
        content = inflater.decompress(packed, limit + 1)
    except zlib.error as error:
        raise As2Error("decompression-failed", "The message cannot be decompressed.") from error
    if len(content) > limit:
        raise As2Error(
            "decompression-failed", f"The message has more than {limit:,} bytes when decompressed."
        )
    if not inflater.eof:
        raise As2Error("decompression-failed", "The compressed message is cut short.")
    return content
