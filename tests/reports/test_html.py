"""The page as bytes: whole by itself, its policy right, nothing of a hostile program alive in it, always the same."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from lychgate.reports.html import MOST, PAGE, render

from benchmarks.verdicts import verdict as generated
from lychgate.model.verdict import Verdict
from tests.reports.conftest import ATTACKS, hostile_texts, poisoned

VOID = {"meta", "link"}
LOADS = {"src", "href", "srcset", "data", "action", "poster", "background", "xlink:href"}


class Page(HTMLParser):
    """What a browser would see: elements with attributes, and what is in script and style."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.inside: dict[str, list[str]] = {"script": [], "style": []}
        self.open: list[str] = []
        self.feed(data.decode())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)
        if tag in self.inside:
            self.inside[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in self.inside:
            self.inside[self.open[-1]][-1] += data

    def shape(self) -> list[str]:
        return [tag for tag, _ in self.elements]

    def tables(self) -> Any:
        return json.loads(self.inside["script"][0])


def sound(page: Page) -> None:
    """Nothing is loaded, nothing runs but the one script, and the policy says so."""
    assert page.open == []
    assert [attributes for tag, attributes in page.elements if tag == "script"] == [
        {"type": "application/json", "id": "tables"},
        {},
    ]
    for tag, attributes in page.elements:
        assert tag not in {"img", "iframe", "object", "embed", "base", "form", "svg", "video", "audio"}
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        for name in LOADS & attributes.keys():
            assert attributes[name].startswith("#") or (tag, attributes[name]) == ("link", "data:,")
    [policy] = [one["content"] for _, one in page.elements if one.get("http-equiv") == "Content-Security-Policy"]
    digest = {name: base64.b64encode(hashlib.sha256(text[-1].encode()).digest()) for name, text in page.inside.items()}
    assert policy.split("; ") == [
        "default-src 'none'",
        f"style-src 'sha256-{digest['style'].decode()}'",
        f"script-src 'sha256-{digest['script'].decode()}'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    ]


def test_a_page_is_whole_by_itself(each: dict[str, Any]) -> None:
    sound(Page(render(each)))


def test_style_and_script_reach_for_nothing() -> None:
    style, script = (PAGE / "page.css").read_text(), (PAGE / "page.js").read_text()
    assert not re.search(r"url\(|@import|https?:", style)
    assert re.findall(r"https?:[^\"]*", script) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|fetch\(|</|<!--", script)


def test_the_page_says_the_decision_the_findings_and_the_requirements(compared: dict[str, Any]) -> None:
    text = render(compared).decode()
    assert '<span class="decision">findings</span>' in text
    assert "1.3.1 Inbound traffic to the CDE is limited" in text
    assert "<b><bdi>globex-receipts</bdi></b>" in text
    assert "brought by this change" in text
    assert "The program was not isolated: no network namespace" in text
    assert '<time data-expires="2027-01-31" datetime="2027-01-31">2027-01-31</time>\n<div>62 days left' in text


def test_tables_hold_every_judgement(compared: dict[str, Any]) -> None:
    tables = Page(render(compared)).tables()
    texts, columns = tables["texts"], tables["judgements"]
    for number, one in enumerate(compared["judgements"]):
        rule, level, severity, layer, requirements = tables["kinds"][columns["kind"][number]]
        resource = columns["resource"][number]
        assert texts[tables["rules"][rule][0]] == one["rule"]
        assert texts[tables["resources"]["urn"][resource]] == one["urn"]
        assert tables["outcomes"][int(columns["outcome"][number])] == one["outcome"]
        assert (tables["levels"][level], tables["severities"][severity]) == (one["level"], one["severity"])
        assert tables["layers"][layer] == one["layer"]
        assert [texts[text] for text in requirements] == one["requirements"]
        assert texts[columns["message"][number]] == one["message"]
        assert columns["introduced"][number] == {None: "0", True: "1", False: "2"}[one["introduced"]]
        place = columns["place"].get(str(number), tables["resources"]["place"][resource])
        found = [texts[tables["places"][place][0]], tables["places"][place][1]] if place >= 0 else None
        assert found == ([one["location"]["file"], one["location"]["line"]] if one["location"] else None)


def test_tables_hold_the_graph(faulty: dict[str, Any]) -> None:
    tables = Page(render(faulty)).tables()
    found, texts = tables["resources"], tables["texts"]
    for number, one in enumerate(faulty["resources"]):
        needs = [texts[found["urn"][other]] for other in found["needs"][number]]
        missing = [texts[text] for text in found["missing"].get(str(number), [])]
        assert sorted(needs + missing) == sorted(one["dependencies"])
        parent = found["parent"][number]
        assert (texts[found["urn"][parent]] if parent >= 0 else None) == one["parent"]


def test_no_more_than_some_hundred_findings_stand_in_the_html() -> None:
    page = Page(render(generated(400)))
    assert len(page.tables()["findings"]) > MOST
    rows = [one for one in page.elements if one[0] == "span" and one[1].get("class", "").startswith("sev ")]
    assert len(rows) == MOST


@pytest.mark.parametrize("text", [*ATTACKS, "</script><script>alert(1)</script>", "<!--<script>", "__proto__"])
def test_text_of_a_program_stays_text(text: str) -> None:
    page, harmless = Page(render(poisoned(text))), Page(render(poisoned("harmless")))
    sound(page)
    # An empty text may leave an element out; no text brings one.
    assert page.shape() == harmless.shape() or not text.strip()


@given(hostile_texts)
@settings(max_examples=40, deadline=None)
def test_no_text_comes_alive(text: str) -> None:
    data = render(poisoned(text))
    sound(Page(data))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f]", data.decode())


def test_keys_and_depth_of_a_witness_are_harmless(faulty: dict[str, Any]) -> None:
    deep: Any = "end"
    for _ in range(200):
        deep = {"__proto__": [deep]}
    judgement = next(one for one in faulty["judgements"] if one["outcome"] == "fail")
    made = faulty | {"judgements": [judgement | {"witness": deep}], "summary": {"fail": 1}}
    Verdict.model_validate(made)
    assert Page(render(made)).tables()["judgements"]["witness"]["0"]["pairs"][0][0] == "__proto__"


def test_a_judgement_of_what_the_verdict_lacks_is_shown(faulty: dict[str, Any]) -> None:
    page = Page(render(faulty | {"resources": []}))
    assert len(page.tables()["judgements"]["strange"]) == len(faulty["judgements"])


def test_one_verdict_gives_the_same_bytes(compared: dict[str, Any]) -> None:
    before = json.dumps(compared)
    assert render(compared) == render(json.loads(before))
    assert json.dumps(compared) == before


@pytest.mark.parametrize("size", [30, 1_000])
def test_a_generated_verdict_is_one(size: int) -> None:
    Verdict.model_validate(generated(size))
