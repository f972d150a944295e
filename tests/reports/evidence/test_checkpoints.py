"""Signed checkpoints: made of an intact store only, read as hostile data."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from lychgate.reports.evidence.checking import check
from lychgate.reports.evidence.checkpointing import checkpoint
from lychgate.reports.evidence.checkpoints import TYPE, read_all, verified
from lychgate.reports.evidence.store import Store
from lychgate.reports.signing.envelope import seal
from lychgate.reports.signing.keys import read_key, read_signer

from lychgate.model.errors import InputError
from tests.reports.evidence.records import Clock, entry, fill, tamper
from tests.reports.signing.key_files import key_files


@pytest.fixture
def small(tmp_path: Path) -> Store:
    store = Store.open(str(tmp_path / "e.db"), create=True, clock=Clock())
    fill(store, 3)
    return store


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa"])
def test_a_checkpoint_is_made_once_a_record_and_verified(small: Store, tmp_path: Path, kind: str) -> None:
    private, public = key_files(tmp_path, kind)
    folder = tmp_path / "checkpoints"
    report, made, file = checkpoint(small, folder, read_signer(private))
    assert report.intact and made and file == folder / "checkpoint-000000000003.json"
    assert (made.sequence, made.records, made.pruned_to) == (3, 3, 0)
    assert checkpoint(small, folder, read_signer(private))[2] is None
    small.append([entry(7)])
    assert checkpoint(small, folder, read_signer(private))[2] == folder / "checkpoint-000000000004.json"
    assert [one.sequence for one in read_all([folder], [read_key(public)])] == [3, 4]
    assert read_all([file], [read_key(public)]) == [made]


def test_none_is_made_of_a_store_that_is_not_intact(small: Store, tmp_path: Path) -> None:
    signer = read_signer(key_files(tmp_path)[0])
    folder = tmp_path / "checkpoints"
    checkpoint(small, folder, signer)
    tamper(small, "DELETE FROM evidence_record WHERE sequence = 3")
    report, made, file = checkpoint(small, folder, signer)
    assert not report.intact and made is None and file is None and len(list(folder.iterdir())) == 1
    empty = Store.open(str(tmp_path / "empty.db"), create=True)
    assert checkpoint(empty, tmp_path / "other", signer)[1] is None


def test_what_no_trusted_key_has_signed_is_refused(small: Store, tmp_path: Path) -> None:
    private, public = key_files(tmp_path)
    other = read_key(key_files(tmp_path, "ecdsa")[1])
    _, _, file = checkpoint(small, tmp_path / "c", read_signer(private))
    assert file is not None
    data, key = file.read_bytes(), read_key(public)
    envelope = json.loads(data)
    payload = json.loads(base64.b64decode(envelope["payload"]))
    later = base64.b64encode(json.dumps(payload | {"sequence": 2}).encode()).decode()
    hostile = [
        (data, [other]),
        (data, []),
        (json.dumps(envelope | {"payload": later}).encode(), [key]),
        (json.dumps(envelope | {"payloadType": "text/plain"}).encode(), [key]),
        (json.dumps(envelope | {"signatures": []}).encode(), [key]),
        (json.dumps(envelope | {"signatures": envelope["signatures"] * 2}).encode(), [key]),
        (json.dumps(envelope | {"signatures": [{"keyid": key.keyid, "sig": "!"}]}).encode(), [key]),
        (json.dumps(envelope | {"signatures": 7}).encode(), [key]),
        (b"[]", [key]), (b"{", [key]), (b"", [key]), (b"[" * 100_000, [key]), (b"\xff", [key]),
    ]  # fmt: skip
    for content, keys in hostile:
        with pytest.raises(InputError):
            verified(content, "c.json", keys)
    (tmp_path / "c" / "checkpoint-000000000001.json").write_bytes(b"{}")
    with pytest.raises(InputError, match=r"checkpoint-000000000001\.json: no signed envelope"):
        read_all([tmp_path / "c"], [key])


def test_what_a_key_has_signed_as_something_else_is_no_checkpoint(tmp_path: Path) -> None:
    private, public = key_files(tmp_path)
    for payload in (b"{}", b"[]", b"\xff", b'{"format": 1, "store": "x", "sequence": "1"}'):
        data = seal(payload, TYPE, read_signer(private))
        with pytest.raises(InputError, match="no checkpoint of this format"):
            verified(data, "c.json", [read_key(public)])


def test_a_folder_vouches_for_a_store_over_time(small: Store, tmp_path: Path) -> None:
    private, public = key_files(tmp_path)
    for number in range(10, 13):
        checkpoint(small, tmp_path / "c", read_signer(private))
        small.append([entry(number)])
    with small.read() as snapshot:
        report = check(snapshot.rows(), snapshot.id, read_all([tmp_path / "c"], [read_key(public)]))
    assert report.intact and report.proven_to == 5 and report.count == 6
