import ipaddress
import socket
import time

import pytest
from dist_integration_base.lib import network
from dist_integration_base.lib.errors import (
    AddressRefused,
    ConfigurationError,
    DeliveryTimeout,
    DnsError,
    InvalidUrl,
)
from hypothesis import given
from hypothesis import strategies as st

PRIVATE = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "168.63.129.16",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:10.0.0.1",
    "64:ff9b::8.8.8.8",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::a00:1",
    "100::1",
    "2001::1",
    "2001:2::1",
    "2001:10::1",
    "2001:db8::1",
    "2002:0808:0808::1",
    "2002:0a00:0001::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.1",
    "168.63.129.15",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.1",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "::ffff:8.8.8.8",
    "2001:4860:4860::8888",
    "2606:4700:4700::1111",
    "2a00:1450:4001:80b::200e",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_refused(address):
    with pytest.raises(AddressRefused) as caught:
        network.check_address(address)
    assert caught.value.code == "address_refused"
    assert not caught.value.retryable


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address):
    network.check_address(address)


def test_allowed_range_opens_only_itself():
    network.check_address("10.1.2.3", ["10.1.0.0/16"])
    network.check_address("::ffff:10.1.2.3", ["10.1.0.0/16"])
    network.check_address("fd12::7", network.parse_networks("fd12::/16"))
    for address, allowed in [
        ("10.2.0.1", ["10.1.0.0/16"]),
        ("::1", ["0.0.0.0/0"]),
        ("127.0.0.1", ["::/0"]),
        # The carrier is allowed, what it carries is not.
        ("64:ff9b::10.0.0.1", ["64:ff9b::/96"]),
        ("2002:0a00:0001::1", ["2002::/16"]),
    ]:
        with pytest.raises(AddressRefused):
            network.check_address(address, allowed)
    network.check_address("64:ff9b::8.8.8.8", ["64:ff9b::/96"])
    network.check_address("64:ff9b::10.0.0.1", ["64:ff9b::/96", "10.0.0.0/8"])


@pytest.mark.parametrize("text", ["", "localhost", "10.0.0", "010.0.0.1", "1.2.3.4/32"])
def test_not_an_address(text):
    with pytest.raises(AddressRefused):
        network.check_address(text)


@given(st.ip_addresses(v=4))
def test_carriers_are_never_more_open_than_what_they_carry(address):
    def refused(ip):
        try:
            network.check_address(ip)
        except AddressRefused:
            return True
        return False

    number = int(address)
    if (
        not address.is_global
        and not address.is_multicast
        and address not in ipaddress.ip_network("192.0.0.0/24")
    ):
        assert refused(address)
    assert refused(ipaddress.IPv6Address((0xFFFF << 32) | number)) == refused(address)
    assert refused(ipaddress.IPv6Address((0x2002 << 112) | (number << 80)))
    assert refused(ipaddress.IPv6Address((0x0064FF9B << 96) | number))
    assert refused(ipaddress.IPv6Address(number))


def test_parse_networks():
    text = "10.1.0.0/16, 192.168.7.20 # the scales\n\n# nothing\n fd00::/8;2001:db8::1"
    assert [str(found) for found in network.parse_networks(text)] == [
        "10.1.0.0/16",
        "192.168.7.20/32",
        "fd00::/8",
        "2001:db8::1/128",
    ]
    assert network.parse_networks("") == network.parse_networks(None) == []


@pytest.mark.parametrize("entry", ["warehouse", "10.0.0.0/33", "10.0.0/8", "300.1.1.1", "fd00::/129"])
def test_parse_networks_names_the_bad_entry(entry):
    with pytest.raises(ConfigurationError) as caught:
        network.parse_networks(f"10.1.0.0/16, {entry}")
    assert entry in caught.value.detail
    assert caught.value.code == "invalid_network"


def test_parse_networks_refuses_host_bits_and_says_the_range():
    with pytest.raises(ConfigurationError, match="10.1.0.0/16"):
        network.parse_networks("10.1.2.3/16")


@pytest.mark.parametrize(
    ("spelling", "expected"),
    [
        ("Example.COM", "example.com"),
        ("example.com.", "example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example.", "xn--bcher-kva.example"),
        ("straße.example", "xn--strae-oqa.example"),
        ("ｅxample。com", "example.com"),
        ("wms_1", "wms_1"),
        ("1.2.3.0xzz", "1.2.3.0xzz"),
        ("2130706433", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("0X7F.1", "127.0.0.1"),
        ("017700000001", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("127.0.1", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("10.0x10.1", "10.16.0.1"),
        ("１２７.0.0.1", "127.0.0.1"),
        ("127.0.0.1.", "127.0.0.1"),
        ("0", "0.0.0.0"),
        ("[::1]", "::1"),
        ("[0:0::FFFF:7F00:1]", "::ffff:7f00:1"),
    ],
)
def test_normalize_host(spelling, expected):
    found = network.normalize_host(spelling)
    if ":" in expected:
        assert ipaddress.ip_address(found) == ipaddress.ip_address(expected)
    else:
        assert found == expected


@pytest.mark.parametrize(
    "host",
    [
        "",
        ".",
        "..",
        "a..b",
        "-a.example",
        "a-.example",
        "exa mple.com",
        "ex%61mple.com",
        "a" * 64 + ".com",
        ".".join(["a" * 50] * 6),
        "1.2.3.4.5",
        "256.1.1.1",
        "1.2.3.256",
        "4294967296",
        "0x1ffffffff",
        "08.1.1.1",
        "1." + "9" * 4000,
        "[::1",
        "[fe80::1%25eth0]x",
        "a:b",
        "exämple..com",
        "\u00ad",
        "a\x00b",
        "a/b",
        "a@b",
    ],
)
def test_normalize_host_refuses(host):
    with pytest.raises(InvalidUrl):
        network.normalize_host(host)


@given(st.ip_addresses(v=4))
def test_every_spelling_of_an_address_means_the_address(address):
    number, octets = int(address), address.packed
    spellings = [
        str(number),
        hex(number),
        f"0{number:o}",
        ".".join(f"0x{octet:x}" for octet in octets),
        ".".join(f"0{octet:o}" for octet in octets),
        f"{octets[0]}.{number & 0xFFFFFF}",
    ]
    for spelling in spellings:
        assert network.normalize_host(spelling) == str(address)
        assert socket.inet_aton(spelling) == octets


def answering(monkeypatch, *addresses):
    calls = []

    def getaddrinfo(host, port, *args, **kwargs):
        calls.append(host)
        return [
            (socket.AF_INET6 if ":" in ip else socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port))
            for ip in addresses
        ]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return calls


def test_resolve_gives_every_address_once(monkeypatch):
    calls = answering(monkeypatch, "8.8.8.8", "2606:4700::1", "8.8.8.8")
    assert network.resolve("Example.COM.", 443) == ["8.8.8.8", "2606:4700::1"]
    assert calls == ["example.com"]


@pytest.mark.parametrize("hidden", ["10.0.0.1", "::ffff:169.254.169.254", "fe80::1%2"])
def test_one_private_address_among_public_ones_is_refused(monkeypatch, hidden):
    answering(monkeypatch, "8.8.8.8", hidden)
    with pytest.raises(AddressRefused):
        network.resolve("rebind.example", 443)


def test_resolve_honours_the_allow_list(monkeypatch):
    answering(monkeypatch, "10.1.2.3")
    assert network.resolve("wms.internal", 443, ["10.1.0.0/16"]) == ["10.1.2.3"]


@pytest.mark.parametrize("host", ["127.1", "0x7f.1", "2130706433", "[::1]", "[::ffff:7f00:1]"])
def test_odd_spellings_of_this_machine_are_refused(host):
    with pytest.raises(AddressRefused):
        network.resolve(host, 80)


def test_unknown_name_is_retryable(monkeypatch):
    def getaddrinfo(*args, **kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    for timeout in (None, 2):
        with pytest.raises(DnsError) as caught:
            network.resolve("nowhere.example", 443, timeout=timeout)
        assert caught.value.retryable
        assert caught.value.code == "dns"
        assert "nowhere.example" in caught.value.detail


def test_no_address_at_all(monkeypatch):
    answering(monkeypatch)
    with pytest.raises(DnsError):
        network.resolve("empty.example", 443)


def test_slow_name_server(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: time.sleep(8))
    started = time.monotonic()
    with pytest.raises(DeliveryTimeout):
        network.resolve("slow.example", 443, timeout=0.1)
    assert time.monotonic() - started < 6
