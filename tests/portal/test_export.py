"""What Port is told: valid for its API, the same each time, and with the same limits as the models."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from lychgate.portal.actions import ACTIONS
from lychgate.portal.catalog import MARKER
from lychgate.portal.exporting import Backend, Catalog, export, write
from lychgate.portal.kinds import KINDS, TYPES, Kind
from lychgate.provisioner.models.settings import Part
from pydantic import BaseModel

from lychgate.cli import main
from lychgate.judging.discovery import built_in_rules
from lychgate.judging.ruleset import load_ruleset
from lychgate.model.errors import InputError
from lychgate.sources.settings import GitLabProject
from tests.portal import port_schemas
from tests.portal.conftest import World

REQUIREMENTS = load_ruleset("production", built_in_rules()).requirements


def catalog(*approvers: str) -> Catalog:
    return export(REQUIREMENTS, Backend("group/sub", "platform", "main"), approvers)


def test_all_of_it_fits_what_port_takes() -> None:
    made = catalog("security")
    models: list[tuple[type[BaseModel], Any]] = [
        (port_schemas.Blueprint, made.blueprints), (port_schemas.Scorecard, made.scorecards),
        (port_schemas.Action, made.actions), (port_schemas.Permissions, made.permissions.values()),
    ]  # fmt: skip
    for model, documents in models:
        for one in documents:
            model.model_validate(one)
    assert [len(documents) for _, documents in models] == [7 + len(KINDS), 10, len(ACTIONS), len(ACTIONS)]


def test_what_a_document_names_is_there() -> None:
    made, seen = catalog(), dict[str, Any]()
    for one in made.blueprints:
        assert {relation["target"] for relation in one["relations"].values()} <= set(seen), one["identifier"]
        path = one.get("ownership", {}).get("path", "")
        assert not path or path.partition(".")[0] in one["relations"]
        seen[one["identifier"]] = one
    for action in made.actions:
        trigger = action["trigger"]
        there = seen[trigger["blueprintIdentifier"]]["schema"]["properties"]
        assert set(trigger["userInputs"]["required"]) <= set(trigger["userInputs"]["properties"])
        assert all(rule["property"] in there for rule in trigger.get("condition", {"rules": ()})["rules"])
    levels = [level["title"] for level in made.scorecards[0]["levels"]]
    for rule in (rule for card in made.scorecards for rule in card["rules"]):
        assert rule["level"] in levels[1:]  # the first is that of what fulfils nothing
        for condition in rule["query"]["conditions"]:
            assert condition["value"] in seen["lychgate_stack"]["schema"]["properties"][condition["property"]]["enum"]


def fields(model: type[Part], path: tuple[str, ...] = ()) -> dict[str, tuple[dict[str, Any], Any]]:
    """The fields of a model, those of its parts too: schema and field by the name of the input."""
    found: dict[str, tuple[dict[str, Any], Any]] = {}
    schema = model.model_json_schema()
    for name, field in model.model_fields.items():
        inner = next((one for one in _classes(field.annotation) if issubclass(one, Part)), None)
        if inner is not None:
            found |= fields(inner, (*path, name))
        elif path or name not in ("kind", "retiring"):
            value = schema["properties"][name]
            value = next((one for one in value.get("anyOf", ()) if one.get("type") != "null"), value)
            found["_".join((*path, name))] = (value, field)
    return found


def _classes(annotation: Any) -> list[type]:
    """The class that a field is of, be it optional; not what is in a list or a mapping."""
    choices = () if get_origin(annotation) in (dict, list) else get_args(annotation)
    return [one for one in (annotation, *choices) if isinstance(one, type)]


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_the_form_of_a_kind_is_its_model(kind: Kind) -> None:
    """Names, types, choices, limits, help texts and defaults, read here from the models by another way."""
    wanted = fields(kind.model)
    form = next(one for one in catalog().actions if one["identifier"] == f"lychgate_create_{kind.identifier}")
    given = dict(form["trigger"]["userInputs"]["properties"])
    assert given.pop("name")["pattern"] == r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
    assert set(given) == set(wanted)
    for name, (schema, field) in wanted.items():
        one = given[name]
        assert one["type"] == TYPES.get(schema["type"], schema["type"]), name
        for limit in ("enum", "minimum", "maximum", "minLength", "maxLength", "pattern", "minItems", "maxItems"):
            assert one.get(limit) == schema.get(limit), (name, limit)
        if not field.is_required() and field.default not in (None, [], {}):
            assert one["default"] == field.default
        if schema.get("description"):
            assert one["description"] == " ".join(schema["description"].split())
    required = [name for name, (_, field) in wanted.items() if field.is_required() and "_" not in name]
    assert form["trigger"]["userInputs"]["required"] == ["name", *required]
    update = next(one for one in catalog().actions if one["identifier"] == f"lychgate_update_{kind.identifier}")
    changes = update["trigger"]["userInputs"]
    assert set(changes["properties"]) == set(given) and changes["required"] == []
    assert not any("default" in one for one in changes["properties"].values())


def test_no_input_can_be_taken_for_a_variable_of_the_pipeline() -> None:
    """Port's agent runs the branch that an input `ref` names, and gives all inputs to the pipeline as variables."""
    names = {name for one in ACTIONS.values() for name in one.inputs}
    assert "ref" not in names and all(name == name.lower() and name.isidentifier() for name in names)


def test_production_and_waivers_need_a_second_person_and_everything_the_owner() -> None:
    made = catalog("security")
    approved = {one["identifier"] for one in made.actions if one["requiredApproval"]}
    assert approved == {"lychgate_sync_production", "lychgate_waive"}
    for name, one in made.permissions.items():
        assert one["execute"] == {"users": [], "roles": [], "teams": [], "ownedByTeam": True, "policy": None}
        assert one["approve"]["teams"] == (["security"] if name in approved else [])
    assert catalog().permissions["lychgate_waive"]["approve"]["roles"] == ["Admin"]
    for one in made.actions:
        if one["trigger"]["operation"] == "DELETE":
            assert one["trigger"]["userInputs"]["required"] == ["confirm"]


def test_the_pipeline_is_given_the_run_and_nothing_that_somebody_wrote() -> None:
    for one in catalog().actions:
        assert one["invocationMethod"] == {
            "type": "GITLAB", "groupName": "group/sub", "projectName": "platform", "defaultRef": "main",
            "pipelineVariables": {"LYCHGATE_RUN": "{{ .run.id }}"},
        }  # fmt: skip


def test_it_is_the_same_each_time_and_carries_the_mark(tmp_path: Path) -> None:
    one, other = catalog(), catalog()
    assert one.files() == other.files()
    assert len(write(one, tmp_path / "a" / "b")) == len(one.files())
    for part in (one.blueprints, one.actions):
        assert all(entry["description"].endswith(MARKER) for entry in part)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        write(one, tmp_path / "file")


@pytest.mark.parametrize("named", [None, GitLabProject("https://gitlab.example.com", "7")])
def test_a_project_that_is_not_named_by_its_path_is_refused(named: GitLabProject | None) -> None:
    with pytest.raises(InputError, match="names no GitLab project by its path"):
        Backend.of(named, "main")


def test_the_command_prints_one_document(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["lychgate", "portal", "export"])
    with pytest.raises(SystemExit):
        main()
    printed = json.loads(capsys.readouterr().out)
    assert printed["actions/lychgate_sync.json"]["invocationMethod"]["groupName"] == "pay"
    assert not world.port.asked
