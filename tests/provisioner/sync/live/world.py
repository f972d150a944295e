"""An account at moto's server: clients that make and break things, and states that say what was made."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import boto3
from lychgate.provisioner.sync.drift import check_drift
from lychgate.provisioner.sync.drift_records import Drift

from lychgate.model.graph import Graph, Resource, StackInfo

ACCOUNT, REGION = "123456789012", "eu-central-1"
TAGS = {"application": "shop", "environment": "production", "tenant": "acme"}
PAIRS = [{"Key": key, "Value": value} for key, value in TAGS.items()]


class World:
    """Clients by service; every operation that leaves the program under test is in `asked`."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.session = boto3.session.Session("test", "test", region_name=REGION)
        self.checking = boto3.session.Session("test", "test", region_name=REGION)
        self.asked: set[str] = set()
        self.checking.events.register("before-call", self._note)

    def _note(self, model: Any, **_: Any) -> None:
        self.asked.add(model.name)

    def reset(self) -> None:
        request = urllib.request.Request(f"{self.endpoint}/moto-api/reset", method="POST")
        urllib.request.urlopen(request, timeout=20).close()

    def __getattr__(self, service: str) -> Any:
        client = self.session.client({"awslambda": "lambda"}.get(service, service), endpoint_url=self.endpoint)
        setattr(self, service, client)
        return client

    def key(self) -> str:
        """The ARN of a new key."""
        return str(self.kms.create_key()["KeyMetadata"]["Arn"])

    def role(self, name: str = "shop-production-acme-api") -> Any:
        return self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST, Tags=PAIRS)["Role"]

    def network(self) -> tuple[str, list[str]]:
        vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            self.ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{REGION}{zone}")
            for n, zone in enumerate("ab")
        ]
        return vpc, [one["Subnet"]["SubnetId"] for one in subnets]

    def group(self, vpc: str, name: str = "api") -> str:
        made = self.ec2.create_security_group(
            GroupName=name, Description="A group", VpcId=vpc,
            TagSpecifications=[{"ResourceType": "security-group", "Tags": PAIRS}],
        )["GroupId"]  # fmt: skip
        # The provider takes AWS's own rule away from each group that it makes.
        every = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
        self.ec2.revoke_security_group_egress(GroupId=made, IpPermissions=every)
        return str(made)

    def drift(self, *resources: Resource, others: tuple[Graph, ...] = ()) -> Drift:
        return check_drift(state(*resources), self.checking, self.endpoint, others=others)


TRUST = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "pods.eks.amazonaws.com"}}]}'  # noqa: E501


def made(type_: str, ident: str, properties: dict[str, Any], name: str = "it", **outputs: Any) -> Resource:
    """A resource as the engine has it in a state: what the provider adds is marked as its own."""
    added = {"__defaults": ["region"], "region": REGION, "tagsAll": properties.get("tags", {})}
    urn = f"urn:pulumi:dev::shop::{type_}::{name}"
    return Resource(
        urn, type_, name, {**properties, **added}, id=ident, outputs={**properties, **outputs}, stack="shop/dev"
    )


def state(*resources: Resource) -> Graph:
    return Graph(resources, [StackInfo("shop/dev", "shop", "dev")])


@dataclass(frozen=True)
class Case:
    """A type: how it is made, the faults that may be planted, and the places at which each must be found.

    `make` answers the resource under test, and more that stand in the state beside it. A fault whose places are None
    takes the thing away.
    """

    type: str
    make: Callable[[World], tuple[Resource, ...]]
    faults: tuple[tuple[Callable[[World, Resource], Any], tuple[str, ...] | None], ...]
    names: tuple[str, ...] = field(default=())
