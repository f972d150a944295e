"""Credentials in what everybody who may look at a namespace can read: ConfigMaps, and the commands of containers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lychgate.model.values import Secret, Unknown
from lychgate.views.credentials import REFERENCE, Origins, looks_like_credential, names_an_object, written_in_text
from lychgate.views.kubernetes import CONFIG_MAPS, KubernetesObject, entries
from lychgate.views.kubernetes_objects import opened
from lychgate.views.kubernetes_workloads import Workload

LINE = re.compile(r"""^\s*["']?([\w.\-]+)["']?\s*[:=]\s*["']?([^"'\s,#]+)""", re.MULTILINE)
OPTION = re.compile(r"--?([A-Za-z][\w.\-]*)(?:=(.+))?")
# What is filled in by somebody else: a template, a variable, a switch, a file.
FILLED_IN = re.compile(r"[\[{<$%].*|true|false|null|none|yes|no|on|off|[\d.]+|/.*", re.IGNORECASE)


class PlainText(KubernetesObject):
    """A ConfigMap, or something that runs containers with a command."""

    types = (*CONFIG_MAPS, *Workload.types)
    __slots__ = ()

    @property
    def credentials(self) -> list[str]:
        """The places that hold a credential itself. Raises `UnknownRead` where a place as a whole is unknown."""
        return self.once("credentials", lambda: list(dict.fromkeys(self._found())))

    def _found(self) -> Iterator[str]:
        if self.resource.type in CONFIG_MAPS:
            for name, value in entries(self.read, "data").items():
                yield from self._in_entry(name, value)
            return
        for container in Workload.of(self.graph, self.resource).containers:
            for property_ in ("command", "args"):
                words = opened(container.read.values.get(property_))
                for place in self._in_words(words if isinstance(words, list) else ()):
                    yield f"{place} in {property_} of {container}"

    def _in_entry(self, name: str, value: Any) -> Iterator[str]:
        text = opened(value)
        if isinstance(text, Unknown) or not isinstance(text, str):
            return
        if isinstance(value, Secret) or _holds(name, text):
            yield name
            return
        for match in LINE.finditer(text):
            if _holds(match[1], match[2]):
                yield f"{name} ({match[1]})"
        if written_in_text(text, Origins(self.graph, self.resource, "data")):
            yield name

    def _in_words(self, words: Any) -> Iterator[str]:
        texts = [str(opened(word)) if isinstance(opened(word), str) else "" for word in words]
        for word, following in zip(texts, [*texts[1:], ""], strict=False):
            option = OPTION.fullmatch(word)
            if option and looks_like_credential(option[1]):
                value = option[2] or ("" if following.startswith("-") else following)
                if _holds(option[1], value):
                    yield f"--{option[1]}"
            elif " " in word or not option:
                origins = self.once("origins", lambda: Origins(self.graph, self.resource, "spec"))
                if written_in_text(word, origins):
                    yield "a credential"


def _holds(name: str, value: str) -> bool:
    """Whether what is called so is a credential itself, not where it is to be found."""
    if not value or not looks_like_credential(name) or names_an_object(name, value):
        return False
    return not REFERENCE.match(value) and not FILLED_IN.fullmatch(value)
