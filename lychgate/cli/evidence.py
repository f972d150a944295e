"""`lychgate evidence`: the commands and their options. What they do is imported when one is called."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lychgate.model.errors import InputError

if TYPE_CHECKING:
    from lychgate.reports.evidence.databases import Address

VARIABLE = "LYCHGATE_EVIDENCE"
FILE = Path(".lychgate") / "evidence.db"

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.callback()
def needs() -> None:
    """The store of evidence: every decision of the gate, chained by hash."""
    if find_spec("sqlalchemy") is None or find_spec("securesystemslib") is None:
        expected = "lychgate[evidence]: pip install 'lychgate[cli,evidence]'"
        raise InputError("evidence", found="what the store stands on is not installed", expected=expected)


def address(given: str | None) -> Address:
    """Where the store is. Raises InputError."""
    from lychgate.reports.evidence.databases import Address
    from lychgate.sources.settings import find

    if named := given or os.environ.get(VARIABLE):
        return Address.of(named)
    settings = find(Path.cwd())
    return Address.of(str((settings.parent if settings else Path.cwd()) / FILE))


StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        help="A file, or postgresql://USER@HOST/DATABASE; else LYCHGATE_EVIDENCE (better for a password), else"
        " .lychgate/evidence.db beside lychgate.yaml.",
        metavar="URL",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
CheckpointsOption = Annotated[
    list[Path] | None, typer.Option("--checkpoints", help="Folder of signed checkpoints, or one of them.")
]
KeyOption = Annotated[
    list[str] | None,
    typer.Option("--key", help="Public key that signs checkpoints: a PEM file, or awskms:KEY.", metavar="KEY"),
]
KindOption = Annotated[list[str] | None, typer.Option("--kind", help="check, sync, removal or prune.")]
StackOption = Annotated[str | None, typer.Option(help="Stack, with or without its project.")]
ApplicationOption = Annotated[str | None, typer.Option(help="Application.")]
EnvironmentOption = Annotated[str | None, typer.Option(help="Environment.")]
TenantOption = Annotated[str | None, typer.Option(help="Tenant.")]
CommitOption = Annotated[str | None, typer.Option(help="Commit, or how it begins.")]
BranchOption = Annotated[str | None, typer.Option(help="Branch.")]
PipelineOption = Annotated[str | None, typer.Option(help="Pipeline, as it was recorded.")]
RequesterOption = Annotated[str | None, typer.Option(help="Who asked.")]
DecisionOption = Annotated[
    str | None,
    typer.Option(help="clean, findings or undetermined; of a sync also begun, applied, refused, failed or cancelled."),
]
SinceOption = Annotated[str | None, typer.Option(help="Recorded at this moment or later: 2026-03-01, or with a time.")]
UntilOption = Annotated[str | None, typer.Option(help="Recorded at this moment or earlier; a day counts whole.")]
AtOption = Annotated[
    str | None, typer.Option(help="What stood at this moment: the newest record of each stack; a day counts whole.")
]


@app.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(help="verdict.json of `check`, or files of .lychgate/records.")],
    store: StoreOption = None,
    branch: Annotated[str | None, typer.Option(help="Of a check: its branch; else GitLab's variables.")] = None,
    pipeline: Annotated[str | None, typer.Option(help="Of a check: its pipeline; else GitLab's variables.")] = None,
    requester: Annotated[str | None, typer.Option(help="Of a check: who asked; else GitLab's variables.")] = None,
    max_bytes: Annotated[int, typer.Option("--max-bytes", help="Largest file that is taken.", min=1)] = 100_000_000,
) -> None:
    """Record what jobs have left as files; one that is recorded already is left out. Makes the store if there is none.

    Exit status: 0 recorded, 2 a file that is none of these (the others are recorded), 4 the store refuses.
    """
    from lychgate.cli.evidence_writing import import_files

    raise typer.Exit(import_files(store, files, branch, pipeline, requester, max_bytes))


@app.command("list")
def list_(
    store: StoreOption = None,
    kind: KindOption = None,
    stack: StackOption = None,
    application: ApplicationOption = None,
    environment: EnvironmentOption = None,
    tenant: TenantOption = None,
    commit: CommitOption = None,
    branch: BranchOption = None,
    pipeline: PipelineOption = None,
    requester: RequesterOption = None,
    decision: DecisionOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    at: AtOption = None,
    json: JsonOption = False,
) -> None:
    """List records: who asked for what, when, and what was decided."""
    from lychgate.cli.evidence_reading import list_records, wanted

    which = wanted(
        kinds=kind, stack=stack, application=application, environment=environment, tenant=tenant, commit=commit,
        branch=branch, pipeline=pipeline, requester=requester, decision=decision, since=since, until=until,
    )  # fmt: skip
    raise typer.Exit(list_records(store, which, at, json))


@app.command()
def show(
    record: Annotated[int | None, typer.Argument(help="Number of a record; else the options select.")] = None,
    store: StoreOption = None,
    at: AtOption = None,
    requirement: Annotated[
        str | None, typer.Option(help="Only judgements for a requirement, and those below it: 3.6.")
    ] = None,
    type_: Annotated[
        str | None,
        typer.Option("--type", help="Only of a type: aws:rds/cluster:Cluster, or 'aws:rds/*'.", metavar="TEXT"),
    ] = None,
    rule: Annotated[str | None, typer.Option(help="Only of a rule; it may hold *.")] = None,
    outcome: Annotated[str | None, typer.Option(help="Only these: pass, fail, unknown, error, waived.")] = None,
    waivers: Annotated[bool, typer.Option("--waivers", help="Only what was waived: by whom, why, until when.")] = False,
    in_scope: Annotated[
        bool, typer.Option("--in-scope", help="Only resources with cardholder data, or unclassified ones.")
    ] = False,
    kind: KindOption = None,
    stack: StackOption = None,
    application: ApplicationOption = None,
    environment: EnvironmentOption = None,
    tenant: TenantOption = None,
    commit: CommitOption = None,
    requester: RequesterOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    checkpoints: CheckpointsOption = None,
    key: KeyOption = None,
    json: JsonOption = False,
) -> None:
    """Show which resources were judged by which rule, with what outcome, and who waived what.

    Exit status: 0 shown, 1 the store is not as it was written.
    """
    from lychgate.cli.evidence_reading import show_records, wanted
    from lychgate.reports.evidence.searching import Asked

    which = wanted(
        kinds=kind, stack=stack, application=application, environment=environment, tenant=tenant, commit=commit,
        requester=requester, since=since, until=until,
    )  # fmt: skip
    asked = Asked(requirement=requirement, type=type_, rule=rule, outcome=outcome, waived=waivers, in_scope=in_scope)
    raise typer.Exit(show_records(store, record, which, at, asked, checkpoints or [], key or [], json))


@app.command()
def verify(
    store: StoreOption = None, checkpoints: CheckpointsOption = None, key: KeyOption = None, json: JsonOption = False
) -> None:
    """Find any record that was changed, deleted, moved, cut off or written anew; say what cannot be proven.

    Exit status: 0 nothing was found, 1 the store is not as it was written.
    """
    from lychgate.cli.evidence_reading import verify_store

    raise typer.Exit(verify_store(store, checkpoints or [], key or [], json))


@app.command()
def checkpoint(
    into: Annotated[Path, typer.Option(help="Folder of checkpoints: where who can write the store cannot.")],
    sign_with: Annotated[
        str, typer.Option("--sign-with", help="Private key: Ed25519 or ECDSA, PEM; or awskms:KEY.", metavar="KEY")
    ],
    store: StoreOption = None,
    key: Annotated[
        list[str] | None,
        typer.Option("--key", help="Public key of checkpoints that an earlier key has signed.", metavar="KEY"),
    ] = None,
) -> None:
    """Check the store against the checkpoints so far, and sign a new one.

    Exit status: 0 signed, 1 the store is not as it was written: nothing is signed.
    """
    from lychgate.cli.evidence_writing import make_checkpoint

    raise typer.Exit(make_checkpoint(store, into, sign_with, key or []))


@app.command()
def prune(
    store: StoreOption = None,
    before: Annotated[
        str | None, typer.Option(help="What was recorded before this moment goes; else what is older than --months.")
    ] = None,
    months: Annotated[int, typer.Option(help="Months that are kept at least; 12 or more (PCI DSS 10.5.1).")] = 12,
    checkpoints: CheckpointsOption = None,
    key: KeyOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Delete; without it only what would go is said.")] = False,
) -> None:
    """Delete old records, all of them and nothing younger, and record that they went.

    The newest record stays. Exit status: 0 done, 2 nothing was deleted because it may not be.
    """
    from lychgate.cli.evidence_writing import prune_store

    raise typer.Exit(prune_store(store, before, months, checkpoints or [], key or [], yes))


@app.command()
def export(
    archive: Annotated[Path, typer.Argument(help="The file to write: NAME.tar.gz.")],
    store: StoreOption = None,
    first: Annotated[int | None, typer.Option(help="First record; else the oldest.")] = None,
    last: Annotated[int | None, typer.Option(help="Last record; else the newest.")] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    checkpoints: CheckpointsOption = None,
    key: KeyOption = None,
) -> None:
    """Write a range of records as one archive, for somebody without this tool: an index, and how to verify it.

    Exit status: 0 written, 1 the store is not as it was written: nothing is exported.
    """
    from lychgate.cli.evidence_writing import export_range

    raise typer.Exit(export_range(store, archive, (first, last), (since, until), checkpoints or [], key or []))
