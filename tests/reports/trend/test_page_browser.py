"""The page in a real browser, in both themes and as wide as a phone: axe finds nothing, and it asks for nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lychgate.reports.trend.page import render
from lychgate.reports.trend.trend import Trend

from tests.reports.test_html_browser import NASTY, Opened

pytestmark = pytest.mark.browser


@pytest.fixture
def page(trend: Trend, tmp_path: Path) -> Path:
    file = tmp_path / "trend.html"
    file.write_bytes(render(trend))
    return file


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light")])
def test_axe_finds_nothing(browser: Any, page: Path, width: int, scheme: str) -> None:
    opened = Opened(browser, page, color_scheme=scheme)
    opened.page.set_viewport_size({"width": width, "height": 844})
    for one in opened.page.locator("details").all():
        one.locator("summary").click()
    assert opened.axe() == []
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= width
    opened.close()


def test_it_needs_no_script(browser: Any, page: Path) -> None:
    opened = Opened(browser, page, java_script_enabled=False)
    for text in ("findings open", "What failed, by severity", "image-without-digest"):
        assert opened.page.get_by_text(text).first.is_visible()
    opened.close()


def test_on_paper_it_is_whole(browser: Any, page: Path) -> None:
    opened = Opened(browser, page)
    opened.page.emulate_media(media="print")
    opened.page.set_viewport_size({"width": 720, "height": 1000})
    assert not opened.page.locator("nav").is_visible()
    assert opened.page.locator("svg.plot").first.is_visible()
    cut = (
        "[...document.querySelectorAll('.scroll')].filter(one => one.offsetParent && one.scrollWidth > one.clientWidth)"
    )
    assert opened.page.evaluate(f"{cut}.map(one => one.getAttribute('aria-label'))") == []
    opened.close()


def test_a_plot_shows_what_its_words_say(browser: Any, page: Path, trend: Trend) -> None:
    opened = Opened(browser, page)
    svg = opened.page.locator("#time svg").first
    height = svg.locator(".area.critical").evaluate("one => one.getBBox().height")
    low, high = (float(line.get_attribute("y1")) for line in (svg.locator(".grid").first, svg.locator(".grid").last))
    top = int(svg.locator("text[text-anchor=end]").last.text_content() or 0)
    most = max(one.failed for one in trend.severities["critical"])
    assert most > 0 and height == pytest.approx((low - high) * most / top, abs=0.2)
    opened.close()


def test_a_hostile_record_stays_text(browser: Any, hostile: Callable[[str], Trend], tmp_path: Path) -> None:
    file = tmp_path / "hostile.html"
    file.write_bytes(render(hostile(NASTY)))
    opened = Opened(browser, file)
    assert NASTY.replace("\u202e", "\\u202e") in opened.page.locator("#longest").inner_text()
    assert opened.page.locator("img, iframe, script").count() == 0
    assert "\u202e" not in opened.page.content()
    assert opened.axe() == []
    opened.close()
