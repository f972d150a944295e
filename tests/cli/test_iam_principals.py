"""`lychgate iam who-can` and `what-can`, on a program with a few roles."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from lychgate.cli import iam_principals
from lychgate.cli.app import app
from lychgate.cli.iam_sources import Source
from lychgate.model.graph import Graph
from lychgate.sources.program.programs import capture_texts

PROGRAM = """
import json

import pulumi
import pulumi_aws as aws


def document(*statements):
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)})


def role(name, principal, *statements):
    trust = document({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})
    made = aws.iam.Role(name, name=name, assume_role_policy=trust)
    if statements:
        aws.iam.RolePolicy(name, role=made.name, policy=document(*statements))
    return made


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


BUILD = {"Service": "codebuild.amazonaws.com"}
bucket = aws.s3.Bucket("receipts", bucket="acme-receipts")
objects = pulumi.Output.concat(bucket.arn, "/*")
only = {"StringEquals": {"aws:SourceVpce": "vpce-1"}}
read = allow(["s3:GetObject", "s3:ListBucket"], [bucket.arn, objects], Sid="ReadReceipts", Condition=only)
api = role("payments", {"Service": "lambda.amazonaws.com"}, read)
function = aws.lambda_.Function(
    "api", name="api", role=api.arn, runtime="python3.12", handler="m.run", s3_bucket="code", s3_key="x.zip"
)
role("release", BUILD, allow("lambda:UpdateFunctionCode", function.arn))
role("admin", {"AWS": "arn:aws:iam::111122223333:root"}, allow("*"))
role("ci", BUILD, allow("sts:AssumeRole", "arn:aws:iam::*:role/adm*"))
role("idle", BUILD)
aws.s3.BucketPolicy(
    "receipts",
    bucket=bucket.bucket,
    policy=document(
        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444455556666:role/audit"}, "Action": "s3:GetObject",
         "Resource": objects},
        {"Effect": "Allow", "Principal": {"Service": "logging.s3.amazonaws.com"}, "Action": "s3:PutObject",
         "Resource": objects},
        {"Effect": "Deny", "Principal": {"AWS": "arn:aws:iam::111122223333:user/bob"}, "Action": "s3:*",
         "Resource": objects},
    ),
)
key = aws.kms.Key("key")
closed = aws.kms.Key(
    "closed",
    policy=document({"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/payments"},
                     "Action": "kms:Decrypt", "Resource": "*"}),
)
ann = aws.iam.User("ann", name="ann")
aws.iam.UserPolicy("ann", user=ann.name, policy=document(allow("kms:Decrypt")))
vault = aws.s3.Bucket("vault", bucket="acme-vault")
role("guard", BUILD)
clerk = role("clerk", BUILD)
SESSION = "arn:aws:sts::111122223333:assumed-role/guard/night"
writer = role("writer", {"AWS": "arn:aws:iam::111122223333:root"}, allow("s3:PutBucketPolicy", vault.arn))
role("held", BUILD, allow("s3:PutBucketPolicy", vault.arn), {"Effect": "Deny", "Action": "s3:Get*", "Resource": "*"})
role("operator", BUILD, allow("sts:AssumeRole", "arn:aws:iam::*:role/writer"), allow("kms:CreateGrant", "*", Condition={
    "Bool": {"kms:GrantIsForAWSResource": "true"}}))
role("granter", BUILD, allow("kms:CreateGrant", key.arn))
aws.s3.BucketPolicy(
    "vault",
    bucket=vault.bucket,
    policy=document(
        {"Effect": "Allow", "Principal": {"AWS": [clerk.unique_id, SESSION]},
         "Action": "s3:GetObject", "Resource": pulumi.Output.concat(vault.arn, "/*")},
    ),
)
bob = aws.iam.User("bob", name="bob")
aws.iam.UserPolicy("bob", user=bob.name, policy=document(allow("s3:*", objects)))
"""


@pytest.fixture(scope="module")
def graph() -> Graph:
    found = capture_texts({"program": PROGRAM})["program"]
    assert isinstance(found, Graph)
    return found


@pytest.fixture(autouse=True)
def captured(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The program is captured once; the last test goes the whole way."""
    monkeypatch.setattr(iam_principals, "graph_of", lambda source: graph)
    yield


def run(*arguments: str) -> Any:
    result = CliRunner().invoke(app, ["iam", *arguments, "--format", "json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def who(action: str, on: str) -> tuple[set[str], set[str]]:
    """Who may by itself, and who by becoming others."""
    told = run("who-can", action, ".", "--on", on)
    assert told["unknown"] == []
    direct = {one["principal"] for one in told["allowed"] if not one["path"]}
    return direct, {one["principal"] for one in told["allowed"] if one["path"]}


def test_who_can_knows_both_sides_outsiders_denies_and_chains() -> None:
    direct, others = who("s3:GetObject", "receipts")
    assert direct == {
        "role admin",
        "role payments",
        "arn:aws:iam::444455556666:role/audit (where its own account lets it)",
    }
    assert others == {"role ci", "role release"}
    assert who("s3:PutObject", "acme-receipts")[0] == {"role admin", "service logging.s3.amazonaws.com"}


def test_a_key_has_to_agree() -> None:
    assert who("kms:Decrypt", "key") == ({"role admin", "user ann", "role granter"}, {"role ci"})
    direct, others = who("kms:Decrypt", "closed")
    assert direct == {"role payments"}
    assert "role release" in others


def test_sessions_and_unique_ids_are_their_roles_and_who_writes_the_policy_lets_in_itself() -> None:
    told = run("who-can", "s3:GetObject", ".", "--on", "vault")
    by_name = {one["principal"]: one for one in told["allowed"]}
    assert set(by_name) == {
        "role admin", "role clerk", "role guard", "role writer", "role ci", "role operator"
    }  # fmt: skip
    assert {name for name, one in by_name.items() if one["writes_policy"]} == {"role writer", "role operator"}
    assert by_name["role writer"]["through"][0]["action"] == "s3:PutBucketPolicy"
    text = CliRunner().invoke(app, ["iam", "who-can", "s3:GetObject", ".", "--on", "vault"]).output
    assert "By changing its policy, to let in themselves:\n  role writer: s3:PutBucketPolicy through" in text
    assert "    and then changes its policy: s3:PutBucketPolicy through" in text


def test_a_wildcard_means_any_of_these() -> None:
    assert who("s3:List*", "receipts")[0] == {"role admin", "role payments"}
    told = run("who-can", "s3:Get*", ".", "--on", "arn:aws:s3:::acme-receipts*")
    assert told["unknown"] == ["policies on arn:aws:s3:::acme-receipts* that are no part of the program"]
    assert {"user bob", "arn:aws:iam::444455556666:role/audit (where its own account lets it)"} <= {
        one["principal"] for one in told["allowed"]
    }


def test_nobody_is_said_in_words() -> None:
    queue = "arn:aws:sqs:eu-west-1:444455556666:q"  # of another account, and nobody knows its policy
    result = CliRunner().invoke(app, ["iam", "who-can", "sqs:SendMessage", ".", "--on", queue])
    assert result.output.splitlines() == [
        f"Nobody that can be told may sqs:SendMessage on {queue}.",
        "Not known, and it may change the answer:",
        f"  policies on {queue} that are no part of the program",
    ]
    result = CliRunner().invoke(app, ["iam", "who-can", "kms:ScheduleKeyDeletion", ".", "--on", "closed"])
    assert re.fullmatch(r"Nobody may kms:ScheduleKeyDeletion on arn:aws:kms:\S+\.\n", result.output)


def test_what_can_tells_resources_actions_conditions_and_what_acts_as_it() -> None:
    told = run("what-can", "payments", ".")
    assert told["acts_as_it"] == ["Function api"]
    by_name = {one["name"]: {action["action"] for action in one["actions"]} for one in told["resources"]}
    assert by_name == {"Bucket receipts": {"s3:GetObject", "s3:ListBucket"}, "Key closed": {"kms:Decrypt"}}
    bucket = next(one for one in told["resources"] if one["name"] == "Bucket receipts")
    conditions = bucket["actions"][0]["through"][0]["conditions"]
    assert conditions == ["StringEquals aws:SourceVpce vpce-1"]
    assert told["administrator"] is None
    assert told["elsewhere"] == []


def test_what_can_tells_whom_it_becomes_and_that_this_is_everything() -> None:
    told = run("what-can", "ci", ".")
    assert [one["principal"] for one in told["becomes"]] == ["role admin"]
    assert len(told["administrator"]) == 2
    assert told["administrator"][0]["source"].startswith("https://")
    text = CliRunner().invoke(app, ["iam", "what-can", "ci", "."]).output
    assert "Gets every right of the account:" in text
    assert "role admin may iam:PutRolePolicy on any role of the account" in text
    assert CliRunner().invoke(app, ["iam", "what-can", "idle", "."]).output.endswith("May do nothing by itself.\n")


def test_what_it_may_do_to_what_nobody_named() -> None:
    elsewhere = {one["action"] for one in run("what-can", "ann", ".")["elsewhere"]}
    assert elsewhere == {"kms:Decrypt"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["who-can", "s3:GetObjct", ".", "--on", "receipts"], "did you mean 's3:GetObject'?"),
        (["who-can", "s3 GetObject", ".", "--on", "receipts"], "expected an action of IAM"),
        (["who-can", "s3:GetObject", ".", "--on", "nothing"], "'nothing' is no one resource"),
        (["who-can", "s3:Gat*", ".", "--on", "receipts"], "no action 's3:Gat*' is known"),
        (["who-can", "nosuch:*", ".", "--on", "*"], "no action 'nosuch:*' is known"),
        (["who-can", "kms:De*", ".", "--on", "receipts"], "kms:De* works on no such resource as 'Bucket receipts'"),
        (["who-can", "s3:GetObject", ".", "--on", "arn:aws:s3"], "'arn:aws:s3' is no one resource"),
        (["who-can", "s3:GetObject", ".", "--on", "key"], "s3:GetObject works on no such resource as 'Key key'"),
        (["who-can", "kms:Decrypt", ".", "--on", "arn:aws:s3:::b"], "expected arn:*:kms:*:*:key/*"),
        (["who-can", "s3:ListAllMyBuckets", ".", "--on", "receipts"], "it is about no resource"),
        (["what-can", "nobody", "."], "no role or user is called 'nobody'"),
        (["what-can", "ann", ".", "--format", "xml"], "unknown format 'xml'"),
    ],
)
def test_a_wrong_question_is_told_in_one_message(arguments: list[str], says: str) -> None:
    result = CliRunner().invoke(app, ["iam", *arguments])
    assert says in str(result.exception or result.output)


def test_the_program_of_a_folder_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lychgate.cli import iam_sources

    monkeypatch.setattr(iam_principals, "graph_of", iam_sources.graph_of)
    (tmp_path / "Pulumi.yaml").write_text("name: program\nruntime: python\n")
    (tmp_path / "__main__.py").write_text(PROGRAM)
    told, words = iam_principals.whoever_can("s3:GetObject", "receipts", Source([tmp_path]))
    assert "role payments" in {one["principal"] for one in told["allowed"]}
    assert words.startswith("May s3:GetObject on arn:aws:s3:::acme-receipts/*:")
