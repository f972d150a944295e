"""Roles beside what their components declare: what cannot be known, and what a captured example cannot show."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lychgate.judging.discovery import built_in_rules
from lychgate.judging.evaluation import judge
from lychgate.judging.rule import Case
from lychgate.model.graph import Graph, Resource, StackInfo
from lychgate.model.outcome import Answer
from lychgate.model.redaction import Redactor
from lychgate.model.values import UNKNOWN
from lychgate.reasoning import uses
from lychgate.reasoning.iam import catalogue, limits
from lychgate.views.declared_access import declared
from tests.policies.test_stacks import together
from tests.views.helpers import STACK, resource

RULE = built_in_rules()["iam-role-exceeds-declared-access"]
BUCKET = "arn:aws:s3:::acme-receipts"
READS = [{"target": "receipts", "mode": "read"}]
GET = {"Action": "s3:GetObject", "Resource": f"{BUCKET}/*"}
PUT = {"Action": "s3:PutObject", "Resource": f"{BUCKET}/*"}


def policy(*statements: dict[str, Any]) -> str:
    found = [{"Effect": "Allow", **one} for one in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": found})


def graph_of(access: Any, document: Any, *more: Resource, **role: Any) -> Graph:
    """A component with a role, and a bucket beside it."""
    service = resource("acme:platform:Service", "api", {} if access is None else {"access": access}, custom=False)
    arn = "arn:aws:iam::111122223333:role/api"
    made = resource(
        "aws:iam/role:Role", "api", {"name": "api", **role}, parent=service.urn, outputs={"arn": arn}, id="api"
    )
    rights = resource("aws:iam/rolePolicy:RolePolicy", "rights", {"role": "api", "policy": document})
    bucket = resource("aws:s3/bucket:Bucket", "receipts", outputs={"arn": BUCKET}, id="acme-receipts")
    stack = StackInfo(STACK, "shop", "production", account="111122223333", region="eu-west-1")
    return Graph([service, made, rights, bucket, *more], [stack])


def answer(graph: Graph) -> Answer:
    (view,) = RULE.judges.all(graph)
    return judge(RULE, view, Case(graph, RULE.defaults), Redactor(()))


def test_the_surplus_is_told_as_a_sentence_and_as_data() -> None:
    found = answer(graph_of(READS, policy(GET, {"Sid": "More", **PUT})))
    assert found.outcome == "fail"
    sentence = f"role api may s3:PutObject on {BUCKET}/x, through statement More of RolePolicy rights"
    assert sentence in found.message
    assert found.witness["declared"] == READS
    (request,) = found.witness["surplus"]
    assert request["principal"] == "arn:aws:iam::111122223333:role/api"
    assert (request["action"], request["statement"], request["policy"]) == ("s3:PutObject", "More", "RolePolicy rights")


def test_every_entry_that_goes_beyond_is_listed() -> None:
    found = answer(graph_of(READS, policy({"Action": ["s3:PutObject", "sqs:*", "s3:GetObject"], "Resource": "*"})))
    assert {one["action"].partition(":")[0] for one in found.witness["surplus"]} == {"s3", "sqs"}
    assert len(found.witness["surplus"]) == 3


@pytest.mark.parametrize(
    ("access", "words"),
    [
        (UNKNOWN, "access"),
        ([{"target": UNKNOWN, "mode": "read"}], "access[0].target"),
        ([{"target": "receipts", "mode": "*"}], "is '*', and a bucket has read, write, delete, use"),
        ([{"target": "receipts", "mode": "Read"}], "is 'Read'"),
        ([{"target": "receipts"}], "is None"),
        ([{"target": "elsewhere", "mode": "read"}], "not among what is judged"),
        ([{"target": "arn:aws:s3:::*", "mode": "read"}], "cannot be told"),
        ([{"target": "arn:aws:es:eu-west-1:111122223333:domain/x", "mode": "read"}], "cannot be told"),
        ([{"target": "receipts", "mode": "read", "tenant": UNKNOWN}], "access[0].tenant"),
    ],
)
def test_what_is_declared_without_being_known_is_never_a_pass(access: Any, words: str) -> None:
    found = answer(graph_of(access, policy(GET)))
    assert (found.outcome, words in found.message) == ("unknown", True), found.message


@pytest.mark.parametrize("access", [None, "private", {"target": "receipts"}, ["receipts"]])
def test_another_input_of_that_name_declares_nothing(access: Any) -> None:
    assert answer(graph_of(access, policy(GET))).outcome == "not applicable"


def test_a_policy_that_is_not_known_is_never_a_pass() -> None:
    assert answer(graph_of(READS, UNKNOWN)).outcome == "unknown"
    assert answer(graph_of(READS, policy(GET), resource(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "x", {"role": "api", "policyArn": UNKNOWN}
    ))).outcome == "unknown"  # fmt: skip


def test_what_is_too_much_already_is_a_finding_whatever_else_is_not_known() -> None:
    other = resource("aws:iam/rolePolicy:RolePolicy", "unread", {"role": "api", "policy": UNKNOWN})
    assert answer(graph_of(READS, policy(PUT), other)).outcome == "fail"


def test_a_policy_of_nobody_knows_whom_may_be_the_roles() -> None:
    def stray(*statements: dict[str, Any]) -> Resource:
        return resource("aws:iam/rolePolicy:RolePolicy", "stray", {"role": UNKNOWN, "policy": policy(*statements)})

    assert answer(graph_of(READS, policy(GET), stray(PUT))).outcome == "unknown"
    assert answer(graph_of(READS, policy(GET), stray(GET))).outcome == "pass"


def bucket_policy(*statements: dict[str, Any]) -> Resource:
    return resource("aws:s3/bucketPolicy:BucketPolicy", "b", {"bucket": "acme-receipts", "policy": policy(*statements)})


@pytest.mark.parametrize("entry", [f"{BUCKET}*", "arn:aws:s3:::acme-*", f"{BUCKET}-archive/*", "*"])
def test_a_deny_of_a_bucket_protects_no_bucket_that_begins_alike(entry: str) -> None:
    denies = bucket_policy({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": entry})
    other = {"Action": "s3:DeleteObject", "Resource": [f"{BUCKET}/*", f"{BUCKET}-archive/*"]}
    assert answer(graph_of(READS, policy(GET, other), denies)).outcome == "fail"
    own = {"Action": "s3:DeleteObject", "Resource": f"{BUCKET}/*"}
    assert answer(graph_of(READS, policy(GET, own), denies)).outcome == ("fail" if "archive" in entry else "pass")


@pytest.mark.parametrize(
    "entry", ["arn:aws:s3:::acme-*/private/*", "arn:aws:s3:::*/private/x", f"{BUCKET}*", "arn:aws:s3:::acme-${aws:x}/*"]
)
def test_what_a_bucket_gives_by_wildcards_is_given(entry: str) -> None:
    given = {"Principal": {"AWS": "arn:aws:iam::111122223333:role/api"}, "Action": "s3:PutObject", "Resource": entry}
    assert answer(graph_of(READS, policy(GET), bucket_policy(given))).outcome == "fail"


@pytest.mark.parametrize(
    ("condition", "outcome"),
    [
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/a*"}}, "fail"),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/b*"}}, "pass"),
        ({"StringEquals": {"aws:PrincipalTag/team": "a"}}, "fail"),
        ({"StringEquals": {"aws:PrincipalTag/team": "b"}}, "pass"),
    ],
)
def test_a_condition_names_as_well_as_a_principal_does(condition: Any, outcome: str) -> None:
    given = {"Principal": "*", "Condition": condition, **PUT}
    assert answer(graph_of(READS, policy(GET), bucket_policy(given), tags={"team": "a"})).outcome == outcome


@pytest.mark.parametrize(
    ("entry", "outcome"), [("-aB3dE6", "pass"), ("-??????", "pass"), ("-?????", "fail"), ("-*", "fail"), ("*", "fail")]
)
def test_a_secret_may_be_named_without_what_aws_makes_up(entry: str, outcome: str) -> None:
    start = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/acquirer"
    secret = resource("aws:secretsmanager/secret:Secret", "acquirer", outputs={"arn": f"{start}-aB3dE6"})
    rights = policy({"Action": "secretsmanager:GetSecretValue", "Resource": f"{start}{entry}"})
    assert answer(graph_of([{"target": "acquirer", "mode": "read"}], rights, secret)).outcome == outcome


def test_a_boundary_that_is_not_known_only_takes_away() -> None:
    boundary = "arn:aws:iam::111122223333:policy/workloads"
    assert answer(graph_of(READS, policy(GET), permissionsBoundary=boundary)).outcome == "pass"
    assert answer(graph_of(READS, policy(PUT), permissionsBoundary=boundary)).outcome == "unknown"


def test_the_policy_of_a_declared_thing_has_to_be_known() -> None:
    stands = resource("aws:s3/bucketPolicy:BucketPolicy", "receipts", {"bucket": "acme-receipts", "policy": UNKNOWN})
    assert answer(graph_of(READS, policy(GET), stands)).outcome == "unknown"


def test_a_deny_of_the_bucket_takes_away_what_the_role_is_given() -> None:
    document = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Deny", "Principal": "*", "Action": "s3:Put*", "Resource": "*"},
        {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
         "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
    ]})  # fmt: skip
    denies = resource("aws:s3/bucketPolicy:BucketPolicy", "receipts", {"bucket": "acme-receipts", "policy": document})
    assert answer(graph_of(READS, policy(GET, PUT), denies)).outcome == "pass"
    elsewhere = {"Action": "s3:PutObject", "Resource": "arn:aws:s3:::other/*"}
    found = answer(graph_of(READS, policy(GET, PUT, elsewhere), denies))
    assert [one["resource"] for one in found.witness["surplus"]] == ["arn:aws:s3:::other/x"]


def test_one_name_of_two_things_is_told_by_the_mode_or_not_at_all() -> None:
    secret = resource("aws:secretsmanager/secret:Secret", "receipts", outputs={"arn": "arn:aws:secretsmanager:x"})
    found = answer(graph_of(READS, policy(GET), secret))
    assert "names a bucket and a secret: write a URN or ARN" in found.message
    writes = [{"target": "receipts", "mode": "write"}]
    assert answer(graph_of(writes, policy(PUT), secret)).outcome == "pass"


def test_a_component_speaks_for_the_roles_of_its_own_workloads_and_for_no_others() -> None:
    outer = resource("acme:platform:Outer", "outer", custom=False)
    inner = resource("acme:platform:Worker", "inner", {"access": READS}, custom=False, parent=outer.urn)
    arn = "arn:aws:iam::111122223333:role/worker"
    worker = resource("aws:iam/role:Role", "worker", outputs={"arn": arn}, id="worker")
    function = resource("aws:lambda/function:Function", "worker", {"role": arn}, parent=inner.urn)
    other = resource("aws:iam/role:Role", "other", outputs={"arn": f"{arn}-2"}, id="other", parent=outer.urn)
    graph = Graph([outer, inner, worker, function, other])
    views = {view.name: view for view in RULE.judges.all(graph)}
    found = declared(views["worker"])
    assert found is not None
    assert [one.path for one in found.unread] == ["access[0].target"]  # there is no bucket here
    assert declared(views["other"]) is None


def test_a_list_without_end_is_not_looked_through() -> None:
    found = answer(graph_of(READS * 501, policy(PUT)))
    assert (found.outcome, "lists 501 uses" in found.message) == ("unknown", True)


def test_a_declared_share_of_a_tenant_is_no_more_than_that() -> None:
    share = [{"target": "receipts", "mode": "read", "tenant": "acme"}]
    own = {"Action": "s3:GetObject", "Resource": f"{BUCKET}/acme/*"}
    assert answer(graph_of(share, policy(own))).outcome == "pass"
    assert answer(graph_of(share, policy(GET))).outcome == "fail"


USES = """
    class Service(pulumi.ComponentResource):
        def __init__(self, target):
            super().__init__("acme:platform:Service", "api", {"access": [{"target": target, "mode": "read"}]})

    other = pulumi.StackReference("organization/data/production")
    service = Service(other.get_output("bucket"))
    allow(role("api", opts=pulumi.ResourceOptions(parent=service)), "s3:GetObject",
          pulumi.Output.concat(other.get_output("bucket"), "/*"))
"""
KEEPS = 'pulumi.export("bucket", aws.s3.Bucket("receipts").arn)'


def test_a_thing_of_another_stack_is_known_where_that_is_judged_too(tmp_path: Path) -> None:
    both = together(tmp_path, data=("production", {}, KEEPS), shop=("production", {}, USES))
    assert answer(both).outcome == "pass"
    (alone := tmp_path / "alone").mkdir()
    assert answer(together(alone, shop=("production", {}, USES))).outcome == "unknown"


def test_modes_name_actions_that_exist_on_parts_that_exist() -> None:
    parts = {*uses.parts_of("arn:aws:x"), "reader", "writer"}
    for kind in uses.KINDS.values():
        for mode in kind.modes.values():
            assert set(mode.rights) <= parts
            for action in (*mode.key, *(one for actions in mode.rights.values() for one in actions)):
                known = catalogue.action(action)
                assert known is not None
                assert known.name == action


def test_what_a_mode_allows_is_a_policy_that_iam_takes() -> None:
    parts = {**uses.parts_of("arn:aws:s3:::x"), "reader": "arn:aws:s3:::r", "writer": "arn:aws:s3:::w"}
    key = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd"
    for name, kind in uses.KINDS.items():
        for mode in kind.modes:
            found = uses.statements(name, mode, parts, key=key, region="eu-west-1")
            assert limits.problems({"Version": "2012-10-17", "Statement": found}, "inline role") == []
