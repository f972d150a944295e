"""What the rules of this folder share: how they speak of a grant, and the accounts that may be let in."""

from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from lychgate.reasoning.iam import Grant, Witness
from lychgate.views.iam_principals import Identity
from lychgate.views.ownership_access import said
from lychgate.views.resource_policies import ResourcePolicy, TrustPolicy

NOTHING = "it gives no policy"


class AllowedPolicies(BaseModel):
    """AWS managed policies that may be attached although they are broad."""

    model_config = ConfigDict(extra="forbid")

    allowed: tuple[str, ...] = Field(
        (), description="names of AWS managed policies, such as AmazonSSMManagedInstanceCore"
    )

    @property
    def labels(self) -> frozenset[str]:
        """What grants call these policies."""
        return frozenset(f"AWS managed policy {name}" for name in self.allowed)


class TrustedAccounts(BaseModel):
    """Accounts that may be let in."""

    model_config = ConfigDict(extra="forbid")

    accounts: tuple[str, ...] = Field((), description="ids of accounts of your own or of vetted partners")


def where(grant: Grant) -> str:
    """Where a grant stands, for messages: the policy, the statement, and its entries."""
    return f"{grant.policy}, {grant.name} (`{grant.action_pattern}` on `{grant.resource_pattern}`)"


def has(identity: Identity, grant: Grant) -> str:
    """A grant as a sentence without its end: who may do what on what, through which statement of which policy."""
    return f"{identity.what} {identity.name} may {grant.action} on {grant.resource}, through {_through(grant)}"


def lets(policy: ResourcePolicy, who: str, grant: Grant) -> str:
    """The same of somebody who is let in by the policy of a resource, or by a role's trust."""
    what = f"the role {policy.name}" if isinstance(policy, TrustPolicy) else grant.resource
    return f"{who} may {grant.action} on {what}, through {said(grant.name)} of the {policy.what} {policy.name}"


def _through(grant: Grant) -> str:
    return f"{said(grant.name)} of {grant.policy} (`{grant.action_pattern}` on `{grant.resource_pattern}`)"


def proof(grants: list[Grant]) -> dict[str, Any]:
    """The requests that are allowed, with the statements that allow them."""
    return {
        "allowed": [
            {
                "action": grant.action,
                "resource": grant.resource,
                "policy": grant.policy,
                "statement": grant.name,
                "conditions": [str(condition) for condition in grant.conditions],
            }
            for grant in grants
        ]
    }


def conditions(grant: Grant) -> str:
    """The conditions that a grant has and that are not enough, for messages; empty where it has none."""
    if not grant.conditions:
        return ""
    return ", although " + " and ".join(f"`{condition}`" for condition in grant.conditions)


def may(identity: Identity, witness: Witness) -> str:
    """A witness as a sentence without its end: who may do what on what, through which statement of which policy."""
    request = witness.request
    keys = " and ".join(f"{key} = {_value(value)}" for key, value in request.context.items())
    what = f"{request.action} on {request.resource}{keys and f', where {keys}'}"
    return f"{identity.what} {identity.name} may {what}, through {said(witness.statement)} of {witness.policy}"


def requests(identity: Identity, witnesses: Iterable[Witness]) -> list[dict[str, Any]]:
    """Witnesses as data."""
    return [
        {
            "principal": identity.arn or identity.name,
            "action": one.request.action,
            "resource": one.request.resource,
            "context": dict(one.request.context),
            "statement": one.statement,
            "policy": one.policy,
        }
        for one in witnesses
    ]


def _value(value: str | Sequence[str]) -> str:
    return value if isinstance(value, str) else " and ".join(value)
