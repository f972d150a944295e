"""AWS managed policies that give more than any workload needs, and roles without a permissions boundary."""

import re

from pydantic import BaseModel, ConfigDict, Field

from lychgate import PASS, Answer, Case, fail, not_applicable, rule
from lychgate.views.iam_principals import Identity, Role

from .examples import plain, with_role
from .grants import AllowedPolicies

# AdministratorAccess, PowerUserAccess and the job functions of
# https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_job-functions.html that may change things
BROAD = re.compile(
    r"AdministratorAccess|PowerUserAccess|\w*FullAccess(_?[vV]\d)?|SystemAdministrator|DatabaseAdministrator"
    r"|NetworkAdministrator|DataScientist|SecretsManagerReadWrite"
)


@rule(
    id="iam-aws-managed-full-access",
    title="An AWS managed policy with full access is attached to a role, user or group",
    layer="iam",
    severity="high",
    judges=Identity,
    rationale="""These policies are made to fit everyone: they name no resource, and AWS adds actions to them
    without asking. What was approved for a workload is then not what it may do (PCI DSS 7.2.2, 7.2.5).""",
    remediation="""Write a policy with the actions that the workload calls, on the resources it works on, and attach
    that one instead.""",
    parameters=AllowedPolicies,
    compliant=[
        with_role(
            """
            for name in ("service-role/AWSLambdaVPCAccessExecutionRole", "AWSXRayDaemonWriteAccess"):
                aws.iam.RolePolicyAttachment(
                    name.rpartition("/")[2], role=role.name, policy_arn=f"arn:aws:iam::aws:policy/{name}"
                )
            """
        ),
        # A customer's own policy with such a name
        with_role(
            """
            own = aws.iam.Policy(
                "QueueFullAccess",
                policy=document({"Effect": "Allow", "Action": "sqs:*", "Resource": "arn:aws:sqs:*:*:orders"}),
            )
            aws.iam.RolePolicyAttachment("own", role=role.name, policy_arn=own.arn)
            """
        ),
    ],
    violating=[
        with_role(
            """
            aws.iam.RolePolicyAttachment(
                "s3", role=role.name, policy_arn=aws.iam.ManagedPolicy.AMAZON_S3_FULL_ACCESS
            )
            """
        ),
        plain(
            """
            aws.iam.Role(
                "worker",
                assume_role_policy=trusts("ec2.amazonaws.com"),
                managed_policy_arns=["arn:aws:iam::aws:policy/AdministratorAccess"],
            )
            """
        ),
        # A shared attachment, a job function by its path, and one by name from a lookup
        plain(
            """
            group = aws.iam.Group("operators")
            aws.iam.PolicyAttachment(
                "rds", groups=[group.name], policy_arn="arn:aws:iam::aws:policy/AmazonRDSFullAccess"
            )
            user = aws.iam.User("report")
            aws.iam.UserPolicyAttachment(
                "job", user=user.name, policy_arn="arn:aws:iam::aws:policy/job-function/DatabaseAdministrator"
            )
            """
        ),
        # An exclusive list attaches, too; an existing role counts
        with_role(
            """
            aws.iam.RolePolicyAttachmentsExclusive(
                "only", role_name=role.name, policy_arns=["arn:aws:iam::aws:policy/PowerUserAccess"]
            )
            aws.iam.RolePolicyAttachment(
                "elsewhere", role="existing", policy_arn="arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess_v2"
            )
            """
        ),
    ],
)
def iam_aws_managed_full_access(identity: Identity, case: Case) -> Answer:
    """By name: what these policies say changes, that they are broad does not."""
    names = [name for name in identity.aws_managed if BROAD.fullmatch(name) and name not in case.parameters.allowed]
    if names:
        return fail(
            f"The {identity.what} has AWS's own {', '.join(dict.fromkeys(names))}, which names no resource and changes "
            "whenever AWS says so: it may do more than anyone approved.",
            {"policies": names},
        )
    if identity.unnamed:
        raise identity.unnamed[0]
    return PASS


class Boundary(BaseModel):
    """Which roles need a permissions boundary."""

    model_config = ConfigDict(extra="forbid")

    paths: tuple[str, ...] = Field(("/",), description="path prefixes of the roles that need one, such as /tenant/")


@rule(
    id="iam-role-without-boundary",
    title="A role has no permissions boundary",
    layer="iam",
    severity="low",
    judges=Role,
    rationale="""A boundary is the one limit that a mistake in a role's own policies cannot lift. Where deployments
    make roles for workloads, it keeps each within what the platform allows (PCI DSS 7.2.2, 7.3.1).""",
    remediation="""Set `permissions_boundary` to the ARN of a policy that lists what workloads may ever do.""",
    parameters=Boundary,
    scope="resource",
    compliant=[
        plain(
            """
            aws.iam.Role(
                "worker",
                assume_role_policy=trusts("lambda.amazonaws.com"),
                permissions_boundary="arn:aws:iam::111122223333:policy/workload-boundary",
            )
            """
        ),
    ],
    violating=[
        with_role(""),
        plain(
            """
            aws.iam.Role("worker", assume_role_policy=trusts("lambda.amazonaws.com"), permissions_boundary="")
            """
        ),
    ],
)
def iam_role_without_boundary(role: Role, case: Case) -> Answer:
    """Given at all; what it says is for the rules about rights."""
    path = role.read.text("path") or "/"
    if not path.startswith(case.parameters.paths):
        return not_applicable("its path needs no boundary")
    if role.read.value("permissionsBoundary"):
        return PASS
    return fail("The role has no permissions boundary, so only its own policies limit what it may do.")
