"""IPv4 and IPv6 addresses on one line of integers, and what "the internet" is on it.

IPv4 takes 0 .. 2**32-1, IPv6 follows from 2**32 on. One line lets one algebra serve both families, and no block of one
family ever meets one of the other.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_network

from lychgate.reasoning.network.intervals import Intervals, normal, subtract, union

IPV6_BASE = 1 << 32

IPV4: Intervals = ((0, IPV6_BASE - 1),)
IPV6: Intervals = ((IPV6_BASE, IPV6_BASE + (1 << 128) - 1),)
ANYWHERE: Intervals = union(IPV4, IPV6)


@lru_cache(maxsize=65536)
def block(cidr: str) -> Intervals:
    """The addresses of a CIDR block or of a single address; host bits are cut off, as AWS does. Raises ValueError."""
    network = ip_network(cidr.strip(), strict=False)
    base = IPV6_BASE if isinstance(network, IPv6Network) else 0
    return ((base + int(network.network_address), base + int(network.broadcast_address)),)


@lru_cache(maxsize=65536)
def prefix_length(cidr: str) -> int:
    """The number of fixed bits of a CIDR block, which decides between routes. Raises ValueError."""
    return ip_network(cidr.strip(), strict=False).prefixlen


# Blocks that never cross an internet gateway (IANA IPv4 special-purpose address registry, RFC 6890; multicast and
# class E). The documentation blocks (192.0.2.0/24 and so on) count as internet: examples use them for public addresses.
_NOT_INTERNET = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/4",
    "240.0.0.0/4",
)
INTERNET_IPV4: Intervals = subtract(IPV4, normal(pair for cidr in _NOT_INTERNET for pair in block(cidr)))
# Global unicast (IANA IPv6 address space registry).
INTERNET_IPV6: Intervals = block("2000::/3")
INTERNET_ADDRESSES: Intervals = union(INTERNET_IPV4, INTERNET_IPV6)


def address_text(number: int) -> str:
    """An address of the line in its usual notation."""
    return str(IPv6Address(number - IPV6_BASE) if number >= IPV6_BASE else IPv4Address(number))


def span_text(low: int, high: int) -> str:
    """An interval of addresses as a CIDR block where it is one, else as a range."""
    size = high - low + 1
    start = low - IPV6_BASE if low >= IPV6_BASE else low
    if size & (size - 1) or start % size:
        return f"{address_text(low)}-{address_text(high)}"
    return f"{address_text(low)}/{(128 if low >= IPV6_BASE else 32) - size.bit_length() + 1}"


def spans_text(spans: Intervals, most: int = 4) -> str:
    """A set of addresses in words, cut after `most` parts."""
    if spans in (ANYWHERE, IPV4 + IPV6):
        return "anywhere"
    if spans in (INTERNET_ADDRESSES, INTERNET_IPV4, INTERNET_IPV6):
        return {INTERNET_IPV4: "the internet (IPv4)", INTERNET_IPV6: "the internet (IPv6)"}.get(spans, "the internet")
    # An interval of the joint line that runs over the border of the families is told in two parts.
    parts = [
        (max(low, base), min(high, end))
        for low, high in spans
        for ((base, end),) in (IPV4, IPV6)
        if max(low, base) <= min(high, end)
    ]
    shown = ", ".join(span_text(low, high) for low, high in parts[:most])
    return shown if len(parts) <= most else f"{shown} and {len(parts) - most} more"
