"""A request from a run in Port to the merge request, with both servers, and the outcome back."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from lychgate.portal.actions import asked_of
from lychgate.portal.merge_requests import MergeRequests, UsedError, proposal
from lychgate.portal.verdicts import Judged
from lychgate.provisioner.models.platform import read_platform

from lychgate.cli import main
from lychgate.cli.portal_request import RequestOptions, run
from lychgate.cli.sync import SyncOptions
from lychgate.model.document import parse
from lychgate.model.errors import InputError
from lychgate.sources.settings import GitLabProject
from tests.portal import gitlab_server, port_server
from tests.portal.conftest import EXAMPLE, World, judged_stack, run_of

ID = "r_QOz6WoOB1Q2lmhZZ"
CLEAN = Judged({}, 0, 0)


def request(world: World, into: Path | None = None) -> int:
    return run(RequestOptions(world.payload(ID), into, world.port.url, None))


def judged(monkeypatch: pytest.MonkeyPatch, found: Judged = CLEAN) -> None:
    """For what happens after the judgement, which has its own tests."""
    monkeypatch.setattr("lychgate.cli.portal_judging.judge", lambda *_: found)


def test_a_queue_becomes_a_merge_request_in_the_name_of_who_asked(world: World) -> None:
    world.port.run(
        ID, "lychgate_create_queue", "notify", {"name": "bounces", "settings_retention_days": 7}, "auth0|ada"
    )
    before = world.application("notify")
    assert request(world) == 0
    assert world.gitlab.branches == {f"portal/{ID}": world.git("rev-parse", "HEAD")}
    (commit,) = world.gitlab.commits
    assert (commit["author_email"], commit["branch"]) == ("ada@example.com", f"portal/{ID}")
    (action,) = commit["actions"]
    assert (action["action"], action["file_path"]) == ("update", "platform/applications/notify.yaml")
    assert action["content"] == f"{before}  bounces: {{kind: queue, settings: {{retention_days: 7}}}}\n"
    (opened,) = world.gitlab.requests
    assert (opened["target_branch"], opened["title"]) == ("main", "notify: create queue bounces")
    assert "Asked for by `ada@example.com` in Port" in opened["description"]
    assert opened["description"].count("## Lychgate: clean") == 2  # production and test
    assert "- `notify.test.single`: 5 create\n" in opened["description"]
    assert "- `notify.test.shared`: nothing changes\n" in opened["description"]
    told = world.port.runs[ID]
    assert (told["status"], told["statusLabel"], told["link"]) == ("SUCCESS", "merge request opened", opened["web_url"])
    assert world.port.logs[ID] == ["platform/applications/notify.yaml is valid; judging what it makes of notify"]
    assert world.application("notify") == before and world.git("status", "--porcelain") == ""
    with pytest.raises(InputError, match="its status is 'SUCCESS'"):
        request(world)


OPEN = {"DB_PASSWORD": "hunter2hunter2"}


@pytest.mark.slow
def test_a_request_that_brings_a_finding_is_not_proposed(world: World) -> None:
    world.port.run(ID, "lychgate_update_deployment", "notify.mail", {"environment": OPEN}, "auth0|ada")
    assert request(world) == 1
    assert not world.gitlab.branches
    told = world.port.runs[ID]
    assert (told["status"], told["statusLabel"]) == ("FAILURE", "2 findings, 0 undetermined")
    assert told["summary"].startswith("Not proposed: it would bring 2 findings")
    assert "kubernetes-credential-in-plain-text" in told["summary"] and "hunter2" not in told["summary"]


@pytest.mark.slow
def test_what_was_found_before_does_not_stop_another_request(world: World) -> None:
    world.with_a_password()
    world.port.run(ID, "lychgate_create_secret", "notify", {"name": "database"}, "auth0|ada")
    assert request(world) == 0
    assert "blocked by 1 mandatory finding" in world.gitlab.requests[0]["description"]


@pytest.mark.slow
def test_a_waiver_is_asked_for_by_one_and_approved_by_another(world: World) -> None:
    world.with_a_password()
    verdict = judged_stack("notify", "test")
    rule = "kubernetes-credential-in-plain-text"
    (finding,) = [one for one in verdict["judgements"] if (one["rule"], one["outcome"]) == (rule, "fail")]
    said = {"reason": "It moves | to a secret", "ticket": "SEC-12", "days": 7}
    entity = f"notify.test.single.{finding['fingerprint']}"
    world.port.run(ID, "lychgate_waive", entity, said, "auth0|ada", requiredApproval={"type": "ANY"})
    world.port.approvers[ID] = [{"userId": "auth0|grace", "state": "APPROVED"}]
    assert request(world) == 0
    (commit,) = world.gitlab.commits
    (change,) = commit["actions"]
    assert change["file_path"] == "waivers.yaml"
    (waiver,) = parse(change["content"].encode(), "w").value["waivers"]
    assert (waiver["rule"], waiver["urn"]) == (rule, finding["urn"])
    assert (waiver["owner"], waiver["approver"]) == ("ada@example.com", "grace@example.com")
    assert change["content"].startswith("# What is accepted, and until when.\n")
    assert "Approved in Port by `grace@example.com`." in world.gitlab.requests[0]["description"]
    assert (world.root / "waivers.yaml").read_text() == "# What is accepted, and until when.\nwaivers: []\n"


@pytest.mark.slow
def test_into_a_folder_a_sync_is_only_planned(world: World, tmp_path: Path) -> None:
    world.port.run(ID, "lychgate_sync", "notify.test.single", {}, "auth0|ada")
    assert request(world, tmp_path) == 0
    assert json.loads((tmp_path / ID / "verdict.json").read_text())["decision"] == "clean"
    assert (world.port.runs[ID]["status"], world.port.runs[ID]["statusLabel"]) == ("SUCCESS", "planned")
    assert not world.gitlab.branches


def test_a_sync_is_one_of_all_that_a_sync_asks_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds the run's branch while it is under way, and gives it back."""
    asked: list[Any] = []

    def sync(options: SyncOptions) -> int:
        assert f"portal/{ID}" in world.gitlab.branches
        asked.append((options.application, options.environment, options.tenant, options.plan, options.remove))
        return 4

    monkeypatch.setattr("lychgate.cli.sync.run", sync)
    world.port.run(
        ID, "lychgate_sync_production", "payments.production.acme", {}, "auth0|ada", requiredApproval={"type": "ANY"}
    )
    world.port.approvers[ID] = [{"userId": "auth0|grace", "state": "APPROVED"}]
    assert request(world) == 4
    assert asked == [("payments", "production", "acme", False, False)]
    assert (world.port.runs[ID]["status"], world.port.runs[ID]["statusLabel"]) == ("FAILURE", "failed")
    assert not world.gitlab.branches


def test_a_deletion_of_data_says_that_it_goes_in_two_steps(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    judged(monkeypatch)
    world.port.run(ID, "lychgate_delete_table", "payments.rates", {"confirm": "rates"}, "auth0|ada")
    assert request(world) == 0
    (opened,) = world.gitlab.requests
    assert "it goes in two steps" in opened["description"] and "+    retiring: true" in opened["description"]


def test_a_deletion_that_brings_findings_is_a_draft_until_they_are_accepted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged(monkeypatch, Judged({}, 2, 0))
    world.port.run(ID, "lychgate_delete_table", "payments.rates", {"confirm": "rates"}, "auth0|ada")
    assert request(world) == 0
    (opened,) = world.gitlab.requests
    assert opened["title"] == "Draft: payments: delete table rates"
    assert "has to be accepted by a waiver first" in opened["description"]
    assert world.port.runs[ID]["statusLabel"] == "draft opened: 2 findings to accept"


def test_a_lowered_class_asks_for_a_second_person(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard of the merge request does so; who has asked, and who reads it, hears of that before."""
    monkeypatch.setattr("lychgate.portal.verdicts._compared", lambda *_: ({}, {}))
    inputs = {"classification": "public"}
    world.port.run(ID, "lychgate_update_bucket", "payments.receipts", inputs, "auth0|ada")
    assert request(world) == 0
    (opened,) = world.gitlab.requests
    assert "**Somebody else has to approve this**" in opened["description"]
    assert "- the class of the data in receipts is public, and no longer cardholder\n" in opened["description"]
    assert world.port.runs[ID]["statusLabel"] == "merge request opened; a second person has to approve it"


def test_what_lowers_nothing_asks_for_nobody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lychgate.portal.verdicts._compared", lambda *_: ({}, {}))
    world.port.run(ID, "lychgate_update_bucket", "payments.receipts", {"settings_expire_days": 30}, "auth0|ada")
    assert request(world) == 0
    (opened,) = world.gitlab.requests
    assert "has to approve this" not in opened["description"]
    assert world.port.runs[ID]["statusLabel"] == "merge request opened"


def test_a_deletion_that_leaves_something_undetermined_is_not_proposed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged(monkeypatch, Judged({}, 0, 1))
    world.port.run(ID, "lychgate_delete_table", "payments.rates", {"confirm": "rates"}, "auth0|ada")
    assert request(world) == 3
    assert not world.gitlab.branches and world.port.runs[ID]["status"] == "FAILURE"


def test_into_a_folder_gitlab_is_not_asked(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    judged(monkeypatch)
    monkeypatch.delenv("LYCHGATE_GITLAB_TOKEN")
    world.port.run(ID, "lychgate_create_secret", "payments", {"name": "scheme"}, "auth0|ada")
    assert request(world, tmp_path / "out") == 0
    folder = tmp_path / "out" / ID
    written = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert written == ["merge_request.md", "platform/applications/payments.yaml"]
    assert (folder / written[1]).read_text() == world.application("payments") + "  scheme: {kind: secret}\n"
    assert (folder / written[0]).read_text().startswith("# payments: create secret scheme\n\nAsked for by")


def test_of_two_that_act_on_one_run_at_once_one_goes_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    judged(monkeypatch)
    world.port.run(ID, "lychgate_create_secret", "payments", {"name": "scheme"}, "auth0|ada")
    payload = world.payload(ID)

    def act(_: int) -> int | str:
        try:
            return run(RequestOptions(payload, None, world.port.url, None))
        except InputError as error:
            return str(error)

    with ThreadPoolExecutor(4) as pool:
        came = sorted(map(str, pool.map(act, range(4))))
    assert came[0] == "0" and all("acted on already" in one or "its status is" in one for one in came[1:]), came
    assert len(world.gitlab.commits) == len(world.gitlab.requests) == 1
    assert world.port.runs[ID]["status"] == "SUCCESS"


def test_a_branch_that_was_merged_and_deleted_is_not_made_again(world: World) -> None:
    world.gitlab.requests.append({"source_branch": f"portal/{ID}", "iid": 1, "state": "merged"})
    with pytest.raises(UsedError):
        project(world).claim(f"portal/{ID}", world.git("rev-parse", "HEAD"))
    assert not world.gitlab.branches


def test_a_run_that_ends_while_it_is_judged_is_not_acted_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def judge(*_: object) -> Judged:
        world.port.runs[ID]["status"] = "FAILURE"  # withdrawn, or another one has done it and given its branch back
        return CLEAN

    monkeypatch.setattr("lychgate.cli.portal_judging.judge", judge)
    monkeypatch.setattr("lychgate.portal.reporting.Reporter.log", lambda *_: None)
    world.port.run(ID, "lychgate_create_secret", "payments", {"name": "scheme"}, "auth0|ada")
    with pytest.raises(InputError, match="acted on already"):
        request(world)
    assert not world.gitlab.branches and not world.gitlab.commits and world.port.runs[ID].get("summary") is None


def test_a_folder_of_a_run_is_made_once(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    judged(monkeypatch)
    world.port.run(ID, "lychgate_create_secret", "payments", {"name": "scheme"}, "auth0|ada")
    (tmp_path / ID).mkdir()
    with pytest.raises(InputError, match="acted on already"):
        request(world, tmp_path)
    assert world.port.runs[ID]["status"] == "IN_PROGRESS"  # whoever acts on it ends it


def project(world: World) -> MergeRequests:
    named = GitLabProject(world.gitlab.url, gitlab_server.PROJECT)
    return MergeRequests(named, {"LYCHGATE_GITLAB_TOKEN": gitlab_server.TOKEN})


def test_a_checkout_of_another_branch_is_no_ground_for_a_merge_request(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged(monkeypatch)
    world.gitlab.main.clear()
    world.port.run(ID, "lychgate_create_secret", "payments", {"name": "scheme"}, "auth0|ada")
    with pytest.raises(InputError, match="expected one of the project's branch main"):
        request(world)
    assert not world.gitlab.branches and world.port.runs[ID]["status"] == "FAILURE"


def test_a_file_that_was_changed_by_hand_is_not_proposed(world: World) -> None:
    world.port.run(ID, "lychgate_create_secret", "payments", {"name": "scheme"}, "auth0|ada")
    with (world.folder / "applications" / "payments.yaml").open("a") as stream:
        stream.write("# by hand\n")
    with pytest.raises(InputError, match="it is not as the commit has it"):
        request(world)


@pytest.mark.parametrize("fault", [401, 403, 500])
def test_a_gitlab_that_refuses_ends_the_run_with_its_word(
    fault: int, world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    judged(monkeypatch)
    world.port.run(ID, "lychgate_create_secret", "payments", {"name": "scheme"}, "auth0|ada")
    world.gitlab.fault = fault
    assert request(world) == 4
    assert f"lychgate: GitLab refuses ({fault})" in capsys.readouterr().err
    told = world.port.runs[ID]
    assert (told["status"], told["statusLabel"]) == ("FAILURE", "failed")


def test_the_command_ends_in_one_message(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world.port.run(ID, "lychgate_create_queue", "payments", {"name": "a\u202eb"}, "auth0|ada")
    arguments = ["lychgate", "portal", "request", str(world.payload(ID)), "--api", world.port.url]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr()
    assert ended.value.code == 2 and said.out == ""
    assert said.err == f"lychgate: run {ID}: name: the character '\\u202e'. expected one line of printable text\n"
    assert port_server.SECRET not in said.err + json.dumps(world.port.runs) + json.dumps(world.port.logs)


def test_text_of_a_request_stays_text_in_the_merge_request() -> None:
    run_ = run_of("lychgate_update_deployment", "notify.mail", {"environment": {"A": "``` /close"}})
    asked = asked_of(run_, read_platform(EXAMPLE))
    made = proposal(asked, "a.yaml", "owner: a\n", 'owner: a\nx: "``` /close @all"\n', CLEAN)
    assert "\n````diff\n" in made.description and made.description.rstrip().endswith("\n````")


@pytest.mark.parametrize("environment", ["PORT_CLIENT_ID", "PORT_CLIENT_SECRET"])
def test_without_credentials_nothing_is_asked(environment: str, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(environment)
    with pytest.raises(InputError, match=f"{environment}: it is not set"):
        request(world)
    assert not world.port.asked


def test_a_proxy_of_the_pipeline_is_not_asked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with pytest.raises(InputError, match="Port knows no such run"):
        request(world)


def test_an_address_of_port_is_https_or_this_machine(world: World) -> None:
    for wrong in ("http://api.port.io", "api.port.io", "asia", "https://x/\n", "https://u:p@api.port.io"):
        with pytest.raises(InputError, match="--api"):
            run(RequestOptions(world.payload(ID), None, wrong, None))


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        ([429] * 4, "rate limit is used up"),
        ([503] * 4, "Port refuses (GET /v1/actions/runs/r_QOz6WoOB1Q2lmhZZ: 503): the fault \\u202e503"),
        ([401], "Port does not take the credentials"),
        ([302], "Port refuses (GET /v1/actions/runs/r_QOz6WoOB1Q2lmhZZ: 302)"),
    ],
)
def test_a_port_that_refuses_is_one_message(
    faults: list[int], said: str, world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    world.port.faults = faults
    assert request(world) == 4
    told = capsys.readouterr().err
    assert said in told and told.count("\n") == 1
    assert port_server.SECRET not in told and port_server.TOKEN not in told


def test_a_port_that_is_busy_for_a_while_is_asked_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    world.port.faults = [429, 503]
    with pytest.raises(InputError, match="Port knows no such run"):
        request(world)


def test_a_port_that_is_not_there_is_one_message(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(RequestOptions(world.payload(ID), None, "http://127.0.0.1:9", None)) == 4
    assert "Port cannot be asked (POST /v1/auth/access_token): ConnectionError" in capsys.readouterr().err


def test_wrong_credentials_are_one_message(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORT_CLIENT_SECRET", "wrong-secret")
    assert request(world) == 4
    told = capsys.readouterr().err
    assert "does not take the credentials" in told and "wrong-secret" not in told
