"""States that the real engine wrote into a backend of files: read as what was captured, with no difference to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lychgate.provisioner.sync.comparing import path_of
from lychgate.provisioner.sync.difference import difference

from lychgate.model.values import Secret
from lychgate.sources.deployed.backend import locks, read_file, read_stack
from lychgate.sources.program.project import choose_stack, read_configuration, read_project
from tests.engine.harness import Engine
from tests.engine.test_differential import SETTINGS, UNKNOWN, captured

pytestmark = [pytest.mark.engine, pytest.mark.slow]
EXAMPLES = Path(__file__).parents[2] / "examples"

PROGRAM = """
import json
import pulumi
import pulumi_aws as aws

bucket = aws.s3.Bucket("data")
queue = aws.sqs.Queue("orders", delay_seconds={delay}, fifo_queue={fifo})
role = aws.iam.Role("role", assume_role_policy="{{}}")
aws.iam.RolePolicy("policy", role=role.id, policy=pulumi.Output.json_dumps(
    {{"Statement": [{{"Effect": "Allow", "Action": "s3:*", "Resource": [bucket.arn, queue.arn]}}]}}))
aws.ssm.Parameter("token", type="SecureString", value=pulumi.Output.secret("hunter2222"))
{more}
"""


def encrypted(value: Any, steps: tuple[str | int, ...] = ()) -> Iterator[str]:
    """The places of secrets that are encrypted in the state."""
    if isinstance(value, Secret):
        yield path_of(steps)
    elif isinstance(value, dict | list):
        for step, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from encrypted(item, (*steps, step))


@pytest.mark.parametrize("name", ["compliant", "faulty"])
def test_an_example_is_read_back_without_a_difference(engine: Engine, name: str) -> None:
    project = read_project(EXAMPLES / name)
    stack = choose_stack(project, None)
    known = read_configuration(project, stack, {}, {})
    real = engine.project(EXAMPLES / name, stack, secrets={key: known.values[key] for key in known.secret_keys})
    url = engine.environment(real.home / "provider.jsonl")["PULUMI_BACKEND_URL"]
    before = read_stack(url, project.name, stack)
    assert before is not None and before.graph.resources == []
    real.up(skip_preview=True).expect()
    (real.home / "export.json").write_text(json.dumps(real.export()))
    state, graph = read_stack(url, project.name, stack), captured(project, stack, {}, {})
    assert state is not None and state.graph.resources == read_file(real.home / "export.json").graph.resources
    assert state.graph.by_urn.keys() == graph.by_urn.keys() and not state.pending and not state.leftovers
    found = difference(graph, state.graph)
    assert found.changed == []
    unsure = {(one.urn, path) for one in found.changes for path in one.not_compared}
    hidden = {(one.urn, path) for one in state.graph.resources for path in encrypted(one.properties)}
    for urn, path in unsure - hidden:
        one = graph.by_urn[urn]
        assert f"{one.type} {one.name}.{path}" in UNKNOWN or path == "code", path
    assert locks(url, project.name, stack) == []


def test_the_engine_does_what_the_difference_says(engine: Engine) -> None:
    files = {"Pulumi.yaml": SETTINGS.format("shop"), "__main__.py": PROGRAM.format(delay=1, fifo=False, more="")}
    real = engine.project(files)
    real.up(skip_preview=True).expect()
    changed = PROGRAM.format(delay=2, fifo=False, more='aws.sqs.Queue("more")').replace('"s3:*"', '"s3:GetObject"')
    real.write({"__main__.py": changed.replace('aws.ssm.Parameter("token"', 'aws.ssm.Parameter("renamed"')})
    url = engine.environment(real.home / "provider.jsonl")["PULUMI_BACKEND_URL"]
    state = read_stack(url, "shop", "dev")
    assert state is not None
    found = difference(captured(read_project(real.project), "dev", {}, {}), state.graph)
    preview = {step["urn"]: step["op"] for step in real.preview(as_json=True).expect().json()["steps"]}
    assert {one.urn: one.action.removesuffix(" or replace") for one in found.changes if one.urn in preview} == preview
    assert {one.name: one.action for one in found.changed} == {
        "more": "create", "orders": "update", "policy": "update", "renamed": "create", "token": "delete",
    }  # fmt: skip
    assert "hunter2222" not in json.dumps(found.as_dict())
