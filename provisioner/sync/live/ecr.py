"""Repositories of images. https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_Repository.html"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lychgate.provisioner.sync.live.calling import Calls, Gone, attempted
from lychgate.provisioner.sync.live.saying import ident, said, tags, without_none

from lychgate.model.graph import Resource

POLICY = "aws:ecr/repositoryPolicy:RepositoryPolicy"


def repository(calls: Calls, resource: Resource) -> dict[str, Any]:
    """A repository."""
    found = calls("ecr", "describe_repositories", repositoryNames=[ident(resource)])["repositories"][0]
    encryption = found.get("encryptionConfiguration") or {}
    live = {
        "name": found["repositoryName"],
        "imageTagMutability": found.get("imageTagMutability"),
        "imageScanningConfiguration": {
            "scanOnPush": (found.get("imageScanningConfiguration") or {}).get("scanOnPush", False)
        },
        "encryptionConfigurations": [
            without_none(encryptionType=encryption.get("encryptionType"), kmsKey=encryption.get("kmsKey"))
        ],
    }
    arn = found["repositoryArn"]
    return live | attempted(
        ["tags"], lambda: {"tags": tags(calls("ecr", "list_tags_for_resource", resourceArn=arn)["tags"])}
    )


def lifecycle_policy(calls: Calls, resource: Resource) -> dict[str, Any]:
    """Which images go."""
    name = said(resource, "repository")
    found = calls("ecr", "get_lifecycle_policy", repositoryName=name)
    return {"repository": name, "policy": found["lifecyclePolicyText"]}


def policy(calls: Calls, resource: Resource) -> dict[str, Any]:
    """Who else may pull."""
    name = said(resource, "repository")
    return {"repository": name, "policy": calls("ecr", "get_repository_policy", repositoryName=name)["policyText"]}


def policies(calls: Calls, resource: Resource) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The same, for a repository that should have none."""
    name = ident(resource)
    try:
        found = calls("ecr", "get_repository_policy", repositoryName=name)["policyText"]
    except Gone:
        return
    yield POLICY, name, {"repository": name, "policy": found}


READERS = {
    "aws:ecr/repository:Repository": repository,
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": lifecycle_policy,
    POLICY: policy,
}
PARTS = {"aws:ecr/repository:Repository": policies}
