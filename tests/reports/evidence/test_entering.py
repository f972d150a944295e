"""Files of jobs: what they say of a decision, and what is refused of them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import orjson
import pytest
from lychgate.reports.evidence.canonical import canonical
from lychgate.reports.evidence.entering import Told, entry_of, read_entry, told_by_pipeline
from lychgate.reports.evidence.record import Entry, Facts

from lychgate.model.errors import InputError
from tests.reports.evidence.documents import COMMIT, sync, verdict


def entered(document: Any, told: Told | None = None) -> Entry:
    return entry_of(orjson.dumps(document), "v.json", told or Told())


def test_a_verdict_says_what_it_is_searched_by() -> None:
    told = Told("main", "https://gitlab.example/7", "jo", "the pipeline of the import")
    document = verdict("shop/production", "bank/production", outcome="fail")
    entry = entered(document, told)
    assert entry.facts == Facts(
        kind="check", stacks=("bank/production", "shop/production"), applications=("shop",), tenants=("acme",),
        environment="production", commit=COMMIT, branch="main", pipeline="https://gitlab.example/7", requester="jo",
        told_by="the pipeline of the import", decision="findings", ruleset="a" * 64,
        judged_at="2026-03-01T09:00:00.000000Z",
    )  # fmt: skip
    assert entry.document == canonical(document)


def test_a_record_of_a_sync_says_who_asked_and_what_came_of_it() -> None:
    entry = entered(sync())
    assert entry.facts == Facts(
        kind="sync", stacks=("shop.production.acme",), applications=("shop",), tenants=("acme",),
        environment="production", commit=COMMIT, branch="main", pipeline="https://gitlab.example/shop/-/pipelines/7",
        requester="jo", told_by="the record of the sync", decision="clean", outcome="applied", ruleset="a" * 64,
        judged_at="2026-03-01T09:00:00.000000Z",
    )  # fmt: skip
    refused = entered(sync(outcome=None, database="fail")).facts
    assert (refused.decision, refused.outcome) == ("findings", "refused")
    removed = entered(sync(kind="removal")).facts
    assert (removed.kind, removed.decision, removed.outcome) == ("removal", None, "applied")


def test_a_fact_that_could_not_be_had_is_not_made_up() -> None:
    record = sync()
    record["request"]["requester"] = {"unknown": "GitLab did not answer"}
    assert entered(record).facts.requester is None


def test_the_first_format_of_a_record_is_still_read() -> None:
    record = sync()
    del record["pipeline"]
    for name in ("verdict", "after"):
        record[name] = {one: record[name][one] for one in ("run", "decision", "judgements", "waivers")}
    assert entered(record | {"format": 1}).facts.pipeline is None


def test_the_pipeline_of_the_import_speaks_for_a_check() -> None:
    told = told_by_pipeline({"CI_PIPELINE_URL": "u", "CI_COMMIT_REF_NAME": "main", "GITLAB_USER_LOGIN": "jo"})
    assert told == Told("main", "u", "jo", "the pipeline of the import") and told_by_pipeline({}) == Told()


def test_what_the_judged_program_says_is_written_out() -> None:
    labels = {"application": "a\nb\x1b[31m", "tenant": "=1\u202e", "classification": "internal"}
    facts = entered(verdict(labels=labels)).facts
    assert facts.applications == ("a\\nb\\x1b[31m",) and facts.tenants == ("=1\\u202e",)


def test_a_fork_or_a_tag_is_not_the_branch_whose_name_it_bears() -> None:
    own = {"CI_PIPELINE_ID": "1", "CI_COMMIT_REF_NAME": "main"}
    request = own | {"CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "main", "CI_MERGE_REQUEST_PROJECT_PATH": "bank/shop"}
    for environ, branch in (
        (own, "main"),
        (own | {"CI_COMMIT_TAG": "main"}, "refs/tags/main"),
        (request | {"CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "bank/shop"}, "main"),
        (request | {"CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "eve/shop"}, "eve/shop:main"),
    ):
        assert told_by_pipeline(environ).branch == branch


def test_who_asked_on_which_branch_is_one_plain_line() -> None:
    record = sync()
    record["request"] |= {"branch": "main\u200b", "requester": "jo\x1b[2J\nrecord 9"}
    facts = entered(record).facts
    assert (facts.branch, facts.requester) == ("main\\u200b", "jo\\x1b[2J\\nrecord 9")
    assert len(entered(changed(verdict(), "run.environment", "x" * 5000)).facts.environment or "") == 1000


def test_half_a_character_in_a_record_is_written_out_and_not_lost() -> None:
    record = sync()
    record["request"]["explained"] = {"a\ud800": ["\ud801"][0]}
    entry = entry_of(json.dumps(record).encode(), "r.json", Told())
    assert orjson.loads(entry.document)["request"]["explained"] == {"a\\ud800": "\\ud801"}


def changed(document: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    *steps, last = path.split(".")
    place: Any = document
    for step in steps:
        place = place[int(step)] if isinstance(place, list) else place[step]
    place[last] = value
    return document


HOSTILE = {
    "another version": changed(verdict(), "version", "2"),
    "more than there is": changed(verdict(), "more", 1),
    "a decision that its judgements contradict": changed(verdict(outcome="fail"), "decision", "clean"),
    "an outcome of its own": changed(verdict(), "judgements.0.outcome", "excellent"),
    "a number that is text": changed(verdict(), "summary.pass", "3"),
    "a commit that is none": changed(verdict(), "run.commit", "--output=/etc/passwd"),
    "a moment that is none": changed(verdict(), "run.as_of", "tomorrow"),
    "a moment out of time": changed(verdict(), "run.as_of", "0001-01-01T00:00:00+14:00"),
    "another format": changed(sync(), "format", 3),
    "a format that is true": changed(sync(), "format", True),
    "another kind": changed(sync(), "kind", "prune"),
    "a stack of nothing": changed(sync(), "stack", ""),
    "an outcome of a sync": changed(sync(), "applied.outcome", "splendid"),
    "a signed verdict in it without a file": changed(sync(), "request.signed_verdict", {"sha256": "a"}),
    "signers that are none": changed(sync(), "request.signed_verdict", {"file": "f", "sha256": "a", "signers": 7}),
    "a signed verdict": {"payload": "", "payloadType": "application/vnd.in-toto+json", "signatures": []},
    "who asked is a list": changed(sync(), "request.requester", ["jo"]),
    "a verdict in it that contradicts itself": changed(sync(), "verdict.decision", "findings"),
    "a list": [],
    "nothing": None,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_such_document_is_refused(name: str) -> None:
    with pytest.raises(InputError) as caught:
        entered(HOSTILE[name])
    assert str(caught.value).startswith("v.json: ") and len(str(caught.value)) < 1000


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"\xff\xfe{}", b'{"version": NaN}', b"[" * 100_000, b'{"a":' * 100_000, b"\x1f\x8b\x08\x00"],
    ids=["empty", "cut", "utf-16", "nan", "deep list", "deep mapping", "gzip"],
)
def test_what_is_no_json_is_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        entry_of(data, "v.json", Told())


def test_only_ordinary_files_of_some_size_are_read(tmp_path: Path) -> None:
    file = tmp_path / "v.json"
    file.write_bytes(orjson.dumps(verdict()))
    assert read_entry(file).facts.kind == "check"
    link, pipe, folder = tmp_path / "link.json", tmp_path / "pipe.json", tmp_path / "folder.json"
    link.symlink_to(file)
    os.mkfifo(pipe)
    folder.mkdir()
    for bad, words in (
        (link, "symbolic link"),
        (pipe, "no ordinary file"),
        (folder, "no ordinary"),
        (tmp_path / "x", "No such"),
    ):
        with pytest.raises(InputError, match=words):
            read_entry(bad)
    with pytest.raises(InputError, match="too large"):
        read_entry(file, most=100)
