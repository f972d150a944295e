"""Identities within what the organisation states as the most that anybody may do."""

import re
from functools import cached_property
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from lychgate import PASS, Answer, Case, fail, not_applicable, rule
from lychgate.reasoning.iam import Policy, PolicyError, access, parse
from lychgate.views.effective import beyond
from lychgate.views.iam_principals import Identity

from .examples import plain, with_role
from .grants import may, requests

SHOWN = 3  # in the message; the witness has all
LABEL = "the stated maximum"


def _policy(document: dict[str, Any]) -> dict[str, Any]:
    """The document of an identity policy. Raises PydanticCustomError with the place inside it."""
    try:
        policy = parse(document, LABEL)
    except PolicyError as error:
        path = [int(part) if part.isdigit() else part for part in re.findall(r"[^.\[\]$]+", error.path)]
        raise PydanticCustomError("inside", "{problem}", {"problem": error.problem, "path": path}) from None
    for number, statement in enumerate(policy.statements):
        wrong = "names a Principal" if statement.principals is not None else "names no Resource"
        if statement.principals is not None or statement.resources is None:
            problem = f"{statement.name} {wrong}: this is about what identities may do"
            raise PydanticCustomError("inside", "{problem}", {"problem": problem, "path": ["Statement", number]})
    return document


class Maximum(BaseModel):
    """The most that anybody may do."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    maximum: Annotated[dict[str, Any], AfterValidator(_policy)] | None = Field(
        None, description="a policy document of IAM, or {file: PATH} of one beside the ruleset"
    )

    @cached_property
    def policy(self) -> Policy | None:
        """The same, parsed."""
        return None if self.maximum is None else parse(self.maximum, LABEL)


EXAMPLE = Maximum(
    maximum={
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": ["s3:*", "sqs:*", "logs:*"], "Resource": "*"},
            {
                "Effect": "Allow",
                "Action": "secretsmanager:GetSecretValue",
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:ResourceTag/application": "${aws:PrincipalTag/application}"}},
            },
            {"Effect": "Deny", "Action": ["s3:PutBucketPolicy", "s3:DeleteBucket"], "Resource": "*"},
        ],
    }
)


@rule(
    id="iam-identity-exceeds-stated-maximum",
    title="A role, user or group may do more than the organisation allows anybody",
    layer="iam",
    severity="high",
    judges=Identity,
    rationale="""An access model says what the most is that a job may need (PCI DSS 7.2.1, 7.2.2). Where it is written
    down as a policy, every identity is proven to be within it, whatever its wildcards, conditions and exceptions.""",
    remediation="""Take out of the policies what is listed, or put the stated maximum as `permissions_boundary` on the
    role. The maximum is the parameter `maximum` in the ruleset: a policy document, or `{file: maximum.json}`.""",
    parameters=Maximum,
    example_parameters=EXAMPLE,
    compliant=[
        with_role(
            """
            tied = {"StringEquals": {"aws:ResourceTag/application": "${aws:PrincipalTag/application}"}}
            aws.iam.RolePolicy(
                "own",
                role=role.id,
                policy=document(
                    {"Effect": "Allow", "Action": ["s3:Get*", "sqs:*Message"], "Resource": "*"},
                    {
                        "Effect": "Allow",
                        "Action": "secretsmanager:GetSecretV*",
                        "Resource": "arn:aws:secretsmanager:*:*:secret:*",
                        "Condition": tied,
                    },
                ),
            )
            """
        ),
        # A wide policy within a boundary, and with a Deny
        plain(
            """
            boundary = aws.iam.Policy(
                "boundary", policy=document({"Effect": "Allow", "Action": ["s3:*Object", "logs:*"], "Resource": "*"})
            )
            aws.iam.Role(
                "worker",
                assume_role_policy=trusts("lambda.amazonaws.com"),
                managed_policy_arns=["arn:aws:iam::aws:policy/AdministratorAccess"],
                permissions_boundary=boundary.arn,
            )
            """
        ),
    ],
    violating=[
        with_role(
            """
            aws.iam.RolePolicy(
                "own", role=role.id, policy=document({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
            )
            """
        ),
        # NotAction, a condition that an absent tag passes, a group
        with_role(
            """
            aws.iam.RolePolicy(
                "own",
                role=role.id,
                policy=document({"Effect": "Allow", "NotAction": ["s3:Put*", "s3:Delete*"], "Resource": "*"}),
            )
            """
        ),
        with_role(
            """
            absent = {"StringEqualsIfExists": {"aws:ResourceTag/application": "${aws:PrincipalTag/application}"}}
            aws.iam.RolePolicy(
                "own",
                role=role.id,
                policy=document(
                    {
                        "Effect": "Allow",
                        "Action": "secretsmanager:GetSecretValue",
                        "Resource": "*",
                        "Condition": absent,
                    }
                ),
            )
            """
        ),
        plain(
            """
            group = aws.iam.Group("developers")
            aws.iam.GroupPolicyAttachment(
                "read", group=group.name, policy_arn="arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess"
            )
            """
        ),
    ],
)
def iam_identity_exceeds_stated_maximum(identity: Identity, case: Case) -> Answer:
    """By its policies within its boundary, and by policies of resources that name it."""
    maximum = case.parameters.policy
    if maximum is None:
        return not_applicable("the ruleset states no maximum")
    found = beyond(identity, access(maximum)).witnesses
    if not found:
        return PASS
    more = f"; and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return fail(
        f"The {identity.what} may do more than the stated maximum allows: "
        f"{'; '.join(may(identity, one) for one in found[:SHOWN])}{more}.",
        {"surplus": requests(identity, found)},
    )
