"""Rules are found, never listed: every `Rule` at the top of a module of a rules folder counts."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from lychgate.judging.rule import Rule
from lychgate.model.errors import InputError
from lychgate.model.outcome import LAYERS

BUILT_IN = "lychgate.policies"


def built_in_rules() -> dict[str, Rule]:
    """The rules that come with Lychgate, by id, in order of layer and file."""
    modules = []
    for layer in LAYERS:
        package = importlib.import_module(f"{BUILT_IN}.{layer}")
        names = sorted(entry.name for entry in pkgutil.iter_modules(package.__path__, f"{package.__name__}."))
        modules += [importlib.import_module(name) for name in names]
    return _collect(modules)


def all_rules(folders: Iterable[Path]) -> dict[str, Rule]:
    """The built-in rules and those of the folders. Raises InputError as `rules_of`, and where one has a built-in id."""
    built_in, own = built_in_rules(), rules_of(folders)
    for twice in built_in.keys() & own.keys():
        raise _second(own[twice], "the built-in one")
    return built_in | own


def rules_of(folders: Iterable[Path]) -> dict[str, Rule]:
    """The rules of folders that the invoker names. They are code and are run here: never pass a judged tree.

    Raises InputError where a folder or a module cannot be loaded, or two rules share an id.
    """
    modules = []
    for folder in folders:
        if not folder.is_dir():
            raise InputError(str(folder), found="no such folder", expected="a folder of Python modules with rules")
        modules += [_load(path) for path in sorted(folder.rglob("*.py")) if not path.name.startswith("_")]
    return _collect(modules)


def _load(path: Path) -> ModuleType:
    name = f"lychgate_rules_{abs(hash(path.resolve()))}_{path.stem.replace('-', '_')}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InputError(str(path), found="not a Python module", expected="a module with rules")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        frames = reversed(traceback.extract_tb(error.__traceback__))
        line = next((frame.lineno for frame in frames if frame.filename == str(path)), None)
        said: object = error
        if isinstance(error, SyntaxError) and error.filename == str(path):
            line, said = error.lineno, error.msg
        found = f"{type(error).__name__}: {said}"
        raise InputError(str(path), line, found=found, expected="a module that can be imported") from error
    return module


def _collect(modules: Iterable[ModuleType]) -> dict[str, Rule]:
    found: dict[str, Rule] = {}
    for module in modules:
        for value in vars(module).values():
            if not isinstance(value, Rule) or value.check.__module__ != module.__name__:
                continue
            if value.id in found:
                raise _second(value, f"the one of {_file(found[value.id])}")
            found[value.id] = value
    return found


def _second(rule: Rule, first: str) -> InputError:
    found = f"a second rule {rule.id}, beside {first}"
    return InputError(_file(rule), found=found, expected="ids that stand for one rule each")


def _file(rule: Rule) -> str:
    return str(sys.modules[rule.check.__module__].__file__)
