"""Who calls, and whether a Principal or NotPrincipal element means them.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html and
reference_policies_elements_notprincipal.html of the same guide.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from .conditions import UndecidedError
from .language import Principals

CallerKind = Literal["user", "role", "session", "federated-user", "root", "service", "federated", "anonymous", "other"]

_ACCOUNT = re.compile(r"\d{12}\Z")
_IAM_ARN = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):(?P<service>iam|sts)::(?P<account>\d{12}):(?P<rest>.+)\Z", re.DOTALL
)
_KINDS: dict[str, CallerKind] = {
    "user": "user",
    "role": "role",
    "assumed-role": "session",
    "federated-user": "federated-user",
    "saml-provider": "federated",
    "oidc-provider": "federated",
}
_WEB_IDENTITY = ("accounts.google.com", "www.amazon.com", "graph.facebook.com", "cognito-identity.amazonaws.com")


class Named(IntEnum):
    """How a Principal element names a caller, from not at all to the caller alone.

    It matters which: an account only delegates to its own policies, a role's ARN leaves boundary and session policy
    in force, the ARN of a user or of a session does not.
    """

    NOT = 0
    ACCOUNT = 1
    ROLE = 2
    ANYONE = 3
    DIRECT = 4


@dataclass(frozen=True, slots=True)
class Caller:
    """The one who makes a request. `role` is the ARN of the role that acts, with its path if `role_known`."""

    arn: str
    kind: CallerKind
    account: str = ""
    role: str = ""
    role_known: bool = False

    @property
    def has_identity_policies(self) -> bool:
        """Whether policies can be attached to them; services, identity providers and strangers have none."""
        return self.kind in ("user", "role", "session", "federated-user", "root", "other")

    @property
    def service_linked(self) -> bool:
        """Whether it is a service-linked role, which SCPs and RCPs do not bind."""
        return "/aws-service-role/" in (self.role or self.arn)


def caller(principal: str, principal_arn: str | None = None) -> Caller:
    """The caller meant by `principal`: an ARN, an account id (its root user), a service (`lambda.amazonaws.com`), an
    identity provider, or `*` for a request without credentials. `principal_arn` is aws:PrincipalArn where it is
    known: it tells the path of the role behind a session.
    """
    if principal in ("*", ""):
        return Caller("*", "anonymous")
    if _ACCOUNT.match(principal):
        return Caller(f"arn:aws:iam::{principal}:root", "root", principal)
    match = _IAM_ARN.match(principal)
    if match:
        account, rest = match["account"], match["rest"]
        if rest == "root":
            return Caller(principal, "root", account)
        word, _, name = rest.partition("/")
        kind = _KINDS.get(word, "other")
        role = ""
        if kind == "role":
            role = principal
        elif kind == "session":
            role = principal_arn or f"arn:{match['partition']}:iam::{account}:role/{name.partition('/')[0]}"
        known = kind == "role" or principal_arn is not None
        return Caller(principal, kind, "" if kind == "federated" else account, role, bool(role) and known)
    if principal in _WEB_IDENTITY:
        return Caller(principal, "federated")
    if principal.endswith((".amazonaws.com", ".amazonaws.com.cn", ".amazon.com")):
        return Caller(principal, "service")
    return Caller(principal, "other")


def named(principals: Principals, who: Caller) -> Named:
    """How a Principal element (not NotPrincipal) names the caller; the strongest of its entries."""
    return max((_entry(kind, value, who) for kind, value in principals.entries), default=Named.NOT)


def _entry(kind: str, value: str, who: Caller) -> Named:
    if value == "*" and kind == "AWS":
        return Named.ANYONE
    if kind == "Service":
        return Named.DIRECT if who.kind == "service" and value in ("*", who.arn) else Named.NOT
    if kind == "Federated":
        return Named.DIRECT if who.kind == "federated" and value in ("*", who.arn) else Named.NOT
    if kind == "CanonicalUser":
        return Named.DIRECT if value == who.arn else Named.NOT
    if value == who.arn and who.kind != "role":  # what a role's ARN calls is a session of it
        return Named.ACCOUNT if who.kind == "root" else Named.DIRECT
    if who.account and account_of(value) == who.account:
        return Named.ACCOUNT
    return Named.ROLE if who.role and _same_role(value, who) else Named.NOT


def _same_role(value: str, who: Caller) -> bool:
    """Whether the value is the ARN of the caller's role. Where only the session is known, its role's path is not."""
    start, slash, name = value.rpartition("/")
    if not slash or who.kind != "session" or who.role_known:
        return value == who.role
    own, _, own_name = who.role.rpartition("/")
    return name == own_name and (start == own or start.startswith(f"{own}/"))


def account_of(value: str) -> str:
    """The account that an entry of Principal stands for as a whole (`123456789012` or its root ARN), else empty."""
    if _ACCOUNT.match(value):
        return value
    match = _IAM_ARN.match(value)
    return match["account"] if match and match["rest"] == "root" else ""


def excluded(principals: Principals, who: Caller, bounded: bool) -> bool:
    """Whether a NotPrincipal element exempts the caller.

    "Except for the ones specified": who is not listed, nor acts in a role that is, is not exempt, even where the
    account is listed. Whoever is listed together with all principals behind the request (role, account) is exempt. In
    between the documentation says no more than that access "might" be denied. A caller with a permissions boundary is
    never exempt (access_policies_boundaries.html, "Important").
    """
    if bounded:
        return False
    listed = listed_facets(principals, who)
    own = listed[:2] if who.kind == "session" else listed[:1]
    if not any(own):
        return False
    if all(listed):
        return True
    raise UndecidedError("NotPrincipal lists some of the principals behind the request, not all")


def listed_facets(principals: Principals, who: Caller) -> tuple[bool, ...]:
    """For the principals behind a request (caller, role, account), whether a NotPrincipal element lists each."""
    everyone = ("AWS", "*") in principals.entries
    facets = [who.arn]
    if who.role and who.role != who.arn:
        facets.append(who.role)
    if who.account and who.kind != "root":
        facets.append(who.account)
    return tuple(
        everyone or any(_lists(kind, value, facet, who) for kind, value in principals.entries) for facet in facets
    )


def _lists(kind: str, value: str, facet: str, who: Caller) -> bool:
    if kind == "AWS" and who.role and facet == who.role:
        return _same_role(value, who)
    if kind == "AWS" and who.account:
        account = account_of(value)
        return (account == who.account and facet in (who.account, value)) if account else value == facet
    plain = {"Service": "service", "Federated": "federated"}.get(kind)
    return value == facet and (plain is None or plain == who.kind)
