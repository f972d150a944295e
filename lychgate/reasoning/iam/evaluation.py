"""One request, decided as AWS decides it.

Sources, in https://docs.aws.amazon.com/IAM/latest/UserGuide/:
reference_policies_evaluation-logic_policy-eval-denyallow.html,
reference_policies_evaluation-logic_policy-eval-basics.html, reference_policies_evaluation-logic-cross-account.html,
access_policies_boundaries.html; for keys https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal

from .conditions import Context, UndecidedError, holds
from .language import Policy, Statement
from .matching import Language, actions_language, resources_language
from .patterns import resource_tokens
from .principals import Caller, Named, caller, excluded, named
from .templates import fill, pieces

Outcome = Literal["allow", "explicit-deny", "implicit-deny", "unknown"]
Levels = Sequence[Policy | Sequence[Policy]]


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    `principal`: an ARN of user, role, session or root, an account id, a service, an identity provider, or `*` (nobody
    authenticated). `resource`: an ARN or `*`. `resource_account`: the owner where the ARN has no account (S3);
    default: the principal's. `context`: keys to a text, or to a list for a multivalued key; what is not in it is
    absent from the request, except the keys that AWS always sets and the principal or resource already tells
    (aws:PrincipalArn, aws:PrincipalAccount, aws:ResourceAccount, aws:PrincipalIsAWSService, aws:PrincipalType,
    aws:username).
    """

    action: str
    resource: str
    principal: str = "*"
    context: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    resource_account: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What came out, and through which statement.

    `statement` and `policy` name the statement that decided (for an implicit deny: None), `layer` where it stood,
    `reason` says in a sentence why. `notes` tell what was not looked at and could add access, such as KMS grants.
    """

    decision: Outcome
    reason: str
    statement: str | None = None
    policy: str | None = None
    layer: str | None = None
    notes: tuple[str, ...] = ()


class Truth(IntEnum):
    """Three values: `min` is and, `max` is or."""

    NO = 0
    MAYBE = 1
    YES = 2


@dataclass(frozen=True, slots=True)
class _Match:
    """A statement that applies, or may apply."""

    truth: Truth
    statement: Statement
    policy: Policy
    layer: str
    how: Named = Named.DIRECT
    doubt: str = ""


@dataclass(slots=True)
class _Case:
    """A request with what follows from it."""

    request: Request
    who: Caller
    context: Context
    bounded: bool
    resource_account: str

    @property
    def same_account(self) -> bool:
        return bool(self.who.account) and self.who.account == self.resource_account


def allows(
    request: Request,
    *,
    identity: Iterable[Policy] = (),
    resource: Policy | Iterable[Policy] | None = None,
    boundary: Policy | Iterable[Policy] | None = None,
    session: Policy | Iterable[Policy] | None = None,
    scps: Levels = (),
    rcps: Levels = (),
) -> Decision:
    """Decide one request over all layers of policies.

    `identity`: every policy attached to the caller, inline, managed and of groups. `boundary`, `session`: None means
    there is none. `scps`, `rcps`: either one policy list, or one list for each level (root, OU, account), each of
    which has to allow. A role session's `identity` are the policies of its role.
    """
    case = _prepare(request, boundary is not None)
    if request.action.lower() == "sts:getcalleridentity" and case.who.has_identity_policies:
        return Decision("allow", "it needs no permission, and no policy can deny it")  # API_GetCallerIdentity.html
    layers = {
        "scp": _levels(scps),
        "rcp": _levels(rcps),
        "identity": [list(identity)],
        "resource": [_listed(resource)],
        "boundary": [_listed(boundary)],
        "session": [_listed(session)],
    }
    if case.who.service_linked or not case.who.account:
        layers["scp"] = []
    if case.who.service_linked:
        layers["rcp"] = []
    matches = {
        name: [[match for policy in level for match in _matching(policy, case, name)] for level in levels]
        for name, levels in layers.items()
    }
    denies = [match for levels in matches.values() for level in levels for match in level if _is_deny(match)]
    certain = next((match for match in denies if match.truth is Truth.YES), None)
    notes = _notes(request)
    if certain is not None:
        return _answer("explicit-deny", f"{certain.policy.label} denies it", certain, notes)
    given = frozenset(
        name
        for name, policy in (("resource", resource), ("boundary", boundary), ("session", session))
        if policy is not None
    )
    path = _allowed(case, matches, given)
    if path.truth is Truth.NO:
        return Decision("implicit-deny", path.reason, notes=notes)
    if denies:
        return _answer("unknown", f"{denies[0].policy.label} may deny it: {denies[0].doubt}", denies[0], notes)
    return _answer("allow" if path.truth is Truth.YES else "unknown", path.reason, path.match, notes)


def _answer(decision: Outcome, reason: str, match: _Match | None, notes: tuple[str, ...]) -> Decision:
    if match is None:
        return Decision(decision, reason, notes=notes)
    return Decision(decision, reason, match.statement.name, match.policy.label, match.layer, notes)


def _is_deny(match: _Match) -> bool:
    return match.statement.effect == "Deny"


def _listed(policies: Policy | Iterable[Policy] | None) -> list[Policy]:
    if policies is None:
        return []
    return [policies] if isinstance(policies, Policy) else list(policies)


def _levels(policies: Levels) -> list[list[Policy]]:
    flat = [policy for policy in policies if isinstance(policy, Policy)]
    nested = [list(level) for level in policies if not isinstance(level, Policy)]
    return ([flat] if flat else []) + nested


def _prepare(request: Request, bounded: bool) -> _Case:
    given = {key.lower(): value for key, value in request.context.items()}
    arn = given.get("aws:principalarn")
    who = caller(request.principal, arn if isinstance(arn, str) else None)
    fields = request.resource.split(":", 5)
    own = fields[4] if len(fields) == 6 and fields[4].isdigit() else ""
    owner = request.resource_account or own or who.account
    return _Case(request, who, Context({**implied_keys(who, owner), **given}), bounded, owner)


def implied_keys(who: Caller, owner: str = "") -> dict[str, str]:
    """The keys that AWS sets in every request and that follow from the caller and the resource.

    Source: reference_policies_condition-keys.html and reference_policies_variables.html ("Principal key values").
    """
    found = {"aws:resourceaccount": owner} if owner else {}
    if who.kind == "anonymous":
        return {**found, "aws:principaltype": "Anonymous"}
    found["aws:principalisawsservice"] = "true" if who.kind == "service" else "false"
    if who.account:
        found["aws:principalaccount"] = who.account
        found["aws:principalarn"] = who.role or who.arn
    types = {
        "root": "Account",
        "user": "User",
        "role": "AssumedRole",
        "session": "AssumedRole",
        "federated-user": "FederatedUser",
    }
    if who.kind in types:
        found["aws:principaltype"] = types[who.kind]
    if who.kind == "user":
        found["aws:username"] = who.arn.rpartition("/")[2]
    return found


def permitted(layers: Iterable[Iterable[Policy]], request: Request) -> Path:
    """Whether every layer has a statement that allows the request and no layer one that denies it.

    Layers here are any sets of policies that have to allow together; a principal is matched where a statement names
    one.
    """
    case = _prepare(request, False)
    paths = []
    for number, policies in enumerate(layers):
        matches = [match for policy in policies for match in _matching(policy, case, "layer")]
        denied = max((match for match in matches if _is_deny(match)), key=lambda match: match.truth, default=None)
        if denied is not None and denied.truth is Truth.YES:
            return Path(Truth.NO, f"{denied.policy.label} denies it", denied)
        path = _layer(matches, f"layer {number + 1}")
        paths.append(path if denied is None else _both(path, Path(Truth.MAYBE, denied.doubt, denied)))
    return _both(*paths)


def _matching(policy: Policy, case: _Case, layer: str) -> Iterable[_Match]:
    for statement in policy.statements:
        if actions_language(statement.actions).matches(case.request.action.lower()) is statement.not_action:
            continue
        match = _applies(statement, policy, case, layer)
        if match.truth is not Truth.NO:
            yield match


def _applies(statement: Statement, policy: Policy, case: _Case, layer: str) -> _Match:
    """Whether the statement's resource, principal and conditions fit; each of them may be undecided."""
    doubt = ""
    how = Named.DIRECT
    fits = True
    try:
        how, doubt = _principal(statement, case, layer)
    except UndecidedError as error:
        doubt = str(error)
    try:
        fits = _resource(statement, case)
    except UndecidedError as error:
        doubt = doubt or str(error)
    if how is Named.NOT or not fits:
        return _Match(Truth.NO, statement, policy, layer)
    for condition in statement.conditions:
        try:
            if not holds(condition, case.context, statement.variables):
                return _Match(Truth.NO, statement, policy, layer)
        except UndecidedError as error:
            doubt = doubt or str(error)
    return _Match(Truth.MAYBE if doubt else Truth.YES, statement, policy, layer, how, doubt)


def _principal(statement: Statement, case: _Case, layer: str) -> tuple[Named, str]:
    """How the statement means the caller, and what is in doubt about that."""
    if statement.principals is None:
        if layer == "resource":
            raise UndecidedError("a statement of a resource policy names no principal")
        return Named.DIRECT, ""
    if statement.principals.excluded:
        bounded = case.bounded and statement.effect == "Deny"
        return Named.NOT if excluded(statement.principals, case.who, bounded) else Named.ANYONE, ""
    how = named(statement.principals, case.who)
    if how is Named.NOT and case.who.kind == "federated-user":
        # A session of GetFederationToken has what its user is granted, within boundary and session policy
        # (reference_policies_evaluation-logic_policy-eval-denyallow.html); its ARN does not say which user that is.
        users = f"arn:aws:iam::{case.who.account}:user/"
        if any(kind == "AWS" and value.startswith(users) for kind, value in statement.principals.entries):
            return Named.ROLE, "the request does not say which user federated the session"
    return how, ""


def _resource(statement: Statement, case: _Case) -> bool:
    if statement.resources is None:
        return True
    return resource_matches(statement, case.request.resource, case.context) is not statement.not_resource


def resource_matches(statement: Statement, resource: str, context: Context) -> bool:
    """Whether the list in Resource or NotResource holds the ARN, with policy variables filled in from the context.

    An entry whose variable has no value matches nothing; what that makes of NotResource nobody says ("might" make the
    statement invalid, reference_policies_variables.html), so it is undecided there.
    """
    if not statement.variables or not any("${" in text for text in statement.resources or ()):
        return resources_language(statement.resources or ()).matches(resource)
    without_value = False
    for text in statement.resources or ():
        parts = fill(pieces(text, True), context.single)
        if parts is not None and Language([resource_tokens(parts)]).matches(resource):
            return True
        without_value = without_value or parts is None
    if without_value and statement.not_resource:
        raise UndecidedError("a policy variable in NotResource has no value")
    return False


Matches = Mapping[str, Sequence[Sequence[_Match]]]


@dataclass(frozen=True, slots=True)
class Path:
    """A way to an allow: how sure it is, why, and the statement that opens it."""

    truth: Truth
    reason: str
    match: _Match | None = None


def _both(*paths: Path) -> Path:
    """The weakest; among equals the first, which is the one that names the grant."""
    return min(paths, key=lambda path: path.truth)


def _either(*paths: Path) -> Path:
    return max(paths, key=lambda path: path.truth)


def _layer(matches: Iterable[_Match], what: str) -> Path:
    """The best Allow among the matches of one level."""
    best = max((match for match in matches if not _is_deny(match)), key=lambda match: match.truth, default=None)
    if best is None:
        return Path(Truth.NO, f"no statement of {what} allows it")
    sure = f"{best.policy.label} allows it"
    return Path(best.truth, sure if not best.doubt else f"{best.policy.label} may allow it: {best.doubt}", best)


def _allowed(case: _Case, matches: Matches, given: frozenset[str]) -> Path:
    guards = [_layer(level, f"the {name.upper()}s") for name in ("rcp", "scp") for level in matches[name]]
    core = _core(case, matches, given)
    return _both(core, *guards)


def _core(case: _Case, matches: Matches, given: frozenset[str]) -> Path:
    """What identity and resource policies allow together, within boundary and session policy."""
    identity = _layer(matches["identity"][0], "the identity policies")
    if case.who.kind == "root":
        if case.request.action.lower() == "sts:assumerole":  # STS: API_AssumeRole.html
            return Path(Truth.NO, "the root user cannot assume roles")
        identity = Path(Truth.YES, "the root user may do everything in its account")
    if case.who.kind == "user" and case.request.action.lower() == "sts:getsessiontoken":  # API_GetSessionToken.html
        identity = Path(Truth.YES, "users need no permission for it")
    limits = [
        _layer(matches[name][0], what)
        for name, what in (("boundary", "the permissions boundary"), ("session", "the session policy"))
        if name in given
    ]
    own = _both(identity, *limits)
    grants = [match for match in matches["resource"][0] if not _is_deny(match)]
    named_ = {how: _layer((m for m in grants if m.how is how), "the resource policy") for how in Named if how}
    if not case.who.has_identity_policies:
        return _either(named_[Named.DIRECT], named_[Named.ANYONE])
    if not case.same_account:
        return _both(_either(*reversed(named_.values())), own)
    direct = _either(
        named_[Named.DIRECT], _as_anyone(case, named_[Named.ANYONE], limits), _both(named_[Named.ROLE], *limits)
    )
    if not needs_resource_policy(case.request):
        return _either(direct, own)
    if "resource" not in given and own.truth:
        return Path(Truth.MAYBE, "the policy of the key or role was not given, and it has to allow this")
    return _either(direct, _both(named_[Named.ACCOUNT], own))


def _as_anyone(case: _Case, grant: Path, limits: Sequence[Path]) -> Path:
    """A grant to everyone. Whether boundary and session policy limit it for the session of a role is not documented."""
    limited = _both(grant, *limits)
    if not case.who.role or limited.truth is grant.truth:
        return grant
    return Path(
        Truth.MAYBE, "it is not documented whether a limit of the role binds what everyone is granted", grant.match
    )


def needs_resource_policy(request: Request) -> bool:
    """Keys and roles trust nobody by themselves, not even their own account: their policy has to allow too.

    All that STS does to a role: with tags (sts:TagSession) or a source identity (sts:SetSourceIdentity) too,
    id_session-tags.html#id_session-tags_permissions-required, id_credentials_temp_control-access_monitor.html.
    """
    service = request.action.lower().partition(":")[0]
    kind = request.resource.split(":", 5)[-1]
    return (service, kind.partition("/")[0]) in (("kms", "key"), ("sts", "role"))


def _notes(request: Request) -> tuple[str, ...]:
    service = request.action.lower().partition(":")[0]
    if service == "kms":
        return ("KMS grants are not looked at: they can allow more",)
    if service == "s3":
        return ("S3 access control lists and block public access are not looked at",)
    return ()
