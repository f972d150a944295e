"""Whole programs through the real capture: what is recorded of what they register, and what they are answered."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lychgate.model.graph import Graph, Resource
from lychgate.model.values import Secret, Symbol, Unknown
from lychgate.sources.program.capture import ProgramFailed
from lychgate.sources.program.programs import capture_texts

PROGRAMS = {
    "policy": """
import pulumi
import pulumi_aws as aws

bucket = aws.s3.Bucket("receipts")
role = aws.iam.Role("reader", assume_role_policy="{}")
aws.iam.RolePolicy("reader", role=role.id, policy=pulumi.Output.json_dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": pulumi.Output.concat(bucket.arn, "/*")}],
}))
pulumi.export("upper", bucket.id.apply(lambda name: name.upper()))
""",
    "component": """
import pulumi
import pulumi_aws as aws

class Service(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("shop:index:Service", name, {"tenant": "acme"}, opts)
        self.queue = aws.sqs.Queue(name, opts=pulumi.ResourceOptions(parent=self, protect=True))
        inner = Inner(f"{name}-inner", pulumi.ResourceOptions(parent=self))
        self.register_outputs({"url": self.queue.url})

class Inner(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("shop:index:Inner", name, {}, opts)
        aws.sns.Topic(name, opts=pulumi.ResourceOptions(parent=self, aliases=[pulumi.Alias(name="old")]))

jobs = Service("jobs")
late = aws.sqs.Queue("late", opts=pulumi.ResourceOptions(depends_on=[jobs.queue], ignore_changes=["tags"],
    retain_on_delete=True, delete_before_replace=True, replace_on_changes=["name"],
    custom_timeouts=pulumi.CustomTimeouts(create="5m")))
""",
    "transforms": """
import pulumi
import pulumi_aws as aws

def tag(args):
    if args.type_ == "aws:sqs/queue:Queue":
        args.props["tags"] = {"owner": "platform"}
        return pulumi.ResourceTransformResult(args.props, pulumi.ResourceOptions.merge(
            args.opts, pulumi.ResourceOptions(protect=True)))

def old(args):
    if args.type_ == "aws:sns/topic:Topic":
        return pulumi.ResourceTransformationResult({**args.props, "display_name": "changed"}, args.opts)

pulumi.runtime.register_resource_transform(tag)
pulumi.runtime.register_stack_transformation(old)
aws.sqs.Queue("jobs")
aws.sns.Topic("alerts")
aws.s3.Bucket("own", opts=pulumi.ResourceOptions(transforms=[
    lambda args: pulumi.ResourceTransformResult({**args.props, "bucketPrefix": "x"}, args.opts)]))
""",
    "providers": """
import pulumi
import pulumi_aws as aws

west = aws.Provider("west", region="us-west-2", default_tags={"tags": {"environment": "test"}})
other = aws.Provider("other", region="eu-central-1",
    assume_roles=[{"role_arn": "arn:aws:iam::444455556666:role/deploy"}])
aws.sqs.Queue("here")
aws.sqs.Queue("there", opts=pulumi.ResourceOptions(provider=west))
aws.sqs.Queue("foreign", opts=pulumi.ResourceOptions(provider=other))
aws.sqs.Queue("regional", region="ap-southeast-2")
""",
    "secrets": """
import pulumi
import pulumi_aws as aws

password = pulumi.Output.secret("correct-horse-battery")
aws.rds.Instance("db", engine="postgres", instance_class="db.t3.micro", allocated_storage=10, username="app",
                 password=password)
aws.ssm.Parameter("url", type="SecureString", value=password.apply(lambda p: f"postgres://app:{p}@db"))
aws.sqs.Queue("extra", name="visible", opts=pulumi.ResourceOptions(additional_secret_outputs=["url"]))
pulumi.export("password", password)
""",
    "assets": """
import pulumi
import pulumi_aws as aws

aws.s3.BucketObject("page", bucket="site", source=pulumi.StringAsset("<html>"))
aws.lambda_.Function("f", role="arn:aws:iam::111122223333:role/f", runtime="python3.12", handler="main.handler",
    code=pulumi.AssetArchive({"main.py": pulumi.StringAsset("def handler(e, c): pass")}))
""",
    "dynamic": """
import pulumi
from pulumi.dynamic import CreateResult, Resource, ResourceProvider

class Provider(ResourceProvider):
    def create(self, props):
        raise RuntimeError("never called in a capture")

class Thing(Resource):
    value: pulumi.Output[str]
    def __init__(self, name):
        super().__init__(Provider(), name, {"size": 3, "value": None})

thing = Thing("thing")
pulumi.export("value", thing.value)
""",
    "existing": """
import pulumi
import pulumi_aws as aws

vpc = aws.ec2.Vpc.get("shared", "vpc-0a1b2c3d4e5f60718")
aws.ec2.SecurityGroup("app", vpc_id=vpc.id)
ami = aws.ec2.get_ami(most_recent=True, owners=["amazon"])
aws.ec2.Instance("web", ami=ami.id, instance_type="t3.micro")
net = pulumi.StackReference("organization/network/production")
aws.sqs.Queue("q", tags={"vpc": net.get_output("vpcId")})
""",
    "remote": """
import pulumi
import pulumi_kubernetes as k8s

chart = k8s.helm.v4.Chart("redis", chart="redis", version="1.0.0")
pulumi.export("resources", chart.resources)
""",
    "kubernetes": """
import pulumi_kubernetes as k8s

namespace = k8s.core.v1.Namespace("payments")
k8s.apps.v1.Deployment("api", metadata={"namespace": namespace.metadata.name}, spec={
    "selector": {"match_labels": {"app": "api"}},
    "template": {"metadata": {"labels": {"app": "api"}},
                 "spec": {"containers": [{"name": "api", "image": "api", "ports": [{"container_port": 8080}]}]}}})
k8s.rbac.v1.ClusterRole("reader", rules=[{"api_groups": [""], "resources": ["pods"], "verbs": ["get"]}])
""",
    "cluster": """
import pulumi
import pulumi_aws as aws

cluster = aws.eks.Cluster("k", role_arn="arn:aws:iam::111122223333:role/k", vpc_config={"subnet_ids": ["subnet-1"]})
provider = aws.iam.OpenIdConnectProvider("oidc", client_id_lists=["sts.amazonaws.com"],
    url=cluster.identities[0].oidcs[0].issuer)
aws.ec2.SecurityGroupRule("r", type="ingress", from_port=443, to_port=443, protocol="tcp",
    security_group_id=cluster.vpc_config.cluster_security_group_id, cidr_blocks=["10.0.0.0/8"])
pulumi.export("certificate", cluster.certificate_authority.data)
""",
    "unknown": """
import pulumi_aws as aws

queue = aws.sqs.Queue("jobs")
aws.sqs.Queue("copy", visibility_timeout_seconds=queue.visibility_timeout_seconds)
subnet = aws.ec2.Subnet("s", vpc_id="vpc-1", cidr_block="10.0.0.0/24")
aws.ebs.Volume("disk", size=10, availability_zone=subnet.availability_zone)
""",
}


@pytest.fixture(scope="module")
def graphs() -> dict[str, Graph]:
    captured = capture_texts(PROGRAMS)
    for name, graph in captured.items():
        assert not isinstance(graph, ProgramFailed), f"{name}: {graph}\n{graph.output}"
    return captured  # type: ignore[return-value]


def one(graph: Graph, name: str, kind: str = "") -> Resource:
    found = [item for item in graph.resources if item.name == name and item.type.endswith(kind and f":{kind}")]
    assert len(found) == 1, found
    return found[0]


def test_policy_text_is_complete_and_leads_back_to_the_bucket(graphs: dict[str, Graph]) -> None:
    graph = graphs["policy"]
    statement = json.loads(one(graph, "reader", "RolePolicy").properties["policy"])["Statement"][0]
    bucket = one(graph, "receipts")
    assert statement["Resource"] == f"{bucket.outputs['arn']}/*"
    assert bucket.outputs["arn"] == f"arn:aws:s3:::{bucket.id}"
    assert graph.resolve(bucket.outputs["arn"]) is bucket
    assert graph.target(one(graph, "reader", "RolePolicy"), "role", "aws:iam/role:Role") is one(graph, "reader", "Role")


def test_apply_runs_on_symbolic_values(graphs: dict[str, Graph]) -> None:
    outputs = next(iter(graphs["policy"].stacks.values())).outputs
    assert outputs["upper"] == one(graphs["policy"], "receipts").id.upper()


def test_component_children_have_qualified_urns_and_parents(graphs: dict[str, Graph]) -> None:
    graph = graphs["component"]
    prefix = "urn:pulumi:production::example::"
    topic = one(graph, "jobs-inner", "Topic")
    assert topic.urn == f"{prefix}shop:index:Service$shop:index:Inner$aws:sns/topic:Topic::jobs-inner"
    assert topic.parent == one(graph, "jobs-inner", "Inner").urn
    assert one(graph, "jobs", "Service").parent == f"{prefix}pulumi:pulumi:Stack::example-production"
    assert one(graph, "jobs", "Service").properties == {"tenant": "acme"}
    assert one(graph, "jobs", "Queue").options["protect"] is True
    assert topic.options["aliases"]


def test_options_and_dependencies(graphs: dict[str, Graph]) -> None:
    late = one(graphs["component"], "late")
    assert late.dependencies == (one(graphs["component"], "jobs", "Queue").urn,)
    assert late.options["ignoreChanges"] == ["tags"]
    assert late.options["replaceOnChanges"] == ["name"]
    assert late.options["retainOnDelete"] is True
    assert late.options["deleteBeforeReplace"] is True
    assert late.options["customTimeouts"] == {"create": "5m"}


def test_transforms_of_both_kinds_are_applied(graphs: dict[str, Graph]) -> None:
    graph = graphs["transforms"]
    assert one(graph, "jobs").properties["tags"] == {"owner": "platform"}
    assert one(graph, "jobs").options["protect"] is True
    assert one(graph, "alerts").properties["displayName"] == "changed"
    assert one(graph, "own").properties["bucketPrefix"] == "x"


def test_places_follow_providers(graphs: dict[str, Graph]) -> None:
    graph = graphs["providers"]
    arns = {
        name: one(graph, name, "Queue").outputs["arn"].split(":")[3:5]
        for name in ("here", "there", "foreign", "regional")
    }
    assert arns == {
        "here": ["us-east-1", "111122223333"],
        "there": ["us-west-2", "111122223333"],
        "foreign": ["eu-central-1", "444455556666"],
        "regional": ["ap-southeast-2", "111122223333"],
    }
    assert one(graph, "there", "Queue").provider == f"{one(graph, 'west').urn}::{one(graph, 'west').id}"
    default = one(graph, "here", "Queue").provider
    assert default is not None and "pulumi:providers:aws::default_" in default
    assert default.rpartition("::")[0] in graph.by_urn


def test_secrets_stay_marked(graphs: dict[str, Graph]) -> None:
    graph = graphs["secrets"]
    assert one(graph, "db").properties["password"] == Secret("correct-horse-battery")
    assert one(graph, "url").properties["value"] == Secret("postgres://app:correct-horse-battery@db")
    assert next(iter(graph.stacks.values())).outputs["password"] == Secret("correct-horse-battery")
    assert "correct-horse" not in repr([item.properties for item in graph.resources])


def test_assets_and_archives_are_values(graphs: dict[str, Graph]) -> None:
    assert one(graphs["assets"], "page").properties["source"] == {"$asset": {"text": "<html>"}}
    assert "main.py" in one(graphs["assets"], "f").properties["code"]["$archive"]["assets"]


def test_dynamic_resources_have_unknown_outputs(graphs: dict[str, Graph]) -> None:
    thing = one(graphs["dynamic"], "thing")
    assert thing.type == "pulumi-python:dynamic:Resource"
    assert thing.properties["size"] == 3
    assert next(iter(graphs["dynamic"].stacks.values())).outputs["value"] == Unknown()


def test_what_exists_is_external_and_named_as_looked_up(graphs: dict[str, Graph]) -> None:
    graph = graphs["existing"]
    vpc = one(graph, "shared")
    assert vpc.external and vpc.id == "vpc-0a1b2c3d4e5f60718"
    assert graph.target(one(graph, "app"), "vpcId") is vpc
    assert {lookup.token for lookup in graph.lookups} >= {
        "aws:ec2/vpc:Vpc",
        "aws:ec2/getAmi:getAmi",
        "pulumi:pulumi:StackReference",
    }
    assert one(graph, "q").properties["tags"] in ({"vpc": Unknown()}, Unknown())


def test_a_remote_component_is_one_resource_with_unknown_outputs(graphs: dict[str, Graph]) -> None:
    graph = graphs["remote"]
    chart = one(graph, "redis")
    assert chart.remote
    assert [entry.urn for entry in graph.not_inspected] == [chart.urn]
    assert next(iter(graph.stacks.values())).outputs["resources"] == Unknown()


def test_kubernetes_objects_get_names_and_namespaces(graphs: dict[str, Graph]) -> None:
    graph = graphs["kubernetes"]
    namespace = one(graph, "payments").outputs["metadata"]["name"]
    assert namespace.startswith("payments-")
    assert one(graph, "api").properties["metadata"] == {"namespace": namespace}
    container = one(graph, "api").properties["spec"]["template"]["spec"]["containers"][0]
    assert container["ports"] == [{"containerPort": 8080}]
    assert "namespace" not in one(graph, "reader").outputs["metadata"]


def test_nested_outputs_of_a_cluster(graphs: dict[str, Graph]) -> None:
    graph = graphs["cluster"]
    rule = one(graph, "r")
    symbol = rule.properties["securityGroupId"]
    assert isinstance(symbol, Symbol)
    assert graph.resolve(symbol) is one(graph, "k")
    assert isinstance(one(graph, "oidc").properties["url"], str)


def test_what_aws_decides_is_unknown_or_a_symbol_that_no_rule_can_read(graphs: dict[str, Graph]) -> None:
    graph = graphs["unknown"]
    assert isinstance(one(graph, "copy").properties["visibilityTimeoutSeconds"], Unknown)
    zone: Any = one(graph, "disk").properties["availabilityZone"]
    assert isinstance(zone, Unknown | Symbol)


def test_locations_are_the_users_own_lines(graphs: dict[str, Graph]) -> None:
    location = one(graphs["policy"], "receipts").location
    assert location is not None
    assert (location.file, location.line) == ("__main__.py", 5)
    inner = one(graphs["component"], "jobs-inner", "Topic").location
    assert inner is not None and inner.line == 15


def test_the_same_program_gives_the_same_graph() -> None:
    first, second = (capture_texts({"policy": PROGRAMS["policy"]})["policy"] for _ in range(2))
    assert isinstance(first, Graph) and isinstance(second, Graph)
    assert [(item.urn, item.id, item.properties, item.outputs) for item in first.resources] == [
        (item.urn, item.id, item.properties, item.outputs) for item in second.resources
    ]
