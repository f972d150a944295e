"""TLS and caches of Amazon API Gateway."""

import re
from typing import Any

from lychgate import PASS, Answer, Case, fail, rule
from lychgate.views.apigateway import DomainName, MethodSettings

# https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-custom-domain-tls-version.html
STRONG = re.compile(r"TLS_1_2|SecurityPolicy_TLS1[23]_")


@rule(
    id="api-domain-with-weak-tls",
    title="A domain name of API Gateway accepts TLS 1.0",
    layer="encryption",
    severity="high",
    judges=DomainName,
    scope="resource",
    rationale="""TLS 1.0 has known weaknesses and is no strong cryptography in the sense of PCI DSS. A domain name
    without a policy gets one of API Gateway's choice.""",
    remediation="Set `securityPolicy` to `TLS_1_2` or to one of the policies that begin with `SecurityPolicy_TLS13_`.",
    compliant=[
        """
        import pulumi_aws as aws

        aws.apigateway.DomainName("api", domain_name="api.example.com", security_policy="TLS_1_2")
        """,
        """
        import pulumi_aws as aws

        aws.apigatewayv2.DomainName(
            "api",
            domain_name="api.example.com",
            domain_name_configuration={
                "certificate_arn": "arn:aws:acm:eu-west-1:111122223333:certificate/1234",
                "endpoint_type": "REGIONAL",
                "security_policy": "TLS_1_2",
            },
        )
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        aws.apigateway.DomainName("api", domain_name="api.example.com", security_policy="TLS_1_0")
        """,
        """
        import pulumi_aws as aws

        aws.apigateway.DomainName("api", domain_name="api.example.com")
        """,
    ],
)
def api_domain_with_weak_tls(domain: DomainName, case: Case) -> Answer:
    """By the name of the policy."""
    if domain.policy is None:
        return fail(f"The domain name {domain.name} names no TLS policy, so TLS 1.0 may be accepted.")
    if STRONG.match(domain.policy):
        return PASS
    return fail(f"The domain name {domain.name} has the policy {domain.policy} and so accepts TLS older than 1.2.")


def _encrypt_cache(properties: dict[str, Any], parameters: None) -> dict[str, Any] | None:
    settings = properties.get("settings")
    return {**properties, "settings": {**settings, "cacheDataEncrypted": True}} if isinstance(settings, dict) else None


@rule(
    id="api-cache-unencrypted",
    title="API Gateway caches responses without encryption",
    layer="encryption",
    severity="medium",
    judges=MethodSettings,
    scope="resource",
    remedy=_encrypt_cache,
    rationale="""Cached responses hold whatever the API returned, card data included, and lie on disks that nobody
    thinks of. They are not encrypted unless it is asked for.""",
    remediation="Set `cacheDataEncrypted` to true beside `cachingEnabled`, or do not cache.",
    compliant=[
        """
        import pulumi_aws as aws

        aws.apigateway.MethodSettings(
            "all",
            rest_api="a1b2c3",
            stage_name="live",
            method_path="*/*",
            settings={"caching_enabled": True, "cache_data_encrypted": True},
        )
        """,
        """
        import pulumi_aws as aws

        aws.apigateway.MethodSettings(
            "all", rest_api="a1b2c3", stage_name="live", method_path="*/*", settings={"metrics_enabled": True}
        )
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        aws.apigateway.MethodSettings(
            "all", rest_api="a1b2c3", stage_name="live", method_path="*/*", settings={"caching_enabled": True}
        )
        """,
    ],
)
def api_cache_unencrypted(settings: MethodSettings, case: Case) -> Answer:
    """A cache without encryption."""
    if not settings.caches or settings.cache_encrypted:
        return PASS
    return fail(
        f"The settings {settings.name} cache responses of {settings.read.text('methodPath')} without encrypting them."
    )
