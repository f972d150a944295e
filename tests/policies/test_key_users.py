"""Who may decrypt with keys of cardholder data: parameters, what cannot be known, and nobody's word on it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lychgate.judging.discovery import built_in_rules
from lychgate.judging.evaluation import judge
from lychgate.judging.rule import Case
from lychgate.model.graph import Graph, Resource, StackInfo
from lychgate.model.outcome import Answer
from lychgate.model.redaction import Redactor
from lychgate.model.values import UNKNOWN
from tests.views.helpers import KEY_ARN, STACK, resource

RULE = built_in_rules()["kms-card-key-decrypted-by-others"]
ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/worker"
ROOT = {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*"}
ORDERS = [{"target": "orders", "mode": "receive"}]


def document(*statements: dict[str, Any]) -> str:
    found = [{"Effect": "Allow", "Resource": "*", **one} for one in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": found})


def graph_of(policy: Any = None, rights: Any = None, access: Any = (), **more: Any) -> Graph:
    """A key of card data that encrypts a queue, and a role with rights in a component that declares something."""
    tags = {"data-classification": more.pop("classification", "cardholder")}
    service = resource("acme:platform:Service", "worker", {"access": list(access or ())}, custom=False)
    key = resource(
        "aws:kms/key:Key", "cards", {"policy": policy, "tags": tags}, id=KEY_ARN[-36:], outputs={"arn": KEY_ARN}
    )
    arn = "arn:aws:sqs:eu-west-1:111122223333:orders"
    queue = resource("aws:sqs/queue:Queue", "orders", {"kmsMasterKeyId": KEY_ARN}, outputs={"arn": arn})
    role = resource("aws:iam/role:Role", "worker", more, parent=service.urn, outputs={"arn": ROLE}, id="worker")
    stack = StackInfo(STACK, "shop", "production", account=ACCOUNT, region="eu-west-1")
    resources = [service, key, queue, role] if access is not None else [key, queue, role]
    if rights is not None:
        resources.append(resource("aws:iam/rolePolicy:RolePolicy", "rights", {"role": "worker", "policy": rights}))
    return Graph(resources, [stack])


def answer(graph: Graph, *extra: Resource, **parameters: Any) -> Answer:
    graph = Graph([*graph.resources, *extra], graph.stacks.values())
    assert RULE.parameters is not None
    given = RULE.parameters.model_validate(parameters)
    (view,) = RULE.judges.all(graph)
    return judge(RULE, view, Case(graph, given), Redactor(()))


DECRYPT = document({"Action": "kms:Decrypt", "Resource": KEY_ARN})


def test_the_right_is_told_as_a_sentence_and_as_data() -> None:
    found = answer(graph_of(rights=DECRYPT))
    assert "role worker may kms:Decrypt on the key cards, through statement 1 of RolePolicy rights" in found.message
    assert found.witness["users"] == [
        {"principal": ROLE, "action": "kms:Decrypt", "statement": "statement 1", "policy": "RolePolicy rights"}
    ]


def test_who_uses_what_the_key_encrypts_is_named_by_that() -> None:
    assert answer(graph_of(rights=DECRYPT, access=ORDERS)).outcome == "pass"


@pytest.mark.parametrize("pattern", [ROLE, "arn:aws:iam::*:role/work*", "worker"])
def test_the_ruleset_names_principals(pattern: str) -> None:
    assert answer(graph_of(rights=DECRYPT), principals=[pattern]).outcome == "pass"
    assert answer(graph_of(rights=DECRYPT), principals=["arn:aws:iam::*:role/other"]).outcome == "fail"
    assert answer(graph_of(rights=DECRYPT, access=None), principals=["other"]).outcome == "fail"


def test_an_account_is_named_by_its_id() -> None:
    partner = document(ROOT, {"Principal": {"AWS": "444455556666"}, "Action": "kms:Decrypt"})
    assert "account 444455556666" in answer(graph_of(partner)).message
    assert answer(graph_of(partner), principals=["444455556666"]).outcome == "pass"


def test_a_session_of_another_account_is_not_the_role_of_that_name() -> None:
    session = "arn:aws:sts::444455556666:assumed-role/worker/night"
    found = answer(graph_of(document(ROOT, {"Principal": {"AWS": session}, "Action": "kms:Decrypt"}), access=ORDERS))
    assert f"{session} may kms:Decrypt" in found.message
    own = session.replace("444455556666", ACCOUNT)
    assert (
        answer(graph_of(document(ROOT, {"Principal": {"AWS": own}, "Action": "kms:Decrypt"}), access=ORDERS)).outcome
        == "pass"
    )


def test_a_session_may_have_other_tags_than_its_role() -> None:
    def tagged(action: Any) -> Graph:
        trust = document({**ROOT, "Action": action})
        condition = {"StringEquals": {"aws:PrincipalTag/team": "cards"}}
        rights = document({"Action": "kms:Decrypt", "Resource": KEY_ARN, "Condition": condition})
        return graph_of(rights=rights, tags={"team": "web"}, assumeRolePolicy=trust)

    assert answer(tagged(["sts:AssumeRole", "sts:TagSession"])).outcome == "fail"
    assert answer(tagged("sts:AssumeRole")).outcome == "pass"


def test_where_nobody_says_who_may_only_everyone_is_too_many() -> None:
    assert answer(graph_of(rights=DECRYPT, access=None)).outcome == "not applicable"
    tied = {"StringEquals": {"kms:CallerAccount": ACCOUNT}}
    everyone = document({"Principal": "*", "Action": "kms:Decrypt", "Condition": tied})
    found = answer(graph_of(everyone, access=None))
    assert f"everyone of account {ACCOUNT} may kms:Decrypt" in found.message


@pytest.mark.parametrize(
    "graph",
    [
        graph_of(UNKNOWN),
        graph_of(rights=UNKNOWN),
        graph_of(rights=DECRYPT, access=[{"target": "nowhere", "mode": "read"}]),
        graph_of(rights=DECRYPT, permissionsBoundary="arn:aws:iam::111122223333:policy/elsewhere"),
    ],
)
def test_what_is_not_known_is_never_a_pass(graph: Graph) -> None:
    assert answer(graph).outcome == "unknown"


def test_a_grant_for_an_unknown_key_may_be_for_this_one() -> None:
    grant = resource(
        "aws:kms/grant:Grant", "g", {"keyId": UNKNOWN, "granteePrincipal": ROLE, "operations": ["Decrypt"]}
    )
    assert answer(graph_of(), grant).outcome == "unknown"


def test_a_boundary_and_a_deny_of_the_key_take_away() -> None:
    boundary = resource("aws:iam/policy:Policy", "boundary", {"policy": document({"Action": "s3:*"})},
                        outputs={"arn": "arn:aws:iam::111122223333:policy/boundary"})  # fmt: skip
    bounded = graph_of(rights=DECRYPT, permissionsBoundary="arn:aws:iam::111122223333:policy/boundary")
    assert answer(bounded, boundary).outcome == "pass"
    denied = {"Effect": "Deny", "Principal": {"AWS": ROLE}, "Action": "kms:Decrypt"}
    assert answer(graph_of(document(ROOT, denied), DECRYPT)).outcome == "pass"


def test_a_key_of_other_data_is_not_judged() -> None:
    assert answer(graph_of(rights=DECRYPT, classification="internal")).outcome == "not applicable"
    assert answer(graph_of(rights=DECRYPT, classification=UNKNOWN)).outcome == "unknown"


def duties(graph: Graph) -> Answer:
    rule = built_in_rules()["kms-key-without-separated-duties"]
    (view,) = rule.judges.all(graph)
    return judge(rule, view, Case(graph, None), Redactor(()))


def test_the_duties_of_one_identity_are_looked_at_together() -> None:
    boundary = {"permissionsBoundary": "arn:aws:iam::111122223333:policy/elsewhere"}
    both = document({"Action": ["kms:Decrypt", "kms:PutKeyPolicy"], "Resource": KEY_ARN})
    found = duties(graph_of(rights=both))
    assert (
        "role worker may kms:PutKeyPolicy on the key cards, through statement 1 of RolePolicy rights" in found.message
    )
    assert duties(graph_of(rights=both, **boundary)).outcome == "unknown"
    assert duties(graph_of(rights=DECRYPT, **boundary)).outcome == "pass"  # whatever it is, it administers nothing
    assert duties(graph_of(rights=UNKNOWN)).outcome == "unknown"
    admin = {"Principal": {"AWS": "arn:aws:iam::111122223333:role/deployer"}, "Action": "kms:Put*"}
    assert duties(graph_of(document(ROOT, admin), DECRYPT, **boundary)).outcome == "pass"
