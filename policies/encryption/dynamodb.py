"""Encryption of Amazon DynamoDB tables."""

from lychgate import PASS, Answer, Case, fail, rule
from lychgate.views.dynamodb import Table
from lychgate.views.kms import whose


@rule(
    id="dynamodb-table-without-customer-key",
    title="A DynamoDB table or one of its replicas is not encrypted with a customer managed key",
    layer="encryption",
    severity="high",
    judges=Table,
    rationale="""DynamoDB always encrypts, but with a key that AWS owns unless you name one: access to the data cannot
    be cut off by disabling it, and its use leaves no trail. A customer managed key has its own policy, rotation and
    trail.""",
    remediation="""Set `serverSideEncryption` to `enabled: true` with `kmsKeyArn` of a key of your own; give each
    replica the `kmsKeyArn` of a key in its region.""",
    compliant=[
        """
        import pulumi_aws as aws

        key = aws.kms.Key("cards")
        aws.dynamodb.Table(
            "cards",
            attributes=[{"name": "id", "type": "S"}],
            hash_key="id",
            billing_mode="PAY_PER_REQUEST",
            server_side_encryption={"enabled": True, "kms_key_arn": key.arn},
        )
        """,
        """
        import pulumi_aws as aws

        key = aws.kms.Key("cards")
        table = aws.dynamodb.Table(
            "cards",
            attributes=[aws.dynamodb.TableAttributeArgs(name="id", type="S")],
            hash_key="id",
            server_side_encryption=aws.dynamodb.TableServerSideEncryptionArgs(enabled=True, kms_key_arn=key.arn),
            replicas=[
                aws.dynamodb.TableReplicaArgs(
                    region_name="eu-central-1",
                    kms_key_arn="arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
                )
            ],
        )
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        aws.dynamodb.Table("cards", attributes=[{"name": "id", "type": "S"}], hash_key="id")
        """,
        """
        import pulumi_aws as aws

        # Encryption is on, with AWS's managed key.
        aws.dynamodb.Table(
            "cards",
            attributes=[{"name": "id", "type": "S"}],
            hash_key="id",
            server_side_encryption={"enabled": True},
        )
        """,
        """
        import pulumi_aws as aws

        # A key is named, and not used.
        key = aws.kms.Key("cards")
        aws.dynamodb.Table(
            "cards",
            attributes=[{"name": "id", "type": "S"}],
            hash_key="id",
            server_side_encryption={"enabled": False, "kms_key_arn": key.arn},
        )
        """,
        """
        import pulumi_aws as aws

        # The copy in another region has no key of its own.
        key = aws.kms.Key("cards")
        aws.dynamodb.Table(
            "cards",
            attributes=[{"name": "id", "type": "S"}],
            hash_key="id",
            server_side_encryption={"enabled": True, "kms_key_arn": key.arn},
            replicas=[{"region_name": "eu-central-1"}],
        )
        """,
        """
        import pulumi_aws as aws

        key = aws.kms.Key("cards")
        table = aws.dynamodb.Table(
            "cards",
            attributes=[{"name": "id", "type": "S"}],
            hash_key="id",
            server_side_encryption={"enabled": True, "kms_key_arn": key.arn},
        )
        aws.dynamodb.TableReplica("frankfurt", global_table_arn=table.arn, region="eu-central-1")
        """,
    ],
)
def dynamodb_table_without_customer_key(table: Table, case: Case) -> Answer:
    """The table itself, then each copy."""
    if table.key is None or not table.key.customer:
        on = table.read.block("serverSideEncryption").flag("enabled")
        how = whose(table.key, "AWS's managed key alias/aws/dynamodb" if on else "a key that AWS owns")
        return fail(f"The table {table.name} is encrypted with {how}: access to its items cannot be cut off by a key.")
    for name, key in table.replica_keys:
        if key is None or not key.customer:
            how = whose(key, "AWS's managed key alias/aws/dynamodb")
            return fail(
                f"The replica {name} of the table {table.name} is encrypted with {how}, unlike the table itself."
            )
    return PASS
