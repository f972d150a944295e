"""`lychgate rules`: what is judged, and why."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.syntax import Syntax
from rich.text import Text

from lychgate.cli.terminal import COLOURS, escape
from lychgate.judging.discovery import built_in_rules, rules_of
from lychgate.judging.rule import Rule
from lychgate.judging.ruleset import load_ruleset
from lychgate.model.errors import InputError, either, nearest
from lychgate.model.outcome import LAYERS


def list_rules(layer: str | None, folders: Sequence[Path]) -> int:
    """Every rule, a line each, by layer."""
    if layer is not None and layer not in LAYERS:
        raise InputError(
            "--layer", found=f"unknown layer {layer!r}", expected=either(LAYERS), hint=nearest(layer, LAYERS)
        )
    rules = built_in_rules() | rules_of(folders)
    console = Console(highlight=False, soft_wrap=True)
    width = max(map(len, rules))
    for name in LAYERS if layer is None else [layer]:
        chosen = sorted((rule for rule in rules.values() if rule.layer == name), key=lambda rule: rule.id)
        console.print(Text(f"{name} ({len(chosen)})", style="bold"))
        for rule in chosen:
            line = Text(f"  {rule.id:<{width}}  ")
            line.append(f"{rule.severity:<8}", style=COLOURS[rule.severity])
            line.append(f"  {rule.title}" + (f" (deprecated: {rule.deprecated})" if rule.deprecated else ""))
            console.print(line)
    return 0


def check(rule_id: str | None, folders: Sequence[Path]) -> int:
    """Run the examples of one rule or of all of the folders; exit status 1 where one is not what it claims to be."""
    rules = rules_of(folders) if folders else built_in_rules()
    chosen = [_find(rule_id, rules)] if rule_id else list(rules.values())
    from lychgate.cli.examples import failures

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
    rules = built_in_rules() | rules_of(folders)
    rule = _find(rule_id, rules)
    console = Console(highlight=False)
    head = Text(f"{rule.id}  ", style="bold")
    head.append(f"{rule.severity}", style=COLOURS[rule.severity]).append(f"  {rule.layer} layer", style="dim")
    console.print(head)
    console.print(Text(rule.title))
    for title, text in (("Why", rule.rationale), ("How to mend it", " ".join(rule.remediation.split()))):
        console.print(Text(f"\n{title}", style="bold"))
        console.print(Text(text))
    _requirements(console, rule, rules)
    _parameters(console, rule)
    for title, programs in (("Compliant", rule.compliant), ("Not compliant", rule.violating)):
        for program in programs:
            console.print(Text(f"\n{title}", style="bold"))
            console.print(Syntax(program.rstrip(), "python", background_color="default", word_wrap=True))
    return 0


def _requirements(console: Console, rule: Rule, rules: dict[str, Rule]) -> None:
    ruleset = load_ruleset("production", rules)
    named = [one for one in ruleset.requirements if rule.id in one.rules]
    if named:
        console.print(Text("\nRequirements", style="bold"))
    for one in named:
        console.print(Text(f"PCI DSS {one.id} ({one.kind}): {one.title}"))


def _parameters(console: Console, rule: Rule) -> None:
    if rule.parameters is None:
        return
    console.print(Text("\nParameters", style="bold"))
    for name, field in rule.parameters.model_fields.items():
        default = field.get_default(call_default_factory=True)
        console.print(Text(f"{name} (default {default!r}): {field.description or ''}"))
