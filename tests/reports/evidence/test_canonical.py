"""RFC 8785, against another implementation of it and against the language that it is defined by."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lychgate.reports.evidence.canonical import NotCanonicalError, canonical

NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53) + 1, 2**53 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_the_form_is_that_of_another_implementation(value: Any) -> None:
    other = pytest.importorskip("rfc8785")
    assert canonical(value) == other.dumps(value)


@given(VALUES)
def test_the_form_of_what_was_read_back_is_the_same(value: Any) -> None:
    assert canonical(orjson.loads(canonical(value))) == canonical(value)


def test_numbers_are_written_as_ecmascript_does() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node on PATH")
    patterns = [0, 1, 2**63, 0x7FEFFFFFFFFFFFFF, 0x4340000000000000, 0x4430000000000000, 0x44B52D02C7E14AF5]
    patterns += [0x44B52D02C7E14AF6, 0x444B1AE4D6E2EF4E, 0x444B1AE4D6E2EF50, 0x3EB0C6F7A0B5ED8C, 0x3EB0C6F7A0B5ED8D]
    patterns += [(number * 0x9E3779B97F4A7C15) % 2**64 for number in range(1, 3000)]
    values = [struct.unpack(">d", struct.pack(">Q", one))[0] for one in patterns]
    values = [one for one in values if one == one and abs(one) != float("inf")]
    script = "const v = JSON.parse(require('fs').readFileSync(0)); console.log(JSON.stringify(v))"
    done = subprocess.run([node, "-e", script], input=json.dumps(values), capture_output=True, text=True, check=True)
    assert canonical(values).decode() == done.stdout.strip()


def test_keys_are_ordered_by_utf_16_and_nothing_is_escaped_without_need() -> None:
    keys = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\x80": 6, "\u00f6": 7}  # the RFC's own example
    assert list(orjson.loads(canonical(keys)).values()) == [2, 4, 6, 7, 1, 5, 3]
    assert canonical('\x0f\n/\x7f\u2028\\"') == '"\\u000f\\n/\x7f\u2028\\\\\\""'.encode()


def test_large_whole_numbers_are_kept_or_refused() -> None:
    assert canonical(2**60) == b"1152921504606847000" and canonical([10**21]) == b"[1e+21]"
    for value in (2**60 + 1, 10**400, float("nan"), float("inf"), "\ud800", {"\ud800": 1}, {1: 1}, b""):
        with pytest.raises(NotCanonicalError):
            canonical([value])


def test_deep_nesting_is_refused() -> None:
    value: Any = 1
    for _ in range(200):
        value = [value]
    with pytest.raises(NotCanonicalError, match="nested"):
        canonical(value)
