"""The commands and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Policy as code and PCI DSS compliance for Pulumi.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

RulesOption = Annotated[
    list[Path] | None,
    typer.Option("--rules", help="Folder with rules of your own (code: never one of the judged tree)."),
]


@app.command()
def check(
    paths: Annotated[list[Path], typer.Argument(help="Folders of Pulumi projects, judged together.")],
    stack: Annotated[
        list[str] | None, typer.Option("--stack", help="Stack to judge; several are judged together.")
    ] = None,
    environment: Annotated[str, typer.Option(help="Environment: its ruleset, account and region.")] = "production",
    ruleset: Annotated[str | None, typer.Option(help="production, test, or a file; else the environment's.")] = None,
    waivers: Annotated[Path | None, typer.Option(help="Waivers file; else the one that lychgate.yaml names.")] = None,
    settings: Annotated[Path | None, typer.Option(help="lychgate.yaml; else the nearest above the first path.")] = None,
    rules: RulesOption = None,
    config: Annotated[list[str] | None, typer.Option("--config", help="KEY=VALUE, as in `pulumi config set`.")] = None,
    strict: Annotated[
        bool | None, typer.Option("--strict/--no-strict", help="Undetermined mandatory rules block.")
    ] = None,
    format_: Annotated[
        list[str] | None, typer.Option("--format", help="json, sarif, junit: to stdout, or into --output.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Folder for the reports; every format unless --format narrows.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="Moment at which waivers are judged, RFC 3339; else now.")
    ] = None,
    policy_ref: Annotated[
        str | None, typer.Option("--policy-ref", help="Commit from which settings, ruleset and waivers are read.")
    ] = None,
    timeout: Annotated[float, typer.Option(help="Seconds a program may run.", min=1)] = 300.0,
    isolate: Annotated[str, typer.Option(help="auto, require or off: isolation of the judged program.")] = "auto",
    max_resources: Annotated[
        int, typer.Option("--max-resources", help="Resources a program may register.", min=1)
    ] = 20_000,
    verbose: Annotated[
        bool,
        typer.Option("--verbose", "-v", help="Show what was assumed of existing things, and what was not inspected."),
    ] = False,
) -> None:
    """Judge Pulumi programs before anything is deployed.

    Exit status: 0 clean, 1 mandatory findings, 2 usage or input error, 3 undetermined mandatory rules under strict.
    """
    from lychgate.cli.check import Request, run

    raise typer.Exit(
        run(
            Request(
                paths=paths, stacks=stack or [], environment=environment, ruleset=ruleset, waivers=waivers,
                settings=settings, rules=rules or [], config=config or [], strict=strict, formats=format_ or [],
                output=output, as_of=as_of, policy_ref=policy_ref, timeout=timeout, isolate=isolate,
                max_resources=max_resources, verbose=verbose,
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
def schema() -> None:
    """Print the JSON Schema of the verdict document."""
    import orjson

    from lychgate.reports.document import schema as made

    typer.echo(orjson.dumps(made(), option=orjson.OPT_INDENT_2).decode())
