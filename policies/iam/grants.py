"""How the rules of this folder speak of a grant: where it stands, and what proves it."""

from typing import Any

from lychgate.reasoning.iam import Grant


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
