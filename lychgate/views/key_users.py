"""Who may do what with a KMS key: by the key's policy, by IAM where that leaves it to the account, and by grants.

https://docs.aws.amazon.com/kms/latest/developerguide/control-access.html: a key's policy has the first word. What it
gives to the account (`:root`) identities have by their own policies; whom it names, or a grant names, needs none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lychgate.model.graph import Graph
from lychgate.model.values import UnknownRead
from lychgate.reasoning.iam import Grant, Policy, Statement, access, allows_anything, parse
from lychgate.reasoning.iam.rights import OPEN
from lychgate.views.attachments import POLICY, ROLE
from lychgate.views.declared_access import declared
from lychgate.views.effective import as_its_own, denied_by, effective
from lychgate.views.escalation import principal_of
from lychgate.views.exposure import (
    head,
    named_of,
    names_everyone,
    principal_account,
    spelled_out,
    tied,
    tied_accounts,
    ties,
)
from lychgate.views.iam_principals import Elsewhere, Identity, Role, User
from lychgate.views.kms import Key
from lychgate.views.labels import labels_of
from lychgate.views.ownership import Key as OwnedKey
from lychgate.views.ownership_access import said
from lychgate.views.ownership_callers import Callers
from lychgate.views.resource_policies import ResourcePolicy, policies_on
from lychgate.views.unique_ids import named_identity

# What gives the plain text that a key protects, or a data key of it, to whoever asks; a grant gives any of these.
GRANTS = "kms:CreateGrant"
DECRYPTS = ("kms:Decrypt", "kms:ReEncryptFrom", "kms:GenerateDataKey", "kms:GenerateDataKeyPair", GRANTS)
FOR_AWS = "kms:GrantIsForAWSResource"
_SERVICES = ("aws:SourceArn", "aws:SourceAccount")  # which only a service of AWS sends along


@dataclass(frozen=True, slots=True)
class KeyUser:
    """One that may do something with a key. `arn` is an ARN, another account, or `*` for everyone; `identity` is set
    where it is one of the program. `words` says who it is, and the rest by which right."""

    words: str
    arn: str
    identity: Identity | None
    action: str
    resource: str
    statement: str
    policy: str

    @property
    def sentence(self) -> str:
        """Who may do what, through which statement of which policy."""
        return f"{self.words} may {self.action} on {self.resource}, through {said(self.statement)} of {self.policy}"


def holds_card_data(key: Key) -> bool:
    """Whether the key, or what it encrypts, is labelled as cardholder data. Raises UnknownRead."""
    things = [key.labels, *(labels_of(key.graph, one) for one in OwnedKey.of(key.graph, key.resource).users)]
    if any(labels.classification == "cardholder" for labels in things):
        return True
    if "classification" in key.labels.unknown:
        raise UnknownRead(key.resource.urn, "tags", "not known yet, so what the key is for is not")
    return False


Allowed = Callable[[Identity | None, str], bool]


@dataclass(frozen=True, slots=True)
class Open:
    """Why it is not known whether somebody may (by ARN), or who else may (empty)."""

    arn: str
    why: UnknownRead


def holders(key: Key, actions: tuple[str, ...], allowed: Allowed) -> tuple[list[KeyUser], list[Open]]:
    """Everyone who may do one of the actions with the key, as far as it can be read, and why more is not known, without
    those that are allowed to (by identity, None for one of elsewhere, and ARN).

    Services of AWS are left out: what they do, somebody asks them for. So is the right to make grants for these alone.
    """
    found: list[KeyUser] = []
    unread: list[Open] = []
    try:
        policies = policies_on(key.graph, key.resource)
    except UnknownRead as unknown:
        return [], [Open("", unknown)]
    for policy in policies:
        try:
            named = named_by(policy, actions)
            found += [one for one in named if not _is_allowed(allowed, one.identity, one.arn, unread)]
            found += _delegated(key, policy, actions, allowed, unread)
        except UnknownRead as unknown:
            unread.append(Open("", unknown))
    return found, unread


def _is_allowed(allowed: Allowed, identity: Identity | None, arn: str, unread: list[Open]) -> bool:
    """Whether it is; where that is not known, the reason is kept and it is not told of."""
    try:
        return allowed(identity, arn)
    except UnknownRead as unknown:
        unread.append(Open(arn, unknown))
        return True


def _arn(key: Key) -> str:
    arn = key.resource.outputs.get("arn")
    if not isinstance(arn, str):
        raise UnknownRead(key.resource.urn, "arn", "known only after the deployment")
    return arn


def named_by(policy: ResourcePolicy, actions: tuple[str, ...]) -> Iterator[KeyUser]:
    """Whom the policy of a key, or a grant, names for one of the actions, or ties everyone to. Raises UnknownRead."""
    asked = policy.speaking_of(*actions)
    if not any(names_everyone(one) or not _leaves_it(policy, one) for one in asked):
        return  # nearly all keys leave it to the account, and finding out is cheap
    for grant in policy.granted(actions):
        if grant.asked == GRANTS and grant.pinned(FOR_AWS, "true"):
            continue
        for principal in grant.principals:
            kind, _, value = principal.partition(":")
            if principal.startswith("everyone but ") or (kind == "AWS" and value == "*"):
                yield from _everyone(policy, grant)
            elif kind == "AWS" and not _is_own_root(policy, value):
                yield _user(policy, grant, value)


def _leaves_it(policy: ResourcePolicy, statement: Statement) -> bool:
    """Whether a statement names none but the key's own account, which leaves the matter to its identities."""
    return all(_is_own_root(policy, value) for value in named_of(statement, "AWS"))


def _is_own_root(policy: ResourcePolicy, value: str) -> bool:
    account = policy.account or "000000000000"  # of AWS's default policy where nobody says the account
    return value == account or bool(re.fullmatch(rf"arn:[\w-]+:iam::{account}:root", value))


def _user(policy: ResourcePolicy, grant: Grant, value: str) -> KeyUser:
    found = named_identity(policy.graph, value, policy.resource.stack)
    if found is not None:
        identity: Identity = Role.of(policy.graph, found) if found.type == ROLE else User.of(policy.graph, found)
        return _of(f"{identity.what} {identity.name}", identity.arn, identity, grant, policy)
    if _is_root(value):
        if not policy.account:
            why = f"names {value}, and nobody says which account this stack is deployed to"
            raise UnknownRead(policy.resource.urn, policy.carrier.property, why)
        account = principal_account(value)
        return _of(f"everyone whom account {account} lets", account, None, grant, policy)
    return _of(value, value, None, grant, policy)


def _of(words: str, arn: str, identity: Identity | None, grant: Grant, policy: ResourcePolicy) -> KeyUser:
    key = policy.target_name
    return KeyUser(words, arn, identity, grant.action, f"the key {key}", grant.name, f"the {policy.what} {policy.name}")


def _everyone(policy: ResourcePolicy, grant: Grant) -> Iterator[KeyUser]:
    """Whom a grant to everyone lets in, by its conditions."""
    requirements = grant.requirements
    by_service = tied(requirements, "aws:PrincipalIsAWSService", tuple("true").__eq__)
    if by_service or any(any(ties(requirements, name)) for name in _SERVICES):
        return
    arns = [value for values in ties(requirements, "aws:PrincipalArn") for value in values]
    if arns and all(spelled_out(value) for value in arns):
        for value in arns:
            yield _user(policy, grant, head(value))
        return
    tagged = any(one.condition.key.startswith("aws:principaltag/") for one in requirements)
    meeting = Callers(policy.graph).meeting(requirements) if tagged else []
    if meeting:
        for identity in meeting:
            yield _of(f"{identity.what} {identity.name}", identity.arn, identity, grant, policy)
        return
    for account in sorted(tied_accounts(requirements)) or [""]:
        others = "whoever meets its conditions" if grant.conditions else "everyone"
        words = f"everyone of account {account}" if account else others
        yield _of(words, account if account not in ("", policy.account) else "*", None, grant, policy)


def _delegated(
    key: Key, policy: ResourcePolicy, actions: tuple[str, ...], allowed: Allowed, unread: list[Open]
) -> Iterator[KeyUser]:
    """Who has it by a policy of its own, where the key's policy leaves it to the account."""
    statements = [
        allow for allow in policy.allows if any(_is_own_root(policy, value) for value in named_of(allow, "AWS"))
    ]
    if not statements:
        return
    arn = _arn(key)
    asked = _asked(arn, actions)
    exact, others = key.graph.once(("speaking of keys", actions), lambda: _speaking(key.graph, actions))
    for identity in [*exact.get(arn, ()), *others]:
        if identity.account and policy.account and identity.account != policy.account:
            continue
        try:
            if not identity.granted(actions, arn, principal_of(identity).facts):
                continue
        except UnknownRead as unknown:
            if not _is_allowed(allowed, identity, identity.arn, unread):
                unread.append(Open(identity.arn, unknown))
            continue
        if _is_allowed(allowed, identity, identity.arn, unread):
            continue
        given = [one for allow in statements if (one := as_its_own(identity, policy, allow)) is not None]
        layers = effective(identity).access.layers
        answer = allows_anything(access(*layers, Policy((*given, *denied_by(identity, policy).statements)), asked))
        if answer.answer == "unknown":
            why = UnknownRead(identity.resource.urn, "policy", f"is too involved to tell ({answer.reason})")
            unread.append(Open(identity.arn, why))
        elif answer.witness is not None:
            shown = answer.witness
            who, what = f"{identity.what} {identity.name}", f"the key {key.name}"
            yield KeyUser(who, identity.arn, identity, shown.request.action, what, shown.statement, shown.policy)


def _speaking(graph: Graph, actions: tuple[str, ...]) -> tuple[dict[str, list[Identity]], list[Identity]]:
    """The identities whose policies speak of the actions: by the ARNs that they name, and those that may mean any key.

    There are as many keys as roles, and nearly no role means nearly any key.
    """
    exact: dict[str, list[Identity]] = {}
    others: list[Identity] = []
    for identity in Identity.all(graph):
        if isinstance(identity, Elsewhere) and identity.resource.type == POLICY:
            continue  # held by nobody
        spoken = (
            statement
            for one in identity.attached
            for action in actions
            for statement, _ in one.prepared.relevant(action)
        )
        named = {entry for statement in spoken for entry in _entries(statement)}
        if not identity.known or any(OPEN.search(entry) for entry in named):
            others.append(identity)
            continue
        for entry in named:
            exact.setdefault(entry, []).append(identity)
    return exact, others


def _entries(statement: Statement) -> tuple[str, ...]:
    return ("*",) if statement.resources is None or statement.not_resource else statement.resources


def _is_root(value: str) -> bool:
    return value.isdigit() or value.endswith(":root")


def _asked(arn: str, actions: tuple[str, ...]) -> Policy:
    """Any request for one of the actions; for grants, those that are not for services of AWS."""
    for_people = {"Condition": {"BoolIfExists": {FOR_AWS: "false"}}}
    statements = [
        {"Effect": "Allow", "Action": one, "Resource": arn, **(for_people if one == GRANTS else {})} for one in actions
    ]
    return parse({"Version": "2012-10-17", "Statement": statements}, "what is asked")


def declares(identity: Identity, key: Key) -> bool:
    """Whether what is declared for an identity takes the key: it uses what the key encrypts, or the key itself. Raises
    UnknownRead where that cannot be told."""
    uses = declared(identity)
    if uses is None:
        return False
    arn = key.resource.outputs.get("arn")
    for statement in uses.statements:
        resources = statement["Resource"]
        if arn in ([resources] if isinstance(resources, str) else resources):
            return True
    if uses.unread:
        raise uses.unread[0]
    return False
