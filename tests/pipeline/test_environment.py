"""`lychgate environment`: which stacks are planned and synced; the real engine does so in tests/engine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from lychgate.pipeline.rollout import Ended
from lychgate.provisioner.assembly.scope import Scope

from lychgate.cli import environment_stacks
from tests.cli.conftest import Run, git
from tests.pipeline.conftest import commit, edit
from tests.provisioner.sync.gitlab_server import TOKEN, Project, gitlab_server

Command = Callable[..., Run]
Begun = dict[str, list[str]]
ALL = ["books.production.acme", "books.production.globex", "books.production.shared", "notify.production.shared",
       "notify.production.single"]  # fmt: skip
BOOKS = [name for name in ALL if name.startswith("books")]


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> Begun:
    """The commands that would be run, by stack, and the plans that would be made: each leaves a verdict."""
    seen: Begun = {}

    def planned(scopes: Sequence[Scope], found: object, options: environment_stacks.PlanOptions) -> list[int]:
        seen.clear()
        for one in scopes:
            seen[one.stack] = []
            (options.output / one.stack).mkdir(parents=True)
            (options.output / one.stack / "verdict.json").write_text("{}")
        print("" if scopes else environment_stacks.NOTHING)
        return [0 for _ in scopes]

    def run(self: environment_stacks.Rollout, jobs: int, tell: object) -> list[Ended]:
        seen.clear()
        for name, command in self._commands.items():
            seen[name] = list(command[len(environment_stacks.COMMAND) :])
        return [Ended(name, 0, "") for name in seen]

    monkeypatch.setattr(environment_stacks, "_plan_each", planned)
    monkeypatch.setattr(environment_stacks.Rollout, "run", run)
    monkeypatch.setattr(environment_stacks, "write_reports", lambda verdicts, folder: None)
    return seen


def plan(cheap: Command, *arguments: str) -> Run:
    return cheap("environment", "plan", "production", "--output", f"out{len(list(Path().glob('out*')))}", *arguments)


def test_what_differs_since_a_commit_is_planned(small: Path, cheap: Command, begun: Begun) -> None:
    before = git(small, "rev-parse", "HEAD")
    edit(small / "platform/applications/books.yaml", "resources:", "resources:\n  more: {kind: queue}")
    after = commit(small)
    assert plan(cheap, "--since", before).status == 0
    assert sorted(begun) == BOOKS
    told = json.loads(Path("out0/stacks.json").read_text())
    assert (told["commit"], sorted(told["stacks"])) == (after, BOOKS)
    assert "no stack is affected" in plan(cheap, "--since", after).stdout and not begun


@pytest.mark.parametrize("since", ["", "0" * 40, "f" * 40, "rewritten"])
def test_where_that_cannot_be_told_all_are(small: Path, cheap: Command, begun: Begun, since: str) -> None:
    if since == "rewritten":
        (small / "README.md").write_text("Not for long.\n")
        since = commit(small)
        git(small, "reset", "-q", "--hard", "HEAD~1")
        (small / "README.md").write_text("Forced.\n")
        commit(small)
    done = plan(cheap, *(["--since", since] if since else []))
    assert done.status == 0 and "all stacks: " in done.stdout
    assert sorted(begun) == ALL


def test_a_name_that_is_no_commit_is_an_error(small: Path, cheap: Command, begun: Begun) -> None:
    done = plan(cheap, "--since", "orgin/main")
    assert done.status == 2 and "expected a commit" in done.stderr and not begun
    assert cheap("environment", "plan", "staging", "--output", "out").status == 2
    (small / "full").mkdir()
    (small / "full/old").touch()
    assert "something is in it" in cheap("environment", "plan", "production", "--output", "full").stderr


@pytest.fixture
def server(small: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    with gitlab_server() as server:
        text = f"platform: platform\ngitlab: {{url: '{server.url}', project: pay/platform}}\n"
        (small / "lychgate.yaml").write_text(text)
        commit(small)
        monkeypatch.setenv("LYCHGATE_GITLAB_TOKEN", TOKEN)
        monkeypatch.setenv("CI_PROJECT_ID", "7")
        yield server


def test_since_the_newest_deployment(small: Path, cheap: Command, begun: Begun, server: Project) -> None:
    server.answers["/deployments"] = []
    assert "GitLab knows no deployment of production" in plan(cheap, "--since-deployed").stdout
    assert sorted(begun) == ALL
    server.answers["/deployments"] = [{"id": 3, "sha": git(small, "rev-parse", "HEAD"), "status": "success"}]
    edit(small / "platform/applications/books.yaml", "resources:", "resources:\n  more: {kind: queue}")
    commit(small)
    assert plan(cheap, "--since-deployed").status == 0 and sorted(begun) == BOOKS
    asked = "environment=production&status=success&order_by=finished_at&sort=desc"
    assert any(asked in query for query in server.queries)


@pytest.mark.parametrize(("status", "said"), [(401, "the token is not valid"), (429, "asked too often")])
def test_a_gitlab_that_refuses_is_told(
    small: Path, cheap: Command, begun: Begun, server: Project, status: int, said: str
) -> None:
    server.refusals["GET", "/deployments"] = [(status, {"Retry-After": "0"})] * 4
    done = plan(cheap, "--since-deployed")
    assert done.status == 4 and said in done.stderr and not begun and not Path("out0").exists()


def test_without_a_token_all_are(
    small: Path, cheap: Command, begun: Begun, server: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LYCHGATE_GITLAB_TOKEN")
    assert "LYCHGATE_GITLAB_TOKEN is not set" in plan(cheap, "--since-deployed").stdout and sorted(begun) == ALL


def test_what_was_planned_is_synced(small: Path, cheap: Command, begun: Begun) -> None:
    plan(cheap)
    file = Path("out0/stacks.json")
    planned = json.loads(file.read_text())
    assert cheap("environment", "sync", "production", "--planned", "out0").status == 0
    assert sorted(begun) == ALL and begun[ALL[0]] == [
        "sync",
        "books",
        "--environment",
        "production",
        "--tenant",
        "acme",
    ]

    def refused(**changes: object) -> str:
        file.write_text(json.dumps({**planned, **changes}))
        begun.clear()
        done = cheap("environment", "sync", "production", "--planned", "out0")
        assert done.status == 2 and not begun
        return done.stderr

    assert "it is of the commit" in refused(commit="b" * 40)
    assert "it is of the environment test" in refused(environment="test")
    assert "the stack books.test.acme" in refused(stacks=["books.test.acme"])
    assert "there is no application of this name" in refused(stacks=["boks.production.acme"])
    assert "stacks, as" in refused(more=1)


def test_a_signed_verdict_is_given_where_one_is_demanded(small: Path, cheap: Command, begun: Begun) -> None:
    plan(cheap)
    (Path("out0") / BOOKS[0] / "verdict.intoto.json").write_text("{}")
    cheap("environment", "sync", "production", "--planned", "out0")
    assert not any("--verdict" in command for command in begun.values())
    (small / "platform/keys").mkdir()
    (small / "platform/keys/gate.pub").write_text("")
    file = small / "platform/environments/production.yaml"
    file.write_text(file.read_text() + "signed_verdict: {keys: [keys/gate.pub]}\n")
    cheap("environment", "sync", "production", "--planned", "out0")
    assert [name for name, command in begun.items() if "--verdict" in command] == [BOOKS[0]]


@pytest.mark.parametrize(
    ("statuses", "status"), [((0, 0), 0), ((0, 3), 3), ((4, 1), 1), ((0, -9), 70), ((0, 70), 70), ((0, None), 4)]
)
def test_the_worst_counts(statuses: Sequence[int | None], status: int) -> None:
    ended = [Ended(str(number), one, "" if one is not None else "interrupted before it began")
             for number, one in enumerate(statuses)]  # fmt: skip
    assert environment_stacks._status(ended) == status


def test_metrics_of_drift() -> None:
    found: list[Mapping[str, object]] = [{"summary": {"changed": 2, "unmanaged": 1}}, {"summary": {"unmanaged": 0}}]
    ended = [Ended("a", 1, ""), Ended("b", 0, ""), Ended("c", 2, ""), Ended("d", 3, "")]
    stacks, resources = environment_stacks._metrics(ended, found)
    assert stacks.samples == {("none",): 1, ("drift",): 1, ("incomplete",): 1, ("unreadable",): 1}
    assert resources.samples == {("changed",): 2, ("missing",): 0, ("unmanaged",): 1, ("unread",): 0}
