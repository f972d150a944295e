"""Text in Markdown says the same and is nothing but text."""

from __future__ import annotations

from html.parser import HTMLParser

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from hypothesis import given
from lychgate.reports.texts import code, line, prose, xml

from tests.reports.conftest import hostile_texts


class Reader(HTMLParser):
    """The elements of some HTML, its text outside code, and all of its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.outside, self.text, self.depth = "", "", 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(" ".join([tag, *(f"{name}={value}" for name, value in attributes)]))
        self.depth += tag == "code"

    def handle_endtag(self, tag: str) -> None:
        self.depth -= tag == "code"

    def handle_data(self, data: str) -> None:
        self.text += data
        self.outside += "" if self.depth else data

    def handle_comment(self, data: str) -> None:
        self.tags.append("comment")

    def handle_decl(self, decl: str) -> None:
        self.tags.append("declaration")

    def unknown_decl(self, data: str) -> None:
        self.tags.append("declaration")

    def handle_pi(self, data: str) -> None:
        self.tags.append("instruction")


def html(markdown: str) -> Reader:
    """Markdown as GitHub's parser reads it, with all of its extensions and with raw HTML."""
    options = Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_FOOTNOTES
    return Reader(cmarkgfm.markdown_to_html_with_extensions(markdown, options, ["table", "strikethrough", "autolink"]))


@pytest.mark.parametrize(
    ("text", "made"),
    [
        (
            "The bucket holds data, so (see 3.6.1) it's encrypted.",
            "The bucket holds data, so (see 3.6.1) it's encrypted.",
        ),
        ("Set `encryption: customer-key`, or leave it.", "Set `encryption: customer-key`, or leave it."),
        ("It may (s3:GetObject) all of arn:aws:s3:::x/*.", "It may (`s3:GetObject`) all of `arn:aws:s3:::x/*`."),
        ("ask @all about #1", "ask `@all` about `#1`"),
        ("see www.evil.example!", "see `www.evil.example!`"),
        ("at 0badcafe from database.py:", "at `0badcafe` from `database.py`:"),
        ("a `b", "a `` `b ``"),
        ("two\nlines\x1b", "two `lines\\x1b`"),
        ("", "-"),
    ],
)
def test_prose_is_left_as_it_is_where_it_is_harmless(text: str, made: str) -> None:
    assert prose(text) == made


@given(hostile_texts)
def test_prose_is_a_paragraph_of_text_and_code(text: str) -> None:
    made = prose(text)
    assert "\n" not in made
    read = html(f"- x: {made}")
    assert set(read.tags) <= {"ul", "li", "code"}
    assert read.tags.count("li") == 1
    assert not set("@#!~%^&$<>[]*_`/\\|{}") & set(read.outside.replace("->", ""))
    if max(map(len, text.split()), default=0) <= 300:  # a longer word is cut
        assert "".join(read.text.replace("`", "").split()) == "".join(f"x:{line(text)}".replace("`", "").split())


@given(hostile_texts)
def test_code_is_one_code_span_that_says_the_text(text: str) -> None:
    read = html(f"x {code(text)} y")
    assert read.tags == ["p", "code"]
    assert read.outside == "x  y\n"
    assert read.text == f"x {line(text, 300)} y\n"


@given(hostile_texts)
def test_xml_holds_any_text(text: str) -> None:
    from xml.etree import ElementTree

    made = ElementTree.Element("a", b=xml(text))
    assert ElementTree.fromstring(ElementTree.tostring(made)).get("b") == xml(text)
