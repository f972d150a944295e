"""The stated maximum: a policy document in a ruleset or beside it, and each wrong one with its line."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from lychgate.judging.discovery import built_in_rules
from lychgate.judging.evaluation import judge
from lychgate.judging.pack_config import pack_config, parameters_schema
from lychgate.judging.rule import Case
from lychgate.judging.ruleset import Ruleset, load_ruleset
from lychgate.model.errors import InputError
from lychgate.model.graph import Graph
from lychgate.model.redaction import Redactor
from lychgate.model.values import UNKNOWN
from tests.cli.conftest import lay
from tests.views.helpers import resource

RULES = built_in_rules()
ID = "iam-identity-exceeds-stated-maximum"
RULE = RULES[ID]
HEAD = f"name: own\ndescription: ours\nextends: production\nrules:\n  {ID}:\n    parameters:\n"
MAXIMUM = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


def ruleset(folder: Path, parameters: str, **files: str) -> Ruleset:
    text = HEAD + "".join(f"      {line}\n" for line in dedent(parameters).strip().splitlines())
    lay(folder, {"own.yaml": text, **files})
    return load_ruleset(folder / "own.yaml", RULES)


def outcome(rules: Ruleset, action: Any) -> str:
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}
    policy = action if action is UNKNOWN else json.dumps(document)
    role = resource("aws:iam/role:Role", "worker", {"name": "worker"}, id="worker")
    rights = resource("aws:iam/rolePolicy:RolePolicy", "rights", {"role": "worker", "policy": policy})
    graph = Graph([role, rights])
    (view,) = RULE.judges.all(graph)
    return judge(RULE, view, Case(graph, rules.parameters(RULE)), Redactor(())).outcome


INLINE = """
maximum:
  Version: 2012-10-17
  Statement:
    - Effect: Allow
      Action: ["s3:*"]
      Resource: "*"
"""


def test_it_stands_in_the_ruleset_or_in_a_file_beside_it(tmp_path: Path) -> None:
    inline = ruleset(tmp_path, INLINE)
    named = ruleset(tmp_path, "maximum: {file: maximum.json}", **{"maximum.json": json.dumps(MAXIMUM)})
    for rules in (inline, named):
        assert outcome(rules, "s3:GetObject") == "pass"
        assert outcome(rules, ["s3:GetObject", "sqs:SendMessage"]) == "fail"
        assert outcome(rules, UNKNOWN) == "unknown"
    assert outcome(load_ruleset("production", RULES), "*") == "not applicable"


def test_another_file_is_another_ruleset(tmp_path: Path) -> None:
    said = "maximum: {file: maximum.json}"
    first = ruleset(tmp_path, said, **{"maximum.json": json.dumps(MAXIMUM)})
    again = ruleset(tmp_path, said, **{"maximum.json": json.dumps(MAXIMUM, indent=2)})
    wider = {**MAXIMUM, "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    assert first.digest == again.digest
    assert first.digest != ruleset(tmp_path, said, **{"maximum.json": json.dumps(wider)}).digest


def test_the_pack_is_told_what_the_file_says(tmp_path: Path) -> None:
    rules = ruleset(tmp_path, "maximum: {file: maximum.json}", **{"maximum.json": json.dumps(MAXIMUM)})
    assert pack_config(RULES, rules)[ID]["maximum"] == MAXIMUM
    assert parameters_schema(RULE, rules)["maximum"]["default"] == MAXIMUM


@pytest.mark.parametrize(
    ("parameters", "where", "found"),
    [
        (INLINE.replace("Effect: Allow", "Effect: Permit"), "own.yaml:10:21", "Permit"),
        (INLINE.replace('"s3:*"', '"s3"'), "own.yaml:11:", "s3"),
        (INLINE.replace("      Resource", "      Principal: '*'\n      Resource"), "own.yaml:10:", "Principal"),
        ("maximum: all", "own.yaml:7:16", "maximum is 'all'"),
        ("maximum: {}", "own.yaml:7:", "Statement"),
        ("maximum: {file: absent.json}", "own.yaml:7:23", "'absent.json' cannot be read"),
        ("maximum: {file: 7}", "own.yaml:7:", "file is 7"),
        ("most: {}", "own.yaml:7:7", "unknown parameter 'most'"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, parameters: str, where: str, found: str) -> None:
    with pytest.raises(InputError) as error:
        ruleset(tmp_path, parameters)
    assert str(tmp_path / where) in str(error.value)
    assert found in str(error.value)


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ('{"Statement":\n [{"Effect": "Allow",\n   "Action": "s3:*"}]}', ":2:3: "),
        ('{"Version": "2012-10-17",\n "Statement": [\n', ":"),
        ('{"Statement": [{"Effect": "Allow", "Action": "s3:*",\n  "Resource": 7}]}', ":2:15"),
    ],
)
def test_what_is_wrong_in_the_file_is_told_with_its_line_there(tmp_path: Path, content: str, where: str) -> None:
    with pytest.raises(InputError) as error:
        ruleset(tmp_path, "maximum: {file: deep/maximum.json}", **{"deep/maximum.json": content})
    assert f"deep/maximum.json{where}" in str(error.value)
