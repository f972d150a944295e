"""Who can reach whom on an AWS network, and between Kubernetes pods: exact, and honest about what is unknown.

Fill plain records (`records.py`: Vpc, Subnet, RouteTable, SecurityGroup, Endpoint and so on), hand them over in any
order, and ask::

    network = Network([vpc, subnet, table, group, endpoint])
    answer = network.exposed_to_internet("urn of the database")
    if answer.is_yes:
        hop = answer.witness                 # Hop(source, target, flow, flows, steps)
        str(hop.flow)                        # "tcp 5432 from 1.0.0.10 to 10.0.1.10": one witness
        hop.flows & FlowSet.of("tcp", 22)    # all flows that certainly pass, an exact set
        [str(step) for step in hop.steps]    # the address, route, ACL entry and group rule that let it through
    elif answer.is_unknown:
        answer.unknowns                      # Unknown(record, field): what would decide it

Questions of `Network`: `reachable(source, target)`, `exposed_to_internet(endpoint)`, `egress_to_internet(endpoint)`,
`paths(sources, target, max_hops)` and `reached_from(sources)` (chains of hops through endpoints and load balancers),
`reached_from_others(owners)` (who is reached by somebody else's), `peers_across(vpc, vpc)`, `internet_route(subnet)`,
`opened(group)` and `admitted(acl)` (flow sets). INTERNET stands for the internet as a source or a target.

Kubernetes: fill `pods.py`'s records (Pod, Namespace, NetworkPolicy) and ask `Cluster(pods, policies, namespaces)`:
`pods_reachable(source, target, flows)`, `isolated(pod, direction)`, `internet_egress(pod)`, `internet_ingress(pod)`.
Where AWS's groups matter for pods, give each workload an Endpoint with its nodes' subnets and groups too.

Unknown values: put `Unknown(record id, field)` wherever a value is not known; in a list it stands for "perhaps more". A
reference to a record that was not handed over counts as unknown. An `Answer` is yes, no or unknown and has no truth
value. What is proven holds for every value of the unknown fields.

What is assumed: an endpoint may have any address of its subnets unless `addresses` says which; a security group rule
that names an address of the subnet therefore counts. A route to an appliance (firewall, NAT instance) gives unknown,
since its filtering is not modelled. TCP needs its answers to come back through stateless ACLs and routes, other
protocols do not.
"""

from lychgate.reasoning.network.addresses import ANYWHERE, INTERNET_ADDRESSES, spans_text
from lychgate.reasoning.network.answers import Answer, Bounds, Hop, Step, Unknown
from lychgate.reasoning.network.flows import DESTINATION, PORT, PROTOCOL, SOURCE, Flow, FlowSet
from lychgate.reasoning.network.groups import default_group_id
from lychgate.reasoning.network.internet import INTERNET
from lychgate.reasoning.network.kubernetes import Cluster, PodReach
from lychgate.reasoning.network.network import ANY_CLIENT_PORT, EPHEMERAL_PORTS, Joined, Network
from lychgate.reasoning.network.paths import Path
from lychgate.reasoning.network.pods import (
    ContainerPort,
    IpBlock,
    LabelSelector,
    Namespace,
    NetworkPolicy,
    Pod,
    PolicyPeer,
    PolicyPort,
    PolicyRule,
    Requirement,
)
from lychgate.reasoning.network.private import Link
from lychgate.reasoning.network.records import (
    AclEntry,
    Endpoint,
    Listener,
    LoadBalancer,
    NatGateway,
    NetworkAcl,
    Peering,
    PrefixList,
    Record,
    Route,
    RouteTable,
    SecurityGroup,
    SecurityRule,
    Subnet,
    Target,
    TargetGroup,
    TransitAttachment,
    TransitGateway,
    TransitRoute,
    TransitRouteTable,
    Vpc,
)

__all__ = [
    "ANYWHERE",
    "ANY_CLIENT_PORT",
    "DESTINATION",
    "EPHEMERAL_PORTS",
    "INTERNET",
    "INTERNET_ADDRESSES",
    "PORT",
    "PROTOCOL",
    "SOURCE",
    "AclEntry",
    "Answer",
    "Bounds",
    "Cluster",
    "ContainerPort",
    "Endpoint",
    "Flow",
    "FlowSet",
    "Hop",
    "IpBlock",
    "Joined",
    "LabelSelector",
    "Link",
    "Listener",
    "LoadBalancer",
    "Namespace",
    "NatGateway",
    "Network",
    "NetworkAcl",
    "NetworkPolicy",
    "Path",
    "Peering",
    "Pod",
    "PodReach",
    "PolicyPeer",
    "PolicyPort",
    "PolicyRule",
    "PrefixList",
    "Record",
    "Requirement",
    "Route",
    "RouteTable",
    "SecurityGroup",
    "SecurityRule",
    "Step",
    "Subnet",
    "Target",
    "TargetGroup",
    "TransitAttachment",
    "TransitGateway",
    "TransitRoute",
    "TransitRouteTable",
    "Unknown",
    "Vpc",
    "default_group_id",
    "spans_text",
]
