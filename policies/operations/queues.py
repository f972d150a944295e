"""Operation of Amazon SQS queues."""

from lychgate import PASS, Answer, Case, fail, not_applicable, rule
from lychgate.views.sqs import QUEUES, Queue


def _dead_letter_queues(queue: Queue) -> set[str]:
    """The queues that others send their undeliverable messages to."""
    found = set()
    for other in Queue.all(queue.graph):
        target = (other.redrive or {}).get("deadLetterTargetArn")
        resource = queue.graph.resolve(target, *QUEUES)
        if resource is not None:
            found.add(resource.urn)
    return found


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
    if queue.resource.urn in queue.graph.once("dead letter queues", lambda: _dead_letter_queues(queue)):
        return not_applicable("the queue holds what others could not process")
    return fail("A message that cannot be processed is lost when it expires.")
