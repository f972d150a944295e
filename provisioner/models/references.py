"""What the files of a platform say of one another: every name leads somewhere, fits, and is told from the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from lychgate.provisioner.models.application import (
    USE,
    Application,
    Bucket,
    CronJob,
    Database,
    Queue,
    Resource,
    Secret,
    Table,
    Topic,
)
from lychgate.provisioner.models.bounds import out_of_bounds, unbounded, wrong_overrides
from lychgate.provisioner.models.names import RESERVED, SHARED, SINGLE
from lychgate.provisioner.models.physical import check_names, collisions
from lychgate.provisioner.models.platform import TENANTS, Platform

from lychgate.model.errors import InputError, either, nearest, shown

# What a workload may do with a thing, first what it does when it does not say.
MODES: dict[type, tuple[str, ...]] = {
    Bucket: ("use", "read", "write"),
    Queue: ("use", "send", "receive"),
    Topic: ("publish",),
    Table: ("use", "read", "write"),
    Database: ("connect", "read"),
    Secret: ("read",),
}
CALL = ("call",)
EXTERNAL = "external"
# AWS has a condition that keeps tenants apart inside of one for these (prefixes of keys, leading keys).
SHARABLE = (Bucket, Table)

Where = tuple[str | int, ...]


def check(platform: Platform) -> Iterator[InputError]:
    """Every error of reference in a platform."""
    yield from _tenants(platform)
    yield from _twice(platform)
    yield from _endpoints(platform)
    yield from unbounded(platform)
    for name, application in platform.applications.items():
        found = list(_Application(platform, name, application).check())
        yield from found
        if not found:
            yield from wrong_overrides(platform, name)
            yield from out_of_bounds(platform, name)
    yield from _circles(platform)
    yield from collisions(platform)


def _tenants(platform: Platform) -> Iterator[InputError]:
    document = platform.documents[TENANTS]
    for name in platform.tenants:
        if name in RESERVED:
            yield document.error((TENANTS, name), f"the name {shown(name)} is the platform's own", "another", key=True)


def _twice(platform: Platform) -> Iterator[InputError]:
    """Files of one name, such as `test.yaml` and `test.yml`: whichever is read last would hide the other."""
    for kind in ("environments", "applications"):
        seen = set[str]()
        for path in sorted((platform.folder / kind).glob("*.y*ml")):
            if path.stem in seen:
                found = f"there is another file of the name {shown(path.stem)}"
                yield InputError(str(path), found=found, expected=f"one, {path.stem}.yaml")
            seen.add(path.stem)


def _endpoints(platform: Platform) -> Iterator[InputError]:
    for name, environment in platform.environments.items():
        if environment.production and environment.endpoint is not None:
            document = platform.documents[f"environments/{name}"]
            yield document.error(("endpoint",), "production is at AWS itself", "no endpoint", key=True)


class _Application:
    """One application's references."""

    def __init__(self, platform: Platform, name: str, application: Application) -> None:
        self.platform, self.name, self.application = platform, name, application
        self.document = platform.documents[f"applications/{name}"]

    def error(
        self, path: Where, found: str, expected: str = "", hint: str | None = None, key: bool = False
    ) -> InputError:
        return self.document.error(path, found, expected, hint, key=key)

    def unknown(self, path: Where, name: str, what: str, valid: Iterable[str]) -> InputError:
        names = sorted(valid)
        return self.error(
            path, f"there is no {what} {shown(name)}", either(names) or f"no {what}", nearest(name, names)
        )

    def check(self) -> Iterator[InputError]:
        yield from self._tenancy()
        yield from self._names()
        yield from check_names(self.platform, self.name)
        for name, workload in self.application.workloads.items():
            for index, use in enumerate(workload.uses):
                yield from self._use(("workloads", name, "uses", index), name, use)
            if len({use.partition(":")[0] for use in workload.uses}) < len(workload.uses):
                path = ("workloads", name, "uses")
                yield self.error(
                    path, "a thing is named twice", "each once; its mode without a word is reading and writing"
                )
        for name, resource in self.application.resources.items():
            yield from self._resource(("resources", name), resource)

    def _tenancy(self) -> Iterator[InputError]:
        tenancy = self.application.tenancy
        for index, tenant in enumerate(tenancy):
            if tenant in tenancy[:index]:
                yield self.error(("tenancy", index), f"the tenant {shown(tenant)} a second time", "each tenant once")
            elif tenant not in self.platform.tenants and tenancy != [SINGLE]:
                yield self.unknown(("tenancy", index), tenant, "tenant", self.platform.tenants)

        for index, tenant in enumerate(self.application.retiring):
            if tenant not in (known := [*tenancy, SHARED]):
                yield self.unknown(("retiring", index), tenant, "stack", known)
        if self.application.shared and tenancy != [SINGLE]:
            yield self.error(
                ("shared",), "an application of several tenants is not shared itself", "it at its resources", key=True
            )

    def _names(self) -> Iterator[InputError]:
        both = self.application.workloads.keys() & self.application.resources.keys()
        for name in sorted(both):
            yield self.error(("resources", name), f"{shown(name)} is a workload too", "another name", key=True)
        for part, entries in (("workloads", self.application.workloads), ("resources", self.application.resources)):
            for name in entries:
                if name in RESERVED:
                    yield self.error((part, name), f"the name {shown(name)} is the platform's own", "another", key=True)

    def _use(self, path: Where, workload: str, use: str) -> Iterator[InputError]:
        parts = USE.fullmatch(use)
        assert parts is not None
        owner, name, mode = parts["application"], parts["name"], parts["mode"]
        if owner == EXTERNAL:
            yield from self._external(path, name)
            return
        if owner == self.name:
            found, expected = f"{use} names its own application", f"{name}, without the application"
            yield self.error(path, found, expected)
            return
        application = self.application if owner is None else self.platform.applications.get(owner)
        if application is None:
            yield self.unknown(path, str(owner), "application", self.platform.applications)
            return
        modes = self._modes(application, name, foreign=owner is not None)
        if modes is None:
            called = [one for one, spec in application.workloads.items() if not isinstance(spec, CronJob)]
            things = [*called, *(application.resources if owner is None else ())]
            what = "workload or resource" if owner is None else f"workload of {owner}"
            yield self.unknown(path, name, what, (one for one in things if owner or one != workload))
        elif mode is not None and mode not in modes:
            found = f"{name} cannot be used as {shown(mode)}"
            yield self.error(path, found, either([f"{name}:{one}" for one in modes]), nearest(mode, modes))
        elif owner is None and name == workload:
            yield self.error(path, f"{name} uses itself", "another workload or a resource")
        elif owner is not None:
            yield from self._foreign_tenants(path, owner, application)

    def _modes(self, application: Application, name: str, *, foreign: bool) -> tuple[str, ...] | None:
        if name in application.workloads:
            return None if isinstance(application.workloads[name], CronJob) else CALL
        resource = None if foreign else application.resources.get(name)
        return MODES[type(resource)] if resource is not None else None

    def _foreign_tenants(self, path: Where, owner: str, application: Application) -> Iterator[InputError]:
        if application.tenancy == [SINGLE]:
            if not application.shared and self.application.tenancy != [SINGLE]:
                found = f"{owner} is not shared, so that no tenant of another application may call it"
                yield self.error(path, found, f"`shared: true` in {owner}.yaml, or a use less here")
            return
        missing = [tenant for tenant in self.application.tenants if tenant not in application.tenants]
        if missing:
            found = f"{owner} does not run for {either(missing).replace(' or ', ' and ')}"
            yield self.error(path, found, f"an application that has the tenants of {self.name}")

    def _external(self, path: Where, name: str) -> Iterator[InputError]:
        for environment, there in self.platform.environments.items():
            if name not in there.externals:
                yield self.unknown(path, name, f"external of {environment}", there.externals)
                return

    def _resource(self, path: Where, resource: Resource) -> Iterator[InputError]:
        if resource.shared and not isinstance(resource, SHARABLE):
            found = f"a {resource.kind} cannot be shared: AWS has no condition that keeps tenants apart inside of one"
            yield self.error((*path, "shared"), found, "one for each tenant (leave `shared` out)")
        if resource.shared and self.application.tenancy == [SINGLE]:
            yield self.error((*path, "shared"), "there are no tenants to share it", "leave `shared` out")
        yield from self._places(path, resource)
        if isinstance(resource, Topic):
            yield from self._subscribers(path, resource)
        if isinstance(resource, Table):
            yield from self._keys(path, resource)

    def _places(self, path: Where, resource: Resource) -> Iterator[InputError]:
        """Where a resource stands that does not stand everywhere."""
        single = self.application.tenancy == [SINGLE]
        if resource.tenants and (single or resource.shared):
            found = "there are no tenants to choose from" if single else "a shared one is for all tenants"
            yield self.error((*path, "tenants"), found, "leave `tenants` out", key=True)
            return
        for part, what, known in (
            ("environments", "environment", list(self.platform.environments)),
            ("tenants", f"tenant of {self.name}", self.application.tenants),
        ):
            said = getattr(resource, part)
            for index, name in enumerate(said):
                if name not in known:
                    yield self.unknown((*path, part, index), name, what, known)
                elif name in said[:index]:
                    yield self.error((*path, part, index), f"{shown(name)} a second time", "each once")

    def _subscribers(self, path: Where, topic: Topic) -> Iterator[InputError]:
        queues = {name: one for name, one in self.application.resources.items() if isinstance(one, Queue)}
        for index, name in enumerate(topic.subscribers):
            if name not in queues:
                yield self.unknown((*path, "subscribers", index), name, "queue", queues)
            # https://docs.aws.amazon.com/sns/latest/dg/fifo-message-delivery.html
            elif queues[name].fifo and not topic.fifo:
                found = f"{name} is a FIFO queue and the topic is not"
                yield self.error((*path, "subscribers", index), found, "`fifo: true` on both or on neither")

    def _keys(self, path: Where, table: Table) -> Iterator[InputError]:
        types: dict[str, str] = {}
        for where, key in [(("partition",), table.partition), (("sort",), table.sort)] + [
            (("indexes", name, part), getattr(index, part))
            for name, index in table.indexes.items()
            for part in ("partition", "sort")
        ]:
            for attribute, type_ in (key or {}).items():
                if types.setdefault(attribute, type_) != type_:
                    found = f"the attribute {attribute!r} is {type_!r} here and {types[attribute]!r} above"
                    yield self.error((*path, *where), found, "one type")


def _circles(platform: Platform) -> Iterator[InputError]:
    """Applications that use each other: none of them could be deployed before the other."""
    uses = {
        name: {
            parts["application"]
            for workload in application.workloads.values()
            for use in workload.uses
            if (parts := USE.fullmatch(use)) and parts["application"] in platform.applications
        }
        for name, application in platform.applications.items()
    }
    for name, used in uses.items():
        back = sorted(one for one in used if one != name and name in _reached(uses, one))
        if back:
            document = platform.documents[f"applications/{name}"]
            found = f"{name} uses {' and '.join(back)}, which uses it in its turn"
            yield document.error(("workloads",), found, "uses in one direction", key=True)


def _reached(uses: Mapping[str, set[str]], start: str) -> set[str]:
    """What an application uses, and what that uses, and so on."""
    reached, waiting = set[str](), [start]
    while waiting:
        for one in uses[waiting.pop()] - reached:
            reached.add(one)
            waiting.append(one)
    return reached
