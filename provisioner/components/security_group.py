"""Security groups: shut, and opened one connection at a time, on both sides."""

from __future__ import annotations

from typing import ClassVar, Literal

import pulumi
import pulumi_aws as aws
from lychgate.provisioner.components.base import Component
from lychgate.provisioner.components.checks import within
from lychgate.provisioner.components.context import Context

Protocol = Literal["tcp", "udp"]


class SecurityGroup(Component):
    """A security group without rules: nothing gets in or out before a connection is declared.

    Every rule is a resource of its own: AWS's provider undoes rules that are said both inside a group and beside it.
    https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
    """

    kind: ClassVar[str] = "SecurityGroup"

    def __init__(
        self,
        name: str,
        context: Context,
        *,
        vpc_id: pulumi.Input[str],
        description: str,
        declared_at: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, context, declared_at=declared_at, opts=opts)
        self.group = aws.ec2.SecurityGroup(
            name,
            name=context.named(name),
            description=description,
            vpc_id=vpc_id,
            tags=context.tags(Name=context.named(name)),
            opts=self.child,
        )
        self.id: pulumi.Output[str] = self.group.id
        self.register_outputs({"id": self.id})

    def connect(
        self, name: str, to: SecurityGroup | pulumi.Input[str], port: int, *, protocol: Protocol = "tcp"
    ) -> None:
        """Let what is in this group connect to a group, or the group of this id, at a port: out here, in there.

        `name` says what connects to what (`api-to-ledger`), once in a program. Raises ValueError for a port that there
        is none.
        """
        target = to.id if isinstance(to, SecurityGroup) else to
        self._egress(name, f"{name}: out", port, protocol, referenced_security_group_id=target)
        self._ingress(name, f"{name}: in", target, self.id, port, protocol)

    def let_in(self, name: str, source: pulumi.Input[str], port: int) -> None:
        """Let what is in the group of this id, whose own rules are not ours, connect to this group at a TCP port."""
        self._ingress(name, name, self.id, source, port, "tcp")

    def _ingress(
        self,
        name: str,
        description: str,
        group: pulumi.Input[str],
        source: pulumi.Input[str],
        port: int,
        protocol: Protocol,
    ) -> None:
        within("the port", port, 1, 65535)
        aws.vpc.SecurityGroupIngressRule(
            name,
            security_group_id=group,
            referenced_security_group_id=source,
            ip_protocol=protocol,
            from_port=port,
            to_port=port,
            description=description,
            tags=self.context.tags(),
            opts=self.child,
        )

    def egress_cidr(self, name: str, cidr: str, port: int, description: str) -> None:
        """Let what is in this group connect to addresses (IPv4) at a TCP port."""
        self._egress(name, description, port, "tcp", cidr_ipv4=cidr)

    def egress_prefix_list(self, name: str, prefix_list: pulumi.Input[str], port: int, description: str) -> None:
        """Let what is in this group connect to a prefix list, such as a gateway endpoint's, at a TCP port."""
        self._egress(name, description, port, "tcp", prefix_list_id=prefix_list)

    def _egress(self, name: str, description: str, port: int, protocol: Protocol, **to: pulumi.Input[str]) -> None:
        within("the port", port, 1, 65535)
        aws.vpc.SecurityGroupEgressRule(
            name,
            aws.vpc.SecurityGroupEgressRuleArgs(
                security_group_id=self.id,
                ip_protocol=protocol,
                from_port=port,
                to_port=port,
                description=description,
                tags=self.context.tags(),
                **to,
            ),
            opts=self.child,
        )
