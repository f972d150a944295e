"""Signatures by sigstore, against services of the tests' own: only digests leave, and only who is named counts."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterator
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from lychgate.reports.document import render
from lychgate.reports.signing.envelope import EnvelopeError
from lychgate.reports.signing.keyless import TOKEN, read_identity, read_keyless_signer
from lychgate.reports.signing.keys import ServiceError
from lychgate.reports.signing.statement import read_signed, sign
from securesystemslib.signer import CryptoSigner

from lychgate.cli import main
from lychgate.model.errors import InputError
from tests.reports.signing.sigstore_services import ISSUER, WHO, Services, serving, token

Json = dict[str, Any]


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    for name in ("GITLAB_CI", "GITHUB_ACTIONS", "BUILDKITE", "CIRCLECI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv(TOKEN, token())
    with serving(Services()) as found:
        yield found


@pytest.fixture
def trust(services: Services, tmp_path: Path) -> Path:
    file = tmp_path / "trust.json"
    file.write_text(json.dumps(services.trust))
    return file


@pytest.fixture
def signed(judged: Json, trust: Path) -> bytes:
    return sign(judged, "v.json", read_keyless_signer(trust))


def test_a_job_signs_as_what_it_is(
    judged: Json, signed: bytes, trust: Path, services: Services, tmp_path: Path
) -> None:
    found = read_signed(signed, [read_identity(WHO, ISSUER, trust)])
    assert found.verdict["run"] == judged["run"]
    assert found.signers == (f"{WHO} (by {ISSUER})",)
    # A TrustedRoot alone is enough to verify by, and nothing is asked then.
    root = tmp_path / "root.json"
    root.write_text(json.dumps(services.trust["trustedRoot"]))
    services.refuses = {"/": 500}
    assert read_signed(signed, [read_identity(WHO, ISSUER, root)]).sha256 == found.sha256


def test_only_digests_leave(judged: Json, signed: bytes, services: Services) -> None:
    (entry,) = services.logged
    assert json.loads(entry)["kind"] == "hashedrekord" and len(entry) < 3000
    assert judged["run"]["id"].encode() not in entry and services.tokens[0].encode() not in signed


def test_of_several_who_count_each_may_have_signed(signed: bytes, trust: Path) -> None:
    us, others = read_identity(WHO, ISSUER, trust), [read_identity(f"{WHO}{one}", ISSUER, trust) for one in range(2)]
    for trusted in ([us, *others], [*others, us], [us, us]):
        assert read_signed(signed, trusted).signers == (f"{WHO} (by {ISSUER})",)


def test_nobody_else_counts(signed: bytes, trust: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    with serving(Services()) as theirs:
        other.write_text(json.dumps(theirs.trust))
    for who in (
        read_identity(WHO.replace("main", "main2"), ISSUER, trust), read_identity(WHO, f"{ISSUER}.evil", trust),
        read_identity("", ISSUER, trust), read_identity(WHO, ISSUER, other), read_identity(ISSUER, WHO, trust),
    ):  # fmt: skip
        with pytest.raises(EnvelopeError, match="no trusted key"):
            read_signed(signed, [who])


def test_another_may_have_signed_as_well(judged: Json, signed: bytes, signer: CryptoSigner, trust: Path) -> None:
    both = json.loads(signed)
    both["signatures"] += json.loads(sign(judged, "v.json", signer))["signatures"]
    data = json.dumps(both).encode()
    assert len(read_signed(data, [signer.public_key, read_identity(WHO, ISSUER, trust)]).signers) == 2
    assert read_signed(data, [signer.public_key]).others == ("sigstore",)


def test_nothing_of_it_may_be_changed(judged: Json, signed: bytes, trust: Path, services: Services) -> None:
    who, whole = read_identity(WHO, ISSUER, trust), json.loads(signed)

    def changed(**changes: Any) -> bytes:
        made = deepcopy(whole)
        made["signatures"][0] |= changes
        return json.dumps(made).encode()

    bundle = whole["signatures"][0]["bundle"]
    entry = bundle["verificationMaterial"]["tlogEntries"][0]
    other = judged | {"lookups": [{"stack": "s", "token": "t", "arguments": {}, "answered": "a"}]}
    another = json.loads(sign(other, "v", read_keyless_signer(trust)))
    theirs = another["signatures"][0]
    hostile = [
        changed(bundle=None), changed(bundle={}), changed(sig=base64.b64encode(b"x").decode()),
        changed(bundle=theirs["bundle"]), changed(**theirs), changed(bundle=bundle | {"mediaType": "x"}),
        changed(bundle=bundle | {"verificationMaterial": theirs["bundle"]["verificationMaterial"]}),
        changed(bundle=bundle | {"messageSignature": theirs["bundle"]["messageSignature"]}),
        json.dumps(whole | {"payload": another["payload"]}).encode(),
    ]  # fmt: skip
    for place, value in (
        (("integratedTime",), str(int(entry["integratedTime"]) + 1)),
        (("inclusionPromise", "signedEntryTimestamp"), base64.b64encode(b"x" * 70).decode()),
        (("inclusionProof", "rootHash"), base64.b64encode(b"x" * 32).decode()),
        (("inclusionProof", "checkpoint", "envelope"), "stand-in\n1\nAAAA\n\n\u2014 stand-in AAAAAAAA\n"),
        (("canonicalizedBody",), base64.b64encode(b"{}").decode()),
    ):
        made = deepcopy(bundle)
        at = made["verificationMaterial"]["tlogEntries"][0]
        for step in place[:-1]:
            at = at[step]
        at[place[-1]] = value
        hostile.append(changed(bundle=made))
    for data in hostile:
        with pytest.raises(EnvelopeError):
            read_signed(data, [who])


def test_a_certificate_does_not_sign_after_its_time(judged: Json, trust: Path, services: Services) -> None:
    services.late = timedelta(minutes=30)
    with pytest.raises(ServiceError, match="does not hold"):
        sign(judged, "v.json", read_keyless_signer(trust))


def test_a_certificate_that_no_log_knows_is_refused(judged: Json, trust: Path, services: Services) -> None:
    services.transparency = Services().transparency
    with pytest.raises(ServiceError, match="SCT"):
        sign(judged, "v.json", read_keyless_signer(trust))


@pytest.mark.parametrize("part", ["signingCert", "entries"])
def test_a_service_that_refuses_is_told(judged: Json, trust: Path, services: Services, part: str) -> None:
    services.refuses = {part: 503}
    with pytest.raises(ServiceError) as told:
        sign(judged, "v.json", read_keyless_signer(trust))
    assert services.tokens == [] or services.tokens[0] not in str(told.value)


def test_a_token_that_is_none(trust: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for given, why in (
        ("secret-that-is-no-token", "malformed"),
        (token(exp=1), "malformed"),
        (token(aud="https://gitlab.example.com"), "malformed"),
        ("", "there is no identity token"),
    ):
        monkeypatch.setenv(TOKEN, given)
        with pytest.raises(InputError, match=why) as told:
            read_keyless_signer(trust)
        assert not given or given not in str(told.value)
    monkeypatch.setenv("GITLAB_CI", "true")
    with pytest.raises(InputError, match="SIGSTORE_ID_TOKEN"):
        read_keyless_signer(trust)


def test_a_trust_that_is_none(services: Services, tmp_path: Path) -> None:
    file = tmp_path / "t.json"
    for content in ("", "{}", "[]", "\ud800".encode(errors="surrogatepass"), '{"trustedRoot": 7}', "[" * 10_000):
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        with pytest.raises(InputError, match=r"t\.json"):
            read_keyless_signer(file)
        with pytest.raises(InputError, match=r"t\.json"):
            read_identity(WHO, ISSUER, file)
    for read in (read_keyless_signer, lambda file: read_identity(WHO, ISSUER, file)):
        with pytest.raises(InputError, match="cannot be read"):
            read(tmp_path / "none.json")


def test_as_a_job_of_a_pipeline_uses_it(
    judged: Json, trust: Path, services: Services, tmp_path: Path, capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["lychgate", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), *capfd.readouterr()

    (tmp_path / "verdict.json").write_bytes(render(judged))
    status, out, err = run("sign", tmp_path / "verdict.json", "--sign-with", "sigstore", "--trust", trust)
    assert (status, err) == (0, "") and f"signed by {WHO} (by {ISSUER})" in out
    who = ("--identity", WHO, "--issuer", ISSUER, "--trust", trust)
    status, out, _ = run("verify", tmp_path / "verdict.intoto.json", *who, "--clean")
    assert status == 0 and f"  signed by    {WHO} (by {ISSUER})" in out
    services.refuses = {"signingCert": 403}
    (tmp_path / "verdict.intoto.json").unlink()
    status, out, err = run("sign", tmp_path / "verdict.json", "--sign-with", "sigstore", "--trust", trust)
    assert (status, out) == (4, "") and err.count("\n") == 1 and not (tmp_path / "verdict.intoto.json").exists()
