"""Who may call a function. https://docs.aws.amazon.com/lambda/latest/api/API_GetPolicy.html"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lychgate.provisioner.sync.live.calling import Calls, Gone
from lychgate.provisioner.sync.live.saying import ident, said, without_none

from lychgate.model.graph import Resource


def permission(calls: Calls, resource: Resource) -> dict[str, Any]:
    """A statement of a function's policy, by its id."""
    function, statement = said(resource, "function"), said(resource, "statementId")
    qualifier = resource.properties.get("qualifier")
    answer = calls("lambda", "get_policy", **without_none(FunctionName=function, Qualifier=qualifier))
    found = next((one for one in json.loads(answer["Policy"])["Statement"] if one.get("Sid") == statement), None)
    if found is None:
        raise Gone(f"{ident(resource)} is not in the policy of {function}")
    conditions = {key.lower(): value for each in found.get("Condition", {}).values() for key, value in each.items()}
    return {
        "function": function,
        "statementId": statement,
        "action": found["Action"],
        "principal": _principal(found["Principal"]),
        "sourceAccount": conditions.get("aws:sourceaccount"),
        "sourceArn": conditions.get("aws:sourcearn"),
        "principalOrgId": conditions.get("aws:principalorgid"),
    }


def _principal(found: str | Mapping[str, str]) -> str:
    return found if isinstance(found, str) else next(iter(found.values()))


READERS = {"aws:lambda/permission:Permission": permission}
