"""Which statements of some policies grant any of these actions on any of these resources, and under what conditions.

The question that rules ask. A grant with conditions is still a grant; a Deny takes a grant away only where it applies
for certain: without conditions, or with conditions that the given facts settle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from . import catalogue
from .conditions import Context, UndecidedError, holds
from .language import Condition, Policy, Principals, Statement
from .matching import Language, actions_language, resources_language
from .patterns import resource_tokens, simple_pattern
from .pins import Requirement, is_pinned
from .principals import Caller, Named, caller, excluded, named
from .search import EVERYTHING, WHOLE, Box, Region, Side, Texts, escape, within
from .templates import Piece, fill, pieces, variables_in, variables_of

Facts = Mapping[str, str | Sequence[str] | None]
_TRIED = 100  # actions of the catalogue that are tried for a witness
Entry = tuple[str, str] | None  # a principal of a resource policy, or None: whoever carries the identity policy


@dataclass(frozen=True, slots=True)
class Grant:
    """An Allow statement that may allow one of the actions asked about.

    `action` and `resource` are a witness: they are allowed if the conditions hold. `action_pattern` and
    `resource_pattern` are the entries of the statement that say so. `conditions` are those of the statement that the
    facts do not settle. `principals` are the entries of a resource policy that keep the access, empty for an identity
    policy. `requirements` is all that a request has to meet, also what a Deny demands; `pinned` reads it.
    """

    policy: str
    statement: Statement
    asked: str
    action: str
    resource: str
    action_pattern: str
    resource_pattern: str
    principals: tuple[str, ...]
    conditions: tuple[Condition, ...]
    requirements: tuple[Requirement, ...]

    @property
    def name(self) -> str:
        """The statement's Sid or number."""
        return self.statement.name

    @property
    def unconditional(self) -> bool:
        """Whether nothing restricts it: no open condition and no Deny that may apply to all of it."""
        return not self.conditions and not any(requirement.denied for requirement in self.requirements)

    @property
    def variables(self) -> tuple[str, ...]:
        """The keys whose values are part of the granted resource (`arn:aws:s3:::b/${aws:PrincipalTag/tenant}/*`)."""
        parts = pieces(self.resource_pattern, self.statement.variables)
        return tuple(variable.key for variable in variables_of(parts))

    def pinned(self, key: str, accepted: str | Iterable[str] | None = None) -> bool:
        """Whether no request gets through unless the key has one of the accepted values (texts as in StringLike).

        `pinned("aws:PrincipalTag/tenant", "${aws:ResourceTag/tenant}")`, `pinned("sts:ExternalId")`. IfExists,
        negated operators, ForAllValues and Null alone pin nothing; `pins` tells the rules.
        """
        return is_pinned(self.requirements, key, accepted)


def grants(
    policies: Iterable[Policy],
    actions: str | Iterable[str],
    resource: str | Iterable[str] = "*",
    facts: Facts | None = None,
    principal: str | None = None,
) -> list[Grant]:
    """The Allow statements that may allow any of `actions` on any resource that `resource` matches, per action asked.

    `actions` and `resource` may have wildcards: any action, any resource among them. `facts` are keys of the request
    whose value is known, None for a key known to be absent; a condition on another key stays open. `principal` asks
    for one caller (see `Request.principal`): `policies` are then its identity policies and the resource's policy
    together. Without it, whoever a resource policy names is told in `Grant.principals`, and a Deny counts where it
    covers them.

    Raises TooComplexError when the patterns are too many to combine.
    """
    asked = [actions] if isinstance(actions, str) else list(actions)
    resources = [resource] if isinstance(resource, str) else list(resource)
    question = _Question(list(policies), facts or {}, None if principal is None else caller(principal))
    where = Language(simple_pattern(pieces(text, False)) for text in resources)
    return [
        grant
        for policy in question.policies
        for statement in policy.statements
        if statement.effect == "Allow"
        for grant in question.grants(policy, statement, asked, where)
    ]


def left_open(statement: Statement, facts: Facts) -> list[Condition] | None:
    """The conditions of a statement that the facts do not settle; None where they settle that one does not hold."""
    return _Question([], facts, None).open(statement)


class _Question:
    """What is the same for every statement: the policies, the facts, the caller."""

    def __init__(self, policies: list[Policy], facts: Facts, who: Caller | None) -> None:
        self.policies = policies
        self.who = who
        self.known = {key.lower() for key in facts}
        self.context = Context({key: value for key, value in facts.items() if value is not None})
        denies = [deny for policy in policies for deny in policy.statements if deny.effect == "Deny"]
        opens = [(deny, self.open(deny)) for deny in denies]
        self.denies = [(deny, open_, self.box(deny, True)) for deny, open_ in opens if open_ is not None]

    def grants(self, policy: Policy, allow: Statement, asked: Iterable[str], where: Language) -> Iterable[Grant]:
        open_ = self.open(allow)
        if open_ is None:
            return
        everywhere = within((WHOLE, WHOLE.within(Side(where))), self.box(allow, False))
        if everywhere is None:
            return
        for action in asked:
            region = within(everywhere, (Side(actions_language((action,))), EVERYTHING))
            found = None if region is None else self.grant(policy, allow, action, region, open_)
            if found is not None:
                yield found

    def grant(
        self, policy: Policy, allow: Statement, asked: str, region: Region, open_: Sequence[Condition]
    ) -> Grant | None:
        kept = {}
        for entry in self.entries(allow):
            sure = [box for deny, left, box in self.denies if not left and self.covers(deny, entry)]
            rest = escape(region, sure)
            if rest is not None:
                kept[entry] = rest, sure
        if not kept:
            return None
        action, resource = _witness(next(iter(kept.values()))[0])
        own = (Requirement(condition, allow.variables) for condition in allow.conditions)
        demanded = self.demands(region, {entry: sure for entry, (_, sure) in kept.items()})
        return Grant(
            policy=policy.label,
            statement=allow,
            asked=asked,
            action=action,
            resource=resource,
            action_pattern=_entry_of(
                allow.actions, allow.not_action, lambda text: actions_language((text,)), action.lower()
            ),
            resource_pattern=_entry_of(
                allow.resources or ("*",), allow.not_resource, lambda text: self.upper((text,), allow), resource
            ),
            principals=tuple(_show_entry(entry, allow) for entry in kept if entry is not None),
            conditions=tuple(open_),
            requirements=(*own, *demanded),
        )

    def settle(self, condition: Condition, variables: bool) -> bool | None:
        """What the facts say of the condition; None if they do not say."""
        used = {one.key for text in condition.values for one in variables_in(text, variables)}
        if not {condition.key, *used} <= self.known:
            return None
        try:
            return holds(condition, self.context, variables)
        except UndecidedError:
            return None

    def open(self, statement: Statement) -> list[Condition] | None:
        """The conditions that stay open; None if one is known not to hold."""
        found = [(condition, self.settle(condition, statement.variables)) for condition in statement.conditions]
        if any(truth is False for _, truth in found):
            return None
        return [condition for condition, truth in found if truth is None]

    def entries(self, allow: Statement) -> list[Entry]:
        """The principals of the statement that the question is about."""
        if allow.principals is None:
            return [None]
        if self.who is None:
            return [("Not", "*")] if allow.principals.excluded else list(allow.principals.entries)
        try:
            if allow.principals.excluded:
                return [] if excluded(allow.principals, self.who, False) else [("Not", "*")]
        except UndecidedError:
            return [("Not", "*")]
        return [pair for pair in allow.principals.entries if named(Principals((pair,)), self.who) is not Named.NOT]

    def covers(self, deny: Statement, entry: Entry) -> bool:
        """Whether the Deny is about everyone that the entry stands for, for certain."""
        if deny.principals is None:
            return entry is None or self.who is not None
        if self.who is not None:
            try:
                if deny.principals.excluded:
                    return not excluded(deny.principals, self.who, False)
            except UndecidedError:
                return False
            return named(deny.principals, self.who) is not Named.NOT
        if deny.principals.excluded:
            return entry is not None and _clear_of(entry, deny.principals)
        return any(_stands_for(pair, entry) for pair in deny.principals.entries)

    def demands(self, region: Region, entries: Mapping[Entry, list[Box]]) -> Iterable[Requirement]:
        """What the Denies demand that have one open condition and are about all that is left of the grant."""
        for deny, open_, box in self.denies:
            if len(open_) != 1 or not all(self.covers(deny, entry) for entry in entries):
                continue
            if within(region, box) is not None and all(
                escape(region, [box, *sure]) is None for sure in entries.values()
            ):
                yield Requirement(open_[0], deny.variables, denied=True)

    def box(self, statement: Statement, sure: bool) -> Box:
        """Actions and resources of a statement: with `sure` what it means at least, else what it means at most."""
        action = Side(actions_language(statement.actions), statement.not_action)
        if statement.resources is None:
            return action, EVERYTHING
        bound = self.lower if sure is not statement.not_resource else self.upper
        return action, Side(bound(statement.resources, statement), statement.not_resource)

    def upper(self, resources: tuple[str, ...], statement: Statement) -> Language:
        if not self.tied(resources, statement):
            return resources_language(resources)
        filled = self.filled(resources, statement)
        # the value of a variable can be any text, also one that shifts the fields of the ARN
        return Language(simple_pattern(parts) if variables_of(parts) else resource_tokens(parts) for parts in filled)

    def lower(self, resources: tuple[str, ...], statement: Statement) -> Language:
        """Without the entries whose variables the facts do not tell."""
        if not self.tied(resources, statement):
            return resources_language(resources)
        filled = self.filled(resources, statement)
        return Language(resource_tokens(parts) for parts in filled if not variables_of(parts))

    def tied(self, resources: tuple[str, ...], statement: Statement) -> bool:
        return any(variables_in(text, statement.variables) for text in resources)

    def filled(self, resources: tuple[str, ...], statement: Statement) -> Iterable[tuple[Piece, ...]]:
        for text in resources:
            parts = pieces(text, statement.variables)
            if all(one.key in self.known for one in variables_of(parts)):
                known = fill(parts, self.context.single)
                if known is not None:
                    yield known
                elif statement.effect == "Deny" and statement.not_resource:
                    yield parts  # undecided for an absent key: the Deny is not counted on
            else:
                yield parts


def _stands_for(pair: tuple[str, str], entry: Entry) -> bool:
    """Whether an entry of a Deny's Principal is about everyone that an entry of an Allow's Principal is about."""
    if pair == ("AWS", "*"):
        return True
    if entry is None or entry == ("Not", "*"):
        return False
    if pair == entry or (pair[1] == "*" and pair[0] == entry[0]):
        return True
    if entry[0] != "AWS" or entry[1] == "*":
        return False
    return named(Principals((pair,)), caller(entry[1])) is not Named.NOT


def _clear_of(entry: tuple[str, str], exempt: Principals) -> bool:
    """Whether a NotPrincipal list has nothing to do with an entry of an Allow's Principal."""
    kind, value = entry
    same_kind = [other for kind_, other in exempt.entries if kind_ == kind]
    if value == "*" or "*" in same_kind:
        return False
    if kind in ("Service", "Federated"):
        return value not in same_kind
    own = caller(value).account
    return kind == "AWS" and bool(own) and all(caller(other).account not in ("", own) for other in same_kind)


def _show_entry(entry: tuple[str, str], allow: Statement) -> str:
    if entry != ("Not", "*") or allow.principals is None:
        return f"{entry[0]}:{entry[1]}"
    return "everyone but " + ", ".join(f"{kind}:{value}" for kind, value in allow.principals.entries)


def _entry_of(entries: tuple[str, ...], negated: bool, meant: Callable[[str], Language], text: str) -> str:
    """The entry of the statement that the witness comes from, as it was written."""
    if negated:
        return "everything but " + ", ".join(entries)
    return next(entry for entry in entries if meant(entry).matches(text))


@lru_cache(maxsize=4096)
def _real(actions: Texts) -> tuple[catalogue.Action, ...]:
    return tuple(islice(catalogue.actions_in(actions.inside, actions.outside), _TRIED))


def _witness(region: Region) -> tuple[str, str]:
    """An action and a resource of the region: real ones, where an action of the catalogue works on such resources."""
    actions, resources = region
    plain = resources.witness() or ""
    first = ""
    for action in _real(actions):
        first = first or action.name
        for shape in catalogue.shapes(action.name):
            text = resources.within(Side(Language([shape]))).witness()
            if text is not None and catalogue.fits(text, shape):
                return action.name, text
    return first or actions.witness() or "", plain
