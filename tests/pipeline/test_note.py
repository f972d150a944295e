"""The note on a merge request: what it says, what hostile text in it comes to, and how it gets there."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from lychgate.pipeline.models import Summary
from lychgate.pipeline.note import LONGEST, Links, render
from lychgate.pipeline.results import Results, read_results

from lychgate.model.errors import InputError
from tests.cli.conftest import Run
from tests.pipeline.conftest import BASE, COMMIT, keep, summary_of
from tests.provisioner.sync.gitlab_server import ME, TOKEN, Project, gitlab_server
from tests.reports.conftest import hostile_texts, poisoned
from tests.reports.test_markdown import OURS
from tests.reports.test_texts import html

Command = Callable[..., Run]


def test_what_the_change_brings_comes_first(left: Path) -> None:
    note = render(
        read_results(left, COMMIT), Links("https://g.example/p/-/pipelines/3", lambda name: f"https://g/{name}")
    )
    assert re.match(r"## Lychgate: blocked by \d+ mandatory findings that this change brings\n", note)
    parts = ["| [`shop.production.acme`](https://g/shop.production) | **blocked** |", "### Deleted or replaced",
             "**data is lost:** `receipts`", "### Brought by this change", "  - Fix: ", "there before</summary>",
             "1 thing against a sync as it stands", "sync-loses-data: receipts"]  # fmt: skip
    places = [note.index(part) for part in parts]
    assert places == sorted(places)
    assert "[Pipeline](https://g.example/p/-/pipelines/3)" in note and len(note) < LONGEST


def test_what_was_not_judged_by_the_change_is_said(left: Path, verdict: dict[str, Any]) -> None:
    made = json.loads((left / "summary.json").read_text())
    more = {
        "as_target": [{"path": "platform/environments/test.yaml", "kind": "environment"}],
        "not_judged": ["shop.new.acme"], "compared": False, "not_compared": "policies/x.py changes with it",
        "gone": [{"stack": "old.test.single", "reasons": ["it left"]}],
    }  # fmt: skip
    results = Results(Summary.model_validate(made | more), read_results(left, None).verdicts)
    note = render(results, Links())
    assert "**not by this change**: `platform/environments/test.yaml`" in note
    assert "**Not judged**, the target branch does not know them: `shop.new.acme`" in note
    assert "so that all counts" in note and "that this change brings" not in note and "`old.test.single`" in note


def test_no_stack_is_affected() -> None:
    made = summary_of({"decision": "clean", "judgements": [], "run": {"strict": True}}) | {"verdicts": []}
    assert render(Results(Summary.model_validate(made), ()), Links()).startswith("## Lychgate: no stack is affected\n")


def test_the_same_finding_of_several_stacks_is_told_once(left: Path) -> None:
    results = read_results(left, None)
    other = json.loads(json.dumps(results.verdicts[0]).replace("production.acme", "production.globex"))
    one = render(results, Links())
    both = render(Results(results.summary, (results.verdicts[0], other)), Links())
    assert both.count("\n- **") == one.count("\n- **")
    assert "in `shop.production.acme`, `shop.production.globex`:" in both


def test_a_note_never_grows_too_long(left: Path) -> None:
    results = read_results(left, None)
    [verdict] = results.verdicts
    many = deepcopy(verdict)
    many["judgements"] = [
        one | {"name": f"{one['name']}-{number}", "message": f"{number} " * 300}
        for number in range(300)
        for one in verdict["judgements"]
    ]
    made = results.summary.model_dump()
    [entry] = made["verdicts"]
    entry["stacks"] = [entry["stacks"][0] | {"tenant": f"t{number}"} for number in range(900)]
    note = render(Results(Summary.model_validate(made), (many,)), Links())
    assert len(note) < LONGEST
    for said in ("more stacks did not fit", "more findings** did not fit"):
        assert said in note


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=hostile_texts)
def test_text_of_a_change_stays_text(left: Path, text: str) -> None:
    def note(text: str) -> str:
        made = json.loads((left / "summary.json").read_text())
        text = text[:1000]
        made |= {
            "since": text,
            "not_judged": [text],
            "not_compared": text or "x",
            "gone": [{"stack": text, "reasons": [text]}],
        }
        made["as_target"] = [{"path": text, "kind": "policies"}]
        stack = made["verdicts"][0]["stacks"][0]
        stack |= {"reasons": [text], "preflight_failed": [text or "x"]}
        stack["changes"][0] |= {"name": text, "type": text}
        verdict = poisoned(text)
        for one, told in zip(verdict["judgements"], (True, False, None, True, None, None), strict=True):
            one["introduced"] = told
        return render(Results(Summary.model_validate(made), (verdict,)), Links())

    found = note(text)
    assert len(found) < LONGEST and not re.search(r"^\s*/", found, re.MULTILINE)
    read, harmless = html(found), html(note("harmless"))
    assert set(read.tags) <= OURS
    kept = [tag for tag in read.tags if tag not in ("code", "strong")]
    assert kept == [tag for tag in harmless.tags if tag not in ("code", "strong")]
    assert not set("@!~%^&$<>[]{}|*_`/\\#") & set(re.sub(r"->", "", read.outside))


# What the other job has left is hostile data.


def test_results_of_another_commit_are_refused(left: Path) -> None:
    with pytest.raises(InputError, match="they are of commit cccccccccccc, the pipeline is of bbbbbbbbbbbb"):
        read_results(left, BASE)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda s, v: v.update(decision="clean"), "do not agree|decision"),
        (lambda s, v: s["verdicts"][0].update(decision="clean"), "decision"),
        (lambda s, v: s["verdicts"][0].update(brought="clean"), "what the change brings"),
        (lambda s, v: s["verdicts"][0]["stacks"][0].update(decision="clean"), "decision on acme"),
        (lambda s, v: s["verdicts"][0].update(environment="test"), "environment, stacks"),
        (lambda s, v: s["verdicts"][0]["stacks"][0].update(tenant="globex"), "stacks"),
        (lambda s, v: v["run"].update(strict=False), "strict"),
        (lambda s, v: v["run"].update(commit=BASE), "commit"),
        (lambda s, v: s.update(commit="HEAD"), "commit"),
        (lambda s, v: s["verdicts"][0].update(verdict="../x/verdict.json"), "verdict"),
        (lambda s, v: s["verdicts"][0].update(verdict="/etc/verdict.json"), "verdict"),
        (lambda s, v: s["verdicts"][0].update(verdict="missing/verdict.json"), "no file"),
        (lambda s, v: s["verdicts"].append(s["verdicts"][0]), "one verdict stands for several"),
        (lambda s, v: s.update(extra=1), "extra"),
        (lambda s, v: s.update(seconds="NaN"), "seconds"),
        (lambda s, v: s["verdicts"][0]["stacks"][0]["counts"].update(create=-1), "create"),
        (lambda s, v: s["verdicts"][0]["stacks"][0]["changes"][0].update(name="x" * 3000), "name"),
    ],
)  # fmt: skip
def test_results_that_do_not_agree_are_refused(
    left: Path, change: Callable[[dict[str, Any], dict[str, Any]], Any], why: str
) -> None:
    summary, verdict = (
        json.loads((left / name).read_text()) for name in ("summary.json", "shop.production/verdict.json")
    )
    change(summary, verdict)
    keep(left, verdict, summary)
    with pytest.raises(InputError, match=why):
        read_results(left, COMMIT)


@pytest.mark.parametrize("name", ["summary.json", "shop.production", "shop.production/verdict.json"])
def test_links_are_refused(left: Path, tmp_path: Path, name: str) -> None:
    (left / name).rename(tmp_path / "elsewhere")
    (left / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="it is no file"):
        read_results(left, COMMIT)


@pytest.mark.parametrize(
    "data", [b"", b"[" * 100_000, b"\xff", b"{}", b'{"version": "2"}', b"null", b" " * (64 * 2**20 + 1)]
)
def test_what_is_no_summary_is_refused_in_one_line(left: Path, cheap: Command, data: bytes) -> None:
    (left / "summary.json").write_bytes(data)
    with pytest.raises(InputError) as refused:
        read_results(left, COMMIT)
    assert "\n" not in str(refused.value) and len(str(refused.value)) < 1000


# How it gets there.


@pytest.fixture
def server() -> Iterator[Project]:
    with gitlab_server() as project:
        project.opened(5, COMMIT)
        yield project


@pytest.fixture
def post(left: Path, server: Project, cheap: Command, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    """Run the command as a job of a pipeline does."""
    place = left.parent
    (place / "lychgate.yaml").write_text(f"gitlab: {{url: '{server.url}', project: pay/platform}}\n")
    monkeypatch.chdir(place)

    def run(*arguments: str, **told: str) -> Run:
        environ = {
            "LYCHGATE_GITLAB_TOKEN": TOKEN, "CI_MERGE_REQUEST_IID": "5", "CI_PIPELINE_ID": "70",
            "CI_COMMIT_SHA": COMMIT, "CI_SERVER_URL": server.url, "CI_PROJECT_ID": "7",
            "CI_PROJECT_PATH": "pay/platform", **told,
        }  # fmt: skip
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        return cheap("merge-request", "note", "--from", "left", *arguments)

    return run


def ours(server: Project) -> list[str]:
    return [one["body"] for one in server.notes.values() if one["author"] == ME]


def test_one_note_is_made_and_changed_in_place(server: Project, post: Callable[..., Run], left: Path) -> None:
    server.note("<!-- lychgate:merge-request 99 -->\nmine", {"id": 3, "username": "mallory"})
    server.note("<!-- lychgate:merge-request 99 -->\na system's", system=True)
    server.note("see <!-- lychgate:merge-request 99 -->\n")
    jobs = [{"id": number, "name": name} for number, name in ((12, "judge"), (14, "lint"), (11, "judge"))]
    server.answers |= {f"/pipelines/{number}/jobs": jobs for number in (70, 71)}
    first = post("--job", "judge")
    assert (first.status, first.stdout) == (0, "note on merge request !5 of pay/platform: created\n")
    [body] = [
        one for one in ours(server) if one.startswith("<!-- lychgate:merge-request 70 -->\n## Lychgate: blocked by")
    ]
    assert f"({server.url}/pay/platform/-/jobs/12/artifacts/file/left/shop.production/report.html)" in body
    assert post("--job", "judge").stdout.endswith(": unchanged\n")
    assert post(CI_PIPELINE_ID="71").stdout.endswith(": updated\n")
    assert post(CI_PIPELINE_ID="70").stdout.endswith(": left: a newer pipeline has written it\n")
    assert len(server.notes) == 4 and sum(one.startswith("<!-- lychgate:merge-request 71") for one in ours(server)) == 1
    assert [one["body"] for one in server.notes.values() if one["author"] != ME] == [
        "<!-- lychgate:merge-request 99 -->\nmine"
    ]


def test_two_at_once_end_with_one_note(server: Project, post: Callable[..., Run]) -> None:
    marker = "<!-- lychgate:merge-request 69 -->\nolder"
    server.meanwhile = lambda: server.note(marker) and None
    assert post().status == 0
    assert len(ours(server)) == 1 and ours(server)[0].startswith("<!-- lychgate:merge-request 70")
    assert post().status == 0 and len(ours(server)) == 1


def test_the_younger_of_two_gives_way(server: Project, post: Callable[..., Run]) -> None:
    """The other one's was made before ours, and is seen only after."""
    early = server.note("<!-- lychgate:merge-request 69 -->\nolder")
    del server.notes[early["id"]]
    server.meanwhile = lambda: server.notes.update({early["id"]: early})
    assert post().status == 0
    assert list(server.notes) == [early["id"]]
    assert ours(server)[0].startswith("<!-- lychgate:merge-request 70")


def test_a_note_that_vanishes_meanwhile_is_made_anew(server: Project, post: Callable[..., Run]) -> None:
    server.note("<!-- lychgate:merge-request 60 -->\nearlier")
    server.refusals["PUT", "/notes/1"] = [(404, {})]
    assert post().stdout.endswith(": created\n")


@pytest.mark.parametrize(
    ("method", "end", "status", "why"),
    [
        ("GET", "/merge_requests/5", 401, "GitLab answers 401: the token is not valid, or has expired"),
        ("GET", "/merge_requests/5", 404, "GitLab answers 404: there is no such project or merge request"),
        ("GET", "/notes", 403, "GitLab answers 403: the token may not do that"),
        ("POST", "/notes", 403, "GitLab answers 403: the token may not do that"),
        ("POST", "/notes", 409, "GitLab answers 409: somebody else has changed it in this moment"),
        ("POST", "/notes", 500, "GitLab answers 500: it fails"),
        ("POST", "/notes", 503, "GitLab answers 503: it fails"),
        ("GET", "/user", 401, "GitLab answers 401"),
        ("GET", "/merge_requests/5", 302, "GitLab cannot be asked"),
    ],
)  # fmt: skip
def test_a_gitlab_that_refuses_is_told_in_one_line(
    server: Project, post: Callable[..., Run], method: str, end: str, status: int, why: str
) -> None:
    server.refusals[method, end] = [(status, {"Location": "http://127.0.0.1:9/"} if status == 302 else {})]
    done = post()
    assert done.status == 4 and done.stderr.startswith(f"lychgate: {why}") and done.stderr.count("\n") == 1
    assert not server.notes and TOKEN not in done.stderr and "@all" not in done.stderr


def test_a_limit_of_rate_is_waited_for(server: Project, post: Callable[..., Run]) -> None:
    server.refusals["POST", "/notes"] = [(429, {"Retry-After": "1"})] * 2
    began = time.monotonic()
    assert post().status == 0 and time.monotonic() - began > 1.9 and len(server.notes) == 1
    server.refusals["GET", "/merge_requests/5"] = [(429, {"Retry-After": "0"})] * 9
    done = post()
    assert done.status == 4 and "GitLab answers 429: it is asked too often" in done.stderr
    assert len(server.refusals["GET", "/merge_requests/5"]) == 5  # once, and three times more


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"LYCHGATE_GITLAB_TOKEN": ""}, "LYCHGATE_GITLAB_TOKEN is not set"),
        ({"CI_MERGE_REQUEST_IID": ""}, "CI_MERGE_REQUEST_IID: ''"),
        ({"CI_MERGE_REQUEST_IID": "5/notes"}, "CI_MERGE_REQUEST_IID: '5/notes'"),
        ({"CI_PIPELINE_ID": "x"}, "CI_PIPELINE_ID: 'x'"),
        ({"CI_SERVER_URL": "https://gitlab.example.com"}, "another GitLab"),
        ({"CI_PROJECT_PATH": "mallory/platform"}, "another project"),
    ],
)  # fmt: skip
def test_what_is_missing_is_told(server: Project, post: Callable[..., Run], told: dict[str, str], why: str) -> None:
    done = post(**told)
    assert done.status == 2 and why in done.stderr and not server.notes


@pytest.mark.parametrize("left_over", [b"", b'{"since": "@all"}', None])
def test_no_earlier_note_stands_for_what_was_not_judged(
    server: Project, post: Callable[..., Run], left: Path, left_over: bytes | None
) -> None:
    assert post().status == 0
    if left_over is None:
        (left / "summary.json").unlink()
    else:
        (left / "summary.json").write_bytes(left_over)
    done = post(CI_PIPELINE_ID="71")
    assert done.status == 2 and "summary.json" in done.stderr
    [body] = ours(server)
    assert "71 -->\n## Lychgate: not judged\n" in body and "`cccccccccccc`" in body and "@all" not in body


def test_results_of_another_pipeline_are_not_told(server: Project, post: Callable[..., Run]) -> None:
    done = post(CI_COMMIT_SHA=BASE)
    assert done.status == 2 and "they are of commit cccccccccccc" in done.stderr
    assert "## Lychgate: not judged" in ours(server)[0]


def test_a_dry_run_asks_nothing(server: Project, post: Callable[..., Run]) -> None:
    done = post("--dry-run", LYCHGATE_GITLAB_TOKEN="", CI_MERGE_REQUEST_IID="")
    assert done.status == 0 and done.stdout.startswith("## Lychgate: blocked by") and not server.asked
