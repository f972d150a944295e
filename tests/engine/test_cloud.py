"""The test AWS provider with endpoints: what it makes is really there, as drift sees it, and goes again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from botocore.stub import Stubber
from lychgate.provisioner.sync.drift import check_drift
from lychgate.provisioner.sync.drift_records import Drift
from lychgate.provisioner.sync.live.readers import READERS

from lychgate.model.graph import Graph, Resource, StackInfo
from tests.engine.cloud_shop import TAGS, Step, steps
from tests.engine.groundwork import Groundwork
from tests.engine.plugins import shapes
from tests.engine.plugins.aws import Aws
from tests.engine.plugins.cloud import eks
from tests.engine.plugins.cloud.calling import Cloud
from tests.engine.plugins.cloud.table import KINDS
from tests.engine.plugins.package import Failed, Proposal
from tests.engine.plugins.wire import DEFAULTS, Properties

POD = "aws:eks/podIdentityAssociation:PodIdentityAssociation"  # moto has none
NOT_AT_MOTO = {POD}
SERVICES = (
    "cloudwatchlogs", "dynamodb", "ec2", "ecr", "eks", "iam", "kms", "lambda", "rds", "s3", "secretsmanager", "sns",
    "sqs", "sts",
)  # fmt: skip
# Keys and secrets wait for their deletion; moto keeps the automatic snapshot of a cluster.
GOING = (":kms:", ":secret:", ":cluster-snapshot:rds:")
pytestmark = pytest.mark.moto


@pytest.fixture
def aws(base: Groundwork, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """The provider as the program of a stack configures it."""
    for name, value in base.variables().items():
        monkeypatch.setenv(name, value)
    package = Aws("aws")
    package.configure(configuration(base))
    return package


def configuration(base: Groundwork, **more: Any) -> Properties:
    there = base.environment
    endpoints = [dict.fromkeys(SERVICES, base.endpoint)]
    return {"region": there.region, "allowedAccountIds": [there.account], "endpoints": endpoints, **more}


class State:
    """What the engine would keep of the resources."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self.rows: dict[str, Resource] = {}

    def checked(self, step: Step, inputs: Properties, old: Properties | None = None) -> Properties:
        return self.aws.check(Proposal(step.type, step.name, b"seed", inputs, old or {}))

    def create(self, step: Step) -> None:
        made = {name: {**row.outputs} for name, row in self.rows.items()}
        inputs = self.checked(step, step.inputs(made))
        ident, outputs = self.aws.create(step.type, step.name, inputs)
        self._keep(step, ident, inputs, outputs)

    def change(self, step: Step) -> None:
        row = self.rows[step.name]
        before = {**row.properties}
        added = {"tagsAll", DEFAULTS, *before[DEFAULTS]}
        said = {name: value for name, value in before.items() if name not in added}
        inputs = self.checked(step, {**said, **(step.change or {})}, before)
        outputs = self.aws.update(step.type, str(row.id), {**row.outputs}, inputs, before)
        self._keep(step, str(row.id), inputs, outputs)

    def delete(self, step: Step) -> None:
        row = self.rows[step.name]
        self.aws.delete(step.type, str(row.id), {**row.outputs})

    def _keep(self, step: Step, ident: str, inputs: Properties, outputs: Properties) -> None:
        urn = f"urn:pulumi:dev::shop::{step.type}::{step.name}"
        self.rows[step.name] = Resource(urn, step.type, step.name, inputs, id=ident, outputs=outputs, stack="shop/dev")

    def drift(self, base: Groundwork) -> Drift:
        graph = Graph(self.rows.values(), [StackInfo("shop/dev", "shop", "dev")])
        return check_drift(graph, base.session(), base.endpoint)


def told(found: Drift) -> list[tuple[str, str, list[Any]]]:
    """Everything that is not as it was deployed."""
    return [
        (one.name, one.state, [*((each.path, each.deployed, each.live) for each in one.properties), *one.unread])
        for one in found.resources
        if one.state != "same" or one.not_compared
    ]


def tagged(base: Groundwork) -> list[str]:
    """The ARNs of what carries the tags of the application."""
    filters = [{"Key": name, "Values": [value]} for name, value in TAGS.items()]
    rows = base.client("resourcegroupstaggingapi").get_resources(TagFilters=filters)["ResourceTagMappingList"]
    return [row["ResourceARN"] for row in rows]


def made(aws: Aws, every: Iterable[Step]) -> State:
    state = State(aws)
    for step in every:
        state.create(step)
    return state


def test_the_table_has_what_drift_reads() -> None:
    assert KINDS.keys() == READERS.keys()
    for type_, kind in KINDS.items():
        assert kind.inputs | kind.replaced_by <= shapes.resource(type_).inputs, type_


def test_what_is_made_is_there_and_changes_and_goes(aws: Aws, base: Groundwork) -> None:
    every = steps(base)
    assert {step.type for step in every} == KINDS.keys() - NOT_AT_MOTO
    state = made(aws, every)
    assert told(state.drift(base)) == []
    found = state.drift(base)
    assert not found.unmanaged and not found.not_searched
    for step in every:
        computed = shapes.resource(step.type).computed().keys() - shapes.resource(step.type).inputs
        assert computed - {"tagsAll"} <= state.rows[step.name].outputs.keys(), step.type
        assert aws.read(step.type, str(state.rows[step.name].id), {**state.rows[step.name].outputs}) is not None
    for step in every:
        if step.change:
            assert not step.change.keys() & aws.replaced_by(step.type), step.type
            state.change(step)
    assert told(state.drift(base)) == []
    for step in reversed(every):
        state.delete(step)
    gone = state.drift(base)
    assert {one.name for one in gone.resources if one.state != "missing"} <= {"topic"}  # no topic is without a policy
    assert [one for one in tagged(base) if not any(mark in one for mark in GOING)] == []
    for step in reversed(every):  # what is gone already is gone
        state.delete(step)
        assert aws.read(step.type, str(state.rows[step.name].id), {**state.rows[step.name].outputs}) is None


def test_a_new_bucket_is_as_s3_makes_it(aws: Aws, base: Groundwork) -> None:
    _, outputs = aws.create("aws:s3/bucket:Bucket", "b", {"bucket": "shop-test-acme"})
    rule = outputs["serverSideEncryptionConfiguration"]["rule"]
    assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "AES256"}
    found = base.client("s3").get_public_access_block(Bucket="shop-test-acme")["PublicAccessBlockConfiguration"]
    assert found and all(found.values())


def test_what_aws_refuses_is_the_failure_in_its_words(aws: Aws) -> None:
    with pytest.raises(Failed, match="NonExistentQueue"):
        aws.create("aws:sqs/queuePolicy:QueuePolicy", "q", {"queueUrl": "https://q/1/none", "policy": "{}"})


def test_what_the_table_does_not_have_is_refused(aws: Aws, base: Groundwork) -> None:
    with pytest.raises(Failed, match="how aws:ec2/vpc:Vpc is made"):
        aws.create("aws:ec2/vpc:Vpc", "v", {"cidrBlock": "10.0.0.0/16"})
    with pytest.raises(Failed, match="do not apply deduplicationScope"):
        aws.create("aws:sqs/queue:Queue", "q", {"name": "q", "deduplicationScope": "queue"})
    with pytest.raises(Failed, match="how aws:ec2/getVpc:getVpc asks"):
        aws.invoke("aws:ec2/getVpc:getVpc", {"id": "vpc-1"})
    with pytest.raises(Failed, match="cannot be changed in place"):
        aws.update("aws:lambda/permission:Permission", "p", {}, {"statementId": "q"}, {"statementId": "p"})
    aws.configure(configuration(base, endpoints=[{"sts": base.endpoint}]))
    with pytest.raises(Failed, match="no endpoint for sqs"):
        aws.create("aws:sqs/queue:Queue", "q", {"name": "q"})


def test_what_needs_a_new_one_is_told(aws: Aws) -> None:
    assert {"name", "region", "fifoQueue"} == aws.replaced_by("aws:sqs/queue:Queue")
    assert {"function", "sourceArn", "statementId"} <= aws.replaced_by("aws:lambda/permission:Permission")
    assert not {"tags", "tagsAll"} & aws.replaced_by("aws:iam/rolePolicyAttachment:RolePolicyAttachment")


def test_the_role_of_a_pod_is_made_changed_and_deleted(aws: Aws, base: Groundwork) -> None:
    said = {"clusterName": "platform", "namespace": "shop", "serviceAccount": "api", "roleArn": "arn:aws:iam::1:role/a"}
    with pytest.raises(Failed):  # once moto knows it, it belongs into cloud_shop.py
        aws.create(POD, "api", said)
    cloud = Cloud(lambda service: base.endpoint, base.environment.region)
    found = {**said, "associationId": "a-1", "associationArn": "arn:aws:eks:r:1:podidentityassociation/platform/a-1"}
    place = {"clusterName": "platform", "associationId": "a-1"}
    other = {**said, "roleArn": "arn:aws:iam::1:role/b"}
    with Stubber(cloud("eks")) as stub:
        stub.add_response("create_pod_identity_association", {"association": found}, {**said, "tags": TAGS})
        assert eks.create(cloud, {**said, "tagsAll": TAGS}) == "a-1"
        stub.add_response("describe_pod_identity_association", {"association": found}, place)
        assert eks.outputs(cloud, "a-1", said)["associationArn"] == found["associationArn"]
        stub.add_response(
            "update_pod_identity_association", {"association": found}, {**place, "roleArn": other["roleArn"]}
        )
        stub.add_response("describe_pod_identity_association", {"association": found}, place)
        eks.update(cloud, "a-1", said, other)
        stub.add_response("delete_pod_identity_association", {"association": found}, place)
        eks.delete(cloud, "a-1", said)
        stub.assert_no_pending_responses()


def test_another_account_is_refused(aws: Aws, base: Groundwork) -> None:
    with pytest.raises(Failed, match=f"not allowed: {base.environment.account}"):
        aws.configure(configuration(base, allowedAccountIds=["111122223333"]))


def test_a_lookup_is_answered_by_the_cloud(aws: Aws, base: Groundwork) -> None:
    said = base.environment.network.data[0]
    ident = base.ids[said.id]
    subnet = aws.invoke("aws:ec2/getSubnet:getSubnet", {"id": ident})
    assert (subnet["cidrBlock"], subnet["availabilityZone"]) == (said.cidr, said.zone)
    table = aws.invoke("aws:ec2/getRouteTable:getRouteTable", {"subnetId": ident})
    assert table["routes"] == []
    gateway = base.client("ec2").create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    base.client("ec2").create_route(RouteTableId=table["id"], DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    table = aws.invoke("aws:ec2/getRouteTable:getRouteTable", {"subnetId": ident})
    assert [one["gatewayId"] for one in table["routes"]] == [gateway]


def test_without_endpoints_nothing_is_asked(base: Groundwork) -> None:
    package = Aws("aws")
    package.configure({"region": "eu-central-1"})
    ident, _ = package.create("aws:ec2/vpc:Vpc", "v", {"cidrBlock": "10.0.0.0/16"})
    assert ident.startswith("vpc-") and not base.client("ec2").describe_vpcs(VpcIds=[])["Vpcs"][2:]
