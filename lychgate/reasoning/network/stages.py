"""A reach as a row of stages: what each lets through, which rule says so, which unknown values decide it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from lychgate.reasoning.network.addresses import IPV4, IPV6
from lychgate.reasoning.network.answers import Answer, Bounds, Hop, Step, Unknown, no, unknown, yes
from lychgate.reasoning.network.flows import (
    ALL_FLOWS,
    ALL_PORTS,
    ALL_PROTOCOLS,
    DESTINATION,
    NO_FLOWS,
    PORT,
    PROTOCOL,
    SOURCE,
    TCP,
    Flow,
    FlowSet,
)
from lychgate.reasoning.network.intervals import Intervals, intersect, subtract


@dataclass(frozen=True, slots=True)
class Stage:
    """One place that a flow must pass; `refusal` is the reason of a no when nothing is left after it."""

    bounds: Bounds
    refusal: str
    steps: Callable[[Flow], Iterable[Step]]
    doubts: Callable[[Flow], Iterable[Unknown]]


@dataclass(frozen=True, slots=True)
class Pin:
    """A side whose value is one unknown value of `spans`: only what holds for every such value is certain."""

    side: int
    spans: Intervals
    doubt: Unknown


def nothing_to_say(_: Flow) -> tuple[()]:
    """The steps or doubts of a stage that has none."""
    return ()


def evaluate(source: str, target: str, stages: Iterable[Stage], pins: Iterable[Pin] = ()) -> Answer[Hop]:
    """Fold the stages: yes when something certainly passes all, no when nothing can, else unknown."""
    row, held = list(stages), tuple(pins)
    total = row[0].bounds
    if not total.possible:
        return no(row[0].refusal)
    for stage in row[1:]:
        total = total & stage.bounds
        if not total.possible:
            return no(stage.refusal)
    certain = total.certain
    for pin in held:
        certain = pinned(certain, pin)
    if certain:
        flow = certain.example()
        steps = tuple(step for stage in row for step in stage.steps(flow))
        return yes(Hop(source, target, flow, certain, steps), f"{source} reaches {target}: {flow}")
    if total.certain:
        flow = total.certain.example()
        doubts = [pin.doubt for pin in held if not pinned(total.certain, pin)] or [pin.doubt for pin in held]
    else:
        flow = total.possible.example()
        doubts = [doubt for stage in row if not stage.bounds.certain.holds(flow) for doubt in stage.doubts(flow)]
    found = tuple(dict.fromkeys(doubts))
    hop = Hop(source, target, flow, total.possible, tuple(step for stage in row for step in stage.steps(flow)))
    return unknown(_undecided(source, target, found), found, hop)


def _undecided(source: str, target: str, doubts: tuple[Unknown, ...]) -> str:
    named = ", ".join(str(doubt) for doubt in doubts[:3])
    more = f" and {len(doubts) - 3} more" if len(doubts) > 3 else ""
    return f"whether {source} reaches {target} depends on {named}{more}"


def pinned(flows: FlowSet, pin: Pin) -> FlowSet:
    """The flows that are in the set whichever value the pinned side has."""
    rest: Intervals = ((0, 1 << 200),)
    return flows.only(pin.side, subtract(rest, pin.spans)) | flows.for_every(pin.side, pin.spans)


def combine(source: str, target: str, answers: Iterable[Answer[Hop]]) -> Answer[Hop]:
    """The answer when any of several ways will do: flows are joined, the first witness is kept."""
    row = list(answers)
    if len(row) == 1:
        return row[0]
    for state in ("yes", "unknown"):
        hops = [item.witness for item in row if item.state == state and item.witness is not None]
        if not hops:
            continue
        first = next(item for item in row if item.state == state)
        flows = hops[0].flows
        for hop in hops[1:]:
            flows = flows | hop.flows
        whole = Hop(source, target, hops[0].flow, flows, hops[0].steps)
        if state == "yes":
            return yes(whole, first.reason)
        doubts = tuple(dict.fromkeys(doubt for item in row for doubt in item.unknowns))
        return unknown(_undecided(source, target, doubts), doubts, whole)
    reasons = list(dict.fromkeys(item.reason for item in row))
    return no("; ".join(reasons) or f"{target} has no network interface")


def ends(source: Intervals, destination: Intervals) -> FlowSet:
    """All flows between two address sets, each family for itself."""
    found = []
    for family in (IPV4, IPV6):
        sides = (intersect(source, family), intersect(destination, family))
        if all(sides):
            found.append((ALL_PROTOCOLS, ALL_PORTS, *sides))
    return FlowSet(tuple(found))


def towards(spans: Intervals) -> FlowSet:
    """All flows to these addresses."""
    return ALL_FLOWS.only(DESTINATION, spans) if spans else NO_FLOWS


def coming_from(spans: Intervals) -> FlowSet:
    """All flows from these addresses."""
    return ALL_FLOWS.only(SOURCE, spans) if spans else NO_FLOWS


_TCP: Intervals = ((TCP, TCP),)
_NOT_TCP = ALL_FLOWS - ALL_FLOWS.only(PROTOCOL, _TCP)


def way_back(answers: Bounds, client_ports: Intervals) -> Bounds:
    """The forward flows whose answers come back, given which answer packets pass.

    TCP needs its answers, and they go to a port that the client chose; any other protocol does its work, or its harm,
    with the first packet.
    """

    def forward(flows: FlowSet) -> FlowSet:
        free = flows.only(PROTOCOL, _TCP).for_some(PORT, client_ports)
        turned = tuple((item[0], item[1], item[3], item[2]) for item in free.blocks)
        return _NOT_TCP | FlowSet(turned)

    certain = forward(answers.certain)
    return Bounds(certain, certain if answers.certain is answers.possible else forward(answers.possible))


def answer_packet(answers: FlowSet, flow: Flow, client_ports: Intervals) -> Flow | None:
    """One answer packet to a TCP flow that passes, or None (also where no answer is needed)."""
    if flow.protocol != TCP:
        return None
    row = answers.only(PROTOCOL, _TCP).only(PORT, client_ports)
    row = row.only(SOURCE, ((flow.destination, flow.destination),)).only(DESTINATION, ((flow.source, flow.source),))
    if not row:
        return None
    port = max(high for _, high in row.blocks[0][PORT])
    return Flow(TCP, port, flow.destination, flow.source)
