"""What leads to workloads of the cardholder data environment from outside of the cluster."""

from pydantic import BaseModel, ConfigDict, Field

from lychgate import PASS, Answer, Case, fail, not_applicable, rule
from lychgate.views.kubernetes_services import Ingress, Service

LEDGER = """
        import pulumi_kubernetes as k8s

        labels = {"app": "ledger", "data-classification": "cardholder"}
        k8s.apps.v1.Deployment(
            "ledger",
            spec={
                "selector": {"match_labels": labels},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {"containers": [{"name": "ledger", "image": "example/ledger"}]},
                },
            },
        )
        """
SERVICE = """
        k8s.core.v1.Service(
            "ledger",
            metadata={"annotations": {%s}},
            spec={"selector": {"app": "ledger"}, "ports": [{"port": 443, "target_port": 8443}], %s},
        )
        """
WEB = """
        import pulumi_kubernetes as k8s

        k8s.networking.v1.Ingress(
            "shop",
            metadata={"annotations": {%s}},
            spec={
                "ingress_class_name": "alb",
                "rules": [
                    {
                        "host": "shop.example.com",
                        "http": {
                            "paths": [
                                {
                                    "path": "/",
                                    "path_type": "Prefix",
                                    "backend": {"service": {"name": "shop", "port": {"number": 443}}},
                                }
                            ]
                        },
                    }
                ],
            },
        )
        """
PUBLIC = '"alb.ingress.kubernetes.io/scheme": "internet-facing"'
FIREWALL = (
    '"alb.ingress.kubernetes.io/wafv2-acl-arn": "arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/shop/1234abcd"'
)
BETA = "service.beta.kubernetes.io"


class Edge(BaseModel):
    """What is meant to be reached."""

    model_config = ConfigDict(extra="forbid")

    namespaces: tuple[str, ...] = Field(
        default=(),
        description="Namespaces of ingress controllers, whose Services are meant to be reached.",
    )
    addresses: int = Field(
        default=2**24,
        ge=1,
        description="A load balancer that lets in more addresses of the internet than this counts as open to it.",
    )


@rule(
    id="kubernetes-service-exposed",
    title="A Service opens a workload of the cardholder data environment to the outside of the cluster",
    layer="network",
    severity="high",
    judges=Service,
    parameters=Edge,
    rationale="""A load balancer of its own, a port of every node or a foreign address leads past the one place where
    traffic from outside is checked. PCI DSS wants a network security control between untrusted networks and the
    cardholder data environment, and nothing that stores cardholder data reachable from them.""",
    remediation="""Use the type `ClusterIP`, and an Ingress for what is meant for the public. What other networks of
    your own need gets an internal load balancer (`service.beta.kubernetes.io/aws-load-balancer-scheme: internal`).""",
    compliant=[
        LEDGER + SERVICE % ("", ""),
        LEDGER + SERVICE % (f'"{BETA}/aws-load-balancer-internal": "true"', '"type": "LoadBalancer"'),
        LEDGER + SERVICE % ("", '"type": "LoadBalancer", "load_balancer_class": "service.k8s.aws/nlb"'),
        LEDGER
        + SERVICE
        % (
            f'"{BETA}/aws-load-balancer-scheme": "internet-facing"',
            '"type": "LoadBalancer", "load_balancer_source_ranges": ["198.51.100.0/24", "10.0.0.0/8"]',
        ),
        # Its pods hold no cardholder data.
        LEDGER.replace("cardholder", "public")
        + """
        k8s.core.v1.Service(
            "public", spec={"type": "LoadBalancer", "selector": {"app": "ledger"}, "ports": [{"port": 443}]}
        )
        k8s.core.v1.Service("internal", spec={"selector": {"app": "other"}, "ports": [{"port": 443}]})
        """,
    ],
    violating=[
        LEDGER + SERVICE % ("", '"type": "LoadBalancer"'),
        LEDGER + SERVICE % ("", '"type": "NodePort"'),
        LEDGER + SERVICE % ("", '"external_ips": ["203.0.113.7"]'),
        LEDGER + SERVICE % (f'"{BETA}/aws-load-balancer-internal": "false"', '"type": "LoadBalancer"'),
        LEDGER
        + SERVICE
        % (
            f'"{BETA}/aws-load-balancer-scheme": "internet-facing"',
            '"type": "LoadBalancer", "load_balancer_class": "service.k8s.aws/nlb"',
        ),
        # All addresses in two halves.
        LEDGER + SERVICE % ("", '"type": "LoadBalancer", "load_balancer_source_ranges": ["0.0.0.0/1", "128.0.0.0/1"]'),
        # Its pods come from a chart; the Service says whose it is.
        """
        import pulumi_kubernetes as k8s

        k8s.core.v1.Service(
            "ledger",
            metadata={"labels": {"data-classification": "cardholder"}},
            spec=k8s.core.v1.ServiceSpecArgs(
                type="LoadBalancer", selector={"app": "ledger"}, ports=[k8s.core.v1.ServicePortArgs(port=443)]
            ),
        )
        """,
    ],
)
def kubernetes_service_exposed(service: Service, case: Case) -> Answer:
    """By its type, its addresses and the annotations that keep a load balancer private."""
    if not service.in_scope:
        return not_applicable("it leads to nothing of the cardholder data environment")
    if not service.partial and service.namespace in case.parameters.namespaces:
        return not_applicable(f"the namespace {service.namespace} is meant to be reached from outside")
    opened = _opened(service, case.parameters.addresses)
    if not opened:
        return service.otherwise
    names = ", ".join(one.name for one in service.targets) or service.name
    return fail(f"{names} is open to the outside of the cluster: {' and '.join(opened)}.")


def _opened(service: Service, most: int) -> list[str]:
    found = []
    if service.external_addresses:
        found.append(f"the Service {service.name} takes traffic to {', '.join(service.external_addresses)}")
    if service.type == "NodePort":
        found.append(f"the Service {service.name} opens a port of every node")
    if service.type == "LoadBalancer" and not service.private:
        count = service.open_to
        if count is None or count > most:
            found.append(f"the load balancer of the Service {service.name} faces the internet")
    return found


@rule(
    id="kubernetes-ingress-without-web-firewall",
    title="A public Ingress has no web application firewall",
    layer="network",
    severity="high",
    judges=Ingress,
    rationale="""Attacks on web applications come by ports that have to be open, so addresses and ports do not stop
    them. PCI DSS wants an automated solution that detects and prevents them in front of every public web
    application.""",
    remediation="""Set the annotation `alb.ingress.kubernetes.io/wafv2-acl-arn` to the ARN of a WAFv2 web ACL, on the
    Ingress or on another of its group, or `wafv2AclArn` of its IngressClassParams.""",
    compliant=[
        WEB % f"{PUBLIC}, {FIREWALL}",
        # The other Ingress of the group has it, and they share a load balancer.
        WEB % f'{PUBLIC}, "alb.ingress.kubernetes.io/group.name": "shop"'
        + WEB.replace("import pulumi_kubernetes as k8s", "").replace('"shop",', '"admin",')
        % f'{FIREWALL}, "alb.ingress.kubernetes.io/group.name": "shop"',
    ],
    violating=[
        WEB % PUBLIC,
        WEB % f'{PUBLIC}, "alb.ingress.kubernetes.io/group.name": "shop"'
        + WEB.replace("import pulumi_kubernetes as k8s", "").replace('"shop",', '"admin",')
        % f'{PUBLIC}, {FIREWALL}, "alb.ingress.kubernetes.io/group.name": "admin"',
    ],
)
def kubernetes_ingress_without_web_firewall(ingress: Ingress, case: Case) -> Answer:
    """Of Application Load Balancers that face the internet; what other controllers filter is not seen from here."""
    if not ingress.by_alb:
        return not_applicable("no Application Load Balancer serves it")
    if not ingress.alb_public:
        return not_applicable("its load balancer does not face the internet")
    if any(one.alb("wafv2-acl-arn") for one in ingress.alb_group):
        return PASS
    return fail(f"The load balancer of {ingress.name} faces the internet, and no web ACL is attached to it.")
