"""The functions that a program calls (Pulumi's invokes): computed where that needs no cloud, else looked up.

In this order: a pure function is computed; a fixture says what is; a table says what usually is; the rest is assumed,
with symbolic results in the shape that the SDK expects.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lychgate.model.graph import Fact
from lychgate.model.values import UNKNOWN, Secret, contains_unknown
from lychgate.sources.program import aws_functions, std_functions
from lychgate.sources.program.aws_functions import Caller
from lychgate.sources.program.kubernetes_yaml import decode
from lychgate.sources.program.lookups import Lookups, normal
from lychgate.sources.program.policy_document import policy_document

FIXTURES = "from fixtures"
ASSUMED = "assumed"


class FunctionError(ValueError):
    """A call that the provider would refuse, in words for the program's author."""


@dataclass(frozen=True, slots=True)
class Fixture:
    """What a function finds, by the user's word: for calls that have these arguments (and perhaps others)."""

    token: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    result: Mapping[str, Any] = field(default_factory=dict)

    def fits(self, token: str, arguments: Mapping[str, Any]) -> bool:
        """Whether a call is one that this fixture answers."""
        return normal(self.token) == normal(token) and _within(self.arguments, arguments)


class Functions:
    """Answers the function calls of one stack.

    `shapes` tells the fields of a function's result, as the program's SDK declares them; `account` and `region` are the
    environment's. `not_inspected` lists the calls whose result would have been objects that nobody has seen, with why,
    until somebody takes them from it.
    """

    def __init__(
        self,
        shapes: Callable[[str], dict[str, Any] | None],
        account: str,
        region: str,
        fixtures: Sequence[Fixture] = (),
    ) -> None:
        self.shapes = shapes
        self.account, self.region = account, region
        self.fixtures = fixtures
        self.lookups = Lookups()
        self.not_inspected: list[tuple[str, str]] = []

    def call(
        self,
        token: str,
        arguments: dict[str, Any],
        region: str,
        *,
        account: str | None = None,
        provider: Mapping[str, Any] | None = None,
    ) -> tuple[dict[str, Any], str]:
        """The result, and where it is from: `from fixtures`, `assumed`, or empty (computed, or in `not_inspected`).

        `region`, `account` and `provider` (its configuration) are those of the provider that the call goes to. Where an
        argument is secret, so is the result. Raises FunctionError.
        """
        bare, secret = _open(arguments)
        named = bare.get("region")
        region = named if isinstance(named, str) and named else region or self.region
        caller = Caller(account or self.account, region, _open(provider or {})[0])
        try:
            result, answered = self._answer(token, bare, caller)
        except ValueError as error:
            raise FunctionError(f"{token}: {error}") from error
        except (AttributeError, IndexError, KeyError, RecursionError, TypeError) as error:
            missing = isinstance(error, KeyError)
            what = f"the argument {error} is missing" if missing else f"{type(error).__name__}: {error}"
            raise FunctionError(f"{token}: its arguments are not as expected ({what})") from error
        return ({name: Secret(value) for name, value in result.items()} if secret else result), answered

    def fact(self, token: str, arguments: dict[str, Any]) -> Fact | None:
        """What the fixture that answers a call says by itself; None where there is none, or the call holds a secret."""
        bare, secret = _open(arguments)
        fixture = None if secret else self._fixture(token, bare)
        return Fact(fixture.arguments, fixture.result) if fixture else None

    def _fixture(self, token: str, arguments: dict[str, Any]) -> Fixture | None:
        return next((one for one in self.fixtures if one.fits(token, arguments)), None)

    def mark(self, value: Any) -> Any:
        """A property value with what was made up for a lookup turned into the unknown that it is."""
        return self.lookups.mark(value)

    def _answer(self, token: str, arguments: dict[str, Any], caller: Caller) -> tuple[dict[str, Any], str]:
        name = normal(token)
        compute = computed(name)
        if compute and contains_unknown(arguments):
            return {field: arguments.get(field, UNKNOWN) for field in self.shapes(token) or ("result",)}, ""
        if compute:
            return compute(arguments, caller), ""
        fixture = self._fixture(token, arguments)
        if name in RENDERED and not fixture:
            self.not_inspected.append((token, RENDERED[name](arguments)))
            return {"result": [UNSEEN]}, ""
        known = aws_functions.USUAL.get(name) or aws_functions.ASSUMED.get(name)
        if known and not contains_unknown(arguments):
            result = known(arguments, caller)
        else:
            result = self.lookups.answer(token, arguments, caller, self.shapes(token))
        if fixture:
            return {**result, **fixture.result}, FIXTURES
        return result, "" if name in aws_functions.USUAL else ASSUMED


def computed(name: str) -> aws_functions.Function | None:
    """The function that computes this one (by its normal token), if it is pure."""
    package, _, member = name.split(":", 2)
    if package == "std" and member in std_functions.PURE:
        pure = std_functions.PURE[member]
        return lambda arguments, caller: {"result": pure(arguments)}
    if name == "aws:iam:getPolicyDocument":
        return lambda arguments, caller: policy_document(arguments)
    if name == "kubernetes:yaml:decode":
        return lambda arguments, caller: {"result": decode(arguments["text"])}
    return aws_functions.PURE.get(name)


# The answer for a rendering that nobody did: one object whose name is unknown. The Kubernetes SDK makes no resource of
# it, but knows that there may be some, so that `chart.get_resource(...)` is unknown instead of a KeyError.
UNSEEN = {"apiVersion": "lychgate.invalid/v1", "kind": "NotRendered", "metadata": {"name": UNKNOWN}}


def _chart(arguments: dict[str, Any]) -> str:
    try:
        options = json.loads(arguments.get("jsonOpts") or "{}")
        name = options.get("chart") or options.get("path") or "?"
    except (ValueError, AttributeError, TypeError):
        name = "?"
    return f"the Helm chart {name!s:.200} is rendered by its provider only: its objects were not seen"


def _kustomization(arguments: dict[str, Any]) -> str:
    folder = arguments.get("directory", "?")
    return f"the kustomization {folder!s:.200} is built by its provider only: its objects were not seen"


RENDERED: dict[str, Callable[[dict[str, Any]], str]] = {
    "kubernetes:helm:template": _chart,
    "kubernetes:kustomize:directory": _kustomization,
}


def _within(wanted: Any, given: Any) -> bool:
    if isinstance(wanted, Mapping):
        return isinstance(given, Mapping) and all(
            key in given and _within(value, given[key]) for key, value in wanted.items()
        )
    return bool(wanted == given)


def _open(arguments: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """The arguments without their secrets' wrapping and without None, and whether there was a secret."""
    secret = False

    def bare(value: Any) -> Any:
        nonlocal secret
        if isinstance(value, Secret):
            secret = True
            return bare(value.value)
        if isinstance(value, Mapping):
            return {key: bare(item) for key, item in value.items() if item is not None}
        return [bare(item) for item in value] if isinstance(value, list) else value

    return bare(arguments), secret
