"""The single steps that a principal can take, each by grants that its policies give."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from lychgate.reasoning.iam import Condition, Facts, Grant, Policy, Statement, TooComplexError
from lychgate.reasoning.iam.rights import Prepared, Rights
from lychgate.reasoning.iam.sides import ways_in
from lychgate.reasoning.iam.unnamed import unnamed

from . import ways
from .asking import Asking, Found
from .records import Principal, Step, StepKind, Workload
from .ways import Way

_WEB_IDENTITY = "cognito-identity.amazonaws.com"  # of all that roles are passed to, it alone is an identity provider
_OF_SERVICE: Facts = {"aws:PrincipalArn": None, "aws:PrincipalAccount": None}  # what a service's own call does not have


class Moves:
    """The steps of every principal, computed once each."""

    def __init__(
        self,
        principals: Iterable[Principal],
        workloads: Iterable[Workload] = (),
        policies: Mapping[str, Prepared] = {},
        center: bool = False,
    ) -> None:
        """`policies` are the customer managed policies by ARN: what else may be attached, and what boundaries say.
        `center`: whether IAM Identity Center is administered from these accounts.
        """
        self.center = center
        self.principals = {one.key: one for one in principals}
        self.policies = policies
        targets = [one for one in self.principals.values() if one.arn]
        self.roles = [one for one in targets if one.kind == "role"]
        self.users = [one for one in targets if one.kind == "user"]
        self.groups = [one for one in targets if one.kind == "group"]
        self.trusts = {one.key: Prepared(one.trust) for one in self.roles if one.trust is not None}
        # most roles trust services alone: nobody assumes them
        self.open_roles = [one for one in self.roles if one.trust is None or any(map(_names_aws, one.trust.statements))]
        self.taken = {one.arn for one in targets}
        self._by_kind: dict[str, list[Workload]] = {}
        for one in workloads:
            if one.holds is None or one.holds in self.principals:
                self._by_kind.setdefault(one.kind, []).append(one)
        self._found: dict[str, Found] = {}

    def workloads_of(self, kind: str) -> list[Workload]:
        """Those of one kind."""
        return self._by_kind.get(kind, [])

    def of(self, who: Principal) -> Found:
        """The steps that a principal can take."""
        found = self._found.get(who.key)
        if found is None:
            found = self._found[who.key] = Found()
            asked = _Steps(self, who, found)
            if who.unread:
                found.doubts.append(f"not all that {who.name} may do is known: {who.unread}")
            found.steps += asked.administrates() or asked.steps()
        return found


class _Steps(Asking):
    """The steps of one principal."""

    def __init__(self, moves: Moves, who: Principal, found: Found) -> None:
        super().__init__(who, found)
        self.moves = moves

    # -- an administrator -------------------------------------------------------------------------------------------

    def administrates(self) -> list[Step]:
        """How it has every right of the account by itself: by rights over principals that nobody named."""
        who = self.who
        facts = self.about(None) | {"iam:PolicyARN": ways.ADMINISTRATOR_ACCESS}
        for way in (*ways.WRITING, *ways.ATTACHING, *ways.MAKING, *ways.KEYS, ways.RETRUST, ways.JOIN, *ways.CENTER):
            if not self.mentions(way):
                continue
            if way is ways.JOIN and (who.kind == "role" or who.rights.boundary is not None):
                continue  # a role is in no group, and a boundary stays
            kinds = {"role": "iam:CreateRole", "user": "iam:CreateUser", "group": "iam:CreateGroup"}
            shape = kinds.get(way.on, way.actions[0])
            grants = self.way(way, unnamed(shape, who.key, who.account, who.region), facts)
            if grants is not None and (way not in ways.CENTER or self.central(grants[0])):
                return [self.step(None, "administrate", way, grants)]
        return []

    def central(self, grant: Grant) -> bool:
        """Whether IAM Identity Center is administered from here: only one account of an organization can. A policy that
        names it, and not only everything but others (PowerUserAccess), takes it for that one."""
        return self.moves.center or grant.action_pattern.lower().startswith("sso:")

    # -- towards others ---------------------------------------------------------------------------------------------

    def steps(self) -> list[Step]:
        found = [*self.assuming(), *self.on_principals(), *self.passing(), *self.taking(), *self.making()]
        order: dict[tuple[str, StepKind, str], Step] = {}
        for step in found:  # of several ways to one end the first
            order.setdefault((step.target.key if step.target else "", step.kind, step.extra), step)
        return list(order.values())

    def assuming(self) -> Iterator[Step]:
        """By sts:AssumeRole: by the trust policy alone where it names the caller, else by both sides."""
        for role in self.moves.open_roles:
            if role is self.who:
                continue
            if role.trust is None:
                if self.granted("sts:AssumeRole", role.arn, self.about(role)) is not None:
                    self.found.doubts.append(f"the trust policy of {role.name} cannot be read")
                continue
            grants = self.admitted(role, self.moves.trusts[role.key])
            if grants:
                yield self.step(role, "become", ways.ASSUME, grants)

    def admitted(self, role: Principal, trust: Prepared) -> tuple[Grant, ...]:
        """The grants of trust and own policies that let it assume the role, empty where it may not."""
        who = self.who
        if not _may_name(trust.policy, who):
            return ()
        facts = self.request("sts:AssumeRole", self.about(role))
        same = bool(who.account) and who.account == role.account
        try:
            ways_in_ = ways_in("sts:AssumeRole", role.arn, who.rights, [trust], who.arn, facts, same)
        except TooComplexError as error:
            self.found.doubts.append(f"whether {who.name} may assume {role.name} is too large a question: {error}")
            return ()
        return ways_in_[0] if ways_in_ else ()

    def on_principals(self) -> Iterator[Step]:
        """By the API of IAM, on roles, users, groups and policies by name."""
        lists = {"role": self.moves.roles, "user": self.moves.users, "group": self.moves.groups}
        plain: tuple[tuple[StepKind, tuple[Way, ...]], ...] = (
            ("become", (ways.RETRUST, *ways.KEYS)),
            ("write", ways.WRITING),
            ("unbind", ways.UNBINDING),
            ("tag", ways.RETAGGING),
            ("join", (ways.JOIN,)),
        )
        for kind, those in plain:
            for way in those:
                if self.mentions(way):
                    if way.on == "policy":
                        yield from self.rewriting(way)
                    else:
                        yield from self.on_each(way, kind, lists[way.on])
        for way in ways.ATTACHING:
            if self.mentions(way):
                yield from self.attaching(way, lists[way.on])

    def on_each(self, way: Way, kind: StepKind, targets: Iterable[Principal]) -> Iterator[Step]:
        for target in targets:
            if not self.same_account(target) or (kind == "unbind" and not target.boundary):
                continue
            if (kind == "become" and target is self.who) or (kind == "tag" and not target.tag_facts):
                continue
            facts = self.about(target, target.boundary)
            if "Put" in way.actions[0] and kind == "unbind":
                facts["iam:PermissionsBoundary"] = ways.ADMINISTRATOR_ACCESS  # the boundary that it asks for
            grants = self.way(way, target.arn, facts)
            if grants is not None:
                yield self.step(target, kind, way, grants)

    def rewriting(self, way: Way) -> Iterator[Step]:
        """By a new version of a managed policy that a principal has, as policy or as boundary."""
        for target in self.moves.principals.values():
            if not self.same_account(target):
                continue
            kinds: tuple[tuple[StepKind, Iterable[str]], ...] = (
                ("write", sorted(target.attached)),
                ("unbind", (target.boundary,) if target.boundary else ()),
            )
            for kind, arns in kinds:
                for arn in arns:
                    grants = self.way(way, arn, {})
                    if grants is not None:
                        yield self.step(target, kind, way, grants)
                        break

    def attaching(self, way: Way, targets: Iterable[Principal]) -> Iterator[Step]:
        """By attaching AdministratorAccess, or else a policy that it may attach."""
        for target in targets:
            if not self.same_account(target):
                continue
            facts = self.about(target, target.boundary)
            admin = self.way(way, target.arn, facts | {"iam:PolicyARN": ways.ADMINISTRATOR_ACCESS})
            if admin is not None:
                yield self.step(target, "write", way, admin)
                continue
            if self.way(way, target.arn, facts) is None:
                continue
            for arn, create in self.own_policies.items():
                grants = self.way(way, target.arn, facts | {"iam:PolicyARN": arn})
                if grants is not None:
                    yield self.step(target, "write", way, (create, *grants))
            for arn in self.moves.policies:
                grants = self.way(way, target.arn, facts | {"iam:PolicyARN": arn})
                if grants is not None and arn not in target.attached:
                    yield Step(self.who, target, "attach", way, grants, arn)

    def passing(self) -> Iterator[Step]:
        """By handing a role to something that it starts."""
        who = self.who
        if not who.rights.mentions("iam:PassRole"):
            return
        ready = {way: self.way(way, "*", {}) for way in ways.PASSING if self.mentions(way)}
        launches = {way: grants for way, grants in ready.items() if grants is not None}
        for role in self.moves.roles:
            if role is who or not self.same_account(role):
                continue
            for way, grants in launches.items():
                facts = self.about(role) | {"iam:PassedToService": way.service}
                passes = self.granted("iam:PassRole", role.arn, facts)
                if passes is not None and self.serves(role, way.service):
                    yield self.step(role, "become", way, [*grants, passes])
                    break

    def serves(self, role: Principal, service: str) -> bool:
        """Whether the role trusts the service, and can be handed to it."""
        if role.trust is None:
            self.found.doubts.append(f"the trust policy of {role.name} cannot be read")
            return False
        if service == "ec2.amazonaws.com" and not role.profiled and not self.profiles():
            return False
        try:
            action = "sts:AssumeRoleWithWebIdentity" if service == _WEB_IDENTITY else "sts:AssumeRole"
            kinds = ("Federated:" if service == _WEB_IDENTITY else "Service:", "everyone but ")
            grants = Rights([self.moves.trusts[role.key]]).granted(action, "*", _OF_SERVICE, service)
            return any(one.startswith(kinds) for grant in grants for one in grant.principals)
        except TooComplexError as error:
            self.found.doubts.append(f"whether {service} may assume {role.name} is too large a question: {error}")
            return False

    def profiles(self) -> bool:
        """Whether it can put a role into an instance profile."""
        return self.granted("iam:AddRoleToInstanceProfile", "*", {}) is not None

    def taking(self) -> Iterator[Step]:
        """By taking over what acts as a principal already."""
        for way in ways.TAKING:
            workloads = self.moves.workloads_of(way.on)
            own = bool(workloads) and self.mentions(way)
            for workload in workloads:
                target = None if workload.holds is None else self.moves.principals[workload.holds]
                if target is self.who or not (own or (workload.policies and self.speaks(way, workload))):
                    continue
                grants = self.taken(way, workload, target)
                if not grants or (way.actions == ("ssm:SendCommand",) and not self.commands(workload)):
                    continue
                if target is None:
                    self.found.doubts.append(f"whom {workload.name} acts as is not known")
                else:
                    yield self.step(target, "become", way, grants, workload)

    def speaks(self, way: Way, workload: Workload) -> bool:
        """Whether its policies together with those of the workload speak of the way."""
        theirs = [one for one in workload.policies if _may_name(one.policy, self.who)]
        return all(
            self.who.rights.mentions(action) or any(one.mentions(action) for one in theirs) for action in way.actions
        )

    def taken(self, way: Way, workload: Workload, target: Principal | None) -> tuple[Grant, ...]:
        """The grants by which it takes over a workload, by its own policies, those of the workload, or both."""
        who = self.who
        found: list[Grant] = []
        same = target is None or self.same_account(target)
        if not same and not workload.policies:
            return ()
        about = self.about(workload)
        for action in way.actions:
            facts = self.request(action, about)
            try:
                ways_in_ = ways_in(action, workload.arn, who.rights, workload.policies, who.arn, facts, same)
            except TooComplexError as error:
                self.found.doubts.append(f"whether {who.name} may {action} is too large a question: {error}")
                return ()
            if not ways_in_:
                return ()
            found += ways_in_[0]
        return tuple(found)

    def commands(self, workload: Workload) -> bool:
        """Whether it may use a document that runs what it says."""
        region = workload.arn.split(":")[3] if workload.arn.count(":") >= 5 else "*"
        documents = [f"arn:aws:ssm:{region}::document/{name}" for name in ways.COMMAND_DOCUMENTS]
        documents += unnamed("ssm:GetDocument", self.who.key, self.who.account, region)
        return self.granted("ssm:SendCommand", documents, {}) is not None

    def making(self) -> Iterator[Step]:
        """By a role or user of its own, under a name that it may choose: with every right; with those of a policy that
        it may attach; or within a boundary that it has to give it, with those of the boundary."""
        for way in ways.MAKING:
            if self.mentions(way):
                yield from self.free(way) or self.limited(way)

    def free(self, way: Way) -> list[Step]:
        """With every right, where it may do so: without a boundary, or with one that it takes off or rewrites."""
        for policy in (ways.ADMINISTRATOR_ACCESS, *self.own_policies):
            for boundary in (None, *self.boundaries):
                for freeing in (None,) if boundary is None else (*ways.UNBINDING, ways.REWRITE):
                    grants = self.made(way, boundary, policy, freeing)
                    if grants is not None:
                        own = [self.own_policies[policy]] if policy in self.own_policies else []
                        return [self.step(None, "become", way, (*own, *grants))]
        return []

    def limited(self, way: Way) -> Iterator[Step]:
        """With less: all that a boundary allows, or what a policy does."""
        choices: list[tuple[str, str | None, Prepared]] = [
            (ways.ADMINISTRATOR_ACCESS, arn, one) for arn, one in self.boundaries.items()
        ]
        if any(action.startswith("iam:Attach") for action in way.actions) and self.conditions_on("iam:policyarn"):
            choices += [(arn, None, one) for arn, one in self.moves.policies.items()]
        for policy, boundary, most in choices:
            grants = self.made(way, boundary, policy, None)
            if grants is not None:
                name = f"a new {way.on} with all that {most.policy.label} allows"
                made = Principal(name, name, "role", "", self.who.account, Rights([most]))
                yield self.step(made, "become", way, grants)

    @cached_property
    def boundaries(self) -> Mapping[str, Prepared]:
        """The policies that it may have to give as a boundary: those there are, if its own policies speak of one."""
        return self.moves.policies if self.conditions_on("iam:permissionsboundary") else {}

    def conditions_on(self, key: str) -> list[Condition]:
        """The conditions of its policies on a key."""
        rights = self.who.rights
        policies = [one.policy for one in rights.prepared] + ([] if rights.boundary is None else [rights.boundary])
        found = (one for policy in policies for statement in policy.statements for one in statement.conditions)
        return [one for one in found if one.key.lower() == key]

    def made(self, way: Way, boundary: str | None, policy: str, freeing: Way | None) -> tuple[Grant, ...] | None:
        """The grants by which it makes a role or user that does not exist, whose trust policy it writes itself, and
        (`freeing`) by which it makes the boundary no limit."""
        facts = {"iam:PermissionsBoundary": boundary, "iam:PolicyARN": policy}
        if freeing is ways.REWRITE:
            unbound = self.way(freeing, boundary or "", {})
        elif freeing is not None and (freeing.on != way.on or not self.mentions(freeing)):
            return None
        else:
            unbound = ()
        if unbound is None:
            return None
        on_it = freeing.actions if freeing is not None and freeing is not ways.REWRITE else ()
        anywhere = f"arn:*:iam::{self.who.account or '*'}:{way.on}/*"
        for place in self.places((*way.actions, *on_it), anywhere, facts):
            if place in self.moves.taken:
                continue
            grants = self.way(way, place, facts)
            if grants is not None and on_it and freeing is not None:
                asked = ways.ADMINISTRATOR_ACCESS if "Put" in on_it[0] else boundary
                unbound = self.way(freeing, place, {**facts, "iam:PermissionsBoundary": asked})
            if grants is not None and unbound is not None:
                return (*unbound, *grants)
        return None

    @cached_property
    def own_policies(self) -> dict[str, Grant]:
        """Managed policies that it may make itself, under names that conditions on what may be attached allow."""
        if not self.who.rights.mentions("iam:CreatePolicy"):
            return {}
        account = self.who.account or "111122223333"
        asked = (
            value.replace("::*:", f"::{account}:").replace("*", "x").replace("?", "x")
            for condition in self.conditions_on("iam:policyarn")
            for value in condition.values
            if "::aws:" not in value
        )
        names = [*unnamed("iam:CreatePolicy", self.who.key, account), *asked]
        made = {one: self.granted("iam:CreatePolicy", one, {}) for one in names if one not in self.moves.policies}
        return {one: grant for one, grant in made.items() if grant is not None}


def _names_aws(statement: Statement) -> bool:
    """Whether a statement of a trust policy lets in principals of AWS: users, roles, accounts or everyone."""
    principals = statement.principals
    if principals is None or statement.effect == "Deny":
        return False
    return principals.excluded or any(kind == "AWS" for kind, _ in principals.entries)


def _may_name(trust: Policy, who: Principal) -> bool:
    """Whether a trust policy has a principal that may mean the caller; most name services only."""
    for statement in trust.statements:
        principals = statement.principals
        if principals is None or not _names_aws(statement):
            continue
        if principals.excluded or any(
            value == "*" or who.account in value or value == who.arn or not who.account
            for kind, value in principals.entries
            if kind == "AWS"
        ):
            return True
    return False
