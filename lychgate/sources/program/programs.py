"""Many small programs, as a rule's examples are: an interpreter imports the SDKs once, each program is a fork of it."""

from __future__ import annotations

import ast
import os
import sys
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lychgate.model.graph import Graph
from lychgate.sources.program.capture import ProgramFailed, Setting, capture
from lychgate.sources.program.process import HostProcess
from lychgate.sources.program.project import Configuration, Project
from lychgate.sources.sandbox import Limits

Captured = dict[str, Graph | ProgramFailed]
ENOUGH = 20  # programs that are worth an interpreter of their own


def capture_texts(texts: Mapping[str, str], stack: str = "production") -> Captured:
    """Capture programs that are given as text. Name -> graph, or the error of a program that fails."""
    hosts = min((os.cpu_count() or 1) + 1, 1 + len(texts) // ENOUGH)
    # Here, and not in the threads: ast.parse may fail in several at once (https://github.com/python/cpython/issues/106905).
    modules = {name: _modules(text) for name, text in texts.items()}
    # Like beside like: an interpreter with half of the modules is forked in half of the time.
    names = sorted(texts, key=lambda name: sorted(modules[name]))
    shares = [names[len(names) * part // hosts : len(names) * (part + 1) // hosts] for part in range(hosts)]

    def captured(share: list[str]) -> Captured:
        needed = sorted({module for name in share for module in modules[name]})
        return _capture({name: texts[name] for name in share}, needed, stack)

    with ThreadPoolExecutor(hosts) as pool:
        parts = pool.map(captured, shares)
        found = {name: graph for part in parts for name, graph in part.items()}
    return {name: found[name] for name in texts}


def _capture(texts: Mapping[str, str], modules: list[str], stack: str) -> Captured:
    """Capture one after the other, in one interpreter."""
    found: Captured = {}
    with tempfile.TemporaryDirectory(prefix="lychgate-examples-") as root:
        top = Path(root)
        (top / "Pulumi.yaml").write_text("name: example\nruntime: python\n")
        with HostProcess(Path(sys.executable), top, [], "auto", Limits()) as host:
            host.ready()
            host.preload(modules)
            for name, text in texts.items():
                program = top / "__main__.py"
                program.write_text(text)
                project = Project("example", top, top / "Pulumi.yaml", program, Path(sys.executable), {}, {}, top)
                try:
                    found[name] = capture(host, project, stack, Configuration({}, frozenset()), Setting(seconds=60))
                except ProgramFailed as failed:
                    found[name] = failed
    return found


def _modules(text: str) -> set[str]:
    """The modules of Pulumi's SDKs that a program uses: `pulumi_aws.s3`, which the SDK loads on first look."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return set()
    imported = [alias for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    packages = {alias.asname or alias.name: alias.name for alias in imported if alias.name.startswith("pulumi_")}
    chains = (ast.unparse(node).split(".") for node in ast.walk(tree) if isinstance(node, ast.Attribute))
    return {".".join([packages[first], *rest[:-1]]) for first, *rest in chains if first in packages and rest[1:]}
