"""`lychgate sign` and `verify`: the commands and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(rich_markup_mode=None)


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
    into: Annotated[
        Path | None,
        typer.Option(help="Where to write the verdict, if all holds: for `report`, or as NAME.pdf with its signer."),
    ] = None,
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
