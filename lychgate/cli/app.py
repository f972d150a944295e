"""The commands and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lychgate.cli.environments import app as environments
from lychgate.cli.evidence import CheckpointsOption, KeyOption, StoreOption, needs
from lychgate.cli.evidence import app as evidence
from lychgate.cli.iam import app as iam
from lychgate.cli.merge_request import app as merge_request
from lychgate.cli.options import (
    AsOfOption,
    AssumedOption,
    ConfigOption,
    FormatOption,
    IsolateOption,
    JudgedEnvironmentOption,
    MaxResourcesOption,
    OutputOption,
    RulesetOption,
    RulesOption,
    SecretConfigOption,
    SettingsOption,
    StacksOption,
    StrictOption,
    TimeoutOption,
    WaiversOption,
)
from lychgate.cli.pack import app as pack
from lychgate.cli.portal import app as portal
from lychgate.cli.serving import app as serving
from lychgate.cli.signatures import app as signatures
from lychgate.cli.stacks import app as stacks
from lychgate.model.errors import InputError

app = typer.Typer(
    help="Policy as code and PCI DSS compliance for Pulumi.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(stacks)
app.add_typer(signatures)
app.add_typer(environments, name="environment")
app.add_typer(evidence, name="evidence")
app.add_typer(iam, name="iam")
app.add_typer(pack, name="pack")
app.add_typer(merge_request, name="merge-request")
app.add_typer(portal, name="portal")
app.add_typer(serving)


@app.command()
def check(
    paths: Annotated[list[Path], typer.Argument(help="Folders of Pulumi projects, judged together.")],
    stack: StacksOption = None,
    environment: JudgedEnvironmentOption = "production",
    ruleset: RulesetOption = None,
    waivers: WaiversOption = None,
    settings: Annotated[Path | None, typer.Option(help="lychgate.yaml; else the nearest above the first path.")] = None,
    rules: RulesOption = None,
    config: ConfigOption = None,
    secret_config: SecretConfigOption = None,
    strict: StrictOption = None,
    format_: FormatOption = None,
    output: OutputOption = None,
    as_of: AsOfOption = None,
    policy_ref: Annotated[
        str | None, typer.Option("--policy-ref", help="Commit from which settings, ruleset and waivers are read.")
    ] = None,
    previous: Annotated[
        Path | None, typer.Option(help="An earlier verdict.json: then each finding says whether the change brings it.")
    ] = None,
    timeout: TimeoutOption = 300.0,
    isolate: IsolateOption = "auto",
    max_resources: MaxResourcesOption = 20_000,
    verbose: AssumedOption = False,
) -> None:
    """Judge Pulumi programs before anything is deployed.

    Exit status: 0 clean, 1 mandatory findings, 2 usage or input error, 3 undetermined mandatory rules under strict.
    """
    from lychgate.cli.check import Request, run

    raise typer.Exit(
        run(
            Request(
                paths=paths, stacks=stack or [], environment=environment, ruleset=ruleset, waivers=waivers,
                settings=settings, rules=rules or [], config=config or [], secret_config=secret_config or [],
                strict=strict, formats=format_ or [],
                output=output, as_of=as_of, policy_ref=policy_ref, previous=previous, timeout=timeout, isolate=isolate,
                max_resources=max_resources, verbose=verbose,
            )
        )
    )  # fmt: skip


@app.command("pre-commit", hidden=True)
def pre_commit(
    files: Annotated[list[Path] | None, typer.Argument(help="Changed files.")] = None,
    stack: StacksOption = None,
    environment: JudgedEnvironmentOption = "production",
    ruleset: RulesetOption = None,
    settings: SettingsOption = None,
    rules: RulesOption = None,
    isolate: IsolateOption = "auto",
) -> None:
    """Judge the projects that changed files belong to, one after the other (.pre-commit-hooks.yaml).

    Exit status: as of `check`, of the first project that is not clean.
    """
    from lychgate.cli.check import Request, run
    from lychgate.cli.pre_commit import projects_of

    statuses = [
        run(
            Request(
                paths=[project], stacks=stack or [], environment=environment, ruleset=ruleset, waivers=None,
                settings=settings, rules=rules or [], config=[], secret_config=[], strict=None, formats=[],
                output=None, as_of=None, policy_ref=None, previous=None, timeout=300.0, isolate=isolate,
                max_resources=20_000, verbose=False,
            )
        )
        for project in projects_of(files or [])
    ]  # fmt: skip
    raise typer.Exit(next((status for status in statuses if status), 0))


@app.command()
def watch(
    paths: Annotated[list[Path], typer.Argument(help="Folders of Pulumi projects, judged together.")],
    stack: StacksOption = None,
    environment: JudgedEnvironmentOption = "production",
    ruleset: RulesetOption = None,
    waivers: WaiversOption = None,
    settings: SettingsOption = None,
    rules: RulesOption = None,
    config: ConfigOption = None,
    secret_config: SecretConfigOption = None,
    strict: StrictOption = None,
    timeout: TimeoutOption = 300.0,
    isolate: IsolateOption = "auto",
    max_resources: MaxResourcesOption = 20_000,
) -> None:
    """Judge again on each save, and say what is new and what is mended, until Ctrl-C.

    Exit status: 0 ended by Ctrl-C, 2 usage or input error at the start.
    """
    from lychgate.cli.check import Request
    from lychgate.cli.watch import run

    raise typer.Exit(
        run(
            Request(
                paths=paths, stacks=stack or [], environment=environment, ruleset=ruleset, waivers=waivers,
                settings=settings, rules=rules or [], config=config or [], secret_config=secret_config or [],
                strict=strict, formats=[], output=None, as_of=None, policy_ref=None, previous=None, timeout=timeout,
                isolate=isolate, max_resources=max_resources, verbose=False,
            )
        )
    )  # fmt: skip


@app.command()
def report(
    verdict: Annotated[Path | None, typer.Argument(help="verdict.json, as `check` has written it.")] = None,
    format_: FormatOption = None,
    output: OutputOption = None,
    verbose: AssumedOption = False,
    since: Annotated[
        str | None,
        typer.Option(
            help="Of the store of evidence: its trend from this moment on (2026-03-01), in place of a verdict."
        ),
    ] = None,
    until: Annotated[str | None, typer.Option(help="Of a trend: its end; a day counts whole; else now.")] = None,
    store: StoreOption = None,
    stack: Annotated[str | None, typer.Option(help="Of a trend: only this stack.")] = None,
    application: Annotated[str | None, typer.Option(help="Of a trend: only this application.")] = None,
    environment: Annotated[str | None, typer.Option(help="Of a trend: only this environment.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Of a trend: only this tenant.")] = None,
    branch: Annotated[
        list[str] | None,
        typer.Option(
            "--branch", help="Of a trend: branch whose checks count; it may hold *. Else GitLab's default, or main."
        ),
    ] = None,
    checkpoints: CheckpointsOption = None,
    key: KeyOption = None,
) -> None:
    """Make reports of a verdict that was made before, or show it; with --since, of the store of evidence.

    Exit status: 0 done, whatever the verdict decides; 1 the store is not as it was written; 2 usage or input error;
    4 the store refuses.
    """
    of_trend = {
        "--until": until, "--store": store, "--stack": stack, "--application": application,
        "--environment": environment, "--tenant": tenant, "--branch": branch, "--checkpoints": checkpoints,
        "--key": key,
    }  # fmt: skip
    given = [name for name, value in of_trend.items() if value]
    if (verdict is None) == (since is None):
        found = "neither a verdict nor --since" if since is None else "a verdict and --since"
        raise InputError("report", found=found, expected="verdict.json, or --since for a trend of the store")
    if since is None and given:
        raise InputError("report", found=f"{given[0]} with a verdict", expected="it with --since alone")
    if since is not None and verbose:
        raise InputError("report", found="--verbose with --since", expected="it with a verdict alone")
    if verdict is not None:
        from lychgate.cli.report import ReportOptions, run

        raise typer.Exit(run(ReportOptions(verdict=verdict, formats=format_ or [], output=output, verbose=verbose)))
    needs()
    from lychgate.cli.trend import TrendOptions
    from lychgate.cli.trend import run as show_trend

    assert since is not None
    raise typer.Exit(
        show_trend(
            TrendOptions(
                since=since, until=until, store=store, stack=stack, application=application, environment=environment,
                tenant=tenant, branches=branch or [], checkpoints=checkpoints or [], keys=key or [],
                formats=format_ or [], output=output,
            )
        )
    )  # fmt: skip


@app.command()
def rules(
    rule: Annotated[str | None, typer.Argument(help="Id of a rule to explain.")] = None,
    layer: Annotated[str | None, typer.Option(help="Only the rules of a layer.")] = None,
    folders: RulesOption = None,
    check: Annotated[bool, typer.Option("--check", help="Run the rules' examples as their tests.")] = False,
) -> None:
    """List the rules, or explain one: why, which requirements, examples, how to mend it."""
    from lychgate.cli.rules import check as run_examples
    from lychgate.cli.rules import explain, list_rules

    if check:
        raise typer.Exit(run_examples(rule, folders or []))
    raise typer.Exit(explain(rule, folders or []) if rule else list_rules(layer, folders or []))


@app.command("new-rule")
def new_rule(
    slug: Annotated[str, typer.Argument(help="The rule's id: a slug that names the violation.")],
    layer: Annotated[str, typer.Option(help="encryption, iam, network, tenancy, cost or operations.")],
    folder: Annotated[Path, typer.Option("--into", help="Your rules folder.")] = Path("rules"),
) -> None:
    """Write a new rule with its examples, ready to be filled in and run."""
    from lychgate.cli.new_rule import scaffold

    raise typer.Exit(scaffold(slug, layer, folder))


@app.command()
def waive(
    rule: Annotated[str, typer.Argument(help="Rule whose finding is accepted.", metavar="RULE")],
    on: Annotated[str, typer.Option("--on", help="URN of the resource; with --verdict its name will do.")],
    reason: Annotated[str, typer.Option(help="Why it is accepted.")],
    ticket: Annotated[str, typer.Option(help="Where that was decided.")],
    approver: Annotated[str, typer.Option(help="Who answers for it: a second person.")],
    owner: Annotated[str | None, typer.Option(help="Who asks for it; else Git's user.name.")] = None,
    control: Annotated[
        str | None, typer.Option("--compensating-control", help="What protects in the rule's place.")
    ] = None,
    expires: Annotated[str | None, typer.Option(help="Last day, such as 2027-01-31.", show_default=False)] = None,
    days: Annotated[
        int | None, typer.Option(help="Days it lasts; else 30, or fewer where its severity allows fewer.", min=1)
    ] = None,
    renew: Annotated[bool, typer.Option("--renew", help="Write the one that is there anew.")] = False,
    verdict: Annotated[
        Path | None, typer.Option(help="verdict.json that has the finding; then no other is waived.")
    ] = None,
    stack: Annotated[str | None, typer.Option(help="Stack as a verdict names it: PROJECT/STACK.")] = None,
    waivers: WaiversOption = None,
    settings: SettingsOption = None,
    environment: Annotated[str | None, typer.Option(help="Environment, for its limits; else the verdict's.")] = None,
    ruleset: RulesetOption = None,
    rules: RulesOption = None,
    as_of: AsOfOption = None,
) -> None:
    """Write a waiver: a finding that somebody accepts, for a reason and until a day.

    Exit status: 0 written, 2 it may not be written as asked, and why.
    """
    from lychgate.cli.waive import WaiveOptions, run

    if expires is not None and days is not None:
        raise InputError("--days", found="--expires is given as well", expected="one of them")
    raise typer.Exit(
        run(
            WaiveOptions(
                rule=rule, on=on, reason=reason, ticket=ticket, approver=approver, owner=owner, control=control,
                expires=expires, days=days, renew=renew, verdict=verdict, stack=stack, waivers=waivers,
                settings=settings, environment=environment, ruleset=ruleset, rules=rules or [], as_of=as_of,
            )
        )
    )  # fmt: skip


@app.command()
def schema(
    what: Annotated[str, typer.Argument(help="verdict, application, environment, platform or tenants.")] = "verdict",
) -> None:
    """Print a JSON Schema: of the verdict document, or of a file that people write."""
    from lychgate.cli.schemas import schema_of

    typer.echo(schema_of(what))
