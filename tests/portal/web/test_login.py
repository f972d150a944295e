"""Login by a provider of identities that stands in for a real one: whose token does not hold, is nobody."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from joserfc.jwk import RSAKey
from lychgate.portal.web import oidc
from lychgate.portal.web.oidc import OpenID
from starlette.testclient import TestClient

from tests.portal.web import identity_provider as idp
from tests.portal.web.conftest import ORIGIN, Site, text_of
from tests.portal.web.identity_provider import CLIENT, SECRET, Provider


@pytest.fixture
def provider() -> Iterator[Provider]:
    with idp.identity_provider() as found:
        yield found


@pytest.fixture
def site(provider: Provider, make_site: Callable[..., Site]) -> Site:
    made = oidc.Provider(provider.url, CLIENT, SECRET, "groups", f"{ORIGIN}/login/done")
    return make_site(user=None, local=None, openid=OpenID(made))


def begun(site: Site, path: str = "/") -> str:
    """The address at the provider that a browser is led to."""
    answer = site.client.get(path)
    assert answer.status_code == 303 and answer.headers["location"].startswith("/login?to=")
    led = site.client.get(answer.headers["location"])
    assert led.status_code == 303
    address: str = led.headers["location"]
    return address


def done(site: Site, answer: dict[str, str], client: TestClient | None = None) -> Any:
    return (client or site.client).get("/login/done", params=answer)


def test_somebody_logs_in_and_is_of_their_teams(site: Site, provider: Provider) -> None:
    address = begun(site, "/applications/payments?x=1")
    before = site.client.cookies["lychgate"]
    answer = done(site, provider.authorize(address))
    assert answer.status_code == 303 and answer.headers["location"] == "/applications/payments?x=1"
    assert site.client.cookies["lychgate"] != before  # no name of a session that somebody could have set
    assert "Ada Lovelace" in site.get("/") and "on this machine" not in site.get("/")
    site.get("/applications/payments/new/queue")
    site.get("/applications/notify/new/queue", 403)
    where = site.ask("/applications/payments/new/queue", {"name": "refunds"})
    assert "Asked for by `ada@example.com`" in text_of(site.get(where))


WRONG: dict[str, dict[str, Any]] = {
    "another nonce": {"nonce": "x"},
    "no nonce": {"nonce": None},
    "a list of nonces": {"nonce": ["x", "y"]},
    "another audience": {"aud": "other"},
    "no audience": {"aud": None},
    "another audience of several": {"aud": [CLIENT, "other"], "azp": "other"},
    "several audiences and nobody it was given to": {"aud": [CLIENT, "other"]},
    "given to another": {"azp": "other"},
    "another issuer": {"iss": "https://evil.example"},
    "no issuer": {"iss": None},
    "expired": {"exp": int(time.time()) - 3600},
    "no expiry": {"exp": None},
    "an expiry that is none": {"exp": "tomorrow"},
    "issued later": {"iat": int(time.time()) + 3600},
    "not before": {"nbf": int(time.time()) + 3600},
    "nobody": {"sub": None},
    "an empty name": {"sub": ""},
    "no address": {"email": None},
    "an address that was not verified": {"email_verified": False},
    "an address that nobody says was verified": {"email_verified": None},
    "an address verified in words": {"email_verified": "true"},
    "an address with a line": {"email": "ada@example.com\nBcc: x"},
    "no address at all": {"email": "ada"},
    "teams that are no list": {"groups": "team-payments"},
}


@pytest.mark.parametrize("case", WRONG)
def test_a_token_that_does_not_hold_logs_nobody_in(site: Site, provider: Provider, case: str) -> None:
    provider.claims = WRONG[case]
    answer = done(site, provider.authorize(begun(site)))
    assert answer.status_code == 403 and "You are not logged in" in answer.text
    assert site.client.get("/").status_code == 303


@pytest.mark.parametrize(
    "token",
    [
        idp.unsigned, idp.signed_with_the_secret, idp.signed_with_the_public_key, idp.signed_by_another,
        lambda claims: "", lambda claims: "a.b.c", lambda claims: idp.unsigned(claims) + "AAAA",
    ],
)  # fmt: skip
def test_a_signature_that_is_not_the_providers_logs_nobody_in(
    site: Site, provider: Provider, token: Callable[[dict[str, Any]], str]
) -> None:
    provider.token = token
    assert done(site, provider.authorize(begun(site))).status_code == 403
    assert site.client.get("/").status_code == 303


def test_an_answer_counts_once_and_for_its_own_login_alone(site: Site, provider: Provider) -> None:
    answer = provider.authorize(begun(site))
    stranger = TestClient(site.client.app, base_url=ORIGIN, follow_redirects=False)
    assert done(site, answer, stranger).status_code == 403  # a browser that has not begun it
    assert done(site, answer | {"state": "x"}).status_code == 403
    assert done(site, answer).status_code == 403  # that login is over
    again = provider.authorize(begun(site))
    assert done(site, again).status_code == 303
    assert done(site, again).status_code == 403
    site.get("/")


@pytest.mark.parametrize(
    "change",
    [{"code": ""}, {"code": "other"}, {"state": ""}, {"iss": "https://evil.example"}, {"error": "access_denied"}],
)
def test_an_answer_that_is_not_one_logs_nobody_in(site: Site, provider: Provider, change: dict[str, str]) -> None:
    assert done(site, provider.authorize(begun(site)) | change).status_code == 403


def test_an_answer_that_says_something_twice_is_none(site: Site, provider: Provider) -> None:
    answer = provider.authorize(begun(site))
    assert site.client.get("/login/done", params=[*answer.items(), ("state", answer["state"])]).status_code == 403


def test_a_login_that_takes_too_long_is_over(site: Site, provider: Provider) -> None:
    answer = provider.authorize(begun(site))
    site.clock.now += 601
    assert done(site, answer).status_code == 403


@pytest.mark.parametrize(
    "to", ["//evil.example", "/\\evil.example", "https://evil.example", "", "evil", "/a\nb", "/\t/x"]
)
def test_a_login_leads_to_no_other_server(site: Site, provider: Provider, to: str) -> None:
    address = site.client.get("/login", params={"to": to}).headers["location"]
    assert done(site, provider.authorize(address)).headers["location"] == "/"


def test_a_key_that_was_changed_is_asked_for_again(
    site: Site, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert done(site, provider.authorize(begun(site))).status_code == 303
    site.client.cookies.clear()
    provider.key = RSAKey.generate_key(2048, {"kid": "two"})
    monkeypatch.setattr(oidc, "AGAIN", 0.0)
    assert done(site, provider.authorize(begun(site))).status_code == 303


def test_keys_are_not_asked_for_again_and_again(site: Site, provider: Provider) -> None:
    assert done(site, provider.authorize(begun(site))).status_code == 303
    provider.key = RSAKey.generate_key(2048, {"kid": "two"})
    for _ in range(3):
        site.client.cookies.clear()
        assert done(site, provider.authorize(begun(site))).status_code == 403
    assert provider.asked.count("/keys") == 1


@pytest.mark.parametrize(
    "told",
    [
        {"issuer": "https://evil.example"}, {"token_endpoint": "http://evil.example/token"}, {"jwks_uri": None},
        {"authorization_endpoint": "javascript:alert(1)"}, {"token_endpoint": 7},
    ],
)  # fmt: skip
def test_a_provider_that_is_another_is_not_believed(site: Site, provider: Provider, told: dict[str, Any]) -> None:
    provider.told = told
    led = site.client.get("/login?to=/")
    if led.status_code == 303:
        led = done(site, provider.authorize(led.headers["location"]))
    assert led.status_code == 502


@pytest.mark.parametrize("status", [500, 302, 404])
def test_a_provider_that_fails_is_one_message(site: Site, provider: Provider, status: int) -> None:
    provider.status = status
    answer = site.client.get("/login?to=/")
    assert answer.status_code == 502 and SECRET not in answer.text


def test_the_key_of_a_local_server_is_none_here(site: Site) -> None:
    for key in ("the-key", ""):
        assert site.client.get("/login", params={"key": key}).headers["location"].startswith("http://127.0.0.1")
    assert site.client.get("/").status_code == 303


def test_a_form_of_nobody_is_not_taken(site: Site) -> None:
    answer = site.client.post("/applications/payments/new/queue", data={"name": "x"}, headers={"Origin": ORIGIN})
    assert answer.status_code == 403 and site.orders == []


def test_over_https_a_cookie_is_sent_nowhere_else(make_site: Callable[..., Site], provider: Provider) -> None:
    from lychgate.portal.web.app import make

    origin = "https://portal.example.com"
    made = oidc.Provider(provider.url, CLIENT, SECRET, "groups", f"{origin}/login/done")
    site = make_site(user=None, local=None, openid=OpenID(made), origin=origin)
    client = TestClient(make(site.portal, [origin]), base_url=origin, follow_redirects=False)
    address = client.get("/login").headers["location"]
    answer = done(site, provider.authorize(address), client)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-lychgate=") and "Secure" in cookie and "HttpOnly" in cookie
    page = client.get("/")
    assert page.status_code == 200 and page.headers["Strict-Transport-Security"]
