"""`lychgate serve`: the portal of one's own, from its options to its end."""

from __future__ import annotations

import getpass
import os
import secrets
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import uvicorn

from lychgate.cli.evidence import VARIABLE, address
from lychgate.cli.platforms import Found, file_of, platform_of, settings_file
from lychgate.cli.serve_judging import committed, work
from lychgate.judging.waivers import Waiver
from lychgate.model.errors import InputError
from lychgate.model.escaping import flat
from lychgate.portal.runs import Person
from lychgate.portal.web.app import make
from lychgate.portal.web.checkout import Checkout, Head, Version
from lychgate.portal.web.pages import Portal
from lychgate.portal.web.previews import Previews
from lychgate.portal.web.processes import Processes
from lychgate.portal.web.sessions import Sessions, User
from lychgate.portal.web.standing import Standing
from lychgate.sources.files import read
from lychgate.sources.git import user_of
from lychgate.sources.policy_ref import PolicyTree
from lychgate.sources.settings import ADDRESS, GitLabProject, may_have_token

if TYPE_CHECKING:  # loaded when it is needed, so that the pages are there at once
    from lychgate.portal.merge_requests import MergeRequests
    from lychgate.portal.web.oidc import OpenID

TOKEN = "LYCHGATE_GITLAB_TOKEN"
MAIN = ("main", "master")  # whose checks are shown where neither --branch nor GitLab says another
SECRET = "LYCHGATE_OIDC_CLIENT_SECRET"
MOST_CONNECTIONS = 100
SECONDS_TO_END = 3


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """What was asked on the command line."""

    host: str
    port: int
    url: str | None
    store: str | None
    branches: Sequence[str]
    jobs: int
    issuer: str | None
    client: str | None
    secret_file: Path | None
    groups: str
    ca: Path | None
    settings: Path | None


def run(options: ServeOptions) -> int:
    """Serve until interrupted. Raises InputError where it may not be served so."""
    openid = _openid(options)
    if openid is None and not _is_loopback(options.host):
        found = f"{options.host} can be reached by others, and nobody has to log in"
        expected = "127.0.0.1, or --oidc-issuer, --oidc-client and --url"
        raise InputError("--host", found=found, expected=expected)
    start = settings_file(options.settings).resolve().parent
    checkout = Checkout(start, lambda tree: _version(options.settings, tree))
    checkout.head()  # what is wrong with the platform is told now
    where = partial(address, options.store)
    if options.store or os.environ.get(VARIABLE):
        where()  # so is an address that is none
    listening = _listen(options.host, options.port)
    port = listening.getsockname()[1]
    local = None if openid else _local(checkout.top)
    processes = Processes(work)
    origins = _origins(options, port)
    previews = Previews(checkout, processes.judge, _opener, options.jobs)
    portal = Portal(
        checkout=checkout, standing=Standing(where, _branches(options)), previews=previews,
        sessions=Sessions(), origin=origins[0], settings=options.settings.resolve() if options.settings else None,
        openid=openid, local=local, start=secrets.token_urlsafe(24),
        pushes=bool(os.environ.get(TOKEN)) and checkout.head().version.settings.gitlab is not None,
    )  # fmt: skip
    try:
        _serve(portal, origins, listening)
    finally:
        processes.close()
        previews.close()
        checkout.close()
        listening.close()
    return 0


def _serve(portal: Portal, origins: list[str], listening: socket.socket) -> None:
    config = uvicorn.Config(
        make(portal, origins), log_level="warning", access_log=False, server_header=False, proxy_headers=False,
        lifespan="off", ws="none", http="h11", limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=SECONDS_TO_END,
    )  # fmt: skip
    server = uvicorn.Server(config)
    # uvicorn ends by each of these in order, and would then raise it again for whoever was there before.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, server.handle_exit)
    print(f"{origins[0]}/login?key={portal.start}" if portal.local else origins[0], flush=True)
    who = f"you, {flat(portal.local.name)}" if portal.local else "logged in by the provider of identities"
    pushes = "opens merge requests" if portal.pushes else "pushes nothing: a request ends in a patch"
    print(f"lychgate: whoever opens it is {who}; it {pushes}. Ctrl-C ends it.", file=sys.stderr)
    threading.Thread(target=_warm, daemon=True).start()
    server.run(sockets=[listening])


def _warm() -> None:
    """Load what the pages need beside the first that is seen."""
    import lychgate.reports.evidence.checking  # noqa: F401


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=128)
    except (OSError, OverflowError, UnicodeError) as error:
        found = f"{host} and port {port} cannot be listened on: {getattr(error, 'strerror', None) or error}"
        raise InputError("--port", found=found, expected="another one; 0 takes any that is free") from None


def _is_loopback(host: str) -> bool:
    """By its address alone: a name may lead anywhere."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _origins(options: ServeOptions, port: int) -> list[str]:
    """The addresses by which it may be asked, its own first."""
    if options.url is not None:
        return [_as_browsers_say(options.url)]
    host = f"[{options.host}]" if ":" in options.host else options.host
    names = dict.fromkeys((host, "127.0.0.1", "localhost", "[::1]"))
    return [_as_browsers_say(f"http://{name}:{port}") for name in names]


def _as_browsers_say(url: str) -> str:
    """An address without what a browser leaves out of Host and Origin."""
    parts = urlsplit(url.lower())
    usual = {"https": ":443", "http": ":80"}[parts.scheme]
    return f"{parts.scheme}://{parts.netloc.removesuffix(usual)}"


def _openid(options: ServeOptions) -> OpenID | None:
    """The provider of identities that was named; None where none was. Raises InputError."""
    named = {"--oidc-issuer": options.issuer, "--oidc-client": options.client, "--url": options.url}
    if not any(named.values()):
        return None
    for name, value in named.items():
        if not value:
            raise InputError(name, found="it is not given", expected=f"all of {', '.join(named)}, or none of them")
    assert options.issuer and options.client and options.url
    for name, value in (("--oidc-issuer", options.issuer), ("--url", options.url)):
        if not ADDRESS.fullmatch(value) or not may_have_token(value):
            raise InputError(name, found=repr(value), expected="an address such as https://portal.example.com")
    if urlsplit(options.url).path.strip("/"):
        raise InputError("--url", found="it has a path", expected="an address of its own, without one")
    secret = os.environ.get(SECRET, "")
    if options.secret_file is not None:
        try:
            secret = read(options.secret_file).decode().strip()
        except UnicodeDecodeError:
            raise InputError(str(options.secret_file), found="it is no text", expected="the client's secret") from None
    if not secret:
        expected = "the client's secret there, or --oidc-secret-file"
        raise InputError(SECRET, found="it is not set", expected=expected)
    if options.ca is not None:
        read(options.ca)
    from lychgate.portal.web.oidc import OpenID, Provider

    back = f"{_as_browsers_say(options.url)}/login/done"
    return OpenID(Provider(options.issuer, options.client, secret, options.groups, back, options.ca))


def _local(top: Path) -> User:
    """Whoever has started it, by the name under which they would commit by hand."""
    said = user_of(top)
    name = said[0] if said else getpass.getuser()
    return User(Person("local", next((one for one in said if "@" in one), name), frozenset()), name, local=True)


def _branches(options: ServeOptions) -> list[str]:
    """The branches whose checks are of what stands; a check of which nobody said the branch counts too."""
    default = os.environ.get("CI_DEFAULT_BRANCH")
    return [*(options.branches or ([default] if default else MAIN)), ""]


def _opener(head: Head) -> MergeRequests | None:
    """Who opens merge requests; None without a token, or a project. Raises InputError."""
    from lychgate.portal.merge_requests import MergeRequests

    named = head.version.settings.gitlab
    return MergeRequests(named, os.environ) if named is not None and os.environ.get(TOKEN) else None


def _version(given: Path | None, tree: PolicyTree) -> Version:
    """The platform as a commit has it. Raises InputError."""
    found = platform_of(given, None, tree, tree)
    settings = found.settings
    if settings.gitlab is not None and settings.gitlab.ca is not None:  # read later, when the commit's files are gone
        named = settings.gitlab
        settings = replace(settings, gitlab=GitLabProject(named.url, named.project, tree.working(settings.gitlab.ca)))
    waivers = settings.waivers
    return Version(
        file=tree.working(found.file), settings=settings, platform=found.platform, folder=found.checkout,
        files={one: committed(tree, file_of(found, one))[1] for one in found.platform.applications},
        waivers_file=committed(tree, waivers)[1] if waivers else None, waivers=partial(_waivers, found, tree),
    )  # fmt: skip


def _waivers(found: Found, tree: PolicyTree) -> dict[str, tuple[Waiver, ...] | InputError]:
    """Those of each environment, or why they cannot be used."""
    from lychgate.cli.check import moment
    from lychgate.cli.waiver_files import read_waivers
    from lychgate.judging.discovery import built_in_rules
    from lychgate.judging.ruleset import load_ruleset

    rules = built_in_rules()
    told: dict[str, tuple[Waiver, ...] | InputError] = {}
    for name, there in found.platform.environments.items():
        try:
            ruleset = load_ruleset(there.baseline, rules)
            told[name] = read_waivers(found.settings.waivers, ruleset, rules, moment(None), tree).all
        except InputError as error:
            told[name] = tree.renamed(error)
    return told
