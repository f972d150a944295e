"""A note for a merge request, in GitLab's Markdown: the decision, then findings by resource, the most important first.

Text of the judged program goes through `texts.prose` and `texts.code`, and never begins a line. GitLab takes notes of
up to a million characters; this one ends long before, and says what it leaves out.
"""

from __future__ import annotations

from collections import Counter

from lychgate.reports.reading import Record, blocks, grouped, mandatory, rank, waiver_of, where
from lychgate.reports.texts import code, prose

from lychgate.model.outcome import SEVERITIES

LONGEST = 60_000
ROOM = 8_000  # of what is folded away, each part
LITTLE = 300  # less than this is room for no finding
MOST = 50
SHOWN = 4


def render(verdict: Record) -> bytes:
    """The verdict as a note."""
    failed = [one for one in verdict["judgements"] if one["outcome"] in ("fail", "error")]
    tail = [*_unknown(verdict), *_waived(verdict), *_not_inspected(verdict), *_foot(verdict)]
    head = [f"## Lychgate: {_decision(verdict)}", "", *_facts(verdict), *_mended(verdict), *_counts(failed)]
    room = LONGEST - sum(len(text) + 1 for text in head + tail)
    body = _findings(verdict, failed, room)
    return ("\n".join([*head, *body, *tail]).rstrip("\n") + "\n").encode()


def _decision(verdict: Record) -> str:
    strict = verdict["run"]["strict"]
    stopping = [one for one in verdict["judgements"] if blocks(one, strict)]
    undetermined = sum(one["outcome"] == "unknown" for one in stopping)
    findings = len(stopping) - undetermined
    if verdict["decision"] == "findings":
        return f"blocked by {_number(findings, 'mandatory finding')}"
    if verdict["decision"] == "undetermined":
        return f"blocked, {_number(undetermined, 'mandatory judgement')} could not be determined"
    return "clean"


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _facts(verdict: Record) -> list[str]:
    run, stacks = verdict["run"], verdict["stacks"]
    names = ", ".join(code(stack["name"]) for stack in stacks[:SHOWN])
    names += f" and {len(stacks) - SHOWN} more" if len(stacks) > SHOWN else ""
    commit = f" at commit {code(run['commit'][:12])}" if run["commit"] else ""
    return [
        f"{names or 'No stack'}{commit}, environment {code(run['environment'])}, ruleset {code(run['ruleset'])}"
        f"{' (strict)' if run['strict'] else ''}: {_number(len(verdict['resources']), 'resource')}, "
        f"{_number(len(verdict['judgements']), 'judgement')}.",
        "",
    ]


def _mended(verdict: Record) -> list[str]:
    """Praise, in one line; what is only waived or out of sight is not praised."""
    mended = [one for one in verdict["mended"] if one["how"] == "passes"]
    if not mended:
        return []
    named = ", ".join(f"{code(one['rule'])} on {code(one['name'])}" for one in mended[:SHOWN])
    more = f" and {len(mended) - SHOWN} more" if len(mended) > SHOWN else ""
    return [f"Mended by this change, well done: {named}{more}.", ""]


def _counts(failed: list[Record]) -> list[str]:
    """A table of the findings; nothing where there are none."""
    if not failed:
        return []
    compared = any(one["introduced"] is not None for one in failed)
    head = ["Severity", "Mandatory", "Advisory", *(["Brought by this change"] if compared else [])]
    rows = []
    for severity in SEVERITIES:
        found = [one for one in failed if one["severity"] == severity]
        must = sum(map(mandatory, found))
        new = [str(sum(one["introduced"] is True for one in found))] if compared else []
        if found:
            rows.append([severity, str(must), str(len(found) - must), *new])
    return [*(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows]), ""]


def _findings(verdict: Record, failed: list[Record], room: int) -> list[str]:
    """Findings by resource as far as there is room, and how many are left out."""
    rules = {rule["id"]: rule for rule in verdict["rules"]}
    many = len(verdict["stacks"]) > 1
    explained: set[str] = set()
    lines: list[str] = []
    left, room = 0, room - 200
    for group in grouped(failed):
        part = [_heading(group[0], many), ""]
        for one in group:
            if room < LITTLE:
                left += 1
                continue
            said = [_finding(one)]
            explains = one["outcome"] == "fail" and one["rule"] not in explained
            said += [f"  - Fix: {prose(rules[one['rule']]['remediation'])}"] if explains else []
            if sum(len(text) + 1 for text in [*part, *said, ""]) > room:
                left += 1
                continue
            explained |= {one["rule"]} if explains else set()
            part += said
        if len(part) > 2:
            lines += [*part, ""]
            room -= sum(len(text) + 1 for text in [*part, ""])
    if left:
        lines += [f"**{_number(left, 'more finding')}** did not fit into this note; the other reports hold them.", ""]
    return lines


def _heading(one: Record, many: bool) -> str:
    parts = [f"### {code(one['name'])}", code(one["type"])]
    parts += [code(where(one))] if one["location"] else []
    parts += [f"stack {code(one['stack'])}"] if many else []
    return ", ".join(parts)


def _finding(one: Record) -> str:
    words = [f"**{one['severity']}**", code(one["rule"])]
    words += [] if mandatory(one) else ["(advisory)"]
    words += [{True: "brought by this change", False: "was there before", None: ""}[one["introduced"]]]
    serves = ", ".join(code(name) for name in one["requirements"][:MOST])
    words += [f"PCI DSS {serves}"] if serves else []
    said = "the rule crashed, which counts as a finding: " if one["outcome"] == "error" else ""
    return f"- {' '.join(filter(None, words))}: {said}{prose(one['message'])}"


def _folded(title: str, lines: list[str], more: int) -> list[str]:
    """A part that is closed at first: as many lines as there is room for, and how many more there are."""
    shown: list[str] = []
    room = ROOM
    for text in lines:
        room -= len(text) + 1
        if room < 0:
            break
        shown.append(text)
    more = max(more, 0) + len(lines) - len(shown)
    shown += [f"- and {more:,} more"] if more else []
    return ["<details>", f"<summary>{title}</summary>", "", *shown, "", "</details>", ""]


def _unknown(verdict: Record) -> list[str]:
    """What could not be determined, by reason: the same property is unknown to many rules."""
    open_ = sorted((one for one in verdict["judgements"] if one["outcome"] == "unknown"), key=rank)
    if not open_:
        return []
    reasons: dict[tuple[str, str], list[Record]] = {}
    for one in open_:
        reasons.setdefault((one["name"], one["message"]), []).append(one)
    lines = []
    for (name, message), found in list(reasons.items())[:MOST]:
        rules = ", ".join(code(one["rule"]) for one in found[:SHOWN])
        rules += f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        lines.append(f"- {code(name)}: {prose(message, 300)}: {rules}")
    stops = sum(blocks(one, verdict["run"]["strict"]) for one in open_)
    title = f"{len(open_):,} not determined" + (f", {stops:,} of them block" if stops else "")
    return _folded(title, lines, len(reasons) - MOST)


def _waived(verdict: Record) -> list[str]:
    waived = sorted((one for one in verdict["judgements"] if one["outcome"] == "waived"), key=rank)
    if not waived:
        return []
    waiver = waiver_of(verdict)
    lines = []
    for one in waived[:MOST]:
        entry = waiver(one)
        why = f": {prose(entry['reason'], 300)} (until {code(entry['expires'])})" if entry else ""
        lines.append(f"- {code(one['rule'])} on {code(one['name'])} by {code(str(one['waiver']))}{why}")
    return _folded(f"{len(waived):,} waived", lines, len(waived) - MOST)


def _not_inspected(verdict: Record) -> list[str]:
    hidden = Counter((one["type"], one["why"]) for one in verdict["not_inspected"])
    if not hidden:
        return []
    lines = [f"- {count:,} of {code(kind)}: {prose(why, 300)}" for (kind, why), count in list(hidden.items())[:MOST]]
    return _folded(f"{sum(hidden.values()):,} not inspected", lines, len(hidden) - MOST)


def _foot(verdict: Record) -> list[str]:
    run = verdict["run"]
    missing = [f"Not isolated: {prose(what, 300)}" for what in run["isolation"][:MOST]]
    made = f"{code(run['tool'])} {code(run['tool_version'])}, rules {code(run['rules_digest'][:12])}, "
    return [*missing, *([""] if missing else []), f"{made}as of {code(run['as_of'])}."]
