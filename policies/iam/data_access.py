"""Identities that may read the data of whatever there is."""

from lychgate import PASS, Answer, Case, fail, rule
from lychgate.views.iam_principals import Identity
from lychgate.views.powers import all_anywhere

from .examples import plain, with_role
from .grants import AllowedPolicies, has, proof

READS = {
    "s3:GetObject": "every object of every bucket",
    "dynamodb:GetItem": "every item of every table",
    "dynamodb:Query": "every item of every table",
    "dynamodb:Scan": "every item of every table",
    "dynamodb:ExportTableToPointInTime": "every item of every table",
    "secretsmanager:GetSecretValue": "every secret",
    "ssm:GetParameter": "every parameter",
    "ssm:GetParametersByPath": "every parameter",
    "kms:Decrypt": "whatever any key encrypts",
    "sqs:ReceiveMessage": "the messages of every queue",
    "kinesis:GetRecords": "the records of every stream",
    "rds-data:ExecuteStatement": "every database with a Data API",
}


@rule(
    id="iam-policy-reads-all-data",
    title="A role, user or group may read the data of every resource of a kind",
    layer="iam",
    severity="high",
    judges=Identity,
    rationale="""A workload that may read every bucket, table or secret reads cardholder data that is none of its
    business. PCI DSS limits access to what an application needs (7.2.5) and queries of stored card data (7.2.6).""",
    remediation="""Name the buckets, tables, keys or secrets in `Resource`, or tie the statement to their tag with
    `StringEquals: {"aws:ResourceTag/application": ...}`.""",
    parameters=AllowedPolicies,
    compliant=[
        with_role(
            """
            secret = aws.secretsmanager.Secret("database")
            aws.iam.RolePolicy(
                "secret",
                role=role.id,
                policy=document(
                    {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": secret.arn},
                    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-*/*"},
                ),
            )
            """
        ),
        with_role(
            """
            aws.iam.RolePolicyAttachment(
                "logs",
                role=role.name,
                policy_arn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
            )
            aws.iam.RolePolicy(
                "decrypt",
                role=role.id,
                policy=aws.iam.get_policy_document_output(
                    statements=[
                        {
                            "actions": ["kms:Decrypt"],
                            "resources": ["*"],
                            "conditions": [
                                {
                                    "test": "StringLike",
                                    "variable": "kms:RequestAlias",
                                    "values": ["alias/payments-*"],
                                }
                            ],
                        }
                    ]
                ).json,
            )
            """
        ),
    ],
    violating=[
        with_role(
            """
            aws.iam.RolePolicy(
                "secrets",
                role=role.id,
                policy=document({"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}),
            )
            """
        ),
        # AWS's own policy, on a user
        plain(
            """
            user = aws.iam.User("report")
            aws.iam.UserPolicyAttachment(
                "read", user=user.name, policy_arn="arn:aws:iam::aws:policy/ReadOnlyAccess"
            )
            """
        ),
        # A wildcard inside, in odd case; a condition that every request of the account meets; a negated one
        with_role(
            """
            aws.iam.RolePolicy(
                "objects",
                role=role.id,
                policy=document(
                    {
                        "Effect": "Allow",
                        "Action": "S3:GetOb??ct",
                        "Resource": "arn:aws:s3:::*/*",
                        "Condition": {
                            "StringNotEquals": {"aws:ResourceTag/secret": "yes"},
                            "Bool": {"aws:SecureTransport": "true"},
                        },
                    }
                ),
            )
            """
        ),
        # NotAction by a customer managed policy that is attached by managed_policy_arns
        plain(
            """
            policy = aws.iam.Policy(
                "worker",
                policy=document({"Effect": "Allow", "NotAction": ["iam:*", "s3:*"], "Resource": "*"}),
            )
            aws.iam.Role(
                "worker",
                managed_policy_arns=[policy.arn],
                assume_role_policy=trusts("ec2.amazonaws.com"),
            )
            """
        ),
    ],
)
def iam_policy_reads_all_data(identity: Identity, case: Case) -> Answer:
    """One read of data, on resources that nobody named."""
    found, unknown = all_anywhere(identity, READS, case.parameters.labels)
    if found:
        what = " and ".join(dict.fromkeys(READS[grant.asked] for grant in found))
        return fail(
            f"The {identity.what} may read {what} of the account, cardholder data that is none of its business "
            f"among it: {has(identity, found[0])}.",
            proof(found),
        )
    if unknown:
        raise unknown[0]
    return PASS
