"""Who may assume a role: everyone, or another account."""

from lychgate import PASS, Answer, Case, fail, rule
from lychgate.views.exposure import spelled_out, tied
from lychgate.views.resource_policies import TrustPolicy

from .examples import plain
from .grants import TrustedAccounts, conditions, lets


@rule(
    id="iam-role-trusted-by-everyone",
    title="Everyone may assume a role",
    layer="iam",
    severity="critical",
    judges=TrustPolicy,
    rationale="""A trust policy for everyone hands the role's rights to any AWS account in the world. PCI DSS asks
    for access to be denied unless it is granted to somebody (7.3.1-7.3.3).""",
    remediation="""Name the principals: a service (`{"Service": "lambda.amazonaws.com"}`), a role's ARN, or an
    account. An ExternalId is known to others and replaces no principal.""",
    compliant=[
        plain(
            """
            aws.iam.Role("worker", assume_role_policy=trusts("lambda.amazonaws.com"))
            everyone_of_ours = {
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
            }
            aws.iam.Role("shared", assume_role_policy=document(everyone_of_ours))
            """
        ),
        # A Deny that really protects: whoever is not of the organization
        plain(
            """
            aws.iam.Role(
                "shared",
                assume_role_policy=document(
                    {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"},
                    {
                        "Effect": "Deny",
                        "Principal": "*",
                        "Action": "sts:*",
                        "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
                    },
                ),
            )
            """
        ),
    ],
    violating=[
        plain(
            """
            aws.iam.Role(
                "worker",
                assume_role_policy=document(
                    {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
                ),
            )
            """
        ),
        # An external id, and an organization that may be absent
        plain(
            """
            aws.iam.Role(
                "partner",
                assume_role_policy=document(
                    {
                        "Effect": "Allow",
                        "Principal": "*",
                        "Action": "sts:AssumeRole",
                        "Condition": {
                            "StringEquals": {"sts:ExternalId": "acme"},
                            "StringEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"},
                        },
                    }
                ),
            )
            """
        ),
        # Everyone but somebody, by a typed document
        plain(
            """
            aws.iam.Role(
                "worker",
                assume_role_policy=aws.iam.PolicyDocumentArgs(
                    version=aws.iam.PolicyDocumentVersion.POLICY_DOCUMENT_VERSION_2012_10_17,
                    statement=[
                        aws.iam.PolicyStatementArgs(
                            effect=aws.iam.PolicyStatementEffect.ALLOW,
                            not_principal={"AWS": ["arn:aws:iam::444455556666:root"]},
                            action="sts:Assume*",
                        )
                    ],
                ),
            )
            """
        ),
        # A role name in every account, an organization by wildcard, a Deny with a hole
        plain(
            """
            trust = aws.iam.get_policy_document(
                statements=[
                    {
                        "actions": ["sts:AssumeRole"],
                        "principals": [{"type": "AWS", "identifiers": ["*"]}],
                        "conditions": [
                            {
                                "test": "ArnLike",
                                "variable": "aws:PrincipalArn",
                                "values": ["arn:aws:iam::*:role/deployer"],
                            },
                            {"test": "StringLike", "variable": "aws:PrincipalOrgID", "values": ["o-*"]},
                        ],
                    },
                    {
                        "effect": "Deny",
                        "actions": ["sts:AssumeRole"],
                        "principals": [{"type": "AWS", "identifiers": ["arn:aws:iam::444455556666:root"]}],
                    },
                ]
            )
            aws.iam.Role("worker", assume_role_policy=trust.json)
            """
        ),
    ],
)
def iam_role_trusted_by_everyone(trust: TrustPolicy, case: Case) -> Answer:
    """Everyone, by a principal that no condition ties down."""
    for grant in trust.everyone:
        return fail(
            f"The trust policy lets any AWS account in the world have the role's rights: "
            f"{lets(trust, 'everyone', grant)}{conditions(grant)}.",
            {"principals": list(grant.principals), "action": grant.action},
        )
    return PASS


@rule(
    id="iam-role-trusts-foreign-account",
    title="Another account may assume a role without an external id or organization",
    layer="iam",
    severity="high",
    judges=TrustPolicy,
    rationale="""Whoever runs the other account decides who of it gets in. Without an external id, a third party
    that works for many can be made to use the role for somebody else; PCI DSS asks to manage third-party access
    (8.2.7).""",
    remediation="""Add `Condition: {"StringEquals": {"sts:ExternalId": "..."}}` for a third party, or
    `aws:PrincipalOrgID` for an account of your own organization; or list the account in the parameter `accounts`.""",
    parameters=TrustedAccounts,
    compliant=[
        plain(
            """
            account = aws.get_caller_identity().account_id
            aws.iam.Role(
                "own",
                assume_role_policy=document(
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
                        "Action": "sts:AssumeRole",
                    }
                ),
            )
            aws.iam.Role(
                "partner",
                assume_role_policy=document(
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": "444455556666"},
                        "Action": "sts:AssumeRole",
                        "Condition": {"StringEquals": {"sts:ExternalId": "a8f5f167f44f"}},
                    }
                ),
            )
            """
        ),
        plain(
            """
            aws.iam.Role(
                "audit",
                assume_role_policy=document(
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": ["arn:aws:iam::444455556666:role/auditor"]},
                        "Action": "sts:AssumeRole",
                        "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
                    }
                ),
            )
            """
        ),
    ],
    violating=[
        plain(
            """
            aws.iam.Role(
                "partner",
                assume_role_policy=document(
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
                        "Action": "sts:AssumeRole",
                    }
                ),
            )
            """
        ),
        # One of several principals; the external id is anything, or may be absent
        plain(
            """
            account = aws.get_caller_identity().account_id
            aws.iam.Role(
                "partner",
                assume_role_policy={
                    "Version": "2012-10-17",
                    "Statement": {
                        "Effect": "Allow",
                        "Principal": {"AWS": [account, "444455556666"], "Service": "ec2.amazonaws.com"},
                        "Action": "STS:AssumeRole",
                        "Condition": {
                            "StringLike": {"sts:ExternalId": "*"},
                            "StringEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"},
                        },
                    },
                },
            )
            """
        ),
        # Everyone, but only of a foreign account; a Deny that needs what the attacker leaves out
        plain(
            """
            aws.iam.Role(
                "partner",
                assume_role_policy=document(
                    {
                        "Effect": "Allow",
                        "Principal": "*",
                        "Action": "sts:AssumeRole",
                        "Condition": {"StringEquals": {"aws:PrincipalAccount": "444455556666"}},
                    },
                    {
                        "Effect": "Deny",
                        "Principal": "*",
                        "Action": "sts:AssumeRole",
                        "Condition": {"StringNotEqualsIfExists": {"sts:RoleSessionName": "partner"}},
                    },
                ),
            )
            """
        ),
    ],
)
def iam_role_trusts_foreign_account(trust: TrustPolicy, case: Case) -> Answer:
    """A principal of an unknown account, whom neither an external id nor an organization ties down."""
    for stranger in trust.strangers(case.parameters.accounts):
        if not tied(stranger.grant.requirements, "sts:ExternalId", spelled_out):
            account = f"account {stranger.account}" if stranger.account else "an account that nobody can tell"
            return fail(
                f"The trust policy lets {account} in by no external id and from no certain organization, so that who "
                f"gets in is decided there: {lets(trust, stranger.principal, stranger.grant)}.",
                {"principal": stranger.principal, "account": stranger.account},
            )
    return PASS
