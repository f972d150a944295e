"""AWS's examples of principals, resource policies, organizations and limits, and what its pages say of them.

Pages are of https://docs.aws.amazon.com/IAM/latest/UserGuide/ where no host is named.
"""

from __future__ import annotations

from typing import Any

import pytest

from lychgate.reasoning.iam import Policy, Request, allows, open_to_strangers

from .helpers import ACCOUNT, OTHER, ROLE, SESSION, USER, allow, deny, policy

ROOT, OTHER_ROOT = f"arn:aws:iam::{ACCOUNT}:root", f"arn:aws:iam::{OTHER}:root"
FEDERATED = f"arn:aws:sts::{ACCOUNT}:federated-user/ana"
BUCKET, KEY = "arn:aws:s3:::amzn-s3-demo-bucket", f"arn:aws:kms:us-west-2:{ACCOUNT}:key/1234abcd"
FULL = policy(allow("*"), label="FullAWSAccess")
FULL_RCP = policy(allow("*", principal="*"), label="RCPFullAWSAccess")
ADMIN = [policy(allow("*"), label="AdministratorAccess")]


def decide(request: Request, **layers: Any) -> str:
    return allows(request, **layers).decision


class TestImplicitDeniesBesideAResourcePolicy:
    """reference_policies_evaluation-logic_policy-eval-denyallow.html: the table for one account, all else silent."""

    nothing = policy(allow("ec2:Describe*"))

    @pytest.mark.parametrize(
        ("caller", "named", "expected"),
        [
            (SESSION, {"AWS": ROLE}, "implicit-deny"),  # boundary and session policy are part of the decision
            (SESSION, {"AWS": SESSION}, "allow"),
            (USER, {"AWS": USER}, "allow"),
            (FEDERATED, {"AWS": USER}, "implicit-deny"),
            (FEDERATED, {"AWS": FEDERATED}, "allow"),
            (ROOT, {"AWS": ROOT}, "allow"),
            ("cloudtrail.amazonaws.com", {"Service": "cloudtrail.amazonaws.com"}, "allow"),
        ],
    )
    def test_who_is_named_decides(self, caller: str, named: dict[str, Any], expected: str) -> None:
        request = Request("s3:GetObject", f"{BUCKET}/k", caller, resource_account=ACCOUNT)
        limits = {} if caller in (ROOT, "cloudtrail.amazonaws.com") else {"boundary": self.nothing}
        limits |= {"session": self.nothing} if ":sts:" in caller else {}
        resource = policy(allow("s3:GetObject", principal=named))
        assert decide(request, identity=[self.nothing], resource=resource, **limits) == expected

    def test_which_user_has_federated_is_not_said(self) -> None:
        request = Request("s3:GetObject", f"{BUCKET}/k", FEDERATED, resource_account=ACCOUNT)
        resource = policy(allow("s3:GetObject", principal={"AWS": USER}))
        assert decide(request, resource=resource, session=policy(allow("s3:*"))) == "unknown"
        other = policy(allow("s3:GetObject", principal={"AWS": f"arn:aws:iam::{OTHER}:user/ana"}))
        assert decide(request, resource=other, session=policy(allow("s3:*"))) == "implicit-deny"

    def test_without_limits_the_role_is_enough(self) -> None:
        request = Request("s3:GetObject", f"{BUCKET}/k", SESSION, resource_account=ACCOUNT)
        assert decide(request, resource=policy(allow("s3:GetObject", principal={"AWS": ROLE}))) == "allow"

    def test_an_scp_binds_a_grant_by_the_resource_too(self) -> None:
        request = Request("s3:GetObject", f"{BUCKET}/k", USER, resource_account=ACCOUNT)
        resource = policy(allow("s3:GetObject", principal={"AWS": USER}))
        assert decide(request, resource=resource, scps=[self.nothing]) == "implicit-deny"


class TestDelegationWithBoundaries:
    """access_policies_boundaries.html#access_policies_boundaries-delegate: María, Zhang and Nikhil."""

    limit = f"arn:aws:iam::{ACCOUNT}:policy/XCompanyBoundaries"
    zhang = f"arn:aws:iam::{ACCOUNT}:user/Zhang"
    nikhil = f"arn:aws:iam::{ACCOUNT}:user/Nikhil"
    boundary = policy(
        allow(["s3:*", "cloudwatch:*", "ec2:*", "dynamodb:*"], sid="ServiceBoundaries"),
        allow(["iam:ListUsers", "iam:GetAccountPasswordPolicy"], sid="AllowIAMConsoleForCredentials"),
        allow(
            ["iam:*AccessKey*", "iam:ChangePassword", "iam:GetUser", "iam:*ServiceSpecificCredential*"],
            "arn:aws:iam::*:user/${aws:username}",
            sid="AllowManageOwnPasswordAndAccessKeys",
        ),
        label="XCompanyBoundaries",
    )
    delegated = policy(
        allow(
            ["iam:AttachUserPolicy", "iam:CreateUser", "iam:PutUserPermissionsBoundary", "iam:PutUserPolicy"],
            sid="CreateOrChangeOnlyWithBoundary",
            condition={"StringEquals": {"iam:PermissionsBoundary": limit}},
        ),
        allow(
            ["cloudwatch:*", "iam:CreatePolicy", "iam:DeleteUser", "iam:Get*", "iam:List*"], sid="CloudWatchAndOther"
        ),
        deny(
            ["iam:CreatePolicyVersion", "iam:DeletePolicy", "iam:DeletePolicyVersion", "iam:SetDefaultPolicyVersion"],
            [limit, f"arn:aws:iam::{ACCOUNT}:policy/DelegatedUserBoundary"],
            sid="NoBoundaryPolicyEdit",
        ),
        deny("iam:DeleteUserPermissionsBoundary", sid="NoBoundaryUserDelete"),
        label="DelegatedUserPermissions",
    )

    @pytest.mark.parametrize(
        ("action", "resource", "context", "expected"),
        [
            ("iam:CreateUser", nikhil, {"iam:PermissionsBoundary": limit}, "allow"),
            ("iam:CreateUser", nikhil, {}, "implicit-deny"),
            ("iam:CreateUser", nikhil, {"iam:PermissionsBoundary": f"{limit}2"}, "implicit-deny"),
            ("iam:DeleteUserPermissionsBoundary", nikhil, {}, "explicit-deny"),
            ("iam:SetDefaultPolicyVersion", limit, {}, "explicit-deny"),
            ("iam:CreatePolicy", f"arn:aws:iam::{ACCOUNT}:policy/new", {}, "allow"),
            ("s3:ListAllMyBuckets", "*", {}, "implicit-deny"),
        ],
    )
    def test_what_zhang_may_do(self, action: str, resource: str, context: dict[str, str], expected: str) -> None:
        assert decide(Request(action, resource, self.zhang, context), identity=[self.delegated]) == expected

    def test_what_nikhil_may_do(self) -> None:
        own = [policy(allow(["s3:*", "iam:*"]))]

        def ask(action: str, resource: str) -> str:
            return decide(Request(action, resource, self.nikhil), identity=own, boundary=self.boundary)

        assert ask("s3:GetObject", f"{BUCKET}/k") == "allow"
        assert ask("iam:CreateAccessKey", self.nikhil) == "allow"
        assert ask("iam:CreateAccessKey", self.zhang) == "implicit-deny"
        assert ask("iam:CreateUser", self.zhang) == "implicit-deny"
        assert ask("dynamodb:GetItem", "*") == "implicit-deny"  # a boundary grants nothing


class TestNotPrincipalAndItsAlternatives:
    """reference_policies_elements_notprincipal.html."""

    def ask(self, resource: Policy, who: str, **context: str) -> str:
        request = Request("s3:GetObject", f"{BUCKET}/k", who, context, ACCOUNT)
        return decide(request, identity=ADMIN, resource=resource)

    def test_everyone_but_a_role_by_its_arn(self) -> None:
        resource = policy(
            allow(principal={"AWS": [ROOT, OTHER_ROOT]}),
            deny(principal="*", condition={"ArnNotEquals": {"aws:PrincipalArn": ROLE}}),
        )
        assert self.ask(resource, SESSION) == "allow"
        assert self.ask(resource, ROLE) == "allow"
        assert self.ask(resource, USER) == "explicit-deny"
        assert self.ask(resource, f"arn:aws:iam::{OTHER}:role/api") == "explicit-deny"

    def test_everyone_but_a_role_and_a_service(self) -> None:
        resource = policy(
            allow(principal={"AWS": ROOT, "Service": "cloudtrail.amazonaws.com"}),
            deny(
                principal="*",
                condition={
                    "StringNotEqualsIfExists": {"aws:PrincipalServiceName": "cloudtrail.amazonaws.com"},
                    "ArnNotEqualsIfExists": {"aws:PrincipalArn": ROLE},
                },
            ),
        )
        assert self.ask(resource, SESSION) == "allow"
        assert self.ask(resource, USER) == "explicit-deny"
        trail = {"aws:PrincipalServiceName": "cloudtrail.amazonaws.com"}
        assert self.ask(resource, "cloudtrail.amazonaws.com", **trail) == "allow"
        config = {"aws:PrincipalServiceName": "config.amazonaws.com"}
        assert self.ask(resource, "config.amazonaws.com", **config) == "explicit-deny"


class TestPrincipals:
    """reference_policies_elements_principal.html."""

    @pytest.mark.parametrize(
        ("principal", "caller", "expected"),
        [
            ({"AWS": "123456789012"}, "arn:aws:iam::123456789012:user/x", True),
            ({"AWS": ["arn:aws:iam::123456789012:root", "999999999999"]}, "arn:aws:iam::999999999999:role/x", True),
            ({"AWS": "123456789012"}, USER, False),
            ({"AWS": "arn:aws:sts::123456789012:assumed-role/r/s"}, "arn:aws:sts::123456789012:assumed-role/r/s", True),
            (
                {"AWS": "arn:aws:sts::123456789012:assumed-role/r/s"},
                "arn:aws:sts::123456789012:assumed-role/r/t",
                False,
            ),
            ({"AWS": "arn:aws:iam::123456789012:role/r"}, "arn:aws:sts::123456789012:assumed-role/r/any", True),
            ({"AWS": "arn:aws:iam::123456789012:user/u"}, "arn:aws:iam::123456789012:user/U", False),  # case counts
            ({"Federated": "cognito-identity.amazonaws.com"}, "cognito-identity.amazonaws.com", True),
            ({"Federated": "accounts.google.com"}, "cognito-identity.amazonaws.com", False),
            ({"Service": ["ecs.amazonaws.com", "elasticloadbalancing.amazonaws.com"]}, "ecs.amazonaws.com", True),
            ({"Service": "ecs.amazonaws.com"}, "ec2.amazonaws.com", False),
            ({"AWS": "*"}, "*", True),
            ("*", "arn:aws:iam::999999999999:user/x", True),
            ({"CanonicalUser": "79a59df900b949e55d96a1e698fbaced"}, "79a59df900b949e55d96a1e698fbaced", True),
            ({"CanonicalUser": "79a59df900b949e55d96a1e698fbaced"}, USER, False),
        ],
    )
    def test_whom_an_element_names(self, principal: Any, caller: str, expected: bool) -> None:
        request = Request("s3:GetObject", f"{BUCKET}/k", caller, resource_account="111111111111")
        found = decide(request, identity=ADMIN, resource=policy(allow(principal=principal)))
        assert (found == "allow") is expected


class TestOrganizations:
    """https://docs.aws.amazon.com/organizations/latest/userguide/: orgs_manage_policies_scps_evaluation.html and
    orgs_manage_policies_rcps.html.
    """

    request = Request("s3:GetObject", f"{BUCKET}/k", USER, resource_account=ACCOUNT)

    @pytest.mark.parametrize(
        ("levels", "expected"),
        [
            ([[FULL], [FULL], [FULL]], "allow"),
            ([[FULL], [], [FULL]], "implicit-deny"),  # an OU without any Allow lets nothing through
            ([[FULL], [FULL], [policy(allow("ec2:*"))]], "implicit-deny"),
            ([[FULL], [policy(allow("s3:*")), policy(allow("ec2:*"))], [FULL]], "allow"),
            ([[FULL], [FULL, policy(deny("s3:*"))], [FULL]], "explicit-deny"),
        ],
    )
    def test_every_level_has_to_allow(self, levels: list[list[Policy]], expected: str) -> None:
        assert decide(self.request, identity=ADMIN, scps=levels) == expected

    def test_scps_bind_the_root_user_of_a_member(self) -> None:
        root = Request("s3:GetObject", f"{BUCKET}/k", ROOT, resource_account=ACCOUNT)
        no_root = policy(deny("*", condition={"StringLike": {"aws:PrincipalArn": ["arn:aws:iam::*:root"]}}))
        assert decide(root, scps=[[FULL, no_root]]) == "explicit-deny"
        assert decide(self.request, identity=ADMIN, scps=[[FULL, no_root]]) == "allow"

    def test_a_resource_of_the_organization_is_kept_from_others(self) -> None:
        perimeter = policy(
            deny(
                "s3:*",
                principal="*",
                condition={
                    "StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-ours", "aws:PrincipalAccount": "777777777777"},
                    "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
                },
            )
        )
        resource = policy(allow(principal="*"))

        def ask(who: str, **context: str) -> str:
            request = Request("s3:GetObject", f"{BUCKET}/k", who, context, ACCOUNT)
            return decide(request, identity=ADMIN, resource=resource, rcps=[[FULL_RCP, perimeter]])

        assert ask(USER, **{"aws:PrincipalOrgID": "o-ours"}) == "allow"
        assert ask("arn:aws:iam::777777777777:role/third-party") == "allow"
        assert ask(f"arn:aws:iam::{OTHER}:user/x", **{"aws:PrincipalOrgID": "o-other"}) == "explicit-deny"
        assert ask("*") == "explicit-deny"
        assert ask("logging.s3.amazonaws.com") == "allow"

    def test_an_rcp_keeps_services_from_acting_for_others(self) -> None:
        """orgs_manage_policies_rcps_examples.html: enforce confused deputy protection."""
        protection = policy(
            deny(
                ["s3:*", "sqs:*", "kms:*", "secretsmanager:*", "sts:*"],
                principal="*",
                condition={
                    "StringNotEqualsIfExists": {"aws:SourceOrgID": "o-ours"},
                    "Null": {"aws:SourceAccount": "false"},
                    "Bool": {"aws:PrincipalIsAWSService": "true"},
                },
            )
        )
        resource = policy(allow("s3:PutObject", principal={"Service": "cloudtrail.amazonaws.com"}))

        def ask(**context: str) -> str:
            request = Request("s3:PutObject", f"{BUCKET}/k", "cloudtrail.amazonaws.com", context, ACCOUNT)
            return decide(request, resource=resource, rcps=[[FULL_RCP, protection]])

        assert ask(**{"aws:SourceAccount": ACCOUNT, "aws:SourceOrgID": "o-ours"}) == "allow"
        assert ask(**{"aws:SourceAccount": OTHER, "aws:SourceOrgID": "o-other"}) == "explicit-deny"
        assert ask(**{"aws:SourceAccount": OTHER}) == "explicit-deny"  # an account of no organization
        assert ask() == "allow"  # no resource started it


class TestConfusedDeputy:
    """confused-deputy.html#cross-service-confused-deputy-prevention."""

    @pytest.mark.parametrize(
        ("condition", "context", "expected"),
        [
            ({"ArnLike": {"aws:SourceArn": f"arn:aws:s*:*:{ACCOUNT}:*"}},
             {"aws:SourceArn": f"arn:aws:sns:us-east-2:{ACCOUNT}:t"}, "allow"),
            ({"ArnLike": {"aws:SourceArn": f"arn:aws:s*:*:{ACCOUNT}:*"}},
             {"aws:SourceArn": f"arn:aws:sns:us-east-2:{OTHER}:t"}, "implicit-deny"),
            ({"StringEquals": {"aws:SourceAccount": ACCOUNT}}, {"aws:SourceAccount": ACCOUNT}, "allow"),
            ({"StringEquals": {"aws:SourceAccount": ACCOUNT}}, {}, "implicit-deny"),
            ({"StringEquals": {"aws:SourceOrgID": "o-1"}}, {"aws:SourceOrgID": "o-2"}, "implicit-deny"),
            ({"ForAnyValue:StringLike": {"aws:SourceOrgPaths": "o-1/r-1/ou-1/*"}},
             {"aws:SourceOrgPaths": ["o-1/r-1/ou-1/ou-2/"]}, "allow"),
            ({"ForAnyValue:StringLike": {"aws:SourceOrgPaths": "o-1/r-1/ou-1/*"}},
             {"aws:SourceOrgPaths": ["o-1/r-1/ou-3/"]}, "implicit-deny"),
        ],
    )  # fmt: skip
    def test_the_service_says_for_whom(self, condition: Any, context: dict[str, Any], expected: str) -> None:
        queue = f"arn:aws:sqs:us-east-2:{ACCOUNT}:q"
        given = policy(allow("sqs:SendMessage", queue, principal={"Service": "sns.amazonaws.com"}, condition=condition))
        assert decide(Request("sqs:SendMessage", queue, "sns.amazonaws.com", context), resource=given) == expected


class TestRoles:
    """tutorial_cross-account-with-roles.html and id_roles_create_for-user.html."""

    update = f"arn:aws:iam::{OTHER}:role/UpdateData"
    trust = policy(allow("sts:AssumeRole", None, principal={"AWS": ROOT}), label="trust")
    developers = policy(allow("sts:AssumeRole", update))
    testers = policy(deny("sts:AssumeRole", update))

    def test_developers_switch_and_analysts_do_not(self) -> None:
        request = Request("sts:AssumeRole", self.update, USER)
        assert decide(request, identity=[self.developers], resource=self.trust) == "allow"
        assert decide(request, resource=self.trust) == "implicit-deny"
        both = [policy(allow("*")), self.testers]
        assert decide(request, identity=both, resource=self.trust) == "explicit-deny"
        assert decide(request, identity=ADMIN, resource=policy(allow("sts:AssumeRole", None,
                      principal={"AWS": "777777777777"}))) == "implicit-deny"  # fmt: skip

    def test_what_the_role_then_may(self) -> None:
        session = f"arn:aws:sts::{OTHER}:assumed-role/UpdateData/David"
        own = [
            policy(
                allow("s3:ListAllMyBuckets"),
                allow(["s3:ListBucket", "s3:GetBucketLocation"], "arn:aws:s3:::amzn-s3-demo-bucket-production"),
                allow(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
                      "arn:aws:s3:::amzn-s3-demo-bucket-production/*"),
            )
        ]  # fmt: skip
        for action, resource, expected in (
            ("s3:PutObject", "arn:aws:s3:::amzn-s3-demo-bucket-production/x", "allow"),
            ("s3:DeleteBucket", "arn:aws:s3:::amzn-s3-demo-bucket-production", "implicit-deny"),
            ("s3:GetObject", "arn:aws:s3:::another/x", "implicit-deny"),
        ):
            assert decide(Request(action, resource, session, resource_account=OTHER), identity=own) == expected

    def test_mfa_in_the_trust_policy(self) -> None:
        block = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
        strict = policy(allow("sts:AssumeRole", None, principal={"AWS": ROOT}, condition=block))
        for context, expected in (({"aws:MultiFactorAuthPresent": "true"}, "allow"), ({}, "implicit-deny")):
            request = Request("sts:AssumeRole", self.update, USER, context)
            assert decide(request, identity=[self.developers], resource=strict) == expected

    def test_tagged_sessions(self) -> None:
        """id_session-tags.html: the trust policy has to allow sts:TagSession, and may demand tags."""
        tags = {"StringLike": {"aws:RequestTag/Project": "*", "aws:RequestTag/CostCenter": "*"},
                "StringEquals": {"aws:RequestTag/Department": ["Engineering", "Marketing"]},
                "ForAllValues:StringEquals": {"sts:TransitiveTagKeys": ["Project", "Department"]}}  # fmt: skip
        strict = policy(
            allow("sts:AssumeRole", None, principal={"AWS": USER}),
            allow("sts:TagSession", None, principal={"AWS": USER}, condition=tags),
        )
        good = {"aws:RequestTag/Project": "P", "aws:RequestTag/CostCenter": "1",
                "aws:RequestTag/Department": "Engineering",
                "sts:TransitiveTagKeys": ["Project", "Department"]}  # fmt: skip

        def ask(context: dict[str, Any]) -> str:
            own = [policy(allow(["sts:AssumeRole", "sts:TagSession"], self.update))]
            return decide(Request("sts:TagSession", self.update, USER, context), identity=own, resource=strict)

        assert ask(good) == "allow"
        assert ask({**good, "aws:RequestTag/Department": "Legal"}) == "implicit-deny"
        assert ask({key: one for key, one in good.items() if "CostCenter" not in key}) == "implicit-deny"
        assert ask({**good, "sts:TransitiveTagKeys": ["Project", "CostCenter"]}) == "implicit-deny"


class TestKeys:
    """https://docs.aws.amazon.com/kms/latest/developerguide/: key-policy-default.html, key-policy-modifying-external-
    accounts.html, conditions-kms.html.
    """

    default = allow("kms:*", principal={"AWS": ROOT}, sid="Enable IAM User Permissions")
    users = allow(["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey*"], principal={"AWS": [ROLE, OTHER_ROOT]})
    attach = allow(
        "kms:CreateGrant", principal={"AWS": ROLE}, condition={"Bool": {"kms:GrantIsForAWSResource": "true"}}
    )

    def ask(self, who: str, *identity: Policy, action: str = "kms:Decrypt", **context: str) -> str:
        resource = policy(self.default, self.users, self.attach, label="key policy")
        return decide(Request(action, KEY, who, context), identity=identity, resource=resource)

    def test_users_of_the_key(self) -> None:
        assert self.ask(SESSION) == "allow"
        assert self.ask(SESSION, action="kms:ScheduleKeyDeletion") == "implicit-deny"
        assert self.ask(USER, policy(allow("kms:ScheduleKeyDeletion")), action="kms:ScheduleKeyDeletion") == "allow"

    def test_another_account_needs_both(self) -> None:
        foreign = f"arn:aws:iam::{OTHER}:user/x"
        assert self.ask(foreign) == "implicit-deny"
        assert self.ask(foreign, policy(allow("kms:Decrypt", KEY))) == "allow"
        assert self.ask(foreign, policy(allow("kms:*"))) == "allow"
        assert self.ask(foreign, policy(allow("kms:*")), action="kms:PutKeyPolicy") == "implicit-deny"

    def test_grants_for_services_only(self) -> None:
        assert self.ask(SESSION, action="kms:CreateGrant", **{"kms:GrantIsForAWSResource": "true"}) == "allow"
        assert self.ask(SESSION, action="kms:CreateGrant") == "implicit-deny"
        found = allows(Request("kms:CreateGrant", KEY, SESSION), resource=policy(self.default))
        assert any("grants" in note for note in found.notes)

    def test_only_through_a_service(self) -> None:
        block = {"StringEquals": {"kms:ViaService": ["ec2.us-west-2.amazonaws.com", "rds.us-west-2.amazonaws.com"]}}
        via = policy(allow("kms:Decrypt", principal={"AWS": ROLE}, condition=block))
        for service, expected in (
            ("ec2.us-west-2.amazonaws.com", "allow"),
            ("s3.us-west-2.amazonaws.com", "implicit-deny"),
        ):
            request = Request("kms:Decrypt", KEY, SESSION, {"kms:ViaService": service})
            assert decide(request, resource=via) == expected
        assert decide(Request("kms:Decrypt", KEY, SESSION), resource=via) == "implicit-deny"


class TestBuckets:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-bucket-policies.html."""

    def ask(self, resource: Policy, who: str = "*", action: str = "s3:GetObject", **context: str) -> str:
        return decide(Request(action, f"{BUCKET}/k", who, context, ACCOUNT), resource=resource)

    def test_public_reading(self) -> None:
        public = policy(allow(["s3:GetObject", "s3:GetObjectVersion"], f"{BUCKET}/*", principal="*"))
        assert self.ask(public) == "allow"
        assert self.ask(public, action="s3:PutObject") == "implicit-deny"
        assert open_to_strangers(public).answer == "yes"

    def test_only_from_a_network(self) -> None:
        block = {"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}
        inside = policy(allow(principal="*"), deny(principal="*", condition=block))
        assert self.ask(inside, **{"aws:SourceIp": "192.0.2.9"}) == "allow"
        assert self.ask(inside, **{"aws:SourceIp": "198.51.100.9"}) == "explicit-deny"
        assert self.ask(inside) == "explicit-deny"  # no address at all

    def test_only_with_tls(self) -> None:
        tls = policy(allow(principal="*"), deny(principal="*", condition={"Bool": {"aws:SecureTransport": "false"}}))
        assert self.ask(tls, **{"aws:SecureTransport": "true"}) == "allow"
        assert self.ask(tls, **{"aws:SecureTransport": "false"}) == "explicit-deny"

    def test_only_with_a_key_for_a_tax_folder(self) -> None:
        mfa = policy(
            allow(principal={"AWS": ROOT}),
            deny(
                resource=f"{BUCKET}/taxdocuments/*", principal="*", condition={"Null": {"aws:MultiFactorAuthAge": True}}
            ),
        )
        for name, context, expected in (
            ("taxdocuments/x", {}, "explicit-deny"),
            ("taxdocuments/x", {"aws:MultiFactorAuthAge": "60"}, "allow"),
            ("other/x", {}, "allow"),
        ):
            request = Request("s3:GetObject", f"{BUCKET}/{name}", USER, context, ACCOUNT)
            assert decide(request, identity=ADMIN, resource=mfa) == expected

    def test_full_control_for_the_owner_of_the_bucket(self) -> None:
        owner = {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}
        upload = policy(allow("s3:PutObject", f"{BUCKET}/*", principal={"AWS": OTHER}, condition=owner))
        for context, expected in (({"s3:x-amz-acl": "bucket-owner-full-control"}, "allow"), ({}, "implicit-deny")):
            request = Request("s3:PutObject", f"{BUCKET}/k", f"arn:aws:iam::{OTHER}:user/x", context, ACCOUNT)
            assert decide(request, identity=ADMIN, resource=upload) == expected

    def test_inventory_is_delivered_by_the_service_for_the_account(self) -> None:
        acl = "bucket-owner-full-control"
        block = {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::amzn-s3-demo-source-bucket"},
                 "StringEquals": {"aws:SourceAccount": ACCOUNT, "s3:x-amz-acl": acl}}  # fmt: skip
        resource = policy(
            allow("s3:PutObject", f"{BUCKET}/*", principal={"Service": "s3.amazonaws.com"}, condition=block)
        )
        context = {"aws:SourceArn": "arn:aws:s3:::amzn-s3-demo-source-bucket", "aws:SourceAccount": ACCOUNT,
                   "s3:x-amz-acl": acl}  # fmt: skip
        assert self.ask(resource, "s3.amazonaws.com", "s3:PutObject", **context) == "allow"
        context["aws:SourceAccount"] = OTHER
        assert self.ask(resource, "s3.amazonaws.com", "s3:PutObject", **context) == "implicit-deny"


class TestFunctions:
    """https://docs.aws.amazon.com/lambda/latest/dg/: permissions-function-services.html, -cross-account.html."""

    function = f"arn:aws:lambda:us-east-2:{ACCOUNT}:function:my-function"

    def test_a_service_for_one_topic(self) -> None:
        topic = f"arn:aws:sns:us-east-2:{ACCOUNT}:my-topic"
        resource = policy(allow("lambda:InvokeFunction", self.function, principal={"Service": "sns.amazonaws.com"},
                                condition={"ArnLike": {"AWS:SourceArn": topic}}))  # fmt: skip
        for source, expected in ((topic, "allow"), (f"{topic}-2", "implicit-deny"), (None, "implicit-deny")):
            context = {} if source is None else {"aws:SourceArn": source}
            request = Request("lambda:InvokeFunction", self.function, "sns.amazonaws.com", context)
            assert decide(request, resource=resource) == expected

    def test_another_account_and_its_users_rights(self) -> None:
        resource = policy(allow("lambda:InvokeFunction", self.function, principal={"AWS": OTHER_ROOT}))
        request = Request("lambda:InvokeFunction", self.function, f"arn:aws:iam::{OTHER}:role/caller")
        assert decide(request, resource=resource) == "implicit-deny"
        assert decide(request, resource=resource, identity=ADMIN) == "allow"
        version = Request("lambda:InvokeFunction", f"{self.function}:1", f"arn:aws:iam::{OTHER}:role/caller")
        assert decide(version, resource=resource, identity=ADMIN) == "implicit-deny"  # the version is not named

    def test_an_organization(self) -> None:
        block = {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5f"}}
        resource = policy(allow("lambda:InvokeFunction", self.function, principal="*", condition=block))
        assert open_to_strangers(resource).answer == "no"
        for org, expected in (("o-a1b2c3d4e5f", "allow"), ("o-x", "implicit-deny")):
            request = Request(
                "lambda:InvokeFunction", self.function, f"arn:aws:iam::{OTHER}:role/r", {"aws:PrincipalOrgID": org}
            )
            assert decide(request, resource=resource, identity=ADMIN) == expected


class TestServiceLinkedRoles:
    """orgs_manage_policies_scps.html, orgs_manage_policies_rcps.html: neither binds service-linked roles."""

    def test_they_are_exempt_and_service_roles_are_not(self) -> None:
        linked = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
        service = f"arn:aws:iam::{ACCOUNT}:role/service-role/AWSServiceRoleForAutoScaling"
        never, never_rcp = policy(deny("*")), policy(deny("*", principal="*"))
        for who, expected in ((linked, "allow"), (service, "explicit-deny")):
            request = Request("ec2:RunInstances", "*", who)
            assert decide(request, identity=ADMIN, scps=[[FULL, never]]) == expected
            assert decide(request, identity=ADMIN, rcps=[[FULL_RCP, never_rcp]]) == expected

    def test_a_session_of_one_is_exempt_too(self) -> None:
        session = f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSServiceRoleForAutoScaling/AutoScaling"
        path = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
        request = Request("ec2:RunInstances", "*", session, {"aws:PrincipalArn": path})
        assert decide(request, identity=ADMIN, scps=[[FULL, policy(deny("*"))]]) == "allow"
