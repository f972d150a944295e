"""`lychgate rules`: what is judged, and why."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from lychgate.cli.listing import GROUPS, PREFLIGHT, Line, listing
from lychgate.model.errors import InputError, either, nearest

if TYPE_CHECKING:
    from lychgate.judging.preflight import Preflight
    from lychgate.judging.rule import Rule

COLOURS = {"critical": "bright_red", "high": "red", "medium": "yellow", "low": "cyan"}


def list_rules(layer: str | None, folders: Sequence[Path]) -> int:
    """Every rule, a line each, by layer; then the preflight rules."""
    if layer is not None and layer not in GROUPS:
        raise InputError(
            "--layer", found=f"unknown layer {layer!r}", expected=either(GROUPS), hint=nearest(layer, GROUPS)
        )
    rules = listing(folders)
    width = max(len(rule["id"]) for rule in rules)
    for name in GROUPS if layer is None else [layer]:
        chosen = sorted((rule for rule in rules if rule["layer"] == name), key=lambda rule: rule["id"])
        more = ": what must hold before a sync; a plan does not ask those of `applying`" if name == PREFLIGHT else ""
        typer.echo(typer.style(f"{name} ({len(chosen)})", bold=True) + more)
        for rule in chosen:
            gone = f" (deprecated: {rule['deprecated']})" if rule["deprecated"] else ""
            typer.echo(f"  {rule['id']:<{width}}  {_mark(rule)}  {rule['title']}{gone}")
    return 0


def _mark(rule: Line) -> str:
    if rule["severity"] is None:
        return typer.style(f"{'applying' if rule['applying'] else '':<8}", dim=True)
    return typer.style(f"{rule['severity']:<8}", fg=COLOURS[rule["severity"]])


def check(rule_id: str | None, folders: Sequence[Path]) -> int:
    """Run the examples of one rule or of all of the folders; exit status 1 where one is not what it claims to be."""
    from lychgate.cli.examples import failures, preflight_failures
    from lychgate.judging.discovery import built_in_rules, rules_of
    from lychgate.judging.preflight import preflight_rules
    from lychgate.model.escaping import escape

    rules = rules_of(folders) if folders else built_in_rules()
    before = {} if folders else preflight_rules()
    if rule_id:
        _known(rule_id, [*rules, *before])
        rules = {id_: rule for id_, rule in rules.items() if id_ == rule_id}
        before = {id_: rule for id_, rule in before.items() if id_ == rule_id}
    chosen: list[Rule | Preflight] = [*rules.values(), *before.values()]
    wrong: list[tuple[Rule | Preflight, str, str]] = [*failures(rules.values()), *preflight_failures(before.values())]
    for rule, example, why in wrong:
        print(f"{rule.id}: {example}\n{escape(why)}\n")
    print(f"{sum(len(rule.compliant) + len(rule.violating) for rule in chosen)} examples, {len(wrong)} wrong")
    return 1 if wrong else 0


def _known(rule_id: str, ids: Sequence[str]) -> None:
    if rule_id not in ids:
        found, hint = f"there is no rule {rule_id!r}", nearest(rule_id, ids)
        raise InputError("rules", found=found, expected="a rule that `lychgate rules` lists", hint=hint)


def explain(rule_id: str, folders: Sequence[Path]) -> int:
    """One rule in full."""
    from lychgate.judging.discovery import all_rules
    from lychgate.judging.preflight import preflight_rules

    rules, before = all_rules(folders), preflight_rules()
    _known(rule_id, [*rules, *before])
    if rule_id not in rules:
        return _explain_preflight(before[rule_id], rules)
    rule = rules[rule_id]
    severity = typer.style(rule.severity, fg=COLOURS[rule.severity])
    typer.echo(f"{typer.style(rule.id, bold=True)}  {severity}  {rule.layer} layer\n{rule.title}")
    _section("Why", rule.rationale)
    _section("How to mend it", rule.remediation)
    _requirements(rule.id, rules)
    _parameters(rule)
    for title, programs in (("Compliant", rule.compliant), ("Not compliant", rule.violating)):
        for program in programs:
            _section(title, "")
            _program(program)
    return 0


def _explain_preflight(rule: Preflight, rules: dict[str, Rule]) -> int:
    from lychgate.cli.examples import as_written

    asked = "asked when applying, not by a plan" if rule.applying else "asked by a plan too"
    typer.echo(f"{typer.style(rule.id, bold=True)}  preflight, {asked}\n{rule.title}")
    _section("Why", rule.rationale)
    _section("How to mend it", rule.remediation)
    _requirements(rule.id, rules)
    _section("Examples", "PRODUCTION and TEST are syncs that may begin (policies/preflight/examples.py).")
    for title, requests in (("Compliant", rule.compliant), ("Not compliant", rule.violating)):
        _section(title, "")
        for request in requests:
            _program(as_written(request))
    return 0


def _section(title: str, text: str) -> None:
    typer.secho(f"\n{title}", bold=True)
    if text:
        typer.echo("\n".join(textwrap.fill(" ".join(part.split()), 100) for part in text.split("\n\n")))


def _program(text: str) -> None:
    from rich.console import Console
    from rich.syntax import Syntax

    Console(highlight=False).print(Syntax(text.rstrip(), "python", background_color="default", word_wrap=True))


def _requirements(rule_id: str, rules: dict[str, Rule]) -> None:
    from lychgate.judging.ruleset import load_ruleset

    ruleset = load_ruleset("production", rules)
    named = [one for one in ruleset.requirements if rule_id in (*one.rules, *one.preflight)]
    if named:
        _section("Requirements", "")
    for one in named:
        typer.echo(f"PCI DSS {one.id} ({one.kind}): {one.title}")


def _parameters(rule: Rule) -> None:
    if rule.parameters is None:
        return
    _section("Parameters", "")
    for name, field in rule.parameters.model_fields.items():
        default = field.get_default(call_default_factory=True)
        typer.echo(f"{name} (default {default!r}): {field.description or ''}")
    if rule.example_parameters is not None:
        typer.echo(f"The examples are judged with {rule.example_parameters.model_dump_json(exclude_defaults=True)}")
