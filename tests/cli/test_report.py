"""`lychgate report`: reports of a verdict that was made before, from its file alone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from lychgate.reports import FORMATS

from tests.cli.conftest import Run, lay, snapshot

Command = Callable[..., Run]
HEAVY = [name for name in FORMATS if name in ("pdf", "xlsx") or name.startswith("oscal-")]
QUEUE = {
    "Pulumi.yaml": "name: shop\nruntime: python\n",
    "__main__.py": 'import pulumi_aws as aws\naws.sqs.Queue("jobs")\n',
}


@pytest.fixture
def judged(tmp_path: Path, cheap: Command) -> Path:
    """A folder with every report of a small program."""
    run = cheap("check", lay(tmp_path / "shop", QUEUE), "--output", tmp_path / "out")
    assert run.status == 1
    return tmp_path / "out"


def test_every_report_can_be_made_again_later(judged: Path, tmp_path: Path, cheap: Command) -> None:
    run = cheap("report", judged / "verdict.json", "--output", tmp_path / "again")
    assert run.status == 0
    before, after = snapshot(judged), snapshot(tmp_path / "again")
    assert list(after.values()) == list(before.values())
    assert len(after) == len(FORMATS)


def test_a_verdict_is_shown_or_printed(judged: Path, cheap: Command) -> None:
    run = cheap("report", judged / "verdict.json")
    assert run.status == 0
    assert run.stdout.startswith("jobs  aws:sqs/queue:Queue  __main__.py:2\n")
    run = cheap("report", judged / "verdict.json", "--format", "markdown")
    assert run.stdout == (judged / "note.md").read_text()


def test_an_error_is_one_message(judged: Path, tmp_path: Path, cheap: Command) -> None:
    (tmp_path / "no.json").write_text('{"version": "\\u001b[31m"}')
    for arguments, said in (
        ([tmp_path / "none.json"], "none.json: cannot be read: No such file or directory"),
        ([tmp_path / "no.json"], "no.json: no verdict: version: Input should be '1', and 11 more errors"),
        ([judged / "verdict.json", "--format", "markdwon"], "did you mean 'markdown'?"),
        ([judged / "verdict.json", "--format", "sarif", "--format", "json"], "several formats and nowhere to put them"),
    ):
        run = cheap("report", *arguments)
        assert run.status == 2
        assert said in run.stderr
        assert run.stdout == ""
        assert run.stderr.count("\n") == 1
        assert "\x1b" not in run.stderr


BLOCKED = """
import sys
sys.modules.update({"xlsxwriter": None, "trestle": None, "typst": None})
from lychgate.cli import main
main()
"""


def test_a_format_without_its_library_is_said(judged: Path, tmp_path: Path) -> None:
    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", BLOCKED, "report", judged / "verdict.json", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)

    for name in HEAVY:
        done = run("--format", name)
        assert done.returncode == 2
        assert done.stderr.startswith(f"lychgate: --format {name}: it needs ")
        assert "pip install 'lychgate[reports]'" in done.stderr
        assert done.stderr.count("\n") == 1
    done = run("--output", tmp_path / "some")
    assert done.returncode == 0
    assert [name for name, (_, file) in FORMATS.items() if not (tmp_path / "some" / file).exists()] == HEAVY
    assert done.stderr.count("lychgate: no ") == len(HEAVY)


def test_a_format_imports_no_library_of_another(judged: Path) -> None:
    code = "import os, sys; sys.argv[1:] = ['report', 'verdict.json', '--format', os.environ['FORMAT']]\n"
    code += "from lychgate.cli import main\ntry: main()\nexcept SystemExit: pass\n"
    heavy = ("trestle", "xlsxwriter", "typst", "pulumi", "grpc", "jinja2")
    code += f"print([name for name in {heavy} if name in sys.modules])"
    for name in set(FORMATS) & {"json", "markdown", "sarif", "junit", "codequality", "sast", "csv"}:
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, check=True, cwd=judged, env=os.environ | {"FORMAT": name}
        )
        assert done.stdout.endswith(b"[]\n"), name
