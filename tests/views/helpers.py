"""Graphs by hand, for what a captured program cannot show: unknown values as a policy pack sees them in a preview."""

from __future__ import annotations

from typing import Any

from lychgate.model.graph import Resource

KEY_ARN = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
STACK = "shop/production"


def resource(type_: str, name: str, properties: dict[str, Any] | None = None, **more: Any) -> Resource:
    """A resource of the stack; its outputs are its properties unless something else is said."""
    properties = properties or {}
    more.setdefault("outputs", properties)
    return Resource(
        urn=f"urn:pulumi:production::shop::{type_}::{name}",
        type=type_,
        name=name,
        properties=properties,
        stack=STACK,
        **more,
    )


def key(name: str = "data", arn: str = KEY_ARN) -> Resource:
    """A KMS key that is known."""
    return resource("aws:kms/key:Key", name, outputs={"arn": arn, "keyId": arn[-36:]}, id=arn[-36:])
