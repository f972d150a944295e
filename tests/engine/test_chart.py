"""The platform's chart in the real Pulumi engine, where outputs are unknown before the first deployment."""

from __future__ import annotations

import json

import pytest
from lychgate.provisioner.chart_rendering import render

from tests.engine.harness import Engine
from tests.provisioner.chart_example import example
from tests.provisioner.test_chart_component import HEAD

pytestmark = [pytest.mark.engine, pytest.mark.slow]

PROGRAM = (
    HEAD
    + """
table = aws.dynamodb.Table("ledger", hash_key="id", attributes=[dict(name="id", type="S")])
secret = aws.secretsmanager.Secret("acquirer")
values["workloads"]["api"]["environment"]["TABLE"] = table.arn
for one in values["workloads"]["api"]["secrets"][:2]:
    one["arn"] = secret.arn
Chart("platform", context, values, provider)
"""
)


def test_the_chart_is_deployed_and_then_stays_as_it_is(engine: Engine) -> None:
    files = {
        "Pulumi.yaml": "name: payments\nruntime: python\n",
        "__main__.py": PROGRAM,
        "values.json": json.dumps(example()),
    }
    stack = engine.project(files, "production", config={"aws:region": "eu-central-1"})
    stack.preview().expect()
    stack.up(skip_preview=True).expect()
    state = {(it["type"].rpartition(":")[2], it["urn"].rpartition("::")[2]): it for it in stack.resources()}
    assert state.keys() >= {(it["kind"], it["metadata"]["name"]) for it in render(example())}
    (arn,) = [it["outputs"]["arn"] for it in state.values() if it["type"].startswith("aws:dynamodb")]
    assert state["ConfigMap", "api"]["inputs"]["data"]["TABLE"] == arn
    template = state["Deployment", "api"]["inputs"]["spec"]["template"]
    assert template["metadata"]["annotations"]["checksum/config"].endswith(f" TABLE={arn}")
    assert "lychgate-output" not in json.dumps([*state.values()])
    again = stack.preview().expect()
    assert again.changes().keys() == {"same"}
