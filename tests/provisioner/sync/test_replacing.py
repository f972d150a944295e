"""The facts about types: they are of types and properties that there are, and say where they come from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pulumi_aws
import pytest
from lychgate.provisioner import sync
from lychgate.provisioner.sync.comparing import steps_of
from lychgate.provisioner.sync.replacing import Replaces

from tests.engine.plugins import shapes

DATA: dict[str, Any] = orjson.loads((Path(str(sync.__file__)).parent / "replaces.json").read_bytes())
PATHS = [(type_, path) for name in ("replaces", "replaces_among_others", "may_replace") for type_, paths in
         DATA[name].items() for path in paths]  # fmt: skip


@pytest.mark.parametrize(("type_", "path"), [pair for pair in PATHS if pair[0].startswith("aws:")])
def test_properties_exist(type_: str, path: str) -> None:
    assert steps_of(path)[0] in shapes.resource(type_).inputs
    assert type_ in DATA["sources"]


def test_types_exist() -> None:
    known = Path(str(pulumi_aws.__file__)).read_text()
    assert [one for one in DATA["data_stores"] if one.startswith("aws:") and f'"{one}"' not in known] == []


@pytest.mark.parametrize(
    ("type_", "path", "forces"),
    [
        ("aws:sqs/queue:Queue", "fifoQueue", True),
        ("aws:sqs/queue:Queue", "delaySeconds", False),
        ("aws:sqs/queue:Queue", "region", True),
        ("aws:s3/bucket:Bucket", "bucket", True),
        ("aws:s3/bucket:Bucket", "objectLockEnabled", None),
        ("aws:s3/bucket:Bucket", "tags.owner", False),
        ("aws:rds/cluster:Cluster", "storageType", None),
        ("aws:rds/cluster:Cluster", "restoreToPointInTime.useLatestRestorableTime", True),
        ("kubernetes:apps/v1:Deployment", "spec", True),
        ("kubernetes:apps/v1:Deployment", "spec.template.spec.containers[0].image", False),
        ("kubernetes:core/v1:ConfigMap", "data.key", None),
        ("kubernetes:example.com/v1:Thing", "metadata.name", True),
        ("kubernetes:example.com/v1:Thing", "spec", False),
        ("newrelic:index/thing:Thing", "name", None),
    ],
)
def test_what_a_change_does(type_: str, path: str, forces: bool | None) -> None:
    assert Replaces.standard().forces(type_, steps_of(path)) is forces
