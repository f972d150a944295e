"""DynamoDB tables, paid by request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import pulumi
import pulumi_aws as aws
from lychgate.provisioner.components.base import Component, Use
from lychgate.provisioner.components.checks import known_mode, shared_tags, sharing_tenant, short_enough, within
from lychgate.provisioner.components.context import Context
from lychgate.provisioner.components.key import Key, Usable

from lychgate.reasoning.uses import statements as allowed

KeyType = Literal["S", "N", "B"]
Attribute = tuple[str, KeyType]


@dataclass(frozen=True, slots=True)
class Index:
    """A global secondary index over all attributes; its keys are attributes with their types, as the table's are."""

    partition: Attribute
    sort: Attribute | None = None


class UsableTable:
    """A table that workloads are given the use of."""

    MODES: ClassVar[tuple[str, ...]] = ("read", "write", "use")

    name: str
    table_name: str
    arn: str
    index_arns: list[str]
    key: Usable
    shared_by: tuple[str, ...]

    def _named(self, context: Context, indexes: Iterable[str]) -> None:
        self.table_name = short_enough("table", context.named(self.name), 255)
        self.arn = f"arn:aws:dynamodb:{context.region}:{context.account}:table/{self.table_name}"
        self.index_arns = [f"{self.arn}/index/{index}" for index in indexes]

    def use(self, mode: str, *, tenant: str | None = None) -> Use:
        """What a workload gets that reads items, writes them, or both (use), by their keys; TABLE is its name.

        For one tenant of a shared table: items of its partitions only. Raises ValueError for another mode, or a tenant
        that the table is not shared with.
        """
        known_mode("table", mode, self.MODES)
        if tenant is not None:
            sharing_tenant("table", self.name, tenant, self.shared_by)
        parts = {"itself": self.arn, "items": [self.arn, *self.index_arns]}
        region = self.key.context.region
        statements = allowed("table", mode, parts, key=self.key.arn, region=region, tenant=tenant)
        return Use(tuple(statements), {"TABLE": self.table_name})


class ExistingTable(UsableTable):
    """A shared table of another stack: the one of this name in its context, under its key, with these indexes."""

    def __init__(
        self,
        name: str,
        context: Context,
        *,
        key: Usable,
        shared_by: tuple[str, ...],
        indexes: Iterable[str] = (),
    ) -> None:
        self.name, self.key, self.shared_by = name, key, shared_by
        self._named(context, indexes)


class Table(UsableTable, Component):
    """A table with backups to any second of the last 35 days; in production it cannot be deleted.

    `partition` and `sort` are attributes with their types: S (text), N (number) or B (bytes). `ttl` names the attribute
    that holds the time (seconds since 1970) at which an item may go. `max_read_units` and `max_write_units` are the
    most request units a second: a guard against surprises, for the table and each index. `shared_by` are the tenants
    that share it, each with partition keys `TENANT` and `TENANT#...`, in the indexes too.

    Raises ValueError for numbers, names and types that DynamoDB does not take.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
    """

    kind: ClassVar[str] = "Table"

    def __init__(
        self,
        name: str,
        context: Context,
        *,
        key: Key,
        partition: Attribute,
        sort: Attribute | None = None,
        indexes: Mapping[str, Index] | None = None,
        ttl: str | None = None,
        max_read_units: int = 1000,
        max_write_units: int = 500,
        shared_by: tuple[str, ...] = (),
        declared_at: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        within("the most read units", max_read_units, 1, 40_000)
        within("the most write units", max_write_units, 1, 40_000)
        keyed = _attributes(name, [Index(partition, sort), *(indexes or {}).values()], bool(shared_by))
        super().__init__(name, context, declared_at=declared_at, opts=opts)
        self.name, self.key, self.shared_by = name, key, shared_by
        self._named(context, indexes or {})
        units = (max_read_units, max_write_units)
        self.table = aws.dynamodb.Table(
            name,
            name=self.table_name,
            billing_mode="PAY_PER_REQUEST",
            hash_key=partition[0],
            range_key=sort[0] if sort else None,
            attributes=[{"name": attribute, "type": type_} for attribute, type_ in sorted(keyed.items())],
            global_secondary_indexes=[_index(one, index, units) for one, index in (indexes or {}).items()],
            on_demand_throughput={"max_read_request_units": units[0], "max_write_request_units": units[1]},
            ttl=aws.dynamodb.TableTtlArgs(attribute_name=ttl, enabled=True) if ttl else None,
            server_side_encryption={"enabled": True, "kms_key_arn": key.arn},
            point_in_time_recovery={"enabled": True},
            deletion_protection_enabled=context.protected,
            tags=shared_tags(context.tags(), shared_by),
            opts=self.kept,
        )
        self.register_outputs({"name": self.table.name})


def _attributes(name: str, keyed: list[Index], shared: bool) -> dict[str, str]:
    """The types of all attributes that are part of a key. Raises ValueError where they contradict each other."""
    found: dict[str, str] = {}
    for index in keyed:
        for attribute, type_ in (index.partition, *([index.sort] if index.sort else [])):
            if type_ not in ("S", "N", "B"):
                raise ValueError(f"the type of {attribute} in table {name} is {type_!r}: S, N or B")
            if found.setdefault(attribute, type_) != type_:
                raise ValueError(f"{attribute} in table {name} is {found[attribute]} in one key and {type_} in another")
        if shared and index.partition[1] != "S":
            raise ValueError(f"the table {name} is shared: the partition key {index.partition[0]} must be text (S)")
    return found


def _index(name: str, index: Index, units: tuple[int, int]) -> aws.dynamodb.TableGlobalSecondaryIndexArgsDict:
    return {
        "name": name,
        "hash_key": index.partition[0],
        "range_key": index.sort[0] if index.sort else None,
        "projection_type": "ALL",
        "on_demand_throughput": {"max_read_request_units": units[0], "max_write_request_units": units[1]},
    }
