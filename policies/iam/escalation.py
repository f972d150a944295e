"""Identities that can give themselves more rights than they were given.

The ways are those that Rhino Security Labs collected first
(https://rhinosecuritylabs.com/aws/aws-privilege-escalation-methods-mitigation/).
"""

from lychgate import PASS, Answer, Case, fail, rule
from lychgate.reasoning.iam import Grant
from lychgate.views.exposure import spelled_out, tied
from lychgate.views.iam_principals import Identity, Role, User
from lychgate.views.powers import all_anywhere, anywhere, confined

from .examples import plain, with_role
from .grants import proof, where
from .managed import BROAD

# What each action lets its owner do, on a resource that nobody named.
WAYS = {
    "iam:CreatePolicyVersion": "rewrite a policy that is attached to it",
    "iam:SetDefaultPolicyVersion": "bring back an older, wider version of a policy",
    "iam:AttachRolePolicy": "attach AdministratorAccess to a role",
    "iam:AttachUserPolicy": "attach AdministratorAccess to a user",
    "iam:AttachGroupPolicy": "attach AdministratorAccess to a group",
    "iam:PutRolePolicy": "write any policy into a role",
    "iam:PutUserPolicy": "write any policy into a user",
    "iam:PutGroupPolicy": "write any policy into a group",
    "iam:AddUserToGroup": "join a group with more rights",
    "iam:CreateAccessKey": "make a key for another user",
    "iam:CreateLoginProfile": "set a console password for another user",
    "iam:UpdateLoginProfile": "change the console password of another user",
    "iam:UpdateAssumeRolePolicy": "let itself into any role",
    "iam:DeleteRolePermissionsBoundary": "take the boundary off a role",
    "iam:DeleteUserPermissionsBoundary": "take the boundary off a user",
}
# What lets its owner act as a role that runs something already: as much as that role, if there is one.
BORROWED = {
    "sts:AssumeRole": "become any role that trusts the account",
    "lambda:UpdateFunctionCode": "run its own code as any function's role",
    "ssm:SendCommand": "run commands as any instance's role",
    "glue:UpdateDevEndpoint": "log in to any Glue development endpoint that is there and be its role",
}
# What it can do to itself, where it is named.
OWN = {
    "role": ("iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:UpdateAssumeRolePolicy"),
    "user": ("iam:PutUserPolicy", "iam:AttachUserPolicy"),
}
# What runs something as the role that is passed -> the service that it is passed to.
LAUNCHES = {
    "ec2:RunInstances": "ec2.amazonaws.com",
    "lambda:CreateFunction": "lambda.amazonaws.com",
    "ecs:RunTask": "ecs-tasks.amazonaws.com",  # with overrides
    "ecs:RegisterTaskDefinition": "ecs-tasks.amazonaws.com",
    "cloudformation:CreateStack": "cloudformation.amazonaws.com",
    "codebuild:CreateProject": "codebuild.amazonaws.com",
    "glue:CreateJob": "glue.amazonaws.com",
    "glue:CreateDevEndpoint": "glue.amazonaws.com",
    "sagemaker:CreateNotebookInstance": "sagemaker.amazonaws.com",
    "states:CreateStateMachine": "states.amazonaws.com",
    "datapipeline:CreatePipeline": "datapipeline.amazonaws.com",
}


@rule(
    id="iam-policy-privilege-escalation",
    title="A role, user or group can give itself more rights",
    layer="iam",
    severity="critical",
    judges=Identity,
    rationale="""Rights over policies, trust, keys or the code of others are rights to everything, whatever else the
    policies say: the limits that were approved do not hold (PCI DSS 7.2.2, 7.2.5).""",
    remediation="""Leave IAM changes to the deployment. Where a workload must make roles, name them by path, and
    demand a boundary: `StringEquals: {"iam:PermissionsBoundary": boundary.arn}`. Name the roles in `sts:AssumeRole`
    and the functions in `lambda:UpdateFunctionCode`.""",
    compliant=[
        with_role(
            """
            reader = aws.iam.Role("reader", assume_role_policy=trusts("ec2.amazonaws.com"))
            aws.iam.RolePolicy(
                "assume",
                role=role.id,
                policy=document(
                    {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": reader.arn},
                    {"Effect": "Allow", "Action": ["iam:Get*", "iam:List*"], "Resource": "*"},
                ),
            )
            """
        ),
        # With a boundary that is demanded, and with a Deny that leaves nothing
        with_role(
            """
            boundary = aws.iam.Policy(
                "boundary", policy=document({"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"})
            )
            aws.iam.RolePolicy(
                "make-roles",
                role=role.id,
                policy=document(
                    {
                        "Effect": "Allow",
                        "Action": ["iam:PutRolePolicy", "iam:AttachRolePolicy"],
                        "Resource": "*",
                        "Condition": {"StringEquals": {"iam:PermissionsBoundary": boundary.arn}},
                    },
                    {"Effect": "Allow", "Action": "lambda:*", "Resource": "*"},
                    {"Effect": "Deny", "Action": ["lambda:Update*", "lambda:Create*"], "Resource": "*"},
                ),
            )
            """
        ),
        # Within a boundary that has none of it
        plain(
            """
            boundary = aws.iam.Policy(
                "boundary", policy=document({"Effect": "Allow", "NotAction": ["iam:*", "sts:*"], "Resource": "*"})
            )
            role = aws.iam.Role(
                "worker", assume_role_policy=trusts("ec2.amazonaws.com"), permissions_boundary=boundary.arn
            )
            aws.iam.RolePolicy(
                "all", role=role.name, policy=document({"Effect": "Allow", "Action": "iam:*", "Resource": "*"})
            )
            """
        ),
    ],
    violating=[
        with_role(
            """
            aws.iam.RolePolicy(
                "versions",
                role=role.id,
                policy=document({"Effect": "Allow", "Action": "iam:CreatePolicyVersion", "Resource": "*"}),
            )
            """
        ),
        # Odd case and `?`, only roles of a path that anyone may use; the boundary is demanded only if it is there
        with_role(
            """
            aws.iam.RolePolicy(
                "roles",
                role=role.id,
                policy=document(
                    {
                        "Effect": "Allow",
                        "Action": "IAM:?utRolePolicy",
                        "Resource": "arn:aws:iam::*:role/*",
                        "Condition": {"StringLikeIfExists": {"iam:PermissionsBoundary": "arn:aws:iam::*:policy/b"}},
                    }
                ),
            )
            """
        ),
        # NotAction, with a Deny that forgets some
        with_role(
            """
            policy = aws.iam.Policy(
                "most",
                policy=document(
                    {"Effect": "Allow", "NotAction": ["organizations:*", "account:*"], "Resource": "*"},
                    {"Effect": "Deny", "Action": ["iam:Create*", "iam:Put*", "iam:Attach*"], "Resource": "*"},
                ),
            )
            aws.iam.RolePolicyAttachment("most", role=role.name, policy_arn=policy.arn)
            """
        ),
        # Itself by name
        with_role(
            """
            aws.iam.RolePolicy(
                "self",
                role=role.id,
                policy=role.arn.apply(
                    lambda arn: json.dumps(
                        {
                            "Version": "2012-10-17",
                            "Statement": {"Effect": "Allow", "Action": ["iam:AttachRolePolicy"], "Resource": arn},
                        }
                    )
                ),
            )
            """
        ),
        # The policy that is attached to it, by name
        with_role(
            """
            own = aws.iam.Policy(
                "own",
                name="own",
                policy=document(
                    {
                        "Effect": "Allow",
                        "Action": "iam:CreatePolicyVersion",
                        "Resource": "arn:aws:iam::111122223333:policy/own",
                    }
                ),
            )
            aws.iam.RolePolicyAttachment("own", role=role.name, policy_arn=own.arn)
            """
        ),
        # What others run already
        with_role(
            """
            aws.iam.RolePolicy(
                "notebooks",
                role=role.id,
                policy=document({"Effect": "Allow", "Action": "glue:UpdateDevEndpoint", "Resource": "*"}),
            )
            """
        ),
        # A user, by way of its group
        plain(
            """
            user = aws.iam.User("operator")
            group = aws.iam.Group("operators")
            aws.iam.GroupMembership("operators", group=group.name, users=[user.name])
            aws.iam.GroupPolicyAttachment(
                "iam", group=group.name, policy_arn="arn:aws:iam::aws:policy/IAMFullAccess"
            )
            """
        ),
    ],
)
def iam_policy_privilege_escalation(identity: Identity, case: Case) -> Answer:
    """A way on whatever there is, or on itself."""
    found, unknown = all_anywhere(identity, WAYS)
    ways = [WAYS[grant.asked] for grant in found]
    if not found:
        found = on_itself(identity)
        ways = [WAYS[grant.asked].replace(" a role", " itself").replace(" a user", " itself") for grant in found]
    if found:
        return fail(
            f"The {identity.what} can {ways[0]}: {where(found[0])}. With that it gets every right of the account"
            + (f", and {len(ways) - 1} other ways are open to it." if len(ways) > 1 else "."),
            proof(found),
        )
    borrowed, open_ = all_anywhere(identity, BORROWED)
    if borrowed:
        ways = [BORROWED[grant.asked] for grant in borrowed]
        return fail(
            f"The {identity.what} can {' and '.join(ways)}: {where(borrowed[0])}. With that it has the rights of "
            "whatever is there, which nobody gave to it.",
            proof(borrowed),
        )
    unknown += open_
    if unknown:
        raise unknown[0]
    return PASS


def on_itself(identity: Identity) -> list[Grant]:
    """The ways by which a role or user changes its own rights, where its policies name it or its policy."""
    found: list[Grant] = []
    if isinstance(identity, Role | User) and identity.arn:
        found += identity.granted(OWN[identity.what], identity.arn)
    policies = [one.arn for one in identity.attached if one.arn and not one.aws_managed]
    if policies:
        found += identity.granted("iam:CreatePolicyVersion", policies)
    return [grant for grant in found if not confined(grant)]


@rule(
    id="iam-policy-passes-any-role",
    title="A role, user or group may pass any role to a service",
    layer="iam",
    severity="high",
    judges=Identity,
    rationale="""Whoever may pass any role to EC2, Lambda or ECS may run code with the rights of the most powerful
    role of the account, so its own limits mean nothing (PCI DSS 7.2.2, 7.2.5).""",
    remediation="""Name the roles in the statement's Resource, `iam:PassRole` on `task_role.arn`, and the service in
    `StringEquals: {"iam:PassedToService": "ecs-tasks.amazonaws.com"}`.""",
    compliant=[
        with_role(
            """
            task = aws.iam.Role("task", assume_role_policy=trusts("ecs-tasks.amazonaws.com"))
            aws.iam.RolePolicy(
                "deploy",
                role=role.id,
                policy=document(
                    {"Effect": "Allow", "Action": "iam:PassRole", "Resource": task.arn},
                    {"Effect": "Allow", "Action": "ecs:*", "Resource": "*"},
                ),
            )
            """
        ),
        with_role(
            """
            aws.iam.RolePolicy(
                "deploy",
                role=role.id,
                policy=document(
                    {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:aws:iam::*:role/payments-*"}
                ),
            )
            aws.iam.RolePolicyAttachment(
                "eks", role=role.name, policy_arn="arn:aws:iam::aws:policy/AmazonEKSComputePolicy"
            )
            """
        ),
    ],
    violating=[
        with_role(
            """
            aws.iam.RolePolicy(
                "deploy",
                role=role.id,
                policy=document({"Effect": "Allow", "Action": ["ecs:RunTask", "iam:PassRole"], "Resource": "*"}),
            )
            """
        ),
        # Tied to a service, but not to a role
        with_role(
            """
            aws.iam.RolePolicy(
                "deploy",
                role=role.id,
                policy=document(
                    {
                        "Effect": "Allow",
                        "Action": "iam:Pass*",
                        "Resource": "arn:aws:iam::111122223333:role/*",
                        "Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}},
                    }
                ),
            )
            """
        ),
        # To a service where it can start nothing by itself
        with_role(
            """
            aws.iam.RolePolicy(
                "deploy",
                role=role.id,
                policy=document(
                    {"Effect": "Allow", "Action": "ec2:RunInstances", "Resource": "*"},
                    {
                        "Effect": "Allow",
                        "Action": "iam:PassRole",
                        "Resource": "*",
                        "Condition": {"StringLike": {"iam:PassedToService": "ecs-tasks.*"}},
                    },
                ),
            )
            """
        ),
        # Every role but one, and a Deny on another one
        with_role(
            """
            aws.iam.RolePolicy(
                "deploy",
                role=role.id,
                policy=document(
                    {"Effect": "Allow", "Action": "*:PassRole", "NotResource": "arn:aws:iam::*:role/admin"},
                    {"Effect": "Deny", "Action": "iam:PassRole", "Resource": "arn:aws:iam::*:role/audit"},
                ),
            )
            """
        ),
    ],
)
def iam_policy_passes_any_role(identity: Identity, case: Case) -> Answer:
    """PassRole on a role that nobody named; what it could start with it is told where it is known.

    AWS's own policies for the roles of its services pass any role to a certain service: nobody can narrow them.
    """
    found = [one for one in anywhere(identity, "iam:PassRole") if not for_a_service(identity, one)]
    if not found:
        return PASS
    for grant in found:
        launches = launched(identity, grant)
        if launches:
            return fail(
                f"The {identity.what} may pass any role of the account, and start something with it ({launches[0]}): "
                f"{where(grant)}. So it can act with the rights of the most powerful role.",
                proof([grant]) | {"launches": launches},
            )
    return fail(
        f"The {identity.what} may pass any role of the account to a service: {where(found[0])}. Its own policies let "
        "it start nothing there; whoever may do so for it acts with the rights of the most powerful role.",
        proof(found[:1]) | {"launches": []},
    )


def launched(identity: Identity, passes: Grant) -> list[str]:
    """The actions of an identity that start something as a role, at a service that the grant lets it pass one to."""
    return [
        one.action
        for one in all_anywhere(identity, LAUNCHES)[0]
        if any(
            (grant.policy, grant.name) == (passes.policy, passes.name)
            for grant in identity.granted(passes.action, passes.resource, {"iam:PassedToService": LAUNCHES[one.asked]})
        )
    ]


def for_a_service(identity: Identity, grant: Grant) -> bool:
    """Whether the grant is AWS's own for the role of a service: by the path of its policy, or tied to one service."""
    own = next((one for one in identity.attached if one.aws_managed and one.policy.label == grant.policy), None)
    if own is None or BROAD.fullmatch(own.aws_managed):
        return False
    return ":policy/service-role/" in own.arn or tied(grant.requirements, "iam:PassedToService", spelled_out)
