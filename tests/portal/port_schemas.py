"""What Port's API takes, as models written from its reference pages; a field that a page does not name is an error.

https://docs.port.io/api-reference/create-a-blueprint, .../create-a-scorecard, .../create-an-action-automation and
.../update-an-actions-permissions, as of 2026-01.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Type = Literal["string", "number", "boolean", "object", "array"]
Key = Annotated[str, Field(pattern=r"^[A-Za-z0-9@_=\\-]+$", max_length=100)]
Identifier = Annotated[str, Field(pattern=r"^[\w@.+:\\/=-]+$", max_length=100)]
Title = Annotated[str, Field(min_length=1, max_length=100)]
# https://docs.port.io/build-your-software-catalog/customize-integrations/configure-data-model/setup-blueprint/properties/
Color = Literal[
    "blue", "turquoise", "orange", "purple", "pink", "yellow", "green", "red", "gold", "silver", "paleBlue", "darkGray",
    "lightGray", "bronze", "lime", "olive", "brown",
]  # fmt: skip


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Items(_Part):
    type: Type
    enum: list[str] | None = None
    pattern: str | None = None
    minLength: int | None = None
    maxLength: int | None = None


class Property(_Part):
    type: Type
    title: Title
    description: str | None = None
    format: Literal["date-time", "url", "email", "markdown", "yaml", "user", "team", "timer"] | None = None
    enum: list[str] | None = Field(default=None, min_length=1)
    enumColors: dict[str, Color] | None = None
    minimum: float | int | None = None
    maximum: float | int | None = None
    minLength: int | None = None
    maxLength: int | None = None
    minItems: int | None = None
    maxItems: int | None = None
    pattern: str | None = None
    items: Items | None = None


class Input(Property):
    default: Any = None


class Ownership(_Part):
    type: Literal["Direct", "Inherited"]
    path: str | None = None


class Relation(_Part):
    title: Title
    target: Identifier
    required: bool
    many: bool


class Schema(_Part):
    properties: dict[Key, Property]
    required: list[str]


class Blueprint(_Part):
    identifier: Identifier
    title: Title
    description: str
    schema_: Schema = Field(alias="schema")
    ownership: Ownership | None = None
    mirrorProperties: dict[Key, Any]
    calculationProperties: dict[Key, Any]
    relations: dict[Key, Relation]


class Level(_Part):
    title: str
    color: Color


class Condition(_Part):
    property: Key
    operator: Literal["=", "!=", ">", "<", ">=", "<=", "contains"]
    value: str | bool | float


class Query(_Part):
    combinator: Literal["and", "or"]
    conditions: list[Condition] = Field(min_length=1)


class Rule(_Part):
    identifier: Key
    title: str
    description: str
    level: str
    query: Query


class Scorecard(_Part):
    identifier: Identifier
    title: str
    levels: list[Level] = Field(min_length=1)
    rules: list[Rule]


class UserInputs(_Part):
    properties: dict[Key, Input]
    required: list[str]
    order: list[str]


class SearchRule(_Part):
    property: Key
    operator: Literal["=", "!="]
    value: str | bool


class TriggerCondition(_Part):
    type: Literal["SEARCH"]
    rules: list[SearchRule]
    combinator: Literal["and", "or"]


class Trigger(_Part):
    type: Literal["self-service"]
    operation: Literal["CREATE", "DAY-2", "DELETE"]
    blueprintIdentifier: Identifier
    userInputs: UserInputs
    condition: TriggerCondition | None = None


class GitLab(_Part):
    type: Literal["GITLAB"]
    projectName: str
    groupName: str
    defaultRef: str
    pipelineVariables: dict[str, str]


class Approval(_Part):
    type: Literal["ALL", "ANY"]


class Action(_Part):
    identifier: Identifier
    title: str
    description: str
    trigger: Trigger
    invocationMethod: GitLab
    requiredApproval: bool | Approval
    publish: bool


class Execute(_Part):
    users: list[str]
    roles: list[str]
    teams: list[str]
    ownedByTeam: bool
    policy: None


class Approve(_Part):
    users: list[str]
    roles: list[str]
    teams: list[str]
    policy: None


class Permissions(_Part):
    execute: Execute
    approve: Approve
