"""`summary.json`: what was judged of a merge request, stack by stack; `stacks.json`: what is to be synced.

The job that reads it takes it as somebody else's: it is checked, and whatever text is in it stays text.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from lychgate.provisioner.models.names import Name
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lychgate.model.errors import InputError
from lychgate.model.escaping import flat

FILE, PLANNED = "summary.json", "stacks.json"
LARGEST = 64 * 2**20
EXPECTED = "a summary, as `lychgate merge-request judge` writes it"
Decision = Literal["clean", "findings", "undetermined"]
Text = Annotated[str, Field(max_length=2000)]
Number = Annotated[int, Field(ge=0, le=10**9)]
Commit = Annotated[str, Field(pattern=r"^([0-9a-f]{40}|[0-9a-f]{64})$")]
Action = Literal["create", "update", "update or replace", "replace", "delete"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


P = TypeVar("P", bound=_Part)


class Counts(_Part):
    """How many resources of a stack change, and how. What may be replaced counts as replaced."""

    create: Number = 0
    update: Number = 0
    replace: Number = 0
    delete: Number = 0


class ChangedResource(_Part):
    """A resource that changes; `data_store` is whether data goes with it."""

    name: Text
    type: Text
    action: Action
    data_store: bool = False


class StackEntry(_Part):
    """An affected stack: why it is, how many findings that block stand in it (brought by the change, and others), what
    the preflight says, and what changes in it (of the resources the most important)."""

    tenant: Name
    reasons: list[Text] = Field(max_length=1000)
    decision: Decision
    brought: Number
    others: Number
    preflight: Decision
    preflight_failed: list[Text] = Field(max_length=100)
    counts: Counts
    changes: list[ChangedResource] = Field(max_length=100)


class VerdictEntry(_Part):
    """The stacks of an application in an environment, which are judged together, and by that have one verdict.

    `decision` is the verdict's, `brought` what of it the change brings (all of it where nothing could be compared).
    """

    application: Name
    environment: Name
    verdict: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*/verdict\.json$", max_length=100)]
    decision: Decision
    brought: Decision
    seconds: float = Field(ge=0, le=10**6)
    stacks: list[StackEntry] = Field(min_length=1, max_length=10_000)


class GoneEntry(_Part):
    """A stack that the files say nothing of any more."""

    stack: Text
    reasons: list[Text] = Field(max_length=1000)


class FileEntry(_Part):
    """A file of the change, and what it is."""

    path: Text
    kind: Annotated[str, Field(pattern=r"^[a-z]{1,20}$")]


class Summary(_Part):
    """The whole. `compared` is whether the verdicts say what the change brings; else `not_compared` says why not.
    `as_target` are files of the change that nothing was judged by: the target branch's were; `not_judged` stacks of
    which the target branch knows nothing."""

    version: Literal["1"] = "1"
    since: Text
    base: Commit
    commit: Commit
    any_finding: bool
    compared: bool
    not_compared: Text = ""
    as_target: list[FileEntry]
    verdicts: list[VerdictEntry] = Field(max_length=10_000)
    not_judged: list[Text]
    gone: list[GoneEntry]
    without_effect: Number
    seconds: float = Field(ge=0, le=10**6)


class Planned(_Part):
    """`stacks.json`: the stacks of an environment that were planned, of a commit."""

    version: Literal["1"] = "1"
    environment: Name
    commit: Commit
    stacks: list[Text] = Field(max_length=10_000)


def read_summary(folder: Path) -> Summary:
    """The summary in a folder, which is hostile data. Raises InputError."""
    return _read(Summary, folder, FILE, EXPECTED)


def read_planned(folder: Path) -> Planned:
    """What was planned into a folder. Raises InputError."""
    return _read(Planned, folder, PLANNED, "stacks, as `lychgate environment plan` writes them")


def _read(form: type[P], folder: Path, name: str, expected: str) -> P:
    data = read_inside(folder, name, LARGEST)
    try:
        return form.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(step)[:50] for step in first["loc"])
        found = flat(f"{place}: {first['msg']}" if place else first["msg"])
        raise InputError(str(folder / name), found=found[:300], expected=expected) from None


def read_inside(folder: Path, name: str, largest: int) -> bytes:
    """A regular file below a folder, by a path in which nothing is a link. Raises InputError."""
    path = folder / name
    if not re.fullmatch(r"[\w-][\w.-]*(/[\w-][\w.-]*)*", name):
        raise InputError(str(folder), found=f"the name {flat(name[:100])!r}", expected="one below the folder")
    steps = [folder.joinpath(*Path(name).parts[: number + 1]) for number in range(len(Path(name).parts))]
    try:
        if any(step.is_symlink() for step in steps) or not path.is_file():
            raise InputError(str(path), found="it is no file", expected="a file, not a link")
        with path.open("rb") as stream:
            data = stream.read(largest + 1)
    except OSError as error:
        raise InputError(str(path), found=f"cannot be read: {error.strerror}", expected="a file") from None
    if len(data) > largest:
        raise InputError(str(path), found="the file is too large", expected=f"at most {largest:,} bytes")
    return data
