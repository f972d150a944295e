"""Drift on a terminal: a line for each thing that drifted, what differs below it, and the rules that it breaks."""

from __future__ import annotations

from typing import Any

import orjson
from lychgate.provisioner.sync.drift_records import Drift
from lychgate.provisioner.sync.showing import LONGEST
from rich.console import Console
from rich.text import Text

from lychgate.model.escaping import flat
from lychgate.model.outcome import SEVERITIES

SIGNS = {"missing": ("-", "bold red"), "changed": ("~", "yellow"), "unread": ("?", "magenta"), "same": (" ", "dim")}
MOST = 12  # calls that are named one by one


def show(drift: Drift, verbose: bool = False, console: Console | None = None) -> None:
    """Print a drift; `verbose` also shows what could not be compared. Colours only on a terminal."""
    console = console or Console(highlight=False, soft_wrap=True)
    told = drift.as_dict()
    causes: dict[str, list[dict[str, Any]]] = {}
    for broken in told["broken"]:
        causes.setdefault(broken["cause"], []).append(broken)
    names = {one["urn"]: one["name"] for one in told["resources"]}
    for one in told["resources"]:
        if one["state"] != "same" or "unread" in one or verbose:
            _resource(console, one, causes.get(one["urn"], []), verbose)
    for one in told["unmanaged"]:
        _unmanaged(console, one, causes.get(one["id"], []), names)
    if causes.get(""):
        console.print(Text("all of it together", style="bold"))
        _broken(console, causes[""], "")
    _totals(console, drift, told)


def _resource(console: Console, one: dict[str, Any], broken: list[dict[str, Any]], verbose: bool) -> None:
    sign, style = SIGNS[one["state"]]
    line = Text(f"{sign} ", style=style)
    line.append(flat(one["name"]), style="bold")
    line.append(f"  {flat(one['type'])}  ", style="dim")
    line.append(one["state"], style=style)
    if "location" in one:
        line.append(f"  {flat(one['location']['file'])}:{one['location']['line']}", style="blue")
    console.print(line)
    for place in one.get("properties", ()):
        text = Text(f"    {flat(place['path'])}: ")
        text.append(_value(place["deployed"]) if "deployed" in place else "nothing", style="green")
        text.append(" deployed, ")
        text.append(_value(place["live"]) if "live" in place else "nothing", style="red")
        text.append(" live")
        console.print(text)
    for call in one.get("unread", ()):
        console.print(Text(f"    not read: {_call(call)}", style="magenta"))
    if verbose:
        for path in one.get("not_compared", ()):
            console.print(Text(f"    {flat(path)}: not compared", style="dim"))
    _broken(console, broken, one["urn"])


def _unmanaged(console: Console, one: dict[str, Any], broken: list[dict[str, Any]], names: dict[str, str]) -> None:
    line = Text("+ ", style="bold yellow")
    line.append(flat(one["id"]), style="bold")
    line.append(f"  {flat(one['type'])}  ", style="dim")
    line.append("not managed", style="bold yellow")
    if "owner" in one:
        owner = names.get(one["owner"]) or one["owner"].rpartition("::")[2]
        line.append(f"  part of {flat(owner)}")
    console.print(line)
    for name, value in one.get("properties", {}).items():
        console.print(Text(f"    {flat(name)}: {_value(value)}"))
    _broken(console, broken, "")


def _broken(console: Console, broken: list[dict[str, Any]], urn: str) -> None:
    """The rules that a drift breaks, the worst first; of a resource other than the drifted one, which."""
    for one in sorted(broken, key=lambda one: (one["outcome"] != "fail", SEVERITIES.index(one["severity"]))):
        verb = "breaks" if one["outcome"] == "fail" else "leaves undetermined"
        line = Text(f"    {verb} ", style="red" if one["outcome"] == "fail" else "magenta")
        line.append(one["rule"], style="bold")
        if one["urn"] != urn:
            line.append(f" of {flat(one['urn'].rpartition('::')[2])}")
        if one["requirements"]:
            line.append(f"  PCI DSS {', '.join(one['requirements'])}", style="dim")
        console.print(line)
        if one["message"]:
            console.print(Text(f"      {flat(one['message'])}"))


def _totals(console: Console, drift: Drift, told: dict[str, Any]) -> None:
    parts = [f"{number} {state}" for state, number in told["summary"].items() if number and state != "unmanaged"]
    if drift.unmanaged:
        parts.append(f"{len(drift.unmanaged)} not managed")
    if not drift.found and drift.complete:
        console.print(Text(f"no drift: {len(drift.resources)} resources are as they were deployed", style="green"))
    else:
        console.print(Text(", ".join(parts) or "nothing was compared", style="bold"))
    if not drift.complete:
        console.print(Text("not everything could be read: what was not may have drifted", style="magenta"))
    for one in told["not_searched"][:MOST]:
        console.print(Text(f"not searched for what is not managed: {_call(one)}", style="magenta"))
    hidden = sum(len(one.not_compared) for one in drift.resources)
    if hidden:
        console.print(Text(f"{hidden} properties could not be compared (--verbose names them)", style="dim"))
    for package, number in told["elsewhere"].items():
        console.print(Text(f"{number} resources of {flat(package)} were not compared: only AWS is", style="dim"))


def _call(one: dict[str, str]) -> str:
    return flat(f"{one['call']}: {one['code']}" if one["call"] else one["code"])


def _value(value: Any) -> str:
    """A value on one line, cut where it is long."""
    try:
        text = "[secret]" if value == "[secret]" else flat(orjson.dumps(value).decode())
    except TypeError:  # such as a date, or half a character
        text = flat(repr(value))
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
