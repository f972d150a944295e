"""Signatures without a key of one's own: sigstore certifies for some minutes who runs a job, and logs what it signs.

A signature in the envelope carries sigstore's bundle on the DSSE encoding, as securesystemslib's `SigstoreSigner` has
it. So only digests leave this machine: a DSSE entry of Rekor would send the verdict itself to a public log.
"""

from __future__ import annotations

import json
import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.x509 import (
    ObjectIdentifier,
    OtherName,
    RFC822Name,
    SubjectAlternativeName,
    UniformResourceIdentifier,
)
from lychgate.reports.signing.keys import read_file, service
from securesystemslib.exceptions import UnverifiedSignatureError, VerificationError
from securesystemslib.signer import (  # type: ignore[attr-defined]  # it has no __all__
    SecretsHandler,
    Signature,
    Signer,
    SigstoreKey,
)

from lychgate.model.errors import InputError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from sigstore.models import ClientTrustConfig, TrustedRoot
    from sigstore.oidc import IdentityToken

SIGSTORE = "sigstore"
TOKEN = "SIGSTORE_ID_TOKEN"
MAX_BYTES = 5_000_000
_ISSUER, _OTHER_NAME = ObjectIdentifier("1.3.6.1.4.1.57264.1.1"), ObjectIdentifier("1.3.6.1.4.1.57264.1.7")


class Identity(SigstoreKey):
    """Who signs, in the place of a key: an identity (an e-mail address or a URI) as an issuer of tokens knows it.

    `root` is the certificates and keys of sigstore's services that are believed.
    """

    def __init__(self, identity: str, issuer: str, root: TrustedRoot) -> None:
        from sigstore.verify import Verifier

        # The id is a hint, and the same for all: who has signed is in the certificate.
        keyval = {"identity": identity, "issuer": issuer}
        super().__init__(SIGSTORE, self.DEFAULT_KEY_TYPE, self.DEFAULT_SCHEME, keyval)
        self._verifier = Verifier(trusted_root=root)

    def verify_signature(self, signature: Signature, data: bytes) -> None:
        """Raise UnverifiedSignatureError for whatever is not this identity's signature on the data."""
        from sigstore.models import Bundle
        from sigstore.verify.policy import Identity as Policy

        try:
            told = signature.unrecognized_fields["bundle"]
            bundle = Bundle.from_json(json.dumps(told))
            policy = Policy(identity=self.keyval["identity"], issuer=self.keyval["issuer"])
            self._verifier.verify_artifact(data, bundle, policy)
            same = bundle.signature == bytes.fromhex(signature.signature)
        except Exception as error:  # whatever the library makes of hostile data
            raise VerificationError(str(error)) from error
        if not same:
            raise UnverifiedSignatureError("the envelope has another signature than its bundle")


class KeylessSigner(Signer):
    """Signs with a certificate for a token. Whose, its `public_key` says once it has signed."""

    def __init__(self, token: IdentityToken, trust: ClientTrustConfig) -> None:
        self._token, self._trust = token, trust
        self._identity: Identity | None = None

    @classmethod
    def from_priv_key_uri(
        cls, priv_key_uri: str, public_key: Any, secrets_handler: SecretsHandler | None = None
    ) -> Any:
        """Not so: see `read_keyless_signer`."""
        raise NotImplementedError

    @property
    def public_key(self) -> Identity:
        """Who has signed."""
        assert self._identity
        return self._identity

    def sign(self, payload: bytes) -> Signature:
        """The signature, with its bundle. Raises whatever sigstore's client throws."""
        from sigstore.sign import SigningContext

        with SigningContext.from_trust_config(self._trust).signer(self._token) as signer:
            bundle = signer.sign_artifact(payload)
        who, issuer = _named(bundle.signing_certificate)
        self._identity = Identity(who, issuer, self._trust.trusted_root)
        return Signature(SIGSTORE, bundle.signature.hex(), {"bundle": json.loads(bundle.to_json())})


def read_keyless_signer(trust: Path | None) -> KeylessSigner:
    """Signs as whoever runs this: a token in SIGSTORE_ID_TOKEN, else what GitLab, GitHub, Google or others give a job.

    `trust` is a ClientTrustConfig of sigstore's in JSON, of services of one's own. Raises InputError, ServiceError.
    """
    _installed()
    from sigstore.models import ClientTrustConfig
    from sigstore.oidc import IdentityError, IdentityToken, detect_credential

    expected = f"a token for sigstore in {TOKEN} (GitLab: `id_tokens: {{{TOKEN}: {{aud: sigstore}}}}`)"
    try:
        given = os.environ.get(TOKEN) or detect_credential()
        token = IdentityToken(given) if given else None
    except IdentityError as error:
        raise InputError(SIGSTORE, found=str(error), expected=expected) from None
    if token is None:
        raise InputError(SIGSTORE, found="there is no identity token", expected=expected)
    if trust is None:
        with service("sigstore"):
            return KeylessSigner(token, ClientTrustConfig.production())
    try:
        config = ClientTrustConfig.from_json(read_file(str(trust), MAX_BYTES).decode())
        assert config.signing_config and config.trusted_root  # made when they are read
        return KeylessSigner(token, config)
    except InputError:
        raise
    except Exception:  # whatever the library makes of another file
        raise InputError(str(trust), found="no ClientTrustConfig of sigstore's", expected="its JSON") from None


def read_identity(identity: str, issuer: str, trust: Path | None) -> Identity:
    """Whose signatures count. `trust` is a file as `identity_of` takes it; without one sigstore is asked for its own.
    Raises InputError, ServiceError."""
    if trust is not None:
        return identity_of(identity, issuer, read_file(str(trust), MAX_BYTES), str(trust))
    _installed()
    from sigstore.models import ClientTrustConfig

    with service("sigstore"):
        return Identity(identity, issuer, ClientTrustConfig.production().trusted_root)


def identity_of(identity: str, issuer: str, trust: bytes, name: str) -> Identity:
    """The same by a TrustedRoot or ClientTrustConfig of sigstore's in JSON, for which nobody is asked; `name` is what
    its file is called. Raises InputError."""
    _installed()
    from sigstore.models import TrustedRoot
    from sigstore_models.trustroot.v1 import TrustedRoot as Model

    try:
        told = json.loads(trust)
        return Identity(identity, issuer, TrustedRoot(Model.from_json(json.dumps(told.get("trustedRoot", told)))))
    except Exception:  # whatever the library makes of another file
        found = "neither a TrustedRoot nor a ClientTrustConfig of sigstore's"
        raise InputError(name, found=found, expected="its JSON") from None


def _installed() -> None:
    if find_spec("sigstore") is None:
        expected = "lychgate[sigstore]: pip install 'lychgate[sigstore]'"
        raise InputError(SIGSTORE, found="it is not installed", expected=expected)


def _named(certificate: Certificate) -> tuple[str, str]:
    """Whom a certificate names, and the issuer of the token that proved it.

    https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md
    """
    names = certificate.extensions.get_extension_for_class(SubjectAlternativeName).value
    found = [*names.get_values_for_type(RFC822Name), *names.get_values_for_type(UniformResourceIdentifier)]
    found += [one.value.decode() for one in names.get_values_for_type(OtherName) if one.type_id == _OTHER_NAME]
    issuer: Any = certificate.extensions.get_extension_for_oid(_ISSUER).value
    return found[0], issuer.value.decode()
