"""What the job that ran the change's code has left, as the job that comments reads it: hostile data, checked whole."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lychgate.pipeline.judging import brought, decided
from lychgate.pipeline.models import Summary, VerdictEntry, read_inside, read_summary
from lychgate.provisioner.models.names import stack_name
from lychgate.provisioner.sync.capturing import PROJECT
from lychgate.reports.document import parse

from lychgate.model.errors import InputError

LARGEST = 64 * 2**20
EXPECTED = "what `lychgate merge-request judge` has written, whole"


@dataclass(frozen=True, slots=True)
class Results:
    """A summary, and the verdict of each of its entries."""

    summary: Summary
    verdicts: tuple[dict[str, Any], ...]


def read_results(folder: Path, commit: str | None) -> Results:
    """The results in a folder; with `commit`, of that one. Raises InputError, also where its parts do not agree."""
    summary = read_summary(folder)
    if commit is not None and summary.commit != commit:
        found = f"they are of commit {summary.commit[:12]}, the pipeline is of {commit[:12]}"
        raise InputError(str(folder), found=found, expected="the results of this pipeline")
    if len({one.verdict for one in summary.verdicts}) < len(summary.verdicts):
        raise InputError(str(folder), found="one verdict stands for several", expected=EXPECTED)
    return Results(summary, tuple(_verdict(folder, one, summary) for one in summary.verdicts))


def _verdict(folder: Path, entry: VerdictEntry, summary: Summary) -> dict[str, Any]:
    name = str(folder / entry.verdict)
    verdict = parse(read_inside(folder, entry.verdict, LARGEST), name)
    stacks = {one["name"] for one in verdict["stacks"]}
    names = [
        f"{PROJECT}/{stack_name(entry.application, entry.environment, stack.tenant)}" for stack in entry.stacks
    ]  # fmt: skip
    agrees = {
        "commit": verdict["run"]["commit"] == summary.commit,
        "environment": verdict["run"]["environment"] == entry.environment,
        "strict": verdict["run"]["strict"],
        "stacks": stacks.issuperset(names),
        "decision": verdict["decision"] == entry.decision == decided(verdict, lambda one: True),
        "what the change brings": entry.brought == decided(verdict, brought),
    }
    wrong = [what for what, agreed in agrees.items() if not agreed]
    for stack, known in zip(entry.stacks, names, strict=True):
        if stack.decision != decided(verdict, lambda one: True, known):
            wrong.append(f"decision on {stack.tenant}")
    if wrong:
        found = f"verdict and summary do not agree: {', '.join(wrong[:5])}"
        raise InputError(name, found=found, expected=EXPECTED)
    return verdict
