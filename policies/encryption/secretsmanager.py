"""Encryption of secrets in AWS Secrets Manager."""

from lychgate import PASS, Answer, Case, fail, rule
from lychgate.views.kms import whose
from lychgate.views.secretsmanager import Secret


@rule(
    id="secret-without-customer-key",
    title="A secret is not encrypted with a customer managed key",
    layer="encryption",
    severity="medium",
    judges=Secret,
    rationale="""Everybody in the account who may read a secret may also use AWS's managed key, so the key adds no
    second lock. The policy of a customer managed key does, and disabling it cuts off every reader at once.""",
    remediation="Set `kmsKeyId` to a key of your own, and the `kmsKeyId` of each replica to a key in its region.",
    compliant=[
        """
        import pulumi_aws as aws

        key = aws.kms.Key("secrets")
        aws.secretsmanager.Secret("database", kms_key_id=key.arn)
        """,
        """
        import pulumi_aws as aws

        key = aws.kms.Key("secrets")
        alias = aws.kms.Alias("secrets", name="alias/secrets", target_key_id=key.id)
        aws.secretsmanager.Secret(
            "database",
            kms_key_id=alias.target_key_arn,
            replicas=[{"region": "eu-central-1", "kms_key_id": "alias/secrets"}],
        )
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        aws.secretsmanager.Secret("database")
        """,
        """
        import pulumi_aws as aws

        aws.secretsmanager.Secret("database", kms_key_id="alias/aws/secretsmanager")
        """,
        """
        import pulumi_aws as aws

        # The copy is left to AWS's key.
        key = aws.kms.Key("secrets")
        aws.secretsmanager.Secret("database", kms_key_id=key.arn, replicas=[{"region": "eu-central-1"}])
        """,
    ],
)
def secret_without_customer_key(secret: Secret, case: Case) -> Answer:
    """The secret and each of its copies."""
    default = "AWS's managed key alias/aws/secretsmanager"
    if secret.key is None or not secret.key.customer:
        return fail(
            f"The secret {secret.name} is encrypted with {whose(secret.key, default)}: the key is no second lock."
        )
    for region, key in secret.replica_keys:
        if key is None or not key.customer:
            return fail(f"The copy of the secret {secret.name} in {region} is encrypted with {whose(key, default)}.")
    return PASS
