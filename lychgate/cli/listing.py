"""The facts that `lychgate rules` lists, kept between runs: importing every rule, with all that it reasons by, takes
longer than a list may. What is kept goes by the rule files' names, sizes and times, so that it is never stale."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TypedDict

from lychgate.model.outcome import LAYERS

PREFLIGHT = "preflight"
GROUPS = (*LAYERS, PREFLIGHT)


class Line(TypedDict):
    """What the list shows of one rule. A preflight rule has no severity, but may be asked only when applying."""

    id: str
    layer: str
    severity: str | None
    title: str
    deprecated: str | None
    applying: bool


def listing(folders: Sequence[Path]) -> list[Line]:
    """The built-in rules, those of the folders, and the preflight rules. Raises InputError as discovery does."""
    if folders:
        return _discovered(folders)
    kept = _cache() / f"rules-{_key()}.json"
    try:
        lines: list[Line] = json.loads(kept.read_bytes())
        return lines
    except (OSError, ValueError):
        lines = _discovered([])
        _keep(kept, lines)
        return lines


def _discovered(folders: Sequence[Path]) -> list[Line]:
    from lychgate.judging.discovery import all_rules
    from lychgate.judging.preflight import preflight_rules

    lines = [
        Line(
            id=one.id, layer=one.layer, severity=one.severity, title=one.title, deprecated=one.deprecated,
            applying=False,
        )
        for one in all_rules(folders).values()
    ]  # fmt: skip
    return lines + [
        Line(id=one.id, layer=PREFLIGHT, severity=None, title=one.title, deprecated=None, applying=one.applying)
        for one in preflight_rules().values()
    ]


def _cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "lychgate"


def _key() -> str:
    """What changes whenever a rule file does."""
    spec = find_spec("lychgate.policies")
    digest = hashlib.sha256()
    for top in spec.submodule_search_locations or () if spec else ():
        for layer in GROUPS:
            for entry in sorted(os.scandir(Path(top) / layer), key=lambda entry: entry.name):
                if entry.name.endswith(".py"):
                    state = entry.stat()
                    digest.update(f"{entry.path}\0{state.st_size}\0{state.st_mtime_ns}\0".encode())
    return digest.hexdigest()[:24]


def _keep(path: Path, lines: list[Line]) -> None:
    from lychgate.reports import replace

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for old in path.parent.glob("rules-*.json"):
            old.unlink(missing_ok=True)
        replace(path, json.dumps(lines).encode())
    except OSError:
        return  # a home that cannot be written: the list only takes longer
