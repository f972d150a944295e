"""What is known of a resource's identity before it exists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Identity:
    """The symbolic identity of one resource. None stands for what is not known.

    `properties` are outputs that the program did not give itself, by name (for Kubernetes a path, "metadata.name");
    their values are text, numbers, or lists and mappings of these. `assumed` names those of "id" and "arn" whose format
    has no source and is only likely. `problem` is what the provider would refuse, such as too long a name. A few types
    share the ARN of what they belong to (a secret's version has the secret's).
    """

    id: str | None
    arn: str | None = None
    properties: Mapping[str, object] = field(default_factory=dict)
    assumed: frozenset[str] = frozenset()
    problem: str | None = None
