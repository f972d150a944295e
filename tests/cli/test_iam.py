"""`lychgate iam compare` and `decide`: answers as data and in words, and each wrong input with its line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run

Command = Callable[..., Run]
READ = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme/*"}],
}
WIDER = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "All", "Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::acme/*"}],
}
ALICE = "arn:aws:iam::111122223333:user/alice"


def file(folder: Path, name: str, content: Any) -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content, indent=1))
    return path


def test_which_of_two_is_wider_with_a_request_that_shows_it(tmp_path: Path, cheap: Command) -> None:
    a, b = file(tmp_path, "a.json", READ), file(tmp_path, "b.json", WIDER)
    run = cheap("iam", "compare", a, b, "--format", "json")
    assert run.status == 0
    found = json.loads(run.stdout)
    assert found["relation"] == "narrower"
    (one,) = found["witnesses"]
    assert one["allowed_by"] == "B" and one["statement"] == "All"
    assert one["request"]["action"].startswith("s3:Get") and one["request"]["action"] != "s3:GetObject"
    # The witness is one: decide says so of either policy.
    for policy, decision in ((READ, "implicit-deny"), (WIDER, "allow")):
        case = file(tmp_path, "case.json", {"request": one["request"], "identity": [policy]})
        assert json.loads(cheap("iam", "decide", case, "--format", "json").stdout)["decision"] == decision
    words = cheap("iam", "compare", b, a).stdout
    assert words.startswith("A is wider") and "only A allows, through statement All:" in words
    assert json.loads(cheap("iam", "compare", a, a, "--format", "json").stdout) == {
        "relation": "equivalent", "witnesses": [], "reason": "",
    }  # fmt: skip


def test_all_layers_of_a_case_count(tmp_path: Path, cheap: Command) -> None:
    request = {"principal": ALICE, "action": "s3:GetObject", "resource": "arn:aws:s3:::acme/x"}
    deny = {"Version": "2012-10-17", "Statement": {"Sid": "No", "Effect": "Deny", "Action": "*", "Resource": "*"}}
    cases: list[tuple[dict[str, Any], str, str | None]] = [
        ({}, "implicit-deny", None),
        ({"identity": [READ]}, "allow", "Read"),
        ({"identity": [READ], "boundary": None, "scps": []}, "allow", "Read"),
        ({"identity": [READ, deny]}, "explicit-deny", "No"),
        ({"identity": [READ], "boundary": deny}, "explicit-deny", "No"),
        ({"identity": [READ], "session": {**READ, "Statement": []}}, "implicit-deny", None),
        ({"identity": [READ], "scps": [WIDER]}, "allow", "Read"),
        ({"identity": [READ], "scps": [[WIDER], [{**READ, "Statement": []}]]}, "implicit-deny", None),
        ({"identity": [READ], "rcps": [[deny]]}, "explicit-deny", "No"),
    ]
    for layers, decision, statement in cases:
        run = cheap("iam", "decide", file(tmp_path, "case.json", {"request": request, **layers}), "--format", "json")
        found = json.loads(run.stdout)
        assert (run.status, found["decision"], found["statement"]) == (0, decision, statement), layers
    assert cheap(
        "iam", "decide", file(tmp_path, "case.json", {"request": request, "identity": [READ]})
    ).stdout.startswith("allow through statement Read of identity[0]: ")
    plain = {"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}
    assert cheap(
        "iam", "decide", file(tmp_path, "case.json", {"request": request, "identity": [plain]})
    ).stdout.startswith("allow through statement 1 of identity[0]: ")


def test_a_value_is_text_as_aws_has_it(tmp_path: Path, cheap: Command) -> None:
    policy = json.loads(json.dumps(READ))
    policy["Statement"][0]["Condition"] = {"Bool": {"aws:SecureTransport": "true"}}
    request = {"principal": ALICE, "action": "s3:GetObject", "resource": "arn:aws:s3:::acme/x"}
    for value, decision in ((True, "allow"), ("true", "allow"), (False, "implicit-deny")):
        case = {"request": request | {"context": {"aws:SecureTransport": value}}, "identity": [policy]}
        run = cheap("iam", "decide", file(tmp_path, "case.json", case), "--format", "json")
        assert json.loads(run.stdout)["decision"] == decision


REQUEST = '{"request": {"principal": "*", "action": "s3:GetObject", "resource": "*"'
WRONG: dict[str, tuple[str, str]] = {
    "no JSON": ("{", "case.json:1:2: expected a key in double quotes"),
    "no request": ('{\n "identity": []}', "case.json:1:1: 'request' is missing"),
    "unknown key": ('{"request": {},\n "identiy": []}', "case.json:2:13: $.identiy: unknown key 'identiy'"),
    "no principal": (
        '{"request": {\n "action": "s3:GetObject"}}',
        "$.request.principal: principal is empty. expected a text",
    ),
    "a pattern": (
        '{"request": {"principal": "*",\n"action": "s3:*", "resource": "*"}}',
        "case.json:2:11: $.request.action: the action 's3:*'. expected one action: s3:GetObject",
    ),
    "an account as a number": (
        REQUEST + ',\n"resource_account": 1}}',
        "case.json:2:21: $.request.resource_account: it is 1. expected an account: twelve digits, as text",
    ),
    "a key twice, in another case": (
        REQUEST + ',\n"context": {"aws:A": "", "AWS:a": ""}}}',
        "keys know no case",
    ),
    "no list": (
        REQUEST + '},\n"identity": {}}',
        "case.json:2:13: $.identity: identity is a mapping. expected a list of policy documents",
    ),
    "a wrong policy": (
        REQUEST + '},\n"identity": [{"Statement": [{\n"Effect": "allow"}]}]}',
        "case.json:3:11: $.identity[0].Statement[0].Effect: ",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_wrong_input_is_one_message_with_its_place(tmp_path: Path, cheap: Command, case: str) -> None:
    text, said = WRONG[case]
    run = cheap("iam", "decide", file(tmp_path, "case.json", text))
    assert run.status == 2 and run.stdout == ""
    assert said in run.stderr and run.stderr.count("\n") == 1


def test_a_wrong_policy_says_where(tmp_path: Path, cheap: Command) -> None:
    a, b = (
        file(tmp_path, "a.json", READ),
        file(tmp_path, "b.json", '{"Version": "2012-10-17",\n "Statement": [{"Effect": "Allow"}]}'),
    )
    run = cheap("iam", "compare", a, b)
    assert run.status == 2 and "b.json:2:" in run.stderr and run.stderr.count("\n") == 1
    run = cheap("iam", "compare", a, tmp_path / "none.json")
    assert run.status == 2 and "none.json: cannot be read" in run.stderr
    assert "text or json" in cheap("iam", "compare", a, a, "--format", "yaml").stderr


def test_a_hostile_policy_moves_no_terminal(tmp_path: Path, cheap: Command) -> None:
    hostile = json.loads(json.dumps(WIDER))
    hostile["Statement"][0]["Resource"] = "arn:aws:s3:::acme\u001b[2J\u202e/*"
    run = cheap("iam", "compare", file(tmp_path, "a.json", hostile), file(tmp_path, "b.json", READ))
    assert run.status in (0, 2)
    assert not {"\x1b", "\u202e"} & set(run.stdout + run.stderr)
