"""The policy language: a document in, frozen records out, or a `PolicyError` that names the place.

Grammar: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html. Condition operators:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

from .documents import Path, PolicyError, Reader

Effect = Literal["Allow", "Deny"]
Qualifier = Literal["", "ForAllValues", "ForAnyValue"]

CURRENT = "2012-10-17"
OLD = "2008-10-17"  # also what a document without Version means: policy variables are then plain text

_OPERATORS = (
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
    *(f"{kind}{test}" for kind in ("Numeric", "Date") for test in ("Equals", "NotEquals")),
    *(
        f"{kind}{test}{equals}"
        for kind in ("Numeric", "Date")
        for test in ("LessThan", "GreaterThan")
        for equals in ("", "Equals")
    ),
    "Bool",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddress",
    "ArnEquals",
    "ArnNotEquals",
    "ArnLike",
    "ArnNotLike",
    "Null",
)
OPERATORS = {name.lower(): name for name in _OPERATORS}
NEGATED = {
    name: name.replace("Not", "", 1) for name in _OPERATORS if "Not" in name
}  # each negated operator and the one that it denies
_ELEMENTS = (
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
)
_ARN_START = re.compile(r"arn:|[*?]|\$\{|ar?[*?]|execute-api:/")  # the last: API Gateway's short form
_KINDS = ("AWS", "Service", "Federated", "CanonicalUser")


@dataclass(frozen=True, slots=True)
class Condition:
    """One line of a condition block: `operator` on `key` with any of `values`.

    `operator` is the plain name (`StringNotLike`), without qualifier and `IfExists`. `key` is in lower case: AWS
    compares the names of keys without regard to case. `written` is the key as it was written, for messages.
    """

    operator: str
    key: str
    values: tuple[str, ...]
    qualifier: Qualifier = ""
    if_exists: bool = False
    written: str = ""

    @property
    def negated(self) -> bool:
        """Whether the operator holds when nothing matches, and so also when the key is absent."""
        return self.operator in NEGATED

    def __str__(self) -> str:
        prefix = f"{self.qualifier}:" if self.qualifier else ""
        suffix = "IfExists" if self.if_exists else ""
        return f"{prefix}{self.operator}{suffix} {self.written or self.key} {', '.join(self.values)}"


@dataclass(frozen=True, slots=True)
class Principals:
    """Principal or, with `excluded`, NotPrincipal: pairs of kind (AWS, Service, Federated, CanonicalUser) and value."""

    entries: tuple[tuple[str, str], ...]
    excluded: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. `not_action` and `not_resource` say that the list is of what is *not* meant.

    `principals` is None in identity policies; `resources` is None where a resource policy leaves it out (role trust,
    ECR): the resource that carries the policy is meant. `variables` is false under Version 2008-10-17.
    """

    index: int
    sid: str
    effect: Effect
    actions: tuple[str, ...]
    resources: tuple[str, ...] | None
    principals: Principals | None = None
    not_action: bool = False
    not_resource: bool = False
    conditions: tuple[Condition, ...] = ()
    variables: bool = True

    @property
    def name(self) -> str:
        """The Sid, else `statement N` counted from 1."""
        return self.sid or f"statement {self.index + 1}"


@dataclass(frozen=True, slots=True)
class Policy:
    """A parsed policy. `label` is the caller's name for it (`inline policy of role api`), used in answers."""

    statements: tuple[Statement, ...]
    version: str = CURRENT
    id: str = ""
    label: str = "policy"


def parse(document: str | bytes | Mapping[str, Any] | Policy, label: str = "policy") -> Policy:
    """A policy from JSON text or from the same thing as a dict; a Policy is returned as it is.

    Raises PolicyError: for text with line and column, for both with the JSON path.
    """
    if isinstance(document, Policy):
        return document
    if not isinstance(document, str | bytes):
        return _Parser(document, None, label).policy()
    text = document.decode("utf-8-sig") if isinstance(document, bytes) else document
    reader = Reader(text)
    return _Parser(reader.value, reader, label).policy()


class _Parser:
    """Walks the plain values; every check knows the path it stands at."""

    def __init__(self, document: Any, reader: Reader | None, label: str) -> None:
        self.document = document
        self.reader = reader
        self.label = label
        self.version = OLD

    def fail(self, problem: str, path: Path) -> NoReturn:
        if self.reader is None:
            raise PolicyError(problem, path)
        raise PolicyError(problem, path, *self.reader.place(path))

    def policy(self) -> Policy:
        document = self.document
        if not isinstance(document, Mapping):
            self.fail(f"expected a policy, an object with Version and Statement, found {_kind(document)}", ())
        self.only(document, ("Version", "Id", "Statement"), ())
        self.version = document.get("Version", OLD)
        if self.version not in (CURRENT, OLD):
            self.fail(f"expected {CURRENT!r} or {OLD!r}, found {self.version!r}", ("Version",))
        if "Statement" not in document:
            self.fail("expected Statement, found none", ())
        raw = document["Statement"]
        if isinstance(raw, Mapping):
            statements: tuple[Statement, ...] = (self.statement(raw, 0, ("Statement",)),)
        elif isinstance(raw, list | tuple):
            statements = tuple(self.statement(item, at, ("Statement", at)) for at, item in enumerate(raw))
        else:
            self.fail(f"expected one statement or a list of them, found {_kind(raw)}", ("Statement",))
        identity = document.get("Id", "")
        if not isinstance(identity, str):
            self.fail(f"expected text, found {_kind(identity)}", ("Id",))
        return Policy(statements, self.version, identity, self.label)

    def only(self, found: Mapping[str, Any], allowed: tuple[str, ...], path: Path) -> None:
        for key in found:
            if key not in allowed:
                near = [name for name in allowed if name.lower() == str(key).lower()]
                near = near or difflib.get_close_matches(str(key), allowed, 1, 0.5)
                hint = f"; did you mean {near[0]!r}?" if near else f"; expected one of {', '.join(allowed)}"
                self.fail(f"unknown element {key!r}{hint}", (*path, str(key)))

    def statement(self, raw: Any, index: int, path: Path) -> Statement:
        if not isinstance(raw, Mapping):
            self.fail(f"expected a statement, an object, found {_kind(raw)}", path)
        self.only(raw, _ELEMENTS, path)
        effect = raw.get("Effect")
        if effect not in ("Allow", "Deny"):
            found = f"found {effect!r}" if "Effect" in raw else "found none"
            self.fail(f"expected Effect to be 'Allow' or 'Deny', {found}", (*path, "Effect"))
        sid = raw.get("Sid", "")
        if not isinstance(sid, str):
            self.fail(f"expected text, found {_kind(sid)}", (*path, "Sid"))
        action = self.one_of(raw, "Action", "NotAction", path)
        if action is None:
            self.fail("expected Action or NotAction, found neither", path)
        resource = self.one_of(raw, "Resource", "NotResource", path)
        principal = self.one_of(raw, "Principal", "NotPrincipal", path)
        actions = self.texts(raw[action], (*path, action))
        for at, text in enumerate(actions):
            self.action(text, (*path, action, at))
        return Statement(
            index=index,
            sid=sid,
            effect=effect,
            actions=actions,
            resources=None if resource is None else self.resources(raw[resource], (*path, resource)),
            principals=None if principal is None else self.principals(raw[principal], principal, path),
            not_action=action == "NotAction",
            not_resource=resource == "NotResource",
            conditions=self.conditions(raw.get("Condition", {}), (*path, "Condition")),
            variables=self.version == CURRENT,
        )

    def one_of(self, raw: Mapping[str, Any], first: str, second: str, path: Path) -> str | None:
        if first in raw and second in raw:
            self.fail(f"expected {first} or {second}, found both", (*path, second))
        return first if first in raw else second if second in raw else None

    def texts(self, raw: Any, path: Path) -> tuple[str, ...]:
        """One text or a list of at least one."""
        if isinstance(raw, str):
            return (raw,)
        if not isinstance(raw, list | tuple):
            self.fail(f"expected text or a list of texts, found {_kind(raw)}", path)
        if not raw:
            self.fail("expected at least one entry, found an empty list", path)
        for at, item in enumerate(raw):
            if not isinstance(item, str):
                self.fail(f"expected text, found {_kind(item)}", (*path, at))
        return tuple(raw)

    def action(self, text: str, path: Path) -> None:
        service, colon, name = text.partition(":")
        if text == "*" or (colon and service and name):
            return
        self.fail(f"expected '*' or 'service:Action', found {text!r}", path)

    def resources(self, raw: Any, path: Path) -> tuple[str, ...]:
        found = self.texts(raw, path)
        for at, text in enumerate(found):
            if not _ARN_START.match(text):
                self.fail(f"expected '*' or an ARN, found {text!r}", (*path, at))
        return found

    def principals(self, raw: Any, element: str, path: Path) -> Principals:
        path = (*path, element)
        excluded = element == "NotPrincipal"
        if raw == "*":
            return Principals((("AWS", "*"),), excluded)
        if not isinstance(raw, Mapping):
            self.fail(f"expected '*' or an object with {', '.join(_KINDS)}, found {_kind(raw)}", path)
        if not raw:
            self.fail("expected at least one principal, found an empty object", path)
        self.only(raw, _KINDS, path)
        found = tuple((kind, value) for kind, values in raw.items() for value in self.texts(values, (*path, kind)))
        for kind, value in found:
            if value != "*" and ("*" in value or "?" in value):
                self.fail(f"a wildcard can only stand for everyone, found {value!r}", (*path, kind))
        return Principals(found, excluded)

    def conditions(self, raw: Any, path: Path) -> tuple[Condition, ...]:
        if not isinstance(raw, Mapping):
            self.fail(f"expected an object of condition operators, found {_kind(raw)}", path)
        found = []
        for written, block in raw.items():
            operator, qualifier, if_exists = self.operator(written, (*path, str(written)))
            if not isinstance(block, Mapping):
                self.fail(f"expected an object of condition keys, found {_kind(block)}", (*path, written))
            seen: set[str] = set()
            for key, values in block.items():
                here = (*path, written, key)
                if key.lower() in seen:  # AWS refuses it too: "Duplicate keys with different case"
                    self.fail(f"the condition key {key!r} is given twice, in different case", here)
                seen.add(key.lower())
                accepted = tuple(self.scalar(value, here) for value in _many(values))
                found.append(Condition(operator, key.lower(), accepted, qualifier, if_exists, key))
        return tuple(found)

    def operator(self, written: str, path: Path) -> tuple[str, Qualifier, bool]:
        qualifier, colon, rest = written.rpartition(":")
        plain = rest.lower()
        if_exists = plain.endswith("ifexists")
        plain = plain.removesuffix("ifexists")
        if colon and qualifier.lower() not in ("forallvalues", "foranyvalue"):
            self.fail(f"expected ForAllValues or ForAnyValue before ':', found {qualifier!r}", path)
        if plain not in OPERATORS:
            near = difflib.get_close_matches(rest, _OPERATORS, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            self.fail(f"unknown condition operator {written!r}{hint}", path)
        if plain == "null" and (if_exists or colon):
            self.fail("Null takes neither IfExists nor a set operator", path)
        word: Qualifier = "" if not colon else "ForAllValues" if qualifier.lower() == "forallvalues" else "ForAnyValue"
        return OPERATORS[plain], word, if_exists

    def scalar(self, value: Any, path: Path) -> str:
        """Condition values are texts; numbers and booleans mean their JSON spelling."""
        if isinstance(value, str):
            return value
        if not isinstance(value, bool | int | float):
            self.fail(f"expected text, number or boolean, found {_kind(value)}", path)
        return json.dumps(value)


def _many(values: Any) -> list[Any]:
    return list(values) if isinstance(values, list | tuple) else [values]


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: f"text {value!r}", bool: f"{value}", type(None): "null"}
    return names.get(type(value), f"{value!r}")
