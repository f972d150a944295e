"""Every application that validates becomes, in every environment and for every tenant, a stack without a mandatory
finding, and no tenant's role reaches what is another's."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, note, reject, settings
from hypothesis import strategies as st
from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.models.names import SHARED, SINGLE
from lychgate.provisioner.models.platform import read_platform
from lychgate.provisioner.sync.capturing import Capturing

from lychgate.judging.discovery import built_in_rules
from lychgate.judging.evaluation import evaluate
from lychgate.judging.ruleset import load_ruleset
from lychgate.model.errors import InputError
from lychgate.model.graph import Graph, Resource
from lychgate.reasoning.iam import grants, parse

EXAMPLE = Path(__file__).parents[2] / "examples" / "platform"
NAMES = ("api", "ledger", "jobs", "mail", "night-run", "store", "x", "orders2")
CLASSES = ("cardholder", "sensitive", "internal", "public")
DIGEST = "sha256:" + "ab" * 32
MODES = {"bucket": ["", ":read", ":write"], "queue": ["", ":send", ":receive"], "topic": [""],
         "table": ["", ":read", ":write"], "database": ["", ":read"], "secret": [""]}  # fmt: skip
# What a team may set, within what the environments allow.
SETTINGS = {
    kind: st.fixed_dictionaries({}, optional=optional)
    for kind, optional in {
        "bucket": {"archive_days": st.integers(30, 400), "expire_days": st.integers(1, 400)},
        "queue": {"retention_days": st.integers(1, 14), "max_receives": st.integers(1, 9)},
        "table": {"max_read_units": st.integers(1, 9000)},
        "database": {"min_capacity": st.sampled_from([0.5, 1]), "instances": st.integers(2, 3)},
        "workload": {
            "min_replicas": st.integers(2, 4), "max_replicas": st.integers(4, 8), "target_cpu": st.integers(10, 95),
            "memory": st.sampled_from(["64Mi", "1Gi"]), "scratch": st.sampled_from(["1Mi", "2Gi"]),
        },
    }.items()
}  # fmt: skip


@st.composite
def resources(draw: st.DrawFn, tenants: Sequence[str]) -> dict[str, Any]:
    kinds = draw(st.lists(st.sampled_from(sorted(MODES)), max_size=4))
    found: dict[str, Any] = {}
    for number, kind in enumerate(kinds):
        one: dict[str, Any] = {"kind": kind}
        if kind in ("bucket", "table") and tenants:
            one["shared"] = draw(st.booleans())
        if kind in ("queue", "topic"):
            one["fifo"] = draw(st.booleans())
        if kind == "table":
            one |= {"partition": {"id": "S"}, "sort": draw(st.sampled_from([None, {"at": "N"}]))}
        if kind == "database":
            one |= {"engine": draw(st.sampled_from(["postgresql", "mysql"])),
                    "capacity": draw(st.sampled_from(["serverless", "provisioned"]))}  # fmt: skip
        if kind in SETTINGS and draw(st.booleans()):
            one["settings"] = draw(SETTINGS[kind])
        if draw(st.booleans()):
            one["classification"] = draw(st.sampled_from(CLASSES))
        one["environments"] = draw(st.sampled_from([None, None, ["test"], ["production"], ["production", "test"]]))
        if tenants and not one.get("shared"):
            one["tenants"] = draw(st.sampled_from([None, None, [*tenants], [*tenants][:1]]))
        found[f"{draw(st.sampled_from(NAMES))}-r{number}"] = {
            key: value for key, value in one.items() if value is not None
        }
    topics = [one for one in found.values() if one["kind"] == "topic"]
    for topic in topics:
        fitting = [name for name, one in found.items() if one["kind"] == "queue" and one["fifo"] <= topic["fifo"]]
        topic["subscribers"] = draw(st.lists(st.sampled_from(fitting), unique=True)) if fitting else []
    return found


@st.composite
def applications(draw: st.DrawFn) -> dict[str, Any]:
    tenants = draw(st.sampled_from([SINGLE, ["acme"], ["acme", "globex"]]))
    made = draw(resources([] if tenants == SINGLE else tenants))
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1, max_size=2))
    workloads: dict[str, Any] = {}
    for name in names:
        kind = draw(st.sampled_from(["deployment", "stateful-set", "cron-job"]))
        uses = [
            f"{one}{draw(st.sampled_from(MODES[made[one]['kind']]))}"
            for one in draw(st.lists(st.sampled_from(sorted(made)), unique=True) if made else st.just([]))
        ]
        called = [one for one, spec in workloads.items() if spec["kind"] != "cron-job"]
        uses += draw(st.lists(st.sampled_from(called), unique=True)) if called else []
        uses += draw(st.sampled_from([[], ["external/acquirer"], ["notify/mail"]]))
        one: dict[str, Any] = {"kind": kind, "image": DIGEST, "uses": uses}
        if draw(st.booleans()):
            one["settings"] = draw(SETTINGS["workload"])
        if kind == "cron-job":
            one["schedule"] = "*/15 * * * *"
        else:
            one["cache"] = draw(st.booleans())
            one |= draw(st.sampled_from([{}, {"ingress": {"host": "shop"}}]))
        workloads[name] = one
    return {
        "owner": "team", "classification": draw(st.sampled_from(CLASSES)), "tenancy": tenants,
        "workloads": workloads, "resources": made,
    }  # fmt: skip


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Capturing]]:
    top = tmp_path_factory.mktemp("generated")
    shutil.copytree(EXAMPLE, top / "platform")
    for name in ("payments", "reports"):
        (top / "platform" / "applications" / f"{name}.yaml").unlink()
    (top / "lychgate.yaml").write_text("platform: platform\n")
    with Capturing(top / "platform", top / "lychgate.yaml") as capturing:
        yield top / "platform", capturing


def declared_in(graph: Graph) -> set[str]:
    """The resources of the model that a stack has."""
    kinds = {f"lychgate:platform:{kind.capitalize()}" for kind in MODES}
    return {one.name for one in graph.resources if one.type in kinds and not one.name.endswith("-cache")}


def standing(model: dict[str, Any], environment: str, tenant: str) -> set[str]:
    """The same as the model says it."""
    return {
        name
        for name, one in model["resources"].items()
        if one.get("shared", False) == (tenant == SHARED)
        and environment in (one.get("environments") or [environment])
        and tenant in (one.get("tenants") or [tenant])
    }


@pytest.mark.slow
@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(model=applications())
def test_what_validates_is_right(bench: tuple[Path, Capturing], model: dict[str, Any]) -> None:
    folder, capturing = bench
    (folder / "applications" / "shop.yaml").write_text(yaml.safe_dump(model, sort_keys=False))
    note(yaml.safe_dump(model, sort_keys=False))
    try:
        platform = read_platform(folder, base=folder)
    except InputError:  # fewer replicas at most than at least, say
        reject()
    rules = built_in_rules()
    for environment, there in platform.environments.items():
        scopes = [Scope.of(platform, "notify", environment, tenant) for tenant in (SHARED, SINGLE)]
        scopes += [
            Scope.of(platform, "shop", environment, tenant)
            for tenant in (SHARED, *platform.applications["shop"].tenants)
        ]
        graphs = capturing.capture(scopes).graphs
        graph = Graph.together(graphs.values())
        judged = evaluate(graph, rules.values(), load_ruleset(there.baseline, rules))
        found = [
            f"{one.rule.id} on {one.resource.name} of {one.resource.stack}: {one.outcome}: {one.answer.message}"
            for one in judged
            if one.level != "advisory" and one.outcome in ("fail", "unknown", "error")
        ]
        assert found == []
        for scope in scopes[2:]:
            assert declared_in(graphs[scope.stack]) == standing(model, environment, scope.tenant)
        for role in graph.of_type("aws:iam/role:Role"):
            for other in graph.resources:
                if owners_differ(role, other):
                    assert not reaches(graph, role, other), (role.urn, other.urn)


def owners_differ(role: Resource, other: Resource) -> bool:
    """Whether both say a tenant, and not the same; `shared` is nobody's."""
    mine, theirs = (one.properties.get("tags", {}).get("tenant") for one in (role, other))
    return None not in (mine, theirs) and mine != theirs and "shared" not in (mine, theirs)


ASKED = {
    "aws:s3/bucket:Bucket": (("s3:GetObject", "s3:PutObject"), "/k"),
    "aws:dynamodb/table:Table": (("dynamodb:GetItem", "dynamodb:PutItem"), ""),
    "aws:sqs/queue:Queue": (("sqs:SendMessage", "sqs:ReceiveMessage"), ""),
    "aws:sns/topic:Topic": (("sns:Publish",), ""),
    "aws:secretsmanager/secret:Secret": (("secretsmanager:GetSecretValue",), ""),
    "aws:kms/key:Key": (("kms:Decrypt",), ""),
}


def reaches(graph: Graph, role: Resource, other: Resource) -> bool:
    """Whether any request of the role would be granted, asked of IAM's reasoning apart from the rules."""
    if other.type not in ASKED:
        return False
    actions, below = ASKED[other.type]
    policies = [
        parse(one.properties["policy"])
        for one in graph.of_type("aws:iam/rolePolicy:RolePolicy")
        if one.stack == role.stack and graph.resolve(one.properties["role"], role.type, stack=one.stack) is role
    ]
    return bool(list(grants(policies, list(actions), f"{other.outputs['arn']}{below}")))
