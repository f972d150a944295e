"""The note of a merge request: what is most important first, and nothing in it but what Lychgate says."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any

from hypothesis import given, settings
from lychgate.reports import markdown

from tests.reports.conftest import hostile_texts, poisoned
from tests.reports.test_texts import html

OURS = {
    "h2", "h3", "p", "ul", "li", "code", "strong", "table", "thead", "tbody", "tr", "th", "td", "details", "summary",
}  # fmt: skip


def test_the_decision_comes_first(faulty: dict[str, Any], empty: dict[str, Any], compared: dict[str, Any]) -> None:
    blocking = [one for one in faulty["judgements"] if one["outcome"] == "fail" and one["level"] == "mandatory"]
    assert len(blocking) > 100
    first = markdown.render(faulty).decode().splitlines()[0]
    assert first == f"## Lychgate: blocked by {len(blocking)} mandatory findings"
    assert markdown.render(empty).startswith(b"## Lychgate: clean\n")
    undetermined = deepcopy(compared)
    for one in undetermined["judgements"]:
        one["outcome"] = "unknown" if one["outcome"] == "unknown" else "pass"
    undetermined["decision"] = "undetermined"
    first = markdown.render(undetermined).decode().splitlines()[0]
    assert first == "## Lychgate: blocked, 1 mandatory judgement could not be determined"


def test_every_finding_is_told_with_its_fix_the_most_important_first(compared: dict[str, Any]) -> None:
    note = markdown.render(compared).decode()
    failed = [one for one in compared["judgements"] if one["outcome"] in ("fail", "error")]
    assert len(re.findall(r"^- \*\*", note, re.MULTILINE)) == len(failed)
    assert note.count("  - Fix: ") == len({one["rule"] for one in failed if one["outcome"] == "fail"})
    headings = [part.split("\n", 1)[1] for part in note.split("### ")[1:]]
    first = [re.search(r"\*\*(\w+)\*\*.*?(brought|was there)?", part) for part in headings]
    assert all(first)
    new = ["brought by this change" in part for part in headings]
    assert new == sorted(new, reverse=True)
    assert note.index("(advisory)") > note.index("was there before")
    for said in (
        "5 waived",
        "1 not determined, 1 of them block",
        "1 not inspected",
        "Not isolated: no network namespace",
    ):
        assert said in note


def test_a_note_that_is_too_long_says_what_it_leaves_out(faulty: dict[str, Any]) -> None:
    many = deepcopy(faulty)
    many["judgements"] = [
        one | {"name": f"{one['name']}-{number}", "urn": f"{one['urn']}-{number}"}
        for number in range(20)
        for one in faulty["judgements"]
    ]
    note = markdown.render(many).decode()
    assert len(note) <= markdown.LONGEST
    left = re.search(r"\*\*([0-9,]+) more findings\*\* did not fit into this note", note)
    assert left
    told = len(re.findall(r"^- \*\*", note, re.MULTILINE))
    assert told > 50
    assert told + int(left[1].replace(",", "")) == sum(one["outcome"] == "fail" for one in many["judgements"])


@settings(max_examples=60, deadline=None)
@given(hostile_texts)
def test_text_of_a_program_stays_text(text: str) -> None:
    note = markdown.render(poisoned(text)).decode()
    assert len(note) <= markdown.LONGEST
    assert not re.search(r"^\s*/", note, re.MULTILINE)
    read, harmless = html(note), html(markdown.render(poisoned("harmless")).decode())
    assert set(read.tags) <= OURS
    kept = [tag for tag in read.tags if tag not in ("code", "strong")]
    assert kept == [tag for tag in harmless.tags if tag not in ("code", "strong")]
    assert not set("@!~%^&$<>[]{}|*_`/\\#") & set(re.sub(r"->", "", read.outside))
