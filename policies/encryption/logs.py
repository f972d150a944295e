"""Encryption of Amazon CloudWatch log groups."""

from lychgate import PASS, Answer, Case, fail, rule
from lychgate.views.kms import whose
from lychgate.views.logs import LogGroup


@rule(
    id="log-group-without-customer-key",
    title="A CloudWatch log group is not encrypted with a customer managed key",
    layer="encryption",
    severity="medium",
    judges=LogGroup,
    rationale="""Logs tell who did what, and often more than anybody meant to log. Under a customer managed key reading
    them needs a permission of its own, which keeps the people who are watched from reading and leaves a trail.""",
    remediation="""Set `kmsKeyId` to the ARN of a key of your own, whose policy lets `logs.REGION.amazonaws.com` use it
    for this log group.""",
    compliant=[
        """
        import pulumi_aws as aws

        key = aws.kms.Key("logs")
        aws.cloudwatch.LogGroup("api", kms_key_id=key.arn, retention_in_days=365)
        """,
        """
        import pulumi_aws as aws

        key = aws.kms.Key("logs", multi_region=True)
        replica = aws.kms.ReplicaKey("logs", primary_key_arn=key.arn, region="eu-central-1")
        aws.cloudwatch.LogGroup("api", kms_key_id=replica.arn, region="eu-central-1")
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        aws.cloudwatch.LogGroup("api", retention_in_days=365)
        """,
        """
        import pulumi_aws as aws

        aws.cloudwatch.LogGroup("api", kms_key_id="", retention_in_days=365)
        """,
    ],
)
def log_group_without_customer_key(group: LogGroup, case: Case) -> Answer:
    """A customer's key is named."""
    if group.key is not None and group.key.customer:
        return PASS
    how = whose(group.key, "the service's own key")
    return fail(f"The log group {group.name} is encrypted with {how}: whoever may read logs at all may read these.")
