"""Secrets are replaced in every form in which a program or a rule may write them, and nothing else is."""

from __future__ import annotations

import base64
import json
import time
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lychgate.model.graph import Graph, Resource, StackInfo
from lychgate.model.redaction import WITHHELD, Redactor
from lychgate.model.values import Secret

SECRETS = st.text(min_size=4, max_size=40).filter(lambda text: not text.isdigit() and text not in WITHHELD)
FORMS = {
    "itself": lambda text: text,
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON in JSON": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "a URL": lambda text: quote(text, safe=""),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "hexadecimal": lambda text: text.encode().hex(),
}


@pytest.mark.parametrize("form", FORMS)
@given(secret=SECRETS)
def test_every_form_is_replaced(form: str, secret: str) -> None:
    written = FORMS[form](secret)
    redact = Redactor([secret])
    assert redact(f"({written})") == f"({WITHHELD})"
    assert redact.value({"a": [written], written: 1}) == {"a": [WITHHELD], WITHHELD: 1}


@given(user=st.text("abcdefgh", max_size=7), secret=st.text(min_size=12, max_size=30))
def test_a_secret_inside_of_something_that_is_encoded(user: str, secret: str) -> None:
    written = base64.b64encode(f"{user}:{secret}".encode()).decode()
    said = Redactor([secret])(f"Authorization: Basic {written}")
    assert WITHHELD in said
    longest = max(said.removeprefix("Authorization: Basic ").split(WITHHELD), key=len)
    assert len(longest) <= len(base64.b64encode(f"{user}:".encode())) + 4


@given(texts=st.lists(st.text("abcd", min_size=4, max_size=8), max_size=5), text=st.text("abcdx", max_size=60))
@example(texts=["abcdab", "dabcab"], text="xabcdabcabx")
def test_secrets_that_overlap_leave_nothing_behind(texts: list[str], text: str) -> None:
    said = Redactor(texts)(text)
    assert all(secret not in said for secret in texts)
    hidden = [False] * len(text)
    for secret in texts:
        for start in range(len(text)):
            if text.startswith(secret, start):
                hidden[start : start + len(secret)] = [True] * len(secret)
    assert said.replace(WITHHELD, "") == "".join(c for c, is_hidden in zip(text, hidden, strict=True) if not is_hidden)


def test_every_line_of_a_key_is_replaced() -> None:
    key = "-----BEGIN KEY-----\n  MIIEvQIBADANBgkqhkiG9w0BAQ\n  EFAASCBKcwggSjAgEAAoIBAQ\n-----END KEY-----"
    said = Redactor([key])("line 2 is MIIEvQIBADANBgkqhkiG9w0BAQ")
    assert said == f"line 2 is {WITHHELD}"


def test_short_texts_are_left() -> None:
    assert Redactor(["abc", "1"])("abc 1") == "abc 1"


def test_what_stands_in_the_open_is_no_secret() -> None:
    bucket = Resource("urn:1", "t", "n", {"port": 5432, "tags": {"environment": "production"}, "more": ["listed"]})
    stack = StackInfo("s", "p", "s", {"a": Secret("production"), "b": Secret(5432), "c": Secret("hidden")})
    redact = Redactor.of(Graph([bucket], [stack]))
    assert redact("production on 5432: hidden, listed") == "production on 5432: [secret], listed"


def test_secrets_of_every_source_are_known() -> None:
    resource = Resource("urn:1", "t", "n", {"a": Secret("property"), "b": [{"c": Secret({"d": "nested"})}]})
    resource.outputs = {"e": Secret("output")}
    stack = StackInfo("s", "p", "s", {"f": Secret("config")}, outputs={"g": Secret("exported")})
    told = StackInfo("t", "p", "t", secrets=(Secret("told text"),))
    redact = Redactor.of(Graph([resource], [stack, told]))
    assert redact("property nested output config exported told text") == " ".join([WITHHELD] * 6)


def test_what_no_reader_takes_is_made_readable() -> None:
    assert Redactor(()).value({"a\ud800": 2**70, "b": (1, True)}) == {"a?": str(2**70), "b": [1, True]}


def test_many_secrets_in_much_text_take_little_time() -> None:
    redact = Redactor(f"secret number {number} of many" for number in range(5_000))
    texts = [f"urn:pulumi:production::shop::aws:sqs/queue:Queue::queue-{number}" for number in range(2_000)]
    began = time.process_time()
    assert [redact(text) for text in texts] == texts
    assert time.process_time() - began < 5
