"""What a person sees of the store of evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from lychgate.model.escaping import flat
from lychgate.reports.evidence.checking import Report
from lychgate.reports.evidence.record import Header
from lychgate.reports.evidence.searching import Judged

WIDEST = len("not applicable") + 2
GOOD, BAD, OPEN = "green", "bold red", "yellow"
STYLES = {
    **dict.fromkeys(("pass", "clean", "applied"), GOOD),
    **dict.fromkeys(("fail", "error", "findings", "refused", "failed"), BAD),
    **dict.fromkeys(("unknown", "undetermined", "begun", "cancelled"), OPEN),
    "waived": "magenta",
}
COLUMNS = ("record", "recorded", "kind", "stack", "decided", "asked by", "commit", "pipeline")
MANY = 3  # stacks of a check that are named


def _console() -> Console:
    return Console(highlight=False, soft_wrap=True)


def show_headers(headers: Sequence[Header]) -> None:
    """One line per record."""
    console = _console()
    if not headers:
        console.print("no record")
        return
    rows = [COLUMNS, *map(_cells, headers)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(COLUMNS))]
    for number, row in enumerate(rows):
        line = Text(style="dim" if number == 0 else "")
        for cell, width in zip(row, widths, strict=True):
            line.append(cell.ljust(width + 2), style=STYLES.get(cell.split(" ")[0], ""))
        line.rstrip()
        console.print(line)


def _cells(header: Header) -> tuple[str, ...]:
    facts = header.facts
    stacks = ", ".join(map(flat, facts.stacks[:MANY]))
    more = f" and {len(facts.stacks) - MANY} more" if len(facts.stacks) > MANY else ""
    decided = " ".join(one for one in (facts.outcome, facts.decision) if one)
    if facts.kind == "prune":
        stacks = f"records to {facts.pruned_to}"
    return (
        str(header.sequence), f"{header.recorded_at[:19]}Z", facts.kind, stacks + more, flat(decided),
        flat(facts.requester or ""), (facts.commit or "")[:12], flat(facts.pipeline or ""),
    )  # fmt: skip


def show_judged(told: Sequence[tuple[Header, Sequence[Judged]]]) -> None:
    """The judgements of records, resource by resource."""
    console = _console()
    shown = 0
    for header, judgements in told:
        if not judgements:
            continue
        shown += len(judgements)
        _head(console, header)
        resource = None
        for one in sorted(judgements, key=lambda each: (each.stack, each.type, each.urn, each.rule)):
            if resource != (one.stack, one.urn):
                resource = (one.stack, one.urn)
                _resource(console, one)
            console.print(_judgement(one))
            if one.waiver:
                console.print(Text(f"      {_waiver(one.waiver)}", style="magenta"))
        console.print()
    without = [str(header.sequence) for header, judgements in told if not judgements]
    if without:
        console.print(Text(f"nothing of that in the records {', '.join(without)}", style="dim"))
    console.print(f"{_many(shown, 'judgement')} in {_many(len(told) - len(without), 'record')}")


def _many(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def _head(console: Console, header: Header) -> None:
    facts = header.facts
    line = Text(f"record {header.sequence}", style="bold")
    line.append(f"  {facts.kind} {', '.join(map(flat, facts.stacks))}  {header.recorded_at[:19]}Z")
    for word in (facts.outcome, facts.decision):
        line.append(f"  {flat(word)}" if word else "", style=STYLES.get(word or "", ""))
    console.print(line)
    asked = [f"{name} {flat(value)}" for name, value in _asked(header)]
    console.print(Text(f"  {'  '.join(asked)}", style="dim")) if asked else None


def _asked(header: Header) -> Iterator[tuple[str, str]]:
    facts = header.facts
    for name, value in (
        ("asked by", facts.requester), ("commit", facts.commit), ("branch", facts.branch),
        ("pipeline", facts.pipeline), ("as said by", facts.told_by),
    ):  # fmt: skip
        if value:
            yield name, value


def _resource(console: Console, one: Judged) -> None:
    line = Text(f"  {flat(one.name)}", style="bold")
    line.append(f"  {flat(one.type)}  {flat(one.stack)}", style="dim")
    if one.in_scope is not None:
        scope = "in scope" if one.in_scope else "out of scope"
        line.append(f"  {flat(one.classification or 'unclassified')}, {scope}", style="cyan")
    console.print(line)


def _judgement(one: Judged) -> Text:
    line = Text("    ")
    line.append(one.outcome.ljust(WIDEST), style=STYLES.get(one.outcome, ""))
    line.append(one.rule)
    line.append(f"  PCI DSS {', '.join(map(flat, one.requirements))}" if one.requirements else "", style="dim")
    line.append(" (advisory)" if one.level == "advisory" else "", style="dim")
    if one.outcome not in ("pass", "not applicable") and one.message:
        line.append(f"\n      {flat(one.message)}", style="")
    return line


def _waiver(waiver: Mapping[str, Any]) -> str:
    if "owner" not in waiver:
        return f"waiver {flat(waiver['ticket'])}"
    words = (
        f"waiver {waiver['ticket']} of {waiver['owner']}, approved by {waiver['approver']}, until {waiver['expires']}"
    )
    instead = f"; instead: {waiver['compensating_control']}" if waiver.get("compensating_control") else ""
    return flat(words + (", expired" if waiver["expired"] else "") + f": {waiver['reason']}{instead}")


def show_document(header: Header, document: Mapping[str, Any]) -> None:
    """One record: what was judged by what, and what came of it."""
    console = _console()
    _head(console, header)
    for name, value in _lines(header, document):
        console.print(Text(f"  {name.ljust(12)}").append(flat(value)))
    if header.facts.kind == "prune":
        return
    for told in _verdicts(document):
        console.print(told)
    console.print(
        Text("  --json shows it whole; --requirement, --type, --waivers and others select in it", style="dim")
    )


def _lines(header: Header, document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "hash", header.hash
    yield "previous", header.previous
    yield "document", f"{header.document_digest} ({header.document_size:,} bytes)"
    if header.facts.kind == "prune":
        gone = document["gone"]
        yield "gone", f"records {gone['first']} to {gone['last']}, recorded before {gone['before']}"
        return
    verdict = document if header.facts.kind == "check" else document.get("verdict")
    if verdict:
        run = verdict["run"]
        yield "ruleset", f"{run['ruleset']} {run['ruleset_digest']}"
        yield "rules", run["rules_digest"]
        for name, value in run["inputs"].items():
            yield "input", f"{name} {value}"
    if (given := document.get("request", {}).get("signed_verdict")) and "sha256" in given:
        yield "signed", f"{given['sha256']} by {' and '.join(given.get('signers') or ['nobody that counts'])}"
    for one in document.get("preflight", {}).get("judged", ()):
        if isinstance(one, dict):
            yield "preflight", f"{str(one.get('outcome')).ljust(8)} {one.get('id')}"
    if summary := document.get("difference", {}).get("summary"):
        yield "difference", ", ".join(f"{number} {action}" for action, number in summary.items())
    if applied := document.get("applied"):
        yield "applied", f"{applied['outcome']} {applied.get('reason') or ''}".strip()


def _verdicts(document: Mapping[str, Any]) -> Iterator[Text]:
    for name in ("verdict", "after") if "format" in document else (None,):
        verdict = document.get(name) if name else document
        if not verdict:
            continue
        counts = Counter(one["outcome"] for one in verdict["judgements"])
        line = Text(f"  {(name or 'verdict').ljust(12)}")
        line.append(verdict["decision"], style=STYLES.get(verdict["decision"], ""))
        line.append(": " + ", ".join(f"{number} {outcome}" for outcome, number in sorted(counts.items())))
        yield line


def show_report(report: Report, *, documents: bool = True) -> None:
    """What a check has found, and what it cannot know."""
    console = _console()
    if report.intact:
        many = _many(report.count, "record")
        what = "" if documents else " (their chain; and the documents that are shown)"
        console.print(
            Text("intact", style="bold green").append(f"  {many}{what} of the store {report.store}", style="")
        )
    else:
        console.print(Text("not as it was written", style="bold red").append(f"  the store {report.store}", style=""))
    for finding in report.findings:
        console.print(Text(f"  {flat(str(finding))}", style="red"))
    if report.newest:
        console.print(Text(f"  newest: record {report.newest.sequence} {report.newest.hash}", style="dim"))
    for one in report.pruned:
        console.print(
            Text(f"  pruned: records {one.first} to {one.last}, recorded before {flat(one.before)}", style="dim")
        )
    for words in report.noticed:
        console.print(Text(f"  odd: {flat(words)}", style="yellow"))
    for words in report.unproven:
        console.print(Text(f"  not proven: {flat(words)}", style="yellow"))
