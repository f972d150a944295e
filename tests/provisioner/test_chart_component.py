"""The chart as a component: captured as any program is, and judged as in production."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import pytest
from lychgate.provisioner.chart_rendering import render

from lychgate.judging.discovery import built_in_rules
from lychgate.judging.evaluation import judge
from lychgate.judging.rule import Case
from lychgate.model.graph import Graph, Resource
from lychgate.model.redaction import Redactor
from lychgate.model.values import contains_unknown, plain
from lychgate.sources.program.capture import ProgramFailed, Setting, capture
from lychgate.sources.program.process import HostProcess
from lychgate.sources.program.project import Configuration, read_project
from lychgate.sources.sandbox import Limits
from tests.provisioner.chart_example import DIGEST, example

ROOT = Path(__file__).parents[2]
HEAD = """
import asyncio
import json
from pathlib import Path

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from lychgate.provisioner.components.context import Context
from lychgate.provisioner.components.chart import Chart

context = Context(
    application="payments", environment="production", tenant="acme", classification="cardholder", owner="payments",
    account="111122223333", region="eu-central-1", production=True, boundary="arn:aws:iam::111122223333:policy/limit",
)
provider = kubernetes.Provider("cluster", kubeconfig="{}", cluster="production")
values = json.loads(Path("values.json").read_text())
"""
KNOWN = HEAD + 'Chart("platform", context, values, provider)'
LATE = (
    HEAD
    + """
secret = aws.secretsmanager.Secret("acquirer", name="payments-production-acme-acquirer")
table = aws.dynamodb.Table("ledger", name="ledger", hash_key="id", attributes=[dict(name="id", type="S")])
repository = aws.ecr.Repository("api", name="api")
group = aws.ec2.SecurityGroup("api", name="api")
role = aws.iam.Role("worker", name="worker", assume_role_policy="{}")
api, worker = values["workloads"]["api"], values["workloads"]["worker"]
api["image"] = pulumi.Output.concat(repository.repository_url, "@DIGEST")
api["environment"]["TABLE"] = table.name
for one in api["secrets"][:2]:
    one["arn"] = secret.arn
api["securityGroups"] = [group.id]
worker["identity"] = dict(roleArn=role.arn)

def done(value):
    future = asyncio.get_event_loop().create_future()
    future.set_result(value)
    return future

unknown = pulumi.Output(done(set()), done(None), done(False))
values["workloads"]["report"]["environment"] = dict(LATER=unknown, NOW="now")
Chart("platform", context, values, provider)
"""
)


def captured(folder: Path, program: str) -> Graph:
    """The graph of a program that may import the provisioner."""
    (folder / "Pulumi.yaml").write_text("name: payments\nruntime: python\n")
    (folder / "__main__.py").write_text(program.replace("DIGEST", DIGEST))
    (folder / "values.json").write_text(json.dumps(example()))
    project, seen = read_project(folder), [ROOT / "lychgate", ROOT / "provisioner"]
    with HostProcess(Path(sys.executable), folder, seen, "auto", Limits()) as host:
        host.ready()
        try:
            return capture(host, project, "production", Configuration({}, frozenset()), Setting())
        except ProgramFailed as failed:
            raise AssertionError(f"{failed}\n{failed.output}") from failed


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    return captured(tmp_path_factory.mktemp("known"), KNOWN)


@pytest.fixture(scope="module")
def late(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    return captured(tmp_path_factory.mktemp("late"), LATE)


def find(graph: Graph, kind: str, name: str) -> Resource:
    (found,) = [it for it in graph.resources if it.name == name and it.type.endswith(f":{kind}")]
    return found


def test_lychgate_finds_nothing_and_has_no_doubts(known: Graph) -> None:
    passed = set()
    for rule in built_in_rules().values():
        case = Case(known, rule.defaults)
        for view in rule.judges.all(known):
            answer = judge(rule, view, case, Redactor(()))
            assert answer.outcome in ("pass", "not applicable"), f"{rule.id} {view.name}: {answer.message}"
            passed |= {rule.id} if answer.outcome == "pass" else set()
    assert len([it for it in passed if it.startswith("kubernetes-")]) >= 25, sorted(passed)


def test_each_object_is_a_typed_resource_of_its_own_name(known: Graph) -> None:
    made = {(it.type.rpartition(":")[2], it.name) for it in known.resources if it.type.startswith("kubernetes:")}
    assert made == {(it["kind"], it["metadata"]["name"]) for it in render(example())}
    assert {it.type.split(":")[0] for it in known.resources} == {"kubernetes", "lychgate", "pulumi"}
    component = find(known, "Chart", "platform")
    assert all(it.parent == component.urn for it in known.resources if it.type.startswith("kubernetes:"))


def test_pods_come_after_what_shuts_and_binds_them(known: Graph) -> None:
    needed = {
        it.rpartition("::")[0].rpartition("$")[2].rpartition(":")[2]
        for it in find(known, "Deployment", "api").dependencies
    }
    assert needed >= {"Namespace", "NetworkPolicy", "SecurityGroupPolicy", "ServiceAccount", "SecretProviderClass"}
    assert "Service" not in needed
    for it in known.resources:
        if it.type.startswith("kubernetes:") and not it.type.endswith(":Namespace"):
            assert any(other.endswith("::payments-production-acme") for other in it.dependencies), it.urn


def test_outputs_are_put_back_wherever_they_stand(late: Graph) -> None:
    secret, role = find(late, "Secret", "acquirer"), find(late, "Role", "worker")
    arn = secret.outputs["arn"]
    objects = json.loads(plain(find(late, "SecretProviderClass", "api").properties["spec"])["parameters"]["objects"])
    assert objects[0]["objectName"] == arn
    assert [it["objectAlias"] for it in objects[0]["jmesPath"]] == ["acquirer", "merchant"]
    (container,) = plain(find(late, "Deployment", "api").properties["spec"])["template"]["spec"]["containers"]
    assert container["image"].endswith(f"/api@{DIGEST}")
    annotations = plain(find(late, "ServiceAccount", "worker").properties["metadata"])["annotations"]
    assert annotations["eks.amazonaws.com/role-arn"] == role.outputs["arn"]
    groups = plain(find(late, "SecurityGroupPolicy", "api").properties["spec"])["securityGroups"]["groupIds"]
    assert groups == [find(late, "SecurityGroup", "api").id]
    assert "lychgate-output" not in json.dumps([plain(it.properties) for it in late.resources])


def test_a_checksum_follows_the_values_of_outputs(late: Graph, known: Graph) -> None:
    def checksum(graph: Graph, name: str) -> str:
        template = plain(find(graph, "Deployment", name).properties["spec"])["template"]
        return str(template["metadata"]["annotations"]["checksum/config"])

    data = plain(find(late, "ConfigMap", "api").properties["data"])
    assert data["TABLE"] == "ledger"
    told = {key: value for key, value in data.items() if key != "TABLE"}
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
    assert checksum(late, "api") == f"{digest} TABLE=ledger"
    assert checksum(late, "worker") == checksum(known, "worker")


def test_what_is_unknown_leaves_the_rest_known(late: Graph) -> None:
    unknown = {it.name for it in late.resources if contains_unknown(it.properties)}
    assert unknown == {"report"}
    spec = plain(find(late, "CronJob", "report").properties["spec"])
    template = spec["jobTemplate"]["spec"]["template"]
    assert template["metadata"]["annotations"] == {"checksum/config": "[unknown]"}
    assert "[unknown]" not in json.dumps({**template, "metadata": None})
    assert plain(find(late, "ConfigMap", "report").properties["data"])["NOW"] == "now"
