"""What AWS's functions say without a call."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from lychgate.sources.program import aws_functions as aws
from lychgate.sources.program.aws_functions import Caller, tables, zones_of

ACCOUNT = "111122223333"
HERE = Caller(ACCOUNT, "eu-central-1")
CHINA = Caller(ACCOUNT, "cn-northwest-1")
GOVERNMENT = Caller(ACCOUNT, "us-gov-west-1")


def test_an_arn_is_taken_apart_and_put_together() -> None:
    text = "arn:aws:rds:eu-west-1:123456789012:db:mysql:old"
    assert aws.get_arn({"arn": text}, HERE) == {
        "arn": text, "id": text, "partition": "aws", "service": "rds", "region": "eu-west-1", "account": "123456789012",
        "resource": "db:mysql:old",
    }  # fmt: skip
    parsed = aws.arn_parse({"arn": text}, HERE)
    assert parsed == {
        "accountId": "123456789012", "partition": "aws", "region": "eu-west-1", "resource": "db:mysql:old",
        "service": "rds",
    }  # fmt: skip
    assert aws.arn_build(parsed, HERE) == {"result": text}


@pytest.mark.parametrize("text", ["", "arn", "arn:aws:s3:::", "aws:arn:s3:::x", "x:aws:iam::1:role/x"])
def test_what_is_no_arn_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no ARN: expected arn:partition:service"):
        aws.get_arn({"arn": text}, HERE)


@pytest.mark.parametrize(
    ("arn", "expected"),
    [
        ("arn:aws:iam::444455556666:role/with/some/path/example", "arn:aws:iam::444455556666:role/example"),
        ("arn:aws:iam::444455556666:role/example", "arn:aws:iam::444455556666:role/example"),
    ],
)
def test_a_role_s_path_is_trimmed(arn: str, expected: str) -> None:
    assert aws.trim_iam_role_path({"arn": arn}, HERE) == {"result": expected}


@pytest.mark.parametrize(
    ("arn", "words"),
    [
        ("arn:aws:s3:::bucket", 'service must be "iam"'),
        ("arn:aws:iam:eu-west-1:444455556666:role/x", "region must be empty"),
        ("arn:aws:iam::444455556666:user/x", 'resource must begin with "role/"'),
    ],
)
def test_only_a_role_s_path_is_trimmed(arn: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        aws.trim_iam_role_path({"arn": arn}, HERE)


def test_a_user_agent() -> None:
    given = {"productName": "ledger", "productVersion": "1.2", "comment": "nightly"}
    assert aws.user_agent(given, HERE) == {"result": "ledger/1.2 (nightly)"}
    assert aws.user_agent({"productName": "ledger"}, HERE) == {"result": "ledger"}
    with pytest.raises(ValueError, match="product_name must be set"):
        aws.user_agent({"productName": ""}, HERE)


def test_the_caller_is_somebody_in_the_environment_s_account() -> None:
    found = aws.get_caller_identity({}, CHINA)
    assert found["accountId"] == found["id"] == ACCOUNT
    assert found["arn"] == f"arn:aws-cn:sts::{ACCOUNT}:assumed-role/deployer/pulumi"
    context = aws.get_session_context({"arn": found["arn"]}, CHINA)
    assert context["issuerArn"] == f"arn:aws-cn:iam::{ACCOUNT}:role/deployer"
    assert (context["issuerName"], context["sessionName"]) == ("deployer", "pulumi")
    assert found["userId"] == f"{context['issuerId']}:pulumi"
    assert len(context["issuerId"]) == 21


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:iam::444455556666:user/eve",
        "arn:aws:sts::444455556666:federated-user/x",
        "arn:aws:sts::1:assumed-role/x",
    ],
)
def test_a_session_context_of_no_assumed_role_is_the_arn_itself(arn: str) -> None:
    found = aws.get_session_context({"arn": arn}, HERE)
    assert found == {"arn": arn, "id": arn, "issuerArn": arn, "issuerId": "", "issuerName": "", "sessionName": ""}


@pytest.mark.parametrize(
    ("caller", "partition", "suffix", "reverse"),
    [
        (HERE, "aws", "amazonaws.com", "com.amazonaws"),
        (CHINA, "aws-cn", "amazonaws.com.cn", "cn.com.amazonaws"),
        (GOVERNMENT, "aws-us-gov", "amazonaws.com", "com.amazonaws"),
    ],
)
def test_a_partition(caller: Caller, partition: str, suffix: str, reverse: str) -> None:
    assert aws.get_partition({}, caller) == {
        "id": partition, "partition": partition, "dnsSuffix": suffix, "reverseDnsPrefix": reverse,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "region"),
    [
        ({}, "eu-central-1"),
        ({"name": "us-east-1"}, "us-east-1"),
        ({"endpoint": "ec2.cn-north-1.amazonaws.com.cn"}, "cn-north-1"),
    ],
)
def test_a_region(arguments: dict[str, Any], region: str) -> None:
    found = aws.get_region(arguments, HERE)
    assert found["id"] == found["name"] == found["region"] == region
    assert found["endpoint"].startswith(f"ec2.{region}.amazonaws.com")
    assert found["description"] == tables()["regions"][region]


def test_the_region_by_its_description() -> None:
    assert aws.get_region({}, HERE)["description"] == "Europe (Frankfurt)"
    assert aws.get_region({}, GOVERNMENT)["description"] == "AWS GovCloud (US-West)"


@pytest.mark.parametrize(
    "arguments",
    [
        {"name": "eu-nowhere-1"},
        {"endpoint": "ec2.example.com"},
        {"name": "us-east-1", "endpoint": "ec2.us-east-2.amazonaws.com"},
    ],
)
def test_no_such_region(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"[rR]egion"):
        aws.get_region(arguments, HERE)


def test_regions_are_those_without_opting_in_unless_all_are_asked_for() -> None:
    usual = aws.get_regions({}, HERE)["names"]
    assert usual == sorted(usual)
    assert len(usual) == 17
    assert "eu-south-1" not in usual
    every = aws.get_regions({"allRegions": True}, HERE)
    assert {"eu-south-1", "me-central-1"} <= set(every["names"])
    assert not [name for name in every["names"] if name.startswith(("cn-", "us-gov-"))]
    filters = [{"name": "opt-in-status", "values": ["not-opted-in"]}]
    assert not set(usual) & set(aws.get_regions({"allRegions": True, "filters": filters}, HERE)["names"])
    assert aws.get_regions({}, CHINA)["names"] == ["cn-north-1", "cn-northwest-1"]


@pytest.mark.parametrize(
    ("service", "caller", "name"),
    [
        ("s3", HERE, "s3.amazonaws.com"),
        ("logs", CHINA, "logs.amazonaws.com.cn"),
        ("s3", CHINA, "s3.amazonaws.com"),
        ("config", Caller(ACCOUNT, "us-iso-east-1"), "config.c2s.ic.gov"),
    ],
)
def test_a_service_principal(service: str, caller: Caller, name: str) -> None:
    found = aws.get_service_principal({"serviceName": service}, caller)
    suffix = name.partition(".")[2]
    assert found == {
        "id": f"{service}.{caller.region}.{suffix}", "name": name, "serviceName": service, "suffix": suffix,
        "region": caller.region,
    }  # fmt: skip


@pytest.mark.parametrize(
    "arguments",
    [
        {"serviceId": "s3", "region": "eu-central-1"},
        {"reverseDnsName": "com.amazonaws.eu-central-1.s3"},
        {"dnsName": "s3.eu-central-1.amazonaws.com"},
        {"reverseDnsPrefix": "com.amazonaws", "serviceId": "s3"},
    ],
)
def test_a_service(arguments: dict[str, Any]) -> None:
    assert aws.get_service(arguments, HERE) == {
        "dnsName": "s3.eu-central-1.amazonaws.com", "id": "com.amazonaws.eu-central-1.s3", "partition": "aws",
        "region": "eu-central-1", "reverseDnsName": "com.amazonaws.eu-central-1.s3",
        "reverseDnsPrefix": "com.amazonaws", "serviceId": "s3", "supported": True,
    }  # fmt: skip


@pytest.mark.parametrize("arguments", [{}, {"dnsName": "a.b.c"}])
def test_no_service(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="service"):
        aws.get_service(arguments, HERE)


@pytest.mark.parametrize(
    ("region", "letters", "first"),
    [
        ("eu-central-1", "abc", "euc1-az2"),
        ("us-east-1", "abcdef", "use1-az6"),
        ("us-west-1", "bc", "usw1-az3"),
        ("us-west-2", "abcd", "usw2-az2"),
        ("ap-northeast-1", "acd", "apne1-az4"),
        ("ca-central-1", "abd", "cac1-az1"),
        ("eu-north-1", "abc", "eun1-az1"),
        ("ap-southeast-5", "abc", "apse5-az1"),
        ("us-gov-west-1", "abc", "usgw1-az1"),
        ("cn-northwest-1", "abc", "cnnw1-az1"),
        ("me-central-1", "abc", "mec1-az1"),
    ],
)
def test_zones(region: str, letters: str, first: str) -> None:
    found = aws.get_availability_zones({"state": "available"}, Caller(ACCOUNT, region))
    assert found["names"] == [f"{region}{letter}" for letter in letters]
    assert found["zoneIds"][0] == first
    assert len(set(found["zoneIds"])) == len(letters)
    assert found["groupNames"] == [region]
    assert found["id"] == region


def test_every_region_has_zones() -> None:
    for region in tables()["regions"]:
        assert len(zones_of(region)) >= 2


@pytest.mark.parametrize(
    ("arguments", "letters"),
    [
        ({"excludeNames": ["us-east-1e"], "excludeZoneIds": ["use1-az6"]}, "bcdf"),
        ({"filters": [{"name": "opt-in-status", "values": ["opt-in-not-required"]}]}, "abcdef"),
        ({"filters": [{"name": "zone-type", "values": ["local-zone"]}]}, ""),
        (
            {
                "filters": [
                    {"name": "zone-name", "values": ["us-east-1?"]},
                    {"name": "zone-id", "values": ["*az1", "*az2"]},
                ]
            },
            "bc",
        ),
        ({"filters": [{"name": "zone-name", "values": ["*" * 60 + "x"]}]}, ""),
        ({"state": "impaired"}, ""),
        ({"allAvailabilityZones": True}, "abcdef"),
    ],
)
def test_zones_that_are_asked_for(arguments: dict[str, Any], letters: str) -> None:
    found = aws.get_availability_zones(arguments, Caller(ACCOUNT, "us-east-1"))
    assert [name[-1] for name in found["names"]] == list(letters)
    assert arguments.items() <= found.items()


def test_a_filter_that_ec2_does_not_have() -> None:
    with pytest.raises(ValueError, match="the filter 'colour' is invalid"):
        aws.get_availability_zones({"filters": [{"name": "colour", "values": []}]}, HERE)


def test_one_zone() -> None:
    by_name = aws.get_availability_zone({"name": "eu-central-1b"}, HERE)
    assert by_name == {
        "groupName": "eu-central-1", "id": "eu-central-1b", "name": "eu-central-1b", "nameSuffix": "b",
        "networkBorderGroup": "eu-central-1", "optInStatus": "opt-in-not-required", "parentZoneId": "",
        "parentZoneName": "", "region": "eu-central-1", "state": "available", "zoneId": "euc1-az3",
        "zoneType": "availability-zone",
    }  # fmt: skip
    assert aws.get_availability_zone({"zoneId": "euc1-az3"}, HERE) == by_name
    for arguments in ({}, {"name": "eu-west-1a"}):
        with pytest.raises(ValueError, match="Availability Zones matched"):
            aws.get_availability_zone(arguments, HERE)


def test_aws_s_own_accounts() -> None:
    assert aws.get_billing_service_account({}, HERE) == {"arn": "arn:aws:iam::386209384616:root", "id": "386209384616"}
    found = aws.get_load_balancer_account({}, HERE)
    assert found == {"arn": "arn:aws:iam::054676820928:root", "id": "054676820928", "region": "eu-central-1"}
    with pytest.raises(ValueError, match="unsupported AWS Region: eu-south-2"):
        aws.get_load_balancer_account({}, Caller(ACCOUNT, "eu-south-2"))


def test_default_tags_are_the_provider_s() -> None:
    tags = {"team": "payments"}
    assert aws.get_default_tags({}, HERE) == {"id": "aws", "tags": {}}
    for given in ('{"tags": {"team": "payments"}}', {"tags": tags}):
        assert aws.get_default_tags({}, Caller(ACCOUNT, "eu-west-1", {"defaultTags": given}))["tags"] == tags


def test_the_token_of_a_registry_can_be_taken_apart() -> None:
    found = aws.get_registry_credentials({"registryId": "444455556666"}, HERE)
    assert found["proxyEndpoint"] == "https://444455556666.dkr.ecr.eu-central-1.amazonaws.com"
    assert base64.b64decode(found["authorizationToken"].value).decode() == f"AWS:{found['password'].value}"


def test_a_canonical_user_is_the_account_s() -> None:
    one = aws.get_canonical_user_id({}, HERE)["id"]
    assert len(one) == 64
    assert (
        one == aws.get_canonical_user_id({}, GOVERNMENT)["id"] != aws.get_canonical_user_id({}, Caller("1", "x"))["id"]
    )
