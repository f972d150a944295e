"""What the engine shows a pack as a graph: references resolve by what is seen after the deployment, and before."""

from __future__ import annotations

from typing import Any

from google.protobuf import struct_pb2
from pulumi.runtime.proto import analyzer_pb2

from lychgate.model.graph import Graph, StackInfo
from lychgate.sources.analyzer import graph_of_one, graph_of_stack

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
KEY, QUEUE = "aws:kms/key:Key", "aws:sqs/queue:Queue"
ARN = "arn:aws:kms:us-east-1:111122223333:key/0a1b2c3d-0000-0000-0000-000000000000"


def urn(type_: str, name: str) -> str:
    return f"urn:pulumi:s::p::{type_}::{name}"


def resource(type_: str, name: str, properties: dict[str, Any], **depends: str) -> analyzer_pb2.AnalyzerResource:
    struct = struct_pb2.Struct()
    struct.update(properties)
    found = analyzer_pb2.AnalyzerResource(type=type_, urn=urn(type_, name), name=name, properties=struct)
    for prop, target in depends.items():
        found.propertyDependencies[prop].urns.append(target)
    return found


def stack(*resources: analyzer_pb2.AnalyzerResource) -> Graph:
    return graph_of_stack(resources, StackInfo("p/s", "p", "s"))


def test_after_the_deployment_an_arn_leads_to_its_resource() -> None:
    graph = stack(resource(KEY, "key", {"arn": ARN}), resource(QUEUE, "jobs", {"kmsMasterKeyId": ARN}))
    assert graph.target(graph.by_urn[urn(QUEUE, "jobs")], "kmsMasterKeyId") is graph.by_urn[urn(KEY, "key")]


def test_in_a_preview_the_property_dependency_does() -> None:
    graph = stack(
        resource(KEY, "key", {"arn": UNKNOWN}),
        resource(QUEUE, "jobs", {"kmsMasterKeyId": UNKNOWN}, kmsMasterKeyId=urn(KEY, "key")),
    )
    assert graph.target(graph.by_urn[urn(QUEUE, "jobs")], "kmsMasterKeyId") is graph.by_urn[urn(KEY, "key")]


def test_inputs_are_properties_and_what_the_stack_shows_are_outputs() -> None:
    inputs = struct_pb2.Struct()
    inputs.update({"__defaults": ["name"], "name": "jobs-1"})
    seen = resource(QUEUE, "jobs", {"name": "jobs-1", "arn": UNKNOWN, "policy": UNKNOWN})
    graph = graph_of_stack([seen], StackInfo("p/s", "p", "s"), {seen.urn: inputs})
    found = graph.by_urn[seen.urn]
    assert found.properties == {"name": "jobs-1"}
    assert found.outputs.keys() == {"name", "arn", "policy"}


def test_defaults_of_the_bridge_are_left_out_and_the_provider_is_there() -> None:
    request = analyzer_pb2.AnalyzeRequest(type=QUEUE, urn=urn(QUEUE, "jobs"), name="jobs")
    request.properties.update({"__defaults": ["name"], "name": "jobs-1", "redrive": {"__defaults": [], "x": 1}})
    request.provider.type, request.provider.urn = "pulumi:providers:aws", urn("pulumi:providers:aws", "west")
    request.provider.properties.update({"defaultTags": {"tags": {"tenant": "acme"}}})
    graph = graph_of_one(request, StackInfo("p/s", "p", "s"))
    assert graph.by_urn[urn(QUEUE, "jobs")].properties == {"name": "jobs-1", "redrive": {"x": 1}}
    assert urn("pulumi:providers:aws", "west") in graph.by_urn
    assert not graph.complete
