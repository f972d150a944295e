"""The questions to one principal's rights.

A condition that the facts do not settle counts as met: whoever escalates chooses what a request says. What the target
is (its tags, its boundary, the service that a role is passed to) is not for the caller to choose, and is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from lychgate.reasoning.iam import Facts, Grant, TooComplexError

from . import ways
from .records import Principal, Step, StepKind, Workload
from .ways import Way

_TAG_KEYS = (
    "aws:resourcetag/",
    "iam:resourcetag/",
    "ssm:resourcetag/",
    "ec2:resourcetag/",
    "secretsmanager:resourcetag/",
)
# Keys that only requests of these actions have; elsewhere a condition on them finds the key absent.
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
_TAKEN_BY: dict[str, Callable[[str], bool]] = {
    "iam:PassedToService": lambda action: action == "iam:PassRole",
    "iam:PolicyARN": lambda action: action.startswith(("iam:Attach", "iam:Detach")),
    "iam:PermissionsBoundary": lambda action: action in ways.BOUNDED,
}


@dataclass(slots=True)
class Found:
    """What a principal can do in one step, and why there may be more."""

    steps: list[Step] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


class Asking:
    """The questions to one principal's rights."""

    def __init__(self, who: Principal, found: Found) -> None:
        self.who = who
        self.found = found
        self.tag_keys = {
            condition.key.lower()
            for prepared in who.rights.prepared
            for statement in prepared.policy.statements
            for condition in statement.conditions
            if condition.key.lower().startswith(_TAG_KEYS)
        }

    def mentions(self, way: Way) -> bool:
        """Whether its policies speak of the way at all: nearly always they do not, and this is fast."""
        return all(map(self.who.rights.mentions, way.actions))

    def granted(self, action: str, resource: str | list[str], facts: Facts) -> Grant | None:
        """A grant of the action on any of the resources; None where there is none."""
        return next(iter(self.all_granted(action, resource, facts)), None)

    def request(self, action: str, facts: Facts) -> Facts:
        """What is known of a request: of its caller, of what it is about, and which keys it does not have."""
        absent = {key: None for key, taking in _TAKEN_BY.items() if not taking(action)}
        return {**self.who.facts, **facts, **absent}

    def all_granted(self, action: str, resource: str | list[str], facts: Facts) -> list[Grant]:
        """The grants of the action on any of the resources; too large a question is a doubt."""
        try:
            return self.who.rights.granted(action, resource, self.request(action, facts))
        except TooComplexError as error:
            self.found.doubts.append(f"whether {self.who.name} may {action} is too large a question: {error}")
            return []

    def way(self, way: Way, resource: str | list[str], facts: Facts) -> tuple[Grant, ...] | None:
        """A grant for each action of the way on the resource; None where one is missing."""
        grants = []
        for action in way.actions:
            grant = self.granted(action, resource, facts)
            if grant is None:
                return None
            grants.append(grant)
        return tuple(grants)

    def places(self, actions: Sequence[str], asked: str, facts: Facts) -> Iterator[str]:
        """Resources, among those asked about, on each of which all the actions may be granted."""
        first, *others = actions
        for grant in self.all_granted(first, asked, facts):
            if not others:
                yield grant.resource
            elif grant.statement.not_resource or grant.variables:
                yield from self.places(others, asked, facts)
                yield from self.places(others, grant.resource, facts)
            else:
                narrower = asked if grant.resource_pattern == "*" else grant.resource_pattern
                yield from self.places(others, narrower, facts)

    def about(self, target: Principal | Workload | None, boundary: str = "") -> dict[str, str | None]:
        """What is known of a target: its tags as far as conditions speak of them, and its boundary. Whoever may tag it
        chooses its tags; what nobody named has none."""
        facts: dict[str, str | None] = {"iam:PermissionsBoundary": boundary or None}
        tags = {} if target is None else target.tags
        if tags is not None and self.tag_keys and (target is None or self.tagging(target) is None):
            facts |= {key: tags.get(key.partition("/")[2]) for key in self.tag_keys}
        return facts

    def tagging(self, target: Principal | Workload) -> Grant | None:
        """How it may tag a target, by no condition on the tags that the target has."""
        action = ways.TAGGING.get(target.kind)
        if action is None or not self.who.rights.mentions(action):
            return None
        tags = target.tags or {}
        return self.granted(action, target.arn, {key: tags.get(key.partition("/")[2]) for key in self.tag_keys})

    def same_account(self, target: Principal) -> bool:
        """Whether the API of the target's account can be called: accounts that nobody tells are taken for one."""
        return not (self.who.account and target.account and self.who.account != target.account)

    def step(
        self, target: Principal | None, kind: StepKind, way: Way, grants: Iterable[Grant], on: Workload | None = None
    ) -> Step:
        """A step, with the grant by which it sets the tags that conditions ask for, where it has to."""
        grants = tuple(grants)
        tagged = on or target
        if tagged is not None and any(one.key.startswith(_TAG_KEYS) for grant in grants for one in grant.conditions):
            tags = self.tagging(tagged)
            grants = grants if tags is None else (tags, *grants)
        return Step(self.who, target, kind, way, grants)
