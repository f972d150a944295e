"""A Pulumi project on disk: Pulumi.yaml, the stack's configuration, the interpreter (no Pulumi SDK needed).

https://www.pulumi.com/docs/iac/concepts/projects/project-file/ and
https://www.pulumi.com/docs/iac/concepts/config/#project-level-configuration
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from lychgate.model.document import Document
from lychgate.model.errors import InputError, either, nearest, shown
from lychgate.model.validation import load
from lychgate.sources.files import read_document

FILES = ("Pulumi.yaml", "Pulumi.yml")
# https://www.pulumi.com/docs/iac/concepts/stacks/#create-stack
STACK_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")


class _Loose(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class RuntimeOptions(_Loose):
    """The options of a Python runtime."""

    virtualenv: str | None = None
    toolchain: str | None = None


class Runtime(_Loose):
    """The language of the program."""

    name: str
    options: RuntimeOptions = RuntimeOptions()

    @model_validator(mode="before")
    @classmethod
    def _name_alone(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value


class ProjectFile(_Loose):
    """What capture needs of Pulumi.yaml."""

    name: str = Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_.-]+$")
    runtime: Runtime
    main: str | None = None
    config: dict[str, Any] | None = None
    stackConfigDir: str | None = None


class StackFile(_Loose):
    """What capture needs of Pulumi.STACK.yaml."""

    config: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Project:
    """A project folder. `program` is what Python runs, `note` says what is not as its author may expect.

    `base` is what the files of locations are relative to: the top of the Git repository, else the current folder where
    the project is below it, else the project's own folder.
    """

    name: str
    folder: Path
    file: Path
    program: Path
    interpreter: Path
    config: Mapping[str, Any]
    stack_files: Mapping[str, Path]
    base: Path
    note: str = ""


@dataclass(frozen=True, slots=True)
class Configuration:
    """A stack's configuration: namespaced key -> text as Pulumi passes it, and which keys are secret."""

    values: Mapping[str, str]
    secret_keys: frozenset[str]


def read_project(path: Path) -> Project:
    """The project in a folder. Raises InputError where there is none, or it is not one for Python."""
    folder = path.parent if path.name in FILES else path
    if not folder.is_dir():
        raise InputError(str(path), found="no such folder", expected="a folder with a Pulumi.yaml")
    file = next((folder / name for name in FILES if os.path.lexists(folder / name)), None)
    if file is None:
        raise InputError(str(folder), found="there is no Pulumi.yaml here", expected="the folder of a Pulumi project")
    base = _base(folder.resolve())
    document = read_document(file, within=base)
    content = load(document, ProjectFile)
    if content.runtime.name != "python":
        found, expected = f"the runtime is {shown(content.runtime.name)}", "python (the language that is judged so far)"
        raise document.error(("runtime",), found, expected)
    program = _inside(document, "main", content.main, folder, folder)
    if not (program / "__main__.py" if program.is_dir() else program).is_file():
        raise document.error(("main",), f"there is no program at {program}", "a __main__.py or a Python file")
    interpreter, note = _interpreter(folder, content.runtime.options)
    where = _inside(document, "stackConfigDir", content.stackConfigDir, folder, base)
    return Project(
        name=content.name,
        folder=folder.resolve(),
        file=file,
        program=program.resolve(),
        interpreter=interpreter,
        config=content.config or {},
        stack_files=_stack_files(where),
        base=base,
        note=note,
    )


def _inside(document: Document, key: str, value: str | None, folder: Path, within: Path) -> Path:
    """The path that Pulumi.yaml names below its own folder, or another; the engine refuses others too."""
    path = folder / value if value else folder
    if not path.resolve().is_relative_to(within.resolve()):
        raise document.error((key,), f"{key} is {shown(value)}, which leads out of the project", "a path below it")
    return path


def _stack_files(folder: Path) -> dict[str, Path]:
    """The files of stacks in a folder, by the stack's name. What has no name of a stack is none."""
    found = {}
    for path in sorted(folder.glob("Pulumi.*")):
        name, _, suffix = path.name.removeprefix("Pulumi.").rpartition(".")
        if suffix in ("yaml", "yml") and STACK_NAME.fullmatch(name):
            found[name] = path
    return found


def _base(folder: Path) -> Path:
    """What the files of locations are relative to."""
    repository = next((parent for parent in (folder, *folder.parents) if (parent / ".git").exists()), None)
    if repository is not None:
        return repository
    return Path.cwd() if folder.is_relative_to(Path.cwd()) else folder


def _interpreter(folder: Path, options: RuntimeOptions) -> tuple[Path, str]:
    """The project's virtual environment, as its runtime options say; else the interpreter that runs Lychgate."""
    named = options.virtualenv or (".venv" if options.toolchain in ("uv", "poetry") else None)
    if named is None:
        return Path(sys.executable), ""
    python = folder / named / "bin" / "python"
    if python.is_file():
        return python.absolute(), ""
    return Path(sys.executable), f"{folder / named} does not exist: the program runs with Lychgate's own packages"


def choose_stack(project: Project, wanted: str | None) -> str:
    """The stack to judge: the wanted one, the only one that has a file, else `dev`.

    Raises InputError where there are several and none is wanted, and for a wanted one without a file where others have
    one: a name misspelt would be judged without its configuration.
    """
    if wanted:
        name = wanted.rpartition("/")[2]
        if not STACK_NAME.fullmatch(name):
            raise InputError("--stack", found=f"{shown(wanted)} is no name of a stack", expected="STACK or ORG/STACK")
        if project.stack_files and name not in project.stack_files:
            found, known = f"there is no Pulumi.{name}.yaml in {project.folder}", list(project.stack_files)
            raise InputError("--stack", found=found, expected=either(known), hint=nearest(name, known))
        return name
    if len(project.stack_files) > 1:
        names = ", ".join(project.stack_files)
        raise InputError(
            str(project.folder), found=f"there are several stacks ({names})", expected="--stack to name one"
        )
    return next(iter(project.stack_files), "dev")


def read_configuration(
    project: Project,
    stack: str,
    given: Mapping[str, str],
    stand_ins: Mapping[str, Any],
    given_secret: Mapping[str, str] | None = None,
) -> Configuration:
    """The stack's configuration: project defaults, the stack's file, then what was given on the command line.

    `secure:` values are never decrypted: a secret placeholder stands for them, or the typed stand-in of lychgate.yaml.
    """
    values: dict[str, str] = {}
    secret: set[str] = set()
    for key, entry in project.config.items():
        value, is_secret = _project_default(entry)
        if value is not None:
            _put(values, secret, _full(project, key), value, is_secret, stand_ins)
    file = project.stack_files.get(stack)
    if file is not None:
        for key, value in (load(read_document(file, within=project.base, empty=True), StackFile).config or {}).items():
            _put(values, secret, _full(project, key), value, False, stand_ins)
    for key, text in given.items():
        values[_full(project, key)] = text
    for key, text in (given_secret or {}).items():
        values[_full(project, key)] = text
        secret.add(_full(project, key))
    return Configuration(values, frozenset(secret))


def _full(project: Project, key: str) -> str:
    return key if ":" in key else f"{project.name}:{key}"


def _project_default(entry: Any) -> tuple[Any, bool]:
    if not isinstance(entry, dict):
        return entry, False
    if "value" in entry:
        return entry["value"], bool(entry.get("secret"))
    if "type" in entry or "default" in entry or "description" in entry:
        return entry.get("default"), bool(entry.get("secret"))
    return entry, False


def _put(
    values: dict[str, str], secret: set[str], key: str, value: Any, is_secret: bool, stand_ins: Mapping[str, Any]
) -> None:
    hidden = _hide(value, key)
    if hidden is not value or is_secret:
        secret.add(key)
        if key in stand_ins:
            hidden = stand_ins[key]
    values[key] = hidden if isinstance(hidden, str) else json.dumps(hidden, separators=(",", ":"))


def _hide(value: Any, key: str) -> Any:
    """The value with every `secure:` in it replaced; the same object where there is none."""
    if isinstance(value, dict):
        if set(value) == {"secure"}:
            return f"[secret {key}]"
        hidden = {name: _hide(item, key) for name, item in value.items()}
        return hidden if any(hidden[name] is not item for name, item in value.items()) else value
    if isinstance(value, list):
        items = [_hide(item, key) for item in value]
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    return value
