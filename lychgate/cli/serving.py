"""`lychgate serve`: the command and its options. What it does is imported when it is called."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from lychgate.cli.evidence import StoreOption
from lychgate.cli.options import SettingsOption
from lychgate.model.errors import InputError

app = typer.Typer(rich_markup_mode=None)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; any but this machine's own needs a login.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes any that is free.", min=0, max=65535)] = 8080,
    url: Annotated[
        str | None, typer.Option(help="Where people reach it, such as https://portal.example.com; with a login.")
    ] = None,
    store: StoreOption = None,
    branch: Annotated[
        list[str] | None,
        typer.Option("--branch", help="Branch whose checks are shown; it may hold *. Else GitLab's default, or main."),
    ] = None,
    jobs: Annotated[int, typer.Option(help="Requests that are judged at once.", min=1, max=16)] = 1,
    oidc_issuer: Annotated[
        str | None, typer.Option("--oidc-issuer", help="Provider of identities (OpenID Connect), by its issuer.")
    ] = None,
    oidc_client: Annotated[str | None, typer.Option("--oidc-client", help="Our client id there.")] = None,
    oidc_secret_file: Annotated[
        Path | None,
        typer.Option("--oidc-secret-file", help="File with the client's secret; else LYCHGATE_OIDC_CLIENT_SECRET."),
    ] = None,
    oidc_groups: Annotated[
        str, typer.Option("--oidc-groups", help="Claim of the ID token that lists a user's teams.")
    ] = "groups",
    oidc_ca: Annotated[
        Path | None, typer.Option("--oidc-ca", help="Certificates to trust for it, where not the usual ones.")
    ] = None,
    settings: SettingsOption = None,
) -> None:
    """Serve pages of the platform: verdicts, waivers, and forms whose requests are judged and become merge requests.

    Files are those of the newest commit; the working tree is neither read nor written, and nothing is applied.
    Exit status: 0 ended by Ctrl-C, 2 usage or input error at the start.
    """
    if any(find_spec(name) is None for name in ("starlette", "uvicorn", "joserfc", "sqlalchemy", "gitlab")):
        expected = "lychgate[serve]: pip install 'lychgate[serve]'"
        raise InputError("serve", found="what serves the pages is not installed", expected=expected)
    from lychgate.cli.serve import ServeOptions, run

    raise typer.Exit(
        run(
            ServeOptions(
                host=host, port=port, url=url, store=store, branches=branch or [], jobs=jobs, issuer=oidc_issuer,
                client=oidc_client, secret_file=oidc_secret_file, groups=oidc_groups, ca=oidc_ca, settings=settings,
            )
        )
    )  # fmt: skip
