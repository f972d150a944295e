"""Which provider a registration, read or function call goes to: the one it names, else the package's default provider,
which the engine registers on first use.

https://github.com/pulumi/pulumi/blob/master/pkg/resource/deploy/source_eval.go (defaultProviders)
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, MutableMapping
from typing import Any

from lychgate.model.graph import Resource
from lychgate.sources.program.answers import Answers

NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]")


class Providers:
    """The providers of one stack. `config` gives the configuration of a package; `lock` guards `resources`."""

    def __init__(
        self,
        project: str,
        stack: str,
        resources: MutableMapping[str, Resource],
        lock: threading.Lock,
        answers: Answers,
        config: Callable[[str], dict[str, Any]],
    ) -> None:
        self.project, self.stack, self.resources, self.lock = project, stack, resources, lock
        self.answers, self.config = answers, config
        self.packages: dict[str, Any] = {}

    def package(self, request: Any) -> str:
        """A parameterised package is told; the reference that is returned stands for it in later calls."""
        ref = f"{request.name}-{len(self.packages)}"
        self.packages[ref] = request
        return ref

    def of(self, request: Any, token: str) -> Resource | None:
        """The provider that a request for a type or function goes to; None for a provider itself.

        Raises ValueError where the request names one that was never registered.
        """
        if request.provider:
            named = self.resources.get(request.provider.rpartition("::")[0])
            if named is None:
                raise ValueError(f"{token} names a provider that was never registered")
            return named
        return None if token.startswith("pulumi:providers:") else self._default(token.partition(":")[0], request)

    def _default(self, package: str, request: Any) -> Resource:
        known = self.packages.get(request.packageRef)
        version = known.version if known else request.version
        url = "" if known else request.pluginDownloadURL
        parts = ["default", *version.split("."), NOT_IN_NAMES.sub("_", url)]
        name, type_ = "_".join(part for part in parts if part), f"pulumi:providers:{package}"
        urn = f"urn:pulumi:{self.stack}::{self.project}::{type_}::{name}"
        with self.lock:
            if urn not in self.resources:
                made = Resource(urn, type_, name, self.config(package), stack=f"{self.project}/{self.stack}")
                made.properties.update(origin(version, url))
                made.id, made.outputs = self.answers.answer(made, self.resources)
                self.resources[urn] = made
        return self.resources[urn]


def reference(provider: Resource | None) -> str | None:
    """How a resource names its provider."""
    return f"{provider.urn}::{provider.id}" if provider else None


def origin(version: str, url: str) -> dict[str, Any]:
    """The inputs that the engine adds to a provider: the version and download address of its registration."""
    return {name: value for name, value in (("version", version), ("pluginDownloadURL", url)) if value}
