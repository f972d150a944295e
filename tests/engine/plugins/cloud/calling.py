"""What the types of the table share: clients, failures, tags, and an input's old and new value."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from lychgate.provisioner.sync.live.calling import GONE

from tests.engine.plugins.package import Failed
from tests.engine.plugins.wire import Properties


class Cloud:
    """Clients of a region by service (boto3's name), each at the endpoint that the provider was given for it."""

    def __init__(self, endpoint: Callable[[str], str], region: str) -> None:
        self.region = region
        self._endpoint = endpoint
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    def __call__(self, service: str) -> Any:
        """The client of a service. Raises Failed where the provider has no endpoint for it."""
        with self._lock:  # boto3 makes one client at a time
            if service not in self._clients:
                settings = Config(retries={"mode": "standard", "total_max_attempts": 3}, max_pool_connections=16)
                self._clients[service] = boto3.session.Session().client(
                    service, region_name=self.region, endpoint_url=self._endpoint(service), config=settings
                )
            return self._clients[service]


@dataclass(frozen=True, slots=True)
class Kind:
    """The calls of a type.

    `inputs` are those that the calls apply; one that is not among them is refused. `create` answers the id. `outputs`
    are what the cloud says of it beside the inputs, None where it is gone. `update` gets old and new inputs; a type
    without one is replaced by any change. `delete` gets what the state knows. `replaced_by` are inputs that need a new
    resource, beside its name (ForceNew of Terraform's AWS provider, which pulumi-aws wraps).
    """

    inputs: frozenset[str]
    create: Callable[[Cloud, Properties], str]
    delete: Callable[[Cloud, str, Properties], object]
    outputs: Callable[[Cloud, str, Properties], Properties | None] = lambda cloud, ident, known: {}
    update: Callable[[Cloud, str, Properties, Properties], object] | None = None
    replaced_by: frozenset[str] = frozenset()


@contextmanager
def told() -> Iterator[None]:
    """What AWS refuses is the operation's failure, in AWS's words."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise Failed(str(error)) from error


@contextmanager
def if_there() -> Iterator[None]:
    """What is not there is left alone."""
    try:
        yield
    except ClientError as error:
        if str(error.response.get("Error", {}).get("Code")) not in GONE:
            raise


def pairs(tags: Mapping[str, str] | None, key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Tags as most services want them."""
    return [{key: name, value: text} for name, text in (tags or {}).items()]


def all_tags(inputs: Properties) -> dict[str, str]:
    """The tags that a resource gets, those of the provider included."""
    return dict(inputs.get("tagsAll") or {})


def retag(
    old: Properties, new: Properties, add: Callable[[dict[str, str]], object], remove: Callable[[list[str]], object]
) -> None:
    """Set and take away what has changed of the tags."""
    before, after = all_tags(old), all_tags(new)
    if changed := {name: text for name, text in after.items() if before.get(name) != text}:
        add(changed)
    if gone := sorted(before.keys() - after.keys()):
        remove(gone)


def differs(old: Properties, new: Properties, *names: str) -> bool:
    """Whether one of these inputs has changed."""
    return any(old.get(name) != new.get(name) for name in names)


def given(values: Properties, names: Mapping[str, str]) -> dict[str, Any]:
    """The inputs that there are, by the names that the call has for them."""
    return {theirs: values[ours] for ours, theirs in names.items() if values.get(ours) is not None}


def without_none(**values: Any) -> dict[str, Any]:
    """What there is."""
    return {name: value for name, value in values.items() if value is not None}


def first(found: Iterable[Any]) -> Any:
    """The one that was asked for; None where the answer is empty."""
    return next(iter(found), None)


def texts(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Attributes as SQS and SNS want them."""
    for name, value in values.items():
        yield name, ("true" if value else "false") if isinstance(value, bool) else str(value)
