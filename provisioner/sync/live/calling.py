"""Calls to AWS that read: retried when AWS throttles, and told apart where they fail.

What is not there raises `Gone`, what could not be found out raises `Refused` with the call and its code: a call that
was denied says nothing about what it asked for. Sessions and clients are boto3's, which has no types: `Any` stands for
them here, at the edge.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

# No other operations leave this program. Whoever reads a secret's value, a message or an item is no drift detection.
READING = ("get_", "list_", "describe_")
NEVER = frozenset({"get_secret_value", "get_item", "get_object", "get_login_password", "get_authorization_token"})
# The codes by which services say that a thing is not there, from the errors of each operation in their API references.
GONE = frozenset({
    "NoSuchBucket", "NoSuchBucketPolicy", "NoSuchPublicAccessBlockConfiguration", "NoSuchLifecycleConfiguration",
    "OwnershipControlsNotFoundError", "ServerSideEncryptionConfigurationNotFoundError",
    "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist",
    "NotFound", "NotFoundException", "ResourceNotFoundException",
    "DBClusterNotFoundFault", "DBInstanceNotFound", "DBInstanceNotFoundFault", "DBSubnetGroupNotFoundFault",
    "DBParameterGroupNotFound", "DBParameterGroupNotFoundFault", "DBClusterParameterGroupNotFound",
    "RepositoryNotFoundException", "RepositoryPolicyNotFoundException", "LifecyclePolicyNotFoundException",
    "NoSuchEntity", "InvalidGroup.NotFound", "InvalidSecurityGroupRuleId.NotFound",
})  # fmt: skip
ATTEMPTS = 5


class Gone(Exception):
    """AWS says that the thing does not exist."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A call that brought no answer: the service and its operation (`kms:GetKeyPolicy`), and the code of the error."""

    call: str
    code: str

    def __str__(self) -> str:
        return f"{self.call}: {self.code}" if self.call else self.code


class Refused(Exception):
    """Something could not be found out."""

    def __init__(self, unread: Unread) -> None:
        super().__init__(str(unread))
        self.unread = unread


class Account:
    """The clients of one account, made on first use; safe for several threads."""

    def __init__(self, session: Any, endpoint: str | None = None) -> None:
        self._session, self._endpoint = session, endpoint
        self._clients: dict[tuple[str, str | None], Any] = {}
        self._lock = threading.Lock()

    def client(self, service: str, region: str | None) -> Any:
        """A client whose calls are tried five times in all, as botocore's standard mode does:
        https://boto3.amazonaws.com/v1/documentation/api/latest/guide/retries.html"""
        from botocore.config import Config  # type: ignore[import-untyped]

        with self._lock:
            found = self._clients.get((service, region))
            if found is None:
                config = Config(
                    retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
                    connect_timeout=10,
                    read_timeout=30,
                    max_pool_connections=16,
                )
                found = self._session.client(service, region_name=region, endpoint_url=self._endpoint, config=config)
                self._clients[service, region] = found
            return found

    def calls(self, region: str | None = None) -> Calls:
        """The calls in a region; in the session's own where none is named."""
        return Calls(lambda service: self.client(service, region))


class Calls:
    """Reading calls in one region."""

    def __init__(self, client: Callable[[str], Any]) -> None:
        self._client = client

    def __call__(self, service: str, operation: str, **arguments: Any) -> dict[str, Any]:
        """The answer of an operation (boto3's name: `get_key_policy`). Raises Gone or Refused."""
        found: dict[str, Any] = self._try(service, operation, lambda client: getattr(client, operation)(**arguments))
        return found

    def pages(self, service: str, operation: str, key: str, **arguments: Any) -> list[Any]:
        """What stands under `key` in all pages of an operation's answer. Raises Gone or Refused."""

        def all_pages(client: Any) -> list[Any]:
            pages = client.get_paginator(operation).paginate(**arguments)
            return [one for page in pages for one in page.get(key) or ()]

        found: list[Any] = self._try(service, operation, all_pages)
        return found

    def _try(self, service: str, operation: str, ask: Callable[[Any], Any]) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]
        from botocore.parsers import ResponseParserError  # type: ignore[import-untyped]

        if not operation.startswith(READING) or operation in NEVER:
            raise RuntimeError(f"{service}.{operation} is no call that drift may make")
        name = f"{service}:{''.join(part.capitalize() for part in operation.split('_'))}"
        try:
            client = self._client(service)
            name = f"{service}:{client.meta.method_to_api_mapping.get(operation, name)}"
            return ask(client)
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code") or "without a code")
            if code in GONE:
                raise Gone(f"{name}: {code}") from None
            raise Refused(Unread(name, code)) from None
        except (BotoCoreError, ResponseParserError) as error:
            raise Refused(Unread(name, type(error).__name__)) from None


def attempted(names: Iterable[str], read: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
    """The properties that `read` finds; where it is refused, each of the `names` is `Unread`: what the other calls of
    a resource found stays known."""
    try:
        return dict(read())
    except Refused as refused:
        return dict.fromkeys(names, refused.unread)


def refusals(value: Any) -> Iterator[Unread]:
    """Every `Unread` in a value."""
    if isinstance(value, Unread):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from refusals(item)
