"""What stands against taking a stack away: data, protection, and what others still use."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.models.platform import read_platform
from lychgate.provisioner.sync.planning import State, around, everything_around, neighbours
from lychgate.provisioner.sync.removing import REFERENCE, Removal, judge_removal

from lychgate.model.graph import Graph, Resource
from lychgate.sources.deployed.checkpoint import Deployed

PLATFORM = read_platform(Path(__file__).parents[3] / "examples" / "platform")
BUCKET, ROLE = "aws:s3/bucket:Bucket", "aws:iam/role:Role"


def scope(application: str, tenant: str) -> Scope:
    return Scope(PLATFORM, application, "test", tenant)


def state(*resources: Resource) -> State:
    return State(Deployed(Graph(resources)))


def made(type_: str, name: str, properties: dict[str, Any] | None = None, **options: Any) -> Resource:
    urn = f"urn:pulumi:x::platform::{type_}::{name}"
    return Resource(urn, type_, name, properties or {}, options=options, custom=True)


def judged(one: Scope, there: State, others: dict[str, State] | None = None) -> Removal:
    empty = {each.stack: State() for each in neighbours(one)}
    return judge_removal(one, there, empty | (others or {}))


def against(found: Removal) -> list[tuple[str, str]]:
    return [(one.kind, one.about.rpartition("::")[2]) for one in found.objections]


def test_what_holds_nothing_may_go() -> None:
    found = judged(scope("payments", "acme"), state(made(ROLE, "paid")))
    assert found.allowed and found.as_dict()["summary"] == {"delete": 1}


def test_what_is_protected_is_freed_by_a_sync_of_its_own() -> None:
    found = judged(scope("payments", "acme"), state(made(BUCKET, "receipts", protect=True)))
    assert against(found) == [("protected", "receipts")] and "a sync of its own" in found.objections[0].message


def test_a_shared_stack_stays_while_a_tenant_is_there() -> None:
    one, there = scope("payments", "shared"), state(made(ROLE, "rates"))
    tenants = {each.stack for each in neighbours(one)}
    assert {"payments.test.acme", "payments.test.single", "reports.test.globex"} <= tenants and one.stack not in tenants
    assert against(judged(one, there, {"payments.test.initech": state(made(ROLE, "paid"))})) == [
        ("used", "payments.test.initech")
    ]


@pytest.mark.parametrize(
    ("application", "tenant", "user", "used"),
    [
        ("notify", "single", "payments.test.acme", True),  # notify/mail, of a single application
        ("payments", "acme", "reports.test.acme", True),  # payments/api
        ("payments", "acme", "reports.test.globex", False),  # of another tenant
        ("reports", "acme", "payments.test.acme", False),  # nobody uses it
        ("payments", "acme", "payments.test.shared", False),
    ],
)
def test_an_application_stays_while_workloads_use_it(application: str, tenant: str, user: str, used: bool) -> None:
    found = judged(scope(application, tenant), state(made(ROLE, "paid")), {user: state(made(ROLE, "any"))})
    assert against(found) == ([("used", user)] if used else [])


def test_a_deployed_stack_may_use_what_the_files_say_nothing_of() -> None:
    reads = made(REFERENCE, "gone", {"name": "organization/platform/gone.test.acme"})
    found = judged(scope("gone", "acme"), state(made(ROLE, "paid")), {"reports.test.acme": state(reads)})
    assert against(found) == [("used", "reports.test.acme")]


def test_a_stack_that_the_files_say_nothing_of_may_use_it(tmp_path: Path) -> None:
    reads = made(REFERENCE, "paid", {"name": "organization/platform/payments.test.acme"})
    found = judged(scope("payments", "acme"), state(made(ROLE, "paid")), {"older.test.acme": state(reads)})
    assert against(found) == [("used", "older.test.acme")]
    folder = tmp_path / ".pulumi" / "stacks" / "platform"
    folder.mkdir(parents=True)
    (tmp_path / ".pulumi" / "meta.yaml").write_text("version: 1\n")
    for name in ("older.test.acme.json", "older.production.acme.json", "payments.test.acme.json", "x.test.json.bak"):
        (folder / name).write_text('{"version": 3, "deployment": {}}')
    there = PLATFORM.environments["test"]
    there = there.model_copy(update={"state": there.state.model_copy(update={"backend": f"file://{tmp_path}"})})
    platform = replace(PLATFORM, environments={**PLATFORM.environments, "test": there})
    one = Scope(platform, "payments", "test", "acme")
    assert everything_around(one).keys() - {each.stack for each in neighbours(one)} == {"older.test.acme"}


def test_the_broken_state_of_a_neighbour_is_unread(tmp_path: Path) -> None:
    test = PLATFORM.environments["test"]
    backend = test.state.model_copy(update={"backend": f"file://{tmp_path}"})
    platform = replace(PLATFORM, environments={"test": test.model_copy(update={"state": backend})})
    place = tmp_path / ".pulumi" / "stacks" / "platform"
    place.mkdir(parents=True)
    (place / "notify.test.single.json").write_text("{")
    found = around(Scope(platform, "payments", "test", "acme"))
    assert [name for name, one in found.items() if one.unread] == ["notify.test.single"]
    assert "it is not JSON" in found["notify.test.single"].unread


def test_what_is_not_known_is_against_it() -> None:
    one, there = scope("payments", "acme"), state(made(ROLE, "paid"))
    assert against(judged(one, State(unread="denied"))) == [("unread", one.stack)]
    assert against(judged(one, State())) == [("nothing", one.stack)]
    assert against(judged(one, there, {"reports.test.acme": State(unread="denied")})) == [
        ("unread", "reports.test.acme")
    ]
    assert {kind for kind, _ in against(judge_removal(one, there, {}))} == {"unread"}
    assert judged(one, State(unread="denied")).undetermined and not judged(one, State()).undetermined
