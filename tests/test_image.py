"""The image of runners: what is installed is copied into it, and nothing in it needs root or a moving tag."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
LINES = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text()).splitlines()


def of(instruction: str) -> list[str]:
    return [line.partition(" ")[2] for line in LINES if line.startswith(f"{instruction} ")]


def test_every_package_is_copied() -> None:
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    copied = {line.split()[0] for line in of("COPY") if not line.startswith("--")}
    assert set(setuptools["package-dir"].values()) <= copied


def test_uv_is_the_one_that_the_project_uses() -> None:
    (wanted,) = re.findall(r'"uv==([\d.]+)"', (ROOT / "dev").read_text())
    assert f"uv=={wanted}" in " ".join(of("RUN"))


def test_images_are_named_by_who_builds_and_the_user_is_not_root() -> None:
    assert {line.split()[0] for line in of("FROM")} == {"${PYTHON}", "${PULUMI}", "gate"}
    assert of("ARG")[:2] == ["PYTHON", "PULUMI=scratch"]
    assert "*@sha256:*" in of("RUN")[0]
    assert of("USER") == ["10001:10001"]
    assert not of("ADD")


def test_what_the_components_run_is_installed() -> None:
    """A sync starts the pack of rules, a note asks GitLab, a verdict may be signed by sigstore, and is recorded."""
    extras = set(re.findall(r"--extra (\w+)", " ".join(of("RUN"))))
    assert extras == {"cli", "sync", "pack", "reports", "evidence", "sigstore", "serve"}
