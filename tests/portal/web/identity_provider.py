"""A small provider of identities, as OpenID Connect has it; what it answers can be made wrong."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from tests.serving import Quiet, served

CLIENT, SECRET = "lychgate", "s3cret/for+the tests"
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})


@dataclass
class Provider:
    """What it says. `claims` change those of the next token, `token` the token itself, `told` its own description."""

    url: str = ""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    token: Callable[[dict[str, Any]], str] | None = None
    told: dict[str, Any] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: KEY)
    status: int = 200
    asked: list[str] = field(default_factory=list)

    def authorize(self, address: str) -> dict[str, str]:
        """What the provider sends the browser back with, once somebody has logged in there."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["response_type"] == "code" and asked["code_challenge_method"] == "S256"
        assert asked["client_id"] == CLIENT and "openid" in asked["scope"].split()
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return {"code": code, "state": asked["state"], "iss": self.url}

    def description(self) -> dict[str, Any]:
        return {
            "issuer": self.url, "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token", "jwks_uri": f"{self.url}/keys", **self.told,
        }  # fmt: skip

    def exchange(self, form: dict[str, str], authorization: str) -> tuple[int, Any]:
        """A code for a token, once, to whoever has begun the login."""
        expected = base64.b64encode(b"lychgate:s3cret%2Ffor%2Bthe%20tests").decode()
        asked = self.codes.pop(form.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        if authorization != f"Basic {expected}" or asked is None:
            return 401, {"error": "invalid_client"}
        if asked["code_challenge"] != challenge.decode() or asked["redirect_uri"] != form["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.url, "sub": "ada-1", "aud": CLIENT, "exp": now + 300, "iat": now, "nonce": asked["nonce"],
            "email": "ada@example.com", "email_verified": True, "name": "Ada Lovelace", "groups": ["team-payments"],
        }  # fmt: skip
        claims = {name: value for name, value in {**claims, **self.claims}.items() if value is not None}
        return 200, {"id_token": (self.token or self.signed)(claims), "access_token": "a", "token_type": "Bearer"}

    def signed(self, claims: dict[str, Any]) -> str:
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)


def unsigned(claims: dict[str, Any]) -> str:
    """A token that says of itself that it has no signature."""
    parts = [{"alg": "none", "kid": "one"}, claims]
    return ".".join(base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=").decode() for one in parts) + "."


def signed_with_the_secret(claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "HS256", "kid": "one"}, claims, OctKey.import_key(SECRET))


def signed_with_the_public_key(claims: dict[str, Any]) -> str:
    """The public key, taken for a secret that both have."""
    public = KEY.as_pem(private=False)
    header, payload = (
        base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=")
        for one in ({"alg": "HS256", "kid": "one"}, claims)
    )

    mac = hmac.new(public, header + b"." + payload, "sha256").digest()
    return b".".join((header, payload, base64.urlsafe_b64encode(mac).rstrip(b"="))).decode()


def signed_by_another(claims: dict[str, Any]) -> str:
    other = RSAKey.generate_key(2048, {"kid": "one"})
    return jwt.encode({"alg": "RS256", "kid": "one"}, claims, other)


@contextmanager
def identity_provider() -> Iterator[Provider]:
    """The provider, on a port of this machine."""
    provider = Provider()

    class Handler(Quiet):
        def _do(self) -> None:
            provider.asked.append(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            form = {name: values[0] for name, values in parse_qs(self.rfile.read(length).decode()).items()}
            if self.path == "/.well-known/openid-configuration":
                status, content = 200, provider.description()
            elif self.path == "/keys":
                status, content = 200, {"keys": [provider.key.as_dict(private=False)]}
            elif self.path == "/token" and self.command == "POST":
                status, content = provider.exchange(form, self.headers.get("Authorization", ""))
            else:
                status, content = 404, {}
            data = json.dumps(content).encode()
            self.send_response(provider.status if provider.status != 200 else status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = _do

    with served(Handler) as provider.url:
        yield provider
