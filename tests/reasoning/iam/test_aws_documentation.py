"""What AWS's documentation says about its own examples. Each test names its page.

Pages without a host are of https://docs.aws.amazon.com/IAM/latest/UserGuide/.
"""

from __future__ import annotations

from typing import Any

import pytest

from lychgate.reasoning.iam import Policy, Request, allows

from .helpers import ACCOUNT, OTHER, ROLE, SESSION, USER, allow, deny, policy

DEVELOPMENT, PRODUCTION = "111111111111", "222222222222"
CARLOS = f"arn:aws:iam::{DEVELOPMENT}:user/carlos"


def decide(request: Request, **layers: Any) -> str:
    return allows(request, **layers).decision


class TestCrossAccount:
    """reference_policies_evaluation-logic-cross-account.html, "Example cross-account policy evaluation"."""

    identity = policy(
        allow(["s3:GetBucketLocation", "s3:ListAllMyBuckets"], "arn:aws:s3:::*", sid="AllowS3ListRead"),
        allow("s3:*Object*", "arn:aws:s3:::Production/*", sid="AllowS3ProductionObjectActions"),
        deny("s3:*", ["arn:aws:s3:::*log*", "arn:aws:s3:::*log*/*"], sid="DenyS3Logs"),
    )
    bucket = policy(
        allow(
            ["s3:GetObject*", "s3:PutObject*", "s3:ReplicateObject", "s3:RestoreObject"],
            "arn:aws:s3:::Production/*",
            principal={"AWS": CARLOS},
        ),
        label="bucket policy",
    )

    @pytest.mark.parametrize(
        ("action", "resource", "expected"),
        [
            ("s3:GetObject", "arn:aws:s3:::Production/report", "allow"),
            ("s3:PutObject", "arn:aws:s3:::Production/report", "allow"),
            (
                "s3:DeleteObject",
                "arn:aws:s3:::Production/report",
                "implicit-deny",
            ),  # the bucket's policy does not say so
            ("s3:GetObject", "arn:aws:s3:::Production/log.txt", "explicit-deny"),
            ("s3:GetObject", "arn:aws:s3:::Other/report", "implicit-deny"),
        ],
    )
    def test_carlos_in_production(self, action: str, resource: str, expected: str) -> None:
        request = Request(action, resource, CARLOS, resource_account=PRODUCTION)
        assert decide(request, identity=[self.identity], resource=self.bucket) == expected

    def test_his_own_account_has_to_allow_it_too(self) -> None:
        request = Request("s3:GetObject", "arn:aws:s3:::Production/report", CARLOS, resource_account=PRODUCTION)
        assert decide(request, resource=self.bucket) == "implicit-deny"


class TestBoundaries:
    """access_policies_boundaries.html."""

    boundary = policy(allow(["s3:*", "cloudwatch:*", "ec2:*"]), label="ShirleyBoundary")
    shirley = f"arn:aws:iam::{ACCOUNT}:user/ShirleyRodriguez"

    def test_a_boundary_does_not_grant(self) -> None:
        assert (
            decide(Request("s3:GetObject", "arn:aws:s3:::b/k", self.shirley), boundary=self.boundary) == "implicit-deny"
        )

    def test_what_the_boundary_leaves_out_is_denied(self) -> None:
        identity = [policy(allow("iam:CreateUser"))]
        request = Request("iam:CreateUser", f"arn:aws:iam::{ACCOUNT}:user/new", self.shirley)
        assert decide(request, identity=identity, boundary=self.boundary) == "implicit-deny"
        assert decide(request, identity=identity) == "allow"

    def test_creating_users_only_with_a_boundary(self) -> None:
        limit = f"arn:aws:iam::{ACCOUNT}:policy/XCompanyBoundaries"
        delegated = policy(
            allow("iam:CreateUser", condition={"StringEquals": {"iam:PermissionsBoundary": limit}}),
            deny(["iam:CreatePolicyVersion", "iam:DeletePolicy"], limit),
            deny("iam:DeleteUserPermissionsBoundary"),
        )
        user = f"arn:aws:iam::{ACCOUNT}:user/nikhil"
        good = Request("iam:CreateUser", user, USER, {"iam:PermissionsBoundary": limit})
        assert decide(good, identity=[delegated]) == "allow"
        assert decide(Request("iam:CreateUser", user, USER), identity=[delegated]) == "implicit-deny"
        assert decide(Request("iam:DeletePolicy", limit, USER), identity=[delegated]) == "explicit-deny"


class TestExplicitAndImplicitDeny:
    """reference_policies_evaluation-logic_AccessPolicyLanguage_Interplay.html."""

    def test_a_deny_beats_every_allow_and_silence_is_a_deny(self) -> None:
        everything = policy(allow("*"), deny("s3:*", "arn:aws:s3:::secret*"))
        assert decide(Request("s3:GetObject", "arn:aws:s3:::secret/1", USER), identity=[everything]) == "explicit-deny"
        assert decide(Request("s3:GetObject", "arn:aws:s3:::open/1", USER), identity=[everything]) == "allow"
        assert decide(Request("sqs:SendMessage", "*", USER), identity=[policy(allow("s3:*"))]) == "implicit-deny"


class TestNegatedElements:
    """reference_policies_elements_notaction.html, _notresource.html, _notprincipal.html."""

    def test_not_action_with_allow(self) -> None:
        given = [policy(allow("s3:DeleteBucket", "arn:aws:s3:::*", not_action=True))]
        assert decide(Request("s3:PutObject", "arn:aws:s3:::b/k", USER), identity=given) == "allow"
        assert decide(Request("s3:DeleteBucket", "arn:aws:s3:::b", USER), identity=given) == "implicit-deny"
        # other services have no such resources
        assert decide(Request("ec2:RunInstances", "*", USER), identity=given) == "implicit-deny"

    def test_not_action_with_deny_demands_mfa_for_the_rest(self) -> None:
        block = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
        given = [
            policy(allow("*"), deny(["iam:ListMFADevices", "sts:GetSessionToken"], not_action=True, condition=block))
        ]
        assert decide(Request("ec2:RunInstances", "*", USER), identity=given) == "explicit-deny"
        assert decide(Request("iam:ListMFADevices", "*", USER), identity=given) == "allow"
        strong = {"aws:MultiFactorAuthPresent": "true"}
        assert decide(Request("ec2:RunInstances", "*", USER, strong), identity=given) == "allow"

    def test_not_resource_with_deny(self) -> None:
        payroll = ["arn:aws:s3:::HRBucket/Payroll", "arn:aws:s3:::HRBucket/Payroll/*"]
        given = [policy(allow("s3:*"), deny("s3:*", payroll, not_resource=True))]
        assert decide(Request("s3:GetObject", "arn:aws:s3:::HRBucket/Payroll/1", USER), identity=given) == "allow"
        assert decide(Request("s3:GetObject", "arn:aws:s3:::HRBucket/Other/1", USER), identity=given) == "explicit-deny"

    def test_not_principal_of_a_user_lists_its_account_too(self) -> None:
        bob = f"arn:aws:iam::{ACCOUNT}:user/Bob"
        bucket = policy(
            allow("s3:*", principal="*"), deny("s3:*", not_principal={"AWS": [bob, f"arn:aws:iam::{ACCOUNT}:root"]})
        )
        request = ("s3:GetObject", "arn:aws:s3:::BUCKETNAME/k")
        assert decide(Request(*request, bob), resource=bucket) == "allow"
        assert decide(Request(*request, f"arn:aws:iam::{ACCOUNT}:user/Eve"), resource=bucket) == "explicit-deny"
        assert decide(Request(*request, f"arn:aws:iam::{OTHER}:user/Bob"), resource=bucket) == "explicit-deny"

    def test_not_principal_of_a_session_lists_role_and_account_too(self) -> None:
        listed = {"AWS": [SESSION, ROLE, f"arn:aws:iam::{ACCOUNT}:root"]}
        bucket = policy(allow("s3:*", principal="*"), deny("s3:*", not_principal=listed))
        request = ("s3:GetObject", "arn:aws:s3:::Bucket_Account_Audit/k")
        assert decide(Request(*request, SESSION), resource=bucket) == "allow"
        assert decide(Request(*request, USER), resource=bucket) == "explicit-deny"


class TestVariables:
    """reference_policies_variables.html."""

    def test_a_home_folder_for_everybody(self) -> None:
        given = [
            policy(
                allow(
                    "s3:ListBucket",
                    "arn:aws:s3:::mybucket",
                    condition={"StringLike": {"s3:prefix": ["${aws:username}/*"]}},
                ),
                allow(["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::mybucket/${aws:username}/*"),
            )
        ]
        assert decide(Request("s3:GetObject", "arn:aws:s3:::mybucket/ana/x", USER), identity=given) == "allow"
        assert decide(Request("s3:GetObject", "arn:aws:s3:::mybucket/bob/x", USER), identity=given) == "implicit-deny"
        listing = Request("s3:ListBucket", "arn:aws:s3:::mybucket", USER, {"s3:prefix": "ana/2026"})
        assert decide(listing, identity=given) == "allow"

    def test_a_default_value(self) -> None:
        given = [policy(allow(resource="arn:aws:s3:::b/${aws:PrincipalTag/team, 'company-wide'}/*"))]
        shared, own = "arn:aws:s3:::b/company-wide/x", "arn:aws:s3:::b/yellow/x"
        assert decide(Request("s3:GetObject", shared, USER), identity=given) == "allow"
        tagged = {"aws:PrincipalTag/team": "yellow"}
        assert decide(Request("s3:GetObject", own, USER, tagged), identity=given) == "allow"
        assert decide(Request("s3:GetObject", shared, USER, tagged), identity=given) == "implicit-deny"

    def test_no_value_matches_no_resource_and_no_condition_but_a_negated_one(self) -> None:
        tied = "${aws:PrincipalTag/team}"
        assert decide(
            Request("s3:GetObject", "arn:aws:s3:::b//x", USER),
            identity=[policy(allow(resource=f"arn:aws:s3:::b/{tied}/x"))],
        ) == "implicit-deny"  # fmt: skip
        request = Request("s3:GetObject", "arn:aws:s3:::b/x", USER, {"aws:ResourceTag/team": "blue"})
        equal = policy(allow(condition={"StringEquals": {"aws:ResourceTag/team": tied}}))
        other = policy(allow(condition={"StringNotEquals": {"aws:ResourceTag/team": tied}}))
        assert decide(request, identity=[equal]) == "implicit-deny"
        assert decide(request, identity=[other]) == "allow"


class TestConditions:
    """reference_policies_elements_condition.html and reference_policies_elements_condition_operators.html."""

    def test_keys_are_anded_and_values_are_ored(self) -> None:
        block = {
            "DateGreaterThan": {"aws:CurrentTime": "2026-07-01T00:00:00Z"},
            "IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "203.0.113.0/24"]},
        }
        given = [policy(allow(condition=block))]
        good = {"aws:CurrentTime": "2026-08-01T00:00:00Z", "aws:SourceIp": "203.0.113.7"}
        assert decide(Request("s3:GetObject", "*", USER, good), identity=given) == "allow"
        assert (
            decide(Request("s3:GetObject", "*", USER, {**good, "aws:SourceIp": "10.0.0.1"}), identity=given) != "allow"
        )
        late = {**good, "aws:CurrentTime": "2026-06-01T00:00:00Z"}
        assert decide(Request("s3:GetObject", "*", USER, late), identity=given) != "allow"

    def test_a_missing_key_fails_a_match_and_meets_a_negated_one(self) -> None:
        for operator, expected in (
            ("StringLike", "implicit-deny"),
            ("StringNotLike", "allow"),
            ("ArnNotLike", "allow"),
        ):
            value = "arn:aws:sns:*:*:t" if operator.startswith("Arn") else "t*"
            given = [policy(allow(condition={operator: {"aws:SourceArn": value}}))]
            assert decide(Request("s3:GetObject", "*", USER), identity=given) == expected

    def test_if_exists_for_instance_types(self) -> None:
        block = {"StringLikeIfExists": {"ec2:InstanceType": ["t1.*", "t2.*", "m3.*"]}}
        given = [policy(allow("ec2:RunInstances", condition=block))]
        subnet, instance = (f"arn:aws:ec2:x:{ACCOUNT}:{name}" for name in ("subnet/s", "instance/i"))
        assert decide(Request("ec2:RunInstances", subnet, USER), identity=given) == "allow"
        large = Request("ec2:RunInstances", instance, USER, {"ec2:InstanceType": "p5.48xlarge"})
        assert decide(large, identity=given) == "implicit-deny"
        small = Request("ec2:RunInstances", instance, USER, {"ec2:InstanceType": "t2.micro"})
        assert decide(small, identity=given) == "allow"

    def test_null_demands_or_refuses_a_key(self) -> None:
        demand = [policy(allow(condition={"Null": {"aws:TokenIssueTime": "true"}}))]
        assert decide(Request("s3:GetObject", "*", USER), identity=demand) == "allow"
        session = {"aws:TokenIssueTime": "2026-01-01T00:00:00Z"}
        assert decide(Request("s3:GetObject", "*", USER, session), identity=demand) == "implicit-deny"

    def test_mfa_not_older_than_an_hour(self) -> None:
        block = {"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}}
        given = [policy(allow(condition=block))]
        for context, expected in (
            ({}, "implicit-deny"),
            ({"aws:MultiFactorAuthAge": "60"}, "allow"),
            ({"aws:MultiFactorAuthAge": "3600"}, "implicit-deny"),
        ):
            assert decide(Request("s3:GetObject", "*", USER, context), identity=given) == expected


class TestSetOperators:
    """reference_policies_condition-single-vs-multi-valued-context-keys.html and the page of examples it links."""

    def ask(self, statement: dict[str, Any], keys: list[str] | None) -> str:
        context = {} if keys is None else {"aws:TagKeys": keys}
        return decide(Request("ec2:CreateTags", "*", USER, context), identity=[policy(allow("ec2:*"), statement)])

    def test_deny_when_all_keys_are_of_a_kind(self) -> None:
        block = {"ForAllValues:StringLike": {"aws:TagKeys": ["key1*"]}}
        statement = deny("ec2:CreateTags", condition=block)
        assert self.ask(statement, ["key1:legal", "key1:hr"]) == "explicit-deny"
        assert self.ask(statement, ["key1:legal", "key2"]) == "allow"
        assert self.ask(statement, None) == "explicit-deny"  # also true if there are no keys in the request

    def test_deny_when_any_key_is(self) -> None:
        statement = deny("ec2:CreateTags", condition={"ForAnyValue:StringEquals": {"aws:TagKeys": ["environment"]}})
        assert self.ask(statement, ["environment", "team"]) == "explicit-deny"
        assert self.ask(statement, ["team"]) == "allow"
        assert self.ask(statement, None) == "allow"

    def test_null_false_closes_the_gap(self) -> None:
        block = {"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}, "Null": {"aws:TagKeys": "false"}}
        given = [policy(allow("ec2:CreateTags", condition=block))]
        for keys, expected in ((["team"], "allow"), (["other"], "implicit-deny"), (None, "implicit-deny")):
            context = {} if keys is None else {"aws:TagKeys": keys}
            assert decide(Request("ec2:CreateTags", "*", USER, context), identity=given) == expected


class TestOrganizations:
    """https://docs.aws.amazon.com/organizations/latest/userguide/: orgs_manage_policies_scps_examples_general.html."""

    def test_deny_outside_of_some_regions(self) -> None:
        full = policy(allow("*"), label="FullAWSAccess")
        regions = policy(
            deny(
                ["iam:*", "organizations:*", "sts:*", "support:*"],
                not_action=True,
                condition={
                    "StringNotEquals": {"aws:RequestedRegion": ["eu-central-1", "eu-west-1"]},
                    "ArnNotLike": {"aws:PrincipalARN": ["arn:aws:iam::*:role/Role1AllowedToBypassThisSCP"]},
                },
            )
        )
        admin = [policy(allow("*"))]

        def ask(action: str, region: str, who: str = USER) -> str:
            request = Request(action, "*", who, {"aws:RequestedRegion": region})
            return decide(request, identity=admin, scps=[full, regions])

        assert ask("ec2:RunInstances", "us-east-1") == "explicit-deny"
        assert ask("ec2:RunInstances", "eu-west-1") == "allow"
        assert ask("iam:CreateRole", "us-east-1") == "allow"
        assert (
            ask("ec2:RunInstances", "us-east-1", f"arn:aws:iam::{ACCOUNT}:role/Role1AllowedToBypassThisSCP") == "allow"
        )

    def test_an_allow_list(self) -> None:
        listed = policy(allow(["ec2:*", "cloudwatch:*"]))
        admin = [policy(allow("*"))]
        assert decide(Request("ec2:RunInstances", "*", USER), identity=admin, scps=[listed]) == "allow"
        assert decide(Request("s3:GetObject", "*", USER), identity=admin, scps=[listed]) == "implicit-deny"

    def test_only_my_organization_reaches_my_resources(self) -> None:
        full = policy(allow("*", principal="*"), label="RCPFullAWSAccess")
        perimeter = policy(
            deny(
                ["s3:*", "kms:*"],
                principal="*",
                condition={
                    "StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-mine"},
                    "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
                },
            )
        )
        bucket = policy(allow(principal="*"))

        def ask(who: str, **context: str) -> str:
            keys = {"aws:PrincipalOrgID": context["org"]} if context else {}
            request = Request("s3:GetObject", "arn:aws:s3:::b/k", who, keys, ACCOUNT)
            return decide(request, identity=[policy(allow())], resource=bucket, rcps=[full, perimeter])

        assert ask(USER, org="o-mine") == "allow"
        assert ask(f"arn:aws:iam::{OTHER}:user/x", org="o-other") == "explicit-deny"
        assert ask("*") == "explicit-deny"
        assert ask("cloudtrail.amazonaws.com") == "allow"


class TestKeys:
    """https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html, key-policies.html."""

    key = f"arn:aws:kms:us-west-2:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    enable = allow("kms:*", principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, sid="Enable IAM User Permissions")

    def ask(self, who: str, *identity: Policy, statements: list[dict[str, Any]], action: str = "kms:Decrypt") -> str:
        return decide(Request(action, self.key, who), identity=identity, resource=policy(*statements))

    def test_the_default_policy_lets_identity_policies_work(self) -> None:
        assert self.ask(USER, policy(allow("kms:Decrypt")), statements=[self.enable]) == "allow"
        assert self.ask(USER, statements=[self.enable]) == "implicit-deny"
        assert self.ask(f"arn:aws:iam::{ACCOUNT}:root", statements=[self.enable]) == "allow"

    def test_without_it_they_have_no_effect(self) -> None:
        administrators = allow(["kms:Create*", "kms:Describe*", "kms:Put*"], principal={"AWS": ROLE})
        assert self.ask(USER, policy(allow("kms:*")), statements=[administrators]) == "implicit-deny"
        assert self.ask(ROLE, statements=[administrators], action="kms:DescribeKey") == "allow"
        assert self.ask(ROLE, statements=[administrators]) == "implicit-deny"


class TestTrust:
    """confused-deputy.html, id_roles_create_for-user_externalid.html, id_roles_create_for-idp_oidc.html."""

    role = f"arn:aws:iam::{ACCOUNT}:role/target"

    def test_a_third_party_brings_its_external_id(self) -> None:
        trust = policy(
            allow(
                "sts:AssumeRole",
                None,
                principal={"AWS": OTHER},
                condition={"StringEquals": {"sts:ExternalId": "12345"}},
            )
        )
        own = [policy(allow("sts:AssumeRole", self.role))]
        vendor = f"arn:aws:iam::{OTHER}:role/vendor"
        good = Request("sts:AssumeRole", self.role, vendor, {"sts:ExternalId": "12345"})
        assert decide(good, identity=own, resource=trust) == "allow"
        assert decide(Request("sts:AssumeRole", self.role, vendor), identity=own, resource=trust) == "implicit-deny"
        wrong = Request("sts:AssumeRole", self.role, vendor, {"sts:ExternalId": "54321"})
        assert decide(wrong, identity=own, resource=trust) == "implicit-deny"

    def test_a_service_works_only_for_its_own_resources(self) -> None:
        queue = f"arn:aws:sqs:us-east-2:{ACCOUNT}:MyQueue"
        topic = f"arn:aws:sns:us-east-2:{ACCOUNT}:MyTopic"
        given = policy(
            allow(
                "sqs:SendMessage",
                queue,
                principal={"Service": "sns.amazonaws.com"},
                condition={"ArnEquals": {"aws:SourceArn": topic}, "StringEquals": {"aws:SourceAccount": ACCOUNT}},
            )
        )
        good = {"aws:SourceArn": topic, "aws:SourceAccount": ACCOUNT}
        assert decide(Request("sqs:SendMessage", queue, "sns.amazonaws.com", good), resource=given) == "allow"
        other = {"aws:SourceArn": topic.replace(ACCOUNT, OTHER), "aws:SourceAccount": OTHER}
        assert decide(Request("sqs:SendMessage", queue, "sns.amazonaws.com", other), resource=given) == "implicit-deny"

    def test_github_needs_audience_and_subject(self) -> None:
        issuer = "token.actions.githubusercontent.com"
        provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}"
        trust = policy(
            allow(
                "sts:AssumeRoleWithWebIdentity",
                None,
                principal={"Federated": provider},
                condition={
                    "StringEquals": {
                        f"{issuer}:aud": "sts.amazonaws.com",
                        f"{issuer}:sub": "repo:GitHubOrg/GitHubRepo:ref:refs/heads/GitHubBranch",
                    }
                },
            )
        )
        action = "sts:AssumeRoleWithWebIdentity"
        good = {
            f"{issuer}:aud": "sts.amazonaws.com",
            f"{issuer}:sub": "repo:GitHubOrg/GitHubRepo:ref:refs/heads/GitHubBranch",
        }
        assert decide(Request(action, self.role, provider, good), resource=trust) == "allow"
        fork = {**good, f"{issuer}:sub": "repo:Evil/GitHubRepo:ref:refs/heads/GitHubBranch"}
        assert decide(Request(action, self.role, provider, fork), resource=trust) == "implicit-deny"


class TestAttributeBasedAccess:
    """tutorial_attribute-based-access-control.html."""

    given = [
        policy(
            allow(
                ["secretsmanager:*"],
                condition={
                    "StringEquals": {
                        "aws:ResourceTag/access-project": "${aws:PrincipalTag/access-project}",
                        "aws:ResourceTag/access-team": "${aws:PrincipalTag/access-team}",
                    },
                    "ForAllValues:StringEquals": {"aws:TagKeys": ["access-project", "access-team", "Name"]},
                    "StringEqualsIfExists": {"aws:RequestTag/access-project": "${aws:PrincipalTag/access-project}"},
                },
            ),
            allow("secretsmanager:ListSecrets"),
        )
    ]
    mine = {"aws:PrincipalTag/access-project": "peg", "aws:PrincipalTag/access-team": "eng"}

    def ask(self, project: str, **more: str) -> str:
        tags = {"aws:ResourceTag/access-project": project, "aws:ResourceTag/access-team": "eng"}
        secret = f"arn:aws:secretsmanager:x:{ACCOUNT}:secret:s"
        return decide(
            Request("secretsmanager:GetSecretValue", secret, ROLE, {**self.mine, **tags, **more}), identity=self.given
        )

    def test_only_the_own_project(self) -> None:
        assert self.ask("peg") == "allow"
        assert self.ask("uni") == "implicit-deny"
        assert self.ask("peg", **{"aws:RequestTag/access-project": "uni"}) == "implicit-deny"


class TestSessions:
    """access_policies.html#policies_session and reference_policies_evaluation-logic_policy-eval-basics.html."""

    def test_the_session_has_what_role_and_session_policy_share(self) -> None:
        role = [policy(allow(["s3:*", "sqs:*"]))]
        session = policy(allow(["s3:Get*", "ec2:*"]))
        assert decide(Request("s3:GetObject", "*", SESSION), identity=role, session=session) == "allow"
        assert decide(Request("s3:PutObject", "*", SESSION), identity=role, session=session) == "implicit-deny"
        assert decide(Request("ec2:RunInstances", "*", SESSION), identity=role, session=session) == "implicit-deny"

    def test_a_resource_policy_for_the_session_is_added_for_the_role_is_limited(self) -> None:
        session = policy(allow("ec2:*"))
        request = Request("s3:GetObject", "arn:aws:s3:::b/k", SESSION)
        assert decide(request, session=session, resource=policy(allow(principal={"AWS": SESSION}))) == "allow"
        assert decide(request, session=session, resource=policy(allow(principal={"AWS": ROLE}))) == "implicit-deny"
