"""Files that a job has left, as entries of the store: a verdict, or the record of a sync.

The job may have run somebody's code: a file is hostile data. Its size, form and text are checked; that it is true is
what nobody can check here, which is why a sync judges again itself.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from lychgate.reports.document import SIGNED
from lychgate.reports.evidence.canonical import NotCanonicalError
from lychgate.reports.evidence.record import Entry, Facts, stamp
from lychgate.reports.evidence.sync_record import FORMATS
from pydantic import BaseModel, ValidationError

from lychgate.model.errors import InputError, shown
from lychgate.model.escaping import flat
from lychgate.model.verdict import Verdict

MAX_BYTES = 100_000_000
MAX_WORD = 1000
MOST_ERRORS = 5
EXPECTED = "a verdict.json of `lychgate check`, or a file of .lychgate/records"
COMMIT = re.compile(r"[0-9a-f]{7,64}")


@dataclass(frozen=True, slots=True)
class Told:
    """What the importing side says of a check, whose verdict does not say it: `by` names who that is."""

    branch: str | None = None
    pipeline: str | None = None
    requester: str | None = None
    by: str | None = None


def told_by_pipeline(environ: Mapping[str, str] = os.environ) -> Told:
    """What GitLab's variables say of the pipeline in which the import runs; nothing where it runs in none."""
    pipeline = environ.get("CI_PIPELINE_URL") or environ.get("CI_PIPELINE_ID")
    if not pipeline:
        return Told()
    return Told(_branch(environ), pipeline, environ.get("GITLAB_USER_LOGIN") or None, "the pipeline of the import")


def _branch(environ: Mapping[str, str]) -> str | None:
    """The branch of a pipeline: one of a fork, or a tag, may be called as a branch of the project is, and is not it."""
    if branch := environ.get("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME"):
        fork, own = (environ.get(f"CI_MERGE_REQUEST_{whose}PATH") for whose in ("SOURCE_PROJECT_", "PROJECT_"))
        return branch if fork == own else f"{fork}:{branch}"
    if tag := environ.get("CI_COMMIT_TAG"):
        return f"refs/tags/{tag}"
    return environ.get("CI_COMMIT_REF_NAME") or None


def read_entry(file: Path, told: Told | None = None, most: int = MAX_BYTES) -> Entry:
    """The entry that a file makes. Raises InputError."""
    return entry_of(_read(file, most), str(file), told or Told())


def entry_of(data: bytes, name: str, told: Told) -> Entry:
    """The entry of a document; `name` is what its file is called. Raises InputError."""
    document = _parsed(data, name)
    if not isinstance(document, dict):
        raise InputError(name, found=f"{shown(document)}, not a mapping", expected=EXPECTED)
    if "payloadType" in document:
        raise InputError(name, found="a signed verdict", expected=SIGNED)
    if "version" in document:
        _valid(Verdict, document, name)
        facts = _of_check(document, name, told)
    elif isinstance(document.get("format"), int) and document["format"] in FORMATS:
        _valid(FORMATS[document["format"]], document, name)
        facts = _of_sync(document, name)
    else:
        raise InputError(name, found="neither a verdict nor a record of a sync that is known", expected=EXPECTED)
    try:
        return Entry.of(_plain(facts), document)
    except NotCanonicalError as error:
        raise InputError(name, found=str(error), expected="what JSON holds exactly (RFC 8785)") from None


def _parsed(data: bytes, name: str) -> Any:
    """JSON; half a character, which a record of a sync may hold and the store may not, is written out. Raises
    InputError."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        try:
            return json.loads(
                data, object_pairs_hook=lambda pairs: {_whole(key): _whole(value) for key, value in pairs}
            )
        except (ValueError, RecursionError):
            raise InputError(name, found="not JSON", expected=EXPECTED) from None


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    return [_whole(one) for one in value] if isinstance(value, list) else value


def _read(file: Path, most: int) -> bytes:
    """A regular file: no link that leads elsewhere, no pipe that never ends."""
    try:
        number = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        found = "a symbolic link" if file.is_symlink() else f"cannot be read: {error.strerror}"
        raise InputError(str(file), found=found, expected="a file") from None
    try:
        known = os.fstat(number)
        if not stat.S_ISREG(known.st_mode):
            raise InputError(str(file), found="no ordinary file", expected="a file")
        with os.fdopen(number, "rb", closefd=False) as stream:
            data = stream.read(most + 1) if known.st_size <= most else b""
    finally:
        os.close(number)
    if known.st_size > most or len(data) > most:
        raise InputError(str(file), found="too large", expected=f"at most {most:,} bytes (--max-bytes)")
    return data


def _valid(model: type[BaseModel], document: Any, name: str) -> None:
    try:
        model.model_validate(document, strict=True)
    except ValidationError as error:
        told = [
            f"{'.'.join(map(str, item['loc']))}: {item['msg']}"
            for item in error.errors(include_url=False, include_context=False, include_input=False)[:MOST_ERRORS]
        ]
        more = error.error_count() - len(told)
        found = "; ".join(told) + (f"; and {more} more" if more > 0 else "")
        raise InputError(name, found=found, expected=EXPECTED) from None


def _of_check(verdict: dict[str, Any], name: str, told: Told) -> Facts:
    consistent(verdict, name)
    run = verdict["run"]
    labels = [one["labels"] for one in verdict["resources"]]
    return Facts(
        kind="check",
        stacks=_words(one["name"] for one in verdict["stacks"]),
        applications=_words(one.get("application") for one in labels),
        tenants=_words(one.get("tenant") for one in labels),
        environment=run["environment"],
        commit=_commit(run["commit"], name),
        branch=told.branch,
        pipeline=told.pipeline,
        requester=told.requester,
        told_by=told.by,
        decision=verdict["decision"],
        ruleset=run["ruleset_digest"],
        judged_at=_moment(run["as_of"], name),
    )


def _of_sync(record: dict[str, Any], name: str) -> Facts:
    asked, verdict = record["request"], record.get("verdict")
    pipeline = record.get("pipeline") or {}
    if verdict and "resources" in verdict:
        consistent(verdict, name)

    def fact(which: str) -> str | None:
        value = asked.get(which)
        return value if isinstance(value, str) else None

    return Facts(
        kind=record["kind"],
        stacks=_words([record["stack"]]),
        applications=_words([fact("application")]),
        tenants=_words([fact("tenant")]),
        environment=fact("environment"),
        commit=_commit(fact("commit"), name),
        branch=fact("branch"),
        pipeline=pipeline.get("url") or pipeline.get("id"),
        requester=fact("requester"),
        told_by="the record of the sync",
        decision=verdict["decision"] if verdict else None,
        # A sync that was not carried out was refused by its gate.
        outcome=record["applied"]["outcome"] if record.get("applied") else "refused",
        ruleset=verdict["run"]["ruleset_digest"] if verdict else None,
        judged_at=_moment(record["recorded"], name),
    )


def consistent(verdict: Mapping[str, Any], name: str) -> None:
    """Raise InputError for a decision that its judgements contradict."""
    outcomes = {(one["outcome"], one["level"] in ("mandatory", "remediate")) for one in verdict["judgements"]}
    blocks = ("fail", True) in outcomes or any(outcome == "error" for outcome, _ in outcomes)
    strict = verdict["run"]["strict"] and ("unknown", True) in outcomes
    decided = "findings" if blocks else "undetermined" if strict else "clean"
    if decided != verdict["decision"]:
        found = f"its decision is {verdict['decision']}, and its judgements say {decided}"
        raise InputError(name, found=found, expected="a verdict that agrees with itself")


def _words(found: Iterable[str | None]) -> tuple[str, ...]:
    """Each once; written out where they would not be one plain line: a judged program chooses its labels."""
    return tuple(sorted({flat(one)[:MAX_WORD] for one in found if one}))


def _moment(text: str, name: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
        return stamp(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        found = f"the moment {shown(text)}"
        raise InputError(name, found=found, expected="one such as 2026-11-30T12:00:00Z") from None


def _plain(facts: Facts) -> Facts:
    """Facts of one plain line each, to be searched by and read; the document has them as they were said."""
    named = ("environment", "branch", "pipeline", "requester", "ruleset")
    known: dict[str, Any] = {
        name: flat(text)[:MAX_WORD] for name in named if (text := getattr(facts, name)) is not None
    }
    return replace(facts, **known)


def _commit(found: str | None, name: str) -> str | None:
    if found is not None and not COMMIT.fullmatch(found):
        raise InputError(name, found=f"the commit {shown(found)}", expected="a commit's hexadecimal digits")
    return found
