"""Services and Ingresses: what leads to pods from outside of the cluster, and how.

A load balancer faces the internet unless an annotation of the cloud says otherwise:
https://kubernetes.io/docs/concepts/services-networking/service/#internal-load-balancer (the in-tree controllers),
https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/service/annotations/ (whose default is
internal). An Ingress of the class `alb` is described at .../guide/ingress/annotations/ there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from lychgate.model.graph import Graph
from lychgate.model.values import Block, UnknownRead
from lychgate.reasoning.network.addresses import INTERNET_ADDRESSES, IPV6_BASE, block
from lychgate.reasoning.network.intervals import Intervals, intersect, normal
from lychgate.views.kubernetes import KubernetesObject
from lychgate.views.kubernetes_objects import tokens
from lychgate.views.kubernetes_selectors import matches, plain_selector
from lychgate.views.kubernetes_workloads import Workload, workloads_in

SERVICES = tokens("Service", "core/v1")
INGRESSES = tokens("Ingress", "networking.k8s.io/v1", "networking.k8s.io/v1beta1", "extensions/v1beta1")
BETA = "service.beta.kubernetes.io"
# Annotations that make a load balancer private, and the values that do.
PRIVATE = {
    f"{BETA}/aws-load-balancer-scheme": "internal",
    f"{BETA}/azure-load-balancer-internal": "true",
    "networking.gke.io/load-balancer-type": "internal",
    "cloud.google.com/load-balancer-type": "internal",
}
# The AWS Load Balancer Controller and EKS Auto Mode: private unless told otherwise.
PRIVATE_CLASSES = ("service.k8s.aws/nlb", "eks.amazonaws.com/nlb")
ALB = "alb.ingress.kubernetes.io"
# Settings that the parameters of an IngressClass may give instead, under the names of either controller.
OF_CLASS = {
    "certificate-arn": ("certificateArn", "certificateARNs"),
    "ssl-policy": ("sslPolicy",),
    "ssl-redirect": ("sslRedirectPort",),
    "scheme": ("scheme",),
    "group.name": ("group.name",),
    "wafv2-acl-arn": ("wafv2AclArn",),
}
ALB_CONTROLLERS = ("ingress.k8s.aws/alb", "eks.amazonaws.com/alb")


def internet_addresses(cidrs: Iterable[str]) -> int:
    """How many addresses of the internet these blocks hold; of IPv6, /64 networks are counted. Raises ValueError."""
    spans: Intervals = intersect(normal(pair for cidr in cidrs for pair in block(cidr)), INTERNET_ADDRESSES)
    return sum((high - low + 1) >> (64 if low >= IPV6_BASE else 0) for low, high in spans)


class Service(KubernetesObject):
    """A Service."""

    types = SERVICES
    __slots__ = ()

    @property
    def type(self) -> str:
        """`ClusterIP`, `NodePort`, `LoadBalancer` or `ExternalName`."""
        return self.read.text("spec.type") or "ClusterIP"

    def annotation(self, name: str) -> str | None:
        """An annotation."""
        return self.entry("metadata.annotations", name)

    @property
    def private(self) -> bool:
        """Whether its load balancer has private addresses only."""
        given = self.annotation(f"{BETA}/aws-load-balancer-scheme")
        if given == "internet-facing":
            return False
        if any((self.annotation(name) or "").lower() == value for name, value in PRIVATE.items()):
            return True
        if self.annotation(f"{BETA}/aws-load-balancer-internal") not in (None, "", "false"):
            return True
        by_controller = self.annotation(f"{BETA}/aws-load-balancer-type") in ("external", "nlb-ip")
        return by_controller or self.read.text("spec.loadBalancerClass") in PRIVATE_CLASSES

    @property
    def sources(self) -> list[str]:
        """The addresses that its load balancer lets in; empty where it lets in all."""
        ranges = self.read.texts("spec.loadBalancerSourceRanges")
        given = self.annotation(f"{BETA}/load-balancer-source-ranges")
        return ranges or [one.strip() for one in (given or "").split(",") if one.strip()]

    @property
    def open_to(self) -> int | None:
        """How many addresses of the internet its load balancer lets in; None where it lets in all."""
        sources = self.sources
        try:
            return internet_addresses(sources) if sources else None
        except ValueError as error:
            raise UnknownRead(
                self.resource.urn, "spec.loadBalancerSourceRanges", f"is not understood: {error}"
            ) from None

    @property
    def external_addresses(self) -> list[str]:
        """Addresses outside of the cluster whose traffic nodes take for the Service."""
        return self.read.texts("spec.externalIPs")

    @property
    def targets(self) -> list[Workload]:
        """The workloads of the graph that it sends traffic to."""
        return self.once("targets", self._targets)

    def _targets(self) -> list[Workload]:
        wanted = plain_selector(self.read.block("spec"), "selector")
        if wanted is None:
            return []
        inside = workloads_in(self.graph, self.cluster, self.namespace)
        return [one for one in inside if matches(wanted, one.pod_labels)]

    @property
    def in_scope(self) -> bool:
        """Whether it leads to something of the cardholder data environment: by its targets, else by its own labels."""
        targets = self.targets
        return any(one.labels.in_scope for one in targets) if targets else self.labels.in_scope


class Ingress(KubernetesObject):
    """An Ingress: HTTP from outside to Services of its namespace."""

    types = INGRESSES
    __slots__ = ()

    def annotation(self, name: str) -> str | None:
        """An annotation."""
        return self.entry("metadata.annotations", name)

    def alb(self, name: str) -> str | None:
        """A setting of the AWS Load Balancer Controller: of the parameters of its class, else its annotation."""
        class_ = self.in_cluster("IngressClass", self.class_name) if self.class_name else None
        parameters = class_.read.text("spec.parameters.name") if class_ is not None else None
        if class_ is not None and parameters and name in OF_CLASS:
            found = self.in_cluster("IngressClassParams", parameters)
            if found is None:
                why = "is not among what is judged"
                raise UnknownRead(class_.urn, f"spec.parameters ({parameters})", why)
            for path in OF_CLASS[name]:
                if given := ",".join(found.read.texts(f"spec.{path}")):
                    return given
        return self.annotation(f"{ALB}/{name}")

    @property
    def class_name(self) -> str | None:
        """The class of what serves it; the annotation is the older spelling. None: the cluster's default class."""
        return self.read.text("spec.ingressClassName") or self.annotation("kubernetes.io/ingress.class")

    @property
    def by_alb(self) -> bool:
        """Whether an Application Load Balancer serves it: by its class, or its class' controller."""
        name = self.class_name
        if name is None:
            return any(key.startswith(f"{ALB}/") for key in self.read.block("metadata.annotations").values)
        found = self.in_cluster("IngressClass", name)
        if found is not None:
            return found.read.text("spec.controller") in ALB_CONTROLLERS
        return name == "alb"

    @property
    def hosts(self) -> list[str]:
        """The hosts of its rules; an empty text stands for any host, as a default backend does."""
        found = [one.text("host") or "" for one in self.read.blocks("spec.rules")]
        default = self.read.has("spec.defaultBackend") or self.read.has("spec.backend")
        return list(dict.fromkeys([*found, *([""] if default or not found else [])]))

    @property
    def tls_hosts(self) -> list[str] | None:
        """The hosts that have TLS; one that names none stands for all (an empty text). None: no TLS at all."""
        entries = self.read.blocks("spec.tls")
        if not entries:
            return None
        return [host for one in entries for host in (one.texts("hosts") or [""])]

    @property
    def services(self) -> list[Service]:
        """The Services of the graph that it leads to."""
        return self.once("services", self._services)

    def _services(self) -> list[Service]:
        spec = self.read.block("spec")
        backends = [spec.block("defaultBackend"), spec.block("backend")]
        for rule in spec.blocks("rules"):
            backends += [path.block("backend") for path in rule.blocks("http.paths")]
        names = dict.fromkeys(name for one in backends if (name := _service_name(one)))
        found = (self.sibling("Service", name) for name in names)
        return [Service.of(self.graph, one) for one in found if one is not None]

    @property
    def cardholder(self) -> list[str]:
        """The workloads of the graph that it leads to and that are classified as holding cardholder data."""
        targets = [workload for service in self.services for workload in service.targets]
        return list(dict.fromkeys(one.name for one in targets if one.labels.classification == "cardholder"))

    @property
    def alb_group(self) -> list[Ingress]:
        """The Ingresses that share its load balancer, itself among them."""
        name = self.alb("group.name")
        if name is None:
            return [self]
        return self.graph.once("alb groups", lambda: _groups(self.graph)).get((self.cluster, name), [self])

    @property
    def alb_ports(self) -> dict[int, str]:
        """Ports that its load balancer listens on for it, with `HTTP` or `HTTPS`.

        Where nothing is said it is HTTP 80, or HTTPS 443 if a certificate is named by its ARN; `spec.tls` alone makes
        no HTTPS (pkg/ingress/model_build_listener.go of the controller).
        """
        given = self.alb("listen-ports")
        if given is None:
            return {443: "HTTPS"} if self.alb("certificate-arn") else {80: "HTTP"}
        try:
            return {int(port): name.upper() for one in json.loads(given) for name, port in one.items()}
        except (ValueError, AttributeError, TypeError) as error:
            why = f"is no list of ports ({error})"
            raise UnknownRead(self.resource.urn, f"metadata.annotations.{ALB}/listen-ports", why) from None

    @property
    def alb_public(self) -> bool:
        """Whether its load balancer faces the internet; it does not unless that is said."""
        return any(one.alb("scheme") == "internet-facing" for one in self.alb_group)

    @property
    def alb_redirects(self) -> bool:
        """Whether its load balancer sends all clients of HTTP to HTTPS."""
        if any(one.alb("ssl-redirect") for one in self.alb_group):
            return True
        paths = [path for rule in self.read.blocks("spec.rules") for path in rule.blocks("http.paths")][:1]
        name = _service_name(paths[0].block("backend")) if paths else None
        action = self.annotation(f"{ALB}/actions.{name}") if name else None
        words = re.sub(r"[\s\"']", "", action or "").lower()  # the first rule, as it was done before `ssl-redirect`
        return "type:redirect" in words and "protocol:https" in words


def _groups(graph: Graph) -> dict[tuple[str, str], list[Ingress]]:
    found: dict[tuple[str, str], list[Ingress]] = {}
    for one in Ingress.all(graph):
        name = one.alb("group.name")
        if name is not None:
            found.setdefault((one.cluster, name), []).append(one)
    return found


def _service_name(backend: Block) -> str | None:
    return backend.text("service.name") or backend.text("serviceName")
