"""Data that is paid for without being needed."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from lychgate import PASS, Answer, Case, fail, not_applicable, rule
from lychgate.views.autoscaling import scaling_of
from lychgate.views.dynamodb import Table
from lychgate.views.ecr import Repository
from lychgate.views.logs import LogGroup
from lychgate.views.s3 import Bucket


@rule(
    id="s3-bucket-without-expiry-of-old-versions",
    title="A versioned S3 bucket keeps every old version for ever",
    layer="cost",
    severity="low",
    judges=Bucket,
    rationale="""A bucket with versioning keeps what was deleted or overwritten, at full price, until a lifecycle
    rule ends it. Card
    data that nobody needs any more has to go as well (PCI DSS 3.2.1).""",
    remediation="""Give the bucket a BucketLifecycleConfiguration with an enabled rule that has
    noncurrentVersionExpiration, without
    a filter.""",
    compliant=[
        """
        import pulumi_aws as aws

        bucket = aws.s3.Bucket("receipts", versioning={"enabled": True})
        aws.s3.BucketLifecycleConfiguration("receipts", bucket=bucket.id, rules=[
            {"id": "old", "status": "Enabled", "noncurrent_version_expiration": {"noncurrent_days": 90}}])
        """,
        """
        import pulumi_aws as aws

        aws.s3.BucketV2("receipts", versionings=[{"enabled": True}], lifecycle_rules=[
            {"enabled": True, "noncurrent_version_expirations": [{"days": 30}]}])
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        aws.s3.Bucket("receipts", versioning={"enabled": True})
        """,
        """
        import pulumi_aws as aws

        bucket = aws.s3.Bucket("receipts", versioning={"enabled": True})
        aws.s3.BucketLifecycleConfiguration("receipts", bucket=bucket.id, rules=[
            {"id": "old", "status": "Disabled", "noncurrent_version_expiration": {"noncurrent_days": 90}},
            {"id": "some", "status": "Enabled", "filter": {"prefix": "tmp/"},
             "noncurrent_version_expiration": {"noncurrent_days": 90}}])
        """,
    ],
)
def s3_bucket_without_expiry_of_old_versions(bucket: Bucket, case: Case) -> Answer:
    """A rule for the whole bucket counts; one with a filter does not."""
    if not bucket.versioned:
        return not_applicable("the bucket keeps no versions")
    if any(rule.enabled and rule.whole and rule.noncurrent_days for rule in bucket.lifecycle):
        return PASS
    return fail("Old versions of objects are kept, and paid for, for ever.")


class LogKeeping(BaseModel):
    """How long logs are paid for."""

    model_config = ConfigDict(extra="forbid")
    days: int = Field(default=1096, ge=1, description="days that a log group keeps its events at most")


@rule(
    id="log-group-without-end",
    title="A log group keeps its events for ever",
    layer="cost",
    severity="low",
    judges=LogGroup,
    parameters=LogKeeping,
    scope="resource",
    rationale="""CloudWatch keeps events for ever unless told otherwise. A year is asked for by PCI DSS 10.5.1; what
    is older is paid
    for every month and read by nobody.""",
    remediation="Set retentionInDays: 400 satisfies PCI DSS and ends.",
    compliant=[
        """
        import pulumi_aws as aws

        aws.cloudwatch.LogGroup("orders", retention_in_days=400)
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        aws.cloudwatch.LogGroup("orders")
        """,
        """
        import pulumi_aws as aws

        aws.cloudwatch.LogGroup("orders", retention_in_days=0)
        """,
        """
        import pulumi_aws as aws

        aws.cloudwatch.LogGroup("orders", retention_in_days=3653)
        """,
    ],
    remedy=lambda properties, parameters: {**properties, "retentionInDays": 400},
)
def log_group_without_end(group: LogGroup, case: Case) -> Answer:
    """For ever where nothing, or 0, is said."""
    days, most = group.retention_days, case.parameters.days
    if days is not None and days <= most:
        return PASS
    return fail(
        f"Events are kept {'for ever' if days is None else f'for {days:g} days'}; {most} days are paid for here."
    )


class TableCapacity(BaseModel):
    """How much provisioned capacity a table may have."""

    model_config = ConfigDict(extra="forbid")
    units: int = Field(default=1000, ge=1, description="provisioned read or write capacity units at most")


TABLE = """
        import pulumi_aws as aws

        aws.dynamodb.Table("ledger", hash_key="id", attributes=[{"name": "id", "type": "S"}], %s)
        """


@rule(
    id="dynamodb-table-with-high-capacity",
    title="A DynamoDB table is provisioned beyond what the environment pays for",
    layer="cost",
    severity="medium",
    judges=Table,
    parameters=TableCapacity,
    rationale="""Provisioned capacity is paid for by the hour, used or not: 1,000 write units cost about 475 USD a
    month. Paying per
    request follows the load.""",
    remediation="""Lower readCapacity and writeCapacity, or set billingMode to `PAY_PER_REQUEST` with
    onDemandThroughput limits.""",
    compliant=[
        TABLE % 'billing_mode="PAY_PER_REQUEST"',
        TABLE % "read_capacity=50, write_capacity=50",
    ],
    violating=[
        TABLE % "read_capacity=5000, write_capacity=10",
        TABLE
        % """read_capacity=5, write_capacity=5, global_secondary_indexes=[{"name": "by-id", "hash_key": "id",
                           "projection_type": "ALL", "read_capacity": 5, "write_capacity": 4000}]""",
        TABLE.replace("aws.dynamodb", "table = aws.dynamodb") % "read_capacity=5, write_capacity=5"
        + """
        import pulumi

        # The table grows by itself.
        aws.appautoscaling.Target("ledger", service_namespace="dynamodb", min_capacity=5, max_capacity=40000,
                                  scalable_dimension="dynamodb:table:WriteCapacityUnits",
                                  resource_id=pulumi.Output.concat("table/", table.name))
        """,
    ],
)
def dynamodb_table_with_high_capacity(table: Table, case: Case) -> Answer:
    """The table's own capacity and that of each index, and what auto scaling may make of it."""
    if table.on_demand:
        return PASS
    most: int = case.parameters.units
    for kind in ("Read", "Write"):
        scaled = scaling_of(table.graph, table.resource, "table/{}", f"dynamodb:table:{kind}CapacityUnits")
        if scaled is not None and scaled > most:
            what = f"{scaled:g} units of {kind.lower()}Capacity"
            return fail(f"Auto scaling may give the table {what}; {most} are paid for here.")
    for block in (table.read, *table.read.blocks("globalSecondaryIndexes")):
        for name in ("readCapacity", "writeCapacity"):
            units = block.number(name) or 0
            if units > most:
                where = f"index {block.text('name')}" if block.has("name") and block.path else "table"
                return fail(f"The {where} has {units:g} units of {name}; {most} are paid for here.")
    return PASS


@rule(
    id="ecr-repository-without-expiry",
    title="An ECR repository keeps every image for ever",
    layer="cost",
    severity="low",
    judges=Repository,
    rationale="""Every pipeline run leaves an image of some hundred megabytes, paid for each month. Old images are
    also where known
    vulnerabilities live on.""",
    remediation="Add a LifecyclePolicy with a rule for tagStatus `any` that expires images beyond a count or an age.",
    compliant=[
        """
        import json
        import pulumi_aws as aws

        repository = aws.ecr.Repository("orders")
        aws.ecr.LifecyclePolicy("orders", repository=repository.name, policy=json.dumps({"rules": [{
            "rulePriority": 1, "action": {"type": "expire"},
            "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 50}}]}))
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        aws.ecr.Repository("orders")
        """,
        """
        import pulumi_aws as aws

        repository = aws.ecr.Repository("orders")
        aws.ecr.LifecyclePolicy("orders", repository=repository.name, policy='{"rules": []}')
        """,
        """
        import json
        import pulumi_aws as aws

        # Some images expire, those of the pipeline do not.
        repository = aws.ecr.Repository("orders")
        aws.ecr.LifecyclePolicy("orders", repository=repository.name, policy=json.dumps({"rules": [{
            "rulePriority": 1, "action": {"type": "expire"},
            "selection": {"tagStatus": "tagged", "tagPrefixList": ["try-"], "countType": "sinceImagePushed",
                          "countUnit": "days", "countNumber": 14}}]}))
        """,
    ],
)
def ecr_repository_without_expiry(repository: Repository, case: Case) -> Answer:
    """A policy with a rule that expires images whatever their tag: of any status, or tagged by a pattern for all.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html
    """
    rules = [one for policy in repository.lifecycle if isinstance(policy, dict) for one in policy.get("rules", [])]
    if any(one.get("action", {}).get("type") == "expire" and _all_images(one.get("selection", {})) for one in rules):
        return PASS
    return fail("Not all images are removed some day: each pipeline run adds to the bill.")


def _all_images(selection: dict[str, Any]) -> bool:
    status = selection.get("tagStatus")
    return status == "any" or (status == "tagged" and "*" in selection.get("tagPatternList", ()))
