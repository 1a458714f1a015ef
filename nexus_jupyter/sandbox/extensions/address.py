"""Which network addresses are public: the ones that anybody may call, and no machine near the kernel."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address

# Python's ``is_global`` differs between its versions and leaves these in, so they are named here.
_NOT_PUBLIC_4 = (
    IPv4Network("168.63.129.16/32"),  # Azure answers its virtual machines here, in what looks like public space
    IPv4Network("192.0.0.0/24"),  # protocol assignments, Oracle's metadata among them
    IPv4Network("192.88.99.0/24"),  # relays of 6to4, given up
)
_NOT_PUBLIC_6 = (
    IPv6Network("2001::/23"),  # protocol assignments, Teredo among them
    IPv6Network("2001:db8::/32"),  # documentation
    IPv6Network("3fff::/20"),  # documentation
)
_UNICAST_6 = IPv6Network("2000::/3")  # all that was ever given out for the public internet
_NAT64 = IPv6Network("64:ff9b::/96")
_ISATAP = (0x00005EFE, 0x02005EFE)


def read_address(text: str) -> Address | None:
    """The address that ``text`` writes, or None: dotted decimals or IPv6 (no brackets, no zone), no other form.

    An IPv4 address in IPv6 form (``::ffff:10.0.0.1``) is that IPv4 address: systems connect to the same machine.
    """
    if "%" in text:
        return None
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return plain(address)


def plain(address: Address) -> Address:
    """``address`` without its IPv6 coat, if it wears one."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def is_public(address: Address) -> bool:
    """Whether ``address`` and every address that it carries inside lead to the public internet.

    Not public: private, loopback, link-local (metadata of clouds), shared (100.64.0.0/10), multicast, reserved,
    unspecified, documentation, and tunnels (NAT64, 6to4, Teredo, ISATAP) to any of those.
    A NAT64 prefix of a network's own (RFC 6052) cannot be told from other public addresses.
    """
    address = plain(address)
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast and not any(address in network for network in _NOT_PUBLIC_4)
    if address in _NAT64:
        return all(is_public(inner) for inner in carried(address))
    if address not in _UNICAST_6 or not address.is_global or any(address in network for network in _NOT_PUBLIC_6):
        return False
    return all(is_public(inner) for inner in carried(address))


def carried(address: IPv6Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses that a tunnel would take out of ``address``."""
    low = int(address) & 0xFFFFFFFF
    if address in _NAT64:
        yield IPv4Address(low)
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    if (int(address) >> 32) & 0xFFFFFFFF in _ISATAP:
        yield IPv4Address(low)
