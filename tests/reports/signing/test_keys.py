"""Signers and keys by one reference: a PEM file, or a key that AWS keeps."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import boto3
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from lychgate.reports.document import render
from lychgate.reports.signing.envelope import EnvelopeError, seal, unseal
from lychgate.reports.signing.keys import PASSPHRASE, ServiceError, read_key, read_signer

from lychgate.cli import main
from lychgate.model.errors import InputError
from tests.reports.signing.key_files import key_files

TYPE = "application/x-test"
HASHES = {"ECDSA_SHA_256": SHA256(), "ECDSA_SHA_384": SHA384()}


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "ecdsa-p384"])
def test_what_a_key_signs_it_verifies_and_another_does_not(tmp_path: Path, kind: str) -> None:
    private, public = key_files(tmp_path, kind)
    (tmp_path / "other").mkdir()
    other = read_key(key_files(tmp_path / "other", kind)[1])
    data = seal(b"said", TYPE, read_signer(private))
    opened = unseal(data, TYPE, [other, read_key(public)])
    assert opened.payload == b"said" and [key.keyid for key in opened.keys] == [read_key(public).keyid]
    with pytest.raises(EnvelopeError, match="no trusted key"):
        unseal(data, TYPE, [other])


@pytest.mark.parametrize("kind", ["rsa", "ecdsa-k1"])
def test_other_keys_are_refused(tmp_path: Path, kind: str) -> None:
    private, public = key_files(tmp_path, kind)
    for read, file in ((read_signer, private), (read_key, public)):
        with pytest.raises(InputError, match="Ed25519 or ECDSA"):
            read(file)


def test_a_private_key_may_have_a_passphrase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    private, _ = key_files(tmp_path, passphrase=b"a long one")
    for given in (None, "another"):
        monkeypatch.setenv(PASSPHRASE, given) if given else monkeypatch.delenv(PASSPHRASE, raising=False)
        with pytest.raises(InputError, match="no key that can be used"):
            read_signer(private)
    monkeypatch.setenv(PASSPHRASE, "a long one")
    assert read_signer(private)


def test_what_is_no_key_is_refused(tmp_path: Path) -> None:
    private, public = key_files(tmp_path)
    (tmp_path / "large").write_bytes(b"x" * 100_001)
    (tmp_path / "bytes").write_bytes(b"\xff\x00")
    for read in (read_signer, read_key):
        for file in (tmp_path, tmp_path / "none", tmp_path / "large", tmp_path / "bytes"):
            with pytest.raises(InputError):
                read(str(file))
    with pytest.raises(InputError, match="no public key"):
        read_key(private)
    with pytest.raises(InputError, match="no key that can be used"):
        read_signer(public)


@pytest.fixture
def kms(moto_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """moto, which signs a digest as AWS does: it would hash it again.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html#KMS-Sign-request-MessageType
    """
    from moto.kms import responses, utils

    told = responses.KmsResponse.sign

    def asked(self: Any) -> str:
        assert self._get_param("MessageType") == "DIGEST"
        return told(self)

    def sign(self: Any, message: bytes, algorithm: str) -> bytes:
        made: bytes = self.private_key.sign(message, ec.ECDSA(Prehashed(HASHES[algorithm])))
        return made

    monkeypatch.setattr(responses.KmsResponse, "sign", asked)
    monkeypatch.setattr(utils.ECDSAPrivateKey, "sign", sign)
    for name, value in {
        "AWS_ENDPOINT_URL": moto_endpoint, "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test", "AWS_MAX_ATTEMPTS": "1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    return boto3.client("kms", region_name="eu-central-1")


@pytest.mark.moto
@pytest.mark.parametrize("spec", ["ECC_NIST_P256", "ECC_NIST_P384"])
def test_a_key_that_aws_keeps_signs(kms: Any, spec: str, tmp_path: Path) -> None:
    made = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec=spec)["KeyMetadata"]
    kms.create_alias(AliasName=f"alias/{spec}", TargetKeyId=made["KeyId"])
    data = seal(b"said", TYPE, read_signer(f"awskms:{made['Arn']}"))
    key = load_der_public_key(kms.get_public_key(KeyId=made["KeyId"])["PublicKey"])
    public = tmp_path / "kms.pub"
    public.write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    for reference in (str(public), f"awskms:{made['Arn']}", f"awskms:{made['KeyId']}", f"awskms:alias/{spec}"):
        assert unseal(data, TYPE, [read_key(reference)]).payload == b"said"
    with pytest.raises(EnvelopeError):
        unseal(data.replace(b"c2FpZA==", b"c2FpZQ=="), TYPE, [read_key(str(public))])


@pytest.mark.moto
def test_what_aws_refuses_is_told(kms: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="RSA_2048")["KeyMetadata"]
    symmetric = kms.create_key()["KeyMetadata"]
    for read in (read_signer, read_key):
        with pytest.raises(InputError, match="on P-256 or P-384"):
            read(f"awskms:{made['KeyId']}")
        with pytest.raises((InputError, ServiceError)):
            read(f"awskms:{symmetric['KeyId']}")
        with pytest.raises(ServiceError, match="NotFoundException"):
            read("awskms:alias/none")
    made = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")["KeyMetadata"]
    signer = read_signer(f"awskms:{made['KeyId']}")
    monkeypatch.setattr(signer, "aws_key_id", "gone")
    with pytest.raises(ServiceError, match="NotFoundException"):
        seal(b"said", TYPE, signer)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(ServiceError, match="EndpointConnectionError"):
        read_signer(f"awskms:{made['KeyId']}")
    monkeypatch.delenv("AWS_REGION")
    with pytest.raises(ServiceError, match="NoRegionError"):
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
        read_signer(f"awskms:{made['KeyId']}")


@pytest.mark.moto
def test_a_verdict_and_a_checkpoint_by_a_key_that_aws_keeps(
    kms: Any, judged: dict[str, Any], tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["lychgate", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), *capfd.readouterr()

    key = f"awskms:{kms.create_key(KeyUsage='SIGN_VERIFY', KeySpec='ECC_NIST_P256')['KeyMetadata']['Arn']}"
    verdict, store = tmp_path / "verdict.json", tmp_path / "evidence.db"
    verdict.write_bytes(render(judged))
    assert run("sign", verdict, "--sign-with", key)[0] == 0
    assert run("verify", tmp_path / "verdict.intoto.json", "--key", key, "--clean")[0] == 0
    assert run("evidence", "import", verdict, "--store", store)[0] == 0
    points = tmp_path / "points"
    assert run("evidence", "checkpoint", "--into", points, "--sign-with", key, "--store", store)[0] == 0
    assert run("evidence", "verify", "--checkpoints", points, "--key", key, "--store", store)[0] == 0
    (tmp_path / "verdict.intoto.json").unlink()
    for arguments in (
        ("sign", verdict, "--sign-with", "awskms:alias/none"),
        ("evidence", "checkpoint", "--into", points, "--sign-with", "awskms:alias/none", "--store", store),
    ):
        status, out, err = run(*arguments)
        assert (status, out) == (4, "") and "NotFoundException" in err and err.count("\n") == 1
    assert not (tmp_path / "verdict.intoto.json").exists()
