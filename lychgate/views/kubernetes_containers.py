"""Containers of pods: what each may do, with the pod's settings and Kubernetes' defaults applied.

A container's own security context comes before the pod's (https://kubernetes.io/docs/tasks/configure-pod-container/
security-context/). Where nothing is said, a container runs as the image's user, may gain privileges, keeps the
runtime's default capabilities (NET_RAW among them), may write its root filesystem, and is not confined by seccomp
(https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from lychgate.model.graph import Graph
from lychgate.model.values import Block, Symbol
from lychgate.views.kubernetes_objects import TEMPLATES, opened

Role = Literal["container", "init container", "ephemeral container"]

# The lists of a pod that hold containers.
ROLES: tuple[tuple[str, Role], ...] = (
    ("containers", "container"),
    ("initContainers", "init container"),
    ("ephemeralContainers", "ephemeral container"),
)

# The outputs of image builds that name the image by its digest.
PINNED_OUTPUTS = {("docker-build:index:Image", "ref"), ("docker:index/image:Image", "repoDigest")}


class Container:
    """One container of a pod."""

    __slots__ = ("pod", "read", "role")

    def __init__(self, read: Block, pod: Block, role: Role) -> None:
        self.read, self.pod, self.role = read, pod, role

    def __str__(self) -> str:
        return f"{self.role} {self.name}"

    @property
    def name(self) -> str:
        """Its name in the pod."""
        return self.read.text("name") or "(without a name)"

    @property
    def sidecar(self) -> bool:
        """Whether it is an init container that keeps running beside the others."""
        return self.role == "init container" and self.read.text("restartPolicy") == "Always"

    @property
    def security(self) -> Block:
        """Its own security context."""
        return self.read.block("securityContext")

    def effective(self, name: str) -> Block:
        """The security context that decides a setting which pods have too: the container's, else the pod's."""
        own = self.security
        return own if own.has(name) else self.pod.block("securityContext")

    @property
    def user(self) -> float | None:
        """The user id that it runs as; None where the image decides."""
        return self.effective("runAsUser").number("runAsUser")

    @property
    def non_root_enforced(self) -> bool:
        """Whether the kubelet refuses to start it as root."""
        return self.effective("runAsNonRoot").flag("runAsNonRoot")

    @property
    def privileged(self) -> bool:
        """Whether it has the rights of root on its node."""
        return self.security.flag("privileged")

    @property
    def may_escalate(self) -> bool:
        """Whether its processes may gain more privileges than they started with."""
        return self.security.flag("allowPrivilegeEscalation", True)

    @property
    def dropped(self) -> set[str]:
        """The capabilities that are taken from it, without `CAP_`."""
        return _names(self.security, "drop")

    @property
    def added(self) -> set[str]:
        """The capabilities that are given to it, without `CAP_`."""
        return _names(self.security, "add")

    @property
    def read_only(self) -> bool:
        """Whether its root filesystem cannot be written."""
        return self.security.flag("readOnlyRootFilesystem")

    @property
    def seccomp(self) -> str:
        """`RuntimeDefault`, `Localhost` or `Unconfined`, which it is where nothing is said, and when privileged."""
        if self.privileged:
            return "Unconfined"
        return self.effective("seccompProfile").text("seccompProfile.type") or "Unconfined"

    def image(self, graph: Graph) -> str | None:
        """The image where it is named by something that can move to other content; None where a digest pins it."""
        value = opened(self.read.values.get("image"))
        if isinstance(value, Symbol):
            source = graph.by_urn.get(value.urn)
            if source is not None and (source.type, value.output) in PINNED_OUTPUTS:
                return None
        text = str(value) if isinstance(value, Symbol) and "@" in value else self.read.text("image")
        return None if text is None or "@" in text else text

    @property
    def ports(self) -> list[Block]:
        """Its declared ports."""
        return self.read.blocks("ports")


def _names(security: Block, name: str) -> set[str]:
    return {one.upper().removeprefix("CAP_") for one in security.block("capabilities").texts(name)}


def with_containers(properties: dict[str, Any], change: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    """A workload's properties with each container changed: for remedies, which know no more than the properties."""
    changed: dict[str, Any] = _below(
        properties, TEMPLATES.get(str(properties.get("kind")), ("spec", "template")), change
    )
    return changed


def _below(values: Any, path: tuple[str, ...], change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    if not isinstance(values, dict):
        return values
    if path:
        return {**values, path[0]: _below(values.get(path[0]), path[1:], change)}
    spec = values.get("spec")
    if not isinstance(spec, dict):
        return values
    lists = {name: spec[name] for name in ("containers", "initContainers") if isinstance(spec.get(name), list)}
    changed = {name: [change(one) if isinstance(one, dict) else one for one in items] for name, items in lists.items()}
    return {**values, "spec": {**spec, **changed}}
