"""Default providers and references to resources: what the engine registers and answers by itself."""

from __future__ import annotations

import pytest

from lychgate.model.graph import Graph
from lychgate.sources.program.programs import capture_texts

PROGRAMS = {
    "function": """
import pulumi_aws as aws

aws.get_region()
""",
    "read": """
import pulumi_aws as aws

aws.s3.Bucket.get("there", "already-there")
""",
    "explicit": """
import pulumi_aws as aws
from pulumi import ResourceOptions

east = aws.Provider("east", region="us-east-1")
aws.s3.Bucket("receipts", opts=ResourceOptions(provider=east))
""",
    "region": """
import pulumi_aws as aws

aws.ec2.Subnet("a", vpc_id="vpc-1", cidr_block="10.0.0.0/24", availability_zone=aws.config.region + "a")
""",
    "family": """
import pulumi_aws as aws
from pulumi import ResourceOptions

bucket = aws.s3.Bucket("receipts", opts=ResourceOptions(protect=True, retain_on_delete=True))
aws.sqs.Queue("heir", opts=ResourceOptions(parent=bucket))
aws.sqs.Queue("other", opts=ResourceOptions(parent=bucket, protect=False))
""",
    "reference": """
import pulumi
import pulumi_aws as aws

def seen(args):
    if args.type_ == "aws:iam/rolePolicy:RolePolicy":
        return pulumi.ResourceTransformResult({**args.props, "name": args.props["role"].name}, args.opts)

pulumi.runtime.register_resource_transform(seen)
role = aws.iam.Role("reader", name="reader", assume_role_policy="{}")
aws.iam.RolePolicy("reads", role=role, policy="{}")
""",
}
DEFAULT = "pulumi:providers:aws"


@pytest.fixture(scope="module")
def graphs() -> dict[str, Graph]:
    found = capture_texts(PROGRAMS)
    return {name: graph for name, graph in found.items() if isinstance(graph, Graph)}


def test_a_function_call_alone_brings_the_default_provider(graphs: dict[str, Graph]) -> None:
    (provider,) = graphs["function"].of_type(DEFAULT)
    assert provider.name.startswith("default_7_")


def test_a_resource_that_is_read_has_a_provider(graphs: dict[str, Graph]) -> None:
    (provider,) = graphs["read"].of_type(DEFAULT)
    (bucket,) = graphs["read"].of_type("aws:s3/bucket:Bucket")
    assert bucket.provider == f"{provider.urn}::{provider.id}"


def test_a_program_without_a_region_of_its_own_sees_the_environment_s(graphs: dict[str, Graph]) -> None:
    (subnet,) = graphs["region"].of_type("aws:ec2/subnet:Subnet")
    assert subnet.properties["availabilityZone"] == "us-east-1a"


def test_a_child_takes_what_its_parent_says_of_deletion(graphs: dict[str, Graph]) -> None:
    options = {resource.name: resource.options for resource in graphs["family"].of_type("aws:sqs/queue:Queue")}
    assert options["heir"]["protect"] is True
    assert options["heir"]["retainOnDelete"] is True
    assert options["other"]["protect"] is False


def test_a_provider_of_the_program_knows_its_version(graphs: dict[str, Graph]) -> None:
    (provider,) = graphs["explicit"].of_type(DEFAULT)
    (bucket,) = graphs["explicit"].of_type("aws:s3/bucket:Bucket")
    assert bucket.provider == f"{provider.urn}::{provider.id}"
    assert provider.properties["version"].startswith("7.")
    assert provider.properties["region"] == "us-east-1"


def test_a_resource_that_is_handed_back_to_the_program_is_whole(graphs: dict[str, Graph]) -> None:
    (policy,) = graphs["reference"].of_type("aws:iam/rolePolicy:RolePolicy")
    assert policy.properties["name"] == "reader"
