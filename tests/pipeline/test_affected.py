"""`lychgate affected`: from changed files to stacks. What is not sure is affected."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, reject, settings
from lychgate.pipeline.affected import affected
from lychgate.pipeline.places import Places
from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.models.names import SHARED, SINGLE
from lychgate.provisioner.models.platform import read_platform
from lychgate.provisioner.sync.capturing import Capturing

from lychgate.model.errors import InputError
from lychgate.sources.settings import Settings
from tests.cli.conftest import Run, git
from tests.pipeline.conftest import EXAMPLE, commit, edit
from tests.provisioner.test_generated_platforms import applications

Command = Callable[..., Run]
BOTH = ("production", "test")
REPORTS = {f"reports.{there}.{tenant}" for there in BOTH for tenant in ("acme", "globex", "shared")}
PAYMENTS = {f"payments.{there}.{tenant}" for there in BOTH for tenant in ("acme", "globex", "initech", "shared")}
NOTIFY = {f"notify.{there}.{tenant}" for there in BOTH for tenant in ("single", "shared")}
ALL = REPORTS | PAYMENTS | NOTIFY


@pytest.fixture
def told(company: Path, cheap: Command) -> Callable[[], dict[str, Any]]:
    """What the command says of the branch: stacks with their reasons, stacks that are gone, files."""

    def ask() -> dict[str, Any]:
        done = cheap("affected", "--since", "main", "--json")
        assert done.status == 0, done.stderr
        found = json.loads(done.stdout)
        stacks = {one["stack"]: one["reasons"] for one in found["stacks"]}
        gone = {one["stack"]: one["reasons"] for one in found["gone"]}
        return {"stacks": stacks, "gone": gone, "files": {one["path"]: one["kind"] for one in found["files"]}}

    return ask


Told = Callable[[], dict[str, Any]]


def test_nothing_has_changed(told: Told) -> None:
    assert told() == {"stacks": {}, "gone": {}, "files": {}}


@pytest.mark.parametrize("committed", [True, False])
def test_an_application_affects_its_own_stacks_in_every_environment(company: Path, told: Told, committed: bool) -> None:
    edit(company / "platform/applications/reports.yaml", 'schedule: "0 4', 'schedule: "0 5')
    if committed:
        commit(company)
    found = told()
    assert found["stacks"].keys() == REPORTS
    assert found["stacks"]["reports.test.acme"] == ["platform/applications/reports.yaml has changed"]


def test_who_uses_an_application_is_affected_where_it_calls(company: Path, told: Told) -> None:
    edit(company / "platform/applications/payments.yaml", "port: 8443", "port: 9443")
    found = told()["stacks"]
    assert found.keys() == PAYMENTS | {one for one in REPORTS if not one.endswith("shared")}
    assert found["reports.test.acme"] == ["reports uses payments, which has changed"]


def test_who_is_used_otherwise_is_affected(company: Path, told: Told) -> None:
    """A workload lets in who uses it: its own stack is another one then."""
    edit(company / "platform/applications/reports.yaml", r"uses: \[history:read, exports\]",
         "uses: [history:read, exports, payments/api]")  # fmt: skip
    found = told()["stacks"]
    assert found.keys() == REPORTS | {one for one in PAYMENTS if not one.endswith("shared")}
    assert found["payments.test.globex"] == ["reports, which has changed, uses payments otherwise"]


@pytest.mark.parametrize(
    ("file", "stacks"),
    [
        ("platform/environments/test.yaml", {one for one in ALL if ".test." in one}),
        ("platform/platform.yaml", ALL),
        ("platform/tenants.yaml", set()),  # a comment
        ("lychgate.yaml", ALL),
        ("waivers.yaml", ALL),
        ("provisioner/chart/values.yaml", ALL),
        ("rulesets/production.yaml", ALL),
        ("policies/iam/mine.py", ALL),
        ("uv.lock", ALL),
        ("README.md", set()),
        (".gitlab-ci.yml", set()),
        ("platform/recorded/payments.production.acme.json", set()),
        ("documents/platform/platform.yaml", set()),
    ],
)
def test_other_files(company: Path, told: Told, file: str, stacks: set[str]) -> None:
    (company / file).parent.mkdir(parents=True, exist_ok=True)
    with (company / file).open("a") as stream:
        stream.write("\n# a line more\n")
    found = told()
    assert found["stacks"].keys() == stacks and list(found["files"]) == [file]


def test_a_tenant_affects_its_own_stacks(company: Path, told: Told) -> None:
    edit(company / "platform/tenants.yaml", "max_replicas: 8", "max_replicas: 6")
    found = told()["stacks"]
    assert found.keys() == {one for one in ALL if one.endswith(".acme")}
    assert found["reports.test.acme"] == ["platform/tenants.yaml has changed: acme"]


def test_what_is_renamed_or_deleted_is_gone(company: Path, told: Told) -> None:
    folder = company / "platform/applications"
    (folder / "reports.yaml").rename(folder / "billing.yml")
    found = told()
    assert found["gone"].keys() == REPORTS
    assert found["gone"]["reports.test.acme"] == ["platform/applications/reports.yaml has changed"]
    assert {one for one in found["stacks"] if one.startswith("billing")} == {
        one.replace("reports", "billing") for one in REPORTS
    }
    assert found["stacks"]["billing.test.acme"][0] == "it is new"


def test_a_tenant_that_leaves_an_application_is_gone(company: Path, told: Told) -> None:
    edit(company / "platform/applications/payments.yaml", "acme, globex, initech", "acme, globex")
    found = told()
    assert found["gone"].keys() == {"payments.production.initech", "payments.test.initech"}
    assert found["stacks"].keys() >= PAYMENTS - found["gone"].keys()


def test_what_cannot_be_compared_affects_all(company: Path, told: Told) -> None:
    git(company, "checkout", "-q", "main")
    edit(company / "platform/platform.yaml", "values:", "vlaues:")
    commit(company)
    git(company, "checkout", "-q", "-B", "change")
    edit(company / "platform/platform.yaml", "vlaues:", "values:")
    found = told()["stacks"]
    assert found.keys() == ALL and "the platform as it was cannot be read" in found["notify.test.single"]


@pytest.mark.parametrize("folder", ["platform/applications", "platform"])
def test_a_link_in_the_place_of_a_folder_affects_all(company: Path, told: Told, folder: str) -> None:
    place = company / folder
    place.rename(place.with_name("elsewhere"))
    place.symlink_to("elsewhere")
    assert told()["stacks"].keys() == ALL


def test_what_a_link_of_the_platform_leads_to_counts(company: Path, told: Told) -> None:
    git(company, "checkout", "-q", "main")
    folder = company / "platform"
    (folder / "written").mkdir()
    (folder / "applications/notify.yaml").rename(folder / "written/notify.yaml")
    (folder / "applications/notify.yaml").symlink_to("../written/notify.yaml")
    commit(company)
    git(company, "checkout", "-q", "-B", "change")
    edit(folder / "written/notify.yaml", "fifo: true", "fifo: false")
    assert told()["stacks"].keys() >= NOTIFY


def test_only_what_the_branch_has_changed_counts(company: Path, told: Told) -> None:
    git(company, "checkout", "-q", "main")
    edit(company / "platform/applications/notify.yaml", "fifo: true", "fifo: false")
    commit(company)
    git(company, "checkout", "-q", "change")
    edit(company / "platform/applications/reports.yaml", "mysql", "postgresql")
    assert told()["stacks"].keys() == REPORTS


def test_a_repository_runs_nothing(company: Path, told: Told, tmp_path: Path) -> None:
    """Filters, monitors and hooks that a repository names would run as who asks."""
    trap = f"touch {tmp_path}/ran; cat"
    for name in (
        "core.fsmonitor",
        "filter.trap.clean",
        "filter.trap.smudge",
        "filter.trap.process",
        "diff.trap.textconv",
    ):
        git(company, "config", name, trap)
    (company / ".gitattributes").write_text("* filter=trap diff=trap\n")
    edit(company / "platform/applications/reports.yaml", "mysql", "postgresql")
    assert told()["stacks"].keys() == REPORTS and not (tmp_path / "ran").exists()


@pytest.mark.parametrize("since", ["nowhere", "--upload-pack=touch x", "unrelated"])
def test_a_ref_that_is_none_is_told(company: Path, cheap: Command, since: str) -> None:
    git(company, "checkout", "-q", "--orphan", "unrelated")
    git(company, "commit", "-q", "-m", "apart")
    git(company, "checkout", "-q", "change")
    done = cheap("affected", f"--since={since}")
    assert done.status == 2 and done.stderr.startswith("lychgate: --since: ") and done.stderr.count("\n") == 1


def test_a_shallow_clone_says_so(
    company: Path, cheap: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("change", "main"):
        git(company, "checkout", "-q", name)
        edit(company / "README.md", "Payments", f"Payments of {name}")
        commit(company)
    git(tmp_path, "clone", "-q", "--depth=1", "--no-single-branch", f"file://{company}", "shallow")
    monkeypatch.chdir(tmp_path / "shallow")
    done = cheap("affected", "--since", "origin/change")
    assert done.status == 2 and "GIT_DEPTH" in done.stderr


@pytest.mark.parametrize(("name", "shown"), [(b"\xff.py", "policies/\\udcff.py"), (b"new\n.py", "policies/new\\n.py")])
def test_names_that_are_no_text_are_shown(company: Path, cheap: Command, name: bytes, shown: str) -> None:
    (company / "policies").mkdir()
    with open(os.path.join(os.fsencode(company), b"policies", name), "w") as stream:
        stream.write("x")
    for command in (("affected",), ("merge-request", "guard")):
        done = cheap(*command, "--since", "main")
        assert done.status in (0, 1) and shown in done.stdout, done.stderr
    [file] = json.loads(cheap("affected", "--since", "main", "--json").stdout)["files"]
    assert file == {"path": shown, "kind": "code"}


def test_shown_to_a_person(company: Path, cheap: Command) -> None:
    edit(company / "platform/applications/notify.yaml", "fifo: true", "fifo: false")
    (company / "new\x1b[31m.md").write_text("x")
    shown = cheap("affected", "--since", "main").stdout
    assert "notify.test.single  platform/applications/notify.yaml has changed\n" in shown
    assert "no stack is made of: new\\x1b[31m.md" in shown


# The same against the truth: the stacks whose captured graph changes are among the affected ones.


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Capturing]]:
    top = tmp_path_factory.mktemp("differential")
    shutil.copytree(EXAMPLE, top / "platform")
    for name in ("applications/payments", "applications/reports", "environments/production"):
        (top / "platform" / f"{name}.yaml").unlink()
    (top / "lychgate.yaml").write_text("platform: platform\n")
    with Capturing(top / "platform", top / "lychgate.yaml") as capturing:
        yield top, capturing


@pytest.mark.slow
@settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=[Phase.generate],  # each example takes some seconds
)
@given(earlier=applications(), later=applications(), caller=applications())
def test_what_changes_is_affected(
    bench: tuple[Path, Capturing], earlier: dict[str, Any], later: dict[str, Any], caller: dict[str, Any]
) -> None:
    top, capturing = bench
    folder = top / "platform"
    called = [
        name for model in (earlier, later) for name, one in model["workloads"].items() if one["kind"] != "cron-job"
    ]
    both = [name for name in called if called.count(name) == 2 and earlier["tenancy"] == later["tenancy"]]
    if both and caller["workloads"] and caller["tenancy"] == later["tenancy"]:
        next(iter(caller["workloads"].values()))["uses"].append(f"shop/{both[0]}")
    (folder / "applications" / "asks.yaml").write_text(yaml.safe_dump(caller, sort_keys=False))
    sides = []
    for model in (earlier, later):
        (folder / "applications" / "shop.yaml").write_text(yaml.safe_dump(model, sort_keys=False))
        try:
            platform = read_platform(folder, base=folder)
        except InputError:  # not all that is generated fits
            reject()
        names = [("notify", one) for one in (SHARED, SINGLE)]
        names += [("shop", one) for one in (SHARED, *platform.applications["shop"].tenants)]
        names += [("asks", one) for one in (SHARED, *platform.applications["asks"].tenants)]
        graphs = capturing.capture([Scope.of(platform, name, "test", tenant) for name, tenant in names]).graphs
        sides.append((platform, {name: graph.resources for name, graph in graphs.items()}))
    (before, was), (now, become) = sides
    places = Places.of(top, [(top, top / "lychgate.yaml", Settings(platform=folder))])
    found = affected(before, now, places, ["platform/applications/shop.yaml"])
    changed = {name for name in become if become[name] != was.get(name)}
    assert changed <= {one.name for one in found.stacks}
    assert {one.name for one in found.gone} == was.keys() - become.keys()
