"""What components refuse, and in which words: all of it before anything is registered."""

from __future__ import annotations

import pytest
from lychgate.provisioner.components.role import merged

from lychgate.model.graph import Graph

from .helpers import CONTEXTS, captured
from .programs import DATABASES, KEY, LOGS, NETWORK, QUEUE, SECRET, TABLE, TOPIC

# What is tried -> what it is answered with, in part.
TRIED = {
    'ledger.use("own")': "a table cannot be used in mode 'own': read, write, use",
    'receipts.use("delete")': "read, write, use",
    'settlement.use("read")': "send, receive, use",
    'paid.use("send")': "publish, use",
    'acquirer.use("write")': "read, use",
    'orders.use("write")': "connect, read, use",
    'ledger.use("read", tenant="globex")': "the table ledger is not shared: not by 'globex'",
    'files.use("read", tenant="initech")': "the bucket files is shared by acme, globex: not by 'initech'",
    'settlement.use("send", tenant="acme")': "the queue settlement cannot be shared between tenants safely",
    'paid.use("publish", tenant="acme")': "the topic paid cannot be shared between tenants safely",
    'acquirer.use("read", tenant="acme")': "the secret acquirer cannot be shared between tenants safely",
    'orders.use("read", tenant="acme")': "the database orders cannot be shared between tenants safely",
    'Key("k", replace(context, deployers=()))': "nobody would administer the key k",
    'Key("k", context, services=("s3",))': "a key cannot be used by s3: sns, logs",
    'LogGroup("l", context, key=key, days=100)': "CloudWatch cannot keep logs for 100 days: 1, 3, 5",
    'Bucket("b" * 30, context, key=key, log_bucket=None)': "characters: 63 are the most",
    'Bucket("b", context, key=key, log_bucket=None, archive_days=7)': "infrequent access is 7: it must be 30 to",
    'Bucket("b", context, key=key, log_bucket=None, expire_days=0)': "objects expire is 0: it must be 1 to",
    'Queue("q", context, key=key, retention_days=15)': "messages are kept is 15: it must be 1 to 14",
    'Queue("q", context, key=key, visibility_seconds=43201)': "must be 0 to 43200",
    'Queue("q" * 50, context, key=key, fifo=True)': "80 are the most",
    'Topic("t", context, key=key, subscribers={"o": ordered})': "the queue ordered does not let the topic t in",
    'Topic("t", context, key=key, subscribers={"f": Queue("f", context, key=key, fifo=True, '
    'publishers=[Topic.arn_of(context, "t")])})': "the queue f is FIFO",
    'Table("t", context, key=key, partition=("id", "X"))': "the type of id in table t is 'X': S, N or B",
    'Table("t", context, key=key, partition=("id", "S"), indexes={"i": Index(("id", "N"))})': "S in one key and N",
    'Table("t", context, key=key, partition=("id", "N"), shared_by=("acme",))': "must be text (S)",
    'Secret("s", context, key=key, rotation_days=0)': "must be 1 to 1000",
    'Database("d", context, key=key, vpc_id=vpc.id, subnet_ids=subnets, instances=1)': "production needs two",
    'Database("d", context, key=key, vpc_id=vpc.id, subnet_ids=subnets, engine="oracle")': "postgresql or mysql",
    'Database("d", context, key=key, vpc_id=vpc.id, subnet_ids=subnets, min_capacity=4)': "must be 0 to 2",
    'Repository("r", context, key=key, keep_images=0)': "the number of images is 0",
    'WorkloadRole("w" * 50, context, namespace="n", identity=PodIdentity("main"))': "64 are the most",
}
PROGRAM = (
    "from dataclasses import replace\n" + CONTEXTS["production"] + KEY + LOGS + NETWORK + QUEUE + TOPIC + TABLE + SECRET
    + DATABASES
    + """
receipts = Bucket("receipts", context, key=key, log_bucket=logs.bucket_name)
files = Bucket("files", context, key=key, log_bucket=logs.bucket_name, shared_by=("acme", "globex"))

def answer(text):
    try:
        eval(text)
    except ValueError as error:
        return str(error)
    return "nothing"

pulumi.export("answers", [answer(text) for text in TRIED])
"""
)  # fmt: skip


@pytest.fixture(scope="module")
def graph() -> Graph:
    return captured({"tried": f"TRIED = {list(TRIED)!r}\n{PROGRAM}"})["tried"]


@pytest.mark.parametrize("tried", list(TRIED))
def test_it_is_refused_in_plain_words(tried: str, graph: Graph) -> None:
    (stack,) = graph.of_type("pulumi:pulumi:Stack")
    answers = dict(zip(TRIED, stack.outputs["answers"], strict=True))
    assert TRIED[tried] in answers[tried]


def test_what_is_refused_is_not_registered(graph: Graph) -> None:
    platform = {one.name for one in graph.resources if one.type.startswith("lychgate:platform:")}
    assert platform.isdisjoint({"k", "l", "b", "q", "t", "s", "d", "r", "w", "q" * 50, "b" * 30, "w" * 50})


def test_statements_of_the_same_actions_become_one() -> None:
    first = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::a/*", "Sid": "A"}
    again = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["arn:aws:s3:::b/*", "arn:aws:s3:::a/*"]}
    other = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": {"Bool": {"a": "true"}}}
    assert merged([first, other, again]) == [
        {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::a/*", "arn:aws:s3:::b/*"]},
        {"Effect": "Allow", "Action": ["s3:GetObject"], "Condition": {"Bool": {"a": "true"}}, "Resource": ["*"]},
    ]
