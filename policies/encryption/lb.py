"""TLS at load balancers."""

import re

from pydantic import BaseModel, ConfigDict, Field

from lychgate import PASS, Answer, Case, fail, not_applicable, rule
from lychgate.views.lb import ClassicLoadBalancer, Listener

# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html: TLS 1.2 and later only
STRONG = re.compile(r"ELBSecurityPolicy-(TLS13-1-[23]-|TLS-1-2-|FS-1-2-)")

LISTENER = """
import pulumi_aws as aws

balancer = aws.lb.LoadBalancer("front", subnets=["subnet-1", "subnet-2"])
targets = aws.lb.TargetGroup("app", port=8080, protocol="HTTP", vpc_id="vpc-1")
forward = {"type": "forward", "target_group_arn": targets.arn}
certificate = "arn:aws:acm:eu-west-1:111122223333:certificate/1234abcd-12ab-34cd-56ef-1234567890ab"
"""


class Reach(BaseModel):
    """Which load balancers are judged."""

    model_config = ConfigDict(extra="forbid")

    internal: bool = Field(default=True, description="whether load balancers with private addresses only count as well")


@rule(
    id="lb-listener-without-tls",
    title="A load balancer serves plain HTTP",
    layer="encryption",
    severity="high",
    judges=Listener,
    parameters=Reach,
    rationale="""Whoever sits between client and load balancer reads and changes what is sent, passwords and card
    numbers included. PCI DSS asks for strong cryptography on open networks; HTTP may only send clients to HTTPS.""",
    remediation="""Make the listener HTTPS with a certificate. Keep port 80 only for a default action of type `redirect`
    with `protocol: HTTPS`, and without rules that forward.""",
    compliant=[
        LISTENER
        + """
aws.lb.Listener(
    "https",
    load_balancer_arn=balancer.arn,
    port=443,
    protocol="HTTPS",
    certificate_arn=certificate,
    ssl_policy="ELBSecurityPolicy-TLS13-1-2-2021-06",
    default_actions=[forward],
)
aws.lb.Listener(
    "http",
    load_balancer_arn=balancer.arn,
    port=80,
    default_actions=[{"type": "redirect", "redirect": {"protocol": "HTTPS", "port": "443", "status_code": "HTTP_301"}}],
)
""",
    ],
    violating=[
        LISTENER
        + """
aws.lb.Listener("http", load_balancer_arn=balancer.arn, port=80, default_actions=[forward])
""",
        LISTENER
        + """
# Port 443 does not make it HTTPS; this is the older module.
aws.alb.Listener("https", load_balancer_arn=balancer.arn, port=443, protocol="HTTP", default_actions=[forward])
""",
        LISTENER
        + """
# It redirects to HTTP on another port.
aws.lb.Listener(
    "http",
    load_balancer_arn=balancer.arn,
    port=80,
    default_actions=[{"type": "redirect", "redirect": {"port": "8080", "status_code": "HTTP_302"}}],
)
""",
        LISTENER
        + """
# The default redirects; a rule serves everything all the same.
http = aws.lb.Listener(
    "http",
    load_balancer_arn=balancer.arn,
    port=80,
    protocol="HTTP",
    default_actions=[{"type": "redirect", "redirect": {"protocol": "HTTPS", "port": "443", "status_code": "HTTP_301"}}],
)
aws.lb.ListenerRule(
    "app", listener_arn=http.arn, conditions=[{"path_pattern": {"values": ["/*"]}}], actions=[forward]
)
""",
    ],
)
def lb_listener_without_tls(listener: Listener, case: Case) -> Answer:
    """HTTP that does anything but redirect."""
    if listener.protocol != "HTTP":
        if listener.tls:
            return PASS
        return not_applicable("what passes through a listener that is neither HTTP nor TLS cannot be told")
    balancer = listener.load_balancer
    if not case.parameters.internal and balancer is not None and balancer.internal:
        return not_applicable("internal load balancers are not judged here")
    where = (
        f"The listener {listener.name} on port {listener.port:g}" if listener.port else f"The listener {listener.name}"
    )
    if not listener.redirects:
        return fail(f"{where} serves plain HTTP and does not send clients to HTTPS.")
    serving = next((one for one in listener.rules if not one.only_redirects), None)
    if serving is not None:
        return fail(f"{where} redirects by default, but its rule {serving.name} serves plain HTTP.")
    return PASS


@rule(
    id="lb-listener-with-weak-tls",
    title="A load balancer accepts TLS 1.0 or 1.1",
    layer="encryption",
    severity="high",
    judges=Listener,
    scope="resource",
    rationale="""TLS 1.0 and 1.1 have known weaknesses and are no strong cryptography in the sense of PCI DSS. The
    policy that a listener gets where none is named, ELBSecurityPolicy-2016-08, still accepts both.""",
    remediation="Set `sslPolicy` to `ELBSecurityPolicy-TLS13-1-2-Res-2021-06` or another policy for TLS 1.2 and later.",
    compliant=[
        LISTENER
        + """
aws.lb.Listener(
    "https",
    load_balancer_arn=balancer.arn,
    port=443,
    protocol="HTTPS",
    certificate_arn=certificate,
    ssl_policy="ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
    default_actions=[forward],
)
""",
        LISTENER
        + """
aws.lb.Listener(
    "tls",
    load_balancer_arn=balancer.arn,
    port=443,
    protocol="TLS",
    certificate_arn=certificate,
    ssl_policy="ELBSecurityPolicy-FS-1-2-Res-2020-10",
    default_actions=[forward],
)
""",
    ],
    violating=[
        LISTENER
        + """
aws.lb.Listener(
    "https",
    load_balancer_arn=balancer.arn,
    port=443,
    protocol="HTTPS",
    certificate_arn=certificate,
    default_actions=[forward],
)
""",
        LISTENER
        + """
# TLS 1.3 in its name, and 1.0 in what it accepts.
aws.lb.Listener(
    "https",
    load_balancer_arn=balancer.arn,
    port=443,
    protocol="HTTPS",
    certificate_arn=certificate,
    ssl_policy="ELBSecurityPolicy-TLS13-1-0-2021-06",
    default_actions=[forward],
)
""",
    ],
)
def lb_listener_with_weak_tls(listener: Listener, case: Case) -> Answer:
    """By the name of the policy."""
    if not listener.tls:
        return not_applicable("the listener does not end TLS")
    if STRONG.match(listener.policy):
        return PASS
    said = "" if listener.read.has("sslPolicy") else ", which is the default,"
    return fail(f"The listener {listener.name} uses {listener.policy}{said} and so accepts TLS older than 1.2.")


@rule(
    id="classic-load-balancer-without-tls",
    title="A Classic Load Balancer takes requests without TLS",
    layer="encryption",
    severity="high",
    judges=ClassicLoadBalancer,
    scope="resource",
    rationale="""A Classic Load Balancer cannot redirect, so a listener for HTTP serves everything in the clear. PCI DSS
    asks for strong cryptography on open networks.""",
    remediation="""Give every listener `lbProtocol` HTTPS or SSL with a certificate, or move to an Application Load
    Balancer, which can redirect.""",
    compliant=[
        """
        import pulumi_aws as aws

        aws.elb.LoadBalancer(
            "front",
            subnets=["subnet-1"],
            listeners=[
                {
                    "instance_port": 8080,
                    "instance_protocol": "http",
                    "lb_port": 443,
                    "lb_protocol": "https",
                    "ssl_certificate_id": "arn:aws:acm:eu-west-1:111122223333:certificate/1234",
                }
            ],
        )
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        aws.elb.LoadBalancer(
            "front",
            subnets=["subnet-1"],
            listeners=[{"instance_port": 8080, "instance_protocol": "http", "lb_port": 80, "lb_protocol": "http"}],
        )
        """,
    ],
)
def classic_load_balancer_without_tls(balancer: ClassicLoadBalancer, case: Case) -> Answer:
    """HTTP only: what passes through TCP cannot be told."""
    for protocol, port in balancer.listeners:
        if protocol == "HTTP":
            return fail(f"The load balancer {balancer.name} serves plain HTTP on port {port:g}.")
    return PASS
