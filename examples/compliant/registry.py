"""Where the images of the two services come from."""

import json

import pulumi_aws as aws

import keys
from settings import APPLICATION, TENANT, tags


def repository(name: str) -> aws.ecr.Repository:
    """A repository whose tags stand still and whose images are scanned."""
    made = aws.ecr.Repository(
        name,
        name=f"{TENANT}/{APPLICATION}/{name}",
        image_tag_mutability="IMMUTABLE",
        image_scanning_configuration={"scan_on_push": True},
        encryption_configurations=[{"encryption_type": "KMS", "kms_key": keys.data.arn}],
        tags=tags(),
    )
    aws.ecr.LifecyclePolicy(
        name,
        repository=made.name,
        policy=json.dumps(
            {
                "rules": [
                    {
                        "rulePriority": 1,
                        "description": "Keep the last 50 images",
                        "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 50},
                        "action": {"type": "expire"},
                    }
                ]
            }
        ),
    )
    return made


api = repository("api")
worker = repository("worker")
