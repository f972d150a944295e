"""Port's API: a token for the credentials, calls, and one message where it refuses.

https://docs.port.io/api-reference/port-api, https://docs.port.io/api-reference/rate-limits
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from lychgate.model.errors import InputError, either
from lychgate.model.escaping import flat
from lychgate.sources.settings import ADDRESS, may_have_token

if TYPE_CHECKING:
    import requests

CLIENT_ID, CLIENT_SECRET = "PORT_CLIENT_ID", "PORT_CLIENT_SECRET"
# https://docs.port.io/api-reference/port-api: one for each region.
REGIONS = {"eu": "https://api.port.io", "us": "https://api.us.port.io"}
TIMEOUT = 20.0
TRIES = 4
LONGEST_WAIT = 30.0
LARGEST_ANSWER = 20_000_000
# What may be asked again without harm: what Port did not take, or what changes nothing a second time.
AGAIN = (429, 500, 502, 503, 504)
MISSING = 404


class ServiceError(Exception):
    """An outside service refused, or could not be asked; the text is the whole message, without a secret in it."""


def address(given: str) -> str:
    """The address of a region's API, or the one that was given. Raises InputError."""
    if given in REGIONS:
        return REGIONS[given]
    if not re.fullmatch(ADDRESS, given) or not may_have_token(given):
        expected = f"{either(list(REGIONS))}, or an address such as https://api.port.io"
        raise InputError("--api", found=repr(given), expected=expected)
    return given.rstrip("/")


class Port:
    """Port's API, with the rights of an organization's credentials."""

    def __init__(self, url: str, environ: Mapping[str, str]) -> None:
        """Raises InputError where there are no credentials, ServiceError where Port takes them for none."""
        missing = [name for name in (CLIENT_ID, CLIENT_SECRET) if not environ.get(name)]
        if missing:
            expected = "the credentials of Port, in the environment"
            raise InputError(missing[0], found="it is not set", expected=expected)
        self._url = url
        import requests  # which takes a while to load
        from requests.adapters import HTTPAdapter

        self._session = requests.Session()
        self._session.trust_env = False  # a variable of the pipeline could name a proxy, and make it Port
        self._session.mount("http", HTTPAdapter(max_retries=0))
        said = {"clientId": environ[CLIENT_ID], "clientSecret": environ[CLIENT_SECRET]}
        token = self.call("POST", "/v1/auth/access_token", said).get("accessToken")
        if not isinstance(token, str) or not re.fullmatch(r"[!-~]+", token):
            raise ServiceError("Port gives no access token")
        self._session.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """What a path answers."""
        return self.call("GET", path, query=query)

    def call(self, method: str, path: str, body: Any = None, query: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The answer to a call, an object. Raises ServiceError."""
        found = self.asked(method, path, body, query)
        if found is None:
            raise ServiceError(f"Port knows nothing at {_what(method, path)}")
        return found

    def asked(
        self, method: str, path: str, body: Any = None, query: Mapping[str, Any] | None = None
    ) -> dict[str, Any] | None:
        """The same; None where there is nothing. A POST is not sent again after a fault: it may have been taken."""
        import requests

        for attempt in range(TRIES):
            try:
                answer = self._session.request(
                    method, self._url + path, json=body, params=query, timeout=TIMEOUT, allow_redirects=False
                )
            except requests.RequestException as error:
                why = type(error).__name__  # its text may hold an address with a password of a proxy
                raise ServiceError(f"Port cannot be asked ({_what(method, path)}): {why}") from None
            again = answer.status_code in AGAIN and (answer.status_code == 429 or method != "POST")
            if not again or attempt == TRIES - 1:
                break
            time.sleep(_wait(answer, attempt))
        if answer.status_code == MISSING:
            return None
        return _content(answer, _what(method, path))


def _what(method: str, path: str) -> str:
    return f"{method} {path}"


def _wait(answer: requests.Response, attempt: int) -> float:
    """Seconds to wait: until the window of the limit ends, as Port says, else twice as long as before."""
    told = answer.headers.get("x-ratelimit-reset", "")
    until = int(told) - time.time() if told.isdecimal() and len(told) < 12 else 2.0**attempt
    return min(max(until, 0.0), LONGEST_WAIT)


def _content(answer: requests.Response, what: str) -> dict[str, Any]:
    if answer.status_code == 401:
        raise ServiceError(f"Port does not take the credentials ({what}: 401)")
    if answer.status_code == 429:
        raise ServiceError(f"Port's rate limit is used up ({what}: 429): try later")
    if len(answer.content) > LARGEST_ANSWER:
        raise ServiceError(f"Port answers more than {LARGEST_ANSWER:,} bytes ({what})")
    try:
        content = answer.json()
    except (ValueError, RecursionError):
        content = None
    if answer.ok and isinstance(content, dict) and content.get("ok", True) is True:
        return content
    said = content.get("message") or content.get("error") if isinstance(content, dict) else None
    words = flat(str(said))[:300] if said else "no answer that can be read"
    raise ServiceError(f"Port refuses ({what}: {answer.status_code}): {words}")


def part(text: str) -> str:
    """A name as one part of a path."""
    return quote(text, safe="")
