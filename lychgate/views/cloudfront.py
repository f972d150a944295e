"""Amazon CloudFront distributions.

With CloudFront's own certificate the TLS policy is `TLSv1`, whatever is said
(https://docs.aws.amazon.com/AmazonCloudFront/latest/APIReference/API_ViewerCertificate.html).
"""

from __future__ import annotations

from collections.abc import Iterator

from lychgate.model.values import Block
from lychgate.views.base import View

DISTRIBUTIONS = ("aws:cloudfront/distribution:Distribution",)


class Distribution(View):
    """A distribution."""

    types = DISTRIBUTIONS
    __slots__ = ()

    @property
    def behaviors(self) -> Iterator[tuple[str, str]]:
        """Path pattern and viewer protocol policy of each behavior, the default one (`*`) last."""
        for one in self.read.blocks("orderedCacheBehaviors"):
            yield one.text("pathPattern") or "", one.text("viewerProtocolPolicy") or "allow-all"
        yield "*", self.read.block("defaultCacheBehavior").text("viewerProtocolPolicy") or "allow-all"

    @property
    def own_domain(self) -> bool:
        """Whether it is reached by CloudFront's own domain name and certificate only."""
        viewer = self.read.block("viewerCertificate")
        return not viewer.has("acmCertificateArn") and not viewer.has("iamCertificateId")

    @property
    def minimum_protocol(self) -> str:
        """The TLS policy for viewers, such as `TLSv1.2_2021`."""
        if self.own_domain:
            return "TLSv1"
        return self.read.block("viewerCertificate").text("minimumProtocolVersion") or "TLSv1"

    @property
    def custom_origins(self) -> list[tuple[str, Block]]:
        """Each origin that is a web server: its id and its `customOriginConfig`."""
        found = ((one.text("originId") or "", one) for one in self.read.blocks("origins"))
        return [(name, one.block("customOriginConfig")) for name, one in found if one.has("customOriginConfig")]

    @property
    def logs_access(self) -> bool:
        """Whether standard logs are kept in a bucket. Logging through CloudWatch deliveries is another matter."""
        return self.read.has("loggingConfig")

    @property
    def firewall(self) -> str | None:
        """The web ACL in front of it."""
        acl = self.read.value("webAclId")
        return str(acl) if acl else None
