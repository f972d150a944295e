"""Resources of every kind that the SDKs have, without a single input: what is answered is taken by the SDK."""

from __future__ import annotations

import pytest

from lychgate.model.graph import Graph
from lychgate.sources.program.programs import capture_texts

# `autoscaling.Notification` has an enumeration among its outputs, which is why it is always there.
PROGRAM = """
import importlib
import json
import re
import warnings

import pulumi
import pulumi_aws
import pulumi_kubernetes
from pulumi import _types

warnings.simplefilter("ignore")
kinds = []
for package in (pulumi_aws, pulumi_kubernetes):
    with open(package.__file__) as file:
        listed = re.search(r'resource_modules=\\"\\"\\"\\n(.*?)\\n\\"\\"\\"', file.read(), re.S)[1]
    kinds += [(one["fqn"], token, name) for one in json.loads(listed) for token, name in one["classes"].items()]
always = [kind for kind in kinds if kind[1] == "aws:autoscaling/notification:Notification"]
for number, (module, token, name) in enumerate(always + kinds[::STEP]):
    cls = getattr(importlib.import_module(module), name)
    outputs = {output: None for output, _, _ in _types._py_properties(cls)}
    pulumi.CustomResource.__init__(cls.__new__(cls), token, f"r{number}", outputs, None)
pulumi.export("kinds", len(kinds))
"""


@pytest.mark.slow
def test_kinds_from_all_modules_are_captured() -> None:
    step = 15  # 1 takes all 2,300: a minute and a half
    (graph,) = capture_texts({"breadth": PROGRAM.replace("STEP", str(step))}).values()
    assert isinstance(graph, Graph), graph
    (stack,) = graph.stacks.values()
    resources = [one for one in graph.resources if not one.type.startswith("pulumi:")]
    assert len(resources) > stack.outputs["kinds"] / step > 100
