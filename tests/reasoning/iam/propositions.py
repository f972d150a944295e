"""A second opinion that is cheap enough for a million questions: policies as propositions, decided by z3.

The meaning of every element is written down once more from AWS's documentation (`Meaning`), without any code of the
library: over one given request, or over all requests that are made of known *rows*. A row is a value of a subject
(action, resource, caller, condition key), and z3 is asked which of them the request has.

Are the rows enough? For texts z3's own solver for regular expressions finds them: every combination of the patterns
that policies of `random_policies` are made of, and a text for each (`combinations`). Numbers, dates and addresses are
cut by the values that occur. So what no row shows, no request shows: where there are no policy variables the answer is
exact. Variables tie two texts to each other; there, and where callers are concerned, the rows are some of all values:
a request that z3 finds is one, that it finds none means nothing.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any

import z3  # type: ignore[import-untyped]

from . import z3_engine
from .random_policies import (
    ACTIONS,
    ADDRESSES,
    ARNS,
    CALLERS,
    DATES,
    KINDS,
    NUMBERS,
    ONE,
    PLAIN,
    REQUESTED_RESOURCES,
    RESOURCES,
    TEXTS,
    TWO,
)

MULTIVALUED = [key for key, kind in KINDS.items() if kind == "texts"]
Test = Callable[..., bool]
Values = Mapping[str, Sequence[str]]
SINGLE_USE = ("action", "resource", "caller")  # what every request has one of


def expression(text: str, one: str = ".", ends: str = "") -> str:
    """A pattern as a regular expression; `ends` is what a star at its end stands for, where that is more."""
    found = [f"{one}*" if char == "*" else one if char == "?" else re.escape(char) for char in text]
    if ends and text.endswith("*"):
        found[-1] = ends
    return "".join(found)


@cache
def glob(text: str) -> re.Pattern[str]:
    return re.compile(expression(text), re.DOTALL)


@cache
def resource(text: str) -> re.Pattern[str]:
    """reference_policies_elements_resource.html: fields left out mean anything, a star at a field's end leaves it."""
    if text == "*":
        return glob(text)
    fields = text.split(":", 5)
    found = [expression(one, "[^:]", ".*") if at < 5 else expression(one) for at, one in enumerate(fields)]
    return re.compile(":".join([*found, *[".*"] * (6 - len(fields))]), re.DOTALL)


@cache
def arn(text: str) -> re.Pattern[str]:
    """reference_policies_elements_condition_operators.html#Conditions_ARN: six fields, each by itself."""
    fields = text.split(":", 5)
    found = [expression(one, "[^:]" if at < 5 else ".") for at, one in enumerate(fields)]
    return re.compile(":".join(found), re.DOTALL)


@cache
def amount(text: str) -> Fraction:
    return Fraction(text)


@cache
def moment(text: str) -> Fraction:
    if re.fullmatch(r"-?\d+(\.\d+)?", text):
        return Fraction(text)
    found = datetime.fromisoformat(text)
    return Fraction(int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()))


@cache
def held(operator: str, text: str, value: str) -> bool:
    """Whether a plain operator holds between a value of the policy and one of the request."""
    if operator in ("StringEquals", "StringEqualsIgnoreCase"):
        return text == value if operator == "StringEquals" else text.lower() == value.lower()
    if operator in ("StringLike", "ArnLike", "ArnEquals"):
        return bool((glob if operator == "StringLike" else arn)(text).fullmatch(value))
    if operator == "Bool":
        return text.lower() == value.lower()
    if operator == "IpAddress":
        return ipaddress.ip_address(value) in ipaddress.ip_network(text)
    read = amount if operator.startswith("Numeric") else moment
    found, wanted = read(value), read(text)
    return {
        "Equals": found == wanted,
        "LessThan": found < wanted,
        "LessThanEquals": found <= wanted,
        "GreaterThan": found > wanted,
        "GreaterThanEquals": found >= wanted,
    }[operator.removeprefix("Numeric").removeprefix("Date")]


def variable(text: str) -> tuple[str, str, str]:
    """What stands before, within and after the one `${...}` of a text."""
    before, _, rest = text.partition("${")
    key, _, after = rest.partition("}")
    return before, key.lower(), after


def literal(text: str) -> str:
    """A value of the request is text, its star no wildcard: as a character that patterns do not use."""
    return text.replace("*", "\ue001").replace("?", "\ue002")


@lru_cache(maxsize=1 << 18)
def filled(operator: str, text: str, value: str, subject: str) -> bool:
    """The same for a text with a variable that has this value; without operator the text is one of Resource."""
    before, _, after = variable(text)
    if operator == "StringEquals":
        return f"{before}{value}{after}" == subject
    make = glob if operator == "StringLike" else resource
    return bool(make(before + literal(value) + after).fullmatch(literal(subject)))


@cache
def of_caller(who: str) -> dict[str, str]:
    """The keys that follow from a caller: reference_policies_condition-keys.html, "Properties of the principal"."""
    if who == "*":
        return {"aws:principaltype": "Anonymous"}
    if not who.startswith("arn:"):
        return {"aws:principalisawsservice": "true"}
    account, (kind, _, name) = who.split(":")[4], who.split(":", 5)[5].partition("/")
    names = {"root": "Account", "user": "User", "federated-user": "FederatedUser"}
    role = f"arn:aws:iam::{account}:role/{name.partition('/')[0]}" if kind == "assumed-role" else who
    keys = {"aws:principalisawsservice": "false", "aws:principalaccount": account, "aws:principalarn": role}
    user = {"aws:username": name.rpartition("/")[2]} if kind == "user" else {}
    return {**keys, **user, "aws:principaltype": names.get(kind, "AssumedRole")}


def names(kind: str, entry: str, who: str) -> bool:
    """Whether an entry of Principal names the caller: reference_policies_elements_principal.html."""
    if kind == "Service" or entry == "*":
        return entry in ("*", who)
    keys = of_caller(who)
    account = keys.get("aws:principalaccount", "nobody's")
    return entry in (who, keys.get("aws:principalarn"), account, f"arn:aws:iam::{account}:root")


FOLLOWING = (*of_caller(f"arn:aws:iam::{ONE}:user/ana"),)


class Meaning:
    """What documents allow. `leaf` says whether a test is true of the values of one or two subjects.

    Subclasses say what a leaf is, and how truths combine.
    """

    follow: tuple[str, ...] = ()  # keys that are read off the caller

    def leaf(self, subjects: tuple[str, ...], test: Test, name: object) -> Any:
        raise NotImplementedError

    every: Callable[[Iterable[Any]], Any]
    some: Callable[[Iterable[Any]], Any]
    never: Callable[[Any], Any]

    def allowed(self, document: Mapping[str, Any]) -> Any:
        allows = [self.statement(one) for one in document["Statement"] if one["Effect"] == "Allow"]
        denies = [self.statement(one) for one in document["Statement"] if one["Effect"] == "Deny"]
        return self.every([self.some(allows), self.never(self.some(denies))])

    def statement(self, statement: Mapping[str, Any]) -> Any:
        found = [
            self._turned(name, [make(text) for text in many(statement[name])])
            for element, make in (("Action", self.action), ("Resource", self.resource))
            for name in (element, f"Not{element}")
            if name in statement
        ]
        if "Principal" in statement:
            entries = [(kind, text) for kind, texts in statement["Principal"].items() for text in many(texts)]
            found.append(self.some([self.principal(*entry) for entry in entries]))
        for operator, block in statement.get("Condition", {}).items():
            found += [self.condition(operator, key.lower(), many(texts)) for key, texts in block.items()]
        return self.every(found)

    def _turned(self, name: str, found: list[Any]) -> Any:
        return self.never(self.some(found)) if name.startswith("Not") else self.some(found)

    def action(self, text: str) -> Any:
        return self.leaf(("action",), lambda value: bool(glob(text.lower()).fullmatch(value.lower())), text)

    def principal(self, kind: str, entry: str) -> Any:
        return self.leaf(("caller",), lambda who: names(kind, entry, who), (kind, entry))

    def resource(self, text: str) -> Any:
        if "${" in text:
            return self.pair("resource", variable(text)[1], lambda value, tied: filled("", text, tied, value), text)
        return self.leaf(("resource",), lambda value: bool(resource(text).fullmatch(value)), text)

    def key(self, key: str, test: Test, name: object) -> Any:
        """Whether a value of a condition key passes."""
        if key not in self.follow:
            return self.leaf((key,), test, name)
        return self.leaf(("caller",), lambda who: key in of_caller(who) and test(of_caller(who)[key]), (key, name))

    def pair(self, first: str, second: str, test: Test, name: object) -> Any:
        if second not in self.follow:
            return self.leaf((first, second), test, name)
        known = lambda value, who: second in of_caller(who) and test(value, of_caller(who)[second])  # noqa: E731
        return self.leaf((first, "caller"), known, (second, name))

    def condition(self, operator: str, key: str, texts: Sequence[str]) -> Any:
        qualifier, _, name = operator.rpartition(":")
        optional, name = name.endswith("IfExists"), name.removesuffix("IfExists")
        many_ = key in MULTIVALUED  # there an empty text is no value
        there = self.key(key, lambda value: bool(value) or not many_, many_)
        if name == "Null":
            return self.some([there if text == "false" else self.never(there) for text in texts])
        negated, name = "Not" in name, name.replace("Not", "", 1)
        if qualifier:
            return self._of_set(qualifier, key, name, negated, texts)
        found = self.some([self._compared(name, key, text) for text in texts])
        if negated:
            return self.never(found)
        return self.some([found, self.never(there)]) if optional else found

    def _compared(self, name: str, key: str, text: str) -> Any:
        if "${" in text:
            return self.pair(key, variable(text)[1], lambda value, tied: filled(name, text, tied, value), (name, text))
        return self.key(key, lambda value: held(name, text, value), (name, text))

    def _of_set(self, qualifier: str, key: str, name: str, negated: bool, texts: Sequence[str]) -> Any:
        """An empty text counts as no value: reference_policies_condition-single-vs-multi-valued-context-keys.html."""
        wanted = negated is (qualifier == "ForAllValues")

        def telling(value: str) -> bool:
            return bool(value) and any(held(name, text, value) for text in texts) is wanted

        found = self.key(key, telling, (qualifier, name, negated, tuple(texts)))
        return self.never(found) if qualifier == "ForAllValues" else found


def many(texts: Any) -> Sequence[str]:
    return [texts] if isinstance(texts, str) else texts


class OneRequest(Meaning):
    """The meaning over one request."""

    every, some, never = staticmethod(all), staticmethod(any), staticmethod(lambda found: not found)

    def __init__(self, values: Values, follow: tuple[str, ...] = ()) -> None:
        self.values, self.follow = values, follow

    def leaf(self, subjects: tuple[str, ...], test: Test, name: object) -> bool:
        if len(subjects) == 1:
            return any(map(test, self.values.get(subjects[0], ())))
        first, second = (self.values.get(subject, ()) for subject in subjects)
        return any(test(one, other) for one in first for other in second)


def values(action: str, where: str, context: Mapping[str, Any], who: str = "") -> Values:
    """A request as values of its subjects."""
    return {**{key.lower(): many(value) for key, value in context.items()}, "action": [action], "resource": [where],
            "caller": [who]}  # fmt: skip


class Rows(Meaning):
    """The meaning over all requests that are made of rows, as z3's propositions: one for each row of each subject."""

    every, some, never = staticmethod(z3.And), staticmethod(z3.Or), staticmethod(z3.Not)

    def __init__(self, rows: Mapping[str, Sequence[str]], multivalued: Iterable[str], follow: tuple[str, ...]) -> None:
        self.rows, self.follow = rows, follow
        self.has = {name: [z3.Bool(f"{name} is {text!r}") for text in texts] for name, texts in rows.items()}
        self.declared = {name: [one.decl().ast for one in row] for name, row in self.has.items()}
        self.leaves: dict[Any, Any] = {}
        self.solver = z3.SolverFor("QF_FD")
        for name, row in self.has.items():
            if name not in multivalued:
                self.solver.add(z3.AtMost(*row, 1))
            if name in SINGLE_USE:
                self.solver.add(z3.Or(row))
        if follow:  # strangers and services bring nothing of a principal
            callers = zip(self.has["caller"], rows["caller"], strict=True)
            nobody = z3.Or([one for one, who in callers if who[:4] != "arn:"])
            brought = [one for key, row in self.has.items() if key.startswith("aws:principal") for one in row]
            self.solver.add(z3.Implies(nobody, z3.Not(z3.Or(brought))))

    def statement(self, statement: Mapping[str, Any]) -> Any:
        return _kept(self, json.dumps(statement))  # a changed policy has most of its statements in common

    def leaf(self, subjects: tuple[str, ...], test: Test, name: object) -> Any:
        found = self.leaves.get((subjects, name))
        if found is None:
            found = self.leaves[subjects, name] = z3.Or(self._true(subjects, test))
        return found

    def _true(self, subjects: tuple[str, ...], test: Test) -> list[Any]:
        first, *others = (list(zip(self.has[name], self.rows[name], strict=True)) for name in subjects)
        if not others:
            return [row for row, text in first if test(text)]
        return [z3.And(row, other) for row, text in first for other, tied in others[0] if test(text, tied)]

    def find(self, *formulas: Any) -> dict[str, list[str]] | None:
        """A request for which they hold, None if there is none among the rows."""
        self.solver.push()
        self.solver.add(*formulas)
        answer = self.solver.check()
        found = None
        if answer == z3.sat:
            model = self.solver.model()
            found = {
                name: [text for row, text in zip(rows, self.rows[name], strict=True) if _true(model, row)]
                for name, rows in self.declared.items()
            }
        self.solver.pop()
        assert answer != z3.unknown, "z3 does not know"
        return found


def _true(model: Any, declared: Any) -> bool:
    """Whether a proposition is true in the model; z3's own way to say it takes ten times as long."""
    context = model.ctx.ref()
    known = z3.Z3_model_get_const_interp(context, model.model, declared)
    return bool(known) and z3.Z3_get_bool_value(context, known) == z3.Z3_L_TRUE


@lru_cache(maxsize=64)
def _kept(rows: Rows, statement: str) -> Any:
    return Meaning.statement(rows, json.loads(statement))


def combinations(shape: Any, patterns: Iterable[Any]) -> list[str]:
    """A text of the shape for every combination of matching and not matching the patterns that there is."""
    text = z3.String("text")
    found = [(shape, "")]
    for pattern in patterns:
        halves = [z3.Intersect(region, side) for region, _ in found for side in (pattern, z3.Complement(pattern))]
        found = []
        for half in halves:
            solver = z3.Solver()
            solver.add(z3.InRe(text, half))
            answer = solver.check()
            assert answer != z3.unknown, "z3 cannot tell whether texts combine like this"
            if answer == z3.sat:
                found.append((half, _unescaped(solver.model()[text].as_string())))
    return [one for _, one in found]


def _unescaped(text: str) -> str:
    return re.sub(r"\\u\{(\w+)\}", lambda match: chr(int(match[1], 16)), text)


def cuts(points: Iterable[Fraction]) -> list[str]:
    """The points, what lies between two of them, and what lies outside."""
    ends = sorted(set(points))
    between = [(low + high) / 2 for low, high in pairwise(ends)]
    return [str(float(one)) for one in (ends[0] - 1, *ends, *between, ends[-1] + 1)]


def addresses() -> list[str]:
    networks = [ipaddress.ip_network(text) for text in ADDRESSES]
    ends = {int(end) + step for one in networks for end in (one[0], one[-1]) for step in (-1, 0, 1)}
    return [*(str(ipaddress.IPv4Address(end)) for end in sorted(ends) if 0 <= end < 2**32), "2001:db8::1"]


@cache
def of_identities() -> Rows:
    """All rows of the policies of an identity."""
    any_case = [z3_engine.any_case(text) for text in PLAIN]
    plain = [z3.Re(text) for text in dict.fromkeys([*TEXTS, *PLAIN])]
    texts = combinations(z3_engine.ANY, [*map(z3_engine.glob, TEXTS), *plain, *any_case])
    actions = [z3_engine.glob(text.lower()) for text in ACTIONS]
    resources = combinations(z3.Union(z3.Re("*"), z3_engine.ARN), map(z3_engine.resource_glob, RESOURCES))
    for text in dict.fromkeys([*texts, *PLAIN]):
        resources += [f"arn:aws:s3:::{text}", f"arn:aws:s3:::a/{text}/k", f"arn:aws:s3:::{text}x"]
    found: dict[str, list[str]] = {
        "action": combinations(z3.Concat(z3_engine.SOME, z3.Re(":"), z3_engine.SOME), actions),
        "resource": [one for one in resources if one != "arn:aws:s3:::"] + REQUESTED_RESOURCES,
    }
    others: dict[str, Callable[[], list[str]]] = {
        "bool": lambda: ["true", "false"],
        "ip": addresses,
        "number": lambda: cuts(map(amount, NUMBERS)),
        "date": lambda: cuts(map(moment, DATES)),
        "arn": lambda: combinations(z3_engine.ARN, map(z3_engine.arn_glob, ARNS)),
    }
    for key, kind in KINDS.items():
        found[key] = others[kind]() if kind in others else [*texts, *PLAIN, *TEXTS, "b*", "xy"]
    return Rows({name: list(dict.fromkeys(one)) for name, one in found.items()}, MULTIVALUED, ())


@cache
def of_resources() -> Rows:
    """Some rows of the policies of a bucket."""
    callers = [*CALLERS, f"arn:aws:iam::{TWO}:root", "arn:aws:iam::999999999999:user/x", f"arn:aws:iam::{ONE}:role/x"]
    found = {
        "caller": callers,
        "action": ["s3:GetObject", "s3:PutObject", "ec2:RunInstances"],
        "resource": ["*", *(f"arn:aws:s3:::{name}" for name in ("a/ana", "a/bob", "a/x", "b"))],
        "aws:principalorgid": ["o-1", "o-2"],
        "aws:principaltag/team": ["ana", "bob", "x"],
    }
    return Rows(found, [], FOLLOWING)
