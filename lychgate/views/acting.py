"""What acts as a role or user, or keeps its credentials: whoever takes it over, or reads it, acts so too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import orjson

from lychgate.model.graph import Graph, Resource
from lychgate.model.values import UnknownRead
from lychgate.reasoning.escalation import Workload
from lychgate.reasoning.iam.rights import Prepared
from lychgate.reasoning.iam.unnamed import unnamed
from lychgate.views.attachments import ROLE, USER
from lychgate.views.exposure import named_of
from lychgate.views.iam import IRSA, SERVICE_ACCOUNTS
from lychgate.views.iam_principals import INSTANCE_PROFILES
from lychgate.views.owners import tags_of
from lychgate.views.resource_policies import TrustPolicy, policies_on
from lychgate.views.unique_ids import named_by_arn

# What acts as a role: its type -> what the ways call it, and the property that names the role.
ACTING = {
    "aws:lambda/function:Function": ("function", "role"),
    "aws:codebuild/project:Project": ("build project", "serviceRole"),
    "aws:glue/devEndpoint:DevEndpoint": ("development endpoint", "roleArn"),
    "aws:sagemaker/notebookInstance:NotebookInstance": ("notebook", "roleArn"),
    "aws:cloudformation/stack:Stack": ("stack", "iamRoleArn"),
    "aws:bedrock/agentcoreCodeInterpreter:AgentcoreCodeInterpreter": ("code interpreter", "executionRoleArn"),
    "aws:bedrock/agentcoreAgentRuntime:AgentcoreAgentRuntime": ("agent runtime", "roleArn"),
    "aws:bedrock/agentcoreBrowser:AgentcoreBrowser": ("browser", "executionRoleArn"),
}
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
MACHINES = {
    "aws:ec2/instance:Instance": "instance",
    "aws:ec2/spotInstanceRequest:SpotInstanceRequest": "instance",
    "aws:ec2/launchConfiguration:LaunchConfiguration": "instance",
    TEMPLATE: "launch template",
}
NODES = "aws:eks/nodeGroup:NodeGroup"
ECS_SERVICE = "aws:ecs/service:Service"
TASK = "aws:ecs/taskDefinition:TaskDefinition"
ECS_CLUSTER = "aws:ecs/cluster:Cluster"
APP_RUNNER = "aws:apprunner/service:Service"
JOB = "aws:batch/jobDefinition:JobDefinition"
EKS_CLUSTER = "aws:eks/cluster:Cluster"
POD_IDENTITY = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
SAML = "aws:iam/samlProvider:SamlProvider"
CREDENTIALS = ("aws:iam/accessKey:AccessKey", "aws:iam/userLoginProfile:UserLoginProfile")
# What may keep an access key or a password: its type, kind, the property with the value, and the one that names where
# it is kept.
KEPT = (
    ("aws:secretsmanager/secretVersion:SecretVersion", "secret", "secretString", "secretId"),
    ("aws:secretsmanager/secretVersion:SecretVersion", "secret", "secretBinary", "secretId"),
    ("aws:secretsmanager/secretVersion:SecretVersion", "secret", "secretStringWo", "secretId"),
    ("aws:ssm/parameter:Parameter", "parameter", "value", ""),
    ("aws:ssm/parameter:Parameter", "parameter", "valueWo", ""),
    ("aws:ssm/parameter:Parameter", "parameter", "insecureValue", ""),
    ("aws:lambda/function:Function", "settings of a function", "environment", ""),
    ("aws:codebuild/project:Project", "settings of a build project", "environment", ""),
    ("aws:ecs/taskDefinition:TaskDefinition", "task definition", "containerDefinitions", ""),
)
SECRET = "aws:secretsmanager/secret:Secret"


def known_tags(graph: Graph, resource: Resource) -> dict[str, str] | None:
    """The tags of a resource, keys in lower case; None where one is not known."""
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
        found += [self._nameless(one) for one in found if one.kind == "launch template"]
        found += map(
            self._nameless, self._each(NODES, "instance", lambda one: self.graph.target(one, "nodeRoleArn", ROLE))
        )
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
        tags = known_tags(self.graph, resource)
        made = Workload(f"{kind} {resource.name}", kind, own, holder.urn if holder else None, tags, self._on(resource))
        # instances of a launch configuration or spot request are made at run time
        return self._nameless(made) if kind == "instance" and ":instance/" not in own else made

    def _on(self, resource: Resource) -> tuple[Prepared, ...]:
        """The policies that stand on it; what cannot be read is told where the policy is judged."""
        try:
            found = (policy.prepared for policy in policies_on(self.graph, resource))
            return tuple(named_by_arn(self.graph, one) for one in found if one is not None)
        except UnknownRead:
            return ()

    def _nameless(self, made: Workload) -> Workload:
        """The instances that something makes: nobody knows their names and tags beforehand."""
        _, _, _, region, account, *_ = [*made.arn.split(":"), *[""] * 5]
        arn = next(one for one in unnamed("ssm:StartSession", made.name, account, region) if ":instance/" in one)
        return replace(made, kind="instance", arn=arn.replace(":instance/", ":instance/i-"), tags=None)

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
        """Clusters of EKS, each with the roles of its pods and nodes."""
        for cluster in self.graph.of_type(EKS_CLUSTER):
            if not cluster.external:
                for role in dict.fromkeys(self._in_cluster(cluster)):
                    yield self._workload(cluster, "cluster", self.graph.by_urn[role])

    def _in_cluster(self, cluster: Resource) -> Iterator[str]:
        """The URNs of the roles that pods and nodes of a cluster have; those of which nobody says the cluster, too."""
        for type_, name in ((POD_IDENTITY, "roleArn"), (NODES, "nodeRoleArn")):
            for resource in self.graph.of_type(type_):
                home = self._target(resource, "clusterName", EKS_CLUSTER)
                role = self._target(resource, name, ROLE)
                if role is not None and home in (None, cluster):
                    yield role.urn
        for account in self.graph.of_type(SERVICE_ACCOUNTS):
            role = self._annotated(account)
            if role is not None:
                yield role.urn
        elsewhere = {_issuer(one) for one in self.graph.of_type(EKS_CLUSTER) if one is not cluster} - {""}
        for trust in TrustPolicy.all(self.graph):
            if any("oidc.eks." in one and one not in elsewhere for one in _issuers(trust)):
                yield trust.resource.urn

    def _target(self, resource: Resource, name: str, type_: str) -> Resource | None:
        """What a property names; None also where that is not known: the role's trust policy tells who may assume it."""
        try:
            return self.graph.target(resource, name, type_)
        except UnknownRead:
            return None

    def _annotated(self, account: Resource) -> Resource | None:
        try:
            return self.graph.resolve(account.read.block("metadata").block("annotations").values.get(IRSA), ROLE)
        except UnknownRead:
            return None

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
        for type_, kind, value, where in KEPT:
            for keeper in self.graph.of_type(type_):
                for urn in keeper.property_dependencies.get(value, ()):
                    key = self.graph.by_urn.get(urn)
                    if key is not None and key.type in CREDENTIALS and not keeper.external:
                        yield from self._kept(keeper, kind, where, key)

    def _kept(self, keeper: Resource, kind: str, where: str, key: Resource) -> Iterator[Workload]:
        try:
            user = self.graph.target(key, "user", USER)
            place = self.graph.target(keeper, where, SECRET) if where else keeper
        except UnknownRead:
            return
        if user is not None and place is not None:
            yield self._workload(place, kind, user)


def _issuers(trust: TrustPolicy) -> list[str]:
    """The providers of OpenID Connect that a trust policy names, by host and path."""
    try:
        values = [value for allow in trust.allows for value in named_of(allow, "Federated")]
    except UnknownRead:
        return []
    return [issuer for _, found, issuer in (value.partition(":oidc-provider/") for value in values) if found]


def _issuer(cluster: Resource) -> str:
    """The identity provider of a cluster, empty where it is not known."""
    try:
        issuer = cluster.outputs["identities"][0]["oidcs"][0]["issuer"]
    except (KeyError, IndexError, TypeError):
        return ""
    return issuer.removeprefix("https://") if isinstance(issuer, str) else ""
