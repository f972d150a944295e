"""The preflight on a terminal: a line for each rule, and what to do about those that fail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from lychgate.provisioner.sync.preflight import Judged, Outcome
from rich.console import Console
from rich.text import Text

from lychgate.model.escaping import flat

SIGNS = {
    "pass": ("✓", "green"), "fail": ("✗", "bold red"), "error": ("!", "bold red"), "unknown": ("?", "bold yellow"),
    "not applicable": ("-", "dim"), "not checked": ("·", "dim"),
}  # fmt: skip
WORDS: tuple[Outcome, ...] = ("fail", "error", "unknown", "not checked", "not applicable", "pass")
STOPS = ("fail", "error", "unknown")


def show(judged: Sequence[Judged], console: Console | None = None) -> None:
    """Print what the preflight rules say. Colours only on a terminal."""
    console = console or Console(highlight=False, soft_wrap=True)
    for one in judged:
        console.print(_line(one))
        if one.outcome == "fail":
            console.print(Text(f"    fix: {flat(' '.join(one.remediation.split()))}", style="green"))
    counts = Counter(one.outcome for one in judged)
    total = ", ".join(f"{counts[word]} {word}" for word in WORDS if counts[word])
    console.print(Text(f"preflight: {total or 'no rule was found'}", style="bold"))


def _line(one: Judged) -> Text:
    sign, style = SIGNS[one.outcome]
    line = Text(f"{sign} ", style=style)
    line.append(one.id, style="bold" if one.outcome in STOPS else "")
    line.append(f"  {one.outcome}", style=style)
    if one.message:
        line.append(f": {flat(one.message)}", style="" if one.outcome in STOPS else "dim")
    if one.outcome == "fail" and one.requirements:
        line.append(f"  PCI DSS {flat(', '.join(one.requirements))}", style="dim")
    return line
