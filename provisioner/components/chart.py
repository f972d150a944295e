"""The platform's Helm chart as a component: rendered in this process, each object a resource that can be judged."""

from __future__ import annotations

import hashlib
import importlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes
from lychgate.provisioner.chart_rendering import ChartError, render
from lychgate.provisioner.components.base import Component
from lychgate.provisioner.components.context import Context

# What pods find when they are made: their network, their rights, what they mount. Services and budgets are not among
# it: a Service waits for the pods.
BEFORE_PODS = frozenset(
    {
        *("Namespace", "ResourceQuota", "LimitRange", "NetworkPolicy", "ServiceAccount", "ConfigMap"),
        *("SecretProviderClass", "SecurityGroupPolicy", "Certificate"),
    }
)
PODS = frozenset({"Deployment", "StatefulSet", "CronJob"})
CHECKSUM = "checksum/config"
_MARK = "lychgate-output-"
_TOKEN = re.compile(rf"({_MARK}[0-9]{{4}}-end)")


class Chart(Component):
    """All objects of a stack in the cluster.

    `values` is what `provisioner/chart/values.schema.json` describes; where a string stands, an output may stand. Each
    object becomes a resource of its own, named like the object: the deployment of the workload `api` is the Deployment
    `api`. `helm` names an official Helm to render with. `objects` holds the resources by kind and name.

    Raises ChartError when the values do not fit.
    """

    kind = "Chart"

    def __init__(
        self,
        name: str,
        context: Context,
        values: Mapping[str, Any],
        provider: pulumi_kubernetes.Provider,
        *,
        helm: Path | None = None,
        declared_at: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, context, declared_at=declared_at, opts=opts)
        self._inside = pulumi.ResourceOptions(parent=self, provider=provider)
        self.objects: dict[tuple[str, str], pulumi.Resource] = {}
        late = Late()
        found = [late.restored(one) for one in _with_checksums(render(late.replaced(values), helm), late)]
        # The order of registration is the order of dependence: the namespace, what pods need, pods, what needs pods.
        for one in sorted(found, key=lambda one: (one["kind"] not in BEFORE_PODS, one["kind"] not in PODS)):
            self._register(one)
        self.register_outputs({"namespace": values["namespace"]})

    def _register(self, described: Mapping[str, Any]) -> None:
        kind, name = described["kind"], described["metadata"]["name"]
        needed = BEFORE_PODS if kind in PODS else {"Namespace"}
        depends_on = [one for (other, _), one in self.objects.items() if other in needed and kind != "Namespace"]
        options = pulumi.ResourceOptions.merge(self._inside, pulumi.ResourceOptions(depends_on=depends_on))
        self.objects[kind, name] = typed(described, name, options)


def typed(described: Mapping[str, Any], name: str, opts: pulumi.ResourceOptions) -> pulumi.Resource:
    """The resource that pulumi_kubernetes has for an object, or a CustomResource where it has none."""
    inputs = {_snake(key): value for key, value in described.items() if key not in ("apiVersion", "kind")}
    group, _, version = described["apiVersion"].rpartition("/")
    try:
        module = importlib.import_module(f"pulumi_kubernetes.{group.partition('.')[0] or 'core'}.{version}")
        made = getattr(module, described["kind"])
    except (ModuleNotFoundError, AttributeError):
        return pulumi_kubernetes.apiextensions.CustomResource(
            name, api_version=described["apiVersion"], kind=described["kind"], opts=opts, **inputs
        )
    resource: pulumi.Resource = made(name, opts=opts, **inputs)
    return resource


class Late:
    """Outputs among values, and the tokens that stand for them while a template is rendered."""

    def __init__(self) -> None:
        self.outputs: dict[str, pulumi.Output[Any]] = {}
        self._tokens: dict[int, str] = {}  # by identity: the same output is the same secret to the chart

    def replaced(self, values: Any) -> Any:
        """The same with a token instead of each output. Raises ChartError where a text looks like a token."""
        if isinstance(values, pulumi.Output):
            token = self._tokens.setdefault(id(values), f"{_MARK}{len(self.outputs):04}-end")
            self.outputs[token] = values
            return token
        if isinstance(values, Mapping):
            return {key: self.replaced(value) for key, value in values.items()}
        if isinstance(values, (list, tuple)):
            return [self.replaced(value) for value in values]
        if isinstance(values, str) and _MARK in values:
            raise ChartError(f"the chart's values: {values!r} looks like the chart's own mark of an output")
        return values

    def restored(self, found: Any) -> Any:
        """The same with the outputs back: one alone where it is the whole string, else joined with what is around."""
        if isinstance(found, dict):
            return {key: self.restored(value) for key, value in found.items()}
        if isinstance(found, list):
            return [self.restored(value) for value in found]
        if not isinstance(found, str) or _MARK not in found:
            return found
        parts = [self.outputs.get(part, part) for part in _TOKEN.split(found) if part]
        return parts[0] if len(parts) == 1 else pulumi.Output.concat(*parts)


def _with_checksums(objects: list[dict[str, Any]], late: Late) -> list[dict[str, Any]]:
    """Where a ConfigMap holds outputs, its checksum follows their values: the template has only seen tokens. They stand
    in it as they are: a plan knows them by other names, and could not tell what has changed in a digest. Other
    checksums are known before any output is, and stay as they are."""
    settings = {one["metadata"]["name"]: one["data"] for one in objects if one["kind"] == "ConfigMap"}
    for one in objects:
        spec = one.get("spec", {})
        template = spec.get("jobTemplate", {"spec": spec})["spec"].get("template") if one["kind"] in PODS else None
        data = settings.get(one["metadata"]["name"], {})
        if template and _MARK in json.dumps(data):
            template["metadata"]["annotations"][CHECKSUM] = _checksum(data, late)
    return objects


def _checksum(data: Mapping[str, str], late: Late) -> pulumi.Output[str]:
    known = {key: value for key, value in data.items() if _MARK not in value}
    digest = hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()
    outputs = [(f" {key}=", late.restored(value)) for key, value in sorted(data.items()) if key not in known]
    return pulumi.Output.concat(digest, *(part for pair in outputs for part in pair))


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
