"""Who may call a function. https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html"""

from __future__ import annotations

import json
from typing import Any

from tests.engine.plugins.cloud.calling import Cloud, Kind, first, given
from tests.engine.plugins.wire import Properties

MADE_WITH = {
    "function": "FunctionName", "statementId": "StatementId", "action": "Action", "principal": "Principal",
    "sourceAccount": "SourceAccount", "sourceArn": "SourceArn", "qualifier": "Qualifier",
    "principalOrgId": "PrincipalOrgID",
}  # fmt: skip


def _place(known: Properties) -> dict[str, Any]:
    return given(known, {"function": "FunctionName", "qualifier": "Qualifier"})


def permit(cloud: Cloud, inputs: Properties) -> str:
    cloud("lambda").add_permission(**given(inputs, MADE_WITH))
    return str(inputs["statementId"])


def permission(cloud: Cloud, ident: str, known: Properties) -> Properties | None:
    document = json.loads(cloud("lambda").get_policy(**_place(known))["Policy"])
    return None if first(one for one in document["Statement"] if one["Sid"] == ident) is None else {}


def forbid(cloud: Cloud, ident: str, known: Properties) -> None:
    cloud("lambda").remove_permission(StatementId=ident, **_place(known))


KINDS = {"aws:lambda/permission:Permission": Kind(frozenset(MADE_WITH), permit, forbid, permission)}
