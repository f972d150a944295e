"""What the summary admits."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from lychgate.cli.terminal import show


def verdict(types: list[str], judged: set[int]) -> dict[str, Any]:
    resources = [
        {"urn": f"urn:{at}", "type": type_, "external": False, "component": type_.startswith("payments:")}
        for at, type_ in enumerate(types)
    ]
    facts = {"outcome": "pass", "layer": "cost"}
    return {
        "decision": "clean",
        "stacks": [{"name": "p/s"}],
        "run": {"ruleset": "production", "strict": True, "isolation": []},
        "rules": [],
        "resources": resources,
        "judgements": [{"urn": f"urn:{at}", **facts} for at in sorted(judged)],
        "summary": {},
        "not_inspected": [],
        "lookups": [],
        "mended": [],
    }


def shown(types: list[str], judged: set[int]) -> str:
    out = io.StringIO()
    show(verdict(types, judged), console=Console(file=out, width=200))
    return out.getvalue()


def test_a_provider_without_rules_is_named_beside_clean() -> None:
    text = shown(["gcp:storage/bucket:Bucket", "aws:s3/bucket:Bucket", "random:index/randomId:RandomId"], {1})
    assert "no rule judges anything of: gcp, random" in text


def test_nothing_is_said_where_each_provider_is_judged() -> None:
    types = ["aws:s3/bucket:Bucket", "aws:s3/bucketPolicy:BucketPolicy", "pulumi:pulumi:Stack", "payments:index:Ledger"]
    text = shown(types, {0})
    assert "no rule judges" not in text


def test_what_is_no_longer_found_is_told_and_only_what_passes_is_mended() -> None:
    made = verdict(["aws:s3/bucket:Bucket"], {0})
    made["mended"] = [{"rule": "r-1", "name": "a\x1b", "how": "passes"}, {"rule": "r-2", "name": "b", "how": "waived"}]
    out = io.StringIO()
    show(made, console=Console(file=out, width=200))
    assert out.getvalue().startswith("mended: r-1 on a\\x1b\nno longer found (waived): r-2 on b\n")
