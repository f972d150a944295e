"""What serves the web to the internet, and the web ACL in front of it.

AWS WAF takes Application Load Balancers, CloudFront distributions, stages of REST APIs and AppSync APIs; HTTP and
WebSocket APIs only through a distribution in front of them
(https://docs.aws.amazon.com/waf/latest/developerguide/waf-chapter.html,
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-vs-rest.html).
"""

from __future__ import annotations

from lychgate.model.graph import Graph, Resource
from lychgate.model.values import Block
from lychgate.views import network_types as types
from lychgate.views.apigateway import REST_APIS, STAGES, STAGES_V2
from lychgate.views.base import View, companions
from lychgate.views.cloudfront import DISTRIBUTIONS
from lychgate.views.network import network_of

ASSOCIATIONS = ("aws:wafv2/webAclAssociation:WebAclAssociation", "aws:wafregional/webAclAssociation:WebAclAssociation")
WEB_ACLS = ("aws:wafv2/webAcl:WebAcl",)
RULE_GROUP_ASSOCIATIONS = ("aws:wafv2/webAclRuleGroupAssociation:WebAclRuleGroupAssociation",)
WEB_ACL_RULES = ("aws:wafv2/webAclRule:WebAclRule",)
GRAPHQL_APIS = ("aws:appsync/graphQLApi:GraphQLApi",)
HTTP_APIS = ("aws:apigatewayv2/api:Api",)
STOPS = ("block", "captcha", "challenge")


class WebFront(View):
    """A load balancer, distribution or API that may serve the web to the internet."""

    types = (*types.BALANCERS, *DISTRIBUTIONS, *STAGES, *STAGES_V2, *GRAPHQL_APIS, *HTTP_APIS)
    __slots__ = ()

    @classmethod
    def takes(cls, resource: Resource) -> bool:
        """Managed ones; an API by itself only where it is made with a target: that brings a route and a public stage
        that deploys itself (https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis.html, quick create)."""
        return super().takes(resource) and (
            resource.type not in HTTP_APIS or resource.properties.get("target") is not None
        )

    @property
    def label(self) -> str:
        """What it is and what it is called."""
        words = dict.fromkeys(types.BALANCERS, "load balancer") | dict.fromkeys(DISTRIBUTIONS, "distribution")
        words |= dict.fromkeys(GRAPHQL_APIS, "GraphQL API") | dict.fromkeys(HTTP_APIS, "HTTP API")
        return f"{words.get(self.resource.type, 'API stage')} {self.name}"

    @property
    def private(self) -> str:
        """Why the internet does not reach it by HTTP; empty where it does, or may do."""
        if self.resource.type in types.BALANCERS:
            return self._private_balancer()
        if self.resource.type in DISTRIBUTIONS:
            return "" if self.read.flag("enabled", True) else "It is not enabled."
        if self.resource.type in GRAPHQL_APIS:
            return "It is private." if self.read.text("visibility") == "PRIVATE" else ""
        api = self.api
        configured = api.read.block("endpointConfiguration") if api is not None else Block({})
        return "Its API is private." if "PRIVATE" in configured.texts("types") else ""

    def _private_balancer(self) -> str:
        if (self.read.text("loadBalancerType") or "application") != "application":
            return "AWS WAF knows Application Load Balancers only: this one hands connections on as they are."
        if self.read.flag("internal"):
            return "It is internal."
        net = network_of(self.graph)
        return "The internet does not reach it." if net.from_internet(net.record(self.resource), 1).is_no else ""

    @property
    def api(self) -> Resource | None:
        """The API of a stage, where it is in the graph; an API itself."""
        if self.resource.type in HTTP_APIS:
            return self.resource
        name, kinds = ("apiId", HTTP_APIS) if self.resource.type in STAGES_V2 else ("restApi", REST_APIS)
        return self.graph.target(self.resource, name, *kinds)

    @property
    def takes_firewall(self) -> bool:
        """Whether a web ACL can be attached to it."""
        return self.resource.type not in (*STAGES_V2, *HTTP_APIS)

    @property
    def firewalls(self) -> list[WebAcl | None]:
        """The web ACLs in front of it; None for one that is not in the graph."""
        if self.resource.type in DISTRIBUTIONS:
            given = self.read.value("webAclId")
            return [_acl(self.graph, self.graph.target(self.resource, "webAclId", *WEB_ACLS))] if given else []
        if not self.takes_firewall:
            return [acl for front in self._distributions() for acl in front.firewalls]
        found = companions(self.graph, ASSOCIATIONS, "resourceArn", *self.types).of(self.resource)
        return [_acl(self.graph, self._associated(one)) for one in found]

    def _associated(self, association: Resource) -> Resource | None:
        name = "webAclArn" if association.type == ASSOCIATIONS[0] else "webAclId"
        return self.graph.target(association, name, *WEB_ACLS)

    def _distributions(self) -> list[WebFront]:
        """The distributions that have its API as an origin."""
        api = self.api
        return (
            []
            if api is None
            else [
                WebFront.of(self.graph, one)
                for one in self.graph.of_type(*DISTRIBUTIONS)
                if api.urn in one.property_dependencies.get("origins", ())
            ]
        )


class WebAcl(View):
    """A web ACL of AWS WAF."""

    types = WEB_ACLS
    __slots__ = ()

    @property
    def stops(self) -> bool:
        """Whether it refuses anything, where others only count."""
        if self.read.has("ruleJson") or self.read.block("defaultAction").has("block"):
            return True
        separate = companions(self.graph, WEB_ACL_RULES, "webAclArn", *WEB_ACLS).of(self.resource)
        if any(_stops(rule) for rule in (*self.read.blocks("rules"), *(one.read for one in separate))):
            return True
        groups = companions(self.graph, RULE_GROUP_ASSOCIATIONS, "webAclArn", *WEB_ACLS).of(self.resource)
        return any(one.read.text("overrideAction") != "count" for one in groups)


def _stops(rule: Block) -> bool:
    """A rule of its own stops by its action, a group of rules unless its actions are overridden to count."""
    action, override = rule.block("action"), rule.block("overrideAction")
    return any(action.has(name) for name in STOPS) or override.has("none")


def _acl(graph: Graph, found: Resource | None) -> WebAcl | None:
    return None if found is None or found.external else WebAcl.of(graph, found)
