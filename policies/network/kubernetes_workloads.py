"""Who reaches a workload of the cardholder data environment through the cluster's network, and where it gets to."""

from pydantic import BaseModel, ConfigDict, Field

from lychgate import PASS, Answer, Case, fail, not_applicable, rule
from lychgate.reasoning.network import DESTINATION, PodReach
from lychgate.views.kubernetes_network import PodNetwork, breadth, pod_of, told
from lychgate.views.kubernetes_workloads import Workload

WORKLOAD = """
        import pulumi_kubernetes as k8s

        payments = k8s.core.v1.Namespace("payments")
        labels = {"app": "ledger", "data-classification": "cardholder"}
        k8s.apps.v1.Deployment(
            "ledger",
            metadata={"namespace": payments.metadata["name"], "labels": labels},
            spec={
                "selector": {"match_labels": labels},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {
                        "containers": [
                            {
                                "name": "ledger",
                                "image": "example/ledger",
                                "ports": [{"name": "http", "container_port": 8080}],
                            }
                        ]
                    },
                },
            },
        )
        """
POLICY = """
        k8s.networking.v1.NetworkPolicy(
            "ledger", metadata={"namespace": payments.metadata["name"]}, spec={"pod_selector": %s, %s}
        )
        """
OUTSIDE = "is classified as {}, not as holding cardholder data"


@rule(
    id="kubernetes-workload-open-to-all-pods",
    title="Every pod of the cluster can connect to a workload of the cardholder data environment",
    layer="network",
    severity="high",
    judges=Workload,
    rationale="""Whatever runs in the cluster and is broken into can then talk to the workload, so all of the cluster is
    in scope. PCI DSS wants inbound traffic to the cardholder data environment limited to what is needed.""",
    remediation="""Add a NetworkPolicy that selects the workload's pods, with an `ingress` rule that names who may
    connect: a `podSelector`, for another namespace together with a `namespaceSelector`, and the port.""",
    compliant=[
        WORKLOAD
        + POLICY
        % (
            '{"match_labels": {"app": "ledger"}}',
            """
                "ingress": [
                    {
                        "from_": [
                            {
                                "namespace_selector": {"match_labels": {"kubernetes.io/metadata.name": "front"}},
                                "pod_selector": {"match_labels": {"app": "web"}},
                            }
                        ],
                        "ports": [{"port": "http"}],
                    }
                ],
            """,
        ),
        WORKLOAD + POLICY % ("{}", '"policy_types": ["Ingress"], "ingress": [{"from_": [{"pod_selector": {}}]}]'),
        WORKLOAD
        + """
        k8s.core.v1.Namespace("public", metadata={"name": "public", "labels": {"data-classification": "public"}})
        k8s.core.v1.Pod(
            "docs", metadata={"namespace": "public"}, spec={"containers": [{"name": "docs", "image": "example/docs"}]}
        )
        """
        + POLICY % ("{}", '"policy_types": ["Ingress", "Egress"]'),
    ],
    violating=[
        WORKLOAD,
        WORKLOAD + POLICY % ('{"match_labels": {"app": "other"}}', '"policy_types": ["Ingress"]'),
        WORKLOAD + POLICY % ("{}", '"policy_types": ["Egress"]'),
        # A port is named, and nobody who may connect to it.
        WORKLOAD + POLICY % ("{}", '"policy_types": ["Ingress"], "ingress": [{"ports": [{"port": 8080}]}]'),
        WORKLOAD + POLICY % ("{}", '"ingress": [{"from_": [{"namespace_selector": {}}, {"pod_selector": {}}]}]'),
        WORKLOAD + POLICY % ("{}", '"ingress": [{"from_": [{"ip_block": {"cidr": "0.0.0.0/0"}}]}]'),
        # A selector that leaves some out takes in all others.
        WORKLOAD
        + POLICY
        % (
            "{}",
            """
                "ingress": [
                    {
                        "from_": [
                            {
                                "namespace_selector": {
                                    "match_expressions": [{"key": "team", "operator": "NotIn", "values": ["test"]}]
                                }
                            }
                        ]
                    }
                ],
            """,
        ),
    ],
)
def kubernetes_workload_open_to_all_pods(workload: Workload, case: Case) -> Answer:
    """Whether a pod that no rule names gets through: without labels, in a namespace without labels."""
    if not workload.labels.in_scope:
        return not_applicable(OUTSIDE.format(workload.labels.classification))
    if workload.partial:
        return workload.otherwise
    network, pod = pod_of(workload)
    reach = network.open_to_strangers(pod.id)
    if reach is None:
        return PASS
    by = told(case.graph, reach)
    witness = {"flows": str(reach.flows), "by": by}
    other = _for_example(network, workload)
    if other is None:
        return fail(f"Every pod of the cluster can connect to {workload.name}: {by}.", witness)
    example = f"{other.name} in the namespace {other.namespace}"
    return fail(
        f"Every pod of the cluster can connect to {workload.name}, {example} for example: {by}.",
        {"source": other.resource.urn, "target": workload.resource.urn, **witness},
    )


def _for_example(network: PodNetwork, workload: Workload) -> Workload | None:
    """A workload of another namespace that gets through; looked for among the first only."""
    others = (one for one in network.workloads.values() if one.namespace != workload.namespace)
    for _, other in zip(range(5), others, strict=False):
        if network.cluster.pods_reachable(other.resource.urn, workload.resource.urn).is_yes:
            return other
    return None


class Egress(BaseModel):
    """How much of the internet counts as open."""

    model_config = ConfigDict(extra="forbid")

    addresses: int = Field(
        default=2**24,
        ge=1,
        description="Egress to more addresses of the internet than this counts as unrestricted (2**24 is a /8).",
    )


@rule(
    id="kubernetes-workload-with-open-egress",
    title="A workload of the cardholder data environment may connect to most of the internet",
    layer="network",
    severity="high",
    judges=Workload,
    parameters=Egress,
    rationale="""Whoever gets into the workload can send cardholder data to any server. PCI DSS wants outbound traffic
    of the cardholder data environment limited to what is needed, by destination too.""",
    remediation="""Add a NetworkPolicy with `policyTypes: [Egress]` that selects the workload's pods, and name where
    they may connect to: pods, namespaces, or the addresses of a partner in an `ipBlock`. What has no fixed address is
    reached through an egress proxy.""",
    compliant=[
        WORKLOAD
        + POLICY
        % (
            '{"match_labels": {"app": "ledger"}}',
            """
                "policy_types": ["Egress"],
                "egress": [
                    {"to": [{"ip_block": {"cidr": "198.51.100.0/24"}}], "ports": [{"port": 443}]},
                    {"to": [{"pod_selector": {"match_labels": {"app": "egress-proxy"}}}]},
                    {"to": [{"namespace_selector": {}}], "ports": [{"protocol": "UDP", "port": 53}]},
                ],
            """,
        ),
        WORKLOAD + POLICY % ("{}", '"policy_types": ["Ingress", "Egress"]'),
    ],
    violating=[
        WORKLOAD,
        WORKLOAD + POLICY % ("{}", '"policy_types": ["Ingress"]'),
        WORKLOAD + POLICY % ("{}", '"policy_types": ["Egress"], "egress": [{"ports": [{"port": 443}]}]'),
        # All addresses, in two halves and with a hole.
        WORKLOAD
        + POLICY
        % (
            "{}",
            """
                "policy_types": ["Egress"],
                "egress": [
                    {
                        "to": [
                            {"ip_block": {"cidr": "0.0.0.0/1", "except_": ["10.0.0.0/8"]}},
                            {"ip_block": {"cidr": "128.0.0.0/1"}},
                        ]
                    }
                ],
            """,
        ),
        WORKLOAD
        + POLICY % ("{}", '"policy_types": ["Ingress", "Egress"]')
        + POLICY.replace('"ledger"', '"updates"')
        % ("{}", '"policy_types": ["Egress"], "egress": [{"to": [{"ip_block": {"cidr": "::/0"}}]}]'),
    ],
)
def kubernetes_workload_with_open_egress(workload: Workload, case: Case) -> Answer:
    """How many addresses of the internet its policies leave open, on any port."""
    if not workload.labels.in_scope:
        return not_applicable(OUTSIDE.format(workload.labels.classification))
    if workload.partial:
        return workload.otherwise
    network, pod = pod_of(workload)
    answer = network.cluster.internet_egress(pod.id)
    reach = answer.witness
    if reach is None or breadth(reach, DESTINATION) <= case.parameters.addresses:
        network.settled()
        return PASS
    if not network.decided(answer):
        return PASS
    return _sends_anywhere(workload, reach)


def _sends_anywhere(workload: Workload, reach: PodReach) -> Answer:
    by = told(workload.graph, reach)
    return fail(
        f"{workload.name} may connect to most of the internet: {by}.",
        {"flows": str(reach.flows), "by": by},
    )
