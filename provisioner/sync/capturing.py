"""The stacks of a sync, captured together: one interpreter that knows the platform, a fork of it for each stack."""

from __future__ import annotations

import os
import queue
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.models.application import USE
from lychgate.provisioner.models.environment import Environment
from lychgate.provisioner.models.names import SHARED

import lychgate
from lychgate.model.graph import Graph
from lychgate.sources.program.functions import Fixture
from lychgate.sources.program.process import HostProcess
from lychgate.sources.program.project import Configuration, read_project
from lychgate.sources.sandbox import Isolate, Limits

if TYPE_CHECKING:
    from lychgate.sources.program.capture import Setting

PROGRAM = Path(__file__).resolve().parents[1]
PROJECT = "platform"  # the name in its Pulumi.yaml
HOSTS = 2  # more would wait for one another: the monitors share this process
# What a stack imports. Not the Helm engine: its threads would not be there in a fork.
MODULES = [
    "lychgate.provisioner.assembly.stack", "pulumi_newrelic",
    "pulumi_aws.cloudwatch", "pulumi_aws.dynamodb", "pulumi_aws.ec2", "pulumi_aws.ecr", "pulumi_aws.eks",
    "pulumi_aws.iam", "pulumi_aws.kms", "pulumi_aws.rds", "pulumi_aws.s3", "pulumi_aws.secretsmanager",
    "pulumi_aws.sns", "pulumi_aws.sqs", "pulumi_aws.vpc",
    "pulumi_kubernetes.apiextensions", "pulumi_kubernetes.apps.v1", "pulumi_kubernetes.autoscaling.v2",
    "pulumi_kubernetes.batch.v1", "pulumi_kubernetes.core.v1", "pulumi_kubernetes.networking.v1",
    "pulumi_kubernetes.policy.v1",
]  # fmt: skip


def siblings(scope: Scope) -> list[Scope]:
    """A stack and what it is judged together with: the application's other tenants and shared stack, and the stacks
    that these use, each after what it refers to itself."""
    found: dict[str, Scope] = {}

    def add(one: Scope) -> None:
        if one.stack in found:
            return
        for used in refers_to(one):
            add(used)
        found.setdefault(one.stack, one)

    for tenant in (SHARED, *scope.application.tenants):
        if tenant != scope.tenant:
            add(scope.other(scope.name, tenant))
    add(scope)
    return list(found.values())


def refers_to(scope: Scope) -> Iterator[Scope]:
    """The stacks whose outputs a stack refers to."""
    if scope.tenant == SHARED:
        return
    yield scope.other(scope.name, SHARED)
    for workload in scope.application.workloads.values():
        for use in workload.uses:
            owner = (USE.fullmatch(use) or {"application": None})["application"]
            if owner in scope.platform.applications:
                yield scope.other(str(owner))


@dataclass(frozen=True, slots=True)
class Captured:
    """The graph of each stack by its name, and in words what could not be isolated."""

    graphs: dict[str, Graph]
    not_isolated: tuple[str, ...]


class Capturing:
    """Interpreters that load all that stacks need, while the caller goes on; `settings` is the lychgate.yaml that names
    the platform in `folder`, `earlier` the folder of another version of it. A context manager: what runs in it ends
    with it."""

    def __init__(self, folder: Path, settings: Path, isolate: Isolate = "auto", *, earlier: Path | None = None) -> None:
        self.settings = settings.resolve()
        self._project = read_project(PROGRAM)
        folders = [one.resolve() for one in (folder, earlier) if one]
        readable = [self.settings, *folders, PROGRAM, Path(lychgate.__file__).parent]
        self._hosts = [
            HostProcess(Path(sys.executable), PROGRAM, readable, isolate, Limits())
            for _ in range(min(HOSTS, os.cpu_count() or 1))
        ]
        self._exit = ExitStack()
        self._loading: list[Future[None]] = []

    def __enter__(self) -> Self:
        with ExitStack() as started:
            pool = started.enter_context(ThreadPoolExecutor(len(self._hosts)))
            for host in self._hosts:
                started.enter_context(host)
            self._loading = [pool.submit(_load, host) for host in self._hosts]
            self._exit = started.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._exit.close()

    def capture(
        self,
        scopes: Iterable[Scope],
        progress: Callable[[int], None] = lambda count: None,
        known: Mapping[str, Graph] = MappingProxyType({}),
    ) -> Captured:
        """Capture stacks, each of which comes after what it refers to, or that is `known` already. Raises InputError
        where one cannot be captured.

        The interpreters share the work; a stack that refers to an earlier one waits for it.
        """
        from lychgate.sources.program.capture import capture

        for one in self._loading:
            one.result()
        idle = queue.SimpleQueue[HostProcess]()
        for host in self._hosts:
            idle.put(host)
        underway: dict[str, Future[Graph]] = {}

        def take(scope: Scope, earlier: Mapping[str, Future[Graph]]) -> Graph:
            def outputs(name: str) -> dict[str, Any] | None:
                stack = name.rpartition("/")[2]
                graph = earlier[stack].result() if stack in earlier else known.get(stack)
                return next(iter(graph.stacks.values())).outputs if graph else None

            host = idle.get()
            try:
                setting = self._setting(scope, outputs, progress)
                return capture(host, self._project, scope.stack, self._configuration(scope), setting)
            finally:
                idle.put(host)

        with ThreadPoolExecutor(len(self._hosts)) as pool:
            for scope in scopes:
                underway[scope.stack] = pool.submit(take, scope, dict(underway))
            try:
                graphs = {name: future.result() for name, future in underway.items()}
            finally:
                pool.shutdown(cancel_futures=True)
        return Captured(graphs, tuple(self._hosts[0].process.isolation.missing))

    def _setting(
        self, scope: Scope, outputs: Callable[[str], dict[str, Any] | None], progress: Callable[[int], None]
    ) -> Setting:
        from lychgate.sources.program.capture import Setting

        there = scope.environment
        return Setting(
            account=there.account,
            region=there.region,
            stack_outputs=outputs,
            progress=progress,
            organization=scope.platform.file.organization,
            fixtures=list(known_of(there)),
        )

    def _configuration(self, scope: Scope) -> Configuration:
        """What tells the program where the platform's files are."""
        folder, base = scope.platform.folder.resolve(), self.settings.parent
        return Configuration({"platform:folder": str(folder), "platform:base": str(base)}, frozenset())


class Remembering(Capturing):
    """The same, for one version of a platform: each of its stacks is captured once."""

    def __init__(self, folder: Path, settings: Path) -> None:
        super().__init__(folder, settings)
        self._graphs: dict[str, Graph] = {}

    def capture(
        self,
        scopes: Iterable[Scope],
        progress: Callable[[int], None] = lambda count: None,
        known: Mapping[str, Graph] = MappingProxyType({}),
    ) -> Captured:
        """What was not captured before is now."""
        wanted = list(scopes)
        new = [one for one in wanted if one.stack not in self._graphs]
        captured = super().capture(new, progress, {**self._graphs, **known})
        self._graphs |= captured.graphs
        return Captured({one.stack: self._graphs[one.stack] for one in wanted}, captured.not_isolated)


def _load(host: HostProcess) -> None:
    host.ready()
    host.preload(MODULES)


def known_of(environment: Environment) -> Iterator[Fixture]:
    """What the platform team says of the environment's network, as answers to what stacks look up: data subnets are in
    the VPC, and no route leads out of it."""
    network = environment.network
    for subnet in network.data:
        told = {"cidrBlock": subnet.cidr, "availabilityZone": subnet.zone, "vpcId": network.vpc}
        yield Fixture(
            "aws:ec2/getSubnet:getSubnet", {"id": subnet.id}, {"id": subnet.id, "mapPublicIpOnLaunch": False, **told}
        )
        table = {"vpcId": network.vpc, "subnetId": subnet.id, "routeTableId": f"{subnet.id} routes", "routes": []}
        yield Fixture("aws:ec2/getRouteTable:getRouteTable", {"subnetId": subnet.id}, table)
