"""`lychgate iam`: what policies mean, answered by proof. No program is judged, and little is loaded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from lychgate.model.errors import InputError, either

FORMATS = ("text", "json")

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

FormatOption = Annotated[str, typer.Option("--format", help="text or json.", metavar="TEXT|JSON")]


@app.callback()
def library() -> None:
    """IAM policies by what they mean: which is wider, who is let in; each answer with a request that shows it."""


@app.command()
def compare(
    first: Annotated[Path, typer.Argument(help="Policy A: a JSON document of IAM.", metavar="A.json")],
    second: Annotated[Path, typer.Argument(help="Policy B.", metavar="B.json")],
    format_: FormatOption = "text",
) -> None:
    """Say which of two policies allows more, over all requests, and show a request that only one of them allows.

    Exit status: 0 whatever the answer, 2 usage or input error.
    """
    from lychgate.cli.iam_answers import comparison

    _shown(comparison(first, second), _known(format_))


@app.command()
def decide(
    case: Annotated[
        Path, typer.Argument(help="A request and the policies around it (README.md).", metavar="CASE.json")
    ],
    format_: FormatOption = "text",
) -> None:
    """Decide one request over all layers of policies, as AWS does, and say which statement decided.

    Exit status: 0 whatever the answer, 2 usage or input error.
    """
    from lychgate.cli.iam_answers import decision

    _shown(decision(case), _known(format_))


def _known(name: str) -> str:
    if name not in FORMATS:
        raise InputError("--format", found=f"unknown format {name!r}", expected=either(list(FORMATS)))
    return name


def _shown(answer: tuple[dict[str, object], str], format_: str) -> None:
    found, words = answer
    typer.echo(json.dumps(found, indent=2) if format_ == "json" else words)
