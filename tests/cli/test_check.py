"""`lychgate check` from programs to reports: what decides the status, and that the same input gives the same bytes."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from junitparser import JUnitXml
from lychgate.reports import FORMATS, renderer
from sarif_pydantic import Sarif

from lychgate.model.verdict import Verdict
from lychgate.sources.sandbox import IsolationError
from tests.cli.conftest import COMMAND, Run, git, lay, snapshot, texts
from tests.sources.sandbox.conftest import alive, marker

__all__ = ["marker"]

SECRETS = {"password": "hunter2-planted", "number": 483_920_174, "dotted": 'pa$$w\\rd"é\n&<planted>', "tiny": "q7z"}
RULESET = {
    "mine.yaml": """
        name: mine
        description: One rule counts.
        strict: true
        default_level: disabled
        rules:
          sqs-queue-without-customer-key: mandatory
        """
}
QUEUE = {
    "Pulumi.yaml": "name: shop\nruntime: python\n",
    "__main__.py": 'import pulumi_aws as aws\naws.sqs.Queue("jobs")\n',
    **RULESET,
}
URN = "urn:pulumi:dev::shop::aws:sqs/queue:Queue::jobs"
WAIVER = f"""
    waivers:
      - rule: sqs-queue-without-customer-key
        stack: shop/dev
        urn: {URN}
        owner: ada
        reason: The key comes with the next release.
        ticket: SHOP-12
        approver: grace
        created: 2026-12-01
        expires: 2027-01-31
    """
OWN_RULE = """
    import sys
    from lychgate import PASS, Answer, Case, rule
    from lychgate.views.sqs import Queue

    @rule(id="queue-that-{name}", title="A queue", layer="cost", severity="low", judges=Queue, rationale="r",
          remediation="r", compliant=["x"], violating=["x"])
    def check(queue: Queue, case: Case) -> Answer:
        {body}
    """

Command = Callable[..., Run]


def reports(folder: Path) -> dict[str, Any]:
    """The verdict that was written, after each report was read by a library of its format."""
    verdict: dict[str, Any] = json.loads((folder / "verdict.json").read_bytes())
    Verdict.model_validate(verdict)
    Sarif.model_validate_json((folder / "verdict.sarif").read_bytes())
    JUnitXml.fromstring((folder / "junit.xml").read_bytes())
    return verdict


def test_findings_decide_the_status_and_every_report_is_written(tmp_path: Path, cheap: Command) -> None:
    top = lay(tmp_path / "shop", QUEUE)
    run = cheap("check", top, "--ruleset", top / "mine.yaml", "--output", tmp_path / "out")
    assert run.status == 1
    assert run.stdout.startswith("jobs  aws:sqs/queue:Queue  __main__.py:2\n  medium sqs-queue-without-customer-key")
    assert "\x1b" not in run.stdout + run.stderr
    assert run.stderr == f"reports in {tmp_path / 'out'}: {', '.join(FILES)}\n"
    (one,) = reports(tmp_path / "out")["judgements"]
    assert (one["outcome"], one["urn"], one["location"]) == ("fail", URN, {"file": "__main__.py", "line": 2})


FILES = [file for _, file in FORMATS.values()]


@pytest.mark.parametrize(
    ("as_of", "status", "said"),
    [
        ("2026-11-30", 1, "fail"),
        ("2027-01-31T23:59:59Z", 0, "waived: sqs-queue-without-customer-key on jobs (SHOP-12)"),
        ("2027-02-01", 1, "(its waiver SHOP-12 expired on 2027-01-31)"),
    ],
)
def test_a_waiver_holds_until_its_day(tmp_path: Path, cheap: Command, as_of: str, status: int, said: str) -> None:
    top = lay(tmp_path / "shop", QUEUE | {"waivers.yaml": WAIVER})
    run = cheap(
        "check", top, "--ruleset", top / "mine.yaml", "--waivers", top / "waivers.yaml", "--as-of", as_of
    )  # fmt: skip
    assert run.status == status
    assert said in run.stdout


def test_a_rule_that_raises_or_leaves_blocks_and_the_others_are_judged(tmp_path: Path, cheap: Command) -> None:
    top = lay(tmp_path / "shop", QUEUE)
    bodies = {"raises": "return PASS if queue.nothing else PASS", "leaves": "sys.exit(0)", "passes": "return PASS"}
    lay(tmp_path / "rules", {f"{name}.py": OWN_RULE.format(name=name, body=body) for name, body in bodies.items()})
    mine = "name: mine\ndescription: ours\ndefault_level: disabled\nrules:\n" + "".join(
        f"  queue-that-{name}: advisory\n" for name in bodies
    )
    lay(top, {"mine.yaml": mine})
    run = cheap("check", top, "--ruleset", top / "mine.yaml", "--rules", tmp_path / "rules", "--format", "json")
    assert run.status == 1
    verdict = json.loads(run.stdout)
    assert {one["rule"]: (one["outcome"], one["message"]) for one in verdict["judgements"]} == {
        "queue-that-passes": ("pass", ""),
        "queue-that-leaves": ("error", "the rule itself failed: SystemExit at leaves.py:8: 0"),
        "queue-that-raises": (
            "error",
            "the rule itself failed: AttributeError at raises.py:8: 'Queue' object has no attribute 'nothing'",
        ),
    }
    assert any(name.startswith("rules ") for name in verdict["run"]["inputs"])


def test_a_policy_document_that_is_no_json_is_undetermined(tmp_path: Path, cheap: Command) -> None:
    program = """
        import pulumi_aws as aws
        aws.sqs.Queue("jobs", policy="Allow everything")
        """
    ruleset = "name: mine\ndescription: ours\nstrict: true\ndefault_level: disabled\nlayers: {iam: mandatory}\n"
    top = lay(tmp_path / "shop", QUEUE | {"__main__.py": program, "mine.yaml": ruleset})
    run = cheap("check", top, "--ruleset", top / "mine.yaml")
    assert run.status == 3
    assert "which blocks under strict" in run.stdout
    assert "policy" in run.stdout
    assert cheap("check", top, "--ruleset", top / "mine.yaml", "--no-strict").status == 0


LEAKY = f"""
    import base64, json, pulumi, pulumi_aws as aws, pulumi_kubernetes as k8s
    password = pulumi.Output.secret({SECRETS["password"]!r})
    number = pulumi.Output.secret({SECRETS["number"]!r})
    dotted = pulumi.Output.secret({SECRETS["dotted"]!r})
    tiny = pulumi.Output.secret({SECRETS["tiny"]!r})
    aws.rds.Instance("db", engine="postgres", instance_class="db.t3.micro", allocated_storage=10, username="app",
                     password=password, port=5432, tags={{"tenant": tiny, "application": dotted}})
    aws.ssm.Parameter(f"named-{SECRETS["password"]}", type="String", value=password, description=dotted)
    aws.iam.Role("role", assume_role_policy=pulumi.Output.secret(json.dumps({{"Statement": [{{
        "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {{"AWS": "{SECRETS["password"]}"}}}}]}})))
    aws.s3.BucketPolicy("policy", bucket="logs", policy=pulumi.Output.json_dumps({{"Statement": [{{
        "Effect": "Allow", "Action": "s3:*", "Principal": "*", "Resource": "*", "Sid": password}}]}}))
    aws.lambda_.Function("f", role="arn:aws:iam::111122223333:role/f", runtime="python3.12", handler="main.handler",
        environment={{"variables": {{"URL": password.apply(lambda text: f"postgres://app:{{text}}@db")}}}},
        code=pulumi.AssetArchive({{"main.py": pulumi.StringAsset("def handler(e, c): pass")}}))
    k8s.core.v1.Secret("credentials", data={{
        "url": password.apply(lambda text: base64.b64encode(f"app:{{text}}".encode()).decode())}})
    aws.ssm.get_parameter_output(name=password)
    password.apply(lambda text: aws.ssm.get_parameter(name=f"/shop/{{text}}").arn)
    pulumi.export("password", password)
    pulumi.export("all", {{"number": number, "list": [dotted]}})
    print("printed:", {SECRETS["password"]!r})
    """
READER = """
    import json, pulumi, pulumi_aws as aws
    shop = pulumi.StackReference("organization/shop/dev")
    again = pulumi.StackReference("again", stack_name="organization/shop/dev")
    aws.ssm.Parameter("copy", type="String", value=shop.require_output("password"))
    aws.ssm.Parameter("other", type="String", value=again.require_output("all").apply(lambda all: json.dumps(all)))
    """


def test_no_output_holds_a_secret(tmp_path: Path, cheap: Command) -> None:
    shop = lay(tmp_path / "shop", QUEUE | {"__main__.py": LEAKY})
    reader = lay(tmp_path / "reader", {"Pulumi.yaml": "name: reader\nruntime: python\n", "__main__.py": READER})
    said = cheap("check", reader, shop, "--verbose", "--output", tmp_path / "out")
    assert said.status == 1
    verdict = reports(tmp_path / "out")
    assert len(verdict["stacks"]) == 2
    assert {one["answered"] for one in verdict["lookups"] if "StackReference" in one["token"]} == {
        "from the other stack's outputs"
    }
    written = said.stdout + said.stderr + texts(tmp_path / "out")
    for secret in map(str, SECRETS.values()):
        forms = {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
        assert [form for form in forms if form in written] == []
    assert "tenant" in next(one for one in verdict["resources"] if one["name"] == "db")["labels"]


def test_configuration_of_the_command_line_is_plain_or_secret(tmp_path: Path, cheap: Command) -> None:
    """The password of a database may come from the one, and not from the other."""
    program = """
        import pulumi, pulumi_aws as aws
        password = pulumi.Config().require("password")
        aws.rds.Cluster("cards", engine="aurora-postgresql", master_username="cards", master_password=password)
        """
    shop = lay(tmp_path / "shop", {"Pulumi.yaml": "name: shop\nruntime: python\n", "__main__.py": program})
    plain = cheap("check", shop, "--config", "password=hunter2-planted")
    assert "comes from plain configuration" in plain.stdout
    assert "`pulumi config set --secret shop:password`" in plain.stdout
    secret = cheap(
        "check", shop, "--secret-config", "password=hunter2-planted", "--verbose", "--output", tmp_path / "out"
    )
    assert "database-password-in-program" not in secret.stdout
    written = secret.stdout + secret.stderr + texts(tmp_path / "out")
    assert "hunter2" not in written


def test_a_program_that_shows_another_stacks_secret_as_it_fails(tmp_path: Path, cheap: Command) -> None:
    shop = f'import pulumi\npulumi.export("password", pulumi.Output.secret(val={SECRETS["password"]!r}))\n'
    reader = """
        import pulumi
        def fail(password):
            print(password)
            raise ValueError(password)
        pulumi.StackReference("organization/shop/dev").get_output("password").apply(fail)
        """
    lay(tmp_path / "shop", {"Pulumi.yaml": "name: shop\nruntime: python\n", "__main__.py": shop})
    lay(tmp_path / "reader", {"Pulumi.yaml": "name: reader\nruntime: python\n", "__main__.py": reader})
    run = cheap("check", tmp_path / "reader", tmp_path / "shop")
    assert run.status == 2
    assert run.stderr.startswith("lychgate: __main__.py:4: the program raised ValueError: [secret]\n")
    assert SECRETS["password"] not in run.stderr


def test_a_program_that_shows_a_secret_as_it_fails(tmp_path: Path, lychgate: Command) -> None:
    program = f"""
        import sys, pulumi
        password = pulumi.Output.secret({SECRETS["password"]!r})
        print("it is", {SECRETS["password"]!r})
        print("\\x1b[2J\\nlychgate: clean", file=sys.stderr)
        raise ValueError({SECRETS["password"]!r} + "\\nclean  shop/dev: all is well")
        """
    top = lay(tmp_path / "shop", QUEUE | {"__main__.py": program})
    run = lychgate("check", top, "--output", tmp_path / "out")
    assert run == Run(
        2,
        "",
        "lychgate: shop/__main__.py:5: the program raised ValueError: [secret] clean shop/dev: all is well\n"
        "--- what the program printed ---\n| it is [secret]\n| \\x1b[2J\n| lychgate: clean\n",
    )
    assert not (tmp_path / "out").exists()


def test_the_same_input_gives_the_same_bytes(tmp_path: Path, lychgate: Command) -> None:
    top = lay(
        tmp_path / "repository",
        {
            "shop/Pulumi.yaml": "name: shop\nruntime: python\n",
            "shop/__main__.py": LEAKY + 'aws.s3.Bucket("logs")\n    aws.sqs.Queue("jobs")\n',
            "reader/Pulumi.yaml": "name: reader\nruntime: python\n",
            "reader/__main__.py": READER,
            "lychgate.yaml": "labels: {tenant: [tenant]}\n",
        },
    )
    git(top, "init", "-q", "-b", "main")
    git(top, "add", ".")
    git(top, "commit", "-q", "-m", "one")
    runs = []
    for number, (cwd, seed) in enumerate([(top, "1"), (top / "reader", "2")]):
        output = tmp_path / f"out-{number}"
        projects = [os.path.relpath(top / name, cwd) for name in ("reader", "shop")]
        arguments = ["--as-of", "2027-01-01", "--output", output]
        run = lychgate("check", *projects, *arguments, cwd=cwd, env={"PYTHONHASHSEED": seed})
        assert run.status == 1
        verdict = reports(output)
        own = verdict["run"].pop("id").encode()
        # In the PDF the run's id is packed: it is made again without.
        shown = [(output / name).read_bytes().replace(own, b"") for name in FILES[1:] if name != "report.pdf"]
        shown.append(renderer("pdf")(verdict | {"run": verdict["run"] | {"id": ""}}))
        runs.append((json.dumps(verdict), shown, run.stdout))
    assert runs[0] == runs[1]
    assert len(json.loads(runs[0][0])["run"]["commit"]) == 40


def test_nothing_of_a_merge_request_decides_with_policy_ref(tmp_path: Path, cheap: Command) -> None:
    top = lay(tmp_path / "repository", {f"shop/{name}": text for name, text in QUEUE.items()})
    lay(
        top,
        {"lychgate.yaml": "ruleset: ./mine.yaml\nwaivers: waivers.yaml\n", "waivers.yaml": "waivers: []\n", **RULESET},
    )
    git(top, "init", "-q", "-b", "main")
    git(top, "add", ".")
    git(top, "commit", "-q", "-m", "one")
    lax = "name: lax\ndescription: nothing counts\ndefault_level: disabled\n"
    rule = OWN_RULE.format(name="marks", body="return PASS") + f'\n    open("{tmp_path}/mark", "w")\n'
    lay(
        top,
        {
            "mine.yaml": lax,
            "waivers.yaml": WAIVER,
            "rules/one.py": rule,
            "shop/lychgate.yaml": "ruleset: ../mine.yaml\n",
        },
    )
    arguments = ["check", top / "shop", "--as-of", "2027-01-01", "--format", "json"]
    assert cheap(*arguments).status == 0
    run = cheap(*arguments, "--policy-ref", "main")
    assert run.status == 1
    verdict = json.loads(run.stdout)
    assert verdict["run"]["policy_ref"] == verdict["run"]["commit"] == git(top, "rev-parse", "main")
    assert verdict["run"]["ruleset"] == "mine"
    assert sorted(verdict["run"]["inputs"]) == [
        "program shop in shop", "settings main:lychgate.yaml", "waivers main:waivers.yaml",
    ]  # fmt: skip
    run = cheap(*arguments, "--policy-ref", "main", "--rules", top / "rules")
    assert run == Run(
        2, "", "lychgate: main:rules: no such folder. expected a folder of Python modules with rules\n"
    )  # fmt: skip
    assert not (tmp_path / "mark").exists()


def test_modules_of_the_judged_tree_are_not_lychgates(tmp_path: Path, lychgate: Command) -> None:
    mark = tmp_path / "mark"
    names = ("json", "policies", "reports", "rulesets", "sitecustomize", "usercustomize", "conftest", "typing", "yaml")
    files = {f"{name}.py": f"open({str(mark)!r}, 'a').write('{name} ')\n" for name in names}
    files |= {f"lychgate/{name}": files["json.py"] for name in ("__init__.py", "cli/__init__.py", "model/__init__.py")}
    program = 'import pulumi_aws as aws\nimport policies\naws.sqs.Queue("jobs")\n'
    del files["json.py"], files["typing.py"]  # the program itself would import them
    top = lay(tmp_path / "shop", {**QUEUE, **files, "policies.py": "", "__main__.py": program})
    lay(top, {"sub/json.py": f"open({str(mark)!r}, 'a')\n", "sub/Pulumi.yaml": "name: sub\nruntime: python\n"})
    before = snapshot(top)
    run = lychgate("check", ".", "--ruleset", "mine.yaml", "--stack", "dev", cwd=top)
    assert run.status == 1, run
    assert not mark.exists()
    assert snapshot(top) == before


def test_stacks_refer_to_each_other_in_a_circle_and_to_one_that_fails(tmp_path: Path, cheap: Command) -> None:
    def project(name: str, *others: str, more: str = "") -> Path:
        references = "".join(
            f'pulumi.export("{other}", pulumi.StackReference("organization/{other}/dev").get_output("x"))\n'
            for other in others
        )
        program = f'import pulumi\n{references}pulumi.export("x", 1)\n{more}'
        return lay(
            tmp_path / name, {"Pulumi.yaml": f"name: {name}\nruntime: python\n", "__main__.py": program, **RULESET}
        )

    ruleset = ["--ruleset", project("a", "b", "c") / "mine.yaml"]
    run = cheap("check", tmp_path / "a", project("b", "c", "a"), project("c", "a"), *ruleset, "--format", "json")
    assert run.status == 0
    assert [
        (one["stack"], one["arguments"]["name"], one["answered"][:7]) for one in json.loads(run.stdout)["lookups"]
    ] == [
        ("a/dev", "organization/b/dev", "from th"),
        ("a/dev", "organization/c/dev", "from th"),
        ("b/dev", "organization/a/dev", "assumed"),
        ("b/dev", "organization/c/dev", "from th"),
        ("c/dev", "organization/a/dev", "assumed"),
    ]
    run = cheap("check", tmp_path / "a", tmp_path / "b", project("c", more="1 / 0\n"), *ruleset)
    assert run == Run(2, "", "lychgate: __main__.py:3: the program raised ZeroDivisionError: division by zero\n")


def test_reports_that_cannot_be_written(tmp_path: Path, cheap: Command) -> None:
    top = lay(tmp_path / "shop", {**QUEUE, "out": "a file"})
    arguments = ["check", top, "--ruleset", top / "mine.yaml", "--output"]
    run = cheap(*arguments, top / "out")
    assert run == Run(2, "", f"lychgate: {top}/out: cannot be written: File exists. expected a folder\n")
    run = cheap(*arguments, "/proc/nothing")
    assert run == Run(
        2, "", "lychgate: /proc/nothing: cannot be written: No such file or directory. expected a folder\n"
    )


def test_isolation_that_is_required_and_refused(
    tmp_path: Path, cheap: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise IsolationError("the program cannot be isolated: new namespaces: Operation not permitted.")

    monkeypatch.setattr("lychgate.sources.program.process.start", refuse)
    top = lay(tmp_path / "shop", QUEUE)
    run = cheap("check", top, "--isolate", "require")
    said = "the program cannot be isolated: new namespaces: Operation not permitted."
    assert run == Run(2, "", f"lychgate: --isolate: {said}\n")


def test_isolation_that_is_off_is_said(tmp_path: Path, cheap: Command) -> None:
    top = lay(tmp_path / "shop", QUEUE)
    run = cheap("check", top, "--ruleset", top / "mine.yaml", "--isolate", "off")
    assert "not isolated: the program can reach the network" in run.stdout


@pytest.mark.parametrize(
    ("virtualenv", "message"),
    [
        (
            "venv",
            "TOP/venv/bin/python: the interpreter does not start: TOP/venv/bin/python: Permission denied. "
            "expected a working Python",
        ),
        ("odd", "TOP/odd/bin/python: the interpreter does not start: no output. expected a working Python"),
    ],
)
def test_an_interpreter_that_is_none(tmp_path: Path, cheap: Command, virtualenv: str, message: str) -> None:
    options = f"name: shop\nruntime:\n  name: python\n  options: {{virtualenv: {virtualenv}}}\n"
    top = lay(
        tmp_path / "shop", {**QUEUE, "Pulumi.yaml": options, "venv/bin/python": "x", "odd/bin/python": "#!/bin/sh\n"}
    )
    (top / "odd/bin/python").chmod(0o755)
    run = cheap("check", top)
    assert run == Run(2, "", f"lychgate: {message}\n".replace("TOP", str(top)))


@pytest.mark.parametrize("virtualenv", ["~/other", "/", "../../elsewhere"])
def test_an_environment_that_is_not_there_is_said(tmp_path: Path, cheap: Command, virtualenv: str) -> None:
    options = f"name: shop\nruntime:\n  name: python\n  options: {{virtualenv: {virtualenv}}}\n"
    top = lay(tmp_path / "shop", {**QUEUE, "Pulumi.yaml": options})
    if (Path(virtualenv) / "bin/python").exists():
        pytest.skip("there is a Python of the system")
    run = cheap("check", top, "--ruleset", top / "mine.yaml")
    assert run.status == 1
    assert "does not exist: the program runs with Lychgate's own packages" in run.stderr


def test_a_run_that_is_cancelled_leaves_nothing(tmp_path: Path, marker: str) -> None:
    program = f'import time\nopen("/tmp/{marker}", "w")\ntime.sleep(100)\n'
    top = lay(tmp_path / "shop", {**QUEUE, "__main__.py": program})
    temporary = Path(tempfile.mkdtemp(prefix="t", dir="/tmp"))  # short enough for the path of a socket
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TMPDIR": str(temporary)}
    with subprocess.Popen([COMMAND, "check", top, "--output", tmp_path / marker], env=environment) as process:
        while not list(temporary.glob("lychgate-*/monitor-*")):
            assert process.poll() is None
            time.sleep(0.05)
        process.terminate()
        assert process.wait(30) == 143
    assert list(temporary.iterdir()) == []
    temporary.rmdir()
    assert not (tmp_path / marker).exists()
    assert not alive(marker)


@pytest.mark.slow
def test_two_thousand_resources_with_progress_on_a_terminal_and_none_in_a_pipe(tmp_path: Path) -> None:
    program = 'import pulumi_aws as aws\nfor number in range(2_000):\n    aws.sqs.Queue(f"queue-{number}")\n'
    top = lay(tmp_path / "shop", {**QUEUE, "__main__.py": program})
    command = [str(COMMAND), "check", str(top), "--ruleset", str(top / "mine.yaml")]
    here, there = pty.openpty()
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TERM": "xterm"}
    with (
        (tmp_path / "out").open("wb") as out,
        subprocess.Popen(command, stdout=out, stderr=there, env=environment) as process,
    ):
        os.close(there)
        seen = b""
        try:
            while piece := os.read(here, 65_536):
                seen += piece
        except OSError:  # how Linux says that nobody holds the other side any more
            pass
    os.close(here)
    printed = (tmp_path / "out").read_bytes()
    assert process.returncode == 1
    assert b"\rcapturing: 1 resources" in seen
    assert b"\rcapturing: 2000 resources" in seen
    assert seen.endswith(b"\r\x1b[K")
    assert b"\x1b" not in printed
    assert b"2001 resources" in printed or b"2002 resources" in printed
