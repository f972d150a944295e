"""The graph that `lychgate iam` is asked about: what `lychgate check` would judge, captured in the same way."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lychgate.cli.check import Request, capture, validate
from lychgate.model.escaping import flat
from lychgate.model.graph import Graph
from lychgate.sources.program.project import read_project
from lychgate.sources.settings import find, read_settings


@dataclass(frozen=True, slots=True)
class Source:
    """What was asked on the command line, as `check` takes it."""

    paths: Sequence[Path]
    stacks: Sequence[str] = ()
    environment: str = "production"
    settings: Path | None = None
    config: Sequence[str] = ()
    secret_config: Sequence[str] = ()
    timeout: float = 300.0
    isolate: str = "auto"
    max_resources: int = 20_000


def graph_of(source: Source) -> Graph:
    """The programs' graph; what of them could not be isolated is said. Raises InputError."""
    request = Request(
        paths=source.paths, stacks=source.stacks, environment=source.environment, ruleset=None, waivers=None,
        settings=source.settings, rules=[], config=source.config, secret_config=source.secret_config, strict=None,
        formats=[], output=None, as_of=None, policy_ref=None, previous=None, timeout=source.timeout,
        isolate=source.isolate, max_resources=source.max_resources, verbose=False,
    )  # fmt: skip
    validate(request)
    settings = read_settings(source.settings or find(source.paths[0]), source.environment)
    graph, isolation = capture(request, settings, [read_project(path) for path in source.paths])
    for missing in isolation:
        print(f"lychgate: not isolated: {flat(missing)}", file=sys.stderr)
    return graph
