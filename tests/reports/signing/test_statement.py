"""A signed verdict: what it proves, and each way past it that is tried."""

from __future__ import annotations

import base64
import json
from copy import deepcopy
from typing import Any

import pytest
from lychgate.reports.document import parse, render
from lychgate.reports.evidence.canonical import canonical
from lychgate.reports.signing.envelope import EnvelopeError, seal
from lychgate.reports.signing.keys import ServiceError
from lychgate.reports.signing.statement import MAX_BYTES, PREDICATE, STATEMENT, TYPE, read_signed, sign, subjects
from securesystemslib.signer import CryptoSigner, Signature

from lychgate.model.errors import InputError
from tests.reports.signing.conftest import COMMIT

Json = dict[str, Any]


def statement(verdict: Json, **changed: Any) -> Json:
    made = {"_type": STATEMENT, "subject": subjects(verdict), "predicateType": PREDICATE, "predicate": verdict}
    return made | changed


def enveloped(value: Any, signer: CryptoSigner, payload_type: str = TYPE) -> bytes:
    return seal(value if isinstance(value, bytes) else canonical(value), payload_type, signer)


def refused(data: bytes, signer: CryptoSigner, why: str) -> None:
    with pytest.raises(EnvelopeError, match=why):
        read_signed(data, [signer.public_key])


def test_a_verdict_is_signed_whole_and_read_again(judged: Json, signer: CryptoSigner) -> None:
    data = sign(judged, "v.json", signer)
    found = read_signed(data, [signer.public_key])
    assert canonical(found.verdict) == canonical(judged)
    assert found.signers == (f"the key {signer.public_key.keyid}",) and found.others == ()
    assert json.loads(base64.b64decode(json.loads(data)["payload"]))["subject"] == [
        {"name": "commit", "digest": {"gitCommit": COMMIT}},
        {"name": "program shop in app", "digest": {"sha256": "c" * 64}},
        {"name": "settings lychgate.yaml", "digest": {"sha256": "d" * 64}},
    ]
    assert parse(render(found.verdict), "v.json") == found.verdict
    assert sign(judged, "v.json", signer) == data  # Ed25519


@pytest.mark.parametrize(
    ("run", "why"),
    [
        ({"commit": None, "inputs": {}}, "about nothing"),
        ({"commit": "HEAD"}, "is none"),
        ({"commit": COMMIT[:39]}, "is none"),
        ({"inputs": {"x": "c" * 63}}, "no digest"),
        ({"inputs": {"commit": "c" * 64}}, "no name of its own"),
    ],
)
def test_what_is_about_nothing_is_not_signed(judged: Json, signer: CryptoSigner, run: Json, why: str) -> None:
    judged["run"] |= run
    with pytest.raises(InputError, match=why):
        sign(judged, "v.json", signer)
    whole = {"_type": STATEMENT, "subject": [], "predicateType": PREDICATE, "predicate": judged}
    refused(enveloped(whole, signer), signer, why)


def test_a_commit_may_be_of_sha256(judged: Json, signer: CryptoSigner) -> None:
    judged["run"]["commit"] = "a" * 64
    found = read_signed(sign(judged, "v.json", signer), [signer.public_key])
    assert found.verdict["run"]["commit"] == "a" * 64


def test_a_verdict_that_contradicts_itself_is_neither_signed_nor_read(verdict: Json, signer: CryptoSigner) -> None:
    made = deepcopy(verdict) | {"decision": "clean"}
    made["run"] |= {"commit": COMMIT}
    with pytest.raises(InputError, match="its judgements say findings"):
        sign(made, "v.json", signer)
    refused(enveloped(statement(made), signer), signer, "its judgements say findings")


def test_who_is_not_trusted_does_not_count(judged: Json, signer: CryptoSigner, stranger: CryptoSigner) -> None:
    data = sign(judged, "v.json", stranger)
    refused(data, signer, "no trusted key")
    with pytest.raises(EnvelopeError, match="no trusted key"):
        read_signed(data, [])


def test_further_signatures_neither_help_nor_harm(judged: Json, signer: CryptoSigner, stranger: CryptoSigner) -> None:
    ours, theirs = (json.loads(sign(judged, "v.json", one)) for one in (signer, stranger))
    both = ours | {"signatures": theirs["signatures"] + ours["signatures"]}
    found = read_signed(json.dumps(both).encode(), [signer.public_key])
    assert found.signers == (f"the key {signer.public_key.keyid}",)
    assert found.others == (stranger.public_key.keyid,)
    either = read_signed(json.dumps(both).encode(), [stranger.public_key, signer.public_key, signer.public_key])
    assert len(either.signers) == 2
    broken = ours | {"signatures": [theirs["signatures"][0] | {"sig": "AAAA"}, *ours["signatures"]]}
    found = read_signed(json.dumps(broken).encode(), [stranger.public_key, signer.public_key])
    assert found.signers == (f"the key {signer.public_key.keyid}",)
    assert found.others == (stranger.public_key.keyid,)
    many = ours | {"signatures": ours["signatures"] + [{"keyid": str(one), "sig": ""} for one in range(20)]}
    refused(json.dumps(many).encode(), signer, "no signed envelope")
    twice = ours | {"signatures": ours["signatures"] * 2}
    refused(json.dumps(twice).encode(), signer, "no signed envelope")


def test_a_key_under_the_id_of_another_is_refused(judged: Json, signer: CryptoSigner, stranger: CryptoSigner) -> None:
    data = json.loads(sign(judged, "v.json", stranger))
    data["signatures"][0]["keyid"] = signer.public_key.keyid
    refused(json.dumps(data).encode(), signer, "no trusted key")
    with pytest.raises(EnvelopeError):
        read_signed(json.dumps(data).encode(), [signer.public_key, stranger.public_key])
    data["signatures"][0] |= {"bundle": {"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json"}}
    refused(json.dumps(data).encode(), signer, "no trusted key")


def test_nothing_of_it_may_be_changed(judged: Json, signer: CryptoSigner) -> None:
    data = json.loads(sign(judged, "v.json", signer))
    later = deepcopy(judged)
    later["run"]["environment"] = "test"
    payload = base64.b64encode(canonical(statement(later))).decode()
    for changed in ({"payload": payload}, {"payload": data["payload"][:-4]}):
        refused(json.dumps(data | changed).encode(), signer, "no trusted key")
    for payload_type in ("application/json", TYPE.upper(), f"{TYPE} ", ""):
        refused(json.dumps(data | {"payloadType": payload_type}).encode(), signer, "something else")
    refused(json.dumps(data | {"note": "not signed"}).encode(), signer, "no signed envelope")
    data["signatures"][0]["note"] = "not signed"
    refused(json.dumps(data).encode(), signer, "no signed envelope")


def test_two_readers_find_the_same_in_it(judged: Json, signer: CryptoSigner) -> None:
    """A name that stands twice is the first for one reader and the last for another."""
    text = sign(judged, "v.json", signer).decode()
    for name in ("payload", "payloadType", "signatures"):
        value = json.dumps(json.loads(text)[name])
        for twice in (f'{{"{name}": "x", {text[1:]}', f'{{"{name}": {value}, {text[1:]}'):
            refused(twice.encode(), signer, "no signed envelope")
    whole = canonical(statement(judged)).decode()
    for twice in (
        whole.replace('"decision":"clean"', '"decision":"findings","decision":"clean"'),
        whole.replace('"predicate":', '"predicate":{},"predicate":'),
        whole.replace(":", ": ", 1),
        whole.replace('"decision"', '"\\u0064ecision"'),
        f"{whole}\n",
        "\ufeff" + whole,
    ):
        assert twice != whole
        refused(enveloped(twice.encode(), signer), signer, "one form|not JSON")


def test_a_statement_of_something_else_is_refused(judged: Json, signer: CryptoSigner) -> None:
    for payload_type in ("application/vnd.lychgate.evidence-checkpoint+json", "application/json"):
        refused(enveloped(statement(judged), signer, payload_type), signer, "something else")
    for changed, why in (
        ({"_type": "https://in-toto.io/Statement/v0.1"}, "no in-toto statement"),
        ({"_type": None}, "no in-toto statement"),
        ({"predicateType": "urn:lychgate:verdict:2"}, "is about 'urn:lychgate:verdict:2'"),
        ({"predicateType": "https://slsa.dev/provenance/v1"}, "is about"),
        ({"predicateType": 1}, "is about"),
        ({"note": 1}, "other fields"),
        ({"predicate": judged | {"version": "2"}}, "no verdict: version"),
        ({"predicate": {name: value for name, value in judged.items() if name != "run"}}, "no verdict: run"),
        ({"predicate": []}, "no verdict"),
        ({"subject": []}, "subjects"),
        ({"subject": subjects(judged)[1:]}, "subjects"),
        ({"subject": subjects(judged) * 2}, "subjects"),
        ({"subject": [*subjects(judged), {"name": "other", "digest": {"sha256": "e" * 64}}]}, "subjects"),
        ({"subject": [{"name": "commit", "digest": {"gitCommit": "e" * 40}}, *subjects(judged)[1:]]}, "subjects"),
        ({"subject": "commit"}, "subjects"),
    ):
        refused(enveloped(statement(judged, **changed), signer), signer, why)
    for payload in (b"", b"null", b"[]", b"{}", b"\xff", b"[" * 2000, b'{"a":' * 200 + b"1" + b"}" * 200, b"1e999"):
        refused(enveloped(payload, signer), signer, "not JSON|no in-toto|one form")


def test_hostile_files_are_refused(judged: Json, signer: CryptoSigner) -> None:
    for data in (
        b"", b"{}", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 100_000, b"1" * 10_000,
        render(judged), json.dumps({"payload": 1, "payloadType": TYPE, "signatures": []}).encode(),
        json.dumps({"payload": "!", "payloadType": TYPE, "signatures": [{"keyid": "", "sig": ""}]}).encode(),
        json.dumps({"payload": "", "payloadType": TYPE, "signatures": [{"keyid": "", "sig": "x" * 10_001}]}).encode(),
        json.dumps({"payload": "\ud800", "payloadType": TYPE, "signatures": [{"keyid": "", "sig": ""}]}).encode(),
    ):  # fmt: skip
        refused(data, signer, "no signed envelope|no trusted key")
    refused(b" " * (MAX_BYTES + 1), signer, "too large")


def test_what_was_signed_is_verified_before_it_is_given_out(judged: Json, signer: CryptoSigner) -> None:
    class Faulty(CryptoSigner):
        def sign(self, payload: bytes) -> Signature:
            return super().sign(payload + b" ")

    with pytest.raises(ServiceError, match="does not hold"):
        sign(judged, "v.json", Faulty(signer._private_key))
