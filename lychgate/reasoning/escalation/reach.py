"""Where a principal gets to in the end, by how few steps: forward from what it has, until nothing new is reached.

Two things can be needed for one: a role that may be written to is of use to who can also become it. So this is not a
walk along edges only: what has been written, unbound or joined is kept, and what follows from two things is reached
when both are there. https://en.wikipedia.org/wiki/Horn-satisfiability is the general case, forward chaining its answer.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from itertools import count
from typing import TypeVar

from lychgate.reasoning.iam.rights import Prepared, Rights

from .moves import Moves
from .records import Principal, Step

Chain = tuple[Step, ...]
Key = TypeVar("Key")
_ALL = "with all that its boundary allows"
_MOST = 10_000  # principals that are followed from one: groups and policies can be combined in many ways
_ADMINISTRATOR = "administrator of "


class Reach:
    """All that one principal reaches.

    `chains` has the shortest chain of steps found to each principal by its key, the empty one to itself.
    `administrators` has those to every right of an account by the account (empty: not known), nearest first. `doubts`
    say why there may be more.
    """

    def __init__(self, moves: Moves, start: Principal) -> None:
        self.moves = moves
        self.start = start
        self.principals: dict[str, Principal] = {}
        self.chains: dict[str, Chain] = {}
        self.administrators: dict[str, Chain] = {}
        self.doubts: list[str] = []
        self._waiting: list[tuple[int, int, str, Principal | None, Chain]] = []
        self._order = count()
        self._written: dict[str, Chain] = {}
        self._unbound: dict[str, Chain] = {}
        self._tagged: dict[str, Chain] = {}
        self._attached: dict[tuple[str, str], Chain] = {}
        self._joined: dict[str, Chain] = {}
        self._offer(start, ())
        while self._waiting:
            _, _, key, principal, chain = heapq.heappop(self._waiting)
            if key not in self.chains:
                self.chains[key] = chain
                if principal is not None:
                    self.principals[key] = principal
                    self._go_on(principal, chain)
                else:
                    self.administrators[key.removeprefix(_ADMINISTRATOR)] = chain

    @property
    def administrator(self) -> Chain | None:
        """The steps to every right of an account, the nearest; None where there are none."""
        return next(iter(self.administrators.values()), None)

    @property
    def unsure(self) -> str:
        """Why the steps to every right may be barred after all."""
        return unsure(self.administrator or ())

    @property
    def others(self) -> Iterator[tuple[Principal, Chain]]:
        """The principals that it can become, nearest first."""
        for key, principal in self.principals.items():
            if key != self.start.key:
                yield principal, self.chains[key]

    def _offer(self, principal: Principal | None, chain: Chain, account: str = "") -> None:
        """A principal, or (None) every right of an account, to be reached by the chain."""
        key = _ADMINISTRATOR + account if principal is None else principal.key
        if len(self.principals) > _MOST:
            self.doubts.append(f"{self.start.name} can become more than {_MOST} principals: not all were followed")
        elif key not in self.chains:
            heapq.heappush(self._waiting, (len(chain), next(self._order), key, principal, chain))

    def _go_on(self, principal: Principal, chain: Chain) -> None:
        """What follows from having become a principal."""
        found = self.moves.of(principal)
        self.doubts += found.doubts
        for step in found.steps:
            self._take(step, (*chain, step))
        self._combine(principal.key)
        for group in self._joined:
            self._in_group(principal, group)

    def _take(self, step: Step, chain: Chain) -> None:
        if step.target is None or step.kind == "become":
            self._offer(step.target, chain, step.source.account)
            return
        key = step.target.key
        if step.kind == "join":
            if _keep(self._joined, key, chain):
                for user in list(self.principals.values()):
                    self._in_group(user, key)
        elif step.kind == "tag":
            if _keep(self._tagged, key, chain):
                for who in [one for one in self.principals.values() if one.unchanged == key]:
                    self._combine(who.key)
        elif step.kind == "attach":
            if _keep(self._attached, (key, step.extra), chain):
                self._combine(key)
        else:
            if _keep(self._written if step.kind == "write" else self._unbound, key, chain):
                for member in self._having(step.target):
                    self._combine(member)

    def _having(self, target: Principal) -> list[str]:
        """Who has what is written to the target: itself, and the members of a group."""
        if target.kind != "group":
            return [target.key]
        return [one.key for one in self.principals.values() if target.arn in one.groups]

    def _combine(self, key: str) -> None:
        """What somebody is, who has been reached, with what has been done to it."""
        who = self.principals.get(key)
        if who is None:
            return
        own = self.chains[key]
        groups = [one.key for one in self.moves.groups if one.arn in who.groups]
        written = next((self._written[one] for one in (key, *groups) if one in self._written), None)
        unbound = self._unbound.get(key)
        if written is not None and (who.rights.boundary is None or unbound is not None):
            self._offer(None, _joined(own, written, unbound or ()), who.account)
        elif written is not None and who.rights.boundary is not None and _ALL not in who.changes:
            most = self.moves.policies.get(who.boundary) or Prepared(who.rights.boundary)
            all_of_it = Rights([most], who.rights.boundary)
            self._offer(who.with_rights(_ALL, all_of_it), _joined(own, written))
        if unbound is not None and who.rights.boundary is not None:
            free = who.with_rights("without its boundary", Rights(who.rights.prepared), boundary="")
            self._offer(free, _joined(own, unbound))
        tagged = self._tagged.get(who.unchanged)
        if tagged is not None and who.tag_facts:
            facts = {name: value for name, value in who.facts.items() if name not in who.tag_facts}
            self._offer(who.with_rights("with any tags", who.rights, facts=facts), _joined(own, tagged))
        for (target, arn), chain in self._attached.items():
            if target in (key, *groups) and arn not in who.attached:
                self._offer(self._with(who, arn), _joined(own, chain))

    def _with(self, who: Principal, arn: str) -> Principal:
        extra = self.moves.policies[arn]
        rights = Rights([*who.rights.prepared, extra], who.rights.boundary)
        return who.with_rights(f"with {extra.policy.label}", rights, attached=who.attached | {arn})

    def _in_group(self, user: Principal, group: str) -> None:
        target = self.moves.principals[group]
        if user.kind == "user" and target.arn not in user.groups:
            rights = Rights([*user.rights.prepared, *target.rights.prepared], user.rights.boundary)
            joined = user.with_rights(f"in {target.name}", rights, groups=user.groups | {target.arn})
            self._offer(joined, _joined(self.chains[user.key], self._joined[group]))


def unsure(chain: Chain) -> str:
    """Why steps may be barred after all: a boundary on the way that cannot be read; empty where there is none."""
    return next((step.source.unsure for step in chain if step.source.unsure), "")


def _keep(known: dict[Key, Chain], key: Key, chain: Chain) -> bool:
    """Keep the first chain, which is the shortest; whether it is new."""
    if key in known:
        return False
    known[key] = chain
    return True


def _joined(*chains: Chain) -> Chain:
    """The steps of several chains, each once and in order."""
    return tuple(dict.fromkeys(step for chain in chains for step in chain))
