"""What is captured of a program is what the real engine registers of it (see `differential` for what is left aside)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from lychgate.model.graph import Graph
from lychgate.sources.program.capture import Setting
from lychgate.sources.program.functions import Fixture
from lychgate.sources.program.project import Project, choose_stack, read_configuration, read_project
from lychgate.sources.program.stacks import Stack, capture_together
from lychgate.sources.sandbox import Limits
from lychgate.sources.settings import Settings
from tests.engine.differential import differences, unknown_places
from tests.engine.harness import Engine
from tests.engine.plugins.aws import Aws

pytestmark = [pytest.mark.engine, pytest.mark.slow]

EXAMPLES = Path(__file__).parents[2] / "examples"
PROGRAMS = sorted(file.parent for file in EXAMPLES.rglob("Pulumi.yaml"))

# Numbers are never made up: which version of a launch template is the latest, only AWS counts.
UNKNOWN = {"aws:eks/nodeGroup:NodeGroup nodes.launchTemplate.version"}

# What Pulumi's own SDK can say of a resource and the examples have no use for.
BREADTH = """
import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes
from pulumi import ResourceOptions, dynamic


class Counter(dynamic.ResourceProvider):
    def create(self, props):
        return dynamic.CreateResult("counted", {**props, "count": 1})


class Counted(dynamic.Resource):
    count: pulumi.Output[int]

    def __init__(self, name, of, opts=None):
        super().__init__(Counter(), name, {"count": None, "of": of}, opts)


class Inner(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("breadth:index:Inner", name, {"size": 3}, opts)
        self.queue = aws.sqs.Queue(name, opts=ResourceOptions(parent=self))
        self.register_outputs({"url": self.queue.url})


class Outer(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("breadth:index:Outer", name, None, opts)
        self.inner = Inner(f"{name}-inner", ResourceOptions(parent=self))
        self.topic = aws.sns.Topic(name, opts=ResourceOptions(parent=self, depends_on=[self.inner]))
        self.register_outputs({})


def tag(args):
    if args.type_ == "aws:sqs/queue:Queue":
        return pulumi.ResourceTransformResult({**args.props, "tags": {"seen": "yes"}}, args.opts)


pulumi.runtime.register_resource_transform(tag)
config = pulumi.Config()
elsewhere = aws.Provider("elsewhere", region="eu-central-1", default_tags={"tags": {"owner": "platform"}})
outer = Outer("outer", ResourceOptions(providers=[elsewhere], protect=True))
plain = aws.s3.Bucket("plain", opts=ResourceOptions(aliases=[pulumi.Alias(name="old")], retain_on_delete=True))
read = aws.s3.Bucket.get("read", "already-there")
copied = aws.s3.BucketObjectv2(
    "copied",
    bucket=plain.id,
    source=pulumi.AssetArchive({"text": pulumi.StringAsset("hello"), "main": pulumi.FileAsset("__main__.py")}),
    opts=ResourceOptions(ignore_changes=["source"], deleted_with=plain, depends_on=[outer]),
)
role = aws.iam.Role("role", assume_role_policy={"Version": "2012-10-17", "Statement": []}, name_prefix="role-")
aws.iam.RolePolicy(
    "policy",
    role=role,
    policy=aws.iam.get_policy_document_output(
        statements=[{"actions": ["s3:*"], "resources": [plain.arn, read.arn]}]
    ).json,
)
parameter = aws.ssm.Parameter(
    "parameter",
    type="SecureString",
    value=pulumi.Output.format("{}/{}", config.require_secret("token"), outer.topic.name),
    opts=ResourceOptions(additional_secret_outputs=["arn"]),
)
cluster = kubernetes.Provider("cluster", namespace="shop", kubeconfig="{}")
inside = ResourceOptions(provider=cluster)
kubernetes.yaml.ConfigGroup(
    "group",
    yaml=["{apiVersion: v1, kind: ConfigMap, metadata: {name: settings}, data: {a: b}}"],
    opts=ResourceOptions(providers=[cluster]),
)
kubernetes.core.v1.Secret("secret", string_data={"arn": parameter.arn, "queue": outer.inner.queue.url}, opts=inside)
Counted("counted", pulumi.Output.secret(plain.bucket))
other = pulumi.StackReference("organization/giver/prod")
aws.sqs.Queue("given", name=other.get_output("queue"), opts=ResourceOptions(parent=plain))
pulumi.export("url", outer.inner.queue.url)
pulumi.export("zones", aws.get_availability_zones().names)
"""
GIVER = "import pulumi\n\npulumi.export('queue', 'orders')\n"
SETTINGS = "name: {}\nruntime: python\nconfig:\n  aws:region: us-west-2\n"


class Answers(Fixture):
    """Lookups answered as the test provider answers them."""

    def __init__(self, region: str) -> None:
        super().__init__("aws:index/any:any")
        self.provider: Aws
        object.__setattr__(self, "provider", Aws("aws"))
        self.provider.configure({"region": region})

    def fits(self, token: str, arguments: Mapping[str, Any]) -> bool:
        """Every lookup in AWS: the result is made here, for the call that follows at once."""
        if token.startswith("aws:"):
            object.__setattr__(self, "result", self.provider.invoke(token, dict(arguments)))
        return token.startswith("aws:")


def captured(project: Project, stack: str, given: Mapping[str, str], outputs: Mapping[str, Any]) -> Graph:
    """The graph of a program, with the test provider's answers to lookups."""
    region = read_configuration(project, stack, given, {}).values.get("aws:region", "us-east-1")
    setting = dataclasses.replace(Setting(), fixtures=[Answers(region)], region=region)
    settings = Settings(stack_references={name: dict(values) for name, values in outputs.items()})
    return capture_together([Stack(project, stack, given)], setting, settings, "auto", Limits())[0]


def compare(engine: Engine, folder: Path, outputs: Mapping[str, Any], secrets: Mapping[str, str]) -> Graph:
    """Capture a program, deploy it with the engine, and hold the one to the other."""
    project = read_project(folder)
    stack = choose_stack(project, None)
    known = read_configuration(project, stack, secrets, {})
    graph = captured(project, stack, secrets, outputs)
    real = engine.project(folder, stack, secrets={key: known.values[key] for key in known.secret_keys} | dict(secrets))
    preview = real.preview(as_json=True).expect().json()
    real.up(skip_preview=True).expect()
    state = real.export("--show-secrets")["deployment"]["resources"]
    found = differences(graph, state, preview["steps"])
    assert not found, "\n".join(found)
    return graph


@pytest.mark.parametrize("folder", PROGRAMS, ids=lambda folder: str(folder.relative_to(EXAMPLES)))
def test_an_example(engine: Engine, folder: Path) -> None:
    graph = compare(engine, folder, {}, {})
    assert set(unknown_places(graph)) <= UNKNOWN


def test_what_the_sdk_can_say(engine: Engine, tmp_path: Path) -> None:
    giver = engine.project({"Pulumi.yaml": SETTINGS.format("giver"), "__main__.py": GIVER}, stack="prod")
    giver.up(skip_preview=True).expect()
    folder = tmp_path / "breadth"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text(SETTINGS.format("breadth"))
    (folder / "__main__.py").write_text(BREADTH)
    graph = compare(engine, folder, {"organization/giver/prod": {"queue": "orders"}}, {"token": "hunter2"})
    assert unknown_places(graph) == []
