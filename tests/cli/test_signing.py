"""`lychgate sign` and `lychgate verify`, as a job of a pipeline uses them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Run, lay
from tests.reports.signing.key_files import key_files

Command = Callable[..., Run]
QUEUE = {
    "Pulumi.yaml": "name: shop\nruntime: python\n",
    "__main__.py": 'import pulumi_aws as aws\naws.sqs.Queue("jobs")\n',
}


@pytest.fixture
def judged(tmp_path: Path, cheap: Command) -> Path:
    """A folder with a program, its verdict, and keys."""
    assert cheap("check", lay(tmp_path / "shop", QUEUE), "--output", tmp_path / "out", "--format", "json").status == 1
    key_files(tmp_path)
    return tmp_path


def test_a_verdict_is_signed_and_verified(judged: Path, cheap: Command) -> None:
    file = judged / "out" / "verdict.json"
    run = cheap("sign", file, "--sign-with", judged / "ed25519.pem")
    assert (run.status, run.stderr) == (0, "")
    assert run.stdout.startswith(f"{judged}/out/verdict.intoto.json: findings, signed by the key ")
    signed, key = judged / "out" / "verdict.intoto.json", judged / "ed25519.pub"
    run = cheap(
        "verify", signed, "--key", key, "--verdict", file, "--program", judged / "shop", "--stack", "dev",
        "--max-age", 1, "--into", judged / "again.json",
    )  # fmt: skip
    assert run.status == 0, run.stdout
    assert run.stdout.startswith(f"verified: {signed}\n  signed by    the key ")
    for line in ("verdict      findings, as of ", "compared     program shop in ", "stack        shop/dev"):
        assert f"\n  {line}" in run.stdout
    assert run.stdout.endswith("not proven   a signature says who recorded the verdict, not that it is true\n")
    assert (judged / "again.json").read_bytes() == file.read_bytes()
    assert cheap("report", judged / "again.json", "--format", "markdown").status == 0


def test_the_assessors_paper_names_who_has_signed(judged: Path, cheap: Command) -> None:
    from pypdf import PdfReader

    file = judged / "out" / "verdict.json"
    assert cheap("sign", file, "--sign-with", judged / "ed25519.pem").status == 0
    signed, paper = judged / "out" / "verdict.intoto.json", judged / "signed.pdf"
    run = cheap("verify", signed, "--key", judged / "ed25519.pub", "--into", paper)
    (keyid,) = json.loads(signed.read_text())["signatures"]
    cover = "".join(PdfReader(paper).pages[0].extract_text().replace("\u200b", "").split())
    assert run.status == 0 and f"Signerthekey{keyid['keyid']}" in cover
    (judged / "other").mkdir()
    other = key_files(judged / "other")[1]
    assert cheap("verify", signed, "--key", other, "--into", judged / "no.pdf").status == 1
    assert not (judged / "no.pdf").exists()


def test_each_thing_that_is_not_as_asked_is_a_line(judged: Path, cheap: Command) -> None:
    file, signed = judged / "out" / "verdict.json", judged / "signed.json"
    (judged / "other").mkdir()
    assert cheap("sign", file, "--sign-with", judged / "ed25519.pem", "--into", signed).status == 0
    document = json.loads(file.read_text())
    (judged / "changed.json").write_text(json.dumps(document | {"lookups": [], "not_inspected": [
        {"stack": "s", "urn": "u", "type": "t", "why": "w"}]}))  # fmt: skip
    (judged / "shop" / "new.py").write_text("")
    lay(judged / "another", QUEUE | {"Pulumi.yaml": "name: another\nruntime: python\n"})
    run = cheap(
        "verify", signed, "--key", judged / "ed25519.pub", "--verdict", judged / "changed.json", "--commit", "a" * 40,
        "--program", judged / "shop", "--program", judged / "another", "--stack", "prod", "--stack", "shop/dev",
        "--clean", "--max-age", 0, "--into", judged / "no.json",
    )  # fmt: skip
    assert run.status == 1 and not (judged / "no.json").exists()
    said = run.stdout.split("\n  signed by")[0].splitlines()
    assert said[0] == f"not verified: {signed}"
    wanted = (
        "changed.json is another document than the one that was signed", f"not {'a' * 40}", "not hold the stack prod",
        "decision is findings", "older than 0 hours", "shop holds another program than program shop in ",
        "no program another is among its inputs",
    )  # fmt: skip
    assert len(said) == len(wanted) + 1
    for line, part in zip(said[1:], wanted, strict=True):
        assert part in line
    assert "not compared program shop" in run.stdout
    told = json.loads(cheap("verify", signed, "--key", judged / "ed25519.pub", "--clean", "--json").stdout)
    assert told["verified"] is False and told["reasons"] == ["its decision is findings"]
    assert told["decision"] == "findings" and told["signed_by"] and told["not_compared"]


def test_a_lenient_verdict_is_not_clean(judged: Path, cheap: Command, tmp_path: Path) -> None:
    """What no rule could decide is left aside without --strict."""
    program = lay(tmp_path / "none", {"Pulumi.yaml": QUEUE["Pulumi.yaml"], "__main__.py": "import pulumi\n"})
    for option, status in (("--no-strict", 1), ("--strict", 0)):
        assert cheap("check", program, option, "--output", tmp_path / "o", "--format", "json").status == 0
        assert cheap("sign", tmp_path / "o" / "verdict.json", "--sign-with", judged / "ed25519.pem").status == 0
        run = cheap("verify", tmp_path / "o" / "verdict.intoto.json", "--key", judged / "ed25519.pub", "--clean")
        assert run.status == status
        assert ("its decision is clean, and not a strict one" in run.stdout) is bool(status)


def test_nothing_is_told_of_what_nobody_has_signed(judged: Path, cheap: Command) -> None:
    other = key_files(judged, "ecdsa")[1]
    assert cheap("sign", judged / "out" / "verdict.json", "--sign-with", judged / "ed25519.pem").status == 0
    run = cheap("verify", judged / "out" / "verdict.intoto.json", "--key", other)
    assert run.status == 1 and run.stdout.splitlines()[1:] == ["  no trusted key has signed it"]
    told = json.loads(cheap("verify", judged / "out" / "verdict.intoto.json", "--key", other, "--json").stdout)
    assert told.keys() == {"verified", "reasons", "not_proven"}


def test_an_error_is_one_message_and_nothing_is_written(
    judged: Path, cheap: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, key = judged / "out" / "verdict.json", judged / "ed25519.pem"
    (judged / "no.json").write_text('{"version": "\\u001b[31m"}')
    monkeypatch.delenv("GITLAB_CI", raising=False)
    for arguments, said in (
        (["sign", judged / "none.json", "--sign-with", key], "none.json: cannot be read"),
        (["sign", judged / "no.json", "--sign-with", key], "no.json: no verdict"),
        (["sign", file, "--sign-with", judged / "ed25519.pub"], "no key that can be used"),
        (["sign", file, "--sign-with", judged / "none.pem"], "none.pem: cannot be read"),
        (["sign", file, "--sign-with", key, "--into", judged / "no" / "where.json"], "cannot be written"),
        (["sign", file, "--sign-with", key, "--trust", file], "a key needs no sigstore"),
        (["sign", file, "--sign-with", "sigstore"], "there is no identity token"),
        (["verify", judged / "none.json", "--key", judged / "ed25519.pub"], "none.json: cannot be read"),
        (["verify", file, "--key", key], "no public key"),
        (["verify", file], "nobody whose signature counts"),
        (["verify", file, "--identity", "a@example.com"], "--issuer: anybody can be anybody somewhere"),
        (["verify", file, "--issuer", "https://example.com"], "--identity: anybody"),
        (["verify", file, "--key", judged / "ed25519.pub", "--trust", file], "a key needs no sigstore"),
        (["report", judged / "envelope.json"], "lychgate verify"),
    ):
        if "report" in arguments:
            assert cheap("sign", file, "--sign-with", key, "--into", judged / "envelope.json").status == 0
        run = cheap(*arguments)
        assert run.status == 2, arguments
        assert said in run.stderr and run.stderr.count("\n") == 1
        assert run.stdout == ""
    assert not (judged / "out" / "verdict.intoto.json").exists()
