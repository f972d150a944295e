"""`lychgate environment`: the same for all stacks of an environment, or for those that a change affects."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lychgate.cli.options import SettingsOption

app = typer.Typer(help="Plan, sync, look for drift: many stacks at once.", no_args_is_help=True, rich_markup_mode=None)

EnvironmentArgument = Annotated[str, typer.Argument(help="Environment of the platform.")]
JobsOption = Annotated[int, typer.Option(help="Stacks at a time.", min=1, max=32)]


@app.command()
def plan(
    environment: EnvironmentArgument,
    output: Annotated[Path, typer.Option(help="Folder for stacks.json, and of each stack verdict and page.")],
    since: Annotated[
        str | None, typer.Option(help="Only what differs since that commit; all where it is no ancestor.")
    ] = None,
    since_deployed: Annotated[
        bool,
        typer.Option("--since-deployed", help="The same since the newest successful deployment that GitLab knows."),
    ] = False,
    settings: SettingsOption = None,
) -> None:
    """Plan stacks: `sync --plan` of each, and what `environment sync` then takes.

    Exit status: 0 nothing against any; of the others the worst as `sync --plan` has it; 4 GitLab refuses.
    """
    from lychgate.cli.environment_stacks import PlanOptions
    from lychgate.cli.environment_stacks import plan as run

    raise typer.Exit(
        run(
            PlanOptions(
                environment=environment, output=output, since=since, since_deployed=since_deployed,
                settings=settings,
            )
        )
    )  # fmt: skip


@app.command()
def sync(
    environment: EnvironmentArgument,
    planned: Annotated[Path, typer.Option(help="The folder that `environment plan` has written.")],
    jobs: JobsOption = 2,
    settings: SettingsOption = None,
) -> None:
    """Sync the stacks that were planned, each after those that it refers to; a signed verdict in the folder is given.

    Each is judged again. Where one fails, those that refer to it are left out. Exit status: 0 all are done; else the
    worst, as `sync` has it.
    """
    from lychgate.cli.environment_stacks import sync as run

    raise typer.Exit(run(environment, planned, jobs, settings))


@app.command()
def drift(
    environment: EnvironmentArgument,
    output: Annotated[Path, typer.Option(help="Folder for the drift of each stack, as JSON, and for metrics.")],
    jobs: JobsOption = 2,
    settings: SettingsOption = None,
) -> None:
    """Compare each deployed stack with the live account, as `drift` does.

    Exit status: 0 no drift; 1 drift, 2 a stack that cannot be read, 3 no drift found, but not all could be read.
    """
    from lychgate.cli.environment_stacks import drift as run

    raise typer.Exit(run(environment, output, jobs, settings))
