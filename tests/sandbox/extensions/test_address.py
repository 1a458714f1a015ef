"""Which addresses are public, and that no coat makes one public that is not."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus_jupyter.sandbox.extensions.address import is_public, read_address

INSIDE = [
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.254", "127.0.0.1", "127.255.255.254"),
    *("169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.1"),
    *("198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "224.0.1.1", "239.255.255.250", "240.0.0.1"),
    *("255.255.255.255", "168.63.129.16", "100.100.100.200"),
    *("::", "::1", "fe80::1", "febf::1", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "ff0e::1", "100::1", "64:ff9b:1::1"),
    *("2001::1", "2001:db8::1", "2001:2::1", "2001:10::1", "3fff::1", "5f00::1", "4000::1", "::ffff:0:127.0.0.1", "::127.0.0.1"),
]
OUTSIDE = [
    *("1.1.1.1", "8.8.8.8", "93.184.215.14", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "192.167.1.1", "11.0.0.1"),
    *("168.63.129.17", "223.255.255.254", "2606:4700:4700::1111", "2a00:1450:4001::200e", "64:ff9b::808:808"),
]
INSIDE_4 = [text for text in INSIDE if ":" not in text]


@pytest.mark.parametrize("text", INSIDE)
def test_what_lies_inside_is_not_public(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", OUTSIDE)
def test_what_lies_outside_is_public(text: str) -> None:
    assert is_public(ip_address(text))


def coats(inner: IPv4Address) -> dict[str, IPv6Address]:
    """The IPv6 addresses that lead to ``inner`` somewhere."""
    low = int(inner)
    return {
        "mapped": IPv6Address(0xFFFF << 32 | low),
        "nat64": IPv6Address(0x64FF9B << 96 | low),
        "6to4": IPv6Address(0x2002 << 112 | low << 80 | 1),
        "isatap": IPv6Address(0x2A001450 << 96 | 0x5EFE << 32 | low),
        "isatap, global": IPv6Address(0x2A001450 << 96 | 0x2005EFE << 32 | low),
    }


@pytest.mark.parametrize("text", INSIDE_4)
def test_no_coat_makes_it_public(text: str) -> None:
    assert [name for name, address in coats(IPv4Address(text)).items() if is_public(address)] == []


@given(st.ip_addresses(v=4))
def test_a_coat_changes_nothing(inner: IPv4Address) -> None:
    assert {is_public(address) for address in coats(inner).values()} == {is_public(inner)}


@given(st.integers(0, 2**96 - 1))
def test_teredo_is_never_public(low: int) -> None:
    assert not is_public(IPv6Address(0x20010000 << 96 | low))


@pytest.mark.parametrize("text", ["::ffff:10.0.0.1", "::ffff:a00:1", "0:0:0:0:0:ffff:0a00:0001"])
def test_a_mapped_address_is_the_address_itself(text: str) -> None:
    assert str(read_address(text)) == "10.0.0.1"


@pytest.mark.parametrize(
    "text", ["", "10.1", "010.0.0.1", "0x7f.0.0.1", "2130706433", "1.2.3.4 ", "1.2.3.4/8", "fe80::1%eth0", "[::1]", "a.b", "１.2.3.4"]
)
def test_no_other_form_is_an_address(text: str) -> None:
    assert read_address(text) is None
