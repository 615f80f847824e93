"""Which addresses the server may call: the guard against server-side request forgery.

The refused ranges are an explicit list (IANA special-purpose registries, RFC 6890 and its updates, plus the
metadata address of Azure), because ``ipaddress.is_global`` misses several and differs between Python
versions. A warehouse on the local network is normal, so an administrator may allow ranges.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import threading
from collections.abc import Iterator, Sequence

import idna

from .errors import AddressRefused, ConfigurationError, DeliveryTimeout, DnsError, InvalidUrl

IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

REFUSED_NETWORKS: tuple[tuple[str, str], ...] = (
    ("0.0.0.0/8", "this network"),
    ("10.0.0.0/8", "private"),
    ("100.64.0.0/10", "carrier-grade NAT"),
    ("127.0.0.0/8", "loopback"),
    ("169.254.0.0/16", "link-local and cloud metadata"),
    ("172.16.0.0/12", "private"),
    ("192.0.0.0/24", "protocol assignments"),
    ("192.0.2.0/24", "documentation"),
    ("192.88.99.0/24", "6to4 relay"),
    ("192.168.0.0/16", "private"),
    ("198.18.0.0/15", "benchmarking"),
    ("198.51.100.0/24", "documentation"),
    ("203.0.113.0/24", "documentation"),
    ("224.0.0.0/4", "multicast"),
    ("255.255.255.255/32", "broadcast"),
    ("240.0.0.0/4", "reserved"),
    ("168.63.129.16/32", "cloud metadata"),
    ("::1/128", "loopback"),
    ("::/128", "unspecified"),
    ("64:ff9b::/96", "NAT64"),
    ("64:ff9b:1::/48", "local NAT64"),
    # The rest of ::/8 is reserved; it holds the IPv4-compatible and IPv4-translated forms.
    ("::/8", "reserved"),
    ("100::/64", "discard"),
    ("2001::/32", "Teredo"),
    ("2001:2::/48", "benchmarking"),
    ("2001:10::/28", "ORCHID"),
    ("2001:20::/28", "ORCHID"),
    ("2001:db8::/32", "documentation"),
    ("2002::/16", "6to4"),
    ("3fff::/20", "documentation"),
    ("5f00::/16", "segment routing"),
    ("fc00::/7", "unique local"),
    ("fe80::/10", "link-local"),
    ("fec0::/10", "site-local"),
    ("ff00::/8", "multicast"),
)
_REFUSED = tuple((ipaddress.ip_network(network), reason) for network, reason in REFUSED_NETWORKS)
_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_COMPATIBLE = ipaddress.IPv6Network("::/96")
_TRANSLATED = ipaddress.IPv6Network("::ffff:0:0:0/96")

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*")


def parse_networks(text: str | None) -> list[IPNetwork]:
    """Read ranges separated by lines, commas or blanks; ``#`` starts a comment.

    :param text: for instance ``"10.1.0.0/16, 192.168.7.20"``; a single address is a range of one
    :return: networks, in the order given
    :raises ConfigurationError: names the entry that is not a range
    """
    networks = []
    for line in (text or "").splitlines():
        for entry in re.split(r"[,;\s]+", line.partition("#")[0]):
            if entry:
                networks.append(_parse_network(entry))
    return networks


def _parse_network(entry: str) -> IPNetwork:
    try:
        return ipaddress.ip_network(entry)
    except ValueError:
        pass
    try:
        wider = ipaddress.ip_network(entry, strict=False)
    except ValueError:
        raise ConfigurationError(
            f'"{entry[:60]}" is not an address range such as 192.168.7.0/24.', code="invalid_network"
        ) from None
    # Guessing between a host and its whole network would open more, or less, than was meant.
    raise ConfigurationError(
        f'"{entry[:60]}" has host bits set: write {wider} for the range, no length for one address.',
        code="invalid_network",
    )


def check_address(ip: str | IPAddress, allowed: Sequence[str | IPNetwork] = ()) -> None:
    """Raise :class:`AddressRefused` unless *ip* is public or inside one of the *allowed* ranges.

    Addresses that carry an IPv4 address (mapped, 6to4, NAT64, Teredo, compatible) are judged by that one too.
    """
    networks = [ipaddress.ip_network(network) for network in allowed]
    for address in _effective_addresses(_parse_address(ip)):
        if any(address.version == network.version and address in network for network in networks):
            continue
        for network, reason in _REFUSED:
            if address.version == network.version and address in network:
                raise AddressRefused(
                    f"The address {ip} may not be called ({reason}); an administrator can allow its range."
                )


def _parse_address(ip: str | IPAddress) -> IPAddress:
    try:
        # A zone ("fe80::1%eth0") names an interface, not an address; it has no say here.
        return ipaddress.ip_address(str(ip).partition("%")[0])
    except ValueError:
        raise AddressRefused(f'"{str(ip)[:60]}" is not an IP address.') from None


def _effective_addresses(address: IPAddress) -> Iterator[IPAddress]:
    if isinstance(address, ipaddress.IPv4Address):
        yield address
        return
    if address.ipv4_mapped is not None:
        # The system connects to the IPv4 address itself.
        yield address.ipv4_mapped
        return
    yield address
    last = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address.sixtofour is not None:
        yield address.sixtofour
    elif address.teredo is not None:
        yield from address.teredo
    elif any(address in network for network in (*_NAT64, _TRANSLATED)):
        yield last
    elif address in _COMPATIBLE and int(address) > 0xFFFF:
        yield last


def normalize_host(host: str) -> str:
    """Return the one spelling of *host* used for look-up, ``Host`` and certificate alike.

    Lower case, IDNA (UTS 46), no trailing dot; decimal, octal and hexadecimal IPv4 forms become dotted quads,
    IPv6 loses its brackets. Raises :class:`InvalidUrl`.
    """
    text = host.strip()
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    if ":" in text:
        try:
            return str(ipaddress.IPv6Address(text))
        except ValueError:
            raise _invalid_host(host) from None
    if text.endswith("."):
        text = text[:-1]
    if not text.isascii():
        try:
            text = idna.encode(text, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            raise _invalid_host(host) from None
    text = text.lower()
    labels = text.split(".")
    if len(text) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise _invalid_host(host)
    if _NUMERIC_LABEL.fullmatch(labels[-1]):
        return _parse_ipv4_number(host, labels)
    return text


def _parse_ipv4_number(host: str, labels: list[str]) -> str:
    """Read what ``inet_aton`` accepts: 1 to 4 parts, each decimal, octal (leading 0) or hexadecimal (0x)."""
    try:
        numbers = [_parse_ipv4_part(label) for label in labels]
        *head, last = numbers
        if len(numbers) > 4 or any(part > 255 for part in head) or last >= 256 ** (5 - len(numbers)):
            raise ValueError
    except ValueError:
        raise _invalid_host(host) from None
    value = last
    for position, part in enumerate(head):
        value += part << (8 * (3 - position))
    return str(ipaddress.IPv4Address(value))


def _parse_ipv4_part(label: str) -> int:
    if len(label) > 16:
        raise ValueError
    if label.startswith("0x"):
        return int(label[2:] or "0", 16)
    return int(label, 8 if label.startswith("0") and len(label) > 1 else 10)


def _invalid_host(host: str) -> InvalidUrl:
    return InvalidUrl(f'"{host[:80]}" is not a host name or an address.')


def resolve(
    host: str, port: int, allowed: Sequence[str | IPNetwork] = (), timeout: float | None = None
) -> list[str]:
    """Resolve *host* once and return its addresses, every one checked, in the system's order of preference.

    :param host: name or address in any spelling
    :param port: TCP port
    :param allowed: ranges that an administrator opened
    :param timeout: seconds for the look-up; None leaves it to the system
    :raises InvalidUrl: not a host
    :raises DnsError: the name does not resolve (retryable)
    :raises DeliveryTimeout: the name servers did not answer in time
    :raises AddressRefused: at least one of the addresses may not be called. One is enough: a name that
        answers with a public and a private address is how the guard gets probed.
    """
    name = normalize_host(host)
    addresses: list[str] = []
    for info in _lookup(name, port, timeout):
        address = str(info[4][0])
        if address not in addresses:
            check_address(address, allowed)
            addresses.append(address)
    if not addresses:
        raise DnsError(f"{name} has no address.")
    return addresses


def _lookup(name: str, port: int, timeout: float | None) -> list:
    if timeout is None:
        return _getaddrinfo(name, port)
    # getaddrinfo has no timeout of its own. The thread of a dead name server is left behind; it ends with the
    # resolver's own limit, tens of seconds later.
    outcome: list = []

    def look_up() -> None:
        try:
            outcome.append((_getaddrinfo(name, port), None))
        except Exception as error:
            outcome.append((None, error))

    thread = threading.Thread(target=look_up, name="resolve", daemon=True)
    thread.start()
    thread.join(timeout)
    if not outcome:
        raise DeliveryTimeout(f"Looking up {name} took longer than {timeout:g} seconds.")
    found, error = outcome[0]
    if error is not None:
        raise error
    return found


def _getaddrinfo(name: str, port: int) -> list:
    try:
        return socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "not a name"
        raise DnsError(f"{name} does not resolve ({reason}).") from error
