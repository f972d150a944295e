"""Operation of Amazon SQS queues."""

from lychgate import PASS, Answer, Case, fail, not_applicable, rule
from lychgate.views.sqs import Queue


@rule(
    id="sqs-queue-without-dead-letter-queue",
    title="An SQS queue has nowhere to put what cannot be processed",
    layer="operations",
    severity="low",
    judges=Queue,
    rationale="""A message that no consumer can process comes back until it expires, and is then lost without anyone
    knowing. In
    payments that is a booking that never happened.""",
    remediation="Set redrivePolicy with a deadLetterTargetArn and a maxReceiveCount (5 is usual).",
    compliant=[
        """
        import pulumi
        import pulumi_aws as aws

        dead = aws.sqs.Queue("jobs-dead")
        aws.sqs.Queue("jobs", redrive_policy=pulumi.Output.json_dumps(
            {"deadLetterTargetArn": dead.arn, "maxReceiveCount": 5}))
        """,
        """
        import pulumi
        import pulumi_aws as aws

        dead = aws.sqs.Queue("jobs-dead")
        jobs = aws.sqs.Queue("jobs")
        aws.sqs.RedrivePolicy("jobs", queue_url=jobs.id, redrive_policy=pulumi.Output.json_dumps(
            {"deadLetterTargetArn": dead.arn, "maxReceiveCount": 5}))
        """,
        """
        import pulumi
        import pulumi_aws as aws

        # Where functions, subscriptions and event rules leave what they could not hand over.
        dead = aws.sqs.Queue("function-dead")
        role = aws.iam.Role("function", assume_role_policy="{}")
        aws.lambda_.Function("function", role=role.arn, dead_letter_config={"target_arn": dead.arn})
        unread = aws.sqs.Queue("subscription-dead")
        aws.sqs.Queue("orders", redrive_policy=pulumi.Output.json_dumps(
            {"deadLetterTargetArn": unread.arn, "maxReceiveCount": 5}))
        aws.sns.TopicSubscription(
            "orders",
            topic="arn:aws:sns:eu-west-1:111122223333:orders",
            protocol="https",
            endpoint="https://orders.example.com",
            redrive_policy=pulumi.Output.json_dumps({"deadLetterTargetArn": unread.arn}),
        )
        undelivered = aws.sqs.Queue("event-dead")
        aws.cloudwatch.EventTarget(
            "orders",
            rule="orders",
            arn="arn:aws:events:eu-west-1:111122223333:event-bus/orders",
            dead_letter_config=aws.cloudwatch.EventTargetDeadLetterConfigArgs(arn=undelivered.arn),
        )
        """,
    ],
    violating=[
        """
        import pulumi_aws as aws

        aws.sqs.Queue("jobs")
        """,
        """
        import json
        import pulumi_aws as aws

        aws.sqs.Queue("jobs", redrive_policy=json.dumps({"maxReceiveCount": 5}))
        """,
    ],
)
def sqs_queue_without_dead_letter_queue(queue: Queue, case: Case) -> Answer:
    """A queue that is itself the dead-letter queue of another needs none."""
    if (queue.redrive or {}).get("deadLetterTargetArn"):
        return PASS
    if queue.dead_letter:
        return not_applicable("the queue holds what others could not process")
    return fail("A message that cannot be processed is lost when it expires.")
