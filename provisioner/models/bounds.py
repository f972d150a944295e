"""What settings may come to: keys that are locked, the limits and minimums of environments, pairs that must fit."""

from __future__ import annotations

from collections.abc import Iterator

from lychgate.provisioner.models.platform import Platform
from lychgate.provisioner.models.values import Effective, amount, effective, layers, things

from lychgate.model.errors import InputError

# Settings of which the first may not exceed the second.
PAIRS = (("workload", "min_replicas", "max_replicas"), ("database", "min_capacity", "max_capacity"))


def wrong_overrides(platform: Platform, application: str) -> Iterator[InputError]:
    """Layers that set a key which a higher layer has locked."""
    for environment, there in platform.environments.items():
        locks = {"platform": platform.file.locked, f"environment {environment}": there.locked}
        for tenant in platform.applications[application].tenants:
            for kind, name in things(platform, application, environment, tenant):
                holders: dict[str, str] = {}
                for said in layers(platform, application, environment, tenant, kind, name):
                    for key in said.values.model_dump(exclude_none=True):
                        holder = holders.get(f"{kind}.{key}", said.layer)
                        if holder != said.layer:
                            found = f"{kind}.{key} is locked by the {holder} layer"
                            expected = "no word of it here: it cannot be overridden"
                            yield platform.documents[said.document].error((*said.path, key), found, expected, key=True)
                    holders = dict.fromkeys(locks.get(said.layer, ()), said.layer) | holders


def out_of_bounds(platform: Platform, application: str) -> Iterator[InputError]:
    """Settings of an application that are more than an environment allows, or less than it asks for."""
    for environment in platform.environments:
        for tenant in platform.applications[application].tenants:
            for kind, name in things(platform, application, environment, tenant):
                found = effective(platform, application, environment, tenant, kind, name)
                yield from _beyond(platform, environment, found, name or application)
                yield from _pairs(environment, found, name or application)


def _beyond(platform: Platform, environment: str, found: Effective, name: str) -> Iterator[InputError]:
    there = platform.environments[environment]
    for key, value in found.values.items():
        number, full = amount(value), f"{found.kind}.{key}"
        most, least = there.limits.get(full), there.minimums.get(full)
        if number is not None and most is not None and number > most:
            yield _error(found, key, name, f"at most {most:g}, the limit of {environment}")
        if number is not None and least is not None and number < least:
            yield _error(found, key, name, f"at least {least:g}, the minimum of {environment}")


def _pairs(environment: str, found: Effective, name: str) -> Iterator[InputError]:
    for kind, low, high in PAIRS:
        if found.kind == kind and found[low] > found[high]:
            yield _error(found, low, name, f"at most its {high}, which is {found[high]} in {environment}")


def _error(found: Effective, key: str, name: str, expected: str) -> InputError:
    """An error at the place where a setting was given."""
    origin = found.origins[key]
    words = f"{found.kind}.{key} of {name} is {found[key]} ({origin.layer})"
    file, _, line = origin.place.rpartition(":")
    return InputError(file or origin.layer, int(line) if line else None, None, words, expected)


def unbounded(platform: Platform) -> Iterator[InputError]:
    """Limits and minimums of what is no number, which would hold nothing."""
    for environment, there in platform.environments.items():
        document = platform.documents[f"environments/{environment}"]
        for part in ("limits", "minimums"):
            for full in getattr(there, part):
                kind, _, key = full.partition(".")
                if amount(getattr(getattr(platform.defaults.values, kind), key)) is None:
                    yield document.error((part, full), f"{full} is no number", "a setting that is one", key=True)
