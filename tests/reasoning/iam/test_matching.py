from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lychgate.reasoning.iam import Language, actions_language, contains, find, overlap, resources_language
from lychgate.reasoning.iam.patterns import arn_tokens, simple_pattern
from lychgate.reasoning.iam.templates import pieces


def glob(*texts: str) -> Language:
    return Language(simple_pattern(pieces(text, False)) for text in texts)


def arn(text: str) -> Language:
    tokens = arn_tokens(pieces(text, False))
    assert tokens is not None
    return Language([tokens])


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        # reference_policies_elements_resource.html, "Using wildcards in resource ARNs"
        ("arn:aws:s3:::bucket/*/test/*", "arn:aws:s3:::bucket/1/2/test/3/object.jpg", True),
        ("arn:aws:s3:::bucket/*/test/*", "arn:aws:s3:::bucket/1///test///object.jpg", True),
        ("arn:aws:s3:::bucket/*/test/*", "arn:aws:s3:::bucket//test/object.jpg", True),
        ("arn:aws:s3:::bucket/*/test/*", "arn:aws:s3:::bucket/1/test/", True),
        ("arn:aws:s3:::bucket/*/test/*", "arn:aws:s3:::bucket/1-test/object.jpg", False),
        ("arn:aws:s3:::bucket/*/test/*", "arn:aws:s3:::bucket/test/object.jpg", False),
        ("*", "anything", True),
        ("arn:aws:s3:*", "arn:aws:s3:::bucket/key", True),
        ("arn:aws:s3", "arn:aws:s3:::bucket/key", True),
        ("arn:aws:iam::1*3:role/x", "arn:aws:iam::12:3:role/x", False),
        ("arn:aws:iam::1?3:role/x", "arn:aws:iam::1:3:role/x", False),
        ("arn:aws:sqs:*:111122223333:q", "arn:aws:sqs:us-east-1:111122223333:q", True),
        ("arn:aws:logs:*:1:log-group:a*b", "arn:aws:logs:x:1:log-group:a:b", True),
        ("arn:aws:s3:::Bucket", "arn:aws:s3:::bucket", False),
    ],
)
def test_resources(pattern: str, text: str, expected: bool) -> None:
    assert resources_language((pattern,)).matches(text) is expected


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("arn:aws:sns:*:111122223333:*", "arn:aws:sns:eu-west-1:111122223333:topic", True),
        ("arn:aws:iam::*:role/x", "arn:aws:iam::1:2:role/x", False),
        ("arn:aws:iam::111122223333:*", "arn:aws:iam::111122223333:role/a:b", True),
        ("arn:*:*:*:*:*", "arn:aws:s3:::b", True),
        ("arn:*:*:*:*:*", "not-an-arn", False),
    ],
)
def test_arn_conditions_keep_wildcards_within_their_field(pattern: str, text: str, expected: bool) -> None:
    assert arn(pattern).matches(text) is expected


def test_actions_ignore_case() -> None:
    assert actions_language(("S3:getOBJECT*",)).matches("s3:getobjectacl")


@pytest.mark.parametrize(
    ("wide", "narrow", "expected"),
    [
        ("a*", "ab?", True),
        ("ab?", "a*", False),
        ("*a*", "*aa*", True),
        ("*ab*", "*a*b*", False),
        ("a?*", "a*?", True),
        ("*", "", True),
        ("?*", "*", False),
    ],
)
def test_containment(wide: str, narrow: str, expected: bool) -> None:
    assert contains(glob(wide), glob(narrow)) is expected


def test_overlap_gives_a_text_in_both() -> None:
    first, second = resources_language(("arn:aws:s3:::*-logs/*",)), resources_language(("arn:aws:s3:::acme-*",))
    text = overlap(first, second)
    assert text is not None
    assert first.matches(text)
    assert second.matches(text)
    assert overlap(glob("a*"), glob("b*")) is None


PATTERNS = st.text("ab*?", max_size=6)
TEXTS = st.text("abc", max_size=6)


@given(st.lists(PATTERNS, min_size=1, max_size=3), TEXTS)
def test_matching_is_what_regular_expressions_say(patterns: list[str], text: str) -> None:
    expected = any(re.fullmatch(re.escape(p).replace(r"\*", ".*").replace(r"\?", "."), text) for p in patterns)
    assert glob(*patterns).matches(text) is bool(expected)


@given(st.lists(PATTERNS, min_size=1, max_size=2), st.lists(PATTERNS, max_size=2), TEXTS)
def test_find_is_exact(inside: list[str], outside: list[str], text: str) -> None:
    wanted, unwanted = [glob(one) for one in inside], [glob(one) for one in outside]
    found = find(wanted, unwanted)
    if found is not None:
        assert all(one.matches(found) for one in wanted)
        assert not any(one.matches(found) for one in unwanted)
    if all(one.matches(text) for one in wanted) and not any(one.matches(text) for one in unwanted):
        assert found is not None
