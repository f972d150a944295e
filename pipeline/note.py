"""The note on a merge request, in GitLab's Markdown: what the change brings first, and all stacks in one.

Whatever comes from the change goes through `texts.prose` and `texts.code`, and never begins a line: so it is no markup,
mention, link or quick action. GitLab takes a million characters; this ends long before, and says what it leaves out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from lychgate.pipeline.judging import brought
from lychgate.pipeline.models import StackEntry, VerdictEntry
from lychgate.pipeline.results import Results
from lychgate.reports.reading import blocks, mandatory, rank, waiver_of, where
from lychgate.reports.texts import code, prose

Record = dict[str, Any]
LONGEST = 60_000
ROOM = {"stacks": 8_000, "findings": 30_000, "part": 4_000}
SHOWN, FEW = 4, 12
WORDS = {"clean": "clean", "findings": "**blocked**", "undetermined": "**not determined**"}


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses that lychgate.yaml and GitLab vouch for. `report` leads from the folder of a verdict to its page."""

    pipeline: str = ""
    report: Callable[[str], str] | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """The same finding in one or several stacks."""

    one: Record
    stacks: tuple[str, ...]
    fix: str


def render(results: Results, links: Links) -> str:
    """The note."""
    findings = _findings(results)
    new, old = [one for one in findings if brought(one.one)], [one for one in findings if not brought(one.one)]
    parts = [
        f"## Lychgate: {_decision(results, new)}",
        "",
        *_facts(results, links),
        *_target(results),
        *_stacks(results, links),
        *_changes(results),
        *_listed("Brought by this change" if results.summary.compared else "Findings", new),
        *_mended(results),
        *_folded(f"{_number(len(old), 'finding')} there before", [line for one in old for line in _finding(one)]),
        *_waived(results),
        *_preflight(results),
        *_gone(results),
    ]
    text = "\n".join(parts).rstrip("\n") + "\n"
    assert len(text) < 2 * LONGEST  # every part has its room
    return text


def render_none(commit: str) -> str:
    """The note where there is nothing to tell: what an earlier one says is of an earlier commit."""
    said = "the job that judges has left nothing that can be read: see its log, and that of this one"
    return f"## Lychgate: not judged\n\nCommit {code(commit[:12])}: {said}.\n"


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _decision(results: Results, new: list[Finding]) -> str:
    entries = results.summary.verdicts
    if not entries:
        return "no stack is affected"
    stopping = [one for one in new if blocks(one.one, True)]
    failed = sum(one.one["outcome"] != "unknown" for one in stopping)
    brings = " that this change brings" if results.summary.compared else ""
    if failed:
        return f"blocked by {_number(failed, 'mandatory finding')}{brings}"
    if stopping:
        return f"blocked, {_number(len(stopping), 'mandatory judgement')}{brings} could not be determined"
    if any(one.decision != "clean" for one in entries):
        return "the change brings nothing that blocks, but not all was clean before"
    return "clean"


def _facts(results: Results, links: Links) -> list[str]:
    summary = results.summary
    stacks = sum(len(one.stacks) for one in summary.verdicts)
    facts = f"{_number(stacks, 'affected stack')}, commit {code(summary.commit[:12])}, since {code(summary.since)}"
    facts += f", {summary.seconds:.1f} s. {_number(summary.without_effect, 'other file')} of no stack."
    facts += f" [Pipeline]({links.pipeline})" if links.pipeline else ""
    return [facts, ""]


def _target(results: Results) -> list[str]:
    """What the reader must not take for judged."""
    summary, lines = results.summary, []
    if summary.as_target:
        names = ", ".join(code(one.path, 100) for one in summary.as_target[:FEW])
        names += f" and {len(summary.as_target) - FEW} more" if len(summary.as_target) > FEW else ""
        lines.append(
            f"- Judged as the target branch has it, and so **not by this change**: {names}. Ask a second person."
        )
    if summary.not_judged:
        names = ", ".join(code(one, 100) for one in summary.not_judged[:FEW])
        lines.append(f"- **Not judged**, the target branch does not know them: {names}.")
    if summary.not_compared:
        lines.append(f"- Not compared with what was there, so that all counts: {prose(summary.not_compared, 500)}")
    return [*lines, ""] if lines else []


def _stacks(results: Results, links: Links) -> list[str]:
    """A table of the stacks, the worst first."""
    rows = []
    for entry in results.summary.verdicts:
        folder = entry.verdict.rpartition("/")[0]
        for stack in entry.stacks:
            name = code(f"{entry.application}.{entry.environment}.{stack.tenant}")
            page = links.report(folder) if links.report else ""
            counts = stack.counts
            changes = [counts.create, counts.update, counts.replace, counts.delete]
            cells = [
                f"[{name}]({page})" if page else name, WORDS[stack.decision], str(stack.brought), str(stack.others),
                *(str(number) if results.summary.compared else "?" for number in changes), WORDS[stack.preflight],
            ]  # fmt: skip
            rows.append(((-stack.brought, stack.decision == "clean", -stack.others, name), f"| {' | '.join(cells)} |"))
    if not rows:
        return []
    head = "| Stack | Verdict | Brought | Before | Create | Update | Replace | Delete | Preflight |"
    lines, room = [head, f"|{' --- |' * 9}"], ROOM["stacks"]
    shown = 0
    for _, row in sorted(rows):
        room -= len(row) + 1
        if room < 0:
            break
        lines.append(row)
        shown += 1
    more = [f"{_number(len(rows) - shown, 'more stack')} did not fit.", ""] if shown < len(rows) else []
    return [*lines, "", *more]


def _changes(results: Results) -> list[str]:
    """What is deleted or replaced, data first: what only changes is in the table."""
    found: dict[tuple[bool, str, str, str], list[str]] = {}
    for entry, stack in _entries(results):
        for one in stack.changes:
            if one.action not in ("create", "update"):
                key = (not one.data_store, one.action, one.type, one.name)
                found.setdefault(key, []).append(f"{entry.application}.{entry.environment}.{stack.tenant}")
    lines = [
        f"- {'**data is lost:** ' if not kept else ''}{code(name)} ({code(type_)}): {action} {_in(stacks)}"
        for (kept, action, type_, name), stacks in sorted(found.items())
    ]
    return ["### Deleted or replaced", "", *_fitting(lines, ROOM["part"]), ""] if lines else []


def _entries(results: Results) -> Iterable[tuple[VerdictEntry, StackEntry]]:
    return ((entry, stack) for entry in results.summary.verdicts for stack in entry.stacks)


def _in(stacks: Iterable[str]) -> str:
    names = list(dict.fromkeys(stacks))
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"in {', '.join(code(name.rpartition('/')[2]) for name in names[:SHOWN])}{more}"


def _findings(results: Results) -> list[Finding]:
    """What is open in any verdict, the most important first, each once: tenants and environments repeat it."""
    groups: dict[tuple[Any, ...], list[Record]] = {}
    fixes: dict[str, str] = {}
    for verdict in results.verdicts:
        fixes |= {rule["id"]: rule["remediation"] for rule in verdict["rules"]}
        for one in verdict["judgements"]:
            if one["outcome"] in ("fail", "error") or blocks(one, True):
                key = (one["rule"], one["type"], one["name"], where(one), one["outcome"], brought(one), mandatory(one))
                groups.setdefault(key, []).append(one)
    found = [
        Finding(min(group, key=rank), tuple(sorted({one["stack"] for one in group})), fixes[group[0]["rule"]])
        for group in groups.values()
    ]
    return sorted(found, key=lambda one: (not blocks(one.one, True), not brought(one.one), rank(one.one)))


def _finding(finding: Finding, fix: bool = False) -> list[str]:
    one = finding.one
    place = f" ({code(where(one), 200)})" if one["location"] else ""
    serves = ", ".join(code(name) for name in one["requirements"][:FEW])
    words = [f"**{one['severity']}**", code(one["rule"]), *([] if mandatory(one) else ["(advisory)"])]
    states = {"unknown": "not determined: ", "error": "the rule crashed, which counts as a finding: "}
    said = states.get(one["outcome"], "") + prose(one["message"])
    lines = [f"- {' '.join(words)} on {code(one['name'])}{place} {_in(finding.stacks)}: {said}"]
    lines += [f"  - PCI DSS {serves}"] if fix and serves else []
    return [*lines, *([f"  - Fix: {prose(finding.fix)}"] if fix and one["outcome"] == "fail" else [])]


def _listed(title: str, findings: list[Finding]) -> list[str]:
    """Findings with what mends them, as far as there is room."""
    if not findings:
        return []
    lines, room, shown, explained = [f"### {title}", ""], ROOM["findings"], 0, set[str]()
    for one in findings:
        told = _finding(one, fix=one.one["rule"] not in explained)
        room -= sum(len(line) + 1 for line in told)
        if room < 0:
            break
        lines += told
        explained.add(one.one["rule"])
        shown += 1
    left = len(findings) - shown
    return [*lines, *([f"- **{_number(left, 'more finding')}** did not fit: see the reports."] if left else []), ""]


def _mended(results: Results) -> list[str]:
    """Praise, in one line; what is only waived or out of sight is not praised."""
    names = [
        f"{code(one['rule'])} on {code(one['name'])}"
        for verdict in results.verdicts
        for one in verdict["mended"]
        if one["how"] == "passes"
    ]
    names = list(dict.fromkeys(names))
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return [f"Mended by this change, well done: {', '.join(names[:SHOWN])}{more}.", ""] if names else []


def _waived(results: Results) -> list[str]:
    lines: dict[str, None] = {}
    for verdict in results.verdicts:
        waiver = waiver_of(verdict)
        for one in sorted((one for one in verdict["judgements"] if one["outcome"] == "waived"), key=rank):
            entry = waiver(one)
            why = f": {prose(entry['reason'], 300)} (until {code(entry['expires'])})" if entry else ""
            new = ", **needed by this change**" if one["introduced"] else ""
            lines[f"- {code(one['rule'])} on {code(one['name'])} by {code(str(one['waiver']))}{new}{why}"] = None
    return _folded(f"{len(lines):,} waived", list(lines))


def _preflight(results: Results) -> list[str]:
    found: dict[str, list[str]] = {}
    for entry, stack in _entries(results):
        for text in stack.preflight_failed:
            found.setdefault(text, []).append(f"{entry.application}.{entry.environment}.{stack.tenant}")
    lines = [f"- {_in(stacks)}: {prose(text, 500)}" for text, stacks in found.items()]
    return _folded(f"{_number(len(lines), 'thing')} against a sync as it stands", lines)


def _gone(results: Results) -> list[str]:
    gone = results.summary.gone
    if not gone:
        return []
    names = ", ".join(code(one.stack, 100) for one in gone[:FEW])
    more = f" and {len(gone) - FEW} more" if len(gone) > FEW else ""
    return [f"No longer in the files, and deployed until `lychgate sync --remove`: {names}{more}.", ""]


def _folded(title: str, lines: list[str]) -> list[str]:
    if not lines:
        return []
    fitting = _fitting(lines, ROOM["part"])
    return ["<details>", f"<summary>{title}</summary>", "", *fitting, "", "</details>", ""]


def _fitting(lines: list[str], room: int) -> list[str]:
    shown: list[str] = []
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            return [*shown, f"- and {len(lines) - len(shown):,} more"]
        shown.append(line)
    return shown
