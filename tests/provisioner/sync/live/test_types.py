"""Every type that the components make: made at moto's server as they would, read without drift, broken, and found."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi_aws
import pytest
from lychgate.provisioner.sync.live.calling import NEVER, READING
from lychgate.provisioner.sync.live.readers import READERS

from lychgate.model.graph import Resource
from tests.provisioner.sync.live import cases_databases, cases_services, cases_storage
from tests.provisioner.sync.live.world import World

# moto has none of these: test_stubs.py has them.
STUBBED = {"aws:eks/podIdentityAssociation:PodIdentityAssociation", "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy"}
COMPONENTS = Path(__file__).parents[4] / "provisioner/components"
CASES = {case.type: case for case in (*cases_storage.CASES, *cases_databases.CASES, *cases_services.CASES)}
FAULTS = [
    pytest.param(case.type, fault, paths, id=f"{case.type.rpartition(':')[2]}-{'+'.join(paths or ['gone'])}")
    for case in CASES.values()
    for fault, paths in case.faults
]


def made_by_components() -> set[str]:
    """The type tokens of everything in AWS that the components make."""
    found = set()
    for file in COMPONENTS.glob("*.py"):
        for module, name in re.findall(r"\baws\.([a-z0-9_]+)\.([A-Z]\w+)\(", file.read_text()):
            one = getattr(getattr(pulumi_aws, module), name)
            if issubclass(one, __import__("pulumi").Resource):
                found.add(str(one.pulumi_type))
    return found


def test_every_type_has_a_reader_and_a_case() -> None:
    types = made_by_components()
    assert len(types) > 30
    assert sorted(types - READERS.keys()) == [], "these have no reader in provisioner/sync/live"
    assert READERS.keys() - CASES.keys() == STUBBED, "these are not tested"


@pytest.mark.moto
@pytest.mark.parametrize("type_", CASES)
def test_what_is_as_it_was_deployed_has_no_drift(world: World, type_: str) -> None:
    one, *beside = CASES[type_].make(world)
    found = world.drift(one, *beside)
    assert not found.drifted and not any(row.unread for row in found.resources), found.as_dict()
    assert all("tags were not searched" in one.code for one in found.not_searched)
    assert [row.not_compared for row in found.resources if row.urn == one.urn] == [()]
    assert found.unmanaged == ()
    snake = {re.sub("(?<!^)([A-Z])", r"_\1", name).lower() for name in world.asked}
    assert all(name.startswith(READING) and name not in NEVER for name in snake)


@pytest.mark.moto
@pytest.mark.parametrize(("type_", "fault", "paths"), FAULTS)
def test_a_fault_is_found(
    world: World, type_: str, fault: Callable[[World, Resource], Any], paths: tuple[str, ...] | None
) -> None:
    one, *beside = CASES[type_].make(world)
    fault(world, one)
    (row,) = [row for row in world.drift(one, *beside).resources if row.urn == one.urn]
    assert row.unread == ()
    assert (row.state, tuple(place.path for place in row.properties)) == (
        ("missing", ()) if paths is None else ("changed", paths)
    )
