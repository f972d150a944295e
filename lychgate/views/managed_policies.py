"""What AWS's own managed policies say: managed_policies.json holds those that programs usually attach.

scripts/refresh_managed_policies.py writes it. AWS changes these policies without asking, mostly by adding actions.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Any

import orjson

from lychgate.reasoning.iam import Policy, parse

_ARN = re.compile(r"arn:[\w-]+:iam::aws:policy/(?:.*/)?(?P<name>[^/]+)\Z")


def aws_managed_name(arn: str) -> str:
    """The name of the AWS managed policy that an ARN names (`service-role/` left out), empty for any other ARN."""
    match = _ARN.match(arn)
    return match["name"] if match else ""


@cache
def aws_managed_policy(name: str) -> Policy | None:
    """The AWS managed policy of that name; None where its content is not known here."""
    document = _documents().get(name)
    return None if document is None else parse(document, f"AWS managed policy {name}")


def aws_managed_names() -> list[str]:
    """The names of those whose content is known here."""
    return list(_documents())


@cache
def _documents() -> dict[str, Any]:
    raw = files(__package__).joinpath("managed_policies.json").read_bytes()
    found: dict[str, Any] = orjson.loads(raw)["policies"]
    return found
