"""The evaluator, the proofs and z3 give the same answers.

A short run by default; LYCHGATE_IAM_CASES says how many cases of each kind (CI: 10,000).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import product
from typing import Any

import z3  # type: ignore[import-untyped]
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lychgate.reasoning.iam import Request, parse
from lychgate.reasoning.iam.evaluation import Truth, permitted
from lychgate.reasoning.iam.proof import Answer, allows_anything, compare, meets, within
from lychgate.reasoning.iam.witnesses import SOMEONE, Witness

from .random_policies import CALLERS, KINDS, documents, requests, resource_documents
from .z3_engine import Engine, solve

CASES = int(os.environ.get("LYCHGATE_IAM_CASES", "0"))
Case = tuple[str, str, dict[str, Any]]


def thorough(default: int) -> Callable[[Any], Any]:
    return settings(
        max_examples=CASES or default, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
    )


def permits(document: dict[str, Any], case: Case) -> Truth:
    action, resource, context = case
    return permitted([[parse(document)]], Request(action, resource, SOMEONE, context)).truth


def confirm(engine: Engine, witness: Witness | None, allowed: Any) -> None:
    assert witness is not None
    request = witness.request
    held = engine.is_request(request.action, request.resource, request.context)
    assert solve(engine.domain(), held) == "sat", request
    assert solve(engine.domain(), held, allowed) == "sat", request


@thorough(80)
@given(documents(variables=True), requests())
def test_evaluator_and_z3_agree_on_a_request(document: dict[str, Any], case: Case) -> None:
    truth = permits(document, case)
    engine = Engine(KINDS)
    answer = solve(engine.is_request(*case), engine.allowed(document))
    if truth is Truth.MAYBE:  # z3 has two values
        return
    assert (truth is Truth.YES, answer) in ((True, "sat"), (False, "unsat"))


@thorough(50)
@given(documents(), documents())
def test_proofs_and_z3_agree(first: dict[str, Any], second: dict[str, Any]) -> None:
    engine = Engine(KINDS)
    a, b = engine.allowed(first), engine.allowed(second)
    found = compare(parse(first), parse(second))
    assert found.relation != "unknown", found.reason
    for witness, formula in ((found.only_a, z3.And(a, z3.Not(b))), (found.only_b, z3.And(b, z3.Not(a)))):
        if witness is not None:
            confirm(engine, witness, formula)
        else:
            assert solve(engine.domain(), formula) != "sat"
    both = meets(parse(first), parse(second))
    if both.answer == "yes":
        confirm(engine, both.witness, z3.And(a, b))
    else:
        assert both.answer == "no"
        assert solve(engine.domain(), a, b) != "sat"


@thorough(50)
@given(documents(variables=True, most=2), documents(variables=True, most=2))
def test_proofs_with_variables_are_never_wrong(first: dict[str, Any], second: dict[str, Any]) -> None:
    engine = Engine(KINDS)
    formula = z3.And(engine.allowed(first), z3.Not(engine.allowed(second)))
    found = within(parse(first), parse(second))
    if found.answer == "no":
        confirm(engine, found.witness, formula)
    elif found.answer == "yes":
        assert solve(engine.domain(), formula) != "sat"


@thorough(60)
@given(documents(variables=True), st.data())
def test_what_is_proved_holds_for_every_request(first: dict[str, Any], data: st.DataObject) -> None:
    """The second policy is the first with something left out, so that containment is common."""
    kept = data.draw(st.lists(st.sampled_from(first["Statement"]), min_size=1, max_size=3))
    second = {**first, "Statement": kept}
    forward, backward = within(parse(first), parse(second)), within(parse(second), parse(first))
    for case in data.draw(st.lists(requests(), min_size=20, max_size=20)):
        one, other = permits(first, case), permits(second, case)
        _holds(forward, one, other)
        _holds(backward, other, one)


def _holds(answer: Answer, narrow: Truth, wide: Truth) -> None:
    assert not (answer.answer == "yes" and narrow is Truth.YES and wide is Truth.NO)


@thorough(25)
@given(resource_documents(), resource_documents())
def test_what_is_proved_holds_for_every_caller(first: dict[str, Any], second: dict[str, Any]) -> None:
    one, other = parse(first), parse(second)
    forward, some, both = within(one, other), allows_anything(one), meets(one, other)
    for caller, resource, keys in product(CALLERS, ("arn:aws:s3:::a/ana", "arn:aws:s3:::b"), CALLER_KEYS):
        if caller in ("*", "sns.amazonaws.com", "lambda.amazonaws.com") and keys:
            continue  # they bring no keys of a principal
        request = Request("s3:GetObject", resource, caller, keys)
        mine, theirs = permitted([[one]], request).truth, permitted([[other]], request).truth
        _holds(forward, mine, theirs)
        assert not (some.answer == "no" and mine is Truth.YES)
        assert not (both.answer == "no" and mine is Truth.YES and theirs is Truth.YES)


CALLER_KEYS: list[dict[str, str]] = [
    {},
    {"aws:PrincipalOrgID": "o-1", "aws:PrincipalTag/team": "ana"},
    {"aws:PrincipalOrgID": "o-2"},
]
