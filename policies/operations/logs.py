"""Retention of Amazon CloudWatch log groups."""

from pydantic import BaseModel, ConfigDict, Field

from lychgate import PASS, Answer, Case, fail, rule
from lychgate.views.logs import LogGroup


class LogDays(BaseModel):
    """How long logs must be kept."""

    model_config = ConfigDict(extra="forbid")
    days: int = Field(default=365, ge=1, description="days that a log group keeps its events at least")


@rule(
    id="log-group-with-short-retention",
    title="A log group keeps its events for less than a year",
    layer="operations",
    severity="medium",
    judges=LogGroup,
    parameters=LogDays,
    scope="resource",
    rationale="""Audit logs have to be kept for twelve months, three of them at hand (PCI DSS 10.5.1). An attack is
    often noticed
    months after it began.""",
    remediation="Set retentionInDays to 365 or more (400 is the next value that CloudWatch accepts).",
    compliant=[
        """
        import pulumi_aws as aws

        aws.cloudwatch.LogGroup("orders", retention_in_days=400)
        """,
        """
        import pulumi_aws as aws

        aws.cloudwatch.LogGroup("orders")
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        aws.cloudwatch.LogGroup("orders", retention_in_days=90)
        """,
        """
        import pulumi_aws as aws

        aws.cloudwatch.LogGroup("orders", log_group_class="DELIVERY", retention_in_days=400)
        """,
    ],
)
def log_group_with_short_retention(group: LogGroup, case: Case) -> Answer:
    """For ever, where nothing is said."""
    days, wanted = group.retention_days, case.parameters.days
    return (
        PASS if days is None or days >= wanted else fail(f"Events are kept for {days:g} days; {wanted} are asked for.")
    )
