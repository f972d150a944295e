"""The self-service actions: their forms, and what a run of one asks for, checked as what a stranger has written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from lychgate.portal.kinds import KINDS, NAME, Input, Kind
from lychgate.portal.runs import Run
from lychgate.provisioner.models.names import NAME as NAME_PATTERN
from lychgate.provisioner.models.platform import LONGEST_NAME, Platform

from lychgate.model.errors import InputError, either, nearest, shown
from lychgate.model.escaping import CONTROL

Operation = Literal["create", "update", "delete", "sync", "waive"]

LONGEST_TEXT = 2_000
# What some template would fill in, here or further on: no value of ours needs one.
TEMPLATE = re.compile(r"\{\{|\$\{|\$\(|<%|\{%")
FINGERPRINT = r"[0-9a-f]{32}"
PREFIX = "lychgate_"
APPLICATION, STACK, FINDING = f"{PREFIX}application", f"{PREFIX}stack", f"{PREFIX}finding"


def _text(name: str, description: str, *, required: bool = True, longest: int = 1000) -> Input:
    schema = {"type": "string", "minLength": 1, "maxLength": longest}
    return Input((name,), schema, description, required)


CONFIRM = Input(("confirm",), NAME.schema, "Its name once more: what it holds goes with it", True)
WAIVER = {
    one.name: one
    for one in (
        _text("reason", "Why the finding is accepted"),
        _text("ticket", "Where that was decided", longest=200),
        Input(("days",), {"type": "integer", "minimum": 1, "maximum": 366}, "Days it lasts; else 30, or fewer", False),
        _text("compensating_control", "What protects in the rule's place", required=False),
    )
}


@dataclass(frozen=True, slots=True)
class Action:
    """A self-service action: on which kind of entity it is run, with which form, and whether a second person has to
    agree."""

    identifier: str
    title: str
    operation: Operation
    blueprint: str
    inputs: Mapping[str, Input]
    kind: Kind | None = None
    description: str = ""
    approval: bool = False

    @property
    def required(self) -> list[str]:
        """The inputs that must be given; an update needs none of what is there already."""
        return [] if self.operation == "update" else [name for name, one in self.inputs.items() if one.required]


def blueprint_of(kind: Kind) -> str:
    """The identifier of a kind's blueprint."""
    return PREFIX + kind.identifier


def _actions() -> dict[str, Action]:
    found = []
    for kind in KINDS.values():
        on, words = blueprint_of(kind), kind.words
        forms: tuple[tuple[Operation, str, str, Mapping[str, Input]], ...] = (
            ("create", APPLICATION, f"Add a {words}", {"name": NAME, **kind.inputs}),
            ("update", on, f"Change the {words}", kind.inputs),
            ("delete", on, f"Delete the {words}", {"confirm": CONFIRM}),
        )
        for operation, blueprint, title, inputs in forms:
            identifier = f"{PREFIX}{operation}_{kind.identifier}"
            found.append(Action(identifier, title, operation, blueprint, inputs, kind, kind.description))
    found += [
        Action(f"{PREFIX}sync", "Sync the stack", "sync", STACK, {}),
        Action(f"{PREFIX}sync_production", "Sync the production stack", "sync", STACK, {}, approval=True),
        Action(f"{PREFIX}waive", "Ask for a waiver", "waive", FINDING, WAIVER, approval=True),
    ]
    return {one.identifier: one for one in found}


ACTIONS: Mapping[str, Action] = _actions()


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run asks for, once it was checked. `name` is that of a resource or workload, `stack` the environment and
    the tenant; `inputs` holds only what was given, by name."""

    run: Run
    action: Action
    application: str
    name: str = ""
    stack: tuple[str, str] = ("", "")
    fingerprint: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def approver(self) -> str:
        """Who answers for a waiver: whom the form names, else who has approved the run."""
        return str(self.inputs["approver"]) if "approver" in self.inputs else self.run.approved_by[0].email

    @property
    def where(self) -> str:
        """How an error names it."""
        return f"run {self.run.id}"

    def refused(self, found: str, expected: str, hint: str | None = None) -> InputError:
        """An error of it."""
        return InputError(self.where, found=found, expected=expected, hint=hint)


def action_of(run: str, identifier: str) -> Action:
    """The action of an identifier. Raises InputError where it is none of ours: a run of it is not ours to touch."""
    if identifier not in ACTIONS:
        found, hint = f"the action {shown(identifier)}", nearest(identifier, ACTIONS)
        raise InputError(f"run {run}", found=found, expected="one of `lychgate portal export`", hint=hint)
    return ACTIONS[identifier]


def asked_of(run: Run, platform: Platform) -> Asked:
    """What a run of Port asks for, if whoever has started it may. Raises InputError."""
    return checked(run, action_of(run.id, run.action), platform)


def checked(run: Run, action: Action, platform: Platform) -> Asked:
    """What a run of an action asks for, if whoever has started it may. Raises InputError."""
    where = f"run {run.id}"
    parts = _entity(run, action)
    application = platform.applications.get(parts[0])
    if application is None:
        found = f"there is no application {shown(parts[0])}"
        raise InputError(where, found=found, expected=either(sorted(platform.applications)))
    if not run.by.owns(application.owner):
        found = f"{shown(run.by.email)} does not belong to {application.owner}, the owner of {parts[0]}"
        raise InputError(where, found=found, expected=f"one who does, in {run.through}")
    if action.approval and not run.approved_by:
        found = "nobody else has approved it in Port"
        raise InputError(where, found=found, expected="a second person's approval")
    inputs = _inputs(run, action)
    if action.operation == "create":
        return Asked(run, action, parts[0], inputs["name"], inputs=_without(inputs, "name"))
    if action.operation in ("update", "delete"):
        asked = Asked(run, action, parts[0], parts[1], inputs=_without(inputs, "confirm"))
        if action.operation == "delete" and inputs["confirm"] != parts[1]:
            raise asked.refused(f"confirm is {shown(inputs['confirm'])}", f"the name, {parts[1]}")
        return asked
    asked = Asked(run, action, parts[0], stack=(parts[1], parts[2]), fingerprint="".join(parts[3:]), inputs=inputs)
    _check_stack(asked, platform)
    return asked


def _check_stack(asked: Asked, platform: Platform) -> None:
    environment, action = asked.stack[0], asked.action
    there = platform.environments.get(environment)
    if there is None:
        expected = either(sorted(platform.environments))
        raise asked.refused(f"there is no environment {shown(environment)}", expected)
    if action.operation == "sync" and there.production != action.approval:
        other = f"{PREFIX}sync_production" if there.production else f"{PREFIX}sync"
        raise asked.refused(f"{action.identifier} is not for {environment}", other)


def _entity(run: Run, action: Action) -> tuple[str, ...]:
    """The parts of the identifier of the entity that an action is run on."""
    name, where = NAME_PATTERN.strip("^$"), f"run {run.id}"
    forms = {APPLICATION: [name], STACK: [name] * 3, FINDING: [name] * 3 + [FINGERPRINT]}
    parts = forms.get(action.blueprint, [name] * 2)
    if len(run.entity) > 200 or not re.fullmatch(r"\.".join(f"(?:{one})" for one in parts), run.entity):
        words = {APPLICATION: "APPLICATION", STACK: "APPLICATION.ENVIRONMENT.TENANT"}
        words |= {FINDING: "APPLICATION.ENVIRONMENT.TENANT.FINGERPRINT"}
        expected = f"{words.get(action.blueprint, 'APPLICATION.NAME')}, as its blueprint has it"
        raise InputError(where, found=f"the entity {shown(run.entity)}", expected=expected)
    return tuple(run.entity.split("."))


def _inputs(run: Run, action: Action) -> dict[str, Any]:
    """The inputs that were given, each of its type. What its value may be beyond that, the platform's model says."""
    where = f"run {run.id}"
    given = {name: value for name, value in run.inputs.items() if value is not None}
    for name, value in given.items():
        if name not in action.inputs:
            expected, hint = either(list(action.inputs)) or "no input", nearest(name, action.inputs)
            raise InputError(where, found=f"the input {shown(name)}", expected=expected, hint=hint)
        check_input(action.inputs[name], value, where)
    for name in action.required:
        if name not in given:
            raise InputError(where, found=f"{name} is missing", expected=wanted(action.inputs[name]))
    if action.operation == "update" and not given:
        raise InputError(where, found="no input", expected=f"one of {', '.join(action.inputs)}")
    if action.operation == "create" and len(given["name"]) > LONGEST_NAME:
        raise InputError(where, found="the name is too long", expected=f"at most {LONGEST_NAME} characters")
    return given


def check_input(one: Input, value: Any, where: str) -> None:
    """Refuse a value that an input does not take, or that no line of text may hold. Raises InputError."""
    if not _fits(value, one):
        raise InputError(where, found=f"{one.name} is {shown(value)}", expected=wanted(one))
    _check_texts(value, f"{where}: {one.name}")


def wanted(one: Input) -> str:
    """What an input takes, in words."""
    type_ = {"integer": "whole number", "array": "list of texts", "string": "text", "boolean": "true or false"}
    words = type_.get(str(one.schema["type"]), str(one.schema["type"]))
    limits = [
        f"{key} {one.schema[key]}" for key in ("minimum", "maximum", "minLength", "maxLength") if key in one.schema
    ]
    return ", ".join([words, *limits])


def _fits(value: Any, one: Input) -> bool:
    """Whether a value is of an input's type; pydantic would take some others for it."""
    schema, type_ = one.schema, one.schema["type"]
    if type_ in ("integer", "number"):
        right = isinstance(value, int if type_ == "integer" else int | float) and not isinstance(value, bool)
        return right and schema.get("minimum", value) <= value <= schema.get("maximum", value)
    if type_ == "string":
        shortest, longest = schema.get("minLength", 0), schema.get("maxLength", LONGEST_TEXT)
        return isinstance(value, str) and shortest <= len(value) <= longest
    if type_ == "array":
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    return isinstance(value, dict if type_ == "object" else bool)


def _check_texts(value: Any, where: str, depth: int = 0) -> None:
    """Refuse what is not seen, several lines, and templates, wherever they stand."""
    if depth > 4:
        raise InputError(where, found="it is nested too deeply", expected="what the form has")
    if isinstance(value, str):
        if bad := CONTROL.search(value) or re.search(r"[\n\t]", value):
            raise InputError(where, found=f"the character {shown(bad.group())}", expected="one line of printable text")
        if bad := TEMPLATE.search(value):
            raise InputError(where, found=f"the template {shown(value[bad.start() :])}", expected="a value")
        if len(value) > LONGEST_TEXT:
            raise InputError(where, found="the text is too long", expected=f"at most {LONGEST_TEXT:,} characters")
    elif isinstance(value, dict):
        for key, one in value.items():
            _check_texts(key, where, depth)
            _check_texts(one, where, depth + 1)
    elif isinstance(value, list):
        for one in value:
            _check_texts(one, where, depth + 1)


def _without(inputs: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in inputs.items() if key != name}
