"""Workloads, from what the model says to the values of the one chart, their roles and their security group."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pulumi
from lychgate.provisioner.assembly.access import Called, Find, Granted, granted
from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.components.base import Access
from lychgate.provisioner.components.key import Key
from lychgate.provisioner.components.role import Irsa, PodIdentity, WorkloadRole
from lychgate.provisioner.components.secret import Secret
from lychgate.provisioner.components.security_group import SecurityGroup
from lychgate.provisioner.models import application as models
from lychgate.provisioner.models.names import SHARED

from lychgate.reasoning.uses import parts_of
from lychgate.reasoning.uses import statements as allowed

KINDS = {"deployment": "Deployment", "stateful-set": "StatefulSet", "cron-job": "CronJob"}
HTTPS, DNS = 443, 53


class Workloads:
    """The workloads of one stack: first their roles and their group, then the values of the chart."""

    def __init__(
        self,
        scope: Scope,
        key: Key,
        find: Find,
        group_of: Callable[[Scope], pulumi.Input[str]],
        opts: pulumi.ResourceOptions,
    ) -> None:
        self.scope, self.key, self.find, self.group_of, self.opts = scope, key, find, group_of, opts
        self.context = scope.context
        self.group = SecurityGroup(
            "application",
            self.context,
            vpc_id=scope.environment.network.vpc,
            description=f"The pods of {scope.stack}",
            opts=opts,
        )
        self._connected: set[str] = set()
        self._open_to_the_cluster()

    def values(self) -> dict[str, Any]:
        """The values of the chart: see its values.schema.json."""
        scope, there = self.scope, self.scope.environment
        seen = scope.observability
        quota = scope.settings("quota")
        return {
            "context": {
                "application": scope.name,
                "environment": scope.environment_name,
                "tenant": self.context.whose,
                "classification": self.context.classification,
                "region": there.region,
                "production": there.production,
                "shared": self.context.shared,
            },
            "namespace": scope.namespace,
            "quota": {
                "cpu": quota["cpu"],
                "memory": quota["memory"],
                "cpuLimit": _twice(quota["cpu"]),
                "memoryLimit": quota["memory"],
                "ephemeralStorage": "40Gi",
                "pods": quota["pods"],
                "claims": sum(one.kind == "stateful-set" for one in scope.application.workloads.values()) * 20,
                "storage": "500Gi",
            },
            "cluster": {
                "ingressController": {"namespace": there.cluster.ingress.namespace, "name": there.cluster.ingress.name},
                "awsEndpoints": [subnet.cidr for subnet in there.network.private],
            },
            "telemetry": {
                "region": seen.region.lower(),
                "license": {"arn": seen.license_secret},
                "cidrs": list(seen.cidrs),
            },
            "workloads": {name: self._workload(name, one) for name, one in scope.application.workloads.items()},
        }

    # -- one workload ------------------------------------------------------------------------------------------------

    def _workload(self, name: str, workload: models.Workload) -> dict[str, Any]:
        got = granted(self.scope, workload, self.find)
        password = self._cache_password(name) if workload.cache else None
        identity = self._identity(name, got, password)
        settings = self.scope.settings("workload", name)
        self._connect(name, workload, got)
        values: dict[str, Any] = {
            "kind": KINDS[workload.kind],
            "image": self._image(name, workload.image),
            "resources": {
                "requests": {"cpu": settings["cpu"], "memory": settings["memory"]},
                "limits": {"cpu": settings["cpu_limit"], "memory": settings["memory"]},
            },
            "environment": dict(workload.environment) | got.environment,
            "secrets": [{"file": file, "arn": arn} for file, arn in sorted(got.secrets.items())],
            "identity": identity,
            "securityGroups": [self.group.id],
            "calls": self._calls(got),
            "scratch": settings["scratch"],
        }
        if workload.command:
            values["command"] = list(workload.command)
        if isinstance(workload, models.CronJob):
            return values | {
                "schedule": {
                    "cron": workload.schedule,
                    "timeZone": workload.time_zone,
                    "deadlineSeconds": workload.deadline_seconds,
                }
            }
        values |= self._serving(name, workload, settings)
        if password is not None:
            values["cache"] = self._cache(name, password)
        return values

    def _serving(
        self, name: str, workload: models.Deployment | models.StatefulSet, settings: Mapping[str, Any]
    ) -> dict[str, Any]:
        cluster = self.scope.environment.cluster
        issuer = {"issuer": {"name": cluster.issuer}}
        values: dict[str, Any] = {
            "service": {"port": workload.port},
            "callers": self._callers(name),
            "health": {"path": workload.health.path},
            "tls": issuer,
            "autoscaling": {
                "min": settings["min_replicas"],
                "max": settings["max_replicas"],
                "cpu": settings["target_cpu"],
            },
        }
        if isinstance(workload, models.StatefulSet):
            size, path = settings["storage"], workload.path
            values["storage"] = {"size": size, "className": cluster.storage_class, "path": path}
        if workload.ingress:
            values["ingress"] = {
                "className": cluster.ingress.class_name,
                "host": self._host(workload.ingress.host),
                "path": workload.ingress.path,
                "tls": issuer,
            }
        return values

    def _host(self, host: str) -> str:
        zone, tenant = self.scope.environment.zone, self.scope.tenant
        return f"{host}.{zone}" if tenant == "single" else f"{host}.{tenant}.{zone}"

    def _image(self, name: str, digest: str) -> str:
        """The image in the repository that the application's shared stack has made for the workload."""
        repository = self.scope.other(self.scope.name, SHARED).context.named(name)
        return f"{self.context.account}.dkr.ecr.{self.context.region}.amazonaws.com/{repository}@{digest}"

    # -- identity ----------------------------------------------------------------------------------------------------

    def _identity(self, name: str, got: Granted, password: Secret | None) -> dict[str, Any]:
        seen = self.scope.observability
        license_ = allowed(
            "secret", "read", parts_of(seen.license_secret), key=seen.license_key, region=self.context.region
        )
        access: list[Access] = [
            *got.access,
            # The ingest key of New Relic, which the CSI driver fetches as the pod.
            {"target": seen.license_secret, "mode": "read", "key": seen.license_key},
        ]
        statements = [*got.statements, *license_]
        if password is not None:
            statements += password.use("read").statements
            access.append({"target": password.name, "mode": "read"})
        return self._role(name, statements, access)

    def _role(self, name: str, statements: Sequence[Mapping[str, Any]], access: Sequence[Access]) -> dict[str, Any]:
        cluster = self.scope.environment.cluster
        irsa = cluster.irsa
        role = WorkloadRole(
            name,
            self.context,
            namespace=self.scope.namespace,
            identity=Irsa(irsa.provider, irsa.issuer) if irsa else PodIdentity(cluster.name),
            statements=statements,
            access=access,
            declared_at=self.scope.place("workloads", name.removesuffix("-cache")),
            opts=self.opts,
        )
        return {"roleArn": role.arn} if irsa else {"podIdentity": True}

    # -- cache -------------------------------------------------------------------------------------------------------

    def _cache_password(self, name: str) -> Secret:
        return Secret(
            f"{name}-cache",
            self.context,
            key=self.key,
            rotation_function=self.scope.environment.rotation_function,
            rotation_days=self.scope.settings("secret")["rotation_days"],
            declared_at=self.scope.place("workloads", name, "cache"),
            opts=self.opts,
        )

    def _cache(self, name: str, password: Secret) -> dict[str, Any]:
        cluster = self.scope.environment.cluster
        memory = self.scope.settings("cache")["memory"]
        return {
            "image": cluster.cache_image,
            "memory": int(memory[:-2]) * (1024 if memory.endswith("Gi") else 1),
            "password": {"arn": password.arn},
            "identity": self._role(
                f"{name}-cache", password.use("read").statements, [{"target": password.name, "mode": "read"}]
            ),
            "tls": {"issuer": {"name": cluster.issuer}},
        }

    # -- network -----------------------------------------------------------------------------------------------------

    def _calls(self, got: Granted) -> dict[str, Any]:
        network, externals = self.scope.environment.network, self.scope.environment.externals
        own = [one.name for one in got.called if one.scope == self.scope]
        others = [one for one in got.called if one.scope != self.scope]
        stores = [{"cidr": subnet.cidr, "port": port.port} for port in got.ports.values() for subnet in network.data]
        outside = [
            {"cidr": cidr, "port": externals[name].port} for name in got.externals for cidr in externals[name].cidrs
        ]
        return {
            "workloads": own,
            "others": [{"namespace": one.scope.namespace, "name": one.name, "port": one.port} for one in others],
            "addresses": stores + [one for one in outside if one not in stores],
        }

    def _callers(self, name: str) -> dict[str, Any]:
        """Workloads of other stacks that use this one."""
        others = [
            {"namespace": scope.namespace, "name": caller}
            for scope in self._other_stacks()
            for caller, workload in scope.application.workloads.items()
            if f"{self.scope.name}/{name}" in (use.partition(":")[0] for use in workload.uses)
            and scope.other(self.scope.name) == self.scope
        ]
        return {"others": others}

    def _other_stacks(self) -> list[Scope]:
        return [
            Scope(self.scope.platform, name, self.scope.environment_name, tenant)
            for name, application in self.scope.platform.applications.items()
            if name != self.scope.name
            for tenant in application.tenants
        ]

    def _open_to_the_cluster(self) -> None:
        """What every pod needs: names, AWS's endpoints, telemetry; and its own application."""
        there = self.scope.environment
        self.group.connect("application-to-endpoints", there.network.endpoints, HTTPS)
        self.group.connect("application-to-names", there.cluster.security_group, DNS)
        self.group.connect("application-to-names-udp", there.cluster.security_group, DNS, protocol="udp")
        for service, prefix_list in sorted(there.network.prefix_lists.items()):
            self.group.egress_prefix_list(
                f"application-to-{service}", prefix_list, HTTPS, f"{service} through its gateway endpoint"
            )
        for index, cidr in enumerate(self.scope.observability.cidrs):
            self.group.egress_cidr(f"application-to-telemetry-{index}", cidr, HTTPS, "Telemetry")

    def _connect(self, name: str, workload: models.Workload, got: Granted) -> None:
        there = self.scope.environment
        for store, port in got.ports.items():
            self._once(f"application-to-{store}", port.security_group, port.port)
        for one in got.called:
            target = self.group if one.scope == self.scope else self.group_of(one.scope)
            self._once(f"application-to-{self._called(one)}", target, one.port)
        for external in got.externals:
            for index, cidr in enumerate(there.externals[external].cidrs):
                rule = f"application-to-{external}-{index}"
                if rule not in self._connected:
                    self._connected.add(rule)
                    self.group.egress_cidr(rule, cidr, there.externals[external].port, f"The external {external}")
        if not isinstance(workload, models.CronJob):
            self.group.let_in(f"cluster-to-{name}", there.cluster.security_group, workload.port)
        if workload.cache:
            self._once("application-to-cache", self.group, 6379)

    def _called(self, called: Called) -> str:
        return called.name if called.scope == self.scope else f"{called.scope.name}-{called.name}"

    def _once(self, rule: str, target: Any, port: int) -> None:
        if rule not in self._connected:
            self._connected.add(rule)
            self.group.connect(rule, target, port)


def _twice(cpu: str) -> str:
    """Twice as much CPU: limits may exceed what is reserved."""
    number, unit = (cpu[:-1], "m") if cpu.endswith("m") else (cpu, "")
    return f"{2 * int(number)}{unit}"
