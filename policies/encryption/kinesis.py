"""Encryption of Amazon Kinesis data streams."""

from lychgate import PASS, Answer, Case, fail, rule
from lychgate.views.kinesis import Stream
from lychgate.views.kms import whose


@rule(
    id="kinesis-stream-without-customer-key",
    title="A Kinesis data stream is not encrypted with a customer managed key",
    layer="encryption",
    severity="high",
    judges=Stream,
    rationale="""A stream is not encrypted unless it is asked for, and under AWS's managed key whoever may read the
    stream reads it all. A customer managed key has its own policy, rotation and audit trail.""",
    remediation="Set `encryptionType` to `KMS` and `kmsKeyId` to a key of your own (not `alias/aws/kinesis`).",
    compliant=[
        """
        import pulumi_aws as aws

        key = aws.kms.Key("payments")
        aws.kinesis.Stream("payments", shard_count=1, encryption_type="KMS", kms_key_id=key.id)
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        aws.kinesis.Stream("payments", shard_count=1)
        """,
        """
        import pulumi_aws as aws

        aws.kinesis.Stream("payments", shard_count=1, encryption_type="KMS", kms_key_id="alias/aws/kinesis")
        """,
        """
        import pulumi_aws as aws

        # A key is named, and encryption is not asked for.
        key = aws.kms.Key("payments")
        aws.kinesis.Stream("payments", shard_count=1, kms_key_id=key.arn)
        """,
    ],
)
def kinesis_stream_without_customer_key(stream: Stream, case: Case) -> Answer:
    """A customer's key is named, and used."""
    if stream.key is not None and stream.key.customer:
        return PASS
    if not stream.encrypted:
        return fail(f"The stream {stream.name} is not encrypted: `encryptionType` is not KMS, whatever key is named.")
    how = whose(stream.key, "AWS's managed key")
    return fail(f"The stream {stream.name} is encrypted with {how}: access cannot be cut off by disabling a key.")
