"""The verdict on what a request would make of an application: in each environment, all of its stacks together."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.models.platform import Platform, read_platform
from lychgate.provisioner.models.questionable import questionable
from lychgate.provisioner.sync.capturing import Capturing, siblings
from lychgate.provisioner.sync.planning import State, judge_plan, make_plan
from lychgate.provisioner.sync.retiring import retired
from lychgate.reports.reading import blocks

from lychgate.judging.comparison import compare, of_verdict
from lychgate.judging.rule import Rule
from lychgate.judging.ruleset import Ruleset, load_ruleset
from lychgate.judging.verdict import RunFacts
from lychgate.judging.waivers import Waivers
from lychgate.model.errors import InputError
from lychgate.model.labels import LabelSettings

# A request is compared with the files as they are, not with what is deployed: no credentials of the cloud are here.
NOT_ASKED = State(unread="a request is judged without what is deployed")
Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Judges:
    """What a request is judged by: `waivers` are those that count under a ruleset."""

    rules: Mapping[str, Rule]
    waivers: Callable[[Ruleset], Waivers]
    labels: LabelSettings
    facts: RunFacts


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdicts by environment, and how many judgements that the change brings stop it: findings, and what could not
    be determined. `questionable` is what of it a second person has to look at."""

    verdicts: Mapping[str, Mapping[str, Any]]
    findings: int
    undetermined: int
    questionable: tuple[str, ...] = ()


@contextmanager
def edited_copy(settings: Path, folder: Path, file: Path, text: str) -> Iterator[tuple[Path, Platform]]:
    """The platform with one of its files changed, in a folder of its own: its lychgate.yaml, and what it says.

    Raises InputError with every error there is; places are as in the checkout.
    """
    base = settings.resolve().parent
    if not folder.resolve().is_relative_to(base):
        expected = f"a folder below {base}"
        raise InputError(str(settings), found=f"its platform is elsewhere: {folder}", expected=expected)
    with TemporaryDirectory(prefix="lychgate-portal-") as name:
        copy = Path(name).resolve()
        there = copy / folder.resolve().relative_to(base)
        shutil.copytree(folder, there, symlinks=True)
        shutil.copy2(settings, copy / settings.name)
        (there / file.resolve().relative_to(folder.resolve())).write_text(text, encoding="utf-8", newline="")
        yield copy / settings.name, read_platform(there, base=copy)


def judge(
    application: str,
    after: tuple[Path, Platform],
    before: tuple[Path, Platform],
    judges: Judges,
    told: Told = lambda words: None,
) -> Judged:
    """Judge an application as it would be; where something stops it, what stops it as it is brings nothing new.

    Both are a lychgate.yaml and the platform that it names; `told` is what is begun. Raises InputError where it cannot
    be captured.
    """
    verdicts = _verdicts(application, after, judges, told)
    stopping = [name for name, verdict in verdicts.items() if verdict["decision"] != "clean"]
    if stopping and application in before[1].applications:
        earlier = _verdicts(application, before, judges, lambda name: told(f"{name}, as it is now"), stopping)
        for name in stopping:
            stacks = {one["name"] for one in earlier[name]["stacks"]}
            compare(verdicts[name], of_verdict(earlier[name]), stacks, {"what": "verdict"})
    brought = [
        one["outcome"]
        for verdict in verdicts.values()
        for one in verdict["judgements"]
        if blocks(one, True) and one["introduced"] is not False
    ]
    undetermined = brought.count("unknown")
    asks = tuple(why for _, why in questionable(before[1], after[1]))
    return Judged(verdicts, len(brought) - undetermined, undetermined, asks)


def _verdicts(
    application: str,
    platform: tuple[Path, Platform],
    judges: Judges,
    told: Told,
    environments: list[str] | None = None,
) -> dict[str, dict[str, Any]]:
    settings, spec = platform
    found = {}
    with Capturing(spec.folder, settings) as capturing:
        for name in environments or sorted(spec.environments):
            told(name)
            tenant = spec.applications[application].tenants[0]  # its siblings are all the others
            found[name] = verdict_of(Scope.of(spec, application, name, tenant), capturing, judges)
    return found


def verdict_of(scope: Scope, capturing: Capturing, judges: Judges) -> dict[str, Any]:
    """The verdict of a stack and its siblings. Raises InputError."""
    plan = make_plan(scope, NOT_ASKED, capturing)
    ruleset = load_ruleset(scope.environment.baseline, judges.rules)
    facts = replace(judges.facts, environment=scope.environment_name, isolation=plan.captured.not_isolated, strict=True)
    labels = replace(judges.labels, environment=scope.environment_name)
    waivers = judges.waivers(ruleset).anew(retired(siblings(scope), ruleset))
    return judge_plan(plan, judges.rules, ruleset, waivers, labels, facts)
