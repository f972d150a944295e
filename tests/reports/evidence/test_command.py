"""`lychgate evidence`, as an assessor and a pipeline use it."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from lychgate.reports.evidence.store import Store

from lychgate.cli import main
from tests.reports.evidence.documents import sync, verdict
from tests.reports.evidence.records import Clock, fill, tamper
from tests.reports.signing.key_files import key_files

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    for name in [*os.environ]:
        if name.startswith(("CI_", "GITLAB_", "LYCHGATE_")):
            monkeypatch.delenv(name)

    def command(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["lychgate", "evidence", *map(str, arguments)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        return int(ended.value.code or 0), out, err

    return command


def left(folder: Path, **documents: Any) -> list[Path]:
    """Files as jobs leave them."""
    for name, document in documents.items():
        (folder / f"{name}.json").write_bytes(orjson.dumps(document))
    return [folder / f"{name}.json" for name in documents]


def test_the_path_of_an_assessor(run: Run, address: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LYCHGATE_EVIDENCE", address)
    monkeypatch.setenv("CI_PIPELINE_URL", "https://gitlab.example/shop/-/pipelines/6")
    monkeypatch.setenv("GITLAB_USER_LOGIN", "lee")
    private, public = key_files(tmp_path)
    files = left(
        tmp_path, check=verdict("bank/production", outcome="fail"), first=sync(run="f", database="waived"),
        refused=sync(run="r", outcome=None, database="fail"), other=sync("shop.production.globex", "failed", run="o"),
    )  # fmt: skip
    status, out, _ = run("import", *files)
    assert status == 0 and "record 2: sync shop.production.acme" in out
    status, out, _ = run("import", *files[:2])
    assert status == 0 and out.count("already, and is left out") == 2
    assert run("checkpoint", "--into", "points", "--sign-with", private)[0] == 0

    status, out, _ = run("list")
    assert status == 0 and [line.split()[0] for line in out.splitlines()] == ["record", "1", "2", "3", "4"]
    assert "lee" in out.splitlines()[1] and "pipelines/6" in out.splitlines()[1]
    assert "applied clean" in out and "refused findings" in out
    status, out, _ = run("list", "--decision", "refused", "--json")
    assert [one["sequence"] for one in orjson.loads(out)["records"]] == [3]

    question = ("show", "--at", "2100-01-01", "--requirement", "3.6", "--type", "aws:rds/*", "--in-scope")
    proof = ("--checkpoints", "points", "--key", public)
    status, out, err = run(*question, *proof)
    assert status == 0
    assert "record 2  sync shop.production.acme" in out and "record 3" not in out
    assert "ledger  aws:rds/cluster:Cluster  platform/shop.production.acme  cardholder, in scope" in out
    assert "waived          rds-storage-without-customer-key  PCI DSS 3.6.1.1" in out
    assert "waiver SEC-7 of jo, approved by kim, until 2026-05-31: moves in May" in out
    assert "receipts" not in out and "globex" not in out and "intact  4 records" in out
    assert "bank/production: judged in a check; that it was deployed is not recorded" in err
    assert "shop.production.globex: a sync since was failed (record 4)" in err
    status, out, _ = run(*question, *proof, "--json")
    told = orjson.loads(out)
    assert told["integrity"]["proven_to"] == 4 and {one["outcome"] for one in told["judgements"]} == {"fail", "waived"}
    assert run("show", "--at", "2000-01-01")[1].startswith("0 judgements in 0 records")
    assert "waiver SEC-7" in run("show", "--waivers")[1]
    status, out, _ = run("show", 2)
    assert status == 0 and "program shop " + "c" * 64 in out and "2 create" in out and "sync-of-a-locked-stack" in out
    assert orjson.loads(run("show", 2, "--json")[1])["document"]["request"]["requester"] == "jo"

    tamper(Store.open(address), "UPDATE evidence_record SET requester = 'sam' WHERE sequence = 3")
    status, out, _ = run("verify", *proof)
    assert status == 1 and "record 3: its header is not what its hash was made of" in out
    assert run("show", 2)[0] == 1 and run("checkpoint", "--into", "points", "--sign-with", private)[0] == 1
    assert run("export", "all.tar.gz")[0] == 1 and not Path("all.tar.gz").exists()


def test_a_record_shows_the_signed_verdict_that_was_demanded(run: Run, tmp_path: Path) -> None:
    first, second, third = sync(run="a"), sync(run="b", outcome=None), sync(run="c")
    signed = {"file": "v.intoto.json", "sha256": "9" * 64, "signers": ["the key 7f\x1b[31m"], "decision": "clean"}
    first["request"]["signed_verdict"] = signed
    second["request"]["signed_verdict"] = {"file": "v.json", "sha256": "8" * 64, "why": "no trusted key has signed it"}
    third["request"]["signed_verdict"] = {"unknown": "the keys could not be had"}
    assert run("import", *left(tmp_path, first=first, second=second, third=third))[0] == 0
    assert f"signed      {'9' * 64} by the key 7f\\x1b[31m" in run("show", 1)[1]
    assert f"signed      {'8' * 64} by nobody that counts" in run("show", 2)[1]
    assert "signed" not in run("show", 3)[1]


def test_an_archive_is_verified_with_a_shell_alone(run: Run, tmp_path: Path) -> None:
    private, public = key_files(tmp_path)
    documents = {f"v{number}": verdict(run=str(number), name='=cmd|"x"!A1') for number in range(5)}
    documents["v3"]["resources"][0]["labels"]["tenant"] = "=HYPERLINK(1)"
    run("import", *left(tmp_path, **documents))
    run("checkpoint", "--into", "points", "--sign-with", private)
    arguments = ("--first", 2, "--last", 4, "--checkpoints", "points", "--key", public)
    status, out, _ = run("export", "range.tar.gz", *arguments)
    assert status == 0 and "3 records, 2 to 4" in out
    first = Path("range.tar.gz").read_bytes()
    run("export", "range.tar.gz", *arguments)
    assert Path("range.tar.gz").read_bytes() == first

    folder = tmp_path / "assessor"
    with tarfile.open("range.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert {f"records/{number:012}.json" for number in (2, 3, 4)} <= names and "chain/000000000005.json" in names
    assert "checkpoints/checkpoint-000000000005.json" in names and "documents/000000000005.json" not in names
    lines = list(csv.DictReader(io.StringIO((folder / "index.csv").read_text())))
    assert [line["sequence"] for line in lines] == ["2", "3", "4"] and lines[2]["tenants"] == "'=HYPERLINK(1), acme"
    assert orjson.loads((folder / "index.json").read_bytes())["checked"]["intact"] is True

    steps = shell_of((folder / "README.txt").read_text())
    newest = orjson.loads(run("list", "--json")[1])["records"][-1]["hash"]
    assert followed(steps, folder) == [newest]
    document = folder / "documents" / "000000000003.json"
    document.write_bytes(document.read_bytes().replace(b"acme", b"acne"))
    said = "\n".join(followed(steps, folder))
    assert "documents/000000000003.json: FAILED" in said and "CHANGED documents/000000000003.json" in said
    header = folder / "records" / "000000000003.json"
    header.write_bytes(header.read_bytes().replace(b'"clean"', b'"dirty"'))
    assert "BROKEN before records/000000000004.json" in followed(steps, folder)


def shell_of(readme: str) -> str:
    """The commands that the file tells to type: what is indented further than its words."""
    how = readme.partition("How to verify")[2].partition("What that proves")[0]
    return "\n".join(line.strip() for line in how.splitlines() if line.startswith(" " * 7))


def followed(steps: str, folder: Path) -> list[str]:
    done = subprocess.run(["sh", "-c", steps], cwd=folder, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).splitlines()


def test_the_store_stands_beside_lychgate_yaml(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lychgate.yaml").write_text("{}\n")
    (tmp_path / "deep").mkdir()
    files = left(tmp_path, v=verdict())
    monkeypatch.chdir(tmp_path / "deep")
    assert run("list")[0] == 2
    assert run("import", *files)[0] == 0 and (tmp_path / ".lychgate" / "evidence.db").is_file()


def test_a_bad_file_keeps_no_good_one_out(run: Run, tmp_path: Path) -> None:
    bad, good = left(tmp_path, bad={"version": "1"}, good=verdict())
    status, out, err = run("import", bad, good)
    assert status == 2 and "good.json: record 1" in out and "bad.json: decision: Field required" in err
    assert run("import", bad, "--store", "other.db")[0] == 2 and not Path("other.db").exists()


def test_pruning_says_what_would_go_before_it_goes(run: Run, tmp_path: Path) -> None:
    store = Store.open("old.db", create=True, clock=Clock(datetime(2020, 1, 1, tzinfo=UTC)))
    fill(store, 3)
    status, out, _ = run("prune", "--store", "old.db")
    assert status == 0 and "2 records would be deleted: 1 to 2" in out and "--yes" in out
    assert "of these stacks no record is left: shop/0, shop/1" in out
    assert run("prune", "--store", "old.db", "--months", 6, "--yes")[0] == 2
    status, out, _ = run("prune", "--store", "old.db", "--before", "2021-01-01", "--yes")
    assert status == 0 and "2 records deleted: 1 to 2" in out and "recorded as record 4" in out
    assert "pruned: records 1 to 2" in run("verify", "--store", "old.db")[1]
    assert "records 1 to 2, recorded before 2021" in run("show", 4, "--store", "old.db")[1]


def test_what_is_typed_wrong_is_said(run: Run, tmp_path: Path) -> None:
    run("import", *left(tmp_path, v=verdict()))
    for arguments, words in (
        (("list", "--kind", "chek"), "did you mean 'check'?"),
        (("list", "--since", "May"), "'May' is no moment"),
        (("show", 7), "there is no record 7. expected one that there is: the newest is 1"),
        (("verify", "--checkpoints", "."), "--key: "),
        (("export", "x.tar.gz", "--first", 5), "there is no such record"),
        (("list", "--store", "postgresql://u:hunter2@h:x/d"), "cannot be read"),
    ):
        status, _, err = run(*arguments)
        assert status == 2 and words in err and "hunter2" not in err, err


def test_a_database_that_refuses_is_no_defect_and_its_password_no_word(run: Run) -> None:
    status, out, err = run("list", "--store", "postgresql://u:hunter2@127.0.0.1:1/d")
    assert status == 4 and "postgresql://u:***@127.0.0.1:1/d" in err and "hunter2" not in out + err
