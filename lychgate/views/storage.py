"""Disks and file systems: Amazon EBS volumes and Amazon EFS file systems.

Neither is encrypted unless it is asked for, or the account encrypts every new volume
(https://docs.aws.amazon.com/ebs/latest/userguide/encryption-by-default.html,
https://docs.aws.amazon.com/efs/latest/ug/API_CreateFileSystem.html).
"""

from __future__ import annotations

from lychgate.model.graph import Graph, Resource
from lychgate.model.values import UnknownRead
from lychgate.reasoning.iam import Policy
from lychgate.views.base import View, companions
from lychgate.views.kms import NamedKey, named_key
from lychgate.views.policies import policies_of

VOLUMES = ("aws:ebs/volume:Volume",)
ENCRYPTION_BY_DEFAULT = ("aws:ebs/encryptionByDefault:EncryptionByDefault",)
DEFAULT_KEYS = ("aws:ebs/defaultKmsKey:DefaultKmsKey",)
FILE_SYSTEMS = ("aws:efs/fileSystem:FileSystem",)
FILE_SYSTEM_POLICIES = ("aws:efs/fileSystemPolicy:FileSystemPolicy",)
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
    def policies(self) -> list[Policy]:
        """The file system policies."""
        return self.once("policies", lambda: policies_of(self, "policy", FILE_SYSTEM_POLICIES, "fileSystemId"))

    @property
    def backed_up(self) -> bool:
        """Whether automatic backups are on."""
        found = companions(self.graph, BACKUP_POLICIES, "fileSystemId", *FILE_SYSTEMS).of(self.resource)
        return any(one.read.block("backupPolicy").text("status") == "ENABLED" for one in found)
