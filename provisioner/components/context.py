"""Whose the things of a stack are, and what they are called: without the Pulumi SDK, as commands need it too."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Classification = Literal["cardholder", "sensitive", "internal", "public"]


@dataclass(frozen=True, slots=True)
class Context:
    """Whose the things of a stack are, and where they stand.

    `shared` is whether the stack serves the tenants of others: then it is kept apart from none of them.
    `production` is whether what is lost is lost for good: deletion protection, final snapshots and `protect` follow it.
    `retiring` is whether it is about to be taken away, so that nothing may protect it any more.
    `deployers` are the ARNs of the roles that administer keys (kms:PutKeyPolicy and the like) in this account.
    `boundary` is the ARN of the permissions boundary that every role of the environment carries.
    """

    application: str
    environment: str
    tenant: str
    classification: Classification
    owner: str
    account: str
    region: str
    production: bool
    boundary: str
    deployers: tuple[str, ...] = ()
    shared: bool = False
    retiring: bool = False

    @property
    def protected(self) -> bool:
        """Whether deletion is refused, by AWS and by Pulumi."""
        return self.production and not self.retiring

    @property
    def whose(self) -> str:
        """The tenant as tags and labels say it: `shared` where it is no tenant's own."""
        return "shared" if self.shared else self.tenant

    @property
    def prefix(self) -> str:
        """What the names of the stack's things begin with."""
        return f"{self.application}-{self.environment}-{self.tenant}"

    def named(self, name: str) -> str:
        """The physical name of a thing, the same in every run, so that policies can name it before it exists."""
        return f"{self.prefix}-{name}"

    def classified(self, classification: Classification | None) -> Context:
        """The same for a thing that holds other data than the application at large."""
        return replace(self, classification=classification) if classification else self

    def tags(self, **more: str) -> dict[str, str]:
        """The tags that everything in AWS carries."""
        return {
            "application": self.application,
            "environment": self.environment,
            "tenant": self.whose,
            "data-classification": self.classification,
            "owner": self.owner,
            **({"shared": "true"} if self.shared else {}),
            **more,
        }

    def labels(self, name: str) -> dict[str, str]:
        """The same as labels of a Kubernetes object."""
        return {
            "app.kubernetes.io/name": name,
            "app.kubernetes.io/part-of": self.application,
            "app.kubernetes.io/managed-by": "lychgate",
            "environment": self.environment,
            "tenant": self.whose,
            "data-classification": self.classification,
            **({"shared": "true"} if self.shared else {}),
        }
