"""Elastic Load Balancing: load balancers, their listeners and target groups, and Classic Load Balancers.

A listener says HTTP by default, and one with TLS has the policy `ELBSecurityPolicy-2016-08` where none is named
(https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html). Deletion protection,
access logs and the dropping of invalid headers are off by default.
"""

from __future__ import annotations

from lychgate.model.graph import Resource
from lychgate.model.values import Block
from lychgate.views.base import View, companions


def _spellings(kind: str) -> tuple[str, ...]:
    """The type tokens of a kind: today's, and those of older SDKs, which name the same thing."""
    lower = kind[:1].lower() + kind[1:]
    return tuple(f"aws:{module}/{lower}:{kind}" for module in MODULES)


MODULES = ("lb", "alb", "elasticloadbalancingv2", "applicationloadbalancing")
LOAD_BALANCERS = _spellings("LoadBalancer")
LISTENERS = _spellings("Listener")
LISTENER_RULES = _spellings("ListenerRule")
TARGET_GROUPS = _spellings("TargetGroup")
CLASSIC = ("aws:elb/loadBalancer:LoadBalancer", "aws:elasticloadbalancing/loadBalancer:LoadBalancer")


class LoadBalancer(View):
    """An Application, Network or Gateway Load Balancer."""

    types = LOAD_BALANCERS
    __slots__ = ()

    @property
    def kind(self) -> str:
        """`application` (the default), `network` or `gateway`."""
        return self.read.text("loadBalancerType") or "application"

    @property
    def internal(self) -> bool:
        """Whether it has private addresses only; it faces the internet unless this is said."""
        return self.read.flag("internal")

    @property
    def listeners(self) -> list[Resource]:
        """Its listeners."""
        return companions(self.graph, LISTENERS, "loadBalancerArn", *LOAD_BALANCERS).of(self.resource)

    @property
    def logs_access(self) -> bool:
        """Whether access logs are kept."""
        return self.read.block("accessLogs").flag("enabled")

    @property
    def deletion_protected(self) -> bool:
        """Whether it cannot be deleted without a change first."""
        return self.read.flag("enableDeletionProtection")

    @property
    def drops_invalid_headers(self) -> bool:
        """Whether headers that are not valid are removed before a target sees them."""
        return self.read.flag("dropInvalidHeaderFields")


class Listener(View):
    """A listener of an Application, Network or Gateway Load Balancer."""

    types = LISTENERS
    __slots__ = ()

    @property
    def load_balancer(self) -> LoadBalancer | None:
        """Its load balancer, where it is in the graph."""
        found = self.graph.target(self.resource, "loadBalancerArn", *LOAD_BALANCERS)
        return None if found is None else LoadBalancer.of(self.graph, found)

    @property
    def protocol(self) -> str:
        """`HTTP`, `HTTPS`, `TCP`, `TLS`, `UDP`, `TCP_UDP`, ...; empty for a Gateway Load Balancer.

        Where nothing is said it is HTTP.
        """
        given = self.read.text("protocol")
        if given is not None:
            return given.upper()
        balancer = self.load_balancer
        if balancer is not None and balancer.kind == "gateway":
            return ""
        return "HTTP"

    @property
    def port(self) -> float | None:
        """The port that it listens on."""
        return self.read.number("port")

    @property
    def tls(self) -> bool:
        """Whether the load balancer ends TLS here."""
        return (self.read.text("protocol") or "").upper() in ("HTTPS", "TLS")

    @property
    def policy(self) -> str:
        """The name of the TLS policy."""
        return self.read.text("sslPolicy") or "ELBSecurityPolicy-2016-08"

    @property
    def redirects(self) -> bool:
        """Whether all that it does by default is to send clients to HTTPS."""
        return _only_redirect(self.read.blocks("defaultActions"))

    @property
    def rules(self) -> list[ListenerRule]:
        """The listener rules."""
        found = companions(self.graph, LISTENER_RULES, "listenerArn", *LISTENERS).of(self.resource)
        return [ListenerRule.of(self.graph, one) for one in found]


class ListenerRule(View):
    """A rule of a listener, which comes before its default actions."""

    types = LISTENER_RULES
    __slots__ = ()

    @property
    def only_redirects(self) -> bool:
        """Whether all that it does is to send clients to HTTPS."""
        return _only_redirect(self.read.blocks("actions"))


def _only_redirect(actions: list[Block]) -> bool:
    return bool(actions) and all(
        action.text("type") == "redirect" and action.block("redirect").text("protocol") == "HTTPS" for action in actions
    )


class TargetGroup(View):
    """A target group."""

    types = TARGET_GROUPS
    __slots__ = ()

    @property
    def protocol(self) -> str:
        """The protocol towards targets; empty for a Lambda function."""
        return (self.read.text("protocol") or "").upper()


class ClassicLoadBalancer(View):
    """A Classic Load Balancer."""

    types = CLASSIC
    __slots__ = ()

    @property
    def internal(self) -> bool:
        """Whether it has private addresses only."""
        return self.read.flag("internal")

    @property
    def listeners(self) -> list[tuple[str, float | None]]:
        """Protocol (`HTTP`, `HTTPS`, `TCP`, `SSL`) and port of each listener."""
        return [((one.text("lbProtocol") or "").upper(), one.number("lbPort")) for one in self.read.blocks("listeners")]

    @property
    def logs_access(self) -> bool:
        """Whether access logs are kept."""
        return self.read.has("accessLogs") and self.read.block("accessLogs").flag("enabled", True)
