"""The preflight: facts collected from real repositories, backends and an API, and what the rules make of them."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lychgate.policies.preflight.examples import (
    COMMIT,
    DIGEST,
    GRACE,
    JUDGED_BY,
    NOON,
    OLDER,
    PRODUCTION,
    SIGNED,
    TEST,
)
from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.models.platform import read_platform
from lychgate.provisioner.sync import drift_records
from lychgate.provisioner.sync.account_facts import account_found, region_found
from lychgate.provisioner.sync.change_facts import change_of
from lychgate.provisioner.sync.drift_records import ResourceDrift
from lychgate.provisioner.sync.live.calling import Unread
from lychgate.provisioner.sync.planning import State
from lychgate.provisioner.sync.preflight import Judged, collect, decides, drift_of, preflight
from lychgate.provisioner.sync.preflight_showing import show
from lychgate.provisioner.sync.state_facts import backend_encrypted, secrets_providers, stack_locks
from moto import mock_aws
from rich.console import Console

from lychgate.judging.discovery import built_in_rules
from lychgate.judging.preflight import Preflight, preflight_rules
from lychgate.judging.ruleset import load_ruleset
from lychgate.judging.waivers import Waiver, Waivers
from lychgate.model.outcome import PASS
from lychgate.model.sync_request import (
    AcceptedFinding,
    Approval,
    Drift,
    Freeze,
    Image,
    JudgedBy,
    Limited,
    SyncRequest,
    UnsignedVerdict,
)
from lychgate.model.values import Unknown
from lychgate.sources.deployed.checkpoint import read_checkpoint
from lychgate.sources.settings import GitLabProject
from tests.provisioner.sync.gitlab_server import TOKEN, Project, gitlab_server

EXAMPLE = Path(__file__).parents[3] / "examples" / "platform"
UNKNOWN = Unknown("nobody could be asked")
STACK = "payments.production.acme"


def outcomes(request: SyncRequest, plan: bool = False) -> dict[str, str]:
    return {one.id: one.outcome for one in preflight(request, plan)}


def stopped_by(request: SyncRequest) -> set[str]:
    return {id_ for id_, outcome in outcomes(request).items() if outcome in ("fail", "unknown", "error")}


# What the rules make of a request.


@pytest.mark.parametrize("request_", [PRODUCTION, TEST], ids=["production", "test"])
def test_a_sync_that_may_begin(request_: SyncRequest) -> None:
    assert stopped_by(request_) == set()
    assert decides(preflight(request_, plan=False)) == 0


@pytest.mark.parametrize("name", [field.name for field in fields(SyncRequest)])
def test_no_fact_of_a_production_sync_may_be_missing(name: str) -> None:
    request = replace(PRODUCTION, **{name: UNKNOWN})  # type: ignore[arg-type]
    judged = preflight(request, plan=False)
    words = {"application", "production_accounts"}  # said in messages, or asked before production only
    assert (decides(judged) == 3) is (name not in words), stopped_by(request)
    told = [one.message for one in judged if one.outcome == "unknown"]
    assert set(told) <= {"nobody could be asked"}
    assert not {one.id for one in judged if one.outcome == "error"}


NAMES = st.sampled_from(["ada", "grace", "Ada", "@grace", "project_7_bot_1f2e3d"])
COMMITS = st.sampled_from([COMMIT, OLDER])
DAYS = st.dates(date(2026, 10, 30), date(2026, 11, 5))
TIMES = st.sampled_from([NOON, NOON - timedelta(days=40), NOON + timedelta(minutes=5), NOON + timedelta(days=2)])
ACCOUNTS = st.sampled_from(["111122223333", "444455556666"])
PROVIDERS = st.sampled_from(["passphrase", "awskms://alias/a", "default", "awskms://"])
BACKENDS = st.sampled_from(
    ["s3://a", "s3://a/", "s3://b", "file://~", "s3://a?endpoint=localhost", "s3://a?disableSSL=true", "gs://a", ""]
)


def tuples(of: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(of, max_size=2).map(tuple)


FACTS: dict[str, st.SearchStrategy[Any]] = {
    "application": st.just("payments"),
    "environment": st.sampled_from(["production", "prod"]),
    "tenant": st.sampled_from(["acme", "initech"]),
    "stack": st.just(STACK),
    "environments": st.just(("production", "test")),
    "tenants": st.just(("acme", "shared")),
    "production": st.booleans(),
    "production_accounts": tuples(ACCOUNTS),
    "frozen": st.none() | st.builds(Freeze, DAYS, st.just("why")),
    "as_of": TIMES,
    "now": TIMES,
    "account": ACCOUNTS,
    "account_found": ACCOUNTS,
    "region": st.just("eu-central-1"),
    "region_found": st.sampled_from(["eu-central-1", "us-east-1"]),
    "branch_wanted": st.just("main"),
    "branch": st.sampled_from(["main", "main2", "Main"]),
    "branch_protected": st.booleans(),
    "branch_holds_commit": st.booleans(),
    "commit": COMMITS,
    "changed": tuples(st.just("platform.yaml")),
    "requester": NAMES,
    "authors": tuples(NAMES),
    "approvals": tuples(st.builds(Approval, NAMES, st.just(NOON), COMMITS)),
    "backend": BACKENDS,
    "backend_override": st.none() | BACKENDS,
    "backend_encrypted": st.booleans(),
    "secrets_provider": PROVIDERS,
    "secrets_providers": tuples(PROVIDERS),
    "locks": tuples(st.just("grace@laptop")),
    "images": tuples(st.builds(Image, st.just("api"), st.sampled_from([DIGEST, "api:1", f"api:1@{DIGEST}"]))),
    "waivers": tuples(st.builds(AcceptedFinding, st.just("SEC-1"), DAYS)),
    "drift": st.sampled_from([Drift(0), Drift(1), Drift(1, ("x",))]),
    "limits": tuples(st.sampled_from([Limited("a", "6", 6, 20, "p"), Limited("a", "21", 21, 20, "p")])),
    "verdict_within": st.none() | st.sampled_from([timedelta(hours=24), timedelta(days=90)]),
    "signed_verdict": st.none() | st.sampled_from(
        [SIGNED, replace(SIGNED, commit=OLDER), replace(SIGNED, as_of=NOON), UnsignedVerdict("v.json", "e" * 64, "why")]
    ),
    "judged_by": st.sampled_from([JUDGED_BY, JudgedBy("f" * 64, "b" * 64, {})]),
}  # fmt: skip


@st.composite
def requests(draw: st.DrawFn) -> SyncRequest:
    """A request that may begin, of which some facts are others."""
    varied = draw(st.sets(st.sampled_from(sorted(FACTS)), max_size=6))
    return replace(PRODUCTION, **{name: draw(FACTS[name]) for name in varied})


@st.composite
def hidden(draw: st.DrawFn, request: SyncRequest) -> SyncRequest:
    """The request with some facts, or parts of facts, not known."""
    names = draw(st.sets(st.sampled_from(sorted(FACTS)), max_size=4))
    missing: dict[str, Any] = dict.fromkeys(names, UNKNOWN)
    if "approvals" not in names and draw(st.booleans()):
        missing["approvals"] = tuple(replace(one, commit=UNKNOWN) for one in request.approvals)  # type: ignore[union-attr]
    if "limits" not in names and draw(st.booleans()):
        missing["limits"] = tuple(replace(one, amount=UNKNOWN) for one in request.limits)  # type: ignore[union-attr]
    return replace(request, **missing)


@settings(max_examples=600, deadline=None)
@given(requests().flatmap(lambda request: st.tuples(st.just(request), hidden(request))))
def test_what_passes_without_knowing_would_pass_whatever_was_not_known(pair: tuple[SyncRequest, SyncRequest]) -> None:
    request, less = pair
    told, known = outcomes(less), outcomes(request)
    for id_, outcome in told.items():
        assert outcome != "error"
        if outcome in ("pass", "not applicable"):
            assert known[id_] in ("pass", "not applicable"), id_
        if outcome == "fail":
            assert known[id_] == "fail", id_
    if decides(preflight(less, plan=False)) == 0:
        assert decides(preflight(request, plan=False)) == 0


def test_a_plan_does_not_ask_what_only_an_applying_run_can_meet() -> None:
    request = replace(
        PRODUCTION, branch="try-it", approvals=(), locks=UNKNOWN, drift=UNKNOWN, backend_encrypted=False,
        account_found=UNKNOWN, changed=UNKNOWN,
    )  # fmt: skip
    judged = preflight(request, plan=True)
    assert decides(judged) == 0
    unchecked = {one.id for one in judged if one.outcome == "not checked"}
    assert unchecked == {id_ for id_, rule in preflight_rules().items() if rule.applying}
    assert {"sync-into-frozen-environment", "image-named-by-tag", "setting-above-limit"} & unchecked == set()
    assert decides(preflight(replace(request, frozen=Freeze(date(2027, 1, 1), "why")), plan=True)) == 1


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"branch": "main "}, "production-synced-from-unprotected-branch"),
        ({"branch": "refs/heads/main"}, "production-synced-from-unprotected-branch"),
        ({"approvals": (replace(GRACE, by="@GRACE"),), "requester": "grace"}, "production-synced-without-approval"),
        ({"approvals": (replace(GRACE, commit=COMMIT[:12]),)}, "production-synced-without-approval"),
        ({"approvals": (replace(GRACE, by="group_3_bot"),)}, "production-synced-without-approval"),
        ({"backend": "/srv/state"}, "production-state-kept-locally"),
        ({"backend": "File:///srv/state"}, "production-state-kept-locally"),
        ({"backend": "s3://a?endpoint=http://127.0.0.1:9000"}, "production-state-kept-locally"),
        ({"backend": "https://localhost/"}, "production-state-kept-locally"),
        ({"backend": "s3://a?region=x&endpoint=minio.local:9000"}, "production-state-kept-locally"),
        ({"backend": "s3://a?endpoint=http://minio.example.com"}, "state-without-encryption"),
        ({"backend_override": "s3://platform-production-state/elsewhere"}, "state-in-another-backend"),
        ({"secrets_provider": "Passphrase"}, "production-secrets-behind-a-passphrase"),
        ({"secrets_providers": ("passphrase",)}, "secrets-by-another-provider"),
        ({"images": (Image("api", f"api@{DIGEST.upper()}"),)}, "image-named-by-tag"),
        ({"images": (Image("api", f"{DIGEST}\n"),)}, "image-named-by-tag"),
        ({"images": (Image("api", ""),)}, "image-named-by-tag"),
        ({"as_of": datetime(2026, 10, 30, tzinfo=UTC)}, "sync-judged-at-another-time"),
        ({"production": False}, "environment-in-production-account"),
        ({"limits": (Limited("a", "nan", float("nan"), 20, "p"),)}, "setting-above-limit"),
    ],
)  # fmt: skip
def test_ways_past_a_rule(changes: dict[str, Any], rule: str) -> None:
    assert outcomes(replace(PRODUCTION, **changes))[rule] == "fail"


def test_a_waiver_holds_through_its_last_day() -> None:
    waived = replace(PRODUCTION, waivers=(AcceptedFinding("SEC-1", date(2026, 11, 2)),))
    last = datetime(2026, 11, 2, 23, 59, tzinfo=UTC)
    for as_of, outcome in ((last, "pass"), (last + timedelta(minutes=1), "fail")):
        assert outcomes(replace(waived, as_of=as_of))["waiver-expired"] == outcome


def test_a_rule_that_crashes_is_named_and_stops_the_sync() -> None:
    rule = next(iter(preflight_rules().values()))

    def crash(sync: SyncRequest) -> Any:
        raise KeyError("nothing")

    for check in (crash, lambda sync: True, lambda sync: None):
        broken = replace(rule, check=check)
        [judged] = preflight(PRODUCTION, False, {rule.id: broken})
        assert judged.outcome == "error" and f"the rule {rule.id} itself failed" in judged.message
        assert decides([judged]) == 1


def test_where_nothing_is_judged_nothing_is_decided() -> None:
    assert decides([]) == 3
    assert len(preflight_rules()) >= 20


def judged(outcome: Any) -> Judged:
    return Judged("a-rule", "A rule", outcome, "why", "Do it.")


def test_a_failure_outranks_what_is_unknown() -> None:
    assert decides([judged("unknown"), judged("fail")]) == 1
    assert decides([judged("unknown"), judged("error")]) == 1
    assert decides([judged("unknown"), judged("not checked"), judged("pass")]) == 3
    assert decides([judged("not applicable"), judged("not checked"), judged("pass")]) == 0


def test_a_declaration_needs_examples_and_a_slug() -> None:
    rule = next(iter(preflight_rules().values()))
    with pytest.raises(ValueError, match="one compliant and one violating"):
        replace(rule, violating=())
    with pytest.raises(ValueError, match="slug"):
        Preflight("Bad", "t", "r", "r", True, (PRODUCTION,), (PRODUCTION,), lambda sync: PASS)


# The list on a terminal.


def test_the_list_is_a_line_for_each_rule_and_mends_only_failures() -> None:
    hostile = replace(PRODUCTION, branch="main\x1b[31m\u202e\nfix: all is well", locks=UNKNOWN)
    out = io.StringIO()
    show(preflight(hostile, plan=False), Console(file=out, width=300))
    lines = out.getvalue().splitlines()
    assert len(lines) == len(preflight_rules()) + 2
    assert sum(line.startswith("    fix: ") for line in lines) == 1
    assert "\x1b" not in out.getvalue() and "\u202e" not in out.getvalue()
    assert "main\\x1b[31m\\u202e\\nfix" in out.getvalue()
    assert any("sync-of-a-locked-stack  unknown: nobody could be asked" in line for line in lines)
    assert lines[-1] == f"preflight: 1 fail, 1 unknown, 1 not applicable, {len(preflight_rules()) - 3} pass"


def test_what_requirements_a_rule_serves_is_kept_and_shown_where_it_fails() -> None:
    ruleset = load_ruleset("test", built_in_rules())
    found = preflight(replace(PRODUCTION, branch="try-it", region_found="us-east-1"), plan=False, ruleset=ruleset)
    told = {one.id: one.as_dict()["requirements"] for one in found}
    assert told["production-synced-from-unprotected-branch"] == ["1.2.2", "6.5.1", "6.5.4"]
    assert told["sync-of-a-locked-stack"] == ["1.2.8"] and told["sync-into-another-region"] == []
    assert {one.id: one.as_dict()["requirements"] for one in preflight(PRODUCTION, True, ruleset=ruleset)} == told
    out = io.StringIO()
    show(found, Console(file=out, width=300))
    shown = [line for line in out.getvalue().splitlines() if "PCI DSS" in line]
    assert [line.split()[1] for line in shown] == ["production-synced-from-unprotected-branch"]
    assert shown[0].endswith("synced from main.  PCI DSS 1.2.2, 6.5.1, 6.5.4")


# Facts of the platform.


def platform_in(folder: Path, edit: Callable[[str], str] = str) -> Path:
    """The example platform in a repository of its own, production's file edited."""
    place = folder / "repository" / "platform"
    shutil.copytree(EXAMPLE, place)
    file = place / "environments" / "production.yaml"
    file.write_text(edit(file.read_text()))
    return place


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=Ada", "-c", "user.email=ada@example.com", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> tuple[Scope, str]:
    """A scope of a platform that is committed on `main`, and the commit."""
    place = platform_in(tmp_path)
    git(place.parent, "init", "--quiet", "--initial-branch=main")
    git(place.parent, "add", ".")
    git(place.parent, "commit", "--quiet", "--message=platform")
    return Scope.of(read_platform(place), "payments", "production", "acme"), git(place.parent, "rev-parse", "HEAD")


def waiver(**more: Any) -> Waiver:
    facts: dict[str, Any] = {
        "rule": "sqs-queue-without-customer-key", "stack": f"platform/{STACK}", "urn": "*", "owner": "a", "reason": "b",
        "ticket": "SEC-9", "approver": "c", "expires": date(2026, 11, 1), "created": None,
        "compensating_control": None, "state": "expired", "line": 3,
    }  # fmt: skip
    return Waiver(**{**facts, **more})


def plan_of(scope: Scope, **more: Any) -> SyncRequest:
    facts: dict[str, Any] = {"as_of": NOON, "now": NOON, "waivers": Waivers(), "state": State(), "environ": {}}
    return collect(scope, plan=True, **{**facts, **more})


def test_the_facts_of_a_plan_come_from_the_files_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.socket.connect", None)
    scope = Scope.of(read_platform(EXAMPLE), "payments", "production", "acme")
    request = plan_of(scope)
    assert (request.account, request.region, request.stack) == ("111122223333", "eu-central-1", STACK)
    assert request.production_accounts == ("111122223333",)
    assert [one.workload for one in request.images] == ["api", "settle", "tokens", "the cache"]  # type: ignore[union-attr]
    limits = {one.setting: one.amount for one in request.limits}  # type: ignore[union-attr]
    assert limits["workload.max_replicas of api"] == 8 and limits["workload.max_replicas of settle"] == 4
    assert limits["workload.memory of api"] == 0.5
    assert decides(preflight(request, plan=True)) == 0
    assert decides(preflight(request, plan=False)) == 3


def test_a_limit_below_a_tenants_setting_is_told_where_it_is_written(tmp_path: Path) -> None:
    scope = Scope.of(read_platform(EXAMPLE), "payments", "production", "acme")
    scope.environment.limits["workload.max_replicas"] = 7
    try:
        [found] = [one for one in preflight(plan_of(scope), plan=True) if one.outcome == "fail"]
    finally:
        scope.environment.limits["workload.max_replicas"] = 20
    assert found.id == "setting-above-limit"
    assert "workload.max_replicas of api is 8, at most 7" in found.message and "tenants.yaml:6" in found.message


def test_a_freeze_and_the_waivers_of_the_stack(tmp_path: Path) -> None:
    place = platform_in(tmp_path, lambda text: text + "frozen: {reason: inventory, until: 2026-11-03}\n")
    scope = Scope.of(read_platform(place), "payments", "production", "acme")
    others = Waivers([waiver(), waiver(stack="platform/payments.production.globex", ticket="SEC-2")])
    request = plan_of(scope, waivers=others)
    assert request.frozen == Freeze(date(2026, 11, 3), "inventory")
    told = {one.id: one.message for one in preflight(request, plan=True) if one.outcome == "fail"}
    assert told == {
        "sync-into-frozen-environment": "production is frozen until 2026-11-03: inventory.",
        "waiver-expired": "Expired: SEC-9 (sqs-queue-without-customer-key) on 2026-11-01.",
    }


# Facts of the change: git and GitLab.


@pytest.fixture
def server() -> Iterator[Project]:
    with gitlab_server() as project:
        yield project


def pipeline(server: Project, commit: str, **more: str) -> dict[str, str]:
    told = {
        "CI_SERVER_URL": server.url, "CI_PROJECT_ID": "7", "CI_PROJECT_PATH": "pay/platform", "CI_COMMIT_SHA": commit,
        "CI_COMMIT_BRANCH": "main", "CI_COMMIT_REF_PROTECTED": "true", "GITLAB_USER_LOGIN": "ada",
        "LYCHGATE_GITLAB_TOKEN": TOKEN,
    }  # fmt: skip
    return {**told, **more}


def named(server: Project, project: str = "7") -> GitLabProject:
    """What lychgate.yaml says of the server."""
    return GitLabProject(server.url, project)


def before_production(scope: Scope) -> Scope:
    return Scope.of(scope.platform, "payments", "test", "acme")


HEAD, EARLIER = "a" * 40, "b" * 40
MORNING, LATER, EVENING = "2026-11-02T08:00:00.000Z", "2026-11-02T10:00:00.000Z", "2026-11-02T18:00:00.000+02:00"


def test_a_reviewed_change(checkout: tuple[Scope, str], server: Project) -> None:
    scope, commit = checkout
    server.branch("main", True, commit)
    server.merged(4, commit, head=HEAD, versions=((MORNING, HEAD),), approved=(("grace", LATER),))
    change = change_of(scope, pipeline(server, commit), (), named(server))
    assert (change.branch, change.branch_protected, change.branch_holds_commit) == ("main", True, True)
    assert (change.commit, change.changed, change.requester, change.authors) == (commit, (), "ada", ("ada",))
    assert change.approvals == (Approval("grace", datetime(2026, 11, 2, 10, tzinfo=UTC), commit),)
    assert all(re.match("/api/v4/projects/7(/|$)", path) for path in server.asked)


@pytest.mark.parametrize(
    ("approved", "covers"),
    [(EVENING, "commit"), (LATER, EARLIER), ("2026-11-02T15:59:59Z", EARLIER), (None, None)],
    ids=["after-the-last-push", "before-it", "a-moment-before-it", "when-is-not-told"],
)  # fmt: skip
def test_an_approval_is_of_the_version_that_it_was_given_for(
    checkout: tuple[Scope, str], server: Project, approved: str | None, covers: str | None
) -> None:
    scope, commit = checkout
    server.branch("main", True, commit)
    versions = ((EVENING, HEAD), (MORNING, EARLIER))
    server.merged(4, commit, head=HEAD, versions=versions, approved=(("grace", approved),))
    change = change_of(scope, pipeline(server, commit), (), named(server))
    [approval] = change.approvals  # type: ignore[misc]
    assert isinstance(approval.commit, Unknown) if covers is None else True
    if covers is not None:
        assert approval.commit == (commit if covers == "commit" else covers)


def approval_rule(scope: Scope, environ: dict[str, str], gitlab: GitLabProject) -> str:
    change = change_of(scope, environ, (), gitlab)
    request = replace(PRODUCTION, **{field.name: getattr(change, field.name) for field in fields(change)})
    return outcomes(request)["production-synced-without-approval"]


def test_an_approval_counts_only_of_what_was_merged_by_another(checkout: tuple[Scope, str], server: Project) -> None:
    scope, commit = checkout
    server.branch("main", True, commit)
    merged = {"head": HEAD, "versions": ((MORNING, HEAD),), "approved": (("grace", LATER),)}
    server.merged(4, commit, **merged)  # type: ignore[arg-type]
    asks = pipeline(server, commit)
    assert approval_rule(scope, asks, named(server)) == "pass"
    assert approval_rule(scope, {**asks, "GITLAB_USER_LOGIN": "Grace"}, named(server)) == "fail"
    for more in ({"author": "grace"}, {"state": "opened"}, {"state": "closed"}, {"target_branch": "try-it"},
                 {"merge_commit_sha": EARLIER}):  # fmt: skip
        server.answers[f"/repository/commits/{commit}/merge_requests"] = []
        server.merged(4, commit, **{**merged, **more})  # type: ignore[arg-type]
        assert approval_rule(scope, asks, named(server)) == "fail", more
    server.answers[f"/repository/commits/{commit}/merge_requests"] = []
    squashed = {"merge_commit_sha": None, "squash_commit_sha": commit}
    server.merged(4, commit, **{**merged, **squashed})  # type: ignore[arg-type]
    assert approval_rule(scope, asks, named(server)) == "pass"
    server.answers[f"/repository/commits/{commit}/merge_requests"] = []
    assert approval_rule(scope, asks, named(server)) == "fail"


def test_what_a_pipeline_says_of_itself_is_believed_only_against_it(
    checkout: tuple[Scope, str], server: Project
) -> None:
    scope, commit = checkout
    server.branch("main", False, commit)
    assert change_of(scope, pipeline(server, commit), (), named(server)).branch_protected is False
    server.branch("main", True)
    assert (
        change_of(scope, pipeline(server, commit, CI_COMMIT_REF_PROTECTED="false"), (), named(server)).branch_protected
        is False
    )
    refs = [{"type": "branch", "name": "mine"}, {"type": "tag", "name": "main"}]
    server.answers[f"/repository/commits/{commit}/refs"] = refs
    assert change_of(scope, pipeline(server, commit), (), named(server)).branch_holds_commit is False


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"LYCHGATE_GITLAB_TOKEN": ""}, "LYCHGATE_GITLAB_TOKEN is not set"),
        ({"LYCHGATE_GITLAB_TOKEN": "wrong"}, "401"),
        ({"LYCHGATE_GITLAB_PROJECT": "mallory/platform"}, "of another project than lychgate.yaml's 7"),
        ({"CI_PROJECT_PATH": "mallory/platform"}, "of another project than lychgate.yaml's 7"),
        ({"CI_PROJECT_ID": "8"}, "of another project than lychgate.yaml's 7"),
        ({"LYCHGATE_GITLAB_URL": "http://127.0.0.1:9"}, "LYCHGATE_GITLAB_URL is of another GitLab"),
        ({"CI_SERVER_URL": "https://gitlab.example.com"}, "CI_SERVER_URL is of another GitLab"),
        ({"CI_SERVER_URL": "http://[::1"}, "Invalid IPv6 URL"),
    ],
)  # fmt: skip
def test_what_gitlab_cannot_be_asked_is_unknown(
    checkout: tuple[Scope, str], server: Project, more: dict[str, str], why: str
) -> None:
    scope, commit = checkout
    change = change_of(scope, pipeline(server, commit, **more), (), named(server))
    for found in (change.branch_protected, change.branch_holds_commit, change.approvals, change.authors):
        assert isinstance(found, Unknown) and why in found.why, found
        assert TOKEN not in found.why


def test_a_pipeline_cannot_say_which_gitlab_vouches_for_production(
    checkout: tuple[Scope, str], server: Project
) -> None:
    scope, commit = checkout
    server.branch("main", True, commit)
    server.merged(4, commit, head=HEAD, versions=((MORNING, HEAD),), approved=(("grace", LATER),))
    change = change_of(scope, pipeline(server, commit), ())
    for found in (change.branch_protected, change.branch_holds_commit, change.approvals, change.authors):
        assert found == Unknown("GitLab was not asked: lychgate.yaml names no GitLab project")
    assert server.asked == []
    test = change_of(before_production(scope), pipeline(server, commit), ())
    assert test.branch_protected is True and test.approvals


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"LYCHGATE_GITLAB_PROJECT": "pay/platform", "CI_PROJECT_PATH": "mallory/platform"}, "of another project"),
        ({"LYCHGATE_GITLAB_URL": "http://gitlab.example.com"}, "by HTTPS only"),
        ({"LYCHGATE_GITLAB_URL": "http://127.0.0.1:9"}, "Connection"),
    ],
)  # fmt: skip
def test_before_production_the_variables_must_agree_among_themselves(
    checkout: tuple[Scope, str], server: Project, more: dict[str, str], why: str
) -> None:
    scope, commit = checkout
    found = change_of(before_production(scope), pipeline(server, commit, **more), ()).approvals
    assert isinstance(found, Unknown) and why in found.why


@pytest.mark.parametrize("project", ["7", "pay/platform", "Pay/Platform"])
@pytest.mark.parametrize(
    "told",
    [
        {},
        {"CI_PROJECT_ID": ""},
        {"CI_PROJECT_PATH": ""},
        {"CI_PROJECT_ID": "", "CI_PROJECT_PATH": "", "CI_SERVER_URL": ""},
        {"LYCHGATE_GITLAB_PROJECT": "PAY/platform", "CI_PROJECT_PATH": "pay/PLATFORM"},
    ],
    ids=["both", "path", "number", "nothing", "letters"],
)
def test_a_projects_number_and_its_path_are_one(
    checkout: tuple[Scope, str], server: Project, project: str, told: dict[str, str]
) -> None:
    scope, commit = checkout
    server.branch("main", True, commit)
    told = {"CI_SERVER_URL": f"{server.url}/".replace("http", "HTTP"), **told}
    change = change_of(scope, pipeline(server, commit, **told), (), named(server, project))
    assert change.branch_protected is True
    for wrong in ({"CI_PROJECT_ID": "77"}, {"CI_PROJECT_PATH": "pay/platform2"}):
        change = change_of(scope, pipeline(server, commit, **{**told, **wrong}), (), named(server, project))
        assert isinstance(change.branch_protected, Unknown) and "another project" in change.branch_protected.why


def test_variables_of_the_process_lead_to_no_other_gitlab(
    checkout: tuple[Scope, str], server: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    scope, commit = checkout
    server.branch("main", True, commit)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b\n")
    assert change_of(scope, pipeline(server, commit), (), named(server)).branch_protected is True
    found = change_of(before_production(scope), pipeline(server, commit), ()).branch_protected
    assert isinstance(found, Unknown) and "Proxy" in found.why


def test_certificates_that_lychgate_yaml_names_are_a_part_of_the_change(
    checkout: tuple[Scope, str], server: Project
) -> None:
    scope, commit = checkout
    server.branch("main", True, commit)
    file = scope.platform.folder.parent / "certificates.pem"
    file.write_text("")
    change = change_of(scope, pipeline(server, commit), (), replace(named(server), ca=file))
    assert change.changed == ("certificates.pem",)


@pytest.mark.parametrize("status", [302, 403, 404, 500])
def test_an_answer_that_is_none_is_unknown(checkout: tuple[Scope, str], server: Project, status: int) -> None:
    scope, commit = checkout
    server.branch("main", True, commit)
    server.answers[f"/repository/commits/{commit}/merge_requests"] = status
    change = change_of(scope, pipeline(server, commit), (), named(server))
    assert isinstance(change.approvals, Unknown) and isinstance(change.authors, Unknown)
    assert change.branch_protected is True


def test_a_checkout_of_another_commit_or_branch_than_the_pipelines(
    checkout: tuple[Scope, str], server: Project
) -> None:
    scope, commit = checkout
    assert isinstance(change_of(scope, pipeline(server, OLDER), (), named(server)).commit, Unknown)
    git(scope.platform.folder, "checkout", "--quiet", "-b", "mine")
    assert isinstance(change_of(scope, pipeline(server, commit), (), named(server)).branch, Unknown)
    assert change_of(scope, {}, ()).branch == "mine"
    git(scope.platform.folder, "tag", "main2")
    git(scope.platform.folder, "checkout", "--quiet", "--detach", "main2")
    assert change_of(scope, pipeline(server, commit), (), named(server)).branch == "main"
    assert isinstance(change_of(scope, {"CI_COMMIT_TAG": "main"}, ()).branch, Unknown)


def test_files_that_are_not_as_they_were_committed(checkout: tuple[Scope, str]) -> None:
    scope, _ = checkout
    folder = scope.platform.folder
    (folder.parent / "lychgate.yaml").write_text("platform: platform\n")
    (folder / "environments" / "new.yaml").write_text("")
    (folder / "applications" / "reports.yaml").unlink()
    tenants = folder / "tenants.yaml"
    tenants.write_text(tenants.read_text() + "# more\n")
    found = change_of(scope, {}, (folder.parent / "lychgate.yaml",)).changed
    assert found == (
        "lychgate.yaml", "platform/applications/reports.yaml", "platform/environments/new.yaml",
        "platform/tenants.yaml",
    )  # fmt: skip


def test_a_link_that_leads_elsewhere_is_a_change(checkout: tuple[Scope, str]) -> None:
    scope, _ = checkout
    file = scope.platform.folder / "environments" / "production.yaml"
    file.unlink()
    file.symlink_to("test.yaml")
    assert change_of(scope, {}, ()).changed == ("platform/environments/production.yaml",)
    git(scope.platform.folder, "add", ".")
    git(scope.platform.folder, "commit", "--quiet", "--message=link")
    assert change_of(scope, {}, ()).changed == ()
    outside = scope.platform.folder.parents[1] / "outside.yaml"
    outside.write_text("")
    file.unlink()
    file.symlink_to(outside)
    assert str(outside) in change_of(scope, {}, ()).changed  # type: ignore[operator]


def test_outside_of_a_repository_nothing_is_known_of_the_change(tmp_path: Path) -> None:
    scope = Scope.of(read_platform(platform_in(tmp_path)), "payments", "production", "acme")
    change = change_of(scope, {}, ())
    assert all(isinstance(getattr(change, field.name), Unknown) for field in fields(change))


# Facts of the state and the account.


def lock(backend: Path, name: str = "1.json", **more: Any) -> None:
    folder = backend / ".pulumi" / "locks" / "organization" / "platform" / STACK
    folder.mkdir(parents=True, exist_ok=True)
    told = {"pid": 411, "username": "grace", "hostname": "runner-3", "timestamp": "2026-11-02T11:58:00Z", **more}
    (folder / name).write_text(json.dumps(told))


def test_locks_are_read_from_the_backend(tmp_path: Path) -> None:
    url = f"file://{tmp_path}"
    (tmp_path / ".pulumi").mkdir()
    (tmp_path / ".pulumi" / "meta.yaml").write_text("version: 1\n")
    assert stack_locks(url, STACK) == ()
    lock(tmp_path)
    assert stack_locks(url, STACK) == ("grace@runner-3 (process 411) since 2026-11-02T11:58:00Z",)
    (tmp_path / ".pulumi" / "locks" / "organization" / "platform" / STACK / "2.json").write_text("not JSON")
    assert len(stack_locks(url, STACK)) == 2  # type: ignore[arg-type]
    assert isinstance(stack_locks("https://api.pulumi.com", STACK), Unknown)
    (tmp_path / ".pulumi" / "meta.yaml").write_text("version: 9\n")
    assert isinstance(stack_locks(url, STACK), Unknown)


def state_with(provider: dict[str, Any]) -> State:
    deployment = {"manifest": {}, "secrets_providers": provider, "resources": []}
    return State(read_checkpoint(json.dumps({"version": 3, "deployment": deployment}).encode()))


KMS = {"type": "cloud", "state": {"url": "awskms://alias/platform-state", "encryptedkey": "x"}}


def test_what_encrypts_the_secrets_is_in_the_kept_settings_and_in_the_state(tmp_path: Path) -> None:
    scope = Scope.of(read_platform(platform_in(tmp_path)), "payments", "production", "acme")
    kept = scope.platform.folder / "stacks" / f"Pulumi.{STACK}.yaml"
    assert secrets_providers(scope, State()) == ()
    assert secrets_providers(scope, state_with(KMS)) == ("awskms://alias/platform-state",)
    assert secrets_providers(scope, state_with({"type": "passphrase", "state": {"salt": "v1:x"}})) == ("passphrase",)
    assert isinstance(secrets_providers(scope, State(unread="no answer")), Unknown)
    kept.parent.mkdir()
    for text, found in (
        ("encryptionsalt: v1:x\n", ("passphrase",)),
        ("secretsprovider: default\nencryptionsalt: v1:x\n", ("passphrase",)),
        ("secretsprovider: awskms://alias/a\n", ("awskms://alias/a",)),
        ("", ()),
    ):
        kept.write_text(text)
        assert secrets_providers(scope, State()) == found
    assert secrets_providers(scope, state_with(KMS)) == ("awskms://alias/platform-state",)
    kept.write_text("secretsprovider: [\n")
    assert isinstance(secrets_providers(scope, state_with(KMS)), Unknown)
    kept.unlink()
    kept.symlink_to("/etc/hostname")
    assert isinstance(secrets_providers(scope, state_with(KMS)), Unknown)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        yield


@pytest.mark.usefixtures("aws")
def test_a_bucket_says_whether_it_encrypts() -> None:
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket="state")
    url = "s3://state/prefix?region=us-east-1"
    client.delete_bucket_encryption(Bucket="state")
    assert backend_encrypted(url) is False
    default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    client.put_bucket_encryption(Bucket="state", ServerSideEncryptionConfiguration={"Rules": [default]})
    assert backend_encrypted(url) is True
    assert isinstance(backend_encrypted("s3://nothing-here?region=us-east-1"), Unknown)
    assert backend_encrypted("gs://state") is True
    assert backend_encrypted("file:///srv") is False
    assert isinstance(backend_encrypted("https://api.pulumi.com"), Unknown)


@pytest.mark.usefixtures("aws")
def test_aws_says_whose_the_credentials_are(monkeypatch: pytest.MonkeyPatch) -> None:
    assert account_found("eu-central-1") == "123456789012"
    assert isinstance(region_found(), Unknown)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    assert region_found() == "eu-central-1"
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    assert region_found() == "eu-central-1"
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    assert region_found() == Unknown("AWS_REGION is us-east-1, and AWS_DEFAULT_REGION or the profile says eu-central-1")


@pytest.mark.usefixtures("aws")
def test_an_account_that_another_endpoint_speaks_for_is_not_known(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whoever answers there says what it likes: that nothing has drifted, for one."""
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SQS"):
        with monkeypatch.context() as patch:
            patch.setenv(name, "http://127.0.0.1:9")
            found = account_found("eu-central-1")
            assert isinstance(found, Unknown) and found.why.startswith(f"{name} leads to another place")
            patch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
            assert account_found("eu-central-1") == "123456789012"
    config = tmp_path / "config"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    services = "services = mine\n[services mine]\nsqs =\n  endpoint_url = http://127.0.0.1:9"
    for text in ("endpoint_url = http://127.0.0.1:9", services):
        config.write_text(f"[default]\n{text}\n")
        found = account_found("eu-central-1")
        assert isinstance(found, Unknown) and found.why.startswith("the profile default leads to another place")


def test_without_credentials_the_account_is_unknown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    found = account_found("eu-central-1")
    assert isinstance(found, Unknown) and "credentials" in found.why


@pytest.mark.usefixtures("aws")
def test_a_sync_into_production_that_may_begin(
    checkout: tuple[Scope, str], server: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    scope, commit = checkout
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    role = "arn:aws:iam::111122223333:role/platform-deployer"
    told = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="sync")["Credentials"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", told["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", told["SecretAccessKey"])
    monkeypatch.setenv("AWS_SESSION_TOKEN", told["SessionToken"])
    client = boto3.client("s3", region_name="eu-central-1")
    client.create_bucket(
        Bucket="platform-production-state", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    client.put_bucket_encryption(
        Bucket="platform-production-state", ServerSideEncryptionConfiguration={"Rules": [default]}
    )
    server.branch("main", True, commit)
    server.merged(4, commit, head=HEAD, versions=((MORNING, HEAD),), approved=(("grace", LATER),))
    facts: dict[str, Any] = {
        "as_of": NOON, "now": NOON, "waivers": Waivers(), "state": State(), "drift": Drift(0),
        "environ": pipeline(server, commit), "gitlab": named(server, "pay/platform"),
    }  # fmt: skip
    request = collect(scope, plan=False, **facts)
    assert stopped_by(request) == set(), [one for one in preflight(request, plan=False) if one.outcome != "pass"]
    facts["environ"]["PULUMI_BACKEND_URL"] = "file://~"
    found = stopped_by(collect(scope, plan=False, **facts))
    assert found == {"production-state-kept-locally", "state-in-another-backend"}
    del facts["drift"], facts["environ"]["PULUMI_BACKEND_URL"]
    assert stopped_by(collect(scope, plan=False, **facts)) == {"drift-without-explanation"}
    del facts["gitlab"]
    assert stopped_by(collect(scope, plan=False, **facts)) == {
        "drift-without-explanation", "production-synced-from-unprotected-branch", "production-synced-without-approval",
    }  # fmt: skip


def test_drift_is_none_only_where_every_call_was_answered() -> None:
    queue = ResourceDrift("urn:a", "aws:sqs/queue:Queue", "outbox", "id", "changed")
    silent = ResourceDrift(
        "urn:b", "aws:sqs/queue:Queue", "inbox", "id", "same", unread=(Unread("sqs", "AccessDenied"),)
    )
    assert drift_of(drift_records.Drift()) == Drift(0)
    assert isinstance(drift_of(drift_records.Drift((silent,))), Unknown)
    assert drift_of(drift_records.Drift((queue, silent))) == Drift(1, ("outbox (changed)",))
    told = {"outbox": "INC-42"}
    assert drift_of(drift_records.Drift((queue,)), told) == Drift(1)
    assert isinstance(drift_of(drift_records.Drift((queue, silent)), told), Unknown)  # who knows what inbox hides


def test_a_name_of_several_things_explains_none_of_them() -> None:
    bucket, policy = (
        ResourceDrift(f"urn:{type_}", type_, "receipts", "id", "changed")
        for type_ in ("aws:s3/bucketVersioning:BucketVersioning", "aws:s3/bucketPolicy:BucketPolicy")
    )
    found = drift_records.Drift((bucket, policy))
    both = tuple(f"{one.type}::receipts (changed)" for one in (bucket, policy))
    assert drift_of(found, {"receipts": "by hand"}) == Drift(2, both)
    assert drift_of(found, {f"{bucket.type}::receipts": "by hand"}) == Drift(2, both[1:])
    assert drift_of(found, {f"{bucket.type}::receipts": "x", policy.urn: "y"}) == Drift(2)
