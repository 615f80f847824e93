"""TLS towards partners: always verified, optionally with a client certificate (mutual TLS)."""

from __future__ import annotations

import datetime
import ssl
import tempfile

from cryptography import x509
from cryptography.hazmat.backends import default_backend
from cryptography.hazmat.primitives import serialization

from .errors import ConfigurationError

_PUBLIC = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def make_context(
    verify: bool | str = True, client_certificate: str | tuple[str, str] | None = None
) -> ssl.SSLContext:
    """Return a context that verifies the other side and, where there is one, shows our certificate.

    :param verify: True for the system's authorities, or a path to (or the text of) a PEM bundle to trust instead
    :param client_certificate: path or PEM text holding certificate and key, or the pair of both
    :raises ConfigurationError: one of them cannot be used
    """
    if verify is False or not verify:
        raise ConfigurationError(
            "Certificates are always verified; give a bundle to trust.", code="invalid_ca"
        )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        if verify is True:
            _load_default_authorities(context)
        elif "-----BEGIN" in verify:
            context.load_verify_locations(cadata=verify)
        else:
            context.load_verify_locations(cafile=verify)
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            "The bundle of trusted certificates cannot be read.", code="invalid_ca"
        ) from error
    if client_certificate:
        _load_client_certificate(context, client_certificate)
    return context


def _load_default_authorities(context: ssl.SSLContext) -> None:
    context.load_default_certs()
    paths = ssl.get_default_verify_paths()
    if not context.cert_store_stats()["x509_ca"] and not paths.capath:
        # A slim container has no authorities of its own; requests brings certifi.
        import certifi

        context.load_verify_locations(cafile=certifi.where())


def _load_client_certificate(context: ssl.SSLContext, client_certificate: str | tuple[str, str]) -> None:
    pair = (client_certificate, None) if isinstance(client_certificate, str) else client_certificate
    try:
        if "-----BEGIN" not in pair[0]:
            context.load_cert_chain(*pair)
            return
        # ssl reads from files only; this one is private to the process and gone when the block ends.
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
            file.write("\n".join(text for text in pair if text))
            file.flush()
            context.load_cert_chain(file.name)
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            "The client certificate or its key cannot be read.", code="invalid_certificate"
        ) from error


def read_certificate(pem: str) -> datetime.datetime:
    """Check a certificate with its private key, both in one PEM text.

    :return: when the certificate ends (UTC, without zone)
    :raises ConfigurationError: one of the two is missing or unreadable, or they do not belong together
    """
    data = pem.encode()
    try:
        certificate = x509.load_pem_x509_certificate(data, default_backend())
        key = serialization.load_pem_private_key(
            data[data.index(_begin_of_key(data)) :], None, default_backend()
        )
    except (ValueError, TypeError) as error:
        raise ConfigurationError(
            "Give certificate and private key (without passphrase) below each other, both in PEM.",
            code="invalid_certificate",
        ) from error
    if certificate.public_key().public_bytes(*_PUBLIC) != key.public_key().public_bytes(*_PUBLIC):
        raise ConfigurationError(
            "The private key does not belong to the certificate.", code="invalid_certificate"
        )
    # the one without a zone is deprecated where there is the one with
    ends = getattr(certificate, "not_valid_after_utc", None) or certificate.not_valid_after
    return ends.replace(tzinfo=None)


def _begin_of_key(data: bytes) -> bytes:
    for line in data.splitlines():
        if line.startswith(b"-----BEGIN ") and line.rstrip().endswith(b"PRIVATE KEY-----"):
            return line
    raise ValueError("no private key")


def split_pair(pem: str) -> tuple[str, str]:
    """Split a PEM text that :func:`read_certificate` accepted into (certificates, key)."""
    blocks: dict[bool, list[str]] = {True: [], False: []}
    current: list[str] = []
    for line in pem.splitlines():
        current.append(line)
        if line.startswith("-----END "):
            blocks["PRIVATE KEY-----" in line].append("\n".join(current).strip() + "\n")
            current = []
    return "".join(blocks[False]), "".join(blocks[True])
