"""`lychgate merge-request guard`: what asks for a second person, and who counts as one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Run, git
from tests.pipeline.conftest import commit, edit
from tests.provisioner.sync.gitlab_server import TOKEN, Project, gitlab_server

Command = Callable[..., Run]
MORNING, NOON, EVENING = "2026-11-02T08:00:00Z", "2026-11-02T12:00:00Z", "2026-11-02T18:00:00Z"
EARLIER = "e" * 40


@pytest.fixture
def asked(company: Path, cheap: Command) -> Callable[[], list[str]]:
    """What asks for a second person, without asking whether one has agreed."""

    def run() -> list[str]:
        done = cheap("merge-request", "guard", "--since", "main")
        lines = done.stdout.splitlines()
        assert done.status == (0 if lines == ["nothing asks for a second person"] else 1), done.stderr
        return lines

    return run


@pytest.mark.parametrize(
    "file",
    ["lychgate.yaml", "waivers.yaml", "platform/environments/test.yaml", "platform/tenants.yaml",
     "platform/platform.yaml", "rulesets/mine.yaml", "policies/mine.py", "provisioner/chart/values.yaml",
     ".gitlab-ci.yml", ".gitlab/ci/more.yml", "CODEOWNERS", ".gitlab/CODEOWNERS"],
)  # fmt: skip
def test_what_all_are_judged_by_asks(company: Path, asked: Callable[[], list[str]], file: str) -> None:
    (company / file).parent.mkdir(parents=True, exist_ok=True)
    with (company / file).open("a") as stream:
        stream.write("\n# more\n")
    [line] = asked()
    assert line.startswith(f"{file}: ")


@pytest.mark.parametrize("file", ["ci/jobs.yml", "scripts/deploy.sh", "more/a/b.yml"])
def test_what_the_pipeline_includes_or_runs_asks(company: Path, asked: Callable[[], list[str]], file: str) -> None:
    git(company, "checkout", "-q", "main")
    (company / ".gitlab-ci.yml").write_text(
        "include: [{local: /ci/jobs.yml}, 'more/**/*.yml']\ndeploy: {script: [./scripts/deploy.sh]}\n"
    )
    commit(company)
    git(company, "checkout", "-q", "-B", "change")
    (company / file).parent.mkdir(parents=True)
    (company / file).write_text("x")
    (company / "scripts.md").write_text("x")
    [line] = asked()
    assert line.startswith(f"{file}: says what a pipeline runs")


def test_an_application_asks_for_nobody(company: Path, asked: Callable[[], list[str]]) -> None:
    edit(company / "platform/applications/notify.yaml", "fifo: true", "fifo: false")
    (company / "README.md").write_text("more\n")
    assert asked() == ["nothing asks for a second person"]


@pytest.mark.parametrize(
    ("pattern", "by", "lines"),
    [
        ("classification: sensitive", "classification: internal",
         ["platform/applications/reports.yaml: the class of its data is lowered to internal",
          *(f"platform/applications/reports.yaml: the class of the data in {name} is internal, and no longer sensitive"
            for name in ("ledgers", "history", "exports"))]),
        ("kind: bucket", "kind: bucket, classification: public",
         ["platform/applications/reports.yaml: the class of the data in exports is public, and no longer sensitive"]),
        ("exports: {kind: bucket}", "exports: {kind: bucket}\n  more: {kind: queue, classification: internal}",
         ["platform/applications/reports.yaml: the class of the data in more is internal, and no longer sensitive"]),
        ("classification: sensitive", "classification: cardholder", ["nothing asks for a second person"]),
        ("exports: {kind: bucket}", "exports: {kind: bucket, retiring: true}",
         ["platform/applications/reports.yaml: the resource exports is retiring: what keeps it from being deleted is "
          "taken off"]),
        ("workloads:", "retiring: [acme]\nworkloads:",
         ["platform/applications/reports.yaml: the stack acme is retiring: what keeps it from being deleted is taken "
          "off"]),
        ("exports: {kind: bucket}", "exports: {kind: bucket, tenants: [acme]}",
         ["platform/applications/reports.yaml: the resource exports leaves production.globex, test.globex: what it "
          "holds there is deleted"]),
        ("exports: {kind: bucket}", "exports: {kind: bucket, shared: true}",
         ["platform/applications/reports.yaml: the resource exports leaves production.acme, production.globex, "
          "test.acme, test.globex: what it holds there is deleted"]),
        ("exports: {kind: bucket}", "exports: {kind: bucket}\n  more: {kind: queue, environments: [test]}",
         ["nothing asks for a second person"]),
        ("exports: {kind: bucket}", "exports: {kind: bucket}\n  more: {kind: database, retiring: true}",
         ["platform/applications/reports.yaml: the resource more is retiring: what keeps it from being deleted is "
          "taken off"]),
    ],
)  # fmt: skip
def test_a_lowered_class_asks(
    company: Path, asked: Callable[[], list[str]], pattern: str, by: str, lines: list[str]
) -> None:
    edit(company / "platform/applications/reports.yaml", pattern, by)
    assert asked() == lines


THERE = "platform/applications/notify.yaml: the resource %s leaves production.single, test.single: what it holds there"


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ("old: {kind: queue}", "old: {kind: topic}", [f"{THERE % 'old'} is deleted"]),
        ("old: {kind: queue}", "new: {kind: queue, environments: [test]}", [f"{THERE % 'old'} is deleted"]),
        ("old: {kind: queue}", "", [f"{THERE % 'old'} is deleted"]),
        ("old: {kind: queue, retiring: true}", "old: {kind: queue, environments: [test]}",
         ["nothing asks for a second person"]),
        ("old: {kind: queue, retiring: true}", "", ["nothing asks for a second person"]),
        ("old: {kind: queue, environments: [test], retiring: true}", "old: {kind: queue, retiring: true}",
         ["platform/applications/notify.yaml: the resource old is retiring: what keeps it from being deleted is taken "
          "off"]),
        ("old: {kind: queue, retiring: true}", "old: {kind: secret, retiring: true}",
         ["platform/applications/notify.yaml: the resource old is retiring: what keeps it from being deleted is taken "
          "off"]),
        ("old: {kind: queue, retiring: true}", "old: {kind: queue, retiring: true, fifo: true}",
         ["nothing asks for a second person"]),
    ],
)  # fmt: skip
def test_what_is_taken_out_in_one_step_asks(
    company: Path, asked: Callable[[], list[str]], before: str, after: str, lines: list[str]
) -> None:
    """And so does what is retiring where it was not: in other stacks, or as another thing."""
    file = company / "platform/applications/notify.yaml"
    git(company, "checkout", "-q", "main")
    file.write_text(f"{file.read_text()}  {before}\n")
    commit(company)
    git(company, "checkout", "-q", "-B", "change")
    edit(file, re.escape(before), after)
    assert asked() == lines


@pytest.mark.parametrize(
    ("before", "after", "stacks"),
    [
        ("tenancy: [acme, globex]", "tenancy: [acme]", ["globex"]),
        ("tenancy: [acme, globex]", None, ["acme", "globex"]),
        ("retiring: [globex]\ntenancy: [acme, globex]", "tenancy: [acme]", []),
        ("retiring: [acme, globex]\ntenancy: [acme, globex]", None, []),
    ],
)
def test_a_stack_that_goes_in_one_step_asks(
    company: Path, asked: Callable[[], list[str]], before: str, after: str | None, stacks: list[str]
) -> None:
    """Nobody judges it any more; and what comes back later may have less in it."""
    file = company / "platform/applications/reports.yaml"
    git(company, "checkout", "-q", "main")
    edit(file, r"tenancy: \[acme, globex\]", f"{before}  # as it was")
    commit(company)
    git(company, "checkout", "-q", "-B", "change")
    if after is None:
        file.unlink()
    else:
        edit(file, re.escape(before), after)
    why = "platform/applications/reports.yaml: the stack %s is no longer there, and was not retiring: nobody judges it"
    assert asked() == ([why % one for one in stacks] or ["nothing asks for a second person"])


def test_a_shared_resource_leaves_the_stack_that_it_stands_in(company: Path, asked: Callable[[], list[str]]) -> None:
    file = company / "platform/applications/payments.yaml"
    edit(file, "shared: true", "shared: true\n    environments: [test]")
    assert asked() == [
        "platform/applications/payments.yaml: the resource rates leaves production.shared: what it holds there is "
        "deleted"
    ]


def test_another_name_hides_no_lowered_class(company: Path, asked: Callable[[], list[str]]) -> None:
    folder = company / "platform/applications"
    (folder / "reports.yaml").rename(folder / "billing.yaml")
    edit(folder / "billing.yaml", "classification: sensitive", "classification: public")
    assert asked()[0] == "platform/applications/billing.yaml: the class of its data is lowered to public"


def test_what_cannot_be_compared_asks(company: Path, asked: Callable[[], list[str]]) -> None:
    git(company, "checkout", "-q", "main")
    edit(company / "platform/applications/notify.yaml", "owner", "wonre")
    commit(company)
    git(company, "checkout", "-q", "-B", "change")
    edit(company / "platform/applications/notify.yaml", "wonre", "owner")
    assert asked() == [
        "platform/applications/notify.yaml: may lower the class of its data: the platform as it was cannot be read"
    ]


@pytest.fixture
def server(company: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A merge request that changes the waivers, in its pipeline."""
    with gitlab_server() as project:
        git(company, "checkout", "-q", "main")
        with (company / "lychgate.yaml").open("a") as stream:
            stream.write(f"gitlab: {{url: '{project.url}', project: pay/platform}}\n")
        commit(company)
        git(company, "checkout", "-q", "-B", "change")
        (company / "waivers.yaml").write_text("waivers: []  # none\n")
        commit(company)
        for name, value in {"LYCHGATE_GITLAB_TOKEN": TOKEN, "CI_MERGE_REQUEST_IID": "5", "CI_PROJECT_ID": "7"}.items():
            monkeypatch.setenv(name, value)
        yield project


@pytest.mark.parametrize(
    ("author", "committers", "approved", "status", "said"),
    [
        ("ada", ("ada",), (("grace", NOON),), 0, "agreed: grace"),
        ("ada", ("ada",), (), 1, "nobody else has agreed"),
        ("ada", ("ada",), (("ada", NOON),), 1, "does not count: ada has written or committed some of it"),
        ("ada", ("ada", "grace"), (("grace", NOON),), 1, "does not count: grace has written or committed some of it"),
        ("ada", ("Grace",), (("grace", NOON), ("eve", NOON)), 0, "agreed: eve"),
        ("ada", ("ada",), (("grace", MORNING),), 1, "does not count: grace has approved an earlier commit"),
    ],
)  # fmt: skip
def test_who_counts(
    company: Path, server: Project, cheap: Command, author: str, committers: tuple[str, ...],
    approved: tuple[tuple[str, str], ...], status: int, said: str,
) -> None:  # fmt: skip
    head = git(company, "rev-parse", "HEAD")
    versions = ((MORNING, EARLIER), ("2026-11-02T11:00:00Z", head))
    server.opened(5, head, author=author, committers=committers, versions=versions, approved=approved)
    done = cheap("merge-request", "guard", "--since", "main")
    assert (done.status, said in done.stdout) == (status, True), done.stdout + done.stderr


def test_what_was_merged_for_the_pipeline_counts(company: Path, server: Project, cheap: Command) -> None:
    head = git(company, "rev-parse", "HEAD")
    git(company, "checkout", "-q", "main")
    git(company, "checkout", "-q", "-b", "merged")
    git(company, "merge", "-q", "--no-ff", "-m", "both", "change")
    server.opened(5, head, versions=((MORNING, head),), approved=(("grace", NOON),))
    assert cheap("merge-request", "guard", "--since", "main").status == 0


def test_an_approval_of_what_is_not_checked_out_is_none(company: Path, server: Project, cheap: Command) -> None:
    server.opened(5, EARLIER, versions=((MORNING, EARLIER),), approved=(("grace", NOON),))
    done = cheap("merge-request", "guard", "--since", "main")
    assert done.status == 1 and "that is not what is checked out" in done.stdout


def test_a_merge_request_names_no_gitlab_of_its_own(company: Path, server: Project, cheap: Command) -> None:
    """It would get the token, and could say what it likes."""
    with gitlab_server() as other:
        edit(company / "lychgate.yaml", server.url, other.url)
        head = commit(company)
        other.opened(5, head, versions=((MORNING, head),), approved=(("grace", NOON),))
        server.opened(5, head, versions=((MORNING, head),))
        done = cheap("merge-request", "guard", "--since", "main")
        assert done.status == 1 and other.asked == [] and server.asked


@pytest.mark.parametrize(("status", "why"), [(401, "401"), (403, "403"), (404, "404"), (502, "it fails")])
def test_a_gitlab_that_refuses(company: Path, server: Project, cheap: Command, status: int, why: str) -> None:
    server.opened(5, git(company, "rev-parse", "HEAD"))
    server.refusals["GET", "/approvals"] = [(status, {})]
    done = cheap("merge-request", "guard", "--since", "main")
    assert done.status == 4 and why in done.stderr and done.stderr.count("\n") == 1
