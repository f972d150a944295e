"""What the monitor answers to calls that no SDK makes: a refusal that stops the capture, never a wrong graph."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2, struct_pb2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from junitparser import JUnitXml
from lychgate.reports import renderer
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, resource_pb2, resource_pb2_grpc
from sarif_pydantic import Sarif

from lychgate.judging.discovery import built_in_rules
from lychgate.judging.ruleset import load_ruleset
from lychgate.judging.verdict import RunFacts, verdict_of
from lychgate.judging.waivers import Waivers
from lychgate.model.graph import Graph, Location, StackInfo
from lychgate.model.verdict import Verdict
from lychgate.sources.program.answers import Answers
from lychgate.sources.program.bounds import Budget, TooMuch
from lychgate.sources.program.functions import Functions
from lychgate.sources.program.hosting import Shapes, deep_threads
from lychgate.sources.program.monitor import Monitor, Recorded
from lychgate.sources.program.serving import CHANNEL, Secrets, serving
from lychgate.sources.program.transforms import Transforms

QUEUE = "aws:sqs/queue:Queue"
Registration = resource_pb2.RegisterResourceRequest
Struct = struct_pb2.Struct
Value = struct_pb2.Value


class Line:
    """A monitor, and the means to call it as a program does."""

    def __init__(self, folder: Path, limit: int = 100) -> None:
        self.stopped = threading.Event()
        self.shapes = Shapes()
        self.secrets = Secrets()
        self.monitor = Monitor(
            project="shop",
            stack="dev",
            folder="/work/shop",
            base="/work",
            answers=Answers(self.shapes.get, "111122223333", "eu-central-1"),
            functions=Functions(self.shapes.get, "111122223333", "eu-central-1"),
            transforms=Transforms(lambda target: f"unix:{folder}/nothing"),
            stack_outputs=lambda name: None,
            provider_config=lambda package: {},
            progress=lambda count: None,
            limit=limit,
            stop=self.stopped.set,
        )
        self.address = f"unix:{folder}/{time.monotonic_ns()}.sock"
        self.threads = deep_threads()
        self.serving = serving(self.monitor, self.shapes, self.secrets, self.address, self.threads)
        self.serving.__enter__()
        self.channel = grpc.insecure_channel(self.address, options=CHANNEL)
        self.stub = resource_pb2_grpc.ResourceMonitorStub(self.channel)
        self.stub.RegisterResource(Registration(type="pulumi:pulumi:Stack", name="shop-dev"))

    def raw(self, method: str, data: bytes) -> bytes:
        """A call with these bytes."""
        call: Any = self.channel.unary_unary(method)
        return bytes(call(data, timeout=30))

    def refused(self, call: Callable[..., Any], *arguments: Any) -> str:
        """What a call that must be refused is told."""
        with pytest.raises(grpc.RpcError) as caught:
            call(*arguments)
        return str(caught.value.details())

    def close(self) -> Recorded:
        self.channel.close()
        self.serving.__exit__(None, None, None)
        self.threads.shutdown(wait=False)
        return self.monitor.close()


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    line = Line(tmp_path)
    yield line
    line.close()


def queue(**more: Any) -> Any:
    return Registration(**{"type": QUEUE, "name": "jobs", "custom": True, **more})


REFUSED: dict[str, tuple[Any, str]] = {
    "no type": (queue(type=""), "'' is no resource type: expected package:module:Type"),
    "a type of two parts": (queue(type="aws:Queue"), "'aws:Queue' is no resource type: expected package:module:Type"),
    "a type with another in it": (
        queue(type=f"a:b:c::{QUEUE}"), f"'a:b:c::{QUEUE}' is no resource type: expected package:module:Type",
    ),
    "a component with another type in it": (
        queue(type=f"a::{QUEUE}", custom=False), f"'a::{QUEUE}' is no resource type: expected package:module:Type",
    ),
    "no name": (queue(name=""), f"a {QUEUE} has no name"),
    "a long name": (queue(name="j" * 1001), "the name or type of a resource is longer than 1000 characters"),
    "a parent that is not there": (
        queue(parent="urn:pulumi:dev::shop::a:b:c::d"),
        f"{QUEUE} 'jobs' names a parent that was never registered: urn:pulumi:dev::shop::a:b:c::d",
    ),
    "a provider that is not there": (
        queue(provider="urn:pulumi:dev::shop::pulumi:providers:aws::west::id"),
        f"{QUEUE} names a provider that was never registered",
    ),
    "a number that is none": (
        queue(object=Struct(fields={"a": Value(number_value=float("nan"))})), "a property holds the number nan",
    ),
    "a second stack": (
        Registration(type="pulumi:pulumi:Stack", name="other"), "the program registers a second stack",
    ),
    "a transform that leads nowhere": (
        queue(transforms=[{"target": "127.0.0.1:1", "token": "a"}]), "a transform failed: ",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_registration_is_refused(line: Line, case: str) -> None:
    request, message = REFUSED[case]
    assert line.refused(line.stub.RegisterResource, request).startswith(message)
    recorded = line.close()
    assert [urn.rpartition("::")[2] for urn in recorded.resources if "providers" not in urn] == ["shop-dev"]
    assert recorded.errors[0][0].startswith(message)


def nested(levels: int) -> bytes:
    """A registration with lists in lists."""
    pieces, size = [], 0
    for _ in range(levels):  # a list in a list in a list ...
        inner = b"\x0a" + varint(size)
        pieces.append(b"\x32" + varint(size + len(inner)) + inner)
        size += len(pieces[-1])
    deep = b"".join(reversed(pieces))
    fields = b"\x0a\x01a\x12" + varint(len(deep)) + deep
    struct = b"\x0a" + varint(len(fields)) + fields
    return b"\x0a\x13" + QUEUE.encode() + b"\x12\x01j\x20\x01\x2a" + varint(len(struct)) + struct


METHOD = "/pulumirpc.ResourceMonitor/RegisterResource"


@pytest.mark.parametrize("levels", [201, 10_000, 32_000, 100_000])
def test_nesting_without_end_is_refused(line: Line, levels: int) -> None:
    line.refused(line.raw, METHOD, nested(levels))
    line.stub.RegisterResource(queue())


def test_what_is_no_message_is_refused(line: Line) -> None:
    for junk in (b"\xff" * 1000, os.urandom(5000), b"\x0a\x02\xff\xfe"):
        line.refused(line.raw, METHOD, junk)
    line.refused(line.raw, "/pulumirpc.ResourceMonitor/Nothing", b"")
    line.refused(line.raw, METHOD, bytes(65 << 20))
    line.stub.RegisterResource(queue())
    assert len(line.close().resources) == 3


def varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def test_bytes_on_the_socket_end_nothing(line: Line) -> None:
    for junk in (
        os.urandom(50_000),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + os.urandom(9000),
        b"\0",
        b"GET / HTTP/1.1\r\n\r\n",
    ):
        with socket.socket(socket.AF_UNIX) as talker:
            talker.connect(line.address.removeprefix("unix:"))
            try:
                talker.sendall(junk)
            except OSError:
                continue
    line.stub.RegisterResource(queue())


@pytest.mark.parametrize(
    "told",
    [
        b"", b"[]", b"null", b'{"token": "a:b:c"}', b'{"token": "a:b:c", "shape": []}', b"[" * 1_000_000, b"\xff",
        b'{"token": "a:b:c", "shape": {"arn": {"kind": "list", "optional": false}}}',
        b'{"token": "a:b:c", "shape": {"arn": {"kind": "object", "optional": false, "fields": 3}}}',
        b'{"token": "a:b:c", "shape": {"arn": null}}',
    ],
)  # fmt: skip
def test_what_is_no_shape_is_none(line: Line, told: bytes) -> None:
    assert line.refused(line.raw, "/lychgate.Capture/Describe", told) == "this is no shape"
    assert line.shapes.get("a:b:c") is None
    line.stub.RegisterResource(queue())


def test_a_shape_that_lies_hides_no_input(line: Line) -> None:
    line.raw("/lychgate.Capture/Describe", b'{"token": "aws:sqs/queue:Queue", "shape": {}}')
    line.stub.RegisterResource(queue(object=Struct(fields={"name": Value(string_value="open")})))
    (one,) = (one for one in line.close().resources.values() if one.type == QUEUE)
    assert one.properties == {"name": "open"}
    assert Graph([one]).resolve(one.id) is one


def test_secrets_are_bounded(line: Line) -> None:
    for text in (b"a secret", b"a secret", b"\xff\xfe", b"x" * (2 << 20), b""):
        line.raw("/lychgate.Capture/Secret", text)
    assert [secret.value for secret in line.secrets.all()] == ["a secret", "��"]


def test_calls_in_any_order_are_answered(line: Line) -> None:
    engine = engine_pb2_grpc.EngineStub(line.channel)
    engine.SetRootResource(engine_pb2.SetRootResourceRequest(urn="urn:pulumi:dev::shop::a:b:c::false"))
    assert engine.GetRootResource(engine_pb2.GetRootResourceRequest()).urn.endswith("::shop-dev")
    outputs = resource_pb2.RegisterResourceOutputsRequest(urn="urn:nothing")
    assert "never registered" in line.refused(line.stub.RegisterResourceOutputs, outputs)
    for _ in range(200):
        engine.Log(engine_pb2.LogRequest(severity=engine_pb2.ERROR, message="x" * 5000))
    line.stub.SignalAndWaitForShutdown(empty_pb2.Empty())
    line.stub.RegisterResource(queue())
    assert "two resources have the URN" in line.refused(line.stub.RegisterResource, queue())
    recorded = line.close()
    assert len(recorded.log) == 100
    assert max(map(len, recorded.log)) == 2000


@pytest.mark.parametrize(
    ("uri", "row", "expected"),
    [
        ("file:///work/shop/store.py", 7, Location("shop/store.py", 7)),
        ("file:///work/shop/a%20b.py", -3, Location("shop/a b.py", 1)),
        ("file:///work/shop/../../etc/passwd", 7, None),
        ("file:///etc/passwd", 7, None),
        ("file://[", 7, None),
        ("file:///work/shop/" + "a" * 2000, 7, None),
    ],
)
def test_a_place_is_one_of_the_program(line: Line, uri: str, row: int, expected: Location | None) -> None:
    line.stub.RegisterResource(queue(sourcePosition={"uri": uri, "line": row}))
    (one,) = (one for one in line.close().resources.values() if one.type == QUEUE)
    assert one.location == expected


@pytest.mark.parametrize("rows", [(3, 5), (5, 3)])
def test_twins_are_told_by_line_however_their_calls_arrive(line: Line, rows: tuple[int, int]) -> None:
    first, second = (queue(sourcePosition={"uri": "file:///work/shop/store.py", "line": row}) for row in rows)
    line.stub.RegisterResource(first)
    told = line.refused(line.stub.RegisterResource, second)
    assert "shop/store.py:3 and shop/store.py:5; give each its own name" in told
    ((_, place),) = line.close().errors
    assert place == Location("shop/store.py", 5)


def test_too_many_resources_stop_the_program(tmp_path: Path) -> None:
    line = Line(tmp_path, limit=5)
    for number in range(3):
        line.stub.RegisterResource(queue(name=f"q{number}"))
    message = "the program registers more than 5 resources; raise --max-resources if it should"
    assert line.refused(line.stub.RegisterResource, queue()) == message
    assert line.stopped.is_set()
    assert line.close().errors == [(message, None)]


class Call:
    """A call of some size."""

    def __init__(self, size: int) -> None:
        self.size = size

    def ByteSize(self) -> int:
        return self.size


def test_too_many_bytes_and_calls_stop_the_program() -> None:
    budget = Budget(5)
    for _ in range(4):
        budget.spend(Call(64 << 20))
    with pytest.raises(TooMuch, match="the program's properties are larger than 256 MiB in all"):
        budget.spend(Call(1))
    budget = Budget(5)
    with pytest.raises(TooMuch, match="the program makes more than 50250 calls"):
        for _ in range(60_000):
            budget.spend(Call(0))


def test_nothing_counts_that_comes_after_the_end(line: Line) -> None:
    line.stub.RegisterResource(queue())
    recorded = line.monitor.close()
    assert line.refused(line.stub.RegisterResource, queue(name="late")) == "the program has ended"
    assert len(recorded.resources) == 3
    assert recorded.errors == []


TEXT = st.text(max_size=20) | st.sampled_from(["\x1b[2J", "a\nb", "::", "$", "<b>", "]]>", "../..", "\u202e", "\0"])
FIELDS = st.sampled_from(["4dabf18193072939515e22adb298388d", "value", "id", "urn"]) | TEXT
VALUES = st.recursive(
    st.builds(lambda text: Value(string_value=text), TEXT)
    | st.builds(lambda number: Value(number_value=number), st.floats())
    | st.builds(lambda flag: Value(bool_value=flag), st.booleans())
    | st.just(Value()),
    lambda inner: st.builds(
        lambda fields: Value(struct_value=Struct(fields=fields)),
        st.dictionaries(FIELDS, inner, max_size=3),
    )
    | st.builds(lambda items: Value(list_value=struct_pb2.ListValue(values=items)), st.lists(inner, max_size=3)),
    max_leaves=6,
)  # fmt: skip
TYPES = st.sampled_from([QUEUE, "aws:s3/bucket:Bucket", "kubernetes:core/v1:Secret", "aws:iam/role:Role"]) | TEXT
NAMES = st.sampled_from(["policy", "metadata", "tags", "data", "assumeRolePolicy", "region", "redrivePolicy"]) | TEXT
REQUESTS = st.builds(
    Registration, type=TYPES, name=TEXT, custom=st.booleans(), remote=st.booleans(), parent=st.just("") | TEXT,
    provider=st.just("") | TEXT, dependencies=st.lists(TEXT, max_size=2), version=TEXT,
    object=st.builds(lambda fields: Struct(fields=fields), st.dictionaries(NAMES, VALUES, max_size=3)),
)  # fmt: skip
TOKENS = [
    "aws:index/getArn:getArn", "aws:iam/getPolicyDocument:getPolicyDocument", "kubernetes:yaml:decode",
    "aws:ec2/getVpc:getVpc", "kubernetes:helm:template",
]  # fmt: skip
LOOKUPS = st.builds(
    resource_pb2.ResourceInvokeRequest,
    tok=st.sampled_from(TOKENS) | TEXT,
    args=st.builds(lambda fields: Struct(fields=fields), st.dictionaries(NAMES | st.just("text"), VALUES, max_size=3)),
)  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(requests=st.lists(REQUESTS, max_size=6), lookups=st.lists(LOOKUPS, max_size=3))
def test_whatever_is_registered_can_be_judged_and_reported(
    tmp_path: Path, requests: list[Any], lookups: list[Any]
) -> None:
    line = Line(tmp_path)
    for call, asked in [
        *((line.stub.RegisterResource, one) for one in requests),
        *((line.stub.Invoke, one) for one in lookups),
    ]:
        try:
            call(asked)
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.INVALID_ARGUMENT
    recorded = line.close()
    graph = Graph(
        recorded.resources.values(),
        [StackInfo("shop/dev", "shop", "dev", outputs=recorded.outputs)],
        recorded.lookups,
        recorded.not_inspected,
    )
    rules = built_in_rules()
    ruleset = load_ruleset("production", rules)
    run = RunFacts(datetime(2027, 1, 1, tzinfo=UTC), "production", True, "1")
    verdict = verdict_of(graph, rules, ruleset, Waivers(), run)
    Verdict.model_validate_json(renderer("json")(verdict))
    Sarif.model_validate_json(renderer("sarif")(verdict))
    JUnitXml.fromstring(renderer("junit")(verdict))
