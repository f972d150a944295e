"""Compute on a network: instances, Auto Scaling groups, ECS services, functions, EKS clusters and their nodes.

What is launched without a subnet stands in a default subnet of the default VPC, without a group in the VPC's default
one; it has a public address if it asks for one, else if its subnet assigns one, or by an Elastic IP
(https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-instance-addressing.html). A function in a VPC takes no
connections (https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html).
"""

from __future__ import annotations

from dataclasses import dataclass

from lychgate.model.graph import Resource
from lychgate.model.values import Block
from lychgate.reasoning.network import Endpoint, SecurityGroup, SecurityRule, Unknown
from lychgate.views import network_types as types
from lychgate.views.network_homes import Homes
from lychgate.views.network_places import Places
from lychgate.views.network_reading import Text, Translation, either

EIP = "aws:ec2/eip:Eip"
EIP_ASSOCIATION = "aws:ec2/eipAssociation:EipAssociation"
INTERFACE_ATTACHMENT = "aws:ec2/networkInterfaceAttachment:NetworkInterfaceAttachment"
GROUP_ATTACHMENT = "aws:ec2/networkInterfaceSecurityGroupAttachment:NetworkInterfaceSecurityGroupAttachment"
HOLDERS = (*types.INSTANCES, types.INTERFACE)
Flag = bool | Unknown


@dataclass(frozen=True, slots=True)
class Launch:
    """What a launch template or configuration says of the network; None where it says nothing."""

    groups: tuple[Text, ...] = ()
    public: Flag | None = None
    subnet: Text | None = None
    ipv6: Flag = False


NO_LAUNCH = Launch()


class Workloads:
    """Makes the endpoints of compute."""

    def __init__(self, t: Translation, homes: Homes, places: Places) -> None:
        self.t, self.homes, self.places = t, homes, places
        self._addressed: set[str] = set()
        self._addressed_perhaps: list[Unknown] = []
        self._more_groups: dict[str, list[Text]] = {}
        self._of_instance: dict[str, list[Resource]] = {}

    def brings(self) -> list[str]:
        """The security groups that clusters bring along: https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html"""
        found = []
        for resource, record in self.t.each(types.EKS_CLUSTER):
            group = cluster_group(record)
            for kind in types.SECURITY_GROUPS:
                self.t.defaults[resource.urn, kind] = group
            config = resource.outputs.get("vpcConfig")
            value = config.get("clusterSecurityGroupId") if isinstance(config, dict) else None
            if isinstance(value, str):
                self.t.aliases[value] = group
            found.append(group)
        return found

    def translate(self) -> None:
        """All endpoints of compute."""
        self._interfaces()
        for resource, record in self.t.each(*types.INSTANCES):
            self._instance(resource, record)
        for resource, record in self.t.each(types.INTERFACE):
            if record not in self.t.carriers:
                self._interface(resource, record)
        for resource, record in self.t.each(types.SCALING_GROUP):
            self._scaling_group(resource, record)
        for resource, record in self.t.each(types.ECS_SERVICE):
            self._service(resource, record)
        for resource, record in self.t.each(types.FUNCTION):
            self._function(resource, record)
        for resource, record in self.t.each(types.EKS_CLUSTER):
            self._cluster(resource, record)
        for resource, record in self.t.each(types.NODE_GROUP):
            self._node_group(resource, record)

    # Interfaces and addresses of their own

    def _interfaces(self) -> None:
        """Which interfaces instances have, and which of either have an Elastic IP or a group attached."""
        t = self.t
        for type_, names in (
            (EIP, ("instance", "networkInterface")),
            (EIP_ASSOCIATION, ("instanceId", "networkInterfaceId")),
        ):
            for resource, record in t.each(type_):
                for name in names:
                    holder = t.reference(record, resource, name, *HOLDERS)
                    if isinstance(holder, str):
                        self._addressed.add(holder)
                    elif holder is not None:
                        self._addressed_perhaps.append(holder)
        for resource in t.graph.of_type(*types.INSTANCES):
            value = resource.outputs.get("primaryNetworkInterfaceId")
            if isinstance(value, str):
                t.aliases[value] = t.names.of(resource)
            t.defaults[resource.urn, types.INTERFACE] = t.names.of(resource)
        for resource, record in t.each(GROUP_ATTACHMENT):
            holder = t.reference(record, resource, "networkInterfaceId", types.INTERFACE)
            group = t.reference(record, resource, "securityGroupId", *types.SECURITY_GROUPS)
            if isinstance(holder, str):
                self._more_groups.setdefault(holder, []).append(group or Unknown(record, "securityGroupId"))
        for resource, record in t.each(types.INTERFACE):
            for block in t.blocks(record, resource.read, "attachments"):
                if isinstance(block, Block):
                    self._attach(t.reference(record, resource, "instance", *types.INSTANCES, block=block), resource)
        for resource, record in t.each(INTERFACE_ATTACHMENT):
            interface = t.graph.resolve(resource.properties.get("networkInterfaceId"), types.INTERFACE)
            if interface is not None:
                self._attach(t.reference(record, resource, "instanceId", *types.INSTANCES), interface)

    def _attach(self, instance: Text | None, interface: Resource) -> None:
        if isinstance(instance, str):
            self._of_instance.setdefault(instance, []).append(interface)
            self.t.carriers[self.t.names.of(interface)] = instance

    def _own_interfaces(self, resource: Resource, record: str) -> tuple[list[Resource], tuple[Unknown, ...]]:
        """The interfaces that an instance is given, and what is not known of them."""
        t, doubts = self.t, []
        found = list(self._of_instance.get(record, ()))
        for name in ("networkInterfaces", "primaryNetworkInterface", "secondaryNetworkInterfaces"):
            for block in t.blocks(record, resource.read, name):
                if isinstance(block, Unknown):
                    doubts.append(block)
                    continue
                one = t.graph.resolve(block.values.get("networkInterfaceId"), types.INTERFACE)
                if one is None or one.external:
                    doubts.append(Unknown(record, block.at("networkInterfaceId")))
                else:
                    found.append(one)
                    t.carriers[t.names.of(one)] = record
        return found, tuple(doubts)

    def _instance(self, resource: Resource, record: str) -> None:
        t, read = self.t, resource.read
        launch = self._launch(resource, record, read)
        interfaces, doubts = self._own_interfaces(resource, record)
        subnets = [t.reference(record, resource, "subnetId", *types.SUBNETS) or launch.subnet, *doubts]
        groups = [*t.references(record, resource, "vpcSecurityGroupIds", *types.SECURITY_GROUPS), *doubts]
        groups += t.references(record, resource, "securityGroups", *types.SECURITY_GROUPS)
        groups = groups or list(launch.groups)
        for one in interfaces:
            subnets.append(t.reference(record, one, "subnetId", *types.SUBNETS))
            groups += t.references(record, one, "securityGroups", *types.SECURITY_GROUPS)
        placed = tuple(subnet for subnet in subnets if subnet is not None) or (self.homes.default_subnet(resource),)
        holders = [record, *map(t.names.of, interfaces)]
        groups += [group for holder in holders for group in self._more_groups.get(holder, ())]
        public = self._public(record, read, launch, placed, has_own=bool(interfaces))
        t.endpoint(
            resource,
            Endpoint(
                record,
                placed,
                tuple(dict.fromkeys(groups)),
                self._with_address(holders, public),
                self._ipv6(record, read, launch, placed),
                addresses=self._fixed(record, read, "privateIp"),
            ),
        )

    def _public(
        self, record: str, read: Block, launch: Launch, subnets: tuple[Text, ...], has_own: bool = False
    ) -> Flag:
        if read.has("associatePublicIpAddress"):
            return self.t.flag(record, read, "associatePublicIpAddress")
        if launch.public is not None:
            return launch.public
        return False if has_own else self.places.assigns_public(subnets)

    def _with_address(self, holders: list[str], public: Flag) -> Flag:
        """With the Elastic IPs that are associated with any of these."""
        if any(holder in self._addressed for holder in holders):
            return True
        return either([public, *self._addressed_perhaps])

    def _ipv6(self, record: str, read: Block, launch: Launch, subnets: tuple[Text, ...]) -> Flag:
        """Whether an IPv6 address is asked for, or assigned by the subnet."""
        t = self.t
        count = t.number(record, read, "ipv6AddressCount")
        asked: list[Flag] = [count if isinstance(count, Unknown) else bool(count), launch.ipv6]
        asked += [read.has("ipv6Addresses"), t.flag(record, read, "enablePrimaryIpv6")]
        return either([*asked, self.places.assigns_ipv6(subnets)])

    def _fixed(self, record: str, read: Block, name: str) -> tuple[Text, ...]:
        return self.t.blocks_of_addresses(record, read, name) if read.has(name) else ()

    def _interface(self, resource: Resource, record: str) -> None:
        """An interface that is attached to nothing in the graph: somebody may use it."""
        t, read = self.t, resource.read
        subnet = t.reference(record, resource, "subnetId", *types.SUBNETS) or Unknown(record, "subnetId")
        groups = (
            *t.references(record, resource, "securityGroups", *types.SECURITY_GROUPS),
            *self._more_groups.get(record, ()),
        )
        public, ipv6 = self._with_address([record], False), self._ipv6(record, read, NO_LAUNCH, (subnet,))
        fixed = self._fixed(record, read, "privateIps")
        t.endpoint(resource, Endpoint(record, (subnet,), groups, public, ipv6, addresses=fixed))

    # What is launched from a template

    def _launch(self, resource: Resource, record: str, block: Block, name: str = "launchTemplate") -> Launch:
        """What the launch template says that a block names."""
        t = self.t
        named = t.block(record, block, name)
        if isinstance(named, Unknown):
            return Launch((named,), named, named, named)
        given = next((key for key in ("id", "launchTemplateId", "name", "launchTemplateName") if named.has(key)), None)
        if given is None:
            return NO_LAUNCH
        found = t.graph.resolve(named.values.get(given), types.LAUNCH_TEMPLATE)
        if found is None:
            urns = resource.property_dependencies.get(named.path.partition(".")[0], ())
            depended = [t.graph.by_urn[urn] for urn in urns if urn in t.graph.by_urn]
            templates = [one for one in depended if one.type == types.LAUNCH_TEMPLATE]
            found = templates[0] if len(templates) == 1 else None
        if found is None or found.external:
            doubt = Unknown(record, named.at(given))
            return Launch((doubt,), doubt, None, doubt)
        return self._template(found)

    def _template(self, template: Resource) -> Launch:
        t, record, read = self.t, self.t.names.of(template), template.read
        groups = [
            *t.references(record, template, "vpcSecurityGroupIds", *types.SECURITY_GROUPS),
            *t.references(record, template, "securityGroupNames", *types.SECURITY_GROUPS),
        ]
        public: Flag | None = None
        subnet: Text | None = None
        ipv6: Flag = False
        for block in t.blocks(record, read, "networkInterfaces"):
            if isinstance(block, Unknown):
                return Launch((block,), block, None, block)
            groups += t.references(record, template, "securityGroups", *types.SECURITY_GROUPS, block=block)
            subnet = subnet or t.reference(record, template, "subnetId", *types.SUBNETS, block=block)
            if block.has("associatePublicIpAddress"):
                public = either([public or False, t.flag(record, block, "associatePublicIpAddress")])
            count = t.number(record, block, "ipv6AddressCount")
            ipv6 = either([ipv6, count if isinstance(count, Unknown) else bool(count), block.has("ipv6Addresses")])
        return Launch(tuple(groups), public, subnet, ipv6)

    def _configuration(self, resource: Resource, record: str) -> Launch:
        """What the launch configuration says that an Auto Scaling group names."""
        t = self.t
        found = t.graph.resolve(resource.properties.get("launchConfiguration"), types.LAUNCH_CONFIGURATION)
        if found is None or found.external:
            doubt = Unknown(record, "launchConfiguration")
            return Launch((doubt,), doubt, None, doubt)
        name = t.names.of(found)
        groups = t.references(name, found, "securityGroups", *types.SECURITY_GROUPS)
        asked = found.read.has("associatePublicIpAddress")
        return Launch(groups, t.flag(name, found.read, "associatePublicIpAddress") if asked else None)

    def _scaling_group(self, resource: Resource, record: str) -> None:
        t, read = self.t, resource.read
        mixed = t.block(record, read, "mixedInstancesPolicy")
        if read.has("launchConfiguration"):
            launch = self._configuration(resource, record)
        elif isinstance(mixed, Block) and mixed.has("launchTemplate"):
            inner = t.block(record, mixed, "launchTemplate")
            launch = (
                NO_LAUNCH
                if isinstance(inner, Unknown)
                else self._launch(resource, record, inner, "launchTemplateSpecification")
            )
        else:
            launch = self._launch(resource, record, read)
        subnets = t.references(record, resource, "vpcZoneIdentifiers", *types.SUBNETS)
        placed = subnets or (launch.subnet or self.homes.default_subnet(resource),)
        public = self._public(record, read, launch, placed)
        ipv6 = either([launch.ipv6, self.places.assigns_ipv6(placed)])
        t.endpoint(resource, Endpoint(record, placed, launch.groups, public, ipv6))

    # Containers and functions

    def _service(self, resource: Resource, record: str) -> None:
        """A service with interfaces of its own (`awsvpc`); others use those of the machines that they run on."""
        t, read = self.t, resource.read
        config = t.block(record, read, "networkConfiguration")
        if isinstance(config, Unknown):
            t.endpoint(resource, Endpoint(record, (config,), (config,), config, config))
            return
        if not config.values:
            return
        subnets = t.references(record, resource, "subnets", *types.SUBNETS, block=config)
        groups = t.references(record, resource, "securityGroups", *types.SECURITY_GROUPS, block=config)
        public = t.flag(record, config, "assignPublicIp")
        ipv6 = self.places.assigns_ipv6(subnets)
        doubt = Unknown(record, "IPv6 address, which the account setting dualStackIPv6 decides")
        placed = subnets or (Unknown(record, config.at("subnets")),)
        t.endpoint(resource, Endpoint(record, placed, groups, public, doubt if ipv6 is True else ipv6))

    def _function(self, resource: Resource, record: str) -> None:
        t = self.t
        config = t.block(record, resource.read, "vpcConfig")
        if isinstance(config, Unknown):
            t.endpoint(resource, Endpoint(record, (config,), (config,), ports=()))
            return
        subnets = t.references(record, resource, "subnetIds", *types.SUBNETS, block=config)
        if subnets:
            groups = t.references(record, resource, "securityGroupIds", *types.SECURITY_GROUPS, block=config)
            t.endpoint(resource, Endpoint(record, subnets, groups, ports=()))

    def _cluster(self, resource: Resource, record: str) -> None:
        """The interfaces of the control plane: https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html"""
        t = self.t
        config = t.block(record, resource.read, "vpcConfig")
        if isinstance(config, Unknown):
            t.endpoint(resource, Endpoint(record, (config,), (config,)))
            return
        subnets = t.references(record, resource, "subnetIds", *types.SUBNETS, block=config)
        groups = t.references(record, resource, "securityGroupIds", *types.SECURITY_GROUPS, block=config)
        if subnets:
            t.endpoint(
                resource,
                Endpoint(
                    record, subnets, (*groups, cluster_group(record)), ports=(("tcp", 443, 443), ("tcp", 10250, 10250))
                ),
            )

    def _node_group(self, resource: Resource, record: str) -> None:
        """Nodes have the cluster's group, or those of their launch template; an SSH key without sources opens port 22
        to everyone (https://docs.aws.amazon.com/eks/latest/APIReference/API_RemoteAccessConfig.html)."""
        t, read = self.t, resource.read
        subnets = t.references(record, resource, "subnetIds", *types.SUBNETS) or (Unknown(record, "subnetIds"),)
        launch = self._launch(resource, record, read)
        cluster = t.reference(record, resource, "clusterName", types.EKS_CLUSTER)
        known = isinstance(cluster, str) and cluster in t.resources
        groups = launch.groups or (cluster_group(str(cluster)) if known else Unknown(record, "clusterName"),)
        groups += self._remote_access(resource, record)
        public = self._public(record, read, launch, subnets)
        ipv6 = either([launch.ipv6, self.places.assigns_ipv6(subnets)])
        t.endpoint(resource, Endpoint(record, subnets, groups, public, ipv6))

    def _remote_access(self, resource: Resource, record: str) -> tuple[Text, ...]:
        t = self.t
        access = t.block(record, resource.read, "remoteAccess")
        if isinstance(access, Unknown):
            return (access,)
        if not access.has("ec2SshKey"):
            return ()
        name = f"remote access sg of {record}"
        sources = t.references(record, resource, "sourceSecurityGroupIds", *types.SECURITY_GROUPS, block=access)
        everyone = () if sources else ("0.0.0.0/0",)
        t.add(SecurityGroup(name, (SecurityRule(f"ingress of {name}", "ingress", "tcp", 22, 22, everyone, sources),)))
        return (name,)


def cluster_group(cluster: str) -> str:
    """The security group that EKS makes for a cluster and its nodes."""
    return f"cluster sg of {cluster}"
