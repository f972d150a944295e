"""Files that people write, changed by a program: what is not changed stays as it was, to the letter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lychgate.model.document import parse
from lychgate.model.errors import InputError
from lychgate.sources.yaml_editing import edited

ROOT = Path(__file__).parents[2]
FILES = [*(ROOT / "examples" / "platform").rglob("*.yaml"), *(ROOT / "rulesets").glob("*.yaml"), ROOT / "lychgate.yaml"]


def add(content: Any) -> None:
    content["zzz"] = "new: value"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_key_more_is_a_line_more(file: Path) -> None:
    assert edited(file.read_text(), file.name, add) == file.read_text() + "zzz: 'new: value'\n"


ODD = """\
# Of the team.

name:   "shop"     # quoted
on: yes
items:
- {a: 1,   b: 2}
-   long text that
    goes on
- plain
nested:
  deeper:
  - x
  other:   [1,2]
last: |
  two
  lines
"""


def test_odd_forms_stay() -> None:
    def change(content: Any) -> None:
        content["nested"]["deeper"].append("y")
        content["name"] = "store"

    assert edited(ODD, "f.yaml", change) == ODD.replace('name:   "shop"     #', 'name: "store"      #').replace(
        "  - x\n", "  - x\n  - y\n"
    )


def test_lists_that_are_indented_in_several_ways_keep_what_they_say() -> None:
    def change(content: Any) -> None:
        content["deep"]["er"].append("y")

    made = edited("items:\n- a  # first\ndeep:\n    er:\n        - x\n\n", "f.yaml", change)
    assert parse(made.encode(), "f.yaml").value == {"items": ["a"], "deep": {"er": ["x", "y"]}}
    assert "# first" in made


def test_a_file_that_says_nothing_keeps_its_comments() -> None:
    assert edited("# Nothing yet.", "f.yaml", add) == "# Nothing yet.\nzzz: 'new: value'\n"
    assert edited("", "f.yaml", add) == "zzz: 'new: value'\n"


@pytest.mark.parametrize("text", ["a: 1\na: 2\n", "a: !!python/object:os.system x\n", "a: [\n", "a: \x1b\n"])
def test_what_is_not_read_is_not_edited(text: str) -> None:
    with pytest.raises(InputError):
        edited(text, "f.yaml", add)


words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Zl", "Zp"]), max_size=12)
values = st.recursive(
    words | st.booleans() | st.integers(-9, 9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(words, values, min_size=1, max_size=4), words, words)
def test_what_was_set_is_read_and_the_rest_is_as_it_was(before: dict[str, Any], key: str, value: str) -> None:
    def fill(content: Any) -> None:
        content.update(before)

    text = edited("", "f.yaml", fill)
    read = parse(text.encode(), "f.yaml").value
    assert read == before

    def change(content: Any) -> None:
        content[key] = value

    assert parse(edited(text, "f.yaml", change).encode(), "f.yaml").value == before | {key: value}
