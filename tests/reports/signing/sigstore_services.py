"""Fulcio, its certificate transparency log and Rekor, as far as a client of sigstore's sees them, on this machine.

https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md, RFC 6962 (3.2), and Rekor's API of version 1. Each log is
a tree of one leaf, whose root is the leaf's hash.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import rfc8785
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.serving import Quiet, served

ISSUER = "https://gitlab.example.com"
WHO = "https://gitlab.example.com/platform/lychgate//.gitlab-ci.yml@refs/heads/main"
HOUR = timedelta(hours=1)
SCT_LIST, OIDC_ISSUER = (x509.ObjectIdentifier(f"1.3.6.1.4.1.{name}") for name in ("11129.2.4.2", "57264.1.1"))


def token(who: str = WHO, **claims: Any) -> str:
    """What GitLab gives a job that asks for `aud: sigstore`; nobody here verifies its signature."""
    now = int(time.time())
    told = {"iss": ISSUER, "sub": who, "aud": "sigstore", "iat": now, "nbf": now, "exp": now + 300} | claims
    return jwt.encode(told, "0" * 32, algorithm="HS256")


def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _spki(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _id(key: ec.EllipticCurvePrivateKey) -> bytes:
    return hashlib.sha256(_spki(key)).digest()


def _sign(key: ec.EllipticCurvePrivateKey, data: bytes) -> bytes:
    return key.sign(data, ec.ECDSA(SHA256()))


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@dataclass
class Services:
    """Keys, and what was asked. `refuses` makes a service answer with that status; `logged` are Rekor's entries."""

    authority: ec.EllipticCurvePrivateKey = field(default_factory=_key)
    transparency: ec.EllipticCurvePrivateKey = field(default_factory=_key)
    log: ec.EllipticCurvePrivateKey = field(default_factory=_key)
    refuses: dict[str, int] = field(default_factory=dict)
    logged: list[bytes] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    url: str = ""
    late: timedelta = timedelta()

    def __post_init__(self) -> None:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stand-in")])
        self.root = self._builder(name, name, self.authority.public_key(), datetime.now(UTC) - HOUR, 24 * HOUR)
        self.root = (
            self.root.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_usage(key_cert_sign=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.authority.public_key()), critical=False)
            .sign(self.authority, SHA256())
        )

    def _builder(self, subject: x509.Name, issuer: x509.Name, key: Any, start: datetime, lasts: timedelta) -> Any:
        made = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
        made = made.serial_number(x509.random_serial_number())
        return made.not_valid_before(start).not_valid_after(start + lasts)

    def certify(self, request: x509.CertificateSigningRequest, who: str, issuer: str) -> x509.Certificate:
        """Fulcio's certificate for ten minutes, logged before it is given out."""
        start = datetime.now(UTC) - timedelta(minutes=1)
        made = self._builder(x509.Name([]), self.root.subject, request.public_key(), start, timedelta(minutes=10))
        made = (
            made.add_extension(_usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(request.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.authority.public_key()), critical=False
            )
            .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(who)]), critical=True)
            .add_extension(x509.UnrecognizedExtension(OIDC_ISSUER, issuer.encode()), critical=False)
        )
        tbs = made.sign(self.authority, SHA256()).tbs_certificate_bytes
        list_ = x509.UnrecognizedExtension(SCT_LIST, self._timestamps(tbs))
        return made.add_extension(list_, critical=False).sign(self.authority, SHA256())

    def _timestamps(self, tbs: bytes) -> bytes:
        """The extension with the log's promise on a certificate (RFC 6962, 3.2 and 3.3)."""
        at = int(time.time() * 1000)
        entry = _id(self.authority) + len(tbs).to_bytes(3, "big") + tbs
        signature = _sign(self.transparency, struct.pack("!BBQH", 0, 0, at, 1) + entry + b"\0\0")
        promise = struct.pack("!B32sQH", 0, _id(self.transparency), at, 0)
        promise += struct.pack("!BBH", 4, 3, len(signature)) + signature
        listed = struct.pack("!HH", len(promise) + 2, len(promise)) + promise
        assert len(listed) < 128
        return bytes([0x04, len(listed)]) + listed

    def entered(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Rekor's answer to an entry."""
        body = rfc8785.dumps(entry)
        self.logged.append(body)
        at, log = int((datetime.now(UTC) + self.late).timestamp()), _id(self.log)
        root = hashlib.sha256(b"\0" + body).digest()
        promise = {"body": _b64(body), "integratedTime": at, "logID": log.hex(), "logIndex": 0}
        note = f"stand-in\n1\n{_b64(root)}\n"
        note += f"\n\u2014 stand-in {_b64(log[:4] + _sign(self.log, note.encode()))}\n"
        proof = {"checkpoint": note, "hashes": [], "logIndex": 0, "rootHash": root.hex(), "treeSize": 1}
        promised = _b64(_sign(self.log, rfc8785.dumps(promise)))
        return {"0" * 80: promise | {"verification": {"inclusionProof": proof, "signedEntryTimestamp": promised}}}

    @property
    def trust(self) -> dict[str, Any]:
        """ClientTrustConfig of sigstore's: where the services are, and what of theirs is believed."""
        since = {"start": "2020-01-01T00:00:00Z"}

        def log(key: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
            public = {"rawBytes": _b64(_spki(key)), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": since}
            return {"baseUrl": self.url, "hashAlgorithm": "SHA2_256", "publicKey": public,
                    "logId": {"keyId": _b64(_id(key))}}  # fmt: skip

        service = {"url": self.url, "majorApiVersion": 1, "validFor": since, "operator": "stand-in"}
        chain = {"certificates": [{"rawBytes": _b64(self.root.public_bytes(Encoding.DER))}]}
        return {
            "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
            "trustedRoot": {
                "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
                "tlogs": [log(self.log)],
                "certificateAuthorities": [
                    {"subject": {"organization": "tests", "commonName": "stand-in"}, "uri": self.url,
                     "certChain": chain, "validFor": since}
                ],
                "ctlogs": [log(self.transparency)],
            },
            "signingConfig": {
                "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
                "caUrls": [service], "rekorTlogUrls": [service], "rekorTlogConfig": {"selector": "ANY"},
            },
        }  # fmt: skip

    def answer(self, path: str, headers: Any, body: dict[str, Any]) -> dict[str, Any]:
        """What a service says."""
        if path.endswith("/signingCert"):
            given = headers["Authorization"].removeprefix("Bearer ")
            self.tokens.append(given)
            claims = jwt.decode(given, options={"verify_signature": False})
            request = x509.load_pem_x509_csr(base64.b64decode(body["certificateSigningRequest"]))
            made = (self.certify(request, claims["sub"], claims["iss"]), self.root)
            chain = [one.public_bytes(Encoding.PEM).decode() for one in made]
            return {"signedCertificateEmbeddedSct": {"chain": {"certificates": chain}}}
        assert path == "/api/v1/log/entries"
        return self.entered(body)


def _usage(**used: bool) -> x509.KeyUsage:
    names = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**(dict.fromkeys(names, False) | used))


@contextmanager
def serving(services: Services) -> Iterator[Services]:
    """The services on a port of loopback."""

    class Handler(Quiet):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = next((code for part, code in services.refuses.items() if part in self.path), 201)
            told = {"code": status, "message": "not today"}
            data = json.dumps(services.answer(self.path, self.headers, json.loads(body)) if status == 201 else told)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(data.encode())

    with served(Handler) as services.url:
        yield services
