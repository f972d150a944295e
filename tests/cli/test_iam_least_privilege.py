"""`lychgate iam least-privilege`: the smallest policy for what is declared, and how today's differ from it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lychgate.reasoning import uses
from lychgate.reasoning.iam import Policy, compare, limits, parse, within
from lychgate.reasoning.iam.minimal import minimal
from tests.cli.conftest import Run, lay

Command = Callable[..., Run]
SECRET = "hush-3f9a7c"
PROGRAM = """
import json

import pulumi
import pulumi_aws as aws

config = pulumi.Config()


class Service(pulumi.ComponentResource):
    def __init__(self, name, access):
        super().__init__("acme:platform:Service", name, {"access": access} if access else None)
        trust = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
        opts = pulumi.ResourceOptions(parent=self)
        self.role = aws.iam.Role(name, name=f"payments-{name}", assume_role_policy=json.dumps(trust), opts=opts)

    def allow(self, *statements):
        found = [{"Effect": "Allow", **one} for one in statements]
        aws.iam.RolePolicy(f"{self._name}-rights", role=self.role.id, policy=pulumi.Output.json_dumps(
            {"Version": "2012-10-17", "Statement": found}))


key = aws.kms.Key("data")
receipts = aws.s3.Bucket("receipts", bucket="acme-receipts")
ledger = aws.dynamodb.Table("ledger", name="ledger", billing_mode="PAY_PER_REQUEST", hash_key="id",
                            attributes=[{"name": "id", "type": "S"}],
                            server_side_encryption={"enabled": True, "kms_key_arn": key.arn})
acquirer = aws.secretsmanager.Secret("acquirer", name="platform/acquirer")
drafts = aws.sqs.Queue("drafts")
api = Service("api", [
    {"target": "receipts", "mode": "read"}, {"target": "ledger", "mode": "use"}, {"target": "ledger", "mode": "read"},
    {"target": "acquirer", "mode": "read"}, {"target": "drafts", "mode": "send"},
])
api.allow(
    {"Sid": "Objects", "Action": "s3:*", "Resource": pulumi.Output.concat(receipts.arn, "/*")},
    {"Action": ["dynamodb:GetItem", "dynamodb:Query"], "Resource": ledger.arn},
)
Service("silent", None)
Service("lost", [{"target": "nowhere", "mode": "read"}])
Service("caller", [{"target": "api", "mode": "call"}])
Service("hidden", [{"target": config.require_secret("where"), "mode": "read"}])
hiding = Service("hiding", [{"target": "receipts", "mode": "read"}])
hiding.allow({"Action": "sqs:SendMessage", "Resource": pulumi.Output.concat(
    "arn:aws:sqs:us-east-1:111122223333:", config.require_secret("where"))})
Service("odd", [{"target": "no\\x1b[31mwhere", "mode": "read"}])
aws.ssm.Parameter("flags", name="/app/flags", type="String", value="x")
aws.kinesis.Stream("events", name="events")
Service("many", [{"target": one, "mode": "read" if one in ("acquirer", "flags") else "use"}
                 for one in ("receipts", "ledger", "drafts", "acquirer", "flags", "events")])
aws.iam.User("api")
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    return lay(folder, {"Pulumi.yaml": "name: shop\nruntime: python\n", "__main__.py": PROGRAM})


def asked(program: Path, cheap: Command, principal: str, *more: str) -> Run:
    secret = ("--secret-config", f"shop:where={SECRET}")
    return cheap("iam", "least-privilege", principal, program, "--isolate", "off", *secret, *more)


def test_the_policy_is_what_is_declared_and_the_rest_is_told(program: Path, cheap: Command) -> None:
    run = asked(program, cheap, "payments-api", "--format", "json")
    assert run.status == 0, run.stderr
    told = json.loads(run.stdout)
    assert told["principal"].endswith(":role/payments-api")
    assert limits.problems(told["policy"], "inline role") == []
    resources = [one for statement in told["policy"]["Statement"] for one in statement["Resource"]]
    assert "arn:aws:s3:::acme-receipts/*" in resources
    assert any(one.endswith(":secret:platform/acquirer-??????") for one in resources)
    assert {one["name"] for one in told["made_up"]} == {"data", "drafts"}
    (beyond,) = told["surplus"]
    assert (beyond["statement"], beyond["policy"]) == ("Objects", "RolePolicy api-rights")
    assert beyond["action"].startswith("s3:")
    lacking = {one["action"] for one in told["missing"]}
    assert {"dynamodb:PutItem", "secretsmanager:GetSecretValue", "sqs:SendMessage", "kms:Decrypt"} <= lacking
    assert not {"s3:GetObject", "dynamodb:GetItem"} & lacking
    assert told["unknown"] == []


def test_all_that_is_lacking_is_told_and_a_parameter_has_the_name_that_it_is_given(
    program: Path, cheap: Command
) -> None:
    told = json.loads(asked(program, cheap, "payments-many", "--format", "json").stdout)
    declared = {action for one in told["policy"]["Statement"] for action in one["Action"]}
    assert {one["action"] for one in told["missing"]} == declared
    assert len(told["missing"]) > 20
    assert {one["name"] for one in told["made_up"]} == {"data", "drafts"}


def test_in_words(program: Path, cheap: Command) -> None:
    run = asked(program, cheap, "payments-api")
    assert "beyond it: role api may s3:" in run.stdout
    assert "through statement Objects of RolePolicy api-rights" in run.stdout
    assert "not given yet: s3:ListBucket on arn:aws:s3:::acme-receipts" in run.stdout
    assert "whose id AWS makes up" in run.stdout


@pytest.mark.parametrize(
    ("principal", "words"),
    [
        ("api", "names 2 identities. expected one of urn:pulumi:dev::shop::"),
        ("payments-ap", "no role or user is called 'payments-ap'"),
        ("payments-ap", "did you mean 'payments-api'?"),
        ("silent", "no component declares what 'silent' uses"),
        ("lost", "cannot be told: access[0].target is nowhere, which is not among what is judged"),
        ("caller", "needs no policy"),
        ("arn:aws:iam::111122223333:role/\x1b[31m", "no role or user is called"),
        ("odd", "access[0].target is no"),
    ],
)
def test_whoever_has_no_answer_is_told_why(program: Path, cheap: Command, principal: str, words: str) -> None:
    run = asked(program, cheap, principal)
    assert (run.status, run.stdout, words in run.stderr) == (2, "", True), run.stderr
    assert "\x1b" not in run.stderr


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_the_program_keeps_secret_is_told_nowhere(program: Path, cheap: Command, form: str) -> None:
    unknown, surplus = (asked(program, cheap, name, "--format", form) for name in ("hidden", "hiding"))
    assert (unknown.status, surplus.status) == (2, 0)
    assert "[secret]" in unknown.stderr and "[secret]" in surplus.stdout
    assert SECRET not in unknown.stdout + unknown.stderr + surplus.stdout + surplus.stderr


def test_a_folder_without_a_project_is_one_message(tmp_path: Path, cheap: Command) -> None:
    run = cheap("iam", "least-privilege", "api", tmp_path)
    assert (run.status, run.stdout) == (2, "")


STATEMENTS: list[list[dict[str, Any]]] = [
    uses.statements("bucket", "use", uses.parts_of("arn:aws:s3:::a"), key="arn:aws:kms:x:1:key/k", region="x"),
    [
        *uses.statements("table", "use", uses.parts_of("arn:aws:dynamodb:x:1:table/a"), tenant="acme"),
        *uses.statements("table", "read", uses.parts_of("arn:aws:dynamodb:x:1:table/a")),
        *uses.statements("table", "read", uses.parts_of("arn:aws:dynamodb:x:1:table/b")),
    ],
    [
        {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::a/*", "arn:aws:s3:::a/b/*"]},
        {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::a/b/c"},
        {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::a/b/*",
         "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1"}}},
        {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::a/*"},
    ],
]  # fmt: skip


def document(statements: list[dict[str, Any]]) -> Policy:
    return parse({"Version": "2012-10-17", "Statement": statements})


@pytest.mark.parametrize("given", STATEMENTS)
def test_it_is_equivalent_and_no_statement_can_go(given: list[dict[str, Any]]) -> None:
    found = minimal(given)["Statement"]
    assert compare(document(found), document(given)).relation == "equivalent"
    assert len(found) <= len(given)
    for one in found:
        others = [other for other in found if other is not one]
        assert not others or within(document([one]), document(others)).answer == "no"


def test_what_others_hold_is_left_out() -> None:
    assert minimal(STATEMENTS[2])["Statement"] == [
        {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": ["arn:aws:s3:::a/*"]}
    ]
