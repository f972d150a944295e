"""The record of a sync: one JSON file that says who asked for what, what was judged, and what came of it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from lychgate.provisioner.sync.applied import Applied
from lychgate.reports import replace

FOLDER = Path(".lychgate") / "records"
FORMAT = 2
# What GitLab tells a job of its pipeline. It is the pipeline's own word: a job can be told otherwise by who starts it.
PIPELINE = {
    "id": "CI_PIPELINE_ID",
    "url": "CI_PIPELINE_URL",
    "job": "CI_JOB_URL",
    "source": "CI_PIPELINE_SOURCE",
    "user": "GITLAB_USER_LOGIN",
}


def said_by_pipeline(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What is known of the pipeline that a sync runs in; nothing where it runs in none."""
    return {name: environ[variable] for name, variable in PIPELINE.items() if environ.get(variable)}


@dataclass(frozen=True, slots=True)
class Record:
    """What is kept of one sync, or of one removal.

    `request` is what was asked, by whom; `pipeline` what the pipeline says of itself; `preflight` what stood for and
    against it; `difference` (`Difference.as_dict`, or a removal's) and `verdict` (its document) what was judged;
    `after` the verdict on what is deployed since. All are kept whole, for who asks later what was judged by which rule,
    and passed. They have been through their own redaction: nothing here looks for secrets again.
    """

    kind: str
    stack: str
    request: Mapping[str, Any]
    preflight: Mapping[str, Any] = field(default_factory=dict)
    difference: Mapping[str, Any] = field(default_factory=dict)
    verdict: Mapping[str, Any] | None = None
    applied: Applied | None = None
    after: Mapping[str, Any] | None = None
    pipeline: Mapping[str, str] = field(default_factory=said_by_pipeline)
    recorded: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def id(self) -> str:
        """What tells it from others of the same second: the apply's own id, where it came to one."""
        return self.applied.id if self.applied else os.urandom(16).hex()

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "format": FORMAT,
            "kind": self.kind,
            "stack": self.stack,
            "recorded": self.recorded.astimezone(UTC).isoformat(timespec="seconds"),
            "request": dict(self.request),
            "pipeline": dict(self.pipeline),
            "preflight": dict(self.preflight),
            "difference": dict(self.difference),
            "verdict": dict(self.verdict) if self.verdict else None,
            "applied": self.applied.as_dict() if self.applied else None,
            "after": dict(self.after) if self.after else None,
        }


def make_place(folder: Path) -> Path:
    """Where records are kept below a folder. Raises OSError."""
    place = folder / FOLDER
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    return place


def write_record(folder: Path, record: Record) -> Path:
    """Keep a record below a folder, whole or not at all; what it is called then. Raises OSError."""
    place = make_place(folder)
    target = place / f"{record.recorded.astimezone(UTC):%Y%m%dT%H%M%SZ}-{record.stack}-{record.id[:12]}.json"
    replace(target, _written(record.as_dict()), 0o600)  # for its owner alone
    return target


def _written(told: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # half a character, as in a word that is no UTF-8
        return json.dumps(told, indent=2, default=lambda value: orjson.loads(orjson.dumps(value))).encode() + b"\n"
