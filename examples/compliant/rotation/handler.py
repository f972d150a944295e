"""Runs in AWS Lambda: the four steps in which Secrets Manager has a secret changed.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
"""

import secrets

import boto3


def rotate(event: dict, context: object) -> None:
    """One step for one version of the secret."""
    client = boto3.client("secretsmanager")
    secret, version, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    if step == "createSecret":
        client.put_secret_value(
            SecretId=secret,
            ClientRequestToken=version,
            SecretString=secrets.token_urlsafe(48),
            VersionStages=["AWSPENDING"],
        )
    elif step == "finishSecret":
        versions = client.describe_secret(SecretId=secret)["VersionIdsToStages"]
        current = next(name for name, stages in versions.items() if "AWSCURRENT" in stages)
        if current != version:
            client.update_secret_version_stage(
                SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=version, RemoveFromVersionId=current
            )
