"""What is to be deployed against what exists: which resources are created, changed, replaced and deleted, and how.

The engine's own rules are followed where they can be without a provider:
https://github.com/pulumi/pulumi/blob/master/pkg/resource/deploy/step_generator.go
What only the provider knows (whether a change replaces a resource) comes from `replacing`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from lychgate.provisioner.sync.aliases import former_urns
from lychgate.provisioner.sync.comparing import ABSENT, Comparison, Steps, covers, path_of, steps_of
from lychgate.provisioner.sync.records import Action, Change, Difference, PropertyChange
from lychgate.provisioner.sync.replacing import Replaces
from lychgate.provisioner.sync.symbols import Symbols

from lychgate.model.graph import DECLARED_AT, Graph, Resource
from lychgate.model.redaction import Redactor

COMES = ("create", "replace", "update or replace")


def difference(
    planned: Graph, deployed: Graph, replaces: Replaces | None = None, leftovers: Iterable[Resource] = ()
) -> Difference:
    """What a deployment of the planned graph would do to the deployed one.

    `planned` is a capture, `deployed` the state of the same stack (`lychgate.sources.deployed`), `leftovers` what the
    state holds that the next deployment deletes in any case. What is read and not managed is left aside.
    """
    work = _Work(planned, deployed, replaces or Replaces.standard())
    changes = [work.planned_one(resource) for resource in _in_order(planned)]
    changes += work.deletions()
    changes += [work.deletion(one, "is left over from a replacement that did not end") for one in leftovers]
    known = [change for change in changes if change is not None]
    known.sort(key=lambda change: (change.urn, change.action))
    return Difference(tuple(known), Redactor.of(planned, deployed, Graph(leftovers)))


def _in_order(graph: Graph) -> list[Resource]:
    """The resources, each after those that it depends on; a circle is cut anywhere."""
    done: dict[str, Resource] = {}
    for start in graph.resources:
        waiting: list[tuple[Resource, bool]] = [(start, False)]
        entered: set[str] = set()
        while waiting:
            one, ready = waiting.pop()
            if one.urn in done:
                continue
            if ready or one.urn in entered:
                done[one.urn] = one
                continue
            entered.add(one.urn)
            waiting.append((one, True))
            waiting += [(graph.by_urn[urn], False) for urn in _needs(one) if urn in graph.by_urn and urn not in done]
    return list(done.values())


def _needs(resource: Resource) -> list[str]:
    urns = {*resource.dependencies, *(urn for each in resource.property_dependencies.values() for urn in each)}
    urns |= {_provider(resource), resource.parent or ""}
    return sorted(urns - {resource.urn})


def _provider(resource: Resource) -> str:
    """The URN of a resource's provider: a reference is URN::ID."""
    return (resource.provider or "").rpartition("::")[0]


class _Work:
    """One comparison under way."""

    def __init__(self, planned: Graph, deployed: Graph, replaces: Replaces) -> None:
        self.planned, self.deployed, self.replaces = planned, deployed, replaces
        self.symbols = Symbols(planned)
        self.actions: dict[str, Action] = {}
        self.matched: dict[str, str] = {}  # deployed URN -> planned URN

    def planned_one(self, resource: Resource) -> Change | None:
        """What happens to a planned resource. None for one that is read, and was."""
        existing = self._existing(resource)
        if existing is not None:
            self.matched[existing.urn] = resource.urn
        change = self._change(resource, existing)
        self.actions[resource.urn] = change.action if change else "same"
        if (change is not None and change.action in COMES) or existing is None:
            self.symbols.comes(resource)
        else:
            self.symbols.exists(resource, existing)
        return change

    def _existing(self, resource: Resource) -> Resource | None:
        """The same resource in the state, under its URN or an earlier one."""
        found = self.deployed.by_urn.get(resource.urn)
        if found is not None:
            return found
        for urn in former_urns(resource, self.planned):
            found = self.deployed.by_urn.get(urn)
            if found is not None and urn not in self.planned.by_urn and urn not in self.matched:
                return found
        return None

    def _change(self, resource: Resource, existing: Resource | None) -> Change | None:
        if resource.external:
            if existing is None or existing.external:
                return None
            return self._record(
                resource, existing, "replace", (), ("is only read from now on; what is managed is deleted",)
            )
        if existing is None or existing.external:
            reasons: tuple[str, ...] = ("was only read until now",) if existing else ()
            if resource.options.get("importId"):
                reasons += (f"is imported: {resource.options['importId']}",)
            return self._creation(resource, reasons)
        if existing.options.get("pendingReplacement"):
            return self._creation(resource, ("was deleted to be replaced, and never made again",))
        comparison = Comparison(resource.type, self.symbols.real, lambda name: self._waits(resource, name))
        comparison.properties(resource.properties, existing.properties)
        ignored = [steps_of(path) for path in resource.options.get("ignoreChanges", ())]
        ignored += [] if resource.custom else [(DECLARED_AT,)]  # a line that has moved changes nothing
        found = [
            PropertyChange(steps, old, new, self._forces(resource, steps, old, new))
            for steps, old, new in comparison.found
            if not any(covers(pattern, steps) for pattern in ignored)
        ]
        unsure = [path_of(steps) for steps in comparison.unsure if not any(covers(one, steps) for one in ignored)]
        reasons = tuple(self._reasons(resource, existing))
        return self._record(resource, existing, self._action(resource, existing, found), tuple(found), reasons, unsure)

    def _waits(self, resource: Resource, name: str) -> bool:
        """Whether what an unknown property waits for is about to change."""
        urns = resource.property_dependencies.get(name) or resource.dependencies
        return any(self.actions.get(urn, "same") != "same" for urn in urns)

    def _forces(self, resource: Resource, steps: Steps, old: Any, new: Any) -> bool | None:
        if not resource.custom:
            return False
        if any(covers(steps_of(path), steps) for path in resource.options.get("replaceOnChanges", ())):
            return True
        return self.replaces.forces(resource.type, steps, old, new)

    def _action(self, resource: Resource, existing: Resource, found: list[PropertyChange]) -> Action:
        if existing.options.get("taint") or self._provider_changes(resource, existing):
            return "replace"
        forces = {change.replaces for change in found}
        if True in forces:
            return "replace"
        if None in forces:
            return "update or replace"
        return "update" if found or existing.options.get("initErrors") else "same"

    def _provider_changes(self, resource: Resource, existing: Resource) -> bool:
        """Whether it moves to another provider, or its provider is replaced. Default providers follow each other."""
        new, old = _provider(resource), _provider(existing)
        if not new or not old or not resource.custom:
            return False
        if self.matched.get(old, old) != new:
            return not (_is_default(new) and _is_default(old))
        return self.actions.get(new) == "replace"

    def _reasons(self, resource: Resource, existing: Resource) -> Iterator[str]:
        if existing.options.get("taint"):
            yield "is marked to be replaced"
        if self._provider_changes(resource, existing):
            yield "its provider changes"
        if existing.options.get("initErrors"):
            yield "did not come up when it was deployed last"

    def _creation(self, resource: Resource, reasons: tuple[str, ...]) -> Change:
        given = [(name, value) for name, value in resource.properties.items() if value is not None]
        found = tuple(PropertyChange((name,), ABSENT, self._settled(value)) for name, value in sorted(given))
        return self._record(resource, None, "create", found, reasons)

    def _settled(self, value: Any) -> Any:
        comparison = Comparison("", self.symbols.real, lambda name: True)
        return comparison.settled(value)

    def _record(
        self, resource: Resource, existing: Resource | None, action: Action, found: tuple[PropertyChange, ...],
        reasons: tuple[str, ...], unsure: Iterable[str] = (),
    ) -> Change:  # fmt: skip
        replaced = existing is not None and action in ("replace", "update or replace")
        both = bool(existing and existing.options.get("protect") and resource.options.get("protect"))
        return Change(
            resource.urn, resource.type, resource.name, action, found, reasons, tuple(sorted(unsure)),
            delete_before_replace=replaced and bool(resource.options.get("deleteBeforeReplace")),
            protected=action == "replace" and both,
            retained=replaced and bool(existing and existing.options.get("retainOnDelete")),
            data_store=replaced and resource.type in self.replaces.data_stores,
            formerly=existing.urn if existing and existing.urn != resource.urn else "",
            location=resource.location,
        )  # fmt: skip

    def deletions(self) -> Iterator[Change]:
        """What the state has and the program has not."""
        for one in self.deployed.resources:
            ends = one.external or one.options.get("pendingReplacement") or one.options.get("viewOf")
            if one.urn not in self.matched and not ends:
                yield self.deletion(one)

    def deletion(self, resource: Resource, *reasons: str) -> Change:
        """A resource that goes. What a program no longer says of it does not count: the state's own options do."""
        leftover = bool(reasons)
        return Change(
            resource.urn, resource.type, resource.name, "delete", reasons=reasons,
            protected=bool(resource.options.get("protect")) and not leftover,
            retained=bool(resource.options.get("retainOnDelete")),
            data_store=resource.type in self.replaces.data_stores, location=resource.location,
        )  # fmt: skip


def _is_default(urn: str) -> bool:
    """Whether this is a provider that the engine made itself."""
    name = urn.rpartition("::")[2]
    return name == "default" or name.startswith("default_")
