"""Identities that may do too much: nearly everything, or everything of a service."""

from lychgate import PASS, Answer, Case, fail, rule
from lychgate.model.values import UnknownRead
from lychgate.views.iam_principals import Identity
from lychgate.views.powers import all_anywhere

from .examples import plain, with_role
from .grants import has, proof

# One or two actions of each service that holds data, runs code or gives rights. Most of them on everything: an
# administrator, whatever small exceptions the policy makes.
CORE = (
    "iam:CreateUser",
    "iam:PutRolePolicy",
    "s3:GetObject",
    "s3:DeleteBucket",
    "s3:PutBucketPolicy",
    "dynamodb:GetItem",
    "dynamodb:DeleteTable",
    "rds:ModifyDBInstance",
    "rds:DeleteDBCluster",
    "kms:Decrypt",
    "kms:ScheduleKeyDeletion",
    "secretsmanager:GetSecretValue",
    "secretsmanager:DeleteSecret",
    "ec2:RunInstances",
    "ec2:TerminateInstances",
    "ec2:AuthorizeSecurityGroupIngress",
    "lambda:UpdateFunctionCode",
    "lambda:InvokeFunction",
    "sqs:ReceiveMessage",
    "sqs:DeleteQueue",
    "sns:DeleteTopic",
    "ecr:PutImage",
    "eks:DeleteCluster",
    "logs:DeleteLogGroup",
    "cloudtrail:StopLogging",
    "ssm:GetParameter",
)
MOST = 20

# For each service that may hold cardholder data, its keys or its audit logs: read, destroy, and decide who else may.
SERVICES = {
    "s3": ("s3:GetObject", "s3:DeleteObject", "s3:PutBucketPolicy"),
    "dynamodb": ("dynamodb:GetItem", "dynamodb:DeleteTable", "dynamodb:UpdateTable"),
    "kms": ("kms:Decrypt", "kms:ScheduleKeyDeletion", "kms:PutKeyPolicy"),
    "secretsmanager": (
        "secretsmanager:GetSecretValue",
        "secretsmanager:DeleteSecret",
        "secretsmanager:PutResourcePolicy",
    ),
    "sqs": ("sqs:ReceiveMessage", "sqs:DeleteQueue", "sqs:SetQueueAttributes"),
    "rds": ("rds:CreateDBSnapshot", "rds:DeleteDBInstance", "rds:ModifyDBInstance"),
    "ssm": ("ssm:GetParameter", "ssm:DeleteParameter", "ssm:PutParameter"),
    "logs": ("logs:GetLogEvents", "logs:DeleteLogGroup", "logs:PutRetentionPolicy"),
}
AMONG = dict.fromkeys(SERVICES, "those with cardholder data") | {"logs": "those of the audit trail"}


@rule(
    id="iam-policy-allow-all",
    title="A role, user or group may do nearly everything in the account",
    layer="iam",
    severity="critical",
    judges=Identity,
    rationale="""Whoever takes over an identity that may do everything has the whole account: all cardholder data,
    its keys and its audit logs. PCI DSS asks for the least privileges that a job or application needs (7.2.5).""",
    remediation="""List the actions that the workload calls and the ARNs of the resources it works on, such as
    `s3:GetObject` on `f"{bucket.arn}/*"`. `NotAction` with Allow grants everything else: write `Action` instead.""",
    compliant=[
        with_role(
            """
            bucket = aws.s3.Bucket("receipts")
            aws.iam.RolePolicy(
                "read",
                role=role.id,
                policy=document(
                    {
                        "Effect": "Allow",
                        "Action": "s3:*",
                        "Resource": [bucket.arn, pulumi.Output.concat(bucket.arn, "/*")],
                    }
                ),
            )
            """
        ),
        # A boundary of another program may take something away, but there is not much to take.
        plain(
            """
            aws.iam.Role(
                "cluster",
                assume_role_policy=trusts("eks.amazonaws.com"),
                managed_policy_arns=["arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"],
                permissions_boundary="arn:aws:iam::111122223333:policy/platform",
            )
            """
        ),
        # A boundary that really limits, and a Deny that really protects.
        plain(
            """
            boundary = aws.iam.Policy(
                "boundary", policy=document({"Effect": "Allow", "Action": ["s3:*", "sqs:*"], "Resource": "*"})
            )
            trust = trusts("ec2.amazonaws.com")
            bounded = aws.iam.Role("bounded", assume_role_policy=trust, permissions_boundary=boundary.arn)
            everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
            aws.iam.RolePolicy("bounded", role=bounded.name, policy=document(everything))
            denied = aws.iam.Role("denied", assume_role_policy=trust)
            aws.iam.RolePolicy(
                "denied",
                role=denied.name,
                policy=document(everything, {"Effect": "Deny", "NotAction": "s3:Get*", "Resource": "*"}),
            )
            """
        ),
    ],
    violating=[
        with_role(
            """
            aws.iam.RolePolicy(
                "all", role=role.id, policy=document({"Effect": "Allow", "Action": "*", "Resource": "*"})
            )
            """
        ),
        # `*:*`, a single statement, the deprecated inline policy
        plain(
            """
            aws.iam.Role(
                "worker",
                assume_role_policy=trusts("ec2.amazonaws.com"),
                inline_policies=[
                    {
                        "name": "all",
                        "policy": json.dumps(
                            {
                                "Version": "2012-10-17",
                                "Statement": {"Effect": "Allow", "Action": "*:*", "Resource": "*"},
                            }
                        ),
                    }
                ],
            )
            """
        ),
        # NotAction and NotResource
        with_role(
            """
            policy = aws.iam.Policy(
                "rest",
                policy={
                    "Version": "2012-10-17",
                    "Statement": [
                        {"Effect": "Allow", "NotAction": "aws-portal:*", "NotResource": "arn:aws:s3:::nothing"}
                    ],
                },
            )
            aws.iam.RolePolicyAttachment("rest", role=role.name, policy_arn=policy.arn)
            """
        ),
        # Split over statements and policies, in odd case, with `?`
        with_role(
            """
            def allow(*actions):
                return document({"Effect": "Allow", "Action": list(actions), "Resource": "arn:aws:*"})


            aws.iam.RolePolicy(
                "first",
                role=role.id,
                policy=allow("I?M:*", "S3:*", "dynamodb:*", "rds:*", "KMS:*", "secretsmanager:*"),
            )
            second = aws.iam.Policy(
                "second", policy=allow("ec2:*", "lambda:*", "s?s:*", "ecr:*", "eks:*", "logs:*", "ssm:*")
            )
            aws.iam.PolicyAttachment("second", roles=[role.name], policy_arn=second.arn)
            """
        ),
        # A managed policy, and a Deny that does not apply for certain
        with_role(
            """
            aws.iam.RolePolicyAttachment(
                "admin", role=role.name, policy_arn=aws.iam.ManagedPolicy.ADMINISTRATOR_ACCESS
            )
            aws.iam.RolePolicy(
                "region",
                role=role.id,
                policy=document(
                    {
                        "Effect": "Deny",
                        "Action": "*",
                        "Resource": "*",
                        "Condition": {"StringNotEqualsIfExists": {"aws:RequestedRegion": "eu-central-1"}},
                    }
                ),
            )
            """
        ),
        # A group, through get_policy_document, and a role that the program does not manage
        plain(
            """
            everything = aws.iam.get_policy_document(
                statements=[aws.iam.GetPolicyDocumentStatementArgs(not_actions=["iam:*"], resources=["*"])]
            )
            group = aws.iam.Group("developers")
            aws.iam.GroupPolicy("all", group=group.name, policy=everything.json)
            aws.iam.RolePolicy("elsewhere", role="existing-role", policy=everything.json)
            """
        ),
    ],
)
def iam_policy_allow_all(identity: Identity, case: Case) -> Answer:
    """Most of the core actions of all services, on resources that nobody named."""
    found, unknown = all_anywhere(identity, CORE)
    if len(found) >= MOST:
        names = ", ".join(grant.action for grant in found[:4])
        return fail(
            f"The {identity.what} may do nearly everything, such as {names}, on whatever there is: "
            f"{has(identity, found[0])}. Whoever takes it over has the whole account.",
            proof(found),
        )
    if len(found) + len(unknown) >= MOST:
        raise unknown[0]
    return PASS


@rule(
    id="iam-policy-service-wildcard",
    title="A role, user or group may do everything with every resource of a service that holds data, keys or logs",
    layer="iam",
    severity="high",
    judges=Identity,
    rationale="""The right to read, destroy and share every bucket, table, key or secret of an account reaches those
    with cardholder data too, now and later. PCI DSS asks for least privileges per application (7.2.2, 7.2.5).""",
    remediation="""Name the resources: `Resource: [bucket.arn, f"{bucket.arn}/*"]` in place of `*`, and only the
    actions that are called.""",
    compliant=[
        with_role(
            """
            table = aws.dynamodb.Table(
                "orders", billing_mode="PAY_PER_REQUEST", hash_key="id", attributes=[{"name": "id", "type": "S"}]
            )
            aws.iam.RolePolicy(
                "orders",
                role=role.id,
                policy=document(
                    {"Effect": "Allow", "Action": "dynamodb:*", "Resource": table.arn},
                    {"Effect": "Allow", "Action": ["s3:ListAllMyBuckets", "kms:ListAliases"], "Resource": "*"},
                    {
                        "Effect": "Allow",
                        "Action": ["logs:CreateLog*", "logs:PutLogEvents", "logs:GetLogEvents"],
                        "Resource": "*",
                    },
                ),
            )
            """
        ),
        # Everything of the tenant that the role is tagged with, and a Deny that leaves nothing of it
        with_role(
            """
            aws.iam.RolePolicy(
                "own",
                role=role.id,
                policy=document(
                    {
                        "Effect": "Allow",
                        "Action": "secretsmanager:*",
                        "Resource": "*",
                        "Condition": {"StringEquals": {"aws:ResourceTag/tenant": "${aws:PrincipalTag/tenant}"}},
                    },
                    {"Effect": "Allow", "Action": "kms:*", "Resource": "*"},
                    {
                        "Effect": "Deny",
                        "NotAction": ["kms:Describe*", "kms:List*"],
                        "Resource": "arn:aws:kms:*:*:*",
                    },
                ),
            )
            """
        ),
    ],
    violating=[
        with_role(
            """
            aws.iam.RolePolicy(
                "s3", role=role.id, policy=document({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
            )
            """
        ),
        with_role(
            """
            aws.iam.RolePolicyAttachment(
                "dynamodb", role=role.name, policy_arn="arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess"
            )
            """
        ),
        # Every key of the account by ARN, without the service's wildcard; the condition passes when the tag is absent
        with_role(
            """
            aws.iam.RolePolicy(
                "keys",
                role=role.id,
                policy=document(
                    {
                        "Effect": "Allow",
                        "Action": ["KMS:Decrypt", "kms:Put*", "kms:Schedule?eyDeletion"],
                        "Resource": "arn:aws:kms:*:*:key/*",
                        "Condition": {"StringEqualsIfExists": {"aws:ResourceTag/app": "payments"}},
                    }
                ),
            )
            """
        ),
        # Every log group, those of the audit trail too
        with_role(
            """
            aws.iam.RolePolicy(
                "logs", role=role.id, policy=document({"Effect": "Allow", "Action": "logs:*", "Resource": "*"})
            )
            """
        ),
        # Split over two policies, with a Deny that forbids something else
        with_role(
            """
            read = aws.iam.Policy(
                "read", policy=document({"Effect": "Allow", "Action": "secretsmanager:Get*", "Resource": "*"})
            )
            aws.iam.RolePolicyAttachment("read", role=role.name, policy_arn=read.arn)
            aws.iam.RolePolicy(
                "write",
                role=role.id,
                policy=document(
                    {
                        "Effect": "Allow",
                        "NotAction": "secretsmanager:GetSecretValue",
                        "NotResource": "arn:aws:secretsmanager:eu-central-1:111122223333:secret:other-??????",
                    },
                    {
                        "Effect": "Deny",
                        "Action": "secretsmanager:*",
                        "Resource": "arn:aws:secretsmanager:*:*:secret:other*",
                    },
                ),
            )
            """
        ),
    ],
)
def iam_policy_service_wildcard(identity: Identity, case: Case) -> Answer:
    """Read, destroy and share, all on resources that nobody named."""
    unknown: list[UnknownRead] = []
    for service, actions in SERVICES.items():
        found, unread = all_anywhere(identity, actions)
        if len(found) == len(actions):
            return fail(
                f"The {identity.what} may do everything with every {service} resource of the account, {AMONG[service]} "
                f"among them: {has(identity, found[0])}.",
                proof(found),
            )
        if len(found) + len(unread) == len(actions):
            unknown += unread
    if unknown:
        raise unknown[0]
    return PASS
