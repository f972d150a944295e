"""What Port's blueprints are filled with: the platform as its files say it, and verdicts on its stacks.

https://docs.port.io/api-reference/create-an-entity, https://docs.port.io/api-reference/update-an-entity
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from lychgate.portal.actions import APPLICATION, FINDING, STACK, blueprint_of
from lychgate.portal.catalog import ENVIRONMENT, GONE, OUTCOMES, STATES, TENANT, VERDICT, WAIVER, judged, property_of
from lychgate.portal.kinds import KINDS
from lychgate.provisioner.models.names import SHARED, parts_of, stack_name
from lychgate.provisioner.models.platform import Platform
from lychgate.reports.reading import blocks
from lychgate.reports.texts import line

from lychgate.judging.framework import Requirement

Entity = dict[str, Any]


def of_platform(platform: Platform) -> Iterator[Entity]:
    """The entities that the files speak of, each after those that it is related to."""
    for name, there in platform.environments.items():
        said = {key: getattr(there, key) for key in ("account", "region", "baseline", "production")}
        yield _entity(ENVIRONMENT, name, name, said)
    for name, whom in platform.tenants.items():
        yield _entity(TENANT, name, whom.title or name, {})
    for name, spec in platform.applications.items():
        said = {"classification": spec.classification, "tenancy": list(spec.tenants), "shared": spec.shared}
        yield _entity(APPLICATION, name, name, said) | {"team": [spec.owner]}
        for thing, one in {**spec.workloads, **spec.resources}.items():
            kind = KINDS[one.kind]
            values = {key: _value(one, made.path) for key, made in kind.inputs.items()}
            yield _entity(blueprint_of(kind), f"{name}.{thing}", thing, values, application=name)
        for environment, there in platform.environments.items():
            for tenant in (*spec.tenants, SHARED):
                stack = stack_name(name, environment, tenant)
                known = tenant if tenant in platform.tenants else None
                related = {"application": name, "environment": environment, "tenant": known}
                yield _entity(STACK, stack, stack, {"production": there.production}, **related)


def _value(thing: Any, path: Sequence[str]) -> Any:
    for step in path:
        thing = getattr(thing, step, None)
    return [*thing] if isinstance(thing, tuple | list) else _plain(thing)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return value.model_dump(exclude_none=True) if hasattr(value, "model_dump") else value


def of_verdict(verdict: Mapping[str, Any], platform: Platform, requirements: Iterable[Requirement]) -> Iterator[Entity]:
    """What a verdict says of the platform's stacks that it is about. Text of it stays text."""
    needed = [one.id for one in judged(requirements)]
    known = {one["identifier"] for one in of_platform(platform) if one["blueprint"] == STACK}
    run = verdict["run"]
    for full in (stack["name"] for stack in verdict["stacks"]):
        stack = full.rpartition("/")[2]
        if stack not in known or (parts_of(stack) or ("", ""))[1] != run["environment"]:
            continue
        there = [one for one in verdict["judgements"] if one["stack"] == full]
        stopping = [one for one in there if blocks(one, True)]
        undetermined = sum(one["outcome"] == "unknown" for one in stopping)
        findings = len(stopping) - undetermined
        decision = "findings" if findings else "undetermined" if undetermined else "clean"
        states = {property_of(one): _state(one, there) for one in needed}
        yield _entity(STACK, stack, stack, {"decision": decision, **states})
        said = {
            "decision": decision, "commit": run["commit"], "ruleset": run["ruleset"], "as_of": run["as_of"],
            "findings": findings, "undetermined": undetermined,
        }  # fmt: skip
        yield _entity(VERDICT, stack, stack, said, stack=stack)
        yield from (_finding(one, stack) for one in there if one["outcome"] in OUTCOMES)
        for waiver in verdict["waivers"]:
            if waiver["stack"] == full:
                yield _waiver(waiver, stack)


def _state(requirement: str, judgements: Iterable[Mapping[str, Any]]) -> str:
    """What rules have seen of a requirement; what is waived is still there."""
    outcomes = {one["outcome"] for one in judgements if requirement in one["requirements"]}
    clean, finding, undetermined, not_judged = STATES
    if outcomes & {"fail", "error", "waived"}:
        return finding
    if "unknown" in outcomes:
        return undetermined
    return clean if "pass" in outcomes else not_judged


def _finding(one: Mapping[str, Any], stack: str) -> Entity:
    where = one["location"]
    said = {
        "rule": one["rule"], "severity": one["severity"], "level": one["level"], "outcome": one["outcome"],
        "resource": line(one["name"]), "message": line(one["message"]), "requirements": list(one["requirements"]),
        "location": line(f"{where['file']}:{where['line']}") if where else None,
    }  # fmt: skip
    title = line(f"{one['rule']} on {one['name']}", 200)
    return _entity(FINDING, f"{stack}.{one['fingerprint']}", title, said, stack=stack, verdict=stack)


def _waiver(one: Mapping[str, Any], stack: str) -> Entity:
    said = {key: line(str(one[key])) for key in ("urn", "reason", "ticket", "owner", "approver")}
    said |= {"rule": one["rule"], "expires": f"{one['expires']}T00:00:00Z"}
    name = "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in one["urn"])[-200:]
    return _entity(WAIVER, f"{stack}.{one['rule']}.{name}", line(f"{one['rule']}"), said, stack=stack)


def mended(found: Mapping[str, Mapping[str, Any]], wanted: Iterable[Entity]) -> Iterator[Entity]:
    """The findings that Port still has as open of stacks whose verdict does not have them any more."""
    wanted = list(wanted)
    kept = {one["identifier"] for one in wanted if one["blueprint"] == FINDING}
    stacks = tuple(f"{one['identifier']}." for one in wanted if one["blueprint"] == VERDICT)
    for name, one in found.items():
        if stacks and name.startswith(stacks) and name not in kept and one.get("properties", {}).get("outcome") != GONE:
            yield {"blueprint": FINDING, "identifier": name, "properties": {"outcome": GONE}}


def _entity(blueprint: str, identifier: str, title: str, properties: Mapping[str, Any], **relations: Any) -> Entity:
    return {
        "blueprint": blueprint, "identifier": identifier, "title": title, "properties": dict(properties),
        "relations": relations,
    }  # fmt: skip
