"""A certificate authority of a test, and certificates from it."""

from __future__ import annotations

import datetime
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.backends import default_backend
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID


class Authority:
    """Issues certificates for ``localhost`` and 127.0.0.1.

    :param folder: where PEM files are written
    """

    def __init__(self, folder: Path, name: str = "Test authority") -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._key = ec.generate_private_key(ec.SECP256R1(), default_backend())
        self._name = _name(name)
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        certificate = self._sign(_name(name), self._key, [(constraints, True)])
        self.path = self._write("authority.pem", _certificate_text(certificate))

    @property
    def pem(self) -> str:
        """The authority's own certificate."""
        return self.path.read_text()

    def issue(self, name: str, days: int = 1) -> tuple[Path, Path]:
        """Return paths of a certificate and its key."""
        key = ec.generate_private_key(ec.SECP256R1(), default_backend())
        names = x509.SubjectAlternativeName(
            [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        )
        certificate = self._sign(_name(name), key, [(names, False)], days)
        key_text = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()
        return (
            self._write(f"{name}.pem", _certificate_text(certificate)),
            self._write(f"{name}.key", key_text),
        )

    def issue_pair(self, name: str, days: int = 1) -> str:
        """Return a certificate and its key as one text."""
        return "".join(path.read_text() for path in self.issue(name, days))

    def _write(self, name: str, text: str) -> Path:
        path = self._folder / name
        path.write_text(text)
        path.chmod(0o600)
        return path

    def _sign(self, subject: x509.Name, key, extensions, days: int = 1) -> x509.Certificate:
        now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(minutes=5))
            .not_valid_after(now + datetime.timedelta(days=days))
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self._key, hashes.SHA256(), default_backend())


def make_rsa_pair(name: str, days: int = 30) -> str:
    """Return a certificate that signs itself and its key as one text, as AS2 stations exchange them."""
    key = rsa.generate_private_key(65537, 2048, default_backend())
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None, microsecond=0)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=days))
        .sign(key, hashes.SHA256(), default_backend())
    )
    key_text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return _certificate_text(certificate) + key_text.decode()


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _certificate_text(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
