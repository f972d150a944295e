"""How an identity gets at a resource: by its own policies, by those of the resource, or by both together.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html: within an account either side
is enough, but keys and roles have to allow it themselves; between accounts both are needed. A resource's policy that
names an account leaves it to the policies there. The question is whether some request gets through, so conditions that
the facts do not settle count as met; `allows` decides one request.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from .evaluation import Request, needs_resource_policy
from .grants import Facts, Grant
from .language import Policy, Principals, Statement
from .principals import Named, caller, named
from .rights import Prepared, Rights

_SESSION = re.compile(r"arn:[\w-]+:sts::(\d{12}):assumed-role/([^/]+)/")
_EVERYTHING = Prepared(Policy((Statement(0, "", "Allow", ("*",), ("*",)),)))


def ways_in(
    action: str,
    resource: str | list[str],
    identity: Rights,
    theirs: Sequence[Prepared],
    who: str,
    facts: Facts,
    same_account: bool = True,
) -> list[tuple[Grant, ...]]:
    """The ways by which an identity may do the action on the resource, empty where it may not: each the grants that
    make it, one or one of each side.

    `theirs` are the policies of the resource, `who` is the identity's ARN (empty: not known, so no resource names it).
    A policy that names a session of a role lets in the role: whoever assumes it chooses the session's name. Raises
    TooComplexError.
    """
    found = _ways_in(action, resource, identity, theirs, who, facts, same_account)
    for session in () if found else _sessions(theirs, who):
        found += _ways_in(action, resource, identity, theirs, session, facts, same_account)
    return found


def _sessions(theirs: Sequence[Prepared], who: str) -> dict[str, None]:
    """The sessions of a role that policies name."""
    account, _, name = who.partition(":role/")
    named_ones = (
        value
        for prepared in theirs
        for statement in prepared.policy.statements
        if name and statement.principals is not None and not statement.principals.excluded
        for kind, value in statement.principals.entries
        if kind == "AWS" and (match := _SESSION.match(value))
        if account.endswith(f"::{match[1]}") and name.rpartition("/")[2] == match[2]
    )
    return dict.fromkeys(named_ones)


def _ways_in(
    action: str,
    resource: str | list[str],
    identity: Rights,
    theirs: Sequence[Prepared],
    who: str,
    facts: Facts,
    same_account: bool,
) -> list[tuple[Grant, ...]]:
    everything = Rights([*identity.prepared, *_denies(identity.boundary), *theirs])
    given = (
        [one for one in everything.granted(action, resource, facts, who or None) if one.principals] if theirs else []
    )
    own = Rights([*identity.prepared, *map(_denying, theirs)], identity.boundary)
    by_itself = [one for one in own.granted(action, resource, facts, who or None) if not one.principals]
    if not same_account:
        return [(one, by_itself[0]) for one in given[:1] if by_itself]
    found: list[tuple[Grant, ...]] = []
    for grant in given:
        how = max((_how(principal, who) for principal in grant.principals), default=Named.NOT)
        if how in (Named.DIRECT, Named.ANYONE) or (how is Named.ROLE and _within(identity, grant, facts)):
            found.append((grant,))
    if not _gatekeeper(action, resource):
        return [*((one,) for one in by_itself), *found]
    return found or [(one, by_itself[0]) for one in given[:1] if by_itself]


def _gatekeeper(action: str, resource: str | list[str]) -> bool:
    """Whether the resource has to allow it itself."""
    asked = [resource] if isinstance(resource, str) else resource
    return any(needs_resource_policy(Request(action, one)) for one in asked)


def _within(identity: Rights, grant: Grant, facts: Facts) -> bool:
    """Whether the boundary lets through what a resource grants to a role by its ARN."""
    if identity.boundary is None:
        return True
    return bool(Rights([_EVERYTHING], identity.boundary).granted(grant.action, grant.resource, facts))


def _denies(boundary: Policy | None) -> Iterator[Prepared]:
    """The Denies of a boundary: they hold also where what it allows does not matter."""
    if boundary is not None:
        yield _denying(Prepared(boundary))


def _denying(prepared: Prepared) -> Prepared:
    return Prepared(replace(prepared.policy, statements=prepared.denies))


def _how(principal: str, who: str) -> Named:
    """How an entry of `Grant.principals` names the caller."""
    if principal.startswith("everyone but "):
        return Named.ANYONE
    kind, _, value = principal.partition(":")
    return named(Principals(((kind, value),)), caller(who))
