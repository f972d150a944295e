"""A clean verdict on something, two keys, and statements as somebody else would make them."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from lychgate.reports.signing.keys import read_signer
from securesystemslib.signer import CryptoSigner

from tests.reports.signing.key_files import key_files

COMMIT = "353cff9cb01995b61488d8b6b0df4e33bcf00e65"


@pytest.fixture
def judged(empty: dict[str, Any]) -> dict[str, Any]:
    made = deepcopy(empty)
    made["run"] |= {"commit": COMMIT, "inputs": {"program shop in app": "c" * 64, "settings lychgate.yaml": "d" * 64}}
    return made


@pytest.fixture
def signer(tmp_path: Path) -> CryptoSigner:
    (tmp_path / "ours").mkdir()
    return read_signer(key_files(tmp_path / "ours")[0])  # type: ignore[return-value]


@pytest.fixture
def stranger(tmp_path: Path) -> CryptoSigner:
    (tmp_path / "theirs").mkdir()
    return read_signer(key_files(tmp_path / "theirs", "ecdsa")[0])  # type: ignore[return-value]
