"""Programs that call functions, through the real capture: they run on, and what was made up is known as such."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from lychgate.model.graph import Graph, Resource
from lychgate.model.values import Secret, Unknown
from lychgate.sources.program.capture import ProgramFailed
from lychgate.sources.program.programs import capture_texts

PROGRAMS = {
    "lookups": """
import ipaddress
import pulumi
import pulumi_aws as aws

vpc = aws.ec2.get_vpc(default=True)
subnets = aws.ec2.get_subnets(filters=[{"name": "vpc-id", "values": [vpc.id]}])
first = aws.ec2.get_subnet(id=subnets.ids[0])
ami = aws.ec2.get_ami(most_recent=True, owners=["amazon"], filters=[{"name": "name", "values": ["al2023-*"]}])
zones = aws.get_availability_zones(state="available")
parts = list(ipaddress.ip_network(vpc.cidr_block).subnets(new_prefix=20))
for zone, part in zip(zones.names[:2], parts):
    aws.ec2.Subnet(f"own-{zone}", vpc_id=vpc.id, cidr_block=str(part), availability_zone=zone)
group = aws.ec2.SecurityGroup("web", vpc_id=vpc.id, ingress=[
    {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": [vpc.cidr_block, "10.1.0.0/16"]}])
aws.ec2.Instance("web", ami=ami.id, instance_type="t3.small", subnet_id=first.id, vpc_security_group_ids=[group.id],
    availability_zone=first.availability_zone, root_block_device={"encrypted": True})
other = aws.ec2.get_vpc_output(tags={"Name": pulumi.Output.from_input("main")})
aws.ec2.SecurityGroup("other", vpc_id=other.id, ingress=[
    {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": [other.cidr_block]}])
cluster = aws.eks.get_cluster(name="prod")
pulumi.export("authority", cluster.certificate_authorities[0].data)
pulumi.export("cluster", cluster.arn)
""",
    "policies": """
import pulumi
import pulumi_aws as aws

bucket = aws.s3.Bucket("receipts", bucket="receipts")
me = aws.get_caller_identity()
base = aws.iam.get_policy_document(statements=[aws.iam.GetPolicyDocumentStatementArgs(
    sid="Own", actions=["s3:ListBucket"], resources=[f"arn:aws:s3:::{me.account_id}-logs"])])
full = aws.iam.get_policy_document_output(source_policy_documents=[base.json], statements=[{
    "actions": ["s3:GetObject", "s3:PutObject"],
    "resources": [bucket.arn, pulumi.Output.concat(bucket.arn, "/*")],
    "conditions": [{"test": "StringEquals", "variable": "aws:PrincipalOrgID", "values": ["o-1"]}],
}])
aws.iam.Policy("full", policy=full.json)
looked = aws.ssm.get_parameter(name="/allowed/arn").arn
aws.iam.Policy("looked", policy=aws.iam.get_policy_document(statements=[
    {"actions": ["ssm:GetParameter"], "resources": [looked]}]).json)
aws.iam.Policy("found", policy=aws.iam.get_policy_document(statements=[
    {"actions": ["s3:*"], "resources": [aws.cloudformation.get_export(name="bucket").value]}]).minified_json)
""",
    "secrets": """
import pulumi
import pulumi_aws as aws

plain = aws.secretsmanager.get_secret_version(secret_id="db")
later = aws.secretsmanager.get_secret_version_output(secret_id="db")
aws.rds.Instance("plain", instance_class="db.t3.micro", password=plain.secret_string, allocated_storage=10)
aws.rds.Instance("later", instance_class="db.t3.micro", password=later.secret_string, allocated_storage=10)
aws.ssm.Parameter("url", type="String", value=later.secret_string.apply(lambda text: f"postgres://app:{text}@db"))
""",
    "providers": """
import pulumi
import pulumi_aws as aws

far = aws.Provider("far", region="eu-west-1", default_tags={"tags": {"team": "payments"}},
    assume_roles=[aws.ProviderAssumeRoleArgs(role_arn="arn:aws:iam::999988887777:role/deployer")])
there = pulumi.InvokeOptions(provider=far)
pulumi.export("account", aws.get_caller_identity(opts=there).account_id)
pulumi.export("here", aws.get_caller_identity().account_id)
pulumi.export("zones", aws.get_availability_zones(opts=there).names)
pulumi.export("region", aws.get_region(opts=there).region)
pulumi.export("asked", aws.get_region(region="cn-north-1").endpoint)
pulumi.export("tags", aws.get_default_tags(opts=there).tags)
pulumi.export("queue", aws.sqs.get_queue(name="jobs", opts=there).arn)
pulumi.export("built", aws.arn_build(partition="aws", service="sns", region="", account_id="", resource="x"))
pulumi.export("suffix", aws.get_partition().dns_suffix)
pulumi.export("role", aws.iam.get_session_context(arn=aws.get_caller_identity().arn).issuer_arn)
""",
    "refused": """
import pulumi_aws as aws

aws.iam.get_policy_document(statements=[{"sid": "Same"}, {"sid": "Same"}])
""",
    "manifests": '''
import pathlib
import tempfile
import pulumi
import pulumi_kubernetes as k8s
from pulumi_kubernetes.helm.v3 import Chart, ChartOpts, FetchOpts
from pulumi_kubernetes.kustomize import Directory

group = k8s.yaml.ConfigGroup("shop", yaml=["""
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      hostNetwork: yes
      containers: [{name: api, image: "shop/api:1.4"}]
"""])
more = pathlib.Path(tempfile.mkdtemp(), "more.yaml")
more.write_text("apiVersion: v1\\nkind: List\\nitems: [{apiVersion: v1, kind: Secret, metadata: {name: token}}]\\n")
k8s.yaml.ConfigFile("more", str(more))

def internal(obj, opts):
    if obj["kind"] == "Service":
        obj["spec"]["type"] = "ClusterIP"

chart = Chart("ingress", ChartOpts(chart="nginx", version="1.0", fetch_opts=FetchOpts(repo="https://charts.example.com"),
    values={"password": pulumi.Output.secret("hunter2")}, transformations=[internal]))
k8s.core.v1.ConfigMap("after", data={"a": "b"}, opts=pulumi.ResourceOptions(depends_on=chart.ready))
Directory("overlay", directory="./overlays/production")
pulumi.export("service", chart.get_resource("v1/Service", "nginx").apply(lambda service: service.spec))
deployment = group.get_resource("apps/v1/Deployment", "api", "shop")
pulumi.export("deployment", deployment.apply(lambda one: one.metadata["name"]))
''',
}

Captured = Callable[[str], Graph]


@pytest.fixture(scope="module")
def everything() -> dict[str, Graph | ProgramFailed]:
    return capture_texts(PROGRAMS)


@pytest.fixture
def captured(everything: dict[str, Graph | ProgramFailed]) -> Captured:
    def get(name: str) -> Graph:
        graph = everything[name]
        assert isinstance(graph, Graph), f"{graph}\n{graph.output}"
        return graph

    return get


def one(graph: Graph, type_: str, name: str) -> Resource:
    (found,) = (resource for resource in graph.resources if resource.type == type_ and resource.name == name)
    return found


def outputs(graph: Graph) -> dict[str, Any]:
    return next(iter(graph.stacks.values())).outputs


def test_what_was_looked_up_is_told_apart_by_its_id_and_otherwise_unknown(captured: Captured) -> None:
    graph = captured("lookups")
    web = one(graph, "aws:ec2/instance:Instance", "web").properties
    assert web["ami"].startswith("ami-")
    assert web["subnetId"].startswith("subnet-")
    assert isinstance(web["availabilityZone"], Unknown)
    groups = [one(graph, "aws:ec2/securityGroup:SecurityGroup", name).properties for name in ("web", "other")]
    assert groups[0]["vpcId"] != groups[1]["vpcId"]
    assert groups[0]["ingress"][0]["cidrBlocks"] == [Unknown(), "10.1.0.0/16"]
    assert groups[1]["ingress"][0]["cidrBlocks"] == [Unknown()]
    for zone in ("us-east-1a", "us-east-1b"):
        own = one(graph, "aws:ec2/subnet:Subnet", f"own-{zone}").properties
        assert own["vpcId"] == groups[0]["vpcId"]
        assert isinstance(own["cidrBlock"], Unknown)
        assert own["availabilityZone"] == zone
    assert isinstance(outputs(graph)["authority"], Unknown)
    assert outputs(graph)["cluster"] == "arn:aws:eks:us-east-1:111122223333:cluster/prod"
    assert [(lookup.token.rpartition(":")[2], lookup.answered) for lookup in graph.lookups] == [
        (token, "assumed") for token in ("getAmi", "getSubnet", "getSubnets", "getVpc", "getVpc", "getCluster")
    ]


def test_policy_documents_are_whole_unless_something_in_them_is_unknown(captured: Captured) -> None:
    graph = captured("policies")
    policies = {
        name: one(graph, "aws:iam/policy:Policy", name).properties["policy"] for name in ("full", "looked", "found")
    }
    assert json.loads(policies["full"])["Statement"] == [
        {"Sid": "Own", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::111122223333-logs"},
        {
            "Effect": "Allow",
            "Action": ["s3:PutObject", "s3:GetObject"],
            "Resource": ["arn:aws:s3:::receipts/*", "arn:aws:s3:::receipts"],
            "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}},
        },
    ]
    arn = "arn:aws:ssm:us-east-1:111122223333:parameter/allowed/arn"
    assert json.loads(policies["looked"])["Statement"][0]["Resource"] == arn
    assert isinstance(policies["found"], Unknown)
    assert "aws:cloudformation:getExport" in policies["found"].why


def test_a_looked_up_secret_stays_one(captured: Captured) -> None:
    graph = captured("secrets")
    for name in ("plain", "later"):
        assert one(graph, "aws:rds/instance:Instance", name).properties["password"] == Secret(Unknown())
    assert one(graph, "aws:ssm/parameter:Parameter", "url").properties["value"] == Secret(Unknown())


def test_a_call_goes_to_its_provider_s_region_and_account(captured: Captured) -> None:
    assert outputs(captured("providers")) == {
        "account": "999988887777",
        "here": "111122223333",
        "zones": ["eu-west-1a", "eu-west-1b", "eu-west-1c"],
        "region": "eu-west-1",
        "asked": "ec2.cn-north-1.amazonaws.com.cn",
        "tags": {"team": "payments"},
        "queue": "arn:aws:sqs:eu-west-1:999988887777:jobs",
        "built": "arn:aws:sns:::x",
        "suffix": "amazonaws.com",
        "role": "arn:aws:iam::111122223333:role/deployer",
    }


def test_a_refusal_names_the_call_and_the_line(everything: dict[str, Graph | ProgramFailed]) -> None:
    failed = everything["refused"]
    assert isinstance(failed, ProgramFailed)
    assert failed.line == 4
    assert "aws:iam/getPolicyDocument:getPolicyDocument: duplicate Sid (Same)" in failed.found


def test_manifests_become_objects_and_charts_are_said_to_be_unseen(captured: Captured) -> None:
    graph = captured("manifests")
    deployment = one(graph, "kubernetes:apps/v1:Deployment", "shop/api").properties
    assert deployment["spec"]["template"]["spec"]["hostNetwork"] is True
    kinds = sorted(resource.type.rpartition(":")[2] for resource in graph.resources if resource.custom)
    assert kinds == ["ConfigMap", "Deployment", "Namespace", "Secret", "kubernetes"]
    assert outputs(graph)["service"] == Secret(Unknown()), "the chart's values hold a secret"
    assert outputs(graph)["deployment"] == "api"
    assert sorted((found.type, found.why.partition(" is ")[0]) for found in graph.not_inspected) == [
        ("kubernetes:helm:template", "the Helm chart nginx"),
        ("kubernetes:kustomize:directory", "the kustomization ./overlays/production"),
    ]
    assert not graph.lookups
