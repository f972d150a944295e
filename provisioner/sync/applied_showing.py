"""An apply on a terminal: what is done while it is done, and at the end what failed and why."""

from __future__ import annotations

import sys
import threading
from contextlib import suppress
from typing import Self

from lychgate.provisioner.sync.applied import PASSES, Applied, Finding, Stage, Step
from lychgate.provisioner.sync.removing import Removal
from rich.console import Console
from rich.text import Text

from lychgate.model.escaping import flat

STYLES = {
    "begun": "bold yellow",
    "applied": "bold green",
    "refused": "bold red",
    "failed": "bold red",
    "cancelled": "bold yellow",
}


LIVE = 70  # characters of what is under way


class Steps:
    """A line on stderr for each stage of a sync and each thing that it has done; on a terminal, below them, what is
    under way. Steps come in threads of their own."""

    def __init__(self) -> None:
        self._under_way: dict[str, str] = {}
        self._live = sys.stderr.isatty()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._under_way.clear()
        self._print("")

    def take(self, stage: Stage, step: Step | None) -> None:
        """A stage begins, or something has happened to a resource in it."""
        with self._lock:
            if step is None:
                self._under_way.clear()
                self._print(f"{stage} ...")
            elif step.state == "begins":
                self._under_way[step.urn] = step.name
                self._print("")
            else:
                self._under_way.pop(step.urn, None)
                self._print(_line(stage, step))

    def _print(self, line: str) -> None:
        clear = "\r\x1b[K" if self._live else ""
        live = ", ".join(map(flat, self._under_way.values()))[:LIVE] if self._live else ""
        if not line and not clear:
            return
        with suppress(OSError):  # a terminal that is gone stops no sync
            print(f"{clear}{line}" + ("\n" if line else "") + live, end="", file=sys.stderr, flush=True)


def _line(stage: Stage, step: Step) -> str:
    """What is said of a step that has ended; nothing of one that changed nothing."""
    if step.state == "done" and (stage == "preview" or step.operation in PASSES):
        return ""
    failed = " FAILED" if step.state == "failed" else ""
    return f"  {step.operation}{failed} {flat(step.name)}  {flat(step.type)}"


def show(applied: Applied, console: Console | None = None) -> None:
    """Print it. Colours only on a terminal."""
    console = console or Console(highlight=False, soft_wrap=True)
    for one in applied.findings:
        if one.blocks:
            _finding(console, one)
    for step in applied.broken:
        _step(console, step, "✗", "bold red")
    for step in applied.unfinished:
        _step(console, step, "?", "yellow", "was begun, and nobody knows how far it came")
    for line in applied.reason.splitlines():
        console.print(Text(f"  {flat(line)}", style="red"))
    console.print(_totals(applied))


def show_objections(removal: Removal, console: Console | None = None) -> None:
    """Print what is against taking a stack away."""
    console = console or Console(highlight=False, soft_wrap=True)
    for one in removal.objections:
        line = Text("✗ ", style="bold red")
        line.append(f"{one.kind}  ", style="bold")
        line.append(flat(one.message))
        console.print(line)


def _finding(console: Console, one: Finding) -> None:
    line = Text("✗ ", style="bold red")
    line.append(flat(one.rule), style="bold")
    line.append(f"  {flat(one.urn.split('::', 3)[-1])}")
    line.append(f"  said in {one.stage}", style="dim")
    console.print(line)
    console.print(Text(f"    {flat(one.message)}"))


def _step(console: Console, step: Step, sign: str, style: str, note: str = "") -> None:
    line = Text(f"{sign} {flat(step.name)}", style=style)
    line.append(f"  {flat(step.type)}  ", style="dim")
    line.append(step.operation)
    line.append(f": {note}" if note else "", style=style)
    console.print(line)


def _totals(applied: Applied) -> Text:
    line = Text(applied.outcome, style=STYLES[applied.outcome])
    counts = ", ".join(f"{count} {operation}" for operation, count in applied.counts.items() if count)
    times = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in applied.seconds.items())
    line.append(f"  {applied.stack}: {counts or 'nothing was done'}", style="")
    line.append(f" ({times})" if times else "", style="dim")
    return line
