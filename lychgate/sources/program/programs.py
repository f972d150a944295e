"""Many small programs, as a rule's examples are: one interpreter imports the SDKs, each program is a fork of it."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from lychgate.model.graph import Graph
from lychgate.sources.program.capture import ProgramFailed, Setting, capture
from lychgate.sources.program.process import HostProcess
from lychgate.sources.program.project import Configuration, Project
from lychgate.sources.sandbox import Limits

PRELOAD = (
    "pulumi_aws.ec2", "pulumi_aws.s3", "pulumi_aws.iam", "pulumi_aws.rds", "pulumi_aws.eks", "pulumi_aws.kms",
    "pulumi_aws.sqs", "pulumi_aws.sns", "pulumi_aws.dynamodb", "pulumi_kubernetes.core.v1", "pulumi_kubernetes.apps.v1",
)  # fmt: skip


def capture_texts(texts: Mapping[str, str], stack: str = "production") -> Iterator[tuple[str, Graph | ProgramFailed]]:
    """Capture programs that are given as text, one after the other; a program that fails yields its error."""
    with tempfile.TemporaryDirectory(prefix="lychgate-examples-") as root:
        top = Path(root)
        (top / "Pulumi.yaml").write_text("name: example\nruntime: python\n")
        with HostProcess(Path(sys.executable), top, [], "auto", Limits()) as host:
            host.ready()
            host.preload(PRELOAD)
            for name, text in texts.items():
                program = top / "__main__.py"
                program.write_text(text)
                project = Project("example", top, top / "Pulumi.yaml", program, Path(sys.executable), {}, {}, top)
                try:
                    yield name, capture(host, project, stack, Configuration({}, frozenset()), Setting(seconds=60))
                except ProgramFailed as failed:
                    yield name, failed
