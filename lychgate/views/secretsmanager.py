"""AWS Secrets Manager: secrets and the versions that a program writes.

Without a key the managed key `aws/secretsmanager` encrypts a secret; a deleted one can be recovered for 30 days
(https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html, API_DeleteSecret.html).
"""

from __future__ import annotations

from lychgate.model.graph import Resource
from lychgate.views.base import View, companions
from lychgate.views.kms import NamedKey, named_key

SECRETS = ("aws:secretsmanager/secret:Secret",)
SECRET_VERSIONS = ("aws:secretsmanager/secretVersion:SecretVersion",)
SECRET_ROTATIONS = ("aws:secretsmanager/secretRotation:SecretRotation",)


class Secret(View):
    """A secret."""

    types = SECRETS
    __slots__ = ()

    @property
    def key(self) -> NamedKey | None:
        """The KMS key that is named; None where AWS's managed key is used."""
        return self.once("key", lambda: named_key(self.graph, self.resource, self.read, "kmsKeyId"))

    @property
    def replica_keys(self) -> list[tuple[str, NamedKey | None]]:
        """Each replica's region and the key it names."""
        return self.once(
            "replica keys",
            lambda: [
                (one.text("region") or "", named_key(self.graph, self.resource, one, "kmsKeyId"))
                for one in self.read.blocks("replicas")
            ],
        )

    @property
    def recovery_days(self) -> float:
        """Days in which a deleted secret can be recovered; 0 means that it is gone at once."""
        days = self.read.number("recoveryWindowInDays")
        return 30 if days is None else days

    @property
    def rotations(self) -> list[Resource]:
        """The rotations of the secret."""
        return companions(self.graph, SECRET_ROTATIONS, "secretId", *SECRETS).of(self.resource)

    @property
    def versions(self) -> list[Resource]:
        """The versions that programs write."""
        return companions(self.graph, SECRET_VERSIONS, "secretId", *SECRETS).of(self.resource)
