"""The callers that matter to some resource policies: everyone named, and one of each kind that is not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product

from .atoms import atoms
from .conditions import UndecidedError
from .domains import CALLERS, base, text_pattern
from .evaluation import implied_keys
from .language import Condition, Principals, Statement
from .patterns import Pattern, arn_tokens, equal_pattern, simple_pattern
from .principals import Caller, Named, account_of, caller, excluded, listed_facets, named
from .templates import pieces, variables_of

STRANGER = "999999999999"  # an account that nobody names, unless somebody does
IMPLIED = (
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalisawsservice",
    "aws:principaltype",
    "aws:username",
)


@dataclass(slots=True)
class Callers:
    """The callers, in the order in which they make good examples, and the keys that follow from each."""

    who: list[Caller]
    keys: list[dict[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.keys = [implied_keys(one) for one in self.who]

    @property
    def full(self) -> int:
        """All of them."""
        return (1 << len(self.who)) - 1

    def meant(self, principals: Principals) -> tuple[int, list[tuple[int, tuple[bool, ...]]]]:
        """Those that the element is about, as a mask; those for whom it is undecided, with what of them is listed."""
        sure = 0
        doubtful: list[tuple[int, tuple[bool, ...]]] = []
        for at, one in enumerate(self.who):
            try:
                if principals.excluded:
                    means = not excluded(principals, one, False)
                else:
                    means = named(principals, one) is not Named.NOT
            except UndecidedError:
                doubtful.append((at, listed_facets(principals, one)))
                continue
            sure |= means << at
        return sure, doubtful


def callers_of(statements: Sequence[Statement]) -> Callers | None:
    """The callers to tell apart; None where no statement names a principal: it is one identity's policies then."""
    elements = [statement.principals for statement in statements if statement.principals is not None]
    if not elements:
        return None
    entries = dict.fromkeys(entry for element in elements for entry in element.entries)
    conditions = [condition for statement in statements for condition in statement.conditions]
    found = [caller("*")]
    inside = map(caller, atoms(tuple(_patterns(entries, conditions)), CALLERS).values())
    found += sorted(inside, key=lambda one: one.account != STRANGER)
    found += (caller(value) for kind, value in entries if kind == "AWS" and ":sts:" in value)
    found += (caller(value) for kind, value in entries if kind in ("Service", "Federated") and value != "*")
    found += (Caller(value, "other") for kind, value in entries if kind == "CanonicalUser")
    found.append(caller(_unnamed(entries, "Service", "ec2.amazonaws.com", "x.amazonaws.com")))
    provider = f"arn:aws:iam::{STRANGER}:oidc-provider/example.com"
    if any(kind == "Federated" for kind, _ in entries):
        found.append(caller(_unnamed(entries, "Federated", "accounts.google.com", provider)))
    return Callers(list(dict.fromkeys(found)))


def _unnamed(entries: Iterable[tuple[str, str]], kind: str, usual: str, other: str) -> str:
    return other if (kind, usual) in entries else usual


def _patterns(entries: Iterable[tuple[str, str]], conditions: Iterable[Condition]) -> Iterable[Pattern]:
    """What tells the ARNs of users, roles and roots apart: account, who is named, what aws:PrincipalArn is held to."""
    accounts = {caller(value).account for kind, value in entries if kind == "AWS" and value != "*"} - {""}
    for condition in conditions:
        parts = [pieces(text, True) for text in condition.values]
        if condition.key == "aws:principalaccount":
            yield from filter(None, (arn_tokens(pieces(f"arn:*:*::{text}:*", True)) for text in condition.values))
        elif condition.key == "aws:username":
            for text, path in product(condition.values, ("", "*/")):
                yield simple_pattern(
                    pieces(f"arn:*:iam::*:user/{path}{text}", True), "IgnoreCase" in condition.operator
                )
        elif condition.key == "aws:principalarn" and condition.operator != "Null":
            for template in parts:
                pattern = None if variables_of(template) else text_pattern(base(condition), template)
                if pattern is not None:
                    yield pattern
    for kind in (":root", ":user/", ":role/", ":federated-user/"):
        yield simple_pattern(pieces(f"*{kind}*", False))
    for account in sorted({*accounts, STRANGER}):
        yield simple_pattern(pieces(f"arn:*:*::{account}:*", False))
    for kind, value in entries:
        if kind == "AWS" and value != "*" and not account_of(value) and ":iam:" in value:
            yield equal_pattern(value)
