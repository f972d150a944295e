"""Manifests are read as the Kubernetes provider reads them."""

from __future__ import annotations

from typing import Any

import pytest

from lychgate.sources.program.kubernetes_yaml import decode

HEAD = "apiVersion: v1\nkind: ConfigMap\n"


def data(text: str) -> Any:
    return decode(f"{HEAD}data:\n  value: {text}\n")[0]["data"]["value"]


def test_documents_without_kind_are_left_out() -> None:
    text = f"---\n# nothing\n---\n{HEAD}metadata: {{name: a}}\n---\nkind: Only\n---\n{HEAD}metadata:\n  name: b\n...\n"
    assert [one["metadata"]["name"] for one in decode(text)] == ["a", "b"]
    assert decode("") == []


def test_json_is_yaml() -> None:
    assert decode('{"apiVersion": "v1", "kind": "Pod", "a": ["\\u00e9", 1.5]}') == [
        {"apiVersion": "v1", "kind": "Pod", "a": ["é", 1.5]}
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", True), ("Off", False), ("y", True), ('"yes"', "yes"), ("!!str yes", "yes"),
        ("null", None), ("~", None), ("", None), ("0644", 420), ("0o644", 420), ("0x1F", 31), ("0b11", 3), ("-7", -7),
        ("1_000", 1000), ("08", 8.0), ("1e3", 1000.0), (".5", 0.5), ("1.", 1.0), ("2027-01-31", "2027-01-31"),
        ("12:30:45", "12:30:45"), ("1.2.3", "1.2.3"), (".inf", ".inf"), ("1" * 400, "1" * 400), ("1e999", "1e999"),
        ("|\n    a\n    b", "a\nb\n"), ("'0644'", "0644"),
    ],
)  # fmt: skip
def test_a_scalar(text: str, value: Any) -> None:
    found = data(text)
    assert found == value
    assert type(found) is type(value)


def test_keys_are_text_and_the_last_of_equal_ones_counts() -> None:
    found = decode(f"{HEAD}data: {{1: a, on: b, 1.5: c, null: d, x: 1, x: 2}}\n")[0]["data"]
    assert found == {"1": "a", "true": "b", "1.5": "c", "null": "d", "x": 2}


def test_anchors_and_merge_keys() -> None:
    text = (
        f"{HEAD}base: &base {{a: 1, b: 1}}\nmore: &more {{b: 2, c: 2}}\none: {{<<: *base, b: own}}\n"
        'two: {<<: [*base, *more]}\nthree: {"<<": x}\n'
    )
    found = decode(text)[0]
    assert found["one"] == {"a": 1, "b": "own"}
    assert found["two"] == {"a": 1, "b": 1, "c": 2}
    assert found["three"] == {"<<": "x"}


def bomb() -> str:
    levels = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 8)]
    return "\n".join([HEAD.strip(), "l0: &l0 [x, x, x, x, x, x, x, x, x, x]", *levels])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [", "^not YAML: "),
        ("a: b: c", "^not YAML: "),
        ("- a\n", "is no object"),
        ("just text", "is no object"),
        (f"{HEAD}? [a]\n: b", "a key that is no text"),
        (f"{HEAD}a: &a [*a]", "an alias to something that it is part of"),
        (f"{HEAD}a: *nothing", "^not YAML: "),
        ("[" * 50_000, "^not YAML: "),
        (bomb(), "more than 1,000,000 values"),
    ],
    ids=["open", "nested", "list", "text", "key", "cycle", "alias", "deep", "bomb"],
)
def test_a_refusal(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        decode(text)
