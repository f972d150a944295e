"""`lychgate iam least-privilege`: the smallest policy for what is declared, and how today's policies differ from it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from lychgate.cli.iam_answers import Answer
from lychgate.cli.iam_sources import Source, graph_of
from lychgate.model.errors import InputError, nearest, shown
from lychgate.model.escaping import escape, flat
from lychgate.model.graph import Graph, Resource
from lychgate.model.redaction import Redactor
from lychgate.model.values import UnknownRead
from lychgate.policies.iam.grants import may, requests
from lychgate.reasoning.iam import TooComplexError, Witness, access, compare, limits, parse
from lychgate.reasoning.iam.minimal import minimal
from lychgate.reasoning.iam.surplus import surplus
from lychgate.views.declared_access import Declared, declared, unfinished
from lychgate.views.effective import beyond, effective
from lychgate.views.iam_principals import Identity, Role, User
from lychgate.views.kms import KEYS

_MOST_NAMED = 10  # candidates in an error
_MOST_TOLD = 10_000  # entries that go beyond, or lack: more than all policies of a role can have


def least_privilege(principal: str, source: Source) -> Answer:
    """The policy, what is beyond it and what of it is not given, as data and in words. Raises InputError."""
    graph = graph_of(source)
    redact = Redactor.of(graph)
    try:
        told, words = answer(graph, principal)
    except InputError as error:  # which says what the program has declared
        hint = None if error.hint is None else redact(error.hint)
        raise InputError(error.file, found=redact(error.found), expected=redact(error.expected), hint=hint) from None
    return redact.value(told), redact(words)


def answer(graph: Graph, principal: str) -> Answer:
    """The same for a graph. Raises InputError."""
    identity = identity_of(graph, principal)
    uses = _declared(identity, principal)
    document = _minimal(identity, uses)
    more, unknown = _surplus(identity, uses)
    policy = parse(document, "the declared access")
    lack = surplus(access(policy), effective(identity).access, _MOST_TOLD)
    unknown += [f"{one.path} {one.why}" for one in _unread(identity)] + list(lack.unknown)
    usable, made_up = _usable(graph, document)
    told = {
        "principal": identity.arn or identity.resource.urn,
        "policy": usable,
        "surplus": requests(identity, more),
        "missing": [{"action": one.request.action, "resource": one.request.resource} for one in lack.witnesses],
        "unknown": list(dict.fromkeys(unknown)),
        "made_up": made_up,
    }
    return told, "\n".join(_words(identity, told, more))


def identity_of(graph: Graph, principal: str) -> Identity:
    """The role or user that a name, ARN or URN means. Raises InputError, with the candidates."""
    every: list[Identity] = [*Role.all(graph), *User.all(graph)]
    exact = [one for one in every if principal in (one.resource.urn, one.arn)]
    found = exact or [one for one in every if principal in _names(one)]
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(
            "PRINCIPAL", found=f"{shown(principal)} names {len(found)} identities", expected=f"one of {_urns(found)}"
        )
    names = sorted({name for one in every for name in _names(one)})
    what = f"one of {_urns(every)}" if every else "a program that makes roles or users"
    raise InputError(
        "PRINCIPAL",
        found=f"no role or user is called {shown(principal)}",
        expected=what,
        hint=nearest(principal, names),
    )


def _names(identity: Identity) -> set[str]:
    resource = identity.resource
    given = (resource.name, resource.properties.get("name"), resource.outputs.get("name"))
    return {name for name in given if isinstance(name, str)}


def _urns(identities: Sequence[Identity]) -> str:
    listed = [one.resource.urn for one in identities[:_MOST_NAMED]]
    rest = len(identities) - len(listed)
    return ", ".join(listed) + (f" and {rest} more" if rest else "")


def _declared(identity: Identity, principal: str) -> Declared:
    uses = declared(identity)
    if uses is None:
        raise InputError(
            "PRINCIPAL",
            found=f"no component declares what {shown(principal)} uses",
            expected="a component around it with the input access: [{target, mode}] (README.md, Declared access)",
        )
    if uses.unread:
        first = uses.unread[0]
        raise InputError("PRINCIPAL", found=f"what {shown(principal)} uses cannot be told: {first.path} {first.why}")
    return uses


def _minimal(identity: Identity, uses: Declared) -> dict[str, Any]:
    """The policy for what is declared, proven to be that and no more. Raises InputError."""
    statements = uses.statements
    if not statements:
        raise InputError(
            "PRINCIPAL",
            found=f"what {shown(identity.name)} declares is no matter of IAM, so it needs no policy",
            expected="a use of a bucket, queue, table, ...",
        )
    try:
        document = minimal(statements)
    except TooComplexError:
        document = {"Version": "2012-10-17", "Statement": statements}
    if compare(parse(document), parse({"Version": "2012-10-17", "Statement": statements})).relation != "equivalent":
        document = {"Version": "2012-10-17", "Statement": statements}
    wrong = limits.problems(document, "inline user" if isinstance(identity, User) else "inline role")
    if wrong:
        raise InputError("PRINCIPAL", found=f"AWS would refuse the policy for what is declared: {wrong[0]}")
    return document


def _surplus(identity: Identity, uses: Declared) -> tuple[tuple[Witness, ...], list[str]]:
    things = [use.thing for use in uses.uses if use.thing is not None]
    try:
        return beyond(identity, access(uses.reference), things, _MOST_TOLD).witnesses, []
    except UnknownRead as unknown:
        return (), [f"{unknown.path} {unknown.why}"]


def _unread(identity: Identity) -> list[UnknownRead]:
    known = effective(identity)
    return [*known.unread, *([known.boundary] if known.boundary is not None else [])]


def _usable(graph: Graph, document: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """The document with names in the place of what AWS appends to them, and what is left that AWS makes up."""
    made_up: dict[str, dict[str, str]] = {}
    statements = []
    for statement in document["Statement"]:
        resources = []
        for arn in statement["Resource"]:
            thing = _thing(graph, arn)
            named = thing is not None and _named(thing, arn)
            if named and unfinished(arn) != arn:
                arn = unfinished(arn)
            elif thing is not None and not named:
                made_up[arn] = {"arn": arn, "resource": thing.urn, "name": thing.name}
            resources.append(arn)
        statements.append({**statement, "Resource": resources})
    return {**document, "Statement": statements}, list(made_up.values())


def _thing(graph: Graph, arn: str) -> Resource | None:
    """The managed resource that an ARN, or what it is the beginning of, names."""
    for text in (arn, arn.removesuffix("/*"), arn.removesuffix(":*"), arn.partition("/index/")[0], _prefix(arn)):
        found = graph.resolve(text)
        if found is not None:
            return None if found.external else found
    user = re.search(r":dbuser:([^/]+)/", arn)
    if user:
        ids = (one for one in graph.of_type("aws:rds/cluster:Cluster", "aws:rds/instance:Instance"))
        return next(
            (one for one in ids if user[1] in (one.outputs.get("clusterResourceId"), one.outputs.get("resourceId"))),
            None,
        )
    return None


def _prefix(arn: str) -> str:
    """Of a tenant's share of a bucket: the bucket."""
    return arn.partition("/")[0] if ":s3:::" in arn else arn


def _named(thing: Resource, arn: str) -> bool:
    """Whether the ARN is made of names that the program gives, up to what AWS appends to a secret's."""
    if thing.type in KEYS or ":rds-db:" in arn:
        return False
    given = [value for name, value in thing.properties.items() if isinstance(value, str) and value]
    tail = arn.split(":", 5)[-1]
    return any(re.search(rf"(^|[:/]){re.escape(value.lstrip('/'))}($|[:/-])", tail) for value in given)


def _words(identity: Identity, told: dict[str, Any], more: Iterable[Witness]) -> list[str]:
    place = f" ({identity.resource.location})" if identity.resource.location else ""
    lines = [f"{identity.what} {flat(identity.name)}{flat(place)}: the policy for what is declared"]
    lines += [escape(json.dumps(told["policy"], indent=2)), ""]
    for one in told["made_up"]:
        lines.append(f"{flat(one['arn'])} stands for {flat(one['resource'])}, whose id AWS makes up")
    lines += [f"beyond it: {flat(may(identity, one))}" for one in more]
    lines += [f"not given yet: {flat(one['action'])} on {flat(one['resource'])}" for one in told["missing"]]
    lines += [f"not known: {flat(one)}" for one in told["unknown"]]
    if not (told["surplus"] or told["missing"] or told["unknown"]):
        lines.append("today's policies allow this and no more")
    return lines
