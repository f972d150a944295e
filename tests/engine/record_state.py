"""Make examples/platform/recorded again: `python -m tests.engine.record_state`.

The example's payments.production.acme is brought about by the real engine and the test providers, and its state is kept
as `pulumi stack export` gives it; then it is changed, as if somebody had been at work by hand and `pulumi refresh` had
seen it. A plan shows these differences (tests/provisioner/sync/test_recorded_state.py).
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from lychgate.sources.deployed.backend import read_stack
from tests.engine.harness import Engine
from tests.engine.syncing import EXAMPLE, ROOT, Platform
from tests.engine.toolchain import toolchain

STACK = "payments.production.acme"
BEFORE = ("notify.production.shared", "notify.production.single", "payments.production.shared")
FILE = ROOT / "examples" / "platform" / "recorded" / f"{STACK}.json"
BUCKET, LOGS = "aws:s3/bucketVersioning:BucketVersioning", "aws:cloudwatch/logGroup:LogGroup"
KEY, RULE = "aws:kms/key:Key", "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"


def main() -> None:
    """Record it."""
    with tempfile.TemporaryDirectory() as name:
        platform = Platform.make(Engine(toolchain(lambda line: print(line, file=sys.stderr)), Path(name)))
        folder = platform.base / "platform" / "applications"
        shutil.copytree(EXAMPLE / "applications", folder, dirs_exist_ok=True)
        (folder / "shop.yaml").unlink()
        for stack in (*BEFORE, STACK):
            found = platform.sync(stack)
            assert found["outcome"] == "applied", found["reason"]
        assert read_stack(platform.backend, "platform", STACK) is not None
        checkpoint = json.loads((Path(platform.backend.removeprefix("file://")) / _place(STACK)).read_text())
    text = json.dumps(checkpoint["checkpoint"]["latest"])
    state = json.loads(text.replace('"platform/applications/', '"examples/platform/applications/'))
    for row in state["resources"]:
        for name in ("created", "modified", "sourcePosition", "stackTrace"):  # of this run and this machine
            row.pop(name, None)
    by_hand(state)
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps({"version": checkpoint["version"], "deployment": state}, indent=1) + "\n")


def _place(stack: str) -> str:
    return f".pulumi/stacks/platform/{stack}.json"


def by_hand(state: dict[str, Any]) -> None:
    """What somebody has changed: versioning suspended, rotation off, logs kept for a month, a port open to the world, a
    queue gone."""
    rows = state["resources"]

    def one(type_: str, name: str) -> dict[str, Any]:
        (found,) = (row for row in rows if row["type"] == type_ and row["urn"].endswith(f"::{name}"))
        return found  # type: ignore[no-any-return]

    for part in ("inputs", "outputs"):
        one(BUCKET, "receipts")[part]["versioningConfiguration"]["status"] = "Suspended"
        one(KEY, "data")[part]["enableKeyRotation"] = False
        one(LOGS, "workloads")[part]["retentionInDays"] = 30
    opened = json.loads(json.dumps(one(RULE, "cluster-to-api")).replace("cluster-to-api", "try-it"))
    for part in ("inputs", "outputs"):
        opened[part].pop("referencedSecurityGroupId", None)
        opened[part] |= {"cidrIpv4": "0.0.0.0/0", "description": "try it"}
    rows.append(opened)
    gone = [row for row in rows if row["urn"].endswith("::settlement") and row["type"].startswith("aws:sqs/")]
    state["resources"] = [row for row in rows if row not in gone]


if __name__ == "__main__":
    main()
