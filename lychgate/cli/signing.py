"""`lychgate sign, verify`: a verdict becomes a signed file, and what such a file proves."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import wraps
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec

import orjson

from lychgate.model.age import untimely
from lychgate.model.errors import InputError
from lychgate.model.escaping import escape, flat
from lychgate.reports import renderer, replace

if TYPE_CHECKING:
    from securesystemslib.signer import Key  # type: ignore[attr-defined]

    from lychgate.reports.signing.statement import Signed

VERIFIED, NOT, REFUSED = 0, 1, 4
SIGSTORE = "sigstore"
SUFFIX = ".intoto.json"
NOT_PROVEN = "a signature says who recorded the verdict, not that it is true"

P = ParamSpec("P")


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyOptions:
    """What was asked on the command line."""

    file: Path
    keys: Sequence[str]
    identity: str | None
    issuer: str | None
    trust: Path | None
    verdict: Path | None
    commit: str | None
    programs: Sequence[Path]
    output: Path | None
    stacks: Sequence[str]
    max_age: float | None
    clean: bool
    into: Path | None
    json: bool


@dataclass(slots=True)
class Told:
    """What came of it: why it is not as it says, and the inputs whose digests were computed again."""

    reasons: list[str] = field(default_factory=list)
    compared: list[str] = field(default_factory=list)


def refusals(command: Callable[P, int]) -> Callable[P, int]:
    """An outside service that refuses is no defect: its word, and the exit status for it."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> int:
        if find_spec("securesystemslib") is None:
            expected = "lychgate[signing]: pip install 'lychgate[signing]'"
            raise InputError("signing", found="what signs is not installed", expected=expected)
        from lychgate.reports.signing.keys import ServiceError

        try:
            return command(*args, **kwargs)
        except ServiceError as error:
            print(f"lychgate: {escape(str(error))}", file=sys.stderr)
            return REFUSED

    return run


@refusals
def sign(verdict: Path, reference: str, into: Path | None, trust: Path | None) -> int:
    """Write a signed verdict."""
    from lychgate.reports.document import read
    from lychgate.reports.signing.keyless import read_keyless_signer
    from lychgate.reports.signing.keys import read_signer, who
    from lychgate.reports.signing.statement import sign as signed

    target = into or (verdict.with_suffix(SUFFIX) if verdict.suffix == ".json" else Path(f"{verdict}{SUFFIX}"))
    if trust is not None and reference != SIGSTORE:
        raise InputError("--trust", found="a key needs no sigstore", expected=f"--sign-with {SIGSTORE}")
    document = read(verdict)
    signer = read_keyless_signer(trust) if reference == SIGSTORE else read_signer(reference)
    data = signed(document, str(verdict), signer)
    try:
        replace(target, data)
    except OSError as error:
        raise InputError(str(target), found=f"cannot be written: {error.strerror}", expected="a file") from None
    print(flat(f"{target}: {document['decision']}, signed by {who(signer.public_key)}"))
    return VERIFIED


@refusals
def verify(options: VerifyOptions) -> int:
    """Say what a signed verdict proves, and what not."""
    from lychgate.reports.signing.envelope import EnvelopeError
    from lychgate.reports.signing.keys import read_file
    from lychgate.reports.signing.statement import MAX_BYTES, read_signed

    keys = _keys(options)
    data = read_file(str(options.file), MAX_BYTES)
    told, found = Told(), None
    try:
        found = read_signed(data, keys)
    except EnvelopeError as error:
        told.reasons.append(str(error))
    else:
        told.reasons += _differences(options, found, told)
    if found and options.into and not told.reasons:
        _extract(found, options.into)
    _print(options, found, told) if options.json else _show(options, found, told)
    return NOT if told.reasons else VERIFIED


def _keys(options: VerifyOptions) -> list[Key]:
    """Whose signatures count. Raises InputError."""
    from lychgate.reports.signing.keyless import read_identity
    from lychgate.reports.signing.keys import read_key

    if bool(options.identity) != bool(options.issuer):
        missing = "--issuer" if options.identity else "--identity"
        raise InputError(missing, found="anybody can be anybody somewhere", expected="--identity and --issuer")
    if options.trust is not None and not options.identity:
        raise InputError("--trust", found="a key needs no sigstore", expected="--identity and --issuer beside it")
    found: list[Key] = [read_key(key) for key in options.keys]
    if options.identity and options.issuer:
        found.append(read_identity(options.identity, options.issuer, options.trust))
    if not found:
        raise InputError("verify", found="nobody whose signature counts", expected="--key, or --identity and --issuer")
    return found


def _differences(options: VerifyOptions, found: Signed, told: Told) -> Iterator[str]:
    """What is not as was asked."""
    verdict, run = found.verdict, found.verdict["run"]
    if options.verdict and not _same(verdict, options.verdict):
        yield f"{options.verdict} is another document than the one that was signed"
    if options.commit and run["commit"] != options.commit:
        yield f"it is a verdict on the commit {run['commit']}, not {options.commit}"
    for stack in options.stacks:
        if not any(stack in (one["name"], one["stack"]) for one in verdict["stacks"]):
            yield f"it does not hold the stack {stack}"
    if options.clean and (verdict["decision"] != "clean" or not run["strict"]):
        yield f"its decision is {verdict['decision']}" + ("" if run["strict"] else ", and not a strict one")
    if options.max_age is not None:
        most = timedelta(hours=options.max_age)
        if why := untimely(datetime.fromisoformat(run["as_of"]), datetime.now(UTC), most):
            yield why
    for folder in options.programs:
        yield from _other_program(folder, options.output, run["inputs"], told)


def _same(verdict: dict[str, Any], file: Path) -> bool:
    from lychgate.reports.document import read
    from lychgate.reports.evidence.canonical import canonical

    return canonical(read(file)) == canonical(verdict)


def _other_program(folder: Path, output: Path | None, inputs: dict[str, str], told: Told) -> Iterator[str]:
    """Whether a folder holds the program that was judged, as `check` computes its digest."""
    from lychgate.sources.digests import of_folder
    from lychgate.sources.program.project import read_project

    project = read_project(folder)
    named = [name for name in inputs if name.startswith(f"program {project.name} in ")]
    same = [name for name in named if inputs[name] == of_folder(project.folder, output)]
    told.compared += same
    if not named:
        yield f"no program {project.name} is among its inputs"
    elif not same:
        yield f"{folder} holds another program than {' or '.join(named)}"


def _extract(found: Signed, into: Path) -> None:
    """Write the verdict: as it is, or on paper with who has signed it on the cover."""
    if into.suffix == ".pdf":
        data = renderer("pdf")(found.verdict, found.signers)
    else:
        data = renderer("json")(found.verdict)
    try:
        replace(into, data)
    except OSError as error:
        raise InputError(str(into), found=f"cannot be written: {error.strerror}", expected="a file") from None


def _not_compared(found: Signed, told: Told) -> list[str]:
    return [name for name in found.verdict["run"]["inputs"] if name not in told.compared]


def _print(options: VerifyOptions, found: Signed | None, told: Told) -> None:
    about: dict[str, Any] = {}
    if found:
        run, names = found.verdict["run"], ("environment", "strict", "as_of", "commit", "policy_ref", "ruleset")
        about = {
            "sha256": found.sha256,
            "signed_by": list(found.signers),
            "other_signatures": list(found.others),
            "decision": found.verdict["decision"],
            **{name: run[name] for name in (*names, "ruleset_digest", "rules_digest")},
            "stacks": [one["name"] for one in found.verdict["stacks"]],
            "compared": told.compared,
            "not_compared": _not_compared(found, told),
        }
    whole = {"verified": not told.reasons, "reasons": told.reasons, **about, "not_proven": [NOT_PROVEN]}
    sys.stdout.buffer.write(orjson.dumps(whole, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def _show(options: VerifyOptions, found: Signed | None, told: Told) -> None:
    print(flat(f"{'not verified' if told.reasons else 'verified'}: {options.file}"))
    for reason in told.reasons:
        print(flat(f"  {reason}"))
    if found is None:
        return
    verdict, run = found.verdict, found.verdict["run"]
    lines = [("signed by", one) for one in found.signers]
    lines += [("verdict", f"{verdict['decision']}{'' if run['strict'] else ', not strict'}, as of {run['as_of']}")]
    lines += [("environment", run["environment"]), ("commit", run["commit"] or "none is named")]
    lines += [("ruleset", f"{run['ruleset']} {run['ruleset_digest']}")]
    lines += [("stack", one["name"]) for one in verdict["stacks"]]
    lines += [("compared", name) for name in told.compared]
    lines += [("not compared", name) for name in _not_compared(found, told)]
    lines += [("not proven", f"the signature of {one or 'one without a key id'}") for one in found.others]
    lines += [("not proven", NOT_PROVEN)]
    for name, text in lines:
        print(flat(f"  {name.ljust(13)}{text}"))
