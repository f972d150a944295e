"""A small policy pack for syncs: what it judges, it can only know once a queue is there."""

FILES = {
    "PulumiPolicy.yaml": "name: small\nruntime: python\n",
    "__main__.py": """
from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy, StackValidationPolicy


def expires(args, report):
    if args.resource_type == "aws:sqs/queue:Queue" and args.props.get("messageRetentionSeconds") == 60:
        report("messages are gone after a minute")


def addresses(args, report):
    for one in args.resources:
        if one.resource_type == "aws:sqs/queue:Queue" and one.props.get("url", "").endswith("orders"):
            report("the address of a queue ends with its name", one.urn)


PolicyPack(
    "small",
    [
        ResourceValidationPolicy("expires", "Messages are kept", expires, EnforcementLevel.MANDATORY),
        StackValidationPolicy("addresses", "Addresses are told apart", addresses, EnforcementLevel.MANDATORY),
    ],
)
""",
}
