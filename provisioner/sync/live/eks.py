"""Roles of pods. https://docs.aws.amazon.com/eks/latest/APIReference/API_PodIdentityAssociation.html"""

from __future__ import annotations

from typing import Any

from lychgate.provisioner.sync.live.calling import Calls
from lychgate.provisioner.sync.live.saying import own, said

from lychgate.model.graph import Resource


def association(calls: Calls, resource: Resource) -> dict[str, Any]:
    """Which service account has which role."""
    found = calls(
        "eks",
        "describe_pod_identity_association",
        clusterName=said(resource, "clusterName"),
        associationId=said(resource, "associationId"),
    )["association"]
    return {
        "clusterName": found["clusterName"],
        "namespace": found["namespace"],
        "serviceAccount": found["serviceAccount"],
        "roleArn": found["roleArn"],
        "targetRoleArn": found.get("targetRoleArn"),
        "tags": own(found.get("tags")),
    }


READERS = {"aws:eks/podIdentityAssociation:PodIdentityAssociation": association}
