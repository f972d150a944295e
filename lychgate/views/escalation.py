"""The principals of a graph and what acts as them, for the reasoning about who can become whom."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import orjson

from lychgate.model.graph import Graph, Resource
from lychgate.model.values import UnknownRead
from lychgate.reasoning.escalation import Moves, Principal, Reach, Step, Workload
from lychgate.reasoning.escalation.records import PrincipalKind
from lychgate.reasoning.iam import Policy
from lychgate.reasoning.iam.rights import Prepared, Rights
from lychgate.views.attachments import POLICY, ROLE, USER, Reference, managed_of, references
from lychgate.views.exposure import named_of
from lychgate.views.iam import IRSA, SERVICE_ACCOUNTS
from lychgate.views.iam_principals import INSTANCE_PROFILES, Elsewhere, Identity, Role, User
from lychgate.views.managed_policies import aws_managed_policy
from lychgate.views.owners import tags_of
from lychgate.views.ownership_callers import facts_of
from lychgate.views.resource_policies import TrustPolicy, region_of

# What acts as a role: its type -> what the ways call it, and the property that names the role.
ACTING = {
    "aws:lambda/function:Function": ("function", "role"),
    "aws:codebuild/project:Project": ("build project", "serviceRole"),
    "aws:glue/devEndpoint:DevEndpoint": ("development endpoint", "roleArn"),
    "aws:sagemaker/notebookInstance:NotebookInstance": ("notebook", "roleArn"),
    "aws:cloudformation/stack:Stack": ("stack", "iamRoleArn"),
    "aws:bedrock/agentcoreCodeInterpreter:AgentcoreCodeInterpreter": ("code interpreter", "executionRoleArn"),
}
MACHINES = {"aws:ec2/instance:Instance": "instance", "aws:ec2/launchTemplate:LaunchTemplate": "launch template"}
ECS_SERVICE = "aws:ecs/service:Service"
TASK = "aws:ecs/taskDefinition:TaskDefinition"
ECS_CLUSTER = "aws:ecs/cluster:Cluster"
APP_RUNNER = "aws:apprunner/service:Service"
JOB = "aws:batch/jobDefinition:JobDefinition"
EKS_CLUSTER = "aws:eks/cluster:Cluster"
POD_IDENTITY = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
SAML = "aws:iam/samlProvider:SamlProvider"
ACCESS_KEY = "aws:iam/accessKey:AccessKey"
# What may keep an access key: its type -> kind, the property with the value, and the one that names where it is kept.
KEPT = {
    "aws:secretsmanager/secretVersion:SecretVersion": ("secret", "secretString", "secretId"),
    "aws:ssm/parameter:Parameter": ("parameter", "value", ""),
}
SECRET = "aws:secretsmanager/secret:Secret"
_IAM_FULL_ACCESS = "arn:aws:iam::aws:policy/IAMFullAccess"


def moves_of(graph: Graph) -> Moves:
    """What every principal of the graph can do to become another; computed once."""
    return graph.once("escalation", lambda: _moves(graph))


def reach_of(identity: Identity) -> Reach:
    """Where an identity gets to in the end."""
    graph = identity.graph

    def make() -> Reach:
        return Reach(moves_of(graph), principal_of(identity))

    return identity.once("reach", make)


def principal_of(identity: Identity) -> Principal:
    """The record of an identity; one of another program has no ARN, so it is only ever a start."""
    return identity.once("principal", lambda: _principal(identity))


def record(step: Step) -> dict[str, Any]:
    """A step as data, for witnesses and answers."""
    return {
        "principal": step.source.name,
        "requests": [
            {"action": one.action, "resource": one.resource, "statement": one.name, "policy": one.policy}
            for one in step.grants
        ],
        "becomes": step.target.name if step.target is not None and step.kind == "become" else None,
        "changes": step.target.name if step.target is not None and step.kind != "become" else None,
        "way": step.way.says,
        "source": step.way.source,
    }


def _moves(graph: Graph) -> Moves:
    principals = [principal_of(one) for one in Identity.all(graph) if not isinstance(one, Elsewhere)]
    return Moves(principals, Workloads(graph).all(), _policies(graph))


def _policies(graph: Graph) -> dict[str, Prepared]:
    """The customer managed policies that can be read, by ARN, and AWS's own that gives all of IAM."""
    found: dict[str, Prepared] = {}
    for policy in graph.of_type(POLICY):
        arn = policy.outputs.get("arn")
        if not policy.external and isinstance(arn, str):
            try:
                found[arn] = managed_of(graph, Reference(policy, "policy", arn, policy)).prepared
            except UnknownRead:
                continue  # whoever has it is known not to be known
    full = aws_managed_policy("IAMFullAccess")
    return found if full is None else found | {_IAM_FULL_ACCESS: Prepared(full)}


def _principal(identity: Identity) -> Principal:
    boundary, unsure = _boundary(identity)
    missing = next((unknown for unknown, _ in identity.possible), None)
    kinds: dict[str, PrincipalKind] = {"user": "user", "group": "group"}
    return Principal(
        key=identity.resource.urn,
        name=f"{identity.what} {identity.name}",
        kind=kinds.get(identity.what, "role"),
        arn=identity.arn if not isinstance(identity, Elsewhere) else "",
        account=identity.account,
        rights=Rights(identity.rights.prepared, boundary),
        facts=facts_of(identity),
        trust=_trust(identity),
        attached=frozenset(one.arn for one in identity.attached if one.arn and not one.aws_managed),
        groups=frozenset(group.arn for group in identity.groups) if isinstance(identity, User) else frozenset(),
        boundary=_boundary_arn(identity) if boundary is not None or unsure else "",
        tags=_tags(identity.graph, identity.resource),
        region=region_of(identity.graph, identity.resource),
        profiled=isinstance(identity, Role) and _profiled(identity),
        unread=str(missing) if missing is not None else "",
        unsure=unsure,
    )


def _boundary(identity: Identity) -> tuple[Policy | None, str]:
    try:
        return identity.boundary, ""
    except UnknownRead as unknown:
        return None, str(unknown)


def _boundary_arn(identity: Identity) -> str:
    found, _ = references(identity.graph, identity.resource, "permissionsBoundary", POLICY)
    return found[0][0] if found else ""


def _trust(identity: Identity) -> Policy | None:
    try:
        return identity.trust if isinstance(identity, Role) else None
    except UnknownRead:
        return None


def _profiled(role: Role) -> bool:
    try:
        return bool(role.instance_profiles)
    except UnknownRead:
        return True


def _tags(graph: Graph, resource: Resource) -> dict[str, str] | None:
    tags = tags_of(graph, resource)
    known = {key.lower(): value for key, value in tags.items() if isinstance(value, str)}
    return known if len(known) == len(tags) else None


class Workloads:
    """What of a graph acts as a role or user, or keeps its credentials."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def all(self) -> list[Workload]:
        """All of them."""
        found: list[Workload] = []
        for type_, (kind, name) in ACTING.items():
            found += self._each(type_, kind, lambda one, name=name: self.graph.target(one, name, ROLE))  # type: ignore[misc]
        for type_, kind in MACHINES.items():
            found += self._each(type_, kind, self._profile_role)
        found += self._each(APP_RUNNER, "web service", self._instance_role)
        found += self._each(JOB, "job definition", self._job_role)
        return [*found, *self._tasks(), *self._clusters(), *self._providers(), *self._keepers()]

    def _each(self, type_: str, kind: str, role: Callable[[Resource], Resource | None]) -> Iterator[Workload]:
        for resource in self.graph.of_type(type_):
            if resource.external:
                continue
            try:
                holder = role(resource)
            except UnknownRead:
                yield self._workload(resource, kind, None)
            else:
                if holder is not None:
                    yield self._workload(resource, kind, holder)

    def _workload(self, resource: Resource, kind: str, holder: Resource | None, arn: str = "") -> Workload:
        own = arn or next((v for k in ("arn", "id") if isinstance(v := resource.outputs.get(k), str)), "*")
        tags = _tags(self.graph, resource)
        return Workload(f"{kind} {resource.name}", kind, own, holder.urn if holder else None, tags)

    def _profile_role(self, machine: Resource) -> Resource | None:
        """The role that the instance profile of a machine holds."""
        block = machine.read
        if isinstance(machine.properties.get("iamInstanceProfile"), dict):
            inner = block.block("iamInstanceProfile")
            name = inner.text("arn") or inner.text("name")
            profile = self.graph.resolve(name, *INSTANCE_PROFILES, stack=machine.stack)
        else:
            profile = self.graph.target(machine, "iamInstanceProfile", *INSTANCE_PROFILES)
        return None if profile is None else self.graph.target(profile, "role", ROLE)

    def _instance_role(self, service: Resource) -> Resource | None:
        arn = service.read.block("instanceConfiguration").text("instanceRoleArn")
        return self.graph.resolve(arn, ROLE, stack=service.stack)

    def _job_role(self, job: Resource) -> Resource | None:
        """The role that a job's container acts as; its properties are a JSON document."""
        text = job.read.text("containerProperties")
        try:
            properties = orjson.loads(text) if text else {}
        except orjson.JSONDecodeError:
            return None
        arn = properties.get("jobRoleArn") if isinstance(properties, dict) else None
        return self.graph.resolve(arn, ROLE, stack=job.stack)

    def _tasks(self) -> Iterator[Workload]:
        """The tasks of services of ECS; their ARNs begin with that of the cluster."""
        for service in self.graph.of_type(ECS_SERVICE):
            try:
                task = self.graph.target(service, "taskDefinition", TASK)
                role = None if task is None else self.graph.target(task, "taskRoleArn", ROLE)
                cluster = self.graph.target(service, "cluster", ECS_CLUSTER)
            except UnknownRead:
                yield self._workload(service, "task", None, "arn:aws:ecs:*:*:task/*")
                continue
            if role is not None:
                arn = None if cluster is None else cluster.outputs.get("arn")
                tasks = arn.replace(":cluster/", ":task/") + "/*" if isinstance(arn, str) else "arn:aws:ecs:*:*:task/*"
                yield self._workload(service, "task", role, tasks)

    def _clusters(self) -> Iterator[Workload]:
        """Clusters of EKS, each with the roles of its pods."""
        clusters = [one for one in self.graph.of_type(EKS_CLUSTER) if not one.external]
        roles: dict[str, Resource] = {}
        for association in self.graph.of_type(POD_IDENTITY):
            self._note(roles, lambda association=association: self.graph.target(association, "roleArn", ROLE))  # type: ignore[misc]
        for account in self.graph.of_type(SERVICE_ACCOUNTS):
            self._note(roles, lambda account=account: self._annotated(account))  # type: ignore[misc]
        for cluster in clusters:
            for role in roles.values():
                yield self._workload(cluster, "cluster", role)

    def _annotated(self, account: Resource) -> Resource | None:
        annotations = account.read.block("metadata").block("annotations").values
        return self.graph.resolve(annotations.get(IRSA), ROLE)

    def _note(self, roles: dict[str, Resource], read: Callable[[], Resource | None]) -> None:
        try:
            role = read()
        except UnknownRead:
            return  # the role's trust policy tells who may assume it
        if role is not None:
            roles[role.urn] = role

    def _providers(self) -> Iterator[Workload]:
        """Providers of SAML, each with the roles that trust it."""
        for provider in self.graph.of_type(SAML):
            arn = provider.outputs.get("arn")
            for trust in TrustPolicy.all(self.graph):
                try:
                    trusts = any(arn in named_of(allow, "Federated") for allow in trust.allows)
                except UnknownRead:
                    continue  # the role's own trust tells
                if trusts and not provider.external:
                    yield self._workload(provider, "SAML provider", trust.resource)

    def _keepers(self) -> Iterator[Workload]:
        """Secrets and parameters that keep an access key which the program makes."""
        for type_, (kind, value, where) in KEPT.items():
            for keeper in self.graph.of_type(type_):
                for urn in keeper.property_dependencies.get(value, ()):
                    key = self.graph.by_urn.get(urn)
                    if key is not None and key.type == ACCESS_KEY:
                        yield from self._kept(keeper, kind, where, key)

    def _kept(self, keeper: Resource, kind: str, where: str, key: Resource) -> Iterator[Workload]:
        try:
            user = self.graph.target(key, "user", USER)
            place = self.graph.target(keeper, where, SECRET) if where else keeper
        except UnknownRead:
            return
        if user is not None and place is not None:
            yield self._workload(place, kind, user)
