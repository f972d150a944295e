"""Every component passes every rule: as it is, in production with cardholder data and in test."""

from __future__ import annotations

import pytest

from lychgate.model.graph import Graph

from .helpers import CONTEXTS, captured, judged, properties, wrong
from .programs import ALL, COMPONENTS

# What test gives up on purpose, as its baseline says: its data can be made again.
RELAXED = {
    "dynamodb-table-without-deletion-protection",
    "rds-cluster-in-one-zone",
    "rds-database-without-deletion-protection",
}
PROGRAMS = {
    f"{name} in {environment}": context + text
    for environment, context in CONTEXTS.items()
    for name, text in {**COMPONENTS, "all": ALL}.items()
}


@pytest.fixture(scope="module")
def graphs(request: pytest.FixtureRequest) -> dict[str, Graph]:
    """All programs that this run's tests need, captured together."""
    items = [item for item in request.session.items if getattr(item, "module", None) is request.module]
    specs = [item.callspec.params for item in items if hasattr(item, "callspec")]
    wanted = {params["program"] for params in specs if "program" in params} | {"all in production", "all in test"}
    return captured({name: PROGRAMS[name] for name in sorted(wanted)})


@pytest.mark.parametrize("program", [name for name in PROGRAMS if name.endswith(" in production")])
def test_nothing_is_found_and_nothing_is_open_in_production(program: str, graphs: dict[str, Graph]) -> None:
    judgements = judged(graphs[program], "production")
    assert wrong(judgements) == []
    assert graphs[program].not_inspected == []
    assert any(one.outcome == "pass" for one in judgements)


@pytest.mark.parametrize("program", [name for name in PROGRAMS if name.endswith(" in test")])
def test_test_gives_up_what_its_baseline_lets_it(program: str, graphs: dict[str, Graph]) -> None:
    judgements = judged(graphs[program], "test")
    assert [text for text in wrong(judgements) if text.split()[2] not in RELAXED] == []
    assert {one.level for one in judgements if one.outcome == "fail"} <= {"advisory"}


def test_all_components_are_judged_in_every_layer(graphs: dict[str, Graph]) -> None:
    passed = {one.rule.layer for one in judged(graphs["all in production"], "production") if one.outcome == "pass"}
    assert passed == {"encryption", "iam", "network", "tenancy", "cost", "operations"}


def test_what_holds_data_is_protected_in_production_only(graphs: dict[str, Graph]) -> None:
    protected = {
        environment: {one.type for one in graphs[f"all in {environment}"].resources if one.options.get("protect")}
        for environment in ("production", "test")
    }
    assert protected["production"] == {
        "aws:dynamodb/table:Table",
        "aws:kms/key:Key",
        "aws:rds/cluster:Cluster",
        "aws:s3/bucket:Bucket",
        "aws:secretsmanager/secret:Secret",
    }
    assert protected["test"] == set()


def test_names_are_known_before_anything_exists(graphs: dict[str, Graph]) -> None:
    graph = graphs["all in production"]
    arns = {one.outputs.get("arn") for one in graph.resources}
    assert {
        "arn:aws:s3:::payments-production-acme-receipts-111122223333",
        "arn:aws:sqs:us-east-1:111122223333:payments-production-acme-settlement",
        "arn:aws:sqs:us-east-1:111122223333:payments-production-acme-ordered-failed.fifo",
        "arn:aws:sns:us-east-1:111122223333:payments-production-acme-paid",
        "arn:aws:dynamodb:us-east-1:111122223333:table/payments-production-acme-ledger",
        "arn:aws:ecr:us-east-1:111122223333:repository/payments-production-acme-api",
        "arn:aws:iam::111122223333:role/payments-production-acme-api",
        "arn:aws:logs:us-east-1:111122223333:log-group:payments-production-acme-flows",
    } <= arns


def test_everything_that_takes_tags_says_whose_it_is(graphs: dict[str, Graph]) -> None:
    for one in graphs["all in production"].resources:
        tags = one.properties.get("tags")
        assert tags is None or {"application", "environment", "tenant", "data-classification"} <= set(tags), one.urn


def test_each_engine_forces_tls_and_logs(graphs: dict[str, Graph]) -> None:
    graph = graphs["all in production"]
    groups = {
        name: properties(graph, "aws:rds/clusterParameterGroup:ClusterParameterGroup", name)
        for name in ("orders", "carts")
    }
    said = {
        name: (group["family"], {one["name"]: one["value"] for one in group["parameters"]})
        for name, group in groups.items()
    }
    assert said["orders"][0] == "aurora-postgresql17"
    assert said["orders"][1]["rds.force_ssl"] == "1"
    assert said["carts"][0] == "aurora-mysql8.0"
    assert said["carts"][1]["require_secure_transport"] == "ON"
    names = {one.properties["name"] for one in graph.of_type("aws:cloudwatch/logGroup:LogGroup")}
    cluster = "/aws/rds/cluster/payments-production-acme"
    assert {f"{cluster}-orders/postgresql", f"{cluster}-carts/audit", f"{cluster}-carts/error"} <= names


def test_a_component_says_where_it_was_declared_and_what_it_holds() -> None:
    text = 'Key("data", context, declared_at="applications/payments.yaml:7")\n'
    (graph,) = captured({"placed": CONTEXTS["production"] + text}).values()
    said = properties(graph, "lychgate:platform:Key", "data")
    assert said == {"declaredAt": "applications/payments.yaml:7", "data-classification": "cardholder"}
