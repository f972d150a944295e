"""Several stacks captured to be judged together: StackReferences between them are answered from one another."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lychgate.model.errors import InputError
from lychgate.model.graph import Graph
from lychgate.sources.program.capture import Setting, capture
from lychgate.sources.program.project import Configuration, Project, read_configuration
from lychgate.sources.program.warm import Warm
from lychgate.sources.sandbox import Isolate, Limits
from lychgate.sources.settings import Settings


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack to capture: its project, its name, and plain and secret configuration from the command line."""

    project: Project
    name: str
    config: Mapping[str, str]
    secret_config: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """PROJECT/STACK, as the graph calls it."""
        return f"{self.project.name}/{self.name}"


def capture_together(
    stacks: Sequence[Stack],
    setting: Setting,
    settings: Settings,
    isolate: Isolate,
    limits: Limits,
    warm: Warm | None = None,
) -> tuple[Graph, tuple[str, ...]]:
    """One graph of all stacks, and in words what of their programs could not be isolated.

    With `warm`, in interpreters that wait, and only of the stacks that can have become others.

    Raises InputError where two of them have the same name: one of them would not be judged.
    """
    folders: dict[str, Path] = {}
    for stack in stacks:
        if stack.key in folders:
            found = f"a second stack {stack.key}, beside the one of {folders[stack.key]}"
            raise InputError(str(stack.project.file), found=found, expected="a project name of its own")
        folders[stack.key] = stack.project.folder
    party = _Party(stacks, setting, settings, warm or Warm(isolate, limits))
    for stack in stacks:
        party.graph(stack)
    graph = Graph.together([party.graphs[stack.key] for stack in stacks])
    graph.settings = settings.labels
    return graph, tuple(sorted(party.open))


class _Party:
    """Captures each stack once, on first need: one that is referred to comes before the one that refers to it."""

    def __init__(self, stacks: Sequence[Stack], setting: Setting, settings: Settings, warm: Warm) -> None:
        self.stacks, self.settings, self.warm = stacks, settings, warm
        self.setting = setting
        self.graphs: dict[str, Graph] = {}
        self.open: set[str] = set()
        self.underway: set[str] = set()

    def graph(self, stack: Stack) -> Graph:
        """The graph of one stack."""
        if stack.key not in self.graphs:
            self.underway.add(stack.key)
            config = read_configuration(
                stack.project, stack.name, stack.config, self.settings.secrets, stack.secret_config
            )
            known = self.warm.recall(stack.key, stack.project, config, self.outputs)
            self.graphs[stack.key] = known or self._captured(stack, config)
            self.underway.discard(stack.key)
        return self.graphs[stack.key]

    def _captured(self, stack: Stack, config: Configuration) -> Graph:
        asked: dict[str, dict[str, Any] | None] = {}
        setting = replace(self.setting, stack_outputs=self._one_by_one(asked))
        with self.warm.host(stack.project) as host, self.warm.keeping(stack.key, stack.project, config, asked) as keep:
            graph = capture(host, stack.project, stack.name, config, setting)
            self.open.update(host.process.isolation.missing)
            if not host.process.isolation.missing:
                keep(graph)
        return graph

    def _one_by_one(self, asked: dict[str, dict[str, Any] | None]) -> Callable[[str], dict[str, Any] | None]:
        """`outputs` for one program: it may refer to a stack twice at once, which is captured once nevertheless. What
        it was told is noted."""
        turn = threading.Lock()

        def answer(name: str) -> dict[str, Any] | None:
            with turn:
                asked[name] = self.outputs(name)
                return asked[name]

        return answer

    def outputs(self, name: str) -> dict[str, Any] | None:
        """What a StackReference to a name answers: a named file, else another stack of the party, else None.

        A stack that (through others) refers to itself is not known there.
        """
        if name in self.settings.stack_references:
            return self.settings.stack_references[name]
        for stack in self.stacks:
            if name == stack.key or name.endswith(f"/{stack.key}") or name == stack.name:
                return None if stack.key in self.underway else self.graph(stack).stacks[stack.key].outputs
        return None
