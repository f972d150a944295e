"""A request from its verdict to the merge request: what is shown is what is submitted, once, or nothing."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from typing import Any

import orjson
import pytest
from lychgate.portal.changes import Changed, Property, changes_of
from lychgate.portal.runs import Person
from lychgate.portal.verdicts import Judged
from lychgate.portal.web.previews import LASTS, MOST_OF_ONE, MOST_WAITING, patch_of
from lychgate.portal.web.processes import JudgingError
from lychgate.portal.web.sessions import User
from lychgate.provisioner.sync.difference import difference
from lychgate.reports.document import parse

from lychgate.model.errors import InputError
from lychgate.model.graph import Graph, Resource
from lychgate.model.values import Secret
from tests.portal.web.conftest import ADA, ORIGIN, Site, text_of
from tests.portal.web.test_pages import verdict
from tests.provisioner.sync.test_difference import made
from tests.reports.trend.stores import RULES, document, judgement

QUEUE = "/applications/payments/new/queue"
FIELDS = {"name": "refunds", "settings_retention_days": "7"}
ENTRY = "  refunds: {kind: queue, settings: {retention_days: 7}}\n"


def whole(document: dict[str, Any]) -> dict[str, Any]:
    return parse(orjson.dumps(document), "a verdict")


def submit(site: Site, where: str, **fields: str) -> Any:
    return site.post(f"{where}/submit", {"digest": site.preview(where).digest, **fields})


def test_what_was_judged_is_submitted(site: Site) -> None:
    before, head = site.world.application("payments"), site.world.git("rev-parse", "HEAD")
    site.verdict = Judged({"test": whole(verdict("pass", stack="platform/payments.test.acme"))}, 0, 0)
    where = site.ask(QUEUE, FIELDS)
    page = text_of(site.get(where))
    for words in (
        "payments: create queue refunds",
        "It may be submitted",
        "payments.test.acme test acme",
        ENTRY.strip(),
    ):
        assert words in page
    assert "Asked for by `ada@example.com` in Lychgate's portal" in page and "Submit: open the merge request" in page
    assert submit(site, where).status_code == 303
    (commit,) = site.world.gitlab.commits
    (action,) = commit["actions"]
    assert (commit["author_name"], commit["author_email"]) == ("Ada Lovelace", "ada@example.com")
    assert (action["file_path"], action["content"]) == ("platform/applications/payments.yaml", before + ENTRY)
    (opened,) = site.world.gitlab.requests
    assert opened["title"] == "payments: create queue refunds" and opened["description"] in unescape(site.get(where))
    assert site.world.gitlab.branches == {opened["source_branch"]: head}
    assert opened["web_url"] in site.get(where) and opened["web_url"] in site.get("/requests")
    assert site.world.application("payments") == before and site.world.git("status", "--porcelain") == ""
    assert submit(site, where).status_code == 409 and len(site.world.gitlab.requests) == 1


def test_what_happens_to_resources_is_told_once_for_stacks_that_are_alike(site: Site) -> None:
    def stack(tenant: str, *more: Changed) -> tuple[Changed, ...]:
        policy = Property("policy", f'"{tenant} <old>"', f'"{tenant} <new>"')
        days = Property("retention", "7", "14")
        return (Changed("update", "aws:sqs/queue:Queue", "jobs", ("DATA STORE",), (days, policy)), *more)

    gone = Changed("delete", "aws:sns/topic:Topic", "old")
    changes = {"payments.test.shared": (), "payments.test.acme": stack("acme"), "payments.test.globex": stack("globex")}
    site.verdict = Judged({}, 0, 0, (), changes | {"payments.test.initech": stack("initech", gone)})
    page = text_of(site.get(site.ask(QUEUE, FIELDS)))
    assert "payments.test.acme, payments.test.globex changes jobs aws:sqs/queue:Queue , DATA STORE" in page
    assert page.count("retention : 7 becomes 14") == 2 and "acme <old>" not in page
    assert 'policy : "initech <old>" becomes "initech <new>"' in page
    assert "takes away old aws:sns/topic:Topic" in page and "payments.test.shared Nothing changes." in page
    assert (
        "- `payments.test.shared`: nothing changes - `payments.test.acme`: 1 update; data may be lost with `jobs`"
        in page
    )
    assert "- `payments.test.initech`: 1 update, 1 delete; data may be lost with `jobs`" in page


def test_what_happens_to_resources_shows_no_secret_and_no_markup(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither on the page, nor in the merge request, nor in the log: not where it stands in the open either."""
    old, new, mark = "hunter2hunter2", "correct-horse-battery", "<script>alert(1)</script>\u202e`**[x](y)"

    def graph(secret: str, more: dict[str, Any], *resources: Resource) -> Graph:
        said = {
            "masterPassword": Secret(secret), "text": f"user:{secret}@host", mark: secret[:3], f"of {secret}": mark,
            "nested": {"a": [{"b": Secret({"c": secret})}, f"{secret} inside"]}, **more,
        }  # fmt: skip
        return Graph([made("aws:rds/cluster:Cluster", mark, said), *resources])

    came = made("aws:sqs/queue:Queue", f"came {new}", {"name": Secret(new)}, options={"importId": new})
    moved = made(
        "aws:sqs/queue:Queue",
        "moved",
        {"delaySeconds": 1},
        options={"aliasURNs": [f"urn:pulumi:dev::shop::a:b:C::{new}"]},
    )
    there = made("a:b:C", new, {})
    now = graph(new, {"whole": [Secret(new)], "also": {"x": Secret(new)}}, came, moved)
    before = graph(old, {"whole": {"y": Secret(old)}}, made("aws:sqs/queue:Queue", f"gone {old}", {}), there)
    site.verdict = Judged({}, 0, 0, (), {"payments.test.acme": changes_of(difference(now, before))})
    where = site.ask(QUEUE, FIELDS)
    page = site.get(where)
    submit(site, where)
    (opened,) = site.world.gitlab.requests
    assert "becomes <ins>[secret]</ins>" in page and "user:[secret]@host" in page and "masterPassword" in page
    assert "<script>alert" not in page and "\u202e" not in page and mark not in opened["description"]
    for text in (page, opened["description"], capsys.readouterr().err):
        assert old not in text and new not in text


def test_what_cannot_be_compared_is_said(site: Site) -> None:
    """Beside what can be: what is not told of an environment is not nothing."""
    verdicts = {name: whole(verdict("pass", stack=f"platform/payments.{name}.acme")) for name in ("production", "test")}
    site.verdict = Judged(verdicts, 0, 0, (), {"payments.test.acme": ()})
    where = site.ask(QUEUE, FIELDS)
    page = text_of(site.get(where))
    assert "payments.test.acme Nothing changes. What happens to them in production is not known" in page
    submit(site, where)
    (opened,) = site.world.gitlab.requests
    assert "- `payments.test.acme`: nothing changes\n- in `production`: not known" in opened["description"]


def test_the_patch_is_what_was_judged(site: Site) -> None:
    where = site.ask(QUEUE, FIELDS)
    patch = site.client.get(f"{where}/change.patch")
    assert "attachment" in patch.headers["Content-Disposition"]
    file = site.world.root.parent / "p.patch"
    file.write_bytes(patch.content)
    site.world.git("apply", "--index", str(file))
    assert site.world.application("payments").endswith(ENTRY)


@pytest.mark.parametrize("before", ["a\nb\n", "a\nb", "a\r\nb\r\n", "a\x0cb\n\u2028c\n", "a\n" * 50, "", "b\n\nx: 1\n"])
@pytest.mark.parametrize("name", ["a.yaml", "a b/c d.yaml", "\u00e9.yaml"])
def test_git_makes_of_a_patch_the_text_that_it_is_of(before: str, name: str, tmp_path: Any) -> None:
    after = before.replace("b", "other") + "\nnew"
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(before, newline="")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    if not before:
        return  # an application's file is never empty
    subprocess.run(["git", "apply"], cwd=tmp_path, input=patch_of(name, before, after).encode(), check=True)
    assert file.read_bytes().decode() == after


def test_without_a_token_nothing_is_pushed(make_site: Callable[..., Site], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LYCHGATE_GITLAB_TOKEN")
    site = make_site(pushes=False)
    where = site.ask(QUEUE, FIELDS)
    page = site.get(where)
    assert "This server pushes nothing" in page and "git apply --index" in page and "/submit" not in page
    assert "payments: create queue refunds" in page
    assert submit(site, where).status_code == 409
    assert not site.world.gitlab.branches


@pytest.mark.parametrize(("findings", "undetermined"), [(2, 0), (0, 1), (1, 3)])
def test_what_would_stop_a_deployment_is_not_submitted(site: Site, findings: int, undetermined: int) -> None:
    one = judgement(RULES[0], "platform/payments.test.acme", "refunds", "fail") | {"introduced": True}
    site.verdict = Judged({"test": whole(document(one, environment="test"))}, findings, undetermined)
    where = site.ask(QUEUE, FIELDS)
    page = site.get(where)
    assert "It may not be submitted" in page and "/submit" not in page and "change.patch" not in page
    assert RULES[0]["id"] in page and "Stops it" in page and "Do." in page
    assert submit(site, where).status_code == 409
    assert site.client.get(f"{where}/change.patch").status_code == 409
    assert not site.world.gitlab.branches


def test_what_was_there_before_stops_nothing(site: Site) -> None:
    one = judgement(RULES[0], "platform/payments.test.acme", "old", "fail") | {"introduced": False}
    site.verdict = Judged({"test": whole(document(one, environment="test"))}, 0, 0)
    page = text_of(site.get(site.ask(QUEUE, FIELDS)))
    assert "It may be submitted" in page and "There before, and not brought by this" in page


def test_a_deletion_that_brings_findings_is_a_draft(site: Site) -> None:
    site.verdict = Judged({}, 2, 0)
    where = site.ask("/applications/payments/delete/ledger", {"confirm": "ledger"})
    assert "as a draft" in site.get(where)
    submit(site, where)
    assert site.world.gitlab.requests[0]["title"] == "Draft: payments: delete table ledger"


def test_what_asks_for_a_second_person_says_so(site: Site) -> None:
    site.verdict = Judged({}, 0, 0, ("the class of the data in <i>receipts</i> is lowered",))
    page = site.get(site.ask(QUEUE, FIELDS))
    assert "Somebody else has to approve it" in page and "&lt;i&gt;receipts" in page and "It may be submitted" in page


def test_a_commit_in_between_has_to_be_judged_again(site: Site) -> None:
    where = site.ask(QUEUE, FIELDS)
    site.world.git("commit", "-q", "--allow-empty", "-m", "something else")
    site.world.gitlab.main.add(site.world.git("rev-parse", "HEAD"))
    page = site.get(where)
    assert "The checkout is at another commit since" in page and "/submit" not in page
    assert submit(site, where).status_code == 409
    assert site.client.get(f"{where}/change.patch").status_code == 409
    assert not site.world.gitlab.branches


def test_what_was_judged_long_ago_has_to_be_judged_again(site: Site) -> None:
    where = site.ask(QUEUE, FIELDS)
    site.preview(where).made = time.monotonic() - LASTS - 1
    assert submit(site, where).status_code == 409
    yesterday = site.ask(QUEUE, FIELDS | {"name": "others"})
    site.preview(yesterday).day = "2026-01-01"
    assert submit(site, yesterday).status_code == 409
    assert not site.world.gitlab.branches


@pytest.mark.parametrize("digest", ["", "0" * 64, "x"])
def test_what_is_submitted_is_named_by_its_digest(site: Site, digest: str) -> None:
    where = site.ask(QUEUE, FIELDS)
    assert submit(site, where, digest=digest).status_code == 409
    assert not site.world.gitlab.branches


def test_a_verdict_on_another_text_is_none(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    judge = site.judge
    site.judge = lambda order, told: replace(judge(order, told), after="owner: mallory\n")  # type: ignore[method-assign]
    where = site.ask(QUEUE, FIELDS)
    assert "Not judged" in site.get(where) and submit(site, where).status_code == 409


def test_of_two_that_submit_at_once_one_does(site: Site) -> None:
    where, token = site.ask(QUEUE, FIELDS), site.csrf()
    digest, statuses = site.preview(where).digest, list[int]()

    def send() -> None:
        client = site.log_in(ADA)
        client.cookies = site.client.cookies
        fields = {"csrf": token, "digest": digest}
        statuses.append(client.post(f"{where}/submit", data=fields, headers={"Origin": ORIGIN}).status_code)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(statuses) == [303, 409, 409, 409] and len(site.world.gitlab.requests) == 1


@pytest.mark.parametrize("fault", [401, 500])
def test_a_gitlab_that_refuses_can_be_asked_again(site: Site, fault: int) -> None:
    where = site.ask(QUEUE, FIELDS)
    site.world.gitlab.fault = fault
    answer = submit(site, where)
    assert answer.status_code == 502 and f"GitLab refuses ({fault})" in answer.text
    site.world.gitlab.fault = 0
    assert submit(site, where).status_code == 303 and len(site.world.gitlab.requests) == 1


def test_a_checkout_that_the_project_does_not_know_is_no_ground(site: Site) -> None:
    site.world.gitlab.main.clear()
    answer = submit(site, site.ask(QUEUE, FIELDS))
    assert answer.status_code == 422 and not site.world.gitlab.branches


def test_a_request_is_its_own_askers_alone(make_site: Callable[..., Site]) -> None:
    site = make_site(user=ADA)
    where = site.ask(QUEUE, FIELDS)
    other = site.log_in(User(Person("eve", "ada@example.com", ADA.person.teams), "Ada Lovelace"))
    for path in (where, f"{where}/change.patch", f"{where}/progress", f"{where}/report/test"):
        assert other.get(path).status_code == 404
    token = site.csrf(other)
    fields = {"csrf": token, "digest": site.preview(where, ADA).digest}
    assert other.post(f"{where}/submit", data=fields, headers={"Origin": ORIGIN}).status_code == 404
    assert "refunds" not in other.get("/requests").text and "refunds" in site.get("/requests")


@pytest.mark.parametrize("name", ["x", "%2e%2e%2fx", "a" * 5000, "%00"])
def test_there_is_no_request_of_another_name(site: Site, name: str) -> None:
    assert site.client.get(f"/requests/{name}").status_code in (404, 405)


def test_what_is_refused_by_judging_says_why(site: Site) -> None:
    site.verdict = InputError("platform/applications/payments.yaml", 9, 12, "<b>it</b> is wrong", "right")
    where = site.ask(QUEUE, FIELDS)
    page = site.get(where)
    assert "platform/applications/payments.yaml:9" in page and "&lt;b&gt;it&lt;/b&gt; is wrong" in page
    assert submit(site, where).status_code == 409


@pytest.mark.parametrize("error", [JudgingError("It took too long."), ValueError("a secret")])
def test_what_could_not_be_judged_is_not_submitted(
    site: Site, error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    site.verdict = error
    where = site.ask(QUEUE, FIELDS)
    page = site.get(where)
    assert "Not judged" in page and "a secret" not in page + capsys.readouterr().err
    assert submit(site, where).status_code == 409 and not site.world.gitlab.branches


def test_only_so_much_is_judged_and_waits(site: Site) -> None:
    go = threading.Event()
    judge = site.judge

    def slowly(order: Any, told: Any) -> Any:
        go.wait(20)
        return judge(order, told)

    site.judge = slowly  # type: ignore[method-assign]
    users = [User(Person(str(number), "a@example.com", ADA.person.teams), "A") for number in range(MOST_WAITING)]
    clients = [site.log_in(one) for one in users]
    try:
        for number, client in enumerate(clients[: MOST_WAITING // MOST_OF_ONE]):
            for turn in range(MOST_OF_ONE):
                answer = site.post(QUEUE, FIELDS | {"name": f"q{number}-{turn}"}, client)
                assert answer.status_code == 303
            page = client.get(answer.headers["location"]).text
            assert "data-progress" in page and '<meta http-equiv="refresh" content="3">' in page
        assert site.post(QUEUE, FIELDS, clients[0]).status_code == 503
        assert site.post(QUEUE, FIELDS, clients[-1]).status_code == 503
        assert site.get("/")  # the pages are there all the while
    finally:
        go.set()


def test_a_waiver_is_asked_for(site: Site) -> None:
    found = verdict("fail", "pass")
    found["judgements"][0]["fingerprint"] = "ab" * 16
    site.record(found)
    page = site.get("/waivers/new")
    value = f"notify.test.single.{'ab' * 16}"
    assert value in page and RULES[0]["id"] in page
    said = {"reason": "It moves | to a secret", "ticket": "SEC-12", "days": "7", "approver": "grace@example.com"}
    for wrong, words in (
        ({"finding": ""}, "It has to be one of these"), ({"finding": "notify.test.single.x"}, "It has to be one"),
        ({"approver": "Ada"}, "Somebody else has to answer for it"), ({"approver": ""}, "It has to be filled in"),
        ({"approver": "ada@example.com"}, "Somebody else"), ({"days": "400"}, "From 1 to 366"),
        ({"reason": ""}, "filled in"),
    ):  # fmt: skip
        answer = site.post("/waivers/new", {"finding": value, **said, **wrong})
        assert answer.status_code == 422 and words in answer.text, wrong
    site.verdict = Judged({"test": whole(found)}, 0, 0)
    where = site.ask("/waivers/new", {"finding": value, **said})
    page = text_of(site.get(where))
    assert "It counts once grace@example.com has approved it" in page and "Open now, without the waiver" in page
    assert "Stops it" not in page and "brought by this" not in page
    (order,) = site.orders
    assert order.asked.approver == "grace@example.com" and order.asked.inputs["days"] == 7
    assert (order.asked.stack, order.asked.fingerprint) == (("test", "single"), "ab" * 16)
    assert submit(site, where).status_code == 303
    (commit,) = site.world.gitlab.commits
    assert commit["actions"][0]["file_path"] == "waivers.yaml"


def test_a_waiver_of_another_teams_finding_is_not_asked_for(make_site: Callable[..., Site]) -> None:
    site = make_site(user=ADA)
    found = verdict("fail")
    found["judgements"][0]["fingerprint"] = "ab" * 16
    site.record(found)
    assert "No finding that you may ask for" in site.get("/waivers/new")
    fields = {"finding": f"notify.test.single.{'ab' * 16}", "reason": "r", "ticket": "t", "approver": "g"}
    assert site.post("/waivers/new", fields).status_code == 422 and site.orders == []
    assert "Ask for a waiver" not in site.get("/verdicts/1?stack=notify.test.single")


def test_who_asks_for_what_is_logged(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    where = site.ask(QUEUE, FIELDS)
    submit(site, where)
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2 and all("lychgate_create_queue on payments, run s_" in one for one in said)
    assert said[0].endswith("is asked for; by ada@example.com (local)") and "merge_requests/1" in said[1]


def test_a_token_of_the_server_is_on_no_page(site: Site) -> None:
    where = site.ask(QUEUE, FIELDS)
    for path in ("/", where, "/waivers", "/requests"):
        page = site.get(path)
        assert "glpat" not in page and "the-key" not in page
