"""Managed data stores on a network: databases, caches, warehouses, search domains, brokers, file systems.

One line of `STORES` for each type says where its subnets, groups and public address stand, and on which port it listens
by default; the services' API references have the defaults. A database without a subnet group stands in the default VPC
(https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lychgate.model.graph import Resource
from lychgate.model.values import UnknownRead
from lychgate.reasoning.network import Endpoint, Unknown
from lychgate.views import network_types as types
from lychgate.views.base import companions
from lychgate.views.network_homes import Homes
from lychgate.views.network_reading import Text, Translation, either

Ports = tuple[tuple[str, int, int], ...]
POSTGRES, MYSQL = 5432, 3306
ENGINE_PORTS = {
    "postgres": POSTGRES, "aurora-postgresql": POSTGRES, "mysql": MYSQL, "mariadb": MYSQL, "aurora-mysql": MYSQL,
    "oracle": 1521, "sqlserver": 1433, "custom": 1433, "db2": 50000, "memcached": 11211,
}  # fmt: skip
# https://docs.aws.amazon.com/msk/latest/developerguide/port-info.html
KAFKA_PORTS: Ports = (("tcp", 2181, 2182), ("tcp", 9092, 9098), ("tcp", 9194, 9198))


@dataclass(frozen=True, slots=True)
class Store:
    """Where the facts of a type stand.

    `subnets`: the property with its subnets, or with the group that names them (`group` is that group's type).
    `public`: the property that gives it a public address. `members`: the type of separate instances that say it too.
    `only_in_vpc`: without subnets it is in the default VPC, else in AWS's own network.
    """

    subnets: str
    groups: str = "vpcSecurityGroupIds"
    group: str = ""
    port: int | None = None
    ports: Ports = ()
    public: str = "publiclyAccessible"
    members: str = ""
    only_in_vpc: bool = True


RDS = "aws:rds/subnetGroup:SubnetGroup"
CACHES = "aws:elasticache/subnetGroup:SubnetGroup"
STORES: dict[str, Store] = {
    types.DATABASE_CLUSTER: Store("dbSubnetGroupName", group=RDS, members=types.CLUSTER_MEMBER),
    types.DATABASE_INSTANCE: Store("dbSubnetGroupName", group=RDS),
    types.DATABASE_PROXY: Store("vpcSubnetIds", public=""),
    types.DOCUMENT_CLUSTER: Store("dbSubnetGroupName", group="aws:docdb/subnetGroup:SubnetGroup", port=27017,
                                  public=""),
    types.GRAPH_CLUSTER: Store("neptuneSubnetGroupName", group="aws:neptune/subnetGroup:SubnetGroup", port=8182,
                               public="", members=types.GRAPH_MEMBER),
    types.CACHE_CLUSTER: Store("subnetGroupName", "securityGroupIds", CACHES, 6379, public=""),
    types.CACHE_GROUP: Store("subnetGroupName", "securityGroupIds", CACHES, 6379, public=""),
    types.SERVERLESS_CACHE: Store("subnetIds", "securityGroupIds", ports=(("tcp", 6379, 6380),), public=""),
    types.MEMORY_CLUSTER: Store("subnetGroupName", "securityGroupIds", "aws:memorydb/subnetGroup:SubnetGroup", 6379,
                                public=""),
    types.ACCELERATOR: Store("subnetGroupName", "securityGroupIds", "aws:dax/subnetGroup:SubnetGroup",
                             ports=(("tcp", 8111, 8111), ("tcp", 9111, 9111)), public=""),
    types.WAREHOUSE: Store("clusterSubnetGroupName", group="aws:redshift/subnetGroup:SubnetGroup", port=5439),
    types.WAREHOUSE_WORKGROUP: Store("subnetIds", "securityGroupIds", port=5439),
    types.SEARCH_DOMAIN: Store("vpcOptions.subnetIds", "vpcOptions.securityGroupIds", port=443, public="",
                               only_in_vpc=False),
    types.OLD_SEARCH_DOMAIN: Store("vpcOptions.subnetIds", "vpcOptions.securityGroupIds", port=443, public="",
                                   only_in_vpc=False),
    types.KAFKA: Store("brokerNodeGroupInfo.clientSubnets", "brokerNodeGroupInfo.securityGroups", ports=KAFKA_PORTS,
                       public="brokerNodeGroupInfo.connectivityInfo.publicAccess.type"),
    types.SERVERLESS_KAFKA: Store("vpcConfigs.subnetIds", "vpcConfigs.securityGroupIds", port=9098, public=""),
    types.REPLICATION_INSTANCE: Store("replicationSubnetGroupId",
                                      group="aws:dms/replicationSubnetGroup:ReplicationSubnetGroup"),
    types.BROKER: Store("subnetIds", "securityGroups"),
    types.MOUNT_TARGET: Store("subnetId", "securityGroups", port=2049, public=""),
}  # fmt: skip
MEMBER_OF = {
    types.CLUSTER_MEMBER: ("clusterIdentifier", types.DATABASE_CLUSTER),
    types.GRAPH_MEMBER: ("clusterIdentifier", types.GRAPH_CLUSTER),
}
BY_ENGINE = (types.DATABASE_CLUSTER, types.DATABASE_INSTANCE, types.CACHE_CLUSTER)
ORIGINALS = (types.DATABASE_INSTANCE,)


def translate(t: Translation, homes: Homes) -> None:
    """The endpoints of all stores."""
    for type_, store in STORES.items():
        for resource, record in t.each(type_):
            if type_ == types.CACHE_CLUSTER and resource.properties.get("replicationGroupId") is not None:
                continue  # a member of a group, which stands for it
            endpoint = _endpoint(t, homes, resource, record, store)
            if endpoint is not None:
                t.endpoint(resource, endpoint)


def _endpoint(t: Translation, homes: Homes, resource: Resource, record: str, store: Store) -> Endpoint | None:
    subnets = tuple(_subnets(t, resource, record, store))
    if not subnets and not store.only_in_vpc:
        return None
    public = is_public(t, resource, record, store)
    dual = t.text(record, resource.read, "networkType") if resource.type in BY_ENGINE else None
    ipv6 = dual if isinstance(dual, Unknown) else str(dual).upper() == "DUAL" and public
    groups = t.references(record, resource, store.groups, *types.SECURITY_GROUPS)
    placed = subnets or (homes.default_subnet(resource),)
    return Endpoint(record, placed, groups, public, ipv6, _ports(t, resource, record, store))


def _subnets(t: Translation, resource: Resource, record: str, store: Store) -> Iterator[Text]:
    """The subnets of a store, through its subnet group if it has one; of a replica those of its original."""
    if not store.group:
        yield from t.references(record, resource, store.subnets, *types.SUBNETS)
        return
    named = t.reference(record, resource, store.subnets, store.group)
    if named is None:
        original = _original(t, resource)
        if original is not None:
            yield from _subnets(t, original, record, store)
        elif _is_replica(resource):
            yield Unknown(record, "subnets, which are its source's")
        return
    group = t.names.resource(named) if isinstance(named, str) else None
    if group is None or group.external:
        if named != "default":
            yield named if isinstance(named, Unknown) else Unknown(named, "subnets")
        return
    found = t.references(t.names.of(group), group, "subnetIds", *types.SUBNETS)
    yield from found or (Unknown(t.names.of(group), "subnetIds"),)


def _is_replica(resource: Resource) -> bool:
    return resource.type in ORIGINALS and resource.properties.get("replicateSourceDb") is not None


def _original(t: Translation, resource: Resource) -> Resource | None:
    if not _is_replica(resource):
        return None
    found = t.graph.resolve(resource.properties.get("replicateSourceDb"), *ORIGINALS)
    return found if found is not resource and found is not None and not found.external else None


def is_public(t: Translation, resource: Resource, record: str, store: Store) -> bool | Unknown:
    """Whether a store, or one of its instances, has a public address."""
    flags: list[bool | Unknown] = []
    if store.public.endswith(".type"):  # of MSK: DISABLED or SERVICE_PROVIDED_EIPS
        kind = t.text(record, resource.read, store.public)
        flags.append(kind if isinstance(kind, Unknown) else kind not in (None, "DISABLED"))
    elif store.public:
        flags.append(t.flag(record, resource.read, store.public))
    if store.members:
        reference, target = MEMBER_OF[store.members]
        try:
            members = companions(t.graph, (store.members,), reference, target).of(resource)
        except UnknownRead as unknown:
            return Unknown(record, unknown.path)
        flags += [t.flag(t.names.of(one), one.read, "publiclyAccessible") for one in members]
    return either(flags)


def _ports(t: Translation, resource: Resource, record: str, store: Store) -> Ports | Unknown | None:
    if store.ports:
        return store.ports
    port: Any = t.number(record, resource.read, "port") if resource.read.has("port") else None
    if port is None:
        port = store.port
        if resource.type in BY_ENGINE or resource.type == types.DATABASE_PROXY:
            port = _engine_port(t, resource, record) or port
    if isinstance(port, Unknown):
        return port
    return None if port is None else (("tcp", int(port), int(port)),)


def _engine_port(t: Translation, resource: Resource, record: str) -> int | Unknown | None:
    """The port of an engine: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html"""
    name = "engineFamily" if resource.type == types.DATABASE_PROXY else "engine"
    engine = t.text(record, resource.read, name)
    if engine is None:
        original = _original(t, resource)
        return _engine_port(t, original, record) if original is not None else None
    if isinstance(engine, Unknown):
        return engine
    whole = engine.lower().replace("postgresql", "postgres") if name == "engineFamily" else engine.lower()
    return ENGINE_PORTS.get(whole) or ENGINE_PORTS.get(whole.partition("-")[0])
