"""Crossings against a second implementation that lists every simple path, and against every way to label the rest."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lychgate.reasoning.tenancy import ACTING_KINDS, Edge, Owned, crossings

NODES = ["n0", "n1", "n2", "n3", "n4"]
KINDS = ["assume-role", "identity-grant", "network", "replication", "event-target", "key-use"]

tenants = st.sampled_from(["a", "b", None, None])
owners = st.builds(
    Owned,
    urn=st.just(""),
    tenant=tenants,
    shared=st.sampled_from([False, False, True]),
    acts=st.sampled_from([None, None, None, True, False]),
)
worlds = st.tuples(
    st.lists(owners, min_size=4, max_size=4).map(
        lambda row: [item._replace(urn=NODES[at]) for at, item in enumerate(row)]
    ),
    # One node has no record at all.
    st.lists(
        st.builds(Edge, st.sampled_from(NODES), st.sampled_from(NODES), st.sampled_from(KINDS)), max_size=7, unique=True
    ),
)


def simple_paths(edges, path):
    yield path
    for edge in edges:
        if edge.source == path[-1].target and edge.target not in {step.source for step in path} | {path[-1].target}:
            yield from simple_paths(edges, [*path, edge])


def second_implementation(owned, edges):
    """All paths through resources in between, and the direct edges, certain and open."""
    by_urn = {item.urn: item for item in owned}

    def owner(urn):
        item = by_urn.get(urn)
        return None if item is None or item.shared else item.tenant

    def acts(urn):
        told = by_urn[urn].acts if urn in by_urn else None
        return told if told is not None else any(edge.source == urn and edge.kind in ACTING_KINDS for edge in edges)

    def shared(urn):
        return urn in by_urn and by_urn[urn].shared

    paths, direct, undecided = {}, set(), set()
    for edge in edges:
        if shared(edge.source) or shared(edge.target) or edge.source == edge.target:
            continue
        if owner(edge.source) is None or owner(edge.target) is None:
            undecided.add(edge)
        elif owner(edge.source) != owner(edge.target):
            direct.add(edge)
    for path in (path for edge in edges for path in simple_paths(edges, [edge])):
        source, target = owner(path[0].source), owner(path[-1].target)
        middle = [edge.source for edge in path[1:]]
        if (
            middle
            and source
            and target
            and source != target
            and all(owner(urn) is None and acts(urn) for urn in middle)
        ):
            paths[tuple(path)] = (source, target)
    return paths, direct, undecided


def facets(path, owners):
    return ("target", path[-1].target), ("source", path[0].source), ("owners", *owners)


@settings(max_examples=300, deadline=None)
@given(worlds)
def test_crossings_are_those_of_every_simple_path(world):
    owned, edges = world
    found = crossings(owned, edges, "tenant")
    paths, direct, undecided = second_implementation(owned, edges)
    assert {item.path[0] for item in found if item.state == "unknown"} == undecided
    assert {item.path[0] for item in found if item.state == "yes" and len(item.path) == 1} == direct
    shortest = {}
    for path, owners_of in paths.items():
        for facet in facets(path, owners_of):
            shortest[facet] = min(shortest.get(facet, 99), len(path))
    told = {item.path: (item.source_value, item.target_value) for item in found if len(item.path) > 1}
    assert told.items() <= paths.items()
    for facet, length in shortest.items():
        assert length in {len(path) for path, owners_of in told.items() if facet in facets(path, owners_of)}
    assert len(told) <= len(shortest)
    assert found == crossings(list(reversed(owned)), list(reversed(edges)), "tenant")


@settings(max_examples=200, deadline=None)
@given(worlds)
def test_a_crossing_through_unlabelled_resources_holds_however_they_are_labelled(world):
    owned, edges = world
    by_urn = {item.urn: item for item in owned}
    acting = {edge.source for edge in edges if edge.kind in ACTING_KINDS}
    for crossing in crossings(owned, edges, "tenant"):
        if crossing.state != "yes":
            continue
        middle = [edge.source for edge in crossing.path[1:]]
        loose = [urn for urn in middle if urn not in by_urn or (not by_urn[urn].shared and by_urn[urn].tenant is None)]
        for labels in product(["a", "b", "c", "shared"], repeat=len(loose)):
            told = {
                urn: Owned(
                    urn,
                    tenant=None if label == "shared" else label,
                    shared=label == "shared",
                    acts=by_urn[urn].acts if urn in by_urn and by_urn[urn].acts is not None else urn in acting,
                )
                for urn, label in zip(loose, labels, strict=True)
            }
            found = crossings([*(item for item in owned if item.urn not in told), *told.values()], edges, "tenant")
            assert any(item.state == "yes" and set(item.path) <= set(crossing.path) for item in found)


def pair(*more):
    return [Owned("role-a", tenant="a"), Owned("role-b", tenant="b"), Owned("bucket-b", tenant="b"), *more]


def test_a_role_that_anybody_may_assume_leads_across():
    edges = [
        Edge("role-a", "shared-role", "assume-role", "trust policy"),
        Edge("role-b", "shared-role", "assume-role", "trust policy"),
        Edge("shared-role", "bucket-b", "identity-grant", "s3:GetObject"),
    ]
    (found,) = crossings(pair(Owned("shared-role", shared=True)), edges, "tenant")
    assert (found.state, found.source_value, found.target_value) == ("yes", "a", "b")
    assert [str(edge) for edge in found.path] == [
        "role-a -> shared-role by assume-role (trust policy)",
        "shared-role -> bucket-b by identity-grant (s3:GetObject)",
    ]
    # Without a label it is certain all the same, and each edge that touches it is open besides.
    states = [(item.state, item.target) for item in crossings(pair(), edges, "tenant")]
    assert ("yes", "bucket-b") in states
    assert states.count(("unknown", "shared-role")) == 2


def test_a_shared_store_ends_a_path_also_when_it_passes_data_on():
    shared = [Owned("topic", shared=True), Owned("queue-b", tenant="b")]
    edges = [
        Edge("role-a", "topic", "identity-grant", "sns:Publish"),
        Edge("role-b", "topic", "identity-grant", "sns:Publish"),
        Edge("topic", "queue-b", "event-target", "subscription"),
    ]
    assert crossings(pair(*shared), edges, "tenant") == []


def test_a_shared_function_that_a_tenant_triggers_leads_to_what_it_may_do():
    shared = [Owned("function", shared=True)]
    edges = [
        Edge("role-a", "function", "event-target"),
        Edge("function", "bucket-b", "identity-grant", "s3:PutObject"),
    ]
    (found,) = crossings(pair(*shared), edges, "tenant")
    assert found.source == "role-a" and found.target == "bucket-b"
    assert crossings(pair(Owned("function", shared=True, acts=False)), edges, "tenant") == []


def test_each_dimension_is_judged_by_its_own_label():
    owned = [Owned("x", environment="test", tenant="a"), Owned("y", environment="production", tenant="a")]
    edges = [Edge("x", "y", "network", "rule")]
    assert crossings(owned, edges, "tenant") == []
    (found,) = crossings(owned, edges, "environment")
    assert (found.source_value, found.target_value) == ("test", "production")
    (missing,) = crossings(owned, edges, "application")
    assert missing.state == "unknown"


def test_a_resource_has_one_owner():
    with pytest.raises(ValueError, match="two different owners for x"):
        crossings([Owned("x", tenant="a"), Owned("x", tenant="b")], [], "tenant")


def test_many_tenants_and_a_hub():
    owned = [Owned("hub", shared=True)]
    edges = []
    for at in range(5000):
        owned.append(Owned(f"r{at}", tenant=f"t{at % 50}"))
        edges += [Edge(f"r{at}", "hub", "assume-role"), Edge("hub", f"r{at}", "identity-grant")]
    found = crossings(owned, edges, "tenant")
    assert 5000 <= len(found) <= 5000 + 5000 + 50 * 49
    assert {item.target for item in found} == {item.source for item in found} == {f"r{at}" for at in range(5000)}
