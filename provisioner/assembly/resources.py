"""Resources of an application, from what the model says to the components that make them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

import pulumi
from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.components.base import Use
from lychgate.provisioner.components.bucket import Bucket, ExistingBucket
from lychgate.provisioner.components.context import Context
from lychgate.provisioner.components.database import Database
from lychgate.provisioner.components.key import Usable
from lychgate.provisioner.components.queue import Queue
from lychgate.provisioner.components.secret import Secret
from lychgate.provisioner.components.table import ExistingTable, Index, Table
from lychgate.provisioner.components.topic import Topic
from lychgate.provisioner.models import application as models


class Thing(Protocol):
    """Something that workloads use."""

    def use(self, mode: str, *, tenant: str | None = None) -> Use:
        """What a workload gets that uses it."""


class Resources:
    """Makes the resources of one stack; queues before the topics that deliver to them."""

    def __init__(self, scope: Scope, key: Usable, opts: pulumi.ResourceOptions) -> None:
        self.scope, self.key, self.opts = scope, key, opts
        self.made: dict[str, Thing] = {}
        self.resources = scope.resources

    def make(self) -> Mapping[str, Thing]:
        """All of them, by name."""
        for name, resource in sorted(self.resources.items(), key=lambda item: (item[1].kind == "topic", item[0])):
            self.made[name] = self._one(name, resource)
        return self.made

    def _one(self, name: str, resource: models.Resource) -> Thing:
        shared: dict[str, Any] = {
            "key": self.key,
            "declared_at": self.scope.place("resources", name),
            "opts": self.opts,
        }
        if resource.shared:
            shared["shared_by"] = tuple(self.scope.application.tenants)
        context = self.scope.context.classified(resource.classification)
        context = replace(context, retiring=context.retiring or resource.retiring)
        match resource:
            case models.Bucket():
                log_bucket = self.scope.environment.access_log_bucket
                return Bucket(name, context, log_bucket=log_bucket, **self.scope.settings("bucket", name), **shared)
            case models.Queue():
                settings = self.scope.settings("queue", name)
                return Queue(name, context, fifo=resource.fifo, publishers=self._publishers(name), **settings, **shared)
            case models.Topic():
                subscribers = {one: self._queue(one) for one in resource.subscribers if one in self.resources}
                return Topic(name, context, fifo=resource.fifo, subscribers=subscribers, **shared)
            case models.Table():
                return Table(name, context, **_keys(resource), **self.scope.settings("table", name), **shared)
            case models.Database():
                return self._database(name, resource, context, shared)
            case models.Secret():
                settings = self.scope.settings("secret", name)
                function = self.scope.environment.rotation_function
                return Secret(name, context, rotation_function=function, **settings, **shared)

    @staticmethod
    def existing(scope: Scope, name: str, key: Usable) -> Thing:
        """What a shared stack has made, for the use of a tenant's workloads."""
        resource = scope.application.resources[name]
        tenants = tuple(scope.application.tenants)
        if isinstance(resource, models.Bucket):
            return ExistingBucket(name, scope.context, key=key, shared_by=tenants)
        assert isinstance(resource, models.Table)  # nothing else can be shared
        return ExistingTable(name, scope.context, key=key, shared_by=tenants, indexes=resource.indexes)

    def _queue(self, name: str) -> Queue:
        queue = self.made[name]
        assert isinstance(queue, Queue)
        return queue

    def _publishers(self, queue: str) -> list[str]:
        """The topics that deliver to a queue."""
        return [
            Topic.arn_of(self.scope.context, name, fifo=topic.fifo)
            for name, topic in self.resources.items()
            if isinstance(topic, models.Topic) and queue in topic.subscribers
        ]

    def _database(self, name: str, database: models.Database, context: Context, shared: dict[str, Any]) -> Database:
        settings = self.scope.settings("database", name)
        if database.capacity == "serverless":
            settings["instance_class"] = None
        network = self.scope.environment.network
        return Database(
            name,
            context,
            vpc_id=network.vpc,
            subnet_ids=[subnet.id for subnet in network.data],
            engine=database.engine,
            log_days=self.scope.settings("logs")["retention_days"],
            **settings,
            **shared,
        )


def _keys(table: models.Table) -> dict[str, Any]:
    def pair(key: Mapping[str, Any] | None) -> Any:
        return next(iter(key.items())) if key else None

    indexes = {name: Index(pair(index.partition), pair(index.sort)) for name, index in table.indexes.items()}
    return {"partition": pair(table.partition), "sort": pair(table.sort), "indexes": indexes, "ttl": table.expires}
