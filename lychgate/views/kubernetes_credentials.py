"""Credentials in what everybody who may look at a namespace can read: ConfigMaps, and the commands of containers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lychgate.model.values import Secret, Unknown
from lychgate.views.commands import holds, in_words
from lychgate.views.credentials import Origins, written_in_text
from lychgate.views.kubernetes import CONFIG_MAPS, KubernetesObject, entries
from lychgate.views.kubernetes_objects import opened
from lychgate.views.kubernetes_workloads import Workload

LINE = re.compile(r"""^\s*["']?([\w.\-]+)["']?\s*[:=]\s*["']?([^"'\s,#]+)""", re.MULTILINE)


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
        origins = Origins(self.graph, self.resource, "spec")
        for container in Workload.of(self.graph, self.resource).containers:
            for property_ in ("command", "args"):
                words = opened(container.read.values.get(property_))
                for place in in_words(words if isinstance(words, list) else (), origins):
                    yield f"{place} in {property_} of {container}"

    def _in_entry(self, name: str, value: Any) -> Iterator[str]:
        text = opened(value)
        if isinstance(text, Unknown) or not isinstance(text, str):
            return
        if isinstance(value, Secret) or holds(name, text):
            yield name
            return
        for match in LINE.finditer(text):
            if holds(match[1], match[2]):
                yield f"{name} ({match[1]})"
        if written_in_text(text, Origins(self.graph, self.resource, "data")):
            yield name
