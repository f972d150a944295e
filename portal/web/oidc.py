"""Login by a provider of identities: OpenID Connect's authorization code flow, with PKCE, state and nonce.

https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth, https://www.rfc-editor.org/rfc/rfc7636,
https://www.rfc-editor.org/rfc/rfc9207. What a provider says is believed by its signature alone, and nobody is anybody
without a verified address.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import requests
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from lychgate.portal.client import ServiceError
from lychgate.portal.runs import Person
from lychgate.portal.web.sessions import Login, LoginError, User

from lychgate.model.escaping import CONTROL, flat
from lychgate.sources.settings import may_have_token

# Signatures by a key that only the provider has: neither `none` nor one that is made with a secret of ours.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
LEEWAY = 60  # seconds by which two clocks may differ
TIMEOUT = 10.0
LARGEST = 1_000_000
KEPT = 3600.0  # seconds that its addresses and keys are believed
AGAIN = 60.0  # seconds until keys are asked for again because of one that is not known
ADDRESS = re.compile(r"[^@\s]{1,100}@[^@\s]{1,150}")


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider, as whoever starts the server names it. `groups` is the claim that lists the teams of a user, `back`
    our address to which it leads back."""

    issuer: str
    client: str
    secret: str
    groups: str
    back: str
    ca: Path | None = None


class OpenID:
    """The provider, asked when somebody logs in."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._lock = threading.Lock()
        self._told: tuple[float, Mapping[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None

    def begin(self, to: str) -> tuple[Login, str]:
        """A login, and the address at which it goes on. Raises ServiceError."""
        login = Login(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48), to)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(login.verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code", "client_id": self._provider.client, "redirect_uri": self._provider.back,
            "scope": "openid profile email", "state": login.state, "nonce": login.nonce,
            "code_challenge": challenge, "code_challenge_method": "S256",
        }  # fmt: skip
        address = self._address("authorization_endpoint")
        return login, f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"

    def finish(self, login: Login, answer: Mapping[str, str]) -> User:
        """Who has logged in, by what the provider's answer leads to. Raises LoginError, ServiceError."""
        if not hmac.compare_digest(answer.get("state", "").encode(), login.state.encode()):
            raise LoginError("the answer is not to this login")
        if "error" in answer:
            raise LoginError(f"the provider says: {flat(answer['error'])[:100]}")
        if answer.get("iss", self._provider.issuer) != self._provider.issuer:
            raise LoginError("the answer is of another provider")
        if not answer.get("code"):
            raise LoginError("the answer holds no code")
        sent = {
            "grant_type": "authorization_code", "code": answer["code"], "redirect_uri": self._provider.back,
            "code_verifier": login.verifier,
        }  # fmt: skip
        token = self._call("POST", self._address("token_endpoint"), sent).get("id_token")
        if not isinstance(token, str):
            raise LoginError("the provider gives no ID token")
        return self._user(self._claims(token, login.nonce))

    def _claims(self, token: str, nonce: str) -> Mapping[str, Any]:
        """The claims of an ID token that is this provider's, for us, for this login, and in time.

        https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
        """
        own = self._provider
        registry = jwt.JWTClaimsRegistry(
            leeway=LEEWAY, iss={"essential": True, "value": own.issuer}, aud={"essential": True, "value": own.client},
            exp={"essential": True}, iat={"essential": True}, sub={"essential": True}, nonce={"essential": True},
        )  # fmt: skip
        try:
            claims = self._decoded(token)
            registry.validate(claims)
        except (JoseError, ValueError, TypeError) as error:
            raise LoginError(f"the ID token does not hold: {type(error).__name__}") from None
        said = claims["nonce"]
        if not isinstance(said, str) or not hmac.compare_digest(said.encode(), nonce.encode()):
            raise LoginError("the ID token is of another login")
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else own.client) != own.client:
            raise LoginError("the ID token was given to somebody else")
        return claims

    def _decoded(self, token: str) -> dict[str, Any]:
        try:
            return jwt.decode(token, self._key_set(), ALGORITHMS).claims
        except InvalidKeyIdError:
            return jwt.decode(token, self._key_set(older=AGAIN), ALGORITHMS).claims

    def _user(self, claims: Mapping[str, Any]) -> User:
        address, teams = claims.get("email"), claims.get(self._provider.groups, [])
        if not isinstance(address, str) or not ADDRESS.fullmatch(address) or CONTROL.search(address):
            raise LoginError("the ID token has no address (the scope email)")
        if claims.get("email_verified") is not True:
            raise LoginError("the provider has not verified the address")
        if not isinstance(teams, list):
            raise LoginError(f"the claim {flat(self._provider.groups)} is no list")
        name = claims.get("name")
        shown = name if isinstance(name, str) and name.strip() and not CONTROL.search(name) else address
        person = Person(str(claims["sub"]), address, frozenset(one for one in teams if isinstance(one, str)))
        return User(person, " ".join(shown.split())[:100])

    def _key_set(self, older: float = KEPT) -> KeySet:
        """The provider's keys; asked for again where those that are there are older than so many seconds."""
        with self._lock:
            if self._keys is None or time.monotonic() - self._keys[0] > older:
                told = self._call("GET", self._address("jwks_uri"))
                try:
                    self._keys = time.monotonic(), KeySet.import_key_set(told)  # type: ignore[arg-type]
                except (JoseError, KeyError, TypeError, ValueError):
                    raise ServiceError("the provider of identities gives no keys that can be read") from None
            return self._keys[1]

    def _address(self, name: str) -> str:
        """One of the provider's addresses, as it says itself.

        https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfigurationValidation
        """
        if self._told is None or time.monotonic() - self._told[0] > KEPT:
            told = self._call("GET", f"{self._provider.issuer.rstrip('/')}/.well-known/openid-configuration")
            if told.get("issuer") != self._provider.issuer:
                raise ServiceError("the provider of identities says that it is another one than --oidc-issuer")
            self._told = time.monotonic(), told
        found = self._told[1].get(name)
        if not isinstance(found, str) or not may_have_token(found):
            raise ServiceError(f"the provider of identities has no {name} by HTTPS")
        return found

    def _call(self, method: str, url: str, form: Mapping[str, str] | None = None) -> dict[str, Any]:
        """What it answers. The secret goes along with a form alone, and no answer leads anywhere else."""
        # https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1
        auth = (quote(self._provider.client, safe=""), quote(self._provider.secret, safe="")) if form else None
        try:
            with requests.Session() as session:
                session.trust_env = False  # a variable could name a proxy, and make it the provider
                session.verify = str(self._provider.ca) if self._provider.ca else True
                answer = session.request(
                    method, url, data=form, auth=auth, timeout=TIMEOUT, allow_redirects=False, stream=True
                )
                content = b""
                for piece in answer.iter_content(65_536):
                    content += piece
                    if len(content) > LARGEST:
                        raise ValueError
                told = json.loads(content) if answer.status_code == 200 else None
        except (requests.RequestException, OSError, ValueError, RecursionError) as error:
            raise ServiceError(f"the provider of identities cannot be asked: {type(error).__name__}") from None
        if form and answer.status_code in (400, 401):
            raise LoginError(f"the provider does not take the code, or us ({answer.status_code})")
        if not isinstance(told, dict):
            raise ServiceError(f"the provider of identities does not answer as one does ({answer.status_code})")
        return told
