"""`lychgate iam who-can` and `what-can`: who may do something in the end, and what somebody may; in words and data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from lychgate.cli.iam_answers import Answer
from lychgate.cli.iam_least_privilege import identity_of
from lychgate.cli.iam_sources import Source, graph_of
from lychgate.model.errors import InputError, either, nearest, shown
from lychgate.model.escaping import flat
from lychgate.model.graph import Graph
from lychgate.model.redaction import Redactor
from lychgate.model.values import UnknownRead
from lychgate.reasoning.escalation import Chain
from lychgate.reasoning.iam import Grant, actions_language, catalogue
from lychgate.reasoning.iam.catalogue import Action
from lychgate.views.escalation import reach_of, record
from lychgate.views.iam import workloads_of
from lychgate.views.iam_principals import Identity, Role
from lychgate.views.permitted import Holder, Permitted, what_can, who_can
from lychgate.views.things import Thing, thing_of

_PATTERN = re.compile(r"[A-Za-z0-9*?-]+:[A-Za-z0-9*?]+|\*")
_MOST_NAMED = 10  # candidates in an error
_MOST_ACTIONS = 12  # of one level, in words; as data all are told


def whoever_can(action: str, on: str, source: Source) -> Answer:
    """Who may do an action on a resource. Raises InputError."""
    _known_action(action)
    graph = graph_of(source)
    thing = _thing(graph, on)
    _works_on(action, thing)
    found = who_can(graph, action, thing)
    told = {
        "action": action,
        "resources": list(thing.for_action(action) or thing.arns),
        "allowed": [_holder(one) for one in found.holders],
        "unknown": found.unknown,
    }
    redact = Redactor.of(graph)
    return redact.value(told), redact("\n".join(_who(action, thing, found.holders, found.unknown)))


def whatever_can(principal: str, source: Source) -> Answer:
    """What a principal may do, and whom it can become. Raises InputError."""
    graph = graph_of(source)
    identity = identity_of(graph, principal)
    permitted, unknown = what_can(identity)
    reach = reach_of(identity)
    told = {
        "principal": identity.arn or identity.resource.urn,
        "acts_as_it": _workloads(identity, unknown),
        "resources": [_permitted(one) for one in permitted if one.thing is not None],
        "elsewhere": [entry for one in permitted if one.thing is None for entry in _permitted(one)["actions"]],
        "becomes": [{"principal": other.name, "path": [record(step) for step in c]} for other, c in reach.others],
        "administrator": None if reach.administrator is None else [record(step) for step in reach.administrator],
        "unknown": unknown,
    }
    redact = Redactor.of(graph)
    return redact.value(told), redact("\n".join(_what(identity, permitted, told)))


def _known_action(action: str) -> None:
    if not _PATTERN.fullmatch(action):
        raise InputError("ACTION", found=shown(action), expected="an action of IAM: s3:GetObject, or s3:Get*")
    if next(_meant(action), None) is None:
        service = action.partition(":")[0].lower()
        names = [one.name for one in catalogue.expand(f"{service}:*")] or list(catalogue.services())
        raise InputError("ACTION", found=f"no action {shown(action)} is known", hint=nearest(action, names))


def _meant(action: str) -> Iterator[Action]:
    return catalogue.actions_in([actions_language((action.lower(),))])


def _works_on(action: str, thing: Thing) -> None:
    if any(thing.for_action(one.name) for one in _meant(action)):
        return
    formats = catalogue.formats(action.partition(":")[0].lower())
    kinds = dict.fromkeys(kind for one in _meant(action) for kind in one.resource_types if kind in formats)
    expected = [formats[kind] for kind in kinds]
    raise InputError(
        "--on",
        found=f"{action} works on no such resource as {shown(thing.name)}",
        expected=either(expected[:_MOST_NAMED]) if expected else "'*': it is about no resource",
    )


def _thing(graph: Graph, text: str) -> Thing:
    try:
        return thing_of(graph, text)
    except LookupError as error:
        candidates: list[str] = error.args[0]
        names = sorted(candidates)[:_MOST_NAMED]
        rest = f" and {len(candidates) - len(names)} more" if len(candidates) > len(names) else ""
        raise InputError(
            "--on",
            found=f"{shown(text)} is no one resource that an action can name",
            expected=f"an ARN, or one of {', '.join(names)}{rest}" if names else "an ARN",
        ) from None


# -- as data -----------------------------------------------------------------------------------------------------------


def _grants(grants: Iterable[Grant]) -> list[dict[str, Any]]:
    return [
        {
            "action": one.action,
            "resource": one.resource,
            "statement": one.name,
            "policy": one.policy,
            "conditions": [str(condition) for condition in one.conditions],
        }
        for one in grants
    ]


def _holder(one: Holder) -> dict[str, Any]:
    return {
        "principal": one.name,
        "through": _grants(one.grants),
        "writes_policy": one.writes,
        "path": [record(step) for step in one.chain],
    }


def _permitted(one: Permitted) -> dict[str, Any]:
    actions = [
        {"action": action.name, "level": action.level, "through": _grants(grants)} for action, grants in one.actions
    ]
    named = {} if one.thing is None else {"resource": one.thing.arns[0], "name": one.thing.name}
    return {**named, "actions": actions}


def _workloads(identity: Identity, unknown: list[str]) -> list[str]:
    if not isinstance(identity, Role):
        return []
    try:
        return sorted(workloads_of(identity).values())
    except UnknownRead as error:
        unknown.append(f"what acts as it: {error.path} {error.why}")
        return []


# -- in words ----------------------------------------------------------------------------------------------------------


def _who(action: str, thing: Thing, holders: Sequence[Holder], unknown: Sequence[str]) -> Iterator[str]:
    what = f"{action} on {' and '.join(thing.for_action(action) or thing.arns)}"
    direct = [one for one in holders if not one.chain and not one.writes]
    writers = [one for one in holders if not one.chain and one.writes]
    others = [one for one in holders if one.chain]
    if not holders:
        yield f"Nobody that can be told may {flat(what)}." if unknown else f"Nobody may {flat(what)}."
    if direct:
        yield f"May {flat(what)}:"
        for one in direct:
            yield f"  {flat(one.name)}: through {flat(_through(one.grants))}"
    if writers:
        yield "By changing its policy, to let in themselves:"
        for one in writers:
            yield f"  {flat(one.name)}: {one.grants[0].action} through {flat(_through(one.grants))}"
    if others:
        yield "By becoming others:"
        for one in others:
            yield f"  {flat(one.name)}:"
            yield from _chain(one.chain, "    ")
            if one.writes:
                yield f"    and then changes its policy: {one.grants[0].action} through {flat(_through(one.grants))}"
    yield from _unknown(unknown)


def _through(grants: Sequence[Grant]) -> str:
    said = " and ".join(dict.fromkeys(f"{one.name} of {one.policy}" for one in grants))
    conditions = list(dict.fromkeys(str(condition) for one in grants for condition in one.conditions))
    return said + (f", if {' and '.join(conditions)}" if conditions else "")


def _chain(chain: Chain, indent: str) -> Iterator[str]:
    for number, step in enumerate(chain, 1):
        yield f"{indent}{number}. {flat(str(step))}"


def _unknown(unknown: Sequence[str]) -> Iterator[str]:
    if unknown:
        yield "Not known, and it may change the answer:"
        yield from (f"  {flat(one)}" for one in unknown)


def _what(identity: Identity, permitted: Sequence[Permitted], told: dict[str, Any]) -> Iterator[str]:
    yield f"{identity.what} {flat(identity.name)} ({flat(told['principal'])})"
    if told["acts_as_it"]:
        yield f"  acts for {flat(', '.join(told['acts_as_it']))}"
    if told["administrator"] is not None:
        yield "Gets every right of the account:"
        yield from _chain(reach_of(identity).administrator or (), "  ")
    if not permitted and told["administrator"] is None:
        yield "May do nothing by itself" + (" that can be told." if told["unknown"] else ".")
    for one in permitted:
        yield f"May, on {flat(_place(one.thing))}:"
        yield from _levels(one)
    if told["becomes"]:
        yield "Can become:"
        for other, chain in reach_of(identity).others:
            yield f"  {flat(other.name)}:"
            yield from _chain(chain, "    ")
    yield from _unknown(told["unknown"])


def _place(thing: Thing | None) -> str:
    if thing is None:
        return "whatever else there is"
    return f"{thing.name} ({thing.arns[0]})" if thing.resource is not None else thing.name


def _levels(one: Permitted) -> Iterator[str]:
    """The actions by level, and which statements allow them."""

    def key(entry: tuple[Any, tuple[Grant, ...]]) -> tuple[str, str]:
        return entry[0].level, _through(entry[1])

    for (level, through), entries in groupby(sorted(one.actions, key=key), key):
        names = [action.name for action, _ in entries]
        more = f" and {len(names) - _MOST_ACTIONS} more" if len(names) > _MOST_ACTIONS else ""
        yield f"  {level}: {', '.join(names[:_MOST_ACTIONS])}{more}"
        yield f"    through {flat(through)}"
