"""The wheel holds everything, and its generic names collide with nothing of a judged program."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = {room: f"lychgate.{room}" for room in ("policies", "rulesets", "reports", "provisioner", "pipeline", "portal")}

PROGRAM = """
import policies
import pulumi_aws as aws
import reports

aws.s3.Bucket(policies.NAME, tags=reports.TAGS)
"""


def test_every_package_is_listed() -> None:
    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    found = {".".join(path.parent.relative_to(ROOT).parts) for path in (ROOT / "lychgate").rglob("__init__.py")}
    for room, name in ROOMS.items():
        parts = [path.parent.relative_to(ROOT / room).parts for path in (ROOT / room).rglob("__init__.py")]
        found |= {".".join((name, *inside)) for inside in parts if ".venv" not in inside}
    found |= {"lychgate.sources.sandbox.launcher"}  # a folder of scripts
    assert found == listed


@pytest.mark.slow
def test_a_wheel_judges_a_program_with_modules_of_the_same_names(tmp_path: Path) -> None:
    uv = ROOT / ".tools" / "uv" / "bin" / "uv"
    run([uv, "build", "--quiet", "--wheel", "--out-dir", tmp_path, ROOT])
    wheel = next(tmp_path.glob("*.whl"))
    packed = set(zipfile.ZipFile(wheel).namelist())
    pages = [path for name in ("templates", "static") for path in (ROOT / "portal" / "web" / name).iterdir()]
    assert pages and {f"lychgate/{path.relative_to(ROOT)}" for path in pages} <= packed
    run([uv, "venv", "--quiet", "--python", sys.executable, tmp_path / "clean"])
    python = tmp_path / "clean" / "bin" / "python"
    run([uv, "pip", "install", "--quiet", "--python", python, f"{wheel}[provisioner]"])
    project = tmp_path / "project"
    project.mkdir()
    (project / "Pulumi.yaml").write_text("name: own\nruntime: python\n")
    (project / "policies.py").write_text("NAME = 'receipts'\n")
    (project / "reports.py").write_text("TAGS = {'tenant': 'acme'}\n")
    (project / "__main__.py").write_text(PROGRAM)
    done = subprocess.run(
        [python.with_name("lychgate"), "check", project], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 1, done.stderr
    assert "s3-bucket-without-customer-key" in done.stdout


def run(command: list[str | Path]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
