"""The one table of types, and the provider's operations with it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from tests.engine.plugins.cloud import (
    dynamodb,
    ec2,
    ecr,
    eks,
    iam,
    kms,
    lambda_,
    logs,
    rds,
    s3,
    secretsmanager,
    sns,
    sqs,
)
from tests.engine.plugins.cloud.calling import Cloud, Kind, if_there, told
from tests.engine.plugins.cloud.lookups import LOOKUPS
from tests.engine.plugins.cloud.refreshing import refreshed
from tests.engine.plugins.package import Failed, without_defaults
from tests.engine.plugins.wire import DEFAULTS, Properties

KINDS: Mapping[str, Kind] = {
    **dynamodb.KINDS, **ec2.KINDS, **ecr.KINDS, **eks.KINDS, **iam.KINDS, **kms.KINDS, **lambda_.KINDS, **logs.KINDS,
    **rds.KINDS, **s3.KINDS, **secretsmanager.KINDS, **sns.KINDS, **sqs.KINDS,
}  # fmt: skip
ALIASES = {"logs": ("logs", "cloudwatchlogs")}  # boto3's name of a service -> the configuration's, where another
EVERY = frozenset({"tags", "tagsAll", "region", DEFAULTS})  # inputs of each type


class Living:
    """Resources in the cloud at the endpoints that the provider was given."""

    def __init__(self, endpoints: Mapping[str, str], region: str) -> None:
        self.region = region
        self._endpoints = endpoints
        self._regions: dict[str, Cloud] = {}
        self._lock = threading.Lock()

    @classmethod
    def of(cls, config: Properties, region: str) -> Living | None:
        """By `endpoints` of the configuration; None without."""
        found = {name: url for one in config.get("endpoints") or () for name, url in one.items() if url}
        return cls(found, region) if found else None

    def account(self) -> str:
        """The account that the credentials are of. Raises Failed where they are none."""
        with told():
            return str(self._at({})("sts").get_caller_identity()["Account"])

    def create(self, type_: str, inputs: Properties) -> tuple[str, Properties]:
        """A new resource: its id and its outputs. Raises Failed."""
        kind = self._kind(type_, inputs)
        cloud, said = self._at(inputs), _said(inputs)
        with told():
            ident = kind.create(cloud, said)
            return ident, self._outputs(kind, cloud, ident, said)

    def update(self, type_: str, ident: str, old: Properties, inputs: Properties) -> Properties:
        """The outputs of a resource whose inputs have changed. Raises Failed."""
        kind = self._kind(type_, inputs)
        cloud, said = self._at(inputs), _said(inputs)
        if kind.update is None:
            raise Failed(f"{type_} cannot be changed in place")
        with told():
            kind.update(cloud, ident, _said(old), said)
            return self._outputs(kind, cloud, ident, said)

    def read(self, type_: str, ident: str, known: Properties) -> Properties | None:
        """What is known of a resource, with what the cloud says of it now; None where it is gone. Raises Failed."""
        kind, cloud = self._kind(type_), self._at(known)
        found: Properties | None = None
        with told(), if_there():
            found = kind.outputs(cloud, ident, known)
        return None if found is None else {**known, "id": ident, **found}

    def refreshed(self, type_: str, ident: str, inputs: Properties, known: Properties) -> Properties:
        """The inputs of a resource as they stand in the cloud. Raises Failed."""
        with told():
            return refreshed(self._at(known), type_, ident, _said(inputs) | {DEFAULTS: inputs.get(DEFAULTS, [])}, known)

    def delete(self, type_: str, ident: str, known: Properties) -> None:
        """Take it away; what is gone already is gone. Raises Failed."""
        with told(), if_there():
            self._kind(type_).delete(self._at(known), ident, _said(known))

    def replaced_by(self, type_: str, inputs: frozenset[str]) -> frozenset[str]:
        """Which of a type's inputs need a new resource."""
        kind = self._kind(type_)
        return kind.replaced_by if kind.update is not None else inputs - EVERY

    def invoke(self, token: str, arguments: Properties) -> Properties | None:
        """The answer to a lookup; None for a function that is not one. Raises Failed."""
        lookup = LOOKUPS.get(token)
        if lookup is None:
            return None
        with told():
            return lookup(self._at(arguments), arguments)

    def _kind(self, type_: str, inputs: Properties | None = None) -> Kind:
        """The calls of a type. Raises Failed for one without, and for an input that they would pass over."""
        kind = KINDS.get(type_)
        if kind is None:
            raise Failed(f"the test provider does not know how {type_} is made in the cloud: add it to its table")
        if more := sorted((inputs or {}).keys() - kind.inputs - EVERY):
            raise Failed(f"the test provider's calls of {type_} do not apply {', '.join(more)}: add it to its table")
        return kind

    def _at(self, values: Properties) -> Cloud:
        region = values.get("region") or self.region
        with self._lock:
            return self._regions.setdefault(region, Cloud(self._endpoint, region))

    def _endpoint(self, service: str) -> str:
        named = (self._endpoints.get(name) for name in ALIASES.get(service, (service,)))
        url = next(filter(None, named), None)
        if url is None:
            raise Failed(f"the provider has no endpoint for {service}, and the tests have no other AWS")
        return url

    @staticmethod
    def _outputs(kind: Kind, cloud: Cloud, ident: str, said: Any) -> Properties:
        found = kind.outputs(cloud, ident, said)
        if found is None:
            raise Failed(f"{ident} was made, and is not there")
        return {"id": ident, **said, **found}


def _said(values: Properties) -> Properties:
    """Inputs as the calls want them: a whole number is an integer, which the engine's messages do not tell apart."""
    found: Properties = _whole(without_defaults(values))
    return found


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {name: _whole(part) for name, part in value.items()}
    return [_whole(part) for part in value] if isinstance(value, list) else value
