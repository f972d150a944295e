import json

import pulumi_aws as aws

labels = {"application": "shop", "environment": "production", "tenant": "acme", "data-classification": "internal"}
key = aws.kms.Key("key", enable_key_rotation=True, tags=labels)
repository = aws.ecr.Repository(
    "api",
    image_tag_mutability="MUTABLE",  # the finding; the fix: IMMUTABLE
    image_scanning_configuration={"scan_on_push": True},
    encryption_configurations=[{"encryption_type": "KMS", "kms_key": key.arn}],
    tags=labels,
)
expiry = {"rulePriority": 1, "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 50}}
rules = [{**expiry, "action": {"type": "expire"}}]
aws.ecr.LifecyclePolicy("api", repository=repository.name, policy=json.dumps({"rules": rules}))
