"""Which Python runs a program or a policy pack, as the real language host decides it.

From the `runtime.options` of Pulumi.yaml or PulumiPolicy.yaml (pulumi/pulumi, sdk/python/toolchain): `virtualenv` names
an environment; `toolchain: uv`, or a uv.lock in the folder or above it, means the `.venv` beside that file; without
either, PULUMI_PYTHON_CMD and then `python3` from PATH are taken.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class NoInterpreter(Exception):
    """The options name an environment that is not there; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python to run, and its virtual environment if it has one."""

    python: Path
    environment: Path | None = None

    def environ(self) -> dict[str, str]:
        """This process's environment, with the virtual environment activated."""
        variables = {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "VIRTUAL_ENV")}
        if self.environment is not None:
            variables["VIRTUAL_ENV"] = str(self.environment)
            variables["PATH"] = f"{self.environment / 'bin'}{os.pathsep}{variables.get('PATH', '')}"
        return variables


def interpreter(root: Path, program: Path, options: Mapping[str, Any]) -> Interpreter:
    """The interpreter for a program in `program` of a project in `root`. Raises NoInterpreter."""
    toolchain = options.get("toolchain") or ("uv" if _above(program, "uv.lock") else "pip")
    if toolchain not in ("pip", "uv"):
        raise NoInterpreter(f"the test language host does not know the toolchain {toolchain!r}, only pip and uv")
    named = options.get("virtualenv")
    if named:
        return _in_environment(root / named)
    if toolchain == "uv":
        beside = _above(program, "uv.lock") or _above(program, "pyproject.toml") or program
        return _in_environment(beside / os.environ.get("UV_PROJECT_ENVIRONMENT", ".venv"))
    command = os.environ.get("PULUMI_PYTHON_CMD") or "python3"
    found = shutil.which(command)
    if found is None:
        raise NoInterpreter(f"there is no {command!r} on PATH")
    return Interpreter(Path(found))


def _in_environment(folder: Path) -> Interpreter:
    python = folder / "bin" / "python"
    if not python.is_file():
        what = "is not a virtual environment" if folder.is_dir() else "does not exist"
        raise NoInterpreter(
            f"the virtual environment {folder} {what}. Create it with `python3 -m venv {folder}` and install the "
            f"project's requirements into it, or run `pulumi install`"
        )
    return Interpreter(python, folder)


def _above(folder: Path, name: str) -> Path | None:
    """The nearest folder, from this one upwards, that has a file of the name."""
    return next((each for each in (folder, *folder.parents) if (each / name).exists()), None)
