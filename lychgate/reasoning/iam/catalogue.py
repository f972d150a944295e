"""The actions that exist: their level, the resources they work on, the types of condition keys.

The facts are in actions.json, written by scripts/refresh_actions.py from AWS's Service Authorization Reference
(https://docs.aws.amazon.com/service-authorization/latest/reference/). An action that AWS adds later is unknown here,
so nothing is ever concluded from an action being absent; the catalogue names witnesses and tells levels.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Literal

import orjson

from .matching import Language, only
from .patterns import Pattern, action_pattern
from .templates import Wild

Level = Literal["Read", "List", "Write", "Permissions management", "Tagging"]
_LEVELS: dict[str, Level] = {
    "R": "Read",
    "L": "List",
    "W": "Write",
    "P": "Permissions management",
    "T": "Tagging",
}
_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")
# What a witness shows where any partition, Region or account would do; the account is the one of AWS's own examples.
_USUAL = {"Partition": "aws", "Region": "us-east-1", "Account": "111122223333"}


_WELL_KNOWN = ("s3", "iam", "sts", "kms", "ec2", "dynamodb", "lambda", "secretsmanager", "sqs", "sns")


@dataclass(frozen=True, slots=True)
class Action:
    """An action of the catalogue. `resource_types` are those it can be limited to, `required` those it needs."""

    name: str
    level: Level
    resource_types: tuple[str, ...]
    required: tuple[str, ...]


@cache
def _services() -> dict[str, dict[str, Any]]:
    raw = files(__package__).joinpath("actions.json").read_bytes()
    found: dict[str, dict[str, Any]] = orjson.loads(raw)["services"]
    return found


@cache
def _actions(service: str) -> dict[str, Action]:
    raw = _services().get(service, {}).get("actions", {})
    return {name.lower(): _action(f"{service}:{name}", entry) for name, entry in raw.items()}


def _action(name: str, entry: list[str]) -> Action:
    types = tuple(kind.removesuffix("!") for kind in entry[1:])
    return Action(name, _LEVELS[entry[0]], types, tuple(kind[:-1] for kind in entry[1:] if kind.endswith("!")))


def services() -> Iterable[str]:
    """The prefixes of all services (`s3`, `kms`)."""
    return _services().keys()


def action(name: str) -> Action | None:
    """The action of that name in any case (`s3:getobject`), None where the catalogue has none."""
    service, _, rest = name.lower().partition(":")
    return _actions(service).get(rest)


def actions_in(inside: Iterable[Language], outside: Iterable[Language] = ()) -> Iterator[Action]:
    """Every action of the catalogue that is in all of `inside` and in none of `outside`, well-known services first."""
    wanted = list(inside)
    unwanted = [only(pattern) for one in outside for pattern in one.patterns]  # most tell by their beginning
    possible = [names for names in map(_services_of, wanted) if names is not None]
    for service in _ordered() if not possible else sorted(frozenset.intersection(*possible)):
        for found in _actions(service).values():
            name = found.name.lower()
            if all(one.matches(name) for one in wanted) and not any(one.matches(name) for one in unwanted):
                yield found


@cache
def _ordered() -> tuple[str, ...]:
    return (*_WELL_KNOWN, *(name for name in _services() if name not in _WELL_KNOWN))


@lru_cache(maxsize=4096)
def _services_of(language: Language) -> frozenset[str] | None:
    """The services whose actions the language can hold, None if it can be any."""
    found = set()
    for pattern in language.patterns:
        colon = pattern.index(":") if ":" in pattern else len(pattern)
        if not all(isinstance(token, str) and len(token) == 1 for token in pattern[:colon]):
            return None
        found.add("".join(map(str, pattern[:colon])))
    return frozenset(found)


def expand(*patterns: str) -> list[Action]:
    """The actions that any of these Action entries (`s3:Get*`) means."""
    return list(actions_in([Language(map(action_pattern, patterns))]))


@cache
def shapes(name: str, optional: bool = False) -> tuple[Pattern, ...]:
    """What an action works on, as patterns with the usual partition, Region and account; empty if unknown. Where some
    kinds of resources are required, the others are among them if asked for (`optional`).

    A request for an action without resource types names `*`.
    """
    known = action(name)
    if known is None:
        return ()
    if not known.resource_types:
        return (("*",),)
    formats = _services()[name.partition(":")[0].lower()]["resources"]
    kinds = known.resource_types if optional else known.required or known.resource_types
    return tuple(_shape(formats[kind]) for kind in kinds if kind in formats)


@cache
def formats(service: str) -> dict[str, str]:
    """The ARNs of a service's kinds of resources, with `*` for whatever varies."""
    return {kind: _PLACEHOLDER.sub("*", arn) for kind, arn in _services().get(service, {}).get("resources", {}).items()}


@lru_cache(maxsize=4096)
def of_account(shape: Pattern, account: str) -> Pattern:
    """The shape with another account in the place of the usual one."""
    text = "".join(token if isinstance(token, str) else "\0" for token in shape)
    at = text.find(f":{_USUAL['Account']}:")
    return shape if at < 0 else (*shape[: at + 1], *account, *shape[at + 13 :])


def fits(text: str, shape: Pattern) -> bool:
    """Whether a text that the shape matches is such a resource: a bucket has no `/` in it, an object's key and the name
    of a secret or log group may."""
    wanted, found = shape.count("/"), text.count("/")
    return found >= wanted if wanted or ":s3:::" not in text else not found


def _shape(arn: str) -> Pattern:
    tokens: list[str | Wild] = []
    at = 0
    for match in _PLACEHOLDER.finditer(arn):
        tokens += arn[at : match.start()]
        usual = _USUAL.get(match.group(1))
        tokens += usual if usual else [Wild.FIELD_ONE, Wild.FIELD_MANY]
        at = match.end()
    return (*tokens, *arn[at:])


def moved(arn: str, account: str, region: str) -> str:
    """An ARN of the usual account and Region in another one; any other text as it is."""
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return arn
    if parts[3] == _USUAL["Region"] and region:
        parts[1], parts[3] = partition_of(region), region
    if parts[4] == _USUAL["Account"] and account:
        parts[4] = account
    return ":".join(parts)


def partition_of(region: str) -> str:
    """The partition of a Region."""
    return "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"


def key_type(key: str, service: str = "") -> str | None:
    """The type of a service's condition key (`String`, `ArrayOfString`, `ARN`), None if it is not in the catalogue."""
    prefix = service or key.partition(":")[0].lower()
    known = _keys(prefix)
    return known.get(key.lower()) or known.get(key.lower().partition("/")[0] + "/")


@cache
def _keys(service: str) -> dict[str, str]:
    raw = _services().get(service, {}).get("keys", {})
    return {re.sub(r"/.*[<$].*", "/", name.lower()): kind for name, kind in raw.items()}
