"""The official Helm makes of the chart what the engine in this process makes of it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from lychgate.provisioner.chart_rendering import CHART, ChartError, render

from tests.engine.helm_toolchain import helm as helm_command
from tests.engine.toolchain import Unavailable
from tests.provisioner.chart_example import example

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def helm() -> Path:
    try:
        return helm_command()
    except Unavailable as why:
        pytest.skip(str(why))


def test_helm_renders_the_same(helm: Path) -> None:
    assert render(example(), helm) == render(example())


def test_helm_renders_the_same_where_nearly_nothing_is_said(helm: Path) -> None:
    values = example()
    del values["telemetry"], values["quota"], values["cluster"]
    values["context"]["production"] = False
    values["workloads"] = {
        "api": {"kind": "Deployment", "image": values["workloads"]["api"]["image"], "service": {"port": 8443}}
    }
    assert render(values, helm) == render(values)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("hostNetwork", True),
        ("image", "api:1"),
        ("calls", {"workloads": ["nobody"]}),
        ("schedule", {"cron": "* * * * *"}),
    ],
)
def test_helm_refuses_with_the_same_words(key: str, value: object, helm: Path) -> None:
    values = example()
    values["workloads"]["api"][key] = value
    told = []
    for engine in (None, helm):
        with pytest.raises(ChartError) as why:
            render(values, engine)
        told.append(str(why.value))
    assert told[0] == told[1]


def test_helm_has_nothing_to_say_against_the_chart(helm: Path, tmp_path: Path) -> None:
    (tmp_path / "values.json").write_text(json.dumps(example()))
    done = subprocess.run(
        [helm, "lint", "--strict", CHART, "--values", tmp_path / "values.json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
