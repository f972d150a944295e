"""Kubernetes RBAC: what roles allow, and who is bound to them.

Rights only add up. A ClusterRole may be put together from others by their labels, which replaces its own rules
(https://kubernetes.io/docs/reference/access-authn-authz/rbac/#aggregated-clusterroles). Of the roles that every cluster
has, those for people are known here: `cluster-admin`, `admin`, `edit` and `view`, which grow with every ClusterRole
that carries their label.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from lychgate.model.graph import Graph, Resource
from lychgate.model.values import Block, UnknownRead
from lychgate.reasoning.network import LabelSelector
from lychgate.views.kubernetes import CONFIG_MAPS, KubernetesObject, entries, entry
from lychgate.views.kubernetes_objects import field, is_patch, objects, tokens
from lychgate.views.kubernetes_selectors import label_selector, labels_at, matches
from lychgate.views.kubernetes_workloads import Workload

VERSIONS = ("rbac.authorization.k8s.io/v1", "rbac.authorization.k8s.io/v1beta1", "rbac.authorization.k8s.io/v1alpha1")
NAMESPACED_ROLES = tokens("Role", *VERSIONS)
CLUSTER_ROLES = tokens("ClusterRole", *VERSIONS)
ROLE_BINDINGS = tokens("RoleBinding", *VERSIONS)
CLUSTER_ROLE_BINDINGS = tokens("ClusterRoleBinding", *VERSIONS)
ASSOCIATION = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
READ = ("get", "list", "watch")
AGGREGATE_TO = "rbac.authorization.k8s.io/aggregate-to-"


@dataclass(frozen=True, slots=True)
class Right:
    """One rule of a role. `names` empty: every object; `urls`: paths of the API server that are no resources."""

    verbs: frozenset[str]
    groups: frozenset[str] = frozenset()
    resources: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    urls: frozenset[str] = frozenset()

    def __str__(self) -> str:
        what = ", ".join(sorted(self.resources or self.urls))
        named = f" named {', '.join(sorted(self.names))}" if self.names else ""
        return f"{', '.join(sorted(self.verbs))} on {what}{named}"

    def allows(self, verb: str, group: str, resource: str) -> bool:
        """Whether it allows a verb on a resource, such as `pods/exec`, of an API group (core is empty)."""
        return _holds(self.verbs, verb) and _holds(self.groups, group) and self._covers(resource)

    def _covers(self, resource: str) -> bool:
        below = resource.partition("/")[2]
        return bool(self.resources & {"*", resource}) or (bool(below) and f"*/{below}" in self.resources)

    @property
    def everything(self) -> bool:
        """Whether it allows every verb on every resource."""
        return "*" in self.verbs and "*" in self.resources and "*" in self.groups and not self.names


def _holds(values: frozenset[str], value: str) -> bool:
    return "*" in values or value in values


def right(verbs: Iterable[str], groups: Iterable[str], resources: Iterable[str]) -> Right:
    """A right from plain lists."""
    return Right(frozenset(verbs), frozenset(groups), frozenset(resources))


WRITE = (*READ, "create", "update", "patch", "delete", "deletecollection")
CORE_READ = ("pods", "pods/log", "services", "configmaps", "endpoints", "persistentvolumeclaims", "serviceaccounts")
GUARDED = ("pods/attach", "pods/exec", "pods/portforward", "pods/proxy", "secrets", "services/proxy")
KINDS = ("deployments", "statefulsets", "daemonsets", "replicasets", "jobs", "cronjobs", "ingresses", "networkpolicies")
GROUPS = ("apps", "batch", "networking.k8s.io", "extensions")


@lru_cache(maxsize=1)
def built_in() -> dict[str, tuple[Right, ...]]:
    """The roles for people that every cluster has, in what matters of them.

    https://kubernetes.io/docs/reference/access-authn-authz/rbac/#user-facing-roles and, in Kubernetes' source,
    plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go.
    """
    view = (right(READ, [""], CORE_READ), right(READ, GROUPS, KINDS))
    edit = (
        *view,
        right(WRITE, [""], (*CORE_READ, *GUARDED)),
        right(WRITE, GROUPS, KINDS),
        right(["impersonate"], [""], ["serviceaccounts"]),
        right(["create"], [""], ["serviceaccounts/token"]),
    )
    admin = (*edit, right(WRITE, ["rbac.authorization.k8s.io"], ["roles", "rolebindings"]))
    return {"view": view, "edit": edit, "admin": admin, "cluster-admin": (right("*", "*", "*"),)}


# Whose label brings rights into which of these roles: `view` is a part of `edit`, and that of `admin`.
GROWS = {"view": ("view",), "edit": ("view", "edit"), "admin": ("view", "edit", "admin")}
# What is bound to everyone in every cluster, and says nothing of what is in it.
HARMLESS = ("system:discovery", "system:basic-user", "system:public-info-viewer")


class Role(KubernetesObject):
    """A Role or ClusterRole."""

    types = (*NAMESPACED_ROLES, *CLUSTER_ROLES)
    __slots__ = ()

    @property
    def kind(self) -> str:
        """`Role` or `ClusterRole`."""
        return "ClusterRole" if "ClusterRole" in self.resource.type else "Role"

    @property
    def rights(self) -> list[Right]:
        """What it allows."""
        return self.once("rights", self._rights)

    def _rights(self) -> list[Right]:
        if not self.read.has("aggregationRule"):
            return list(_rights(self.read))
        selectors = self.read.block("aggregationRule").blocks("clusterRoleSelectors")
        found: list[Right] = []
        for other in _cluster_roles(self.graph, self.cluster):
            labels = labels_at(other.read, "metadata.labels")
            wanted = (label_selector(Block({"it": one.values}, one.urn, one.path), "it") for one in selectors)
            if any(one is not None and matches(one, labels) for one in wanted):
                found += _rights(other.read)
        return found


def _cluster_roles(graph: Graph, cluster: str) -> list[Role]:
    return [one for one in Role.all(graph) if one.kind == "ClusterRole" and one.cluster == cluster]


def _rights(read: Block) -> Iterator[Right]:
    for rule in read.blocks("rules"):
        names = ("verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs")
        yield Right(*(frozenset(rule.texts(name)) for name in names))


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a binding gives rights: `kind` is `User`, `Group` or `ServiceAccount`."""

    kind: str
    name: str
    namespace: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


class Binding(KubernetesObject):
    """A RoleBinding or ClusterRoleBinding."""

    types = (*ROLE_BINDINGS, *CLUSTER_ROLE_BINDINGS)
    __slots__ = ()

    @property
    def everywhere(self) -> bool:
        """Whether the rights hold in all namespaces and outside of them."""
        return "ClusterRoleBinding" in self.resource.type

    @property
    def where(self) -> str:
        """Where the rights hold, in words."""
        return "the whole cluster" if self.everywhere else f"the namespace {self.namespace}"

    @property
    def role_name(self) -> str:
        """The name of the role."""
        return self.read.text("roleRef.name") or ""

    @property
    def role(self) -> Role | None:
        """The role, where it is in the graph."""
        kind = self.read.text("roleRef.kind") or "ClusterRole"
        namespace = self.namespace if kind == "Role" else ""
        found = objects(self.graph).find(self.cluster, kind, namespace, self.role_name)
        return None if found is None or found.external or is_patch(found) else Role.of(self.graph, found)

    @property
    def built_in(self) -> str | None:
        """The name of the role, if it is one that every cluster has and that is known here."""
        named = self.read.text("roleRef.kind") != "Role" and self.role is None
        return self.role_name if named and self.role_name in built_in() else None

    @property
    def rights(self) -> list[Right]:
        """What it gives. Raises `UnknownRead` where the role is neither in the graph nor known."""
        return self.once("rights", self._rights)

    def _rights(self) -> list[Right]:
        role = self.role
        if role is not None:
            return role.rights
        name = self.built_in
        if name is None:
            if self.role_name in HARMLESS:
                return []
            why = f"is a role that is not among what is judged: {self.role_name}"
            raise UnknownRead(self.resource.urn, "roleRef", why)
        return [*built_in()[name], *self._grown(name)]

    def _grown(self, name: str) -> Iterator[Right]:
        """What ClusterRoles of the graph add to a role that every cluster has."""
        for other in _cluster_roles(self.graph, self.cluster):
            labels = labels_at(other.read, "metadata.labels")
            wanted = (LabelSelector({f"{AGGREGATE_TO}{part}": "true"}) for part in GROWS.get(name, ()))
            if any(matches(one, labels) for one in wanted):
                yield from _rights(other.read)

    @property
    def subjects(self) -> list[Subject]:
        """Whom it binds. A service account without a namespace is one of the binding's own."""
        found = []
        for one in self.read.blocks("subjects"):
            kind = one.text("kind") or ""
            namespace = (one.text("namespace") or self.namespace) if kind == "ServiceAccount" else ""
            found.append(Subject(kind, one.text("name") or "", namespace))
        return found

    def behind(self, subject: Subject) -> Resource | None:
        """The service account that a subject stands for, else its namespace; None where neither is in the graph.

        A user or group may stand for service accounts as well: `system:serviceaccount:NAMESPACE:NAME` and
        `system:serviceaccounts:NAMESPACE`.
        """
        namespace, name = subject.namespace, subject.name
        if subject.kind != "ServiceAccount":
            words = subject.name.split(":")
            if words[:1] != ["system"] or words[1:2] not in (["serviceaccount"], ["serviceaccounts"]) or len(words) < 3:
                return None
            namespace, name = words[2], words[3] if len(words) > 3 else ""
        account = objects(self.graph).find(self.cluster, "ServiceAccount", namespace, name) if name else None
        return account or self.in_cluster("Namespace", namespace)


def bound(account: Workload) -> list[Binding]:
    """The bindings that give a workload's service account rights: by its name, or as one of all (of its namespace).

    `system:authenticated` is left out: what everybody has is no reason for a token. Raises `UnknownRead` where none is
    found, and somebody is bound who is not known.
    """
    index, unread = account.graph.once("bound subjects", lambda: _bound(account.graph))
    namespace, name = account.namespace, account.account
    subjects = (
        Subject("ServiceAccount", name, namespace),
        Subject("User", f"system:serviceaccount:{namespace}:{name}"),
        Subject("Group", "system:serviceaccounts"),
        Subject("Group", f"system:serviceaccounts:{namespace}"),
    )
    found = [one for subject in subjects for one in index.get((account.cluster, subject), ())]
    if not found and account.cluster in unread:
        raise unread[account.cluster]
    return found


def _bound(graph: Graph) -> tuple[dict[tuple[str, Subject], list[Binding]], dict[str, UnknownRead]]:
    found: dict[tuple[str, Subject], list[Binding]] = {}
    unread: dict[str, UnknownRead] = {}
    for binding in Binding.all(graph):
        try:
            for subject in binding.subjects:
                found.setdefault((binding.cluster, subject), []).append(binding)
        except UnknownRead as unknown:
            unread.setdefault(binding.cluster, unknown)
    return found, unread


class ClusterAccess(Binding):
    """Every way into a cluster that EKS and RBAC have: bindings, EKS' own access policies, the ConfigMap `aws-auth`."""

    types = (*Binding.types, ASSOCIATION, *CONFIG_MAPS)
    __slots__ = ()

    @classmethod
    def takes(cls, resource: Resource) -> bool:
        """Managed ones; of ConfigMaps only the one that EKS reads."""
        other = resource.type in CONFIG_MAPS and field(resource, "metadata", "name") != "aws-auth"
        return not resource.external and not other

    @property
    def gives_everything(self) -> str | None:
        """By what it gives all rights, in words; None where it does not.

        https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html
        """
        if self.resource.type == ASSOCIATION:
            name = (self.read.text("policyArn") or "").rpartition("/")[2]
            return f"the access policy {name}" if name == "AmazonEKSClusterAdminPolicy" else None
        if self.resource.type in CONFIG_MAPS:
            data = entries(self.read, "data")
            texts = [entry(self.read.block("data"), key) or "" for key in data]
            return "the group system:masters" if any("system:masters" in text for text in texts) else None
        if any(one.everything for one in self.rights):
            return f"the role {self.role_name}"
        return None

    @property
    def holders(self) -> str:
        """Who gets in, in words."""
        if self.resource.type == ASSOCIATION:
            return self.read.text("principalArn") or "somebody"
        if self.resource.type in CONFIG_MAPS:
            return "whom it maps"
        return ", ".join(map(str, self.subjects)) or "nobody yet"
