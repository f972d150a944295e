"""One stack of the platform, whole: called by the Pulumi program, and by nothing else."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as kubernetes
from lychgate.provisioner.assembly.cluster import providers
from lychgate.provisioner.assembly.network import look_up
from lychgate.provisioner.assembly.observability import alerts
from lychgate.provisioner.assembly.resources import Resources, Thing
from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.assembly.workloads import Workloads
from lychgate.provisioner.components.base import Component
from lychgate.provisioner.components.chart import Chart
from lychgate.provisioner.components.key import ExistingKey, Key
from lychgate.provisioner.components.log_group import LogGroup
from lychgate.provisioner.components.repository import Repository
from lychgate.provisioner.models.names import SHARED


class Stack(Component):
    """What all of a stack stands in: it says whose everything is, and carries the providers."""

    kind = "Stack"
    classified = False


def build(scope: Scope) -> None:
    """Declare everything of one stack."""
    reached = providers(scope)
    stack = Stack(
        scope.stack, scope.context, declared_at=scope.place(), opts=pulumi.ResourceOptions(providers=[*reached])
    )
    opts = pulumi.ResourceOptions(parent=stack)
    look_up(scope, reached.aws)
    key = Key("data", scope.context, opts=opts)
    pulumi.export("key", key.arn)
    things = dict(Resources(scope, key, opts).make())
    if scope.tenant == SHARED:
        _repositories(scope, key, opts)
    else:
        _run(scope, key, things, reached.cluster, opts)


def _repositories(scope: Scope, key: Key, opts: pulumi.ResourceOptions) -> None:
    """Where the images of the workloads stand: what runs for one tenant runs for all."""
    for name in scope.application.workloads:
        place = scope.place("workloads", name, "image")
        settings = scope.settings("repository")
        Repository(name, scope.context, key=key, declared_at=place, opts=opts, **settings)


def _run(
    scope: Scope,
    key: Key,
    things: dict[str, Thing],
    cluster: kubernetes.Provider,
    opts: pulumi.ResourceOptions,
) -> None:
    """What runs in the cluster, for one tenant."""
    LogGroup(
        "workloads",
        scope.context,
        key=key,
        days=scope.settings("logs")["retention_days"],
        log_name=f"/platform/{scope.name}/{scope.environment_name}/{scope.tenant}",
        opts=opts,
    )
    elsewhere = Elsewhere(scope)

    def find(name: str) -> tuple[Thing, str | None]:
        return (things[name], None) if name in things else (elsewhere.shared(name), scope.tenant)

    workloads = Workloads(scope, key, find, elsewhere.group, opts)
    pulumi.export("securityGroup", workloads.group.id)
    place = scope.place("workloads")
    Chart("workloads", scope.context, workloads.values(), cluster, declared_at=place, opts=opts)
    alerts(scope, opts)


class Elsewhere:
    """What stands in other stacks: known by name, or by what these stacks put out."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self._references: dict[str, pulumi.StackReference] = {}

    def _output(self, scope: Scope, name: str) -> pulumi.Output[str]:
        if scope.stack not in self._references:
            organization = scope.platform.file.organization
            full = f"{organization}/{pulumi.get_project()}/{scope.stack}"
            self._references[scope.stack] = pulumi.StackReference(scope.stack, stack_name=full)
        return self._references[scope.stack].require_output(name)

    def group(self, scope: Scope) -> pulumi.Output[str]:
        """The id of the security group of another application's pods."""
        return self._output(scope, "securityGroup")

    def shared(self, name: str) -> Thing:
        """What the tenants of the application share, from the stack of its own that it stands in."""
        there = self.scope.other(self.scope.name, SHARED)
        return Resources.existing(there, name, ExistingKey(there.context, self._output(there, "key")))
