"""The real Pulumi engine runs projects and policy packs with what is in this folder."""

from __future__ import annotations

import pytest

from tests.engine.harness import Engine, Stack
from tests.engine.plugins.wire import UNKNOWN

pytestmark = [pytest.mark.engine, pytest.mark.slow]

SETTINGS = "name: shop\nruntime: python\n"

PROGRAM = """
import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes


class Store(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("shop:index:Store", name)
        self.bucket = aws.s3.Bucket(name, tags={"owner": "TEAM"}, opts=pulumi.ResourceOptions(parent=self))
        self.register_outputs({})


print("the program's own words")
config = pulumi.Config()
store = Store("Receipts")
assume = aws.iam.get_policy_document(
    statements=[
        {
            "actions": ["sts:AssumeRole"],
            "principals": [{"type": "Service", "identifiers": ["ecs-tasks.amazonaws.com"]}],
        }
    ]
)
role = aws.iam.Role("reader", assume_role_policy=assume.json)
aws.iam.RolePolicy(
    "reads",
    role=role.name,
    policy=pulumi.Output.json_dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": store.bucket.arn}],
        }
    ),
)
kubernetes.core.v1.ConfigMap("settings", data={"bucket": store.bucket.bucket, "password": config.require_secret("pw")})
pulumi.export("arn", store.bucket.arn)
"""

# A few lines of everything else that the engine asks plugins for.
BREADTH = """
import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes
from pulumi import dynamic


class Counter(dynamic.ResourceProvider):
    def create(self, props):
        return dynamic.CreateResult("counted", {**props, "count": 1})


class Counted(dynamic.Resource):
    count: pulumi.Output[int]

    def __init__(self, name):
        super().__init__(Counter(), name, {"count": None})


elsewhere = aws.Provider("elsewhere", region="eu-central-1", default_tags={"tags": {"owner": "platform"}})
options = pulumi.ResourceOptions(provider=elsewhere)
image = aws.ec2.get_ami(most_recent=True, owners=["amazon"])
zones = aws.get_availability_zones(opts=pulumi.InvokeOptions(provider=elsewhere))
queue = aws.sqs.Queue("orders", fifo_queue=True, tags={"tenant": "a"}, opts=options)
instance = aws.ec2.Instance("web", ami=image.id, instance_type="t3.micro")
cluster = aws.eks.Cluster("k8s", role_arn="arn:aws:iam::111122223333:role/k8s", vpc_config={"subnet_ids": ["s"]})
existing = aws.s3.Bucket.get("existing", "already-there")
aws.iam.Policy("open", policy={"Version": "2012-10-17", "Statement": []})
decoded = kubernetes.yaml.ConfigGroup("group", yaml=["{apiVersion: v1, kind: Namespace, metadata: {name: shop}}"])
pulumi.export("zones", zones.names)
pulumi.export("authority", cluster.certificate_authority.data)
pulumi.export("existing", existing.arn)
pulumi.export("counted", Counted("counted").count)
"""

GIVER = """
import pulumi

pulumi.export("queue", "orders")
"""

TAKER = """
import pulumi

pulumi.export("taken", pulumi.StackReference("organization/giver/prod").require_output("queue"))
"""

PACK_SETTINGS = "name: rules\nversion: 1.2.3\nruntime: python\n"

PACK = """
import pulumi
from pulumi_policy import (
    EnforcementLevel, PolicyConfigSchema, PolicyPack, ResourceValidationPolicy, StackValidationPolicy,
)


def owned(args, report):
    if args.resource_type == "aws:s3/bucket:Bucket" and args.props["tags"]["owner"] != args.get_config()["owner"]:
        report(f"the bucket of {pulumi.get_project()}/{pulumi.get_stack()} belongs to nobody we know")


def versioned(args):
    if args.resource_type == "aws:s3/bucket:Bucket":
        return {**args.props, "versioning": {"enabled": True}}


def narrow(args, report):
    for resource in args.resources:
        if resource.resource_type == "aws:iam/rolePolicy:RolePolicy" and "arn:" in resource.props["policy"]:
            report("the policy of the role is known: " + resource.props["policy"], resource.urn)


PolicyPack(
    "rules",
    policies=[
        ResourceValidationPolicy(
            "owned", "Buckets have an owner.", validate=owned, enforcement_level=EnforcementLevel.MANDATORY,
            config_schema=PolicyConfigSchema(properties={"owner": {"type": "string", "default": "TEAM"}}),
        ),
        ResourceValidationPolicy(
            "versioned", "Buckets keep versions.", remediate=versioned, enforcement_level=EnforcementLevel.REMEDIATE
        ),
        StackValidationPolicy("narrow", "Roles.", validate=narrow, enforcement_level=EnforcementLevel.ADVISORY),
    ],
)
"""


def shop(engine: Engine) -> Stack:
    """A stack of the example program."""
    files = {"Pulumi.yaml": SETTINGS, "__main__.py": PROGRAM}
    return engine.project(files, config={"aws:region": "eu-west-1"}, secrets={"pw": "hunter2"})


def test_a_stack_from_preview_to_destroy(engine: Engine) -> None:
    stack = shop(engine)

    steps = {
        step["urn"].split("::")[-1]: step["newState"] for step in stack.preview(as_json=True).expect().json()["steps"]
    }
    assert steps["reads"]["inputs"]["policy"] == UNKNOWN  # it names the ARN of a bucket that does not exist
    assert steps["Receipts"]["inputs"]["region"] == "eu-west-1"
    assert stack.log() == []

    up = stack.up(skip_preview=True).expect()
    assert "the program's own words" in up.output
    assert "hunter2" not in up.output
    state = {resource["urn"].split("::")[-1]: resource for resource in stack.resources()}
    bucket = state["Receipts"]
    assert bucket["parent"].endswith("shop:index:Store::Receipts")
    assert bucket["inputs"]["__defaults"] == ["bucket", "forceDestroy"]
    assert bucket["inputs"]["tagsAll"] == {"owner": "TEAM"}
    assert bucket["inputs"]["bucket"].startswith("receipts-")
    assert bucket["outputs"]["arn"] in state["reads"]["inputs"]["policy"]
    assert state["settings"]["inputs"]["data"]["bucket"] == bucket["inputs"]["bucket"]
    assert "hunter2" not in str(state)
    created = stack.log("create")
    assert {entry["name"] for entry in created} == {"Receipts", "reader", "reads", "settings"}

    again = stack.up(skip_preview=True).expect()
    assert again.changes() == {"same": 6}
    assert stack.log() == created

    stack.write({"__main__.py": PROGRAM.replace("TEAM", "others")})
    stack.up(skip_preview=True).expect()
    assert [(entry["operation"], entry["name"]) for entry in stack.log()[len(created) :]] == [("update", "Receipts")]

    stack.destroy().expect()
    assert len(stack.log("delete")) == len(created)
    assert stack.resources() == []


def test_everything_else_that_a_program_may_use(engine: Engine) -> None:
    stack = engine.project({"Pulumi.yaml": SETTINGS, "__main__.py": BREADTH}, config={"aws:region": "us-west-2"})
    stack.up(skip_preview=True).expect()
    state = {resource["urn"].split("::")[-1]: resource for resource in stack.resources()}
    assert state["orders"]["inputs"]["tagsAll"] == {"owner": "platform", "tenant": "a"}
    assert state["orders"]["inputs"]["name"].endswith(".fifo")
    assert state["orders"]["outputs"]["url"].startswith("https://sqs.eu-central-1.amazonaws.com/")
    assert state["web"]["inputs"]["region"] == "us-west-2"
    assert state["open"]["inputs"]["policy"] == '{"Statement":[],"Version":"2012-10-17"}'
    outputs = state["shop-dev"]["outputs"]
    assert outputs["zones"] == ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
    assert outputs["existing"] == "arn:aws:s3:::already-there"
    assert outputs["counted"] == 1
    assert outputs["authority"]
    assert state["shop"]["inputs"]["kind"] == "Namespace"


def test_a_pack_stops_up_before_a_resource_exists(engine: Engine) -> None:
    stack, pack = shop(engine), engine.pack({"PulumiPolicy.yaml": PACK_SETTINGS, "__main__.py": PACK})

    run = stack.up(policy_pack=pack, policy_config={"owned": {"owner": "somebody"}})

    assert run.exit_code != 0
    assert "the bucket of shop/dev belongs to nobody we know" in run.output
    (violation,) = [each for each in run.violations() if each["policyName"] == "owned"]
    assert violation["enforcementLevel"] == "mandatory"
    assert violation["policyPackVersion"] == "1.2.3"
    assert stack.log() == []


def test_a_remediation_is_deployed_and_levels_come_from_the_configuration(engine: Engine) -> None:
    stack, pack = shop(engine), engine.pack({"PulumiPolicy.yaml": PACK_SETTINGS, "__main__.py": PACK})
    config = {"owned": {"enforcementLevel": "advisory", "owner": "somebody"}}

    preview = stack.preview(policy_pack=pack, policy_config=config).expect()
    assert "can't run policy 'narrow'" in preview.output  # the role's policy is unknown before the deployment
    run = stack.up(policy_pack=pack, policy_config=config, skip_preview=True).expect()

    assert [(each["policyName"], each["enforcementLevel"]) for each in run.violations()] == [
        ("owned", "advisory"),
        ("narrow", "advisory"),
    ]
    assert "the policy of the role is known" in run.output
    assert [each["policyName"] for each in run.remediations()] == ["versioned"]
    (bucket,) = [resource for resource in stack.resources() if resource["type"] == "aws:s3/bucket:Bucket"]
    assert bucket["inputs"]["versioning"] == {"enabled": True}


def test_encrypted_configuration_is_replaced(engine: Engine) -> None:
    config = "encryptionsalt: v1:abc\nconfig:\n  shop:pw:\n    secure: v1:xyz\n  shop:size: '3'\n"
    program = "import pulumi\nconfig = pulumi.Config()\nprint(config.require('size'), config.require('pw'))"
    files = {"Pulumi.yaml": SETTINGS, "Pulumi.dev.yaml": config, "__main__.py": program}
    assert "3 [secret]" in engine.project(files, secrets={"pw": "hunter2"}).preview().expect().output


def test_a_stack_refers_to_the_outputs_of_another(engine: Engine) -> None:
    giver = engine.project({"Pulumi.yaml": "name: giver\nruntime: python\n", "__main__.py": GIVER}, stack="prod")
    giver.up(skip_preview=True).expect()
    taker = engine.project({"Pulumi.yaml": SETTINGS, "__main__.py": TAKER})
    assert 'taken: "orders"' in taker.preview().expect().output


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"Pulumi.yaml": SETTINGS, "__main__.py": "raise ValueError('no such thing')"}, "no such thing"),
        ({"Pulumi.yaml": SETTINGS}, "unable to find main python program"),
    ],
)
def test_a_program_that_fails_says_why(engine: Engine, files: dict[str, str], words: str) -> None:
    run = engine.project(files).preview()
    assert run.exit_code != 0
    assert words in run.output


def test_an_environment_that_is_not_there_is_named(engine: Engine) -> None:
    settings = "name: shop\nruntime: {name: python, options: {virtualenv: venv}}\n"
    run = engine.project({"Pulumi.yaml": settings, "__main__.py": ""}, keep_runtime=True).preview()
    assert run.exit_code != 0
    assert "venv" in run.output
