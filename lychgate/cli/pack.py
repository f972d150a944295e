"""`lychgate pack`: the commands and their options. What they do is imported when one is called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lychgate.model.errors import InputError, either

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

UNKNOWN_AS = ("advisory", "fail")

RulesOption = Annotated[
    list[Path] | None, typer.Option("--rules", help="Folder with rules of your own (code: of those whom you trust).")
]
WaiversOption = Annotated[Path | None, typer.Option(help="Waivers file.")]


@app.callback()
def pack() -> None:
    """The policy pack, for Pulumi projects that are not of the platform."""


@app.command()
def install(
    folder: Annotated[Path, typer.Argument(help="Folder to write; --policy-pack names it.", metavar="DIR")],
    ruleset: Annotated[str, typer.Option(help="production, test, or a file.")] = "production",
    rules: RulesOption = None,
    waivers: WaiversOption = None,
    environment: Annotated[
        bool, typer.Option("--environment/--no-environment", help="Make its virtual environment too, with pip.")
    ] = True,
) -> None:
    """Write a policy pack that is ready to be used, and bring one up to date. A second run changes nothing else.

    The pack reads ruleset, rules and waivers anew each time it is started, from where they are now.

    Exit status: 0 done, 2 usage or input error, 4 pip refuses.
    """
    from lychgate.cli.pack_install import InstallOptions, run

    raise typer.Exit(run(InstallOptions(folder, ruleset, rules or [], waivers, environment)))


@app.command()
def config(
    ruleset: Annotated[str | None, typer.Option(help="production, test, or a file; else the environment's.")] = None,
    environment: Annotated[str, typer.Option(help="Environment, for its ruleset.")] = "production",
    rules: RulesOption = None,
    unknown: Annotated[
        str, typer.Option(help="What a rule reports that only the deployment can decide: advisory, or fail.")
    ] = "advisory",
    exceptions: Annotated[
        bool, typer.Option("--exceptions", help="The waivers in force as Pulumi's exceptions, too (engine 3.274).")
    ] = False,
    waivers: WaiversOption = None,
    settings: Annotated[Path | None, typer.Option("--settings", help="lychgate.yaml; else the nearest above.")] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="Moment at which waivers are judged, RFC 3339; else now.")
    ] = None,
    check: Annotated[
        Path | None, typer.Option(help="A configuration: has every exception in it a waiver that is in force?")
    ] = None,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of the configuration.")] = False,
) -> None:
    """Print what --policy-pack-config says for a ruleset: levels, parameters, exceptions.

    Exit status: 0 done, 2 usage or input error, or an exception that no waiver covers.
    """
    if unknown not in UNKNOWN_AS:
        raise InputError("--unknown", found=f"{unknown!r}", expected=either(UNKNOWN_AS))
    from lychgate.cli.pack_config import ConfigOptions, run

    raise typer.Exit(
        run(
            ConfigOptions(
                ruleset, environment, rules or [], unknown, exceptions, waivers, settings, as_of, check, schema
            )
        )
    )
