"""Which addresses a message may be sent to: public ones, and networks that the operator allows.

A customer names the URL, and this machine, which may see what he cannot, opens it: so no address of this
machine, of a private network or of a cloud's own services is ever called, whatever the name says.
"""

from __future__ import annotations

import ipaddress
import socket
import urllib.parse
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
#: Where no web server of the public is, by IANA's special-purpose registries (RFC 6890 and its updates):
#: protocol assignments and the 6to4 relays of old; all of 2001::/23 (Teredo, benchmarks, ORCHID);
#: documentation. Python's own table has some of these, and more of them since 3.11.9.
_SPECIAL: Final = tuple(
    map(
        ipaddress.ip_network,
        ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
)
_UNICAST: Final = ipaddress.IPv6Network("2000::/3")  # all that IANA has given out for global use
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
    special = any(address.version == one.version and address in one for one in _SPECIAL)
    if special or (address.version == 6 and address not in _UNICAST) or not address.is_global:
        return f"{address} is not public"
    return ""


def literal_refusal(url: str, allow: Sequence[Network] = ()) -> str:
    """Why nothing would ever be sent to a URL whose host is an address or this machine's own name.

    Empty for any other name: where it leads is seen when it is posted. No name is looked up. All spellings
    that the system takes for an address count, such as 2130706433 or 0x7f.1.

    >>> literal_refusal("http://127.1:8000/")
    '127.0.0.1 is this machine itself'
    >>> literal_refusal("https://example.com/")
    ''
    """
    try:
        parts = urllib.parse.urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode("ascii").rstrip(".").lower()
    except ValueError:
        return f"{url} is no address of a web server"
    if host == "localhost" or host.endswith(".localhost"):  # RFC 6761
        host = "127.0.0.1"
    try:
        found = socket.getaddrinfo(host, None, flags=socket.AI_NUMERICHOST)
    except (OSError, ValueError):
        return ""
    return next((why for one in found if (why := refusal(str(one[4][0]), allow))), "")


def _plain(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, if it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    inside = address.ipv4_mapped or address.sixtofour
    if inside is None and address in _NAT64:
        inside = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return inside or address
