"""What runs pods: Deployments, StatefulSets, DaemonSets, Jobs and so on, with what selects, scales and feeds them.

Defaults are those of the API reference (https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/): one
replica, the service account `default`, a token mounted unless the pod, or else its service account, says no.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import ceil
from typing import Any, TypeVar

from lychgate.model.graph import Graph, Resource
from lychgate.model.values import Block, UnknownRead
from lychgate.reasoning.network.pods import Labels
from lychgate.views.kubernetes import KubernetesObject, quantity
from lychgate.views.kubernetes_containers import ROLES, Container
from lychgate.views.kubernetes_objects import ELSEWHERE, object_name, objects, pod_template, read_of, tokens
from lychgate.views.kubernetes_patches import completed
from lychgate.views.kubernetes_selectors import label_selector, labels_at, matches, plain_selector

T = TypeVar("T")

DEPLOYMENTS = tokens("Deployment", "apps/v1", "apps/v1beta1", "apps/v1beta2", "extensions/v1beta1")
STATEFUL_SETS = tokens("StatefulSet", "apps/v1", "apps/v1beta1", "apps/v1beta2")
DAEMON_SETS = tokens("DaemonSet", "apps/v1", "apps/v1beta2", "extensions/v1beta1")
REPLICA_SETS = tokens("ReplicaSet", "apps/v1", "apps/v1beta2", "extensions/v1beta1")
CONTROLLERS = tokens("ReplicationController", "core/v1")
JOBS = tokens("Job", "batch/v1")
CRON_JOBS = tokens("CronJob", "batch/v1", "batch/v1beta1", "batch/v2alpha1")
PODS = tokens("Pod", "core/v1")
REPLICATED = (*DEPLOYMENTS, *STATEFUL_SETS, *REPLICA_SETS, *CONTROLLERS)
LASTING = (*REPLICATED, *DAEMON_SETS)
AUTOSCALERS = tokens(
    "HorizontalPodAutoscaler", "autoscaling/v1", "autoscaling/v2", "autoscaling/v2beta1", "autoscaling/v2beta2"
)
BUDGETS = tokens("PodDisruptionBudget", "policy/v1", "policy/v1beta1")
ACCOUNTS = tokens("ServiceAccount", "core/v1")


class Workload(KubernetesObject):
    """Something that runs pods, or a single Pod."""

    types = (*LASTING, *JOBS, *CRON_JOBS, *PODS)
    __slots__ = ()

    def __init__(self, graph: Graph, resource: Resource) -> None:
        super().__init__(graph, resource)
        if self.partial:
            self.read = Block(completed(self.read.values, pod_template(resource.type) or ()), resource.urn)

    @property
    def kind(self) -> str:
        """`Deployment`, `Pod` and so on."""
        return self.resource.type.rpartition(":")[2].removesuffix("Patch")

    @property
    def template(self) -> Block:
        """The pod template: metadata and spec of its pods."""
        path = pod_template(self.resource.type)
        return self.read.block(".".join(path)) if path else self.read

    @property
    def pod(self) -> Block:
        """The spec of its pods."""
        return self.once("pod", lambda: self.template.block("spec"))

    @property
    def windows(self) -> bool:
        """Whether its pods are declared to run on Windows, where Linux' security settings mean nothing."""
        return (self.said(lambda: self.pod.text("os.name")) or "").lower() == "windows"

    @property
    def containers(self) -> list[Container]:
        """All containers: the pod's, its init containers and its ephemeral ones."""
        return self.once("containers", lambda: list(self._containers()))

    def _containers(self) -> Iterator[Container]:
        for name, role in ROLES:
            for block in self.pod.blocks(name):
                yield Container(block, self.pod, role)

    def said(self, read: Callable[[], T]) -> T | None:
        """What `read` reads; None where that is left to the object that this patches."""
        try:
            return read()
        except UnknownRead as unread:
            if self.partial and unread.why == ELSEWHERE:
                return None
            raise

    def told(self, check: Callable[[Container], str | None], of: str = "") -> list[str]:
        """What `check` says of each container, with its name before it. Containers that cannot be read are passed
        over where another one is found; where none is, the unknown is raised.

        `of` narrows it to one role. A patch is asked for what it says only.
        """
        found: list[str] = []
        unknown: UnknownRead | None = None
        for container in self.containers:
            if of and container.role != of:
                continue
            try:
                text = self.said(lambda one=container: check(one))  # type: ignore[misc]
            except UnknownRead as unread:
                unknown = unread
                continue
            if text:
                found.append(f"{container} {text}")
        if unknown is not None and not found:
            raise unknown
        return found

    # What selects its pods

    @property
    def pod_labels(self) -> Labels:
        """The labels of its pods, as selectors are compared with."""
        return self.once("pod labels", lambda: labels_at(self.template, "metadata.labels"))

    @property
    def services(self) -> list[Resource]:
        """The Services that send traffic to its pods."""
        return self.once("services", lambda: self._selecting("Service", lambda read: plain_selector(read, "selector")))

    @property
    def budgets(self) -> list[Budget]:
        """The disruption budgets that select its pods."""
        return self.once("budgets", self._budgets)

    def _budgets(self) -> list[Budget]:
        found = self._selecting("PodDisruptionBudget", lambda read: label_selector(read, "selector"))
        return [Budget.of(self.graph, one) for one in found]

    def _selecting(self, kind: str, selector: Callable[[Block], Any]) -> list[Resource]:
        def wanted(one: Resource) -> Any:
            return self.graph.once(("selector", one.urn), lambda: selector(read_of(self.graph, one).block("spec")))

        return [one for one in self.siblings(kind) if wanted(one) is not None and matches(wanted(one), self.pod_labels)]

    @property
    def autoscaler(self) -> Autoscaler | None:
        """What scales it."""
        return next((one for one in self._autoscalers() if one.scales(self)), None)

    def _autoscalers(self) -> list[Autoscaler]:
        return [Autoscaler.of(self.graph, one) for one in self.siblings("HorizontalPodAutoscaler")]

    @property
    def replicas(self) -> float:
        """How many pods the object itself asks for, without an autoscaler."""
        return self.read.number("spec.replicas", 1) or 0

    # Whose rights it has

    @property
    def account(self) -> str:
        """The name of its service account; `serviceAccount` is the older spelling."""
        return self.pod.text("serviceAccountName") or self.pod.text("serviceAccount") or "default"

    @property
    def account_object(self) -> Account | None:
        """Its service account, where that is in the graph."""
        found = self.sibling("ServiceAccount", self.account)
        return None if found is None else Account.of(self.graph, found)

    @property
    def mounts_token(self) -> bool:
        """Whether a token of its service account is put into its pods."""
        name = "automountServiceAccountToken"
        if self.pod.has(name):
            return self.pod.flag(name)
        account = self.account_object
        if account is not None:
            return account.mounts_token
        if self.account != "default":
            why = f"is decided by the service account {self.account}, which is not among what is judged"
            raise UnknownRead(self.resource.urn, self.pod.at(name), why)
        return True

    # What it gets

    @property
    def volumes(self) -> list[Block]:
        """Its volumes."""
        return self.pod.blocks("volumes")

    @property
    def host_paths(self) -> list[str]:
        """The paths of nodes that are mounted, directly or through a claim of a volume that is one."""
        return self.once("host paths", lambda: list(self._host_paths()))

    def _host_paths(self) -> Iterator[str]:
        for volume in self.volumes:
            if volume.has("hostPath"):
                yield volume.text("hostPath.path") or "/"
            claim = volume.text("persistentVolumeClaim.claimName")
            for found in self._volumes_of(claim) if claim else ():
                spec = found.read.block("spec")
                path = spec.text("hostPath.path") or spec.text("local.path")
                if path:
                    yield path

    def _volumes_of(self, claim: str) -> Iterator[Resource]:
        """The persistent volumes that a claim names, or that name it."""
        found = self.sibling("PersistentVolumeClaim", claim)
        wanted = found.read.text("spec.volumeName") if found is not None else None
        for volume in objects(self.graph).all_in(self.cluster, "PersistentVolume", ""):
            reference = volume.read.block("spec.claimRef")
            taken = (reference.text("namespace"), reference.text("name")) == (self.namespace, claim)
            if taken or (wanted and object_name(volume) == wanted):
                yield volume

    def used(self) -> Iterator[tuple[str, str, str]]:
        """The objects of its namespace that its pods use: kind, name, and by what."""
        for volume in self.volumes:
            name = volume.text("name")
            for kind, path in (
                ("Secret", "secret.secretName"),
                ("ConfigMap", "configMap.name"),
                ("PersistentVolumeClaim", "persistentVolumeClaim.claimName"),
            ):
                if found := volume.text(path):
                    yield kind, found, f"volume {name}"
            for source in volume.blocks("projected.sources"):
                for kind, path in (("Secret", "secret.name"), ("ConfigMap", "configMap.name")):
                    if found := source.text(path):
                        yield kind, found, f"volume {name}"
        for container in self.containers:
            yield from _used_by(container)
        yield "ServiceAccount", self.account, "serviceAccountName"

    # How much it takes

    def amount(self, container: Container, which: str, resource: str) -> float | None:
        """The `requests` or `limits` of a container for `cpu` (cores) or `memory` (bytes); None where there is none.

        A request that is not given is the limit; what is not given at all comes from the namespace's LimitRange, or
        from what the pod as a whole has.
        """
        own = container.read.block("resources")
        order = ("requests", "limits") if which == "requests" else ("limits",)
        for name in order:
            found = quantity(own.block(name), resource)
            if found is not None:
                return found
        default = self._range(which, resource)
        if default is not None:
            return default
        for name in order:
            found = quantity(self.pod.block("resources").block(name), resource)
            if found is not None:
                return found
        return None

    def _range(self, which: str, resource: str) -> float | None:
        """The default of the namespace. https://kubernetes.io/docs/concepts/policy/limit-range/"""
        for one in self.siblings("LimitRange") if not self.partial else ():
            for limit in one.read.blocks("spec.limits"):
                if limit.text("type") != "Container":
                    continue
                for name in ("defaultRequest", "default") if which == "requests" else ("default",):
                    found = quantity(limit.block(name), resource)
                    if found is not None:
                        return found
        return None


def _used_by(container: Container) -> Iterator[tuple[str, str, str]]:
    for variable in container.read.blocks("env"):
        for kind, path in (("Secret", "valueFrom.secretKeyRef.name"), ("ConfigMap", "valueFrom.configMapKeyRef.name")):
            if found := variable.text(path):
                yield kind, found, f"variable {variable.text('name')} of {container}"
    for source in container.read.blocks("envFrom"):
        for kind, path in (("Secret", "secretRef.name"), ("ConfigMap", "configMapRef.name")):
            if found := source.text(path):
                yield kind, found, f"envFrom of {container}"


class Lasting(Workload):
    """A workload whose pods are meant to run on, a single Pod apart."""

    types = LASTING
    __slots__ = ()


class Replicated(Workload):
    """A workload with a number of replicas, or a single Pod."""

    types = (*REPLICATED, *PODS)
    __slots__ = ()


def workloads_in(graph: Graph, cluster: str, namespace: str) -> list[Workload]:
    """The workloads of a namespace, as far as it is known which they are."""
    index = graph.once("workloads by namespace", lambda: _by_namespace(graph))
    return index.get((cluster, namespace), [])


def _by_namespace(graph: Graph) -> dict[tuple[str, str], list[Workload]]:
    found: dict[tuple[str, str], list[Workload]] = {}
    for one in Workload.all(graph):
        try:
            found.setdefault((one.cluster, one.namespace), []).append(one)
        except UnknownRead:
            continue
    return found


def sharing_account(workload: Workload) -> list[Workload]:
    """The workloads that use the same service account, itself among them."""
    index = workload.graph.once("workloads by account", lambda: _by_account(workload.graph))
    return index.get((workload.cluster, workload.namespace, workload.account), [])


def _by_account(graph: Graph) -> dict[tuple[str, str, str], list[Workload]]:
    found: dict[tuple[str, str, str], list[Workload]] = {}
    for one in Workload.all(graph):
        try:
            found.setdefault((one.cluster, one.namespace, one.account), []).append(one)
        except UnknownRead:
            continue
    return found


class Account(KubernetesObject):
    """A service account."""

    types = ACCOUNTS
    __slots__ = ()

    @property
    def mounts_token(self) -> bool:
        """Whether its token is put into pods that say nothing of it."""
        return self.read.flag("automountServiceAccountToken", True)


class Budget(KubernetesObject):
    """A PodDisruptionBudget."""

    types = BUDGETS
    __slots__ = ()

    def leaves(self, replicas: float) -> float:
        """How many of so many pods a drain leaves running. A budget that allows no disruption makes it wait."""
        spec = self.read.block("spec")
        if spec.has("minAvailable"):
            return min(_share(spec, "minAvailable", replicas), replicas)
        return replicas - _share(spec, "maxUnavailable", replicas)


def _share(spec: Block, name: str, replicas: float) -> float:
    """A number of pods, or a percentage of the replicas, rounded up as Kubernetes does."""
    value = (spec.text(name) or "0").strip()
    try:
        return ceil(float(value[:-1]) / 100 * replicas) if value.endswith("%") else float(value)
    except ValueError:
        raise UnknownRead(spec.urn, spec.at(name), "is neither a number nor a percentage") from None


class Autoscaler(KubernetesObject):
    """A HorizontalPodAutoscaler."""

    types = AUTOSCALERS
    __slots__ = ()

    def scales(self, workload: Workload) -> bool:
        """Whether it scales this workload."""
        target = self.read.block("spec.scaleTargetRef")
        return (target.text("kind"), target.text("name")) == (workload.kind, workload.object_name)

    @property
    def least(self) -> float:
        """The fewest pods that it leaves."""
        return self.read.number("spec.minReplicas", 1) or 0

    @property
    def most(self) -> float | None:
        """The most pods that it makes; None where that is not said (which the API refuses)."""
        return self.read.number("spec.maxReplicas")
