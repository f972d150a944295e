"""Questions about IAM policies, beside z3 on the same ones: one statement of many is a little wider, is it found? Are
policies whose statements stand in another order equivalent?
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import z3  # type: ignore[import-untyped]

from benchmarks.measuring import Row, best, once
from lychgate.reasoning.iam import compare, parse
from lychgate.reasoning.iam.atoms import atoms
from tests.reasoning.iam.z3_engine import Engine, solve

KINDS = {"aws:principaltag/team": "text", "aws:sourceip": "ip", "aws:securetransport": "bool"}
AIMS = {50: "10 ms", 1_000: "1 s"}
PATIENCE = 30_000  # milliseconds for z3


def rows() -> Iterator[Row]:
    for count in (2, 10, 50, 200, 1_000):
        meant, mutant = document(count), document(count, weak=count // 2)
        yield row(f"IAM, {count:,} statements: the wider one", meant, mutant, count)
        turned = {**meant, "Statement": meant["Statement"][::-1]}
        yield row(f"IAM, {count:,} statements: equivalence", meant, turned, count)


def row(what: str, meant: dict[str, Any], other: dict[str, Any], count: int) -> Row:
    first, second = parse(meant, "a"), parse(other, "b")

    def cold() -> None:
        atoms.cache_clear()  # what the last run has learned of the same patterns
        compare(first, second)

    taken = best(cold)
    answers: list[str] = []  # z3 is asked for one direction only
    floor = once(lambda: answers.append(z3_difference(other, meant)))
    return Row(what, taken, "z3" if "unknown" not in answers else "z3, given up", floor, AIMS.get(count, ""))


def z3_difference(wide: dict[str, Any], narrow: dict[str, Any]) -> str:
    engine = Engine(KINDS)
    formula = z3.And(engine.allowed(wide), z3.Not(engine.allowed(narrow)))
    return solve(engine.domain(), formula, milliseconds=PATIENCE)


def document(count: int, weak: int | None = None) -> dict[str, Any]:
    """A table or a bucket for each team, for those with its tag and from its network; a Deny for every tenth."""
    statements = [
        statement(number, "StringEqualsIfExists" if number == weak else "StringEquals") for number in range(count)
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def statement(number: int, operator: str) -> dict[str, Any]:
    if number % 10 == 9:
        return {
            "Effect": "Deny",
            "Action": ["s3:*"],
            "Resource": [f"arn:aws:s3:::acme-team-{number - 1}/secret*"],
            "Condition": {"Bool": {"aws:SecureTransport": ["false"]}},
        }
    bucket = number % 3
    return {
        "Effect": "Allow",
        "Action": ["s3:GetObject", "s3:PutObject"] if bucket else ["dynamodb:GetItem", "dynamodb:Batch*"],
        "Resource": [
            f"arn:aws:s3:::acme-team-{number}/*"
            if bucket
            else f"arn:aws:dynamodb:eu-west-1:111122223333:table/team-{number}*"
        ],
        "Condition": {
            operator: {"aws:PrincipalTag/team": [f"team-{number}"]},
            "IpAddress": {"aws:SourceIp": [f"10.{number % 250}.0.0/16"]},
        },
    }
