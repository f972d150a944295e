"""Whose a resource is, and which resources of one owner lead to another's.

Edges of access and influence are read from IAM policies, security groups, keys, replication, events and stack
references; `lychgate.reasoning.tenancy` finds those that cross from one tenant, environment or application to another.
What cannot be read (a policy with an unknown inside) is an edge to nowhere known: `Edges.unread` keeps it for the
rules.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from lychgate.model.graph import Graph, Resource
from lychgate.model.values import Block, UnknownRead
from lychgate.reasoning.iam import Grant, TooComplexError
from lychgate.reasoning.tenancy import Crossing, Dimension, Edge, EdgeKind, Owned, crossings
from lychgate.views.attachments import ROLE
from lychgate.views.base import View
from lychgate.views.exposure import named_of
from lychgate.views.iam import workloads_of
from lychgate.views.iam_principals import Elsewhere, Identity, Role, account_of
from lychgate.views.kms import named_key
from lychgate.views.labels import labels_of, own_tags, provider_tags
from lychgate.views.resource_policies import ResourcePolicy, TrustPolicy
from lychgate.views.s3 import BUCKETS

# Who reaches data: actions that read, change, hand out or destroy what the service keeps. Service authorization
# reference: https://docs.aws.amazon.com/service-authorization/latest/reference/
REACHING: dict[str, tuple[str, ...]] = {
    "s3": ("GetObject", "GetObjectVersion", "PutObject", "DeleteObject", "DeleteObjectVersion", "ListBucket",
           "PutBucketPolicy", "DeleteBucket", "PutReplicationConfiguration", "PutObjectAcl"),
    "dynamodb": ("GetItem", "BatchGetItem", "Query", "Scan", "PartiQLSelect", "PutItem", "UpdateItem", "DeleteItem",
                 "BatchWriteItem", "DeleteTable", "ExportTableToPointInTime", "PutResourcePolicy"),
    "sqs": ("ReceiveMessage", "SendMessage", "DeleteMessage", "PurgeQueue", "SetQueueAttributes", "DeleteQueue"),
    "sns": ("Publish", "Subscribe", "SetTopicAttributes", "AddPermission", "DeleteTopic"),
    "secretsmanager": ("GetSecretValue", "BatchGetSecretValue", "PutSecretValue", "UpdateSecret", "PutResourcePolicy",
                       "DeleteSecret"),
    "kms": ("Decrypt", "GenerateDataKey", "Encrypt", "ReEncryptFrom", "ReEncryptTo", "CreateGrant", "PutKeyPolicy",
            "ScheduleKeyDeletion", "DisableKey"),
    "sts": ("AssumeRole",),
}  # fmt: skip
SERVICE_OF = {
    "aws:s3/bucket:Bucket": "s3",
    "aws:s3/bucketV2:BucketV2": "s3",
    "aws:dynamodb/table:Table": "dynamodb",
    "aws:sqs/queue:Queue": "sqs",
    "aws:sns/topic:Topic": "sns",
    "aws:secretsmanager/secret:Secret": "secretsmanager",
    "aws:kms/key:Key": "kms",
    ROLE: "sts",
}
ACTIONS = {service: tuple(f"{service}:{name}" for name in names) for service, names in REACHING.items()}
SECURITY_GROUPS = ("aws:ec2/securityGroup:SecurityGroup", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
# A separate rule of a security group: type -> its group, and the group it lets in.
GROUP_RULES = {
    "aws:ec2/securityGroupRule:SecurityGroupRule": ("securityGroupId", "sourceSecurityGroupId"),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": ("securityGroupId", "referencedSecurityGroupId"),
}
# Types that name a KMS key in a property of their own, and the property.
KEY_PROPERTIES = {
    "aws:rds/cluster:Cluster": "kmsKeyId",
    "aws:rds/instance:Instance": "kmsKeyId",
    "aws:sqs/queue:Queue": "kmsMasterKeyId",
    "aws:sns/topic:Topic": "kmsMasterKeyId",
    "aws:secretsmanager/secret:Secret": "kmsKeyId",
    "aws:cloudwatch/logGroup:LogGroup": "kmsKeyId",
    "aws:ebs/volume:Volume": "kmsKeyId",
    "aws:efs/fileSystem:FileSystem": "kmsKeyId",
}
# Databases that are made from another one, and the property that names it.
COPIED_FROM = {
    "aws:rds/cluster:Cluster": "replicationSourceIdentifier",
    "aws:rds/instance:Instance": "replicateSourceDb",
}
SHARED = ("true", "yes", "1")


@dataclass(slots=True)
class Edges:
    """All edges of a graph, and by the URN of a resource what of it could not be read."""

    edges: list[Edge] = field(default_factory=list)
    unread: dict[str, UnknownRead] = field(default_factory=dict)
    grants: dict[tuple[str, str], Grant] = field(default_factory=dict)


def owned(graph: Graph) -> list[Owned]:
    """Whose each resource is; computed once."""
    return graph.once("owned", lambda: [_owned(graph, one) for one in graph.resources if one.custom])


def _owned(graph: Graph, resource: Resource) -> Owned:
    labels = labels_of(graph, resource)
    return Owned(
        resource.urn,
        application=labels.application,
        environment=labels.environment,
        tenant=labels.tenant,
        classification=labels.classification,
        shared=is_shared(graph, resource),
    )


def is_shared(graph: Graph, resource: Resource) -> bool:
    """Whether it is declared to serve several tenants: a tag or label `shared: true`, or the tenant `shared`."""
    if labels_of(graph, resource).tenant == "shared":
        return True
    provider: object = graph.once(("shared", resource.provider), lambda: provider_tags(graph, resource).get("shared"))
    said = own_tags(resource).get("shared", provider)
    return str(said or "").lower() in SHARED


def edges(graph: Graph) -> Edges:
    """The edges of a graph; computed once."""
    return graph.once("ownership edges", lambda: _Builder(graph).built())


def named(graph: Graph, dimension: Dimension) -> bool:
    """Whether any resource names an owner in this dimension: where none does, nothing can be told apart."""
    return graph.once(("named", dimension), lambda: any(one.owner(dimension) for one in owned(graph)))


def crossed(graph: Graph, dimension: Dimension) -> dict[str, list[Crossing]]:
    """The crossings of a dimension by the URN of the resource where each starts; computed once. None where nothing is
    named: see `named`."""

    def make() -> dict[str, list[Crossing]]:
        if not named(graph, dimension):
            return {}
        found: dict[str, list[Crossing]] = {}
        for crossing in crossings(owned(graph), edges(graph).edges, dimension):
            found.setdefault(crossing.source, []).append(crossing)
        return found

    return graph.once(("crossings", dimension), make)


def reached(graph: Graph, dimension: Dimension) -> dict[str, list[Crossing]]:
    """The same by the URN of the resource where each ends."""

    def make() -> dict[str, list[Crossing]]:
        found: dict[str, list[Crossing]] = {}
        for several in crossed(graph, dimension).values():
            for crossing in several:
                found.setdefault(crossing.path[-1].target, []).append(crossing)
        return found

    return graph.once(("reached", dimension), make)


class _Targets:
    """The resources that a policy can name, so that those a pattern may mean are found without looking at all."""

    def __init__(self, graph: Graph) -> None:
        rows = []
        for type_, service in SERVICE_OF.items():
            for resource in graph.of_type(type_):
                arn = resource.outputs.get("arn")
                if isinstance(arn, str) and not resource.external:
                    rows.append((arn, service, resource))
        self.rows = sorted(rows, key=lambda row: row[0])
        self.arns = [row[0] for row in self.rows]

    def matching(self, pattern: str) -> Iterator[tuple[str, str, Resource]]:
        """Those whose ARN begins as the pattern does before its first wildcard, or the other way round (bucket/*)."""
        head = pattern.split("*")[0].split("?")[0].split("${")[0]
        start = bisect_left(self.arns, head)
        for index in range(start, len(self.rows)):
            if not self.arns[index].startswith(head):
                break
            yield self.rows[index]
        bucket = head.partition("/")[0]
        if bucket != head:
            index = bisect_left(self.arns, bucket)
            if index < len(self.rows) and self.arns[index] == bucket:
                yield self.rows[index]


class _Builder:
    """Reads the edges of a graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.found = Edges()
        self.targets = _Targets(graph)

    def built(self) -> Edges:
        """All of them."""
        for identity in Identity.all(self.graph):
            if not isinstance(identity, Elsewhere):
                self._guard(identity.resource, lambda identity=identity: self._grants(identity))  # type: ignore[misc]
        for policy in [*ResourcePolicy.all(self.graph), *TrustPolicy.all(self.graph)]:
            self._guard(policy.resource, lambda policy=policy: self._named(policy))  # type: ignore[misc]
        for role in Role.all(self.graph):
            self._guard(role.resource, lambda role=role: self._workloads(role))  # type: ignore[misc]
        for resource in self.graph.resources:
            if not resource.external:
                self._guard(resource, lambda resource=resource: self._references(resource))  # type: ignore[misc]
        return self.found

    def _guard(self, resource: Resource, read: Callable[[], None]) -> None:
        try:
            read()
        except UnknownRead as unknown:
            self.found.unread.setdefault(resource.urn, unknown)
        except TooComplexError as error:
            unknown = UnknownRead(resource.urn, "policy", f"is too complex to be compared ({error})")
            self.found.unread.setdefault(resource.urn, unknown)

    def _add(self, source: Resource | None, target: Resource | None, kind: EdgeKind, detail: str) -> None:
        if source is not None and target is not None and source is not target:
            self.found.edges.append(Edge(source.urn, target.urn, kind, detail))

    def _grants(self, identity: Identity) -> None:
        """What its identity policies let it reach. What is tied to the same tenant by tags is no edge."""
        unread = identity.unread
        if unread:
            self.found.unread.setdefault(identity.resource.urn, unread[0])
        seen: set[str] = set()
        for pattern in _patterns(identity):
            for arn, service, target in self.targets.matching(pattern):
                if target.urn not in seen and target is not identity.resource:
                    seen.add(target.urn)
                    self._grant(identity, arn, service, target)

    def _grant(self, identity: Identity, arn: str, service: str, target: Resource) -> None:
        if self._same_owner(identity.resource, target):
            return
        asked = [arn, f"{arn}/*"] if service in ("s3", "dynamodb") else [arn]
        try:
            grants = identity.granted(ACTIONS[service], asked)
        except UnknownRead as unknown:
            self.found.unread.setdefault(identity.resource.urn, unknown)
            return
        grants = [grant for grant in grants if not tied_to_own_tenant(grant)]
        if not grants or (service == "sts" and not self._trusts(target, identity)):
            return
        kind: EdgeKind = "assume-role" if service == "sts" else "identity-grant"
        first = grants[0]
        self.found.grants[identity.resource.urn, target.urn] = first
        self._add(identity.resource, target, kind, f"{first.action} by statement {first.name} of {first.policy}")

    def _same_owner(self, one: Resource, other: Resource) -> bool:
        """Whether both are labelled, and alike: an edge between them is no crossing and no part of one, since a path
        leads on only through what has no owner."""
        first, second = labels_of(self.graph, one), labels_of(self.graph, other)
        return (
            None not in (first.tenant, first.environment)
            and (first.tenant, first.environment) == (second.tenant, second.environment)
            and not is_shared(self.graph, one)
            and not is_shared(self.graph, other)
        )

    def _trusts(self, role: Resource, identity: Identity) -> bool:
        """Whether the role lets a principal of this account in, by its root or as everyone. One that names the
        identity itself is an edge of its own."""
        account = account_of(self.graph, role)
        for allow in TrustPolicy.of(self.graph, role).allows:
            for value in named_of(allow, "AWS"):
                if value in ("*", account) or (value.endswith(":root") and account in value):
                    return True
        return False

    def _named(self, policy: ResourcePolicy) -> None:
        """Who is named in a resource's own policy, or in a role's trust."""
        target = policy.target
        if target is None:
            return
        for allow in policy.allows:
            for value in named_of(allow, "AWS"):
                source = self.graph.resolve(value, ROLE, "aws:iam/user:User")
                if source is None or source is target:
                    continue
                if any(not tied_to_own_tenant(grant) for grant in policy.grants_of(allow)):
                    kind: EdgeKind = "assume-role" if target.type == ROLE else "resource-grant"
                    self._add(source, target, kind, f"statement {allow.name} of the {policy.what} {policy.name}")

    def _workloads(self, role: Role) -> None:
        """The workloads that run as a role."""
        for urn in workloads_of(role):
            self._add(self.graph.by_urn.get(urn), role.resource, "assume-role", "runs as the role")

    def _references(self, resource: Resource) -> None:
        """What it is made from, encrypted with, lets in or sends to."""
        graph, read = self.graph, resource.read
        if resource.type in COPIED_FROM:
            name = COPIED_FROM[resource.type]
            self._add(graph.target(resource, name, *COPIED_FROM), resource, "replication", name)
        if resource.type in KEY_PROPERTIES:
            self._key(resource, resource, read, KEY_PROPERTIES[resource.type])
        if resource.type in SECURITY_GROUPS:
            for rule in read.blocks("ingress"):
                for group in rule.value("securityGroups", []):
                    self._add(
                        graph.resolve(group, *SECURITY_GROUPS), resource, "security-group", f"{rule.path} lets it in"
                    )
        elif resource.type in GROUP_RULES:
            own, other_name = GROUP_RULES[resource.type]
            if read.text("type", "ingress") == "ingress":
                source = graph.target(resource, other_name, *SECURITY_GROUPS)
                target = graph.target(resource, own, *SECURITY_GROUPS)
                self._add(source, target, "security-group", f"the rule {resource.name} lets it in")
        elif resource.type == "aws:sns/topicSubscription:TopicSubscription":
            topic = graph.target(resource, "topic")
            self._add(topic, graph.target(resource, "endpoint"), "event-target", f"the subscription {resource.name}")
        elif resource.type == "aws:lambda/eventSourceMapping:EventSourceMapping":
            source, function = graph.target(resource, "eventSourceArn"), graph.target(resource, "functionName")
            self._add(source, function, "event-target", f"the event source mapping {resource.name}")
        elif resource.type == "aws:dynamodb/table:Table":
            self._key(resource, resource, read.block("serverSideEncryption"), "kmsKeyArn")
        elif "ucketServerSideEncryptionConfiguration" in resource.type:
            self._bucket_key(resource)
        elif "ucketReplicationConfig" in resource.type:
            self._replication(resource)

    def _key(self, user: Resource | None, carrier: Resource, block: Block, name: str) -> None:
        key = named_key(self.graph, carrier, block, name)
        self._add(user, key.resource if key else None, "key-use", block.at(name))

    def _bucket_key(self, resource: Resource) -> None:
        bucket = self.graph.target(resource, "bucket", *BUCKETS)
        for rule in resource.read.blocks("rules"):
            self._key(bucket, resource, rule.block("applyServerSideEncryptionByDefault"), "kmsMasterKeyId")

    def _replication(self, resource: Resource) -> None:
        bucket = self.graph.target(resource, "bucket", *BUCKETS)
        for rule in resource.read.blocks("rules"):
            target = self.graph.resolve(rule.block("destination").value("bucket"))
            self._add(bucket, target, "replication", f"the replication {resource.name}")


def _patterns(identity: Identity) -> Iterable[str]:
    """The resource entries of its Allow statements, longest first; `*` where a statement excludes or names none."""
    found: set[str] = set()
    for one in identity.attached:
        for statement in one.policy.statements:
            if statement.effect == "Allow":
                open_ = statement.resources is None or statement.not_resource
                found.update(["*"] if open_ else statement.resources or ())
    return sorted(found, key=lambda pattern: (-len(pattern), pattern))


def tied_to_own_tenant(grant: Grant) -> bool:
    """Whether a grant reaches only what carries the caller's own tenant, by tags (attribute-based access control).

    https://docs.aws.amazon.com/IAM/latest/UserGuide/tutorial_attribute-based-access-control.html
    """
    return grant.pinned("aws:ResourceTag/tenant", "${aws:PrincipalTag/tenant}") or grant.pinned(
        "aws:PrincipalTag/tenant", "${aws:ResourceTag/tenant}"
    )


class Labelled(View):
    """Anything that can carry labels: managed, and more than a companion of another resource."""

    types = (
        *SERVICE_OF,
        "aws:rds/cluster:Cluster",
        "aws:rds/instance:Instance",
        "aws:cloudwatch/logGroup:LogGroup",
        "aws:ecr/repository:Repository",
        "aws:lambda/function:Function",
        "aws:ec2/instance:Instance",
        *SECURITY_GROUPS,
        "kubernetes:core/v1:Namespace",
        "kubernetes:apps/v1:Deployment",
        "kubernetes:apps/v1:StatefulSet",
        "kubernetes:batch/v1:CronJob",
        "kubernetes:core/v1:ServiceAccount",
    )
    __slots__ = ()

    @property
    def owner(self) -> Owned:
        """Whose it is."""
        return _owned(self.graph, self.resource)


class SecurityGroup(View):
    """A security group, as what its owner lets in."""

    types = SECURITY_GROUPS
    __slots__ = ()


class Key(View):
    """A KMS key, as what its owner encrypts with."""

    types = ("aws:kms/key:Key",)
    __slots__ = ()

    @property
    def users(self) -> list[Resource]:
        """The resources that are encrypted with it."""

        def index() -> dict[str, list[Resource]]:
            found: dict[str, list[Resource]] = {}
            for edge in edges(self.graph).edges:
                if edge.kind == "key-use":
                    found.setdefault(edge.target, []).append(self.graph.by_urn[edge.source])
            return found

        return self.graph.once("users of keys", index).get(self.resource.urn, [])


class StackReference(View):
    """A reference to another stack's outputs: it is read, not managed, and judged all the same."""

    types = ("pulumi:pulumi:StackReference",)
    __slots__ = ()

    @classmethod
    def takes(cls, resource: Resource) -> bool:
        """All of them."""
        return True

    @property
    def refers_to(self) -> str:
        """The stack's name, as it is written: `organization/project/stack`."""
        name = self.resource.outputs.get("name") or self.resource.id
        if not isinstance(name, str):
            raise UnknownRead(self.resource.urn, "name", "known only after the deployment")
        return name
