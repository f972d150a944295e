"""What every request passes, whom it is for, where it comes from, how much it brings; and what every answer says.

A page of somebody else can make a browser ask this server, also by a name of its own that leads to 127.0.0.1 (DNS
rebinding): so the Host has to be one of ours, and what changes something has to come from our own pages.
https://fetch.spec.whatwg.org/#origin-header, https://www.w3.org/TR/fetch-metadata/
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 64_000
SLOWEST_BODY = 10.0  # seconds
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # with none at all, browsers send the Origin of our own forms as null
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}


class Guard:
    """Lets through what is addressed to one of `origins`, such as http://127.0.0.1:8080, and reads its body."""

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        self._app = app
        self._origins = frozenset(origins)
        self._hosts = {one.partition("://")[2]: one for one in origins}
        self._secure = any(one.startswith("https:") for one in origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An ASGI application around another one."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, self._with_headers(send))

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = self._refused(scope)
        if refused is None and scope["method"] == "POST":
            body = await _body(receive)
            if body is None:
                refused = PlainTextResponse(f"At most {LARGEST_BODY:,} bytes are taken, and soon.\n", 413)
            else:
                receive = _again(body, receive)
        await (refused or self._app)(scope, receive, send)

    def _refused(self, scope: Scope) -> PlainTextResponse | None:
        """What is not answered, and why."""
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return PlainTextResponse("This server has another name: use the address that it was started with.\n", 421)
        if scope["method"] not in ("GET", "HEAD", "POST"):
            return PlainTextResponse("GET and POST alone.\n", 405, {"Allow": "GET, HEAD, POST"})
        if scope["method"] != "POST":
            return None
        site = headers.get("sec-fetch-site", "same-origin")
        if headers.get("origin", "") != self._hosts[hosts[0].lower()] or site != "same-origin":
            return PlainTextResponse("A form of this server's own pages alone is taken.\n", 403)
        if headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
            return PlainTextResponse("A form alone is taken.\n", 415)
        return None

    def _with_headers(self, send: Send) -> Send:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if self._secure:
                    headers.setdefault("Strict-Transport-Security", "max-age=31536000")
            await send(message)

        return sending


async def _body(receive: Receive) -> bytes | None:
    """What is sent; None where it is too much, too slow, or broken off."""
    body = b""
    try:
        async with asyncio.timeout(SLOWEST_BODY):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return None
                body += bytes(message.get("body", b""))
                if len(body) > LARGEST_BODY:
                    return None
                if not message.get("more_body", False):
                    return body
    except TimeoutError:
        return None


def _again(body: bytes, receive: Receive) -> Receive:
    """What was read, for whoever reads next."""
    parts: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receiving() -> Message:
        return parts.pop() if parts else await receive()

    return receiving
