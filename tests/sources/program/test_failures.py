"""Programs that do not run to their end: one message, which names the program's own file and line."""

from __future__ import annotations

import re
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lychgate.model.graph import Graph
from lychgate.sources.program.capture import ProgramFailed, Setting, capture
from lychgate.sources.program.process import HostProcess
from lychgate.sources.program.project import Configuration, Project
from lychgate.sources.sandbox import Limits

SECRET = "hunter2-planted"
CONFIG = Configuration({"shop:port": "[secret shop:port]", "shop:size": "many"}, frozenset({"shop:port"}))
COMPONENT = """
    import pulumi
    import pulumi_aws as aws

    class Service(pulumi.ComponentResource):
        def __init__(self, name):
            super().__init__("shop:index:Service", name)
            aws.sqs.Queue(name, opts=pulumi.ResourceOptions(parent=self))
            self.register_outputs({"url": 1 / 0})
    """

# What a program does -> what its author is told. Programs begin with a blank line, so their first line is 2.
CASES = {
    "raises": (
        """
        import pulumi_aws as aws
        aws.sqs.Queue("jobs")
        raise ValueError("no such\\n  tenant")
        """,
        "__main__.py:4: the program raised ValueError: no such tenant",
    ),
    "raises in apply": (
        """
        import pulumi_aws as aws
        def explode(arn):
            raise KeyError(arn[:3])
        aws.sqs.Queue("jobs").arn.apply(explode)
        """,
        "__main__.py:4: the program raised KeyError: 'arn'",
    ),
    "raises in another package": (
        """
        import json, pulumi
        pulumi.Output.from_input("late").apply(json.loads)
        """,
        "__main__.py: the program raised JSONDecodeError in json/decoder.py:*: "
        "Expecting value: line 1 column 1 (char 0)",
    ),
    "raises while another output never comes": (
        """
        import asyncio, pulumi
        pulumi.Output.from_input(asyncio.get_event_loop().create_future())
        def explode(word):
            raise KeyError(word)
        pulumi.Output.from_input("late").apply(explode)
        """,
        "__main__.py:5: the program raised KeyError: 'late'",
    ),
    "raises in a component": (
        """
        from service import Service
        Service("jobs")
        """,
        "service.py:9: the program raised ZeroDivisionError: division by zero",
    ),
    "raises in a transform": (
        """
        import pulumi, pulumi_aws as aws
        def explode(args):
            raise LookupError("no owner")
        pulumi.runtime.register_resource_transform(explode)
        aws.sqs.Queue("jobs")
        """,
        "__main__.py:4: a transform failed: no owner",
    ),
    "raises in an old transformation": (
        """
        import pulumi, pulumi_aws as aws
        def explode(args):
            raise LookupError("no owner")
        pulumi.runtime.register_stack_transformation(explode)
        aws.sqs.Queue("jobs")
        """,
        "__main__.py:4: the program raised LookupError: no owner",
    ),
    "exits": (
        "\nimport sys\nsys.exit(0)",
        "__main__.py:3: the program called sys.exit(0). "
        "expected a program that ends by itself: what comes after the exit was never seen",
    ),
    "exits with a status": (
        "\nimport sys\nsys.exit(1)",
        "__main__.py:3: the program called sys.exit(1). "
        "expected a program that ends by itself: what comes after the exit was never seen",
    ),
    "leaves": ("import os\nos._exit(0)", "__main__.py: the program left without finishing (exit status 0)"),
    "crashes": (
        "import os\nos.abort()",
        "__main__.py: the program was ended by signal 6 (out of memory, a limit of the sandbox, or a crash)",
    ),
    "says that it has ended": (
        """
        import os
        for descriptor in range(3, 50):
            try:
                os.write(descriptor, b'{"done": true}')
            except OSError:
                pass
        os._exit(0)
        """,
        "__main__.py: the program left without finishing (exit status 0)",
    ),
    "registers twice": (
        """
        import pulumi_aws as aws
        aws.sqs.Queue("jobs")

        aws.sqs.Queue("jobs")
        """,
        "__main__.py:5: two resources have the URN urn:pulumi:dev::shop::aws:sqs/queue:Queue::jobs: "
        "__main__.py:3 and __main__.py:5; give each its own name",
    ),
    "registers twice and does not care": (
        """
        import asyncio, pulumi, pulumi_aws as aws
        from pulumi.runtime import settings
        aws.sqs.Queue("jobs")
        class Careless(aws.sqs.Queue):
            pass
        Careless("jobs")
        asyncio.get_event_loop().set_exception_handler(lambda loop, context: None)
        """,
        "__main__.py:7: two resources have the URN urn:pulumi:dev::shop::aws:sqs/queue:Queue::jobs: "
        "__main__.py:4 and __main__.py:7; give each its own name",
    ),
    "needs configuration": (
        "\nimport pulumi\npulumi.Config().require('vpc')",
        "__main__.py:3: the program raised ConfigMissingError: Missing required configuration variable 'shop:vpc' "
        "please set a value using the command `pulumi config set shop:vpc <value>`. "
        "expected the value with --config or --secret-config KEY=VALUE, or in the stack's Pulumi.STACK.yaml",
    ),
    "needs a secret number": (
        "\nimport pulumi\npulumi.Config().require_secret_int('port')",
        "__main__.py:3: the program raised ConfigTypeError: Configuration 'shop:port' value '[secret]' is not a valid "
        "'int'. expected a value of that type; for a `secure:` one, a typed stand-in under `secrets:` in lychgate.yaml",
    ),
    "imports what is not there": (
        "\nimport pulumi_vault as vault",
        "__main__.py:2: the program raised ModuleNotFoundError: No module named 'pulumi_vault'. expected the package "
        "in the project's virtual environment (see `runtime.options` in Pulumi.yaml)",
    ),
    "is no Python": (
        "\nimport pulumi\ndef f(:\n",
        "__main__.py:3: the program raised SyntaxError: invalid syntax (__main__.py, line 3). "
        "expected Python that can be read",
    ),
    "has no stack of its own": (
        """
        import pulumi
        from pulumi.runtime import stack
        pulumi.ComponentResource("pulumi:pulumi:Stack", "another")
        """,
        "__main__.py: the program registers a second stack",
    ),
    "hangs": (
        """
        import time
        def wait():
            time.sleep(60)
        wait()
        """,
        "__main__.py:4: the program did not end within 2 s. "
        "expected a program that ends by itself, or a longer --timeout",
    ),
    "hangs in apply": (
        """
        import pulumi_aws as aws, threading
        def wait(arn):
            threading.Event().wait()
        aws.sqs.Queue("jobs").arn.apply(wait)
        """,
        "__main__.py:4: the program did not end within 2 s. "
        "expected a program that ends by itself, or a longer --timeout",
    ),
    "registers far too much": (
        """
        import pulumi_aws as aws
        for number in range(1_000_000):
            aws.sqs.Queue(f"queue-{number}")
        """,
        "__main__.py:4: the program registers more than 200 resources; raise --max-resources if it should",
    ),
    "has a huge property": (
        """
        import pulumi_aws as aws
        aws.ssm.Parameter("big", type="String", value="x" * 400_000_000)
        """,
        "__main__.py:3: a resource is larger than 64 MiB, more than any provider takes. "
        "expected smaller properties (an asset or archive for files)",
    ),
    "has no number": (
        """
        import pulumi_aws as aws
        aws.sqs.Queue("jobs", delay_seconds=float("nan"))
        """,
        "__main__.py:3: a property holds the number nan",
    ),
    "has a name without end": (
        """
        import pulumi_aws as aws
        aws.sqs.Queue("j" * 1001)
        """,
        "__main__.py:3: the name or type of a resource is longer than 1000 characters",
    ),
    "prints a secret": (
        f"""
        import sys, pulumi
        password = pulumi.Output.secret({{"keys": ["{SECRET}"]}})
        print("on stdout: {SECRET}")
        print("on stderr: {SECRET}", file=sys.stderr)
        raise ValueError("{SECRET} is wrong")
        """,
        "__main__.py:6: the program raised ValueError: [secret] is wrong",
    ),
    "prints a secret and hangs": (
        f"""
        import time, pulumi
        password = pulumi.Output.secret("{SECRET}")
        print("{SECRET}", flush=True)
        time.sleep(60)
        """,
        "__main__.py:5: the program did not end within 2 s. "
        "expected a program that ends by itself, or a longer --timeout",
    ),
}

Run = Callable[[str], "Graph | ProgramFailed"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    top = tmp_path_factory.mktemp("programs")
    python = Path(sys.executable)
    with HostProcess(python, top, [], "auto", Limits()) as host:
        host.ready()
        host.preload(["pulumi_aws.sqs", "pulumi_aws.ssm"])

        def run(text: str) -> Graph | ProgramFailed:
            folder = top / str(time.monotonic_ns())
            folder.mkdir()
            (folder / "service.py").write_text(textwrap.dedent(COMPONENT))
            (folder / "__main__.py").write_text(textwrap.dedent(text))
            file = folder / "Pulumi.yaml"
            project = Project("shop", folder, file, folder / "__main__.py", python, {}, {}, folder)
            try:
                return capture(host, project, "dev", CONFIG, Setting(seconds=seconds(text), max_resources=200))
            except ProgramFailed as failed:
                return failed

        yield run


def seconds(text: str) -> float:
    """The time limit: short where it is what is tested."""
    return 2 if "time.sleep(60)\n" in text or "wait" in text else 60


@pytest.mark.parametrize("case", CASES)
def test_a_program_that_fails_is_told_in_one_line(run: Run, case: str) -> None:
    text, message = CASES[case]
    failed = run(text)
    assert isinstance(failed, ProgramFailed)
    assert re.sub(r"(decoder\.py):\d+", r"\1:*", str(failed)) == message
    assert SECRET not in failed.output
    if case == "prints a secret":
        assert failed.output == "on stdout: [secret]\non stderr: [secret]"


def test_a_program_that_exceeds_a_limit_is_ended(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lychgate.sources.program.bounds.MOST_BYTES", 1 << 20)
    failed = run("""
        import time, pulumi_aws as aws
        for number in range(3):
            aws.ssm.Parameter(f"big-{number}", type="String", value="x" * 1_000_000)
        aws.sqs.Queue("jobs").arn.apply(lambda arn: time.sleep(60))
    """)
    assert str(failed) == "__main__.py:4: the program's properties are larger than 1 MiB in all"
