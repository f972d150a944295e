"""Programs of the platform's components: captured all in one interpreter, judged under a baseline."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import orjson

from lychgate.judging.discovery import built_in_rules
from lychgate.judging.evaluation import Judgement, evaluate
from lychgate.judging.ruleset import load_ruleset
from lychgate.model.graph import Graph
from lychgate.reasoning.iam import Policy, parse
from lychgate.sources.program.capture import ProgramFailed, Setting, capture
from lychgate.sources.program.process import HostProcess
from lychgate.sources.program.project import Configuration, Project
from lychgate.sources.sandbox import Limits

ROOT = Path(__file__).parents[3]
MODULES = ("base", "bucket", "database", "key", "log_group", "queue", "repository", "role", "secret", "topic", "table")

# The context, the key and the network that the programs stand on.
HEAD = """
import pulumi
import pulumi_aws as aws
from lychgate.provisioner.components.context import Context
from lychgate.provisioner.components.bucket import Bucket
from lychgate.provisioner.components.database import Database
from lychgate.provisioner.components.key import Key
from lychgate.provisioner.components.log_group import LogGroup
from lychgate.provisioner.components.queue import Queue
from lychgate.provisioner.components.repository import Repository
from lychgate.provisioner.components.role import Irsa, PodIdentity, WorkloadRole
from lychgate.provisioner.components.secret import Secret
from lychgate.provisioner.components.security_group import SecurityGroup
from lychgate.provisioner.components.table import Index, Table
from lychgate.provisioner.components.topic import Topic

ACCOUNT, REGION = "111122223333", "us-east-1"

def context_of(production, classification, tenant="acme"):
    return Context(
        application="payments",
        environment="production" if production else "test",
        tenant=tenant,
        classification=classification,
        owner="payments-team",
        account=ACCOUNT,
        region=REGION,
        production=production,
        boundary=f"arn:aws:iam::{ACCOUNT}:policy/boundary",
        deployers=(f"arn:aws:iam::{ACCOUNT}:role/deployer",),
    )
"""
CONTEXTS = {
    "production": 'context = context_of(True, "cardholder")\n',
    "test": 'context = context_of(False, "internal")\n',
}


def captured(programs: Mapping[str, str]) -> dict[str, Graph]:
    """The graph of each program, HEAD before it. Raises ProgramFailed, with what it printed, where one fails."""
    found = {}
    with tempfile.TemporaryDirectory(prefix="lychgate-components-") as root:
        top, interpreter = Path(root), Path(sys.executable)
        (top / "Pulumi.yaml").write_text("name: payments\nruntime: python\n")
        readable = [ROOT / "lychgate", ROOT / "provisioner"]
        with HostProcess(interpreter, top, readable, "auto", Limits()) as host:
            host.ready()
            host.preload([f"lychgate.provisioner.components.{module}" for module in MODULES])
            for name, text in programs.items():
                program = top / "__main__.py"
                program.write_text(HEAD + dedent(text))
                project = Project("payments", top, top / "Pulumi.yaml", program, interpreter, {}, {}, top)
                try:
                    found[name] = capture(host, project, "production", Configuration({}, frozenset()), Setting())
                except ProgramFailed as failed:
                    raise AssertionError(f"{name}: {failed}\n{failed.output}") from failed
    return found


def judged(graph: Graph, baseline: str) -> list[Judgement]:
    """What every rule of a baseline says."""
    rules = built_in_rules()
    return evaluate(graph, rules.values(), load_ruleset(baseline, rules))


def wrong(judgements: list[Judgement]) -> list[str]:
    """What is no pass, for people."""
    return [
        f"{one.level} {one.outcome} {one.rule.id} {one.resource.name}: {one.answer.message}"
        for one in judgements
        if one.outcome not in ("pass", "not applicable")
    ]


def properties(graph: Graph, type_: str, name: str) -> dict[str, Any]:
    """The properties of a resource."""
    (found,) = [one.properties for one in graph.of_type(type_) if one.name == name]
    return dict(found)


def policy_of(graph: Graph, role: str) -> Policy:
    """What a workload's role may do."""
    return parse(orjson.loads(properties(graph, "aws:iam/rolePolicy:RolePolicy", role)["policy"]), role)
