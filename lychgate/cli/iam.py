"""`lychgate iam`: what policies mean, answered by proof. No program is judged, and little is loaded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from lychgate.cli.options import (
    ConfigOption,
    IsolateOption,
    JudgedEnvironmentOption,
    MaxResourcesOption,
    SecretConfigOption,
    SettingsOption,
    StacksOption,
    TimeoutOption,
)
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


@app.command("least-privilege")
def least_privilege(
    principal: Annotated[str, typer.Argument(help="Name, ARN or URN of a role or user.", metavar="PRINCIPAL")],
    paths: Annotated[list[Path], typer.Argument(help="Folders of Pulumi projects, as `check` takes them.")],
    stack: StacksOption = None,
    environment: JudgedEnvironmentOption = "production",
    settings: SettingsOption = None,
    config: ConfigOption = None,
    secret_config: SecretConfigOption = None,
    timeout: TimeoutOption = 300.0,
    isolate: IsolateOption = "auto",
    max_resources: MaxResourcesOption = 20_000,
    format_: FormatOption = "text",
) -> None:
    """Print the smallest policy for what is declared for a principal, and how today's policies differ from it.

    Exit status: 0 whatever the answer, 2 usage or input error, or nothing is declared.
    """
    from lychgate.cli.iam_least_privilege import least_privilege as answer
    from lychgate.cli.iam_sources import Source

    known = _known(format_)
    source = Source(
        paths, stack or (), environment, settings, config or (), secret_config or (), timeout, isolate, max_resources
    )
    _shown(answer(principal, source), known)


@app.command("who-can")
def who_can(
    action: Annotated[str, typer.Argument(help="An action of IAM; wildcards mean any of these.", metavar="ACTION")],
    paths: Annotated[list[Path], typer.Argument(help="Folders of Pulumi projects, as `check` takes them.")],
    on: Annotated[str, typer.Option("--on", help="A resource: ARN (wildcards: any of these), URN or name.")],
    stack: StacksOption = None,
    environment: JudgedEnvironmentOption = "production",
    settings: SettingsOption = None,
    config: ConfigOption = None,
    secret_config: SecretConfigOption = None,
    timeout: TimeoutOption = 300.0,
    isolate: IsolateOption = "auto",
    max_resources: MaxResourcesOption = 20_000,
    format_: FormatOption = "text",
) -> None:
    """Tell who may do an action on a resource: by itself, by the resource's own policy, and by becoming others.

    Exit status: 0 whatever the answer, 2 usage or input error.
    """
    from lychgate.cli.iam_principals import whoever_can
    from lychgate.cli.iam_sources import Source

    known = _known(format_)
    source = Source(
        paths, stack or (), environment, settings, config or (), secret_config or (), timeout, isolate, max_resources
    )
    _shown(whoever_can(action, on, source), known)


@app.command("what-can")
def what_can(
    principal: Annotated[str, typer.Argument(help="Name, ARN or URN of a role or user.", metavar="PRINCIPAL")],
    paths: Annotated[list[Path], typer.Argument(help="Folders of Pulumi projects, as `check` takes them.")],
    stack: StacksOption = None,
    environment: JudgedEnvironmentOption = "production",
    settings: SettingsOption = None,
    config: ConfigOption = None,
    secret_config: SecretConfigOption = None,
    timeout: TimeoutOption = 300.0,
    isolate: IsolateOption = "auto",
    max_resources: MaxResourcesOption = 20_000,
    format_: FormatOption = "text",
) -> None:
    """Tell what a principal may do, to each resource and to whatever else there is, and whom it can become.

    Exit status: 0 whatever the answer, 2 usage or input error.
    """
    from lychgate.cli.iam_principals import whatever_can
    from lychgate.cli.iam_sources import Source

    known = _known(format_)
    source = Source(
        paths, stack or (), environment, settings, config or (), secret_config or (), timeout, isolate, max_resources
    )
    _shown(whatever_can(principal, source), known)


def _known(name: str) -> str:
    if name not in FORMATS:
        raise InputError("--format", found=f"unknown format {name!r}", expected=either(list(FORMATS)))
    return name


def _shown(answer: tuple[dict[str, object], str], format_: str) -> None:
    found, words = answer
    typer.echo(json.dumps(found, indent=2) if format_ == "json" else words)
