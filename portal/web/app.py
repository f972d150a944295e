"""The server: which page stands where, who may see it, and one plain page for whatever goes wrong."""

from __future__ import annotations

import hmac
import sys
import traceback
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, quote

from lychgate.portal.client import ServiceError
from lychgate.portal.web import asking, pages
from lychgate.portal.web.guard import Guard
from lychgate.portal.web.pages import Portal, RefusedError, Visit, render
from lychgate.portal.web.previews import BusyError, StaleError
from lychgate.portal.web.sessions import LIFETIME, LoginError, Session
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from lychgate.model.errors import InputError

MOST_FIELDS = 200
PRINTED = "Open the address that `lychgate serve` has printed: it holds the key to this server, for you alone."
View = Callable[[Visit], Response]
NAME = "{application:str}"


def make(portal: Portal, origins: list[str]) -> ASGIApp:
    """The application, behind its guard. `origins` are all addresses by which it may be asked."""

    def page(path: str, view: View, *methods: str) -> Route:
        async def endpoint(request: Request) -> Response:
            return await run_in_threadpool(_answered, portal, request, await request.body(), view)

        return Route(path, endpoint, methods=list(methods or ("GET",)))

    def open_(path: str, answer: Callable[[Portal, Request], Response]) -> Route:
        async def endpoint(request: Request) -> Response:
            return await run_in_threadpool(_carefully, portal, request, lambda: answer(portal, request))

        return Route(path, endpoint, methods=["GET"])

    async def missing(request: Request, error: Exception) -> Response:
        return _message(
            RefusedError(404, "There is no such page", "The address is of none."), _session(portal, request)
        )

    async def wrong(request: Request, error: Exception) -> Response:
        return _message(RefusedError(405, "It is not asked so", "This address takes no such request."))

    routes = [
        page("/", pages.platform),
        page(f"/applications/{NAME}", pages.application),
        page(f"/applications/{NAME}/{{operation:str}}/{{about:str}}", _form, "GET", "POST"),
        page("/requests", asking.requests),
        page("/requests/{id:str}", asking.preview),
        page("/requests/{id:str}/progress", asking.progress),
        page("/requests/{id:str}/change.patch", asking.patch),
        page("/requests/{id:str}/report/{environment:str}", asking.preview_report),
        page("/requests/{id:str}/submit", asking.submit, "POST"),
        page("/verdicts/{record:int}", pages.verdict),
        page("/verdicts/{record:int}/report", pages.verdict_report),
        page("/waivers", pages.waivers),
        page("/waivers/new", asking.waiver_form, "GET", "POST"),
        page("/logout", _logout, "POST"),
        open_("/login", _login),
        open_("/login/done", _login_done),
        open_("/static/portal.css", lambda *_: _asset(pages.STYLE, "text/css")),
        open_("/static/portal.js", lambda *_: _asset(pages.SCRIPT, "text/javascript")),
    ]
    app = Starlette(routes=routes, exception_handlers={404: missing, 405: wrong})
    return Guard(app, origins)


def _form(visit: Visit) -> Response:
    if visit.part("operation") not in asking.OPERATIONS:
        raise RefusedError(404, "There is no such page", "The address is of none.")
    return asking.form(visit)


def _answered(portal: Portal, request: Request, body: bytes, view: View) -> Response:
    """A page for whoever is logged in, and for what changes something from a form that was made for them."""

    def answer() -> Response:
        session = _session(portal, request)
        if session is None or session.user is None:
            return _asks_to_log_in(portal, request)
        form = _fields(body) if request.method == "POST" else {}
        if request.method == "POST" and not session.confirms(form.get("csrf", "")):
            raise RefusedError(403, "The form is not of your session", "Open the page again, and send it from there.")
        return view(Visit(portal, request, session, session.user, form))

    return _carefully(portal, request, answer)


def _carefully(portal: Portal, request: Request, answer: Callable[[], Response]) -> Response:
    """An answer, or the one page that says why there is none."""
    try:
        return answer()
    except Exception as error:
        return _message(_refusal(error), _session(portal, request))


def _refusal(error: Exception) -> RefusedError:
    """What a page says of an error."""
    from lychgate.reports.evidence.databases import StoreError
    from lychgate.reports.evidence.record import BrokenRecordError

    match error:
        case RefusedError():
            return error
        case LoginError():
            said = str(error)
            return RefusedError(403, "You are not logged in", f"{said[:1].upper()}{said[1:]}.")
        case StaleError():
            return RefusedError(409, "It was not submitted", f"{error} Ask for it again.")
        case BusyError():
            return RefusedError(503, "Too much is under way", str(error))
        case InputError():
            return RefusedError(422, "It cannot be done", str(error))
        case ServiceError():
            return RefusedError(502, "An outside service refuses", str(error))
        case StoreError() | BrokenRecordError():
            return RefusedError(502, "The store of evidence cannot be read", str(error))
    where = "".join(traceback.format_tb(error.__traceback__))  # as in `main`: what it says may hold a secret
    print(f"{where}lychgate: {type(error).__name__}: a defect of Lychgate", file=sys.stderr, flush=True)
    return RefusedError(500, "A defect of Lychgate", "What happened stands in the server's log.")


def _message(error: RefusedError, session: Session | None = None, again: str = "") -> HTMLResponse:
    user, csrf = (session.user, session.csrf) if session else (None, "")
    content = {"user": user, "csrf": csrf, "path": "", "title": error.title, "why": error.why, "again": again}
    return HTMLResponse(render("message.html", content), error.status)


def _fields(body: bytes) -> dict[str, str]:
    """The fields of a form, each once."""
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:  # not UTF-8, or too many
        raise RefusedError(400, "The form cannot be read", "It is none that a page of ours has sent.") from None
    found = dict(pairs)
    if len(found) != len(pairs):
        raise RefusedError(400, "The form cannot be read", "A field stands there twice.")
    return found


def _session(portal: Portal, request: Request) -> Session | None:
    name = request.cookies.get(_cookie(portal))
    return portal.sessions.find(name) if name else None


def _cookie(portal: Portal) -> str:
    """https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Set-Cookie#cookie_prefixes"""
    return "__Host-lychgate" if _secure(portal) else "lychgate"


def _secure(portal: Portal) -> bool:
    return portal.origin.startswith("https://")


def _with_session(portal: Portal, response: Response, session: Session) -> Response:
    response.set_cookie(
        _cookie(portal), session.id, max_age=int(LIFETIME), path="/", secure=_secure(portal), httponly=True,
        samesite="lax",  # the provider of identities leads back from another site
    )  # fmt: skip
    return response


def _asks_to_log_in(portal: Portal, request: Request) -> Response:
    if portal.openid is None:
        raise RefusedError(403, "Who are you?", PRINTED)
    if request.method == "POST":
        raise RefusedError(403, "Your session has ended", "Log in again, then send the form again.")
    to = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/login?to={quote(to, safe='')}", 303)


def _login(portal: Portal, request: Request) -> Response:
    """Who knows the key that was printed is the local user; else the provider of identities is asked."""
    if portal.openid is None:
        if portal.local is None or not hmac.compare_digest(
            request.query_params.get("key", "").encode(), portal.start.encode()
        ):
            return _asks_to_log_in(portal, request)
        return _with_session(portal, RedirectResponse("/", 303), portal.sessions.begin(portal.local))
    login, address = portal.openid.begin(_own_path(request.query_params.get("to", "/")))
    return _with_session(portal, RedirectResponse(address, 303), portal.sessions.begin(login=login))


def _login_done(portal: Portal, request: Request) -> Response:
    """Where the provider of identities leads back to: a login is completed once, and by whoever has begun it."""
    session = _session(portal, request)
    if portal.openid is None or session is None or session.login is None:
        raise LoginError("no login is under way here: begin again")
    portal.sessions.end(session)
    user = portal.openid.finish(session.login, _once(request))
    made = portal.sessions.begin(user)
    return _with_session(portal, RedirectResponse(session.login.to, 303), made)


def _once(request: Request) -> Mapping[str, str]:
    pairs = request.query_params.multi_items()
    if len(dict(pairs)) != len(pairs):
        raise LoginError("the answer says something twice")
    return dict(pairs)


def _own_path(to: str) -> str:
    """A path of ours to go on at; nothing that a browser could take for another server."""
    plain = to.startswith("/") and not to.startswith(("//", "/\\")) and to.isprintable() and "\\" not in to
    return to if plain else "/"


def _logout(visit: Visit) -> Response:
    visit.portal.sessions.end(visit.session)
    again = "/" if visit.portal.openid else ""
    why = "This session has ended." if again else f"This session has ended. {PRINTED}"
    response = _message(RefusedError(200, "You are logged out", why), again=again)
    response.delete_cookie(_cookie(visit.portal), secure=_secure(visit.portal), httponly=True)
    return response


def _asset(content: bytes, type_: str) -> Response:
    return Response(content, headers={"Cache-Control": "public, max-age=31536000, immutable"}, media_type=type_)
