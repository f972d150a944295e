"""A difference on a terminal: a line for each resource that changes, its properties below, totals at the end."""

from __future__ import annotations

from typing import Any

import orjson
from lychgate.provisioner.sync.records import ACTIONS, Change, Difference
from rich.console import Console
from rich.text import Text

from lychgate.model.escaping import flat

SIGNS = {
    "create": ("+", "green"), "update": ("~", "yellow"), "update or replace": ("?", "magenta"),
    "replace": ("±", "bold magenta"), "delete": ("-", "bold red"),
}  # fmt: skip
LONGEST = 120
DATA_STORE = "DATA STORE"


def show(difference: Difference, verbose: bool = False, console: Console | None = None) -> None:
    """Print a difference; `verbose` also shows the properties of what is created, and what could not be compared.

    Colours only on a terminal.
    """
    console = console or Console(highlight=False, soft_wrap=True)
    told = difference.as_dict()
    by_urn = {(one["urn"], one["action"]): one for one in told["changes"]}
    for change in difference.changes:
        one = by_urn.get((difference.redact(change.urn), change.action))
        if one is not None and (change.action != "same" or verbose):
            _resource(console, change, one, verbose)
    _totals(console, difference)


def _resource(console: Console, change: Change, told: dict[str, Any], verbose: bool) -> None:
    sign, style = SIGNS.get(change.action, (" ", "dim"))
    line = Text(f"{sign} ", style=style)
    line.append(flat(told["name"]), style="bold")
    line.append(f"  {flat(change.type)}  ", style="dim")
    line.append(change.action, style=style)
    for note in notes(change, told):
        line.append(f", {flat(note)}")
    console.print(line)
    if change.action != "create" or verbose:
        for one in told.get("properties", ()):
            console.print(_property(one))
    if verbose:
        for path in told.get("not_compared", ()):
            console.print(Text(f"    {flat(path)}: not compared", style="dim"))


def notes(change: Change, told: dict[str, Any]) -> list[str]:
    """What people should know of a change beside its properties; `told` is the same as JSON."""
    found = list(told.get("reasons", ()))
    if change.formerly:
        found.append(f"formerly {told['formerly']}")
    if change.delete_before_replace:
        found.append("the old one is deleted first")
    if change.retained:
        found.append("Pulumi forgets it, the thing stays")
    if change.protected:
        found.append("PROTECTED: Pulumi will refuse")
    if change.data_store and change.deletes:
        found.append(DATA_STORE)
    return found


def _property(one: dict[str, Any]) -> Text:
    line = Text(f"    {flat(one['path'])}: ")
    if "old" in one:
        line.append(shown(one["old"]), style="red")
    if "old" in one and "new" in one:
        line.append(" -> ")
    if "new" in one:
        line.append(shown(one["new"]), style="green")
    elif "old" in one:
        line.append(" -> nothing")
    replaces = {True: "  (replaces)", None: "  (may replace)"}.get(one["replaces"], "")
    line.append(replaces, style="magenta")
    return line


def shown(value: Any) -> str:
    """A value on one line, cut where it is long."""
    text = value if isinstance(value, str) and value in ("[secret]", "[unknown]") else _json(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _json(value: Any) -> str:
    try:
        return flat(orjson.dumps(value).decode())
    except TypeError:  # a number that is too large for it, or half a character
        return flat(repr(value))


def _totals(console: Console, difference: Difference) -> None:
    counts = difference.counts
    if not difference.changed:
        console.print(
            Text(f"nothing changes: {counts.get('same', 0)} resources are as they are deployed", style="green")
        )
    else:
        console.print(
            Text(", ".join(f"{counts[action]} {action}" for action in ACTIONS if action in counts), style="bold")
        )
    unsure = sum(len(one.not_compared) for one in difference.changes)
    if unsure:
        values = "1 value" if unsure == 1 else f"{unsure} values"
        console.print(Text(f"{values} could not be compared: encrypted, or in files", style="dim"))
    stores = difference.data_stores_deleted
    if stores:
        names = ", ".join(flat(difference.redact(one.name)) for one in stores)
        console.print(Text(f"data stores that are or may be deleted: {names}", style="bold red"))
