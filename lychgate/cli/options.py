"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

RulesOption = Annotated[
    list[Path] | None,
    typer.Option("--rules", help="Folder with rules of your own (code: never one of the judged tree)."),
]

SettingsOption = Annotated[Path | None, typer.Option("--settings", help="lychgate.yaml; else the nearest above.")]
FormatOption = Annotated[
    list[str] | None,
    typer.Option("--format", help="json, sarif, markdown, ... (README.md): to stdout, or into --output."),
]
OutputOption = Annotated[
    Path | None, typer.Option("--output", help="Folder for the reports; every format unless --format narrows.")
]
AsOfOption = Annotated[
    str | None, typer.Option("--as-of", help="Moment at which waivers are judged, RFC 3339; else now.")
]
StacksOption = Annotated[list[str] | None, typer.Option("--stack", help="Stack to judge; several are judged together.")]
JudgedEnvironmentOption = Annotated[
    str, typer.Option("--environment", help="Environment: its ruleset, account and region.")
]
RulesetOption = Annotated[
    str | None, typer.Option("--ruleset", help="production, test, or a file; else the environment's.")
]
WaiversOption = Annotated[
    Path | None, typer.Option("--waivers", help="Waivers file; else the one that lychgate.yaml names.")
]
ConfigOption = Annotated[list[str] | None, typer.Option("--config", help="KEY=VALUE, as in `pulumi config set`.")]
SecretConfigOption = Annotated[
    list[str] | None, typer.Option("--secret-config", help="KEY=VALUE, as in `pulumi config set --secret`.")
]
StrictOption = Annotated[bool | None, typer.Option("--strict/--no-strict", help="Undetermined mandatory rules block.")]
TimeoutOption = Annotated[float, typer.Option("--timeout", help="Seconds a program may run.", min=1)]
IsolateOption = Annotated[str, typer.Option("--isolate", help="auto, require or off: isolation of the judged program.")]
MaxResourcesOption = Annotated[int, typer.Option("--max-resources", help="Resources a program may register.", min=1)]
AssumedOption = Annotated[
    bool,
    typer.Option("--verbose", "-v", help="Show what was assumed of existing things, and what was not inspected."),
]
