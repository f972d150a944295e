"""Security groups: stateful, allow only, the union of all rules of all groups of an endpoint."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from lychgate.reasoning.network import records as r
from lychgate.reasoning.network.addresses import ANYWHERE
from lychgate.reasoning.network.answers import PERHAPS, Bounds, Step, Unknown
from lychgate.reasoning.network.flows import Block, Flow, FlowSet, service_text
from lychgate.reasoning.network.intervals import Intervals, union
from lychgate.reasoning.network.inventory import Inventory, ServiceSpans, services

Direction = Literal["ingress", "egress"]


@dataclass(slots=True)
class _Blocks:
    """Bounds being built: lists are cheaper than repeated unions."""

    certain: list[Block] = field(default_factory=list)
    possible: list[Block] = field(default_factory=list)

    def add(self, direction: Direction, service: ServiceSpans, certain: Intervals, possible: Intervals) -> None:
        if service.certain and certain:
            self.certain.append(_block(direction, service.certain, certain))
        if possible:
            self.possible.append(_block(direction, service.possible, possible))

    def bounds(self) -> Bounds:
        certain = FlowSet(tuple(self.certain))
        return Bounds(certain, certain if self.certain == self.possible else FlowSet(tuple(self.possible)))


def _block(direction: Direction, service: tuple[Intervals, Intervals], peer: Intervals) -> Block:
    return (*service, peer, ANYWHERE) if direction == "ingress" else (*service, ANYWHERE, peer)


@dataclass(frozen=True, slots=True)
class _Table:
    """One direction of one group: what it opens to addresses, to members of groups, and to a group nobody knows."""

    addresses: Bounds
    by_group: dict[str, Bounds]
    some_group: Bounds
    all_unknown: bool


@dataclass(frozen=True, slots=True)
class GroupSet:
    """The groups of an endpoint: known ids (present among the records or not) and whether there may be more."""

    ids: tuple[str, ...]
    unknowns: tuple[Unknown, ...] = ()


class Groups:
    """Answers what sets of security groups let through."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._tables: dict[tuple[str, Direction], _Table] = {}
        self._bounds: dict[tuple[object, ...], Bounds] = {}

    def of_endpoint(self, endpoint: r.Endpoint, vpc: r.Text) -> GroupSet | None:
        """The groups that apply to an endpoint, the VPC's default group where none is given; None for no filter."""
        if endpoint.security_groups is None:
            return None
        if endpoint.security_groups:
            known = tuple(sorted({item for item in endpoint.security_groups if isinstance(item, str)}))
            return GroupSet(known, tuple(item for item in endpoint.security_groups if isinstance(item, Unknown)))
        default = self._inventory.vpc(vpc).default_security_group
        if isinstance(default, Unknown):
            return GroupSet((), (default,))
        return GroupSet((default_group_id(str(vpc)) if default is None else default,))

    def bounds(self, groups: GroupSet, direction: Direction, peer: GroupSet | None) -> Bounds:
        """What the groups let through in a direction, from or to a member of the peer's groups.

        `peer` None: the other side is no member of any group (the internet, or group references do not hold there).
        """
        key = (groups, direction, peer)
        found = self._bounds.get(key)
        if found is None:
            found = self._bounds[key] = self._compute(groups, direction, peer)
        return found

    def _compute(self, groups: GroupSet, direction: Direction, peer: GroupSet | None) -> Bounds:
        if groups.unknowns:
            known = self._compute(GroupSet(groups.ids), direction, peer)
            return Bounds(known.certain, PERHAPS.possible)
        certain: list[Block] = []
        possible: list[Block] = []
        exact = True
        for group in groups.ids:
            for part in self._parts(self.table(group, direction), peer):
                certain.extend(part.certain.blocks)
                possible.extend(part.possible.blocks)
                exact = exact and part.certain is part.possible
        total = FlowSet(tuple(certain))
        return Bounds(total, total if exact else FlowSet(tuple(possible)))

    @staticmethod
    def _parts(table: _Table, peer: GroupSet | None) -> list[Bounds]:
        if table.all_unknown:
            return [table.addresses, PERHAPS]
        if peer is None:
            return [table.addresses]
        found = [table.addresses]
        if peer.ids or peer.unknowns:
            found.append(table.some_group)
        found.extend(table.by_group[item] for item in peer.ids if item in table.by_group)
        if peer.unknowns:
            found.extend(Bounds(FlowSet(), item.possible) for item in table.by_group.values())
        return found

    def table(self, group: str, direction: Direction) -> _Table:
        """One direction of one group, computed once."""
        key = (group, direction)
        if key not in self._tables:
            self._tables[key] = self._build(group, direction)
        return self._tables[key]

    def _build(self, group: str, direction: Direction) -> _Table:
        addresses, some, named = _Blocks(), _Blocks(), dict[str, _Blocks]()
        doubtful = False
        for rule in self.rules(group, direction):
            if isinstance(rule, Unknown):
                doubtful = True
                continue
            service = services(rule.id, rule.protocol, rule.from_port, rule.to_port)
            known, listed = self._inventory.cidrs(rule.id, rule.cidrs), self._inventory.prefix_lists(rule.prefix_lists)
            addresses.add(
                direction, service, union(known.certain, listed.certain), union(known.possible, listed.possible)
            )
            for reference in rule.groups:
                if isinstance(reference, Unknown):
                    some.add(direction, service, (), ANYWHERE)
                else:
                    named.setdefault(reference, _Blocks()).add(direction, service, ANYWHERE, ANYWHERE)
            if rule.self_reference is not False:
                sure = ANYWHERE if rule.self_reference is True else ()
                named.setdefault(group, _Blocks()).add(direction, service, sure, ANYWHERE)
        return _Table(addresses.bounds(), {key: item.bounds() for key, item in named.items()}, some.bounds(), doubtful)

    def rules(self, group: str, direction: Direction) -> list[r.SecurityRule | Unknown]:
        """The rules of a group in a direction, AWS's own ones included."""
        vpc = group.removeprefix(_DEFAULT)
        if vpc != group:
            own = r.SecurityRule(group, direction, "-1", self_reference=True)
            return [own if direction == "ingress" else _all_egress(group)]
        found = self._inventory.find(r.SecurityGroup, group)
        if isinstance(found, Unknown):
            return [found]
        rules = [rule for rule in found.rules if isinstance(rule, Unknown) or rule.direction == direction]
        if direction == "egress" and found.default_egress is not False:
            rules.append(found.default_egress if isinstance(found.default_egress, Unknown) else _all_egress(group))
        return rules

    def steps(self, groups: GroupSet, direction: Direction, peer: GroupSet | None, flow: Flow) -> tuple[Step, ...]:
        """The first rule that lets a flow through for certain, else may let it through."""
        fallback: tuple[Step, ...] = ()
        for group in groups.ids:
            for rule in self.rules(group, direction):
                bounds = self._rule_bounds(rule, group, direction, peer)
                if not isinstance(rule, Unknown) and bounds.possible.holds(flow):
                    step = Step("security-group", rule.id, rule_text(rule))
                    if bounds.certain.holds(flow):
                        return (step,)
                    fallback = fallback or (step,)
        return fallback

    def doubts(self, groups: GroupSet, direction: Direction, peer: GroupSet | None, flow: Flow) -> list[Unknown]:
        """The unknown values that decide whether a flow passes."""
        found = list(groups.unknowns)
        for group in groups.ids:
            for rule in self.rules(group, direction):
                if not self._rule_bounds(rule, group, direction, peer).possible.holds(flow):
                    continue
                if isinstance(rule, Unknown):
                    found.append(rule)
                    continue
                found.extend(services(rule.id, rule.protocol, rule.from_port, rule.to_port).unknowns)
                found.extend(self._inventory.cidrs(rule.id, rule.cidrs).unknowns)
                found.extend(self._inventory.prefix_lists(rule.prefix_lists).unknowns)
                found.extend(item for item in (*rule.groups, rule.self_reference) if isinstance(item, Unknown))
                found.extend(peer.unknowns if peer and (rule.groups or rule.self_reference) else ())
        return found

    def _rule_bounds(
        self, rule: r.SecurityRule | Unknown, group: str, direction: Direction, peer: GroupSet | None
    ) -> Bounds:
        if isinstance(rule, Unknown):
            return PERHAPS
        blocks = _Blocks()
        service = services(rule.id, rule.protocol, rule.from_port, rule.to_port)
        for part in (self._inventory.cidrs(rule.id, rule.cidrs), self._inventory.prefix_lists(rule.prefix_lists)):
            blocks.add(direction, service, part.certain, part.possible)
        if peer is not None:
            references = (*rule.groups, *((group,) if rule.self_reference is True else ()))
            unsure = any(isinstance(item, Unknown) for item in (*rule.groups, rule.self_reference))
            member = any(item in peer.ids for item in references)
            perhaps = bool(peer.unknowns and references) or bool(unsure and (peer.ids or peer.unknowns))
            blocks.add(direction, service, ANYWHERE if member else (), ANYWHERE if member or perhaps else ())
        return blocks.bounds()

    def sources(self, groups: GroupSet) -> tuple[Intervals, frozenset[str], bool]:
        """What may come in at all: from which addresses, from members of which groups, or (true) from anything."""
        spans: Intervals = ()
        named: set[str] = set()
        anything = bool(groups.unknowns)
        for group in groups.ids:
            table = self.table(group, "ingress")
            anything = anything or table.all_unknown or bool(table.some_group.possible)
            spans = union(spans, table.addresses.possible.values(2))
            named.update(table.by_group)
        return spans, frozenset(named), anything


_DEFAULT = "default security group of "


def default_group_id(vpc: str) -> str:
    """The id under which a VPC's own, unmanaged default security group stands in witnesses."""
    return _DEFAULT + vpc


def _all_egress(group: str) -> r.SecurityRule:
    return r.SecurityRule(group, "egress", "-1", cidrs=("0.0.0.0/0", "::/0"))


def rule_text(rule: r.SecurityRule) -> str:
    """A security group rule in words."""
    service = services(rule.id, rule.protocol, rule.from_port, rule.to_port)
    text = service_text(*service.possible)
    peers = [str(item) for item in (*rule.cidrs, *rule.groups, *rule.prefix_lists)]
    peers += ["members of the same group"] if rule.self_reference else []
    return f"{rule.direction} {text} {'from' if rule.direction == 'ingress' else 'to'} {', '.join(peers) or 'nobody'}"
