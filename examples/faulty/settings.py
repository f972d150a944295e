"""What is the same for the whole stack: configuration, names, labels."""

import pulumi
import pulumi_aws as aws

config = pulumi.Config()
APPLICATION = config.require("application")
ENVIRONMENT = config.require("environment")
TENANT = config.require("tenant")
REGION = pulumi.Config("aws").require("region")
ACCOUNT = aws.get_caller_identity().account_id
PREFIX = f"{APPLICATION}-{TENANT}-{ENVIRONMENT}"


def tags(classification: str = "internal") -> dict[str, str]:
    """What the default tags in Pulumi.production.yaml cannot say: which data a resource holds or handles."""
    return {"data-classification": classification}


def labels(name: str, classification: str = "internal") -> dict[str, str]:
    """The labels of a Kubernetes object."""
    return {
        "app.kubernetes.io/name": name,
        "app.kubernetes.io/part-of": APPLICATION,
        "environment": ENVIRONMENT,
        "tenant": TENANT,
        "data-classification": classification,
    }
