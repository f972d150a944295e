"""What a request brings is told against all that is judged with it, as that was: by a rule, and by what changes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lychgate.portal.verdicts import Judged, Judges, edited_copy, judge
from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.sync.capturing import Captured, Capturing

from lychgate import PASS, Answer, Case, fail, rule
from lychgate.cli.platforms import platform_of
from lychgate.cli.portal_judging import judges_of
from lychgate.model.errors import InputError
from lychgate.views.base import View
from tests.portal.conftest import EXAMPLE

IMAGE = f"sha256:{'0' * 64}"
SHOP = f"""\
owner: team
classification: internal
tenancy: single
workloads:
  api: {{image: '{IMAGE}', uses: [API]}}
  web: {{image: '{IMAGE}', uses: [WEB]}}
"""
MAIL = "notify.test.single"


class Policy(View):
    types = ("kubernetes:networking.k8s.io/v1:NetworkPolicy",)


@rule(
    id="mail-that-lets-the-api-in", title="It lets the API in", layer="network", severity="high",
    judges=Policy, rationale="a", remediation="b", compliant=["1"], violating=["2"],
)  # fmt: skip
def lets_the_api_in(policy: Policy, case: Case) -> Answer:
    ingress = str(policy.resource.properties["spec"].get("ingress"))
    return fail("It lets the API in.") if policy.name == "mail" and "'api'" in ingress else PASS


@pytest.fixture
def judged(tmp_path: Path) -> Callable[..., Judged]:
    """What a shop is judged to be: what its API and its web use, before and after."""
    shutil.copytree(EXAMPLE, tmp_path / "platform")
    for name in ("applications/payments", "applications/reports", "environments/production"):
        (tmp_path / "platform" / f"{name}.yaml").unlink()
    settings = tmp_path / "lychgate.yaml"
    settings.write_text("platform: platform\n")
    shop = tmp_path / "platform" / "applications" / "shop.yaml"

    def run(*uses: tuple[str, str]) -> Judged:
        before, after = (SHOP.replace("API", api).replace("WEB", web) for api, web in uses)
        shop.write_text(before)
        found = platform_of(settings, None)
        by = judges_of(found)
        by = Judges({**by.rules, lets_the_api_in.id: lets_the_api_in}, by.waivers, by.labels, by.facts)
        with edited_copy(settings, found.platform.folder, shop, after) as made:
            return judge("shop", made, found.platform, by)

    return run


@pytest.mark.parametrize("web", [pytest.param("", marks=pytest.mark.slow), "notify/mail"])
def test_what_it_changes_in_other_applications_is_brought_by_it_and_told(
    judged: Callable[..., Judged], web: str
) -> None:
    """The workload that is called lets in what calls it: that stands in its own stack."""
    found = judged(("", web), ("notify/mail", web))
    told = [(one.action, one.type, one.name) for one in found.changes[MAIL]]
    assert told == [("update", "kubernetes:networking.k8s.io/v1:NetworkPolicy", "mail")]
    assert (found.findings, found.undetermined) == (1, 0)


@pytest.mark.slow
def test_what_it_uses_no_more_is_told(judged: Callable[..., Judged]) -> None:
    found = judged(("notify/mail", ""), ("", ""))
    assert [(one.action, one.name) for one in found.changes[MAIL]] == [("update", "mail")]
    assert (found.findings, found.verdicts["test"]["decision"]) == (0, "clean")


@pytest.mark.slow
def test_what_stands_there_already_is_not_brought(judged: Callable[..., Judged]) -> None:
    found = judged(("notify/mail", ""), ("notify/mail", "external/acquirer"))
    assert set(found.changes) == {"shop.test.single", "shop.test.shared"}
    assert (found.findings, found.undetermined) == (0, 0)
    assert found.verdicts["test"]["decision"] == "findings"


@pytest.mark.slow
def test_where_nothing_can_be_compared_all_counts(
    judged: Callable[..., Judged], monkeypatch: pytest.MonkeyPatch
) -> None:
    capture = Capturing.capture

    def only_as_it_will_be(self: Capturing, scopes: list[Scope], **more: Any) -> Captured:
        if "known" in more:
            raise InputError("the program", found="it ended", expected="a stack")
        return capture(self, scopes, **more)

    monkeypatch.setattr(Capturing, "capture", only_as_it_will_be)
    found = judged(("notify/mail", ""), ("notify/mail", "external/acquirer"))
    assert (found.findings, found.changes, found.not_compared) == (1, {}, ["test"])
