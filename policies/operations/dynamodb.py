"""Operation of Amazon DynamoDB tables: recovery, deletion."""

from typing import Any

from lychgate import PASS, Answer, Case, fail, rule
from lychgate.views.dynamodb import Table

TABLE = """
        import pulumi_aws as aws

        aws.dynamodb.Table("ledger", hash_key="id", attributes=[{"name": "id", "type": "S"}],
                           billing_mode="PAY_PER_REQUEST", %s)
        """


def _given(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


@rule(
    id="dynamodb-table-without-point-in-time-recovery",
    title="A DynamoDB table cannot be restored to a point in time",
    layer="operations",
    severity="medium",
    judges=Table,
    scope="resource",
    rationale="""Point-in-time recovery is off by default. Without it a table that was damaged at noon has no state of
    11:59 to go back to.""",
    remediation="Set pointInTimeRecovery.enabled to true.",
    compliant=[TABLE % 'point_in_time_recovery={"enabled": True}'],
    violating=[TABLE % "", TABLE % 'point_in_time_recovery={"enabled": False}'],
    remedy=lambda properties, parameters: {
        **properties,
        "pointInTimeRecovery": {**_given(properties.get("pointInTimeRecovery")), "enabled": True},
    },
)
def dynamodb_table_without_point_in_time_recovery(table: Table, case: Case) -> Answer:
    """Off by default."""
    return PASS if table.recoverable else fail("The table cannot be restored to a moment before damage was done.")


@rule(
    id="dynamodb-table-without-deletion-protection",
    title="A DynamoDB table can be deleted by a single call",
    layer="operations",
    severity="medium",
    judges=Table,
    scope="resource",
    rationale="""Deletion protection is off by default. A rename in the program, or one call of a stolen credential,
    then
    deletes the table with its data.""",
    remediation="Set deletionProtectionEnabled to true.",
    compliant=[TABLE % "deletion_protection_enabled=True"],
    violating=[TABLE % "", TABLE % "deletion_protection_enabled=False"],
    remedy=lambda properties, parameters: {**properties, "deletionProtectionEnabled": True},
)
def dynamodb_table_without_deletion_protection(table: Table, case: Case) -> Answer:
    """Off by default."""
    return PASS if table.deletion_protected else fail("Renaming or removing the table deletes it with all its items.")
