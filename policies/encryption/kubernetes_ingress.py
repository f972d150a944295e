"""TLS where HTTP enters a Kubernetes cluster."""

from lychgate.policies.encryption.lb import STRONG

from lychgate import PASS, Answer, Case, fail, not_applicable, rule
from lychgate.views.kubernetes_services import Ingress

INGRESS = """
        import pulumi_kubernetes as k8s

        k8s.networking.v1.Ingress(
            "shop",
            metadata={"annotations": {%s}},
            spec={
                "ingress_class_name": "%s",
                %s
                "rules": [
                    {
                        "host": "shop.example.com",
                        "http": {
                            "paths": [
                                {
                                    "path": "/",
                                    "path_type": "Prefix",
                                    "backend": {"service": {"name": "shop", "port": {"number": 80}}},
                                }
                            ]
                        },
                    }
                ],
            },
        )
        """
TLS = '"tls": [{"hosts": ["shop.example.com"], "secret_name": "shop-tls"}],'
ALB = "alb.ingress.kubernetes.io"
CERTIFICATE = f'"{ALB}/certificate-arn": "arn:aws:acm:eu-west-1:111122223333:certificate/1234abcd"'
BOTH = f'"{ALB}/listen-ports": \'[{{"HTTP": 80}}, {{"HTTPS": 443}}]\''
POLICY = f'"{ALB}/ssl-policy": "%s"'


@rule(
    id="kubernetes-ingress-without-tls",
    title="An Ingress answers over plain HTTP",
    layer="encryption",
    severity="high",
    judges=Ingress,
    rationale="""What is sent to the Ingress over HTTP can be read and changed on its way, sessions and passwords too.
    PCI DSS asks for strong cryptography wherever cardholder data cross a network that others share.""",
    remediation="""List every host under `spec.tls` with the Secret of its certificate. On an Application Load Balancer
    set the annotation `certificate-arn`, or `listen-ports` with HTTPS alone or together with `ssl-redirect`.""",
    compliant=[
        INGRESS % ("", "nginx", TLS),
        INGRESS % ("", "nginx", '"tls": [{"hosts": ["*.example.com"], "secret_name": "wildcard"}],'),
        INGRESS % ("", "traefik", '"tls": [{"secret_name": "shop-tls"}],'),
        INGRESS % (CERTIFICATE, "alb", ""),
        INGRESS % (f"{CERTIFICATE}, {BOTH}, \"{ALB}/ssl-redirect\": '443'", "alb", ""),
    ],
    violating=[
        INGRESS % ("", "nginx", ""),
        INGRESS % ("", "nginx", '"tls": [{"hosts": ["www.example.com"], "secret_name": "www-tls"}],'),
        # A wildcard stands for one label.
        INGRESS % ("", "nginx", '"tls": [{"hosts": ["*.com"], "secret_name": "com-tls"}],'),
        INGRESS % ('"nginx.ingress.kubernetes.io/ssl-redirect": "false"', "nginx", TLS),
        # TLS in the specification alone makes no listener for it.
        INGRESS % ("", "alb", TLS),
        INGRESS % (f"{CERTIFICATE}, {BOTH}", "alb", TLS),
        """
        import pulumi_kubernetes as k8s

        # An older version, with the class as an annotation and nothing but a default backend.
        k8s.networking.v1beta1.Ingress(
            "shop",
            metadata=k8s.meta.v1.ObjectMetaArgs(annotations={"kubernetes.io/ingress.class": "nginx"}),
            spec={"backend": {"service_name": "shop", "service_port": 80}},
        )
        """,
    ],
)
def kubernetes_ingress_without_tls(ingress: Ingress, case: Case) -> Answer:
    """Every host under TLS, and HTTP only to redirect; on an Application Load Balancer by its listeners."""
    wrong = _alb(ingress) if ingress.by_alb else _generic(ingress)
    if not wrong:
        return ingress.otherwise
    names = ", ".join(ingress.cardholder)
    leads = f", which leads to {names} of the cardholder data environment," if names else ""
    return fail(f"The Ingress {ingress.name}{leads} answers over plain HTTP: {wrong}.")


def _alb(ingress: Ingress) -> str:
    plain = [str(port) for port, protocol in ingress.alb_ports.items() if protocol == "HTTP"]
    if not plain or ingress.alb_redirects:
        return ""
    given = "" if ingress.alb("listen-ports") else ", as it does where neither certificate-arn nor listen-ports is set"
    return f"its load balancer listens with HTTP on port {', '.join(plain)}{given}"


def _generic(ingress: Ingress) -> str:
    covered = ingress.tls_hosts
    if covered is None:
        return "it has no `tls`"
    bare = [host for host in ingress.hosts if not any(_covers(one, host) for one in covered)]
    if bare:
        return f"`tls` does not name {', '.join(one or 'the hosts of its default backend' for one in bare)}"
    annotation = "nginx.ingress.kubernetes.io/{}ssl-redirect".format
    if ingress.annotation(annotation("")) == "false" and ingress.annotation(annotation("force-")) != "true":
        return "ssl-redirect is false, so HTTP is served beside HTTPS"
    return ""


def _covers(tls: str, host: str) -> bool:
    """An entry without hosts covers all; a wildcard stands for one label."""
    if not tls or tls == host:
        return True
    return tls.startswith("*.") and bool(host) and host.partition(".")[2] == tls[2:]


@rule(
    id="kubernetes-ingress-with-weak-tls",
    title="The load balancer of an Ingress accepts TLS 1.0 or 1.1",
    layer="encryption",
    severity="medium",
    judges=Ingress,
    rationale="""TLS 1.0 and 1.1 count as broken, and PCI DSS asks for trusted protocols without insecure versions. The
    policy that a load balancer gets where none is named, ELBSecurityPolicy-2016-08, still accepts both.""",
    remediation="""Set the annotation `alb.ingress.kubernetes.io/ssl-policy` to
    `ELBSecurityPolicy-TLS13-1-2-Res-2021-06`.""",
    compliant=[
        INGRESS % (f"{CERTIFICATE}, {POLICY % 'ELBSecurityPolicy-TLS13-1-2-Res-2021-06'}", "alb", ""),
        INGRESS % (f"{CERTIFICATE}, {BOTH}, {POLICY % 'ELBSecurityPolicy-FS-1-2-Res-2020-10'}", "alb", ""),
    ],
    violating=[
        INGRESS % (CERTIFICATE, "alb", ""),
        INGRESS % (f"{CERTIFICATE}, {POLICY % 'ELBSecurityPolicy-TLS13-1-0-2021-06'}", "alb", ""),
        """
        import pulumi_kubernetes as k8s

        # The parameters of its class come before its own annotation.
        k8s.networking.v1.IngressClass(
            "public",
            metadata={"name": "public"},
            spec={
                "controller": "ingress.k8s.aws/alb",
                "parameters": {"api_group": "elbv2.k8s.aws", "kind": "IngressClassParams", "name": "public"},
            },
        )
        k8s.apiextensions.CustomResource(
            "public",
            api_version="elbv2.k8s.aws/v1beta1",
            kind="IngressClassParams",
            metadata={"name": "public"},
            spec={"sslPolicy": "ELBSecurityPolicy-2016-08"},
        )
        k8s.networking.v1.Ingress(
            "shop",
            metadata={
                "annotations": {
                    "alb.ingress.kubernetes.io/certificate-arn": "arn:aws:acm:eu-west-1:111122223333:certificate/1",
                    "alb.ingress.kubernetes.io/ssl-policy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
                }
            },
            spec={
                "ingress_class_name": "public",
                "default_backend": {"service": {"name": "shop", "port": {"number": 80}}},
            },
        )
        """,
    ],
)
def kubernetes_ingress_with_weak_tls(ingress: Ingress, case: Case) -> Answer:
    """Of Application Load Balancers; nginx and others take TLS 1.2 and later unless they are configured otherwise."""
    if not ingress.by_alb:
        return not_applicable("no Application Load Balancer serves it")
    if "HTTPS" not in ingress.alb_ports.values():
        return not_applicable("its load balancer has no HTTPS")
    policy = next((found for one in ingress.alb_group if (found := one.alb("ssl-policy"))), None)
    if policy and STRONG.match(policy):
        return PASS
    named = policy or "ELBSecurityPolicy-2016-08, as no ssl-policy is set"
    return fail(f"The load balancer of {ingress.name} accepts TLS 1.0 and 1.1: its policy is {named}.")
