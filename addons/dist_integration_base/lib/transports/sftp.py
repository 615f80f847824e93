"""SFTP with paramiko. The server's host key is pinned: an unknown or another one is refused."""

from __future__ import annotations

import base64
import errno
import hashlib
import io
import posixpath
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from ..errors import (
    AuthenticationFailed,
    ConfigurationError,
    ConnectError,
    DeliveryTimeout,
    FileGone,
    HostKeyRefused,
    InvalidUrl,
    ProtocolError,
    Refused,
)
from ..network import IPNetwork, normalize_host
from .base import FileBody, connect, load_driver, write_body
from .files import Entry, FileSession, FileSource, Places, readable

DEFAULT_PORT = 22
# one name of a key is offered under several algorithms
_ALGORITHMS = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa")}
_CHUNK = 32768
# what a file server refuses has a number only where the protocol has one
_REFUSALS = (None, errno.ENOENT, errno.EACCES, errno.EEXIST, errno.EOPNOTSUPP)


@dataclass(frozen=True)
class SftpSettings:
    """
    :ivar url: ``sftp://host[:port]/directory``
    :ivar username: who logs in
    :ivar password: empty when a key is used
    :ivar private_key: PEM or OpenSSH text
    :ivar host_key: the approved key, as ``ssh-ed25519 AAAA...``; empty: no connection
    """

    url: str
    username: str = ""
    password: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)
    host_key: str = ""
    timeout: float = 15.0
    networks: Sequence[str | IPNetwork] = ()
    places: Places = field(default_factory=Places)

    def open(self) -> FileSession:
        """Return a session that writes files."""
        load_driver("paramiko", "paramiko", "SFTP")
        return FileSession(self)

    def open_source(self, _state: Mapping[str, Any]) -> FileSource:
        """Return a source that takes files."""
        load_driver("paramiko", "paramiko", "SFTP")
        return FileSource(self)

    def connect(self) -> SftpStore:
        """Return the store, logged in.

        :raises DeliveryError: not reached, another host key, not logged in
        """
        return SftpStore(self)


def split_sftp_url(url: str) -> tuple[str, int, str]:
    """Return (host, port, directory); an empty directory is the one after login.

    :raises InvalidUrl: not sftp, or with user information
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise InvalidUrl("The address cannot be read.") from None
    if parts.scheme != "sftp" or not parts.hostname or parts.query or parts.fragment:
        raise InvalidUrl("The address looks like sftp://partner.example/directory.")
    if "@" in parts.netloc:
        raise InvalidUrl("The address must not hold a user name or a password.")
    directory = unquote(parts.path)
    if "\x00" in directory:
        raise InvalidUrl("The directory cannot be read.")
    return normalize_host(parts.hostname), port or DEFAULT_PORT, directory.rstrip("/")


def fingerprint(host_key: str) -> str:
    """Return what ``ssh-keygen -lf`` shows of a key: ``SHA256:...``.

    :raises ConfigurationError: it is no host key
    """
    try:
        kind, encoded = host_key.split()[:2]
        blob = base64.b64decode(encoded, validate=True)
        length = int.from_bytes(blob[:4], "big")
        if blob[4 : 4 + length].decode() != kind:
            raise ValueError(kind)
    except (ValueError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            "A host key looks like ssh-ed25519 AAAA...", code="invalid_host_key"
        ) from error
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def load_private_key(text: str) -> Any:
    """Return a key for logging in.

    :raises ConfigurationError: unreadable, or with a passphrase
    """
    paramiko = load_driver("paramiko", "paramiko", "SFTP")
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return kind.from_private_key(io.StringIO(text))
        except paramiko.PasswordRequiredException:
            raise ConfigurationError(
                "The private key has a passphrase; save it without one: it is encrypted here.",
                code="invalid_private_key",
            ) from None
        except (paramiko.SSHException, ValueError, IndexError, TypeError):
            continue
    raise ConfigurationError(
        "The private key cannot be read: Ed25519, ECDSA or RSA in OpenSSH or PEM form.",
        code="invalid_private_key",
    )


def fetch_host_key(settings: SftpSettings) -> str:
    """Return the key that the server shows, for a person to compare; nobody is logged in."""
    with _translated(settings):
        transport = _start(settings, pinned="")
        try:
            return _shown(transport)
        finally:
            transport.close()


def _start(settings: SftpSettings, pinned: str) -> Any:
    paramiko = load_driver("paramiko", "paramiko", "SFTP")
    host, port, _directory = split_sftp_url(settings.url)
    sock = connect(host, port, settings.networks, settings.timeout)
    try:
        transport = paramiko.Transport(sock)
        transport.banner_timeout = transport.handshake_timeout = settings.timeout
        transport.auth_timeout = transport.channel_timeout = settings.timeout
        if pinned:
            # a server with several keys is to show the approved one
            options = transport.get_security_options()
            kind = pinned.split()[0]
            offered = [name for name in _ALGORITHMS.get(kind, (kind,)) if name in options.key_types]
            if offered:
                options.key_types = offered
        transport.start_client(timeout=settings.timeout)
    except BaseException:
        sock.close()
        raise
    return transport


def _shown(transport: Any) -> str:
    key = transport.get_remote_server_key()
    return f"{key.get_name()} {key.get_base64()}"


def _open_client(transport: Any) -> Any:
    """Return an SFTPClient that takes names and reasons of the server that are not UTF-8, and tells what it cannot do.

    The protocol's names are bytes; paramiko's client fails at the first that is no UTF-8, whatever else is listed.
    A request that the server does not know is an OSError with EOPNOTSUPP.
    """
    paramiko = load_driver("paramiko", "paramiko", "SFTP")

    class Client(paramiko.SFTPClient):
        def _request(self, kind: Any, *arguments: Any) -> tuple[Any, Any]:
            kind, answer = super()._request(kind, *arguments)
            return kind, lenient(answer)

        def _convert_status(self, answer: Any) -> None:
            status = int.from_bytes(answer.get_remainder()[:4], "big")
            if status == paramiko.sftp.SFTP_OP_UNSUPPORTED:
                raise OSError(errno.EOPNOTSUPP, "the server cannot do this")
            return super()._convert_status(lenient(answer))

    def lenient(answer: Any) -> Any:
        answer.get_text = lambda: answer.get_string().decode("utf-8", "surrogateescape")
        return answer

    return Client.from_transport(transport)


class SftpStore:
    """FileStore over SFTP, below the endpoint's directory."""

    def __init__(self, settings: SftpSettings) -> None:
        self._settings = settings
        if not settings.host_key:
            raise HostKeyRefused("The server's host key is not approved yet: fetch it and compare.")
        self._directory = split_sftp_url(settings.url)[2] or "."
        self._has_posix_rename = True
        with _translated(settings):
            self._transport = _start(settings, settings.host_key)
            try:
                self._log_in()
            except BaseException:
                self._transport.close()
                raise

    def _log_in(self) -> None:
        settings = self._settings
        shown = _shown(self._transport)
        if shown.split() != settings.host_key.split()[:2]:
            raise HostKeyRefused(
                f"The server shows another host key ({fingerprint(shown)}) than the approved one."
            )
        self._authenticate()
        if not self._transport.is_authenticated():
            raise AuthenticationFailed("The server wants another way of logging in besides.")
        self._sftp = _open_client(self._transport)
        self._sftp.get_channel().settimeout(settings.timeout)

    def _authenticate(self) -> None:
        settings = self._settings
        paramiko = load_driver("paramiko", "paramiko", "SFTP")
        try:
            if settings.private_key:
                self._transport.auth_publickey(settings.username, load_private_key(settings.private_key))
            else:
                self._transport.auth_password(settings.username, settings.password)
        except paramiko.AuthenticationException as error:
            # a server that refuses says so on a connection that stays; one cut off says nothing of the credential
            if not self._transport.is_active():
                raise EOFError("cut off while logging in") from error
            raise

    def _path(self, path: str) -> bytes:
        whole = posixpath.join(self._directory, path) if path else self._directory
        return whole.encode("utf-8", "surrogateescape")

    def _translated(self, path: str) -> AbstractContextManager[None]:
        return _translated(self._settings, path, self._sftp.get_channel())

    def list(self, folder: str) -> list[Entry]:
        with self._translated(folder):
            return [
                Entry(found.filename, found.st_size or 0, int(found.st_mtime or 0))
                for found in self._sftp.listdir_attr(self._path(folder))
                if stat.S_ISREG(found.st_mode or 0) and "/" not in found.filename
            ]

    def get(self, path: str, limit: int) -> bytes:
        chunks, length = [], 0
        with self._translated(path), self._sftp.open(self._path(path), "rb") as file:
            while length < limit:
                chunk = file.read(min(_CHUNK, limit - length))
                if not chunk:
                    break
                chunks.append(chunk)
                length += len(chunk)
        return b"".join(chunks)

    def put(self, path: str, body: bytes | FileBody) -> None:
        with self._translated(path):
            with self._sftp.open(self._path(path), "wb") as file:
                file.set_pipelined(True)
                write_body(file, body)
            size = self._sftp.stat(self._path(path)).st_size
        if size != len(body):
            raise Refused(f"{path}: {size} of {len(body)} bytes arrived.", code="file")

    def claim(self, path: str, target: str) -> None:
        with self._translated(path):
            self._rename(self._path(path), self._path(target))

    def replace(self, path: str, target: str) -> None:
        source, goal = self._path(path), self._path(target)
        with self._translated(path):
            try:
                self._rename(source, goal)
            except OSError:
                # a plain rename may refuse to write over a file
                if self._has_posix_rename or not (self._is_file(source) and self._is_file(goal)):
                    raise
                self._sftp.remove(goal)
                self._sftp.rename(source, goal)

    def _rename(self, source: bytes, goal: bytes) -> None:
        """Rename as OpenSSH's extension does, or plainly where the server has not got it."""
        if self._has_posix_rename:
            try:
                self._sftp.posix_rename(source, goal)
            except OSError as error:
                if error.errno != errno.EOPNOTSUPP:
                    raise
                self._has_posix_rename = False
        if not self._has_posix_rename:
            self._sftp.rename(source, goal)

    def _is_file(self, path: bytes) -> bool:
        try:
            return stat.S_ISREG(self._sftp.stat(path).st_mode or 0)
        except FileNotFoundError:
            return False

    def make_folder(self, path: str) -> None:
        with self._translated(path):
            parts = path.split("/")
            for end in range(1, len(parts) + 1):
                folder = self._path("/".join(parts[:end]))
                try:
                    found = self._sftp.stat(folder)
                except FileNotFoundError:
                    self._sftp.mkdir(folder)
                else:
                    if not stat.S_ISDIR(found.st_mode or 0):
                        raise Refused(f"{path}: it is a file, where a folder is needed.", code="file")

    def close(self) -> None:
        self._transport.close()


@contextmanager
def _translated(settings: SftpSettings, path: str = "", channel: Any = None) -> Iterator[None]:
    """Turn paramiko's errors into ours; over a channel that is closed nothing is a file's fault."""
    paramiko = load_driver("paramiko", "paramiko", "SFTP")
    host = urlsplit(settings.url).hostname
    try:
        yield
    except paramiko.BadAuthenticationType as error:
        ways = ", ".join(error.allowed_types)
        raise AuthenticationFailed(f"The server wants another way of logging in: {ways}.") from error
    except paramiko.AuthenticationException as error:
        raise AuthenticationFailed("The server does not accept user and key or password.") from error
    except paramiko.SSHException as error:
        raise ProtocolError(f"SSH with {host} failed: {error}") from error
    except TimeoutError as error:
        raise DeliveryTimeout(f"{host} did not answer in time.") from error
    except OSError as error:
        cut = channel is not None and channel.closed
        if path and not cut and error.errno in _REFUSALS:
            kind = FileGone if error.errno == errno.ENOENT else Refused
            raise kind(readable(f"{path}: {error.strerror or error}"), code="file") from error
        raise ConnectError(f"The connection to {host} was cut.") from error
    except EOFError as error:
        raise ConnectError(f"The connection to {host} was cut.") from error
