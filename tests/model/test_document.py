"""The YAML reader: its dialect, its positions, and what it refuses, each at its line and column."""

from __future__ import annotations

import time

import pytest

from lychgate.model.document import MAX_BYTES, parse
from lychgate.model.errors import InputError, nearest, shown


def test_scalars_are_what_they_look_like_and_dates_are_text() -> None:
    text = "a: [~, null, true, False, 0, -3, 1.5, yes, off, 2027-01-31, 1.2.3, 0123, 12:30, 1e3, '5']\n1: x\ntrue: y\n"
    assert parse(text.encode(), "f").value == {
        "a": [None, None, True, False, 0, -3, 1.5, "yes", "off", "2027-01-31", "1.2.3", "0123", "12:30", "1e3", "5"],
        "1": "x",
        "true": "y",
    }


def test_positions_count_from_one_and_fall_back_to_what_is_above() -> None:
    document = parse("\ufeffa:\n  - {b: 1, ü: [2, 3]}\n".encode(), "f")
    assert document.position(("a", 0, "ü", 1)) == (2, 19)
    assert document.position(("a", 0, "ü"), key=True) == (2, 12)
    assert document.position(("a", 0, "c", "d")) == (2, 5)
    assert document.position(("a", 7)) == (2, 3)
    assert document.position() == (1, 1)


def test_an_alias_repeats_its_value() -> None:
    assert parse(b"a: &x {b: 1}\nc: *x\n", "f").value == {"a": {"b": 1}, "c": {"b": 1}}


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
REFUSED = {
    "tab": (b"a:\n\tb: 1\n", "f:2:1: a tab. expected spaces: YAML takes no tabs for indentation"),
    "duplicate": (b"a:\n  b: 1\n  b: 2\n", "f:3:3: the key 'b' is already on line 2. expected each key once"),
    "quote": (b"a: 'x\n", "f:2:1: not YAML: found unexpected end of stream"),
    "bracket": (b"a: [1,\nb: 2\n", "f:3:1: not YAML: did not find expected ',' or ']'"),
    "colon": (b"a: b: c\n", "f:1:5: not YAML: mapping values are not allowed in this context"),
    "two documents": (b"a: 1\n---\nb: 2\n", "f:2:1: a second document. expected one document in a file"),
    "empty": (b"", "f:1:1: the file is empty. expected a mapping of keys to values"),
    "latin-1": (b"a: 1\nb\xe9: \xfc\n", "f:2:2: the byte 0xe9 is not UTF-8. expected a file in UTF-8"),
    "utf-16": ("a: 1".encode("utf-16"), "f:1:1: the byte 0xff is not UTF-8. expected a file in UTF-8"),
    "control character": (b"a: 1\nb: \x1b[31m\n", "f:2:4: the control character '\\x1b'. expected printable text"),
    "escaped control character": (b'a: "\\e[31m"\n', "f:1:4: the control character '\\x1b'. expected printable text"),
    "tag": (b"a: !run x\n", "f:1:4: the tag '!run'. expected a value without a tag"),
    "wrong tag": (b"a: !!int x\n", "f:1:4: 'x' is not what its tag says"),
    "key": (b"? [a]\n: b\n", "f:1:3: a key that is not text. expected a word"),
    "unknown alias": (b"a: *x\n", "f:1:4: not YAML: found undefined alias"),
    "alias in itself": (b"a: &x [*x]\n", "f:1:4: an alias to something that it is part of"),
    "depth": (b"[" * 51 + b"]" * 51, "f:1:51: nested too deeply. expected at most 50 levels"),
    "great depth": (b"[" * 100_000, "f:1:1001: not YAML: exceeded maximum nesting depth"),
    "compact depth": (b"- " * 100_000, "f:1:1999: not YAML: exceeded maximum nesting depth"),
    "size": (b"a" * (MAX_BYTES + 1), "f: the file is too large. expected at most 1,000,000 bytes"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str) -> None:
    data, expected = REFUSED[case]
    with pytest.raises(InputError) as caught:
        parse(data, "f")
    assert str(caught.value) == expected


def test_an_anchor_bomb_is_refused_early() -> None:
    start = time.perf_counter()
    with pytest.raises(InputError, match=r"^f:1:\d+: too many values, counting what aliases repeat\. expected at most"):
        parse(BOMB.encode(), "f")
    assert time.perf_counter() - start < 2


def test_what_a_message_shows_is_short_and_escaped() -> None:
    assert shown("\x1b[31m") == "'\\x1b[31m'"
    assert len(shown("x" * 1000)) == 80
    assert (shown(None), shown([1]), shown({}), shown(True)) == ("empty", "a list", "a mapping", "true")
    assert nearest("entirely-else", ["s3-bucket"]) is None


def test_an_error_without_a_line() -> None:
    assert str(InputError("waivers.yaml", found="cannot be read")) == "waivers.yaml: cannot be read"
