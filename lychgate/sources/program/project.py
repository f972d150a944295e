"""A Pulumi project on disk: Pulumi.yaml, the stack's configuration, the interpreter (no Pulumi SDK needed).

https://www.pulumi.com/docs/iac/concepts/projects/project-file/ and
https://www.pulumi.com/docs/iac/concepts/config/#project-level-configuration
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from lychgate.model.document import Document, parse
from lychgate.model.errors import InputError
from lychgate.model.validation import load

FILES = ("Pulumi.yaml", "Pulumi.yml")


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


def read_document(path: Path) -> Document:
    """The YAML file at a path. Raises InputError where it cannot be read or is no YAML."""
    try:
        return parse(path.read_bytes(), str(path))
    except OSError as error:
        raise InputError(str(path), found=error.strerror or str(error), expected="a readable file") from error


def read_project(path: Path) -> Project:
    """The project in a folder. Raises InputError where there is none, or it is not one for Python."""
    folder = path.parent if path.name in FILES else path
    if not folder.is_dir():
        raise InputError(str(path), found="no such folder", expected="a folder with a Pulumi.yaml")
    file = next((folder / name for name in FILES if (folder / name).is_file()), None)
    if file is None:
        raise InputError(str(folder), found="there is no Pulumi.yaml here", expected="the folder of a Pulumi project")
    document = read_document(file)
    content = load(document, ProjectFile)
    if content.runtime.name != "python":
        line, column = document.position(("runtime",))
        raise InputError(
            str(file),
            line,
            column,
            f"the runtime is {content.runtime.name}",
            "python (other runtimes are judged from a plan)",
        )
    program = folder / content.main if content.main else folder
    if not (program / "__main__.py" if program.is_dir() else program).is_file():
        line, column = document.position(("main",))
        raise InputError(str(file), line, column, f"there is no program at {program}", "a __main__.py or a Python file")
    interpreter, note = _interpreter(folder, content.runtime.options)
    where = folder / content.stackConfigDir if content.stackConfigDir else folder
    stacks = {
        found.name.removeprefix("Pulumi.").rpartition(".")[0]: found
        for found in sorted(where.glob("Pulumi.*.y*ml"))
        if found.suffix in (".yaml", ".yml")
    }
    return Project(
        name=content.name,
        folder=folder.resolve(),
        file=file,
        program=program.resolve(),
        interpreter=interpreter,
        config=content.config or {},
        stack_files=stacks,
        base=_base(folder.resolve()),
        note=note,
    )


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
    """The stack to judge: the wanted one, the only one that has a file, else `dev`. Raises InputError on several."""
    if wanted:
        return wanted
    if len(project.stack_files) > 1:
        names = ", ".join(project.stack_files)
        raise InputError(
            str(project.folder), found=f"there are several stacks ({names})", expected="--stack to name one"
        )
    return next(iter(project.stack_files), "dev")


def read_configuration(
    project: Project, stack: str, given: Mapping[str, str], stand_ins: Mapping[str, Any]
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
        for key, value in (load(read_document(file), StackFile).config or {}).items():
            _put(values, secret, _full(project, key), value, False, stand_ins)
    for key, text in given.items():
        values[_full(project, key)] = text
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
