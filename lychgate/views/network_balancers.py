"""Load balancers with their listeners and targets: Application, Network and Classic ones.

An Application Load Balancer without groups has the VPC's default one, a Network Load Balancer none at all. Targets see
a client's address where a Network Load Balancer's target group says so: by default for instances, and for UDP
(https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html#client-ip-preservation).
"""

from __future__ import annotations

from collections.abc import Iterator

from lychgate.model.graph import Resource
from lychgate.model.values import Block
from lychgate.reasoning.network import Endpoint, Listener, LoadBalancer, Target, TargetGroup, Unknown
from lychgate.views import network_types as types
from lychgate.views.network_homes import Homes
from lychgate.views.network_reading import Text, Translation, opposite

SCALING_ATTACHMENT = "aws:autoscaling/attachment:Attachment"
TRAFFIC_ATTACHMENT = "aws:autoscaling/trafficSourceAttachment:TrafficSourceAttachment"
TARGETS = (*types.INSTANCES, types.INTERFACE, *types.BALANCERS, types.FUNCTION)
# A listener's protocol -> what it is on the network.
PROTOCOLS = {"UDP": ("udp",), "TCP_UDP": ("tcp", "udp"), "QUIC": ("udp",), "TCP_QUIC": ("tcp", "udp")}
OF_NETWORK = ("TCP", "TLS", "UDP", "TCP_UDP", "QUIC", "TCP_QUIC")
ALWAYS_PRESERVED = ("UDP", "TCP_UDP", "QUIC", "TCP_QUIC")


def translate(t: Translation, homes: Homes) -> None:
    """All load balancers, target groups and registrations."""
    listeners = _listeners(t)
    for resource, record in t.each(*types.BALANCERS):
        endpoint = _endpoint(t, resource, record)
        if endpoint is not None:
            t.endpoint(resource, endpoint)
            t.add(LoadBalancer(record, (*listeners.get(record, ()), *listeners.get("", ()))))
    targets = _targets(t)
    for resource, record in t.each(*types.TARGET_GROUPS):
        t.add(_target_group(t, resource, record, (*targets.get(record, ()), *targets.get("", ()))), resource)
    _classic(t, homes)


def _endpoint(t: Translation, resource: Resource, record: str) -> Endpoint | None:
    read = resource.read
    kind = t.text(record, read, "loadBalancerType") or "application"
    if kind == "gateway":
        return None
    subnets = t.references(record, resource, "subnets", *types.SUBNETS)
    for block in t.blocks(record, read, "subnetMappings"):
        if isinstance(block, Unknown):
            subnets += (block,)
        else:
            subnets += t.references(record, resource, "subnetId", *types.SUBNETS, block=block)
    groups: tuple[Text, ...] | None = t.references(record, resource, "securityGroups", *types.SECURITY_GROUPS)
    if not groups and kind == "network":
        groups = None
    public = opposite(t.flag(record, read, "internal"))
    stack = t.text(record, read, "ipAddressType")
    ipv6 = stack if isinstance(stack, Unknown) else public if "dualstack" in (stack or "") else False
    return Endpoint(record, subnets or (Unknown(record, "subnets"),), groups, public, ipv6)


# Listeners


def _listeners(t: Translation) -> dict[str, list[Listener | Unknown]]:
    """Load balancer -> its listeners. Under the empty name: what may be any one's."""
    forwards: dict[str, list[Text]] = {}
    for resource, record in t.each(*types.LISTENER_RULES):
        listener = t.reference(record, resource, "listenerArn", *types.LISTENERS)
        if isinstance(listener, str):
            forwards.setdefault(listener, []).extend(_forwarded(t, resource, record, "actions"))
    found: dict[str, list[Listener | Unknown]] = {}
    for resource, record in t.each(*types.LISTENERS):
        balancer = t.reference(record, resource, "loadBalancerArn", *types.BALANCERS)
        if not isinstance(balancer, str):
            found.setdefault("", []).append(balancer or Unknown(record, "loadBalancerArn"))
            continue
        groups = [*_forwarded(t, resource, record, "defaultActions"), *forwards.get(record, ())]
        port = t.number(record, resource.read, "port") or Unknown(record, "port")
        protocol = t.text(record, resource.read, "protocol")
        names = (protocol,) if isinstance(protocol, Unknown) else PROTOCOLS.get((protocol or "HTTP").upper(), ("tcp",))
        row = found.setdefault(balancer, [])
        row += [Listener(record, name, port, tuple(dict.fromkeys(groups))) for name in names]
    return found


def _forwarded(t: Translation, resource: Resource, record: str, name: str) -> Iterator[Text]:
    """The target groups that actions forward to."""
    for action in t.blocks(record, resource.read, name):
        if isinstance(action, Unknown):
            yield action
            continue
        yield from t.references(record, resource, "targetGroupArn", *types.TARGET_GROUPS, block=action)
        forward = t.block(record, action, "forward")
        for group in [forward] if isinstance(forward, Unknown) else t.blocks(record, forward, "targetGroups"):
            if isinstance(group, Unknown):
                yield group
            else:
                yield from t.references(record, resource, "arn", *types.TARGET_GROUPS, block=group)


# Targets


def _targets(t: Translation) -> dict[str, list[Target | Unknown]]:
    """Target group -> what is registered with it. Under the empty name: what may be anywhere."""
    found: dict[str, list[Target | Unknown]] = {}

    def register(group: Text, endpoint: Text, port: int | Unknown | None = None) -> None:
        if isinstance(group, str):
            found.setdefault(group, []).append(Target(endpoint, port))
        else:
            found.setdefault("", []).append(group)

    endpoints = [one for one in t.records if isinstance(one, Endpoint)]
    addressed = {address: one.id for one in endpoints for address in one.addresses if isinstance(address, str)}
    for resource, record in t.each(*types.TARGET_ATTACHMENTS):
        group = t.reference(record, resource, "targetGroupArn", *types.TARGET_GROUPS)
        port = t.number(record, resource.read, "port")
        register(group or Unknown(record, "targetGroupArn"), _target(t, resource, record, addressed), port)
    for resource, record in t.each(types.ECS_SERVICE):
        runs = record if record in t.resources else Unknown(record, "machines that it runs on")
        for block in t.blocks(record, resource.read, "loadBalancers"):
            if isinstance(block, Unknown):
                register(block, runs)
                continue
            port = t.number(record, block, "containerPort") if isinstance(runs, str) else None
            for group in t.references(record, resource, "targetGroupArn", *types.TARGET_GROUPS, block=block):
                register(group, runs, port)
            other = t.block(record, block, "advancedConfiguration")
            if isinstance(other, Block):
                for group in t.references(
                    record, resource, "alternateTargetGroupArn", *types.TARGET_GROUPS, block=other
                ):
                    register(group, runs, port)
    for resource, record in t.each(types.SCALING_GROUP):
        for group in t.references(record, resource, "targetGroupArns", *types.TARGET_GROUPS):
            register(group, record)
        for block in t.blocks(record, resource.read, "trafficSources"):
            if isinstance(block, Unknown):
                register(block, record)
            else:
                for group in t.references(record, resource, "identifier", *types.TARGET_GROUPS, block=block):
                    register(group, record)
    for resource, record in t.each(SCALING_ATTACHMENT, TRAFFIC_ATTACHMENT):
        scaling = t.reference(record, resource, "autoscalingGroupName", types.SCALING_GROUP)
        for name in ("lbTargetGroupArn", "trafficSource.identifier"):
            for group in t.references(record, resource, name, *types.TARGET_GROUPS):
                register(group, scaling or Unknown(record, "autoscalingGroupName"))
    return found


def _target(t: Translation, resource: Resource, record: str, addressed: dict[str, str]) -> Text:
    """A registered target: by an instance's or function's id, a load balancer's ARN, an address of its, or what the
    property was made from."""
    named = t.reference(record, resource, "targetId", *TARGETS)
    if isinstance(named, str):
        if t.names.resource(named) is not None:
            return t.carriers.get(named, named)  # a function that is not in a VPC has no endpoint, and is left out
        if named in addressed:
            return addressed[named]
    depended = (t.graph.by_urn.get(urn) for urn in resource.property_dependencies.get("targetId", ()))
    endpoints = [name for one in depended if one is not None and (name := t.names.of(one)) in t.resources]
    return endpoints[0] if len(endpoints) == 1 else Unknown(record, "targetId")


def _target_group(
    t: Translation, resource: Resource, record: str, targets: tuple[Target | Unknown, ...]
) -> TargetGroup:
    read = resource.read
    protocol, kind = t.text(record, read, "protocol"), t.text(record, read, "targetType") or "instance"
    on_network: Text = protocol if isinstance(protocol, Unknown) else "udp" if protocol == "UDP" else "tcp"
    preserves: bool | Unknown
    if isinstance(protocol, Unknown) or isinstance(kind, Unknown):
        preserves = Unknown(record, "preserveClientIp")
    elif protocol not in OF_NETWORK:
        preserves = False
    elif protocol in ALWAYS_PRESERVED:
        preserves = True
    else:
        preserves = t.flag(record, read, "preserveClientIp", kind == "instance")
    port = t.number(record, read, "port")
    return TargetGroup(record, on_network, port, targets, preserves)


# Classic Load Balancers


def _classic(t: Translation, homes: Homes) -> None:
    registered: dict[str, list[Text]] = {}
    for resource, record in t.each(*types.CLASSIC_ATTACHMENTS):
        balancer = t.reference(record, resource, "elb", *types.CLASSIC_BALANCERS)
        if isinstance(balancer, str):
            instance = t.reference(record, resource, "instance", *types.INSTANCES)
            registered.setdefault(balancer, []).append(instance or Unknown(record, "instance"))
    for resource, record in t.each(types.SCALING_GROUP):
        for balancer in t.references(record, resource, "loadBalancers", *types.CLASSIC_BALANCERS):
            if isinstance(balancer, str):
                registered.setdefault(balancer, []).append(record)
    for resource, record in t.each(SCALING_ATTACHMENT):
        balancer = t.reference(record, resource, "elb", *types.CLASSIC_BALANCERS)
        if isinstance(balancer, str):
            group = t.reference(record, resource, "autoscalingGroupName", types.SCALING_GROUP)
            registered.setdefault(balancer, []).append(group or Unknown(record, "autoscalingGroupName"))
    for resource, record in t.each(*types.CLASSIC_BALANCERS):
        own = t.references(record, resource, "instances", *types.INSTANCES)
        targets = tuple(Target(one) for one in (*own, *registered.get(record, ())))
        public = opposite(t.flag(record, resource.read, "internal"))
        subnets = t.references(record, resource, "subnets", *types.SUBNETS) or (homes.default_subnet(resource),)
        groups = t.references(record, resource, "securityGroups", *types.SECURITY_GROUPS)
        t.endpoint(resource, Endpoint(record, subnets, groups, public))
        t.add(LoadBalancer(record, tuple(_classic_listeners(t, resource, record, targets))))


def _classic_listeners(
    t: Translation, resource: Resource, record: str, targets: tuple[Target, ...]
) -> Iterator[Listener | Unknown]:
    for index, block in enumerate(t.blocks(record, resource.read, "listeners")):
        if isinstance(block, Unknown):
            yield block
            continue
        name = f"listeners[{index}] of {record}"
        t.add(TargetGroup(name, "tcp", t.number(record, block, "instancePort"), targets))
        yield Listener(name, "tcp", t.number(record, block, "lbPort") or Unknown(record, block.at("lbPort")), (name,))
