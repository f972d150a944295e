"""What no rule asks for: who is let in by a role, a repository, a security group; what moves and ends when."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from lychgate.model.graph import Graph
from lychgate.reasoning.iam import Request, allows, parse

from .helpers import CONTEXTS, captured, properties
from .programs import DATABASES, GROUP, IRSA, KEY, NETWORK, POD_IDENTITY

PROGRAM = (
    CONTEXTS["production"] + KEY + NETWORK + GROUP + DATABASES + (POD_IDENTITY + IRSA).replace("STATEMENTS", "()")
    + """
app.connect("app-to-orders", orders.security_group, 5432)
Repository("pulled", context, key=key, keep_images=9, pull_accounts=["444455556666"])
for name, days in {"kept": None, "short": 60, "long": 400}.items():
    Bucket(name, context, key=key, log_bucket="logs", expire_days=days)
Bucket("standing", context, key=key, log_bucket="logs", archive_days=None)
queue = Queue("bell", context, key=key, fifo=True, shared_by=("acme", "globex"), retention_days=2, max_receives=3,
              publishers=[Topic.arn_of(context, "rung", fifo=True)])
Topic("rung", context, key=key, fifo=True, subscribers={"bell": queue})
Secret("by-hand", context, key=key)
"""
)  # fmt: skip
ROLE = "arn:aws:iam::111122223333:role/payments-production-acme"
CLUSTER = "arn:aws:eks:us-east-1:111122223333:cluster/main"
ISSUER = "oidc.eks.us-east-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"


@pytest.fixture(scope="module")
def graph() -> Graph:
    return captured({"details": PROGRAM})["details"]


def assumes(graph: Graph, role: str, action: str, principal: str, context: dict[str, str]) -> bool:
    """Whether a role lets someone in."""
    trust = parse(orjson.loads(properties(graph, "aws:iam/role:Role", role)["assumeRolePolicy"]))
    request = Request(action, f"{ROLE}-{role}", principal, context)
    return allows(request, resource=trust).decision == "allow"


POD = {
    "aws:SourceAccount": "111122223333",
    "aws:RequestTag/eks-cluster-arn": CLUSTER,
    "aws:RequestTag/kubernetes-namespace": "payments",
    "aws:RequestTag/kubernetes-service-account": "api",
}


@pytest.mark.parametrize(
    "other",
    [
        {"aws:RequestTag/kubernetes-namespace": "orders"},
        {"aws:RequestTag/kubernetes-service-account": "worker"},
        {"aws:RequestTag/eks-cluster-arn": f"{CLUSTER}-2"},
        {"aws:SourceAccount": "444455556666"},
    ],
)
@pytest.mark.parametrize("action", ["sts:AssumeRole", "sts:TagSession"])
def test_one_service_account_of_one_cluster_is_let_in_by_pod_identity(
    action: str, other: dict[str, str], graph: Graph
) -> None:
    assert assumes(graph, "api", action, "pods.eks.amazonaws.com", POD)
    assert not assumes(graph, "api", action, "pods.eks.amazonaws.com", POD | other)
    assert not assumes(graph, "api", action, "ec2.amazonaws.com", POD)


@pytest.mark.parametrize("other", [{"sub": "system:serviceaccount:payments:api"}, {"aud": "somebody"}])
def test_one_service_account_is_let_in_by_its_token(other: dict[str, str], graph: Graph) -> None:
    token = {f"{ISSUER}:sub": "system:serviceaccount:payments:worker", f"{ISSUER}:aud": "sts.amazonaws.com"}
    provider = f"arn:aws:iam::111122223333:oidc-provider/{ISSUER}"
    action = "sts:AssumeRoleWithWebIdentity"
    assert assumes(graph, "worker", action, provider, token)
    assert not assumes(graph, "worker", action, provider, token | {f"{ISSUER}:{key}": other[key] for key in other})


def test_pod_identity_is_associated_and_tokens_are_not(graph: Graph) -> None:
    (association,) = graph.of_type("aws:eks/podIdentityAssociation:PodIdentityAssociation")
    said = {key: association.properties[key] for key in ("clusterName", "namespace", "serviceAccount", "roleArn")}
    assert said == {
        "clusterName": "main", "namespace": "payments", "serviceAccount": "api", "roleArn": f"{ROLE}-api"
    }  # fmt: skip


def test_a_connection_is_a_rule_on_either_side(graph: Graph) -> None:
    out = properties(graph, "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "app-to-orders")
    into = properties(graph, "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "app-to-orders")
    groups = {one.name: one.id for one in graph.of_type("aws:ec2/securityGroup:SecurityGroup")}
    assert (out["securityGroupId"], out["referencedSecurityGroupId"]) == (groups["app"], groups["orders"])
    assert (into["securityGroupId"], into["referencedSecurityGroupId"]) == (groups["orders"], groups["app"])
    assert {rule[side] for rule in (out, into) for side in ("fromPort", "toPort")} == {5432}


def test_accounts_that_are_named_pull_and_do_no_more(graph: Graph) -> None:
    policy = orjson.loads(properties(graph, "aws:ecr/repositoryPolicy:RepositoryPolicy", "pulled")["policy"])
    (statement,) = policy["Statement"]
    assert statement["Principal"] == {"AWS": ["arn:aws:iam::444455556666:root"]}
    assert all(action.startswith(("ecr:Batch", "ecr:GetDownload")) for action in statement["Action"])
    assert '"countNumber": 9' in properties(graph, "aws:ecr/lifecyclePolicy:LifecyclePolicy", "pulled")["policy"]


@pytest.mark.parametrize(
    ("name", "moves", "ends"), [("kept", 90, None), ("short", None, 60), ("long", 90, 400), ("standing", None, None)]
)
def test_objects_move_before_they_end_or_not_at_all(name: str, moves: Any, ends: Any, graph: Graph) -> None:
    type_ = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
    (rule,) = properties(graph, type_, name)["rules"]
    assert [one["days"] for one in rule.get("transitions", [])] == ([moves] if moves else [])
    assert rule.get("expiration", {}).get("days") == ends


def test_a_fifo_queue_has_a_fifo_queue_behind_it(graph: Graph) -> None:
    queue, failed = (properties(graph, "aws:sqs/queue:Queue", name) for name in ("bell", "bell-failed"))
    assert (queue["name"], failed["name"]) == (
        "payments-production-acme-bell.fifo",
        "payments-production-acme-bell-failed.fifo",
    )
    assert queue["fifoQueue"] is failed["fifoQueue"] is True
    assert (queue["messageRetentionSeconds"], failed["messageRetentionSeconds"]) == (2 * 86_400, 14 * 86_400)
    redrive = orjson.loads(queue["redrivePolicy"])
    assert redrive["deadLetterTargetArn"].endswith(":payments-production-acme-bell-failed.fifo")
    assert redrive["maxReceiveCount"] == 3
    assert queue["tags"]["tenant"] == failed["tags"]["tenant"] == "shared"


def test_no_value_of_a_secret_stands_in_the_program(graph: Graph) -> None:
    assert properties(graph, "aws:secretsmanager/secret:Secret", "by-hand")["recoveryWindowInDays"] == 30
    assert not list(graph.of_type("aws:secretsmanager/secretVersion:SecretVersion"))
    assert not list(graph.of_type("aws:secretsmanager/secretRotation:SecretRotation"))


def test_the_password_of_a_database_is_made_by_rds(graph: Graph) -> None:
    for cluster in graph.of_type("aws:rds/cluster:Cluster"):
        assert cluster.properties["manageMasterUserPassword"] is True
        assert "masterPassword" not in cluster.properties
