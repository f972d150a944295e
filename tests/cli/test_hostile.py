"""A merge request that wants to pass, or to take something: nothing leaks, nothing changes, the verdict stands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from junitparser import JUnitXml
from rich.console import Console
from sarif_pydantic import Sarif

import lychgate as package
from lychgate.cli.terminal import show
from lychgate.judging.waivers import Waiver, Waivers
from lychgate.model.escaping import escape, flat
from lychgate.model.verdict import Verdict
from tests.cli.conftest import Run, git, lay, snapshot, texts
from tests.sources.sandbox.conftest import alive, marker, needs_isolation

__all__ = ["marker"]

SECRET = "AKIAPLANTEDSECRET"
RULESET = """
    name: mine
    description: One rule counts.
    strict: true
    default_level: disabled
    rules:
      sqs-queue-without-customer-key: mandatory
    """
PULUMI = "name: shop\nruntime: python\n"
THIEF = """
    import glob, json, os, signal, socket, subprocess, sys
    import pulumi_aws as aws

    got = []

    def attempt(name, action):
        try:
            value = action()
        except BaseException as error:
            return
        got.append(name if value in (None, "") else f"{name}: {value}")

    def read(path):
        with open(path) as file:
            text = file.read()
        return text[:100] if SECRET in text else 1 / 0

    def write(path):
        with open(path, "a") as file:
            file.write("# changed")

    def talk(family, address):
        with socket.socket(family) as talker:
            talker.settimeout(2)
            talker.connect(address)

    for path in READ:
        attempt(f"read {path}", lambda: read(path))
    for path in WRITE:
        attempt(f"write {path}", lambda: write(path))
        attempt(f"remove {path}", lambda: os.remove(path))
        attempt(f"chmod {path}", lambda: os.chmod(path, 0o777))
        attempt(f"rename {path}", lambda: os.rename(path, path + ".old"))
    for name, value in os.environ.items():
        if SECRET in value:
            got.append(f"variable {name}")
    for path in glob.glob("/proc/[0-9]*/environ"):
        attempt(f"environment {path}", lambda: read(path))
    attempt("other processes", lambda: os.kill(OTHER, 0))
    attempt("metadata", lambda: talk(socket.AF_INET, ("169.254.169.254", 80)))
    attempt("metadata over IPv6", lambda: talk(socket.AF_INET6, ("fd00:ec2::254", 80)))
    attempt("a server of this machine", lambda: talk(socket.AF_INET, ("127.0.0.1", PORT)))
    attempt("a name", lambda: socket.getaddrinfo("example.com", 80))
    attempt("docker", lambda: talk(socket.AF_UNIX, "/var/run/docker.sock"))
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)", MARKER], start_new_session=True)
    aws.sqs.Queue("jobs", tags={"application": json.dumps(got)})
    """


@pytest.fixture
def other() -> Iterator[subprocess.Popen[bytes]]:
    """Another process of the same user, with a secret in its environment."""
    with subprocess.Popen(["sleep", "600"], env=os.environ | {"TOKEN": SECRET}) as process:
        yield process
        process.kill()


@needs_isolation
def test_nothing_is_read_changed_reached_or_left(
    tmp_path: Path, lychgate: Callable[..., Run], marker: str, other: subprocess.Popen[bytes]
) -> None:
    import socket

    home = lay(
        tmp_path / "home",
        dict.fromkeys((".aws/credentials", ".ssh/id_rsa", ".netrc", ".pulumi/credentials.json", "notes.txt"), SECRET),
    )
    top = lay(tmp_path / "shop", {"Pulumi.yaml": PULUMI, "mine.yaml": RULESET, "notes.txt": "mine"})
    git(top, "init", "-q")
    git(top, "remote", "add", "origin", f"https://token:{SECRET}@example.com/shop.git")
    lay(tmp_path / "neighbour", {"notes.txt": SECRET})
    sources, packages = Path(package.__file__).parent, Path(pytest.__file__).parent
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        facts = {
            "READ": [
                *map(str, home.rglob("*")), str(tmp_path / "neighbour/notes.txt"), str(top / ".git/config"),
                f"/proc/{other.pid}/environ", str(tmp_path / "home/notes.txt"),
            ],
            "WRITE": [
                str(top / "notes.txt"), str(top / "new.txt"), str(top / "__main__.py"), str(sources / "new.py"),
                str(sources / "sources/program/host.py"), str(sources / "cli/__init__.py"), str(packages / "new.py"),
                sys.executable, str(home / ".bashrc"), "/etc/new.txt", "/usr/new.txt",
            ],
            "SECRET": SECRET, "OTHER": other.pid, "PORT": server.getsockname()[1], "MARKER": marker,
        }  # fmt: skip
        # Its own /tmp, where the test stands, it may fill.
        lines = "".join(f"    {name} = {value!r}\n" for name, value in facts.items())
        lay(top, {"__main__.py": lines + THIEF})
        before = snapshot(top, home, sources)
        run = lychgate(
            "check", top, "--ruleset", top / "mine.yaml", "--output", tmp_path / "out", "--isolate", "require",
            env=dict.fromkeys(
                (
                    "CI_JOB_TOKEN", "AWS_SECRET_ACCESS_KEY", "PULUMI_CONFIG_PASSPHRASE", "LYCHGATE_SIGNING_PASSPHRASE",
                    "SIGSTORE_ID_TOKEN", "LYCHGATE_EVIDENCE", "LYCHGATE_GITLAB_TOKEN",
                ), SECRET,
            ),
        )  # fmt: skip
    assert run.status == 1, run.stderr
    verdict = json.loads((tmp_path / "out/verdict.json").read_bytes())
    (jobs,) = (one for one in verdict["resources"] if one["name"] == "jobs")
    assert json.loads(jobs["labels"]["application"]) == []
    assert verdict["run"]["isolation"] == []
    assert SECRET not in run.stdout + run.stderr + texts(tmp_path / "out")
    assert snapshot(top, home, sources) == before
    assert not alive(marker)


LIES = [
    "\x1b[2J\x1b[H\x1b]0;title\x07green", "a\nclean  shop/dev (mine baseline): 2 resources, 0 failed", "a\r\x9b31mb",
    "</testcase></testsuite>]]><script>alert(1)</script>", "[click](https://example.com/) **bold** | a | b |",
    "urn:pulumi:dev::shop::aws:sqs/queue:Queue::jobs", "\u202egnp.\u2066exe", "a\u200bb\ufeff\u00ad", "../../etc/x",
    "${CI_JOB_TOKEN} $(id) `id`", "'; DROP TABLE verdicts; --", "%s %n {0} {{7*7}}", "ünïcödé 名前 🔥", "a\x00b",
]  # fmt: skip
LIAR = """
    import sys
    import pulumi, pulumi_aws as aws, pulumi_kubernetes as k8s
    for name in LIES:
        aws.sqs.Queue(name, tags={"application": name, name: name})
    pulumi.ComponentResource("lie:\\x1b[31m:" + "x", "component", {"tenant": LIES[1]})
    k8s.helm.v4.Chart("redis", chart=LIES[0] + LIES[1])
    aws.ssm.get_parameter(name=LIES[1])
    pulumi.log.warn(LIES[0])
    print("\\x1b[2Jlychgate: clean", LIES, file=sys.stderr)
    """


def test_lies_in_names_and_output_reach_no_reader(tmp_path: Path, cheap: Callable[..., Run]) -> None:
    program = f"    LIES = {LIES!r}\n{LIAR}"
    top = lay(tmp_path / "shop", {"Pulumi.yaml": PULUMI, "mine.yaml": RULESET, "__main__.py": program})
    run = cheap("check", top, "--ruleset", top / "mine.yaml", "--verbose", "--output", tmp_path / "out")
    assert run.status == 1, run.stderr
    verdict: dict[str, Any] = json.loads((tmp_path / "out/verdict.json").read_bytes())
    Verdict.model_validate(verdict)
    failed = [one for one in verdict["judgements"] if one["outcome"] == "fail"]
    assert sorted(one["name"] for one in failed) == sorted(LIES)
    log = Sarif.model_validate_json((tmp_path / "out/verdict.sarif").read_bytes())
    told = [one for one in log.runs[0].results or [] if (one.properties or {})["outcome"] == "fail"]
    assert len(told) == len(LIES)
    assert not any("](" in str(one.message.text) for one in told)
    suites = JUnitXml.fromstring((tmp_path / "out/junit.xml").read_bytes())
    assert suites.failures == len(LIES) + sum(one["outcome"] == "unknown" for one in verdict["judgements"])
    lines = run.stdout.split("\n")
    assert not [char for char in run.stdout if char != "\n" and not char.isprintable()]
    assert [line for line in lines if line.startswith(("clean", "lychgate:"))] == []
    (summary,) = (
        line for line in lines if "baseline)" in line and not line.startswith((" ", "a\\n", "looked", "not "))
    )
    assert summary.startswith("findings  shop/dev (mine baseline)")
    assert sum(line.startswith("  medium sqs-queue-without-customer-key") for line in lines) == len(LIES)


def test_every_character_that_a_terminal_obeys_is_written_out() -> None:
    obeyed = [*range(0x20), 0x7F, *range(0x80, 0xA0), 0x061C, 0x200E, 0x202E, 0x2066, 0x2028, 0xFEFF, 0xE0041, 0xD800]
    for code in obeyed:
        assert flat(chr(code)).isprintable(), hex(code)
        assert flat(chr(code)).isascii()
    assert escape("a\n\tb\x1b[2J\u202e\ud800") == "a\n\tb\\x1b[2J\\u202e\\ud800"
    assert flat("a\n\tb") == "a\\n\\tb"
    assert flat("ünïcödé 名前 🔥 é") == "ünïcödé 名前 🔥 é"


def test_a_terminal_shows_what_is_hidden_as_text() -> None:
    part = {"stack": "s", "urn": "urn\x1b[2J", "type": "t\x1b", "why": "w\nclean"}
    lookup = {"stack": "s", "token": "t\x1b[2J", "arguments": {"a": "\x1b\n"}, "answered": "assumed"}
    run = {"ruleset": "mine", "strict": True, "isolation": []}
    facts: dict[str, Any] = {"rules": [], "judgements": [], "summary": {}, "resources": [], "run": run}
    facts |= {"decision": "clean", "stacks": [{"name": "s\x1b"}], "not_inspected": [part], "lookups": [lookup]}
    facts["mended"] = [{"rule": "r-1", "name": "n\x1b\nclean", "how": "passes"}]
    console = Console(highlight=False, soft_wrap=True, record=True, width=200, file=open(os.devnull, "w"))  # noqa: SIM115
    show(facts, verbose=True, console=console)
    shown = console.export_text()
    assert [char for char in shown if char != "\n" and not char.isprintable()] == []
    assert len([line for line in shown.split("\n") if line.startswith("clean")]) == 1


def test_a_waiver_of_one_type_covers_no_resource_whose_name_says_that_type() -> None:
    facts = dict.fromkeys(("owner", "reason", "ticket", "approver", "compensating_control", "created"))
    pattern = "urn:pulumi:*::shop::*aws:s3/bucket:Bucket::legacy-*"
    waivers = Waivers([Waiver("rule", "shop/dev", pattern, expires=None, state="active", line=1, **facts)])  # type: ignore[arg-type]
    prefix = "urn:pulumi:dev::shop::"
    covered = ("aws:s3/bucket:Bucket::legacy-a", "platform:store:Store$aws:s3/bucket:Bucket::legacy-b")
    assert all(waivers.match("rule", "shop/dev", prefix + one) for one in covered)
    others = (
        "aws:iam/role:Role::aws:s3/bucket:Bucket::legacy-a",
        "aws:s3/bucket:Bucket::other::aws:s3/bucket:Bucket::legacy-a",
        "aws:s3/bucket:Bucket::legacy-a::b",
    )
    assert [one for one in others if waivers.match("rule", "shop/dev", prefix + one)] == []
