"""Function calls: what is computed, what fixtures say, and what is made up for the rest."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pulumi_aws
import pytest

from lychgate.model.values import UNKNOWN, Secret, Unknown, contains_unknown
from lychgate.sources.program.functions import Fixture, FunctionError, Functions
from lychgate.sources.program.shapes import describe

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of SDK modules that are imported
ACCOUNT, REGION = "111122223333", "eu-west-1"
VPC, SUBNET, SUBNETS = "aws:ec2/getVpc:getVpc", "aws:ec2/getSubnet:getSubnet", "aws:ec2/getSubnets:getSubnets"
PARAMETER, POLICY = "aws:ssm/getParameter:getParameter", "aws:iam/getPolicyDocument:getPolicyDocument"


# These cannot do with just any arguments: a region or zone must exist, a service be named.
REFUSING = ("getAvailabilityZone", "getRegion", "getService", "getServicePrincipal")


def functions(*fixtures: Fixture) -> Functions:
    return Functions(describe, ACCOUNT, REGION, fixtures)


def looked_up(token: str, /, *fixtures: Fixture, region: str = REGION, **arguments: Any) -> dict[str, Any]:
    result, answered = functions(*fixtures).call(token, arguments, region)
    assert answered == ("from fixtures" if fixtures else "assumed")
    return result


# -- pure functions ---------------------------------------------------------------------------------------------------


def test_a_policy_document_is_computed() -> None:
    result, answered = functions().call(POLICY, {"statements": [{"actions": ["s3:*"]}]}, REGION)
    assert answered == ""
    assert json.loads(result["json"])["Statement"] == [{"Effect": "Allow", "Action": "s3:*"}]


@pytest.mark.parametrize(
    "token", ["aws:index/getRegion:getRegion", "aws:index:getRegion", "aws::getRegion", "aws:getRegion"]
)
def test_every_spelling_of_a_token_is_known(token: str) -> None:
    assert functions().call(token, {}, "eu-north-1") == (
        {
            "description": "Europe (Stockholm)", "endpoint": "ec2.eu-north-1.amazonaws.com", "id": "eu-north-1",
            "name": "eu-north-1", "region": "eu-north-1",
        },
        "",
    )  # fmt: skip


def test_the_region_is_the_argument_s_then_the_provider_s_then_the_environment_s() -> None:
    token = "aws:index/getRegion:getRegion"
    assert functions().call(token, {"region": "sa-east-1"}, "us-east-1")[0]["name"] == "sa-east-1"
    assert functions().call(token, {"region": None}, "us-east-1")[0]["name"] == "us-east-1"
    assert functions().call(token, {}, "")[0]["name"] == REGION


def test_the_account_and_tags_are_the_provider_s() -> None:
    caller, tags = "aws:index/getCallerIdentity:getCallerIdentity", "aws:index/getDefaultTags:getDefaultTags"
    assert functions().call(caller, {}, REGION)[0]["accountId"] == ACCOUNT
    assert functions().call(caller, {}, REGION, account="999988887777")[0]["accountId"] == "999988887777"
    provider = {"defaultTags": Secret('{"tags": {"a": "b"}}')}
    assert functions().call(tags, {}, REGION, provider=provider)[0]["tags"] == {"a": "b"}


def test_terraform_s_functions_are_computed_and_the_others_assumed() -> None:
    assert functions().call("std:index:join", {"separator": "/", "input": ["a", "b"]}, REGION) == (
        {"result": "a/b"},
        "",
    )
    result, answered = functions().call("std:index:file", {"input": "/etc/passwd"}, REGION)
    assert answered == "assumed"
    assert isinstance(functions().mark(result["result"]), str), "another stack's symbols are only text"


def test_a_manifest_is_decoded() -> None:
    text = "apiVersion: v1\nkind: Namespace\nmetadata: {name: pay}\n"
    result, answered = functions().call("kubernetes:yaml:decode", {"text": text}, REGION)
    assert (result, answered) == (
        {"result": [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "pay"}}]}, "",
    )  # fmt: skip


def test_a_secret_argument_makes_the_result_secret() -> None:
    given = {"statements": [{"actions": ["s3:*"], "resources": [Secret("arn:aws:s3:::x")]}]}
    result, _ = functions().call(POLICY, given, REGION)
    assert isinstance(result["json"], Secret)
    assert json.loads(result["json"].value)["Statement"][0]["Resource"] == "arn:aws:s3:::x"


def test_an_unknown_argument_makes_what_depends_on_it_unknown() -> None:
    result, answered = functions().call(POLICY, {"policyId": "x", "statements": [{"resources": [UNKNOWN]}]}, REGION)
    assert answered == ""
    assert all(isinstance(result[name], Unknown) for name in ("json", "minifiedJson", "id"))
    assert result["policyId"] == "x"
    result, _ = functions().call("std:index:upper", {"input": Secret(UNKNOWN)}, REGION)
    assert result == {"result": Secret(UNKNOWN)}


@pytest.mark.parametrize(
    ("token", "arguments", "words"),
    [
        (
            POLICY,
            {"statements": [{"sid": "A"}, {"sid": "A"}]},
            f"{POLICY}: duplicate Sid (A). Remove the Sid or ensure",
        ),
        (POLICY, {"statements": "all"}, f"{POLICY}: its arguments are not as expected (AttributeError"),
        (
            POLICY,
            {"statements": [{"conditions": [{}]}]},
            f"{POLICY}: its arguments are not as expected (the argument 'values' is missing)",
        ),
        (
            "aws:index/getArn:getArn",
            {},
            "aws:index/getArn:getArn: its arguments are not as expected (the argument 'arn' is missing)",
        ),
        ("kubernetes:yaml:decode", {"text": "[]"}, "kubernetes:yaml:decode: a document of the manifest is no object"),
    ],
)
def test_what_the_provider_would_refuse(token: str, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(FunctionError, match=f"^{re.escape(words)}"):
        functions().call(token, arguments, REGION)


# -- objects that only a provider can render --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("token", "arguments", "why"),
    [
        (
            "kubernetes:helm:template",
            {"jsonOpts": '{"chart": "nginx", "values": {"password": "x"}}'},
            "the Helm chart nginx is",
        ),
        ("kubernetes:helm:template", {"jsonOpts": '{"path": "./charts/api"}'}, "the Helm chart ./charts/api is"),
        ("kubernetes:helm:template", {"jsonOpts": "[1"}, "the Helm chart ? is"),
        ("kubernetes:kustomize:directory", {"directory": "./overlays"}, "the kustomization ./overlays is"),
    ],
)
def test_a_rendering_is_not_inspected(token: str, arguments: dict[str, Any], why: str) -> None:
    one = functions()
    result, answered = one.call(token, arguments, REGION)
    assert answered == "", "it is no lookup"
    assert [found for found, _ in one.not_inspected] == [token]
    assert one.not_inspected[0][1].startswith(why)
    assert contains_unknown(result)
    objects = [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}]
    known = functions(Fixture(token, arguments, {"result": objects}))
    assert known.call(token, arguments, REGION) == ({"result": objects}, "from fixtures")
    assert not known.not_inspected


# -- fixtures ---------------------------------------------------------------------------------------------------------


def test_a_fixture_answers_calls_that_have_its_arguments() -> None:
    fixture = Fixture("aws:ec2:getVpc", {"tags": {"Name": "main"}}, {"cidrBlock": "10.0.0.0/16"})
    one = functions(fixture)
    result, answered = one.call(VPC, {"tags": {"Name": "main", "x": "y"}, "region": REGION}, REGION)
    assert answered == "from fixtures"
    assert result["cidrBlock"] == one.mark(result["cidrBlock"]) == "10.0.0.0/16"
    assert result["id"].startswith("vpc-"), "what it does not say is still made up"
    for arguments in ({}, {"tags": {"Name": "other"}}, {"tags": "main"}):
        assert one.call(VPC, arguments, REGION)[1] == "assumed"
    assert one.call(SUBNET, {"tags": {"Name": "main"}}, REGION)[1] == "assumed"


def test_only_what_the_fixture_itself_says_is_a_fact() -> None:
    one = functions(Fixture(SUBNET, {"id": "subnet-a"}, {"cidrBlock": "10.0.0.0/24"}))
    fact = one.fact(SUBNET, {"id": "subnet-a", "state": "available"})
    assert fact is not None
    assert (fact.arguments, fact.result) == ({"id": "subnet-a"}, {"cidrBlock": "10.0.0.0/24"})
    assert one.fact(SUBNET, {"id": "subnet-b"}) is None
    assert one.fact(SUBNET, {"id": Secret("subnet-a")}) is None


def test_the_first_fixture_that_fits_counts_and_lists_are_compared_whole() -> None:
    filters = [{"name": "vpc-id", "values": ["vpc-1"]}]
    exact, rest = Fixture(SUBNETS, {"filters": filters}, {"ids": ["subnet-a"]}), Fixture(SUBNETS, {}, {"ids": []})
    assert looked_up(SUBNETS, exact, rest, filters=filters)["ids"] == ["subnet-a"]
    assert looked_up(SUBNETS, exact, rest, filters=[*filters, *filters])["ids"] == []


def test_fixtures_do_not_change_what_is_pure_but_what_depends_on_the_account() -> None:
    region, zones = "aws:index/getRegion:getRegion", "aws:index/getAvailabilityZones:getAvailabilityZones"
    one = functions(Fixture(region, {}, {"name": "mars-1"}), Fixture(zones, {}, {"names": ["eu-west-1c"]}))
    assert one.call(region, {}, REGION)[0]["name"] == REGION
    result, answered = one.call(zones, {"state": "available"}, REGION)
    assert (result["names"], answered) == (["eu-west-1c"], "from fixtures")
    assert functions().call(zones, {}, REGION)[1] == ""


# -- lookups ----------------------------------------------------------------------------------------------------------


def test_an_image_has_an_id_and_everything_else_is_unknown_again_when_it_comes_back() -> None:
    one = functions()
    arguments = {"mostRecent": True, "owners": ["amazon"]}
    result, _ = one.call("aws:ec2/getAmi:getAmi", arguments, REGION)
    assert re.fullmatch(r"ami-[0-9a-f]{17}", result["id"])
    assert result["imageId"] == result["id"]
    assert result["arn"] == f"arn:aws:ec2:{REGION}::image/{result['id']}"
    assert arguments.items() <= result.items()
    assert result["region"] == REGION
    assert result["tags"] == {}
    assert not {"enaSupport", "usageOperation"} & {name for name, value in result.items() if isinstance(value, bool)}
    marked = one.mark(result)
    assert {name for name in ("id", "arn", "name", "owners") if contains_unknown(marked[name])} == set()
    assert isinstance(marked["architecture"], Unknown)
    assert isinstance(one.mark({"a": [f"x-{result['architecture']}-y"]})["a"][0], Unknown)
    assert marked["architecture"].why.startswith("is what aws:ec2:getAmi would find")


def test_the_same_question_has_the_same_answer_and_another_one_another() -> None:
    token = "aws:ec2/getSecurityGroup:getSecurityGroup"
    assert looked_up(token, name="a") == looked_up(token, name="a", id=None)
    ids = {
        looked_up(token, name="a")["id"],
        looked_up(token, name="b")["id"],
        looked_up(token, name="a", region="x-y-1")["id"],
    }
    assert len(ids) == 3
    assert looked_up(token, id="sg-1")["id"] == "sg-1"
    assert looked_up(token, id="sg-1")["arn"].endswith(":security-group/sg-1")


def test_lookups_that_name_no_vpc_find_the_same_one() -> None:
    usual = looked_up(VPC, default=True)["id"]
    assert (
        usual == looked_up(VPC)["id"] == looked_up(SUBNET, id="subnet-1")["vpcId"] == looked_up(SUBNET, id="s")["vpcId"]
    )
    assert looked_up("aws:ec2/getSecurityGroup:getSecurityGroup", name="default")["vpcId"] == usual
    assert looked_up(VPC, tags={"Name": "main"})["id"] != usual
    assert looked_up(VPC, region="eu-north-1")["id"] != usual
    assert looked_up(SUBNET, filters=[{"name": "vpc-id", "values": ["vpc-7"]}])["vpcId"] == "vpc-7"


def test_a_list_of_ids_has_three() -> None:
    ids = looked_up(SUBNETS, filters=[{"name": "vpc-id", "values": ["vpc-1"]}])["ids"]
    assert len(set(ids)) == 3
    assert all(re.fullmatch(r"subnet-[0-9a-f]{17}", one) for one in ids)
    arns = looked_up("aws:iam/getRoles:getRoles", nameRegex="x")["arns"]
    assert len(set(arns)) == 3
    assert all(one.startswith(f"arn:aws:iam::{ACCOUNT}:role/lookup-") for one in arns)


def test_addresses_can_be_computed_with_and_come_back_unknown() -> None:
    one = functions()
    vpc = one.call(VPC, {"default": True}, REGION)[0]
    assert re.fullmatch(r"198\.1[89]\.0\.0/16", vpc["cidrBlock"])
    assert re.fullmatch(r"198\.18\.\d+\.0/24", one.call(SUBNET, {"id": "s"}, REGION)[0]["cidrBlock"])
    for text in (vpc["cidrBlock"], vpc["ipv6CidrBlock"], "198.18.7.0/24", "10.0.0.0/8,198.19.1.2"):
        assert isinstance(one.mark(text), Unknown)
    assert one.mark("10.198.18.1") == "10.198.18.1"
    assert functions().mark("198.18.7.0/24") == "198.18.7.0/24", "no lookup, no doubt"


def test_what_a_provider_calls_sensitive_is_secret() -> None:
    one = functions()
    parameter = one.call(PARAMETER, {"name": "/db/password"}, REGION)[0]
    assert isinstance(parameter["value"], Secret)
    assert isinstance(one.mark(parameter["value"]).value, Unknown)
    assert parameter["arn"] == f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/db/password"
    assert isinstance(
        looked_up("aws:secretsmanager/getSecretVersion:getSecretVersion", secretId="x")["secretString"], Secret
    )
    assert isinstance(looked_up("aws:eks/getClusterAuth:getClusterAuth", name="x")["token"], Secret)


@pytest.mark.parametrize(
    ("token", "arguments", "field", "expected"),
    [
        ("aws:iam/getRole:getRole", {"name": "deployer"}, "arn", f"arn:aws:iam::{ACCOUNT}:role/deployer"),
        ("aws:iam/getRole:getRole", {"name": "deployer"}, "id", "deployer"),
        ("aws:s3/getBucket:getBucket", {"bucket": "ledger"}, "arn", "arn:aws:s3:::ledger"),
        ("aws:eks/getCluster:getCluster", {"name": "prod"}, "arn", f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/prod"),
        (
            "aws:lambda/getFunction:getFunction",
            {"functionName": "f"},
            "arn",
            f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f",
        ),
        ("aws:sqs/getQueue:getQueue", {"name": "jobs"}, "arn", f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs"),
        ("aws:ecr/getRepository:getRepository", {"name": "api"}, "registryId", ACCOUNT),
        ("aws:dynamodb/getTable:getTable", {"name": "t"}, "arn", f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/t"),
    ],
)
def test_a_thing_that_is_named_has_the_arn_that_it_would_have(
    token: str, arguments: dict[str, Any], field: str, expected: str
) -> None:
    assert looked_up(token, **arguments)[field] == expected


def test_whose_a_found_thing_is_nobody_knows() -> None:
    one = functions()
    for token, field in ((VPC, "ownerId"), ("aws:cloudtrail/getServiceAccount:getServiceAccount", "arn")):
        assert isinstance(one.mark(one.call(token, {}, REGION)[0][field]), Unknown)


def test_a_result_without_a_known_shape_is_one_unknown_text() -> None:
    one = functions()
    result, answered = one.call("acme:index/getWidget:getWidget", {"name": "x"}, REGION)
    assert answered == "assumed"
    assert list(result) == ["result"]
    assert isinstance(one.mark(result["result"]), Unknown)


@pytest.mark.slow
def test_every_function_of_the_sdk_has_an_answer() -> None:
    """Whatever its arguments: the program goes on."""
    folder = Path(pulumi_aws.__file__).parent
    call = re.compile(r"runtime\.invoke\('([^']+)'")
    tokens = sorted({token for path in folder.rglob("get_*.py") for token in call.findall(path.read_text())})
    assert len(tokens) > 600
    one = functions()
    for token in tokens:
        assert describe(token), token
        try:
            one.call(token, {"name": "x", "id": "y", "arn": "arn:aws:iam::1:role/x"}, REGION)
        except FunctionError as error:
            assert token.rpartition(":")[2] in REFUSING, error


def test_an_argument_comes_back_as_the_result_declares_it() -> None:
    shapes = {"mostRecent": {"kind": "flag", "optional": True}, "name": {"kind": "text", "optional": True}}
    functions = Functions(lambda token: shapes, ACCOUNT, REGION)
    found, _ = functions.call("aws:ec2/getAmi:getAmi", {"mostRecent": "true", "name": 5}, "")
    assert found == {"mostRecent": True, "name": "5"}
