"""Repositories of images. https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html"""

from __future__ import annotations

from typing import Any

from tests.engine.plugins.cloud.calling import Cloud, Kind, all_tags, differs, given, pairs, retag
from tests.engine.plugins.wire import Properties


def create(cloud: Cloud, inputs: Properties) -> str:
    more: dict[str, Any] = {}
    for said in inputs.get("encryptionConfigurations") or ():
        more["encryptionConfiguration"] = given(said, {"encryptionType": "encryptionType", "kmsKey": "kmsKey"})
    made = cloud("ecr").create_repository(
        repositoryName=inputs["name"], imageTagMutability=inputs["imageTagMutability"],
        imageScanningConfiguration=_scanning(inputs), tags=pairs(all_tags(inputs)), **more,
    )  # fmt: skip
    return str(made["repository"]["repositoryName"])


def _scanning(inputs: Properties) -> dict[str, bool]:
    return {"scanOnPush": bool((inputs.get("imageScanningConfiguration") or {}).get("scanOnPush"))}


def outputs(cloud: Cloud, name: str, known: Properties) -> Properties:
    found = cloud("ecr").describe_repositories(repositoryNames=[name])["repositories"][0]
    return {
        "arn": found["repositoryArn"], "name": found["repositoryName"], "registryId": found["registryId"],
        "repositoryUrl": found["repositoryUri"],
    }  # fmt: skip


def update(cloud: Cloud, name: str, old: Properties, new: Properties) -> None:
    if differs(old, new, "imageTagMutability"):
        cloud("ecr").put_image_tag_mutability(repositoryName=name, imageTagMutability=new["imageTagMutability"])
    if differs(old, new, "imageScanningConfiguration"):
        scanning = _scanning(new)
        cloud("ecr").put_image_scanning_configuration(repositoryName=name, imageScanningConfiguration=scanning)
    arn = outputs(cloud, name, new)["arn"]
    retag(
        old, new,
        lambda tags: cloud("ecr").tag_resource(resourceArn=arn, tags=pairs(tags)),
        lambda names: cloud("ecr").untag_resource(resourceArn=arn, tagKeys=names),
    )  # fmt: skip


def delete(cloud: Cloud, name: str, known: Properties) -> None:
    cloud("ecr").delete_repository(repositoryName=name, force=bool(known.get("forceDelete")))


def put_lifecycle(cloud: Cloud, inputs: Properties) -> str:
    name = str(inputs["repository"])
    cloud("ecr").put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=inputs["policy"])
    return name


def put_policy(cloud: Cloud, inputs: Properties) -> str:
    name = str(inputs["repository"])
    cloud("ecr").set_repository_policy(repositoryName=name, policyText=inputs["policy"])
    return name


def _registry(cloud: Cloud, name: str, known: Properties) -> Properties:
    return {"registryId": outputs(cloud, name, known)["registryId"]}


KINDS = {
    "aws:ecr/repository:Repository": Kind(
        frozenset({
            "name", "imageTagMutability", "imageScanningConfiguration", "encryptionConfigurations", "forceDelete",
        }),
        create, delete, outputs, update, frozenset({"encryptionConfigurations"}),
    ),
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": Kind(
        frozenset({"repository", "policy"}), put_lifecycle,
        lambda cloud, name, known: cloud("ecr").delete_lifecycle_policy(repositoryName=name), _registry,
        lambda cloud, name, old, new: put_lifecycle(cloud, new), frozenset({"repository"}),
    ),
    "aws:ecr/repositoryPolicy:RepositoryPolicy": Kind(
        frozenset({"repository", "policy"}), put_policy,
        lambda cloud, name, known: cloud("ecr").delete_repository_policy(repositoryName=name), _registry,
        lambda cloud, name, old, new: put_policy(cloud, new), frozenset({"repository"}),
    ),
}  # fmt: skip
