"""The platform's chart: values in, Kubernetes objects out, without a cluster and without Pulumi."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from helm_python import Chart

CHART = Path(__file__).parent / "chart"
RELEASE = "platform"
# What both engines put around the lines that say what is wrong, and lines that only say that something is.
_AROUND = re.compile(
    r"^(?:Error: )?values don't meet the specifications.*$|^\s*platform:\s*$|^.*(?:validation|'allOf') failed$"
    r"|^.*(?:execution )?error (?:at|calling) .*?: (?=workloads\.)|^Error: |^Use --debug .*$",
    re.M,
)
_PATTERN = re.compile(r"does not match pattern '(.*)'$", re.M)


class ChartError(ValueError):
    """The values do not fit the chart; the message says where in the values, and what was expected there."""


def render(values: Mapping[str, Any], helm: Path | None = None) -> list[dict[str, Any]]:
    """The objects of a stack: the namespace, then the others by kind and name.

    `values` is what `chart/values.schema.json` describes; `chart/values.yaml` says what may be left out. The in-process
    engine renders, or the official Helm at the path `helm`; both give the same. Raises ChartError when the values do
    not fit the schema or each other.
    """
    texts = _by_binary(values, helm) if helm else _in_process(values)
    found = [one for text in texts for one in yaml.load_all(text, yaml.CSafeLoader) if one]
    for (kind, name), count in Counter((one["kind"], one["metadata"]["name"]) for one in found).items():
        if count > 1:
            raise ChartError(f"the chart's values: two objects would be the {kind} {name}; call a workload otherwise")
    return sorted(found, key=lambda one: (one["kind"] != "Namespace", one["kind"], one["metadata"]["name"]))


@cache
def _chart() -> Chart:
    """The chart, loaded once: it costs a fifth of a second."""
    from helm_python import Chart

    return Chart.load(CHART)


def _in_process(values: Mapping[str, Any]) -> list[str]:
    from helm_python import HelmError

    chart = _chart()
    try:
        chart.validate_schema(dict(values))
        rendered = chart.render(dict(values), name=RELEASE)
    except HelmError as why:
        raise ChartError(_told(str(why))) from why
    return [text for name, text in rendered.items() if name.endswith(".yaml")]


def _by_binary(values: Mapping[str, Any], helm: Path) -> list[str]:
    command = [str(helm), "template", RELEASE, str(CHART), "--values", "-"]
    done = subprocess.run(command, input=json.dumps(values), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ChartError(_told(done.stderr))
    return [done.stdout]


def _told(message: str) -> str:
    """One line of an engine's several, with the words of the schema instead of its patterns."""
    said = _PATTERN.sub(lambda found: f"is not {_meaning(found[1])}", _AROUND.sub("", message))
    lines = [line.strip(" -").replace("at ''", "at the top") for line in said.splitlines()]
    return "the chart's values: " + "; ".join(line for line in lines if line)


def _meaning(quoted: str) -> str:
    pattern = quoted.replace("\\\\", "\\")
    return _meanings().get(pattern, pattern)


@cache
def _meanings() -> dict[str, str]:
    """What each pattern of the schema stands for."""
    schema = json.loads((CHART / "values.schema.json").read_text())
    return {one["pattern"]: _expected(one) for one in _within(schema) if isinstance(one.get("pattern"), str)}


def _expected(schema: Mapping[str, Any]) -> str:
    text = str(schema.get("description", schema["pattern"])).rstrip(".")
    return text[0].lower() + text[1:]


def _within(schema: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(schema, dict):
        yield schema
    for one in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from _within(one)
