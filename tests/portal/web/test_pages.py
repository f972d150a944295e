"""What the pages show: of the platform, of records, of waivers; and that text of others stays text."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from lychgate.portal.kinds import KINDS

from tests.portal.web.conftest import Site, text_of
from tests.reports.conftest import poisoned
from tests.reports.evidence.records import tamper
from tests.reports.trend.stores import RULES, document, judgement, synced, waiver

NASTY = "</script><img src=x onerror=alert(1)>\u202e<b>"


def verdict(*outcomes: str, stack: str = "platform/notify.test.single", **more: Any) -> dict[str, Any]:
    judged = [judgement(RULES[number], stack, f"bucket-{number}", one) for number, one in enumerate(outcomes)]
    return document(*judged, stacks=(stack,), environment="test", **more)


def cell(site: Site, stack: str) -> str:
    """What the platform's page says of a stack."""
    page = site.get("/")
    found = re.search(rf'aria-label="{re.escape(stack)}: [^"]*"[^>]*>(.*?)</td>', page, re.DOTALL)
    return text_of(found[1]) if found else ""


def test_a_stack_that_was_never_judged_has_not_passed(site: Site) -> None:
    page = site.get("/")
    assert "There is no store of evidence" in page
    assert "never judged" in page and 'class="pill passed"' not in page
    for name in ("payments", "notify", "reports", "acme", "team-payments", "shared"):
        assert name in page


def test_the_newest_record_of_a_stack_is_shown(site: Site) -> None:
    site.record(verdict("pass", "fail", run="1"))
    assert cell(site, "notify.test.single").startswith("1 finding checked")
    site.record(verdict("pass", "pass", run="2"))
    assert cell(site, "notify.test.single").startswith("passed checked")
    site.record(verdict("pass", "unknown", run="3"))
    assert cell(site, "notify.test.single").startswith("1 undetermined")
    assert "older commit" in cell(site, "notify.test.single")
    assert "never judged" in text_of(site.get("/applications/notify"))


def test_a_verdict_that_judged_nothing_of_a_stack_has_not_passed(site: Site) -> None:
    site.record(verdict())
    assert cell(site, "notify.test.single").startswith("not judged")
    site.record(verdict("not applicable", run="2"))
    assert cell(site, "notify.test.single").startswith("not judged")


def test_a_merge_requests_check_says_nothing_of_what_stands(site: Site) -> None:
    site.record(verdict("fail", run="1"))
    site.record(verdict("pass", run="2"), branch="feature/x")
    assert cell(site, "notify.test.single").startswith("1 finding")


def test_a_sync_counts_once_it_was_applied(site: Site) -> None:
    stack = "notify.test.single"
    site.record(synced(stack, verdict("fail", stack=f"platform/{stack}")))
    assert cell(site, stack).startswith("1 finding deployed")
    site.record(synced(stack, verdict("pass", stack=f"platform/{stack}", run="2"), outcome="failed"))
    assert cell(site, stack).startswith("1 finding deployed")
    site.record(synced(stack, None, kind="removal"))
    assert cell(site, stack).startswith("removed")


def test_of_a_store_that_was_altered_nothing_has_passed(site: Site) -> None:
    from lychgate.reports.evidence.store import Store

    site.record(verdict("pass"))
    assert cell(site, "notify.test.single").startswith("passed")
    site.record(verdict("pass", run="2"))
    tamper(Store.open(site.store), "UPDATE evidence_record SET decision = 'findings' WHERE sequence = 1")
    page = site.get("/")
    assert "is not as it was written" in page and 'class="pill passed"' not in page


def test_an_application_shows_what_it_is_made_of(site: Site) -> None:
    page = site.get("/applications/payments")
    said = text_of(page)
    for words in ("team-payments", "cardholder", "ledger", "table", "stateful set", "partition payment=S"):
        assert words in said
    for kind in KINDS:
        assert f"/applications/payments/new/{kind}" in page
    site.get("/applications/nothing", 404)
    site.get("/applications/..%2f..%2fetc", 404)


def test_a_verdict_shows_findings_and_its_report(site: Site) -> None:
    record = site.record(verdict("fail", "pass"))
    page = site.get(f"/verdicts/{record}?stack=notify.test.single")
    assert RULES[0]["id"] in page and "Do." in page and "1 finding" in page
    answer = site.client.get(f"/verdicts/{record}/report")
    policy = answer.headers["Content-Security-Policy"]
    assert "sandbox allow-scripts;" in policy and "default-src 'none'" in policy and "unsafe" not in policy
    assert answer.text.startswith("<!DOCTYPE html>")
    for wrong in ("/verdicts/99", "/verdicts/0", f"/verdicts/{2**70}"):
        site.get(wrong, 422)
    for nowhere in ("/verdicts/x", "/verdicts/-1", f"/verdicts/{record}?stack=payments.test.acme"):
        site.get(nowhere, 404)


def test_text_of_a_record_stays_text(site: Site) -> None:
    stack = "platform/notify.test.single"
    one = judgement(RULES[0], stack, NASTY, "fail") | {"message": NASTY, "location": {"file": NASTY, "line": 1}}
    hostile = document(one, stacks=(stack,), environment="test", rules=[RULES[0] | {"title": NASTY}])
    hostile["rules"][0]["remediation"] = NASTY
    record = site.record(hostile, branch="main")
    for path in ("/", f"/verdicts/{record}?stack=notify.test.single", "/waivers/new"):
        page = site.get(path)
        assert "<img" not in page and "\u202e" not in page
    assert site.get(f"/verdicts/{record}?stack=notify.test.single").count("&lt;img") == 5


def test_a_record_that_cannot_be_read_has_not_passed(site: Site) -> None:
    hostile = poisoned(NASTY)
    hostile["run"] |= {"commit": None}
    hostile["stacks"][0]["name"] = "platform/notify.test.single"
    for one in hostile["judgements"]:
        one["stack"] = "platform/notify.test.single"
    record = site.record(hostile)
    assert cell(site, "notify.test.single").startswith("not judged")
    page = site.get(f"/verdicts/{record}?stack=notify.test.single")
    assert "no verdict that can be read" in page and "<img" not in page


def test_waivers_are_shown_with_their_states(site: Site) -> None:
    today = datetime.now(UTC).date()
    stack, rule = "platform/notify.test.single", "s3-bucket-without-customer-key"
    urn = "urn:pulumi:notify.test.single::platform::aws:s3/bucket:Bucket::bucket-0"
    rows = [
        f"  - {{rule: {rule}, stack: {stack}, urn: '{urn[:-1]}{number}', owner: ada, reason: 'it <moves>', ticket: T, "
        f"approver: grace, created: {today - timedelta(days=first)}, expires: {today + timedelta(days=last)}}}\n"
        for number, (first, last) in enumerate(((5, 3), (5, 50), (40, -3)))
    ]
    (site.world.root / "waivers.yaml").write_text("waivers:\n" + "".join(rows))
    site.world.git("commit", "-q", "-a", "-m", "waivers")
    said = text_of(site.get("/waivers"))
    assert "ending no verdict knows it yet" in said and "active" in said and "expired" in said
    assert "over since 3 days" in said and "it <moves>" in said
    one = judgement(RULES[0], stack, "bucket-0", "pass")
    found = waiver(rule, {"stack": stack, "urn": urn}, str(today), used=False)
    site.record(document(one, stacks=(stack,), waivers=(found,), environment="test"))
    assert "ending unused: no finding needed it" in text_of(site.get("/waivers"))


def test_a_waivers_file_with_errors_is_told(site: Site) -> None:
    (site.world.root / "waivers.yaml").write_text("waivers:\n  - {rule: nothing}\n")
    site.world.git("commit", "-q", "-a", "-m", "waivers")
    assert "The file of waivers cannot be used" in site.get("/waivers")


def test_only_what_is_committed_is_shown(site: Site) -> None:
    file = site.world.folder / "applications" / "notify.yaml"
    file.write_text(file.read_text().replace("outbox", "letters"))
    assert "letters" not in site.get("/applications/notify")
    site.world.git("commit", "-q", "-a", "-m", "renamed")
    assert "letters" in site.get("/applications/notify")


def test_a_commit_with_a_broken_platform_is_one_message(site: Site) -> None:
    (site.world.folder / "applications" / "notify.yaml").write_text("owner: 1\n")
    site.world.git("commit", "-q", "-a", "-m", "broken")
    page = text_of(site.get("/", 422))
    assert "platform/applications/notify.yaml" in page and "/tmp" not in page


@pytest.mark.parametrize("path", ["/", "/applications/payments", "/applications/payments/new/queue", "/requests"])
def test_a_page_is_there_at_once(site: Site, path: str) -> None:
    """The aim is 50 ms on a machine that does nothing else."""
    for number in range(20):
        site.record(verdict("pass", "fail", run=str(number)))
    site.get(path)
    best = min(_timed(site, path) for _ in range(5))
    assert best < 0.25


def _timed(site: Site, path: str) -> float:
    begun = time.perf_counter()
    site.get(path)
    return time.perf_counter() - begun
