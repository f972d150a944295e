"""Where resources are placed: below a component that says where it was declared, they stand there."""

from __future__ import annotations

import pytest

from lychgate.model.graph import Graph, Location, Resource

CODE = Location("components/bucket.py", 70)


def graph(said: object, *, custom: bool = False) -> Graph:
    properties = {"declaredAt": said}
    return Graph(
        [
            Resource("urn:top", "platform:Stack", "top", {"declaredAt": "applications/pay.yaml:1"}, custom=False),
            Resource("urn:part", "platform:Bucket", "part", properties, parent="urn:top", custom=custom, location=CODE),
            Resource("urn:thing", "aws:s3/bucket:Bucket", "thing", parent="urn:part", location=CODE),
            Resource("urn:else", "aws:s3/bucket:Bucket", "else", location=CODE),
        ]
    )


def test_what_is_declared_counts_for_what_is_below() -> None:
    made = graph("applications/pay.yaml:31")
    assert made.by_urn["urn:thing"].location == Location("applications/pay.yaml", 31)
    assert made.by_urn["urn:else"].location == CODE


@pytest.mark.parametrize("said", ["/etc/passwd:1", "../up.yaml:3", "pay.yaml", "pay.yaml:0", "a\nb:1", 7, None])
def test_what_is_no_place_counts_for_nothing(said: object) -> None:
    assert graph(said).by_urn["urn:thing"].location == Location("applications/pay.yaml", 1)


def test_only_components_declare() -> None:
    made = graph("applications/pay.yaml:31", custom=True)
    assert made.by_urn["urn:thing"].location == Location("applications/pay.yaml", 1)
