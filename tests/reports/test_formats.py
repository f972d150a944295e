"""What holds of every format, and how reports are written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from lychgate.reports import FORMATS, renderer, write
from lychgate.reports.document import schema


def test_json_fits_the_published_schema(each: dict[str, Any]) -> None:
    jsonschema.validate(json.loads(renderer("json")(each)), schema())


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_verdict_gives_the_same_bytes(name: str, compared: dict[str, Any]) -> None:
    before = json.dumps(compared)
    render = renderer(name)
    assert render(compared) == render(json.loads(before))
    assert json.dumps(compared) == before


def test_reports_are_written_whole_or_not_at_all(
    verdict: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = write(verdict, tmp_path, list(FORMATS))
    before = [path.read_bytes() for path in written]
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write(verdict, tmp_path, list(FORMATS))
    assert [path.read_bytes() for path in written] == before
    assert sorted(tmp_path.iterdir()) == sorted(written)
