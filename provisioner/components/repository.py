"""Repositories of images."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import ClassVar

import pulumi
import pulumi_aws as aws
from lychgate.provisioner.components.base import Component, document
from lychgate.provisioner.components.checks import short_enough, within
from lychgate.provisioner.components.context import Context
from lychgate.provisioner.components.key import Key

PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")


class Repository(Component):
    """A repository for the images of one workload: a tag stands still, each image is scanned, the last ones are kept.

    `keep_images` is how many. `pull_accounts` are other accounts (12 digits) that may pull. Raises ValueError for
    numbers and names that ECR does not take. `url` is what an image's name begins with.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html
    https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policy-examples.html
    """

    kind: ClassVar[str] = "Repository"

    def __init__(
        self,
        name: str,
        context: Context,
        *,
        key: Key,
        keep_images: int = 50,
        pull_accounts: Sequence[str] = (),
        declared_at: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        within("the number of images", keep_images, 1, 100_000)
        super().__init__(name, context, declared_at=declared_at, opts=opts)
        self.repository_name = short_enough("repository", context.named(name), 256)
        self.arn = f"arn:aws:ecr:{context.region}:{context.account}:repository/{self.repository_name}"
        self.repository = aws.ecr.Repository(
            name,
            name=self.repository_name,
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration={"scan_on_push": True},
            encryption_configurations=[{"encryption_type": "KMS", "kms_key": key.arn}],
            tags=context.tags(),
            opts=self.child,
        )
        self.url: pulumi.Output[str] = self.repository.repository_url
        aws.ecr.LifecyclePolicy(name, repository=self.repository.name, policy=_keep(keep_images), opts=self.child)
        if pull_accounts:
            self._let_pull(name, pull_accounts)
        self.register_outputs({"url": self.url})

    def _let_pull(self, name: str, accounts: Sequence[str]) -> None:
        statement = {
            "Sid": "Pull",
            "Effect": "Allow",
            "Principal": {"AWS": [f"arn:aws:iam::{account}:root" for account in accounts]},
            "Action": list(PULL),
        }
        aws.ecr.RepositoryPolicy(name, repository=self.repository.name, policy=document([statement]), opts=self.child)


def _keep(images: int) -> str:
    rule = {
        "rulePriority": 1,
        "description": f"Keep the last {images} images",
        "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": images},
        "action": {"type": "expire"},
    }
    return json.dumps({"rules": [rule]})
