"""Where a verdict goes: terminal, stdout, files. And `lychgate report`, for a verdict that was made before."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from lychgate.cli.terminal import show
from lychgate.model.errors import InputError, either, nearest
from lychgate.model.escaping import escape
from lychgate.reports import FORMATS, Formats, missing, renderer, write

T = TypeVar("T")


class Asked(Protocol):
    """What was asked of the reports."""

    @property
    def formats(self) -> Sequence[str]:
        """Formats by name; none: all into `output`, or the terminal."""

    @property
    def output(self) -> Path | None:
        """The folder for reports."""


class AskedOfVerdict(Asked, Protocol):
    """What was asked of a verdict."""

    @property
    def verbose(self) -> bool:
        """Whether to show what was assumed."""


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """What was asked on the command line."""

    verdict: Path
    formats: Sequence[str]
    output: Path | None
    verbose: bool


def run(options: ReportOptions) -> int:
    """Show or write a verdict that was made before. The exit status says that it was done, not what was decided."""
    from lychgate.reports.document import read

    check_formats(options)
    report(options, read(options.verdict))
    return 0


def check_formats(asked: Asked, formats: Formats = FORMATS) -> None:
    """Raise InputError for a format that there is none of, that cannot be made here, or several to stdout."""
    for name in asked.formats:
        if name not in formats:
            expected, hint = either(list(formats)), nearest(name, formats)
            raise InputError("--format", found=f"unknown format {name!r}", expected=expected, hint=hint)
        renderer(name, formats)
    if len(asked.formats) > 1 and asked.output is None:
        raise InputError("--format", found="several formats and nowhere to put them", expected="--output DIR")


def report(request: AskedOfVerdict, verdict: dict[str, Any]) -> None:
    """Show a verdict and write what was asked for. Raises InputError where the folder takes nothing."""
    deliver(request, verdict, partial(show, verbose=request.verbose), FORMATS)


def deliver(asked: Asked, document: T, show: Callable[[T], None], formats: Formats) -> None:
    """Show what there are `formats` of, and write those that were asked for. Raises InputError."""
    if asked.output is not None:
        names = list(asked.formats) or _possible(formats)
        try:
            written = write(document, asked.output, names, formats)
        except OSError as error:
            raise InputError(
                str(asked.output), found=f"cannot be written: {error.strerror}", expected="a folder"
            ) from None
        show(document)
        files = ", ".join(path.name for path in written)
        print(f"reports in {escape(str(asked.output))}: {files}", file=sys.stderr)
    elif asked.formats:
        sys.stdout.buffer.write(renderer(asked.formats[0], formats)(document))
    else:
        show(document)


def _possible(formats: Formats) -> list[str]:
    """Every format that can be made here; says which are left out, and why."""
    left_out = missing(formats)
    for name, error in left_out.items():
        print(f"lychgate: no {name} report: {error.found}; {error.expected}", file=sys.stderr)
    return [name for name in formats if name not in left_out]
