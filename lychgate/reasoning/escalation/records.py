"""What the graph is made of: who acts, what acts for whom, and a step from one to another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from lychgate.reasoning.iam import Facts, Grant, Policy
from lychgate.reasoning.iam.rights import Prepared, Rights

from .ways import Way

PrincipalKind = Literal["role", "user", "group"]
StepKind = Literal["become", "write", "attach", "unbind", "tag", "join", "administrate"]


@dataclass(frozen=True, slots=True, eq=False)
class Principal:
    """A role or user with all it has, or a group with its own policies.

    `key` tells it from all others; `name` is for sentences: `role payments`. `rights` are its identity policies (a
    user's groups' among them) within its boundary. `facts` are the keys of its requests whose value is known. `trust`
    is a role's trust policy, None where it cannot be read. `attached` are the ARNs of its customer managed policies,
    `groups` those of a user's groups. `tags` is what conditions on the target's tags are held against, keys in lower
    case; None where they are not known. `profiled`: whether an instance profile holds the role. `unread` says why it
    may be allowed more than `rights` says (a policy that cannot be read), `unsure` why less (a boundary that cannot
    be read); both are empty where all is known. An `arn` that is empty is not known, so nothing can be done to it by
    name. `changes` are what `with_rights` has made of it.
    """

    key: str
    name: str
    kind: PrincipalKind
    arn: str
    account: str
    rights: Rights
    facts: Facts = field(default_factory=dict)
    trust: Policy | None = None
    attached: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    boundary: str = ""
    tags: Mapping[str, str] | None = field(default_factory=dict)
    region: str = ""
    profiled: bool = True
    unread: str = ""
    unsure: str = ""
    changes: frozenset[str] = frozenset()

    @property
    def unchanged(self) -> str:
        """The key of what it was made from by `with_rights`."""
        return self.key.removesuffix(_told(self.changes))

    @property
    def tag_facts(self) -> list[str]:
        """The keys of its requests that come from its tags."""
        return [key for key in self.facts if key.lower().startswith("aws:principaltag/")]

    def with_rights(self, what: str, rights: Rights, **more: Any) -> Principal:
        """The same, with other rights: `what` says which, such as `with all that its boundary allows`.

        In whatever order these come, the same ones make the same principal.
        """
        changes = self.changes | {what}
        base = self.unchanged, self.name.removesuffix(_told(self.changes))
        told = _told(changes)
        return replace(self, key=base[0] + told, name=base[1] + told, rights=rights, changes=changes, **more)


def _told(changes: frozenset[str]) -> str:
    return "".join(f" {what}" for what in sorted(changes))


@dataclass(frozen=True, slots=True)
class Workload:
    """Something that acts as a principal, or keeps its credentials: whoever takes it over acts so too.

    `kind` is one that the ways of `TAKING` name. `arn` is its ARN; a pattern where the name is made at run time
    (the tasks of a service). `holds` is the key of the principal; None where that is not known. `policies` are those
    that stand on it.
    """

    name: str
    kind: str
    arn: str
    holds: str | None
    tags: Mapping[str, str] | None = field(default_factory=dict)
    policies: tuple[Prepared, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One step: the principal `source` does `way` to the principal `target`; `grants` allow it, one for each action.

    `extra` is the managed policy of an `attach`. The resource of the last grant is what it is done to. Without a target
    it leads to every right of the source's account.
    """

    source: Principal
    target: Principal | None
    kind: StepKind
    way: Way
    grants: tuple[Grant, ...]
    extra: str = ""

    @property
    def through(self) -> str:
        """Which statements allow it, in words."""
        named = dict.fromkeys(f"{one.name} of {one.policy}" for one in self.grants)
        return " and ".join(named)

    def __str__(self) -> str:
        actions = " and ".join(dict.fromkeys(one.action for one in self.grants))
        if self.kind == "administrate":
            where = f"any {self.way.on} of the account" if self.way.on else "whatever there is"
            return f"{self.source.name} may {actions} on {where}, through {self.through}"
        resource = self.grants[-1].resource
        aim = "get every right of the account" if self.target is None else f"{_AIMS[self.kind]} {self.target.name}"
        return f"{self.source.name} may {actions} on {resource}, through {self.through}, and so {aim}"


_AIMS: dict[StepKind, str] = {
    "become": "act as",
    "write": "give any right to",
    "attach": "give more rights to",
    "unbind": "take the boundary off",
    "tag": "give any tags to",
    "join": "put a user into",
    "administrate": "administrate",
}
