"""Life of KMS keys: rotation and deletion."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from lychgate import PASS, Answer, Case, fail, not_applicable, rule
from lychgate.views.kms import Key


class Rotation(BaseModel):
    """How often a key is rotated."""

    model_config = ConfigDict(extra="forbid")

    maximum_days: int = Field(
        default=365, ge=90, le=2560, description="the longest time between two rotations, in days"
    )


def _rotate(properties: dict[str, Any], parameters: Rotation) -> dict[str, Any] | None:
    """Rotation keeps the key's id and ARN, and old data stay readable."""
    spec = properties.get("customerMasterKeySpec") or "SYMMETRIC_DEFAULT"
    if spec != "SYMMETRIC_DEFAULT" or properties.get("customKeyStoreId"):
        return None
    changed = {**properties, "enableKeyRotation": True}
    if isinstance(changed.get("rotationPeriodInDays"), int | float):
        changed["rotationPeriodInDays"] = min(changed["rotationPeriodInDays"], parameters.maximum_days)
    return changed


@rule(
    id="kms-key-without-rotation",
    title="A KMS key is not rotated, or too seldom",
    layer="encryption",
    severity="medium",
    judges=Key,
    scope="resource",
    parameters=Rotation,
    remedy=_rotate,
    rationale="""A key that never changes protects more and more data for ever longer, so that one loss exposes all of
    it. PCI DSS asks for key changes at the end of a defined cryptoperiod; KMS does it without a change for
    applications.""",
    remediation="Set `enableKeyRotation` to true, and leave `rotationPeriodInDays` out for once a year.",
    compliant=[
        """
        import pulumi_aws as aws

        aws.kms.Key("data", enable_key_rotation=True)
        """,
        """
        import pulumi_aws as aws

        # Keys that KMS cannot rotate by itself are another matter.
        aws.kms.Key("data", enable_key_rotation=True, rotation_period_in_days=90)
        aws.kms.Key("signing", customer_master_key_spec="RSA_4096", key_usage="SIGN_VERIFY")
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        aws.kms.Key("data")
        """,
        """
        import pulumi_aws as aws

        aws.kms.Key("data", enable_key_rotation=False, customer_master_key_spec="SYMMETRIC_DEFAULT")
        """,
        """
        import pulumi_aws as aws

        aws.kms.Key("data", enable_key_rotation=True, rotation_period_in_days=2560)
        """,
    ],
)
def kms_key_without_rotation(key: Key, case: Case) -> Answer:
    """Symmetric keys that KMS has made itself."""
    if not key.can_rotate:
        return not_applicable("KMS does not rotate this kind of key by itself: its change has to be planned")
    if not key.rotates:
        return fail(f"The key {key.name} is never rotated: `enableKeyRotation` is off, which is the default.")
    longest = case.parameters.maximum_days
    if key.rotation_days > longest:
        return fail(
            f"The key {key.name} is rotated every {key.rotation_days:g} days; {longest} are the longest allowed."
        )
    return PASS


class DeletionWindow(BaseModel):
    """How long a deletion waits."""

    model_config = ConfigDict(extra="forbid")

    minimum_days: int = Field(
        default=30, ge=7, le=30, description="the shortest waiting period before deletion, in days"
    )


def _wait(properties: dict[str, Any], parameters: DeletionWindow) -> dict[str, Any] | None:
    return {**properties, "deletionWindowInDays": parameters.minimum_days}


@rule(
    id="kms-key-deleted-quickly",
    title="A KMS key can be gone before anybody notices its deletion",
    layer="encryption",
    severity="medium",
    judges=Key,
    scope="resource",
    parameters=DeletionWindow,
    remedy=_wait,
    rationale="""With a key all data under it are lost for ever, backups too. The waiting period is the time in which a
    deletion by mistake or malice can be seen and cancelled.""",
    remediation="Leave `deletionWindowInDays` out (AWS waits 30 days), or set it to 30.",
    compliant=[
        """
        import pulumi_aws as aws

        aws.kms.Key("data")
        """,
        """
        import pulumi_aws as aws

        aws.kms.Key("data", deletion_window_in_days=30)
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        aws.kms.Key("data", deletion_window_in_days=7)
        """,
        """
        import pulumi_aws as aws

        # A replica is deleted by itself.
        key = aws.kms.Key("data", multi_region=True)
        aws.kms.ReplicaKey("frankfurt", primary_key_arn=key.arn, region="eu-central-1", deletion_window_in_days=10)
        """,
    ],
)
def kms_key_deleted_quickly(key: Key, case: Case) -> Answer:
    """The waiting period, 30 days by default."""
    shortest = case.parameters.minimum_days
    if key.deletion_days >= shortest:
        return PASS
    return fail(
        f"A deletion of the key {key.name} is final after {key.deletion_days:g} days, not {shortest}, and all "
        "data that the key protects are lost with it."
    )
