"""`lychgate pack`: the configuration and its schema, exceptions beside waivers, and the folder that it installs."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from lychgate.cli import pack_install
from tests.cli.conftest import Run, lay, snapshot

Cheap = Callable[..., Run]

RULE, SHORT = "s3-bucket-without-customer-key", "log-group-with-short-retention"
BUCKET = "urn:pulumi:s::p::aws:s3/bucket:Bucket::plain"
WAIVER = """
  - rule: s3-bucket-without-customer-key
    stack: p/s
    urn: {urn}
    owner: ada
    reason: The key comes.
    ticket: {ticket}
    approver: grace
    created: 2026-11-01
    expires: 2026-12-01
"""


def written(cheap: Cheap, *arguments: object) -> dict[str, Any]:
    """What `pack config` prints."""
    run = cheap("pack", "config", *arguments)
    assert run.status == 0, run.stderr
    return dict(json.loads(run.stdout))


def waivers(folder: Path, *entries: tuple[str, str]) -> Path:
    """A waivers file; each entry is a URN and a ticket."""
    text = "waivers:" + "".join(WAIVER.format(urn=f'"{urn}"', ticket=ticket) for urn, ticket in entries)
    return lay(folder, {"waivers.yaml": text}) / "waivers.yaml"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_configuration_says_what_the_ruleset_says(cheap: Cheap, tmp_path: Path) -> None:
    own = """
        name: mine
        description: Mine.
        extends: production
        rules:
          log-group-with-short-retention: {level: remediate, parameters: {days: 700}}
          ecr-repository-with-mutable-tags: remediate
    """
    lay(tmp_path, {"mine.yaml": own})
    config = written(cheap, "--ruleset", "mine.yaml", "--unknown", "fail")
    assert config[SHORT]["days"] == 700
    assert config["ecr-repository-with-mutable-tags"] == {"enforcementLevel": "remediate", "unknown": "fail"}
    assert config[RULE]["enforcementLevel"] == "mandatory"
    schema = written(cheap, "--ruleset", "mine.yaml", "--schema")
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(config, schema)
    assert schema["else"]["properties"][SHORT]["anyOf"][1]["properties"]["days"]["default"] == 700
    assert "$ref" not in json.dumps(schema)


@pytest.mark.parametrize(
    "wrong",
    [
        {"no-such-rule": "mandatory"},
        {SHORT: {"days": "many"}},
        {SHORT: {"dayz": 1}},
        {RULE: {"unknown": "pass"}},
        {"all": "optional"},
        {"version": 3},
        {"version": 2, "exceptions": {"a b": {"reason": "r", "match": [{"policies": [RULE], "targets": ["u"]}]}}},
        {"version": 2, "exceptions": {"a": {"reason": " ", "match": [{"policies": [RULE], "targets": ["u"]}]}}},
    ],
)
def test_the_schema_refuses(wrong: dict[str, Any], cheap: Cheap) -> None:
    schema = written(cheap, "--schema")
    jsonschema.validate({"all": "advisory", SHORT: {"days": 700}}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schema)


def test_a_waiver_in_force_is_an_exception_and_no_other(cheap: Cheap, tmp_path: Path) -> None:
    elsewhere = BUCKET.replace("pulumi:s:", "pulumi:t:")
    file = waivers(tmp_path, (BUCKET, "SEC/7"), (BUCKET.replace("plain", "pl*in"), "SEC-8"), (elsewhere, "SEC-9"))
    asked = ("--exceptions", "--waivers", file, "--as-of", "2026-11-20")
    run = cheap("pack", "config", *asked)
    config = json.loads(run.stdout)
    assert config["version"] == 2 and config["policies"][RULE]["enforcementLevel"] == "mandatory"
    (entry,) = config["exceptions"].items()
    assert entry[0] == "SEC-7" and entry[1]["match"] == [{"policies": [RULE], "targets": [BUCKET]}]
    assert "until 2026-12-01" in entry[1]["reason"]
    assert "SEC-8 is no exception" in run.stderr and "SEC-9 is no exception" in run.stderr
    jsonschema.validate(config, written(cheap, "--schema"))

    after = cheap("pack", "config", *asked[:-1], "2026-12-02")
    assert json.loads(after.stdout)["exceptions"] == {}
    assert "SEC/7 is no exception: it has expired on 2026-12-01" in after.stderr


def test_an_exception_without_a_waiver_is_told(cheap: Cheap, tmp_path: Path) -> None:
    file = waivers(tmp_path, (BUCKET, "SEC-7"))
    both = {"policies": [RULE], "targets": [BUCKET, BUCKET.replace("plain", "other")]}
    given = {"version": 2, "policies": {}, "exceptions": {"X": {"reason": "r", "match": [both]}}}
    (tmp_path / "config.json").write_text(json.dumps(given))
    asked = ("pack", "config", "--check", "config.json", "--waivers", file, "--as-of")
    run = cheap(*asked, "2026-11-20")
    assert run.status == 2 and "Bucket::other: there is no waiver" in run.stderr and "::plain:" not in run.stderr
    del both["targets"][1]
    (tmp_path / "config.json").write_text(json.dumps(given))
    assert cheap(*asked, "2026-11-20").status == 0
    expired = cheap(*asked, "2026-12-02")
    assert expired.status == 2 and "SEC-7 has expired on 2026-12-01" in expired.stderr


@pytest.mark.parametrize(
    "text", ["", "[]", '{"version": 2, "exceptions": {"a": 1}}', '{"version": 2, "exceptions": 7}']
)
def test_what_is_no_configuration_is_refused(text: str, cheap: Cheap, tmp_path: Path) -> None:
    file = waivers(tmp_path, (BUCKET, "SEC-7"))
    (tmp_path / "config.json").write_text(text)
    run = cheap("pack", "config", "--check", "config.json", "--waivers", file)
    assert run.status == 2 and "no configuration" in run.stderr and "Traceback" not in run.stderr


def test_a_folder_is_written_once(cheap: Cheap, tmp_path: Path) -> None:
    file = waivers(tmp_path, (BUCKET, "SEC-7"))
    asked = ("pack", "install", "pack", "--no-environment", "--ruleset", "test", "--waivers", file)
    first = cheap(*asked)
    assert first.status == 0 and "wrote PulumiPolicy.yaml, __main__.py, requirements.txt" in first.stdout
    assert f"ruleset='test', waivers='{file}'" in (tmp_path / "pack/__main__.py").read_text()
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "pack").iterdir()}
    assert "up to date" in cheap(*asked).stdout
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "pack").iterdir()} == before
    again = cheap(*asked[:4])
    assert "wrote __main__.py\n" in again.stdout
    assert (tmp_path / "pack/__main__.py").read_text().endswith("\nserve()\n")


def test_what_is_not_ours_is_left_alone(cheap: Cheap, tmp_path: Path) -> None:
    lay(tmp_path, {"a/notes.txt": "mine", "b/__main__.py": "print()", "c": "a file"})
    (tmp_path / "d").mkdir()
    (tmp_path / "d/PulumiPolicy.yaml").symlink_to(tmp_path / "c")
    before = snapshot(tmp_path)
    for name in "abcd":
        run = cheap("pack", "install", name)
        assert run.status == 2 and "expected a new folder" in run.stderr
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize(
    "asked", [("--ruleset", "prod"), ("--ruleset", "none.yaml"), ("--waivers", "none.yaml"), ("--rules", "none")]
)
def test_what_the_pack_could_not_read_is_not_installed(asked: tuple[str, str], cheap: Cheap, tmp_path: Path) -> None:
    run = cheap("pack", "install", "pack", *asked)
    assert run.status == 2 and not (tmp_path / "pack").exists()


def test_where_pip_refuses_nothing_is_left(cheap: Cheap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack_install, "requirement", lambda: "lychgate[pack]==99999")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    run = cheap("pack", "install", "pack")
    assert run.status == 4 and "99999" in run.stderr and not (tmp_path / "pack").exists()


@pytest.mark.parametrize(
    ("direct", "wanted"),
    [
        (None, f"lychgate[pack]=={distribution('lychgate').version}"),
        ({"url": "file:///a%20b", "dir_info": {"editable": True}}, "-e '/a b[pack]'"),
        (
            {"url": "file:///w.whl", "archive_info": {"hashes": {"sha256": "0a"}}},
            "lychgate[pack] @ file:///w.whl#sha256=0a",
        ),
        (
            {"url": "https://g/l.git", "vcs_info": {"vcs": "git", "commit_id": "c0"}},
            "lychgate[pack] @ git+https://g/l.git@c0",
        ),
    ],
)
def test_the_requirement_is_what_runs_here(direct: Any, wanted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Here:
        version = distribution("lychgate").version

        def read_text(self, name: str) -> str | None:
            return None if direct is None else json.dumps(direct)

    monkeypatch.setattr(pack_install, "distribution", lambda name: Here())
    assert pack_install.requirement() == wanted
