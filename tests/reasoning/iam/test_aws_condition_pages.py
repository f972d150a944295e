"""AWS's examples of conditions, set operators and variables: what a statement says, and whether a request meets it.

Pages are of https://docs.aws.amazon.com/IAM/latest/UserGuide/ where no host is named. What is asked is whether a Deny
of everything applies, so that "no match" leaves the request to the Allow beside it, as the pages' tables put it.
"""

from __future__ import annotations

from typing import Any

import pytest

from lychgate.reasoning.iam import Request, allows

from .helpers import ACCOUNT, OTHER, ROLE, USER, allow, deny, policy

Block = dict[str, dict[str, Any]]
Context = dict[str, Any]
MULTI = "reference_policies_condition_examples-multi-valued-context-keys.html"
OPERATORS = "reference_policies_elements_condition_operators.html"
TAGS = "aws:TagKeys"
ALL_BUT_KEY1 = {"ForAllValues:StringNotLike": {TAGS: "key1*"}}
ALL_BUT_TWO = {"ForAllValues:StringNotLike": {TAGS: ["key1*", "key2*"]}}
ANY_WEBSERVER = {"ForAnyValue:StringEquals": {TAGS: "webserver"}}
ANY_OF_TWO = {"ForAnyValue:StringEquals": {TAGS: ["environment", "webserver"]}}
JOB = {"StringEquals": {"aws:PrincipalTag/job-category": "iamuser-admin"}}
SSE = {"Null": {"s3:x-amz-server-side-encryption": "true"}}
HOMES = {"StringLike": {"s3:prefix": ["", "home/", "home/${aws:username}/"]}}
TYPES = {"StringLikeIfExists": {"ec2:InstanceType": ["t1.*", "t2.*", "m3.*"]}}
LOGIC = "reference_policies_condition-logic-multiple-context-keys-or-values.html"
BINARY = {"key": "QmluYXJ5VmFsdWVJbkJhc2U2NA=="}
TOPIC = "arn:aws:sns:us-east-2:123456789012:MyTopic"

CASES: list[tuple[str, Block, Context, bool]] = [
    (MULTI, ALL_BUT_KEY1, {TAGS: ["key1:legal"]}, False),
    (MULTI, ALL_BUT_KEY1, {TAGS: ["key1:hr", "key1:personnel"]}, False),
    (MULTI, ALL_BUT_KEY1, {TAGS: ["key2:audit"]}, True),
    (MULTI, ALL_BUT_KEY1, {}, True),
    (MULTI, ALL_BUT_TWO, {TAGS: ["key1:legal"]}, False),
    (MULTI, ALL_BUT_TWO, {TAGS: ["key1:hr", "key2:personnel"]}, False),
    (MULTI, ALL_BUT_TWO, {TAGS: ["key3:audit"]}, True),
    (MULTI, ALL_BUT_TWO, {}, True),
    (MULTI, ANY_WEBSERVER, {TAGS: ["webserver"]}, True),
    (MULTI, ANY_WEBSERVER, {TAGS: ["environment", "webserver", "test"]}, True),
    (MULTI, ANY_WEBSERVER, {TAGS: ["environment", "test"]}, False),
    (MULTI, ANY_WEBSERVER, {}, False),
    (MULTI, ANY_OF_TWO, {TAGS: ["webserver"]}, True),
    (MULTI, ANY_OF_TWO, {TAGS: ["environment"]}, True),
    (MULTI, ANY_OF_TWO, {TAGS: ["test"]}, False),
    (MULTI, ANY_OF_TWO, {}, False),
    # the same page's remedy for missing keys
    (MULTI, ALL_BUT_KEY1 | {"Null": {TAGS: "false"}}, {}, False),
    (MULTI, ALL_BUT_KEY1 | {"Null": {TAGS: "false"}}, {TAGS: ["key2:audit"]}, True),
    # reference_policies_multi-value-conditions.html: attributes of a DynamoDB table
    (MULTI, {"ForAllValues:StringLike": {"dynamodb:Attributes": ["PostDateTime", "Message", "Tags"]}},
     {"dynamodb:Attributes": ["PostDateTime", "Message"]}, True),
    (MULTI, {"ForAllValues:StringLike": {"dynamodb:Attributes": ["PostDateTime", "Message", "Tags"]}},
     {"dynamodb:Attributes": ["PostDateTime", "UserName"]}, False),
    (MULTI, {"ForAnyValue:StringLike": {"dynamodb:Attributes": ["ID", "PostDateTime"]}},
     {"dynamodb:Attributes": ["UserName", "Message", "PostDateTime"]}, True),
    (MULTI, {"ForAnyValue:StringLike": {"dynamodb:Attributes": ["ID", "PostDateTime"]}},
     {"dynamodb:Attributes": ["UserName"]}, False),
    # an empty text is no value: ForAllValues is true of it, ForAnyValue is not
    (MULTI, {"ForAllValues:StringLike": {"dynamodb:Attributes": ["ID"]}}, {"dynamodb:Attributes": [""]}, True),
    (MULTI, {"ForAnyValue:StringLike": {"dynamodb:Attributes": ["*"]}}, {"dynamodb:Attributes": [""]}, False),

    (OPERATORS, JOB, {"aws:PrincipalTag/job-category": "iamuser-admin"}, True),
    (OPERATORS, JOB, {"aws:PrincipalTag/job-category": "IAMuser-admin"}, False),
    (OPERATORS, JOB, {}, False),
    (OPERATORS, {"StringNotEquals": JOB["StringEquals"]}, {}, True),
    (OPERATORS, HOMES, {"s3:prefix": ""}, True),
    (OPERATORS, HOMES, {"s3:prefix": "home/ana/"}, True),
    (OPERATORS, HOMES, {"s3:prefix": "home/bo/"}, False),
    (OPERATORS, {"NumericLessThanEquals": {"s3:max-keys": "10"}}, {"s3:max-keys": "10"}, True),
    (OPERATORS, {"NumericLessThanEquals": {"s3:max-keys": "10"}}, {"s3:max-keys": "11"}, False),
    (OPERATORS, {"DateGreaterThan": {"aws:TokenIssueTime": "2020-01-01T00:00:01Z"}},
     {"aws:TokenIssueTime": "2020-01-01T00:00:01Z"}, False),
    (OPERATORS, {"DateGreaterThan": {"aws:TokenIssueTime": "2020-01-01T00:00:01Z"}},
     {"aws:TokenIssueTime": "2020-01-01T00:00:02Z"}, True),
    (OPERATORS, {"DateLessThan": {"aws:EpochTime": "1577836801"}}, {"aws:EpochTime": "1577836800"}, True),
    (OPERATORS, {"Bool": {"aws:SecureTransport": "false"}}, {"aws:SecureTransport": "false"}, True),
    (OPERATORS, {"Bool": {"aws:SecureTransport": "false"}}, {}, False),
    (OPERATORS, {"Bool": {"aws:ViaAWSService": False}}, {"aws:ViaAWSService": "false"}, True),
    (OPERATORS, {"BinaryEquals": BINARY}, BINARY, True),
    (OPERATORS, {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, {"aws:SourceIp": "203.0.113.255"}, True),
    (OPERATORS, {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, {"aws:SourceIp": "203.0.114.0"}, False),
    (OPERATORS, {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "2001:DB8:1234:5678::/64"]}},
     {"aws:SourceIp": "2001:db8:1234:5678::9"}, True),
    (OPERATORS, {"NotIpAddress": {"aws:SourceIp": ["203.0.113.0/24", "2001:DB8:1234:5678::/64"]}},
     {"aws:SourceIp": "2001:db8:1234:5679::9"}, True),
    (OPERATORS, {"ArnEquals": {"aws:SourceArn": TOPIC}}, {"aws:SourceArn": TOPIC}, True),
    (OPERATORS, {"ArnEquals": {"aws:SourceArn": TOPIC}}, {"aws:SourceArn": f"{TOPIC}2"}, False),
    (OPERATORS, TYPES, {"ec2:InstanceType": "t2.micro"}, True),
    (OPERATORS, TYPES, {}, True),
    (OPERATORS, TYPES, {"ec2:InstanceType": "c4.large"}, False),
    (OPERATORS, SSE, {}, True),
    (OPERATORS, SSE, {"s3:x-amz-server-side-encryption": "aws:kms"}, False),

    # keys of one block are joined by and, values of a key by or; of a negated operator's values none may match
    (LOGIC,
     {"StringEquals": {"aws:PrincipalTag/department": ["finance", "hr"], "aws:PrincipalTag/role": "audit"}},
     {"aws:PrincipalTag/department": "hr", "aws:PrincipalTag/role": "audit"}, True),
    (LOGIC,
     {"StringEquals": {"aws:PrincipalTag/department": ["finance", "hr"], "aws:PrincipalTag/role": "audit"}},
     {"aws:PrincipalTag/department": "hr", "aws:PrincipalTag/role": "dev"}, False),
    (LOGIC,
     {"StringNotEquals": {"aws:PrincipalTag/department": ["finance", "hr"]}}, {"aws:PrincipalTag/department": "hr"},
     False),
    (LOGIC,
     {"StringNotEquals": {"aws:PrincipalTag/department": ["finance", "hr"]}}, {"aws:PrincipalTag/department": "it"},
     True),
    # several networks and hosts that are to be kept out: one NotIpAddress with all of them
    (LOGIC,
     {"NotIpAddress": {"aws:SourceIp": ["192.0.2.0/24", "203.0.113.0/24"]}}, {"aws:SourceIp": "203.0.113.7"}, False),
]  # fmt: skip


@pytest.mark.parametrize(("page", "block", "context", "matches"), CASES)
def test_a_condition_matches_as_its_page_says(page: str, block: Block, context: Context, matches: bool) -> None:
    given = [policy(allow("*"), deny("*", condition=block))]
    found = allows(Request("s3:ListBucket", "arn:aws:s3:::b", USER, context), identity=given).decision
    assert found == ("explicit-deny" if matches else "allow"), page


class TestSingleValuedKeys:
    """reference_policies_condition_examples-single-valued-context-keys.html."""

    volume = f"arn:aws:ec2:us-east-1:{ACCOUNT}:volume/v-1"

    def test_tags_of_a_new_volume(self) -> None:
        given = [
            policy(
                allow("ec2:CreateVolume"),
                allow(
                    "ec2:CreateTags",
                    f"arn:aws:ec2:us-east-1:{ACCOUNT}:volume/*",
                    condition={
                        "StringLike": {"aws:RequestTag/project": "*"},
                        "StringNotEquals": {"aws:ResourceTag/environment": "production"},
                    },
                ),
            )
        ]
        for tags, expected in (
            ({"aws:RequestTag/project": "Feature3", "aws:ResourceTag/environment": "QA"}, "allow"),
            ({"aws:RequestTag/project": "Feature3"}, "allow"),  # the negated operator is met by an absent key
            ({"aws:RequestTag/project": "Feature3", "aws:ResourceTag/environment": "production"}, "implicit-deny"),
            ({"aws:ResourceTag/environment": "QA"}, "implicit-deny"),
        ):
            assert allows(Request("ec2:CreateTags", self.volume, USER, tags), identity=given).decision == expected


class TestVariables:
    """reference_policies_variables.html."""

    def test_own_access_keys(self) -> None:
        given = [policy(allow("iam:*AccessKey*", f"arn:aws:iam::{ACCOUNT}:user/${{aws:username}}"))]
        own, other = USER, f"arn:aws:iam::{ACCOUNT}:user/David"
        assert allows(Request("iam:CreateAccessKey", own, USER), identity=given).decision == "allow"
        assert allows(Request("iam:CreateAccessKey", other, USER), identity=given).decision == "implicit-deny"

    def test_own_queues_of_one_region(self) -> None:
        given = [policy(allow("sqs:ListQueues"), allow("sqs:*", "arn:aws:sqs:us-east-2:*:${aws:username}-queue"))]
        for arn, expected in (
            (f"arn:aws:sqs:us-east-2:{ACCOUNT}:ana-queue", "allow"),
            (f"arn:aws:sqs:us-east-2:{ACCOUNT}:bob-queue", "implicit-deny"),
            (f"arn:aws:sqs:us-east-1:{ACCOUNT}:ana-queue", "implicit-deny"),
        ):
            assert allows(Request("sqs:SendMessage", arn, USER), identity=given).decision == expected

    def test_a_topic_for_the_own_endpoint(self) -> None:
        topic = policy(
            allow(
                "sns:*",
                None,
                principal={"AWS": ACCOUNT},
                condition={
                    "StringLike": {"sns:Endpoint": "https://example.com/${aws:username}/*"},
                    "StringEquals": {"sns:Protocol": "https"},
                },
            )
        )
        arn = f"arn:aws:sns:us-east-2:{OTHER}:t"
        own = [policy(allow("sns:*"))]

        def ask(endpoint: str, protocol: str = "https") -> str:
            context = {"sns:Endpoint": endpoint, "sns:Protocol": protocol}
            return allows(Request("sns:Subscribe", arn, USER, context), resource=topic, identity=own).decision

        assert ask("https://example.com/ana/1") == "allow"
        assert ask("https://example.com/bob/1") == "implicit-deny"
        assert ask("https://example.com/ana/1", "http") == "implicit-deny"

    def test_a_tag_as_part_of_a_name(self) -> None:
        given = [policy(allow(resource="arn:aws:s3:::bucket/${aws:PrincipalTag/department}"))]
        for tag, expected in (("hr", "allow"), ("it", "implicit-deny"), (None, "implicit-deny")):
            context = {} if tag is None else {"aws:PrincipalTag/department": tag}
            request = Request("s3:GetObject", "arn:aws:s3:::bucket/hr", ROLE, context)
            assert allows(request, identity=[given[0]]).decision == expected

    def test_special_characters_stand_for_themselves(self) -> None:
        given = [policy(allow(resource="arn:aws:s3:::b/${*}/${?}/${$}x"))]
        assert allows(Request("s3:GetObject", "arn:aws:s3:::b/*/?/$x", USER), identity=given).decision == "allow"
        assert (
            allows(Request("s3:GetObject", "arn:aws:s3:::b/a/?/$x", USER), identity=given).decision == "implicit-deny"
        )
        assert (
            allows(Request("s3:GetObject", "arn:aws:s3:::b/*/a/$x", USER), identity=given).decision == "implicit-deny"
        )
        assert (
            allows(Request("s3:GetObject", "arn:aws:s3:::b/*/?/ax", USER), identity=given).decision == "implicit-deny"
        )

    def test_before_2012_a_variable_is_text(self) -> None:
        for version, expected in (("2012-10-17", "allow"), ("2008-10-17", "implicit-deny")):
            given = [policy(allow(resource="arn:aws:s3:::b/${aws:username}"), version=version)]
            assert allows(Request("s3:GetObject", "arn:aws:s3:::b/ana", USER), identity=given).decision == expected
            literal = Request("s3:GetObject", "arn:aws:s3:::b/${aws:username}", USER)
            assert (allows(literal, identity=given).decision == "allow") is (expected != "allow")
