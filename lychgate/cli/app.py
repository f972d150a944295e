"""The commands and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lychgate.cli.evidence import CheckpointsOption, KeyOption, StoreOption, needs
from lychgate.cli.evidence import app as evidence
from lychgate.cli.iam import app as iam
from lychgate.cli.merge_request import app as merge_request
from lychgate.cli.pack import app as pack
from lychgate.cli.portal import app as portal
from lychgate.model.errors import InputError

app = typer.Typer(
    help="Policy as code and PCI DSS compliance for Pulumi.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(evidence, name="evidence")
app.add_typer(iam, name="iam")
app.add_typer(pack, name="pack")
app.add_typer(merge_request, name="merge-request")
app.add_typer(portal, name="portal")

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
    secret_config: Annotated[
        list[str] | None, typer.Option("--secret-config", help="KEY=VALUE, as in `pulumi config set --secret`.")
    ] = None,
    strict: Annotated[
        bool | None, typer.Option("--strict/--no-strict", help="Undetermined mandatory rules block.")
    ] = None,
    format_: FormatOption = None,
    output: OutputOption = None,
    as_of: AsOfOption = None,
    policy_ref: Annotated[
        str | None, typer.Option("--policy-ref", help="Commit from which settings, ruleset and waivers are read.")
    ] = None,
    previous: Annotated[
        Path | None, typer.Option(help="An earlier verdict.json: then each finding says whether the change brings it.")
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
    stack: Annotated[list[str] | None, typer.Option("--stack", help="Stack to judge.")] = None,
    environment: Annotated[str, typer.Option(help="Environment: its ruleset, account and region.")] = "production",
    ruleset: Annotated[str | None, typer.Option(help="production, test, or a file; else the environment's.")] = None,
    settings: SettingsOption = None,
    rules: RulesOption = None,
    isolate: Annotated[str, typer.Option(help="auto, require or off: isolation of the judged program.")] = "auto",
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
    stack: Annotated[
        list[str] | None, typer.Option("--stack", help="Stack to judge; several are judged together.")
    ] = None,
    environment: Annotated[str, typer.Option(help="Environment: its ruleset, account and region.")] = "production",
    ruleset: Annotated[str | None, typer.Option(help="production, test, or a file; else the environment's.")] = None,
    waivers: Annotated[Path | None, typer.Option(help="Waivers file; else the one that lychgate.yaml names.")] = None,
    settings: SettingsOption = None,
    rules: RulesOption = None,
    config: Annotated[list[str] | None, typer.Option("--config", help="KEY=VALUE, as in `pulumi config set`.")] = None,
    secret_config: Annotated[
        list[str] | None, typer.Option("--secret-config", help="KEY=VALUE, as in `pulumi config set --secret`.")
    ] = None,
    strict: Annotated[
        bool | None, typer.Option("--strict/--no-strict", help="Undetermined mandatory rules block.")
    ] = None,
    timeout: Annotated[float, typer.Option(help="Seconds a program may run.", min=1)] = 300.0,
    isolate: Annotated[str, typer.Option(help="auto, require or off: isolation of the judged program.")] = "auto",
    max_resources: Annotated[
        int, typer.Option("--max-resources", help="Resources a program may register.", min=1)
    ] = 20_000,
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
    verbose: Annotated[
        bool,
        typer.Option("--verbose", "-v", help="Show what was assumed of existing things, and what was not inspected."),
    ] = False,
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
    waivers: Annotated[Path | None, typer.Option(help="Waivers file; else the one that lychgate.yaml names.")] = None,
    settings: SettingsOption = None,
    environment: Annotated[str | None, typer.Option(help="Environment, for its limits; else the verdict's.")] = None,
    ruleset: Annotated[str | None, typer.Option(help="production, test, or a file; else the environment's.")] = None,
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
                endpoint=endpoint, json=json, verbose=verbose,
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


@app.command()
def sign(
    verdict: Annotated[Path, typer.Argument(help="verdict.json, as `check` or `sync --plan` has written it.")],
    sign_with: Annotated[
        str,
        typer.Option(
            "--sign-with",
            help="Private key (Ed25519 or ECDSA, PEM), awskms:KEY, or sigstore: without a key, as who runs this.",
            metavar="KEY",
        ),
    ],
    into: Annotated[Path | None, typer.Option(help="The file to write; else verdict.intoto.json beside it.")] = None,
    trust: Annotated[
        Path | None, typer.Option(help="With sigstore: ClientTrustConfig (JSON) of services of your own.")
    ] = None,
) -> None:
    """Sign a verdict: an in-toto statement in a DSSE envelope. A key's place is a job that runs nobody's program.

    Exit status: 0 signed, 2 usage or input error, 4 AWS or sigstore refuses.
    """
    from lychgate.cli.signing import sign

    raise typer.Exit(sign(verdict, sign_with, into, trust))


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="What `sign` has written.")],
    key: Annotated[
        list[str] | None,
        typer.Option(help="Public key (PEM, or awskms:KEY) whose signature counts; of several one is enough."),
    ] = None,
    identity: Annotated[
        str | None, typer.Option(help="E-mail address or URI whose signature by sigstore counts.")
    ] = None,
    issuer: Annotated[str | None, typer.Option(help="URL of who vouches for the identity.")] = None,
    trust: Annotated[
        Path | None, typer.Option(help="TrustedRoot of sigstore (JSON): nothing is asked then; else its own.")
    ] = None,
    verdict: Annotated[Path | None, typer.Option(help="verdict.json that has to be the same document.")] = None,
    commit: Annotated[str | None, typer.Option(help="Commit, whole, that it has to be about.")] = None,
    program: Annotated[
        list[Path] | None, typer.Option(help="Folder of a program that was judged: its digest is computed again.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Folder in it that `check --output` has left out.")] = None,
    stack: Annotated[list[str] | None, typer.Option(help="Stack that it has to hold.")] = None,
    max_age: Annotated[
        float | None, typer.Option("--max-age", help="Hours that it may be old.", min=0, max=1_000_000)
    ] = None,
    clean: Annotated[bool, typer.Option("--clean", help="Its decision has to be clean, and strict.")] = False,
    into: Annotated[Path | None, typer.Option(help="Where to write the verdict, if all holds: for `report`.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check the signature of a verdict, and what is asked of it; say what it proves.

    Exit status: 0 verified, whatever the verdict decides (see --clean); 1 something is not as it says; 2 usage or input
    error; 4 AWS or sigstore refuses.
    """
    from lychgate.cli.signing import VerifyOptions, verify

    raise typer.Exit(
        verify(
            VerifyOptions(
                file=file, keys=key or [], identity=identity, issuer=issuer, trust=trust, verdict=verdict,
                commit=commit, programs=program or [], output=output, stacks=stack or [], max_age=max_age,
                clean=clean, into=into, json=json,
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
