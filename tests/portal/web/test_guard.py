"""Who may ask, from where, with what: what is foreign is turned away, and every answer is locked up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from lychgate.portal.runs import Person
from lychgate.portal.web.guard import LARGEST_BODY
from lychgate.portal.web.sessions import IDLE, LIFETIME, MOST_UNDERWAY, Login, Sessions, User
from starlette.testclient import TestClient

from tests.portal.web.conftest import ADA, LOCAL, ORIGIN, Clock, Site, text_of

QUEUE = "/applications/payments/new/queue"
FIELDS = {"name": "refunds"}


@pytest.mark.parametrize("path", ["/", "/login", "/static/portal.css", "/nothing", "/requests/x", "/verdicts/1/report"])
def test_every_answer_is_locked_up(site: Site, path: str) -> None:
    headers = site.client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    if not path.startswith("/static"):
        assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "127.0.0.1:81", "localhost:8080", "127.0.0.1:8080.evil.example", ""]
)
def test_another_name_is_not_answered(site: Site, host: str) -> None:
    """A name of somebody else's that leads to 127.0.0.1 (DNS rebinding)."""
    assert site.client.get("/", headers={"Host": host}).status_code == 421
    assert site.client.post(QUEUE, headers={"Host": host, "Origin": ORIGIN}).status_code == 421


def test_two_names_are_not_answered(site: Site) -> None:
    scope = {
        "type": "http", "method": "GET", "path": "/", "raw_path": b"/", "query_string": b"",
        "headers": [(b"host", b"127.0.0.1:8080"), (b"host", b"evil.example")],
    }  # fmt: skip
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    asyncio.run(site.client.app(scope, receive, send))  # type: ignore[arg-type]
    assert sent[0]["status"] == 421


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"}, {"Origin": "null"}, {}, {"Origin": "http://127.0.0.1:8081"},
        {"Origin": "http://localhost:8080"}, {"Origin": ORIGIN, "Sec-Fetch-Site": "cross-site"},
        {"Origin": ORIGIN, "Sec-Fetch-Site": "same-site"}, {"Origin": ORIGIN, "Sec-Fetch-Site": "none"},
    ],
)  # fmt: skip
def test_a_form_of_another_page_is_not_taken(site: Site, headers: dict[str, str]) -> None:
    answer = site.client.post(QUEUE, data={"csrf": site.csrf(), **FIELDS}, headers=headers)
    assert answer.status_code == 403 and site.orders == []


@pytest.mark.parametrize("token", [None, "", "x", "a" * 43, "\u00e9"])
def test_a_form_without_the_sessions_token_is_not_taken(site: Site, token: str | None) -> None:
    fields = FIELDS if token is None else {"csrf": token, **FIELDS}
    answer = site.client.post(QUEUE, data=fields, headers={"Origin": ORIGIN})
    assert answer.status_code == 403 and "not of your session" in answer.text and site.orders == []


def test_another_sessions_token_is_none(site: Site) -> None:
    other = site.csrf(site.log_in(LOCAL))
    answer = site.client.post(QUEUE, data={"csrf": other, **FIELDS}, headers={"Origin": ORIGIN})
    assert answer.status_code == 403 and site.orders == []


def test_what_is_no_form_is_not_taken(site: Site) -> None:
    for type_ in ("application/json", "multipart/form-data; boundary=x", "text/plain"):
        answer = site.client.post(QUEUE, content=b"{}", headers={"Origin": ORIGIN, "Content-Type": type_})
        assert answer.status_code == 415
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        assert site.client.request(method, "/").status_code == 405
    assert site.client.post("/", data={"csrf": site.csrf()}, headers={"Origin": ORIGIN}).status_code == 405


def test_what_is_too_large_is_not_taken(site: Site) -> None:
    fields = {"csrf": site.csrf(), "name": "a" * (LARGEST_BODY + 1)}
    assert site.client.post(QUEUE, data=fields, headers={"Origin": ORIGIN}).status_code == 413
    many = "&".join(f"a{number}=1" for number in range(300))
    headers = {"Origin": ORIGIN, "Content-Type": "application/x-www-form-urlencoded"}
    assert site.client.post(QUEUE, content=many, headers=headers).status_code == 400
    assert site.client.post(QUEUE, content="name=a&name=b", headers=headers).status_code == 400
    assert site.client.post(QUEUE, content=b"name=%ff", headers=headers).status_code == 400


def test_what_is_sent_too_slowly_is_not_waited_for(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lychgate.portal.web.guard.SLOWEST_BODY", 0.05)
    headers = [
        (b"host", b"127.0.0.1:8080"), (b"origin", ORIGIN.encode()),
        (b"content-type", b"application/x-www-form-urlencoded"),
    ]  # fmt: skip
    scope = {"type": "http", "method": "POST", "path": QUEUE, "raw_path": b"", "query_string": b"", "headers": headers}
    sent: list[Any] = []

    async def receive() -> Any:
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b"a", "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(site.client.app(scope, receive, send))  # type: ignore[arg-type]
    assert sent[0]["status"] == 413


@pytest.mark.parametrize(
    "path", ["/", "/applications/payments", QUEUE, "/requests", "/waivers", "/verdicts/1", "/requests/x"]
)
def test_who_does_not_know_the_key_sees_nothing(make_site: Callable[..., Site], path: str) -> None:
    site = make_site(user=None)
    page = site.get(path, 403)
    assert "payments" not in page and "Open the address" in page
    assert site.client.post(QUEUE, data=FIELDS, headers={"Origin": ORIGIN}).status_code == 403
    for key in ("", "x", "the-ke", "the-key ", "\u00e9"):
        assert site.client.get("/login", params={"key": key}).status_code == 403
    answer = site.client.get("/login", params={"key": "the-key"})
    assert answer.status_code == 303 and answer.headers["location"] == "/"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie and "path=/" in cookie
    site.get("/")


def test_a_session_ends(site: Site) -> None:
    site.get("/")
    site.clock.now += IDLE - 1
    site.get("/")
    site.clock.now += IDLE + 1
    site.get("/", 403)


def test_a_session_ends_though_it_is_used(site: Site) -> None:
    for _ in range(int(LIFETIME / IDLE)):
        site.get("/")
        site.clock.now += IDLE - 1
    site.clock.now += IDLE / 2 + 10
    site.get("/", 403)


def test_logging_out_ends_a_session_for_good(site: Site) -> None:
    cookie = site.client.cookies["lychgate"]
    assert site.post("/logout", {}).status_code == 200
    site.client.cookies.set("lychgate", cookie)
    site.get("/", 403)


def test_another_teams_application_can_be_looked_at_and_no_more(make_site: Callable[..., Site]) -> None:
    site = make_site(user=ADA)
    assert "/applications/payments/new/queue" in site.get("/applications/payments")
    page = site.get("/applications/notify")
    assert "team-platform" in page and "/new/" not in page and "/delete/" not in page
    for path in ("new/queue", "change/outbox", "delete/outbox"):
        address = f"/applications/notify/{path}"
        assert "belongs to team-platform" in site.get(address, 403)
        assert site.post(address, FIELDS | {"confirm": "outbox"}).status_code == 403
    assert site.orders == []
    assert site.post(QUEUE, FIELDS).status_code == 303


def test_a_team_is_compared_letter_by_letter(make_site: Callable[..., Site]) -> None:
    for team in ("Team-Payments", "team-payment", "team-payments ", "team-*", ""):
        site = make_site(user=User(Person("m", "m@example.com", frozenset({team})), "M"))
        site.get(QUEUE, 403)


def test_strangers_fill_nothing_up() -> None:
    sessions = Sessions(Clock())
    kept = sessions.begin(ADA)
    first = sessions.begin(login=Login("s", "n", "v", "/"))
    for _ in range(MOST_UNDERWAY + 5):
        sessions.begin(login=Login("s", "n", "v", "/"))
    assert sessions.find(kept.id) is kept and sessions.find(first.id) is None
    assert len(sessions._underway) == MOST_UNDERWAY


def test_a_defect_tells_nobody_what_it_says(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(site.portal.checkout, "head", lambda: 1 / len(""))
    page = text_of(site.get("/", 500))
    assert "defect of Lychgate" in page and "division" not in page
    said = capsys.readouterr().err
    assert "ZeroDivisionError" in said and "division by zero" not in said


def test_a_browser_without_a_session_is_no_other(site: Site) -> None:
    stranger = TestClient(site.client.app, base_url=ORIGIN)
    stranger.cookies.set("lychgate", "x" * 43)
    assert stranger.get("/").status_code == 403
