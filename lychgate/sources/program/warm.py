"""Programs that are captured again and again: interpreters that wait with the SDK loaded, graphs of what is unchanged.

Each program still gets an interpreter in a sandbox that no other program has been in. What waits was started before the
change was made: it sees the program's folder as it is when the program is run.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from lychgate.model.errors import InputError
from lychgate.model.graph import Graph
from lychgate.sources.digests import of_folder
from lychgate.sources.program.process import HostLost, HostProcess
from lychgate.sources.program.project import Configuration, Project
from lychgate.sources.sandbox import Isolate, Limits

Outputs = Mapping[str, Any] | None
MOST_READ = 1 << 20
MOST_FILES = 500
IMPORTED = re.compile(r"^\s*import\s+(pulumi_\w+)(?:\s+as\s+(\w+))?", re.MULTILINE | re.ASCII)
FROM = re.compile(r"^\s*from\s+(pulumi_\w+(?:\.\w+)*)\s+import\s+\(?([\w ,]+)", re.MULTILINE | re.ASCII)


@dataclass(frozen=True, slots=True)
class _Known:
    """A graph, and all that its program could see."""

    graph: Graph
    digest: str
    config: Configuration
    asked: Mapping[str, Outputs]


class Warm:
    """What is kept between captures. Until `prepare` is called it keeps nothing, and starts what is asked for.

    Use as a context manager where it is prepared: leaving it ends what waits.
    """

    def __init__(self, isolate: Isolate, limits: Limits) -> None:
        self.isolate, self.limits = isolate, limits
        self._known: dict[str, _Known] = {}
        self._waiting: dict[tuple[str, ...], list[Future[HostProcess]]] = {}
        self._starting: ThreadPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end(future for futures in self._waiting.values() for future in futures)
        self._waiting.clear()
        if self._starting is not None:
            self._starting.shutdown()

    def prepare(self, projects: Iterable[Project]) -> None:
        """Have an interpreter wait for each project: a project with two stacks is named twice. Those that wait for
        another state of an environment are ended."""
        self._starting = self._starting or ThreadPoolExecutor(1)
        before, self._waiting = self._waiting, {}
        for project in projects:
            key = _place(project)
            left = before.get(key, [])
            future = left.pop() if left else self._starting.submit(self._started, project)
            self._waiting.setdefault(key, []).append(future)
        self._end(future for futures in before.values() for future in futures)

    def _started(self, project: Project) -> HostProcess:
        host = HostProcess(project.interpreter, project.folder, [], self.isolate, self.limits)
        try:
            host.ready()
            if self._starting is not None:
                host.preload(sorted(modules(project.folder)))
        except BaseException:
            host.__exit__()
            raise
        return host

    def _end(self, futures: Iterable[Future[HostProcess]]) -> None:
        for future in futures:
            if not future.cancel():
                with suppress(InputError, HostLost):
                    future.result().__exit__()

    @contextmanager
    def host(self, project: Project) -> Iterator[HostProcess]:
        """An interpreter that no program has run in: one that waits, else a new one. Raises InputError."""
        waiting = self._waiting.get(_place(project), []) if self._waiting else []
        host = None
        if waiting:
            with suppress(InputError, HostLost):  # it would be said again by the one that is started now
                host = waiting.pop().result()
        if host is not None and host.process.poll() is not None:
            host.__exit__()
            host = None
        with host or self._started(project) as ready:
            yield ready

    def forget(self) -> None:
        """Capture all programs anew."""
        self._known.clear()

    def recall(
        self, key: str, project: Project, config: Configuration, outputs: Callable[[str], Outputs]
    ) -> Graph | None:
        """The graph of a stack whose program would see nothing else than it has seen; None where that is not sure."""
        known = self._known.get(key)
        if known is None or known.config != config or known.digest != _digest(project):
            return None
        return known.graph if all(outputs(name) == told for name, told in known.asked.items()) else None

    @contextmanager
    def keeping(
        self, key: str, project: Project, config: Configuration, asked: Mapping[str, Outputs]
    ) -> Iterator[Callable[[Graph], None]]:
        """Around a capture: keep its graph, if its files are at its end what they were at its beginning.

        Only of a program that was wholly isolated: another one may have seen anything.
        """
        self._known.pop(key, None)
        before = _digest(project) if self._starting is not None else None

        def keep(graph: Graph) -> None:
            if before is not None and _digest(project) == before:
                self._known[key] = _Known(graph, before, config, dict(asked))

        yield keep


def _digest(project: Project) -> str | None:
    """All that a program's folder and interpreter hold; None where Git's own files are in sight, which change without
    any other."""
    if (project.folder / ".git").exists():
        return None
    return f"{of_folder(project.folder)} {_place(project)}"


def _place(project: Project) -> tuple[str, ...]:
    """A folder, and an interpreter with what is installed in it: pip puts names into site-packages, or takes some."""
    found = [str(project.interpreter), str(project.folder)]
    for python in {project.interpreter, project.interpreter.resolve()}:
        for installed in sorted(python.parent.parent.glob("lib/python3*/site-packages")):
            with suppress(OSError):
                found.append(f"{installed} {installed.stat().st_mtime_ns}")
    return tuple(found)


def modules(folder: Path) -> set[str]:
    """The modules of Pulumi's SDKs that a folder's programs seem to use, such as `pulumi_aws.s3`.

    The SDKs load one on first look, which takes most of the time of a small program. A guess that is wrong costs time.
    """
    found: set[str] = set()
    for path in _programs(folder):
        with suppress(OSError):
            text = path.read_bytes()[:MOST_READ].decode(errors="replace")
            found |= _named(text)
    return found


def _programs(folder: Path) -> Iterator[Path]:
    left = MOST_FILES
    for here, folders, files in os.walk(folder):
        folders[:] = [
            name for name in folders if not name.startswith(".") and not Path(here, name, "pyvenv.cfg").exists()
        ]
        for name in files:
            path = Path(here, name)
            if name.endswith(".py") and path.is_file() and not path.is_symlink():
                yield path
                left -= 1
            if not left:
                return


def _named(text: str) -> set[str]:
    found: set[str] = set()
    for package, names in FROM.findall(text):
        found |= {package, *(f"{package}.{name.split()[0]}" for name in names.split(",") if name.strip()[:1].islower())}
    for package, alias in IMPORTED.findall(text):
        found.add(package)
        chains = re.findall(rf"\b{alias or package}((?:\.[a-z]\w*)+)\.", text, re.ASCII)
        found |= {f"{package}{chain}" for chain in chains}
    return found
