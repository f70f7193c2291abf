"""Which addresses a message may be sent to: public ones, and networks that the operator allows.

A customer names the URL, and this machine, which may see what he cannot, opens it: so no address of this
machine, of a private network or of a cloud's own services is ever called, whatever the name says.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from typing import Final

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
#: Gives the addresses of a host name for a port, as texts; raises OSError if it has none.
Resolve = Callable[[str, int], Sequence[str]]

#: Services of a cloud for its own machines that have public addresses: Azure's, of its documentation
#: ("What is IP address 168.63.129.16?").
_CLOUDS: Final = (ipaddress.IPv4Address("168.63.129.16"),)
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are IPv4
_KINDS: Final = (
    ("is_unspecified", "no address of a machine"),
    ("is_loopback", "this machine itself"),
    ("is_link_local", "of this machine's own link, where clouds keep their secrets"),
    ("is_multicast", "of a group of machines"),
    ("is_private", "of a private network"),
    ("is_site_local", "of a private network"),
    ("is_reserved", "reserved"),
)


def resolve_host(host: str, port: int) -> list[str]:
    """The addresses of a host by the resolver of this machine, each once; OSError if it has none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def refusal(text: str, allow: Sequence[Network] = ()) -> str:
    """Why nothing is sent to an address, in words; empty if it is public or lies in a network of `allow`.

    An IPv4 address inside an IPv6 one (mapped, 6to4, NAT64) is judged itself.

    >>> refusal("127.0.0.1")
    '127.0.0.1 is this machine itself'
    >>> refusal("::ffff:10.0.0.1")
    '10.0.0.1 is of a private network'
    >>> refusal("1.1.1.1")
    ''
    """
    try:
        address = _plain(ipaddress.ip_address(text))
    except ValueError:
        return f"{text} is no address"
    if any(address.version == one.version and address in one for one in allow):
        return ""
    for name, words in _KINDS:
        if getattr(address, name, False):
            return f"{address} is {words}"
    if address in _CLOUDS:
        return f"{address} is of a cloud's own services"
    return "" if address.is_global else f"{address} is not public"


def _plain(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, if it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    inside = address.ipv4_mapped or address.sixtofour
    if inside is None and address in _NAT64:
        inside = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return inside or address
