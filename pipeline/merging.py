"""Several verdicts as GitLab's widgets want them: one report of each kind, and the counts of its Terraform widget."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import orjson
from lychgate.pipeline.models import Summary
from lychgate.reports import FORMATS, renderer, replace

WIDGETS = ("junit", "codequality", "sast", "openmetrics")
PLAN = "plan.json"


def together(verdicts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Verdicts as one, in which what several of them judge stands once: for reports that list judgements."""
    first = verdicts[0]
    return {
        **first,
        "judgements": _once((one for verdict in verdicts for one in verdict["judgements"]), "stack", "fingerprint"),
        **{
            name: _once((one for verdict in verdicts for one in verdict[name]), *keys)
            for name, keys in {
                "rules": ("id",), "requirements": ("id",), "waivers": ("rule", "stack", "urn", "ticket"),
                "not_inspected": ("stack", "urn", "type", "why"),
            }.items()
        },
    }  # fmt: skip


def _once(entries: Iterable[dict[str, Any]], *keys: str) -> list[dict[str, Any]]:
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for one in entries:
        found.setdefault(tuple(one[key] for key in keys), one)
    return list(found.values())


def write_widgets(summary: Summary, verdicts: Sequence[dict[str, Any]], folder: Path) -> None:
    """Write the reports that GitLab reads of a merge request. Raises OSError."""
    write_reports(verdicts, folder)
    replace(folder / PLAN, orjson.dumps(terraform(summary)))


def write_reports(verdicts: Sequence[dict[str, Any]], folder: Path) -> None:
    """Write the reports of findings that GitLab reads, one of each kind; none where nothing was judged. Raises
    OSError."""
    if verdicts:
        merged = together(verdicts)
        for name in WIDGETS:
            replace(folder / FORMATS[name][1], renderer(name)(merged))


def terraform(summary: Summary) -> dict[str, int]:
    """The counts of `artifacts:reports:terraform`: what is replaced is created and deleted.

    https://docs.gitlab.com/user/infrastructure/iac/mr_integration/
    """
    counts = [stack.counts for one in summary.verdicts for stack in one.stacks]
    return {
        "create": sum(one.create + one.replace for one in counts),
        "update": sum(one.update for one in counts),
        "delete": sum(one.delete + one.replace for one in counts),
    }
