"""A verdict as an in-toto statement: what it is about by digests, and the document whole. Signed, and read as hostile.

https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md. Subjects are the commit, whose algorithm is
`gitCommit`, and each input of the run by its SHA-256. The payload is the statement's form of RFC 8785, so that no two
readers find something else in it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from lychgate.reports.document import parse
from lychgate.reports.evidence.canonical import NotCanonicalError, canonical, digest
from lychgate.reports.evidence.entering import consistent
from lychgate.reports.signing.envelope import EnvelopeError, seal, unseal
from lychgate.reports.signing.keys import who
from securesystemslib.signer import Key, Signer  # type: ignore[attr-defined]  # it has no __all__

from lychgate.model.errors import InputError, shown

TYPE = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "urn:lychgate:verdict:1"
MAX_BYTES = 200_000_000
COMMIT = "commit"
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Signed:
    """A verdict, who has signed it, in words, the ids of other signatures, and the SHA-256 of the file."""

    verdict: dict[str, Any]
    signers: tuple[str, ...]
    others: tuple[str, ...]
    sha256: str


def sign(verdict: dict[str, Any], name: str, signer: Signer) -> bytes:
    """The file of a signed verdict; `name` is what the verdict is called. Raises InputError for one that cannot be
    signed, ServiceError."""
    consistent(verdict, name)
    try:
        statement = {"_type": STATEMENT, "subject": subjects(verdict), "predicateType": PREDICATE, "predicate": verdict}
        payload = canonical(statement)
    except NotCanonicalError as error:
        raise InputError(name, found=str(error), expected="what JSON holds exactly (RFC 8785)") from None
    except ValueError as error:
        raise InputError(name, found=str(error), expected="a verdict on files whose digests it holds") from None
    data = seal(payload, TYPE, signer)
    if len(data) > MAX_BYTES:
        found = f"its envelope would be of {len(data):,} bytes"
        raise InputError(name, found=found, expected=f"at most {MAX_BYTES:,}")
    return data


def read_signed(data: bytes, keys: Sequence[Key]) -> Signed:
    """The verdict in a file, which at least one of the keys has signed. Raises EnvelopeError, which says what is not as
    it should be."""
    if len(data) > MAX_BYTES:
        raise EnvelopeError(f"the file is too large: at most {MAX_BYTES:,} bytes")
    opened = unseal(data, TYPE, keys)
    return Signed(_verdict(opened.payload), tuple(map(who, opened.keys)), opened.others, digest(data))


def subjects(verdict: dict[str, Any]) -> list[dict[str, Any]]:
    """What a verdict is about. Raises ValueError where it says no digest of it, or one that is none."""
    run = verdict["run"]
    found = []
    if run["commit"] is not None:
        if not _COMMIT.fullmatch(run["commit"]):
            raise ValueError(f"the commit {shown(run['commit'])} is none")
        found.append({"name": COMMIT, "digest": {"gitCommit": run["commit"]}})
    for name, value in sorted(run["inputs"].items()):
        if not _SHA256.fullmatch(value) or name == COMMIT:
            raise ValueError(f"the input {shown(name)} has no digest, or no name of its own")
        found.append({"name": name, "digest": {"sha256": value}})
    if not found:
        raise ValueError("it is about nothing: it names neither a commit nor an input")
    return found


def _verdict(payload: bytes) -> dict[str, Any]:
    try:
        statement = orjson.loads(payload)
        if canonical(statement) != payload:
            raise EnvelopeError("the statement is not in its one form (RFC 8785)")
    except (orjson.JSONDecodeError, NotCanonicalError):
        raise EnvelopeError("what was signed is not JSON") from None
    if not isinstance(statement, dict) or statement.get("_type") != STATEMENT:
        raise EnvelopeError(f"what was signed is no in-toto statement ({STATEMENT})")
    if statement.get("predicateType") != PREDICATE:
        raise EnvelopeError(f"the statement is about {shown(statement.get('predicateType'))}, not {PREDICATE}")
    if statement.keys() != {"_type", "subject", "predicateType", "predicate"}:
        raise EnvelopeError("the statement has other fields than it should")
    try:
        verdict = parse(orjson.dumps(statement["predicate"]), "the statement")
        consistent(verdict, "the statement")
        about = subjects(verdict)
    except InputError as error:
        raise EnvelopeError(f"the statement holds {error.found}") from None
    except ValueError as error:
        raise EnvelopeError(f"the statement holds a verdict of which {error}") from None
    if statement["subject"] != about:
        raise EnvelopeError("the subjects of the statement are not those of its verdict")
    return verdict
