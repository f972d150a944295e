"""What applying needs and keeps, where no engine is asked yet."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.models.platform import Platform, read_platform
from lychgate.provisioner.sync.applying import apply
from lychgate.provisioner.sync.engine import Folder

from lychgate.model.errors import InputError

EXAMPLE = read_platform(Path(__file__).parents[3] / "examples" / "platform")
KMS = "awskms://alias/platform-state?region=eu-central-1"


def scope(folder: Path) -> Scope:
    there = Platform(folder, EXAMPLE.defaults, EXAMPLE.file, EXAMPLE.environments, EXAMPLE.tenants,
                     EXAMPLE.applications, EXAMPLE.documents)  # fmt: skip
    return Scope(there, "payments", "test", "acme")


def test_without_pulumi_it_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="no such command on PATH") as error:
        apply(scope(tmp_path), settings=tmp_path / "lychgate.yaml", pack_config={})
    assert "pulumi.com/docs/install" in str(error.value) and not any(tmp_path.iterdir())


def test_what_encrypts_secrets_survives_and_nothing_else_does(tmp_path: Path) -> None:
    one, (first, second) = scope(tmp_path / "platform"), (tmp_path / "first", tmp_path / "second")
    for folder in (first, second, tmp_path / "platform"):
        folder.mkdir()
    run = Folder(first, one, KMS)
    run.prepare()
    run.keep()
    assert not run.kept.exists()  # nothing is known yet
    run.file.write_text(yaml.safe_dump({"secretsprovider": KMS, "encryptedkey": "AQICAH"}))
    run.configure({"platform:folder": "/somewhere"})
    run.keep()
    assert run.kept == tmp_path / "platform/stacks/Pulumi.payments.test.acme.yaml"
    assert yaml.safe_load(run.kept.read_text()) == {"secretsprovider": KMS, "encryptedkey": "AQICAH"}
    Folder(second, one, KMS).prepare()
    assert yaml.safe_load((second / run.file.name).read_text())["encryptedkey"] == "AQICAH"
    with pytest.raises(InputError, match="change-secrets-provider"):
        Folder(tmp_path, one, "passphrase").prepare()
