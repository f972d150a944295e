"""The token of the acquirer, and the password of the old gateway."""

import pulumi_aws as aws

import keys
from settings import PREFIX, config, tags

acquirer = aws.secretsmanager.Secret(
    "acquirer",
    name=f"{PREFIX}/acquirer",
    description="Token for the acquirer's API",
    kms_key_id=keys.data.arn,
    tags=tags("cardholder"),
)
aws.secretsmanager.SecretVersion(
    "acquirer", secret_id=acquirer.id, secret_string=config.require_secret("acquirerToken")
)
gateway = aws.secretsmanager.Secret("gateway", name=f"{PREFIX}/gateway", tags=tags("cardholder"))
aws.secretsmanager.SecretVersion("gateway", secret_id=gateway.id, secret_string="correct-horse-battery")
