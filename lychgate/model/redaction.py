"""Keeps secrets out of everything that is printed or written."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from lychgate.model.graph import Graph
from lychgate.model.values import Secret, secret_texts

SHORTEST = 4
SHORTEST_INSIDE = 8
MOST = 2**53
DEEPEST = 100
WITHHELD = "[secret]"


class Redactor:
    """Replaces secret texts, and their JSON, base64, URL and hexadecimal forms, by `[secret]`.

    Texts of fewer than four characters are left: they cannot be told from ordinary words. (What a rule says after it
    has read a secret is withheld as a whole, so these do not get out that way either.) Only what comes from a program
    may be passed through here: a program could make secrets of the words `fail` and `clean`.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        forms = {form for text in texts if len(text) >= SHORTEST for form in _forms(text) if len(form) >= SHORTEST}
        self._by_start: dict[str, list[str]] = {}
        for form in sorted(forms, key=lambda form: (-len(form), form)):
            self._by_start.setdefault(form[:SHORTEST], []).append(form)
        self._seen: dict[str, str] = {}

    @classmethod
    def of(cls, *graphs: Graph) -> Redactor:
        """The redactor of everything secret in these graphs. A text that also stands in the open somewhere is none."""
        secret: set[str] = set()
        for graph in graphs:
            for resource in graph.resources:
                secret.update(secret_texts([resource.properties, resource.outputs]))
            for stack in graph.stacks.values():
                secret.update(secret_texts(stack.config))
                secret.update(secret_texts(stack.outputs))
                secret.update(secret_texts(list(stack.secrets)))
        if secret:
            for graph in graphs:
                for resource in graph.resources:
                    secret.difference_update(open_texts(resource.properties))
        return cls(secret)

    def __call__(self, text: str) -> str:
        """The text without its secrets, and without what is no Unicode (a document's `\\ud800`)."""
        done = self._seen.get(text)
        if done is None:
            done = self._seen[text] = self._cut(text).encode(errors="replace").decode()
        return done

    def _cut(self, text: str) -> str:
        """Every stretch of secrets, which may overlap, becomes one `[secret]`."""
        if not self._by_start:
            return text
        pieces: list[str] = []
        kept = begin = end = 0
        for position in range(len(text) - SHORTEST + 1):
            forms = self._by_start.get(text[position : position + SHORTEST], ())
            form = next((form for form in forms if text.startswith(form, position)), None)
            if form is None:
                continue
            if position >= end:
                pieces += [text[kept:begin], WITHHELD] if end else []
                kept, begin = end, position
            end = max(end, position + len(form))
        return "".join([*pieces, text[kept:begin], WITHHELD, text[end:]]) if end else text

    def value(self, value: Any, depth: int = 0) -> Any:
        """The same for every text in a JSON value; numbers and nesting are made such as any reader takes."""
        if isinstance(value, str):
            return self(value)
        if isinstance(value, dict | list | tuple) and depth == DEEPEST:
            return "..."
        if isinstance(value, dict):
            return {self(str(key)): self.value(item, depth + 1) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(item, depth + 1) for item in value]
        return str(value) if isinstance(value, int) and abs(value) > MOST else value


def _forms(text: str) -> Iterator[str]:
    yield text
    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    yield quote(text, safe="")
    raw = text.encode(errors="surrogatepass")
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(raw).decode()
        yield encode(raw).decode().rstrip("=")
        for before in range(3):  # as part of something longer, such as `user:password`
            inside = encode(bytes(before) + raw).decode()
            inside = inside[(0, 2, 3)[before] : len(inside) - (0, 3, 2)[(before + len(raw)) % 3]]
            if len(inside) >= SHORTEST_INSIDE:
                yield inside
    yield raw.hex()
    yield raw.hex().upper()
    lines = [line.strip() for line in text.splitlines() if len(line.strip()) >= 16]
    if len(lines) > 1:  # a key file is printed line by line
        yield from lines


def open_texts(value: Any) -> Iterator[str]:
    """Every text that stands in the open, and every number as text."""
    if isinstance(value, Secret):
        return
    if isinstance(value, dict):
        for item in value.values():
            yield from open_texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from open_texts(item)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield str(value)
