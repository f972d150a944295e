"""Amazon RDS and Aurora: clusters, instances, proxies, parameter and subnet groups, with AWS's defaults.

Encryption at rest: since 18 February 2026 every new Aurora cluster is encrypted, with a key that AWS owns where none is
named (https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Overview.Encryption.html); an RDS instance or
Multi-AZ cluster is not unless it is asked for
(https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.html). What is restored or replicated is
encrypted as its source is, unless a key is named.

TLS: see `TLS_DEFAULTS`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from lychgate.model.graph import Resource
from lychgate.model.values import UnknownRead
from lychgate.views.base import View, companions
from lychgate.views.kms import NamedKey, named_key

CLUSTERS = ("aws:rds/cluster:Cluster",)
CLUSTER_INSTANCES = ("aws:rds/clusterInstance:ClusterInstance",)
INSTANCES: tuple[str, ...] = ("aws:rds/instance:Instance",)
PROXIES = ("aws:rds/proxy:Proxy",)
SUBNET_GROUPS = ("aws:rds/subnetGroup:SubnetGroup",)
CLUSTER_PARAMETER_GROUPS = ("aws:rds/clusterParameterGroup:ClusterParameterGroup",)
PARAMETER_GROUPS = ("aws:rds/parameterGroup:ParameterGroup",)
SUBNETS = ("aws:ec2/subnet:Subnet",)
SECURITY_GROUPS = ("aws:ec2/securityGroup:SecurityGroup",)

# Engine -> the parameter that requires TLS of clients, and the first version that has it on by default (None: none).
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/PostgreSQL.Concepts.General.SSL.html
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/mysql-ssl-connections.require-ssl.html
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/mariadb-ssl-connections.require-ssl.html
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/SQLServer.Concepts.General.SSL.Using.html
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.Security.html
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Compare-v3-v84.html
TLS_DEFAULTS: dict[str, tuple[str, tuple[int, ...] | None]] = {
    "postgres": ("rds.force_ssl", (15,)),
    "aurora-postgresql": ("rds.force_ssl", (17,)),
    "mysql": ("require_secure_transport", (9, 7)),
    "aurora-mysql": ("require_secure_transport", (8, 4)),
    "mariadb": ("require_secure_transport", (11, 8)),
    "sqlserver": ("rds.force_ssl", None),
}
ON = frozenset({"1", "on", "true"})


@dataclass(frozen=True, slots=True)
class _Spelling:
    """What a cluster and an instance spell differently."""

    group: str
    groups: tuple[str, ...]
    password: str
    sources: tuple[str, ...]


SPELLINGS = {
    CLUSTERS[0]: _Spelling(
        "dbClusterParameterGroupName",
        CLUSTER_PARAMETER_GROUPS,
        "masterPassword",
        ("snapshotIdentifier", "replicationSourceIdentifier", "restoreToPointInTime"),
    ),
    INSTANCES[0]: _Spelling(
        "parameterGroupName",
        PARAMETER_GROUPS,
        "password",
        ("snapshotIdentifier", "replicateSourceDb", "restoreToPointInTime"),
    ),
}


class Database(View):
    """A cluster (Aurora, or Multi-AZ of RDS) or a database instance: what both have in common."""

    types: ClassVar[tuple[str, ...]] = CLUSTERS + INSTANCES
    __slots__ = ()

    @property
    def spelling(self) -> _Spelling:
        """The names of its properties."""
        return SPELLINGS[self.resource.type]

    @property
    def engine(self) -> str:
        """`aurora-postgresql`, `postgres`, `mysql`, ...; of a replica its source's."""
        given = self.read.text("engine")
        if given is not None:
            return given.lower()
        if self.original is None:
            why = "is that of a database that is not among the judged resources"
            raise UnknownRead(self.resource.urn, "engine", why)
        return self.original.engine

    @property
    def original(self) -> Database | None:
        """The database that it is a replica of, where that is in the graph."""
        found = self.graph.target(self.resource, "replicateSourceDb", *INSTANCES)
        if found is None:
            found = self.graph.target(self.resource, "replicationSourceIdentifier", *CLUSTERS, *INSTANCES)
        return None if found is None or found is self.resource else Database.of(self.graph, found)

    @property
    def aurora(self) -> bool:
        """Whether it is an Aurora cluster."""
        return self.engine.startswith("aurora")

    @property
    def version(self) -> tuple[int, ...] | None:
        """The engine's version as numbers, from `engineVersion`, else from the parameter group's family; None where AWS
        picks one."""
        text = self.read.text("engineVersion")
        group = self.parameter_group if text is None else None
        if group is not None:
            text = (group.read.text("family") or "").removeprefix(self.engine)
        numbers = re.match(r"\d+(\.\d+)*", text or "")
        return tuple(int(part) for part in numbers.group().split(".")) if numbers else None

    @property
    def parameter_group(self) -> Resource | None:
        """The parameter group, where it is in the graph."""
        return self.graph.target(self.resource, self.spelling.group, *self.spelling.groups)

    @property
    def parameters(self) -> dict[str, list[str]]:
        """The parameters that the parameter group sets, each with all values that are given for it; empty for AWS's
        default group.

        Raises `UnknownRead` where the group is not in the graph.
        """
        return self.once("parameters", self._parameters)

    def _parameters(self) -> dict[str, list[str]]:
        group = self.parameter_group
        if group is None or group.external:
            given = group.name if group is not None else self.read.text(self.spelling.group)
            if given and not given.startswith("default."):
                why = f"is {given}, which is not among the judged resources"
                raise UnknownRead(self.resource.urn, self.spelling.group, why)
            return {}
        found: dict[str, list[str]] = {}
        for parameter in group.read.blocks("parameters"):
            found.setdefault((parameter.text("name") or "").lower(), []).append(parameter.text("value") or "")
        return found

    @property
    def tls_parameter(self) -> str | None:
        """The parameter that requires TLS of clients; None for an engine that has another way (Oracle, Db2)."""
        return TLS_DEFAULTS.get(self._family, (None, None))[0]

    @property
    def _family(self) -> str:
        return "sqlserver" if self.engine.startswith("sqlserver-") else self.engine

    @property
    def requires_tls(self) -> bool:
        """Whether the database refuses clients without TLS, by its parameter group or by its version's default.

        Raises `UnknownRead` where the version decides and AWS picks it, or where the engine has no such parameter.
        """
        parameter, since = TLS_DEFAULTS.get(self._family, ("", None))
        if not parameter:
            raise UnknownRead(self.resource.urn, "engine", f"is {self.engine}, which requires TLS by no parameter")
        said = self.parameters.get(parameter)
        if said is not None:
            return all(value.lower() in ON for value in said)
        if since is None:
            return False
        version = self.version
        if version is None:
            first = ".".join(map(str, since))
            why = f"is not given, and only from {first} on TLS is required by default"
            raise UnknownRead(self.resource.urn, "engineVersion", why)
        return version >= since

    @property
    def encrypted(self) -> bool:
        """Whether storage is encrypted at rest, with whichever key.

        Raises `UnknownRead` where the data come from a snapshot or another database and no key is named.
        """
        original = self.original
        if original is not None and not self.read.has("kmsKeyId"):
            return original.encrypted
        source = next((name for name in self.spelling.sources if self.read.has(name)), None)
        if source is not None and self.key is None:
            raise UnknownRead(self.resource.urn, "storageEncrypted", f"is that of the source that {source} names")
        if source is not None:
            return True
        return self.read.flag("storageEncrypted", self.aurora)

    @property
    def key(self) -> NamedKey | None:
        """The KMS key of the storage that is named, for a replica its original's; None for a key of AWS's choice."""
        return self.once("key", self._key)

    def _key(self) -> NamedKey | None:
        own = named_key(self.graph, self.resource, self.read, "kmsKeyId")
        original = self.original
        return original.key if own is None and original is not None else own

    @property
    def insights_key(self) -> NamedKey | None:
        """The KMS key of Performance Insights that is named."""
        return named_key(self.graph, self.resource, self.read, "performanceInsightsKmsKeyId")

    @property
    def insights(self) -> bool:
        """Whether Performance Insights is on."""
        return self.read.flag("performanceInsightsEnabled")

    @property
    def managed_password(self) -> bool:
        """Whether RDS keeps the master password in Secrets Manager and rotates it."""
        return self.read.flag("manageMasterUserPassword")

    @property
    def deletion_protected(self) -> bool:
        """Whether it cannot be deleted without a change first."""
        return self.read.flag("deletionProtection")

    @property
    def final_snapshot(self) -> bool:
        """Whether a snapshot is taken before it is deleted."""
        return not self.read.flag("skipFinalSnapshot")

    @property
    def iam_authentication(self) -> bool:
        """Whether clients can log in with IAM."""
        return self.read.flag("iamDatabaseAuthenticationEnabled")

    @property
    def log_exports(self) -> list[str]:
        """The logs that are sent to CloudWatch."""
        return self.read.texts("enabledCloudwatchLogsExports")

    @property
    def copies_tags(self) -> bool:
        """Whether snapshots get the tags."""
        return self.read.flag("copyTagsToSnapshot")

    @property
    def subnet_group(self) -> Resource | None:
        """The subnet group, where it is in the graph; None for the default VPC's or one from elsewhere."""
        return self.graph.target(self.resource, "dbSubnetGroupName", *SUBNET_GROUPS)

    @property
    def subnets(self) -> list[Resource]:
        """The subnets of its subnet group that are in the graph."""
        group = self.subnet_group
        ids = group.read.value("subnetIds", []) if group is not None else []
        found = (self.graph.resolve(one, *SUBNETS) for one in ids)
        return [one for one in found if one is not None]

    @property
    def security_groups(self) -> list[Resource]:
        """Its security groups that are in the graph."""
        found = (self.graph.resolve(one, *SECURITY_GROUPS) for one in self.read.value("vpcSecurityGroupIds", []))
        return [one for one in found if one is not None]

    @property
    def minor_upgrades(self) -> bool:
        """Whether minor engine versions are applied by themselves; they are unless it is switched off."""
        return self.read.flag("autoMinorVersionUpgrade", True)


class Cluster(Database):
    """An Aurora cluster or a Multi-AZ cluster of RDS."""

    types = CLUSTERS
    __slots__ = ()

    @property
    def backup_days(self) -> float:
        """Days that automated backups are kept; 1 by default."""
        return self.read.number("backupRetentionPeriod") or 1

    @property
    def instances(self) -> list[Resource]:
        """The instances of the cluster."""
        return companions(self.graph, CLUSTER_INSTANCES, "clusterIdentifier", *CLUSTERS).of(self.resource)

    @property
    def public(self) -> bool:
        """Whether one of its instances gets a public address."""
        return self.read.flag("publiclyAccessible") or any(
            one.read.flag("publiclyAccessible") for one in self.instances
        )

    @property
    def data_api(self) -> bool:
        """Whether SQL can be run through the HTTP endpoint."""
        return self.read.flag("enableHttpEndpoint")


class ClusterInstance(View):
    """An instance of a cluster."""

    types = CLUSTER_INSTANCES
    __slots__ = ()

    @property
    def cluster(self) -> Resource | None:
        """The cluster, where it is in the graph."""
        return self.graph.target(self.resource, "clusterIdentifier", *CLUSTERS)

    @property
    def public(self) -> bool:
        """Whether it gets a public address."""
        return self.read.flag("publiclyAccessible")

    @property
    def insights(self) -> bool:
        """Whether Performance Insights is on."""
        return self.read.flag("performanceInsightsEnabled")

    @property
    def instance_class(self) -> str:
        """`db.r6g.large`, `db.serverless`, ..."""
        return self.read.text("instanceClass") or ""


class Instance(Database):
    """A database instance of RDS that is not in a cluster."""

    types = INSTANCES
    __slots__ = ()

    @property
    def backup_days(self) -> float:
        """Days that automated backups are kept; the provider's default is 0, which is no backup."""
        return self.read.number("backupRetentionPeriod") or 0

    @property
    def public(self) -> bool:
        """Whether it gets a public address."""
        return self.read.flag("publiclyAccessible")

    @property
    def multi_az(self) -> bool:
        """Whether a standby is kept in another zone."""
        return self.read.flag("multiAz")

    @property
    def instance_class(self) -> str:
        """`db.r6g.large`, ..."""
        return self.read.text("instanceClass") or ""


class Proxy(View):
    """An RDS proxy."""

    types = PROXIES
    __slots__ = ()

    @property
    def requires_tls(self) -> bool:
        """Whether clients have to use TLS; they have not by default."""
        return self.read.flag("requireTls")
