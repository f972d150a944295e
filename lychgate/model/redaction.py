"""Keeps secrets out of everything that is printed or written."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from lychgate.model.graph import Graph
from lychgate.model.values import Secret, secret_texts

SHORTEST = 4
WITHHELD = "[secret]"


class Redactor:
    """Replaces secret texts, and their JSON, base64 and URL forms, by `[secret]`.

    Texts of fewer than four characters are left: they cannot be told from ordinary words. (What a rule says after it
    has read a secret is withheld as a whole, so these do not get out that way either.)
    """

    def __init__(self, texts: Iterable[str]) -> None:
        forms = {form for text in texts if len(text) >= SHORTEST for form in _forms(text) if len(form) >= SHORTEST}
        ordered = sorted(forms, key=lambda form: (-len(form), form))
        self._pattern = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    @classmethod
    def of(cls, *graphs: Graph) -> Redactor:
        """The redactor of everything secret in these graphs. A text that also stands in the open somewhere is none."""
        secret: set[str] = set()
        for graph in graphs:
            for resource in graph.resources:
                secret.update(secret_texts(resource.properties))
                secret.update(secret_texts(resource.outputs))
            for stack in graph.stacks.values():
                secret.update(secret_texts(stack.config))
                secret.update(secret_texts(stack.outputs))
        if secret:
            for graph in graphs:
                for resource in graph.resources:
                    secret.difference_update(open_texts(resource.properties))
        return cls(secret)

    def __call__(self, text: str) -> str:
        """The text without its secrets."""
        return self._pattern.sub(WITHHELD, text) if self._pattern and text else text

    def value(self, value: Any) -> Any:
        """The same for every text in a JSON value."""
        if self._pattern is None:
            return value
        if isinstance(value, str):
            return self(value)
        if isinstance(value, dict):
            return {self(key): self.value(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(item) for item in value]
        return value


def _forms(text: str) -> Iterator[str]:
    yield text
    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    yield quote(text, safe="")
    raw = text.encode(errors="surrogatepass")
    yield base64.b64encode(raw).decode()
    yield base64.urlsafe_b64encode(raw).decode()
    yield base64.b64encode(raw).decode().rstrip("=")
    yield raw.hex()
    lines = [line for line in text.splitlines() if len(line) >= 16]
    if len(lines) > 1:  # a key file is printed line by line
        yield from lines


def open_texts(value: Any) -> Iterator[str]:
    """Every text that stands in the open."""
    if isinstance(value, Secret):
        return
    if isinstance(value, dict):
        for item in value.values():
            yield from open_texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from open_texts(item)
    elif isinstance(value, str):
        yield value
