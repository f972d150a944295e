"""The pages: what each shows, and what becomes of its form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from lychgate.portal.kinds import KINDS
from lychgate.portal.web import showing
from lychgate.portal.web.checkout import Checkout, Head
from lychgate.portal.web.forms import shown_of, words
from lychgate.portal.web.previews import Previews
from lychgate.portal.web.sessions import Session, Sessions, User
from lychgate.portal.web.standing import Board, Standing, Stood, count, name_of, own
from lychgate.provisioner.models.application import Application
from lychgate.provisioner.models.names import SHARED, parts_of, stack_name
from lychgate.reports import renderer
from lychgate.reports.document import parse as parse_verdict
from lychgate.reports.html import PAGE, digest_of
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from lychgate.model.errors import InputError
from lychgate.model.escaping import escape

if TYPE_CHECKING:
    from lychgate.portal.web.oidc import OpenID

FOLDER = Path(__file__).parent
SOON = 30  # days before a waiver ends in which the page says so


class RefusedError(Exception):
    """A page that is not shown, or a form that is not taken: the status, a title, and why."""

    def __init__(self, status: int, title: str, why: str) -> None:
        super().__init__(why)
        self.status, self.title, self.why = status, title, why


@dataclass(frozen=True, slots=True)
class Portal:
    """All that the pages stand on. Either `openid` logs people in, or whoever knows the `start` token is `local`.

    `origin` is the server's own address; `settings` the lychgate.yaml that was named; `pushes` whether a request can be
    submitted from here.
    """

    checkout: Checkout
    standing: Standing
    previews: Previews
    sessions: Sessions
    origin: str
    settings: Path | None = None
    openid: OpenID | None = None
    local: User | None = None
    start: str = ""
    pushes: bool = False


@dataclass(frozen=True, slots=True)
class Visit:
    """A request for a page: who makes it, and what its form holds."""

    portal: Portal
    request: Request
    session: Session
    user: User
    form: Mapping[str, str] = field(default_factory=dict)

    def part(self, name: str) -> str:
        """A part of the path."""
        return str(self.request.path_params[name])

    def page(self, template: str, status: int = 200, **content: Any) -> Response:
        """A page of the templates."""
        told = {"user": self.user, "csrf": self.session.csrf, "portal": self.portal, "path": self.request.url.path}
        return HTMLResponse(render(template, told | content), status)


def render(name: str, content: Mapping[str, Any]) -> str:
    """A template with its content. Text is never markup, and control characters are written out."""
    return _templates().get_template(name).render(assets=ASSETS, **content)


@cache
def _templates() -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, finalize=lambda value: escape(value) if type(value) is str else value,
    )  # fmt: skip
    made.filters["prose"] = _prose
    made.filters["day"] = lambda moment: str(moment)[:10]
    made.filters["minute"] = lambda moment: str(moment)[:16].replace("T", " ")
    return made


def _prose(text: str) -> Markup:
    """Text in which what stands between backquotes is code."""
    parts = [Markup.escape(escape(part)) for part in text.split("`")]
    if len(parts) % 2 == 0:
        return Markup("`").join(parts)
    return Markup("").join(Markup("<code>{}</code>").format(one) if turn % 2 else one for turn, one in enumerate(parts))


def _asset(*files: Path) -> bytes:
    return b"".join(one.read_bytes() for one in files)


STYLE = _asset(PAGE / "page.css", FOLDER / "static" / "portal.css")
SCRIPT = _asset(FOLDER / "static" / "portal.js")
# By digest, so that a browser may keep them for ever.
ASSETS = {
    "style": f"/static/portal.css?{digest_of(STYLE.decode())[7:19].replace('+', '-').replace('/', '_')}",
    "script": f"/static/portal.js?{digest_of(SCRIPT.decode())[7:19].replace('+', '-').replace('/', '_')}",
}
REPORT_POLICY = (
    "sandbox allow-scripts; default-src 'none'; "
    f"style-src '{digest_of((PAGE / 'page.css').read_text('utf-8'))}'; "
    f"script-src '{digest_of((PAGE / 'page.js').read_text('utf-8'))}'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def platform(visit: Visit) -> Response:
    """Applications, environments and tenants, with what was last recorded of each stack."""
    head, board = visit.portal.checkout.head(), visit.portal.standing.board()
    environments = environments_of(head)
    rows = [(name, spec, rows_of(board, name, spec, environments)) for name, spec in head.platform.applications.items()]
    totals = Counter(cell.state for _, _, tenants in rows for _, cells in tenants for cell in cells)
    return visit.page("platform.html", head=head, board=board, environments=environments, rows=rows, totals=totals)


def application(visit: Visit) -> Response:
    """One application: what it is made of, and its stacks."""
    head, name = visit.portal.checkout.head(), visit.part("application")
    spec = application_of(head, name)
    board = visit.portal.standing.board()
    document = head.platform.documents[f"applications/{name}"].value
    things = [
        (section, kind, thing, shown_of(kind, (document.get(section) or {}).get(thing) or {}), one)
        for section, many in (("workloads", spec.workloads), ("resources", spec.resources))
        for thing, one in many.items()
        if (kind := KINDS[one.kind])
    ]
    environments = environments_of(head)
    return visit.page(
        "application.html", head=head, name=name, spec=spec, things=things, kinds=KINDS, environments=environments,
        rows=rows_of(board, name, spec, environments), board=board, may=visit.user.may_ask(spec.owner),
        file=head.file_of(name),
    )  # fmt: skip


def rows_of(board: Board, name: str, spec: Application, environments: Sequence[str]) -> list[tuple[str, list[Stood]]]:
    """What is known of an application's stacks: by tenant, then in each environment."""
    tenants = (*spec.tenants, SHARED)
    return [(tenant, [board.of(stack_name(name, one, tenant)) for one in environments]) for tenant in tenants]


def verdict(visit: Visit) -> Response:
    """A record of the store: what was judged, by which commit, and what was found in one of its stacks."""
    header, found = visit.portal.standing.record(int(visit.part("record")))
    names = sorted({name_of(one) for one in header.facts.stacks})
    stack = visit.request.query_params.get("stack") or (names[0] if names else "")
    if stack not in names:
        raise RefusedError(404, "There is no such stack", f"Record {header.sequence} is not of that stack.")
    judgements = own(found, stack) if found else []
    return visit.page(
        "verdict.html", header=header, facts=header.facts, names=names, stack=stack, verdict=found,
        count=count(judgements), findings=showing.findings([found] if found else [], stack),
        titles=showing.TITLES, parts=parts_of(stack), whole=bool(found and "rules" in found),
        waivable=_waivable(visit, stack),
    )  # fmt: skip


def verdict_report(visit: Visit) -> Response:
    """The HTML report of a record's verdict: a page of its own, that may nothing but show itself."""
    header, found = visit.portal.standing.record(int(visit.part("record")))
    if found is None or "rules" not in found:
        raise RefusedError(404, "There is no report", f"Record {header.sequence} holds no whole verdict.")
    return report_of(orjson.dumps(found), f"record {header.sequence}")


def waivers(visit: Visit) -> Response:
    """What is accepted, until when, and what of it is needed."""
    head, board = visit.portal.checkout.head(), visit.portal.standing.board()
    today = date.fromisoformat(head.day)
    found = visit.portal.checkout.waivers(head)
    errors = {str(one): one for one in found.values() if isinstance(one, InputError)}
    rows = []
    for environment, many in found.items():
        for one in () if isinstance(many, InputError) else many:
            parts = parts_of(name_of(one.stack))
            if (parts[1] if parts else next(iter(found))) == environment:
                left = (one.expires - today).days
                rows.append((one, left, board.of(name_of(one.stack)).used.get((one.rule, one.urn))))
    rows.sort(key=lambda row: (row[0].expires, row[0].rule, row[0].stack, row[0].urn))
    return visit.page(
        "waivers.html", head=head, rows=rows, soon=SOON, errors=[words(one) for one in errors.values()],
        named=head.version.waivers_file is not None, board=board,
    )  # fmt: skip


def _waivable(visit: Visit, stack: str) -> bool:
    """Whether a user may ask for waivers of a stack's findings."""
    head, parts = visit.portal.checkout.head(), parts_of(stack)
    spec = head.platform.applications.get(parts[0]) if parts else None
    return head.version.waivers_file is not None and spec is not None and visit.user.may_ask(spec.owner)


def report_of(verdict: bytes, name: str) -> Response:
    """A verdict, checked as anybody's, as its HTML report."""
    page = renderer("html")(parse_verdict(verdict, name))
    return Response(page, headers={"Content-Security-Policy": REPORT_POLICY}, media_type="text/html")


def environments_of(head: Head) -> list[str]:
    """The environments, those of production last."""
    return sorted(head.platform.environments, key=lambda one: (head.platform.environments[one].production, one))


def application_of(head: Head, name: str) -> Application:
    """An application of the newest commit. Raises RefusedError."""
    found = head.platform.applications.get(name)
    if found is None:
        raise RefusedError(404, "There is no such application", "The newest commit has none of this name.")
    return found


def may_ask(visit: Visit, name: str, spec: Application) -> None:
    """Raise RefusedError where a user may not ask for a change of an application."""
    if not visit.user.may_ask(spec.owner):
        why = f"{name} belongs to {spec.owner}, and you do not: one of them can ask for it."
        raise RefusedError(403, "This is for its owners", why)
