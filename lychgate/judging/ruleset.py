"""A ruleset: which rules, at which level, with which parameters, and which requirements they serve.

A ruleset is a YAML file (the built-in ones stand in rulesets/). It may extend another; what is nearer wins, and what is
said of one rule wins over its layer, which wins over `default_level`, in whichever of the files each of them stands.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from lychgate.judging.framework import Framework, Requirement, Text, load_framework
from lychgate.judging.preflight import preflight_rules
from lychgate.model.document import MAX_BYTES, Document, parse
from lychgate.model.errors import InputError, either, nearest, shown
from lychgate.model.outcome import Layer, Level, Severity
from lychgate.model.validation import field_names, load, unknown_key, validate

T = TypeVar("T")

BASELINES = ("production", "test")
FRAMEWORKS = ("pci-dss-4.0.1",)

# Days that a waiver may last, where a ruleset says nothing.
WAIVER_LIMITS: Mapping[Severity, int] = {"critical": 30, "high": 90, "medium": 180, "low": 365}


class RuleFacts(Protocol):
    """What a ruleset must know of a rule."""

    @property
    def id(self) -> str:
        """The rule's slug."""

    @property
    def layer(self) -> Layer:
        """Its layer, whose level it has unless the ruleset names it."""

    @property
    def severity(self) -> Severity:
        """Its severity, which limits how long a waiver may last."""

    @property
    def parameters(self) -> type[BaseModel] | None:
        """The model of its parameters; None where it takes none."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    level: Level | None = None
    reason: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _level_alone(cls, value: Any) -> Any:
        """`encryption: mandatory` is short for `encryption: {level: mandatory}`."""
        return {"level": value} if isinstance(value, str) else value


class LayerSetting(_Part):
    """What a ruleset says of a layer."""

    level: Level


class RuleSetting(_Part):
    """What a ruleset says of one rule. A parameter `{file: PATH}` is what that file says, beside the ruleset."""

    parameters: dict[str, Any] = {}
    never_waive: bool | None = None


class RulesetFile(BaseModel):
    """The file of a ruleset. What it leaves out comes from the one it extends, else from the defaults.

    `extends` is a built-in name or a path beside the file, `framework` too. `requirements` adds rules (a user's own,
    say) to requirements of the framework. `waiver_limits` are days.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Text
    description: Text
    extends: Text | None = None
    strict: bool | None = None
    framework: Text | None = None
    profiles: list[str] | None = None
    default_level: Level | None = None
    layers: dict[Layer, LayerSetting] = {}
    rules: dict[str, RuleSetting] = {}
    waiver_limits: dict[Severity, Annotated[int, Field(ge=0)]] = {}
    requirements: dict[str, list[str]] = {}


@dataclass(frozen=True, slots=True)
class Setting:
    """What holds for one rule after everything is merged."""

    level: Level
    parameters: BaseModel | None
    never_waive: bool
    requirements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ruleset:
    """A ruleset, merged and checked against the rules it was loaded with.

    `requirements` are those that bind: the framework's, without the profiles that are not switched on. `waiver_limits`
    are days by severity. `digest` is the SHA-256 of what the files say, whatever their comments and formatting.
    """

    name: str
    description: str
    strict: bool
    framework: str
    profiles: tuple[str, ...]
    requirements: tuple[Requirement, ...]
    waiver_limits: Mapping[Severity, int]
    digest: str
    settings: Mapping[str, Setting]

    def level(self, rule: RuleFacts) -> Level:
        """The level of a rule that the ruleset was loaded with."""
        return self.settings[rule.id].level

    def parameters(self, rule: RuleFacts) -> BaseModel | None:
        """The rule's parameters, as its own model; None where it takes none."""
        return self.settings[rule.id].parameters

    def requirements_of(self, rule_id: str) -> tuple[str, ...]:
        """Ids of the binding requirements that a rule serves, in the framework's order."""
        return self.settings[rule_id].requirements

    def requirements_of_preflight(self, rule_id: str) -> tuple[str, ...]:
        """Ids of the binding requirements that a preflight rule serves, in the framework's order."""
        return tuple(requirement.id for requirement in self.requirements if rule_id in requirement.preflight)

    def never_waive(self, rule_id: str) -> bool:
        """Whether no waiver of a rule is accepted."""
        return self.settings[rule_id].never_waive


def load_ruleset(
    path_or_name: str | Path, known_rules: Mapping[str, RuleFacts], known_preflight: Collection[str] | None = None
) -> Ruleset:
    """A ruleset from a file or by the name of a built-in baseline, with what it extends.

    Every rule named in it, or in its framework, must be among `known_rules`, every preflight rule among
    `known_preflight` (else the built-in ones). Raises InputError: all errors of a file's shape at once, then all errors
    of what its words refer to.
    """
    chain = list(_chain(path_or_name))
    framework, document = _framework(chain)
    errors = []
    if document:
        known = preflight_rules() if known_preflight is None else known_preflight
        errors = _unknown_rules_of_framework(framework, document, known_rules, known)
    for link in chain:
        errors += _wrong_references(link, framework, known_rules)
    parameters: dict[str, BaseModel | None] = {}
    for rule in known_rules.values():
        try:
            parameters[rule.id] = _parameters(rule, chain)
        except InputError as error:
            errors += [error, *error.more]
    if errors:
        raise InputError.of(errors)
    return _merge(chain, framework, known_rules, parameters)


def read(path: Path) -> Document:
    """The YAML document of a file. Raises InputError, also where the file cannot be read."""
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(str(path), found=f"cannot be read: {error.strerror}") from None
    return parse(data, str(path))


@dataclass(frozen=True, slots=True)
class _Link:
    """One file of a chain of rulesets, of which the first is the nearest and the last extends nothing."""

    document: Document
    file: RulesetFile
    files: Mapping[tuple[str, str], Document] = field(default_factory=dict)  # of parameters, by rule and name

    def wrong_name(self, key: str, name: str, what: str, valid: Sequence[str]) -> InputError:
        """The error for the value of `key`, which names a built-in thing or a file, and does neither."""
        found = f"unknown {what} {shown(name)}"
        return self.document.error((key,), found, f"{either(valid)}, or the path of a .yaml file", nearest(name, valid))


def _locate(name: str, built_in: Sequence[str], beside: Path) -> Path | None:
    """The file of a built-in name or of a path; None for a name that is neither."""
    if name in built_in:
        return Path(str(resources.files("lychgate.rulesets"))) / f"{name}.yaml"
    return beside / name if "/" in name or name.endswith((".yaml", ".yml")) else None


def _chain(path_or_name: str | Path) -> Iterator[_Link]:
    path = path_or_name if isinstance(path_or_name, Path) else _locate(path_or_name, BASELINES, Path())
    if path is None:
        name = str(path_or_name)
        found, expected = f"unknown ruleset {shown(name)}", f"{either(BASELINES)}, or the path of a .yaml file"
        raise InputError("--ruleset", found=found, expected=expected, hint=nearest(name, BASELINES))
    seen = set[Path]()
    while True:
        seen.add(path.resolve())
        document = read(path)
        link = _with_files(document, load(document, RulesetFile))
        yield link
        if link.file.extends is None:
            return
        path = _locate(link.file.extends, BASELINES, path.parent)
        if path is None:
            raise link.wrong_name("extends", link.file.extends, "ruleset", BASELINES)
        if path.resolve() in seen:
            raise document.error(("extends",), f"{shown(link.file.extends)} extends this file in its turn")


def _with_files(document: Document, file: RulesetFile) -> _Link:
    """The link with what files say in the place of their names. Raises InputError."""
    files: dict[tuple[str, str], Document] = {}
    rules: dict[str, RuleSetting] = {}
    for rule_id, setting in file.rules.items():
        for name, value in setting.parameters.items():
            if isinstance(value, dict) and list(value) == ["file"]:
                files[rule_id, name] = _named_file(
                    document, ("rules", rule_id, "parameters", name, "file"), value["file"]
                )
        said = {name: files[rule_id, name].value for name in setting.parameters if (rule_id, name) in files}
        rules[rule_id] = setting.model_copy(update={"parameters": {**setting.parameters, **said}})
    return _Link(document, file.model_copy(update={"rules": rules}) if files else file, files)


def _named_file(document: Document, path: tuple[str | int, ...], name: Any) -> Document:
    if not isinstance(name, str) or not name:
        raise document.error(path, f"file is {shown(name)}", "the path of a file beside this one")
    try:
        return read(Path(document.file).parent / name)
    except InputError as error:
        if error.line is not None:
            raise
        raise document.error(path, f"{shown(name)} {error.found}") from None


def _framework(chain: Sequence[_Link]) -> tuple[Framework, Document | None]:
    """The nearest framework of the chain, and its document; an empty one where nobody names one."""
    for link in chain:
        if link.file.framework is not None:
            path = _locate(link.file.framework, FRAMEWORKS, Path(link.document.file).parent)
            if path is None:
                raise link.wrong_name("framework", link.file.framework, "framework", FRAMEWORKS)
            document = read(path)
            return load_framework(document), document
    return Framework(framework="none", title="no framework", requirements=()), None


def unknown_rule(
    document: Document,
    path: tuple[str | int, ...],
    rule_id: str,
    known_rules: Mapping[str, RuleFacts],
    key: bool = False,
) -> InputError:
    """The error for a rule id that nothing has, at a path of a document."""
    found, expected = f"unknown rule {shown(rule_id)}", "the id of a rule (`lychgate rules` lists them)"
    return document.error(path, found, expected, nearest(rule_id, known_rules), key=key)


def _unknown_rules_of_framework(
    framework: Framework, document: Document, known_rules: Mapping[str, RuleFacts], known_preflight: Collection[str]
) -> list[InputError]:
    errors = []
    for index, requirement in enumerate(framework.requirements):
        for position, rule_id in enumerate(requirement.rules):
            path = ("requirements", index, "rules", position)
            if rule_id in known_preflight:
                errors.append(document.error(path, f"{shown(rule_id)} is a preflight rule", "it under `preflight`"))
            elif rule_id not in known_rules:
                errors.append(unknown_rule(document, path, rule_id, known_rules))
        for position, rule_id in enumerate(requirement.preflight):
            path = ("requirements", index, "preflight", position)
            if rule_id in known_rules:
                errors.append(document.error(path, f"{shown(rule_id)} judges resources", "it under `rules`"))
            elif rule_id not in known_preflight:
                found, expected = f"unknown preflight rule {shown(rule_id)}", "the id of one (`lychgate rules`)"
                errors.append(document.error(path, found, expected, nearest(rule_id, known_preflight)))
    return errors


def _wrong_references(link: _Link, framework: Framework, known_rules: Mapping[str, RuleFacts]) -> Iterator[InputError]:
    """What a file refers to and nobody knows: rules, profiles, requirements."""
    document, file = link.document, link.file
    for rule_id in file.rules:
        if rule_id not in known_rules:
            yield unknown_rule(document, ("rules", rule_id), rule_id, known_rules, key=True)
    for index, profile in enumerate(file.profiles or ()):
        if profile not in framework.profiles:
            place = (document.file, *document.position(("profiles", index)))
            yield unknown_key(profile, framework.profiles, place, "profile")
    ids = [requirement.id for requirement in framework.requirements]
    for requirement, rules in file.requirements.items():
        if requirement not in ids:
            found, expected = f"unknown requirement {shown(requirement)}", f"one of {framework.title}"
            yield document.error(("requirements", requirement), found, expected, nearest(requirement, ids), key=True)
        for index, rule_id in enumerate(rules):
            if rule_id not in known_rules:
                yield unknown_rule(document, ("requirements", requirement, index), rule_id, known_rules)


def _parameters(rule: RuleFacts, chain: Sequence[_Link]) -> BaseModel | None:
    """The parameters of a rule, the nearest value of each. Raises InputError where the value was written."""
    given: dict[str, Any] = {}
    origin: dict[str, _Link] = {}
    for link in reversed(chain):
        if setting := link.file.rules.get(rule.id):
            given |= setting.parameters
            origin |= dict.fromkeys(setting.parameters, link)
    base = ("rules", rule.id, "parameters")

    def place(path: tuple[str | int, ...], key: bool) -> tuple[str, int, int]:
        link = (origin.get(str(path[0])) if path else None) or chain[0]
        file = link.files.get((rule.id, str(path[0]))) if path else None
        if file is not None:
            return file.file, *file.position(path[1:], key=key)
        return link.document.file, *link.document.position((*base, *path), key=key)

    valid = field_names(rule.parameters) if rule.parameters else []
    errors = [unknown_key(name, valid, place((name,), True), "parameter") for name in given if name not in valid]
    if not errors and rule.parameters:
        try:
            return validate(rule.parameters, given, place)
        except InputError as error:
            errors = [error, *error.more]
    for wrong in errors:
        wrong.found, wrong.more = f"{rule.id}: {wrong.found}", ()
    if errors:
        raise InputError.of(errors)
    return None


def _merge(
    chain: Sequence[_Link],
    framework: Framework,
    known_rules: Mapping[str, RuleFacts],
    parameters: Mapping[str, BaseModel | None],
) -> Ruleset:
    files = [link.file for link in chain]
    profiles = tuple(_nearest(file.profiles for file in files) or ())
    requirements = _binding(framework, profiles, files)
    settings = {
        rule.id: Setting(
            level=_level(rule, files),
            parameters=parameters[rule.id],
            never_waive=bool(_nearest(file.rules[rule.id].never_waive for file in files if rule.id in file.rules)),
            requirements=tuple(requirement.id for requirement in requirements if rule.id in requirement.rules),
        )
        for rule in known_rules.values()
    }
    limits = dict(WAIVER_LIMITS)
    for file in reversed(files):
        limits |= file.waiver_limits
    said = [model.model_dump(mode="json", exclude_none=True) for model in (*files, framework)]
    canonical = json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
    return Ruleset(
        name=files[0].name,
        description=files[0].description,
        strict=bool(_nearest(file.strict for file in files)),
        framework=framework.framework,
        profiles=profiles,
        requirements=requirements,
        waiver_limits=limits,
        digest=hashlib.sha256(canonical).hexdigest(),
        settings=settings,
    )


def _nearest(said: Iterable[T | None]) -> T | None:
    """The first thing that is said."""
    return next((value for value in said if value is not None), None)


def _level(rule: RuleFacts, files: Sequence[RulesetFile]) -> Level:
    of_rule: Level | None = _nearest(file.rules[rule.id].level for file in files if rule.id in file.rules)
    of_layer: Level | None = _nearest(file.layers[rule.layer].level for file in files if rule.layer in file.layers)
    return of_rule or of_layer or _nearest(file.default_level for file in files) or "mandatory"


def _binding(framework: Framework, profiles: Sequence[str], files: Sequence[RulesetFile]) -> tuple[Requirement, ...]:
    """The requirements that bind, with the rules that rulesets add; a manual one with such a rule is contributed to."""
    binding = []
    for requirement in framework.requirements:
        if requirement.profile is None or requirement.profile in profiles:
            added = [rule for file in reversed(files) for rule in file.requirements.get(requirement.id, ())]
            if added:
                kind = "contributed" if requirement.kind == "manual" else requirement.kind
                rules = tuple(dict.fromkeys((*requirement.rules, *added)))
                requirement = requirement.model_copy(update={"rules": rules, "kind": kind})
            binding.append(requirement)
    return tuple(binding)
