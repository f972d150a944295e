"""Where the images of the two services come from."""

import pulumi_aws as aws

import keys
from settings import APPLICATION, TENANT, tags

repositories = {
    name: aws.ecr.Repository(
        name,
        name=f"{TENANT}/{APPLICATION}/{name}",
        encryption_configurations=[{"encryption_type": "KMS", "kms_key": keys.data.arn}],
        tags=tags(),
    )
    for name in ("api", "worker")
}
