"""Amazon EKS clusters.

The API server is public to everyone and not private by default, no control plane log is kept
(https://docs.aws.amazon.com/eks/latest/APIReference/API_VpcConfigRequest.html, API_Logging.html). From Kubernetes 1.28
on all API data are envelope encrypted with a key that AWS owns, unless one is named
(https://docs.aws.amazon.com/eks/latest/userguide/envelope-encryption.html).
"""

from __future__ import annotations

from lychgate.views.base import View
from lychgate.views.kms import NamedKey, named_key

CLUSTERS = ("aws:eks/cluster:Cluster",)
ANYWHERE = "0.0.0.0/0"


class Cluster(View):
    """A cluster."""

    types = CLUSTERS
    __slots__ = ()

    @property
    def key(self) -> NamedKey | None:
        """The KMS key that Secrets are encrypted with; None where it is one that AWS owns."""
        return self.once("key", self._key)

    def _key(self) -> NamedKey | None:
        config = self.read.block("encryptionConfig")
        if "secrets" not in config.texts("resources"):
            return None
        return named_key(self.graph, self.resource, config.block("provider"), "keyArn")

    @property
    def public_endpoint(self) -> bool:
        """Whether the API server can be reached from the internet."""
        return self.read.block("vpcConfig").flag("endpointPublicAccess", True)

    @property
    def private_endpoint(self) -> bool:
        """Whether nodes reach the API server inside the VPC."""
        return self.read.block("vpcConfig").flag("endpointPrivateAccess")

    @property
    def public_cidrs(self) -> list[str]:
        """From where the public API server can be reached."""
        return self.read.block("vpcConfig").texts("publicAccessCidrs") or [ANYWHERE]

    @property
    def logs(self) -> list[str]:
        """The control plane logs that are kept: `api`, `audit`, `authenticator`, `controllerManager`, `scheduler`."""
        return self.read.texts("enabledClusterLogTypes")

    @property
    def version(self) -> str | None:
        """The Kubernetes version; None where AWS picks the newest."""
        return self.read.text("version")
