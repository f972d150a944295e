"""`lychgate merge-request`: the commands and their options."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from lychgate.model.errors import InputError

app = typer.Typer(help="Judge a merge request, and say so on it.", no_args_is_help=True, rich_markup_mode=None)

SinceOption = Annotated[str, typer.Option(help="The branch or commit that the change is for, such as origin/main.")]
SettingsOption = Annotated[Path | None, typer.Option("--settings", help="lychgate.yaml; else the nearest above.")]


def _needs() -> None:
    """Raise InputError where what asks GitLab is not installed."""
    if find_spec("gitlab") is None:
        expected = "lychgate[sync]: pip install 'lychgate[sync]'"
        raise InputError("merge-request", found="what asks GitLab is not installed", expected=expected)


@app.command()
def judge(
    since: SinceOption,
    output: Annotated[Path, typer.Option(help="Folder for summary.json and the reports.")],
    jobs: Annotated[
        int | None, typer.Option(help="Environments to judge side by side; else as many as there are cores for.", min=1)
    ] = None,
    any_finding: Annotated[
        bool, typer.Option("--any", help="Fail on what was there before, too, and on what the preflight says.")
    ] = False,
    settings: SettingsOption = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="Moment at which waivers are judged, RFC 3339; else now.")
    ] = None,
) -> None:
    """Judge every stack that the change affects, by the environments, waivers and settings of the target branch.

    It runs the change's code, and needs no token, backend or database. Exit status, by what the change brings: 0
    nothing against it, 1 mandatory findings, 2 usage or input error, 3 undetermined mandatory rules.
    """
    from lychgate.cli.merge_request_judging import JudgeOptions, run

    options = JudgeOptions(
        since=since, output=output, jobs=jobs, any_finding=any_finding, settings=settings, as_of=as_of
    )
    raise typer.Exit(run(options))


@app.command()
def note(
    folder: Annotated[Path, typer.Option("--from", help="The folder that `judge` has written.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the note; ask and change nothing.")] = False,
    job: Annotated[
        str | None, typer.Option(help="Name of the job of this pipeline that has left the folder, for links to it.")
    ] = None,
    policy_ref: Annotated[
        str | None,
        typer.Option("--policy-ref", help="A commit whose lychgate.yaml says which project, not the one here."),
    ] = None,
    settings: SettingsOption = None,
) -> None:
    """Say on the merge request what was judged: one note, changed in place by each pipeline.

    It runs nobody's code, takes what it reads as somebody else's, and needs LYCHGATE_GITLAB_TOKEN and the variables
    that GitLab sets. Exit status: 0 done, 2 usage or input error, 4 GitLab refuses.
    """
    _needs()
    from lychgate.cli.merge_request_note import NoteOptions
    from lychgate.cli.merge_request_note import note as run

    raise typer.Exit(
        run(NoteOptions(folder=folder, dry_run=dry_run, job=job, policy_ref=policy_ref, settings=settings))
    )


@app.command()
def guard(since: SinceOption, settings: SettingsOption = None) -> None:
    """List what of the change asks for a second person, and ask GitLab whether one has approved its newest commit.

    Exit status: 0 nothing asks for one, or one has approved; 1 nobody has; 2 usage or input error; 4 GitLab refuses.
    """
    _needs()
    from lychgate.cli.merge_request_note import guard as run

    raise typer.Exit(run(since, settings))
