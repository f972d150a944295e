"""Disks and file systems: Amazon EBS volumes, the disks of EC2 instances, and Amazon EFS file systems.

Neither is encrypted unless it is asked for, or the account encrypts every new volume
(https://docs.aws.amazon.com/ebs/latest/userguide/encryption-by-default.html,
https://docs.aws.amazon.com/efs/latest/ug/API_CreateFileSystem.html).
"""

from __future__ import annotations

from lychgate.model.graph import Graph, Resource
from lychgate.model.values import UnknownRead
from lychgate.views.base import View, companions
from lychgate.views.kms import NamedKey, named_key

VOLUMES = ("aws:ebs/volume:Volume",)
ENCRYPTION_BY_DEFAULT = ("aws:ebs/encryptionByDefault:EncryptionByDefault",)
DEFAULT_KEYS = ("aws:ebs/defaultKmsKey:DefaultKmsKey",)
MACHINES = (
    "aws:ec2/instance:Instance",
    "aws:ec2/launchTemplate:LaunchTemplate",
    "aws:ec2/launchConfiguration:LaunchConfiguration",
    "aws:eks/nodeGroup:NodeGroup",
)
FILE_SYSTEMS = ("aws:efs/fileSystem:FileSystem",)
BACKUP_POLICIES = ("aws:efs/backupPolicy:BackupPolicy",)


def _of_stack(graph: Graph, types: tuple[str, ...], resource: Resource) -> list[Resource]:
    """The account-wide settings of a type that hold for a resource: of the same stack, provider and region."""
    return [
        one
        for one in graph.of_type(*types)
        if (one.stack, one.provider) == (resource.stack, resource.provider)
        and one.properties.get("region") == resource.properties.get("region")
    ]


def encrypted_by_default(graph: Graph, resource: Resource) -> bool:
    """Whether the account encrypts new EBS volumes by default, as far as the resource's own stack says."""
    return any(one.read.flag("enabled", True) for one in _of_stack(graph, ENCRYPTION_BY_DEFAULT, resource))


def default_key(graph: Graph, resource: Resource) -> NamedKey | None:
    """The key that new EBS volumes get by default, as far as the resource's own stack says."""
    settings = _of_stack(graph, DEFAULT_KEYS, resource)
    return named_key(graph, settings[0], settings[0].read, "keyArn") if settings else None


class Volume(View):
    """An EBS volume."""

    types = VOLUMES
    __slots__ = ()

    @property
    def encrypted(self) -> bool:
        """Whether the volume is encrypted. Raises `UnknownRead` where it is as its snapshot is."""
        if self.read.flag("encrypted") or encrypted_by_default(self.graph, self.resource):
            return True
        if self.read.has("snapshotId"):
            raise UnknownRead(self.resource.urn, "encrypted", "is that of the snapshot")
        return False

    @property
    def key(self) -> NamedKey | None:
        """The KMS key that is named, for the volume or for the account; None for `aws/ebs`."""
        own = named_key(self.graph, self.resource, self.read, "kmsKeyId")
        return own if own is not None else default_key(self.graph, self.resource)

    @property
    def size(self) -> float | None:
        """Size in GiB."""
        return self.read.number("size")


class Machine(View):
    """What EC2 instances get their disks from: an instance, a launch template or a launch configuration, or a group of
    EKS nodes without one.

    EKS makes such a group a template with default values, and its disks are encrypted only if the account encrypts all
    new ones (https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html).
    """

    types = MACHINES
    __slots__ = ()

    @classmethod
    def takes(cls, resource: Resource) -> bool:
        """Managed ones; a group of nodes with a launch template is what the template says."""
        return super().takes(resource) and (
            resource.type != MACHINES[3] or resource.properties.get("launchTemplate") is None
        )

    @property
    def unencrypted_disks(self) -> list[str]:
        """The disks that nothing says to encrypt, by the names of their properties.

        The root disk is always there: where it is not spoken of, it is encrypted only if the machine image's is, which
        a program does not tell. Ephemeral disks of the host are another matter.
        """
        if encrypted_by_default(self.graph, self.resource):
            return []
        if self.resource.type == MACHINES[3]:
            return ["the nodes' root volumes"]
        if self.resource.type == MACHINES[1]:
            mapped = enumerate(self.read.blocks("blockDeviceMappings"))
            disks = [(f"blockDeviceMappings[{at}].ebs", one.block("ebs")) for at, one in mapped if one.has("ebs")]
            return [name for name, one in disks if not one.flag("encrypted")] if disks else ["blockDeviceMappings"]
        disks = [("rootBlockDevice", self.read.block("rootBlockDevice"))]
        disks += [(f"ebsBlockDevices[{at}]", one) for at, one in enumerate(self.read.blocks("ebsBlockDevices"))]
        return [name for name, one in disks if not one.flag("encrypted") and not one.flag("noDevice")]


class FileSystem(View):
    """An EFS file system."""

    types = FILE_SYSTEMS
    __slots__ = ()

    @property
    def encrypted(self) -> bool:
        """Whether the file system is encrypted."""
        return self.read.flag("encrypted")

    @property
    def key(self) -> NamedKey | None:
        """The KMS key that is named; None for `aws/elasticfilesystem`."""
        return named_key(self.graph, self.resource, self.read, "kmsKeyId")

    @property
    def backed_up(self) -> bool:
        """Whether automatic backups are on."""
        found = companions(self.graph, BACKUP_POLICIES, "fileSystemId", *FILE_SYSTEMS).of(self.resource)
        return any(one.read.block("backupPolicy").text("status") == "ENABLED" for one in found)
