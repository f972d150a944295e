"""`lychgate sync` and what else is about stacks of the platform: the commands and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lychgate.cli.options import AsOfOption, FormatOption, OutputOption, SettingsOption

app = typer.Typer(rich_markup_mode=None)


@app.command()
def sync(
    application: Annotated[str, typer.Argument(help="Name of the application: applications/NAME.yaml.")],
    environment: Annotated[str, typer.Option(help="Environment to sync to.")],
    tenant: Annotated[str | None, typer.Option(help="Tenant; a single-tenant application needs none.")] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Compare and judge; change nothing.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Take the stack away, with all that it holds.")] = False,
    may_lose: Annotated[
        list[str] | None, typer.Option("--may-lose", help="A data store, by name, that may be deleted with its data.")
    ] = None,
    explained: Annotated[
        list[str] | None,
        typer.Option(
            "--explain-drift",
            help="NAME=WHY: what somebody else has changed, and why; the sync undoes it.",
            metavar="TEXT",
        ),
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(help="With --plan: deployed state from a file (`pulumi stack export`), not from the backend."),
    ] = None,
    settings: SettingsOption = None,
    format_: FormatOption = None,
    output: OutputOption = None,
    as_of: AsOfOption = None,
    policy_ref: Annotated[
        str | None,
        typer.Option(
            "--policy-ref",
            help="With --plan: a commit whose settings, waivers, environments and tenants count, not those here.",
        ),
    ] = None,
    verdict: Annotated[
        Path | None, typer.Option(help="A signed verdict (`lychgate sign`), where the environment demands one.")
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show what is created property by property.")
    ] = False,
) -> None:
    """Bring a stack about: what must hold before, what would change, the verdict on it; then exactly that, applied.

    Exit status: 0 done, or with --plan nothing against it; 1 mandatory findings or a preflight that fails, 2 usage or
    input error, 3 undetermined mandatory rules, 4 the apply failed or was cancelled.
    """
    from lychgate.cli.sync import SyncOptions, run

    raise typer.Exit(
        run(
            SyncOptions(
                application=application, environment=environment, tenant=tenant, plan=plan,
                remove=remove, may_lose=may_lose or [], explained=explained or [], state=state, settings=settings,
                formats=format_ or [], output=output, as_of=as_of, policy_ref=policy_ref, verdict=verdict,
                verbose=verbose,
            )
        )
    )  # fmt: skip


@app.command()
def drift(
    application: Annotated[str, typer.Argument(help="Name of the application.")],
    environment: Annotated[str, typer.Option(help="Environment.")],
    tenant: Annotated[str | None, typer.Option(help="Tenant; a single-tenant application needs none.")] = None,
    state: Annotated[
        Path | None,
        typer.Option(
            help="Deployed state from a file, not the backend; what other stacks opened counts as drift then."
        ),
    ] = None,
    settings: SettingsOption = None,
    endpoint: Annotated[str | None, typer.Option(help="Another endpoint than AWS's own, for every service.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    output: Annotated[Path | None, typer.Option(help="File for the same JSON, beside what is printed.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show what could not be compared, too.")] = False,
) -> None:
    """Compare what is deployed with the live account, by reading calls only.

    Exit status: 0 no drift, 1 drift, 2 usage or input error, 3 no drift found, but not all could be read.
    """
    from lychgate.cli.drift import DriftOptions, run

    raise typer.Exit(
        run(
            DriftOptions(
                application=application, environment=environment, tenant=tenant, state=state, settings=settings,
                endpoint=endpoint, json=json, output=output, verbose=verbose,
            )
        )
    )  # fmt: skip


@app.command()
def explain(
    application: Annotated[str, typer.Argument(help="Name of the application.")],
    environment: Annotated[str, typer.Option(help="Environment.")],
    tenant: Annotated[str | None, typer.Option(help="Tenant; a single-tenant application needs none.")] = None,
    settings: SettingsOption = None,
) -> None:
    """Show each effective setting of an application, and which layer it came from."""
    from lychgate.cli.explain import run

    raise typer.Exit(run(application, environment, tenant, settings))


@app.command()
def affected(
    since: Annotated[str, typer.Option(help="The branch or commit that the change is for, such as origin/main.")],
    settings: SettingsOption = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the stacks of the platform that a change can affect, each with its reason, and those that are gone by it.

    Exit status: 0 done, 2 usage or input error.
    """
    from lychgate.cli.affected import run

    raise typer.Exit(run(since, settings, json))
