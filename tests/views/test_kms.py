"""Which key a resource names."""

from __future__ import annotations

import pytest

from lychgate.model.graph import Graph, Lookup, Resource
from lychgate.model.values import UNKNOWN, Secret, Symbol, UnknownRead
from lychgate.views.kms import NamedKey, named_key
from tests.views.helpers import KEY_ARN, STACK, key, resource

QUEUE = "aws:sqs/queue:Queue"
ALIAS = "aws:kms/alias:Alias"


def ask(value: object, *others: Resource, depends: tuple[Resource, ...] = (), **more: object) -> NamedKey | None:
    queue = resource(
        QUEUE,
        "orders",
        {} if value is None else {"kmsMasterKeyId": value},
        property_dependencies={"kmsMasterKeyId": tuple(one.urn for one in depends)},
    )
    graph = Graph([queue, *others, *(one for one in depends if one not in others)], **more)  # type: ignore[arg-type]
    return named_key(graph, queue, queue.read, "kmsMasterKeyId")


def test_none() -> None:
    assert ask(None) is None
    assert ask("") is None


@pytest.mark.parametrize("value", [KEY_ARN, KEY_ARN[-36:], Secret(KEY_ARN)])
def test_a_key_of_the_graph_by_arn_or_id(value: object) -> None:
    found = ask(value, key())
    assert found is not None and found.customer
    assert found.resource is not None and found.resource.name == "data"


@pytest.mark.parametrize("value", ["alias/data", "arn:aws:kms:eu-west-1:111122223333:alias/data"])
def test_an_alias_leads_to_its_key(value: str) -> None:
    alias = resource(ALIAS, "data", {"name": "alias/data", "targetKeyId": KEY_ARN}, id="alias/data")
    found = ask(value, key(), alias)
    assert found is not None and found.customer
    assert found.resource is not None and found.resource.type == "aws:kms/key:Key"


@pytest.mark.parametrize(
    "value",
    ["alias/aws/sqs", "arn:aws:kms:eu-west-1:111122223333:alias/aws/sqs", "arn:aws-cn:kms:cn-north-1:1:alias/aws/s3"],
)
def test_a_key_of_aws(value: str) -> None:
    found = ask(value)
    assert found is not None and not found.customer


def test_an_alias_of_aws_that_is_read() -> None:
    managed = resource(ALIAS, "managed", id="alias/aws/sqs", external=True)
    found = ask(Symbol.of("managed-1.targetKeyArn", managed.urn, "targetKeyArn"), managed)
    assert found is not None and not found.customer


@pytest.mark.parametrize("value", [KEY_ARN, "alias/of-another-stack", "1234abcd-12ab-34cd-56ef-1234567890ab"])
def test_a_key_from_elsewhere_is_assumed_to_be_the_customers(value: str) -> None:
    assert ask(value) == NamedKey(value, True)


def test_in_a_preview_the_dependency_tells() -> None:
    found = ask(UNKNOWN, depends=(key(),))
    assert found is not None and found.customer
    assert found.resource is not None and found.resource.name == "data"


def test_in_a_preview_a_dependency_on_something_else_does_not() -> None:
    role = resource("aws:iam/role:Role", "api")
    managed = resource(ALIAS, "managed", id="alias/aws/sqs", external=True)
    for depends in ((role,), (), (key(), managed)):
        with pytest.raises(UnknownRead, match="kmsMasterKeyId"):
            ask(UNKNOWN, depends=depends)


def test_an_output_of_something_else_is_unknown() -> None:
    role = resource("aws:iam/role:Role", "api")
    with pytest.raises(UnknownRead, match="when api is deployed"):
        ask(Symbol.of("api-1.uniqueId", role.urn, "uniqueId"), role)


def test_what_a_lookup_of_awss_alias_finds_is_unknown() -> None:
    lookup = Lookup(STACK, "aws:kms/getKey:getKey", {"keyId": "alias/aws/sqs"}, "assumed")
    with pytest.raises(UnknownRead, match="key of AWS"):
        ask(KEY_ARN, lookups=[lookup])
    assert ask("alias/mine", lookups=[lookup]) == NamedKey("alias/mine", True)
    own = Lookup(STACK, "aws:kms/getKey:getKey", {"keyId": "alias/mine"}, "assumed")
    assert ask(KEY_ARN, lookups=[own]) == NamedKey(KEY_ARN, True)
