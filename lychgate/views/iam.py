"""AWS IAM beside identities and policies: credentials of users, the account's password policy, workloads of a role.

Identities (`Role`, `User`, `Group`) are in `iam_principals`, policies on resources in `resource_policies`.
"""

from __future__ import annotations

from collections.abc import Iterator

from lychgate.model.graph import Graph, Resource
from lychgate.model.values import Block, UnknownRead
from lychgate.views.attachments import ROLE, USER
from lychgate.views.base import View
from lychgate.views.exposure import head, named_of, requirements_of, spelled_out, ties
from lychgate.views.iam_principals import Role, User
from lychgate.views.resource_policies import TrustPolicy

OIDC_PROVIDERS = ("aws:iam/openIdConnectProvider:OpenIdConnectProvider",)
SERVICE_ACCOUNTS = "kubernetes:core/v1:ServiceAccount"
IRSA = "eks.amazonaws.com/role-arn"
_SUBJECT = "system:serviceaccount:"
# Which property of a workload names the role that it runs as.
WORKLOADS = {
    "aws:lambda/function:Function": "role",
    "aws:ecs/taskDefinition:TaskDefinition": "taskRoleArn",
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": "roleArn",
    "aws:sfn/stateMachine:StateMachine": "roleArn",
    "aws:codebuild/project:Project": "serviceRole",
    "aws:glue/job:Job": "roleArn",
    "aws:iam/instanceProfile:InstanceProfile": "role",
}


class AccessKey(View):
    """A key of a user: a password for machines that does not expire by itself.

    An access key, or one for a single service (CodeCommit, Keyspaces, Bedrock).
    """

    types = ("aws:iam/accessKey:AccessKey", "aws:iam/serviceSpecificCredential:ServiceSpecificCredential")
    __slots__ = ()

    @property
    def active(self) -> bool:
        """Whether it can be used: `Active` where nothing is said."""
        return (self.read.text("status") or "Active") != "Inactive"


class LoginProfile(View):
    """A user's password for the console."""

    types = ("aws:iam/userLoginProfile:UserLoginProfile",)
    __slots__ = ()

    @property
    def user(self) -> User | None:
        """The user; None where it is not managed here. Raises UnknownRead."""
        found = self.graph.target(self.resource, "user", USER)
        return None if found is None or found.external else User.of(self.graph, found)


class PasswordPolicy(View):
    """What the account demands of its users' passwords.

    Where the resource leaves something out, the API's own default holds: six characters, no kinds of characters, no
    expiry, no history (https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccountPasswordPolicy.html).
    """

    types = ("aws:iam/accountPasswordPolicy:AccountPasswordPolicy",)
    __slots__ = ()

    @property
    def length(self) -> float:
        """The least number of characters."""
        return self.read.number("minimumPasswordLength") or 6

    @property
    def digits(self) -> bool:
        """Whether a digit is needed."""
        return self.read.flag("requireNumbers")

    @property
    def letters(self) -> bool:
        """Whether a letter is needed."""
        return self.read.flag("requireUppercaseCharacters") or self.read.flag("requireLowercaseCharacters")

    @property
    def remembered(self) -> float:
        """How many earlier passwords cannot be used again."""
        return self.read.number("passwordReusePrevention") or 0

    @property
    def days(self) -> float:
        """Days until a password expires, 0 for never."""
        return self.read.number("maxPasswordAge") or 0


def client_ids(graph: Graph, arn: str) -> list[str]:
    """The audiences that an OpenID Connect provider of the program accepts at all; empty where it is not part of it.

    IAM refuses a token whose audience is none of them
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html). Raises UnknownRead.
    """
    provider = graph.resolve(arn, *OIDC_PROVIDERS)
    return [] if provider is None or provider.external else provider.read.texts("clientIdLists")


def workloads_of(role: Role) -> dict[str, str]:
    """The workloads that run as the role, in words by a key that tells them apart: functions, task families, service
    accounts, instance profiles. Raises UnknownRead where the role of one is not known and there are no two others."""
    index: Index = role.graph.once("workloads of roles", lambda: Index(role.graph))
    found = dict(index.of.get(role.resource.urn, {}))
    for subject in _subjects(role):
        found.setdefault(subject, f"service account {subject.removeprefix(_SUBJECT).replace(':', '/')}")
    if len(found) < 2 and index.unknown:
        raise index.unknown[0]
    return found


def _subjects(role: Role) -> Iterator[str]:
    """The service accounts that the trust policy names."""
    for allow in TrustPolicy.of(role.graph, role.resource).speaking_of("sts:AssumeRoleWithWebIdentity"):
        for value in named_of(allow, "Federated"):
            issuer = value.partition(":oidc-provider/")[2]
            for values in ties(requirements_of(allow), f"{issuer}:sub"):
                yield from (head(one) for one in values if spelled_out(one) and head(one).startswith(_SUBJECT))


class Index:
    """The workloads of all roles of a graph, by the URN of the role; `unknown` are those whose role is not known."""

    def __init__(self, graph: Graph) -> None:
        self.of: dict[str, dict[str, str]] = {}
        self.unknown: list[UnknownRead] = []
        for type_, name in WORKLOADS.items():
            for resource in graph.of_type(type_):
                if not resource.external:
                    self._add(graph, resource, name)
        for resource in graph.of_type(SERVICE_ACCOUNTS):
            self._add_service_account(graph, resource)

    def _add(self, graph: Graph, resource: Resource, name: str) -> None:
        try:
            role = graph.target(resource, name, ROLE)
            key, words = _words(resource)
        except UnknownRead as unknown:
            self.unknown.append(UnknownRead(resource.urn, f"{resource.name}.{unknown.path}", unknown.why))
            return
        if role is not None:
            self.of.setdefault(role.urn, {})[key] = words

    def _add_service_account(self, graph: Graph, resource: Resource) -> None:
        try:
            metadata = Block(resource.properties, resource.urn).block("metadata")
            annotations = metadata.block("annotations")
            arn = annotations.values.get(IRSA)
            role = graph.resolve(arn, ROLE)
            if role is not None:
                name = metadata.text("name") or str(resource.outputs.get("metadata", {}).get("name", resource.name))
                subject = f"{_SUBJECT}{metadata.text('namespace') or 'default'}:{name}"
                self.of.setdefault(role.urn, {})[subject] = f"service account {resource.name}"
        except UnknownRead:
            return  # a name that is not known: the trust policy of the role tells who may assume it


def _words(resource: Resource) -> tuple[str, str]:
    """A key that tells the workload from others, and the workload in words."""
    read = resource.read
    if resource.type.endswith("PodIdentityAssociation"):
        subject = f"{read.text('namespace')}:{read.text('serviceAccount')}"
        return f"{_SUBJECT}{subject}", f"service account {subject.replace(':', '/')}"
    if resource.type.endswith("TaskDefinition"):
        return f"{resource.type}:{read.text('family')}", f"task definition {resource.name}"
    word = "instance profile" if resource.type.endswith("InstanceProfile") else resource.type.rpartition(":")[2]
    return resource.urn, f"{word} {resource.name}"
