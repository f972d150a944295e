"""Amazon API Gateway: stages and custom domain names of REST APIs, HTTP APIs and WebSocket APIs.

The default endpoint of an API has TLS only, 1.0 and later for REST APIs
(https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-custom-domain-tls-version.html).
"""

from __future__ import annotations

from lychgate.views.base import View

DOMAIN_NAMES = ("aws:apigateway/domainName:DomainName",)
DOMAIN_NAMES_V2 = ("aws:apigatewayv2/domainName:DomainName",)
STAGES = ("aws:apigateway/stage:Stage",)
STAGES_V2 = ("aws:apigatewayv2/stage:Stage",)
METHOD_SETTINGS = ("aws:apigateway/methodSettings:MethodSettings",)
REST_APIS = ("aws:apigateway/restApi:RestApi",)


class DomainName(View):
    """A custom domain name."""

    types = DOMAIN_NAMES + DOMAIN_NAMES_V2
    __slots__ = ()

    @property
    def policy(self) -> str | None:
        """The TLS policy that is named: `TLS_1_2`, `TLS_1_0`, `SecurityPolicy_TLS13_...`; None where none is."""
        if self.resource.type in DOMAIN_NAMES_V2:
            return self.read.block("domainNameConfiguration").text("securityPolicy")
        return self.read.text("securityPolicy")


class Stage(View):
    """A stage of an API."""

    types = STAGES + STAGES_V2
    __slots__ = ()

    @property
    def logs_access(self) -> bool:
        """Whether access logs are kept."""
        return self.read.has("accessLogSettings")

    @property
    def traced(self) -> bool:
        """Whether requests are traced with X-Ray (REST APIs only)."""
        return self.read.flag("xrayTracingEnabled")

    @property
    def caches(self) -> bool:
        """Whether responses are cached (REST APIs only)."""
        return self.read.flag("cacheClusterEnabled")


class MethodSettings(View):
    """Settings of the methods of a REST API's stage."""

    types = METHOD_SETTINGS
    __slots__ = ()

    @property
    def caches(self) -> bool:
        """Whether responses are cached."""
        return self.read.block("settings").flag("cachingEnabled")

    @property
    def cache_encrypted(self) -> bool:
        """Whether cached responses are encrypted; they are not by default."""
        return self.read.block("settings").flag("cacheDataEncrypted")
