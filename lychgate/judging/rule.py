"""How a rule is declared: one small function with its facts beside it, which knows no input format and no ruleset.

>>> @rule(
...     id="s3-bucket-without-versioning",
...     title="An S3 bucket keeps no versions of its objects",
...     layer="operations", severity="medium", judges=Bucket,
...     rationale="...", remediation="...",
...     compliant=["import pulumi_aws as aws\\n..."], violating=["import pulumi_aws as aws\\n..."],
... )
... def s3_bucket_without_versioning(bucket: Bucket, case: Case) -> Answer:
...     return PASS if bucket.versioned else fail("The bucket keeps no versions: ...")
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from inspect import cleandoc
from textwrap import dedent
from typing import Any, Literal

from pydantic import BaseModel

from lychgate.model.graph import Graph
from lychgate.model.outcome import LAYERS, SEVERITIES, Answer, Layer, Severity
from lychgate.views.base import View

Scope = Literal["resource", "stack", "stacks"]
Check = Callable[[Any, "Case"], Answer]
Remedy = Callable[[dict[str, Any], Any], "dict[str, Any] | None"]

SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+")


@dataclass(frozen=True, slots=True)
class Case:
    """What a rule's function gets beside the view: the graph it stands in and the rule's parameters."""

    graph: Graph
    parameters: Any


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule and its facts.

    `judges` is the view it selects. `scope` is what it must see: `resource` (its own properties and nothing else, so a
    policy pack can ask it per resource), `stack` (other resources of the stack: companions, policies, paths), `stacks`
    (siblings too). `compliant` and `violating` are small Pulumi programs: the rule's tests and its documentation. They
    are judged with `example_parameters`, where a rule says nothing without a parameter, else with the defaults.
    `remedy` takes properties and parameters and returns properties that pass, or None where it is not safe to change.
    """

    id: str
    title: str
    layer: Layer
    severity: Severity
    judges: type[View]
    rationale: str
    remediation: str
    compliant: tuple[str, ...]
    violating: tuple[str, ...]
    check: Check
    parameters: type[BaseModel] | None = None
    scope: Scope = "stack"
    remedy: Remedy | None = None
    deprecated: str | None = None
    example_parameters: BaseModel | None = None

    def __post_init__(self) -> None:
        if not SLUG.fullmatch(self.id):
            raise ValueError(
                f"rule {self.id!r}: an id is a slug of lower-case words, such as s3-bucket-without-versioning"
            )
        if self.layer not in LAYERS or self.severity not in SEVERITIES:
            raise ValueError(f"rule {self.id}: layer {self.layer!r} or severity {self.severity!r} does not exist")
        if not self.compliant or not self.violating:
            raise ValueError(f"rule {self.id}: needs at least one compliant and one violating example")

    @property
    def defaults(self) -> Any:
        """The parameters where a ruleset says nothing."""
        return self.parameters() if self.parameters else None


def rule(
    *,
    id: str,
    title: str,
    layer: Layer,
    severity: Severity,
    judges: type[View],
    rationale: str,
    remediation: str,
    compliant: Sequence[str],
    violating: Sequence[str],
    parameters: type[BaseModel] | None = None,
    scope: Scope = "stack",
    remedy: Remedy | None = None,
    deprecated: str | None = None,
    example_parameters: BaseModel | None = None,
) -> Callable[[Check], Rule]:
    """Declare the function below as a rule; see `Rule` for the facts. Texts and programs may be indented."""

    def declare(check: Check) -> Rule:
        return Rule(
            id=id,
            title=title,
            layer=layer,
            severity=severity,
            judges=judges,
            rationale=" ".join(rationale.split()),
            remediation=cleandoc(remediation),
            compliant=tuple(dedent(program).strip() + "\n" for program in compliant),
            violating=tuple(dedent(program).strip() + "\n" for program in violating),
            check=check,
            parameters=parameters,
            scope=scope,
            remedy=remedy,
            deprecated=deprecated,
            example_parameters=example_parameters,
        )

    return declare
