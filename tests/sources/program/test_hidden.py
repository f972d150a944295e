"""What a provider will make of one resource, without the program registering it, is not inspected."""

from __future__ import annotations

import pytest

from lychgate.model.graph import Graph
from lychgate.sources.program.programs import capture_texts

PROGRAMS = {
    "kubernetes:helm.sh/v3:Release": """
import pulumi_kubernetes as kubernetes

kubernetes.helm.v3.Release("blog", chart="wordpress", repository_opts={"repo": "https://charts.example.com"})
""",
    "aws:cloudformation/stack:Stack": """
import pulumi_aws as aws

aws.cloudformation.Stack("old", template_body='{"Resources": {"B": {"Type": "AWS::S3::Bucket"}}}')
""",
    "aws:cloudcontrol/resource:Resource": """
import pulumi_aws as aws

aws.cloudcontrol.Resource("bucket", type_name="AWS::S3::Bucket", desired_state="{}")
""",
}


@pytest.fixture(scope="module")
def graphs() -> dict[str, Graph]:
    found = capture_texts(PROGRAMS)
    return {name: graph for name, graph in found.items() if isinstance(graph, Graph)}


@pytest.mark.parametrize("type_", PROGRAMS)
def test_it_is_named(type_: str, graphs: dict[str, Graph]) -> None:
    (entry,) = graphs[type_].not_inspected
    assert entry.type == type_
    assert entry.urn in graphs[type_].by_urn
