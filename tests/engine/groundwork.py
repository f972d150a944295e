"""The base that a platform team has made in an environment's account: at moto, before the first stack.

base = Groundwork.lay(endpoint, environment)   # network, cluster, boundary, rotation function, access logs, ...
base.place(file)                               # the environment's file with the endpoint, and the ids of the cloud
base.variables()                               # the credentials that a program needs to get at it
base.session()                                 # the same for boto3

The credentials are of a role in the environment's own account, as a deployer's are; moto keeps accounts apart by them.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from lychgate.provisioner.models.environment import Environment

TRUST = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
})  # fmt: skip
LOG_DELIVERY = "http://acs.amazonaws.com/groups/s3/LogDelivery"
ALL = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
)  # the boundary lets all pass: who may do what is not what is tried here


@dataclass(slots=True)
class Groundwork:
    """What stands in an account before any stack. `ids` are those of the environment's file -> the cloud's."""

    endpoint: str
    environment: Environment
    credentials: dict[str, str]
    ids: dict[str, str] = field(default_factory=dict)
    _clients: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def lay(cls, endpoint: str, environment: Environment) -> Groundwork:
        """All of it, in an account that is empty."""
        sts = boto3.session.Session("test", "test", region_name=environment.region).client("sts", endpoint_url=endpoint)
        found = sts.assume_role(RoleArn=environment.deployers[0], RoleSessionName="tests")["Credentials"]
        names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
        made = cls(endpoint, environment, {name: found[name] for name in names})
        made._network()
        made._roles()
        made._stores()
        made._function()
        return made

    def place(self, file: Path) -> None:
        """Write the environment's file as the platform team has it, once its base is there."""
        text = file.read_text(encoding="utf-8")
        for old, new in self.ids.items():
            text = text.replace(old, new)
        file.write_text(f"endpoint: {self.endpoint}\n{text}", encoding="utf-8")

    def variables(self) -> dict[str, str]:
        """The environment variables of a program that gets at the account."""
        names = {
            "AccessKeyId": "ACCESS_KEY_ID",
            "SecretAccessKey": "SECRET_ACCESS_KEY",
            "SessionToken": "SESSION_TOKEN",
        }
        keys = {f"AWS_{names[name]}": value for name, value in self.credentials.items()}
        return {**keys, "AWS_REGION": self.environment.region}

    def session(self) -> Any:
        """A session of boto3 in the account; its clients need the endpoint."""
        return boto3.session.Session(*self.credentials.values(), region_name=self.environment.region)

    def client(self, service: str) -> Any:
        """A client in the account."""
        if service not in self._clients:
            self._clients[service] = self.session().client(service, endpoint_url=self.endpoint)
        return self._clients[service]

    def _network(self) -> None:
        ec2, there = self.client("ec2"), self.environment.network
        vpc = self.ids[there.vpc] = ec2.create_vpc(CidrBlock=_around(there.data[0].cidr))["Vpc"]["VpcId"]
        table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        for subnet in (*there.private, *there.data):
            made = ec2.create_subnet(VpcId=vpc, CidrBlock=subnet.cidr, AvailabilityZone=subnet.zone)["Subnet"][
                "SubnetId"
            ]
            ec2.associate_route_table(RouteTableId=table, SubnetId=made)
            self.ids[subnet.id] = made
        for group in (there.endpoints, self.environment.cluster.security_group):
            made = ec2.create_security_group(GroupName=group, Description="Of the base", VpcId=vpc)
            self.ids[group] = made["GroupId"]
        lists = {
            one["PrefixListName"]: one["PrefixListId"] for one in ec2.describe_managed_prefix_lists()["PrefixLists"]
        }
        for service, ident in there.prefix_lists.items():
            self.ids[ident] = lists[f"com.amazonaws.{self.environment.region}.{service}"]

    def _roles(self) -> None:
        iam, cluster = self.client("iam"), self.environment.cluster
        path, name = _path(self.environment.boundary.partition(":policy")[2])
        iam.create_policy(PolicyName=name, Path=path, PolicyDocument=ALL)
        for arn in self.environment.deployers:
            path, name = _path(arn.partition(":role")[2])
            iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=TRUST)
        if cluster.irsa is not None:
            iam.create_open_id_connect_provider(Url=cluster.irsa.issuer, ThumbprintList=["0" * 40])
        eks_role = iam.create_role(RoleName="platform-cluster", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
        subnets = [self.ids[one.id] for one in self.environment.network.private]
        self.client("eks").create_cluster(
            name=cluster.name, roleArn=eks_role, resourcesVpcConfig={"subnetIds": subnets}, version="1.33"
        )

    def _stores(self) -> None:
        """The bucket of access logs, into which S3 may write them."""
        s3, name, place = self.client("s3"), self.environment.access_log_bucket, self.environment.region
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": place})
        statement = {
            "Effect": "Allow", "Principal": {"Service": "logging.s3.amazonaws.com"}, "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::{name}/*",
        }  # fmt: skip
        s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))

    def _function(self) -> None:
        role = self.client("iam").create_role(RoleName="platform-rotation", AssumeRolePolicyDocument=TRUST)["Role"][
            "Arn"
        ]
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("rotate.py", "def rotate(event, context): ...")
        self.client("lambda").create_function(
            FunctionName=self.environment.rotation_function.rpartition(":")[2], Runtime="python3.12", Role=role,
            Handler="rotate.rotate", Code={"ZipFile": archive.getvalue()},
        )  # fmt: skip


def _around(cidr: str) -> str:
    """The /16 that a network is in."""
    return ".".join(cidr.split(".")[:2]) + ".0.0/16"


def _path(named: str) -> tuple[str, str]:
    """Path and name: `/platform/` and `boundary` of `/platform/boundary`."""
    path, _, name = named.rpartition("/")
    return f"{path}/", name
