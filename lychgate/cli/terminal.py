"""What a person sees: findings grouped by resource, a summary per layer, quiet when all is well."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from typing import Any, Self

from rich.console import Console
from rich.text import Text

from lychgate.model.escaping import flat
from lychgate.model.outcome import LAYERS, SEVERITIES

COLOURS = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan"}
STACK = "pulumi:pulumi:Stack"


def show(verdict: dict[str, Any], verbose: bool = False, console: Console | None = None) -> None:
    """Print a verdict."""
    console = console or Console(highlight=False, soft_wrap=True)
    rules = {rule["id"]: rule for rule in verdict["rules"]}
    told = [one for one in verdict["judgements"] if one["outcome"] in ("fail", "error")]
    _findings(console, told, rules, verdict)
    open_ = [one for one in verdict["judgements"] if one["outcome"] == "unknown"]
    _unknowns(console, open_, verdict["run"]["strict"])
    _waived(console, [one for one in verdict["judgements"] if one["outcome"] == "waived"])
    _mended(console, verdict["mended"])
    if verbose:
        _assumptions(console, verdict)
    _summary(console, verdict)


def _of(one: dict[str, Any]) -> tuple[str, str]:
    return one["stack"], one["urn"]


def _grouped(judgements: Iterable[dict[str, Any]]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for one in judgements:
        groups.setdefault(_of(one), []).append(one)
    return dict(sorted(groups.items(), key=lambda item: (min(map(_rank, item[1])), item[0])))


def _rank(one: dict[str, Any]) -> tuple[bool, int]:
    return one["level"] == "advisory", SEVERITIES.index(one["severity"])


def _heading(one: dict[str, Any], many: bool) -> Text:
    place = one["location"]
    text = Text(flat(one["name"]), style="bold")
    text.append(f"  {flat(one['type'])}", style="dim")
    if place:
        text.append(f"  {flat(place['file'])}:{place['line']}", style="blue")
    if many:
        text.append(f"  in {flat(one['stack'])}", style="dim")
    return text


def _findings(console: Console, told: list[dict[str, Any]], rules: dict[str, Any], verdict: dict[str, Any]) -> None:
    many = len(verdict["stacks"]) > 1
    explained: set[str] = set()
    for group in _grouped(told).values():
        console.print(_heading(group[0], many))
        for one in sorted(group, key=_rank):
            first = Text("  ")
            first.append(one["severity"], style=COLOURS[one["severity"]])
            first.append(f" {one['rule']}", style="bold")
            first.append("" if one["level"] != "advisory" else " (advisory)", style="dim")
            if one["introduced"] is not None:
                first.append(" brought by this change" if one["introduced"] else " was there before", style="dim")
            if one["requirements"]:
                first.append(f"  PCI DSS {', '.join(one['requirements'])}", style="dim")
            console.print(first)
            console.print(Text(f"    {flat(one['message'])}"))
            if one["rule"] not in explained and one["outcome"] == "fail":
                explained.add(one["rule"])
                remedy = flat(" ".join(rules[one["rule"]]["remediation"].split()))
                console.print(Text(f"    fix: {remedy}", style="green"))
        console.print()


def _unknowns(console: Console, judgements: list[dict[str, Any]], strict: bool) -> None:
    if not judgements:
        return
    console.print(
        Text(f"{len(judgements)} not determined" + (", which blocks under strict" if strict else ""), style="bold")
    )
    for group in _grouped(judgements).values():
        console.print(_heading(group[0], False))
        reasons: dict[str, list[str]] = {}
        for one in group:
            reasons.setdefault(one["message"], []).append(one["rule"])
        for reason, names in reasons.items():
            shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
            console.print(Text(f"    {flat(reason)}: {shown}"))
    console.print()


def _waived(console: Console, judgements: list[dict[str, Any]]) -> None:
    for one in judgements:
        console.print(Text(f"waived: {one['rule']} on {flat(one['name'])} ({flat(str(one['waiver']))})", style="dim"))


def _mended(console: Console, mended: list[dict[str, Any]]) -> None:
    for one in mended:
        style = "green" if one["how"] == "passes" else "dim"
        what = "mended" if one["how"] == "passes" else f"no longer found ({one['how']})"
        console.print(Text(f"{what}: {one['rule']} on {flat(one['name'])}", style=style))


def _assumptions(console: Console, verdict: dict[str, Any]) -> None:
    for one in verdict["lookups"]:
        console.print(
            Text(f"looked up: {flat(one['token'])} {flat(str(one['arguments']))}: {flat(one['answered'])}", style="dim")
        )
    for one in verdict["not_inspected"]:
        console.print(Text(f"not inspected: {flat(one['urn'])}: {flat(one['why'])}", style="dim"))


def _summary(console: Console, verdict: dict[str, Any]) -> None:
    stacks = ", ".join(flat(stack["name"]) for stack in verdict["stacks"])
    managed = {one["urn"] for one in verdict["resources"] if one["type"] != STACK and not one["external"]}
    judged = managed & {one["urn"] for one in verdict["judgements"]}
    style = {"clean": "bold green", "findings": "bold red", "undetermined": "bold yellow"}[verdict["decision"]]
    counts = Counter((one["layer"], one["outcome"]) for one in verdict["judgements"])
    failed = sum(number for (_, outcome), number in counts.items() if outcome in ("fail", "error"))
    line = Text(verdict["decision"], style=style)
    line.append(f"  {stacks} ({flat(verdict['run']['ruleset'])} baseline): {len(managed)} resources, ", style="")
    line.append(f"{len(judged)} of them judged, {len(verdict['judgements'])} judgements: {failed} failed, ")
    line.append(f"{verdict['summary'].get('unknown', 0)} not determined")
    console.print(line)
    if failed:
        for layer in LAYERS:
            row = {
                outcome: counts[layer, outcome]
                for outcome in ("fail", "error", "unknown", "waived", "pass")
                if counts[layer, outcome]
            }
            if row:
                console.print(Text(f"  {layer:<11} " + ", ".join(f"{n} {outcome}" for outcome, n in row.items())))
    strange = _without_rules(verdict, judged)
    if strange:
        console.print(Text(f"no rule judges anything of: {', '.join(strange)}", style="yellow"))
    hidden = len(verdict["not_inspected"])
    if hidden:
        parts = "part was" if hidden == 1 else "parts were"
        console.print(Text(f"{hidden} {parts} not inspected (--verbose names them)", style="yellow"))
    for missing in verdict["run"]["isolation"]:
        console.print(Text(f"not isolated: {flat(missing)}", style="yellow"))


def _without_rules(verdict: dict[str, Any], judged: set[str]) -> list[str]:
    """The packages of managed resources of which none was judged: `clean` says nothing of them. A component is no more
    than its children."""
    of_package: dict[str, bool] = {}
    for one in verdict["resources"]:
        package = flat(one["type"].partition(":")[0])
        if package != "pulumi" and not one["external"] and not one["component"]:
            of_package[package] = of_package.get(package, False) or one["urn"] in judged
    return sorted(package for package, told in of_package.items() if not told)


class Progress:
    """A counter on a terminal's stderr while something long runs; nothing in a pipe."""

    def __init__(self, what: str) -> None:
        self.what = what
        self._shown = 0
        self._live = sys.stderr.isatty()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._live and self._shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def count(self, number: int) -> None:
        """So many are done."""
        if self._live and (number < 20 or number % 20 == 0):
            self._shown = number
            print(f"\r{self.what}: {number} resources", end="", file=sys.stderr, flush=True)
