"""Who signs and whose signature counts, each by one reference: a PEM file, or `awskms:KEY` for a key that AWS keeps.

Keys are Ed25519, or ECDSA on P-256, P-384 or P-521 (AWS's: P-256 or P-384). Their ids are those of securesystemslib:
SHA-256 of the public key with its type and scheme.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from securesystemslib.exceptions import UnsupportedAlgorithmError, UnsupportedLibraryError
from securesystemslib.signer import (  # type: ignore[attr-defined]  # it has no __all__
    KEY_TYPE_ECDSA,
    KEY_TYPE_ED25519,
    AWSSigner,
    CryptoSigner,
    Key,
    Signer,
    SSlibKey,
)

from lychgate.model.errors import InputError

PASSPHRASE = "LYCHGATE_SIGNING_PASSPHRASE"
AWS = "awskms:"
MAX_BYTES = 100_000
_ARN = re.compile(r"arn:aws[a-z-]*:kms:([a-z0-9-]+):")
_EXPECTED = "an Ed25519 or ECDSA {} key in PEM"

for _library in ("securesystemslib", "sigstore"):  # their log would go to the terminal as it is
    logging.getLogger(_library).addHandler(logging.NullHandler())


class ServiceError(Exception):
    """An outside service (AWS KMS, sigstore) refuses, or cannot be reached; the text is what it said."""


@contextmanager
def service(what: str) -> Iterator[None]:
    """What goes wrong with an outside service, whatever its client throws. Raises ServiceError."""
    try:
        yield
    except (InputError, ServiceError):
        raise
    except Exception as error:
        said = " ".join(str(error).split())
        raise ServiceError(f"{what}: {type(error).__name__}" + (f": {said}" if said else "")) from error


def read_signer(reference: str) -> Signer:
    """Who signs: a private key in a PEM file, whose passphrase is LYCHGATE_SIGNING_PASSPHRASE, or `awskms:KEY`, by id,
    alias or ARN. Raises InputError, ServiceError."""
    if reference.startswith(AWS):
        key = _aws_key(reference)
        with service(reference):
            return AWSSigner(reference.removeprefix(AWS), key)
    passphrase = os.environ.get(PASSPHRASE)
    try:
        signer = CryptoSigner(load_pem_private_key(read_file(reference), passphrase.encode() if passphrase else None))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        expected = f"{_EXPECTED.format('private')}; its passphrase in {PASSPHRASE}, if it has one"
        raise InputError(reference, found="no key that can be used", expected=expected) from None
    _supported(signer.public_key, reference, "private")
    return signer


def read_key(reference: str) -> SSlibKey:
    """A public key: a PEM file, or `awskms:KEY`, which AWS is asked for. Raises InputError, ServiceError."""
    return _aws_key(reference) if reference.startswith(AWS) else key_of(read_file(reference), reference)


def key_of(data: bytes, name: str) -> SSlibKey:
    """The public key in a PEM file's bytes; `name` is what the file is called. Raises InputError."""
    try:
        key = SSlibKey.from_crypto(load_pem_public_key(data))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise InputError(name, found="no public key", expected=_EXPECTED.format("public")) from None
    _supported(key, name, "public")
    return key


def who(key: Key) -> str:
    """Whose signature it is, in words."""
    named = key.keyval
    return f"{named['identity']} (by {named['issuer']})" if "identity" in named else f"the key {key.keyid}"


def _supported(key: SSlibKey, reference: str, what: str) -> None:
    if key.keytype not in (KEY_TYPE_ED25519, KEY_TYPE_ECDSA):
        raise InputError(reference, found=f"a key of the type {key.keytype}", expected=_EXPECTED.format(what))


def _aws_key(reference: str) -> SSlibKey:
    name = reference.removeprefix(AWS)
    arn = _ARN.match(name)
    try:
        with service(reference):
            if region := arn[1] if arn else os.environ.get("AWS_REGION"):  # boto3 reads AWS_DEFAULT_REGION alone
                import boto3  # type: ignore[import-untyped]

                boto3.setup_default_session(region_name=region)
            key = AWSSigner.import_(name)[1]
    except ServiceError as error:
        if isinstance(error.__cause__, (UnsupportedLibraryError, ModuleNotFoundError)):
            found, expected = "boto3 is not installed", "lychgate[signing]: pip install 'lychgate[signing]'"
        elif isinstance(error.__cause__, UnsupportedAlgorithmError):
            found, expected = "a key that does not sign, or not so", "a key of AWS KMS that signs, on P-256 or P-384"
        else:
            raise
        raise InputError(reference, found=found, expected=expected) from None
    if key.keytype != KEY_TYPE_ECDSA:
        expected = "a key of AWS KMS that signs, on P-256 or P-384"
        raise InputError(reference, found=f"a key of the type {key.keytype}", expected=expected)
    return key


def read_file(name: str, most: int = MAX_BYTES) -> bytes:
    """What a file holds. Raises InputError where it cannot be read, or is larger than `most` bytes."""
    try:
        with Path(name).open("rb") as stream:
            data = stream.read(most + 1)
    except OSError as error:
        raise InputError(name, found=f"cannot be read: {error.strerror}", expected="a file") from None
    if len(data) > most:
        raise InputError(name, found="too large", expected=f"at most {most:,} bytes")
    return data
