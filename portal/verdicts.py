"""The verdict on what a request would make of an application: in each environment, all of its stacks together.

It is compared with the files as they are, not with what is deployed: no credentials of the cloud are here.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lychgate.portal.changes import Changed, changes_of
from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.models.names import parts_of
from lychgate.provisioner.models.platform import Platform, read_platform
from lychgate.provisioner.models.questionable import questionable
from lychgate.provisioner.sync.capturing import Captured, Capturing, siblings
from lychgate.provisioner.sync.difference import difference
from lychgate.provisioner.sync.retiring import retired
from lychgate.reports.reading import blocks

from lychgate.judging import verdict as judging
from lychgate.judging.comparison import compare, of_verdict
from lychgate.judging.rule import Rule
from lychgate.judging.ruleset import Ruleset, load_ruleset
from lychgate.judging.verdict import RunFacts
from lychgate.judging.waivers import Waivers
from lychgate.model.errors import InputError
from lychgate.model.graph import Graph
from lychgate.model.labels import LabelSettings

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
    be determined. `questionable` is what of it a second person has to look at; `changes` is what happens to the
    resources of each of the application's stacks, where that could be compared, and of others that it changes."""

    verdicts: Mapping[str, Mapping[str, Any]]
    findings: int
    undetermined: int
    questionable: tuple[str, ...] = ()
    changes: Mapping[str, tuple[Changed, ...]] = field(default_factory=dict)

    @property
    def not_compared(self) -> list[str]:
        """The environments in which nobody knows what happens to resources."""
        told = {(parts_of(stack) or ("", ""))[1] for stack in self.changes}
        return sorted(self.verdicts.keys() - told)


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
    before: Platform,
    judges: Judges,
    told: Told = lambda words: None,
) -> Judged:
    """Judge an application as it would be; where something stops it, what stops it as it is brings nothing new.

    `after` is a lychgate.yaml and the platform that it names; `told` is what is begun. Raises InputError where it
    cannot be captured.
    """
    verdicts, changes = _compared(application, after, before, judges, told)
    brought = [
        one["outcome"]
        for verdict in verdicts.values()
        for one in verdict["judgements"]
        if blocks(one, True) and one["introduced"] is not False
    ]
    undetermined = brought.count("unknown")
    asks = tuple(why for _, why in questionable(before, after[1]))
    return Judged(verdicts, len(brought) - undetermined, undetermined, asks, changes)


def _compared(
    application: str, after: tuple[Path, Platform], before: Platform, judges: Judges, told: Told
) -> tuple[dict[str, dict[str, Any]], dict[str, tuple[Changed, ...]]]:
    """The verdicts by environment, compared with those on the application as it is, and its stacks' changes."""
    settings, now = after
    verdicts: dict[str, dict[str, Any]] = {}
    changes: dict[str, tuple[Changed, ...]] = {}
    with Capturing(now.folder, settings, earlier=before.folder) as capturing:
        for name in sorted(now.environments):
            told(name)
            scope, was = _scope(now, application, name), _scope(before, application, name)
            scopes, there = _beside(scope, was), _beside(was, scope)
            captured = capturing.capture(scopes)
            verdicts[name] = _verdict(scopes, captured, judges)
            told(f"{name}, as it is now")
            unchanged = [one.stack for one in there if one.name != application and _calls(scope) == _calls(was)]
            earlier = _earlier(there, capturing, captured, unchanged)
            if earlier is None:
                continue
            changes |= _changes(application, captured.graphs, earlier.graphs)
            if verdicts[name]["decision"] != "clean":
                verdict = _verdict(there, earlier, judges)
                stacks = {one["name"] for one in verdict["stacks"]}
                compare(verdicts[name], of_verdict(verdict), stacks, {"what": "verdict"})
    return verdicts, changes


def _scope(platform: Platform, application: str, environment: str) -> Scope:
    """A stack of which the application's others are siblings."""
    return Scope.of(platform, application, environment, platform.applications[application].tenants[0])


def _beside(scope: Scope, other: Scope) -> list[Scope]:
    """A stack's siblings, with the stacks of other applications that only another version of it uses."""
    foreign = [replace(one, platform=scope.platform) for one in siblings(other) if one.name != scope.name]
    return list({one.stack: one for one in (*foreign, *siblings(scope))}.values())


def _earlier(
    scopes: Sequence[Scope], capturing: Capturing, captured: Captured, unchanged: Sequence[str]
) -> Captured | None:
    """The stacks as they are. None where that cannot be had."""
    known = {stack: captured.graphs[stack] for stack in unchanged}
    try:
        found = capturing.capture([one for one in scopes if one.stack not in known], known=known)
    except InputError:  # a request may be what mends it
        return None
    return Captured({**known, **found.graphs}, captured.not_isolated)


def _calls(scope: Scope) -> set[tuple[str, str]]:
    """Which workloads of an application call what of others: these let in what calls them."""
    return {
        (name, use.partition(":")[0])
        for name, workload in scope.application.workloads.items()
        for use in workload.uses
        if "/" in use
    }


def _changes(
    application: str, now: Mapping[str, Graph], before: Mapping[str, Graph]
) -> Iterator[tuple[str, tuple[Changed, ...]]]:
    """What happens in the stacks of an application, and in others where something does."""
    for stack, graph in now.items():
        own = stack.partition(".")[0] == application
        if own or graph is not before.get(stack):
            found = changes_of(difference(graph, before.get(stack, Graph())))
            if own or found:
                yield stack, found


def verdict_of(scope: Scope, capturing: Capturing, judges: Judges) -> dict[str, Any]:
    """The verdict of a stack and its siblings. Raises InputError."""
    scopes = siblings(scope)
    return _verdict(scopes, capturing.capture(scopes), judges)


def _verdict(scopes: Sequence[Scope], captured: Captured, judges: Judges) -> dict[str, Any]:
    environment = scopes[0].environment_name
    ruleset = load_ruleset(scopes[0].environment.baseline, judges.rules)
    facts = replace(judges.facts, environment=environment, isolation=captured.not_isolated, strict=True)
    graph = Graph.together(captured.graphs.values())
    graph.settings = replace(judges.labels, environment=environment)
    waivers = judges.waivers(ruleset).anew(retired(scopes, ruleset))
    return judging.verdict_of(graph, judges.rules, ruleset, waivers, facts)
