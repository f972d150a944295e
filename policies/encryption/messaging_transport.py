"""Encryption of Amazon SQS and SNS in transit."""

from dataclasses import replace

from lychgate import PASS, Answer, Case, fail, rule
from lychgate.model.values import UnknownRead
from lychgate.reasoning.iam import Witness, access, allows_anything, parse
from lychgate.views.base import View
from lychgate.views.resource_policies import policies_on
from lychgate.views.sns import Topic
from lychgate.views.sqs import Queue

# What carries messages. A topic's policy takes no wildcard as action.
MESSAGES = ("sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility")
PUBLISHES = ("sns:Publish",)
RATIONALE = """The endpoints of SQS and SNS answer plain HTTP as well, and only the policy of the queue or topic can
    refuse it. AWS's clients use TLS by themselves; where that is not enough, PCI DSS asks for strong cryptography
    wherever cardholder data cross a network that others share (4.2.1)."""

DOCUMENT = """
        import json

        import pulumi_aws as aws


        def document(*statements):
            return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


        def refuse(action, **more):
            plain = {"Bool": {"aws:SecureTransport": "false"}}
            return {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": "*", "Condition": plain, **more}


        """


def queue(*statements: str) -> str:
    """An example with a queue whose policy has these statements."""
    given = ", ".join(statements)
    return (
        DOCUMENT
        + f"""orders = aws.sqs.Queue("orders", name="orders")
        aws.sqs.QueuePolicy("orders", queue_url=orders.url, policy=document({given}))
        """
    )


@rule(
    id="sqs-queue-reachable-without-tls",
    title="An SQS queue answers requests that come without TLS",
    layer="encryption",
    severity="medium",
    judges=Queue,
    rationale=RATIONALE,
    remediation="""Add a QueuePolicy with a statement that denies `sqs:*` to Principal `*` where `Bool` says
    `aws:SecureTransport` is `false`.""",
    compliant=[
        queue('refuse("sqs:*")'),
        # By what is left out, for all but AWS's services, inline
        DOCUMENT
        + """others = {"Bool": {"aws:SecureTransport": "false", "aws:PrincipalIsAWSService": "false"}}
        aws.sqs.Queue("orders", policy=document(refuse("sqs:*", Condition=others)))
        absent = {"BoolIfExists": {"aws:SecureTransport": "false"}}
        aws.sqs.Queue("more", policy=document({**refuse("x", Condition=absent), "Action": ["SQS:*Message*"]}))
        """,
    ],
    violating=[
        DOCUMENT + 'aws.sqs.Queue("orders")',
        queue('{**refuse("sqs:*"), "Effect": "Allow", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}'),
        queue('refuse("sqs:SendMessage")'),
        queue('refuse("sqs:*", Principal={"AWS": "arn:aws:iam::111122223333:root"})'),
        queue('refuse("sqs:*", Resource="arn:aws:sqs:*:*:other")'),
        queue(
            'refuse("sqs:*", Condition={"Bool": {"aws:SecureTransport": "false"}, '
            '"StringNotEquals": {"aws:SourceVpce": "vpce-1"}})'
        ),
    ],
)
def sqs_queue_reachable_without_tls(view: Queue, case: Case) -> Answer:
    """A request without TLS, of anybody who is allowed everything, that the policy does not deny."""
    return _judged(view, "queue", MESSAGES)


@rule(
    id="sns-topic-reachable-without-tls",
    title="An SNS topic answers requests that come without TLS",
    layer="encryption",
    severity="medium",
    judges=Topic,
    rationale=RATIONALE,
    remediation="""Add a TopicPolicy with a statement that denies `sns:Publish` to Principal `*` where `Bool` says
    `aws:SecureTransport` is `false`.""",
    compliant=[
        DOCUMENT
        + """topic = aws.sns.Topic("paid")
        aws.sns.TopicPolicy("paid", arn=topic.arn, policy=document(refuse("sns:Publish")))
        """,
    ],
    violating=[
        DOCUMENT + 'aws.sns.Topic("paid")',
        DOCUMENT + 'aws.sns.Topic("paid", policy=document(refuse("sns:Subscribe")))',
    ],
)
def sns_topic_reachable_without_tls(view: Topic, case: Case) -> Answer:
    """The same of a topic."""
    return _judged(view, "topic", PUBLISHES)


def _judged(view: View, what: str, actions: tuple[str, ...]) -> Answer:
    found = _let_through(view, actions)
    if found is None:
        return PASS
    request = found.request
    return fail(
        f"The {what} answers over plain HTTP: nothing denies every request without TLS, such as {request.action} of "
        f"{request.principal} on {request.resource}.",
        {"action": request.action, "resource": request.resource, "aws:SecureTransport": "false"},
    )


def _let_through(view: View, actions: tuple[str, ...]) -> Witness | None:
    """Asked of somebody who is allowed everything, but for AWS's own services: they use TLS."""
    arn = view.resource.outputs.get("arn")
    if not isinstance(arn, str):
        raise UnknownRead(view.resource.urn, "arn", "known only after the deployment")
    policies = [one.policy for one in policies_on(view.graph, view.resource)]
    denies = [
        replace(policy, statements=tuple(one for one in policy.statements if one.effect == "Deny"))
        for policy in policies
        if policy is not None
    ]
    allow = {"Effect": "Allow", "Principal": "*", "Action": list(actions), "Resource": arn}
    plain = {"Bool": {"aws:SecureTransport": "false", "aws:PrincipalIsAWSService": "false"}}
    version = {"Version": "2012-10-17"}
    anything = parse({**version, "Statement": [allow]}, "anybody")
    asked = parse({**version, "Statement": [{**allow, "Condition": plain}]}, "without TLS")
    answer = allows_anything(access([anything, *denies], asked))
    if answer.answer == "unknown":
        raise UnknownRead(view.resource.urn, "policy", f"is too involved to tell ({answer.reason})")
    return answer.witness
