"""Questions to the proofs, the evaluator and z3 at once: they have to give the same answers.

    python -m tests.reasoning.iam.differential --cases 1000000 --state FILE

A case is the question whether one policy allows a request that another does not; each pair of policies is two. What
anybody finds is shown to everybody: the proof's witness to the evaluator and to the meaning that `propositions` gives
it, z3's request and one at random to the evaluator. Pair N is the same every time; with `--state` a run goes on where
it was stopped.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

import z3  # type: ignore[import-untyped]

from lychgate.reasoning.iam import Comparison, Policy, Request, Witness, compare, parse
from lychgate.reasoning.iam.evaluation import Truth, permitted
from lychgate.reasoning.iam.witnesses import SOMEONE

from .propositions import OneRequest, Rows, of_identities, of_resources, values
from .random_policies import CALLERS, Document, changed, document, request, resource_document

SORTS = ("exact", "variables", "exact", "exact", "callers", "exact", "exact", "variables", "exact", "exact")  # in turn
Pair = tuple[Document, Document]
Side = tuple[Document, Policy]


class Disagreement(AssertionError):
    """Two of them differ; the text is the case."""


def pair(sort: str, pick: Random) -> Pair:
    """Two policies; most often the second is the first with something changed."""
    if sort == "callers":
        return resource_document(pick, excluding=False), resource_document(pick, excluding=False)
    variables = sort == "variables"
    first = document(pick, variables)
    if pick.random() < 0.3:
        return first, document(pick, variables)
    second = changed(pick, first, variables)
    return first, changed(pick, second, variables) if pick.random() < 0.3 else second


def hold(number: int, counts: Counter[str]) -> None:
    """Put the two cases of pair `number` to all three, and count what came out. Raises Disagreement."""
    pick = Random(number)
    sort = SORTS[number % len(SORTS)]
    first, second = pair(sort, pick)
    try:
        _hold(sort, first, second, pick, counts)
    except AssertionError as error:
        raise Disagreement(f"pair {number}: {error}\n{json.dumps([first, second])}") from error
    counts["pairs"] += 1
    counts[f"pairs, {sort}"] += 1


def _hold(sort: str, first: Document, second: Document, pick: Random, counts: Counter[str]) -> None:
    rows = of_resources() if sort == "callers" else of_identities()
    sides = [(first, parse(first)), (second, parse(second))]
    found = compare(sides[0][1], sides[1][1])
    counts[found.relation] += 1
    meant = [rows.allowed(side) for side, _ in sides]
    for witness, (one, other) in ((found.only_a, (0, 1)), (found.only_b, (1, 0))):
        shown = rows.find(meant[one], z3.Not(meant[other]))
        _same(sort, found, witness, shown)
        counts["cases"] += 1
        if witness is not None:
            counts["witnesses"] += 1
            asked = witness.request
            for at, expected in ((one, True), (other, False)):
                _agree(sides[at], asked.action, asked.resource, asked.principal, asked.context, rows, expected)
        if shown is not None:
            counts["requests of z3"] += 1
            action, where, who, context = _request_of(shown)
            for at, expected in ((one, True), (other, False)):
                _agree(sides[at], action, where, who, context, rows, expected, sort != "exact")
    action, where, context = request(pick)
    who = pick.choice(CALLERS) if sort == "callers" else SOMEONE
    context = {} if sort == "callers" else context
    for side in sides:
        counts["requests at random"] += 1
        _agree(side, action, where, who, context, rows)


def _same(sort: str, found: Comparison, witness: Witness | None, shown: object) -> None:
    """Whether proof and z3 agree that there is such a request. Rows show all there are only in exact cases."""
    if sort == "exact":
        assert found.relation != "unknown", f"unknown: {found.reason}"
        assert (witness is None) is (shown is None), f"proof: {witness}, z3: {shown}"
    else:
        assert shown is None or witness is not None or found.relation == "unknown", f"no proof of z3's {shown}"


def _request_of(shown: Mapping[str, Sequence[str]]) -> tuple[str, str, str, dict[str, Any]]:
    context: dict[str, Any] = {}
    for key, texts in shown.items():
        if ":" in key and texts:
            context[key] = list(texts) if key == "aws:tagkeys" else texts[0]
    return shown["action"][0], shown["resource"][0], shown.get("caller", [SOMEONE])[0], context


def _agree(
    side: Side, action: str, where: str, who: str, context: Mapping[str, Any], rows: Rows,
    expected: bool | None = None, doubtful: bool = False,
) -> None:  # fmt: skip
    """Evaluator and meaning give this request the same answer, the expected one if there is one."""
    truth = permitted([[side[1]]], Request(action, where, who, context)).truth
    meant = OneRequest(values(action, where, context, who), rows.follow).allowed(side[0])
    assert expected is None or meant is expected, f"{action} {where} {who} {dict(context)} means {meant}"
    if truth is Truth.MAYBE:
        assert doubtful or expected is None, f"{action} {where} {who} {dict(context)} is undecided"
        return
    assert (truth is Truth.YES) is meant, f"{action} {where} {who} {dict(context)}: evaluator {truth.name}, not {meant}"


def main() -> None:
    options = argparse.ArgumentParser(description="Hold the IAM proofs, the evaluator and z3 to each other.")
    options.add_argument("--cases", type=int, default=10_000, help="how many")
    options.add_argument("--state", type=Path, help="where a run that is stopped goes on from")
    options.add_argument("--keep-going", action="store_true", help="print disagreements and go on")
    given = options.parse_args()
    counts: Counter[str] = Counter()
    number, spent = 0, 0.0
    if given.state is not None and given.state.exists():
        saved = json.loads(given.state.read_text())
        number, spent, counts = saved["next"], saved["seconds"], Counter(saved["counts"])
    started = told = time.monotonic()
    done = 2 * number
    while (cases := 2 * number) < given.cases:
        try:
            hold(number, counts)
        except Disagreement as found:
            if not given.keep_going:
                raise
            counts["disagreements"] += 1
            print(found, file=sys.stderr, flush=True)
        number += 1
        now = time.monotonic()
        if now - told > 5 or cases + 2 >= given.cases:
            told, seconds = now, spent + now - started
            left = (given.cases - cases) * (now - started) / (cases + 2 - done) / 60
            print(f"{cases + 2:,} of {given.cases:,}, {seconds / 60:.1f} min, {left:.0f} left, "
                  f"{counts['disagreements']} disagreements", file=sys.stderr, flush=True)  # fmt: skip
            if given.state is not None:
                given.state.write_text(json.dumps({"next": number, "seconds": seconds, "counts": counts}, indent=1))
    print(json.dumps(counts, indent=1))


if __name__ == "__main__":
    main()
