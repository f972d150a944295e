"""The policy pack's calls, beside those of a pack with a single empty policy, both as the engine starts them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
from google.protobuf import struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from benchmarks.graphs import graph
from benchmarks.measuring import Row, best, once
from lychgate.model.graph import Resource
from lychgate.sources.program.wire import to_struct

ROOT = Path(__file__).parent.parent
EMPTY = """
from pulumi_policy import PolicyPack, ResourceValidationPolicy, StackValidationPolicy
PolicyPack("empty", [
    ResourceValidationPolicy(name="nothing", description="nothing", validate=lambda args, report: None),
    StackValidationPolicy(name="nothing-either", description="nothing", validate=lambda args, report: None),
])
"""
LARGE = [("grpc.max_send_message_length", 400 << 20), ("grpc.max_receive_message_length", 400 << 20)]


def rows() -> Iterator[Row]:
    resources = graph(1_000).resources
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "PulumiPolicy.yaml").write_text("runtime: python\n")
        (Path(folder) / "__main__.py").write_text(EMPTY)
        with served(Path(folder)) as empty, served(ROOT / "policies") as full:
            asked = [analyze_request(one) for one in resources[:250]]
            floor = best(lambda: [empty.Analyze(one) for one in asked]) / len(asked)
            taken = best(lambda: [full.Analyze(one) for one in asked]) / len(asked)
            yield Row("Analyze, full pack", taken, "Analyze, empty pack", floor, "1.5")
            stack = analyzer_pb2.AnalyzeStackRequest(resources=[stack_resource(one) for one in resources])
            floor, taken = once(lambda: empty.AnalyzeStack(stack)), once(lambda: full.AnalyzeStack(stack))
            yield Row("AnalyzeStack, 1,000 resources", taken, "AnalyzeStack, empty pack", floor)
    yield Row("start of the pack", best(lambda: start(ROOT / "policies")), "python -c 'import pulumi'", best(imports))


def analyze_request(one: Resource) -> analyzer_pb2.AnalyzeRequest:
    return analyzer_pb2.AnalyzeRequest(type=one.type, urn=one.urn, name=one.name, properties=struct(one))


def stack_resource(one: Resource) -> analyzer_pb2.AnalyzerResource:
    return analyzer_pb2.AnalyzerResource(type=one.type, urn=one.urn, name=one.name, properties=struct(one))


def struct(one: Resource) -> struct_pb2.Struct:
    return to_struct(one.outputs)


@contextmanager
def served(folder: Path) -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    process, port = launch(folder)
    try:
        yield analyzer_pb2_grpc.AnalyzerStub(grpc.insecure_channel(f"127.0.0.1:{port}", options=LARGE))
    finally:
        process.kill()
        process.wait()


def launch(folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    environment = {**os.environ, "PULUMI_PROJECT": "bench", "PULUMI_STACK": "production", "PULUMI_DRY_RUN": "true"}
    command = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def start(folder: Path) -> None:
    process, _ = launch(folder)
    process.kill()
    process.wait()


def imports() -> None:
    subprocess.run([sys.executable, "-c", "import pulumi"], check=True)
