"""The records by kind and id, and the blocks and services that their fields name, unknown ones as bounds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from lychgate.reasoning.network import records as r
from lychgate.reasoning.network.addresses import ANYWHERE, block
from lychgate.reasoning.network.answers import Unknown
from lychgate.reasoning.network.flows import (
    ALL_PORTS,
    ALL_PROTOCOLS,
    ICMP,
    ICMPV6,
    TCP,
    UDP,
    protocol_numbers,
)
from lychgate.reasoning.network.intervals import Intervals, normal, union

Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True)
class Spans:
    """A set of numbers known for certain and at most, with the unknown values that make the difference."""

    certain: Intervals
    possible: Intervals
    unknowns: tuple[Unknown, ...] = ()

    def joined(self, other: Spans) -> Spans:
        """The numbers of either."""
        unknowns = self.unknowns + other.unknowns
        return Spans(union(self.certain, other.certain), union(self.possible, other.possible), unknowns)


class Inventory:
    """All records of a network. Raises ValueError when two records of one kind share an id."""

    def __init__(self, records: Iterable[r.Record]) -> None:
        self._by_kind: dict[type, dict[str, r.Record]] = {}
        for record in records:
            key = record.endpoint if isinstance(record, r.LoadBalancer) else record.id
            known = self._by_kind.setdefault(type(record), {})
            if key in known and known[key] != record:
                raise ValueError(f"two different records {type(record).__name__} with the id {key!r}")
            known[key] = record

    def all(self, kind: type[Kind]) -> list[Kind]:
        """All records of a kind, in the order given."""
        return list(self._by_kind.get(kind, {}).values())  # type: ignore[arg-type]

    def find(self, kind: type[Kind], reference: r.Text) -> Kind | Unknown:
        """The record that a reference names; an Unknown where the reference or the record is not known."""
        if isinstance(reference, Unknown):
            return reference
        found = self._by_kind.get(kind, {}).get(reference)
        return absent(reference) if found is None else found  # type: ignore[return-value]

    def subnet(self, reference: r.Text) -> r.Subnet:
        """A subnet; for one that is not known, a subnet of which nothing is known."""
        found = self.find(r.Subnet, reference)
        if isinstance(found, r.Subnet):
            return found
        if isinstance(reference, Unknown):
            return r.Subnet(str(reference), reference, reference, reference, reference, reference)
        fields = (
            Unknown(reference, name) for name in ("VPC", "CIDR block", "IPv6 block", "route table", "network ACL")
        )
        return r.Subnet(reference, *fields)

    def vpc(self, reference: r.Text) -> r.Vpc:
        """A VPC; for one that is not known, a VPC of which nothing is known."""
        found = self.find(r.Vpc, reference)
        if isinstance(found, r.Vpc):
            return found
        if isinstance(reference, Unknown):
            return r.Vpc(str(reference), (reference,), reference, reference, reference)
        fields = ("main route table", "default network ACL", "default security group")
        return r.Vpc(reference, (Unknown(reference, "CIDR blocks"),), *(Unknown(reference, name) for name in fields))

    def cidrs(self, owner: str, cidrs: r.Texts) -> Spans:
        """The addresses of CIDR blocks. A malformed block is an unknown one, not an error."""
        certain: list[tuple[int, int]] = []
        unknowns: list[Unknown] = []
        for cidr in cidrs:
            if isinstance(cidr, Unknown):
                unknowns.append(cidr)
                continue
            try:
                certain.extend(block(cidr))
            except ValueError:
                unknowns.append(Unknown(owner, f"address block {cidr!r}"))
        known = tuple(certain) if len(certain) == 1 else normal(certain)
        return Spans(known, ANYWHERE if unknowns else known, tuple(unknowns))

    def prefix_lists(self, references: r.Texts) -> Spans:
        """The addresses of prefix lists."""
        total = Spans((), ())
        for reference in references:
            found = self.find(r.PrefixList, reference)
            part = Spans((), ANYWHERE, (found,)) if isinstance(found, Unknown) else self.cidrs(found.id, found.cidrs)
            total = total.joined(part)
        return total


def absent(reference: str) -> Unknown:
    """What a reference to something that is not among the records is."""
    return Unknown(reference, "definition")


@dataclass(frozen=True, slots=True)
class ServiceSpans:
    """Protocols and ports that a rule names: `certain` is None when an unknown value decides."""

    certain: tuple[Intervals, Intervals] | None
    possible: tuple[Intervals, Intervals]
    unknowns: tuple[Unknown, ...] = ()


_ALL = (ALL_PROTOCOLS, ALL_PORTS)


@lru_cache(maxsize=65536)
def services(
    owner: str, protocol: str | int | Unknown, from_port: r.Number | None, to_port: r.Number | None
) -> ServiceSpans:
    """The protocols and ports of a rule (EC2 API, IpPermission and NetworkAclEntry): -1 and "all" are every protocol,
    ports count for TCP and UDP only, type and code for ICMP and ICMPv6 only.
    """
    if isinstance(protocol, Unknown):
        return ServiceSpans(None, _ALL, (protocol,))
    if str(protocol).strip().lower() in ("-1", "all"):
        return ServiceSpans(_ALL, _ALL)
    try:
        numbers = protocol_numbers(protocol)
    except ValueError:
        return ServiceSpans(None, _ALL, (Unknown(owner, f"protocol {protocol!r}"),))
    number = numbers[0][0]
    if number not in (TCP, UDP, ICMP, ICMPV6):
        return ServiceSpans((numbers, ALL_PORTS), (numbers, ALL_PORTS))
    unknowns = tuple(value for value in (from_port, to_port) if isinstance(value, Unknown))
    bounds = _icmp(from_port, to_port) if number in (ICMP, ICMPV6) else _ports(from_port, to_port)
    ports = normal([bounds])
    return ServiceSpans(None if unknowns else (numbers, ports), (numbers, ports), unknowns)


def _ports(low: r.Number | None, high: r.Number | None) -> tuple[int, int]:
    start = 0 if low is None or isinstance(low, Unknown) or low < 0 else low
    end = 65535 if high is None or isinstance(high, Unknown) or high < 0 else high
    return start, end


def _icmp(kind: r.Number | None, code: r.Number | None) -> tuple[int, int]:
    if kind is None or isinstance(kind, Unknown) or kind < 0:
        return 0, 65535
    if code is None or isinstance(code, Unknown) or code < 0:
        return kind * 256, kind * 256 + 255
    return kind * 256 + code, kind * 256 + code
