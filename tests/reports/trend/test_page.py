"""The page as bytes: no script, one style that its policy names, nothing of a record alive in it; always the same."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from lychgate.reports.evidence.store import Store
from lychgate.reports.trend import plots
from lychgate.reports.trend.page import render, runs_of
from lychgate.reports.trend.trend import Counts, Trend

from tests.reports.conftest import ATTACKS
from tests.reports.trend.conftest import SINCE, made

VOID = {"meta", "link"}
ATTRIBUTES = {
    "aria-label", "aria-labelledby", "charset", "class", "colspan", "content", "cx", "cy", "d", "height", "href",
    "http-equiv", "id", "lang", "name", "preserveaspectratio", "r", "rel", "role", "scope", "tabindex", "text-anchor",
    "viewbox", "width", "x", "x1", "x2", "y", "y1", "y2",
}  # fmt: skip


class Page(HTMLParser):
    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.style = ""
        self.feed(data.decode())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "style":
            self.style += data
        else:
            self.text.append(data)


def sound(page: Page) -> None:
    """Nothing is loaded, nothing runs, and the policy allows neither."""
    tags = [tag for tag, _ in page.elements]
    assert page.open == [] and "script" not in tags and "img" not in tags and tags.count("style") == 1
    (policy,) = [one["content"] for _, one in page.elements if one.get("http-equiv") == "Content-Security-Policy"]
    digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in policy and "script-src" not in policy
    for _, attributes in page.elements:
        assert not any(name.startswith("on") or name in ("style", "src") for name in attributes)
        assert attributes.get("href", "#")[:1] == "#" or attributes["href"] == "data:,"
    ids = [one["id"] for _, one in page.elements if "id" in one]
    assert len(ids) == len(set(ids))


def test_it_is_whole_by_itself_and_always_the_same(trend: Trend) -> None:
    data = render(trend)
    page = Page(data)
    sound(page)
    assert render(trend) == data
    text = " ".join(page.text)
    for words in (
        "image-without-digest", "platform/payments.production.acme", "feature/new-queue", "Time to mend",
        trend.sources.hash, "judged in a check; that it was deployed is not recorded",
    ):  # fmt: skip
        assert words in text
    assert "%" not in text, "a percentage"


def test_every_plot_has_words(trend: Trend) -> None:
    plots_of = [one for tag, one in Page(render(trend)).elements if tag == "svg"]
    assert len(plots_of) > 20
    assert all(one["role"] == "img" and len(one["aria-label"]) > 20 for one in plots_of)
    words = next(one["aria-label"] for one in plots_of if one["aria-label"].startswith("6.3.2"))
    assert words == "6.3.2: nothing judged from 2026-03-01; failing from 2026-03-02"


def test_hostile_records_stay_text(hostile: Callable[..., Trend], trend: Trend) -> None:
    data = render(hostile(*ATTACKS, "</style><script>alert(1)</script>", '"><svg onload=x>', "{{ 7 * 7 }}"))
    page = Page(data)
    sound(page)
    assert {tag for tag, _ in page.elements} <= {tag for tag, _ in Page(render(trend)).elements}
    assert {name for _, one in page.elements for name in one} <= ATTRIBUTES
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\u2066]", data.decode())
    assert "{{ 7 * 7 }}" in "".join(page.text)


def test_a_range_in_which_nothing_stands_is_no_good_news(some_months: Path) -> None:
    gone = made(Store.open(str(some_months)), SINCE + timedelta(days=70), stack="ledger.production.globex")
    assert "No stack stands at the end: nothing is judged, which is no good news." in render(gone).decode()


def test_runs_are_states_on_end() -> None:
    bad, open_, good, none = Counts(failed=1, passed=9), Counts(undetermined=1), Counts(passed=1), Counts()
    runs = runs_of([none, good, good, bad, open_, good])
    assert runs == [("", 0, 0), ("passed", 1, 2), ("failed", 3, 3), ("undetermined", 4, 4), ("passed", 5, 5)]


@pytest.mark.parametrize("most", [0, 1, 3, 7, 99, 12_345])
def test_axes_are_whole_numbers(most: int) -> None:
    svg = plots.areas([SINCE, SINCE + timedelta(days=1)], [("high", [most, 0])], "x")
    ticks = [int(one) for one in re.findall(r'text-anchor="end">(-?\d+)<', svg)]
    assert ticks[0] == 0 and ticks[-1] >= most and 2 <= len(ticks) <= 7
    assert len({after - before for before, after in itertools.pairwise(ticks)}) == 1


def test_a_plot_lies_inside_its_box() -> None:
    moments: list[datetime] = [SINCE + timedelta(days=number) for number in range(5)]
    svg = plots.flows(moments, [3, 0, 9, 1], [1, 12, 0, 0], "x")
    for x, y, wide, high in re.findall(r'<rect[^>]* x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"', svg):
        assert float(x) >= 0 and float(x) + float(wide) <= plots.WIDTH
        assert float(y) >= 0 and float(y) + float(high) <= plots.HEIGHT
