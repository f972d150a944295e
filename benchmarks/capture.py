"""Capture of a program, beside the same program against a monitor that only says yes.

Both run the same interpreter, imports and program in a process of their own; what differs is what Lychgate does: the
sandbox, the recording, the symbolic answers, the graph.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, resource_pb2, resource_pb2_grpc

from benchmarks.measuring import Row, best
from lychgate.sources.program.capture import Setting, capture
from lychgate.sources.program.process import HostProcess
from lychgate.sources.program.project import Configuration, read_project
from lychgate.sources.sandbox import Limits

PROGRAM = """
import json
import pulumi
import pulumi_aws as aws

for i in range({count} // 2):
    bucket = aws.s3.Bucket(f"data-{{i}}", tags={{"tenant": "acme"}})
    aws.s3.BucketPolicy(f"data-{{i}}", bucket=bucket.id, policy=pulumi.Output.json_dumps(
        {{"Version": "2012-10-17", "Statement": [{{"Effect": "Deny", "Principal": "*", "Action": "s3:*",
          "Resource": pulumi.Output.concat(bucket.arn, "/*")}}]}}))
"""

EXECUTOR = """
import asyncio, runpy, sys
import pulumi, pulumi.runtime
pulumi.runtime.configure(pulumi.runtime.Settings(project="bench", stack="dev", parallel=16, dry_run=True,
    monitor=sys.argv[1], engine=sys.argv[1]))
def run():
    runpy.run_path(sys.argv[2], run_name="__main__")
loop = asyncio.new_event_loop(); asyncio.set_event_loop(loop)
loop.run_until_complete(pulumi.runtime.run_in_stack(run))
"""


def rows() -> Iterator[Row]:
    for count, times in ((11, 5), (200, 3), (2000, 1)):
        with tempfile.TemporaryDirectory() as folder:
            project = Path(folder)
            (project / "Pulumi.yaml").write_text("name: bench\nruntime: python\n")
            (project / "__main__.py").write_text(PROGRAM.format(count=count))
            floor = best(lambda project=project: own_time(project), times)
            taken = best(lambda project=project: captured(project), times)
        yield Row(f"capture, {count} resources", taken, "the program against a yes-sayer", floor, "1.3")


def captured(folder: Path) -> None:
    project = read_project(folder)
    with HostProcess(project.interpreter, project.folder, [], "auto", Limits()) as host:
        host.ready()
        capture(host, project, "dev", Configuration({}, frozenset()), Setting())


class YesSayer(resource_pb2_grpc.ResourceMonitorServicer, engine_pb2_grpc.EngineServicer):
    """Answers each registration with a URN, an id and the inputs."""

    def GetDeploymentInfo(self, request, context):
        return resource_pb2.DeploymentInfo(project="bench", stack="dev", dryRun=True, supportedFeatures=[0, 1, 2, 3])

    def RegisterResource(self, request, context):
        request.object.update({"arn": f"arn:aws:s3:::{request.name}"})
        urn = f"urn:pulumi:dev::bench::{request.type}::{request.name}"
        return resource_pb2.RegisterResourceResponse(urn=urn, id=request.name, object=request.object)

    def RegisterResourceOutputs(self, request, context):
        return empty_pb2.Empty()

    def SetRootResource(self, request, context):
        return engine_pb2.SetRootResourceResponse()

    def SignalAndWaitForShutdown(self, request, context):
        return empty_pb2.Empty()

    def Log(self, request, context):
        return empty_pb2.Empty()


def own_time(folder: Path) -> None:
    server = grpc.server(ThreadPoolExecutor(16))
    sayer = YesSayer()
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(sayer, server)
    engine_pb2_grpc.add_EngineServicer_to_server(sayer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    command = [sys.executable, "-c", EXECUTOR, f"127.0.0.1:{port}", str(folder / "__main__.py")]
    try:
        subprocess.run(command, check=True, cwd=folder)
    finally:
        server.stop(None)
