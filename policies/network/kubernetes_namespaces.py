"""What a namespace's NetworkPolicies say of pods that nobody thought of."""

from pydantic import BaseModel, ConfigDict, Field

from lychgate import PASS, Answer, Case, fail, rule
from lychgate.reasoning.network import DESTINATION, PodReach
from lychgate.reasoning.network.pods import Direction
from lychgate.views.kubernetes import Namespace
from lychgate.views.kubernetes_network import ANY_POD, PodNetwork, breadth, network_of, told

NAMESPACE = """
        import pulumi_kubernetes as k8s

        payments = k8s.core.v1.Namespace("payments")
        """
POLICY = """
        k8s.networking.v1.NetworkPolicy(
            "%s", metadata={"namespace": payments.metadata["name"]}, spec={"pod_selector": %s, %s}
        )
        """


@rule(
    id="kubernetes-namespace-open-to-ingress",
    title="Pods of a namespace accept connections from everywhere unless a policy of their own forbids it",
    layer="network",
    severity="high",
    judges=Namespace,
    rationale="""Without a NetworkPolicy for all of its pods, a namespace is open to every pod of the cluster, and a new
    pod is open from its first second. PCI DSS wants inbound traffic to the cardholder data environment limited to what
    is needed, and all other traffic denied.""",
    remediation="""Add a NetworkPolicy with `podSelector: {}`, `policyTypes: [Ingress]` and no `ingress` rules, and
    beside it policies that allow what is needed, each for named pods from named pods or namespaces.""",
    compliant=[
        NAMESPACE + POLICY % ("deny", "{}", '"policy_types": ["Ingress", "Egress"]'),
        # Without types a policy is for ingress. One part may be open to all.
        NAMESPACE
        + POLICY % ("deny", "{}", '"ingress": [{"from_": [{"pod_selector": {}}]}]')
        + POLICY % ("front", '{"match_labels": {"app": "front"}}', '"ingress": [{}]'),
        """
        import pulumi_kubernetes as k8s

        # The policy comes first, and in YAML.
        k8s.yaml.ConfigGroup(
            "policies",
            yaml=[
                '''
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata: {name: deny, namespace: payments}
        spec: {podSelector: {}, policyTypes: [Ingress]}
        '''
            ],
        )
        k8s.core.v1.Namespace("payments", metadata={"name": "payments"})
        """,
    ],
    violating=[
        NAMESPACE,
        NAMESPACE + POLICY % ("deny", '{"match_labels": {"app": "api"}}', '"policy_types": ["Ingress"]'),
        NAMESPACE + POLICY % ("deny", "{}", '"policy_types": ["Egress"]'),
        NAMESPACE
        + POLICY % ("deny", "{}", '"policy_types": ["Ingress"]')
        + POLICY % ("allow", "{}", '"ingress": [{}]'),
        NAMESPACE + POLICY % ("deny", "{}", '"ingress": [{"from_": [{"namespace_selector": {}}]}]'),
        NAMESPACE
        + """
        k8s.networking.v1.NetworkPolicy("deny", spec={"pod_selector": {}, "policy_types": ["Ingress"]})
        """,
    ],
)
def kubernetes_namespace_open_to_ingress(namespace: Namespace, case: Case) -> Answer:
    """A policy for all pods, and none that gives it back to everybody."""
    network, missing = _default(namespace, "ingress")
    if missing:
        return fail(missing)
    pod = f"{ANY_POD}{namespace.namespace}"
    strangers = network.open_to_strangers(pod)
    if strangers is not None:
        return _let_in(namespace, strangers, "every pod of the cluster may connect to each of them")
    answer = network.cluster.internet_ingress(pod)
    if network.decided(answer) and answer.witness is not None:
        return _let_in(namespace, answer.witness, "the internet may connect to each of them")
    return PASS


class Egress(BaseModel):
    """How much of the internet counts as open."""

    model_config = ConfigDict(extra="forbid")

    addresses: int = Field(
        default=2**24,
        ge=1,
        description="Egress to more addresses of the internet than this counts as unrestricted (2**24 is a /8).",
    )


@rule(
    id="kubernetes-namespace-open-to-egress",
    title="Pods of a namespace may connect to everywhere unless a policy of their own forbids it",
    layer="network",
    severity="medium",
    judges=Namespace,
    parameters=Egress,
    rationale="""Whoever gets into a pod wants to fetch tools and to send data out, and without a policy for egress both
    work from any pod to any address. PCI DSS wants outbound traffic of the cardholder data environment limited to what
    is needed.""",
    remediation="""Add a NetworkPolicy with `podSelector: {}`, `policyTypes: [Egress]` and no rule but DNS (UDP and TCP
    53 to the pods of kube-dns), and allow what is needed for named pods beside it.""",
    compliant=[
        NAMESPACE + POLICY % ("deny", "{}", '"policy_types": ["Ingress", "Egress"]'),
        NAMESPACE
        + POLICY
        % (
            "dns",
            "{}",
            """
                "policy_types": ["Egress"],
                "egress": [
                    {
                        "to": [
                            {
                                "namespace_selector": {"match_labels": {"kubernetes.io/metadata.name": "kube-system"}},
                                "pod_selector": {"match_labels": {"k8s-app": "kube-dns"}},
                            },
                            {"ip_block": {"cidr": "198.51.100.0/24"}},
                        ],
                        "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
                    }
                ],
            """,
        ),
    ],
    violating=[
        NAMESPACE,
        # An empty list of rules without its type isolates nothing.
        NAMESPACE + POLICY % ("deny", "{}", '"egress": []'),
        NAMESPACE + POLICY % ("deny", "{}", '"policy_types": ["Egress"], "egress": [{}]'),
        NAMESPACE
        + POLICY % ("deny", "{}", '"policy_types": ["Ingress", "Egress"]')
        + POLICY
        % (
            "https",
            "{}",
            """
                "policy_types": ["Egress"],
                "egress": [
                    {
                        "to": [{"ip_block": {"cidr": "0.0.0.0/0", "except_": ["169.254.169.254/32"]}}],
                        "ports": [{"port": 443}],
                    }
                ],
            """,
        ),
    ],
)
def kubernetes_namespace_open_to_egress(namespace: Namespace, case: Case) -> Answer:
    """A policy for all pods, and none that gives most of the internet back."""
    network, missing = _default(namespace, "egress")
    if missing:
        return fail(missing)
    answer = network.cluster.internet_egress(f"{ANY_POD}{namespace.namespace}")
    reach = answer.witness
    if reach is not None and breadth(reach, DESTINATION) > case.parameters.addresses and network.decided(answer):
        return _let_in(namespace, reach, "each of them may connect to most of the internet")
    return PASS


def _default(namespace: Namespace, direction: Direction) -> tuple[PodNetwork, str]:
    """The network of its cluster, and what is wrong where no policy isolates all pods."""
    network = network_of(namespace.graph, namespace.cluster)
    if network.defaults(namespace.namespace, direction):
        return network, ""
    network.settled()
    return network, (
        f"No NetworkPolicy isolates every pod of the namespace {namespace.name} for {direction}: a pod that no other "
        f"policy selects {'accepts connections from' if direction == 'ingress' else 'may connect to'} everywhere."
    )


def _let_in(namespace: Namespace, reach: PodReach, what: str) -> Answer:
    by = told(namespace.graph, reach)
    return fail(
        f"There is a policy for all pods of {namespace.name}, but {what}: {by}.",
        {"namespace": namespace.namespace, "by": by, "flows": str(reach.flows)},
    )
