"""Imports point one way: the contracts of .importlinter, on a tree in which each room stands where it is imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_import_directions(tmp_path: Path) -> None:
    package = tmp_path / "lychgate"
    package.mkdir()
    for entry in (ROOT / "lychgate").iterdir():
        (package / entry.name).symlink_to(entry)
    for room in ("policies", "rulesets", "reports", "provisioner", "pipeline", "portal"):
        (package / room).symlink_to(ROOT / room)
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", str(ROOT / ".importlinter")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_commands_that_need_no_sdk_import_none() -> None:
    code = (
        "import sys; import lychgate.cli.app, lychgate.cli.rules, lychgate.judging.discovery as d; d.built_in_rules(); "
    )
    code += "print([name for name in ('pulumi', 'grpc', 'pulumi_policy') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
