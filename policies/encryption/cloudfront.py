"""TLS at Amazon CloudFront, towards viewers and towards origins."""

import re

from lychgate import PASS, Answer, Case, fail, rule
from lychgate.views.cloudfront import Distribution

# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/secure-connections-supported-viewer-protocols-ciphers.html
STRONG = re.compile(r"TLSv1\.[23]_")
OLD_PROTOCOLS = ("SSLv3", "TLSv1", "TLSv1.1")

DISTRIBUTION = """
import pulumi_aws as aws


def distribution(name="site", viewer="redirect-to-https", behaviors=(), certificate=None, origin=None):
    origin = origin or {"origin_protocol_policy": "https-only", "origin_ssl_protocols": ["TLSv1.2"]}
    aws.cloudfront.Distribution(
        name,
        enabled=True,
        origins=[
            {
                "origin_id": "app",
                "domain_name": "app.example.com",
                "custom_origin_config": {"http_port": 80, "https_port": 443, **origin},
            }
        ],
        default_cache_behavior={
            "target_origin_id": "app",
            "viewer_protocol_policy": viewer,
            "allowed_methods": ["GET", "HEAD"],
            "cached_methods": ["GET", "HEAD"],
        },
        ordered_cache_behaviors=list(behaviors),
        restrictions={"geo_restriction": {"restriction_type": "none"}},
        viewer_certificate=certificate
        or {
            "acm_certificate_arn": "arn:aws:acm:us-east-1:111122223333:certificate/1234",
            "ssl_support_method": "sni-only",
            "minimum_protocol_version": "TLSv1.2_2021",
        },
    )

"""


@rule(
    id="cloudfront-behavior-without-tls",
    title="A CloudFront distribution serves plain HTTP",
    layer="encryption",
    severity="high",
    judges=Distribution,
    scope="resource",
    rationale="""With `allow-all` a viewer who asks by HTTP is answered by HTTP, readable and changeable for everybody
    on the way. PCI DSS asks for strong cryptography on open networks.""",
    remediation="Set `viewerProtocolPolicy` of every cache behavior to `redirect-to-https` or `https-only`.",
    compliant=[
        DISTRIBUTION + "\ndistribution()\n",
        DISTRIBUTION + '\ndistribution(viewer="https-only")\n',
    ],
    violating=[
        DISTRIBUTION + '\ndistribution(viewer="allow-all")\n',
        DISTRIBUTION
        + """
distribution(
    behaviors=[
        {
            "path_pattern": "/pay/*",
            "target_origin_id": "app",
            "viewer_protocol_policy": "allow-all",
            "allowed_methods": ["GET", "HEAD"],
            "cached_methods": ["GET", "HEAD"],
        }
    ]
)
""",
    ],
)
def cloudfront_behavior_without_tls(distribution: Distribution, case: Case) -> Answer:
    """Every behavior."""
    for pattern, policy in distribution.behaviors:
        if policy not in ("redirect-to-https", "https-only"):
            return fail(f"The behavior for {pattern} of {distribution.name} answers over plain HTTP ({policy}).")
    return PASS


@rule(
    id="cloudfront-with-weak-tls",
    title="A CloudFront distribution accepts viewers with TLS 1.0 or 1.1",
    layer="encryption",
    severity="high",
    judges=Distribution,
    scope="resource",
    rationale="""TLS 1.0 and 1.1 have known weaknesses and are no strong cryptography in the sense of PCI DSS. With
    CloudFront's own certificate the distribution accepts both, whatever else is said.""",
    remediation="""Use a certificate of your own (`acmCertificateArn`, `sslSupportMethod: sni-only`) and set
    `minimumProtocolVersion` to `TLSv1.2_2021` or later.""",
    compliant=[
        DISTRIBUTION + "\ndistribution()\n",
        DISTRIBUTION
        + """
distribution(
    certificate=aws.cloudfront.DistributionViewerCertificateArgs(
        acm_certificate_arn="arn:aws:acm:us-east-1:111122223333:certificate/1234",
        ssl_support_method="sni-only",
        minimum_protocol_version="TLSv1.3_2025",
    )
)
""",
    ],
    violating=[
        DISTRIBUTION
        + """
distribution(certificate={"cloudfront_default_certificate": True, "minimum_protocol_version": "TLSv1.2_2021"})
""",
        DISTRIBUTION
        + """
distribution(
    certificate={
        "acm_certificate_arn": "arn:aws:acm:us-east-1:111122223333:certificate/1234",
        "ssl_support_method": "sni-only",
        "minimum_protocol_version": "TLSv1.1_2016",
    }
)
""",
    ],
)
def cloudfront_with_weak_tls(distribution: Distribution, case: Case) -> Answer:
    """By the name of the policy."""
    if STRONG.match(distribution.minimum_protocol):
        return PASS
    why = "with CloudFront's own certificate" if distribution.own_domain else "as its minimum protocol"
    return fail(f"The distribution {distribution.name} has {distribution.minimum_protocol} {why}: TLS older than 1.2.")


@rule(
    id="cloudfront-origin-without-tls",
    title="CloudFront fetches from an origin without TLS, or with an old version",
    layer="encryption",
    severity="high",
    judges=Distribution,
    scope="resource",
    rationale="""What viewers send through TLS crosses the internet once more, to the origin. In the clear there, it is
    as good as in the clear everywhere; PCI DSS asks for strong cryptography on every open network.""",
    remediation="""Set `originProtocolPolicy` to `https-only` and `originSslProtocols` to `[TLSv1.2]`. An S3 website
    endpoint knows HTTP only: use the bucket itself with an origin access control.""",
    compliant=[
        DISTRIBUTION + "\ndistribution()\n",
    ],
    violating=[
        DISTRIBUTION
        + '\ndistribution(origin={"origin_protocol_policy": "http-only", "origin_ssl_protocols": ["TLSv1.2"]})\n',
        DISTRIBUTION
        + '\ndistribution(origin={"origin_protocol_policy": "match-viewer", "origin_ssl_protocols": ["TLSv1.2"]})\n',
        DISTRIBUTION
        + """
distribution(origin={"origin_protocol_policy": "https-only", "origin_ssl_protocols": ["TLSv1", "TLSv1.2"]})
""",
    ],
)
def cloudfront_origin_without_tls(distribution: Distribution, case: Case) -> Answer:
    """Custom origins; CloudFront reaches an S3 origin by HTTPS where the viewer did."""
    for name, origin in distribution.custom_origins:
        policy = origin.text("originProtocolPolicy")
        if policy != "https-only":
            return fail(f"The origin {name} of {distribution.name} is reached by plain HTTP ({policy}).")
        old = [protocol for protocol in origin.texts("originSslProtocols") if protocol in OLD_PROTOCOLS]
        if old:
            return fail(f"The origin {name} of {distribution.name} may be reached with {', '.join(old)}.")
    return PASS
