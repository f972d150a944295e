"""The signed verdict that an environment demands, and what a file that was given in its place says."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.sync.capturing import PROJECT
from lychgate.provisioner.sync.facts import fact

from lychgate.model.sync_request import Fact, JudgedBy, SignedVerdict, UnsignedVerdict
from lychgate.model.values import Unknown
from lychgate.sources.files import read

if TYPE_CHECKING:
    from securesystemslib.signer import Key  # type: ignore[attr-defined]  # it has no __all__


def verdict_within(scope: Scope) -> timedelta | None:
    """How old the verdict may be that the environment demands; None where it demands none."""
    demanded = scope.environment.signed_verdict
    return timedelta(hours=demanded.max_age_hours) if demanded else None


def trusted_files(scope: Scope) -> list[Path]:
    """The files that say whose signatures count."""
    demanded, folder = scope.environment.signed_verdict, scope.platform.folder
    if demanded is None:
        return []
    return [folder / name for name in (*demanded.keys, *([demanded.trusted_root] if demanded.trusted_root else []))]


def judged_by(run: dict[str, Any]) -> JudgedBy:
    """By what a verdict judges."""
    return JudgedBy(run["ruleset_digest"], run["rules_digest"], run["inputs"])


def signed_verdict(scope: Scope, file: Path | None) -> Fact[SignedVerdict | UnsignedVerdict | None]:
    """What was given. Raises InputError for a file that cannot be read."""
    if file is None or scope.environment.signed_verdict is None:
        return None
    if find_spec("securesystemslib") is None:
        return Unknown("what verifies signatures is not installed: lychgate[signing]")
    from lychgate.reports.signing.envelope import EnvelopeError
    from lychgate.reports.signing.keys import read_file
    from lychgate.reports.signing.statement import MAX_BYTES, read_signed

    data = read_file(str(file), MAX_BYTES)
    keys = fact("those who sign verdicts", lambda: _trusted(scope))
    if isinstance(keys, Unknown):
        return keys
    try:
        found = read_signed(data, keys)
    except EnvelopeError as error:
        return UnsignedVerdict(file.name, hashlib.sha256(data).hexdigest(), str(error))
    run = found.verdict["run"]
    return SignedVerdict(
        file=file.name,
        sha256=found.sha256,
        signers=found.signers,
        decision=found.verdict["decision"],
        strict=run["strict"],
        environment=run["environment"],
        commit=run["commit"],
        stacks=tuple(one["stack"] for one in found.verdict["stacks"] if one["project"] == PROJECT),
        as_of=datetime.fromisoformat(run["as_of"]),
        judged_by=judged_by(run),
    )


def _trusted(scope: Scope) -> list[Key]:
    """Whose signatures count. Raises InputError."""
    from lychgate.reports.signing.keyless import identity_of
    from lychgate.reports.signing.keys import key_of

    demanded, folder = scope.environment.signed_verdict, scope.platform.folder
    assert demanded is not None

    def content(name: str) -> bytes:
        return read(folder / name, within=folder)

    found: list[Key] = [key_of(content(name), name) for name in demanded.keys]
    if root := demanded.trusted_root:
        found += [identity_of(one.identity, one.issuer, content(root), root) for one in demanded.identities]
    return found
