"""The test providers behave towards the engine as the real ones do; the language host finds the right interpreter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.engine.plugins.aws import Aws
from tests.engine.plugins.interpreter import NoInterpreter, interpreter
from tests.engine.plugins.kubernetes import Kubernetes
from tests.engine.plugins.package import Package, Proposal, Refused
from tests.engine.plugins.provider import PACKAGES
from tests.engine.plugins.wire import UNKNOWN, Properties

BUCKET = "aws:s3/bucket:Bucket"
TABLE = "aws:dynamodb/table:Table"


def checked(
    type_: str, inputs: Properties, name: str = "orders", package: Package | None = None, **more: Any
) -> Properties:
    proposal = Proposal(type=type_, name=name, seed=b"seed", inputs=inputs, **more)
    return (package or PACKAGES[type_.split(":")[0]](type_.split(":")[0])).check(proposal)


@pytest.mark.parametrize(
    ("type_", "inputs", "named", "name"),
    [
        (BUCKET, {}, "bucket", "orders-"),
        (TABLE, {}, "name", "orders-"),
        ("aws:sqs/queue:Queue", {"fifoQueue": True}, "name", "orders-"),
        ("aws:kms/alias:Alias", {}, "name", "alias/orders-"),
        ("aws:s3/bucketObject:BucketObject", {"bucket": "b"}, "key", "orders"),
        ("aws:rds/instance:Instance", {}, "identifier", "orders"),
    ],
)
def test_a_resource_without_a_name_is_named(type_: str, inputs: Properties, named: str, name: str) -> None:
    result = checked(type_, inputs)
    assert result[named].startswith(name)
    assert named in result["__defaults"]
    assert result == checked(type_, inputs)


@pytest.mark.parametrize("inputs", [{"bucket": "mine"}, {"bucketPrefix": "mine-"}])
def test_a_name_of_the_program_is_kept(inputs: Properties) -> None:
    result = checked(BUCKET, inputs)
    assert "bucket" not in result["__defaults"]
    assert inputs.items() <= result.items()


def test_the_name_of_an_existing_resource_stays() -> None:
    old = checked(BUCKET, {})
    assert checked(BUCKET, {}, name="renamed", old_inputs=old)["bucket"] == old["bucket"]


def test_a_name_that_is_too_long_is_refused() -> None:
    with pytest.raises(Refused, match="longer than 63"):
        checked(BUCKET, {}, name="x" * 60)


def test_dns_records_and_companions_are_not_named() -> None:
    assert "name" not in checked("aws:route53/record:Record", {})
    assert "bucket" not in checked("aws:s3/bucketPolicy:BucketPolicy", {})


def test_default_tags_are_merged_into_all_tags() -> None:
    package = Aws("aws")
    package.configure({"region": "eu-west-1", "defaultTags": {"tags": {"owner": "platform", "stage": "test"}}})
    result = checked(BUCKET, {"tags": {"owner": "shop"}}, package=package)
    assert result["tagsAll"] == {"owner": "shop", "stage": "test"}
    assert result["tags"] == {"owner": "shop"}
    assert result["region"] == "eu-west-1"
    assert checked(BUCKET, {"tags": {"bucket": UNKNOWN}}, package=package)["tagsAll"] == UNKNOWN
    assert "tagsAll" not in checked("aws:iam/rolePolicy:RolePolicy", {}, package=package)


def test_nested_blocks_carry_their_defaults() -> None:
    rule = {"protocol": "tcp", "fromPort": 1, "toPort": 2}
    result = checked("aws:ec2/securityGroup:SecurityGroup", {"ingress": [rule], "tags": {"a": "b"}})
    assert result["ingress"] == [{**rule, "self": False, "__defaults": ["self"]}]
    assert result["tags"] == {"a": "b"}
    assert result["description"] == "Managed by Pulumi"


def test_a_new_bucket_has_what_aws_gives_it() -> None:
    ident, outputs = Aws("aws").create(BUCKET, "orders", checked(BUCKET, {}))
    assert outputs["arn"] == f"arn:aws:s3:::{ident}"
    rule = outputs["serverSideEncryptionConfiguration"]["rule"]
    assert rule["applyServerSideEncryptionByDefault"]["sseAlgorithm"] == "AES256"
    assert "__defaults" not in outputs


def test_a_preview_knows_inputs_and_nothing_that_aws_decides() -> None:
    outputs = Aws("aws").preview(BUCKET, {"bucket": "orders"})
    assert (outputs["bucket"], outputs["arn"]) == ("orders", UNKNOWN)


def test_an_update_keeps_what_was_decided_on_creation() -> None:
    key = "aws:kms/key:Key"
    ident, outputs = Aws("aws").create(key, "key", {"description": "old"})
    after = Aws("aws").update(key, ident, outputs, {"description": "new"}, {"description": "old"})
    assert after["arn"] == outputs["arn"]
    assert after["description"] == "new"


def test_a_policy_document_merges_statements_by_sid() -> None:
    def document(sid: str, action: str) -> str:
        return json.dumps({"Statement": {"Sid": sid, "Effect": "Allow", "Action": action}})

    result = Aws("aws").invoke(
        "aws:iam/getPolicyDocument:getPolicyDocument",
        {
            "sourcePolicyDocuments": [document("a", "s3:Get*"), document("b", "s3:List*")],
            "statements": [
                {"sid": "b", "effect": "Deny", "notActions": ["iam:*"], "resources": ["*"]},
                {
                    "actions": ["sqs:SendMessage", "sqs:ReceiveMessage"],
                    "principals": [{"type": "*", "identifiers": ["*"]}],
                    "conditions": [{"test": "Bool", "variable": "aws:SecureTransport", "values": ["true"]}],
                },
            ],
            "overridePolicyDocuments": [document("a", "s3:Put*")],
        },
    )
    assert json.loads(result["json"])["Statement"] == [
        {"Sid": "a", "Effect": "Allow", "Action": "s3:Put*"},
        {"Sid": "b", "Effect": "Deny", "NotAction": "iam:*", "Resource": "*"},
        {
            "Effect": "Allow",
            "Action": ["sqs:SendMessage", "sqs:ReceiveMessage"],
            "Principal": "*",
            "Condition": {"Bool": {"aws:SecureTransport": "true"}},
        },
    ]


def test_a_kubernetes_object_is_named_and_put_into_a_namespace() -> None:
    package = Kubernetes("kubernetes")
    pod = checked("kubernetes:core/v1:Pod", {"kind": "Pod", "metadata": {"labels": {"a": "b"}}}, package=package)
    assert pod["metadata"]["name"].startswith("orders-")
    assert pod["metadata"]["annotations"] == {"pulumi.com/autonamed": "true"}
    assert pod["metadata"]["namespace"] == "default"
    assert package.identify("kubernetes:core/v1:Pod", "orders", pod) == f"default/{pod['metadata']['name']}"
    again = checked("kubernetes:core/v1:Pod", {"kind": "Pod"}, name="other", package=package, old_inputs=pod)
    assert again["metadata"]["name"] == pod["metadata"]["name"]
    space = {"kind": "Namespace", "metadata": {"name": "shop"}}
    assert checked("kubernetes:core/v1:Namespace", space, package=package) == space


def test_a_package_without_an_sdk_gets_its_inputs_back() -> None:
    ident, outputs = Package("nothing").create("nothing:index:Thing", "thing", {"size": 1})
    assert ident.startswith("thing-")
    assert outputs == {"size": 1}
    with pytest.raises(LookupError):
        Package("nothing").invoke("nothing:index:get", {})


def environment(folder: Path) -> Path:
    """Something that looks like a virtual environment."""
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").write_text("")
    return folder


def test_the_interpreter_is_that_of_the_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UV_PROJECT_ENVIRONMENT", raising=False)
    program = tmp_path / "infra"
    program.mkdir()
    named = environment(tmp_path / "env")
    assert interpreter(tmp_path, program, {"virtualenv": "env"}).environment == named
    assert interpreter(tmp_path, program, {"virtualenv": str(named)}).environment == named
    beside = environment(program / ".venv")
    assert interpreter(tmp_path, program, {"toolchain": "uv"}).environment == beside
    (tmp_path / "uv.lock").write_text("")
    above = environment(tmp_path / ".venv")
    assert interpreter(tmp_path, program, {}).environment == above
    assert interpreter(tmp_path, program, {"toolchain": "pip"}).environment is None


@pytest.mark.parametrize(
    ("options", "words"), [({"virtualenv": "venv"}, "does not exist"), ({"toolchain": "poetry"}, "poetry")]
)
def test_an_interpreter_that_is_not_there_is_explained(tmp_path: Path, options: Properties, words: str) -> None:
    with pytest.raises(NoInterpreter, match=words):
        interpreter(tmp_path, tmp_path, options)
