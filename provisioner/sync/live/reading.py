"""All resources of a state, read from the account, and what else is there that is tagged as theirs or part of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from lychgate.provisioner.sync.live.calling import Account, Calls, Gone, Refused, Unread
from lychgate.provisioner.sync.live.readers import NAMES, PARTS, READERS
from lychgate.provisioner.sync.live.tagged import Known, Unmanaged, by_tags, stack_tags

from lychgate.model.errors import InputError
from lychgate.model.graph import Graph, Resource

ARN = re.compile(r"arn:[^:]*:(?P<service>[^:]*):(?P<region>[^:]*):(?P<account>[^:]*):.+", re.S)
WORKERS = 8
# What a reader stumbles over where an answer is not as AWS documents it.
STRANGE = (KeyError, IndexError, TypeError, AttributeError, ValueError)


class AccountError(InputError):
    """Credentials that are missing, refused, or of another account than the stack's: nothing can be read with them."""


@dataclass(frozen=True, slots=True)
class Live:
    """What the account answered.

    `answers` has, by URN, the live properties of a resource (in which an `Unread` stands for what was refused), None
    where it does not exist, or `Unread`. `unmanaged` is what the state does not know; `not_searched` says where nobody
    could look for such things.
    """

    answers: Mapping[str, Mapping[str, Any] | Unread | None]
    unmanaged: tuple[Unmanaged, ...] = ()
    not_searched: tuple[Unread, ...] = ()
    account: str = field(default="", compare=False)


def managed(graph: Graph) -> list[Resource]:
    """The resources of AWS that the state manages."""
    return [one for one in graph.resources if one.custom and not one.external and one.type.startswith("aws:")]


def read_live(
    deployed: Graph,
    account: Account,
    others: Iterable[Graph] = (),
    progress: Callable[[int], None] = lambda count: None,
) -> Live:
    """Read everything that a state knows, with reading calls only.

    `others` are the states of other stacks, whose things are known too. `progress` is told how many resources are done.
    Raises AccountError where the credentials are of no use for this stack.
    """
    rows = managed(deployed)
    identity = _identity(account, rows)
    answers: dict[str, Mapping[str, Any] | Unread | None] = {}
    parts: list[tuple[Resource, Any]] = []
    with ThreadPoolExecutor(WORKERS) as pool:
        for count, (one, answer, found) in enumerate(pool.map(lambda row: _one(account, row, identity), rows), 1):
            answers[one.urn] = answer
            parts.append((one, found))
            progress(count)
    known = Known.of([deployed, *others])
    unmanaged: list[Unmanaged] = []
    refused: list[Unread] = []
    for one, found in parts:
        if isinstance(found, Unread):
            refused.append(found)
        else:
            unmanaged += _strangers(one, found, [deployed, *others])
    there = {one.id for one in unmanaged}
    more, not_searched = _tagged(account, rows, known, identity)
    unmanaged += [one for one in more if one.id.rpartition("/")[2] not in there]
    ordered = sorted(unmanaged, key=lambda one: (one.type, one.id))
    return Live(answers, tuple(ordered), tuple(dict.fromkeys([*refused, *not_searched])), identity)


def _identity(account: Account, rows: Iterable[Resource]) -> str:
    """The number of the account that the credentials are of."""
    try:
        identity = str(account.calls()("sts", "get_caller_identity")["Account"])
    except (Refused, Gone) as error:
        raise AccountError("the AWS account", found=str(error), expected="credentials of the stack's account") from None
    owners = {owner for one in rows if (owner := place(one)[1])}
    if owners and identity not in owners:
        found = f"the credentials are of {identity}, the stack is deployed in {', '.join(sorted(owners))}"
        raise AccountError("the AWS account", found=found, expected="credentials of the stack's account")
    return identity


def place(resource: Resource) -> tuple[str | None, str]:
    """Region and account of a resource, as far as its state says: None and empty where it does not."""
    arn = ARN.fullmatch(str(resource.outputs.get("arn") or ""))
    region = resource.outputs.get("region") or resource.properties.get("region") or (arn and arn["region"])
    return region if isinstance(region, str) and region else None, arn["account"] if arn else ""


def _one(
    account: Account, resource: Resource, identity: str
) -> tuple[Resource, Mapping[str, Any] | Unread | None, list[tuple[str, str, dict[str, Any]]] | Unread]:
    """A resource's live properties, and the parts that it has."""
    region, owner = place(resource)
    reader = READERS.get(resource.type)
    if owner and owner != identity:
        return resource, Unread("", f"is in account {owner}, the credentials are of {identity}"), []
    if reader is None:
        return resource, Unread("", f"there is no reader for {resource.type}"), []
    calls = account.calls(region)
    answer = _answer(lambda: reader(calls, resource))
    return resource, answer, [] if answer is None or isinstance(answer, Unread) else _parts(calls, resource)


def _answer(read: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any] | Unread | None:
    try:
        return read()
    except Gone:
        return None
    except Refused as refused:
        return refused.unread
    except STRANGE as error:
        return Unread("", f"an answer that cannot be read ({type(error).__name__}: {error})")


def _parts(calls: Calls, resource: Resource) -> list[tuple[str, str, dict[str, Any]]] | Unread:
    found = PARTS.get(resource.type)
    if found is None:
        return []
    rows: list[tuple[str, str, dict[str, Any]]] = []

    def gather() -> dict[str, Any]:
        rows.extend(found(calls, resource))
        return {}

    answer = _answer(gather)
    return answer if isinstance(answer, Unread) else rows


def _strangers(
    owner: Resource, found: Iterable[tuple[str, str, dict[str, Any]]], graphs: Iterable[Graph]
) -> Iterator[Unmanaged]:
    """The parts of a resource that no state knows."""
    graphs = list(graphs)
    for type_, ident, properties in found:
        key = _key(type_, ident, properties)
        rows = (one for graph in graphs for one in graph.of_type(type_))
        if not any(_key(type_, str(one.id), one.properties) == key for one in rows):
            yield Unmanaged(type_, ident, owner=owner.urn, properties=properties)


def _key(type_: str, ident: str, properties: Mapping[str, Any]) -> tuple[Any, ...]:
    """What tells a part from others of its type. Names that the provider made up stand in the id alone."""
    names = NAMES.get(type_)
    if names is None:
        return (ident,)
    if type_.endswith(":RolePolicy"):
        return (ident,)
    return tuple(properties.get(name) for name in names)


def _tagged(
    account: Account, rows: list[Resource], known: Known, identity: str
) -> tuple[list[Unmanaged], list[Unread]]:
    """What carries the stack's tags in each region that it stands in."""
    tags = stack_tags(rows)
    if not tags:
        return [], [Unread("", "no resource says its application, environment and tenant: tags were not searched")]
    found: dict[str, Unmanaged] = {}
    refused: list[Unread] = []
    regions = {place(one)[0] for one in rows} - {None} or {None}
    for region in sorted(regions, key=str):
        answers, unread = by_tags(account.calls(region), tags, known)
        found |= {one.id: one for one in answers}
        refused += unread
    return list(found.values()), refused
