"""What is wrong with what a user gives: one message with its place, exit status 2, and nothing half-written."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lychgate.reports import FORMATS

from lychgate.model.errors import either
from tests.cli.conftest import Files, Run, git, lay, snapshot

PULUMI = "name: shop\nruntime: python\n"
QUEUE = 'import pulumi_aws as aws\naws.sqs.Queue("jobs")\n'
PROJECT = {"Pulumi.yaml": PULUMI, "__main__.py": QUEUE}
BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{here}: &{here} [{', '.join([f'*{before}'] * 10)}]\n" for before, here in zip("abcdefg", "bcdefgh", strict=True)
)
RULE = """
    from lychgate import PASS, Answer, Case, rule
    from lychgate.views.sqs import Queue

    @rule(id="{id}", title="t", layer="cost", severity="low", judges=Queue, rationale="r", remediation="r",
          compliant=["x"], violating=["x"])
    def check(queue: Queue, case: Case) -> Answer:
        return PASS
    """
RULESET = "name: mine\ndescription: ours\nextends: production\n"
WAIVER = """
    waivers:
      - rule: sqs-queue-without-customer-key
        stack: shop/dev
        urn: urn:pulumi:dev::shop::aws:sqs/queue:Queue::jobs
        owner: ada
        reason: "The key comes with the next release."
        ticket: SHOP-12
        approver: grace
        expires: {expires}
    """

# name -> files of the project beside those above (None: without), arguments, message; `TOP` is the project's folder.
CASES: dict[str, tuple[dict[str, str | None], list[str], str]] = {
    "no project": (
        {"Pulumi.yaml": None},
        [],
        "TOP: there is no Pulumi.yaml here. expected the folder of a Pulumi project",
    ),
    "no folder": ({}, ["TOP/nothing"], "TOP/nothing: no such folder. expected a folder with a Pulumi.yaml"),
    "broken Pulumi.yaml": (
        {"Pulumi.yaml": "name: shop\nruntime: [python\n"},
        [],
        "TOP/Pulumi.yaml:3:1: not YAML: did not find expected ',' or ']'",
    ),
    "tabs": (
        {"Pulumi.yaml": "name: shop\nruntime:\n\tname: python\n"},
        [],
        "TOP/Pulumi.yaml:3:1: a tab. expected spaces: YAML takes no tabs for indentation",
    ),
    "a name with separators": (
        {"Pulumi.yaml": "name: ../../shop\nruntime: python\n"},
        [],
        "TOP/Pulumi.yaml:1:7: name is '../../shop'. expected text that matches ^[A-Za-z0-9_.-]+$",
    ),
    "another runtime": (
        {"Pulumi.yaml": "name: shop\nruntime: nodejs\n"},
        [],
        "TOP/Pulumi.yaml:2:10: the runtime is 'nodejs'. expected python (the language that is judged so far)",
    ),
    "no program": (
        {"__main__.py": None},
        [],
        "TOP/Pulumi.yaml:1:1: there is no program at TOP. expected a __main__.py or a Python file",
    ),
    "a program outside": (
        {"Pulumi.yaml": PULUMI + "main: ../../../../etc\n"},
        [],
        "TOP/Pulumi.yaml:3:7: main is '../../../../etc', which leads out of the project. expected a path below it",
    ),
    "an absolute program": (
        {"Pulumi.yaml": PULUMI + "main: /etc/passwd\n"},
        [],
        "TOP/Pulumi.yaml:3:7: main is '/etc/passwd', which leads out of the project. expected a path below it",
    ),
    "configuration outside": (
        {"Pulumi.yaml": PULUMI + "stackConfigDir: /proc/self/fd\n"},
        [],
        "TOP/Pulumi.yaml:3:17: stackConfigDir is '/proc/self/fd', which leads out of the project. "
        "expected a path below it",
    ),
    "broken stack file": (
        {"Pulumi.dev.yaml": "config:\n  shop:a: b: c\n"},
        [],
        "TOP/Pulumi.dev.yaml:2:12: not YAML: mapping values are not allowed in this context",
    ),
    "a stack file that explodes": (
        {"Pulumi.dev.yaml": BOMB},
        [],
        "TOP/Pulumi.dev.yaml:1:35: too many values, counting what aliases repeat. expected at most 100,000",
    ),
    "several stacks": (
        {"Pulumi.dev.yaml": "", "Pulumi.production.yaml": ""},
        [],
        "TOP: there are several stacks (dev, production). expected --stack to name one",
    ),
    "a stack that is misspelt": (
        {"Pulumi.production.yaml": ""},
        ["--stack", "prodution"],
        "--stack: there is no Pulumi.prodution.yaml in TOP. expected production; did you mean 'production'?",
    ),
    "a stack that is no name": (
        {},
        ["--stack", "a::b"],
        "--stack: 'a::b' is no name of a stack. expected STACK or ORG/STACK",
    ),
    "broken lychgate.yaml": (
        {"lychgate.yaml": "waivers: [\n"},
        [],
        "TOP/lychgate.yaml:2:1: not YAML: did not find expected node content",
    ),
    "a wrong key in lychgate.yaml": (
        {"lychgate.yaml": "enviroments: {}\n"},
        [],
        "TOP/lychgate.yaml:1:1: unknown key 'enviroments'. expected environments, gitlab, invokes, labels, platform, "
        "ruleset, secrets, selectors, stack_references or waivers; did you mean 'environments'?",
    ),
    "outputs that are missing": (
        {"lychgate.yaml": "stack_references:\n  acme/network/production: network.json\n"},
        [],
        "TOP/lychgate.yaml:2:28: TOP/network.json: cannot be read: No such file or directory. "
        "expected a JSON file of the stack's outputs",
    ),
    "settings that are missing": (
        {},
        ["--settings", "TOP/mine.yaml"],
        "TOP/mine.yaml: cannot be read: No such file or directory. expected a file",
    ),
    "broken ruleset": (
        {"mine.yaml": "name: mine\n- a\n"},
        ["--ruleset", "TOP/mine.yaml"],
        "TOP/mine.yaml:2:1: not YAML: did not find expected key",
    ),
    "no such ruleset": (
        {},
        ["--ruleset", "prodution"],
        "--ruleset: unknown ruleset 'prodution'. expected production or test, or the path of a .yaml file; "
        "did you mean 'production'?",
    ),
    "unknown rule": (
        {"mine.yaml": RULESET + "rules:\n  sqs-queue-without-custom-key: advisory\n"},
        ["--ruleset", "TOP/mine.yaml"],
        "TOP/mine.yaml:5:3: unknown rule 'sqs-queue-without-custom-key'. expected the id of a rule (`lychgate rules` "
        "lists them); did you mean 'sqs-queue-without-customer-key'?",
    ),
    "wrong parameter": (
        {"mine.yaml": RULESET + "rules:\n  sqs-queue-without-customer-key:\n    parameters: {key: x}\n"},
        ["--ruleset", "TOP/mine.yaml"],
        "TOP/mine.yaml:6:18: sqs-queue-without-customer-key: unknown parameter 'key'. expected no parameter",
    ),
    "wrong level": (
        {"mine.yaml": RULESET + "rules:\n  sqs-queue-without-customer-key: blocking\n"},
        ["--ruleset", "TOP/mine.yaml"],
        "TOP/mine.yaml:5:35: level is 'blocking'. expected advisory, mandatory, remediate or disabled",
    ),
    "broken waivers": (
        {"waivers.yaml": "waivers: {\n"},
        ["--waivers", "TOP/waivers.yaml"],
        "TOP/waivers.yaml:2:1: not YAML: did not find expected node content",
    ),
    "a waiver that lasts too long": (
        {"waivers.yaml": WAIVER.format(expires="2028-01-01")},
        ["--waivers", "TOP/waivers.yaml", "--as-of", "2027-01-01"],
        "TOP/waivers.yaml:9:14: the waiver lasts 365 days, from 2027-01-01 to 2028-01-01. "
        "expected at most 180 days for a rule of severity medium",
    ),
    "no rules": (
        {},
        ["--rules", "TOP/rules"],
        "TOP/rules: no such folder. expected a folder of Python modules with rules",
    ),
    "rules that cannot be imported": (
        {"rules/one.py": "import lychgate\nimport nothing_of_that_name\n"},
        ["--rules", "TOP/rules"],
        "TOP/rules/one.py:2: ModuleNotFoundError: No module named 'nothing_of_that_name'. "
        "expected a module that can be imported",
    ),
    "rules that are no Python": (
        {"rules/one.py": "import lychgate\ndef f(:\n"},
        ["--rules", "TOP/rules"],
        "TOP/rules/one.py:2: SyntaxError: invalid syntax. expected a module that can be imported",
    ),
    "rules that leave": (
        {"rules/one.py": "import sys\nsys.exit(0)\n"},
        ["--rules", "TOP/rules"],
        "TOP/rules/one.py:2: SystemExit: 0. expected a module that can be imported",
    ),
    "a rule declared wrong": (
        {"rules/one.py": RULE.format(id="NotASlug")},
        ["--rules", "TOP/rules"],
        "TOP/rules/one.py:4: ValueError: rule 'NotASlug': an id is a slug of lower-case words, such as "
        "s3-bucket-without-versioning. expected a module that can be imported",
    ),
    "two rules of one id": (
        {"rules/one.py": RULE.format(id="queue-without-owner"), "rules/two.py": RULE.format(id="queue-without-owner")},
        ["--rules", "TOP/rules"],
        "TOP/rules/two.py: a second rule queue-without-owner, beside the one of TOP/rules/one.py. "
        "expected ids that stand for one rule each",
    ),
    "a rule of a built-in id": (
        {"rules/one.py": RULE.format(id="sqs-queue-without-customer-key")},
        ["--rules", "TOP/rules"],
        "TOP/rules/one.py: a second rule sqs-queue-without-customer-key, beside the built-in one. "
        "expected ids that stand for one rule each",
    ),
    "secret configuration without a value": (
        {},
        ["--secret-config", "hunter2-planted"],
        "--secret-config: an entry has no value. expected KEY=VALUE",
    ),
    "configuration without a value": (
        {},
        ["--config", "shop:size"],
        "--config: 'shop:size' has no value. expected KEY=VALUE",
    ),
    "no moment": (
        {},
        ["--as-of", "tomorrow"],
        "--as-of: 'tomorrow' is no moment. expected 2026-11-30 or 2026-11-30T12:00:00Z",
    ),
    "unknown format": (
        {},
        ["--format", "serif"],
        f"--format: unknown format 'serif'. expected {either(list(FORMATS))}; did you mean 'sarif'?",
    ),
    "unknown isolation": (
        {},
        ["--isolate", "maybe"],
        "--isolate: unknown word 'maybe'. expected auto, require or off",
    ),
    "no time": ({}, ["--timeout", "1e9"], "--timeout: 1e+09 s. expected 1 to 86400 seconds"),
    "a commit of nothing": (
        {},
        ["--policy-ref", "main"],
        "--policy-ref: TOP is in no Git repository. expected a checkout",
    ),
    "the same project twice": (
        {"again/Pulumi.yaml": PULUMI, "again/__main__.py": QUEUE},
        ["TOP/again"],
        "TOP/again/Pulumi.yaml: a second stack shop/dev, beside the one of TOP. expected a project name of its own",
    ),
}  # fmt: skip


def lay_project(folder: Path, changes: dict[str, str | None]) -> Path:
    files: Files = {name: text for name, text in ({**PROJECT, **changes}).items() if text is not None}
    return lay(folder / "shop", files)


@pytest.mark.parametrize("case", CASES)
def test_one_message_and_nothing_else(tmp_path: Path, cheap: Callable[..., Run], case: str) -> None:
    changes, arguments, message = CASES[case]
    top = lay_project(tmp_path, changes)
    output = lay(tmp_path / "out", {"verdict.json": "kept", "note.txt": "kept"})
    before = snapshot(output, top)
    given = [one.replace("TOP", str(top)) for one in arguments]
    paths = [] if case == "no folder" else [top]
    run = cheap("check", *paths, *given, "--output", output)
    assert run.stderr.replace(str(top), "TOP") == f"lychgate: {message}\n"
    assert run == Run(2, "", run.stderr)
    assert snapshot(output, top) == before


def test_a_pipe_in_place_of_a_file(tmp_path: Path, cheap: Callable[..., Run]) -> None:
    top = lay_project(tmp_path, {})
    os.mkfifo(top / "Pulumi.dev.yaml")
    assert cheap("check", top).stderr == f"lychgate: {top}/Pulumi.dev.yaml: it is no file. expected a file\n"
    (top / "Pulumi.yaml").unlink()
    os.mkfifo(top / "Pulumi.yaml")
    assert cheap("check", top) == Run(2, "", f"lychgate: {top}/Pulumi.yaml: it is no file. expected a file\n")


def test_links_that_lead_out_of_the_project(tmp_path: Path, cheap: Callable[..., Run]) -> None:
    top = lay_project(tmp_path, {})
    secret = lay(tmp_path / "home", {"config": "config: {token: hunter2-planted}\n"}) / "config"
    (top / "Pulumi.dev.yaml").symlink_to(secret)
    run = cheap("check", top)
    wrong = "a link that leads out of the project. expected a file of the project"
    assert run == Run(2, "", f"lychgate: {top}/Pulumi.dev.yaml: {wrong}\n")
    (top / "Pulumi.yaml").unlink()
    (top / "Pulumi.yaml").symlink_to(secret)
    assert cheap("check", top) == Run(2, "", f"lychgate: {top}/Pulumi.yaml: {wrong}\n")
    (top / "Pulumi.yaml").unlink()
    (top / "Pulumi.yaml").symlink_to("/dev/zero")
    assert cheap("check", top).status == 2


def test_files_with_names_of_no_stack_are_none(tmp_path: Path, cheap: Callable[..., Run]) -> None:
    top = lay_project(tmp_path, {"Pulumi.a::b.yaml": "", "Pulumi.\x1b[2J.yaml": "", "Pulumi. .yaml": ""})
    lay_project(tmp_path, {"Pulumi.dev.yaml": "", "Pulumi.test.yaml": ""})
    assert "several stacks (dev, test)" in cheap("check", top).stderr


def test_a_commit_that_does_not_exist(tmp_path: Path, cheap: Callable[..., Run]) -> None:
    top = lay_project(tmp_path, {})
    git(top, "init", "-q", "-b", "main")
    expected = "expected a commit, such as origin/main or refs/heads/main"
    run = cheap("check", top, "--policy-ref", "main")
    assert run == Run(2, "", f"lychgate: --policy-ref: Needed a single revision. {expected}\n")
    git(top, "commit", "-q", "--allow-empty", "-m", "one")
    git(top, "tag", "main")
    run = cheap("check", top, "--policy-ref", "main")
    assert run == Run(2, "", f"lychgate: --policy-ref: main names a branch and a tag. {expected}\n")


def test_what_is_wrong_in_a_commit_is_named_as_in_git(tmp_path: Path, cheap: Callable[..., Run]) -> None:
    top = lay_project(tmp_path, {"lychgate.yaml": "waivers: gone.yaml\n"})
    git(top, "init", "-q", "-b", "main")
    git(top, "add", ".")
    git(top, "commit", "-q", "-m", "one")
    (top / "lychgate.yaml").unlink()
    run = cheap("check", top, "--policy-ref", "main")
    said = "main:gone.yaml: there is no such waivers file. expected one; `waivers: []` is none"
    assert run == Run(2, "", f"lychgate: {said}\n")


def test_an_option_that_does_not_exist_is_a_usage_error(cheap: Callable[..., Run]) -> None:
    run = cheap("check", ".", "--no-such-option")
    assert run.status == 2
    assert "Traceback" not in run.stderr


def test_an_interrupt_is_no_verdict(tmp_path: Path, cheap: Callable[..., Run], monkeypatch: pytest.MonkeyPatch) -> None:
    top = lay_project(tmp_path, {})
    monkeypatch.setattr("lychgate.cli.check.read_project", interrupted(KeyboardInterrupt()))
    assert cheap("check", top).status == 130


def test_a_defect_of_ours_is_no_verdict_and_shows_no_value(
    tmp_path: Path, cheap: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    top = lay_project(tmp_path, {})
    monkeypatch.setattr("lychgate.cli.check.read_project", interrupted(KeyError("hunter2-planted")))
    run = cheap("check", top)
    assert run.status == 70
    assert run.stderr.endswith("lychgate: KeyError: a defect of Lychgate, not of the program\n")
    assert "hunter2-planted" not in run.stderr


def interrupted(error: BaseException) -> Callable[..., Any]:
    def stop(*_: object) -> None:
        raise error

    return stop
