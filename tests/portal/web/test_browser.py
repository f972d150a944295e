"""The pages in a real browser: a queue is asked for, judged, and its merge request read; axe finds nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.portal.conftest import World
from tests.portal.web.test_serve import serving

pytestmark = pytest.mark.browser
JUDGING = 180_000  # milliseconds


class Opened:
    """A page of a server, with everything that it complained of, and whatever it asked of anybody else."""

    def __init__(self, browser: Any, address: str, **how: Any) -> None:
        self.origin = address.partition("/login")[0]
        self.context = browser.new_context(viewport={"width": how.pop("width", 1200), "height": 900}, **how)
        self.page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.said: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", self._asked)
        self.page.goto(address)

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.origin, "data:")):
            self.said.append(request.url)

    def axe(self) -> list[str]:
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page).response["violations"]
        return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]

    def close(self) -> None:
        self.context.close()
        assert self.said == []


def ask_for_a_queue(page: Any, application: str = "notify", **only: str) -> None:
    page.get_by_role("link", name=application, exact=True).click()
    page.get_by_role("link", name="queue", exact=True).click()
    page.get_by_label("Name").fill("bounces")
    page.get_by_label("Retention days").fill("7")
    for label, one in only.items():
        page.get_by_label(label).fill(one)
    page.get_by_role("button", name="Show the difference and judge it").click()


@pytest.mark.slow
def test_a_queue_is_asked_for_and_submitted(browser: Any, world: World) -> None:
    """For one tenant in test: from the first page to the merge request, as somebody new would."""
    token = {"LYCHGATE_GITLAB_TOKEN": "glpat-for-the-tests"}
    with serving(world.root, **token) as (_, address):
        opened = Opened(browser, address)
        page = opened.page
        ask_for_a_queue(page, "reports", Environments="test", Tenants="acme")
        assert page.get_by_text("Judging").is_visible()
        for line in ("kind: queue", "environments: [test]", "tenants: [acme]", "settings: {retention_days: 7}"):
            assert page.get_by_text(line).first.is_visible()
        page.locator(".verdict.clean").wait_for(timeout=JUDGING)
        for stack in ("reports.test.acme", "reports.test.globex", "reports.production.acme"):
            assert "passed" in page.get_by_role("row").filter(has_text=stack).inner_text()
        assert page.locator("#mr-title").inner_text() == "reports: create queue bounces"
        assert "## Lychgate: clean" in page.locator("#mr-text").inner_text()
        assert opened.axe() == []
        page.get_by_role("button", name="Submit: open the merge request").click()
        page.get_by_text("Submitted.").wait_for()
        assert world.gitlab.requests[0]["title"] == "reports: create queue bounces"
        assert page.get_by_role("link", name=world.gitlab.requests[0]["web_url"]).is_visible()
        page.get_by_role("link", name="test", exact=True).click()
        page.get_by_role("heading", name="Overview").wait_for()  # its own script runs, and nothing else
        page.get_by_role("link", name="Findings").click()
        opened.close()


@pytest.mark.slow
def test_without_scripts_the_page_comes_again_by_itself(browser: Any, world: World) -> None:
    with serving(world.root) as (_, address):
        opened = Opened(browser, address, java_script_enabled=False)
        ask_for_a_queue(opened.page)
        opened.page.locator(".verdict.clean").wait_for(timeout=JUDGING)
        with opened.page.expect_download() as download:
            opened.page.get_by_role("link", name="Download the patch").click()
        assert "bounces" in Path(download.value.path()).read_text()
        opened.close()


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (1200, "dark"), (390, "light")])
def test_axe_finds_nothing(browser: Any, world: World, width: int, scheme: str) -> None:
    with serving(world.root) as (_, address):
        opened = Opened(browser, address, width=width, color_scheme=scheme)
        for path in (
            "/", "/applications/payments", "/applications/payments/new/table", "/applications/payments/change/api",
            "/applications/payments/delete/ledger", "/requests", "/waivers", "/waivers/new",
        ):  # fmt: skip
            opened.page.goto(f"{opened.origin}{path}")
            assert opened.axe() == [], path
            assert opened.page.evaluate("document.documentElement.scrollWidth") <= width, path
        opened.close()


def test_what_is_wrong_is_where_the_keyboard_is(browser: Any, world: World) -> None:
    with serving(world.root) as (_, address):
        opened = Opened(browser, address)
        page = opened.page
        page.goto(f"{opened.origin}/applications/payments/new/queue")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
        page.get_by_label("Retention days").fill("70")
        page.get_by_label("Retention days").press("Enter")
        page.get_by_role("heading", name="It is not sent yet").wait_for()
        assert page.evaluate("document.activeElement.id") == "wrong"
        assert page.get_by_label("Retention days").get_attribute("aria-describedby") == (
            "settings_retention_days-hint settings_retention_days-error"
        )
        page.get_by_role("link", name="Retention days").click()
        assert page.evaluate("document.activeElement.id") == "settings_retention_days"
        assert opened.axe() == []
        opened.said = [one for one in opened.said if "422" not in one]  # a browser tells of the status itself
        opened.close()
