"""The example platform: every stack, in both environments, for all tenants, without a finding and without a waiver."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.models.names import SHARED
from lychgate.provisioner.models.platform import Platform, read_platform
from lychgate.provisioner.sync.capturing import Capturing, siblings

from lychgate.judging.discovery import built_in_rules
from lychgate.judging.evaluation import Judgement, evaluate
from lychgate.judging.ruleset import load_ruleset
from lychgate.model.graph import Graph
from lychgate.reasoning.iam import compare, parse
from lychgate.reasoning.iam.minimal import minimal
from lychgate.views.declared_access import declared
from lychgate.views.iam_principals import Role

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "platform"


def stacks(platform: Platform, environment: str) -> list[Scope]:
    """All stacks of an environment, each after what it refers to."""
    found: dict[str, Scope] = {}
    for name, application in platform.applications.items():
        for tenant in (SHARED, *application.tenants):
            for scope in siblings(Scope.of(platform, name, environment, tenant)):
                found.setdefault(scope.stack, scope)
    return list(found.values())


@pytest.fixture(scope="module")
def graphs() -> Iterator[dict[str, dict[str, Graph]]]:
    platform = read_platform(FOLDER, base=ROOT)
    with Capturing(FOLDER, ROOT / "lychgate.yaml") as capturing:
        yield {name: capturing.capture(stacks(platform, name)).graphs for name in platform.environments}


def judged(graphs: dict[str, Graph], baseline: str) -> list[Judgement]:
    rules = built_in_rules()
    return evaluate(Graph.together(graphs.values()), rules.values(), load_ruleset(baseline, rules))


def told(judgements: list[Judgement]) -> list[str]:
    return [
        f"{one.rule.id} on {one.resource.name} of {one.resource.stack}: {one.answer.message}"
        for one in judgements
        if one.outcome in ("fail", "unknown", "error")
    ]


def test_production_has_no_finding(graphs: dict[str, dict[str, Graph]]) -> None:
    assert told(judged(graphs["production"], "production")) == []


def test_test_has_no_mandatory_finding(graphs: dict[str, dict[str, Graph]]) -> None:
    judgements = judged(graphs["test"], "test")
    assert told([one for one in judgements if one.level != "advisory"]) == []


def test_every_kind_of_thing_is_in_it(graphs: dict[str, dict[str, Graph]]) -> None:
    types = {one.type for graph in graphs["production"].values() for one in graph.resources}
    kinds = {type_.rpartition(":")[2] for type_ in types if not type_.startswith("lychgate:")}
    assert kinds >= {
        "Deployment", "StatefulSet", "CronJob", "ServiceAccount", "Service", "Ingress", "HorizontalPodAutoscaler",
        "PodDisruptionBudget", "NetworkPolicy", "ResourceQuota", "Queue", "Topic", "TopicSubscription", "Bucket",
        "Table", "Cluster", "ClusterInstance", "Role", "SecurityGroup", "Secret", "Repository", "Key", "LogGroup",
        "AlertPolicy", "NrqlAlertCondition",
    }  # fmt: skip


def test_what_a_team_wrote_is_where_a_finding_points(graphs: dict[str, dict[str, Graph]]) -> None:
    (ledger,) = (
        one
        for one in graphs["production"]["payments.production.acme"].of_type("aws:dynamodb/table:Table")
        if one.name == "ledger"
    )
    assert ledger.location is not None
    line = (FOLDER / "applications" / "payments.yaml").read_text().splitlines()[ledger.location.line - 1]
    assert (ledger.location.file, line) == ("examples/platform/applications/payments.yaml", "  ledger:")


def test_what_serves_all_tenants_says_so(graphs: dict[str, dict[str, Graph]]) -> None:
    graph = graphs["production"]["notify.production.single"]
    (namespace,) = graph.of_type("kubernetes:core/v1:Namespace")
    (queue, _) = sorted(graph.of_type("aws:sqs/queue:Queue"), key=lambda one: one.name)
    for said in (namespace.properties["metadata"]["labels"], queue.properties["tags"]):
        assert (said["tenant"], said["shared"]) == ("shared", "true")


def test_the_tenants_of_a_shared_table_are_kept_apart_inside(graphs: dict[str, dict[str, Graph]]) -> None:
    graph = graphs["production"]["payments.production.acme"]
    (policy,) = (one for one in graph.of_type("aws:iam/rolePolicy:RolePolicy") if one.name == "api")
    statements = json.loads(policy.properties["policy"])["Statement"]
    shared = [one for one in statements if any("shared-rates" in str(name) for name in one["Resource"])]
    reading = [one for one in shared if "dynamodb:GetItem" in one["Action"]]
    assert [one["Condition"]["ForAllValues:StringLike"] for one in reading] == [
        {"dynamodb:LeadingKeys": ["acme", "acme#*"]}
    ]


def test_every_workload_has_the_rights_that_are_declared_and_a_proven_policy(
    graphs: dict[str, dict[str, Graph]],
) -> None:
    graph = Graph.together(graphs["production"].values())
    declaring = [uses for role in Role.all(graph) if (uses := declared(role)) is not None]
    assert len(declaring) == len({one.urn for one in graph.of_type("lychgate:platform:WorkloadRole")})
    for uses in declaring:
        assert uses.unread == []
        asked = parse({"Version": "2012-10-17", "Statement": uses.statements})
        assert compare(parse(minimal(uses.statements)), asked).relation == "equivalent"


def test_a_shared_stack_comes_before_those_that_refer_to_it() -> None:
    scope = Scope.of(read_platform(FOLDER, base=ROOT), "payments", "production", SHARED)
    assert siblings(scope)[0].stack == "payments.production.shared"


def test_a_stack_is_judged_with_its_siblings() -> None:
    scope = Scope.of(read_platform(FOLDER, base=ROOT), "payments", "production", "acme")
    assert [one.stack for one in siblings(scope)] == [
        "payments.production.shared",
        "notify.production.shared",
        "notify.production.single",
        "payments.production.globex",
        "payments.production.initech",
        "payments.production.acme",
    ]
