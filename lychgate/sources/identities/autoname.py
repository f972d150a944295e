"""Names as Pulumi's providers make them where the program gives none: LOGICAL, a separator and random characters.

Here the random part is made from the URN, so that a program is captured to the same names every time.
Rules: pkg/tfbridge/info/autonaming.go of pulumi-terraform-bridge; which type has which: provider/resource_overrides.go
of pulumi-aws, as data in aws.json.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lychgate.sources.identities.template import generate


@dataclass(frozen=True, slots=True)
class Autoname:
    """How one type's name is made. `max` is the length beyond which the provider refuses, 0 for none."""

    property: str = "name"
    separator: str = "-"
    random: int = 7
    max: int = 255
    letters: bool = False
    lower: bool = False
    prefix: str = ""
    prefix_from: str = ""
    suffix: Mapping[str, str] = field(default_factory=dict)
    engines: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def make(self, urn: str, logical: str, inputs: Mapping[str, object]) -> tuple[str, str | None]:
        """The name, and what the provider would refuse about it.

        A given `namePrefix` (and the like) is completed with 26 characters, as the provider itself does.
        """
        given = inputs.get(self.prefix_from) if self.prefix_from else None
        if isinstance(given, str):
            return given + generate(f"{urn}|prefix", "digit", 18) + generate(f"{urn}|prefix", "hex", 8), None
        random, limit = self._limits(inputs)
        base = (logical.lower() if self.lower else logical) + (self.separator if random else "")
        name = base + generate(f"{urn}|autoname", "letter" if self.letters else "hex", random)
        problem = f"the name {name!r} is longer than {limit} characters" if limit and len(name) > limit else None
        if self.prefix and not name.startswith(self.prefix):
            name = self.prefix + name
        if self.suffix and inputs.get(self.suffix["when"]) is True:
            name += self.suffix["text"]
        return name, problem

    def depends_on_unknown(self, unknown: frozenset[str]) -> bool:
        """Whether something that decides the name is given but not known."""
        return bool(unknown) and (self.prefix_from in unknown or self.suffix.get("when") in unknown)

    def _limits(self, inputs: Mapping[str, object]) -> tuple[int, int]:
        engine = str(inputs.get("engine", "")).lower()
        for part, limits in self.engines.items():
            if part in engine:
                return limits["random"], limits["max"]
        return self.random, self.max
