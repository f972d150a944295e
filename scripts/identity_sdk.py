"""What scripts/refresh_arns.py reads from the installed pulumi_aws: properties and import sections of each type."""

from __future__ import annotations

import importlib
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import pulumi_aws
from pulumi import _types


@dataclass(frozen=True)
class SdkType:
    """One resource class: its properties under Pulumi's names, the import sentence and the example ids."""

    token: str
    inputs: set[str]
    outputs: set[str]
    sentence: str
    examples: list[str]

    @property
    def module(self) -> str:
        """The module part of the token ("sqs")."""
        return self.token.split(":")[1].split("/")[0]

    @property
    def name(self) -> str:
        """The class name ("Queue")."""
        return self.token.rpartition(":")[2]


def read_sdk() -> dict[str, SdkType]:
    """Every resource type of the SDK by token. Imports all its modules: most of a minute."""
    source = Path(str(pulumi_aws.__file__)).read_text()
    modules = re.search(r'resource_modules="""\n(.*?)"""', source, re.S)
    if modules is None:
        raise SystemExit("pulumi_aws/__init__.py no longer lists its resource modules")
    return {
        token: _read_type(token, module["fqn"], class_name)
        for module in json.loads(modules[1])
        for token, class_name in module["classes"].items()
    }


def _read_type(token: str, package: str, class_name: str) -> SdkType:
    cls = getattr(importlib.import_module(package), class_name)
    own = importlib.import_module(cls.__module__)
    # Where a nested input has the name that the arguments would get, they are called ...InitArgs.
    args = getattr(own, class_name + "InitArgs", None) or getattr(own, class_name + "Args", None)
    # The texts stand at overloads of __init__, which do not exist at run time.
    source = Path(str(sys.modules[cls.__module__].__file__)).read_text()
    section = re.search(r"\n +## Import\n(.*?)(?=\n +:param|\"\"\")", source, re.S)
    about = section[1] if section else ""
    sentence = re.search(r"Using `pulumi import`[^`]*?(.*?)(?=```|For example|\Z)", about, re.S)
    examples = re.findall(r"pulumi import \S+ \S+ (\S.*)", about)
    return SdkType(
        token,
        set(_types.input_type_types(args)) if args else set(),
        set(_types.resource_types(cls)),
        re.sub(r"\s+", " ", sentence[1]) if sentence else "",
        sorted({example.strip("'\" ") for example in examples}),
    )
