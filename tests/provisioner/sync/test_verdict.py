"""The signed verdict that an environment demands: what counts as one, and what a sync keeps of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lychgate.policies.preflight.examples import PRODUCTION
from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.models.platform import read_platform
from lychgate.provisioner.sync import verdict_facts
from lychgate.provisioner.sync.planning import State
from lychgate.provisioner.sync.preflight import collect
from lychgate.provisioner.sync.verdict_facts import judged_by, signed_verdict, trusted_files, verdict_within
from lychgate.reports.evidence.entering import Told, entry_of
from lychgate.reports.signing.keyless import TOKEN, read_keyless_signer
from lychgate.reports.signing.keys import read_signer
from lychgate.reports.signing.statement import sign

from lychgate.judging.preflight import ask, preflight_rules
from lychgate.judging.waivers import Waivers
from lychgate.model.errors import InputError
from lychgate.model.sync_request import SignedVerdict
from lychgate.model.values import Unknown
from tests.provisioner.sync.test_preflight import git, platform_in
from tests.provisioner.sync.test_sync_command import lychgate
from tests.reports.conftest import of
from tests.reports.signing.key_files import key_files
from tests.reports.signing.sigstore_services import ISSUER, WHO, Services, serving, token

COMMIT = "353cff9cb01995b61488d8b6b0df4e33bcf00e65"
STACK = "payments.production.acme"
NOW = datetime(2026, 11, 26, 6, tzinfo=UTC)
DEMAND = "signed_verdict: {keys: [keys/gate.pub, keys/next.pub], max_age_hours: 12}\n"
RULE = preflight_rules()["sync-without-signed-verdict"]


@pytest.fixture
def platform(tmp_path: Path) -> Path:
    """A platform that demands it, and beside it the private keys of three."""
    place = platform_in(tmp_path, lambda text: text + DEMAND)
    (place / "keys").mkdir()
    for name in ("gate", "next", "other"):
        (tmp_path / name).mkdir()
        private, public = key_files(tmp_path / name, "ecdsa" if name == "next" else "ed25519")
        Path(private).rename(tmp_path / f"{name}.pem")
        if name != "other":
            Path(public).rename(place / "keys" / f"{name}.pub")
    return place


@pytest.fixture
def scope(platform: Path) -> Scope:
    return Scope(read_platform(platform), "payments", "production", "acme")


@pytest.fixture
def verdict() -> dict[str, Any]:
    made = deepcopy(of([]))
    made["run"] |= {"commit": COMMIT, "inputs": {"platform": "c" * 64}}
    made["stacks"] = [
        {"name": f"{project}/{stack}", "project": project, "stack": stack, "account": "1", "region": "r"}
        for project, stack in (("platform", STACK), ("elsewhere", "payments.production.globex"))
    ]
    return made


@pytest.fixture
def signed(tmp_path: Path, verdict: dict[str, Any]) -> Callable[..., Path]:
    def make(key: str = "gate", **run: Any) -> Path:
        changed = verdict | {"run": verdict["run"] | run}
        file = tmp_path / "verdict.intoto.json"
        file.write_bytes(sign(changed, "v", read_signer(str(tmp_path / f"{key}.pem"))))
        return file

    return make


def asked(scope: Scope, file: Path | None, verdict: dict[str, Any], **changes: Any) -> Any:
    """What the rule says of a sync that is judged as the verdict is."""
    request = replace(
        PRODUCTION, commit=COMMIT, now=NOW, verdict_within=verdict_within(scope),
        signed_verdict=signed_verdict(scope, file), judged_by=judged_by(verdict["run"]),
    )  # fmt: skip
    return ask(RULE, replace(request, **changes))


def test_what_a_key_of_the_environments_has_signed_counts(
    scope: Scope, verdict: dict[str, Any], signed: Callable[..., Path]
) -> None:
    for key in ("gate", "next"):
        found = signed_verdict(scope, signed(key))
        assert isinstance(found, SignedVerdict) and len(found.signers) == 1
        assert found.stacks == (STACK,)  # of this platform
        assert asked(scope, signed(key), verdict).outcome == "pass"


def test_what_does_not_count(scope: Scope, verdict: dict[str, Any], signed: Callable[..., Path]) -> None:
    def says(file: Path | None, **changes: Any) -> str:
        answer = asked(scope, file, verdict, **changes)
        assert answer.outcome == "fail"
        return str(answer.message)

    assert says(None) == "production is synced with a signed verdict, and none was given."
    assert says(signed("other")) == "verdict.intoto.json is no signed verdict: no trusted key has signed it."
    # A replay: of the day before, of another commit (even of the same files), of another environment.
    assert "it is older than 12 hours: 2026-11-26 00:00 UTC" in says(signed(), now=NOW + timedelta(hours=7))
    assert "it is of the commit ffffffffffff" in says(signed(commit="f" * 40))
    assert "it is of no commit" in says(signed(commit=None))
    assert "it is of the environment test" in says(signed(environment="test"))
    assert "it is of the future: 2026-11-27 00:00 UTC" in says(signed(as_of="2026-11-27T00:00:00+00:00"))
    assert "it is of the future" in says(signed(as_of="9998-12-31T00:00:00+00:00"))
    assert "it is older" in says(signed(as_of="1970-01-01T00:00:00+00:00"))
    # Judged more leniently, or of files that differ from what was committed.
    assert "not a strict one" in says(signed(strict=False))
    assert "another ruleset" in says(signed(ruleset_digest="f" * 64))
    assert "other rules" in says(signed(rules_digest="f" * 64))
    assert "other files (platform)" in says(signed(inputs={"platform": "f" * 64}))
    assert "other files (waivers w.yaml)" in says(signed(inputs={"platform": "c" * 64, "waivers w.yaml": "d" * 64}))
    assert f"does not hold {STACK}x" in says(signed(), stack=f"{STACK}x")
    # The same name in another project is no stack of the platform.
    assert "does not hold" in says(signed(), stack="payments.production.globex")
    file = signed()
    file.write_bytes(file.read_bytes().replace(b'"payload": "', b'"payload": "AAAA'))
    assert "no trusted key has signed it" in says(file)


def test_keys_and_files_that_cannot_be_read(scope: Scope, platform: Path, signed: Callable[..., Path]) -> None:
    file = signed()
    with pytest.raises(InputError, match="cannot be read"):
        signed_verdict(scope, platform / "none.json")
    key = platform / "keys" / "next.pub"
    key.write_text("no key")
    found = signed_verdict(scope, file)
    assert isinstance(found, Unknown) and found.why.startswith("those who sign verdicts could not be had: no public")
    outside = platform.parent / "outside.pub"
    (platform / "keys" / "gate.pub").rename(outside)
    (platform / "keys" / "gate.pub").symlink_to(outside)
    found = signed_verdict(scope, file)
    assert isinstance(found, Unknown) and "leads out" in found.why
    assert trusted_files(scope) == [platform / "keys" / "gate.pub", key]


def test_an_identity_of_sigstores_counts_in_the_place_of_a_key(
    tmp_path: Path, verdict: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    demand = f"signed_verdict: {{identities: [{{identity: '{WHO}', issuer: '{ISSUER}'}}], trusted_root: root.json}}\n"
    folder = platform_in(tmp_path, lambda text: text + demand)
    scope = Scope(read_platform(folder), "payments", "production", "acme")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    file, trust = tmp_path / "verdict.intoto.json", tmp_path / "trust.json"
    with serving(Services()) as services:
        (folder / "root.json").write_text(json.dumps(services.trust["trustedRoot"]))
        trust.write_text(json.dumps(services.trust))
        for who, outcome in ((WHO, "pass"), (f"{WHO}2", "fail")):
            monkeypatch.setenv(TOKEN, token(who))
            file.write_bytes(sign(verdict, "v", read_keyless_signer(trust)))
            assert asked(scope, file, verdict).outcome == outcome
    assert trusted_files(scope) == [folder / "root.json"]
    (folder / "root.json").write_text("{}")
    found = signed_verdict(scope, file)
    assert isinstance(found, Unknown) and "neither a TrustedRoot" in found.why


def test_without_the_library_nothing_is_known(
    scope: Scope, signed: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = signed()
    monkeypatch.setattr(verdict_facts, "find_spec", lambda name: None)
    found = signed_verdict(scope, file)
    assert isinstance(found, Unknown) and "not installed" in found.why


def test_a_plan_does_not_ask(scope: Scope, signed: Callable[..., Path]) -> None:
    request = collect(scope, as_of=NOW, waivers=Waivers(), state=State(), plan=True, verdict=signed())
    assert isinstance(request.signed_verdict, Unknown) and request.verdict_within == timedelta(hours=12)


def test_nothing_is_demanded_unless_the_environment_says_so(tmp_path: Path) -> None:
    scope = Scope(read_platform(platform_in(tmp_path / "plain")), "payments", "production", "acme")
    assert verdict_within(scope) is None and signed_verdict(scope, tmp_path) is None and trusted_files(scope) == []


@pytest.mark.parametrize(
    "demand",
    [
        "signed_verdict: {keys: []}", "signed_verdict: {keys: [../gate.pub]}", "signed_verdict: {keys: [/gate.pub]}",
        "signed_verdict: {keys: [keys/../../gate.pub]}", "signed_verdict: {keys: [a.pub], max_age_hours: 0}",
        "signed_verdict: {keys: [a.pub], max_age_hours: 1000}", "signed_verdict: {max_age_hours: 1}",
        "signed_verdict: {keys: ['awskms:alias/gate']}", "signed_verdict: {keys: ['']}",
        "signed_verdict: {}", "signed_verdict: {identities: [{identity: a, issuer: 'https://b'}]}",
        "signed_verdict: {keys: [a.pub], trusted_root: r.json}",
        "signed_verdict: {identities: [{identity: '', issuer: 'https://b'}], trusted_root: r.json}",
        "signed_verdict: {identities: [{identity: a, issuer: 'http://b'}], trusted_root: r.json}",
        "signed_verdict: {identities: [{identity: a}], trusted_root: r.json}",
    ],
)  # fmt: skip
def test_a_demand_that_makes_no_sense_is_refused(tmp_path: Path, demand: str) -> None:
    with pytest.raises(InputError, match=r"production\.yaml:\d+"):
        read_platform(platform_in(tmp_path, lambda text: f"{text}{demand}\n"))


@pytest.mark.slow
def test_a_plan_is_signed_and_the_sync_keeps_which(tmp_path: Path, platform: Path) -> None:
    """Without credentials the sync is refused, for other reasons."""
    top = platform.parent
    file = platform / "environments" / "test.yaml"
    text = re.sub(r"backend: \S+", f"backend: file://{tmp_path}", file.read_text())
    file.write_text(re.sub("secrets_provider: .*", "secrets_provider: passphrase", text) + DEMAND)
    (top / "lychgate.yaml").write_text("platform: platform\n")
    git(top, "init", "--quiet", "--initial-branch=main")
    git(top, "add", ".")
    git(top, "commit", "--quiet", "--message=platform")
    sync = ("sync", "notify", "--environment", "test")
    for arguments, why in (
        ((*sync, "--plan", "--verdict", "v.json"), "it is asked for only when applying"),
        ((*sync, "--remove", "--verdict", "v.json"), "a removal has no verdict"),
        ((*sync, "--verdict", "v.json"), "v.json: cannot be read"),
    ):
        done = lychgate(*arguments, cwd=top)
        assert done.returncode == 2 and why in done.stderr, done.stderr
    assert lychgate(*sync, "--plan", "--format", "json", "--output", str(tmp_path / "gate"), cwd=top).returncode == 0
    verdict = tmp_path / "gate" / "verdict.json"
    done = lychgate("sign", str(verdict), "--sign-with", str(tmp_path / "gate.pem"), cwd=top)
    assert done.returncode == 0, done.stderr
    file = tmp_path / "gate" / "verdict.intoto.json"
    done = lychgate(*sync, "--verdict", str(file), cwd=top)
    assert done.returncode == 3 and "✓ sync-without-signed-verdict  pass" in done.stdout, done.stdout + done.stderr
    (record,) = (top / ".lychgate" / "records").iterdir()
    kept = json.loads(record.read_bytes())
    told = json.loads(lychgate("verify", str(file), "--key", str(platform / "keys" / "gate.pub"), "--json").stdout)
    assert kept["request"]["signed_verdict"]["sha256"] == told["sha256"]
    assert kept["request"]["signed_verdict"]["signers"] == told["signed_by"]
    assert kept["verdict"]["run"]["id"] != json.loads(verdict.read_bytes())["run"]["id"]  # it has judged again itself
    assert entry_of(record.read_bytes(), "record", Told()).facts.outcome == "refused"
