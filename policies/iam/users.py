"""IAM users: long-lived keys, policies of their own, passwords without a second factor, the password policy."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from lychgate import PASS, Answer, Case, fail, rule, unknown
from lychgate.reasoning.iam import Grant, parse
from lychgate.reasoning.iam.rights import Prepared, Rights
from lychgate.views.iam import AccessKey, LoginProfile, PasswordPolicy
from lychgate.views.iam_principals import User

from .examples import plain
from .grants import has, proof


@rule(
    id="iam-user-with-access-key",
    title="An IAM user has a long-lived access key",
    layer="iam",
    severity="high",
    judges=AccessKey,
    rationale="""An access key works from anywhere until somebody deletes it, is copied into configuration and code,
    and stands in the Pulumi state. PCI DSS forbids such passwords of system accounts in code and wants them changed
    (8.6.2, 8.6.3).""",
    remediation="""Use a role: an instance profile, a task role, EKS Pod Identity or IRSA inside AWS, and an OpenID
    Connect provider (GitHub, GitLab) or IAM Roles Anywhere outside.""",
    scope="resource",
    compliant=[
        plain(
            """
            user = aws.iam.User("legacy")
            aws.iam.AccessKey("legacy", user=user.name, status="Inactive")
            """
        ),
    ],
    violating=[
        plain(
            """
            user = aws.iam.User("ci")
            aws.iam.AccessKey("ci", user=user.name)
            """
        ),
        plain(
            """
            aws.iam.AccessKey("ci", user="existing", status="Active", pgp_key="keybase:acme")
            aws.iam.ServiceSpecificCredential(
                "cassandra", user_name="existing", service_name="cassandra.amazonaws.com"
            )
            """
        ),
    ],
)
def iam_user_with_access_key(key: AccessKey, case: Case) -> Answer:
    """Any key that can be used."""
    if not key.active:
        return PASS
    return fail(
        "The access key gives whoever has a copy of it the user's rights, from anywhere, until somebody deletes it. "
        "Its secret stands in the Pulumi state, too."
    )


@rule(
    id="iam-user-with-direct-policy",
    title="A policy is given to an IAM user directly",
    layer="iam",
    severity="low",
    judges=User,
    rationale="""Rights that hang on persons one by one are not given by job, are forgotten when the job changes,
    and cannot be reviewed as a whole (PCI DSS 7.2.1, 7.2.2).""",
    remediation="""Attach the policy to a group for the job (or a permission set of Identity Center), and make the
    user a member with `UserGroupMembership`.""",
    compliant=[
        plain(
            """
            user = aws.iam.User("ana")
            group = aws.iam.Group("support")
            aws.iam.UserGroupMembership("ana", user=user.name, groups=[group.name])
            aws.iam.GroupPolicy(
                "support",
                group=group.name,
                policy=document({"Effect": "Allow", "Action": "support:*", "Resource": "*"}),
            )
            """
        ),
    ],
    violating=[
        plain(
            """
            user = aws.iam.User("ana")
            aws.iam.UserPolicy(
                "ana", user=user.name, policy=document({"Effect": "Allow", "Action": "support:*", "Resource": "*"})
            )
            """
        ),
        plain(
            """
            user = aws.iam.User("ana")
            aws.iam.PolicyAttachment(
                "ana", users=[user.name], policy_arn="arn:aws:iam::aws:policy/job-function/Billing"
            )
            """
        ),
    ],
)
def iam_user_with_direct_policy(user: User, case: Case) -> Answer:
    """Any policy that is not a group's, even one whose content is not known."""
    names = [one.policy.label for one in user.direct] + [f"AWS managed policy {name}" for name in user.aws_managed]
    if names:
        return fail(f"The user has {', '.join(dict.fromkeys(names))} directly, not by way of a group for its job.")
    unread = user.unread
    if unread and unread[0].urn not in {group.resource.urn for group in user.groups}:
        raise unread[0]
    return PASS


# What a user needs before the second factor is set up.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_aws_my-sec-creds-self-manage-mfa-only.html
WITHOUT_MFA = parse(
    {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Deny",
            "Action": [
                "iam:ChangePassword",
                "iam:CreateVirtualMFADevice",
                "iam:DeleteVirtualMFADevice",
                "iam:EnableMFADevice",
                "iam:ResyncMFADevice",
                "iam:Get*",
                "iam:List*",
                "sts:GetSessionToken",
                "sts:GetCallerIdentity",
            ],
            "Resource": "*",
        },
    }
)


@rule(
    id="iam-user-console-without-mfa",
    title="An IAM user has a console password that works without a second factor",
    layer="iam",
    severity="high",
    judges=LoginProfile,
    rationale="""A password alone is guessed, reused or phished. PCI DSS demands multi-factor authentication for all
    access into the cardholder data environment and for administrators (8.4.1, 8.4.2).""",
    remediation="""Let people sign in through IAM Identity Center. Otherwise add to the user or its group a Deny of
    everything but `iam:*MFADevice` and `iam:ChangePassword` under `BoolIfExists: {"aws:MultiFactorAuthPresent":
    "false"}`.""",
    compliant=[
        plain(
            """
            user = aws.iam.User("ana")
            aws.iam.UserLoginProfile("ana", user=user.name)
            group = aws.iam.Group("support")
            aws.iam.UserGroupMembership("ana", user=user.name, groups=[group.name])
            aws.iam.GroupPolicy(
                "support",
                group=group.name,
                policy=document(
                    {"Effect": "Allow", "Action": "*", "Resource": "*"},
                    {
                        "Effect": "Deny",
                        "NotAction": ["iam:EnableMFADevice", "iam:ListMFADevices", "sts:GetSessionToken"],
                        "Resource": "*",
                        "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
                    },
                ),
            )
            """
        ),
        plain(
            """
            user = aws.iam.User("ana")
            aws.iam.UserLoginProfile("ana", user=user.name)
            aws.iam.UserPolicy(
                "ana",
                user=user.name,
                policy=document(
                    {
                        "Effect": "Allow",
                        "Action": "s3:*",
                        "Resource": "*",
                        "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
                    },
                    {"Effect": "Allow", "Action": "iam:ChangePassword", "Resource": "*"},
                ),
            )
            """
        ),
    ],
    violating=[
        plain(
            """
            user = aws.iam.User("ana")
            aws.iam.UserLoginProfile("ana", user=user.name)
            aws.iam.UserPolicyAttachment(
                "ana", user=user.name, policy_arn="arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"
            )
            aws.iam.VirtualMfaDevice("ana", virtual_mfa_device_name="ana")
            """
        ),
        # An Allow that an absent key passes; a Deny the wrong way round; a Deny of too little
        plain(
            """
            statements = {
                "if-exists": [
                    {
                        "Effect": "Allow",
                        "Action": "s3:*",
                        "Resource": "*",
                        "Condition": {"BoolIfExists": {"aws:MultiFactorAuthAge": "true"}},
                    }
                ],
                "reversed": [
                    {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
                    {
                        "Effect": "Deny",
                        "Action": "*",
                        "Resource": "*",
                        "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
                    },
                ],
                "little": [
                    {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
                    {
                        "Effect": "Deny",
                        "Action": "s3:Delete*",
                        "Resource": "*",
                        "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
                    },
                ],
            }
            for name, given in statements.items():
                user = aws.iam.User(name)
                aws.iam.UserLoginProfile(name, user=user.name)
                aws.iam.UserPolicy(name, user=user.name, policy=document(*given))
            """
        ),
    ],
)
def iam_user_console_without_mfa(profile: LoginProfile, case: Case) -> Answer:
    """What the user may still do when it has signed in with its password alone."""
    user = profile.user
    if user is None:
        return unknown("the user is not part of the program, so nobody can say what its policies demand")
    allowed = _without_mfa(user)
    if allowed:
        return fail(
            f"After signing in with a password alone, {has(user, allowed[0])}, which asks for no second factor; and no "
            "Deny does.",
            proof(allowed[:1]),
        )
    if user.unread:
        raise user.unread[0]
    return PASS


def _without_mfa(user: User) -> list[Grant]:
    rights = Rights([*(one.prepared for one in user.attached), Prepared(WITHOUT_MFA)], user.boundary)
    return rights.granted("*", "*", {"aws:MultiFactorAuthPresent": "false", "aws:MultiFactorAuthAge": None})


class Passwords(BaseModel):
    """What passwords must meet. The defaults are PCI DSS's own (8.3.6, 8.3.7, 8.3.9)."""

    model_config = ConfigDict(extra="forbid")

    length: int = Field(12, ge=8, le=128, description="least number of characters")
    remembered: int = Field(4, ge=1, le=24, description="earlier passwords that cannot be used again")
    days: int = Field(
        90, ge=0, le=1095, description="days until a password expires; 0 where a second factor is always used"
    )


def _stronger(properties: dict[str, Any], wanted: Passwords) -> dict[str, Any] | None:
    changed = dict(properties)
    changed["minimumPasswordLength"] = max(int(properties.get("minimumPasswordLength") or 0), wanted.length)
    changed["passwordReusePrevention"] = max(int(properties.get("passwordReusePrevention") or 0), wanted.remembered)
    changed["requireNumbers"] = True
    if not properties.get("requireUppercaseCharacters"):
        changed["requireLowercaseCharacters"] = True
    if wanted.days:
        days = int(properties.get("maxPasswordAge") or 0)
        changed["maxPasswordAge"] = min(days or wanted.days, wanted.days)
    return changed


@rule(
    id="iam-password-policy-weak",
    title="The account's password policy allows weak passwords",
    layer="iam",
    severity="medium",
    judges=PasswordPolicy,
    rationale="""Short passwords, or old ones used again, are guessed. PCI DSS demands twelve characters with
    letters and digits (8.3.6), none of the last four (8.3.7), and a change every 90 days where there is no second
    factor (8.3.9).""",
    remediation="""Set `minimum_password_length=12`, `require_numbers=True`, `require_lowercase_characters=True`,
    `password_reuse_prevention=4` and `max_password_age=90`.""",
    parameters=Passwords,
    scope="resource",
    remedy=_stronger,
    compliant=[
        plain(
            """
            aws.iam.AccountPasswordPolicy(
                "strict",
                minimum_password_length=14,
                require_numbers=True,
                require_lowercase_characters=True,
                require_uppercase_characters=True,
                require_symbols=True,
                password_reuse_prevention=24,
                max_password_age=90,
            )
            """
        ),
    ],
    violating=[
        plain(
            """
            aws.iam.AccountPasswordPolicy("default", allow_users_to_change_password=True)
            """
        ),
        plain(
            """
            aws.iam.AccountPasswordPolicy(
                "short",
                minimum_password_length=8,
                require_numbers=True,
                require_lowercase_characters=True,
                password_reuse_prevention=4,
                max_password_age=90,
            )
            """
        ),
        plain(
            """
            aws.iam.AccountPasswordPolicy(
                "forever",
                minimum_password_length=16,
                require_numbers=True,
                require_symbols=True,
                password_reuse_prevention=3,
            )
            """
        ),
    ],
)
def iam_password_policy_weak(policy: PasswordPolicy, case: Case) -> Answer:
    """Each demand by itself; what the resource leaves out is the API's default."""
    wanted: Passwords = case.parameters
    problems = []
    if policy.length < wanted.length:
        problems.append(f"{policy.length:g} characters are enough (at least {wanted.length} are needed)")
    if not policy.digits:
        problems.append("no digit is needed")
    if not policy.letters:
        problems.append("no letter is needed")
    if policy.remembered < wanted.remembered:
        problems.append(f"only {policy.remembered:g} earlier passwords are refused (of {wanted.remembered})")
    if wanted.days and not 0 < policy.days <= wanted.days:
        age = f"after {policy.days:g} days" if policy.days else "never"
        problems.append(f"passwords expire {age} (after {wanted.days} at the latest)")
    return fail(f"By the account's password policy {'; '.join(problems)}.") if problems else PASS
