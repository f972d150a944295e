"""Waivers as a graph of their own, once it is known what each was needed for, so that rules judge them as resources."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from lychgate.judging.rule import Rule
from lychgate.judging.ruleset import Ruleset
from lychgate.judging.waivers import Waiver, Waivers, narrow, pattern_of
from lychgate.model.graph import Graph, Location, Resource, StackInfo
from lychgate.views.waivers import WAIVER


def waiver_graph(waivers: Waivers, graph: Graph, rules: Mapping[str, Rule], ruleset: Ruleset) -> Graph:
    """The waivers of the judged stacks, as resources of type lychgate:waivers:Waiver; of other stacks nothing is known.

    `narrow` is whether the URN fixes a type and a part of a name, `covers` the number of findings that needed the
    waiver, `notNeeded` why none did, `authors` who has written it, left out where nobody can tell.
    """
    return Graph(
        (
            Resource(
                urn=_urn(waiver, stack),
                type=WAIVER,
                name=waiver.ticket,
                properties=_properties(waiver, waivers, stack, graph, rules, ruleset),
                location=Location(waivers.file, waiver.line) if waivers.file else None,
                stack=stack.name,
            )
            for waiver, stack in _of_judged_stacks(waivers, graph)
        ),
        graph.stacks.values(),
        settings=graph.settings,
    )


def _of_judged_stacks(waivers: Waivers, graph: Graph) -> Iterator[tuple[Waiver, StackInfo]]:
    """A waiver that names a stack without its project is about it too: it waives nothing, and that is to be told."""
    for waiver in waivers.all:
        for stack in graph.stacks.values():
            if waiver.stack in (stack.name, stack.stack):
                yield waiver, stack


def _urn(waiver: Waiver, stack: StackInfo) -> str:
    """Each its own, and the same in every run."""
    digest = hashlib.sha256(waiver.urn.encode()).hexdigest()[:12]
    return f"urn:pulumi:{stack.stack}::{stack.project}::{WAIVER}::{waiver.rule}/{waiver.ticket}/{digest}"


def _properties(
    waiver: Waiver, waivers: Waivers, stack: StackInfo, graph: Graph, rules: Mapping[str, Rule], ruleset: Ruleset
) -> dict[str, Any]:
    covers = waivers.covers(waiver)
    said = {name: getattr(waiver, name) for name in ("rule", "ticket", "approver", "state")}
    needed = bool(covers) or waiver.state in ("not yet", "void")
    return said | {
        "expires": waiver.expires.isoformat(),
        "narrow": "*" not in waiver.urn or narrow(waiver.urn),
        "covers": len(covers),
        "notNeeded": "" if needed else _not_needed(waiver, stack, graph, rules[waiver.rule], ruleset),
        "authors": None if waiver.authors is None else list(waiver.authors),
    }


def _not_needed(waiver: Waiver, stack: StackInfo, graph: Graph, rule: Rule, ruleset: Ruleset) -> str:
    if waiver.stack != stack.name:
        return f"it names the stack {waiver.stack}, which is {stack.name}"
    if ruleset.level(rule) == "disabled":
        return "its rule is disabled"
    pattern = pattern_of(waiver.urn)
    if not any(one.stack == stack.name and pattern.fullmatch(one.urn) for one in graph.resources):
        return "no resource of the stack has its URN"
    return "its rule finds nothing there that no other waiver covers"
