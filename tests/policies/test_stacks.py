"""Rules between stacks: small projects captured and judged together, as `lychgate check A B` does."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from lychgate.judging.discovery import built_in_rules
from lychgate.judging.evaluation import judge
from lychgate.judging.rule import Case
from lychgate.model.graph import Graph
from lychgate.model.labels import LabelSettings
from lychgate.model.redaction import Redactor
from lychgate.sources.program.capture import Setting
from lychgate.sources.program.project import read_project
from lychgate.sources.program.stacks import Stack, capture_together
from lychgate.sources.sandbox import Limits
from lychgate.sources.settings import Settings

HEAD = """
import json
import pulumi
import pulumi_aws as aws

def role(name, **more):
    trust = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
    return aws.iam.Role(name, name=name, **{"assume_role_policy": json.dumps(trust), **more})

def allow(role, action, resource):
    aws.iam.RolePolicy("rights", role=role.id, policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": action, "Resource": resource}]}))
"""


def together(folder: Path, **programs: tuple[str, dict[str, str], str]) -> Graph:
    """The graph of several projects, each with its stack, configuration and program."""
    stacks = []
    for name, (stack, config, program) in programs.items():
        project = folder / name
        project.mkdir()
        (project / "Pulumi.yaml").write_text(f"name: {name}\nruntime: python\n")
        lines = "".join(f"  {name}:{key}: {value}\n" for key, value in config.items())
        (project / f"Pulumi.{stack}.yaml").write_text(f"config:\n{lines}" if lines else "{}\n")
        (project / "__main__.py").write_text(HEAD + dedent(program))
        stacks.append(Stack(read_project(project), stack, {}))
    return capture_together(stacks, Setting(), Settings(), "auto", Limits())[0]


def findings(graph: Graph, rule_id: str) -> dict[str, str]:
    """The messages of a rule's failures by the stack and name of the resource."""
    rule = built_in_rules()[rule_id]
    case = Case(graph, rule.defaults)
    answers = [(view.resource, judge(rule, view, case, Redactor(()))) for view in rule.judges.all(graph)]
    assert not {answer.message for _, answer in answers if answer.outcome in ("unknown", "error")}
    return {f"{one.stack} {one.name}": answer.message for one, answer in answers if answer.outcome == "fail"}


KEEPER = """
    data = aws.s3.Bucket("receipts", bucket="globex-receipts")
    pulumi.export("bucket", data.arn)
"""


def test_a_role_reaches_what_another_tenants_stack_exports(tmp_path: Path) -> None:
    program = """
        other = pulumi.StackReference("organization/globex/production")
        allow(role("acme-api"), "s3:GetObject", pulumi.Output.concat(other.get_output("bucket"), "/*"))
    """
    graph = together(
        tmp_path,
        acme=("production", {"tenant": "acme"}, program),
        globex=("production", {"tenant": "globex"}, KEEPER),
    )
    found = findings(graph, "role-reaches-another-tenants-data")
    assert list(found) == ["acme/production acme-api"]
    assert "receipts" in found["acme/production acme-api"]


def test_a_wildcard_reaches_into_the_production_stack(tmp_path: Path) -> None:
    graph = together(
        tmp_path,
        tests=("test", {"environment": "test"}, 'allow(role("batch"), "s3:*", "arn:aws:s3:::*-receipts/*")'),
        shop=("production", {"environment": "prod"}, KEEPER),
    )
    assert list(findings(graph, "role-reaches-another-environment")) == ["tests/test batch"]


def test_the_same_names_in_two_stacks_are_each_stacks_own(tmp_path: Path) -> None:
    program = """
        queue = aws.sqs.Queue("jobs", name="jobs")
        key = aws.kms.Key("data")
        api = role("api")
        allow(api, ["sqs:*"], queue.arn)
        aws.iam.RolePolicy("more", role=api.id, policy=json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "sqs:*", "Resource": "arn:aws:sqs:*:*:jobs"}]}))
        principal = {"AWS": "arn:aws:iam::111122223333:role/api"}
        trust = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]}
        role("worker", assume_role_policy=json.dumps(trust))
    """
    graph = together(
        tmp_path,
        acme=("production", {"tenant": "acme", "environment": "production"}, program),
        globex=("test", {"tenant": "globex", "environment": "test"}, program),
    )
    for rule_id in (
        "role-reaches-another-tenants-data",
        "role-assumable-by-another-tenant",
        "role-reaches-another-environment",
    ):
        assert findings(graph, rule_id) == {}


def test_a_role_is_assumed_from_another_environments_stack(tmp_path: Path) -> None:
    deployer = """
        other = pulumi.StackReference("organization/tests/test")
        trust = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": other.get_output("role")}, "Action": "sts:AssumeRole"}]}
        role("deploy", assume_role_policy=pulumi.Output.json_dumps(trust))
    """
    graph = together(
        tmp_path,
        shop=("production", {"environment": "production"}, deployer),
        tests=("test", {"environment": "test"}, 'pulumi.export("role", role("ci").arn)'),
    )
    # Whoever gets in and whoever lets it in are both told.
    assert set(findings(graph, "role-reaches-another-environment")) == {"tests/test ci", "shop/production deploy"}
    assert len(findings(graph, "stack-reads-another-environment")) == 1


def test_a_test_database_is_restored_from_a_snapshot_of_production(tmp_path: Path) -> None:
    production = """
        orders = aws.rds.Cluster("orders", engine="aurora-postgresql", cluster_identifier="orders")
        aws.rds.ClusterSnapshot("orders", db_cluster_identifier=orders.id, db_cluster_snapshot_identifier="before-9")
    """
    copy = """
        aws.rds.Cluster("orders", engine="aurora-postgresql", cluster_identifier="orders-test",
                        snapshot_identifier="before-9")
    """
    graph = together(
        tmp_path,
        shop=("production", {"environment": "production"}, production),
        tests=("test", {"environment": "test"}, copy),
    )
    assert "tests/test orders" in findings(graph, "data-copied-into-another-environment")


def test_a_topic_of_another_tenants_stack_delivers_here(tmp_path: Path) -> None:
    subscriber = """
        other = pulumi.StackReference("organization/globex/production")
        queue = aws.sqs.Queue("jobs")
        aws.sns.TopicSubscription("payments", topic=other.get_output("topic"), protocol="sqs", endpoint=queue.arn)
    """
    graph = together(
        tmp_path,
        acme=("production", {"tenant": "acme"}, subscriber),
        globex=("production", {"tenant": "globex"}, 'pulumi.export("topic", aws.sns.Topic("payments").arn)'),
    )
    assert list(findings(graph, "data-copied-to-another-tenant")) == ["globex/production payments"]


def test_stacks_of_one_environment_may_read_each_other_whatever_the_invoker_says(tmp_path: Path) -> None:
    """Their names say it, a configuration says it better; the invoker's environment is all stacks' alike."""
    reads = 'pulumi.StackReference("other", stack_name="acme/{}/dev")'
    graph = together(
        tmp_path,
        network=("dev", {}, ""),
        team=("dev", {}, reads.format("network")),
        live=("dev", {"environment": "production"}, reads.format("network")),
        billing=("dev", {"environment": "production"}, 'pulumi.StackReference("other", stack_name="acme/live/dev")'),
        nameless=("main", {}, reads.format("network")),
        alone=("dev", {}, reads.format("elsewhere")),
        unnamed=("main", {}, reads.format("elsewhere")),
    )
    graph.settings = LabelSettings(environment="production")
    found = findings(graph, "stack-reads-another-environment")
    assert set(found) == {"live/dev other", "unnamed/main other"}
    assert "of production and reads the outputs of acme/network/dev, which is of development" in found["live/dev other"]
