"""Each format, read back by a library that is not ours."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from junitparser import JUnitXml
from lychgate.reports import FORMATS, renderer, write
from lychgate.reports.document import schema
from sarif_pydantic import Sarif

from lychgate.judging.discovery import built_in_rules
from lychgate.judging.evaluation import evaluate
from lychgate.judging.ruleset import load_ruleset
from lychgate.judging.verdict import RunFacts, build, waive
from lychgate.judging.waivers import Waivers
from lychgate.model.graph import Graph, Location, Resource, StackInfo
from lychgate.model.values import Unknown

TYPE = "aws:s3/bucket:Bucket"
HOSTILE = 'evil"><script>\x1b[31m</testcase>\x00'


@pytest.fixture(scope="module")
def verdict() -> dict[str, Any]:
    """One bucket that fails, one that cannot be decided, one with a hostile name."""
    graph = Graph(
        [
            Resource("urn:1", TYPE, "open", {}, stack="p/s", id="open", location=Location("app/__main__.py", 7)),
            Resource("urn:2", TYPE, "later", {"forceDestroy": Unknown()}, stack="p/s", id="later"),
            Resource("urn:3", TYPE, HOSTILE, {}, stack="p/s", id="x"),
        ],
        [StackInfo("p/s", "p", "s")],
    )
    rules = built_in_rules()
    ruleset = load_ruleset("production", rules)
    decided = waive(evaluate(graph, rules.values(), ruleset), Waivers())
    run = RunFacts(datetime(2026, 11, 26, tzinfo=UTC), "production", True, "0.1.0")
    return build(graph, rules, ruleset, Waivers(), decided, run)


def test_json_fits_the_published_schema(verdict: dict[str, Any]) -> None:
    jsonschema.validate(json.loads(renderer("json")(verdict)), schema())


def test_sarif_is_sarif(verdict: dict[str, Any]) -> None:
    log = Sarif.model_validate_json(renderer("sarif")(verdict))
    results = log.runs[0].results or []
    told = [one for one in verdict["judgements"] if one["outcome"] in ("fail", "error", "unknown", "waived")]
    assert len(results) == len(told) > 3
    places = {one.locations[0].physical_location.artifact_location.uri for one in results}
    assert places == {"app/__main__.py", "Pulumi.yaml"}
    assert len({one.partial_fingerprints["lychgate/v1"] for one in results}) == len(results)


def test_junit_is_junit_and_counts_what_blocks(verdict: dict[str, Any]) -> None:
    suites = JUnitXml.fromstring(renderer("junit")(verdict))
    assert suites.tests == len(verdict["judgements"])
    blocking = [one for one in verdict["judgements"] if one["outcome"] in ("fail", "unknown")]
    assert suites.failures == len(blocking)


def test_reports_are_written_whole_or_not_at_all(
    verdict: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = write(verdict, tmp_path, list(FORMATS))
    before = [path.read_bytes() for path in written]
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write(verdict, tmp_path, list(FORMATS))
    assert [path.read_bytes() for path in written] == before
    assert sorted(tmp_path.iterdir()) == sorted(written)
