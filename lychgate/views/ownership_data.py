"""Edges of data and of networks: what is copied, delivered, encrypted with a key, referred to or let in."""

from __future__ import annotations

from typing import Any

from lychgate.model.graph import Graph, Resource
from lychgate.model.values import UnknownRead
from lychgate.views.kms import named_key
from lychgate.views.labels import labels_of
from lychgate.views.ownership_edges import Edges, holders, named_things, resolved
from lychgate.views.ownership_types import (
    EBS_SNAPSHOTS,
    FUNCTION,
    GROUP_RULES,
    KEY_PROPERTIES,
    MADE_FROM,
    RDS_SNAPSHOTS,
    SECURITY_GROUPS,
    SENDING,
)
from lychgate.views.s3 import BUCKETS

TASKS = "aws:ecs/taskDefinition:TaskDefinition"
# What stands between data and what is made from them: the data's owner is asked for.
BETWEEN = (*RDS_SNAPSHOTS, *EBS_SNAPSHOTS)
BUCKET_KEYS = tuple(
    f"aws:s3/bucketServerSideEncryptionConfiguration{v}:BucketServerSideEncryptionConfiguration{v}" for v in ("", "V2")
)
REPLICATIONS = ("aws:s3/bucketReplicationConfig:BucketReplicationConfig",)
GLOBAL = "aws:rds/globalCluster:GlobalCluster"
RDS_CLUSTER = "aws:rds/cluster:Cluster"


class DataEdges:
    """Reads them from the resources' own properties and from separate resources."""

    def __init__(self, graph: Graph, found: Edges) -> None:
        self.graph, self.found = graph, found

    def read(self) -> None:
        """All of them."""
        for resource in self.graph.resources:
            if not resource.external and resource.type.startswith("aws:"):
                self._resource(resource)

    def _resource(self, resource: Resource) -> None:
        type_, guard = resource.type, self.found.guard
        if type_ in MADE_FROM:
            guard(resource, "replication", lambda: self._made_from(resource))
        if type_ in KEY_PROPERTIES:
            guard(resource, "key-use", lambda: self._keys(resource))
        if type_ in SENDING:
            self._sending(resource)
        if type_ in BUCKETS:
            guard(resource, "key-use", lambda: self._bucket_key(resource, resource))
            guard(resource, "replication", lambda: self._replication(resource, resource))
        elif type_ in BUCKET_KEYS:
            self._of_bucket(resource, "key-use")
        elif type_ in REPLICATIONS:
            self._of_bucket(resource, "replication")
        elif type_ in SECURITY_GROUPS:
            guard(resource, "security-group", lambda: self._inline_rules(resource))
        elif type_ in GROUP_RULES:
            self._group_rule(resource)
        elif type_ == TASKS:
            guard(resource, "secret-ref", lambda: self._task(resource))
        elif type_ == FUNCTION:
            guard(resource, "secret-ref", lambda: self._function(resource))

    # -- what is made from other data -------------------------------------------------------------------------------

    def _made_from(self, resource: Resource) -> None:
        for path, types in MADE_FROM[resource.type].items():
            for thing in named_things(self.graph, resource, path, *types):
                if not isinstance(thing, Resource):
                    why = f"is {thing}, which is not among the judged resources: whose data these are is not known"
                    raise UnknownRead(resource.urn, path, why)
                for origin in [thing, *self._origins(thing, 8)]:
                    by = "" if origin is thing else f", {thing.name}"
                    if not self._silent(origin) and not self._silent(resource):
                        self.found.add(origin, resource, "replication", f"{resource.name}.{path}{by}")
        if resource.type == RDS_CLUSTER:
            self._global(resource)

    def _origins(self, thing: Resource, depth: int) -> list[Resource]:
        """Whose data a snapshot holds, through copies of it."""
        if thing.type not in BETWEEN or depth == 0:
            return []
        found = []
        for path, types in MADE_FROM[thing.type].items():
            for source in named_things(self.graph, thing, path, *types):
                if isinstance(source, Resource):
                    found += [source, *self._origins(source, depth - 1)]
        return found

    def _silent(self, thing: Resource) -> bool:
        """Whether it is a snapshot without labels, which is its origin's."""
        labels = labels_of(self.graph, thing)
        return thing.type in BETWEEN and not labels.tenant and not labels.environment and not labels.unknown

    def _global(self, cluster: Resource) -> None:
        """A cluster that joins a global one gets the data of the cluster that this was made from."""
        for joined in named_things(self.graph, cluster, "globalClusterIdentifier", GLOBAL):
            if isinstance(joined, Resource):
                for source in named_things(self.graph, joined, "sourceDbClusterIdentifier", RDS_CLUSTER):
                    if isinstance(source, Resource):
                        self.found.add(source, cluster, "replication", f"the global cluster {joined.name}")

    # -- what is sent -----------------------------------------------------------------------------------------------

    def _sending(self, resource: Resource) -> None:
        path, types, ends = SENDING[resource.type]
        try:
            things = named_things(self.graph, resource, path, *types) if path else [resource]
        except UnknownRead as unknown:
            self.found.unread.setdefault((resource.urn, "event-target"), unknown)
            return
        for source in things:
            if isinstance(source, Resource):
                self.found.guard(source, "event-target", lambda source=source: self._sent(source, resource, ends))  # type: ignore[misc]

    def _sent(self, source: Resource, resource: Resource, ends: tuple[str, ...]) -> None:
        what = resource.type.rpartition(":")[2]
        for path in ends:
            names = (FUNCTION,) if path == "functionName" else ()
            for target in named_things(self.graph, resource, path, *names):
                if isinstance(target, Resource):
                    detail = path if source is resource else f"the {what} {resource.name}"
                    self.found.add(source, target, "event-target", detail)

    # -- keys and buckets -------------------------------------------------------------------------------------------

    def _keys(self, resource: Resource) -> None:
        for path in KEY_PROPERTIES[resource.type]:
            for block, leaf in holders(resource.read, path):
                key = named_key(self.graph, resource, block, leaf)
                self.found.add(resource, key.resource if key else None, "key-use", block.at(leaf))

    def _of_bucket(self, companion: Resource, kind: str) -> None:
        """What a separate resource says of a bucket; what of it is unknown is unknown of the bucket."""
        try:
            bucket = self.graph.target(companion, "bucket", *BUCKETS)
        except UnknownRead:
            return  # another rule's matter: every bucket might be meant
        if bucket is None:
            return
        if kind == "key-use":
            self.found.guard(bucket, "key-use", lambda: self._bucket_key(bucket, companion))
        else:
            self.found.guard(bucket, "replication", lambda: self._replication(bucket, companion))

    def _bucket_key(self, bucket: Resource, said: Resource) -> None:
        read = said.read
        if said is bucket:
            inline = "serverSideEncryptionConfiguration"
            read = read.block(inline if read.has(inline) else f"{inline}s")
        for rule in read.blocks("rules") or read.blocks("rule"):
            name = "applyServerSideEncryptionByDefault"
            block = rule.block(name if rule.has(name) else f"{name}s")
            key = named_key(self.graph, said, block, "kmsMasterKeyId")
            self.found.add(bucket, key.resource if key else None, "key-use", block.at("kmsMasterKeyId"))

    def _replication(self, bucket: Resource, said: Resource) -> None:
        read = said.read
        if said is bucket:
            read = read.block(
                "replicationConfiguration" if read.has("replicationConfiguration") else "replicationConfigurations"
            )
        for rule in read.blocks("rules"):
            if rule.text("status") == "Disabled":
                continue
            place = rule.block("destination" if rule.has("destination") else "destinations")
            if place.known("bucket"):
                target = resolved(self.graph, place.value("bucket"), said.stack, *BUCKETS)
            else:
                used = said.property_dependencies.get("rules", ())
                others = [self.graph.by_urn[urn] for urn in used if urn in self.graph.by_urn]
                target = next((one for one in others if one.type in BUCKETS and one is not bucket), None)
                if target is None:
                    place.value("bucket")
            what = "its replication" if said is bucket else f"the replication {said.name}"
            self.found.add(bucket, target, "replication", what)

    # -- networks ---------------------------------------------------------------------------------------------------

    def _inline_rules(self, group: Resource) -> None:
        for rule in group.read.blocks("ingress"):
            for other in rule.value("securityGroups", []):
                source = resolved(self.graph, other, group.stack, *SECURITY_GROUPS)
                self.found.add(source, group, "security-group", f"{rule.path} lets it in")

    def _group_rule(self, rule: Resource) -> None:
        own, other = GROUP_RULES[rule.type]
        try:
            group = self.graph.target(rule, own, *SECURITY_GROUPS)
        except UnknownRead:
            return  # any group might be meant
        if group is not None and rule.read.text("type", "ingress") == "ingress":
            self.found.guard(group, "security-group", lambda: self._let_in(group, rule, other))

    def _let_in(self, group: Resource, rule: Resource, other: str) -> None:
        for source in named_things(self.graph, rule, other, *SECURITY_GROUPS):
            if isinstance(source, Resource):
                self.found.add(source, group, "security-group", f"the rule {rule.name} lets it in")

    # -- what workloads refer to ------------------------------------------------------------------------------------

    def _task(self, task: Resource) -> None:
        """Secrets that ECS puts into containers, and file systems that it mounts."""
        for volume in task.read.blocks("volumes"):
            system = resolved(self.graph, volume.block("efsVolumeConfiguration").value("fileSystemId"), task.stack)
            self.found.add(task, system, "mount", volume.path)
        containers = task.read.document("containerDefinitions")
        for container in containers if isinstance(containers, list) else []:
            for secret in _listed(container, "secrets"):
                target = resolved(self.graph, secret.get("valueFrom"), task.stack, "aws:ssm/parameter:Parameter")
                self.found.add(task, target, "secret-ref", f"secret {secret.get('name')} of {container.get('name')}")

    def _function(self, function: Resource) -> None:
        """Secrets whose ARN stands in an environment variable. It is the role that gets at them, so a variable that is
        not known is no matter."""
        variables = function.read.block("environment").block("variables")
        for name in variables.values:
            target = resolved(self.graph, variables.value(name), function.stack) if variables.known(name) else None
            if target is not None and target.type == "aws:secretsmanager/secret:Secret":
                self.found.add(function, target, "secret-ref", f"environment variable {name}")


def _listed(container: Any, name: str) -> list[dict[str, Any]]:
    items = container.get(name) if isinstance(container, dict) else None
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
