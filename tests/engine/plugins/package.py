"""A provider of one package, as far as it is the same for all: everything lives in Pulumi's state and nowhere else."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.engine.plugins import shapes
from tests.engine.plugins.wire import DEFAULTS, UNKNOWN, Properties


class Refused(Exception):
    """The provider does not accept an input. Carries the property and what is wrong with it."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.property = name
        self.reason = reason


class Failed(Exception):
    """An operation failed: the message is what the user gets to see."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the engine sends to have inputs checked: the program's inputs and those of the state."""

    type: str
    name: str
    seed: bytes
    inputs: Properties
    old_inputs: Properties = field(default_factory=dict)
    proposed_name: str = ""
    autoname: bool = True

    def unique(self, prefix: str, length: int, alphabet: str = "0123456789abcdef") -> str:
        """The prefix and random characters that are the same whenever the same resource is checked."""
        digest = hashlib.sha256(self.seed + self.name.encode()).digest()
        return prefix + "".join(alphabet[byte % len(alphabet)] for byte in digest[:length])


class Package:
    """Inputs are taken as they are; outputs are the inputs and plausible values for what the SDK's types promise.

    A provider that keeps its resources somewhere (in a mock of a cloud, say) overrides `create`, `update`, `read` and
    `delete`, which raise Failed for what is refused there; what the engine sees stays the same.
    """

    accepts_secrets = False  # as the bridged providers: the engine takes secrets out and marks them again

    def __init__(self, name: str) -> None:
        self.name = name

    def configure(self, config: Properties) -> None:
        """The provider's configuration, complex values decoded."""

    def check(self, proposal: Proposal) -> Properties:
        """The inputs as they are deployed, defaults filled in. Raises Refused."""
        return dict(proposal.inputs)

    def create(self, type_: str, name: str, inputs: Properties) -> tuple[str, Properties]:
        """A new resource: its id and its outputs."""
        ident = self.identify(type_, name, inputs)
        return ident, self.outputs(type_, ident, inputs)

    def preview(self, type_: str, inputs: Properties) -> Properties:
        """The outputs of a resource that does not exist yet: what only the cloud will say is unknown."""
        return {**dict.fromkeys(shapes.resource(type_).computed(), UNKNOWN), **without_defaults(inputs)}

    def preview_update(self, type_: str, ident: str, old: Properties, inputs: Properties) -> Properties:
        """The outputs after a change: what the cloud chose when the resource was made stays."""
        chosen = shapes.resource(type_).computed().keys() - shapes.resource(type_).inputs
        return {**self.outputs(type_, ident, inputs), **{name: old[name] for name in chosen if name in old}}

    def update(self, type_: str, ident: str, old: Properties, inputs: Properties, old_inputs: Properties) -> Properties:
        """The outputs of a resource that was changed: `old` are those before, beside the inputs before."""
        return self.preview_update(type_, ident, old, inputs)

    def read(self, type_: str, ident: str, known: Properties) -> Properties | None:
        """The outputs of an existing resource, with what is known of it; None where it is gone."""
        return {**self.outputs(type_, ident, known), **known}

    def refreshed(self, type_: str, ident: str, inputs: Properties, known: Properties) -> Properties:
        """The inputs of an existing resource as they stand now, which is no more than known here."""
        return inputs

    def delete(self, type_: str, ident: str, known: Properties) -> None:
        """The resource, of which the state knew this, is gone."""

    def outputs(self, type_: str, ident: str, inputs: Properties) -> Properties:
        """What a resource looks like once it exists: what it was asked to be, and what was made up for the rest."""
        return {**self.made(type_, ident, inputs), **without_defaults(inputs)}

    def made(self, type_: str, ident: str, inputs: Properties) -> Properties:
        """What the cloud settles by itself about a new resource."""
        shape = shapes.resource(type_)
        made: Properties = {}
        for name, hint in shape.computed().items():
            if name not in shape.inputs:
                made[name] = shapes.example(hint, f"{name}-{ident}")
            elif shapes.objects(hint) is None:  # an input that the cloud decides on when it is not given
                made[name] = shapes.example(hint, "")
        return made

    def identify(self, type_: str, name: str, inputs: Properties) -> str:
        """The id of a new resource."""
        return f"{name}-{uuid.uuid4().hex[:7]}"

    def replaced_by(self, type_: str) -> frozenset[str]:
        """The inputs that cannot change without a new resource."""
        return frozenset()

    def invoke(self, token: str, arguments: Properties) -> Properties:
        """The result of a function: its arguments and plausible values. Raises LookupError for one it cannot answer."""
        results = shapes.function(token)
        if not results:
            raise LookupError(f"the test provider of {self.name} cannot answer {token}")
        name = token.split(":")[-1]
        made = {result: shapes.example(hint, f"{name}-{result}") for result, hint in results.items()}
        return {**made, **arguments}


def without_defaults(value: Any) -> Any:
    """A value without the bridge's notes on which of its properties are defaults: outputs do not have them."""
    if isinstance(value, Mapping):
        return {name: without_defaults(part) for name, part in value.items() if name != DEFAULTS}
    if isinstance(value, list):
        return [without_defaults(part) for part in value]
    return value
