"""`lychgate rules`: what is judged, and why."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from lychgate.cli.listing import listing
from lychgate.model.errors import InputError, either, nearest
from lychgate.model.outcome import LAYERS

if TYPE_CHECKING:
    from lychgate.judging.rule import Rule

COLOURS = {"critical": "bright_red", "high": "red", "medium": "yellow", "low": "cyan"}


def list_rules(layer: str | None, folders: Sequence[Path]) -> int:
    """Every rule, a line each, by layer."""
    if layer is not None and layer not in LAYERS:
        raise InputError(
            "--layer", found=f"unknown layer {layer!r}", expected=either(LAYERS), hint=nearest(layer, LAYERS)
        )
    rules = listing(folders)
    width = max(len(rule["id"]) for rule in rules)
    for name in LAYERS if layer is None else [layer]:
        chosen = sorted((rule for rule in rules if rule["layer"] == name), key=lambda rule: rule["id"])
        typer.secho(f"{name} ({len(chosen)})", bold=True)
        for rule in chosen:
            severity = typer.style(f"{rule['severity']:<8}", fg=COLOURS[rule["severity"]])
            gone = f" (deprecated: {rule['deprecated']})" if rule["deprecated"] else ""
            typer.echo(f"  {rule['id']:<{width}}  {severity}  {rule['title']}{gone}")
    return 0


def check(rule_id: str | None, folders: Sequence[Path]) -> int:
    """Run the examples of one rule or of all of the folders; exit status 1 where one is not what it claims to be."""
    from lychgate.cli.examples import failures
    from lychgate.judging.discovery import built_in_rules, rules_of
    from lychgate.model.escaping import escape

    rules = rules_of(folders) if folders else built_in_rules()
    chosen = [_find(rule_id, rules)] if rule_id else list(rules.values())
    wrong = list(failures(chosen))
    for rule, example, why in wrong:
        print(f"{rule.id}: {example}\n{escape(why)}\n")
    print(f"{sum(len(rule.compliant) + len(rule.violating) for rule in chosen)} examples, {len(wrong)} wrong")
    return 1 if wrong else 0


def _find(rule_id: str, rules: dict[str, Rule]) -> Rule:
    if rule_id in rules:
        return rules[rule_id]
    found, hint = f"there is no rule {rule_id!r}", nearest(rule_id, rules)
    raise InputError("rules", found=found, expected="a rule that `lychgate rules` lists", hint=hint)


def explain(rule_id: str, folders: Sequence[Path]) -> int:
    """One rule in full."""
    from lychgate.judging.discovery import all_rules

    rules = all_rules(folders)
    rule = _find(rule_id, rules)
    severity = typer.style(rule.severity, fg=COLOURS[rule.severity])
    typer.echo(f"{typer.style(rule.id, bold=True)}  {severity}  {rule.layer} layer\n{rule.title}")
    _section("Why", rule.rationale)
    _section("How to mend it", rule.remediation)
    _requirements(rule, rules)
    _parameters(rule)
    for title, programs in (("Compliant", rule.compliant), ("Not compliant", rule.violating)):
        for program in programs:
            _section(title, "")
            _program(program)
    return 0


def _section(title: str, text: str) -> None:
    typer.secho(f"\n{title}", bold=True)
    if text:
        typer.echo("\n".join(textwrap.fill(" ".join(part.split()), 100) for part in text.split("\n\n")))


def _program(text: str) -> None:
    from rich.console import Console
    from rich.syntax import Syntax

    Console(highlight=False).print(Syntax(text.rstrip(), "python", background_color="default", word_wrap=True))


def _requirements(rule: Rule, rules: dict[str, Rule]) -> None:
    from lychgate.judging.ruleset import load_ruleset

    ruleset = load_ruleset("production", rules)
    named = [one for one in ruleset.requirements if rule.id in one.rules]
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
