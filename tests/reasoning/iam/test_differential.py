"""The evaluator, the proofs and z3 give the same answers.

Most cases are quick ones (`differential`): LYCHGATE_IAM_CASES says how many, 10,000 in CI. A few go to z3's own theory
of texts, which needs no list of rows to be complete, and to hypothesis, which makes what fails small.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from itertools import product
from random import Random
from typing import Any

import pytest
import z3  # type: ignore[import-untyped]
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lychgate.reasoning.iam import Request, parse
from lychgate.reasoning.iam.evaluation import Truth, permitted
from lychgate.reasoning.iam.proof import Answer, allows_anything, compare, meets, within
from lychgate.reasoning.iam.witnesses import SOMEONE, Witness

from .differential import Disagreement, hold
from .propositions import held, of_identities
from .random_policies import (
    CALLERS,
    KINDS,
    OF_CALLERS,
    ONE,
    PLAIN,
    TEXTS,
    TWO,
    Case,
    Document,
    changed,
    document,
    request,
    resource_document,
)
from .z3_engine import Engine, solve

CASES = int(os.environ.get("LYCHGATE_IAM_CASES", "0")) or 1_000
PICK = st.randoms(use_true_random=False)


def few(examples: int) -> Callable[[Any], Any]:
    return settings(max_examples=examples, suppress_health_check=list(HealthCheck), print_blob=True)


def test_proofs_evaluator_and_z3_agree_on_every_case() -> None:
    counts: Counter[str] = Counter()
    for number in range(CASES // 2):
        hold(number, counts)
    assert (counts["cases"], counts["pairs"]) == (CASES // 2 * 2, CASES // 2)
    # none of it is vacuous: every answer is common, and next to nothing is left open
    shares = {name: counts[name] / counts["pairs"] for name in ("equivalent", "narrower", "wider", "incomparable")}
    assert min(shares.values()) > 0.1, shares
    assert counts["unknown"] < 0.03 * counts["pairs"]
    assert counts["witnesses"] > 0.3 * counts["cases"]


def test_an_answer_that_is_wrong_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proofs are told that every StringNotEquals is met by an absent key only."""
    monkeypatch.setattr("lychgate.reasoning.iam.universe.Universe._plain_ways", lambda *_: [frozenset()])
    with pytest.raises(Disagreement):
        for number in range(100):
            hold(number, Counter())


def test_the_rows_are_all_there_are() -> None:
    """Whatever text a random request has, one of the rows relates to all patterns in the same way."""
    rows = of_identities().rows["aws:sourcevpc"]
    used = {"StringEquals": [*PLAIN, *TEXTS], "StringEqualsIgnoreCase": PLAIN, "StringLike": TEXTS}

    def relation(value: str) -> list[bool]:
        return [held(operator, text, value) for operator, texts in used.items() for text in texts]

    known = [relation(row) for row in rows]
    pick = Random(1)
    for _ in range(2_000):
        text = "".join(pick.choice("aAbBx*?") for _ in range(pick.randint(0, 5)))
        assert relation(text) in known, text


def permits(one: Document, case: Case) -> Truth:
    action, where, context = case
    return permitted([[parse(one)]], Request(action, where, SOMEONE, context)).truth


def confirm(engine: Engine, witness: Witness | None, allowed: Any) -> None:
    assert witness is not None
    asked = witness.request
    held = engine.is_request(asked.action, asked.resource, asked.context)
    assert solve(engine.domain(), held) == "sat", asked
    assert solve(engine.domain(), held, allowed) == "sat", asked


@few(80)
@given(PICK)
def test_evaluator_and_z3_agree_on_a_request(pick: Random) -> None:
    one, case = document(pick, variables=True), request(pick)
    truth = permits(one, case)
    engine = Engine(KINDS)
    answer = solve(engine.is_request(*case), engine.allowed(one))
    if truth is Truth.MAYBE:  # z3 has two values
        return
    assert (truth is Truth.YES, answer) in ((True, "sat"), (False, "unsat"))


@few(50)
@given(PICK)
def test_proofs_and_the_theory_of_texts_agree(pick: Random) -> None:
    first = document(pick)
    second = changed(pick, first) if pick.random() < 0.5 else document(pick)
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


@few(50)
@given(PICK)
def test_proofs_with_variables_are_never_wrong(pick: Random) -> None:
    first, second = (document(pick, variables=True, most=2) for _ in range(2))
    engine = Engine(KINDS)
    formula = z3.And(engine.allowed(first), z3.Not(engine.allowed(second)))
    found = within(parse(first), parse(second))
    if found.answer == "no":
        confirm(engine, found.witness, formula)
    elif found.answer == "yes":
        assert solve(engine.domain(), formula) != "sat"


@few(60)
@given(PICK)
def test_what_is_proved_holds_for_every_request(pick: Random) -> None:
    first = document(pick, variables=True)
    second = changed(pick, first, variables=True)
    forward, backward = within(parse(first), parse(second)), within(parse(second), parse(first))
    for _ in range(20):
        case = request(pick)
        one, other = permits(first, case), permits(second, case)
        _holds(forward, one, other)
        _holds(backward, other, one)


def _holds(answer: Answer, narrow: Truth, wide: Truth) -> None:
    assert not (answer.answer == "yes" and narrow is Truth.YES and wide is Truth.NO)


@few(25)
@given(PICK)
def test_what_is_proved_holds_for_every_caller(pick: Random) -> None:
    one, other = parse(resource_document(pick)), parse(resource_document(pick))
    forward, some, both = within(one, other), allows_anything(one), meets(one, other)
    for caller, resource, keys in product(CALLERS, ("arn:aws:s3:::a/ana", "arn:aws:s3:::b"), CALLER_KEYS):
        if caller in ("*", "sns.amazonaws.com", "lambda.amazonaws.com") and keys:
            continue  # they bring no keys of a principal
        asked = Request("s3:GetObject", resource, caller, keys)
        mine, theirs = permitted([[one]], asked).truth, permitted([[other]], asked).truth
        _holds(forward, mine, theirs)
        assert not (some.answer == "no" and mine is Truth.YES)
        assert not (both.answer == "no" and mine is Truth.YES and theirs is Truth.YES)


CALLER_KEYS: list[dict[str, str]] = [
    {},
    {"aws:PrincipalOrgID": "o-1", "aws:PrincipalTag/team": "ana"},
    {"aws:PrincipalOrgID": "o-2"},
]


OF_SIGNED = [one for one in OF_CALLERS if one[1] not in ("aws:PrincipalOrgID", "aws:PrincipalTag/team")] + [
    ("Null", "aws:PrincipalArn", "true"),
    ("StringLike", "aws:PrincipalAccount", "1*"),
    ("StringEquals", "aws:ResourceAccount", "${aws:PrincipalAccount}"),
    ("StringNotEquals", "aws:ResourceAccount", TWO),
    ("ArnNotEquals", "aws:PrincipalArn", f"arn:aws:iam::{ONE}:root"),
    ("Bool", "aws:PrincipalIsAWSService", "true"),
]


def signed_document(pick: Random) -> Document:
    """Policies of an identity with conditions on what follows from whoever has it."""
    listed = []
    for _ in range(pick.randint(1, 2)):
        found: Document = {"Effect": pick.choice(["Allow", "Allow", "Deny"]), "Action": "sqs:SendMessage"}
        found["Resource"] = pick.choice(["*", f"arn:aws:sqs:*:{ONE}:*", "arn:aws:sqs:x:*:${aws:username}"])
        for operator, key, value in pick.sample(OF_SIGNED, pick.randint(1, 2)):
            found.setdefault("Condition", {}).setdefault(operator, {})[key] = value
        listed.append(found)
    return {"Version": "2012-10-17", "Statement": listed}


@few(150)
@given(PICK)
def test_what_is_proved_holds_for_whoever_has_the_policies(pick: Random) -> None:
    one, other = parse(signed_document(pick)), parse(signed_document(pick))
    forward, some = within(one, other), allows_anything(one)
    for caller, account in product((who for who in CALLERS if ":iam:" in who), (ONE, TWO)):
        asked = Request("sqs:SendMessage", f"arn:aws:sqs:x:{account}:ana", caller)
        mine, theirs = permitted([[one]], asked).truth, permitted([[other]], asked).truth
        _holds(forward, mine, theirs)
        assert not (some.answer == "no" and mine is Truth.YES)
