"""Roles of pods. https://docs.aws.amazon.com/eks/latest/APIReference/API_CreatePodIdentityAssociation.html"""

from __future__ import annotations

from typing import Any

from tests.engine.plugins.cloud.calling import Cloud, Kind, all_tags, differs, given, retag
from tests.engine.plugins.wire import Properties

MADE_WITH = {
    "clusterName": "clusterName", "namespace": "namespace", "serviceAccount": "serviceAccount", "roleArn": "roleArn",
}  # fmt: skip


def create(cloud: Cloud, inputs: Properties) -> str:
    made = cloud("eks").create_pod_identity_association(tags=all_tags(inputs), **given(inputs, MADE_WITH))
    return str(made["association"]["associationId"])


def _described(cloud: Cloud, ident: str, known: Properties) -> dict[str, Any]:
    found: dict[str, Any] = cloud("eks").describe_pod_identity_association(
        clusterName=known["clusterName"], associationId=ident
    )["association"]
    return found


def outputs(cloud: Cloud, ident: str, known: Properties) -> Properties:
    found = _described(cloud, ident, known)
    named = {"associationArn": found["associationArn"], "associationId": found["associationId"]}
    return {**named, "externalId": found.get("externalId", "")}


def update(cloud: Cloud, ident: str, old: Properties, new: Properties) -> None:
    name = new["clusterName"]
    if differs(old, new, "roleArn"):
        cloud("eks").update_pod_identity_association(clusterName=name, associationId=ident, roleArn=new["roleArn"])
    arn = _described(cloud, ident, new)["associationArn"]
    retag(
        old, new,
        lambda tags: cloud("eks").tag_resource(resourceArn=arn, tags=tags),
        lambda names: cloud("eks").untag_resource(resourceArn=arn, tagKeys=names),
    )  # fmt: skip


def delete(cloud: Cloud, ident: str, known: Properties) -> None:
    cloud("eks").delete_pod_identity_association(clusterName=known["clusterName"], associationId=ident)


KINDS = {
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": Kind(
        frozenset(MADE_WITH), create, delete, outputs, update, frozenset({"clusterName", "namespace", "serviceAccount"})
    ),
}
