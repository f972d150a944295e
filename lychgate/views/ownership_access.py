"""Edges of access: what identities reach by their policies, whom resources let in, what runs as which role."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from fnmatch import fnmatchcase
from itertools import takewhile

from lychgate.model.graph import Graph, Resource
from lychgate.model.values import UnknownRead
from lychgate.reasoning.iam import Grant, Statement
from lychgate.reasoning.iam.rights import service_of
from lychgate.reasoning.iam.templates import Wild
from lychgate.reasoning.tenancy import Dimension, EdgeKind
from lychgate.views.attachments import POLICY, ROLE
from lychgate.views.exposure import head, named_of, names_everyone, principal_account, requirements_of, ties
from lychgate.views.iam_principals import INSTANCE_PROFILES, Elsewhere, Identity, account_of
from lychgate.views.kubernetes_objects import namespace_name, object_name
from lychgate.views.labels import labels_of
from lychgate.views.owners import is_shared, owner_of, tags_of
from lychgate.views.ownership_callers import Callers, Template, facts_of, matches, tied_elsewhere
from lychgate.views.ownership_edges import Edges, named_things
from lychgate.views.ownership_targets import Target, Targets
from lychgate.views.ownership_types import ACCESS_POINTS, ACTIONS, MACHINES, RUNS_AS
from lychgate.views.resource_policies import ResourcePolicy, TrustPolicy, policies_on
from lychgate.views.s3 import BUCKETS
from lychgate.views.unique_ids import named_identity

POD_IDENTITIES = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
SERVICE_ACCOUNTS = "kubernetes:core/v1:ServiceAccount"
NAMESPACES = "kubernetes:core/v1:Namespace"
KEPT_APART: tuple[Dimension, ...] = ("tenant", "environment")  # the dimensions whose crossings rules judge
# Services whose resources hold data and act on nothing themselves.
PASSIVE = frozenset({"dynamodb", "ecr", "kinesis", "kms", "logs", "s3", "secretsmanager", "sns", "sqs", "ssm"})
_VARIABLE = re.compile(r"\$\{[^}]*\}")
_SUBJECT = "system:serviceaccount:"


class AccessEdges:
    """Reads them from IAM policies, policies of resources, and the workloads that run as roles."""

    def __init__(self, graph: Graph, found: Edges) -> None:
        self.graph, self.found = graph, found
        self.targets = Targets(graph)
        self.callers = Callers(graph)
        self._meant: dict[tuple[str, str], list[tuple[Target, bool]]] = {}

    def read(self) -> None:
        """All of them."""
        graph, guard = self.graph, self.found.guard
        for identity in Identity.all(graph):
            if not (isinstance(identity, Elsewhere) and identity.resource.type == POLICY):  # held by nobody
                guard(identity.resource, "identity-grant", lambda identity=identity: self._grants(identity))  # type: ignore[misc]
        for policy in ResourcePolicy.all(graph):
            guard(policy.resource, "resource-grant", lambda policy=policy: self._let_in(policy))  # type: ignore[misc]
        for trust in TrustPolicy.all(graph):
            guard(trust.resource, "assume-role", lambda trust=trust: self._let_in(trust))  # type: ignore[misc]
            guard(trust.resource, "assume-role", lambda trust=trust: self._service_accounts(trust))  # type: ignore[misc]
        for type_ in (*RUNS_AS, *MACHINES, POD_IDENTITIES):
            for resource in graph.of_type(type_):
                if not resource.external:
                    guard(resource, "assume-role", lambda resource=resource: self._runs_as(resource))  # type: ignore[misc]

    # -- by identity policies ---------------------------------------------------------------------------------------

    def _grants(self, identity: Identity) -> None:
        resource = identity.resource
        if identity.unread:
            self.found.unread.setdefault((resource.urn, "identity-grant"), identity.unread[0])
        seen: set[tuple[str, str]] = set()
        narrowed = _narrowed(identity)
        for pattern, services in _patterns(identity):
            for target, whole in self._meant_by(pattern, resource.stack, narrowed):
                key = (target.arn, target.service)
                if (
                    not services.isdisjoint(("", target.service))
                    and key not in seen
                    and target.resource is not resource
                    and (target.service != "logs" or names_group_or_stream(pattern, target.arn))
                ):
                    if not whole:
                        seen.add(key)
                    self._grant(identity, target, pattern if whole else None)

    def _meant_by(self, pattern: str, stack: str, narrowed: bool) -> list[tuple[Target, bool]]:
        """The targets that a pattern may mean, and whether it means them whole and by itself: then only one of each
        kind, where nothing but the owner and tags can tell two apart."""
        if narrowed:
            return [(target, False) for target in self.targets.matching(pattern, stack)]
        found = self._meant.get((pattern, stack))
        if found is None:
            kinds: dict[Hashable, Target] = {}
            for target in self.targets.matching(pattern, stack):
                kinds.setdefault(self._kind(pattern, target), target)
            found = self._meant[pattern, stack] = [(target, kind is not target) for kind, target in kinds.items()]
        return found

    def _kind(self, pattern: str, target: Target) -> Hashable:
        """What decides whether statements for the pattern reach the target. A role's trust counts as well, and half a
        match is asked about by itself."""
        matched = tuple(_means(pattern, asked) for asked in target.asked)
        if target.service in ("sts", "iam") or not any(matched) or "${" in pattern:
            return target
        owner = self.graph.once(("kind of target", target.resource.urn, target.service), lambda: self._owner(target))
        return target.service, matched, owner

    def _owner(self, target: Target) -> Hashable:
        resource = target.resource
        owner = owner_of(self.graph, resource, "tenant")
        tags = tuple(sorted((key, str(value)) for key, value in tags_of(self.graph, resource).items()))
        policies = target.service == "kms" and resource.urn  # a key's own policy counts
        return owner.tenant, owner.environment, owner.shared, tags, account_of(self.graph, resource), policies

    def _grant(self, identity: Identity, target: Target, pattern: str | None) -> None:
        """What reaches the target: with a pattern, by the statements for it and their conditions alone."""
        services = identity.rights.services
        if identity.known and target.service not in services and "" not in services:
            return
        if self._same_owner(identity.resource, target.resource) or self._leads_nowhere(identity.resource, target):
            return
        try:
            if pattern is None:
                grants = identity.granted(ACTIONS[target.service], target.asked, facts_of(identity))
            else:
                grants = [
                    one
                    for one in self._anywhere(identity, target.service)
                    if pattern in (one.statement.resources or "*")
                ]
            if target.service == "logs":
                grants = [one for one in grants if _for_logs(one.statement, target.arn)]
            grants = [one for one in grants if not tied_elsewhere(one, self.graph, identity.resource, target.resource)]
            if not grants or not self._accepted(identity, target):
                return
        except UnknownRead as unknown:
            self.found.unread.setdefault((identity.resource.urn, "identity-grant"), unknown)
            return
        kind: EdgeKind = "assume-role" if target.service in ("sts", "iam") else "identity-grant"
        first = grants[0]
        self.found.add(
            identity.resource, target.resource, kind, f"{first.action} by {said(first.name)} of {first.policy}"
        )

    def _anywhere(self, identity: Identity, service: str) -> list[Grant]:
        """What its policies grant of a service on any resource."""
        return identity.once(
            f"grants of {service}", lambda: identity.granted(ACTIONS[service], "*", facts_of(identity))
        )

    def _same_owner(self, one: Resource, other: Resource) -> bool:
        """Whether both are labelled, and alike: an edge between them is no crossing and no part of one, since a path
        leads on only through what has no owner."""
        first, second = labels_of(self.graph, one), labels_of(self.graph, other)
        if None in (first.tenant, first.environment) or (first.tenant, first.environment) != (
            second.tenant,
            second.environment,
        ):
            return False
        return not is_shared(self.graph, one) and not is_shared(self.graph, other)

    def _leads_nowhere(self, source: Resource, target: Target) -> bool:
        """Whether an edge to the target crosses no line, since they are alike or one of them is shared, and is no part
        of a path that does, since the target gets at nothing in its turn."""
        if target.service not in PASSIVE:
            return False
        for dimension in KEPT_APART:
            first, second = (owner_of(self.graph, one, dimension) for one in (source, target.resource))
            owners = (first.owner(dimension), second.owner(dimension))
            if not first.shared and not second.shared and (None in owners or owners[0] != owners[1]):
                return False
        return True

    def _accepted(self, identity: Identity, target: Target) -> bool:
        """Whether the target's side agrees: a role's trust, a key's policy, and any resource's own policy where the
        identity is of another account.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
        https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
        """
        if target.service == "sts":
            return self._admits(TrustPolicy.of(self.graph, target.resource), identity)
        own, other = identity.account, account_of(self.graph, target.resource)
        apart = bool(own and other and own != other)
        if target.service == "kms" or (apart and target.service != "iam"):
            return any(self._admits(policy, identity) for policy in policies_on(self.graph, target.resource))
        return not apart

    def _admits(self, policy: ResourcePolicy, identity: Identity) -> bool:
        """Whether a policy lets the identity in by its account, or as everyone. One that names it is an edge of its
        own."""
        actions = "sts:AssumeRole" if policy.service == "sts" else "*"
        for grant in policy.granted(actions, facts=facts_of(identity)):
            for principal in grant.principals:
                value = principal.partition(":")[2]
                account = principal_account(value) if value.isdigit() or value.endswith(":root") else ""
                if value == "*" or principal.startswith("everyone but "):
                    return True
                if account and identity.account in ("", account):
                    return True
        return False

    # -- by policies of resources -----------------------------------------------------------------------------------

    def _let_in(self, policy: ResourcePolicy) -> None:
        """Who is named in a resource's own policy, or in a role's trust."""
        target = policy.target
        if target is not None and target.type in ACCESS_POINTS:
            target = self.graph.target(target, "bucket", *BUCKETS) or target
        if target is None:
            return
        kind: EdgeKind = "assume-role" if target.type == ROLE else "resource-grant"
        for allow in policy.allows:
            everyone = names_everyone(allow)
            those = (named_identity(self.graph, value, policy.resource.stack) for value in named_of(allow, "AWS"))
            named = [one for one in those if one is not None]
            if not named and not everyone:
                continue
            for grant in policy.grants_of(allow):
                let_in = [one.resource for one in self.callers.meeting(grant.requirements)] if everyone else []
                for source in [*named, *let_in]:
                    self._lets_in(source, target, kind, policy, allow, grant)

    def _lets_in(
        self, source: Resource, target: Resource, kind: EdgeKind, policy: ResourcePolicy, allow: Statement, grant: Grant
    ) -> None:
        if not tied_elsewhere(grant, self.graph, source, target):
            self.found.add(source, target, kind, f"{said(allow.name)} of the {policy.what} {policy.name}")

    # -- by running as a role ---------------------------------------------------------------------------------------

    def _runs_as(self, resource: Resource) -> None:
        if resource.type in MACHINES:
            for role in self._profile_roles(resource):
                self.found.add(resource, role, "assume-role", "runs as the role")
            return
        property_ = "roleArn" if resource.type == POD_IDENTITIES else RUNS_AS[resource.type]
        roles = [one for one in named_things(self.graph, resource, property_, ROLE) if isinstance(one, Resource)]
        if resource.type != POD_IDENTITIES:
            for role in roles:
                self.found.add(resource, role, "assume-role", "runs as the role")
            return
        subject = f"{_SUBJECT}{resource.read.text('namespace')}:{resource.read.text('serviceAccount')}"
        for source in [resource, *self._pods(tuple(subject))]:
            for role in roles:
                self.found.add(source, role, "assume-role", f"the Pod Identity association {resource.name}")

    def _profile_roles(self, machine: Resource) -> Iterator[Resource]:
        """The role that an instance's profile hands to it."""
        path = "iamInstanceProfile"
        paths: tuple[str, ...] = (path,)
        if isinstance(machine.properties.get(path), dict):
            paths = (f"{path}.arn", f"{path}.name")
        for one in paths:
            for profile in named_things(self.graph, machine, one, *INSTANCE_PROFILES):
                if isinstance(profile, Resource) and not profile.external:
                    for role in named_things(self.graph, profile, "role", ROLE):
                        if isinstance(role, Resource):
                            yield role

    def _service_accounts(self, trust: TrustPolicy) -> None:
        """The service accounts of Kubernetes whose tokens a role accepts (IAM roles for service accounts).

        https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html
        """
        for allow in trust.speaking_of("sts:AssumeRoleWithWebIdentity"):
            for value in named_of(allow, "Federated"):
                issuer = value.partition(":oidc-provider/")[2]
                subjects = [one for values in ties(requirements_of(allow), f"{issuer}:sub") for one in values]
                if not subjects and "eks" in issuer:
                    subjects = [(Wild.MANY,)]  # every service account of the cluster
                for source in (source for subject in subjects for source in self._pods(subject)):
                    words = f"the {trust.what} {trust.name} accepts its tokens"
                    self.found.add(source, trust.resource, "assume-role", words)

    def _pods(self, subject: Template) -> Iterator[Resource]:
        """The service accounts that a subject may mean; a Namespace where the program makes none in it."""
        start = head(subject)
        if not start.startswith(_SUBJECT[: len(start)]):
            return
        accounts, namespaces = self.graph.once("service account subjects", self._subjects)
        fixed = len(start) == len(subject)
        texts = [start] if fixed else [text for text in accounts if matches(subject, text)]
        found = [one for text in texts for one in accounts.get(text, ())]
        yield from found
        held = {text.split(":")[2] for text in texts if text in accounts}
        after = subject[len(_SUBJECT) :] if start.startswith(_SUBJECT) else (Wild.MANY,)
        pattern = tuple(takewhile(lambda part: part != ":", after))
        names = ["".join(map(str, pattern))] if fixed else [name for name in namespaces if matches(pattern, name)]
        yield from (one for name in names if name not in held for one in namespaces.get(name, ()))

    def _subjects(self) -> tuple[dict[str, list[Resource]], dict[str, list[Resource]]]:
        """Service accounts by their subject, Namespaces by their name; one whose name is not known is left to the
        other kind."""
        accounts: dict[str, list[Resource]] = {}
        namespaces: dict[str, list[Resource]] = {}
        for resource in self.graph.of_type(SERVICE_ACCOUNTS, NAMESPACES):
            try:
                name = object_name(resource)
                if resource.type == NAMESPACES:
                    namespaces.setdefault(name, []).append(resource)
                else:
                    subject = f"{_SUBJECT}{namespace_name(self.graph, resource)}:{name}"
                    accounts.setdefault(subject, []).append(resource)
            except UnknownRead:
                continue
        return accounts, namespaces


def _patterns(identity: Identity) -> list[tuple[str, frozenset[str]]]:
    """The resource entries of its Allow statements, longest first, each with the services whose actions it is named
    for (empty for any); `*` where a statement excludes or names none."""
    found: dict[str, set[str]] = {}
    for one in identity.attached:
        for statement in one.policy.statements:
            if statement.effect == "Allow":
                open_ = statement.resources is None or statement.not_resource
                services = {""} if statement.not_action else {service_of(action) for action in statement.actions}
                for pattern in ["*"] if open_ else statement.resources or ():
                    found.setdefault(pattern, set()).update(services)
    longest = sorted(found, key=lambda pattern: (-len(pattern), pattern))
    return [(pattern, frozenset(found[pattern])) for pattern in longest]


def _narrowed(identity: Identity) -> bool:
    """Whether a boundary, a Deny, an exception or something unknown may take away or add what an entry of a statement
    alone does not tell."""
    return (
        not identity.known
        or identity.read.has("permissionsBoundary")
        or any(
            one.effect == "Deny" or one.not_resource
            for attached in identity.attached
            for one in attached.policy.statements
        )
    )


def names_group_or_stream(pattern: str, group: str) -> bool:
    """Whether a resource entry means a log group, or a stream in it, whose name holds no colon: IAM's `*` runs over
    colons, and `arn:aws:logs:*:*:log-group:RDS*` still means no other group.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogStream.html
    """
    entry = _VARIABLE.sub("*", pattern).replace("[", "[[]")
    if fnmatchcase(group, entry):
        return True
    before_stream = (f"{group}:", f"{group}:log-stream:")
    # The entry falls into a part that takes the text before a stream's name, and one that takes a name.
    return any(
        ":" not in entry[at:] and any(fnmatchcase(text, entry[:at]) for text in before_stream)
        for at in range(len(entry) + 1)
    )


def _for_logs(statement: Statement, group: str) -> bool:
    """Whether a statement means a log group or a stream in it."""
    open_ = statement.resources is None or statement.not_resource
    return open_ or any(names_group_or_stream(entry, group) for entry in statement.resources or ())


def _means(pattern: str, text: str) -> bool:
    """Whether a resource entry without variables means a text; most need no regular expression."""
    start = pattern.rstrip("*")
    if "*" not in start and "?" not in start:
        return text == pattern if start == pattern else text.startswith(start)
    return fnmatchcase(text, pattern.replace("[", "[[]"))


def said(statement: str) -> str:
    """How a statement is called: one without a Sid has its number, `statement 1`, for a name."""
    return statement if statement.startswith("statement ") else f"statement {statement}"
