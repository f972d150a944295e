"""Rotation of AWS Secrets Manager secrets."""

from pydantic import BaseModel, ConfigDict, Field

from lychgate import PASS, Answer, Case, fail, rule
from lychgate.model.values import Block
from lychgate.views.secretsmanager import Secret

NEVER = float("inf")
ROTATED = """
        import pulumi_aws as aws

        secret = aws.secretsmanager.Secret("orders-db")
        aws.secretsmanager.SecretRotation("orders-db", secret_id=secret.id,
            rotation_lambda_arn="arn:aws:lambda:us-east-1:111122223333:function:rotate", rotation_rules={%s})
        """


class RotationDays(BaseModel):
    """How often a secret must change."""

    model_config = ConfigDict(extra="forbid")
    days: int = Field(default=90, ge=1, description="days after which a secret has been rotated at the latest")


@rule(
    id="secret-without-rotation",
    title="A secret is never changed",
    layer="operations",
    severity="medium",
    judges=Secret,
    parameters=RotationDays,
    rationale="""Passwords of applications and systems have to be changed at a set interval (PCI DSS 8.6.3). One that
    never
    changes stays useful to whoever has ever seen it.""",
    remediation="Add a SecretRotation for the secret with rotationRules.automaticallyAfterDays of 90 or less.",
    compliant=[
        ROTATED % '"automatically_after_days": 30',
        ROTATED % '"schedule_expression": "rate(10 days)"',
        ROTATED % '"schedule_expression": "cron(0 16 1,15 * ? *)"',
    ],
    violating=[
        ROTATED % '"automatically_after_days": 365',
        ROTATED % '"automatically_after_days": 0',
        ROTATED % '"schedule_expression": "rate(200 days)"',
        ROTATED % '"schedule_expression": "cron(0 16 1 6 ? *)"',
        """
        import pulumi_aws as aws

        aws.secretsmanager.Secret("orders-db")
        """,
    ],
)
def secret_without_rotation(secret: Secret, case: Case) -> Answer:
    """By a rotation of its own."""
    wanted: int = case.parameters.days
    rotations = secret.rotations
    if not rotations:
        return fail("The secret has no rotation: whoever has seen it once can use it for ever.")
    longest = max(_days(one.read.block("rotationRules")) for one in rotations)
    return PASS if longest <= wanted else fail(f"The secret changes every {longest:g} days; {wanted} are asked for.")


def _days(rules: Block) -> float:
    """The longest time between two rotations, in days.

    https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html (rate and cron expressions)
    """
    days = rules.number("automaticallyAfterDays")
    if days:
        return days
    expression = rules.text("scheduleExpression") or ""
    fields = expression.partition("(")[2].rstrip(")").split()
    if expression.startswith("rate(") and len(fields) == 2 and fields[0].isdigit():
        return int(fields[0]) / (24 if fields[1].startswith("hour") else 1)
    if expression.startswith("cron(") and len(fields) == 6 and fields[5] == "*":
        return 31 * _months(fields[3])
    return NEVER


def _months(field: str) -> int:
    """The most months between two that a cron expression's month field names."""
    start, _, step = field.partition("/")
    if start in ("*", "1") and (not step or step.isdigit()):
        return int(step or 12 if start == "1" else step or 1)
    names = field.split(",")
    if not all(name.isdigit() for name in names):
        return 12
    months = sorted(map(int, names))
    return max((after - before) % 12 or 12 for before, after in zip(months, months[1:] + months[:1], strict=True))
