"""Amazon ECR repositories.

Images are encrypted with SSE-S3 unless KMS is asked for, tags can be moved to another image, nothing is scanned on
push (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html).
"""

from __future__ import annotations

from typing import Any

from lychgate.views.base import View, companions
from lychgate.views.kms import NamedKey, named_key

REPOSITORIES = ("aws:ecr/repository:Repository",)
LIFECYCLE_POLICIES = ("aws:ecr/lifecyclePolicy:LifecyclePolicy",)


class Repository(View):
    """A private repository."""

    types = REPOSITORIES
    __slots__ = ()

    @property
    def encryption_type(self) -> str:
        """`AES256` (SSE-S3, the default), `KMS` or `KMS_DSSE`."""
        return self.read.block("encryptionConfigurations").text("encryptionType") or "AES256"

    @property
    def key(self) -> NamedKey | None:
        """The KMS key that is named and used."""
        return self.once("key", self._key)

    def _key(self) -> NamedKey | None:
        if not self.encryption_type.startswith("KMS"):
            return None
        return named_key(self.graph, self.resource, self.read.block("encryptionConfigurations"), "kmsKey")

    @property
    def tags_immutable(self) -> bool:
        """Whether no tag can be moved to another image."""
        return self.read.text("imageTagMutability") == "IMMUTABLE"

    @property
    def scan_on_push(self) -> bool:
        """Whether an image is scanned when it is pushed. The registry's own scanning is another matter."""
        return self.read.block("imageScanningConfiguration").flag("scanOnPush")

    @property
    def lifecycle(self) -> list[Any]:
        """The lifecycle policy documents of the repository."""
        found = companions(self.graph, LIFECYCLE_POLICIES, "repository", *REPOSITORIES).of(self.resource)
        return [one.read.document("policy") for one in found]

    @property
    def force_delete(self) -> bool:
        """Whether the repository is deleted with its images when it leaves the program."""
        return self.read.flag("forceDelete")
