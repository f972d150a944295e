"""The set algebra against plain Python sets over a universe small enough to list."""

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from lychgate.reasoning.network.flows import DESTINATION, PORT, PROTOCOL, SOURCE, Flow, FlowSet
from lychgate.reasoning.network.intervals import covers, holds, intersect, normal, subtract, union

# A busy machine may take its time over one example.
patient = settings(deadline=None)

NUMBERS = range(8)
pairs = st.lists(st.tuples(st.sampled_from(NUMBERS), st.sampled_from(NUMBERS)), max_size=4)
spans = pairs.map(normal)
some_spans = spans.filter(bool)


def listed(intervals):
    return {number for low, high in intervals for number in range(low, high + 1)}


@patient
@given(pairs, pairs)
def test_intervals_are_sets(left, right):
    a, b = normal(left), normal(right)
    whole = {number for low, high in left for number in range(low, high + 1)}
    assert listed(a) == whole
    assert listed(union(a, b)) == listed(a) | listed(b)
    assert listed(intersect(a, b)) == listed(a) & listed(b)
    assert listed(subtract(a, b)) == listed(a) - listed(b)
    assert covers(a, b) == (listed(b) <= listed(a))
    for result in (a, union(a, b), intersect(a, b), subtract(a, b)):
        assert result == normal(result), "not in normal form"
    assert all(holds(a, number) == (number in whole) for number in NUMBERS)


SIDES = 4
blocks = st.tuples(some_spans, some_spans, some_spans, some_spans)
flow_sets = st.lists(blocks, max_size=3).map(lambda row: FlowSet(tuple(row)))
UNIVERSE = [Flow(*point) for point in product(range(0, 8, 2), repeat=SIDES)]
sides = st.sampled_from([PROTOCOL, PORT, SOURCE, DESTINATION])


def flows_of(flows):
    """By membership in each block, not by the set's own method."""
    return {
        flow
        for flow in UNIVERSE
        for item in flows.blocks
        if all(
            value in listed(side)
            for value, side in zip((flow.protocol, flow.port, flow.source, flow.destination), item, strict=True)
        )
    }


@patient
@given(flow_sets, flow_sets)
def test_flow_sets_are_sets(left, right):
    a, b = flows_of(left), flows_of(right)
    assert flows_of(left & right) == a & b
    assert flows_of(left | right) == a | b
    assert flows_of(left - right) == a - b
    assert flows_of(left.simplified()) == a
    assert left.simplified().same_as(left)
    assert {flow for flow in UNIVERSE if left.holds(flow)} == a
    if left.within(right):
        assert a <= b
    if left:
        assert left.holds(left.example())


@patient
@given(flow_sets, flow_sets)
def test_inclusion_and_equality_are_exact(left, right):
    assert (left & right).within(left)
    assert left.within(left | right)
    assert ((left - right) | (left & right)).same_as(left)
    assert not ((left - right) & right)


@patient
@given(flow_sets, sides, some_spans)
def test_projections_quantify_over_one_side(flows, side, within):
    def with_value(flow, value):
        values = [flow.protocol, flow.port, flow.source, flow.destination]
        values[side] = value
        return Flow(*values)

    for flow in UNIVERSE[::7]:
        row = [flows.holds(with_value(flow, value)) for value in sorted(listed(within))]
        assert flows.for_some(side, within).holds(flow) == any(row)
        inside = (flow.protocol, flow.port, flow.source, flow.destination)[side] in listed(within)
        assert flows.for_every(side, within).holds(flow) == (inside and all(row))


def test_texts_say_what_a_set_holds():
    assert str(FlowSet.of("tcp", 443, 443, "0.0.0.0/0", "10.0.1.0/24")) == "tcp 443 from 0.0.0.0/0 to 10.0.1.0/24"
    assert str(FlowSet.of("udp", 53, 54)) == "udp 53-54 from anywhere to anywhere"
    assert str(FlowSet.of() - FlowSet.of()) == "nothing"
    two = FlowSet.of("tcp", 80) | FlowSet.of("tcp", 81)
    assert str(two) == "tcp 80-81 from anywhere to anywhere"
    assert str(FlowSet.of("icmp", 8 * 256, source="2001:db8::/32").example()).startswith(
        "icmp type 8 code 0 from 2001:db8:"
    )
