"""A patch of a workload that is not in the graph: what it says, and an unknown for all that it leaves as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lychgate.model.values import Unknown
from lychgate.views.kubernetes_containers import ROLES
from lychgate.views.kubernetes_objects import ELSEWHERE, opened

# The settings that views read and a patch may leave alone.
_CONTEXT = ("runAsUser", "runAsNonRoot", "seccompProfile")
_POD = (
    "hostNetwork", "hostPID", "hostIPC", "volumes", "serviceAccountName", "automountServiceAccountToken",
    "restartPolicy", "os",
)  # fmt: skip
_CONTAINER = ("image", "ports", "env", "livenessProbe", "readinessProbe", "resources")
_SECURITY = ("privileged", "allowPrivilegeEscalation", "capabilities", "readOnlyRootFilesystem")


def completed(values: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """A patch with an unknown in the place of each setting that it leaves to what it patches."""
    unsaid = Unknown(ELSEWHERE)
    if path:
        below = opened(values.get(path[0]))
        if isinstance(below, Unknown):
            return dict(values)
        inner = {path[0]: completed(below if isinstance(below, dict) else {}, path[1:])}
        return {**({"replicas": unsaid} if path[0] == "template" else {}), **values, **inner}
    spec = opened(values.get("spec"))
    if isinstance(spec, Unknown):
        return dict(values)
    spec = spec if isinstance(spec, dict) else {}
    filled = _filled(spec, _POD, unsaid)
    filled["securityContext"] = _inside(spec.get("securityContext"), _CONTEXT, unsaid)
    for name, _ in ROLES:
        items = opened(spec.get(name))
        if isinstance(items, list):
            filled[name] = [_container(opened(item), unsaid) for item in items]
    return {**values, "spec": filled}


def _container(item: Any, unsaid: Unknown) -> Any:
    if not isinstance(item, dict):
        return item
    security = _inside(item.get("securityContext"), (*_CONTEXT, *_SECURITY), unsaid)
    return _filled(item, _CONTAINER, unsaid) | {"securityContext": security}


def _inside(value: Any, names: tuple[str, ...], unsaid: Unknown) -> Any:
    bare = opened(value)
    if isinstance(bare, Unknown):
        return bare
    return _filled(bare if isinstance(bare, dict) else {}, names, unsaid)


def _filled(values: Mapping[str, Any], names: tuple[str, ...], unsaid: Unknown) -> dict[str, Any]:
    return {**dict.fromkeys(names, unsaid), **values}
