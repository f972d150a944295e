"""What some policies allow beyond a reference, as far as there are such requests: by proof, each with a witness.

`within` asks about every text that may stand as an action and a resource. A policy that names a bucket and its objects
in one statement "allows" s3:GetObject on the bucket itself, and `s3:GetO*` an action that AWS has not made: neither is
a right that anybody has. Where nothing but such a request stands against containment, it is asked once more, about the
actions of the catalogue on what they work on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from . import catalogue
from .language import Policy, Statement
from .matching import TooComplexError, actions_language, contains, find, resources_language
from .proof import Access, Answer, within
from .witnesses import Witness

_WILD = re.compile(r"[*?]")
Held = dict[object, dict[str, dict[str, None]]]  # by conditions, and by action in lower case: entries of Resource
_MOST_ACTIONS = 400  # that wildcards stand for, of one question
# What begins as a resource of an action does, and is none of its: an object is no bucket, a stream no table. By
# service, what stands below, and of which kinds that may be.
_BELOW = {
    "s3": ("arn:*:s3:::*/*", {"object": "arn:*:s3:::*/*"}),
    "dynamodb": (
        "arn:*:dynamodb:*:*:table/*/*",
        {kind: f"arn:*:dynamodb:*:*:table/*/{kind}/*" for kind in ("index", "stream", "backup", "export", "import")},
    ),
    "logs": ("arn:*:logs:*:*:log-group:*:log-stream:*", {"log-stream": "arn:*:logs:*:*:log-group:*:log-stream:*"}),
}


@dataclass(frozen=True, slots=True)
class Surplus:
    """What goes beyond the reference, one witness for each entry of each statement, and why more is not known."""

    witnesses: tuple[Witness, ...]
    unknown: tuple[str, ...] = ()


def exceeds(narrow: Access, wide: Access) -> Answer:
    """Whether `narrow` allows a request that `wide` does not; the witness of a yes is one.

    The first layer of `narrow` holds the policies of an identity, further ones limit it. A request counts whose action
    is in the catalogue and works on such a resource, or whose action is spelled out and unknown there.
    """
    narrow = _unproven(narrow, wide)
    if not any(one.effect == "Allow" for policy in narrow.layers[0] for one in policy.statements):
        return Answer("no")
    found = _contained(narrow, wide)
    if found.answer == "yes" and found.witness is not None and not found.witness.real:
        try:
            answers = [_contained(part, wide) for part in _as_asked(narrow)]
        except TooComplexError as error:
            return Answer("unknown", reason=str(error))
        order = ("yes", "unknown", "no")
        return min(answers, key=lambda one: order.index(one.answer), default=Answer("no"))
    return found


def surplus(narrow: Access, wide: Access, most: int = 20) -> Surplus:
    """What `narrow` allows beyond `wide`, entry by entry, at most so many."""
    whole = exceeds(narrow, wide)
    if whole.answer == "no":
        return Surplus(())
    witnesses: list[Witness] = []
    unknown = [whole.reason] if whole.answer == "unknown" else []
    for statement, entries in _parts(_unproven(narrow, wide)):
        if exceeds(statement, wide).answer == "no":
            continue
        for entry in entries:
            found = exceeds(entry, wide)
            if found.witness is not None:
                witnesses.append(found.witness)
            elif found.answer == "unknown":
                unknown.append(found.reason)
            if len(witnesses) >= most:
                return Surplus(tuple(witnesses), tuple(dict.fromkeys(unknown)))
    if not witnesses and whole.witness is not None:
        witnesses.append(whole.witness)
    return Surplus(tuple(witnesses), tuple(dict.fromkeys(unknown)))


def _contained(narrow: Access, wide: Access) -> Answer:
    """Whether something is not within, as the answer to `exceeds`."""
    try:
        found = within(narrow, wide)
    except TooComplexError as error:
        return Answer("unknown", reason=str(error))
    turned = {"yes": "no", "no": "yes"}
    return replace(found, answer=turned.get(found.answer, "unknown"))  # type: ignore[arg-type]


def _unproven(narrow: Access, wide: Access) -> Access:
    """Without the statements that need no proof: the reference has each of their actions on each of their resources by
    one entry, or nobody can ask for it. Where the reference denies something, all need one."""
    if len(wide.layers) != 1 or any(one.effect == "Deny" for policy in wide.policies for one in policy.statements):
        return narrow
    held: Held = {}
    for policy in wide.policies:
        for one in policy.statements:
            if not one.not_action and not one.not_resource:
                for action in one.actions:
                    resources = held.setdefault(_conditions(one), {}).setdefault(action.lower(), {})
                    resources |= dict.fromkeys(one.resources or ())
    first, *others = narrow.layers
    kept = (
        replace(policy, statements=tuple(one for one in policy.statements if not _held(one, held))) for policy in first
    )
    return Access((tuple(policy for policy in kept if policy.statements), *others))


def _held(statement: Statement, held: Held) -> bool:
    if statement.effect == "Deny" or statement.not_action or statement.not_resource or statement.resources is None:
        return False
    ways = [held.get(_conditions(statement), {}), held.get((frozenset(), statement.variables), {})]
    for entry in statement.actions:
        action = ""
        for action in map(str.lower, _actions(entry)):
            held_on = [one for way in ways for one in way.get(action, ())]
            for resource in statement.resources:
                if not any(_covers(one, resource) for one in held_on) and _can_be_asked(action, resource):
                    return False
        if not action:  # the catalogue has none yet
            return False
    return True


@lru_cache(maxsize=65536)
def _covers(wide: str, narrow: str) -> bool:
    """Whether an entry of Resource means all that another one does, for certain."""
    if wide == narrow or "${" in wide or "${" in narrow or not _WILD.search(wide):
        return wide == narrow
    try:
        return contains(resources_language((wide,)), resources_language((narrow,)))
    except TooComplexError:
        return False


@lru_cache(maxsize=65536)
def _can_be_asked(action: str, resource: str) -> bool:
    """Whether a resource that the entry means is one that the action works on."""
    known = catalogue.action(action)
    own, others = _kinds(action.partition(":")[0], known.resource_types) if known is not None else ((), ())
    if not own or "${" in resource:
        return True
    meant = resources_language((resource,))
    try:
        found = find([meant, resources_language(own)], [resources_language(others)] if others else [])
    except TooComplexError:
        return True
    return found is not None or meant.matches("*")


def _conditions(statement: Statement) -> object:
    return frozenset(replace(one, written="") for one in statement.conditions), statement.variables


def _parts(narrow: Access) -> Iterator[tuple[Access, list[Access]]]:
    """Each Allow statement, and it entry by entry, with all that denies."""
    first, *others = narrow.layers
    denies = [
        replace(policy, statements=tuple(one for one in policy.statements if one.effect == "Deny")) for policy in first
    ]
    denies = [policy for policy in denies if policy.statements]
    for policy in first:
        for statement in policy.statements:
            if statement.effect == "Allow":
                entries = [statement.actions] if statement.not_action else [(action,) for action in statement.actions]
                parts = [replace(policy, statements=(replace(statement, actions=actions),)) for actions in entries]
                alone = replace(policy, statements=(statement,))
                yield Access(((alone, *denies), *others)), [Access(((part, *denies), *others)) for part in parts]


def _as_asked(narrow: Access) -> Iterator[Access]:
    """The same by actions of the catalogue that work on the same kinds of resources, on these alone; an action that the
    catalogue does not know, on everything. Raises TooComplexError."""
    first, *others = narrow.layers
    entries = dict.fromkeys(action for policy in first for one in policy.statements for action in _named(one))
    groups: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for action in dict.fromkeys(name for entry in entries for name in _actions(entry)):
        known = catalogue.action(action)
        types = known.resource_types if known is not None else ("",)
        groups.setdefault((action.partition(":")[0].lower(), types), []).append(action)
    if sum(map(len, groups.values())) > _MOST_ACTIONS:
        raise TooComplexError("wildcards stand for too many actions")
    for (service, types), actions in groups.items():
        only = frozenset(map(str.lower, actions))
        asked = (_only(policy, only) for policy in first)
        yield Access(((*(policy for policy in asked if policy.statements), _never(service, types)), *others))
    excepting = [_excepting(policy) for policy in first]
    if any(policy.statements for policy in excepting):
        yield Access((tuple(excepting), *others))


def _named(statement: Statement) -> tuple[str, ...]:
    return statement.actions if statement.effect == "Allow" and not statement.not_action else ()


def _actions(entry: str) -> Iterator[str]:
    """The actions of the catalogue that an entry means, one by one: `*` means thousands. Without wildcard, itself."""
    if not _WILD.search(entry):
        return iter((entry,))
    return (action.name for action in catalogue.actions_in([actions_language((entry.lower(),))]))


def _only(policy: Policy, actions: frozenset[str]) -> Policy:
    """What the policy says of these actions, which it names, and all that it denies."""
    kept = []
    for one in policy.statements:
        if one.effect == "Deny":
            kept.append(one)
        elif named := tuple(name for entry in _named(one) for name in _actions(entry) if name.lower() in actions):
            kept.append(replace(one, actions=named))
    return replace(policy, statements=tuple(kept))


def _excepting(policy: Policy) -> Policy:
    """Allow with NotAction, and all that the policy denies; nothing where there is no such Allow."""
    if not any(one.effect == "Allow" and one.not_action for one in policy.statements):
        return replace(policy, statements=())
    return replace(policy, statements=tuple(one for one in policy.statements if one.effect == "Deny" or one.not_action))


def _never(service: str, types: tuple[str, ...]) -> Policy:
    """A Deny of what no request asks for: actions of the service that work on these kinds of resources, on others."""
    own, others = _kinds(service, types)
    statements: list[Statement] = []
    # Asking without a resource is asking for `*`, which is written as a variable.
    for resources, negated in (((*own, "${*}"), True), (others, False)):
        if own and resources:
            deny = Statement(len(statements), "", "Deny", ("*",), resources, not_resource=negated)
            statements.append(deny)
    return Policy(tuple(statements), label="what nobody asks for")


def _kinds(service: str, types: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The ARNs of these kinds of resources, and those that look like them and are none; empty where it is not known."""
    formats = catalogue.formats(service)
    below, kinds = _BELOW.get(service, ("", {}))
    others = tuple(text for kind, text in kinds.items() if kind not in types)
    if below and len(others) == len(kinds):
        others = (below,)
    return tuple(formats[kind] for kind in types if kind in formats), others
