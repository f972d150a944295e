"""`lychgate portal`: the commands and their options. What they do is imported when one is called."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from lychgate.model.errors import InputError

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def needs() -> None:
    """Port: what it shows of the platform, and what a request made there becomes."""
    if find_spec("requests") is None or find_spec("gitlab") is None or find_spec("pulumi_aws") is None:
        expected = "lychgate[portal]: pip install 'lychgate[portal]'"
        raise InputError("portal", found="what talks to Port is not installed", expected=expected)


ApiOption = Annotated[str, typer.Option("--api", help="Port's region, eu or us, or the address of its API.")]
SettingsOption = Annotated[Path | None, typer.Option("--settings", help="lychgate.yaml; else the nearest above.")]


@app.command()
def request(
    file: Annotated[Path, typer.Argument(help="The payload of an action, as the pipeline received it.")],
    into: Annotated[
        Path | None,
        typer.Option(
            help="Write the changed file and the merge request's text into RUN/ in this folder: GitLab is not asked."
        ),
    ] = None,
    api: ApiOption = "eu",
    settings: SettingsOption = None,
) -> None:
    """Do what a run of an action in Port asks for: edit, judge, open the merge request or sync, and tell the run.

    Exit status: 0 done; 1 findings or 3 undetermined judgements that it would bring; 2 refused, and why; 4 Port or
    GitLab refuses, or the sync failed.
    """
    from lychgate.cli.portal_request import RequestOptions, run

    raise typer.Exit(run(RequestOptions(file=file, into=into, api=api, settings=settings)))


RefOption = Annotated[str, typer.Option("--ref", help="Branch of the GitLab project whose pipeline does the work.")]
ApproversOption = Annotated[
    list[str] | None,
    typer.Option(
        "--approvers", help="Team of Port that may agree to production and to waivers; else its administrators."
    ),
]


@app.command()
def export(
    into: Annotated[Path | None, typer.Option(help="Folder for a file each; else all of it to stdout.")] = None,
    ref: RefOption = "main",
    approvers: ApproversOption = None,
    settings: SettingsOption = None,
) -> None:
    """Write what Port is told: blueprints, scorecards, self-service actions with their forms, and permissions.

    Exit status: 0 written, 2 usage or input error.
    """
    from lychgate.cli.portal_catalog import export

    raise typer.Exit(export(into, ref, approvers or [], settings))


@app.command()
def apply(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be changed.")] = False,
    ref: RefOption = "main",
    approvers: ApproversOption = None,
    verdict: Annotated[
        list[Path] | None, typer.Option("--verdict", help="verdict.json of stacks, for their findings and scorecards.")
    ] = None,
    api: ApiOption = "eu",
    settings: SettingsOption = None,
) -> None:
    """Bring that about in Port, with the platform's entities: create what is missing, change what is other, touch
    nothing that is not Lychgate's, and delete nothing.

    Exit status: 0 done, or nothing to do; 2 usage or input error, or something of somebody else's has a name of ours;
    4 Port refuses.
    """
    from lychgate.cli.portal_catalog import ApplyOptions, apply

    raise typer.Exit(apply(ApplyOptions(dry_run, ref, approvers or [], verdict or [], api, settings)))
