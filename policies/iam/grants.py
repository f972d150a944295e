"""What the rules of this folder share: how they speak of a grant, and the accounts that may be let in."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from lychgate.reasoning.iam import Grant

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
