"""Preflight rules: what must hold before a sync begins. Declared like the rules of resources, on a SyncRequest instead.

>>> @preflight(
...     id="sync-of-a-locked-stack", title="Another operation holds the stack",
...     rationale="...", remediation="...", applying=True,
...     compliant=[SYNC], violating=[replace(SYNC, locks=("ada@laptop",))],
... )
... def sync_of_a_locked_stack(sync: SyncRequest) -> Answer:
...     return fail("...") if known(sync.locks) else PASS
"""

from __future__ import annotations

import importlib
import pkgutil
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from inspect import cleandoc

from lychgate.judging.rule import SLUG
from lychgate.model.outcome import Answer, unknown
from lychgate.model.sync_request import SyncRequest, UnknownFact

BUILT_IN = "lychgate.policies.preflight"
OUTCOMES = ("pass", "fail", "unknown", "not applicable")

Check = Callable[[SyncRequest], Answer]


@dataclass(frozen=True, slots=True)
class Preflight:
    """A preflight rule and its facts.

    `applying` is whether only a run that applies can meet it, so that a plan does not ask. `compliant` and `violating`
    are requests that it passes and fails: its tests and its documentation.
    """

    id: str
    title: str
    rationale: str
    remediation: str
    applying: bool
    compliant: tuple[SyncRequest, ...]
    violating: tuple[SyncRequest, ...]
    check: Check

    def __post_init__(self) -> None:
        if not SLUG.fullmatch(self.id):
            raise ValueError(f"rule {self.id!r}: an id is a slug of lower-case words, such as sync-of-a-locked-stack")
        if not self.compliant or not self.violating:
            raise ValueError(f"rule {self.id}: needs at least one compliant and one violating example")


def preflight(
    *,
    id: str,
    title: str,
    rationale: str,
    remediation: str,
    applying: bool,
    compliant: Sequence[SyncRequest],
    violating: Sequence[SyncRequest],
) -> Callable[[Check], Preflight]:
    """Declare the function below as a preflight rule; see `Preflight` for the facts. Texts may be indented."""

    def declare(check: Check) -> Preflight:
        return Preflight(
            id=id,
            title=title,
            rationale=" ".join(rationale.split()),
            remediation=cleandoc(remediation),
            applying=applying,
            compliant=tuple(compliant),
            violating=tuple(violating),
            check=check,
        )

    return declare


def preflight_rules() -> dict[str, Preflight]:
    """The preflight rules by id, in order of file: every one at the top of a module of policies/preflight/ counts."""
    package = importlib.import_module(BUILT_IN)
    found: dict[str, Preflight] = {}
    for name in sorted(entry.name for entry in pkgutil.iter_modules(package.__path__, f"{BUILT_IN}.")):
        for value in vars(importlib.import_module(name)).values():
            if not isinstance(value, Preflight) or value.check.__module__ != name:
                continue
            if value.id in found:
                raise ValueError(f"{name}: a second preflight rule {value.id}")
            found[value.id] = value
    return found


def ask(rule: Preflight, sync: SyncRequest) -> Answer:
    """What a rule says of a request: unknown where it reads a fact that could not be had, an error where it crashes."""
    try:
        answer = rule.check(sync)
        if not isinstance(answer, Answer) or answer.outcome not in OUTCOMES:
            raise TypeError(f"a rule answers PASS, fail(...), unknown(...) or not_applicable(...), not {answer!r}")
        return answer
    except UnknownFact as missing:
        return unknown(str(missing))
    except (Exception, SystemExit) as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{frame.filename.rpartition('/')[2]}:{frame.lineno}"
        return Answer("error", f"the rule {rule.id} itself failed: {type(error).__name__} at {place}: {error}")
