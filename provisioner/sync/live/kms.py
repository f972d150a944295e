"""Keys. https://docs.aws.amazon.com/kms/latest/APIReference/API_KeyMetadata.html"""

from __future__ import annotations

from typing import Any

from lychgate.provisioner.sync.live.calling import Calls, Gone, attempted
from lychgate.provisioner.sync.live.saying import ident, tags

from lychgate.model.graph import Resource

GOING = ("PendingDeletion", "PendingReplicaDeletion")


def key(calls: Calls, resource: Resource) -> dict[str, Any]:
    """A key. One whose deletion waits cannot be used any more: it is as good as gone."""
    name = ident(resource)
    found = calls("kms", "describe_key", KeyId=name)["KeyMetadata"]
    if found.get("KeyState") in GOING:
        raise Gone(f"{name} waits for its deletion")
    live = {
        "description": found.get("Description", ""),
        "isEnabled": found.get("Enabled", False),
        "keyUsage": found.get("KeyUsage"),
        "customerMasterKeySpec": found.get("KeySpec"),
        "multiRegion": found.get("MultiRegion", False),
    }
    live |= attempted(["enableKeyRotation", "rotationPeriodInDays"], lambda: _rotation(calls, name))
    live |= attempted(
        ["policy"], lambda: {"policy": calls("kms", "get_key_policy", KeyId=name, PolicyName="default")["Policy"]}
    )
    return live | attempted(["tags"], lambda: {"tags": _tags(calls, name)})


def _rotation(calls: Calls, name: str) -> dict[str, Any]:
    found = calls("kms", "get_key_rotation_status", KeyId=name)
    enabled = found.get("KeyRotationEnabled", False)
    return {"enableKeyRotation": enabled, "rotationPeriodInDays": found.get("RotationPeriodInDays")}


def _tags(calls: Calls, name: str) -> dict[str, str]:
    return tags(calls.pages("kms", "list_resource_tags", "Tags", KeyId=name), "TagKey", "TagValue")


def alias(calls: Calls, resource: Resource) -> dict[str, Any]:
    """An alias, and the key that it stands for now."""
    name = ident(resource)
    return {"name": name, "targetKeyId": calls("kms", "describe_key", KeyId=name)["KeyMetadata"]["KeyId"]}


READERS = {"aws:kms/key:Key": key, "aws:kms/alias:Alias": alias}
