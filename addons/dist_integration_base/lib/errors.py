"""Errors of the library: a stable machine ``code`` and a human ``detail``, whatever the module."""

from __future__ import annotations


class IntegrationError(Exception):
    """Base of every error raised on purpose by this library.

    :param detail: a sentence for a person, in the words of whoever called
    :param code: stable machine code (snake case); the class has a default
    """

    code = "error"

    def __init__(self, detail: str, *, code: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        if code is not None:
            self.code = code


class ConfigurationError(IntegrationError):
    """Something an administrator entered cannot be used (a key, a schedule, a list of networks)."""

    code = "configuration"


class InvalidSecretError(ConfigurationError):
    """A signing secret or key is malformed or of the wrong length. The detail never repeats the secret."""

    code = "invalid_secret"


class SignatureError(IntegrationError):
    """A webhook signature was not accepted.

    Codes: ``missing_header``, ``malformed_header``, ``timestamp_too_old``, ``timestamp_too_new``,
    ``no_match``.
    """

    code = "no_match"


class DeliveryError(IntegrationError):
    """A request got no complete answer.

    :ivar retryable: whether the same request may succeed later without anybody changing anything
    :ivar request_sent: whether bytes of the request may have reached the other side, so that its effect is
        unknown
    """

    code = "delivery"
    retryable = True

    def __init__(self, detail: str, *, code: str | None = None, request_sent: bool = False) -> None:
        super().__init__(detail, code=code)
        self.request_sent = request_sent


class DnsError(DeliveryError):
    """The host name did not resolve. Retryable: name servers fail and come back."""

    code = "dns"


class ConnectError(DeliveryError):
    """No connection, or the connection was cut before an answer started."""

    code = "connect"


class TlsError(DeliveryError):
    """The TLS handshake failed or the certificate was refused. Retryable: certificates get renewed."""

    code = "tls"


class DeliveryTimeout(DeliveryError):
    """The connection, one read, or the whole exchange took longer than allowed."""

    code = "timeout"


class AddressRefused(DeliveryError):
    """The address is private, reserved or a metadata service, and no administrator allowed it."""

    code = "address_refused"
    retryable = False


class ProtocolError(DeliveryError):
    """The answer is not HTTP, or it was cut short."""

    code = "protocol"


class InvalidUrl(DeliveryError):
    """The URL cannot be called at all."""

    code = "invalid_url"
    retryable = False


class InvalidRequest(DeliveryError):
    """The method or a header of the request cannot be sent (for instance a line break in a header)."""

    code = "invalid_request"
    retryable = False


class AuthenticationFailed(DeliveryError):
    """The other side does not accept the credential. Retryable: it is put right without touching the message."""

    code = "authentication"


class HostKeyRefused(DeliveryError):
    """A server shows another host key than the one that was approved. Retryable once a person approved it."""

    code = "host_key"


class Refused(DeliveryError):
    """A broker or file server answered no; the code says why. Retryable unless the message itself is the reason."""

    code = "refused"

    def __init__(self, detail: str, *, code: str | None = None, retryable: bool = True) -> None:
        super().__init__(detail, code=code)
        self.retryable = retryable


class FileGone(Refused):
    """A file is not where it was: somebody took it away."""

    code = "file"
