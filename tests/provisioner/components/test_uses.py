"""What `use` gives is enough and no more: asked of the roles that it ends up in, as AWS would evaluate them."""

from __future__ import annotations

import orjson
import pytest

from lychgate.model.graph import Graph
from lychgate.reasoning.iam import Policy, Request, allows, parse

from .helpers import CONTEXTS, captured, judged, policy_of, properties, wrong
from .programs import BUCKET, DATABASES, KEY, LOGS, NETWORK, QUEUE, SECRET, TABLE, TOPIC

ROLE = """
def role(name, *uses, context=context):
    statements = [statement for use in uses for statement in use.statements]
    WorkloadRole(name, context, namespace="payments", identity=PodIdentity("main"), statements=statements)
"""
OWN = (
    KEY + LOGS + NETWORK + BUCKET + QUEUE + TOPIC + TABLE + SECRET + DATABASES + ROLE
    + """
for mode in Bucket.MODES: role(f"bucket-{mode}", receipts.use(mode))
for mode in Queue.MODES: role(f"queue-{mode}", settlement.use(mode))
for mode in Topic.MODES: role(f"topic-{mode}", paid.use(mode))
for mode in Table.MODES: role(f"table-{mode}", ledger.use(mode))
for mode in Secret.MODES: role(f"secret-{mode}", acquirer.use(mode))
for mode in Database.MODES: role(f"database-{mode}", orders.use(mode))
pulumi.export("uses", {
    "bucket": receipts.use("use").environment, "queue": settlement.use("use").environment,
    "topic": paid.use("use").environment, "table": ledger.use("use").environment,
    "database": orders.use("use").environment, "reader": carts.use("read").environment,
})
pulumi.export("secret", acquirer.use("read").secrets[""])
"""
)  # fmt: skip
SHARED = """
tenants = ("acme", "globex")
shared = context_of(True, "cardholder", "shared")
key = Key("data", shared)
files = Bucket("files", shared, key=key, log_bucket="access-logs-111122223333", shared_by=tenants)
ledger = Table("ledger", shared, key=key, partition=("tenant", "S"), shared_by=tenants,
               indexes={"by-day": Index(("day", "S"))})
""" + ROLE.replace("context=context", "context") + """
for tenant in tenants:
    own = context_of(True, "cardholder", tenant)
    role(f"{tenant}-api", files.use("use", tenant=tenant), ledger.use("use", tenant=tenant), context=own)
role("report", files.use("read"), ledger.use("read"), context=shared)
"""  # fmt: skip
PREFIX = "payments-production-acme"
HERE = "us-east-1:111122223333"
OBJECT = f"arn:aws:s3:::{PREFIX}-receipts-111122223333/2026/1.pdf"
TABLE_ARN = f"arn:aws:dynamodb:{HERE}:table/{PREFIX}-ledger"
QUEUE_ARN = f"arn:aws:sqs:{HERE}:{PREFIX}-settlement"


@pytest.fixture(scope="module")
def own() -> Graph:
    return captured({"own": CONTEXTS["production"] + OWN})["own"]


@pytest.fixture(scope="module")
def shared() -> Graph:
    return captured({"shared": SHARED})["shared"]


def may(policy: Policy, action: str, resource: str, own: Policy | None = None, **context: str | list[str]) -> bool:
    """Whether a role with this policy alone may do it, under the resource's own; context keys with `__` for `:`."""
    keys = {key.replace("__", ":"): value for key, value in context.items()}
    request = Request(action, resource, "arn:aws:iam::111122223333:role/x", keys, resource_account="111122223333")
    decision = allows(request, identity=[policy], resource=own)
    assert decision.decision in ("allow", "implicit-deny")
    return decision.decision == "allow"


@pytest.mark.parametrize(
    ("action", "resource", "roles"),
    [
        ("s3:GetObject", OBJECT, {"bucket-read", "bucket-use"}),
        ("s3:PutObject", OBJECT, {"bucket-write", "bucket-use"}),
        ("s3:ListBucket", OBJECT.partition("/")[0], {"bucket-read", "bucket-use"}),
        ("s3:DeleteObject", OBJECT, set()),
        ("s3:PutBucketPolicy", OBJECT.partition("/")[0], set()),
        ("sqs:SendMessage", QUEUE_ARN, {"queue-send", "queue-use"}),
        ("sqs:ReceiveMessage", QUEUE_ARN, {"queue-receive", "queue-use"}),
        ("sqs:ReceiveMessage", f"{QUEUE_ARN}-failed", set()),
        ("sqs:PurgeQueue", QUEUE_ARN, set()),
        ("sns:Publish", f"arn:aws:sns:{HERE}:{PREFIX}-paid", {"topic-publish", "topic-use"}),
        ("sns:Subscribe", f"arn:aws:sns:{HERE}:{PREFIX}-paid", set()),
        ("dynamodb:GetItem", TABLE_ARN, {"table-read", "table-use"}),
        ("dynamodb:Query", f"{TABLE_ARN}/index/by-day", {"table-read", "table-use"}),
        ("dynamodb:PutItem", TABLE_ARN, {"table-write", "table-use"}),
        ("dynamodb:Scan", TABLE_ARN, set()),
        ("dynamodb:DeleteTable", TABLE_ARN, set()),
    ],
)
def test_each_mode_may_what_it_says(action: str, resource: str, roles: set[str], own: Graph) -> None:
    names = {one.name for one in own.of_type("aws:iam/rolePolicy:RolePolicy")}
    assert {name for name in names if may(policy_of(own, name), action, resource)} == roles


def test_a_secret_is_read_and_not_written(own: Graph) -> None:
    (secret,) = own.of_type("aws:secretsmanager/secret:Secret")
    for name in ("secret-read", "secret-use"):
        policy = policy_of(own, name)
        assert may(policy, "secretsmanager:GetSecretValue", secret.outputs["arn"])
        assert not may(policy, "secretsmanager:PutSecretValue", secret.outputs["arn"])


@pytest.mark.parametrize(("mode", "user"), [("connect", "application"), ("use", "application"), ("read", "reader")])
def test_a_database_lets_one_user_in(mode: str, user: str, own: Graph) -> None:
    (cluster,) = [one for one in own.of_type("aws:rds/cluster:Cluster") if one.name == "orders"]
    policy = policy_of(own, f"database-{mode}")
    users = f"arn:aws:rds-db:{HERE}:dbuser:{cluster.outputs['clusterResourceId']}"
    allowed = {
        one for one in ("application", "reader", "administrator") if may(policy, "rds-db:connect", f"{users}/{one}")
    }
    assert allowed == {user}


@pytest.mark.parametrize(
    ("name", "service", "writes"),
    [
        ("bucket-read", "s3", False),
        ("bucket-write", "s3", True),
        ("queue-receive", "sqs", False),
        ("queue-send", "sqs", True),
        ("topic-publish", "sns", True),
        ("table-use", "dynamodb", False),
        ("secret-read", "secretsmanager", False),
    ],
)
def test_the_key_is_used_through_the_service_only(name: str, service: str, writes: bool, own: Graph) -> None:
    (key,) = own.of_type("aws:kms/key:Key")
    policy, arn, keys = policy_of(own, name), key.outputs["arn"], parse(orjson.loads(key.properties["policy"]))
    via, other = f"{service}.us-east-1.amazonaws.com", "ec2.us-east-1.amazonaws.com"
    assert may(policy, "kms:Decrypt", arn, keys, kms__ViaService=via)
    assert may(policy, "kms:GenerateDataKey", arn, keys, kms__ViaService=via) == writes
    assert not may(policy, "kms:Decrypt", arn, keys, kms__ViaService=other)
    assert not may(policy, "kms:Decrypt", arn, keys)


def test_a_workload_is_told_what_it_needs(own: Graph) -> None:
    (stack,) = own.of_type("pulumi:pulumi:Stack")
    told = stack.outputs["uses"]
    assert told["bucket"] == {"BUCKET": f"{PREFIX}-receipts-111122223333"}
    assert told["queue"] == {"QUEUE_URL": f"https://sqs.us-east-1.amazonaws.com/111122223333/{PREFIX}-settlement"}
    assert told["topic"] == {"TOPIC_ARN": f"arn:aws:sns:{HERE}:{PREFIX}-paid"}
    assert told["table"] == {"TABLE": f"{PREFIX}-ledger"}
    assert told["database"]["HOST"].startswith(f"{PREFIX}-orders.cluster-")
    assert told["reader"]["HOST"].startswith(f"{PREFIX}-carts.cluster-ro-")
    assert {**told["database"], "HOST": ""} == {"HOST": "", "PORT": "5432", "NAME": "orders", "USER": "application"}
    assert {**told["reader"], "HOST": ""} == {"HOST": "", "PORT": "3306", "NAME": "carts", "USER": "reader"}
    assert stack.outputs["secret"].startswith(f"arn:aws:secretsmanager:{HERE}:secret:{PREFIX}-acquirer-")


def test_no_rule_finds_a_role_of_one_mode_wrong(own: Graph) -> None:
    assert wrong(judged(own, "production")) == []


FILES = "arn:aws:s3:::payments-production-shared-files-111122223333"
LEDGER = f"arn:aws:dynamodb:{HERE}:table/payments-production-shared-ledger"


@pytest.mark.parametrize("action", ["s3:GetObject", "s3:PutObject"])
def test_objects_of_another_tenant_are_out_of_reach(action: str, shared: Graph) -> None:
    acme, report = policy_of(shared, "acme-api"), policy_of(shared, "report")
    assert may(acme, action, f"{FILES}/acme/1.pdf")
    assert not may(acme, action, f"{FILES}/globex/1.pdf")
    assert not may(acme, action, f"{FILES}/acmex/1.pdf")
    assert may(report, action, f"{FILES}/globex/1.pdf") == (action == "s3:GetObject")


def test_a_tenant_lists_its_own_prefix(shared: Graph) -> None:
    acme = policy_of(shared, "acme-api")
    assert may(acme, "s3:ListBucket", FILES, s3__prefix="acme/2026/")
    assert not may(acme, "s3:ListBucket", FILES, s3__prefix="globex/")
    assert not may(acme, "s3:ListBucket", FILES, s3__prefix="")
    assert not may(acme, "s3:ListBucket", FILES)


@pytest.mark.parametrize("resource", [LEDGER, f"{LEDGER}/index/by-day"])
@pytest.mark.parametrize(
    "action", ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:BatchWriteItem"]
)
def test_items_of_another_tenant_are_out_of_reach(action: str, resource: str, shared: Graph) -> None:
    acme = policy_of(shared, "acme-api")
    assert may(acme, action, resource, dynamodb__LeadingKeys=["acme"])
    assert may(acme, action, resource, dynamodb__LeadingKeys=["acme", "acme#42"])
    assert not may(acme, action, resource, dynamodb__LeadingKeys=["acme", "globex"])
    assert not may(acme, action, resource, dynamodb__LeadingKeys=["acmex"])
    assert not may(acme, action, resource)


def test_no_rule_finds_a_tenant_in_anothers_data(shared: Graph) -> None:
    assert wrong(judged(shared, "production")) == []


def test_what_is_shared_is_of_no_tenant(shared: Graph) -> None:
    for type_, name in (("aws:s3/bucket:Bucket", "files"), ("aws:dynamodb/table:Table", "ledger")):
        tags = properties(shared, type_, name)["tags"]
        assert (tags["tenant"], tags["shared"]) == ("shared", "true")
