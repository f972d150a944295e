"""What is tagged as a stack's and stands in no state: made by hand, or left behind.

https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html knows everything but roles,
which are asked for by the name that the platform gives: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRoles.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lychgate.provisioner.sync.live.calling import Calls, Gone, Refused, Unread
from lychgate.provisioner.sync.live.kms import GOING

from lychgate.model.graph import Graph, Resource

KEYS = ("application", "environment", "tenant")
# Snapshots that RDS makes by itself, with the tags of what they are of:
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_Tagging.html
AUTOMATIC = (":cluster-snapshot:rds:", ":snapshot:rds:")


@dataclass(frozen=True, slots=True)
class Unmanaged:
    """Something that exists, and that no state knows.

    `type` is Pulumi's, or AWS's own (`dynamodb:table`) where it was found by its tags. `owner` is the URN of the
    resource that it is part of: a rule of a security group, a policy of a role. `properties` is what is known of it.
    """

    type: str
    id: str
    owner: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Known:
    """What states know: ARNs, ids and the names of roles."""

    arns: frozenset[str]
    ids: frozenset[str]
    roles: frozenset[str]

    @classmethod
    def of(cls, graphs: Iterable[Graph]) -> Known:
        """Of all of these states."""
        rows = [one for graph in graphs for one in graph.resources if one.custom]
        ids = {one.id for one in rows if isinstance(one.id, str)}
        named = {one.outputs.get(name) for one in rows for name in ("arn", "associationArn")}
        arns = {name.removesuffix(":*") for name in named if isinstance(name, str)} | ids
        return cls(frozenset(arns), frozenset(ids), frozenset(_roles(rows)))

    def knows(self, arn: str) -> bool:
        """Whether a thing is in one of the states. EC2's ids are unique, and not every state has ARNs of them."""
        return arn in self.arns or (arn.split(":")[2:3] == ["ec2"] and arn.rpartition("/")[2] in self.ids)


def _roles(rows: Iterable[Resource]) -> Iterator[str]:
    for one in rows:
        if one.type == "aws:iam/role:Role" and isinstance(one.id, str):
            yield one.id


def stack_tags(rows: Iterable[Resource]) -> dict[str, str]:
    """The application, environment and tenant that most resources carry; empty where none carries all three."""
    found: Counter[tuple[str, ...]] = Counter()
    for one in rows:
        tags = one.properties.get("tags")
        if isinstance(tags, dict) and all(isinstance(tags.get(key), str) for key in KEYS):
            found[tuple(tags[key] for key in KEYS)] += 1
    return dict(zip(KEYS, found.most_common(1)[0][0], strict=True)) if found else {}


def by_tags(calls: Calls, tags: Mapping[str, str], known: Known) -> tuple[list[Unmanaged], list[Unread]]:
    """What carries these tags in the calls' region and is not known, and the calls that were refused."""
    found: list[Unmanaged] = []
    refused: list[Unread] = []
    for search in (_arns, _role_arns):
        try:
            found += [Unmanaged(_type(arn), arn) for arn in search(calls, tags, known)]
        except Refused as error:
            refused.append(error.unread)
    return found, refused


def _arns(calls: Calls, tags: Mapping[str, str], known: Known) -> Iterator[str]:
    filters = [{"Key": key, "Values": [value]} for key, value in tags.items()]
    rows = calls.pages("resourcegroupstaggingapi", "get_resources", "ResourceTagMappingList", TagFilters=filters)
    for arn in (row["ResourceARN"].removesuffix(":*") for row in rows):
        if not known.knows(arn) and not any(mark in arn for mark in AUTOMATIC) and not _going(calls, arn):
            yield arn


def _going(calls: Calls, arn: str) -> bool:
    """Whether this is a key or a secret that waits for its deletion: it carries its tags until then."""
    service = arn.split(":")[2:3]
    try:
        if service == ["kms"]:
            return calls("kms", "describe_key", KeyId=arn)["KeyMetadata"].get("KeyState") in GOING
        if service == ["secretsmanager"]:
            return bool(calls("secretsmanager", "describe_secret", SecretId=arn).get("DeletedDate"))
    except (Gone, Refused):
        return False
    return False


def _role_arns(calls: Calls, tags: Mapping[str, str], known: Known) -> Iterator[str]:
    prefix = "-".join(tags[key] for key in KEYS) + "-"
    for role in calls.pages("iam", "list_roles", "Roles"):
        name = role["RoleName"]
        if name.startswith(prefix) and name not in known.roles and _carries(calls, name, tags):
            yield role["Arn"]


def _carries(calls: Calls, role: str, tags: Mapping[str, str]) -> bool:
    rows = calls.pages("iam", "list_role_tags", "Tags", RoleName=role)
    return tags.items() <= {row["Key"]: row["Value"] for row in rows}.items()


def _type(arn: str) -> str:
    """AWS's service and kind: `dynamodb:table`, `s3`."""
    parts = arn.split(":", 6)
    kind = parts[5].partition("/")[0] if "/" in parts[5] else parts[5] if len(parts) > 6 else ""
    return f"{parts[2]}:{kind}" if kind else parts[2]
